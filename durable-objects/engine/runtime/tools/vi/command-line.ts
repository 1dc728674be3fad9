/** The line that is typed behind `:`, `/` or `?`. */
import { viCommandBytesMax } from "../../../core/limits.ts";
import { trimEndOf } from "../../../core/trim.ts";
import { Errno } from "../../errno.ts";
import { classAt, nextCol, prevCol } from "./characters.ts";
import { Refused, type Editor } from "./editor.ts";
import { isText, wordStart } from "./insert.ts";
import { textHeld } from "./registers.ts";
import { rangeOf } from "./ranges.ts";
import { findNext, patternOf } from "./search.ts";
import type { Spot, Typed } from "./state.ts";

export function beginTyping(ed: Editor, sign: Typed["sign"], text = "", keys?: string[]): void {
  const { s } = ed;
  s.typed = {
    sign,
    text,
    at: text.length,
    from: { ...ed.spot, top: s.top },
    ...(keys ? { keys } : {}),
  };
  s.mode = "command";
  s.message = "";
}

function put(ed: Editor, text: string): void {
  const typed = ed.s.typed!;
  if (typed.text.length + text.length > viCommandBytesMax) throw new Refused("");
  typed.text = typed.text.slice(0, typed.at) + text + typed.text.slice(typed.at);
  typed.at += text.length;
}

function cut(typed: Typed, from: number): void {
  typed.text = typed.text.slice(0, from) + typed.text.slice(typed.at);
  typed.at = from;
}

/** Back and forth in what was typed before, among lines that begin alike. */
function recall(ed: Editor, by: number): void {
  const { s } = ed;
  const typed = s.typed!;
  const lines = typed.sign === ":" ? s.history : s.searches;
  const begun = typed.begun ?? typed.text;
  for (let back = (typed.back ?? 0) + by; back >= 0 && back <= lines.length; back += by) {
    const line = back === 0 ? begun : lines[lines.length - back]!;
    if (back > 0 && !line.startsWith(begun)) continue;
    typed.begun = begun;
    typed.back = back;
    typed.text = line;
    typed.at = line.length;
    return;
  }
}

/** Tab: as much of a file's name as all that fit have in common. */
function complete(ed: Editor): void {
  const typed = ed.s.typed!;
  const before = typed.text.slice(0, typed.at);
  const word = before.slice(before.lastIndexOf(" ") + 1);
  if (typed.sign !== ":" || word === before) return;
  const slash = word.lastIndexOf("/") + 1;
  let names: string[] = [];
  try {
    names = ed.sys.list(word.slice(0, slash) || ".");
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
  const start = word.slice(slash);
  names = names
    .filter((name) => name.startsWith(start) && (start !== "" || !name.startsWith(".")))
    .sort();
  if (names.length === 0) return ed.beep();
  let common = names[0]!;
  for (const name of names) while (!name.startsWith(common)) common = common.slice(0, -1);
  const isFolder =
    names.length === 1 && ed.sys.peek(`${word.slice(0, slash) || "./"}${common}`)?.type === "d";
  put(ed, common.slice(start.length) + (isFolder ? "/" : ""));
}

/** While a pattern is typed, the text shows where it leads. */
function preview(ed: Editor): void {
  const { s } = ed;
  const typed = s.typed!;
  if (!ed.is("incsearch")) return;
  s.row = typed.from.row;
  s.col = typed.from.col;
  s.top = typed.from.top;
  try {
    const sought = typed.sign === ":" ? commandPattern(ed, typed.text) : undefined;
    const pattern = typed.sign === ":" ? sought?.pattern : patternIn(typed.text, typed.sign);
    if (!pattern) return;
    const way = sought?.at
      ? { forward: true, here: true, wraps: false }
      : { forward: typed.sign !== "?" };
    const hit = findNext(ed, patternOf(ed, pattern), sought?.at ?? ed.spot, way);
    if (hit && hit.from.row <= (sought?.last ?? ed.last)) {
      s.row = hit.from.row;
      s.col = hit.from.col;
    }
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof Errno)) throw error;
  }
}

/** The pattern of an `:s` or a `:g` that is being typed, and the rows it is for. */
function commandPattern(
  ed: Editor,
  text: string,
): { pattern: string; at?: Spot; last: number } | undefined {
  const { search } = ed.s;
  try {
    const { from, to, given, rest } = rangeOf(ed, text);
    const command = /^(?:(s|su\w*)|(?:g|gl\w*|v|vg\w*)!?)([^\w\s"|\\])/.exec(rest);
    if (!command) return undefined;
    const isGlobal = command[1] === undefined && given === 0;
    const pattern = patternIn(rest.slice(command[0].length), command[2]!);
    return isGlobal ? { pattern, last: ed.last } : { pattern, at: { row: from, col: 0 }, last: to };
  } finally {
    if (search) ed.s.search = search;
    else delete ed.s.search;
  }
}

/** A pattern without the offset behind it. */
export function patternIn(text: string, sign: string): string {
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === sign) return text.slice(0, at);
  }
  return text;
}

function leave(ed: Editor): "left" {
  const { s } = ed;
  const { from } = s.typed!;
  s.row = from.row;
  s.col = from.col;
  s.top = from.top;
  endTyping(ed);
  return "left";
}

export function endTyping(ed: Editor): void {
  const { s } = ed;
  delete s.typed;
  s.mode = s.visual ? "visual" : "normal";
}

/** A key: "done" when the line is whole, "left" when it was given up. */
export function typingKey(ed: Editor, key: string): "done" | "left" | undefined {
  const typed = ed.s.typed!;
  if (typed.next === "literal") {
    delete typed.next;
    put(ed, key === "esc" ? "\x1b" : key);
    return undefined;
  }
  if (typed.next === "register") {
    delete typed.next;
    const text = key === "\x17" ? wordAt(ed) : textHeld(ed, key);
    if (text === undefined) ed.beep();
    else put(ed, text.replace(/\n$/, "").replaceAll("\n", "\r"));
    return undefined;
  }
  if (key === "\r" || key === "\n" || key === "enter") return "done";
  if (key === "esc" || key === "\x03") return leave(ed);
  if ((key === "\x7f" || key === "\b") && typed.text === "") return leave(ed);
  if (isText(key)) put(ed, key);
  else edit(ed, typed, key);
  preview(ed);
  return undefined;
}

function wordAt(ed: Editor): string {
  const { line, s } = ed;
  let from = s.col;
  while (from > 0 && classAt(line, from - 1) === 2) from--;
  let to = s.col;
  while (classAt(line, to) === 2) to++;
  return line.slice(from, to);
}

function edit(ed: Editor, typed: Typed, key: string): void {
  const { text, at } = typed;
  if (key === "\x7f" || key === "\b") cut(typed, at > 0 ? prevCol(text, at) : 0);
  else if (key === "\x15") cut(typed, 0);
  else if (key === "\x17") cut(typed, wordStart(text, at));
  else if (key === "left") typed.at = at > 0 ? prevCol(text, at) : 0;
  else if (key === "right") typed.at = nextCol(text, at);
  else if (key === "\x02" || key === "home") typed.at = 0;
  else if (key === "\x05" || key === "end") typed.at = text.length;
  else if (key === "delete") typed.text = text.slice(0, at) + text.slice(nextCol(text, at));
  else if (key === "\x16") typed.next = "literal";
  else if (key === "\x12") typed.next = "register";
  else if (key === "up" || key === "\x10") recall(ed, 1);
  else if (key === "down" || key === "\x0e") recall(ed, -1);
  else if (key === "\t") complete(ed);
}

/** What is pasted into the line; its line ends are none here. */
export const pasteTyped = (ed: Editor, text: string): void => {
  // eslint-disable-next-line no-control-regex
  put(ed, trimEndOf(text, "\r\n").replace(/[\x00-\x1f]/g, " "));
  preview(ed);
};
