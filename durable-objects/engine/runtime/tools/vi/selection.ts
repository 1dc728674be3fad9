/** What is selected in visual mode. */
import { columnOf, nextCol } from "./characters.ts";
import type { Editor } from "./editor.ts";
import type { Span } from "./operators.ts";

const endless = 2 ** 31;

/** The span between the cursor and where the selection began, both included. */
export function selection(ed: Editor): Span {
  const { s } = ed;
  const begun = s.visual ?? { kind: "v" as const, row: s.row, col: s.col };
  const other = { row: Math.min(begun.row, ed.last), col: begun.col };
  const isFirst = s.row < other.row || (s.row === other.row && s.col < other.col);
  const [from, to] = isFirst ? [ed.spot, other] : [other, ed.spot];
  if (begun.kind === "V") return { kind: "l", from, to };
  if (begun.kind === "v") {
    const line = ed.lines[to.row]!;
    // The end of a line counts as one more character.
    if (to.col >= line.length && to.row < ed.last && line !== "")
      return { kind: "c", from, to: { row: to.row + 1, col: 0 } };
    return { kind: "c", from, to: { row: to.row, col: nextCol(line, to.col) } };
  }
  const cells = [from, to].map(({ row, col }) => {
    const line = ed.lines[row]!;
    const left = columnOf(line, col, ed.shown);
    return [left, Math.max(left, columnOf(line, nextCol(line, col), ed.shown) - 1)] as const;
  });
  const left = Math.min(cells[0]![0], cells[1]![0]);
  const right = begun.end ? endless : Math.max(cells[0]![1], cells[1]![1]);
  const [first, last] = from.row <= to.row ? [from, to] : [to, from];
  return { kind: "b", from: first, to: last, left, right };
}
