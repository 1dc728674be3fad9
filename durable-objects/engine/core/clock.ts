/** The only place that knows calendars. Engine time is virtual milliseconds since 1970. */

/** The last millisecond of the year 9999: what RFC3339 can write, and so the end of virtual time. */
export const lastMomentMs = 253_402_300_799_999;

/** Longer than the calendar; finite, because what programs keep is JSON, which has no infinity. */
export const foreverMs = 1e15;

/**
 * A due moment as it may be stored: every timer and every wait of a process passes through here. One that is infinite, no
 * number, or behind the end of time never comes and is not stored at all; JSON has no word for it.
 */
export function dueMoment(ms: number | undefined | null): number | undefined {
  if (ms === undefined || ms === null || !(ms <= lastMomentMs)) return undefined;
  return Math.max(0, ms);
}

/** A moment to show, kept within the calendar. NaN stays what it is: a fault. */
const shown = (ms: number): number => Math.min(Math.max(Math.floor(ms), 0), lastMomentMs);

/** `2026-11-20T21:00:00Z`: metav1.Time, whole seconds (cut, not rounded). */
export function rfc3339(ms: number): string {
  const seconds = Math.floor(shown(ms) / 1000);
  if (seconds === lastSeconds) return lastText;
  lastText = `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
  lastSeconds = seconds;
  return lastText;
}
let lastSeconds = Number.NaN;
let lastText = "";

/** `2026-11-20T21:00:00.123000Z`: metav1.MicroTime. */
export const rfc3339Micro = (ms: number): string => withFraction(ms, "000Z");

/** `2026-11-20T21:00:00.123Z` */
export const rfc3339Milli = (ms: number): string => withFraction(ms, "Z");

/** Most moments lie within the second that was asked for last. */
const withFraction = (ms: number, end: string): string =>
  `${rfc3339(ms).slice(0, 19)}.${String(shown(ms) % 1000).padStart(3, "0")}${end}`;

/** `2026-11-20T21:00:00.123456789Z`-like, as container logs stamp lines (nanoseconds, here always ms exact). */
export const rfc3339Nano = (ms: number): string => withFraction(ms, "000000Z");

/** ms of an RFC3339 text, NaN when it is none. */
export function parseTime(text: string | undefined): number {
  if (!text) return Number.NaN;
  if (text === parsedText) return parsedMs;
  parsedMs = Date.parse(text);
  parsedText = text;
  return parsedMs;
}
let parsedText = "";
let parsedMs = Number.NaN;

/** Any engine moment as the parts `date` prints. */
export function calendar(ms: number): {
  year: number;
  month: number;
  day: number;
  weekday: number;
  hour: number;
  minute: number;
  second: number;
} {
  const d = new Date(ms);
  return {
    year: d.getUTCFullYear(),
    month: d.getUTCMonth() + 1,
    day: d.getUTCDate(),
    weekday: d.getUTCDay(),
    hour: d.getUTCHours(),
    minute: d.getUTCMinutes(),
    second: d.getUTCSeconds(),
  };
}

/** How virtual time follows the wall: base + speed x (wall - wallBase), or standing still. */
export interface ClockState {
  baseMs: number;
  wallBaseMs: number;
  speed: number;
  paused: boolean;
  /** Nobody looked for ten minutes: stands still until the next request. */
  frozen: boolean;
  /** A jump under way: time goes there slice by slice, whatever the wall says. */
  jumpToMs?: number;
  /** Single steps that were asked for and are still to be taken. */
  stepsLeft?: number;
}

/** With the wall's pace, from a moment on at which both show the same. */
export const clockFrom = (ms: number): ClockState => ({
  baseMs: ms,
  wallBaseMs: ms,
  speed: 1,
  paused: false,
  frozen: false,
});

/** Work that does not wait for the wall. */
export const isFastForwarding = (clock: ClockState): boolean =>
  !clock.frozen && (clock.jumpToMs !== undefined || clock.stepsLeft !== undefined);

/** Virtual ms at a moment of the wall; paused and frozen clocks stand still. */
export function virtualAt(clock: ClockState, wallMs: number): number {
  if (clock.paused || clock.frozen) return clock.baseMs;
  const passed = clock.speed * Math.max(0, wallMs - clock.wallBaseMs);
  return Math.min(clock.baseMs + passed, lastMomentMs);
}

/** Wall moment at which virtual time reaches `virtualMs`; undefined while it stands still. */
export function wallAt(clock: ClockState, virtualMs: number): number | undefined {
  if (clock.paused || clock.frozen) return undefined;
  return clock.wallBaseMs + Math.max(0, virtualMs - clock.baseMs) / clock.speed;
}

/** The same moment under changed settings: time neither jumps nor repeats. */
export function rebase(
  clock: ClockState,
  wallMs: number,
  change: Partial<Pick<ClockState, "speed" | "paused" | "frozen">>,
): ClockState {
  return { ...clock, baseMs: virtualAt(clock, wallMs), wallBaseMs: wallMs, ...change };
}
