/** Which lines are on the screen: following the cursor, and scrolling by keys. */
import { lastCol } from "./characters.ts";
import type { Editor } from "./editor.ts";
import { cursorCell } from "./layout.ts";

/** Lines that stay in sight above and below the cursor. */
const offOf = (ed: Editor): number => Math.min(ed.number("scrolloff"), (ed.height - 1) >> 1);

/** The first row that is not shown as a whole. */
export function belowOf(ed: Editor, top = ed.s.top): number {
  let used = 0;
  let row = top;
  for (; row <= ed.last; row++) {
    used += ed.rowsOf(row);
    if (used > ed.height) break;
  }
  return row;
}

/** The first row so that a given one is the last that is shown. */
function topFor(ed: Editor, bottom: number): number {
  let used = ed.rowsOf(bottom);
  let top = bottom;
  while (top > 0 && used + ed.rowsOf(top - 1) <= ed.height) used += ed.rowsOf(--top);
  return top;
}

function middleTop(ed: Editor): number {
  const { row } = ed.s;
  let top = row;
  let below = row;
  let used = ed.rowsOf(row);
  let [over, under] = [0, 0];
  while (top > 0) {
    if (over < under) {
      used += ed.rowsOf(top - 1);
      if (used > ed.height) break;
      over += ed.rowsOf(--top);
    } else if (below < ed.last) {
      used += ed.rowsOf(++below);
      if (used > ed.height) break;
      under += ed.rowsOf(below);
    } else under++;
  }
  return top;
}

/** Brings the cursor's line into sight, as far as vim would move the text. */
export function follow(ed: Editor): void {
  const { s } = ed;
  const off = offOf(ed);
  s.top = Math.max(0, Math.min(s.top, ed.last));
  const half = Math.max(2, (ed.height >> 1) - 1);
  if (s.top > 0 && s.row < s.top + off) {
    s.top = s.top + off - s.row >= half ? middleTop(ed) : Math.max(0, s.row - off);
  }
  const below = belowOf(ed);
  if (below <= ed.last && s.row + off >= below) {
    const needs = s.row - below + 1 + off;
    s.top = needs < ed.height ? bottomTop(ed, off) : middleTop(ed);
  }
  sideways(ed);
}

function bottomTop(ed: Editor, off: number): number {
  const top = topFor(ed, Math.min(ed.last, ed.s.row + off));
  return Math.min(ed.s.row, Math.max(ed.s.top, top));
}

/** Where lines do not wrap: the columns that are shown; where they do: the rows of one that is taller than the screen. */
function sideways(ed: Editor): void {
  const { s } = ed;
  const { layout } = ed;
  const cell = cursorCell(ed.line, s.col, layout, s.mode === "insert" || s.mode === "replace");
  const width = layout.width;
  if (layout.wrap) {
    const row = Math.floor(cell / width);
    if (s.top !== s.row || row < ed.height) s.left = 0;
    else s.left = (row - ed.height + 1) * width;
    return;
  }
  if (cell >= s.left && cell < s.left + width) return;
  // By half a screen, as 'sidescroll' is 0.
  s.left = Math.max(0, cell - (width >> 1));
}

/** The cursor is brought to what is shown. */
function correct(ed: Editor): void {
  const { s } = ed;
  const off = offOf(ed);
  const below = belowOf(ed);
  const first = s.top === 0 ? 0 : s.top + off;
  const last = below > ed.last ? ed.last : below - 1 - off;
  const row = Math.max(Math.min(s.row, Math.max(last, s.top)), Math.min(first, ed.last));
  if (row !== s.row) ed.goWanted(row);
}

const restCol = (ed: Editor): void => {
  if (ed.is("startofline")) ed.goFirst(ed.s.row);
};

/** ^D and ^U. */
export function scrollHalf(ed: Editor, down: boolean, count: number | undefined): void {
  const { s } = ed;
  follow(ed);
  if (count !== undefined) s.half = Math.min(count, ed.height);
  const n = s.half || Math.max(1, ed.height >> 1);
  if (down ? s.row === ed.last : s.row === 0) return ed.beep();
  let left = n;
  const step = down ? 1 : -1;
  while (left > 0 && (down ? belowOf(ed) <= ed.last : s.top > 0)) {
    left -= ed.rowsOf(down ? s.top : s.top - 1);
    s.top += step;
    s.row = Math.max(0, Math.min(ed.last, s.row + step));
  }
  if (left > 0) s.row = Math.max(0, Math.min(ed.last, s.row + step * left));
  correct(ed);
  restCol(ed);
}

/** ^F and ^B. */
export function scrollPage(ed: Editor, down: boolean, count: number): void {
  const { s } = ed;
  follow(ed);
  for (let left = count; left > 0; left--) {
    const below = belowOf(ed);
    if (down) {
      if (s.top >= ed.last - offOf(ed) && below > ed.last) return ed.beep();
      if (below > ed.last) s.top = ed.last;
      else s.top = Math.max(s.top + 1, below - 2);
      s.row = s.top;
    } else {
      if (s.top === 0) return ed.beep();
      const bottom = Math.min(ed.last, s.top + 1);
      s.row = bottom;
      s.top = Math.min(topFor(ed, bottom), s.top - 1);
    }
    correct(ed);
  }
  restCol(ed);
}

/** ^E and ^Y. */
export function scrollLines(ed: Editor, down: boolean, count: number): void {
  const { s } = ed;
  follow(ed);
  const top = Math.max(0, Math.min(ed.last, s.top + (down ? count : -count)));
  if (top === s.top) return ed.beep();
  s.top = top;
  correct(ed);
}

/** z and its kind: the cursor's line at the top, in the middle, at the bottom. */
export function scrollTo(ed: Editor, key: string, count: number | undefined): boolean {
  const { s } = ed;
  if (count !== undefined) s.row = Math.max(0, Math.min(ed.last, count - 1));
  const off = offOf(ed);
  if (key === "zt" || key === "z\r") s.top = Math.max(0, s.row - off);
  else if (key === "zz" || key === "z.") s.top = middleTop(ed);
  else if (key === "zb" || key === "z-") s.top = topFor(ed, Math.min(ed.last, s.row + off));
  else return false;
  if (key === "z\r" || key === "z." || key === "z-") ed.goFirst(s.row);
  else if (s.col > lastCol(ed.line)) s.col = lastCol(ed.line);
  return true;
}
