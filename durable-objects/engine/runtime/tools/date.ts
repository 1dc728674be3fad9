/** date, and moments as text. */
import { civil, daysOf, type Civil } from "../civil.ts";
import { options } from "./options.ts";
import { tool } from "./tool.ts";

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

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
  b: (t) => months[t.month - 1]!.slice(0, 3),
  h: (t) => months[t.month - 1]!.slice(0, 3),
  B: (t) => months[t.month - 1]!,
  U: (t) => pad(Math.floor((t.yearday + 6 - t.weekday) / 7)),
  V: (t) => pad(Math.floor((t.yearday - (t.weekday || 7) + 10) / 7)),
};

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
export function formatDate(format: string, ms: number): string {
  const t = civil(ms);
  return format.replace(/%-?([a-zA-Z%])/g, (whole: string, letter: string) => {
    if (letter === "%") return "%";
    const short = shorthands[letter];
    if (short !== undefined) return formatDate(short, ms);
    const text = directives[letter]?.(t, ms) ?? `%${letter}`;
    return whole[1] === "-" ? text.replace(/^[0 ]+(?=.)/, "") : text;
  });
}

/** `@123`, `2026-01-02 03:04:05`, `2026-01-02T03:04:05Z`: virtual ms. */
export function parseDate(text: string, now: number): number | undefined {
  if (/^@-?\d+/.test(text)) return Number(text.slice(1)) * 1000;
  const full = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?(?:Z| ?UTC)?$/.exec(text);
  if (!full) return text === "now" ? now : undefined;
  const ms =
    daysOf(Number(full[1]), Number(full[2]), Number(full[3])) * 86_400_000 +
    Number(full[4] ?? 0) * 3_600_000 +
    Number(full[5] ?? 0) * 60_000 +
    Number(full[6] ?? 0) * 1000;
  return Number.isNaN(ms) ? undefined : ms;
}

export const date = tool("date", (io) => {
  const opts = options(io, "d:uRr:s:I:D:", { date: "d", utc: "u", "rfc-2822": "R" });
  let now = io.sys.now;
  const text = opts.value("d");
  if (text !== undefined) now = parseDate(text, now) ?? io.fail(`invalid date '${text}'`);
  const file = opts.value("r");
  if (file !== undefined) now = io.sys.stat(file).mtime;
  if (opts.has("s")) return io.fail("can't set date: Operation not permitted");
  const format = opts.rest[0];
  if (format !== undefined && !format.startsWith("+")) return io.fail(`invalid date '${format}'`);
  const iso: Record<string, string> = {
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
