/** / ? n N &: lines that match. */
import type { Mover } from "./moving.ts";
import { none, type LessState, type Pattern } from "./state.ts";

/** Where a search begins that is typed; one that is repeated begins behind, or before, the line that is jumped to. */
function begin(mover: Mover, state: LessState, forward: boolean, again: boolean): number {
  const { rows } = state.view;
  const { source } = mover.rows;
  const target = again ? mover.rowOf(state.view.settings.target) : forward ? 0 : rows.length - 1;
  let row = target;
  while ((rows[row] ?? none) === none && row >= 0 && row < rows.length) row += forward ? 1 : -1;
  const at = rows[row] ?? none;
  if (at === none) return forward ? source.end : 0;
  if (!forward) return again ? at : source.lineEnd(mover.rows.shownAt(at));
  return again ? source.lineEnd(mover.rows.shownAt(at)) : at;
}

function from(
  mover: Mover,
  pattern: Pattern,
  start: number,
  forward: boolean,
  nth: number,
): number {
  const { rows } = mover;
  const { source } = rows;
  let left = nth;
  let at = start;
  for (;;) {
    if (forward) {
      source.slice(at, at + 1);
      if (at >= source.size) return none;
    } else {
      if (at <= 0) return none;
      at = source.lineStart(at);
    }
    const isShown = rows.shownAt(at) === at;
    if (isShown && rows.matches(at, pattern) && --left <= 0) return at;
    if (forward) at = source.lineEnd(at);
  }
}

/** Where the nth match is; none: there are not so many. */
export function find(
  mover: Mover,
  state: LessState,
  pattern: Pattern,
  options: { forward: boolean; again: boolean; nth: number; fromEnd?: boolean },
): number {
  const { forward, again, nth, fromEnd } = options;
  const start = fromEnd
    ? forward
      ? 0
      : mover.rows.source.end
    : begin(mover, state, forward, again);
  return from(mover, pattern, start, forward, nth);
}
