/** Characters of a line that is kept as bytes: where they begin, what kind they are, how many cells they take. */
import { lengthAt, widthOf } from "../screen/paint.ts";

export interface Shown {
  tabstop: number;
  list: boolean;
}

const zeroWidth = (line: string, at: number): boolean =>
  line.charCodeAt(at) >= 0xc0 && widthOf(line.slice(at, at + lengthAt(line, at))) === 0;

/** Where the next character begins; combining ones go with theirs. */
export function nextCol(line: string, col: number): number {
  if (col >= line.length) return line.length;
  let next = col + lengthAt(line, col);
  while (next < line.length && zeroWidth(line, next)) next += lengthAt(line, next);
  return next;
}

/** Where the character before a place begins. */
export function prevCol(line: string, col: number): number {
  let at = Math.min(col, line.length);
  do {
    const end = at;
    at = end - 1;
    for (let lead = Math.max(0, end - 4); lead < end; lead++)
      if (lead + lengthAt(line, lead) === end) {
        at = lead;
        break;
      }
  } while (at > 0 && zeroWidth(line, at));
  return Math.max(0, at);
}

/** Where the last character begins. */
export const lastCol = (line: string): number => (line === "" ? 0 : prevCol(line, line.length));

export const charAt = (line: string, col: number): string => line.slice(col, nextCol(line, col));

/** Cells of the character at a place, when it stands at a column. */
export function cellsAt(
  line: string,
  at: number,
  column: number,
  { tabstop, list }: Shown,
): number {
  const code = line.charCodeAt(at);
  if (code === 9) return list ? 2 : tabstop - (column % tabstop);
  if (code < 32 || code === 127) return 2;
  if (code < 128) return 1;
  const length = lengthAt(line, at);
  return length === 1 ? 4 : widthOf(line.slice(at, at + length));
}

/** Cells before a place. */
export function columnOf(line: string, col: number, shown: Shown): number {
  let column = 0;
  for (let at = 0; at < col && at < line.length; at += lengthAt(line, at))
    column += cellsAt(line, at, column, shown);
  return column;
}

export const widthOfLine = (line: string, shown: Shown): number =>
  columnOf(line, line.length, shown);

/** The character that covers a column; the line's length when it is beyond the end. */
export function colAt(line: string, column: number, shown: Shown): number {
  let now = 0;
  for (let at = 0; at < line.length; at = nextCol(line, at)) {
    now += cellsAt(line, at, now, shown);
    if (now > column) return at;
  }
  return line.length;
}

/** 0: blank, 1: punctuation, 2: word, 3 and more: other scripts, which make words of their own. */
export function classAt(line: string, col: number): number {
  const code = line.charCodeAt(col);
  if (Number.isNaN(code) || code === 32 || code === 9) return 0;
  if (code < 128) return /\w/.test(line.charAt(col)) ? 2 : 1;
  const length = lengthAt(line, col);
  if (length === 1) return 1;
  if (length === 2) return code === 0xc2 && line.charCodeAt(col + 1) < 0xc0 ? 1 : 2;
  const first = line.slice(col, col + 2);
  if (first === "\xe2\x80" || first === "\xe3\x80") return 1;
  if (code === 0xe3) return line.charCodeAt(col + 1) < 0x83 ? 3 : 4;
  if (code >= 0xe4 && code <= 0xe9) return 5;
  if (code >= 0xea && code <= 0xed) return 6;
  return code >= 0xf0 ? 7 : 2;
}

export const indentOf = (line: string): string => /^[ \t]*/.exec(line)![0];

/** How a character that has no sign of its own is shown. */
export function shownAs(line: string, at: number): string {
  const code = line.charCodeAt(at);
  if (code < 32 || code === 127) return `^${String.fromCharCode(code ^ 64)}`;
  const length = lengthAt(line, at);
  if (code >= 128 && length === 1) return `<${code.toString(16).padStart(2, "0")}>`;
  return line.slice(at, at + length);
}
