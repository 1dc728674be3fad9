/**
 * vi as a program: a full-screen editor in vim's manner, whose state is data. Each time keys come it goes from the picture that
 * its state makes to the next, and prints the difference.
 */
import type { Step } from "../../kernel/calls.ts";
import type { Process } from "../../kernel/state.ts";
import type { Program } from "../../kernel/types.ts";
import { keysOf } from "../screen/keys.ts";
import { enterScreen, leaveScreen, paint } from "../screen/paint.ts";
import { giveTerminal, sizeOf, takeTerminal } from "../screen/terminal.ts";
import { drain } from "../tool.ts";
import { argumentsOf, type Arguments } from "./arguments.ts";
import { Editor, Refused } from "./editor.ts";
import { execute } from "./ex/ex.ts";
import { waitForChild } from "./external.ts";
import { edit } from "./files.ts";
import { feed, feedRun, pasted, plainRun } from "./keys.ts";
import { render, visible } from "./render.ts";
import { follow } from "./scroll.ts";
import { readSettings, setForFile } from "./settings.ts";
import type { ViState } from "./state.ts";

const pasteOn = "\x1b[?2004h";
const pasteOff = "\x1b[?2004l";

const bornState = (): ViState => ({
  rest: "",
  cols: 80,
  rows: 24,
  unknown: true,
  files: [],
  fileAt: 0,
  name: "",
  readAtMs: -1,
  modified: false,
  base: "",
  journal: [],
  journalSize: 0,
  row: 0,
  col: 0,
  want: 0,
  top: 0,
  left: 0,
  mode: "normal",
  pending: [],
  message: "",
  marks: {},
  jumps: [],
  jumpAt: 0,
  registers: {},
  options: {},
  byType: [],
  undo: [],
  redo: [],
  undoNumber: 0,
  highlighted: true,
  history: [],
  searches: [],
  inserted: "",
  half: 0,
  begin: [],
});

function begin(ed: Editor, { files, begin: commands, readonly, settings }: Arguments): void {
  const { s, sys } = ed;
  const session = sys.terminal(0);
  if (session) {
    s.modes = takeTerminal(sys, session, false);
    Object.assign(s, sizeOf(session));
    if (files.length > 1) ed.raw += `${files.length} files to edit\r\n`;
    ed.raw += enterScreen + pasteOn;
  } else
    s.output = [
      ...(sys.terminal(1)
        ? []
        : [[2, "Vim: Warning: Output is not to a terminal\n"] as [number, string]]),
      [2, "Vim: Warning: Input is not from a terminal\n"],
    ];
  readSettings(ed, settings);
  if (readonly) s.options["readonly"] = true;
  s.files = files;
  edit(ed, files[0] ?? "");
  setForFile(ed);
  for (const command of commands) {
    try {
      execute(ed, command);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      ed.say(error.message);
    }
    ed.endStep();
  }
}

/** The terminal is as it was before. */
function end(ed: Editor): void {
  const { s, sys } = ed;
  const session = sys.terminal(0);
  if (!session) return;
  giveTerminal(sys, session, s.modes ?? {});
  const last = `\x1b[${s.rows};1H\r\x1b[K`;
  ed.raw += `${last}${!ed.fresh ? "" : `${visible(s.message).slice(0, s.cols - 1)}\r\n`}${pasteOff}${leaveScreen}`;
}

/** ^Z: the terminal is the shell's until it lets vi go on. */
function suspend(ed: Editor): void {
  const { s, sys } = ed;
  ed.suspends = false;
  s.unknown = true;
  // Nobody is there to let it go on: the terminal's first command is of the same group.
  const first = sys.kernel.pod.processes[String(sys.terminal(0)?.process)];
  const groupOf = (process: Process): number => process.processGroup ?? process.pid;
  if (!first || groupOf(first) === groupOf(sys.process)) return;
  end(ed);
  s.suspended = true;
}

function resume(ed: Editor): void {
  const { s, sys } = ed;
  delete s.suspended;
  const session = sys.terminal(0);
  if (session) {
    s.modes = takeTerminal(sys, session, false);
    Object.assign(s, sizeOf(session));
  }
  ed.raw += enterScreen + pasteOn;
  s.unknown = true;
}

function guarded(ed: Editor, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    ed.say(error.message);
    ed.beep();
  }
}

/** Keys that have come, up to the end of what can be read; false: there will be none. */
function takeKeys(ed: Editor): boolean {
  const { s, sys } = ed;
  const data = sys.read(0, 65_536);
  if (data === undefined) return true;
  if (data === "") return false;
  const { keys, rest } = keysOf(s.rest + data);
  s.rest = rest;
  sys.charge(data.length);
  for (let i = 0; i < keys.length && s.exitCode === undefined && !s.child && !ed.suspends; i++) {
    if (!s.pasting) {
      const run = plainRun(ed, keys, i);
      if (run > 1) guarded(ed, () => feedRun(ed, keys.slice(i, i + run)));
      else feed(ed, keys[i]!);
      i += Math.max(0, run - 1);
      continue;
    }
    const end = keys.indexOf("paste-end", i);
    const part = keys.slice(i, end < 0 ? keys.length : end);
    guarded(ed, () => pasted(ed, part));
    if (end < 0) break;
    feed(ed, "paste-end");
    i = end;
  }
  ed.settle();
  return true;
}

/** Whether text moved on the screen as lines do that come or go: what was said below is gone then. */
function isMoved(ed: Editor): boolean {
  const { s, height, shifts, topBefore: before } = ed;
  const drawn = shifts.filter(({ by, at }) => by === 0 && at <= ed.s.top);
  if (drawn.reduce((sum, { rows }) => sum + rows, 0) >= height) return false;
  const rows = (from: number, to: number): number => {
    let sum = 0;
    for (let row = from; row < to && sum <= height; row++) sum += ed.rowsOf(row);
    return sum;
  };
  const by = s.top - before;
  if (by > 0 && rows(before, s.top) < height) return true;
  if (by < 0 && rows(s.top, before) < height - 2) return true;
  const count = shifts.reduce((sum, one) => sum + one.by, 0);
  const at = Math.min(...shifts.filter((one) => one.by !== 0).map((one) => one.at));
  return count !== 0 && by === 0 && at >= s.top && rows(s.top, at) + Math.abs(count) < height - 2;
}

/** Prints what changed on the screen. */
function show(ed: Editor): void {
  const { s, sys } = ed;
  if (!sys.terminal(0)) return;
  let out = ed.raw;
  ed.raw = "";
  if (ed.beeps) out += "\x07";
  ed.beeps = false;
  if (s.exitCode === undefined && !s.child && !s.page?.printed && !s.suspended) {
    follow(ed);
    if (!ed.fresh && isMoved(ed)) s.message = "";
    const now = render(ed);
    out += paint(s.unknown ? undefined : ed.picture, now);
    delete s.unknown;
    ed.picture = now;
  }
  if (out) (s.output ??= []).push([1, out]);
}

function work(ed: Editor): Step {
  const { s, sys } = ed;
  if (s.suspended) resume(ed);
  if (s.child) {
    const step = waitForChild(ed);
    if (step) return step;
  }
  if (!s.unknown && !s.page?.printed) ed.picture ??= render(ed);
  if (!takeKeys(ed)) {
    s.exitCode = 1;
    if (!sys.terminal(0))
      s.output = [
        ...(s.output ?? []),
        [2, "Vim: Error reading input, exiting...\nVim: Finished.\n"],
      ];
  }
  if (s.exitCode !== undefined) end(ed);
  if (ed.suspends) suspend(ed);
  show(ed);
  if (s.exitCode !== undefined) return drain(sys, s) ?? { exit: s.exitCode };
  const stuck = drain(sys, s);
  if (s.suspended) sys.kill(0, 20);
  if (stuck) return stuck;
  return s.child || s.suspended || sys.readable(0) ? undefined : { wait: { readable: [0] } };
}

const viNamed = (name: string): Program<ViState> => ({
  name,
  start(sys) {
    const state = bornState();
    const given = argumentsOf(sys);
    if (given.print !== undefined) {
      state.output = [[given.code ? 2 : 1, given.print]];
      state.exitCode = given.code ?? 0;
      return state;
    }
    const ed = new Editor(sys, state);
    begin(ed, given);
    if (state.exitCode !== undefined) end(ed);
    show(ed);
    return state;
  },
  step(sys, state) {
    if (state.output || state.exitCode !== undefined) {
      const stuck = drain(sys, state);
      if (stuck) return stuck;
    }
    sys.kernel.touch();
    const ed = new Editor(sys, state);
    return work(ed);
  },
  handles: (_state, signal) => signal === 28,
  signal(sys, state) {
    const session = sys.terminal(0);
    if (session && !state.suspended) {
      Object.assign(state, sizeOf(session));
      state.unknown = true;
      show(new Editor(sys, state));
    }
    return undefined;
  },
  memoryBytes: (state) => 4_194_304 + (state?.texts?.size ?? 0),
});

/** The names it goes by; "ex" is none of them. */
export const viPrograms: Program[] = ["vi", "vim", "view", "vim.tiny"].map((name) => viNamed(name));
