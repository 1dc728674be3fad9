/** Where lines stand on the screen: rows of each, the column of numbers, the cursor. */
import { lengthAt } from "../screen/paint.ts";
import { cellsAt, nextCol, type Shown } from "./characters.ts";

/** How text is laid out. */
export interface Layout extends Shown {
  /** Cells of a row, without the numbers'. */
  width: number;
  wrap: boolean;
}

const simple = /^[\x20-\x7e]*$/;

/** Whether a character that begins at a cell goes to the next row, as it does not fit. */
const isPushed = (cells: number, cell: number, width: number, sign: string): boolean =>
  cells === 2 && width > 1 && sign >= "\x80" && cell % width === width - 1;

/** Cells before a place, with those that are left empty where a wide character did not fit. */
export function cellOf(line: string, col: number, layout: Layout): number {
  if (simple.test(line)) return Math.min(col, line.length);
  let cell = 0;
  for (let at = 0; at < line.length; at += lengthAt(line, at)) {
    const cells = cellsAt(line, at, cell, layout);
    if (layout.wrap && isPushed(cells, cell, layout.width, line[at]!)) cell++;
    if (at >= col) return cell;
    cell += cells;
  }
  return cell;
}

/** Rows of the screen that a line takes. */
export function rowsOfLine(line: string, layout: Layout): number {
  if (!layout.wrap || line === "") return 1;
  const cells = cellOf(line, line.length, layout) + (layout.list ? 1 : 0);
  return Math.max(1, Math.ceil(cells / layout.width));
}

/** The cell that the cursor stands on; on a tab, in normal mode, its last. */
export function cursorCell(line: string, col: number, layout: Layout, inserts: boolean): number {
  const cell = cellOf(line, col, layout);
  if (line[col] !== "\t" || layout.list || inserts) return cell;
  return cell + cellsAt(line, col, cell, layout) - 1;
}

/** The byte at which a cell of a line is shown. */
export function byteAtCell(line: string, cell: number, layout: Layout): number {
  if (simple.test(line)) return Math.min(cell, line.length);
  let now = 0;
  for (let at = 0; at < line.length; at = nextCol(line, at)) {
    const cells = cellsAt(line, at, now, layout);
    if (layout.wrap && isPushed(cells, now, layout.width, line[at]!)) now++;
    if (now + cells > cell) return at;
    now += cells;
  }
  return line.length;
}

export { isPushed };
