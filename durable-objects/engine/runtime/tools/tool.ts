/**
 * How tools are written. Most are `tool(name, run)`: a plain function from arguments, files and standard input to output
 * and an exit code, run in one step. Those that must pass data on as it comes are `stream(...)`. What waits for time or
 * children is a Program of its own.
 */
import type { NamesOf } from "../../core/record-codec.ts";
import { wholeFileBytesMax } from "../../core/limits.ts";
import { Errno } from "../errno.ts";
import type { Program, Sys } from "../kernel/types.ts";
import type { Step } from "../kernel/calls.ts";
import { gnuWords } from "./gnu-words.ts";

/** Thrown by `Io.stdin()` while standard input has not ended; the tool runs again from its start when it has. */
class NeedInput extends Error {
  override name = "NeedInput";
}
const needInput = new NeedInput();

/** Thrown by `Io.fail`. */
export class ToolExit extends Error {
  override name = "ToolExit";
  readonly code: number;
  constructor(code: number) {
    super("exit");
    this.code = code;
  }
}

export interface Output {
  /** Output not taken yet: descriptor and text, in order. */
  output?: [number, string][];
  /** Exit code, once decided. */
  exitCode?: number;
}

interface ToolState extends Output {
  /** Standard input so far. */
  input?: string;
}

/** Names on disk of what every tool keeps. */
export const outputNames = { output: "o", exitCode: "x" };

const toolNames: NamesOf<ToolState> = { fields: { ...outputNames, input: "i" } };

export class Io {
  readonly sys: Sys;
  /** Name it was called by. */
  readonly name: string;
  /** Arguments without the name. */
  readonly args: string[];
  readonly pending: [number, string][] = [];
  /** Exit code when it is called wrongly. */
  badCode = 1;
  readonly #state: ToolState | undefined;

  constructor(sys: Sys, state?: ToolState) {
    this.sys = sys;
    this.#state = state;
    this.name = (sys.argv[0] ?? "").replace(/^.*\//, "");
    this.args = sys.argv.slice(1);
  }

  /** Prints to standard output, as it is. */
  out(text: string): void {
    this.#put(1, text);
  }
  /** Prints to standard error, as it is. */
  err(text: string): void {
    this.#put(2, text);
  }
  #put(fd: number, text: string): void {
    if (text === "") return;
    const last = this.pending.at(-1);
    if (last && last[0] === fd) last[1] += text;
    else this.pending.push([fd, text]);
  }
  /** Whether the image's tools are busybox's. */
  get busybox(): boolean {
    return this.sys.peek("/bin/busybox") !== undefined;
  }
  /** `name: text` and a line end, to standard error. */
  say(text: string): void {
    this.err(`${this.name}: ${this.busybox ? text : gnuWords(this.name, text)}\n`);
  }
  /** Says and ends with a code. */
  fail(text: string, code = 1): never {
    this.say(text);
    throw new ToolExit(code);
  }
  /** All of standard input. Call it before any side effect: until it is there the tool starts over. */
  stdin(): string {
    const state = this.#state;
    if (!state) throw new Errno("EBADF");
    for (;;) {
      const data = this.sys.read(0);
      if (data === undefined) throw needInput;
      if (data === "") return state.input ?? "";
      state.input = (state.input ?? "") + data;
      this.sys.held = state.input.length;
      this.sys.charge(data.length / 50);
      if (state.input.length > wholeFileBytesMax) {
        this.sys.kernel.oomKill(this.sys.key);
        throw needInput;
      }
    }
  }
  /** Content of a file, `-` being standard input. Undefined after saying why not. */
  input(file: string, code?: { code: number }): string | undefined {
    if (file === "-") return this.stdin();
    try {
      return this.sys.readFile(file);
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      this.say(`${file}: ${error.message}`);
      if (code) code.code = 1;
      return undefined;
    }
  }
  /** Runs `act`; a failed call is said as `name: subject: text`, and false returned. */
  try(subject: string, act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      this.say(`${subject}: ${error.message}`);
      return false;
    }
  }
}

/** As `input`, in the words `can't open`. */
export function opened(io: Io, file: string, code = { code: 0 }): string | undefined {
  if (file === "-") return io.stdin();
  let data: string | undefined;
  if (!io.try(`can't open '${file}'`, () => (data = io.sys.readFile(file)))) code.code = 1;
  return data;
}

/** Hands on what is pending; the step to take while that is not all done, or the exit. */
export function drain(sys: Sys, state: Output): Step {
  while (state.output?.length) {
    const [fd, text] = state.output[0] as [number, string];
    const taken = sys.write(fd, text);
    if (taken < text.length) {
      state.output[0] = [fd, text.slice(taken)];
      return { wait: { writable: [fd] } };
    }
    state.output.shift();
  }
  delete state.output;
  return state.exitCode === undefined ? undefined : { exit: state.exitCode };
}

/** A tool that runs in one step. `run` returns the exit code (nothing: 0). */
export function tool(name: string, run: (io: Io) => number | void): Program<ToolState> {
  return {
    name,
    storedNames: toolNames,
    start: () => ({}),
    step(sys, state) {
      if (state.exitCode !== undefined || state.output) return drain(sys, state);
      const io = new Io(sys, state);
      try {
        state.exitCode = run(io) ?? 0;
      } catch (error) {
        if (error === needInput) return { wait: { readable: [0] } };
        if (error instanceof ToolExit) state.exitCode = error.code;
        else if (error instanceof Errno) {
          io.say(error.message);
          state.exitCode = 1;
        } else throw error;
      }
      delete state.input;
      state.output = io.pending;
      return drain(sys, state);
    },
    memoryBytes: (state) => 1_048_576 + (state?.input?.length ?? 0),
  };
}

export interface Steps<S extends Output> {
  /** Names of its state's own fields on disk; absent: they are stored under their own. */
  storedNames?: NamesOf<Omit<S, keyof Output>>;
  first(): S;
  /** What the command line makes of the first state; may say something, set the exit code or throw ToolExit. */
  begin(io: Io, state: S): void;
  /** One step; what it said is handed on before the next. */
  step(sys: Sys, io: Io, state: S): Step;
  memoryBytes?(state: S): number;
}

/** A tool that runs in several steps, each of which may fail as a whole. */
export function steps<S extends Output>(name: string, spec: Steps<S>): Program<S> {
  const kept = (io: Io, state: S): void => {
    if (io.pending.length) state.output = io.pending;
  };
  const attempt = (io: Io, state: S, body: () => Step): Step => {
    try {
      return body();
    } catch (error) {
      if (error instanceof ToolExit) state.exitCode = error.code;
      else if (error instanceof Errno && error.code !== "EPIPE") {
        io.say(error.message);
        state.exitCode = 1;
      } else throw error;
      return undefined;
    }
  };
  const { storedNames = {} } = spec;
  const program: Program<S> = {
    name,
    storedNames: { ...storedNames, fields: { ...outputNames, ...storedNames.fields } },
    start(sys) {
      const io = new Io(sys);
      const state = spec.first();
      attempt(io, state, () => void spec.begin(io, state));
      kept(io, state);
      return state;
    },
    step(sys, state) {
      if (state.output || state.exitCode !== undefined) {
        const stuck = drain(sys, state);
        if (stuck) return stuck;
      }
      const io = new Io(sys);
      const step = attempt(io, state, () => spec.step(sys, io, state));
      kept(io, state);
      return drain(sys, state) ?? step;
    },
  };
  const { memoryBytes } = spec;
  if (memoryBytes) program.memoryBytes = (state) => (state ? memoryBytes(state) : 1_048_576);
  return program;
}

interface StreamState<S> extends Output {
  own: S;
  /** Files still to read. */
  files: string[];
  /** Open file, and whether one is open. */
  fd?: number;
  /** A file could not be read. */
  bad?: true;
  /** An incomplete last line. */
  partialLine?: string;
}

export interface Stream<S> {
  /** Names of the state's fields on disk; absent: they are stored under their own. */
  storedNames?: NamesOf<S>;
  /** Files to read (none: standard input) and the first state; or an exit code. */
  start(io: Io): { files: string[]; state: S } | number;
  /** Words for a file that cannot be opened: `x: No such file` or `can't open 'x': No such file`. */
  cannot?: true;
  /** Exit code of a call that failed; without it 1. */
  badCode?: number;
  /** Nothing is said of a file that cannot be opened. */
  silent?(state: S): boolean;
  /** A new file begins. */
  file?(io: Io, state: S, name: string): void;
  /** Whole lines without their end, or (with `raw`) data as it comes. `false` ends the reading; a number exits. */
  data(io: Io, state: S, text: string, ended: boolean): false | number | void;
  /** Data as it comes instead of lines. */
  raw?: true;
  end?(io: Io, state: S, bad: boolean): number | void;
}

/** A tool that passes data on as it comes. */
export function stream<S>(name: string, spec: Stream<S>): Program<StreamState<S>> {
  return {
    name,
    storedNames: {
      fields: { ...outputNames, own: "s", files: "f", partialLine: "b" },
      ...(spec.storedNames ? { inside: { own: spec.storedNames } } : {}),
    },
    start(sys) {
      const io = new Io(sys);
      try {
        const begun = spec.start(io);
        if (typeof begun === "number")
          return { own: null as S, files: [], exitCode: begun, output: io.pending };
        const files = begun.files.length ? begun.files : ["-"];
        return {
          own: begun.state,
          files: files,
          ...(io.pending.length ? { output: io.pending } : {}),
        };
      } catch (error) {
        const code = error instanceof ToolExit ? error.code : (spec.badCode ?? 1);
        if (error instanceof Errno) io.say(error.message);
        else if (!(error instanceof ToolExit)) throw error;
        return { own: null as S, files: [], exitCode: code, output: io.pending };
      }
    },
    step: (sys, state) => streamStep(spec, sys, state),
    memoryBytes: (state) => 1_048_576 + (state?.partialLine?.length ?? 0),
  };
}

function streamStep<S>(spec: Stream<S>, sys: Sys, state: StreamState<S>): Step {
  if (state.output || state.exitCode !== undefined) {
    const step = drain(sys, state);
    if (step) return step;
  }
  const io = new Io(sys);
  const finish = (code: number): Step => {
    state.exitCode = code;
    state.output = [...(state.output ?? []), ...io.pending];
    return drain(sys, state);
  };
  try {
    if (state.fd === undefined) {
      const file = state.files[0];
      if (file === undefined)
        return finish(spec.end?.(io, state.own, state.bad === true) ?? (state.bad ? 1 : 0));
      if (!openNext(spec, io, state, file)) {
        state.output = io.pending;
        return drain(sys, state);
      }
    }
    const fd = state.fd ?? 0;
    const data = sys.read(fd, 32_768);
    if (data === undefined) {
      state.output = io.pending;
      return drain(sys, state) ?? { wait: { readable: [fd] } };
    }
    sys.charge(data.length / 50);
    const verdict = feed(spec, io, state, data);
    if (typeof verdict === "number") return finish(verdict);
    if (data === "" || verdict === false) {
      if (fd !== 0) sys.close(fd);
      delete state.fd;
      state.files.shift();
      if (verdict === false) state.files = [];
    }
    state.output = io.pending;
    return drain(sys, state);
  } catch (error) {
    if (error instanceof ToolExit) return finish(error.code);
    if (!(error instanceof Errno) || error.code === "EPIPE") throw error;
    io.say(error.message);
    return finish(spec.badCode ?? 1);
  }
}

function openNext<S>(spec: Stream<S>, io: Io, state: StreamState<S>, file: string): boolean {
  try {
    state.fd = file === "-" ? 0 : io.sys.open(file, { read: true });
    if (file !== "-" && io.sys.stat(file).type === "d") {
      io.sys.close(state.fd);
      delete state.fd;
      throw new Errno("EISDIR");
    }
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const silent = spec.silent?.(state.own) === true;
    if (!silent)
      io.say(
        error.code === "EISDIR"
          ? `${spec.cannot ? "" : `${file}: `}${spec.cannot ? "read error: " : ""}${error.message}`
          : spec.cannot
            ? `can't open '${file}': ${error.message}`
            : `${file}: ${error.message}`,
      );
    state.bad = true;
    state.files.shift();
    return false;
  }
  spec.file?.(io, state.own, file);
  return true;
}

function feed<S>(
  spec: Stream<S>,
  io: Io,
  state: StreamState<S>,
  data: string,
): false | number | void {
  if (spec.raw) return data === "" ? undefined : spec.data(io, state.own, data, true);
  const text = (state.partialLine ?? "") + data;
  let at = 0;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", at)) {
    const verdict = spec.data(io, state.own, text.slice(at, end), true);
    at = end + 1;
    if (verdict !== undefined) {
      delete state.partialLine;
      return verdict;
    }
  }
  state.partialLine = text.slice(at);
  io.sys.held = state.partialLine.length;
  if (data !== "" || state.partialLine === "") return undefined;
  const last = state.partialLine;
  delete state.partialLine;
  return spec.data(io, state.own, last, false);
}
