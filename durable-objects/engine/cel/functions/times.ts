/** Parts of moments and spans. cel-go: common/types/timestamp.go, duration.go */
import { calendar } from "../../core/clock.ts";
import { isTimeZone, offsetMs } from "../../machinery/time-zone.ts";
import { fixedOffset, floorDivide } from "../time.ts";
import { Duration, Timestamp, type Value } from "../values.ts";
import { failed, type CelFunction, type CelFunctions } from "./function.ts";

const second = 1_000_000_000n;

/** Milliseconds that a zone is ahead at a moment; an error where there is no such zone. */
function ahead(zone: string, ms: number): number | Value {
  const minutes = fixedOffset(zone);
  if (minutes !== undefined) return minutes * 60_000;
  if (zone.includes(":")) {
    const bad = zone.split(":").find((part) => !/^[+-]?\d+$/.test(part)) ?? "";
    return failed(`strconv.Atoi: parsing "${bad}": invalid syntax`);
  }
  return isTimeZone(zone) ? offsetMs(zone, ms) : failed(`unknown time zone ${zone}`);
}

const dayMs = 86_400_000;

const part =
  (
    ofMoment: (parts: ReturnType<typeof calendar>, ms: number) => number,
    ofSpan?: (nanoseconds: bigint) => bigint,
  ): CelFunction =>
  ([a, zone]) => {
    if (a instanceof Duration && zone === undefined) return ofSpan?.(a.nanoseconds);
    if (!(a instanceof Timestamp)) return undefined;
    if (zone !== undefined && typeof zone !== "string") return undefined;
    const ms = Number(floorDivide(a.nanoseconds, 1_000_000n));
    const offset = zone === undefined ? 0 : ahead(zone, ms);
    if (typeof offset !== "number") return offset;
    const local = ms + offset;
    return BigInt(ofMoment(calendar(local), local));
  };

function dayOfYear(parts: ReturnType<typeof calendar>, ms: number): number {
  const today = Math.floor(ms / dayMs);
  let days = parts.day - 1;
  // Back to the first of January, a month at a time.
  for (let month = parts.month; month > 1; month--) {
    days += calendar((today - days - 1) * dayMs).day;
  }
  return days;
}

export const timeFunctions: CelFunctions = {
  getFullYear: part(({ year }) => year),
  getMonth: part(({ month }) => month - 1),
  getDayOfYear: part(dayOfYear),
  getDayOfMonth: part(({ day }) => day - 1),
  getDate: part(({ day }) => day),
  getDayOfWeek: part(({ weekday }) => weekday),
  getHours: part(
    ({ hour }) => hour,
    (span) => span / (3600n * second),
  ),
  getMinutes: part(
    ({ minute }) => minute,
    (span) => span / (60n * second),
  ),
  getSeconds: part(
    (parts) => parts.second,
    (span) => span / second,
  ),
  getMilliseconds: part(
    (_parts, ms) => ((ms % 1000) + 1000) % 1000,
    (span) => span / 1_000_000n,
  ),
};
