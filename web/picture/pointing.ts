import type { ObjectRef } from "../desk/desk.ts";
import type { Box, Layout } from "./layout.ts";
import { podSentence } from "./pod-view.ts";
import { serviceSentence } from "./services.ts";

/** What of the picture can be pointed at and selected. */
export interface Target extends Box {
  ref: ObjectRef;
  sentence: string;
}

const roomHeadHeight = 40;

/** In the order they are read in: rooms, Pods, Services. */
export const targetsOf = ({ rooms, cells, rails }: Layout): Target[] => [
  ...rooms.flatMap(({ ref, sentence, x, y, w }) =>
    ref ? [{ ref, sentence, x, y, w, h: roomHeadHeight }] : [],
  ),
  ...cells.map(({ pod, x, y, w, h }) => ({ ref: pod.ref, sentence: podSentence(pod), x, y, w, h })),
  ...rails.map(({ service, x, y, w, h }) => ({
    ref: service.ref,
    sentence: serviceSentence(service),
    x,
    y,
    w,
    h,
  })),
];

export const targetAt = (targets: readonly Target[], x: number, y: number): Target | undefined =>
  targets.findLast((one) => x >= one.x && x < one.x + one.w && y >= one.y && y < one.y + one.h);

const ways: Record<string, [x: number, y: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export const isWay = (key: string): boolean => key in ways;

/** As long as there is something in line, what is not is further than anything. */
const outOfLine = 1e6;

/** What lies nearest in the direction of an arrow key, in line with it if anything is. Undefined: nothing does. */
export function neighbour(
  targets: readonly Target[],
  from: Target | undefined,
  key: string,
): Target | undefined {
  if (!from) return targets[0];
  const [dx, dy] = ways[key]!;
  let best: Target | undefined;
  let bestFar = Infinity;
  for (const to of targets) {
    const ahead = dx * (center(to).x - center(from).x) + dy * (center(to).y - center(from).y);
    if (to === from || ahead <= 0 || overlaps(from, to, dx !== 0)) continue;
    const aside = dx === 0 ? apart(from.x, from.w, to.x, to.w) : apart(from.y, from.h, to.y, to.h);
    const off = Math.abs(dx === 0 ? to.x - from.x : to.y - from.y);
    const far = ahead + (aside > 0 ? outOfLine + 4 * aside : 0) + off / 100;
    if (far < bestFar) [best, bestFar] = [to, far];
  }
  return best;
}

const center = ({ x, y, w, h }: Box): { x: number; y: number } => ({ x: x + w / 2, y: y + h / 2 });
const apart = (a: number, aw: number, b: number, bw: number): number =>
  Math.max(0, b - (a + aw), a - (b + bw));

/** In the direction itself: what lies beside is not ahead. */
const overlaps = (a: Box, b: Box, isSideways: boolean): boolean =>
  isSideways ? apart(a.x, a.w, b.x, b.w) === 0 : apart(a.y, a.h, b.y, b.h) === 0;

export const isSame = (a: ObjectRef | undefined, b: ObjectRef | undefined): boolean =>
  a !== undefined && b !== undefined && a.path === b.path;
