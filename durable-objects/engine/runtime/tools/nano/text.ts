/** Changes of a buffer's text, each of which can be taken back. */
import { nanoFileBytesMax, nanoUndoBytesMax } from "../../../core/limits.ts";
import { columnOf } from "./columns.ts";
import type { Buffer, Change, ChangeKind, NanoState, Position } from "./state.ts";

export const lineAt = (buffer: Buffer, line = buffer.line): string => buffer.lines[line] ?? "";

export const placeOf = (buffer: Buffer): Position => [buffer.line, buffer.column];

export const isBefore = (a: Position, b: Position): boolean =>
  a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);

export function textBetween(buffer: Buffer, from: Position, to: Position): string {
  if (from[0] === to[0]) return lineAt(buffer, from[0]).slice(from[1], to[1]);
  return [
    lineAt(buffer, from[0]).slice(from[1]),
    ...buffer.lines.slice(from[0] + 1, to[0]),
    lineAt(buffer, to[0]).slice(0, to[1]),
  ].join("\n");
}

/** Where a text ends that begins at a place. */
export function endOf([line, x]: Position, text: string): Position {
  const last = text.lastIndexOf("\n");
  if (last < 0) return [line, x + text.length];
  return [line + text.split("\n").length - 1, text.length - last - 1];
}

function put(buffer: Buffer, at: Position, to: Position, text: string): void {
  const head = lineAt(buffer, at[0]).slice(0, at[1]);
  const tail = lineAt(buffer, to[0]).slice(to[1]);
  buffer.lines.splice(at[0], to[0] - at[0] + 1, ...(head + text + tail).split("\n"));
}

export function goTo(buffer: Buffer, [line, x]: Position, tabs: number): void {
  buffer.line = Math.max(0, Math.min(line, buffer.lines.length - 1));
  buffer.column = Math.min(x, lineAt(buffer).length);
  buffer.want = columnOf(lineAt(buffer), buffer.column, tabs);
}

const bytesOf = (buffer: Buffer): number =>
  buffer.lines.reduce((sum, line) => sum + line.length + 1, 0);

/** Whether so much more fits; says so where it does not. */
export function fits(state: NanoState, more: number): boolean {
  if (more < 1) return true;
  const held = state.buffers.reduce((sum, buffer) => sum + bytesOf(buffer), 0);
  return held + more <= nanoFileBytesMax;
}

function bound(buffer: Buffer): void {
  let bytes = 0;
  let first = buffer.undo.length;
  while (first > 0) {
    const { removed, inserted } = buffer.undo[first - 1] as Change;
    bytes += removed.length + inserted.length + 60;
    if (bytes > nanoUndoBytesMax) break;
    first--;
  }
  if (first === 0) return;
  buffer.undo.splice(0, first);
  if (buffer.saved === undefined) return;
  if (buffer.saved < first) delete buffer.saved;
  else buffer.saved -= first;
}

/** Replaces what stands between two places. `joins`: goes on with the last change, if that ends there. */
export function change(
  state: NanoState,
  buffer: Buffer,
  kind: ChangeKind,
  span: { from: Position; to: Position; text: string; after?: Position },
  joins = false,
): void {
  const { from, to, text } = span;
  const removed = textBetween(buffer, from, to);
  const before = placeOf(buffer);
  put(buffer, from, to, text);
  const after = span.after ?? endOf(from, text);
  const grows = !state.options.nonewlines && buffer.lines.at(-1) !== "";
  if (grows) buffer.lines.push("");
  buffer.redo = [];
  if (buffer.saved !== undefined && buffer.saved > buffer.undo.length) delete buffer.saved;
  const last = buffer.undo.at(-1);
  const mayJoin = joins && last?.kind === kind && buffer.saved !== buffer.undo.length;
  if (!mayJoin || !join(last, from, removed, text, after)) {
    buffer.undo.push({
      kind,
      at: from,
      removed,
      inserted: text,
      before,
      after,
      ...(grows ? { grew: true } : {}),
    });
  } else if (grows) last.grew = true;
  bound(buffer);
  goTo(buffer, after, state.options.tabsize);
}

/** Makes one change of two, where the second goes on with the first. */
function join(
  last: Change,
  from: Position,
  removed: string,
  inserted: string,
  after: Position,
): boolean {
  const end = endOf(last.at, last.inserted);
  if (removed === "" && String(end) === String(from)) last.inserted += inserted;
  else if (inserted === "" && String(last.at) === String(from)) last.removed += removed;
  else if (inserted === "" && String(endOf(from, removed)) === String(last.at)) {
    last.removed = removed + last.removed;
    last.at = from;
  } else return false;
  last.after = after;
  return true;
}

export function undo(state: NanoState, buffer: Buffer): string {
  const last = buffer.undo.pop();
  if (!last) return "Nothing to undo";
  if (last.grew) buffer.lines.pop();
  put(buffer, last.at, endOf(last.at, last.inserted), last.removed);
  buffer.redo.push(last);
  goTo(buffer, last.before, state.options.tabsize);
  return `Undid ${last.kind}`;
}

export function redo(state: NanoState, buffer: Buffer): string {
  const next = buffer.redo.pop();
  if (!next) return "Nothing to redo";
  put(buffer, next.at, endOf(next.at, next.removed), next.inserted);
  if (next.grew) buffer.lines.push("");
  buffer.undo.push(next);
  goTo(buffer, next.after, state.options.tabsize);
  return `Redid ${next.kind}`;
}
