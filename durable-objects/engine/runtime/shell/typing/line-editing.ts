/** bash at a terminal: lines are edited (runtime/readline/), with the terminal taking keys one by one while they are. */
import { historyFileBytesMax, shellHistoryMax } from "../../../core/limits.ts";
import { noteCommand } from "../bash/history.ts";
import { Errno } from "../../errno.ts";
import type { Session } from "../../kernel/state.ts";
import { begin, edit, finish, interrupted, resize } from "../../readline/editor.ts";
import { expandHistory } from "../../readline/expansion.ts";
import { listingKeys } from "./completing.ts";
import { completeKey } from "./programmed.ts";
import type { Shell } from "../shell.ts";
import type { FrameOf } from "../state.ts";
import { enterRawMode, setModes, type TerminalModes } from "../../kernel/terminal-modes.ts";

type Source = FrameOf<"src">;

/** Whether a shell edits its lines: bash on a terminal that can move its cursor. */
export function editsLines(shell: Shell): boolean {
  const { state, sys } = shell;
  if (state.flavour !== "bash" || !state.interactive || sys.argv.includes("--noediting"))
    return false;
  return (
    sys.terminal(0) !== undefined &&
    sys.terminal(2) !== undefined &&
    (shell.get("TERM") ?? "dumb") !== "dumb"
  );
}

const historyOf = (shell: Shell): string[] => shell.state.history ?? [];

const sizeOf = (shell: Shell): number => {
  const size = Number(shell.get("HISTSIZE") ?? "500");
  return Number.isInteger(size) && size >= 0 ? Math.min(size, shellHistoryMax) : shellHistoryMax;
};

const historyFile = (shell: Shell): string =>
  shell.get("HISTFILE") ?? `${(shell.get("HOME") ?? "").replace(/\/$/, "")}/.bash_history`;

function loadHistory(shell: Shell): void {
  const { state, sys } = shell;
  state.readline = {};
  const path = historyFile(shell);
  try {
    if (path === "" || sys.stat(path).size > historyFileBytesMax) return;
    const lines = sys.readFile(path).split("\n").filter(Boolean);
    const size = sizeOf(shell);
    if (lines.length && size) state.history = lines.slice(-size);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
}

/** An interactive shell ends: what was typed goes into the file. */
export function saveHistory(shell: Shell): void {
  const { state, sys } = shell;
  const path = historyFile(shell);
  if (!state.readline || !state.interactive || !state.history?.length || path === "") return;
  delete state.readline;
  const most = Number(shell.get("HISTFILESIZE") ?? "500");
  const lines =
    Number.isInteger(most) && most >= 0
      ? state.history.slice(-most || state.history.length)
      : state.history;
  try {
    const isNew = sys.peek(path) === undefined;
    sys.writeFile(path, lines.map((line) => `${line}\n`).join(""));
    if (isNew) sys.chmod(path, 0o600);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
}

/** The terminal is again as it was before the prompt; keys behind the line's end are for who reads next. */
function giveKeys(session: Session | undefined, modes: TerminalModes, rest = ""): void {
  if (!session) return;
  setModes(session, modes);
  if (rest) session.input = rest.replaceAll("\r", "\n") + session.input;
}

/** Begins a line: prints the prompt. */
export function beginLine(shell: Shell, frame: Source, prompt: string): void {
  const { state, sys } = shell;
  if (!state.readline) loadHistory(shell);
  const session = sys.terminal(0);
  if (!session) return;
  sys.kernel.touch();
  const { cols = 80, rows = 24 } = session;
  shell.set("COLUMNS", String(cols || 80));
  shell.set("LINES", String(rows || 24));
  const [line, output] = begin(prompt, cols || 80, state.readline ?? {});
  frame.editing = { line, modes: enterRawMode(session, {}) };
  shell.write(2, output);
}

/** Reads keys: the line once it is over (with its end), "" at the end of input, undefined: more must be typed. */
export function editLine(shell: Shell, frame: Source): string | undefined {
  const { state, sys } = shell;
  const { line, modes } = frame.editing!;
  line.kept = state.readline ??= {};
  const keys = sys.read(0, 4096);
  if (keys === undefined) return undefined;
  sys.kernel.touch();
  const session = sys.terminal(0);
  if (keys === "") {
    shell.write(2, finish(line, historyOf(shell)));
    delete frame.editing;
    giveKeys(session, modes);
    return "";
  }
  let rest = keys;
  for (;;) {
    if (line.listing) rest = listingKeys(shell, line, historyOf(shell), rest);
    const edited = edit(line, historyOf(shell), rest);
    shell.write(2, edited.output);
    ({ rest } = edited);
    if (edited.event === "complete" || edited.event === "list") {
      completeKey(shell, line, historyOf(shell), edited.event === "list");
      // A function of the shell finds out first: the keys behind wait for it.
      if (shell.top !== frame && session) session.input = rest + session.input;
      else if (rest !== "") continue;
      return undefined;
    }
    if (!edited.event) return undefined;
    delete frame.editing;
    giveKeys(session, modes, rest);
    return edited.event === "eof" ? "" : accepted(shell, frame, line.text);
  }
}

/** A line that was ended: `!` is expanded, and it is noted. */
function accepted(shell: Shell, frame: Source, text: string): string {
  const { state } = shell;
  const goesOn = (frame.unread ?? "") !== "";
  const expanded = shell.option("H")
    ? expandHistory(text, historyOf(shell), goesOn ? (frame.unread ?? "") : "")
    : { text };
  if ("error" in expanded) {
    shell.write(2, `bash: ${expanded.error}\n`);
    state.status = 1;
    return "\n";
  }
  if (expanded.text !== text) shell.write(2, `${expanded.text}\n`);
  if (goesOn && state.firstLineNoted) {
    const last = state.history?.pop() ?? "";
    const joint = jointOf(last, frame.unread ?? "");
    state.history = [...(state.history ?? []), last + joint + expanded.text];
  } else if (expanded.text.trim() !== "" && shell.option("N")) {
    const had = state.history;
    noteCommand(shell, expanded.text, sizeOf(shell));
    if (state.history === had) delete state.firstLineNoted;
    else state.firstLineNoted = 1;
  }
  return `${expanded.text}\n`;
}

/** What joins the lines of one command: a semicolon, but not within quotes or behind words that need none. */
function jointOf(last: string, typed: string): string {
  const isOpen = (quote: string): boolean => (typed.split(quote).length - 1) % 2 === 1;
  if (typed.includes("<<") || isOpen("'") || isOpen('"')) return "\n";
  return /(?:^|[\s;])(?:do|then|else|\{|\(|in|&&|\|\||\|)\s*$/.test(last) ? " " : "; ";
}

/** ^C at the prompt: the line is given up. */
export function interruptLine(shell: Shell, frame: Source, completing = false): void {
  const { editing } = frame;
  if (!editing) return;
  const shown = interrupted(editing.line, historyOf(shell));
  // A completion function that runs is what is interrupted: no key is echoed.
  shell.write(2, completing ? shown.replace("^C", "") : shown);
  delete frame.editing;
  shell.sys.kernel.touch();
  giveKeys(shell.sys.terminal(0), editing.modes);
}

/** The terminal has another size. */
export function resizeLine(shell: Shell, frame: Source): void {
  const cols = shell.sys.terminal(0)?.cols || 80;
  const { editing } = frame;
  if (!editing || editing.line.cols === cols) return;
  shell.write(2, resize(editing.line, historyOf(shell), cols));
}
