/**
 * What full-screen programs (vi, nano, less, top, watch) print: the difference between the picture a terminal shows and the one
 * it shall show. A picture is plain JSON, so that a program may keep it in its state or work it out anew from there.
 */
import { decodeUtf8 } from "../../bytes.ts";
import { cellsOf } from "../../readline/width.ts";

export interface Picture {
  cols: number;
  /**
   * One text per row of the terminal, in bytes (runtime/bytes.ts). Attributes are written as the terminal takes them
   * (`ESC [ ... m`, over at the row's end); other control characters do not occur.
   */
  rows: string[];
  /** Where the cursor stands: row and column, from 0. */
  cursor: [row: number, col: number];
}

/** Attributes within a row. */
export const reverse = "\x1b[7m";
export const bold = "\x1b[1m";
export const underline = "\x1b[4m";
export const plain = "\x1b[m";

interface Cell {
  /** A character with what combines with it; "" for the right half of a wide one. */
  text: string;
  /** Sequences since the last that took all attributes back. */
  attributes: string;
}

const blank: Cell = { text: " ", attributes: "" };

/** Length of the UTF-8 sequence that begins at a place; a byte that begins none is one by itself. */
export function lengthAt(text: string, at: number): number {
  const first = text.charCodeAt(at);
  const want = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  for (let i = 1; i < want; i++) if ((text.charCodeAt(at + i) & 0xc0) !== 0x80) return 1;
  return want;
}

/** Cells that a character of a row takes, given as its bytes. */
export function widthOf(character: string): 0 | 1 | 2 {
  if (character.length === 1) return 1;
  return cellsOf(decodeUtf8(character).codePointAt(0) ?? 0);
}

export function widthOfText(text: string): number {
  let width = 0;
  for (let at = 0; at < text.length; at += lengthAt(text, at))
    width += widthOf(text.slice(at, at + lengthAt(text, at)));
  return width;
}

const isSame = (a: Cell, b: Cell): boolean => a.text === b.text && a.attributes === b.attributes;

function cells(row: string, cols: number): Cell[] {
  const out: Cell[] = [];
  let attributes = "";
  for (let at = 0; at < row.length;) {
    if (row[at] === "\x1b") {
      const end = row.indexOf("m", at) + 1;
      const sequence = row.slice(at, end || row.length);
      attributes = /^\x1b\[0*m$/.test(sequence) ? "" : attributes + sequence;
      at += sequence.length;
      continue;
    }
    const text = row.slice(at, at + lengthAt(row, at));
    at += text.length;
    const width = widthOf(text);
    const last = out.findLast((cell) => cell.text !== "");
    if (width === 0 && last) last.text += text;
    if (width === 0) continue;
    if (out.length + width > cols) break;
    out.push({ text, attributes });
    if (width === 2) out.push({ text: "", attributes });
  }
  while (out.length && isSame(out.at(-1)!, blank)) out.pop();
  return out;
}

const to = (row: number, col: number): string => `\x1b[${row + 1};${col + 1}H`;

function run(list: readonly Cell[]): string {
  let out = "";
  let now = "";
  for (const { text, attributes } of list) {
    if (attributes !== now) out += (now ? plain : "") + attributes;
    now = attributes;
    out += text;
  }
  return out + (now ? plain : "");
}

/** What makes one row of another: from the first cell that differs to the last. */
function changedRow(at: number, old: string, now: string, cols: number): string {
  if (old === now) return "";
  const had = cells(old, cols);
  const have = cells(now, cols);
  const length = Math.max(had.length, have.length);
  const hadAt = (i: number): Cell => had[i] ?? blank;
  const haveAt = (i: number): Cell => have[i] ?? blank;
  let from = 0;
  while (from < length && isSame(hadAt(from), haveAt(from))) from++;
  if (from === length) return "";
  // A wide character is written as a whole.
  while (from > 0 && (hadAt(from).text === "" || haveAt(from).text === "")) from--;
  let end = length;
  while (end > from && isSame(hadAt(end - 1), haveAt(end - 1))) end--;
  while (end < length && (hadAt(end).text === "" || haveAt(end).text === "")) end++;
  const clears = have.length < end;
  return to(at, from) + run(have.slice(from, end)) + (clears ? "\x1b[K" : "");
}

/** Rows `first` to `last` of a picture that are found `by` rows further down in the one before. */
interface Shift {
  by: number;
  first: number;
  last: number;
}

/** Fewer rows than this are not worth moving. */
const movedRowsMin = 3;

function shiftOf(old: readonly string[], now: readonly string[]): Shift | undefined {
  let best: Shift | undefined;
  let most = movedRowsMin - 1;
  for (let by = 1 - now.length; by < now.length; by++) {
    if (by === 0) continue;
    let gain = 0;
    let first = -1;
    for (let i = 0; i <= now.length; i++) {
      const isMoved = i < now.length && now[i] === old[i + by];
      if (isMoved) {
        if (first < 0) first = i;
        if (now[i] !== old[i]) gain++;
        if (gain > most) {
          most = gain;
          best = { by, first, last: i };
        }
      } else {
        first = -1;
        gain = 0;
      }
    }
  }
  return best;
}

/** Moves rows as a terminal does by deleting lines and inserting others; what it prints, and the rows then. */
function moved(rows: readonly string[], { by, first, last }: Shift): [string, string[]] {
  const count = Math.abs(by);
  const removedAt = by > 0 ? first : last - count + 1;
  const insertedAt = by > 0 ? last + 1 : first - count;
  const after = [...rows];
  after.splice(removedAt, count);
  after.splice(insertedAt, 0, ...Array.from({ length: count }, () => ""));
  let out = `${to(removedAt, 0)}\x1b[${count}M`;
  if (insertedAt + count < rows.length) out += `${to(insertedAt, 0)}\x1b[${count}L`;
  return [out, after];
}

/** What a terminal is sent that shows `old` (nothing: whatever it is) and shall show `now`. */
export function paint(old: Picture | undefined, now: Picture): string {
  const isKnown = old && old.cols === now.cols && old.rows.length === now.rows.length;
  let rows = isKnown ? old.rows : now.rows.map(() => "");
  let out = isKnown ? "" : `${plain}\x1b[H\x1b[2J`;
  const shift = isKnown ? shiftOf(rows, now.rows) : undefined;
  if (shift) {
    const [printed, after] = moved(rows, shift);
    out += printed;
    rows = after;
  }
  now.rows.forEach((row, i) => (out += changedRow(i, rows[i] ?? "", row, now.cols)));
  const stays = out === "" && isKnown && String(old.cursor) === String(now.cursor);
  return stays ? "" : out + to(...now.cursor);
}

/** Begins and ends a full screen (xterm: smcup and rmcup), so that what was shown before comes back. */
export const enterScreen = "\x1b[?1049h";
export const leaveScreen = "\x1b[?1049l";
