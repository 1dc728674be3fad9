/** more, as util-linux has it: a screenful at a time, below what is there; it ends with its last file. */
import { Errno } from "../../errno.ts";
import type { Step } from "../../kernel/calls.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import { keysOf } from "../screen/keys.ts";
import { lengthAt, plain, reverse, widthOf } from "../screen/paint.ts";
import type { TerminalModes } from "../../kernel/terminal-modes.ts";
import { giveTerminal, sizeOf, takeTerminal } from "../screen/terminal.ts";
import { drain, Io } from "../tool.ts";
import { pagerLineBytesMax } from "../../../core/limits.ts";

interface MoreState {
  files: string[];
  at: number;
  fd?: number;
  size: number;
  /** Bytes shown of this file, and read ones that are not. */
  shown: number;
  text: string;
  ended?: true;
  /** Rows to print before the next prompt. */
  want: number;
  prompts?: true;
  count: string;
  tty?: number;
  modes?: TerminalModes;
  rest: string;
  /** A file could not be opened. */
  failed?: true;
  exitCode?: number;
  output?: [number, string][];
}

const clearPrompt = "\r\x1b[K";

function say(state: MoreState, text: string, fd = 1): void {
  state.output = [...(state.output ?? []), [fd, text]];
}

/** Rows that a line takes. */
function rowsOf(line: string, cols: number): number {
  let column = 0;
  for (let at = 0; at < line.length; at += lengthAt(line, at))
    column +=
      line[at] === "\t" ? 8 - (column % 8) : widthOf(line.slice(at, at + lengthAt(line, at)));
  return Math.max(1, Math.ceil(column / cols));
}

function start(sys: Sys): MoreState {
  const io = new Io(sys);
  const files = io.args.filter((word) => !/^[-+]./.test(word));
  const state: MoreState = {
    files: files.length ? files : ["-"],
    at: 0,
    size: 0,
    shown: 0,
    text: "",
    want: sizeOf(sys.terminal(1)).rows - 1,
    count: "",
    rest: "",
  };
  const lines = io.args.find((word) => /^-n?\d+$/.test(word));
  if (lines) state.want = Number(lines.replace(/\D/g, ""));
  if (!sys.terminal(1)) return state;
  if (files.length === 0 && sys.terminal(0)) {
    say(state, "more: bad usage\nTry 'more --help' for more information.\n", 2);
    state.exitCode = 1;
    return state;
  }
  try {
    state.tty = sys.terminal(0) ? 0 : sys.terminal(2) ? 2 : sys.open("/dev/tty", { read: true });
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
  return state;
}

/** Opens the next file; false: there is none. */
function open(sys: Sys, state: MoreState): boolean {
  const io = new Io(sys);
  for (; state.at < state.files.length; state.at++) {
    const name = state.files[state.at] as string;
    try {
      if (name === "-") state.fd = 0;
      else if (sys.stat(name).type === "d") {
        say(state, `\n*** ${name}: directory ***\n\n`);
        continue;
      } else state.fd = sys.open(name, { read: true });
      state.size = name === "-" ? 0 : (sys.fileSize(state.fd) ?? 0);
      state.shown = 0;
      state.text = "";
      delete state.ended;
      if (state.files.length > 1)
        say(state, `${state.at ? "\n" : ""}::::::::::::::\n${name}\n::::::::::::::\n`);
      return true;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      const words = io.busybox
        ? `can't open '${name}': ${error.message}`
        : `cannot open ${name}: ${error.message}`;
      say(state, `${io.name}: ${words}\n`, 2);
      state.failed = true;
    }
  }
  return false;
}

/** Prints rows while they are wanted and there; what it waits for. */
function print(sys: Sys, state: MoreState): Step {
  const { cols } = sizeOf(sys.terminal(1));
  while (state.want > 0 || state.tty === undefined) {
    const end =
      state.text.indexOf("\n") + 1 ||
      (state.text.length > pagerLineBytesMax ? pagerLineBytesMax : 0);
    if (end === 0 && !state.ended) {
      const data = sys.read(state.fd ?? 0, 32_768);
      if (data === undefined)
        return state.output ? undefined : { wait: { readable: [state.fd ?? 0] } };
      sys.charge(data.length / 50);
      if (data === "") state.ended = true;
      state.text += data;
      continue;
    }
    const line = end ? state.text.slice(0, end) : state.text;
    if (line === "") return next(sys, state);
    state.text = state.text.slice(line.length);
    state.shown += line.length;
    say(state, line);
    state.want -= rowsOf(line.replace(/\n$/, ""), cols);
    if ((state.output?.length ?? 0) > 200) return undefined;
  }
  if (state.text === "" && (state.size > 0 ? state.shown >= state.size : state.ended))
    return next(sys, state);
  const share = state.size > 0 ? `(${Math.floor((state.shown * 100) / state.size)}%)` : "";
  say(state, `${reverse}--More--${share}${plain}`);
  state.prompts = true;
  return undefined;
}

function next(sys: Sys, state: MoreState): Step {
  if (state.fd !== undefined && state.fd !== 0) sys.close(state.fd);
  delete state.fd;
  state.at++;
  if (state.at >= state.files.length) state.exitCode = state.failed ? 1 : 0;
  else if (state.tty !== undefined) state.want = Math.max(1, state.want);
  return undefined;
}

function press(sys: Sys, state: MoreState, key: string): void {
  if (/^\d$/.test(key)) {
    state.count = (state.count + key).slice(0, 6);
    return;
  }
  const count = state.count === "" ? undefined : Number(state.count);
  state.count = "";
  const screen = sizeOf(sys.terminal(1)).rows - 1;
  const goOn = (rows: number): void => {
    say(state, clearPrompt);
    state.want = rows;
    delete state.prompts;
  };
  if (key === "q" || key === "Q" || key === "\x03") {
    say(state, clearPrompt);
    state.exitCode = 0;
  } else if (key === " " || key === "f" || key === "z" || key === "pagedown") goOn(count ?? screen);
  else if (key === "\r" || key === "\n" || key === "j" || key === "down") goOn(count ?? 1);
  else if (key === "d" || key === "\x04") goOn(count ?? 11);
  else say(state, `${clearPrompt}${reverse}[Press space to continue, 'q' to quit.]${plain}`);
}

function step(sys: Sys, state: MoreState): Step {
  if (state.output) {
    const stuck = drain(sys, state);
    if (stuck) return stuck;
  }
  if (state.exitCode !== undefined) {
    if (state.modes && state.tty !== undefined)
      giveTerminal(sys, sys.terminal(state.tty), state.modes);
    delete state.modes;
    return { exit: state.exitCode };
  }
  if (state.fd === undefined && !open(sys, state)) {
    state.exitCode = state.failed ? 1 : 0;
    return undefined;
  }
  if (!state.prompts) return print(sys, state);
  const session = sys.terminal(state.tty ?? 0);
  if (session && !state.modes) state.modes = takeTerminal(sys, session, true);
  const bytes = sys.read(state.tty ?? 0, 4096);
  if (bytes === undefined) return { wait: { readable: [state.tty ?? 0] } };
  if (bytes === "") state.exitCode = 0;
  const { keys, rest } = keysOf(state.rest + bytes);
  state.rest = rest;
  for (const key of keys) if (state.exitCode === undefined) press(sys, state, key);
  return undefined;
}

export const more: Program<MoreState> = {
  name: "more",
  start,
  step,
  handles: (state, signal) => signal === 2 && state?.modes !== undefined,
  signal(_sys, state) {
    say(state, clearPrompt);
    state.exitCode = 0;
    return undefined;
  },
  memoryBytes: (state) => 1_048_576 + (state?.text.length ?? 0),
};
