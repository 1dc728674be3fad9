/** Moments: as seconds, as "broken down time", as text. */
import { civil, daysOf, monthNames, type Civil } from "../../civil.ts";
import { formatMoment } from "../system/date.ts";
import type { Native } from "./native.ts";
import { fail, type Value } from "./values.ts";

function brokenDown(seconds: Value, name: string): Value {
  if (typeof seconds !== "number") return fail(`${name}() requires numeric inputs`);
  const whole = Math.floor(seconds);
  const t = civil(whole * 1000);
  return [
    t.year,
    t.month - 1,
    t.day,
    t.hour,
    t.minute,
    t.second + (seconds - whole),
    t.weekday,
    t.yearday - 1,
  ];
}

/** Eight numbers; undefined: they are not. */
function numbersOf(value: Value): number[] | undefined {
  if (!Array.isArray(value) || value.length < 8) return undefined;
  return value.every((one) => typeof one === "number") ? (value as number[]) : undefined;
}

function momentOf(value: Value, name: string): number {
  const numbers = numbersOf(value);
  if (!numbers) return fail(`${name} requires parsed datetime inputs`);
  const [year, month, day, hour, minute, second] = numbers.map(Math.trunc) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const years = year + Math.floor(month / 12);
  const days = daysOf(years, (((month % 12) + 12) % 12) + 1, 1) + day - 1;
  return days * 86_400 + hour * 3_600 + minute * 60 + second;
}

function written(value: Value, format: Value, name: string): Value {
  if (typeof value !== "number" && !Array.isArray(value))
    return fail(`${name} requires parsed datetime inputs`);
  if (typeof format !== "string") return fail(`${name} requires a string format`);
  const parts = typeof value === "number" ? brokenDown(value, "gmtime") : value;
  const numbers = numbersOf(parts);
  if (!numbers) return fail(`${name} requires parsed datetime inputs`);
  // What the fields say is printed, even where there is no such day.
  const [year, month, day, hour, minute, second, weekday, yearday] = numbers.map(Math.trunc) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const moment: Civil = {
    year,
    month: month + 1,
    day,
    hour,
    minute,
    second,
    ms: 0,
    weekday,
    yearday: yearday + 1,
  };
  return formatMoment(format, moment, momentOf(parts, name) * 1000);
}

const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

type Fields = Record<"year" | "month" | "day" | "hour" | "minute" | "second", number> & {
  yearday?: number;
  weekday?: number;
  afternoon?: boolean;
  epoch?: number;
};

const put =
  (name: keyof Fields, shift = 0) =>
  (fields: Fields, text: string): void => {
    (fields as Record<string, number>)[name] = Number(text) + shift;
  };
const named = (text: string, list: string[]): number =>
  list.findIndex((one) => one.toLowerCase().slice(0, 3) === text.toLowerCase().slice(0, 3));

const readers: Record<string, [RegExp, (fields: Fields, text: string) => void]> = {
  Y: [/^[+-]?\d{1,4}/, put("year")],
  m: [/^(1[0-2]|0?[1-9])/, put("month", -1)],
  d: [/^ ?(3[01]|[12]\d|0?[1-9])/, put("day")],
  H: [/^(2[0-3]|[01]?\d)/, put("hour")],
  I: [/^(1[0-2]|0?[1-9])/, put("hour")],
  M: [/^[0-5]?\d/, put("minute")],
  S: [/^(6[01]|[0-5]?\d)/, put("second")],
  j: [/^\d{1,3}/, put("yearday", -1)],
  y: [/^\d{1,2}/, (f, text) => (f.year = Number(text) + (Number(text) < 69 ? 2000 : 1900))],
  s: [/^\d+/, put("epoch")],
  p: [/^[ap]m/i, (f, text) => (f.afternoon = /^p/i.test(text))],
  Z: [/^[A-Za-z]*/, () => undefined],
  z: [/^(Z|[+-]\d\d:?(\d\d)?)/, () => undefined],
  a: [/^(sun|mon|tue|wed|thu|fri|sat)[a-z]*/i, (f, text) => (f.weekday = named(text, dayNames))],
  b: [
    /^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*/i,
    (f, text) => (f.month = named(text, monthNames)),
  ],
};
const same: Record<string, string> = { e: "d", k: "H", l: "I", B: "b", h: "b", A: "a" };
const shorthands: Record<string, string> = {
  T: "%H:%M:%S",
  R: "%H:%M",
  F: "%Y-%m-%d",
  D: "%m/%d/%y",
};

function readMoment(text: string, format: string): Fields | undefined {
  const fields: Fields = { year: 1900, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  let at = 0;
  const full = format.replace(/%([TRFD])/g, (_, c: string) => shorthands[c]!);
  for (let i = 0; i < full.length; i++) {
    const c = full[i]!;
    if (/\s/.test(c)) {
      while (/\s/.test(text[at] ?? "")) at++;
      continue;
    }
    const letter = c === "%" ? full[++i] : undefined;
    if (letter === undefined || letter === "%") {
      if (text[at] !== c) return undefined;
      at++;
      continue;
    }
    const reader = readers[same[letter] ?? letter];
    const found = reader?.[0].exec(text.slice(at, at + 40));
    if (!reader || !found) return undefined;
    reader[1](fields, found[0]);
    at += found[0].length;
  }
  return at === text.length ? fields : undefined;
}

function parsedMoment(value: Value, format: Value): Value {
  if (typeof value !== "string" || typeof format !== "string")
    return fail("strptime/1 requires string inputs and arguments");
  const fields = readMoment(value, format);
  if (!fields) return fail(`date "${value}" does not match format "${format}"`);
  if (fields.epoch !== undefined) return brokenDown(fields.epoch, "gmtime");
  if (fields.afternoon !== undefined)
    fields.hour = (fields.hour % 12) + (fields.afternoon ? 12 : 0);
  const days =
    fields.yearday === undefined
      ? daysOf(fields.year, fields.month + 1, 1) + fields.day - 1
      : daysOf(fields.year, 1, 1) + fields.yearday;
  const t = civil(days * 86_400_000);
  if (fields.day === 0 && fields.yearday === undefined)
    return [
      fields.year,
      fields.month,
      0,
      fields.hour,
      fields.minute,
      fields.second,
      t.weekday,
      t.yearday - 1,
    ];
  return [
    t.year,
    t.month - 1,
    t.day,
    fields.hour,
    fields.minute,
    fields.second,
    t.weekday,
    t.yearday - 1,
  ];
}

export const timeNatives: Record<string, Native> = {
  "now/0": { one: (machine) => machine.outside.now() },
  "gmtime/0": { one: (_, value) => brokenDown(value, "gmtime") },
  "localtime/0": { one: (_, value) => brokenDown(value, "localtime") },
  "mktime/0": {
    one: (_, value) =>
      Array.isArray(value) ? momentOf(value, "mktime") : fail("mktime requires array inputs"),
  },
  "strftime/1": { one: (_, value, [format]) => written(value, format!, "strftime/1") },
  "strflocaltime/1": { one: (_, value, [format]) => written(value, format!, "strflocaltime/1") },
  "strptime/1": { one: (_, value, [format]) => parsedMoment(value, format!) },
};
