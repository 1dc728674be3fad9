/** Operators: what is done with the text that a motion, an object or a selection takes. */
import { colAt, columnOf, indentOf, nextCol, widthOfLine } from "./characters.ts";
import { Refused, type Editor } from "./editor.ts";
import { keepYanked, type Held } from "./registers.ts";
import type { Spot } from "./state.ts";

/** Text to work on. `to` is behind the last character; with lines, columns mean nothing. */
export interface Span {
  kind: "c" | "l" | "b";
  from: Spot;
  to: Spot;
  /** Of a block: its first and last screen column; the last may be endless. */
  left?: number;
  right?: number;
}

const reportMin = 2;

export function reportLines(ed: Editor, by: number): void {
  const count = Math.abs(by);
  if (count <= reportMin) return;
  ed.say(by > 0 ? `${count} more lines` : `${count} fewer lines`);
}

/** Parts of a block's rows: where each begins and ends, and blanks that were half of a tab. */
export function blockParts(
  ed: Editor,
  { from, to, left = 0, right = 0 }: Span,
): { row: number; at: number; end: number }[] {
  return Array.from({ length: to.row - from.row + 1 }, (_, i) => {
    const row = from.row + i;
    const line = ed.lines[row]!;
    const at = colAt(line, left, ed.shown);
    const end =
      right >= widthOfLine(line, ed.shown)
        ? line.length
        : nextCol(line, colAt(line, right, ed.shown));
    return { row, at, end: Math.max(at, end) };
  });
}

export function textIn(ed: Editor, span: Span): Held {
  const { from, to, kind } = span;
  if (kind === "l") return { text: `${ed.lines.slice(from.row, to.row + 1).join("\n")}\n`, kind };
  if (kind === "c") return { text: ed.between(from, to), kind };
  const parts = blockParts(ed, span).map(({ row, at, end }) => ed.lines[row]!.slice(at, end));
  return { text: parts.join("\n"), kind };
}

export function yank(ed: Editor, span: Span, register: string | undefined): void {
  const held = textIn(ed, span);
  keepYanked(ed, register, held, false);
  const count = span.to.row - span.from.row + 1;
  if (count > reportMin)
    ed.say(
      `${span.kind === "b" ? "block of " : ""}${count} lines yanked${register && register !== '"' ? ` into "${register}` : ""}`,
    );
}

/** Takes text away without keeping it. */
export function remove(ed: Editor, span: Span): void {
  const { from, to, kind } = span;
  if (kind === "l") {
    const all = to.row - from.row + 1 === ed.lines.length;
    ed.splice(from.row, to.row - from.row + 1, []);
    ed.s.row = Math.min(from.row, ed.last);
    if (all) ed.say("--No lines in buffer--");
    else reportLines(ed, from.row - to.row - 1);
  } else if (kind === "c") {
    ed.replaceBetween(from, to, "");
    reportLines(ed, from.row - to.row);
    ed.go(from.row, from.col);
  } else {
    const lines = blockParts(ed, span).map(
      ({ row, at, end }) => ed.lines[row]!.slice(0, at) + ed.lines[row]!.slice(end),
    );
    ed.splice(from.row, lines.length, lines);
    ed.go(from.row, colAt(ed.lines[from.row]!, span.left ?? 0, ed.shown));
  }
}

export function erase(ed: Editor, span: Span, register: string | undefined): void {
  keepYanked(ed, register, textIn(ed, span), true);
  remove(ed, span);
  if (span.kind === "l") ed.goFirst(ed.s.row);
}

/** Blanks as wide as asked for. */
export const blanks = (ed: Editor, width: number): string => {
  if (ed.is("expandtab")) return " ".repeat(width);
  const tabstop = ed.number("tabstop");
  return "\t".repeat(Math.floor(width / tabstop)) + " ".repeat(width % tabstop);
};

export function shifted(ed: Editor, line: string, by: number): string {
  if (line === "") return line;
  const indent = indentOf(line);
  const width = columnOf(line, indent.length, { ...ed.shown, list: false });
  const sw = ed.shiftwidth;
  const rounds = ed.is("shiftround") && width % sw !== 0;
  const to = rounds
    ? (by > 0 ? Math.floor(width / sw) + by : Math.ceil(width / sw) + by) * sw
    : width + by * sw;
  return blanks(ed, Math.max(0, to)) + line.slice(indent.length);
}

export function shift(ed: Editor, from: number, to: number, by: number): void {
  ed.splice(
    from,
    to - from + 1,
    ed.lines.slice(from, to + 1).map((line) => shifted(ed, line, by)),
  );
  ed.goFirst(from);
  const count = to - from + 1;
  const times = Math.abs(by);
  if (count > reportMin)
    ed.say(`${count} lines ${by > 0 ? ">" : "<"}ed ${times} time${times === 1 ? "" : "s"}`);
}

/** `=`: as deep as brackets say, from the line before on. */
function indent(ed: Editor, from: number, to: number): void {
  const sw = ed.shiftwidth;
  const shown = { ...ed.shown, list: false };
  let above = from - 1;
  while (above >= 0 && ed.lines[above]!.trim() === "") above--;
  const before = ed.lines[above] ?? "";
  let depth = above < 0 ? 0 : columnOf(before, indentOf(before).length, shown);
  if (/[{([]\s{0,99}$/.test(before)) depth += sw;
  const lines = ed.lines.slice(from, to + 1).map((line) => {
    const text = line.slice(indentOf(line).length);
    if (text === "") return "";
    if (/^[})\]]/.test(text)) depth = Math.max(0, depth - sw);
    const made = blanks(ed, depth) + text;
    if (/[{([]$/.test(text.trimEnd())) depth += sw;
    return made;
  });
  ed.splice(from, lines.length, lines);
  ed.goFirst(from);
  if (lines.length > reportMin) ed.say(`${lines.length} lines indented `);
}

const swapped = (text: string): string =>
  text.replace(/[a-zA-Z]+/g, (part) =>
    part.replace(/[a-zA-Z]/g, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())),
  );
const rotated = (text: string): string =>
  text.replace(/[a-zA-Z]/g, (c) => {
    const base = c <= "Z" ? 65 : 97;
    return String.fromCharCode(((c.charCodeAt(0) - base + 13) % 26) + base);
  });
const ascii =
  (change: (text: string) => string) =>
  (text: string): string =>
    text.replace(/[a-zA-Z]+/g, change);

export const caseChanges: Record<string, (text: string) => string> = {
  "g~": swapped,
  "~": swapped,
  gu: ascii((text) => text.toLowerCase()),
  gU: ascii((text) => text.toUpperCase()),
  u: ascii((text) => text.toLowerCase()),
  U: ascii((text) => text.toUpperCase()),
  "g?": rotated,
};

/** Changes the characters of a span one by one. */
export function mapText(ed: Editor, span: Span, change: (text: string) => string): void {
  const { from, to, kind } = span;
  const rows = ed.lines.slice(from.row, to.row + 1);
  const parts =
    kind === "b"
      ? blockParts(ed, span)
      : rows.map((line, i) => ({
          row: from.row + i,
          at: kind === "c" && i === 0 ? from.col : 0,
          end: kind === "c" && from.row + i === to.row ? to.col : line.length,
        }));
  const lines = parts.map(({ row, at, end }) => {
    const line = ed.lines[row]!;
    return line.slice(0, at) + change(line.slice(at, end)) + line.slice(end);
  });
  ed.splice(from.row, lines.length, lines);
}

/** `J`: rows become one; `plain`: as they are. */
export function join(ed: Editor, from: number, to: number, plain = false): void {
  if (to > ed.last) throw new Refused("");
  let text = ed.lines[from]!;
  let col = 0;
  for (let row = from + 1; row <= to; row++) {
    const next = ed.lines[row]!;
    const bare = plain ? next : next.slice(indentOf(next).length);
    const blank =
      plain || bare === "" || bare.startsWith(")") || /[ \t]$/.test(text) || text === "";
    col = text.length;
    text += (blank ? "" : " ") + bare;
  }
  ed.splice(from, to - from + 1, [text]);
  ed.go(from, Math.min(col, Math.max(0, text.length - 1)));
  if (to - from > reportMin) reportLines(ed, from - to);
}

/** Which operators there are that need no more than their text. */
export function operate(
  ed: Editor,
  operator: string,
  span: Span,
  register: string | undefined,
  count = 1,
): void {
  const { from, to, kind } = span;
  switch (operator) {
    case "d":
      return erase(ed, span, register);
    case "y":
      yank(ed, span, register);
      if (kind === "l") ed.s.row = from.row;
      else
        ed.go(
          from.row,
          kind === "b" ? colAt(ed.lines[from.row]!, span.left ?? 0, ed.shown) : from.col,
        );
      return;
    case ">":
    case "<":
      return shift(ed, from.row, to.row, operator === ">" ? count : -count);
    case "=":
      return indent(ed, from.row, to.row);
    case "J":
    case "gJ":
      return join(ed, from.row, Math.max(to.row, from.row + 1), operator === "gJ");
    default: {
      const change = caseChanges[operator];
      if (!change) throw new Refused("");
      mapText(ed, span, change);
      if (kind === "c") ed.go(from.row, from.col);
      else if (kind === "b") ed.go(from.row, colAt(ed.lines[from.row]!, span.left ?? 0, ed.shown));
      else ed.go(from.row, 0);
      if (to.row - from.row >= reportMin && operator !== "g?")
        ed.say(`${to.row - from.row + 1} lines changed`);
    }
  }
}

/** `p` and `P`. `follows`: the cursor goes behind what was put. */
export function put(ed: Editor, held: Held, after: boolean, count: number, follows = false): void {
  const { s } = ed;
  if (held.text.length * count > 4 * 1024 * 1024) throw new Refused("E41: Out of memory!");
  if (held.kind === "l") {
    const lines = held.text.replace(/\n$/, "").split("\n");
    const all = Array.from({ length: count }, () => lines).flat();
    const at = s.row + (after ? 1 : 0);
    ed.splice(at, 0, all);
    reportLines(ed, all.length);
    s.marks["["] = { row: at, col: 0 };
    s.marks["]"] = { row: at + all.length - 1, col: 0 };
    if (follows) ed.go(at + all.length, 0);
    else ed.goFirst(at);
    return;
  }
  if (held.kind === "b") return putBlock(ed, held.text.split("\n"), after, count);
  const text = held.text.repeat(count);
  const { line } = ed;
  const col = after && line !== "" ? nextCol(line, s.col) : s.col;
  const row = s.row;
  ed.replaceBetween({ row, col }, { row, col }, text);
  const rows = text.split("\n");
  const end =
    rows.length === 1
      ? { row, col: col + text.length }
      : { row: row + rows.length - 1, col: rows.at(-1)!.length };
  reportLines(ed, rows.length - 1);
  if (follows) ed.go(end.row, end.col);
  else if (rows.length > 1) ed.go(row, col);
  else ed.go(row, Math.max(col, end.col - 1));
  ed.settle();
  ed.wants();
}

function putBlock(ed: Editor, parts: string[], after: boolean, count: number): void {
  const { s } = ed;
  const { line } = ed;
  const column = columnOf(line, after && line !== "" ? nextCol(line, s.col) : s.col, ed.shown);
  const width = Math.max(...parts.map((part) => widthOfLine(part, ed.shown)));
  const lines = parts.map((part, i) => {
    const old = ed.lines[s.row + i] ?? "";
    const at = colAt(old, column, ed.shown);
    const missing = Math.max(0, column - widthOfLine(old, ed.shown));
    const isLast = at >= old.length;
    const pad = " ".repeat(width - widthOfLine(part, ed.shown));
    const text = (part + pad).repeat(count - 1) + part + (isLast ? "" : pad);
    return old.slice(0, at) + " ".repeat(missing) + text + old.slice(at);
  });
  ed.splice(s.row, Math.min(lines.length, ed.lines.length - s.row), lines);
  ed.go(s.row, colAt(ed.line, column, ed.shown));
}
