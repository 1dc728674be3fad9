/** u, ^R and U. */
import { formatDate } from "../system/date.ts";
import { indentOf, lastCol } from "./characters.ts";
import type { Editor } from "./editor.ts";
import type { Change, UndoStep } from "./state.ts";

/** Rows that changes touch, and by how many lines they grow. */
function extent(changes: readonly Change[]): { top: number; rows: number; grows: number } {
  let top = Infinity;
  let grows = 0;
  const single = new Set<number>();
  let rows = 0;
  for (const change of changes) {
    top = Math.min(top, change.at);
    if ("lines" in change) {
      grows += change.lines.length - change.cut;
      rows += Math.max(change.lines.length, change.cut);
    } else single.add(change.at);
  }
  return { top, rows: rows + single.size, grows };
}

function when(ed: Editor, atMs: number): string {
  const seconds = Math.floor((ed.sys.now - atMs) / 1000);
  if (seconds >= 100) return formatDate("%H:%M:%S", atMs);
  return `${seconds} second${seconds === 1 ? "" : "s"} ago`;
}

function told(ed: Editor, step: UndoStep, changes: readonly Change[], before: boolean): void {
  const { grows, rows } = extent(changes);
  const count = grows === 0 ? rows : Math.abs(grows);
  const what =
    grows === 0
      ? count === 1
        ? "change"
        : "changes"
      : grows > 0
        ? grows === 1
          ? "more line"
          : "more lines"
        : grows === -1
          ? "line less"
          : "fewer lines";
  ed.say(`${count} ${what}; ${before ? "before" : "after"} #${step.n}  ${when(ed, step.atMs)}`);
}

/** The cursor goes where it was, when that is where the change is; else to the change. */
function place(ed: Editor, step: UndoStep, changes: readonly Change[]): void {
  const { top, rows } = extent(changes);
  const { before } = step;
  if (before.row + 1 >= top && before.row <= top + rows) {
    ed.go(before.row, before.col);
    if (before.row > ed.last) ed.go(ed.last, before.col);
  } else ed.go(top, 0);
  const { s } = ed;
  if (before.row + 1 === s.row && s.row > 0) ed.go(s.row - 1, before.col);
  if (s.row === before.row) ed.go(s.row, Math.min(before.col, lastCol(ed.line)));
  else ed.go(s.row, Math.min(indentOf(ed.line).length, lastCol(ed.line)));
}

export function undo(ed: Editor, count: number): void {
  const { s } = ed;
  ed.endStep();
  for (let left = count; left > 0; left--) {
    const step = s.undo.pop();
    if (!step) {
      if (left === count) ed.say("Already at oldest change");
      return;
    }
    const changes = ed.changesOf(step, "back");
    for (const change of changes) ed.redoChange(change);
    s.redo.push(step);
    s.modified = step.clean !== "before" && s.undo.at(-1)?.clean !== "after";
    place(ed, step, changes);
    told(ed, step, changes, true);
    if (step.goesOn && s.undo.length > 0) left++;
  }
}

export function redo(ed: Editor, count: number): void {
  const { s } = ed;
  ed.endStep();
  for (let left = count; left > 0; left--) {
    const step = s.redo.pop();
    if (!step) {
      if (left === count) ed.say("Already at newest change");
      return;
    }
    const changes = ed.changesOf(step, "forth");
    for (const change of changes) ed.redoChange(change);
    s.undo.push(step);
    s.modified = step.clean !== "after";
    place(ed, step, changes);
    told(ed, step, changes, false);
    if (s.redo.at(-1)?.goesOn) left++;
  }
}
