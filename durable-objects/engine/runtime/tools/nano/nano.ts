/** nano 8: its buffers, prompts and undo are plain JSON, so that it goes on after a loss of memory at any key. */
import { nanoFileBytesMax } from "../../../core/limits.ts";
import { Errno } from "../../errno.ts";
import type { Step } from "../../kernel/calls.ts";
import type { Program, Sys } from "../../kernel/types.ts";
import { launch } from "../children.ts";
import { keysOf } from "../screen/keys.ts";
import { enterScreen, leaveScreen, paint } from "../screen/paint.ts";
import { giveTerminal, sizeOf, takeTerminal } from "../screen/terminal.ts";
import { drain } from "../tool.ts";
import { branding } from "./bars.ts";
import { pasteText, press } from "./commands.ts";
import { announce, emptyBuffer, fill, insertText, openBuffer, startAt } from "./files.ts";
import { firstOptions, readArguments, readRcFiles, type Given } from "./options.ts";
import { current, tell, wipe, type NanoState } from "./state.ts";
import { areaOf, pictureOf, scroll } from "./view.ts";

const said = (state: NanoState, code: number, fd: 1 | 2, text: string): NanoState => ({
  ...state,
  exitCode: code,
  output: [[fd, text]],
});

function openAll(sys: Sys, state: NanoState, { files }: Given): void {
  for (const { name, line, column } of files) {
    if (name === "-") {
      state.buffers.push(emptyBuffer());
      state.reads = "";
      continue;
    }
    const buffer = openBuffer(sys, state, name);
    state.buffers.push(buffer);
    if (line !== undefined || column !== undefined) startAt(state, buffer, line ?? 1, column ?? 1);
  }
  if (state.buffers.length > 1) {
    state.several = true;
    announce(state);
  }
  if (state.buffers.length === 0) {
    state.buffers.push(emptyBuffer());
    tell(state, "Welcome to nano.  For basic help, type Ctrl+G.");
  }
}

function start(sys: Sys): NanoState {
  const options = firstOptions();
  const { cols, rows } = sizeOf(sys.terminal(1));
  const state: NanoState = {
    buffers: [],
    at: 0,
    options,
    cut: "",
    earlier: {},
    cols,
    rows,
    rest: "",
    tty: 0,
  };
  const ignores = sys.argv.some((word) => word === "--ignorercfiles" || /^-\w*I/.test(word));
  if (!ignores) readRcFiles(sys, options);
  const given = readArguments(sys.argv.slice(1), options);
  if (given.version) return said(state, 0, 1, ` ${branding.replace(" 8", ", version 8")}\n`);
  if (given.help) return said(state, 0, 1, "Usage: nano [OPTIONS] [[+LINE[,COLUMN]] FILE]...\n");
  if (given.error)
    return said(state, 1, 2, `${given.error}\nType 'nano -h' for a list of available options.\n`);
  if (!sys.terminal(1)) return said(state, 1, 2, "Standard output is not a terminal\n");
  openAll(sys, state, given);
  if (state.reads === undefined && !sys.terminal(0))
    return said(state, 1, 2, "Standard input is not a terminal\n");
  if (!sys.terminal(0)) {
    try {
      state.tty = sys.open("/dev/tty", { read: true });
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return said(state, 1, 2, "Couldn't reopen stdin from keyboard\n");
    }
  }
  for (const buffer of state.buffers) buffer.top = centred(state, buffer.line);
  return state;
}

const centred = (state: NanoState, line: number): number => {
  const { rows } = areaOf(state);
  return line < rows ? 0 : Math.max(0, line - Math.floor(rows / 2));
};

/** Reads standard input to its end, as `nano -` does. */
function readInput(sys: Sys, state: NanoState): Step {
  for (;;) {
    const data = sys.read(0, 32_768);
    if (data === undefined) return { wait: { readable: [0] } };
    if (data !== "" && (state.reads?.length ?? 0) <= nanoFileBytesMax) {
      state.reads += data;
      continue;
    }
    const buffer = state.buffers.find(({ name }) => name === "") ?? current(state);
    fill(state, buffer, state.reads ?? "");
    delete state.reads;
    delete buffer.saved;
    buffer.line = buffer.lines.length - 1;
    scroll(state, false);
    return undefined;
  }
}

function enter(sys: Sys, state: NanoState): void {
  if (state.entered) return;
  state.entered = true;
  const session = sys.terminal(state.tty);
  if (session) state.modes = takeTerminal(sys, session, false);
  state.output = [[1, `${enterScreen}\x1b[?2004h`], ...(state.output ?? [])];
}

function leave(sys: Sys, state: NanoState): void {
  if (!state.entered) return;
  delete state.entered;
  delete state.picture;
  giveTerminal(sys, sys.terminal(state.tty), state.modes ?? {});
  delete state.modes;
  state.output = [
    ...(state.output ?? []),
    [1, `\x1b[?2004l\x1b[${state.rows};1H\x1b[K${leaveScreen}`],
  ];
}

/** Does what was typed; what is pasted goes in at once. */
function take(sys: Sys, state: NanoState, keys: readonly string[]): void {
  for (const key of keys) {
    if (state.exitCode !== undefined) return;
    if (key === "paste-begin") {
      state.paste = "";
      wipe(state);
    } else if (state.paste === undefined) {
      const doing = press(sys, state, key);
      if (doing?.execute) execute(sys, state, doing.execute);
    } else if (key === "paste-end") {
      pasteText(state, state.paste);
      delete state.paste;
    } else if (state.paste.length <= nanoFileBytesMax) state.paste += pasted(key);
  }
}

function pasted(key: string): string {
  if (key === "\r" || key === "\n") return "\n";
  if (key.length > 1) return key.charCodeAt(0) >= 0x80 ? key : "";
  return key === "\t" || key >= " " ? key : "";
}

function execute(sys: Sys, state: NanoState, command: string): void {
  const [read, writes] = sys.pipe();
  const pid = launch(
    sys,
    ["sh", "-c", command],
    (name, why) => `${name}: ${why}\n`,
    (child) => {
      child.dup(writes, 1);
      child.dup(writes, 2);
      child.close(writes);
      child.close(read);
    },
  );
  sys.close(writes);
  state.child = { pid, fd: read, text: "" };
  tell(state, "Executing...");
}

/** Takes what a command prints; undefined: it is over. */
function childStep(sys: Sys, state: NanoState): Step {
  const { child } = state;
  if (!child) return undefined;
  for (;;) {
    const data = sys.read(child.fd, 32_768);
    if (data === undefined) return { wait: { readable: [child.fd, state.tty] } };
    if (data === "") break;
    if (child.text.length <= nanoFileBytesMax) child.text += data;
  }
  if (!sys.wait(child.pid)) return { wait: { childEnd: true } };
  sys.close(child.fd);
  delete state.child;
  insertText(state, child.text, "The output");
  scroll(state, false);
  return undefined;
}

function show(state: NanoState): void {
  const now = pictureOf(state);
  const out = paint(state.picture, now);
  state.picture = now;
  if (out) state.output = [...(state.output ?? []), [1, out]];
}

/** Bytes of text, of changes and of the screen that are kept. */
const held = ({ buffers, cut }: NanoState): number =>
  buffers.reduce(
    (sum, { lines }) => sum + lines.reduce((bytes, line) => bytes + line.length + 1, 0),
    cut.length,
  );

function step(sys: Sys, state: NanoState): Step {
  if (state.output) {
    const stuck = drain(sys, state);
    if (stuck) return stuck;
  }
  if (state.exitCode !== undefined && !state.entered) return { exit: state.exitCode };
  if (state.reads !== undefined) {
    const waiting = readInput(sys, state);
    if (waiting) return waiting;
  }
  enter(sys, state);
  const running = childStep(sys, state);
  const bytes = running ? undefined : sys.read(state.tty, 4096);
  if (bytes === "") {
    state.exitCode = 1;
  } else if (bytes !== undefined) {
    const { keys, rest } = keysOf(state.rest + bytes);
    state.rest = rest;
    sys.charge(2 * keys.length);
    take(sys, state, keys);
  }
  sys.held = held(state);
  if (state.exitCode !== undefined) {
    leave(sys, state);
    return undefined;
  }
  // What is typed while more waits to be read is drawn once, behind the last.
  if (bytes === undefined || !sys.readable(state.tty)) show(state);
  if (state.output) {
    const stuck = drain(sys, state);
    if (stuck) return stuck;
  }
  if (state.child) return running ?? undefined;
  return { wait: { readable: [state.tty] } };
}

export const nano: Program<NanoState> = {
  name: "nano",
  start,
  step,
  handles: (state, signal) => state?.entered === true && (signal === 28 || signal === 2),
  signal(sys, state, signal) {
    if (signal === 2) return undefined;
    const { cols, rows } = sizeOf(sys.terminal(1));
    Object.assign(state, { cols, rows });
    delete state.picture;
    wipe(state);
    scroll(state, false);
    return undefined;
  },
  memoryBytes: (state) => 2_621_440 + (state ? held(state) : 0),
};
