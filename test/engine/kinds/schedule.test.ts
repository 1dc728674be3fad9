import { expect, test } from "vitest";
import { nextRun, parseSchedule } from "../../../durable-objects/engine/kinds/batch/schedule.ts";

const next = (text: string, zone: string, from: string, count = 1): string => {
  const schedule = parseSchedule(text, zone);
  if (typeof schedule === "string") return schedule;
  let at = Date.parse(from);
  for (let i = 0; i < count; i++) at = nextRun(schedule, at);
  return Number.isFinite(at) ? new Date(at).toISOString().slice(0, 19) : "never";
};

// Outcomes of robfig/cron/v3 v3.0.1 with Go's time zones.
test.each([
  ["*/15 * * * *", "", "2026-01-01T00:00:00Z", 1, "2026-01-01T00:15:00"],
  ["5/20 0 * * *", "", "2026-01-01T00:05:00Z", 1, "2026-01-01T00:25:00"],
  ["0 0 29 2 *", "", "2026-01-01T00:00:00Z", 1, "2028-02-29T00:00:00"],
  ["0 0 30 2 *", "", "2026-01-01T00:00:00Z", 1, "never"],
  ["0 0 13 * FRI", "", "2026-01-01T00:00:00Z", 1, "2026-01-02T00:00:00"],
  ["0 0 */2 * mon", "", "2026-01-01T00:00:00Z", 1, "2026-01-03T00:00:00"],
  ["@weekly", "", "2026-01-01T00:00:00Z", 1, "2026-01-04T00:00:00"],
  ["@every 90m", "", "2026-01-01T00:00:30Z", 2, "2026-01-01T03:00:30"],
  ["0 9 * * *", "America/New_York", "2026-03-07T15:00:00Z", 1, "2026-03-08T13:00:00"],
  ["0 9 * * *", "Australia/Sydney", "2026-01-01T00:00:00Z", 1, "2026-01-01T22:00:00"],
  // Skipped when clocks go forward, and twice when they go back.
  ["30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 1, "2026-03-30T00:30:00"],
  ["30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2, "2026-10-25T01:30:00"],
  ["0 0 * * *", "Europe/Dublin", "2026-07-01T12:00:00Z", 1, "2026-07-01T23:00:00"],
])("%s in %j after %s", (text, zone, from, count, expected) => {
  expect(next(text, zone, from, count)).toBe(expected);
});

test.each([
  ["", "empty spec string"],
  ["constructor", "expected exactly 5 fields, found 1: [constructor]"],
  ["@constructor", "unrecognized descriptor: @constructor"],
  ["a * * * *", 'failed to parse int from a: strconv.Atoi: parsing "a": invalid syntax'],
  ["1-2-3 * * * *", "too many hyphens: 1-2-3"],
  ["1/2/3 * * * *", "too many slashes: 1/2/3"],
  ["5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"],
  ["*/0 * * * *", "step of range should be a positive number: */0"],
  ["* * 0 * *", "beginning of range (0) below minimum (1): 0"],
  ["@every x", 'failed to parse duration @every x: time: invalid duration "x"'],
  ["TZ=UTC", "invalid schedule format: runtime error: slice bounds out of range [:-1]"],
])("%j is refused", (text, expected) => {
  expect(parseSchedule(text)).toBe(expected);
});
