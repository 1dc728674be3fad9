import type { Box, Cell, Layout } from "./layout.ts";

/** How one layout becomes the next: what is in both moves, what is new grows, what is gone fades. */

export const transitionMsMax = 250;
/** Faster than this, in virtual seconds of a real one, movement would only flicker. */
const speedMax = 20;

export interface Frame {
  cells: (Cell & { alpha: number })[];
  isMoving: boolean;
}

export interface Transition {
  from: ReadonlyMap<string, Cell> | undefined;
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
  const from = moves ? new Map(before.frame.cells.map((cell) => [cell.pod.uid, cell])) : undefined;
  return { from: from && isOther(from, to) ? from : undefined, to, startMs: nowMs };
}

/** Whether any Pod came, went or stands elsewhere. */
function isOther(from: ReadonlyMap<string, Cell>, { cells }: Layout): boolean {
  return (
    from.size !== cells.length ||
    cells.some((cell) => {
      const old = from.get(cell.pod.uid);
      return !old || old.x !== cell.x || old.y !== cell.y || old.w !== cell.w || old.h !== cell.h;
    })
  );
}

export function frameAt({ from, to, startMs }: Transition, nowMs: number): Frame {
  const t = from ? Math.min(1, Math.max(0, (nowMs - startMs) / transitionMsMax)) : 1;
  if (!from || t === 1) {
    return { cells: to.cells.map((cell) => ({ ...cell, alpha: 1 })), isMoving: false };
  }
  const eased = 1 - (1 - t) ** 3;
  const there = new Set<string>();
  const cells = to.cells.map((cell) => {
    there.add(cell.pod.uid);
    const old = from.get(cell.pod.uid);
    if (!old) return { ...shrunk(cell, 0.6 + 0.4 * eased), alpha: eased };
    return { ...cell, ...between(old, cell, eased), alpha: 1 };
  });
  for (const [uid, old] of from) {
    if (!there.has(uid)) cells.push({ ...shrunk(old, 1 - 0.3 * eased), alpha: 1 - eased });
  }
  return { cells, isMoving: true };
}

const between = (a: Box, b: Box, t: number): Box => ({
  x: a.x + (b.x - a.x) * t,
  y: a.y + (b.y - a.y) * t,
  w: a.w + (b.w - a.w) * t,
  h: a.h + (b.h - a.h) * t,
});

const shrunk = (cell: Cell, by: number): Cell => ({
  ...cell,
  x: cell.x + (cell.w * (1 - by)) / 2,
  y: cell.y + (cell.h * (1 - by)) / 2,
  w: cell.w * by,
  h: cell.h * by,
});

/** Whether a shape changes by itself as time passes. */
export const isTimed = ({ cells }: Layout): boolean =>
  cells.some(({ pod }) => pod.state.span !== undefined);
