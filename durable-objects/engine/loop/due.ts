/** When, by the wall, there is something to do. */
import { hurries, wallAt, type ClockState } from "../core/clock.ts";
import type { Queue } from "../core/queue.ts";

/** Wall moment of the next thing to do; undefined when there is nothing. */
export function nextDueAtWall(clock: ClockState, queue: Queue, wallMs: number): number | undefined {
  if (hurries(clock)) return wallMs;
  if (clock.paused || clock.frozen) return undefined;
  if (queue.size > 0) return wallMs;
  const due = queue.nextDue();
  const at = due === undefined ? undefined : wallAt(clock, due);
  return at === undefined ? undefined : Math.ceil(at);
}

/** For how long work has waited that could have been done. `nowMs`: how far it has come, virtual. */
export function overdueByWall(
  clock: ClockState,
  queue: Queue,
  nowMs: number,
  wallMs: number,
): number {
  if (hurries(clock)) return wallMs - clock.wallBaseMs;
  const due = queue.size > 0 ? nowMs : queue.nextDue();
  const at = due === undefined ? undefined : wallAt(clock, due);
  return at === undefined ? 0 : Math.max(0, wallMs - at);
}
