/** Where a line's characters stand on the screen, and what is printed to show a change. */
import { decodeUtf8 } from "../bytes.ts";
import { after } from "./line.ts";
import { cellsOf } from "./width.ts";

/** What is shown: prompt and text, where the cursor is, how wide the terminal is. */
export interface View {
  prompt: string;
  text: string;
  point: number;
  cols: number;
}

type Spot = [row: number, col: number];

/** Walks characters from a spot on: what each prints, and where it leaves the cursor. */
class Pen {
  row = 0;
  col = 0;
  out = "";
  readonly #cols: number;

  constructor(cols: number, [row, col]: Spot = [0, 0]) {
    this.#cols = Math.max(2, cols);
    this.row = row;
    this.col = col;
  }

  #cell(text: string, width: number): void {
    if (this.col + width > this.#cols) {
      this.out += "\x1b[K\n";
      this.row++;
      this.col = 0;
    }
    this.out += text;
    this.col += width;
    // The terminal waits at the margin until one more comes: a blank and a return go over.
    if (this.col < this.#cols) return;
    this.out += " \r";
    this.row++;
    this.col = 0;
  }

  character(text: string): void {
    const code = text.charCodeAt(0);
    if (text === "\n") {
      this.out += "\x1b[K\n";
      this.row++;
      this.col = 0;
    } else if (text === "\t") for (let n = 8 - (this.col % 8); n > 0; n--) this.#cell(" ", 1);
    else if (code < 0x20 || code === 0x7f) {
      this.#cell("^", 1);
      this.#cell(String.fromCharCode(code ^ 0x40), 1);
    } else {
      const width = cellsOf(decodeUtf8(text).codePointAt(0) ?? 0);
      if (width === 0) this.out += text;
      else this.#cell(text, width);
    }
  }

  text(text: string, from: number, to: number): void {
    for (let at = from; at < to; at = after(text, at))
      this.character(text.slice(at, after(text, at)));
  }

  prompt(prompt: string): void {
    for (let at = 0; at < prompt.length;) {
      if (prompt[at] === "\x01") {
        const end = prompt.indexOf("\x02", at);
        const close = end < 0 ? prompt.length : end;
        this.out += prompt.slice(at + 1, close);
        at = close + 1;
        continue;
      }
      const next = after(prompt, at);
      if (prompt[at] !== "\x02") this.character(prompt.slice(at, next));
      at = next;
    }
  }

  get spot(): Spot {
    return [this.row, this.col];
  }
}

function spotOf({ prompt, text, cols }: View, place: number): Spot {
  const pen = new Pen(cols);
  pen.prompt(prompt);
  pen.text(text, 0, place);
  return pen.spot;
}

function move([fromRow, fromCol]: Spot, [row, col]: Spot): string {
  let out = "";
  if (row < fromRow) out += fromRow - row === 1 ? "\x1b[A" : `\x1b[${fromRow - row}A`;
  else if (row > fromRow) out += row - fromRow === 1 ? "\x1b[B" : `\x1b[${row - fromRow}B`;
  if (col === fromCol) return out;
  if (col === 0) return `${out}\r`;
  if (col < fromCol && fromCol - col <= 3) return out + "\b".repeat(fromCol - col);
  const away = Math.abs(col - fromCol);
  return `${out}\x1b[${away === 1 ? "" : away}${col < fromCol ? "D" : "C"}`;
}

/** Prints all of it, the cursor standing where the prompt begins. */
export function drawn(view: View): string {
  const pen = new Pen(view.cols);
  pen.prompt(view.prompt);
  pen.text(view.text, 0, view.text.length);
  return pen.out + move(pen.spot, spotOf(view, view.point));
}

/** What makes the second out of the first on the screen. */
export function redrawn(old: View, now: View): string {
  const isSame = old.text === now.text && old.point === now.point;
  if (isSame && old.prompt === now.prompt && old.cols === now.cols) return "";
  const cursor = spotOf(old, old.point);
  if (old.prompt !== now.prompt || old.cols !== now.cols)
    return `${move(cursor, [0, 0])}\r\x1b[J${drawn(now)}`;
  const end = spotOf(now, now.point);
  if (old.text === now.text) return move(cursor, end);
  let same = 0;
  while (same < old.text.length && old.text[same] === now.text[same]) same++;
  while (same > 0 && (now.text.charCodeAt(same) & 0xc0) === 0x80) same--;
  while (same > 0 && (old.text.charCodeAt(same) & 0xc0) === 0x80) same--;
  const from = spotOf(now, same);
  const pen = new Pen(now.cols, from);
  pen.text(now.text, same, now.text.length);
  const [oldRow, oldCol] = spotOf(old, old.text.length);
  const shrinks = oldRow > pen.row || (oldRow === pen.row && oldCol > pen.col);
  const clears = shrinks
    ? oldRow > pen.row
      ? "\x1b[J"
      : "\x1b[K"
    : old.text.includes("\n")
      ? "\x1b[J"
      : "";
  return move(cursor, from) + pen.out + clears + move(pen.spot, end);
}

/** Goes behind the text. */
export const toEnd = (view: View): string =>
  move(spotOf(view, view.point), spotOf(view, view.text.length));

/** Whether the text fills its last row: the cursor is below it then. */
export const endsRow = (view: View): boolean =>
  view.text !== "" && !view.text.endsWith("\n") && spotOf(view, view.text.length)[1] === 0;

/** Rows of the line below the cursor's. */
export const rowsBelow = (view: View): number =>
  spotOf(view, view.text.length)[0] - spotOf(view, view.point)[0];

/** The terminal has another width: the last row is wiped, and all drawn anew from the prompt's row on. */
export function resized(old: View, cols: number): string {
  const cursor = spotOf(old, old.point);
  const last = spotOf(old, old.text.length);
  return `${move(cursor, last)}\r\x1b[K${move([last[0], 0], [0, 0])}\r${drawn({ ...old, cols })}`;
}
