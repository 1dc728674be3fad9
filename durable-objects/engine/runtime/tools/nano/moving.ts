/** Where the cursor goes. */
import { after, before } from "../../readline/line.ts";
import { byteAt } from "./columns.ts";
import { current, type Buffer, type NanoState, type Position } from "./state.ts";
import { goTo, lineAt, placeOf } from "./text.ts";
import { areaOf } from "./view.ts";

export function left(buffer: Buffer, [line, x]: Position = placeOf(buffer)): Position {
  if (x > 0) return [line, before(lineAt(buffer, line), x)];
  return line > 0 ? [line - 1, lineAt(buffer, line - 1).length] : [0, 0];
}

export function right(buffer: Buffer, [line, x]: Position = placeOf(buffer)): Position {
  const text = lineAt(buffer, line);
  if (x < text.length) return [line, after(text, x)];
  return line + 1 < buffer.lines.length ? [line + 1, 0] : [line, x];
}

/** Up or down, towards the column it came from. */
export function vertical(state: NanoState, by: number): void {
  const buffer = current(state);
  const line = buffer.line + by;
  const last = buffer.lines.length - 1;
  if (line < 0) buffer.column = 0;
  else if (line > last) buffer.column = lineAt(buffer, last).length;
  buffer.line = Math.max(0, Math.min(line, last));
  if (line >= 0 && line <= last)
    buffer.column = byteAt(lineAt(buffer), buffer.want, state.options.tabsize);
}

const isWordAt = (text: string, x: number): boolean => /[A-Za-z0-9\x80-\xff]/.test(text.charAt(x));

export function nextWord(buffer: Buffer): Position {
  let place = placeOf(buffer);
  let wasOut = false;
  for (;;) {
    const text = lineAt(buffer, place[0]);
    const isIn = isWordAt(text, place[1]);
    if (!isIn) wasOut = true;
    else if (wasOut) return place;
    const next = right(buffer, place);
    if (String(next) === String(place)) return place;
    if (next[0] !== place[0]) wasOut = true;
    place = next;
  }
}

export function previousWord(buffer: Buffer): Position {
  let place = placeOf(buffer);
  let isIn = false;
  for (;;) {
    const next = left(buffer, place);
    if (String(next) === String(place)) return place;
    const isWord =
      isWordAt(lineAt(buffer, next[0]), next[1]) && next[1] < lineAt(buffer, next[0]).length;
    if (isWord) isIn = true;
    else if (isIn) return place;
    if (isIn && next[1] === 0) return next;
    place = next;
  }
}

/** A screen up or down: the cursor stays at its row. */
export function page(state: NanoState, by: 1 | -1): void {
  const buffer = current(state);
  const { rows } = areaOf(state);
  const step = by * (rows < 3 ? 1 : rows - 2);
  const line = buffer.line + step;
  if (line < 0) return toFirst(state);
  if (line > buffer.lines.length - 1) return toLast(state);
  const row = buffer.line - buffer.top;
  buffer.line = line;
  buffer.column = byteAt(lineAt(buffer), buffer.want, state.options.tabsize);
  buffer.top = Math.max(0, line - row);
}

export function toFirst(state: NanoState): void {
  goTo(current(state), [0, 0], state.options.tabsize);
  current(state).top = 0;
}

export function toLast(state: NanoState): void {
  const buffer = current(state);
  const last = buffer.lines.length - 1;
  goTo(buffer, [last, lineAt(buffer, last).length], state.options.tabsize);
  buffer.top = Math.max(0, last - areaOf(state).rows + 1);
}

/** Home, with -A first to the first character that is no blank. */
export function home(state: NanoState): void {
  const buffer = current(state);
  const indent = /^[ \t]*/.exec(lineAt(buffer))?.[0].length ?? 0;
  const isSmart =
    state.options.smarthome && buffer.column !== indent && indent < lineAt(buffer).length;
  goTo(buffer, [buffer.line, isSmart ? indent : 0], state.options.tabsize);
}

const isText = (line: string | undefined): boolean => line !== undefined && /\S/.test(line);

/** The first and the last line of the paragraph at a line, or of the next one; undefined: there is none. */
export function paragraph(buffer: Buffer): [first: number, last: number] | undefined {
  let first = buffer.line;
  while (first < buffer.lines.length && !isText(buffer.lines[first])) first++;
  if (first >= buffer.lines.length) return undefined;
  while (first > 0 && isText(buffer.lines[first - 1])) first--;
  let last = first;
  while (isText(buffer.lines[last + 1])) last++;
  return [first, last];
}

export function toParagraph(state: NanoState, by: 1 | -1): void {
  const buffer = current(state);
  let { line } = buffer;
  const { lines } = buffer;
  if (by < 0) {
    if (line > 0) line--;
    while (line > 0 && !isText(lines[line])) line--;
    while (line > 0 && isText(lines[line - 1])) line--;
    goTo(buffer, [line, 0], state.options.tabsize);
    return;
  }
  while (line < lines.length - 1 && !isText(lines[line])) line++;
  while (line < lines.length - 1 && isText(lines[line])) line++;
  goTo(buffer, [line, 0], state.options.tabsize);
}
