/**
 * jq. Each input is a unit of work: its outputs are made one after the other, by a generator that is kept only while the state
 * stays in memory. After a loss of memory, or where more input is needed in the middle, the filter runs on that input again from
 * its start and passes over what was printed. A filter that has used up jqOperationsMax on one input computes for ever.
 */
import {
  jqOperationsPerStep,
  jqOutputCharactersPerStep,
  matchUnitsPerRound,
} from "../../../core/limits.ts";
import { decodeUtf8, encodeUtf8 } from "../../bytes.ts";
import { Errno } from "../../errno.ts";
import type { Step } from "../../kernel/calls.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import { compileFilter } from "./bind.ts";
import { JqStop, readCommandLine, type JqOptions } from "./command-line.ts";
import { JsonProblem } from "./json-parser.ts";
import { toText } from "./json-text.ts";
import { Halt } from "./native.ts";
import { Runner } from "./run.ts";
import { Endless } from "./running.ts";
import { needInput, Source, type SourceFile, type SourcePlace } from "./source.ts";
import { CompileProblem, type Complaint, type Node } from "./tree.ts";
import { Exhausted, isTrue, JqError, valueOf, type Value } from "./values.ts";
import { drain } from "../tool.ts";

interface JqState {
  /** Standard input from the input on that is worked on, or of files the place where that is. */
  unread: string;
  file: number;
  place: SourcePlace;
  /** Standard input has ended. */
  ended?: true;
  /** An input is being worked on; outputs of it that are out. */
  underWay?: true;
  printed: number;
  /** The exit code so far: of the last input. */
  code: number;
  /** Some file could not be read. */
  bad?: true;
  /** Computes for ever. */
  spin?: true;
  output?: [number, string][];
  exitCode?: number;
}

interface Live {
  options: JqOptions;
  node: Node;
  runner: Runner;
  source: Source;
  work: Generator<Value> | undefined;
  /** Outputs of the present input, whether printed now or before. */
  made: number;
}

const lives = new WeakMap<JqState, Live>();
/** Microseconds of CPU of one operation. */
const usPerOperation = 0.25;

/** Lets go of what memory keeps beside a state, as a loss of memory does; for tests. */
export const forgetJq = (state: object): void => void lives.delete(state as JqState);

const put = (state: JqState, fd: number, text: string): void => {
  if (text === "") return;
  const last = state.output?.at(-1);
  if (last && last[0] === fd) last[1] += text;
  else (state.output ??= []).push([fd, text]);
};

/** Text of what is wrong with a program. */
function complaint(program: string, found: Complaint[]): string {
  const bytes = encodeUtf8(program);
  const lines = found.map(({ text, at }) => {
    if (at < 0) return `jq: error: ${text}\n`;
    const start = bytes.lastIndexOf("\n", at - 1) + 1;
    const end = bytes.indexOf("\n", start);
    const line = bytes.slice(start, end < 0 ? undefined : end);
    const number = bytes.slice(0, start).split("\n").length;
    return `jq: error: ${text} at <top-level>, line ${number}:\n${decodeUtf8(line)}${" ".repeat(at - start)}\n`;
  });
  const count = found.length;
  return `${lines.join("")}jq: ${count} compile error${count > 1 ? "s" : ""}\n`;
}

/** The program's text, and variables that are known everywhere. */
function compiled(sys: Sys, options: JqOptions): Node {
  let { program } = options;
  if (options.fromFile)
    try {
      program = decodeUtf8(sys.readFile(encodeUtf8(program)));
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      throw new JqStop(`jq: Could not open ${program}: ${error.message}\n`);
    }
  const globals = new Map<string, Value>(options.named);
  const positional = options.positional;
  globals.set(
    "ARGS",
    new Map<string, Value>([
      ["positional", positional],
      ["named", new Map(options.named)],
    ]),
  );
  globals.set("ENV", environment(sys));
  try {
    return compileFilter(program, globals);
  } catch (error) {
    if (!(error instanceof CompileProblem)) throw error;
    throw new JqStop(complaint(program, error.complaints), 3);
  }
}

const environment = (sys: Sys): Value =>
  valueOf(
    Object.fromEntries(Object.entries(sys.env).map(([k, v]) => [decodeUtf8(k), decodeUtf8(v)])),
  );

/** All files' text, one behind the other; undefined: standard input has not ended, and is one of them. */
function filesText(
  sys: Sys,
  state: JqState,
  names: string[],
  say: boolean,
): { text: string; files: SourceFile[] } | undefined {
  let text = "";
  const files: SourceFile[] = [];
  if (names.includes("-") && !state.ended) return undefined;
  for (const name of names) {
    try {
      text += name === "-" ? state.unread : sys.readFile(encodeUtf8(name));
      files.push({ name: name === "-" ? "<stdin>" : name, end: text.length });
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      state.bad = true;
      if (say)
        put(state, 2, `jq: error: Could not open file ${encodeUtf8(name)}: ${error.message}\n`);
    }
  }
  return { text, files };
}

/** Whether a filter asks for inputs: files are not even opened where nothing does. */
function reads(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  if ((node as Node).k === "call" && /^inputs?$/.test((node as { name: string }).name)) return true;
  return Object.entries(node).some(
    ([key, inner]) => key !== "target" && key !== "to" && reads(inner),
  );
}

/** What runs, made or made again. Undefined: input must come first. */
function revive(sys: Sys, state: JqState): Live | undefined {
  const known = lives.get(state);
  if (known) return known;
  const options = readCommandLine(sys);
  const node = compiled(sys, options);
  const how = { raw: options.rawInput, stream: options.stream };
  let source: Source;
  if (options.files.length > 0 && !(options.nullInput && !reads(node))) {
    const made = filesText(sys, state, options.files, !state.bad);
    if (!made) return undefined;
    source = new Source(made.text, true, state.place, { ...how, files: made.files });
    source.at = state.file;
  } else
    source = new Source(state.unread, state.ended === true, state.place, { ...how, files: [] });
  const runner = new Runner(surroundings(sys, state, source), sys.matching);
  const live: Live = { options, node, runner, source, work: undefined, made: 0 };
  lives.set(state, live);
  return live;
}

function surroundings(sys: Sys, state: JqState, source: Source): Runner["outside"] {
  return {
    input() {
      try {
        return source.next();
      } catch (error) {
        throw error instanceof JsonProblem ? new JqError(error.message) : error;
      }
    },
    err(text) {
      const live = lives.get(state)!;
      // What is said counts as an output: it is not said again.
      if (++live.made > state.printed) {
        state.printed = live.made;
        put(state, 2, encodeUtf8(text));
      }
    },
    now: () => sys.now / 1000,
    env: environment(sys),
    get file() {
      return source.file;
    },
    get line() {
      return source.lines;
    },
  };
}

function print(options: JqOptions, value: Value): string {
  const { style, raw } = options;
  const plain = raw && typeof value === "string" && !style.ascii;
  const text = plain ? value : toText(value, style);
  return `${options.seq && !plain ? "\x1e" : ""}${encodeUtf8(text)}${options.join ? "" : "\n"}`;
}

/** The next input; undefined: there is none. */
function nextInput(state: JqState, { options, source }: Live): Value | undefined {
  if (options.nullInput) return state.file < 0 ? undefined : ((state.file = -1), null);
  if (!options.slurp) return source.next();
  if (state.file < 0) return undefined;
  if (!source.ended) throw needInput;
  let all: Value;
  if (options.rawInput) all = source.rest();
  else {
    const list: Value[] = [];
    for (let one = source.next(); one !== undefined; one = source.next()) list.push(one);
    all = list;
  }
  state.file = -1;
  return all;
}

/** Begins the work on the next input; false: all are done. */
function beginUnit(state: JqState, live: Live): boolean {
  const once = live.options.nullInput || live.options.slurp;
  if (once && state.underWay) state.file = 0;
  const value = nextInput(state, live);
  if (value === undefined) return false;
  state.underWay = true;
  live.runner.used = 0;
  live.made = 0;
  live.work = live.runner.run(live.node, undefined, value, 0);
  if (state.printed === 0) state.code = live.options.status ? 4 : 0;
  return true;
}

/** The input is done: what was read for it is let go of. */
function endUnit(state: JqState, live: Live): void {
  live.work = undefined;
  delete state.underWay;
  state.printed = 0;
  const { options, source } = live;
  const rest = source.cut();
  if (!rest) return;
  if (options.files.length > 0) {
    if (state.file >= 0) state.file = source.at;
    // Lines of files are counted from their beginning.
    state.place = { ...rest.place, lines: 0, ahead: 0 };
  } else {
    state.unread = rest.text;
    state.place = rest.place;
  }
}

function finish(state: JqState, code: number): void {
  state.exitCode = code;
  state.unread = "";
  lives.delete(state);
}

/** What ended the work on an input before its time. */
function failed(state: JqState, live: Live, error: unknown): void {
  if (error instanceof JqError) {
    const { value } = error;
    const text =
      typeof value === "string"
        ? `jq: error (at ${live.source.where}): ${value}\n`
        : `jq: error (at ${live.source.where}) (not a string): ${toText(value)}\n`;
    put(state, 2, encodeUtf8(text));
    state.code = 5;
    endUnit(state, live);
  } else if (error instanceof Halt) {
    // jq 1.6 goes on with its next input.
    put(state, 2, encodeUtf8(error.said));
    state.code = error.code & 255;
    endUnit(state, live);
  } else if (error instanceof JsonProblem) {
    put(state, 2, `parse error: ${error.message}\n`);
    finish(state, 4);
  } else if (error instanceof Exhausted) {
    put(state, 2, "error: cannot allocate memory\n");
    finish(state, 134);
  } else if (error instanceof Endless) {
    state.spin = true;
    lives.delete(state);
  } else if (error instanceof Errno) {
    put(state, 2, `jq: error: ${error.message}\n`);
    finish(state, 5);
  } else throw error;
}

/** Outputs of the present input, as far as one step goes. */
function advance(sys: Sys, state: JqState, live: Live): void {
  const { runner, options } = live;
  let length = 0;
  const limit = runner.used + jqOperationsPerStep;
  const known = state.printed;
  for (;;) {
    const next = live.work!.next();
    if (next.done) return endUnit(state, live);
    if (++live.made <= known) continue;
    state.printed = live.made;
    if (options.status) state.code = isTrue(next.value) ? 0 : 1;
    const text = print(options, next.value);
    put(state, 1, text);
    length += text.length;
    const full = length > jqOutputCharactersPerStep || runner.used > limit;
    if (full || sys.matching.used > matchUnitsPerRound) return;
  }
}

/** More of standard input. */
function feed(sys: Sys, state: JqState, source: Source | undefined): Step {
  if (source) {
    // What the filter took so far is read again, with what comes now.
    lives.delete(state);
  }
  const data = sys.read(0);
  if (data === undefined) return { wait: { readable: [0] } };
  if (data === "") state.ended = true;
  else state.unread += data;
  sys.held = state.unread.length;
  sys.charge(data.length / 50);
  return undefined;
}

function work(sys: Sys, state: JqState): Step {
  if (state.spin) {
    sys.charge(10_000);
    return undefined;
  }
  let live: Live | undefined;
  try {
    live = revive(sys, state);
  } catch (error) {
    if (!(error instanceof JqStop)) throw error;
    put(state, error.fd, encodeUtf8(error.text));
    finish(state, error.code);
    return undefined;
  }
  if (!live) return feed(sys, state, undefined);
  const before = live.runner.used;
  try {
    if (!live.work && !beginUnit(state, live)) {
      finish(state, state.bad && state.code === 0 ? 2 : state.code);
      return undefined;
    }
    advance(sys, state, live);
  } catch (error) {
    if (error === needInput) return feed(sys, state, live.source);
    failed(state, live, error);
  } finally {
    sys.charge(2 + Math.max(0, live.runner.used - before) * usPerOperation);
  }
  return undefined;
}

export const jq: Program<JqState> = {
  name: "jq",
  start: () => ({
    unread: "",
    file: 0,
    place: { line: 1, column: 0, lines: 0, ahead: 0 },
    printed: 0,
    code: 0,
  }),
  step(sys, state) {
    for (let n = 0; n < 200; n++) {
      if (state.output || state.exitCode !== undefined) {
        const step = drain(sys, state);
        if (step) return step;
      }
      const step = work(sys, state);
      if (step) return drain(sys, state) ?? step;
      if (state.spin || sys.matching.used > matchUnitsPerRound) break;
      if (lives.get(state)?.work) break;
    }
    return drain(sys, state);
  },
  memoryBytes: (state) => 2_097_152 + (state?.unread.length ?? 0) * 4,
};
