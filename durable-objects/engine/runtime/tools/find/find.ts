/** find: walks folders, one path after the other. */
import { Errno } from "../../errno.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { callNames, noCalls, pending, unit, type Caller, type Calls } from "../children.ts";
import { findExpression, type Expression } from "./expression.ts";
import { Io, ToolExit } from "../tool.ts";
import { matchUnitsPerRound } from "../../../core/limits.ts";
import { base, inFolder } from "../words.ts";

interface FindState {
  calls: Calls;
  /** Paths still to visit, the next one last; `true`: on the way back. */
  queue: [path: string, depth: number, back?: true][];
  exitCode: number;
  /** Paths for `-exec ... +`, by command. */
  plus: [argv: string[], paths: string[]][];
  ended?: true;
}

const pathsOf = (words: readonly string[]): number => {
  const at = words.findIndex((word) => /^-./.test(word) || word === "(" || word === "!");
  return at < 0 ? words.length : at;
};

function split(io: Io): { paths: string[]; expression: Expression } {
  let words = io.args;
  let follow = false;
  while (words[0] === "-L" || words[0] === "-H" || words[0] === "-P") {
    follow ||= words[0] === "-L";
    words = words.slice(1);
  }
  const end = pathsOf(words);
  const expression = findExpression(io, words.slice(end));
  return {
    paths: end ? words.slice(0, end) : ["."],
    expression: { ...expression, follow: follow || expression.follow },
  };
}

/** Looks at one path; what lies in it comes next. */
function visit(
  io: Io,
  state: FindState,
  expression: Expression,
  [path, depth, back]: FindState["queue"][number],
  caller: Caller,
): FindState["queue"] {
  const { sys } = io;
  const stat =
    depth === 0 && !sys.peek(path, false)
      ? undefined
      : (sys.peek(path, expression.follow) ?? sys.peek(path, false));
  if (!stat) {
    const folder = path.replace(/\/[^/]*$/, "");
    const inFile = folder !== path && io.sys.peek(folder)?.type === "f";
    io.say(`${path}: ${inFile ? "Not a directory" : "No such file or directory"}`);
    state.exitCode = 1;
    return [];
  }
  const enters = stat.type === "d" && depth < expression.maxDepth;
  let below: FindState["queue"] = [];
  if (enters && !back)
    try {
      below = sys
        .list(path)
        .reverse()
        .map((name) => [inFolder(path, name), depth + 1]);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      io.say(`${path}: ${error.message}`);
      state.exitCode = 1;
    }
  if (expression.depthFirst && !back) return [[path, depth, true], ...below];
  if (depth < expression.minDepth) return below;
  let pruned = false;
  let quits = false;
  const collected: string[][] = [];
  expression.test({
    io,
    caller,
    path,
    name: base(path),
    depth,
    stat,
    prune: () => (pruned = true),
    quit: () => (quits = true),
    collect: (argv) => void collected.push(argv),
  });
  for (const argv of collected) {
    const known = state.plus.find(([one]) => one.join("\0") === argv.join("\0"));
    if (known) known[1].push(path);
    else state.plus.push([argv, [path]]);
  }
  if (quits) state.queue = [];
  return quits || pruned ? [] : below;
}

function findStep(sys: Sys, state: FindState): Step {
  const held = pending(sys, state.calls);
  if (held) return held;
  const io = new Io(sys);
  let done = true;
  try {
    const { expression } = split(io);
    for (let n = 0; n < 200 && done && state.queue.length > 0 && io.pending.length === 0; n++) {
      if (sys.matching.used > matchUnitsPerRound) break;
      const next = state.queue.pop()!;
      let more: FindState["queue"] = [];
      sys.charge(5);
      done = unit(io, state.calls, (caller) => (more = visit(io, state, expression, next, caller)));
      if (!done) state.queue.push(next);
      else for (const one of more) state.queue.push(one);
    }
    if (done && state.queue.length === 0 && !state.calls.output) done = finish(io, state);
  } catch (error) {
    if (!(error instanceof ToolExit)) throw error;
    (state.calls.output ??= []).push(...io.pending);
    state.queue = [];
    state.ended = true;
    state.exitCode = error.code;
  }
  sys.held = JSON.stringify(state.queue).length;
  const later = pending(sys, state.calls);
  if (later) return later;
  return state.ended && !state.calls.child && !state.calls.output
    ? { exit: state.exitCode }
    : undefined;
}

/** Commands with `+` run at the end, on all their paths. */
function finish(io: Io, state: FindState): boolean {
  const next = state.plus[0];
  if (!next) {
    state.ended = true;
    return true;
  }
  const argv = next[0].flatMap((word) => (word === "{}" ? next[1] : [word]));
  const done = unit(io, state.calls, (caller) => {
    if (caller.run(argv) !== 0) state.exitCode = 1;
  });
  if (done) state.plus.shift();
  return done;
}

export const find: Program<FindState> = {
  name: "find",
  storedNames: {
    fields: { calls: "c", queue: "q", exitCode: "x" },
    inside: { calls: callNames },
  },
  start(sys) {
    const io = new Io(sys);
    const state: FindState = { calls: noCalls(), queue: [], exitCode: 0, plus: [] };
    try {
      state.queue = split(io)
        .paths.map((path): [string, number] => [path, 0])
        .reverse();
    } catch (error) {
      if (error instanceof Errno) io.say(error.message);
      else if (!(error instanceof ToolExit)) throw error;
      state.calls.output = io.pending;
      state.ended = true;
      state.exitCode = error instanceof ToolExit ? error.code : 1;
    }
    return state;
  },
  step(sys, state) {
    if (state.ended) return pending(sys, state.calls) ?? { exit: state.exitCode };
    return findStep(sys, state);
  },
};
