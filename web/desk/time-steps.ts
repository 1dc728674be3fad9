import { clockOf } from "../api/clock.ts";
import { timelineOf } from "../api/timeline.ts";
import { momentsOf, stepped } from "../time/marks.ts";
import type { Desk } from "./desk.ts";

/** What keys and the palette do with time. */

/** Goes so many moments of the kept past further; back: below 0. */
export function lookFurther({ sandbox, moment }: Desk, by: number): void {
  const moments = momentsOf(timelineOf(sandbox).rows.peek() ?? []);
  if (moments.length > 0) moment.value = stepped(moments, moment.peek(), by);
}

export function togglePause({ live }: Desk): void {
  clockOf(live).steer((control) => control.togglePause());
}

export function nextEvent({ live }: Desk): void {
  clockOf(live).steer((control) => control.step());
}

export function setSpeed({ live }: Desk, speed: number): void {
  clockOf(live).steer((control) => control.set({ speed }));
}

export function jumpAhead({ live }: Desk, seconds: number): void {
  clockOf(live).steer((control) => control.jumpBy(seconds));
}
