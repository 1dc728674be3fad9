/** Bytes of a line and columns of the screen. */
import { lengthAt, widthOf } from "../screen/paint.ts";

/** What a character is shown as, and its width; `column` for tabs. */
function shown(character: string, column: number, tabs: number): { text: string; width: number } {
  if (character === "\t") {
    const width = tabs - (column % tabs);
    return { text: " ".repeat(width), width };
  }
  if (character.length === 1 && (character < " " || character === "\x7f"))
    return { text: `^${String.fromCharCode(character.charCodeAt(0) ^ 64)}`, width: 2 };
  if (character.length === 1 && character > "\x7f") return { text: "\xef\xbf\xbd", width: 1 };
  return { text: character, width: widthOf(character) };
}

/** The column of a byte. */
export function columnOf(line: string, x: number, tabs: number): number {
  let column = 0;
  for (let at = 0; at < x && at < line.length;) {
    const length = lengthAt(line, at);
    column += shown(line.slice(at, at + length), column, tabs).width;
    at += length;
  }
  return column;
}

/** The byte at a column, or the last before it. */
export function byteAt(line: string, wanted: number, tabs: number): number {
  let column = 0;
  for (let at = 0; at < line.length;) {
    const length = lengthAt(line, at);
    column += shown(line.slice(at, at + length), column, tabs).width;
    if (column > wanted) return at;
    at += length;
  }
  return line.length;
}

/** The first column that is shown of a line whose cursor is at a column. nano: get_page_start */
export function pageStart(column: number, cols: number): number {
  if (column === 0 || column + 2 < cols) return 0;
  if (cols > 8) return column - 6 - ((column - 6) % (cols - 8));
  return column - (cols - 2);
}

/** A part of a line as it is shown: `<` and `>` where there is more. `marked`: bytes in reverse video. */
export function display(
  line: string,
  view: { start: number; cols: number; tabs: number; marked?: [from: number, to: number] },
): string {
  const { start, cols, tabs, marked } = view;
  let out = "";
  let column = 0;
  let isMarked = false;
  const mark = (on: boolean): void => {
    if (on !== isMarked) out += on ? "\x1b[7m" : "\x1b[m";
    isMarked = on;
  };
  for (let at = 0; at < line.length;) {
    const length = lengthAt(line, at);
    const { text, width } = shown(line.slice(at, at + length), column, tabs);
    const isLast = at + length >= line.length;
    mark(marked !== undefined && at >= marked[0] && at < marked[1]);
    const from = column - start;
    if (from + width > cols || (from + width === cols && !isLast && column >= start)) {
      mark(false);
      return `${out}${" ".repeat(Math.max(0, cols - 1 - Math.max(0, from)))}>`;
    }
    if (from >= 0) out += from === 0 && start > 0 ? `<${" ".repeat(width - 1)}` : text;
    else if (from + width > 0) out += `<${" ".repeat(from + width - 1)}`;
    column += width;
    at += length;
  }
  mark(false);
  return out;
}
