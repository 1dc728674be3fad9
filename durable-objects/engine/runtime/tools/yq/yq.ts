/**
 * yq, version 4. What it prints is made by a generator that is kept only while the state stays in memory; after a loss of memory
 * it runs again from the start and passes over what is out. What has used up yqOperationsMax computes for ever.
 */
import { matchUnitsPerRound, yqTextCharactersMax } from "../../../core/limits.ts";
import { decodeUtf8, encodeUtf8 } from "../../bytes.ts";
import { Errno } from "../../errno.ts";
import type { Step } from "../../kernel/calls.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import { addInput, unreadInput, type Spool } from "../spool.ts";
import { drain, outputNames } from "../tool.ts";
import { readCommandLine } from "./command-line.ts";
import { Endless, YqError } from "./node.ts";
import { Output } from "./output.ts";
import { parse, type Expr } from "./parser.ts";
import { Runner } from "./run.ts";
import { helpText, versionText } from "./usage-data.ts";
import { evaluate, type Piece } from "./evaluating.ts";

interface YqState {
  /** Standard input. */
  input: Spool;
  /** It has ended. */
  ended?: true;
  /** Pieces that are out. */
  printed: number;
  /** Computes for ever. */
  spin?: true;
  output?: [number, string][];
  exitCode?: number;
}

interface Live {
  runner: Runner;
  work: Generator<Piece | undefined>;
  made: number;
}

const lives = new WeakMap<YqState, Live>();
/** Microseconds of CPU of one operation. */
const usPerOperation = 0.25;

const put = (state: YqState, fd: number, text: string): void =>
  void (text === "" || (state.output ??= []).push([fd, text]));

const environment = (sys: Sys): Record<string, string> =>
  Object.fromEntries(Object.entries(sys.env).map(([k, v]) => [decodeUtf8(k), decodeUtf8(v)]));

function fileText(sys: Sys, path: string): string {
  try {
    return decodeUtf8(sys.readFile(encodeUtf8(path)));
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const verb = error.code === "EISDIR" ? "read" : "open";
    throw new YqError(
      `${verb} ${path}: ${error.message[0]!.toLowerCase()}${error.message.slice(1)}`,
    );
  }
}

/** What runs, made or made again. Undefined: input must come first. */
function revive(sys: Sys, state: YqState): Live | undefined {
  const known = lives.get(state);
  if (known) return known;
  const options = readCommandLine(
    sys.argv,
    (path) => (sys.peek(encodeUtf8(path))?.type ?? "d") !== "d",
  );
  if (options.help || options.version) {
    put(state, 1, options.help ? helpText : versionText);
    state.exitCode = 0;
    return undefined;
  }
  const expression: Expr = parse(options.expression);
  if (options.files.length === 0 && !options.nullInput) options.files.push("-");
  if (options.files.includes("-") && !state.ended) return undefined;
  const runner = new Runner({
    env: environment(sys),
    readFile: (path) => fileText(sys, path),
    nowMs: sys.now,
    matching: sys.matching,
  });
  const texts = (name: string): string => {
    const text = name === "-" ? decodeUtf8(unreadInput(sys, state.input)) : fileText(sys, name);
    return text.length > yqTextCharactersMax ? tooLong(sys) : text;
  };
  const work = evaluate(runner, options, expression, new Output(options), texts);
  const live = { runner, work, made: 0 };
  lives.set(state, live);
  return live;
}

function tooLong(sys: Sys): never {
  sys.kernel.oomKill(sys.key);
  throw new Endless();
}

/** Writes what goes to files. */
function write(sys: Sys, piece: Piece): void {
  try {
    sys.writeFile(encodeUtf8(piece.file!), encodeUtf8(piece.text));
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    throw new YqError(
      `open ${piece.file!}: ${error.message[0]!.toLowerCase()}${error.message.slice(1)}`,
    );
  }
}

function feed(sys: Sys, state: YqState): Step {
  const data = sys.read(0);
  if (data === undefined) return { wait: { readable: [0] } };
  if (data === "") state.ended = true;
  else if (!addInput(sys, state.input, data)) sys.kernel.oomKill(sys.key);
  sys.charge(data.length / 50);
  return undefined;
}

function failed(state: YqState, error: unknown): void {
  lives.delete(state);
  if (error instanceof YqError) {
    put(state, 2, encodeUtf8(`Error: ${error.message}\n`));
    state.exitCode = 1;
  } else if (error instanceof Endless) state.spin = true;
  else throw error;
}

/** The next piece of what is printed. */
function advance(sys: Sys, state: YqState, live: Live): void {
  const before = live.runner.used;
  try {
    let next = live.work.next();
    // What is out already is passed over.
    while (!next.done && next.value && live.made < state.printed) {
      live.made++;
      next = live.work.next();
    }
    if (next.done) state.exitCode = 0;
    else if (next.value) {
      live.made++;
      if (next.value.file !== undefined) write(sys, next.value);
      else put(state, 1, encodeUtf8(next.value.text));
      state.printed = live.made;
    }
  } finally {
    sys.charge(2 + Math.max(0, live.runner.used - before) * usPerOperation);
  }
}

function work(sys: Sys, state: YqState): Step {
  if (state.spin) {
    sys.charge(10_000);
    return undefined;
  }
  try {
    const live = revive(sys, state);
    if (live) advance(sys, state, live);
    else if (state.exitCode === undefined) return feed(sys, state);
  } catch (error) {
    failed(state, error);
  }
  return undefined;
}

export const yq: Program<YqState> = {
  name: "yq",
  storedNames: {
    fields: { ...outputNames, input: "i", ended: "e", printed: "p", spin: "s" },
    inside: { input: { fields: { unread: "u", long: "l" } } },
  },
  start: () => ({ input: { unread: "" }, printed: 0 }),
  step(sys, state) {
    for (let n = 0; n < 100; n++) {
      if (state.output || state.exitCode !== undefined) {
        const step = drain(sys, state);
        if (step) return step;
      }
      const step = work(sys, state);
      if (step) return drain(sys, state) ?? step;
      if (state.spin || sys.matching.used > matchUnitsPerRound) break;
      if (lives.has(state)) break;
    }
    return drain(sys, state);
  },
  memoryBytes: (state) =>
    4_194_304 + (state?.input.long ? state.input.long.size : (state?.input.unread.length ?? 0)) * 8,
};
