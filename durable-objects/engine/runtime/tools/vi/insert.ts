/** Insert and replace mode: keys become text. */
import { classAt, colAt, columnOf, indentOf, nextCol, prevCol, widthOfLine } from "./characters.ts";
import { viKeysKeptMax } from "../../../core/limits.ts";
import { trimEndOf } from "../../../core/trim.ts";
import type { Editor } from "./editor.ts";
import { shifted } from "./operators.ts";
import { textHeld } from "./registers.ts";
import type { Insertion } from "./state.ts";

/** The cell of a block that goes to the lines' ends. */
const endless = 2 ** 31;

export const isText = (key: string): boolean =>
  key.charCodeAt(0) >= 0x80 || (key.length === 1 && key >= " " && key !== "\x7f");

/** Begins to insert at the cursor. */
export function beginInsert(ed: Editor, count: number, more: Partial<Insertion> = {}): void {
  const { s } = ed;
  s.mode = "insert";
  s.insertion = { count, at: ed.spot, ...more };
  delete s.visual;
  ed.say("");
}

/** Puts text in at the cursor. */
export function type(ed: Editor, text: string): void {
  const { s } = ed;
  const { row, col } = s;
  if (text.includes("\n")) {
    ed.replaceBetween({ row, col }, { row, col }, text);
    const rows = text.split("\n");
    ed.go(row + rows.length - 1, rows.at(-1)!.length);
    return;
  }
  ed.setLine(row, ed.line.slice(0, col) + text + ed.line.slice(col));
  ed.go(row, col + text.length);
}

function typeOver(ed: Editor, text: string): void {
  const { s } = ed;
  const { col, row } = s;
  const { line } = ed;
  (s.insertion!.covered ??= []).push(line.slice(col, nextCol(line, col)));
  ed.setLine(row, line.slice(0, col) + text + line.slice(nextCol(line, col)));
  ed.go(row, col + text.length);
}

function tab(ed: Editor): string {
  const step = ed.number("softtabstop") || (ed.is("expandtab") ? ed.number("tabstop") : 0);
  const isIndent = ed.line.slice(0, ed.s.col).trim() === "" && ed.is("smarttab");
  const width = isIndent ? ed.shiftwidth : step < 0 ? ed.shiftwidth : step;
  if (ed.is("paste") || width === 0) return "\t";
  const column = columnOf(ed.line, ed.s.col, { ...ed.shown, list: false });
  const to = column + width - (column % width);
  if (ed.is("expandtab")) return " ".repeat(to - column);
  return retabbed(ed, column, to);
}

/** A soft tab: blanks before it become tabs where they can. */
function retabbed(ed: Editor, column: number, to: number): string {
  const { line, s } = ed;
  const trimmed = trimEndOf(line.slice(0, s.col), " ");
  const from = columnOf(trimmed, trimmed.length, { ...ed.shown, list: false });
  const tabstop = ed.number("tabstop");
  let out = "";
  let at = from;
  while (Math.floor(at / tabstop + 1) * tabstop <= to) {
    out += "\t";
    at = Math.floor(at / tabstop + 1) * tabstop;
  }
  out += " ".repeat(to - at);
  if (out.startsWith(" ".repeat(s.col - trimmed.length))) return out.slice(s.col - trimmed.length);
  ed.setLine(s.row, trimmed + line.slice(s.col));
  ed.go(s.row, trimmed.length);
  return out;
}

/** An indent that nothing was typed behind is none. */
function dropIndent(ed: Editor): void {
  const { s } = ed;
  const { insertion } = s;
  if (insertion?.indent === undefined) return;
  if (ed.line.length === insertion.indent && ed.line.trim() === "") {
    ed.setLine(s.row, "");
    ed.go(s.row, 0);
  }
  delete insertion.indent;
}

function enter(ed: Editor): void {
  const { s } = ed;
  const keeps = ed.is("autoindent") && !ed.is("paste");
  const { line } = ed;
  const indent = keeps ? indentOf(line).slice(0, s.col) : "";
  const isBlank =
    s.insertion!.indent !== undefined &&
    line.slice(0, s.col).trim() === "" &&
    line.length === s.col;
  if (s.mode === "replace") (s.insertion!.covered ??= []).push("\n");
  const before = isBlank ? "" : line.slice(0, s.col);
  const after = line.slice(s.col);
  const rest = keeps ? after.slice(indentOf(after).length) : after;
  const text = smartened(ed, line.slice(0, s.col), indent) + rest;
  const width = text.length - rest.length;
  // With blanks behind the cursor only, autoindent takes those away that end the line before.
  ed.splice(s.row, 1, [keeps && before.trim() === "" ? "" : before, text]);
  ed.go(s.row + 1, width);
  if (width > 0) s.insertion!.indent = width;
  else delete s.insertion!.indent;
}

function smartened(ed: Editor, before: string, indent: string): string {
  if (!ed.is("smartindent") || ed.is("paste") || !before.trimEnd().endsWith("{")) return indent;
  return indentOf(shifted(ed, `${indent}x`, 1));
}

function backspace(ed: Editor, by: "character" | "word" | "line"): void {
  const { s } = ed;
  const { insertion } = s;
  const { row, col } = s;
  if (s.mode === "replace") return uncover(ed);
  if (col === 0) {
    if (row === 0) return ed.beep();
    const above = ed.lines[row - 1]!;
    const { at } = insertion!;
    ed.splice(row - 1, 2, [above + ed.line]);
    ed.go(row - 1, above.length);
    if (at.row >= row) insertion!.at = ed.spot;
    return;
  }
  let from = prevCol(ed.line, col);
  const soft = ed.number("softtabstop") || 0;
  if (by === "character" && soft > 1 && ed.line[from] === " ") from = softBack(ed, soft);
  if (by === "word") from = wordStart(ed.line, col);
  if (by === "line")
    from =
      indentOf(ed.line).length < col && !ed.is("autoindent")
        ? 0
        : Math.min(indentOf(ed.line).length, col) % col;
  const { at } = insertion!;
  // What was typed goes first, and then, at another try, what was there before.
  if (by !== "character" && at.row === row && at.col < col && from < at.col) from = at.col;
  ed.setLine(row, ed.line.slice(0, from) + ed.line.slice(col));
  ed.go(row, from);
  if (at.row === row && at.col > from) at.col = from;
}

/** Where a backspace over a soft tab leads: blanks back to its column. */
function softBack(ed: Editor, soft: number): number {
  const shown = { ...ed.shown, list: false };
  const column = columnOf(ed.line, ed.s.col, shown);
  const to = Math.floor((column - 1) / soft) * soft;
  let { col } = ed.s;
  while (col > 0 && ed.line[col - 1] === " " && columnOf(ed.line, col, shown) > to) col--;
  return col;
}

export function wordStart(line: string, col: number): number {
  let at = col;
  while (at > 0 && classAt(line, prevCol(line, at)) === 0) at = prevCol(line, at);
  if (at === 0) return 0;
  const kind = classAt(line, prevCol(line, at));
  while (at > 0 && classAt(line, prevCol(line, at)) === kind) at = prevCol(line, at);
  return at;
}

/** Backspace in replace mode: what was typed over comes back. */
function uncover(ed: Editor): void {
  const { s } = ed;
  const old = s.insertion!.covered?.pop();
  const { row, col } = s;
  if (old === undefined) {
    if (col > 0) ed.go(row, prevCol(ed.line, col));
    else if (row > 0) ed.go(row - 1, ed.lines[row - 1]!.length);
    return;
  }
  if (old === "\n") {
    const above = ed.lines[row - 1]!;
    ed.splice(row - 1, 2, [above + ed.line]);
    ed.go(row - 1, above.length);
    return;
  }
  const from = prevCol(ed.line, col);
  ed.setLine(row, ed.line.slice(0, from) + old + ed.line.slice(col));
  ed.go(row, from);
}

function arrow(ed: Editor, key: string): boolean {
  const { s } = ed;
  const { line } = ed;
  if (key === "left") ed.go(s.row, s.col > 0 ? prevCol(line, s.col) : 0);
  else if (key === "right") ed.go(s.row, nextCol(line, s.col));
  else if (key === "home") ed.go(s.row, 0);
  else if (key === "end") ed.go(s.row, line.length);
  else if (key === "up" || key === "down") ed.goWanted(s.row + (key === "up" ? -1 : 1));
  else if (key === "pageup" || key === "pagedown")
    ed.goWanted(s.row + (key === "pageup" ? -1 : 1) * Math.max(1, ed.height - 2));
  else return false;
  // What follows is an insertion of its own.
  ed.endStep();
  s.insertion!.at = ed.spot;
  s.insertion!.count = 1;
  delete s.insertion!.indent;
  return true;
}

/** The character above or below. */
function fromRow(ed: Editor, by: number): void {
  const line = ed.lines[ed.s.row + by];
  const column = columnOf(ed.line, ed.s.col, ed.shown);
  const at = line === undefined ? -1 : colAt(line, column, ed.shown);
  if (line === undefined || at >= line.length) return ed.beep();
  type(ed, line.slice(at, nextCol(line, at)));
}

function shiftLine(ed: Editor, by: number): void {
  const { s } = ed;
  const old = ed.line;
  const line = shifted(ed, `${old}x`, by).slice(0, -1);
  const { length } = line;
  const after = old.length - s.col;
  ed.setLine(s.row, line);
  ed.go(s.row, Math.max(0, length - after));
  if (s.insertion!.indent !== undefined) s.insertion!.indent = length;
}

/** A key while text is inserted; true: the insertion is over. */
export function insertKey(ed: Editor, key: string): boolean {
  const { s } = ed;
  const insertion = s.insertion!;
  if (insertion.next === "literal") {
    delete insertion.next;
    type(ed, literalOf(key));
    return false;
  }
  if (insertion.next === "register") {
    delete insertion.next;
    const text = textHeld(ed, key);
    if (text === undefined) ed.beep();
    else type(ed, text);
    return false;
  }
  if (key === "esc" || key === "\x03") {
    endInsert(ed);
    return true;
  }
  if (arrow(ed, key)) return false;
  if (isText(key) || key === "\t") {
    const text = key === "\t" ? tab(ed) : key;
    delete insertion.indent;
    if (s.mode === "replace" && s.col < ed.line.length) typeOver(ed, text);
    else {
      if (s.mode === "replace") (insertion.covered ??= []).push("");
      type(ed, text);
      if (key === "}" && ed.is("smartindent") && ed.line.trim() === "}") shiftLine(ed, -1);
    }
    wrapText(ed);
    return false;
  }
  controls[key]?.(ed);
  return false;
}

const literalOf = (key: string): string =>
  key === "esc" ? "\x1b" : key === "\r" ? "\r" : key === "\n" ? "\0" : key;

const controls: Record<string, (ed: Editor) => void> = {
  "\r": enter,
  "\n": enter,
  enter,
  "\x7f": (ed) => backspace(ed, "character"),
  "\b": (ed) => backspace(ed, "character"),
  "\x17": (ed) => backspace(ed, "word"),
  "\x15": (ed) => backspace(ed, "line"),
  "\x14": (ed) => shiftLine(ed, 1),
  "\x04": (ed) => shiftLine(ed, -1),
  "\x16": (ed) => void (ed.s.insertion!.next = "literal"),
  "\x12": (ed) => void (ed.s.insertion!.next = "register"),
  "\x0f": (ed) => once(ed),
  "\x05": (ed) => fromRow(ed, 1),
  "\x19": (ed) => fromRow(ed, -1),
  "\x01": (ed) => type(ed, ed.s.inserted),
  insert: (ed) => void (ed.s.mode = ed.s.mode === "insert" ? "replace" : "insert"),
  delete: (ed) => {
    const { s } = ed;
    if (s.col < ed.line.length)
      ed.setLine(s.row, ed.line.slice(0, s.col) + ed.line.slice(nextCol(ed.line, s.col)));
    else if (s.row < ed.last) ed.splice(s.row, 2, [ed.line + ed.lines[s.row + 1]!]);
    else ed.beep();
  },
};

/** ^O: one command, and on. */
function once(ed: Editor): void {
  ed.endStep();
  ed.s.insertion!.next = "once";
  ed.s.mode = "normal";
}

/** Lines that grow beyond 'textwidth' are broken at a blank. */
function wrapText(ed: Editor): void {
  const { s } = ed;
  const width = ed.number("textwidth");
  if (width === 0 || ed.is("paste") || columnOf(ed.line, s.col, ed.shown) <= width) return;
  const { line } = ed;
  const limit = colAt(line, width, ed.shown);
  const blank = line.lastIndexOf(" ", limit);
  const head = line.slice(0, Math.max(0, blank)).trimEnd();
  if (blank <= 0 || head === "" || blank >= s.col) return;
  const indent = ed.is("autoindent") ? indentOf(line) : "";
  const rest = line.slice(blank + 1);
  ed.splice(s.row, 1, [head, indent + rest]);
  ed.go(s.row + 1, indent.length + s.col - blank - 1);
}

/** What was typed from where the insertion began; undefined: the cursor went elsewhere. */
function insertedText(ed: Editor): string | undefined {
  const { at } = ed.s.insertion!;
  const { row, col } = ed.s;
  if (at.row > row || (at.row === row && at.col > col) || at.row > ed.last) return undefined;
  return ed.between(at, { row, col });
}

function endInsert(ed: Editor): void {
  const { s } = ed;
  const insertion = s.insertion!;
  const text = insertedText(ed);
  if (text !== undefined && text !== "" && text.length <= viKeysKeptMax) s.inserted = text;
  const isReplace = s.mode === "replace";
  const times = text === undefined ? 0 : Math.min(insertion.count, 10_000) - 1;
  insertion.count = 1;
  for (let left = times; left > 0; left--) {
    if (text === undefined) break;
    if (insertion.opens) {
      ed.splice(s.row + 1, 0, text.split("\n"));
      ed.go(s.row + text.split("\n").length, text.split("\n").at(-1)!.length);
    } else if (isReplace) {
      const { line, row, col } = { line: ed.line, row: s.row, col: s.col };
      ed.setLine(row, line.slice(0, col) + text + line.slice(col + text.length));
      ed.go(row, col + text.length);
    } else type(ed, text);
  }
  dropIndent(ed);
  if (insertion.block && text !== undefined) blockInsert(ed, insertion, text);
  delete s.insertion;
  s.mode = "normal";
  if (s.col > 0 && !insertion.block) s.col = prevCol(ed.line, s.col);
  s.marks["^"] = ed.spot;
  ed.wants();
  ed.say("");
  ed.endStep();
}

/** What was typed in a block's first row goes into the others. */
function blockInsert(ed: Editor, { block, at }: Insertion, text: string): void {
  const { cell, rows, append } = block!;
  if (!text.includes("\n"))
    for (let row = at.row + 1; row <= Math.min(ed.last, at.row + rows); row++) {
      const line = ed.lines[row]!;
      const width = widthOfLine(line, ed.shown);
      if (cell === endless) {
        ed.setLine(row, line + text);
        continue;
      }
      if (width <= cell && !append && !(width === cell && cell === 0)) continue;
      const col = colAt(line, cell, ed.shown);
      const pad = append ? blanksTo(cell - width) : "";
      ed.setLine(row, line.slice(0, col) + pad + text + line.slice(col));
    }
  ed.go(at.row, Math.min(block!.col, Math.max(0, ed.lines[at.row]!.length - 1)));
}

const blanksTo = (count: number): string => " ".repeat(Math.max(0, Math.min(count, 10_000)));

/** A whole paste at once, as it is: neither indented nor broken. */
export function paste(ed: Editor, text: string): void {
  const { s } = ed;
  delete s.insertion!.indent;
  type(ed, text.replaceAll("\r\n", "\n").replaceAll("\r", "\n"));
}

/** `o` and `O`. */
export function openLine(ed: Editor, below: boolean, count: number): void {
  const { s } = ed;
  const near = ed.line;
  let indent = ed.is("autoindent") && !ed.is("paste") ? indentOf(near) : "";
  if (below) indent = smartened(ed, near, indent);
  const row = below ? s.row + 1 : s.row;
  ed.splice(row, 0, [indent]);
  ed.go(row, indent.length);
  beginInsert(ed, count, { opens: true, ...(indent ? { indent: indent.length } : {}) });
  s.insertion!.at = { row, col: 0 };
}
