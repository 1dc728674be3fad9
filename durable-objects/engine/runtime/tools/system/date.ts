/** date, and moments as text. */
import { civil, daysOf, monthNames, type Civil } from "../../civil.ts";
import { options } from "../options.ts";
import { tool } from "../tool.ts";

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const pad = (n: number, width = 2, fill = "0"): string => String(n).padStart(width, fill);

/** Directives of strftime that are computed. */
const directives: Record<string, (t: Civil, ms: number) => string> = {
  Y: (t) => String(t.year),
  C: (t) => pad(Math.floor(t.year / 100)),
  y: (t) => pad(t.year % 100),
  m: (t) => pad(t.month),
  d: (t) => pad(t.day),
  e: (t) => pad(t.day, 2, " "),
  H: (t) => pad(t.hour),
  k: (t) => pad(t.hour, 2, " "),
  I: (t) => pad(t.hour % 12 || 12),
  l: (t) => pad(t.hour % 12 || 12, 2, " "),
  M: (t) => pad(t.minute),
  S: (t) => pad(t.second),
  N: (t) => `${pad(t.ms, 3)}000000`,
  p: (t) => (t.hour < 12 ? "AM" : "PM"),
  P: (t) => (t.hour < 12 ? "am" : "pm"),
  s: (_t, ms) => String(Math.floor(ms / 1000)),
  j: (t) => pad(t.yearday, 3),
  u: (t) => String(t.weekday || 7),
  w: (t) => String(t.weekday),
  a: (t) => days[t.weekday]!.slice(0, 3),
  A: (t) => days[t.weekday]!,
  b: (t) => monthNames[t.month - 1]!.slice(0, 3),
  h: (t) => monthNames[t.month - 1]!.slice(0, 3),
  B: (t) => monthNames[t.month - 1]!,
  U: (t) => pad(Math.floor((t.yearday + 6 - t.weekday) / 7)),
  W: (t) => pad(Math.floor((t.yearday + 6 - ((t.weekday + 6) % 7)) / 7)),
  V: (t) => pad(isoWeek(t).week),
  G: (t) => String(isoWeek(t).year),
  g: (t) => pad(isoWeek(t).year % 100),
};

/** ISO 8601: the week belongs to the year its Thursday is in. */
function isoWeek(t: Civil): { year: number; week: number } {
  const thursday = civil((daysOf(t.year, t.month, t.day) + 4 - (t.weekday || 7)) * 86_400_000);
  return { year: thursday.year, week: Math.floor((thursday.yearday - 1) / 7) + 1 };
}

/** Directives that stand for other text. */
const shorthands: Record<string, string> = {
  D: "%m/%d/%y",
  F: "%Y-%m-%d",
  T: "%H:%M:%S",
  X: "%H:%M:%S",
  R: "%H:%M",
  r: "%I:%M:%S %p",
  c: "%a %b %e %H:%M:%S %Y",
  x: "%m/%d/%y",
  Z: "UTC",
  z: "+0000",
  n: "\n",
  t: "\t",
};

/** strftime. */
export const formatDate = (format: string, ms: number): string =>
  formatMoment(format, civil(ms), ms);

/** strftime of a moment's parts, whether or not there is such a day. */
export function formatMoment(format: string, t: Civil, ms: number): string {
  return format.replace(/%-?([a-zA-Z%])/g, (whole: string, letter: string) => {
    if (letter === "%") return "%";
    const short = shorthands[letter];
    if (short !== undefined) return formatMoment(short, t, ms);
    const text = directives[letter]?.(t, ms) ?? `%${letter}`;
    return whole[1] === "-" ? text.replace(/^[0 ]+(?=.)/, "") : text;
  });
}

/** A moment by its parts; undefined where there is none such. */
function momentOf(
  date: readonly [year: number, month: number, day: number],
  time: readonly (string | undefined)[],
): number | undefined {
  const [hour = 0, minute = 0, second = 0] = time.map((part) => Number(part ?? 0));
  const [year, month, day] = date;
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60)
    return undefined;
  return daysOf(year, month, day) * 86_400_000 + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** `[[CC]YY]MMDDhhmm[.ss]`. */
function parseDigits(text: string, now: number): number | undefined {
  const match = /^(\d\d)?(\d\d)?(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d\d))?$/.exec(text);
  if (!match) return undefined;
  const [, first, second, month, day, ...time] = match;
  const short = Number(first) + (Number(first) < 69 ? 2000 : 1900);
  const year = second !== undefined ? Number(`${first}${second}`) : first ? short : civil(now).year;
  return momentOf([year, Number(month), Number(day)], time);
}

/** `@123`, `2026-01-02 03:04:05`, `2026-01-02T03:04:05Z`, `03:04`, `202601020304.05`: virtual ms. */
export function parseDate(text: string, now: number): number | undefined {
  if (/^@-?\d+$/.test(text)) return Number(text.slice(1)) * 1000;
  if (/^[\d.]+$/.test(text)) return parseDigits(text, now);
  const clock = /^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(text);
  if (clock) {
    const { year, month, day } = civil(now);
    return momentOf([year, month, day], clock.slice(1));
  }
  const full = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?(?:Z| ?UTC)?$/.exec(text);
  if (!full) return text === "now" ? now : undefined;
  return momentOf([Number(full[1]), Number(full[2]), Number(full[3])], full.slice(4));
}

/** What the directives of `-D FORMAT` read. */
const reads: Record<string, RegExp> = {
  Y: /\d{4}/y,
  m: /\d\d?/y,
  d: /\d\d?/y,
  e: / ?\d\d?/y,
  H: /\d\d?/y,
  M: /\d\d?/y,
  S: /\d\d?/y,
  b: /[A-Za-z]{3}/y,
  a: /[A-Za-z]{3}/y,
  s: /\d{1,18}/y,
  Z: /[A-Z]+/y,
  z: /[-+]\d{4}/y,
};
const composed: Record<string, string> = { T: "%H:%M:%S", F: "%Y-%m-%d", R: "%H:%M" };

/** What each directive of a format read, as strptime goes: forwards only. Undefined: the text is another. */
function fieldsOf(format: string, text: string): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  const given = text.trim();
  let at = 0;
  for (let i = 0; i < format.length; i++) {
    const name = format[i + 1] ?? "";
    const read = format[i] === "%" && Object.hasOwn(reads, name) ? reads[name] : undefined;
    if (!read) {
      if (format[i] === "%" && name === "%") i++;
      if (given[at++] !== format[i]) return undefined;
      continue;
    }
    read.lastIndex = at;
    const part = read.exec(given)?.[0];
    if (part === undefined) return undefined;
    found[name === "e" ? "d" : name] = part.trim();
    at += part.length;
    i++;
  }
  return at === given.length ? found : undefined;
}

/** strptime, as far as dates in logs and certificates go. */
function parseWith(format: string, text: string, now: number): number | undefined {
  const found = fieldsOf(
    format.replace(/%([TFR])/g, (_, c: string) => composed[c]!),
    text,
  );
  if (!found) return undefined;
  if (found.s !== undefined) return Number(found.s) * 1000;
  const today = civil(now);
  const named = monthNames.findIndex((name) => name.slice(0, 3) === found.b) + 1;
  const month = named || Number(found.m ?? today.month);
  return momentOf(
    [Number(found.Y ?? today.year), month, Number(found.d ?? today.day)],
    [found.H, found.M, found.S],
  );
}

export const date = tool("date", (io) => {
  io.args.splice(0, io.args.length, ...io.args.map((arg) => (arg === "-I" ? "-Idate" : arg)));
  const opts = options(io, "d:uRr:s:I:D:", {
    date: "d",
    utc: "u",
    "rfc-2822": "R",
    reference: "r",
    set: "s",
  });
  let now = io.sys.now;
  const text = opts.value("d");
  const shape = opts.value("D");
  if (text !== undefined)
    now =
      (shape === undefined ? parseDate(text, now) : parseWith(shape, text, now)) ??
      io.fail(`invalid date '${text}'`);
  const file = opts.value("r");
  if (file !== undefined && !io.try(`can't stat '${file}'`, () => (now = io.sys.stat(file).mtime)))
    return 1;
  if (opts.has("s")) return io.fail("can't set date: Operation not permitted");
  const format = opts.rest[0];
  if (format !== undefined && !format.startsWith("+")) return io.fail(`invalid date '${format}'`);
  if (opts.rest[1] !== undefined) return io.fail(`invalid date '${opts.rest[1]}'`);
  const iso: Record<string, string> = {
    hours: "%Y-%m-%dT%H+00:00",
    minutes: "%Y-%m-%dT%H:%M+00:00",
    seconds: "%Y-%m-%dT%H:%M:%S+00:00",
    s: "%Y-%m-%dT%H:%M:%S+00:00",
    date: "%Y-%m-%d",
  };
  const plain = opts.has("R")
    ? "%a, %d %b %Y %H:%M:%S %z"
    : opts.has("I")
      ? (iso[opts.value("I")!] ?? "%Y-%m-%d")
      : "%a %b %e %H:%M:%S %Z %Y";
  io.out(`${formatDate(format?.slice(1) ?? plain, now)}\n`);
  return 0;
});
