/**
 * RFC 3339 times as Go reads and writes them: text in, canonical UTC text out. k8s: meta/v1/time.go,
 * micro_time.go; error texts are those of Go's time.Parse.
 */
import { goQuote } from "../machinery/field.ts";

const secondsLayout = "2006-01-02T15:04:05Z07:00";
const microLayout = "2006-01-02T15:04:05.000000Z07:00";

/** A moment: whole seconds since 1970 (UTC) and nanoseconds within the second. */
export interface Moment {
  seconds: number;
  nanos: number;
}

/** Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

const pad = (n: number, width: number): string => String(n).padStart(width, "0");

/** `2006-01-02T15:04:05` in UTC. */
function civil(seconds: number): string {
  const days = Math.floor(seconds / 86400);
  const rest = seconds - days * 86400;
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36524) -
      Math.floor(dayOfEra / 146096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const m = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * m + 2) / 5) + 1;
  const month = m < 10 ? m + 3 : m - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const hours = Math.floor(rest / 3600);
  const minutes = Math.floor((rest % 3600) / 60);
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${pad(hours, 2)}:${pad(minutes, 2)}:${pad(rest % 60, 2)}`;
}

export const formatSeconds = (m: Moment): string => `${civil(m.seconds)}Z`;
export const formatMicros = (m: Moment): string =>
  `${civil(m.seconds)}.${pad(Math.floor(m.nanos / 1000), 6)}Z`;

/** The zero time of Go, 0001-01-01: written as null. */
export const zeroSeconds = -62135596800;

/** One element of a layout: how many digits (or which literal), and its text in errors. */
const elements: readonly { text: string; digits?: number }[] = [
  { text: "2006", digits: 4 },
  { text: "-" },
  { text: "01", digits: 2 },
  { text: "-" },
  { text: "02", digits: 2 },
  { text: "T" },
  { text: "15", digits: 2 },
  { text: ":" },
  { text: "04", digits: 2 },
  { text: ":" },
  { text: "05", digits: 2 },
];
const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const isLeap = (y: number): boolean => y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0);

function rangeProblem(parts: number[]): string | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  if (month < 1 || month > 12) return "month out of range";
  if (hour > 23) return "hour out of range";
  if (minute > 59) return "minute out of range";
  if (second > 59) return "second out of range";
  const last = month === 2 && isLeap(year) ? 29 : (daysOfMonth[month - 1] ?? 0);
  return day < 1 || day > last ? "day out of range" : undefined;
}

const canonicalSeconds = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z$/;

function readMoment(text: string, micro: boolean): Moment | string {
  const layout = micro ? microLayout : secondsLayout;
  const cannot = (rest: string, element: string): string =>
    `parsing time ${goQuote(text)} as ${goQuote(layout)}: cannot parse ${goQuote(rest)} as ${goQuote(element)}`;
  const parts: number[] = [];
  let at = 0;
  for (const { text: element, digits } of elements) {
    // Go takes an hour of one digit.
    const width = element === "15" && !/^\d\d/.test(text.slice(at)) ? 1 : (digits ?? 1);
    const piece = text.slice(at, at + width);
    const fits =
      digits === undefined ? piece === element : piece.length === width && /^\d+$/.test(piece);
    if (!fits) return cannot(text.slice(at), element);
    if (digits !== undefined) parts.push(Number(piece));
    at += piece.length;
  }
  const fraction = /^[.,](\d+)/.exec(text.slice(at));
  let nanos = 0;
  if (micro && fraction?.[1]?.length !== 6) return cannot(text.slice(at), ".000000");
  if (fraction) {
    nanos = Number((fraction[1] ?? "").slice(0, 9).padEnd(9, "0"));
    at += fraction[0].length;
  }
  const zone = /^(?:Z|([+-])(\d\d):(\d\d))/.exec(text.slice(at));
  const problem = rangeProblem(parts);
  if (!zone)
    return problem && !micro
      ? `parsing time ${goQuote(text)}: ${problem}`
      : cannot(text.slice(at), "Z07:00");
  at += zone[0].length;
  if (at < text.length)
    return `parsing time ${goQuote(text)}: extra text: ${goQuote(text.slice(at))}`;
  if (problem) return `parsing time ${goQuote(text)}: ${problem}`;
  if (Number(zone[2] ?? 0) > 24) {
    return `parsing time ${goQuote(text)}: time zone offset hour out of range`;
  }
  if (Number(zone[3] ?? 0) > 60) {
    return `parsing time ${goQuote(text)}: time zone offset minute out of range`;
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const offset = (zone[1] === "-" ? -1 : 1) * (Number(zone[2] ?? 0) * 60 + Number(zone[3] ?? 0));
  const seconds =
    daysFromCivil(year, month, day) * 86400 + hour * 3600 + (minute - offset) * 60 + second;
  return { seconds, nanos };
}

/** The moment of an RFC 3339 text, or Go's error text. */
export const parseTime = (text: string): Moment | string => readMoment(text, false);
/** Likewise with exactly six digits of fraction. */
export const parseMicroTime = (text: string): Moment | string => readMoment(text, true);

export type TimeResult = { text: string | null } | { error: string };

/** Canonical text of a Time (UTC, whole seconds); null for Go's zero time. */
export function canonicalTime(text: string): TimeResult {
  const match = canonicalSeconds.exec(text);
  if (match) {
    const parts = [1, 2, 3, 4, 5, 6].map((i) => Number(match[i]));
    if (parts[0] !== 1 && !rangeProblem(parts)) return { text };
  }
  const moment = parseTime(text);
  if (typeof moment === "string") return { error: moment };
  return { text: moment.seconds === zeroSeconds && !moment.nanos ? null : formatSeconds(moment) };
}

/** Canonical text of a MicroTime (UTC, microseconds); null for Go's zero time. */
export function canonicalMicroTime(text: string): TimeResult {
  const moment = parseMicroTime(text);
  if (typeof moment === "string") return { error: moment };
  return { text: moment.seconds === zeroSeconds && !moment.nanos ? null : formatMicros(moment) };
}
