/**
 * less: shows files a screen at a time. It reads a file where it shows it and keeps only places; standard input it keeps as far
 * as it was read. Where its output is no terminal it passes its input on, as cat does.
 */
import { pagerInputBytesMax } from "../../../core/limits.ts";
import { Errno } from "../../errno.ts";
import { cloneJson } from "../../bytes.ts";
import type { Step } from "../../kernel/calls.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import { keysOf } from "../screen/keys.ts";
import { enterScreen, leaveScreen, paint, widthOfText, type Picture } from "../screen/paint.ts";
import { giveTerminal, sizeOf, takeTerminal } from "../screen/terminal.ts";
import { drain, Io, ToolExit } from "../tool.ts";
import { LessHost } from "./host.ts";
import { lastRow } from "./prompt.ts";
import { NeedInput } from "./source.ts";
import { readOptions } from "./options.ts";
import { press } from "./commands.ts";
import { firstSettings, firstView, none, type LessState } from "./state.ts";
import { helpText } from "./help.ts";

/** The rows as they shall be seen. */
function pictureOf(host: LessHost): Picture {
  const { state, mover } = host;
  const { view } = state;
  const rows: string[] = [];
  if (view.held && state.picture) {
    const [row, column] = lastRow(mover, state, widthOfText);
    return {
      cols: state.cols,
      rows: [...state.picture.rows.slice(0, -1), row],
      cursor: [mover.height, Math.min(column, state.cols - 1)],
    };
  }
  const shown = view.low
    ? view.rows.slice(0, view.rows.findLastIndex((at) => at !== none) + 1)
    : view.rows;
  if (view.low) while (rows.length + shown.length < mover.height) rows.push("");
  shown.forEach((at, i) => {
    const next = shown[i + 1] ?? view.next;
    if (at === none) rows.push(view.settings.tildes && !view.low ? "\x1b[1m~\x1b[m" : "");
    else rows.push(mover.rows.text(at, next));
  });
  while (rows.length < mover.height) rows.push("");
  const [last, col] = isFilling(host) ? ["", 0] : lastRow(mover, state, widthOfText);
  rows.push(last);
  return { cols: state.cols, rows, cursor: [rows.length - 1, Math.min(col, state.cols - 1)] };
}

/** Input has not come that the first screen wants. */
function isFilling({ state, mover }: LessHost): boolean {
  const { view } = state;
  return !mover.rows.source.ended && view.rows.length < mover.height;
}

const bells = (host: LessHost): string => {
  const { quiet } = host.state.view.settings;
  const out = quiet === 2 ? "" : "\x07".repeat(Math.min(1, host.mover.bells));
  host.mover.bells = 0;
  return out;
};

function show(host: LessHost): void {
  const { state } = host;
  const { view } = state;
  let out = "";
  if (!state.entered) {
    state.entered = true;
    if (view.settings.keepsScreen) state.inline = true;
    else out += enterScreen;
  }
  const now = pictureOf(host);
  const isLow = view.low || isFilling(host);
  if (state.inline && !state.picture && (isLow || !view.fresh)) {
    out += isLow ? inline(now, state) : paint(undefined, now);
    if (!isLow) state.picture = now;
  } else if (state.inline && !state.picture) {
    out += `${now.rows
      .slice(0, -1)
      .map((row) => `${row}\n`)
      .join("")}${now.rows.at(-1) ?? ""}`;
    state.picture = now;
  } else {
    out += paint(state.picture, now);
    state.picture = now;
  }
  out += bells(host);
  if (out) state.output = [...(state.output ?? []), [1, out]];
}

/** A first screen that is not full, on a terminal that is not cleared: the lines, then the prompt alone again and again. */
function inline(now: Picture, state: LessState): string {
  const rows = now.rows.slice(0, -1);
  const first = rows.findIndex((row) => row !== "");
  const printed = state.printed ?? 0;
  const lines = first < 0 ? [] : rows.slice(first);
  state.printed = lines.length;
  const fresh = lines.slice(printed).map((row) => `${row}\n`);
  return `\r\x1b[K${fresh.join("")}${now.rows.at(-1) ?? ""}`;
}

/** Gives the terminal back. */
export function leave(host: LessHost): void {
  const { state, sys } = host;
  if (!state.entered) return;
  const row = `\x1b[${state.lines};1H`;
  const clear = `${state.inline && !state.picture ? "" : row}\r\x1b[K`;
  state.output = [...(state.output ?? []), [1, clear + (state.inline ? "" : leaveScreen)]];
  delete state.entered;
  delete state.picture;
  delete state.inline;
  giveTerminal(sys, sys.terminal(state.tty), state.modes ?? {});
  delete state.modes;
}

function takeKeys(host: LessHost): void {
  const { state, sys } = host;
  if (state.modes) return;
  const session = sys.terminal(state.tty);
  if (session) state.modes = takeTerminal(sys, session, true);
}

/** Does what was typed, as far as the input has come. */
function typed(host: LessHost): void {
  const { state } = host;
  while (state.keys.length && state.exitCode === undefined && state.child === undefined) {
    if (isFilling(host) && state.keys[0] !== "q") return;
    const before = cloneJson(state.view);
    try {
      press(host, state.keys[0] as string);
    } catch (error) {
      if (!(error instanceof NeedInput)) throw error;
      state.view = before;
      host.mover.rows.reset();
      return;
    }
    state.keys.shift();
  }
}

function read(host: LessHost): void {
  const { state, sys } = host;
  const { source } = host.mover.rows;
  for (let i = 0; i < 8 && wants(host) && source.pull(); i++) host.fill();
  const bytes = sys.read(state.tty, 4096);
  if (bytes === undefined) return;
  if (bytes === "") {
    state.exitCode = 0;
    return;
  }
  const { keys, rest } = keysOf(state.rest + bytes);
  state.keys.push(...keys);
  state.rest = rest;
}

/** Whether more of standard input is wanted now. */
function wants(host: LessHost): boolean {
  const { state } = host;
  if (state.text === undefined || state.ended || state.view.help) return false;
  return isFilling(host) || state.keys.length > 0 || state.view.follows === true;
}

function waiting(host: LessHost): Step {
  const { state, sys } = host;
  const readable = [state.tty];
  if (wants(host)) readable.push(0);
  if (state.view.follows && state.fd !== undefined)
    return { wait: { readable, untilMs: (sys.process.localTimeMs ?? sys.now) + 1000 } };
  return { wait: { readable } };
}

function followed(host: LessHost): void {
  const { view } = host.state;
  if (!view.follows) return;
  const { source } = host.mover.rows;
  if (host.state.keys[0] === "\x18") interrupt(host);
  else if (source.refresh() || host.state.text !== undefined) {
    host.mover.rows.reset();
    if (source.ended || host.state.text !== undefined) host.followEnd();
  }
}

export function interrupt(host: LessHost): void {
  const { state } = host;
  const { view } = state;
  state.keys = [];
  delete view.follows;
  delete view.typed;
  view.begun = "";
  view.count = "";
  host.mover.bells++;
}

function started(sys: Sys): LessState {
  const io = new Io(sys);
  const settings = firstSettings();
  const given = readOptions(
    (sys.env.LESS ?? "")
      .split(/\s+/)
      .filter(Boolean)
      .map((word) => (/^[-+]/.test(word) ? word : `-${word}`)),
    settings,
  );
  const own = given.error ? given : readOptions(sys.argv.slice(1), settings);
  const state: LessState = {
    files: own.files.length ? own.files : ["-"],
    at: 0,
    left: {},
    size: 0,
    tty: 0,
    ...sizes(sys),
    view: firstView(settings),
    keys: [],
    rest: "",
    begins: own.begins.length ? own.begins : given.begins,
  };
  const end = (code: number, text: string): LessState => {
    if (code) io.err(text);
    else io.out(text);
    return { ...state, exitCode: code, output: io.pending };
  };
  if (own.error) return end(1, `${own.error}\n`);
  if (own.version) return end(0, "less 668 (GNU regular expressions)\n");
  if (own.help) return end(0, helpText);
  if (own.files.length === 0 && sys.terminal(0))
    return end(1, 'Missing filename ("less --help" for help)\n');
  if (!sys.terminal(1)) return { ...state, passes: true };
  if (!sys.terminal(0)) {
    try {
      state.tty = sys.open("/dev/tty", { read: true });
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      if (sys.terminal(2)) state.tty = 2;
      else return { ...state, passes: true };
    }
  }
  return state;
}

function sizes(sys: Sys): { cols: number; lines: number } {
  const { cols, rows } = sizeOf(sys.terminal(1));
  return { cols, lines: Math.max(2, rows) };
}

/** Output is no terminal: as cat. */
function pass(sys: Sys, state: LessState): Step {
  const io = new Io(sys);
  for (;;) {
    if (state.output) {
      const stuck = drain(sys, state);
      if (stuck) return stuck;
    }
    const name = state.files[state.at];
    if (name === undefined) return { exit: state.failed ? 1 : 0 };
    try {
      if (state.fd === undefined) state.fd = name === "-" ? 0 : host0(sys, name);
      const data = sys.read(state.fd, 32_768);
      if (data === undefined) return { wait: { readable: [state.fd] } };
      sys.charge(data.length / 50);
      if (data !== "") state.output = [[1, data]];
      else {
        if (state.fd !== 0) sys.close(state.fd);
        delete state.fd;
        state.at++;
      }
    } catch (error) {
      if (!(error instanceof Errno) || error.code === "EPIPE") throw error;
      io.err(
        io.busybox
          ? `${io.name}: can't open '${name}': ${error.message}\n`
          : `${name}: ${error.message}\n`,
      );
      state.output = [...io.pending];
      io.pending.length = 0;
      state.failed = true;
      state.at++;
    }
  }
}

function host0(sys: Sys, name: string): number {
  if (sys.stat(name).type === "d") throw new Errno("EISDIR");
  return sys.open(name, { read: true });
}

function step(sys: Sys, state: LessState): Step {
  if (state.passes) return pass(sys, state);
  if (state.output) {
    const stuck = drain(sys, state);
    if (stuck) return stuck;
  }
  if (state.exitCode !== undefined) return { exit: state.exitCode };
  const host = new LessHost(sys, state);
  if (state.child !== undefined) {
    if (!sys.wait(state.child)) return { wait: { childEnd: true } };
    delete state.child;
    host.childEnded();
  }
  delete state.stopped;
  if (!state.began && !host.begin())
    return state.output ? undefined : { wait: { readable: [state.tty, 0] } };
  if (state.exitCode !== undefined) return undefined;
  takeKeys(host);
  read(host);
  if (state.pauses) {
    if (!state.keys.length) return state.output ? undefined : waiting(host);
    delete state.pauses;
    if (/^[\r\n ]$/.test(state.keys[0] as string)) state.keys.shift();
    state.output = [[1, "\n"]];
  }
  followed(host);
  typed(host);
  sys.held = (state.text?.length ?? 0) + state.keys.length * 40;
  if (state.exitCode !== undefined || state.child !== undefined) {
    leave(host);
    host.startChild();
    return undefined;
  }
  if (state.full && state.keys.length === 0) {
    delete state.full;
    state.view.message = `Input is longer than the ${pagerInputBytesMax / 1024} KB kept here`;
  }
  if (state.keys.length === 0 || wants(host)) show(host);
  if (state.output) {
    const stuck = drain(sys, state);
    if (stuck) return stuck;
  }
  return waiting(host);
}

export const less: Program<LessState> = {
  name: "less",
  start(sys) {
    try {
      return started(sys);
    } catch (error) {
      if (!(error instanceof ToolExit)) throw error;
      return { ...started(sys), exitCode: error.code };
    }
  },
  step,
  handles: (state, signal) =>
    state?.entered === true && (signal === 2 || signal === 28 || signal === 20),
  signal(sys, state, signal) {
    const host = new LessHost(sys, state);
    if (signal === 2) interrupt(host);
    else if (signal === 20) {
      leave(host);
      drain(sys, state);
      state.stopped = true;
      sys.kill(sys.pid, 19);
    } else {
      Object.assign(state, sizes(sys));
      delete state.picture;
      host.mover.rows.reset();
      delete state.view.low;
      host.mover.refresh();
    }
    return undefined;
  },
  memoryBytes: (state) => 2_097_152 + (state?.text?.length ?? 0),
};
