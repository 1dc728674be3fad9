/** Long lists of what fits: asked for first, and shown a screen at a time. readline: complete.c _rl_internal_pager */
import { redraw, toLineEnd } from "./editor.ts";
import type { Line } from "./line.ts";

/** readline: rl_completion_query_items */
const askedFrom = 100;
const more = "--More--";
const eraseRow = "\r\x1b[K";

/** Shows a list, or asks whether to; what that prints. */
export function beginListing(
  line: Line,
  history: readonly string[],
  rows: readonly string[],
  count: number,
  screenRows: number,
): string {
  const below = `${toLineEnd(line, history)}\n`;
  if (count < askedFrom) return below + page(line, history, rows, screenRows - 1);
  line.listing = { rows: [...rows], asks: true };
  return `${below}Display all ${count} possibilities? (y or n)`;
}

/** As many rows as there is room for; behind the last one the line is drawn again. */
function page(
  line: Line,
  history: readonly string[],
  rows: readonly string[],
  room: number,
): string {
  const shown = rows.slice(0, room).map((row) => `${row}\n`);
  const left = rows.slice(room);
  if (left.length === 0) {
    delete line.listing;
    return shown.join("") + redraw(line, history);
  }
  line.listing = { rows: left };
  return shown.join("") + more;
}

/** Keys while a list waits: what they print, and those behind the ones that were taken. */
export function goOnListing(
  line: Line,
  history: readonly string[],
  keys: string,
  screenRows: number,
): { output: string; rest: string } {
  let output = "";
  let rest = keys;
  while (line.listing && rest !== "") {
    const { rows, asks } = line.listing;
    const key = rest.charAt(0);
    rest = rest.slice(1);
    const isNo = /[nN\x7f\x07]/.test(key) || (!asks && /[qQ]/.test(key));
    if (isNo) {
      delete line.listing;
      output += (asks ? "\n" : eraseRow) + redraw(line, history);
    } else if (/[yY ]/.test(key))
      output += (asks ? "\n" : eraseRow) + page(line, history, rows, screenRows - 1);
    else if (!asks && /[\r\n]/.test(key)) output += eraseRow + page(line, history, rows, 1);
    else output += "\x07";
  }
  return { output, rest };
}
