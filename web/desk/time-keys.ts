import type { Role } from "../api/sandboxes.ts";
import type { Desk } from "./desk.ts";

/** What steers time: from the palette, and by keys outside of terminals and fields. */

export interface TimeKey {
  /** As `KeyboardEvent.key` has it; absent: it is in the palette alone. */
  key?: string;
  /** As the list of keys shows it. */
  keys?: string;
  title: string;
  /** Viewers have it not. */
  writes?: boolean;
  run(desk: Desk): void;
}

/** Loaded with the bar of time, not before. */
const steps = () => import("./time-steps.ts");

export const timeKeys: readonly TimeKey[] = [
  {
    key: "[",
    keys: "[",
    title: "A step back in time",
    run: (desk) => void steps().then(({ lookFurther }) => lookFurther(desk, -1)),
  },
  {
    key: "]",
    keys: "]",
    title: "A step forth in time",
    run: (desk) => void steps().then(({ lookFurther }) => lookFurther(desk, 1)),
  },
  {
    key: " ",
    keys: "Space",
    title: "Pause, or let time go on",
    writes: true,
    run: (desk) => void steps().then(({ togglePause }) => togglePause(desk)),
  },
  {
    title: "Go to the next event, and pause",
    writes: true,
    run: (desk) => void steps().then(({ nextEvent }) => nextEvent(desk)),
  },
  ...[1, 10, 60].map((speed) => ({
    title: `Time at ${speed}x`,
    writes: true,
    run: (desk: Desk) => void steps().then(({ setSpeed }) => setSpeed(desk, speed)),
  })),
  ...[1, 10, 60].map((minutes) => ({
    title: `Jump ${minutes} min ahead`,
    writes: true,
    run: (desk: Desk) => void steps().then(({ jumpAhead }) => jumpAhead(desk, minutes * 60)),
  })),
  { title: "Back to now", run: (desk) => void (desk.moment.value = undefined) },
];

export const timeKeysOf = (role: Role): readonly TimeKey[] =>
  timeKeys.filter(({ writes }) => !writes || role !== "viewer");

/** What takes keys itself. */
const takesKeys =
  "input, textarea, select, button, a[href], summary, dialog, [contenteditable], .cm-editor";

/** Listens on the whole page. Returns what ends that. */
export function listenForTimeKeys(desk: Desk): () => void {
  const press = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.closest(takesKeys)) return;
    const found = timeKeysOf(desk.sandbox.role).find(({ key }) => key === event.key);
    if (!found) return;
    event.preventDefault();
    found.run(desk);
  };
  addEventListener("keydown", press);
  return () => removeEventListener("keydown", press);
}
