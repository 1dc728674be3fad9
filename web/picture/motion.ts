import type { Box, Cell, Layout } from "./layout.ts";
import type { Pen } from "./pen.ts";

/** How one layout becomes the next: what is in both moves, what is new grows, what is gone fades. */

export const transitionMsMax = 250;
/** Faster than this, in virtual seconds of a real one, movement would only flicker. */
const speedMax = 20;

/** A Pod as a frame shows it. */
export interface Moved extends Cell {
  alpha: number;
  /** Where it stands at the end. Undefined: nowhere, it goes. */
  home?: Cell | undefined;
}

/** What frames of a movement have in common, drawn already. */
export interface Copies {
  putGround(pen: Pen): void;
  /** Returns whether it has it. */
  putPod(pen: Pen, cell: Moved): boolean;
}

export interface Frame {
  cells: Moved[];
  isMoving: boolean;
}

export interface Transition {
  /** Where each of the layout's cells was, undefined where there was none; undefined: nothing moves. */
  from: readonly (Cell | undefined)[] | undefined;
  gone: readonly Cell[];
  to: Layout;
  startMs: number;
}

export function transitionTo(
  to: Layout,
  before: { layout: Layout; frame: Frame } | undefined,
  { nowMs, speed, isReduced }: { nowMs: number; speed: number; isReduced: boolean },
): Transition {
  // Of another width everything stands elsewhere, and nothing happened in the cluster.
  const moves = before && before.layout.width === to.width && speed <= speedMax && !isReduced;
  if (!moves) return { from: undefined, gone: [], to, startMs: nowMs };
  const left = new Map<string, Cell>(before.frame.cells.map((cell) => [cell.pod.uid, cell]));
  const from = to.cells.map(({ pod: { uid } }) => {
    const old = left.get(uid);
    left.delete(uid);
    return old;
  });
  const gone = [...left.values()];
  return {
    from: gone.length > 0 || isOther(from, to) ? from : undefined,
    gone,
    to,
    startMs: nowMs,
  };
}

/** Whether any Pod came or stands elsewhere. */
const isOther = (from: readonly (Cell | undefined)[], { cells }: Layout): boolean =>
  cells.some((cell, i) => {
    const old = from[i];
    return !old || old.x !== cell.x || old.y !== cell.y || old.w !== cell.w || old.h !== cell.h;
  });

export function frameAt({ from, gone, to, startMs }: Transition, nowMs: number): Frame {
  const t = from ? Math.min(1, Math.max(0, (nowMs - startMs) / transitionMsMax)) : 1;
  if (!from || t === 1) {
    return { cells: to.cells.map((cell) => moved(cell, cell, 1, cell)), isMoving: false };
  }
  const eased = 1 - (1 - t) ** 3;
  const cells = to.cells.map((cell, i) => {
    const old = from[i];
    return old
      ? moved(cell, between(old, cell, eased), 1, cell)
      : moved(cell, shrunk(cell, 0.6 + 0.4 * eased), eased, cell);
  });
  for (const cell of gone) cells.push(moved(cell, shrunk(cell, 1 - 0.3 * eased), 1 - eased));
  return { cells, isMoving: true };
}

/** Field by field: hundreds are made in each frame. */
const moved = (
  { pod, density, gutterX }: Cell,
  { x, y, w, h }: Box,
  alpha: number,
  home?: Cell,
): Moved => ({ pod, density, gutterX, x, y, w, h, alpha, home });

const between = (a: Box, b: Box, t: number): Box => ({
  x: a.x + (b.x - a.x) * t,
  y: a.y + (b.y - a.y) * t,
  w: a.w + (b.w - a.w) * t,
  h: a.h + (b.h - a.h) * t,
});

const shrunk = ({ x, y, w, h }: Box, by: number): Box => ({
  x: x + (w * (1 - by)) / 2,
  y: y + (h * (1 - by)) / 2,
  w: w * by,
  h: h * by,
});

/** Whether a shape changes by itself as time passes. */
export const isTimed = ({ cells }: Layout): boolean =>
  cells.some(({ pod }) => pod.state.span !== undefined);
