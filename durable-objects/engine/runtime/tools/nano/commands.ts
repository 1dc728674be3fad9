/** Keys of the editor to what they do. */
import type { Sys } from "../../kernel/types.ts";
import * as editing from "./editing.ts";
import { closeBuffer, switchBuffer, write } from "./files.ts";
import * as moving from "./moving.ts";
import { ask, promptKey, questionKey, type Doing } from "./prompts.ts";
import { search } from "./search.ts";
import { current, isModified, tell, wipe, type NanoState, type Options } from "./state.ts";
import { goTo, lineAt, redo, undo } from "./text.ts";
import { helpRows } from "./help.ts";
import { areaOf, scroll } from "./view.ts";

type Action = (state: NanoState, sys: Sys) => void;

interface Command {
  act: Action;
  /** Moves only: the screen follows line by line. */
  moves?: true;
  /** Refused in view mode. */
  changes?: true;
}

const moves = (act: Action): Command => ({ act, moves: true });
const changes = (act: Action): Command => ({ act, changes: true });
const other = (act: Action): Command => ({ act });

function exit(state: NanoState, sys: Sys): void {
  const buffer = current(state);
  if (!isModified(buffer) || state.options.view) closeBuffer(state);
  else if (state.options.saveonexit && buffer.name !== "") {
    if (write(sys, state, { kind: "write", text: buffer.name, column: 0, closes: true }))
      closeBuffer(state);
  } else state.question = { kind: "exit", text: "Save modified buffer? " };
}

function again(state: NanoState, sys: Sys, backwards: boolean): void {
  if (state.sought === undefined) tell(state, "No current search pattern");
  else search(sys, state, state.sought, backwards);
}

const find =
  (backwards: boolean): Action =>
  (state) => {
    state.options.backwards = backwards;
    ask(state, "search");
  };

function place(state: NanoState, at: [number, number]): void {
  goTo(current(state), at, state.options.tabsize);
}

type Flag = { [K in keyof Options]: Options[K] extends boolean ? K : never }[keyof Options];

const toggle =
  (flag: Flag, words: string, inverse = false): Action =>
  (state) => {
    state.options[flag] = !state.options[flag];
    tell(state, `${words} ${state.options[flag] !== inverse ? "enabled" : "disabled"}`);
  };

const refuse =
  (words: string): Action =>
  (state) =>
    tell(state, words);

const rows: [keys: string, command: Command][] = [
  ["left", moves((state) => place(state, moving.left(current(state))))],
  ["right", moves((state) => place(state, moving.right(current(state))))],
  ["\x10 up", moves((state) => moving.vertical(state, -1))],
  ["\x0e down", moves((state) => moving.vertical(state, 1))],
  ["\x01 home", moves((state) => moving.home(state))],
  [
    "\x05 end",
    moves((state) => place(state, [current(state).line, lineAt(current(state)).length])),
  ],
  ["C-left M-SPACE", moves((state) => place(state, moving.previousWord(current(state))))],
  ["C-right \x00", moves((state) => place(state, moving.nextWord(current(state))))],
  ["\x19 pageup", moves((state) => moving.page(state, -1))],
  ["\x16 pagedown", moves((state) => moving.page(state, 1))],
  ["M-\\ C-home", moves((state) => moving.toFirst(state))],
  ["M-/ C-end", moves((state) => moving.toLast(state))],
  ["M-( M-9 C-up", moves((state) => moving.toParagraph(state, -1))],
  ["M-) M-0 C-down", moves((state) => moving.toParagraph(state, 1))],
  ["M-]", other(editing.toBracket)],
  ["\x7f \b", changes(editing.backspace)],
  ["\x04 delete", changes(editing.eraseNext)],
  ["\r enter", changes(editing.enter)],
  ["\t", changes(editing.tab)],
  ["\x0b f9", changes(editing.cut)],
  ["\x15 f10", changes(editing.pasteCut)],
  ["M-6 M-^", other(editing.copy)],
  ["M-t", changes(editing.cutRest)],
  ["M-\x7f M-\b", changes((state) => editing.cutWord(state, -1))],
  ["C-delete", changes((state) => editing.cutWord(state, 1))],
  ["M-a \x1e", other(editing.mark)],
  ["M-u", changes((state) => tell(state, undo(state, current(state))))],
  ["M-e", changes((state) => tell(state, redo(state, current(state))))],
  ["M-}", changes((state) => editing.indent(state, true))],
  ["M-{ S-tab", changes((state) => editing.indent(state, false))],
  ["M-3", changes(editing.comment)],
  ["\n", changes((state) => editing.justify(state))],
  ["M-j", changes((state) => editing.justify(state, true))],
  ["M-v", changes((state) => ((state.verbatim = true), wipe(state)))],
  ["\x07 f1", other((state) => (state.help = 0))],
  ["\x18 f2", other(exit)],
  [
    "\x0f f3",
    other((state) => ask(state, "write", current(state).mark ? "" : current(state).name)),
  ],
  ["\x13", other((state, sys) => save(state, sys))],
  ["\x12 insert f5", changes((state) => ask(state, "insert"))],
  ["\x14", changes((state) => ask(state, "execute"))],
  ["\x17 \x06 f6", other(find(false))],
  ["\x11 \x02", other(find(true))],
  ["M-w M-f", other((state, sys) => again(state, sys, false))],
  ["M-q M-b", other((state, sys) => again(state, sys, true))],
  ["\x1c M-r", changes((state) => ask(state, "replace"))],
  ["\x1f M-g", other((state) => ask(state, "goto"))],
  ["\x03 f11", other((state) => tell(state, editing.location(state)))],
  ["M-d", other(editing.countWords)],
  ["\x0c", other((state) => redraw(state))],
  ["M-< M-, M-left", other((state) => switchBuffer(state, -1))],
  ["M-> M-. M-right", other((state) => switchBuffer(state, 1))],
  ["M-x", other((state) => toggleHelp(state))],
  ["M-n", other(toggle("linenumbers", "Line numbering"))],
  ["M-i", other(toggle("autoindent", "Auto indent"))],
  ["M-o", other(toggle("tabstospaces", "Conversion of typed tabs to spaces"))],
  ["M-h", other(toggle("smarthome", "Smart home key"))],
  ["M-k", other(toggle("cutfromcursor", "Cut to end"))],
  ["M-z", other((state) => ((state.options.zero = !state.options.zero), wipe(state)))],
  [
    "M-c",
    other((state) => ((state.options.constantshow = !state.options.constantshow), wipe(state))),
  ],
  ["M-s M-p M-y M-m M-l", other(refuse("This sandbox's nano does not draw that"))],
  ["f12", other(refuse('Error invoking "spell"'))],
  ["\x1a", other(refuse("To suspend, type ^T^Z"))],
];

const commands = new Map(
  rows.flatMap(([keys, command]) =>
    keys.split(" ").map((key): [string, Command] => [key.replace("SPACE", " "), command]),
  ),
);

function save(state: NanoState, sys: Sys): void {
  const buffer = current(state);
  if (buffer.name === "") ask(state, "write");
  else write(sys, state, { kind: "write", text: buffer.name, column: 0, closes: true });
}

function redraw(state: NanoState): void {
  delete state.picture;
  const buffer = current(state);
  buffer.top = Math.max(0, buffer.line - Math.floor(areaOf(state).rows / 2));
}

function toggleHelp(state: NanoState): void {
  state.options.nohelp = !state.options.nohelp;
  tell(state, `Help mode ${state.options.nohelp ? "disabled" : "enabled"}`);
}

function helpKey(state: NanoState, key: string): void {
  const { rows } = areaOf(state);
  const most = Math.max(0, helpRows(state.cols).length - rows);
  const at = state.help ?? 0;
  const to = (row: number): void => void (state.help = Math.max(0, Math.min(most, row)));
  if (key === "\x18" || key === "\x03" || key === "f2" || key === "q" || key === "\x07")
    delete state.help;
  else if (key === "\x16" || key === "pagedown" || key === " ") to(at + rows - 2);
  else if (key === "\x19" || key === "pageup") to(at - rows + 2);
  else if (key === "\x0e" || key === "down") to(at + 1);
  else if (key === "\x10" || key === "up") to(at - 1);
  else if (key === "home" || key === "M-\\") to(0);
  else if (key === "end" || key === "M-/") to(most);
}

const isText = (key: string): boolean =>
  key.length === 1 ? key >= " " && key !== "\x7f" : key.charCodeAt(0) >= 0x80;

/** Keys that mark while Shift is held. */
const shifted = (key: string): string | undefined =>
  /^((?:C-)?)S-(left|right|up|down|home|end|pageup|pagedown)$/.exec(key)?.slice(1, 3).join("");

function typed(state: NanoState, key: string): void {
  const buffer = current(state);
  if (state.options.view) tell(state, "Key is invalid in view mode");
  else {
    editing.unmark(buffer);
    editing.type(state, key);
  }
}

function editorKey(state: NanoState, sys: Sys, key: string): void {
  const buffer = current(state);
  if (state.countdown !== undefined && --state.countdown === 0) wipe(state);
  const plain = shifted(key);
  if (plain !== undefined && !buffer.mark) {
    buffer.mark = [buffer.line, buffer.column];
    buffer.soft = true;
  }
  const name = plain ?? (/^M-[A-Z]$/.test(key) ? key.toLowerCase().replace("m-", "M-") : key);
  const command = commands.get(name);
  if (plain === undefined && command?.moves) editing.unmark(buffer);
  const { cuts, types } = state;
  delete state.cuts;
  delete state.types;
  if (!command) {
    if (isText(key)) {
      if (types) state.types = types;
      typed(state, key);
    } else tell(state, key.startsWith("M-") ? `Unbound key: ${key}` : "Unknown sequence");
  } else if (command.changes && state.options.view) tell(state, "Key is invalid in view mode");
  else {
    if (cuts && /^(?:\x0b|f9|M-6|M-\^)$/.test(name)) state.cuts = cuts;
    if (types && /^(?:\x7f|\x08|\x04|delete)$/.test(name)) state.types = types;
    command.act(state, sys);
  }
  scroll(state, command?.moves === true);
  const asks = state.prompt ?? state.question ?? state.status;
  if (state.options.constantshow && asks === undefined) state.status = editing.location(state);
  else if (state.options.constantshow && command?.moves) state.status = editing.location(state);
}

/** Text between the marks of a bracketed paste, or typed fast. */
export function pasteText(state: NanoState, text: string): void {
  const { prompt } = state;
  if (prompt) {
    const line = text.split("\n")[0] ?? "";
    prompt.text = prompt.text.slice(0, prompt.column) + line + prompt.text.slice(prompt.column);
    prompt.column += line.length;
  } else if (!state.question && state.help === undefined) {
    if (state.options.view) tell(state, "Key is invalid in view mode");
    else editing.type(state, text);
    scroll(state, false);
  }
}

/** One key. */
export function press(sys: Sys, state: NanoState, key: string): Doing | undefined {
  if (state.verbatim) {
    delete state.verbatim;
    if (key.length === 1) editing.type(state, key === "\n" ? "\0" : key);
    return undefined;
  }
  if (state.question) questionKey(sys, state, key);
  else if (state.prompt) {
    const doing = promptKey(sys, state, key);
    scroll(state, false);
    return doing;
  } else if (state.help !== undefined) helpKey(state, key);
  else {
    editorKey(state, sys, key);
    return undefined;
  }
  scroll(state, false);
  return undefined;
}
