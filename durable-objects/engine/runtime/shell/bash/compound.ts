/** The compound commands that bash has beyond POSIX, a step at a time. */
import type { Node } from "../ast.ts";
import { expanding, expandWords, type NodeFrame, type NodeOf } from "../expanding.ts";
import { addJob } from "../jobs/table.ts";
import { forkShell } from "../jobs/children.ts";
import { ExpansionProblem } from "../problems.ts";
import { keepOpen } from "../redirect.ts";
import type { Shell } from "../shell.ts";
import type { FrameOf } from "../state.ts";
import { traceLine } from "./tracing.ts";
import { beforeCommand } from "./assignments.ts";
import { BadPattern, conditionValue } from "./conditions.ts";
import { menuText } from "./menu.ts";

/** Notes where the shell is; true: a trap runs first. */
function begin(shell: Shell, frame: NodeFrame, node: { line: number }): boolean {
  const { state } = shell;
  state.line = node.line + (state.linesBefore?.[frame.ref[0]] ?? 0);
  if (beforeCommand(shell, frame)) return true;
  delete state.pipeStatus;
  return false;
}

/** The command is over. */
function ended(shell: Shell, frame: NodeFrame, status: number): undefined {
  shell.state.frames.pop();
  shell.state.status = status;
  shell.checkError(frame.tested === 1);
}

/** What goes wrong in `[[ ]]` and `(( ))` is told, and is a failed command. */
function tried<T>(shell: Shell, work: () => T): T | { failed: number } {
  try {
    return work();
  } catch (error) {
    if (error instanceof BadPattern) return { failed: 2 };
    if (!(error instanceof ExpansionProblem) || !/error token is/.test(error.message)) throw error;
    shell.complain(error.message);
    return { failed: 1 };
  }
}

const isFailure = (value: unknown): value is { failed: number } =>
  typeof value === "object" && value !== null && "failed" in value;

export function conditionStep(shell: Shell, frame: NodeFrame, node: NodeOf<"cond">): undefined {
  if (begin(shell, frame, node)) return;
  const made = tried(shell, () =>
    expanding(shell, frame, (x) =>
      conditionValue(shell, x, node.of, (text) => traceLine(shell, text)),
    ),
  );
  if (made === undefined) return;
  ended(shell, frame, isFailure(made) ? made.failed : made ? 0 : 1);
}

/** The value of an expression; undefined: substitutions run first. */
function valued(
  shell: Shell,
  frame: NodeFrame,
  word: NodeOf<"arith">["word"],
): bigint | { failed: number } | undefined {
  const text = expanding(shell, frame, (x) => x.text(word));
  if (text === undefined) return undefined;
  frame.memo = [];
  traceLine(shell, `(( ${text} ))`);
  return tried(shell, () => {
    try {
      return shell.evaluate(text);
    } catch (error) {
      if (!(error instanceof ExpansionProblem) || !/error token is/.test(error.message))
        throw error;
      throw new ExpansionProblem(`((: ${error.message}`);
    }
  });
}

export function arithmeticStep(shell: Shell, frame: NodeFrame, node: NodeOf<"arith">): undefined {
  if (begin(shell, frame, node)) return;
  const made = valued(shell, frame, node.word);
  if (made === undefined) return;
  ended(shell, frame, isFailure(made) ? made.failed : made === 0n ? 1 : 0);
}

/** `progress`: 0 the beginning, 1 the test, 2 the body, 3 the step. */
export function arithmeticForStep(shell: Shell, frame: NodeFrame, node: NodeOf<"cfor">): undefined {
  if (frame.progress === 2) frame.lastStatus = shell.state.status;
  if (frame.progress === 2) {
    frame.progress = 3;
    return;
  }
  const word = node.parts[frame.progress === 0 ? 0 : frame.progress === 1 ? 1 : 2]!;
  const empty = word.every((part) => part.t === "lit" && part.v.trim() === "");
  shell.state.line = node.line + (shell.state.linesBefore?.[frame.ref[0]] ?? 0);
  const made = empty ? 1n : valued(shell, frame, word);
  if (made === undefined) return;
  if (isFailure(made)) return ended(shell, frame, made.failed);
  if (frame.progress !== 1) {
    frame.progress = 1;
    return;
  }
  if (made === 0n) {
    shell.state.frames.pop();
    shell.state.status = frame.lastStatus ?? 0;
    return;
  }
  frame.progress = 2;
  shell.run(frame.ref, node.body, frame.tested === 1);
}

/** `progress`: 0 its words, then -1 the menu, -2 the answer, -3 behind the body. */
export function selectStep(shell: Shell, frame: NodeFrame, node: NodeOf<"select">): undefined {
  const { state } = shell;
  if (frame.progress >= 0) {
    if (frame.progress === 0) {
      frame.progress = 1;
      if (!node.words) frame.words = [...state.parameters];
    }
    if (node.words && !expandWords(shell, frame, node.words)) return;
    frame.values = frame.words ?? [];
    delete frame.words;
    state.status = 0;
    frame.progress = -1;
    if (frame.values.length === 0) return void shell.pop();
  }
  const words = frame.values ?? [];
  if (frame.progress === -1 || frame.progress === -3) {
    const menu = frame.progress === -1 ? menuText(words, Number(shell.get("COLUMNS") ?? 80)) : "";
    shell.write(2, `${menu}${shell.get("PS3") ?? "#? "}`);
    frame.progress = -2;
    frame.lastStatus = state.status;
    return void shell.push({
      kind: "read",
      names: [],
      text: "",
      raw: true,
      fd: 0,
      delimiter: "\n",
      tested: 1,
    });
  }
  if (state.status !== 0) {
    shell.write(1, "\n");
    return ended(shell, frame, 1);
  }
  const answer = (shell.get("REPLY") ?? "").trim();
  if (answer === "") {
    frame.progress = -1;
    return;
  }
  frame.progress = -3;
  shell.set(node.name, /^\d+$/.test(answer) ? (words[Number(answer) - 1] ?? "") : "");
  shell.run(frame.ref, node.body, frame.tested === 1);
}

export function timeStep(shell: Shell, frame: NodeFrame, node: NodeOf<"time">): undefined {
  shell.state.frames.pop();
  const posix = node.posix ? { posix: 1 as const } : {};
  const tested = frame.tested ? { tested: 1 as const } : {};
  shell.push({ kind: "time", from: shell.sys.now, ...posix, ...tested });
  if (node.body !== undefined) shell.run(frame.ref, node.body, frame.tested === 1);
}

const seconds = (ms: number, digits: number): string => (ms / 1000).toFixed(digits);
const minutes = (ms: number, digits: number): string =>
  `${Math.floor(ms / 60_000)}m${seconds(ms % 60_000, digits)}s`;

/** What `time` says: by TIMEFORMAT, or as POSIX has it. */
export function timedStep(shell: Shell, frame: FrameOf<"time">): undefined {
  shell.state.frames.pop();
  const ms = shell.sys.now - frame.from;
  const format = frame.posix
    ? "real %2R\nuser %2U\nsys %2S"
    : (shell.get("TIMEFORMAT") ?? "\nreal\t%3lR\nuser\t%3lU\nsys\t%3lS");
  if (format === "") return;
  const text = format.replace(
    /%([0-9]?)(l?)([RUSP%])/g,
    (_, digits: string, long: string, sign: string) => {
      if (sign === "%") return "%";
      if (sign === "P") return "0.00";
      const count = digits === "" ? 3 : Math.min(Number(digits), 3);
      const spent = sign === "R" ? ms : 0;
      return long ? minutes(spent, count) : seconds(spent, count);
    },
  );
  shell.write(2, `${text}\n`);
}

/** A coprocess: a shell whose input and output are ends of pipes that an array names. */
export function coprocessStep(shell: Shell, frame: NodeFrame, node: NodeOf<"coproc">): undefined {
  const { sys, state } = shell;
  state.frames.pop();
  const [theirInput, ourOutput] = sys.pipe();
  const [ourInput, theirOutput] = sys.pipe();
  const pid = forkShell(shell, [
    { kind: "node", ref: [frame.ref[0], frame.ref[1], node.body], progress: 0 },
  ]);
  const child = sys.child(pid);
  child.dup(theirInput, 0);
  child.dup(theirOutput, 1);
  for (const fd of [theirInput, ourOutput, ourInput, theirOutput]) child.close(fd);
  sys.close(theirInput);
  sys.close(theirOutput);
  const [reads, writes] = [63, 60];
  sys.dup(ourInput, reads);
  sys.dup(ourOutput, writes);
  sys.close(ourInput);
  sys.close(ourOutput);
  keepOpen(sys, reads);
  keepOpen(sys, writes);
  shell.setList(
    node.name,
    [
      [null, String(reads)],
      [null, String(writes)],
    ],
    false,
  );
  shell.set(`${node.name}_PID`, String(pid));
  state.lastBackgroundPid = pid;
  const job = addJob(shell, [pid], `coproc ${node.name} ${node.text.replace(/^coproc\s+/, "")}`);
  if (state.interactive && !state.inSubshell) shell.write(2, `[${job.number}] ${pid}\n`);
  state.status = 0;
}

/** Runs one of bash's own nodes; false: it is none of them. */
export function bashNodeStep(shell: Shell, frame: NodeFrame, node: Node): boolean {
  if (node.k === "cond") conditionStep(shell, frame, node);
  else if (node.k === "arith") arithmeticStep(shell, frame, node);
  else if (node.k === "cfor") arithmeticForStep(shell, frame, node);
  else if (node.k === "select") selectStep(shell, frame, node);
  else if (node.k === "time") timeStep(shell, frame, node);
  else if (node.k === "coproc") coprocessStep(shell, frame, node);
  else return false;
  return true;
}
