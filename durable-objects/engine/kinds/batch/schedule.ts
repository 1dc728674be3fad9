/** Schedules of CronJobs: five fields or `@daily`, `@every 90m`. As github.com/robfig/cron/v3 ParseStandard and Next. */
import { lookup } from "../../core/lookup.ts";
import { calendar } from "../../core/clock.ts";
import { goQuote } from "../../machinery/field.ts";
import { parseGoDuration } from "../../machinery/duration.ts";
import { fromLocal, isTimeZone, nextMonth, offsetMs } from "../../machinery/time-zone.ts";

interface Field {
  values: ReadonlySet<number>;
  /** Any value: days of months and weekdays are then both to fit, else one of them. */
  star: boolean;
}
interface Fields {
  minute: Field;
  hour: Field;
  day: Field;
  month: Field;
  weekday: Field;
}
export type Schedule = { everyMs: number } | { fields: Fields; zone: string };

interface Bounds {
  min: number;
  max: number;
  names: readonly string[];
}

const bounds: Record<keyof Fields, Bounds> = {
  minute: { min: 0, max: 59, names: [] },
  hour: { min: 0, max: 23, names: [] },
  day: { min: 1, max: 31, names: [] },
  month: {
    min: 1,
    max: 12,
    names: "jan feb mar apr may jun jul aug sep oct nov dec".split(" "),
  },
  weekday: { min: 0, max: 6, names: "sun mon tue wed thu fri sat".split(" ") },
};

const descriptors: Readonly<Record<string, string>> = lookup({
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
});

class ScheduleError extends Error {}

function fail(text: string): never {
  throw new ScheduleError(text);
}

function integer(text: string): number {
  if (!/^[-+]?[0-9]+$/.test(text))
    fail(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${goQuote(text)}: invalid syntax`,
    );
  const value = Number(text);
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER)
    fail(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${goQuote(text)}: value out of range`,
    );
  if (value < 0) fail(`negative number (${value}) not allowed: ${text}`);
  return value;
}

function named(text: string, { min, names }: Bounds): number {
  const index = names.indexOf(text.toLowerCase());
  return index < 0 ? integer(text) : index + min;
}

/** robfig/cron: getRange */
function addRange(expression: string, of: Bounds, values: Set<number>): boolean {
  const [range = "", stepText, ...more] = expression.split("/");
  const [low = "", high, ...rest] = range.split("-");
  const star = low === "*" || low === "?";
  const start = star ? of.min : named(low, of);
  if (!star && rest.length) fail(`too many hyphens: ${expression}`);
  let end = star ? of.max : high === undefined ? start : named(high, of);
  if (more.length) fail(`too many slashes: ${expression}`);
  const step = stepText === undefined ? 1 : integer(stepText);
  if (stepText !== undefined && high === undefined) end = of.max;
  if (start < of.min)
    fail(`beginning of range (${start}) below minimum (${of.min}): ${expression}`);
  if (end > of.max) fail(`end of range (${end}) above maximum (${of.max}): ${expression}`);
  if (start > end)
    fail(`beginning of range (${start}) beyond end of range (${end}): ${expression}`);
  if (step === 0) fail(`step of range should be a positive number: ${expression}`);
  for (let value = start; value <= end; value += step) values.add(value);
  return star && step === 1;
}

function fieldOf(text: string, of: Bounds): Field {
  const values = new Set<number>();
  let star = false;
  for (const expression of text.split(","))
    if (expression !== "" && addRange(expression, of, values)) star = true;
  return { values, star };
}

function parse(text: string, zone: string): Schedule {
  if (text === "") fail("empty spec string");
  if (/^(CRON_)?TZ=/.test(text)) {
    const space = text.indexOf(" ");
    if (space < 0) fail("invalid schedule format: runtime error: slice bounds out of range [:-1]");
    const other = text.slice(text.indexOf("=") + 1, space);
    if (!isTimeZone(other)) fail(`provided bad location ${other}: unknown time zone ${other}`);
    return parse(text.slice(space).trim(), other);
  }
  const every = "@every ";
  if (text.startsWith(every)) {
    const duration = text.slice(every.length);
    const ms = parseGoDuration(duration);
    if (Number.isNaN(ms))
      fail(`failed to parse duration ${text}: time: invalid duration ${goQuote(duration)}`);
    return { everyMs: Math.max(1000, Math.floor(ms / 1000) * 1000) };
  }
  const described = descriptors[text];
  if (text.startsWith("@") && described === undefined) fail(`unrecognized descriptor: ${text}`);
  const parts = (described ?? text).split(/\s+/).filter((part) => part !== "");
  if (parts.length !== 5)
    fail(`expected exactly 5 fields, found ${parts.length}: [${parts.join(" ")}]`);
  const [minute, hour, day, month, weekday] = (
    ["minute", "hour", "day", "month", "weekday"] as const
  ).map((key, i) => fieldOf(parts[i] ?? "", bounds[key])) as [Field, Field, Field, Field, Field];
  return { zone, fields: { minute, hour, day, month, weekday } };
}

/** A schedule, or what is wrong with its text. */
export function parseSchedule(text: string, zone = ""): Schedule | string {
  try {
    return parse(text, zone);
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    return error.message;
  }
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The first moment after `after`; Infinity where none comes within five years. Go: SpecSchedule.Next */
export function nextRun(schedule: Schedule, after: number): number {
  if (!Number.isFinite(after)) return Number.POSITIVE_INFINITY;
  const second = Math.floor(after / 1000) * 1000;
  if ("everyMs" in schedule) return second + schedule.everyMs;
  const { fields, zone } = schedule;
  if (Object.values(fields).some((field: Field) => field.values.size === 0))
    return Number.POSITIVE_INFINITY;
  const search = new Search(zone, Math.ceil((second + 1000) / minuteMs) * minuteMs);
  return search.run(fields);
}

/** A moment that goes forward, seen in local time. */
class Search {
  readonly #zone: string;
  #at: number;

  constructor(zone: string, at: number) {
    this.#zone = zone;
    this.#at = at;
  }

  get #local(): number {
    return this.#at + offsetMs(this.#zone, this.#at);
  }

  run(fields: Fields): number {
    const lastYear = calendar(this.#local).year + 5;
    for (;;) {
      const now = calendar(this.#local);
      if (now.year > lastYear) return Number.POSITIVE_INFINITY;
      const midnight = Math.floor(this.#local / dayMs) * dayMs;
      if (!fields.month.values.has(now.month))
        this.#goTo(nextMonth(midnight - (now.day - 1) * dayMs));
      else if (!fits(fields, now.day, now.weekday)) this.#goTo(midnight + dayMs);
      else if (!fields.hour.values.has(now.hour))
        this.#at = this.#at - (this.#at % minuteMs) + (60 - now.minute) * minuteMs;
      else if (!fields.minute.values.has(now.minute)) this.#at += minuteMs;
      else return this.#at;
    }
  }

  /** A local midnight; where it is skipped, the first moment of the day. */
  #goTo(local: number): void {
    const at = fromLocal(this.#zone, local);
    const off = at + offsetMs(this.#zone, at) - local;
    this.#at = Math.max(this.#at + minuteMs, off < 0 ? at - off : at);
  }
}

function fits({ day, weekday }: Fields, dayOfMonth: number, dayOfWeek: number): boolean {
  const [month, week] = [day.values.has(dayOfMonth), weekday.values.has(dayOfWeek)];
  return day.star || weekday.star ? month && week : month || week;
}
