/** rm: files and folders go, after a question where one is wanted. */
import { Errno } from "../../errno.ts";
import type { Program } from "../../kernel/types.ts";
import { ask, type Question, questionStep, wantsQuestions } from "./questions.ts";
import { options, type Options } from "../options.ts";
import { type Io, steps } from "../tool.ts";
import { base, inFolder, usage } from "../words.ts";

/** Removes a file, or a folder with its content; says what it cannot. */
export function removeAll(io: Io, path: string, tell = false): boolean {
  const { sys } = io;
  try {
    if (sys.stat(path, false).type === "d") {
      let good = true;
      for (const name of sys.list(path))
        if (!removeAll(io, inFolder(path, name), tell)) good = false;
      if (!good) return false;
    }
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    io.say(`can't remove '${path}': ${error.message}`);
    return false;
  }
  return removeOne(io, path, tell);
}

/** A file, or a folder that is empty. */
function removeOne(io: Io, path: string, tell: boolean): boolean {
  const { sys } = io;
  return io.try(`can't remove '${path}'`, () => {
    const folder = sys.stat(path, false).type === "d";
    if (folder) sys.rmdir(path);
    else sys.unlink(path);
    if (tell) io.out(`removed ${folder ? "directory: " : ""}'${path}'\n`);
  });
}

const isRecursive = (opts: Options): boolean => opts.has("r") || opts.has("R");

/** Whether an operand may go; what is said is a failure, what is passed over in silence is none. */
function mayGo(io: Io, path: string, opts: Options): boolean | "passed over" {
  const name = base(path);
  if (name === "." || name === "..") {
    io.say("can't remove '.' or '..'");
    return false;
  }
  try {
    if (io.sys.stat(path, false).type !== "d" || isRecursive(opts)) return true;
    io.say(`'${path}' is a directory`);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    if (opts.has("f") && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return "passed over";
    io.say(`can't remove '${path}': ${error.message}`);
  }
  return false;
}

interface RemoveState extends Question {
  /** What is left to do, the next last: a path; a folder whose content was gone through, and whether some of it stays. */
  left?: [path: string, left?: true, stays?: true][];
  exitCode?: number;
  bad?: true;
}

/** Takes the next of what is left, with a question. */
function askAndRemove(io: Io, state: RemoveState, opts: Options): boolean | "later" | "wait" {
  const todo = state.left!.at(-1)!;
  const [path, left, stays] = todo;
  const folder = io.sys.peek(path, false)?.type === "d";
  const what = left ? "remove directory" : folder ? "descend into directory" : "remove";
  const answer = ask(io, state, `rm: ${what} '${path}'? `);
  if (typeof answer === "string") return answer;
  if (answer && folder && !left) {
    todo[1] = true;
    const names = io.sys.list(path).reverse();
    for (const name of names) state.left!.push([inFolder(path, name)]);
    return true;
  }
  state.left!.pop();
  return !answer || stays === true || removeOne(io, path, opts.has("v"));
}

export const rm: Program = steps<RemoveState>("rm", {
  storedNames: { fields: { answer: "q", left: "t" } },
  first: () => ({}),
  begin: () => undefined,
  step(_sys, io, state) {
    const opts = options(io, "firRv", { recursive: "r", force: "f" });
    if (opts.rest.length === 0 && !opts.has("f")) {
      state.exitCode = usage(io, "rm [-irf] FILE...");
      return undefined;
    }
    const questions = wantsQuestions(opts, "f");
    if (!state.left) {
      const operands = opts.rest.filter((path) => {
        const may = mayGo(io, path, opts);
        if (may === false) state.bad = true;
        if (may !== true) return false;
        if (!questions && !removeAll(io, path, opts.has("v"))) state.bad = true;
        return true;
      });
      state.left = questions ? operands.reverse().map((path) => [path]) : [];
    }
    if (state.left.length === 0) {
      state.exitCode = state.bad ? 1 : 0;
      return undefined;
    }
    const path = state.left.at(-1)![0];
    const done = askAndRemove(io, state, opts);
    if (typeof done === "string") return questionStep(done);
    if (done) return undefined;
    state.bad = true;
    for (const todo of state.left) if (todo[1] && path.startsWith(`${todo[0]}/`)) todo[2] = true;
    return undefined;
  },
});
