import { clockOf } from "../api/clock.ts";
import { timelineOf } from "../api/timeline.ts";
import { momentsOf, stepped } from "../time/marks.ts";
import type { Desk } from "./desk.ts";

/** Keys that steer time, outside of terminals and fields. */

export interface TimeKey {
  /** As `KeyboardEvent.key` has it. */
  key: string;
  title: string;
  /** Viewers have it not. */
  writes?: boolean;
  run(desk: Desk): void;
}

/** Goes so many moments of the kept past further; back: below 0. */
export function lookFurther({ sandbox, moment }: Desk, by: number): void {
  const moments = momentsOf(timelineOf(sandbox).rows.peek() ?? []);
  if (moments.length > 0) moment.value = stepped(moments, moment.peek(), by);
}

export const timeKeys: readonly TimeKey[] = [
  { key: "[", title: "A step back in time", run: (desk) => lookFurther(desk, -1) },
  { key: "]", title: "A step forth in time", run: (desk) => lookFurther(desk, 1) },
  {
    key: " ",
    title: "Pause, or let time go on",
    writes: true,
    run: ({ live }) => clockOf(live).steer((control) => control.togglePause()),
  },
];

/** What takes keys itself. */
const takesKeys = "input, textarea, select, button, a[href], summary, dialog, [contenteditable]";

/** Listens on the whole page. Returns what ends that. */
export function listenForTimeKeys(desk: Desk): () => void {
  const press = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.closest(takesKeys)) return;
    const found = timeKeys.find(({ key }) => key === event.key);
    if (!found || (found.writes && desk.sandbox.role === "viewer")) return;
    event.preventDefault();
    found.run(desk);
  };
  addEventListener("keydown", press);
  return () => removeEventListener("keydown", press);
}
