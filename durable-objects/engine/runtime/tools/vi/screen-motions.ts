/** H, M and L: rows by their place on the screen. */
import type { Editor } from "./editor.ts";
import { toFirst, type Rule } from "./motion.ts";
import { follow } from "./scroll.ts";

/** Rows of the screen that hold the text's first and last shown line. */
export function screenRow(which: "H" | "M" | "L"): Rule {
  return (ed, { count = 1, operator }) => {
    follow(ed);
    const { top } = ed.s;
    const bottom = Math.min(ed.last, bottomOf(ed));
    const off = operator === undefined ? Math.min(ed.number("scrolloff"), ed.height >> 1) : 0;
    let row = top;
    if (which === "H") {
      row = Math.min(bottom, top + count - 1);
      if (top > 0) row = Math.max(row, Math.min(bottom, top + off));
    } else if (which === "L") {
      row = Math.max(top, bottom - count + 1);
      if (bottom < ed.last) row = Math.min(row, Math.max(top, bottom - off));
    } else row = middle(ed, top, bottom);
    return toFirst(ed, row, true);
  };
}

function middle(ed: Editor, top: number, bottom: number): number {
  const rows = ed.rowsOf;
  let used = 0;
  for (let row = top; row <= bottom; row++) used += rows(row);
  const half = (ed.height - Math.max(0, ed.height - used) + 1) >> 1;
  used = 0;
  for (let row = top; row < bottom; row++) {
    used += rows(row);
    if (used >= half) return used > half && row > top ? row - 1 : row;
  }
  return bottom;
}

/** The last row that is shown as a whole. */
function bottomOf(ed: Editor): number {
  return Math.max(ed.s.top, ed.belowScreen - 1);
}
