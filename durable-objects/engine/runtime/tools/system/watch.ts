/**
 * watch: a command run again and again. On a terminal procps' draws a full screen of what the command printed; busybox's, and
 * both elsewhere, let it print by itself.
 */
import { watchedBytesMax } from "../../../core/limits.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import type { Step } from "../../kernel/calls.ts";
import { launch } from "../children.ts";
import { formatDate } from "./date.ts";
import { duration } from "../durations.ts";
import { options } from "../options.ts";
import {
  enterScreen,
  leaveScreen,
  lengthAt,
  paint,
  widthOfText,
  type Picture,
} from "../screen/paint.ts";
import type { TerminalModes } from "../../kernel/terminal-modes.ts";
import { giveTerminal, sizeOf, takeTerminal } from "../screen/terminal.ts";
import { drain, Io, outputNames, ToolExit } from "../tool.ts";

interface WatchState {
  argv: string[];
  everyMs: number;
  title: boolean;
  next: number;
  /** Runs the command itself, without a shell. */
  direct?: true;
  /** Ends when the output changes, or the command fails. */
  untilChange?: true;
  untilError?: true;
  pid?: number;
  /** With a screen of its own: what the command prints comes through a pipe. */
  fd?: number;
  text?: string;
  /** What it printed the last time. */
  last?: string;
  ranAt?: number;
  picture?: Picture;
  modes?: TerminalModes;
  full?: true;
  exitCode?: number;
  output?: [number, string][];
}

const isFull = (sys: Sys, io: Io): boolean =>
  !io.busybox && sys.terminal(1) !== undefined && sys.terminal(0) !== undefined;

function start(sys: Sys): WatchState {
  const io = new Io(sys);
  const state: WatchState = { argv: [], everyMs: 2000, title: true, next: sys.now };
  try {
    const long = {
      interval: "n",
      "no-title": "t",
      differences: "d",
      exec: "x",
      chgexit: "g",
      errexit: "e",
      color: "c",
      beep: "b",
      precise: "p",
    };
    const opts = options(io, "n:tdxgecbp", long, true);
    state.argv = opts.rest;
    const every = opts.value("n") ?? "2";
    state.everyMs = Math.max(100, duration(every) ?? io.fail(`invalid number '${every}'`));
    state.title = !opts.has("t");
    if (opts.has("x")) state.direct = true;
    if (opts.has("g")) state.untilChange = true;
    if (opts.has("e")) state.untilError = true;
    if (opts.rest.length === 0) io.fail("no command");
    if (isFull(sys, io)) state.full = true;
  } catch (error) {
    if (!(error instanceof ToolExit)) throw error;
    state.exitCode = error.code;
    state.output = io.pending;
  }
  return state;
}

/** Its first row: what is run on the left, where and when on the right. */
function titleOf(sys: Sys, state: WatchState, cols: number): string {
  const right = `${sys.container.hostname}: ${formatDate("%a %b %e %H:%M:%S %Y", state.ranAt ?? sys.now)}`;
  const left = `Every ${(state.everyMs / 1000).toFixed(1)}s: ${state.argv.join(" ")}`;
  if (cols < right.length) return "";
  if (cols < right.length + 5) return right.padStart(cols);
  const room = cols - right.length - 1;
  const cut = left.length > room ? `${left.slice(0, Math.max(0, room - 3))}...` : left;
  return cut.padEnd(cols - right.length) + right;
}

/** The output in rows, long lines going on in the next. */
function rowsOf(text: string, cols: number, most: number): string[] {
  const rows: string[] = [];
  for (const line of text.replace(/\n$/, "").split("\n")) {
    let row = "";
    let column = 0;
    for (let at = 0; at < line.length && rows.length < most; at += lengthAt(line, at)) {
      const character = line.slice(at, at + lengthAt(line, at));
      if (character === "\t") {
        const blanks = Math.min(8 - (column % 8), cols - column);
        row += " ".repeat(blanks);
        column += blanks;
        continue;
      }
      if (character < " " || character === "\x7f") continue;
      if (column + widthOfText(character) > cols) {
        rows.push(row);
        row = "";
        column = 0;
      }
      row += character;
      column += widthOfText(character);
    }
    rows.push(row);
    if (rows.length >= most) break;
  }
  return rows.slice(0, most);
}

function draw(sys: Sys, state: WatchState): void {
  const { cols, rows } = sizeOf(sys.terminal(1));
  const head = state.title ? [titleOf(sys, state, cols), ""] : [];
  const body = rowsOf(state.last ?? "", cols, Math.max(1, rows - head.length));
  const all = [...head, ...body].slice(0, rows);
  while (all.length < rows) all.push("");
  const now: Picture = { cols, rows: all, cursor: [rows - 1, cols - 1] };
  const out = paint(state.picture, now);
  state.picture = now;
  if (out) state.output = [...(state.output ?? []), [1, out]];
}

function begin(sys: Sys, state: WatchState): void {
  if (state.modes) return;
  const session = sys.terminal(0);
  if (session) state.modes = takeTerminal(sys, session, true);
  state.output = [[1, enterScreen]];
}

function end(sys: Sys, state: WatchState, code: number): Step {
  const { rows } = sizeOf(sys.terminal(1));
  if (state.modes) {
    giveTerminal(sys, sys.terminal(0), state.modes);
    delete state.modes;
    state.output = [...(state.output ?? []), [1, `\x1b[${rows};1H\x1b[K${leaveScreen}`]];
  }
  state.exitCode = code;
  return undefined;
}

function run(sys: Sys, state: WatchState): void {
  const [read, write] = sys.pipe();
  const words = state.direct ? state.argv : ["sh", "-c", state.argv.join(" ")];
  state.ranAt = sys.now;
  state.text = "";
  state.fd = read;
  state.pid = launch(
    sys,
    words,
    (name, why) => `watch: ${name}: ${why}\n`,
    (child) => {
      child.dup(write, 1);
      child.dup(write, 2);
      child.close(write);
      child.close(read);
    },
  );
  sys.close(write);
}

/** Takes what the command prints; what to wait for until it has ended. */
function collect(sys: Sys, state: WatchState): Step {
  while (state.fd !== undefined) {
    const data = sys.read(state.fd);
    if (data === undefined) return { wait: { readable: [state.fd, 0] } };
    if (data === "") {
      sys.close(state.fd);
      delete state.fd;
    } else state.text = ((state.text ?? "") + data).slice(0, watchedBytesMax);
  }
  const ended = state.pid === undefined ? undefined : sys.wait(state.pid);
  if (!ended) return { wait: { childEnd: true, readable: [0] } };
  delete state.pid;
  const had = state.last;
  state.last = state.text ?? "";
  delete state.text;
  state.next = sys.now + state.everyMs;
  draw(sys, state);
  const status = ended === "none" ? 127 : ended.status;
  if (state.untilError && status !== 0) return end(sys, state, 8);
  if (state.untilChange && had !== undefined && had !== state.last) return end(sys, state, 0);
  return undefined;
}

function fullStep(sys: Sys, state: WatchState): Step {
  begin(sys, state);
  const keys = sys.read(0, 256);
  if (keys !== undefined && (keys === "" || /[qQ\x03]/.test(keys))) {
    if (state.pid !== undefined) sys.kill(state.pid, 15);
    return end(sys, state, 0);
  }
  if (state.pid !== undefined) {
    const waiting = collect(sys, state);
    if (waiting || state.exitCode !== undefined || state.output) return waiting;
  }
  if (keys?.includes(" ")) state.next = sys.now;
  if (sys.now < state.next) return { wait: { untilMs: state.next, readable: [0] } };
  run(sys, state);
  return undefined;
}

function plainStep(sys: Sys, state: WatchState): Step {
  if (state.pid !== undefined) {
    if (!sys.wait(state.pid)) return { wait: { childEnd: true } };
    delete state.pid;
    state.next = sys.now + state.everyMs;
  }
  if (sys.now < state.next) return { wait: { untilMs: state.next } };
  const command = state.argv.join(" ");
  const width = sys.terminal(1)?.cols ?? 80;
  const head = `Every ${(state.everyMs / 1000).toFixed(1)}s: ${command}`;
  const time = formatDate("%Y-%m-%d %H:%M:%S", sys.now);
  const title = state.title
    ? `${head.slice(0, Math.max(10, width - 21)).padEnd(width - time.length)}${time}\n\n`
    : "";
  sys.write(1, `\x1b[H\x1b[J${title}`);
  state.pid = launch(sys, ["sh", "-c", command], (name, why) => `watch: ${name}: ${why}\n`);
  return undefined;
}

export const watch: Program<WatchState> = {
  name: "watch",
  storedNames: { fields: outputNames },
  start,
  step(sys, state): Step {
    if (state.output || state.exitCode !== undefined) {
      const stuck = drain(sys, state);
      if (stuck) return stuck;
    }
    return state.full ? fullStep(sys, state) : plainStep(sys, state);
  },
  handles: (state, signal) =>
    state?.modes !== undefined && (signal === 2 || signal === 15 || signal === 28),
  signal(sys, state, signal) {
    if (signal !== 28) return end(sys, state, signal === 2 ? 0 : 143);
    delete state.picture;
    if (state.last !== undefined) draw(sys, state);
    return undefined;
  },
};
