/** Moments and spans as Go reads and writes them, in nanoseconds. Go: time.Parse, time.ParseDuration */
import { calendar, parseTime } from "../core/clock.ts";
import { trimEndOf } from "../core/trim.ts";

const second = 1_000_000_000n;

/** The years 1 and 9999. cel-go: common/types minUnixTime, maxUnixTime */
const firstSecond = -62_135_596_800n;
const lastSecond = 253_402_300_799n;

export const withinTime = (nanoseconds: bigint): boolean => {
  const seconds = floorDivide(nanoseconds, second);
  return seconds >= firstSecond && seconds <= lastSecond;
};
export const withinInt64 = (value: bigint): boolean => BigInt.asIntN(64, value) === value;

export function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

const moment =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-](?:[01]\d|2[0-4]):[0-5]\d)$/;

/** Of an RFC 3339 text. */
export function timestampOf(text: string): bigint | undefined {
  const found = moment.exec(text);
  if (!found) return undefined;
  const [, year, month, day, hour, minute, seconds, fraction = ""] = found;
  const base = dateOf(`${year}-${month}-${day}`);
  if (base === undefined || Number(hour) > 23 || Number(minute) > 59 || Number(seconds) > 59) {
    return undefined;
  }
  const zone = found[8]!;
  const offset =
    zone === "Z"
      ? 0
      : (zone[0] === "-" ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4)));
  const clock = Number(hour) * 3600 + (Number(minute) - offset) * 60 + Number(seconds);
  return base + BigInt(clock) * second + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
}

/** Of a `2006-01-02`. */
export function dateOf(text: string): bigint | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const ms = parseTime(`${text}T00:00:00Z`);
  // The platform lets days run over into the next month.
  if (Number.isNaN(ms) || calendar(ms).day !== Number(text.slice(8))) return undefined;
  return BigInt(ms) * 1_000_000n;
}

const pad = (value: number, width = 2): string => String(value).padStart(width, "0");

/** RFC 3339 with as many digits of a second as there are. */
export function timestampText(nanoseconds: bigint): string {
  const seconds = floorDivide(nanoseconds, second);
  const parts = calendar(Number(seconds) * 1000);
  const digits = trimEndOf(pad(Number(nanoseconds - seconds * second), 9), "0");
  const date = `${pad(parts.year, 4)}-${pad(parts.month)}-${pad(parts.day)}`;
  const clock = `${pad(parts.hour)}:${pad(parts.minute)}:${pad(parts.second)}`;
  return `${date}T${clock}${digits ? `.${digits}` : ""}Z`;
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: second,
  m: 60n * second,
  h: 3600n * second,
};

const spanPart = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y;

/** Of `1h30m`, `-1.5s`. */
export function durationOf(text: string): bigint | undefined {
  const negative = text.startsWith("-");
  const from = negative || text.startsWith("+") ? 1 : 0;
  if (text.slice(from) === "0") return 0n;
  let total = 0n;
  spanPart.lastIndex = from;
  if (from === text.length) return undefined;
  while (spanPart.lastIndex < text.length) {
    const found = spanPart.exec(text);
    if (!found || (found[1] === "" && !found[2])) return undefined;
    const unit = units[found[3]!]!;
    const fraction = (found[2] ?? "").slice(0, 18);
    total += BigInt(found[1] || "0") * unit;
    total += (BigInt(fraction || "0") * unit) / 10n ** BigInt(fraction.length);
    if (total > 1n << 63n) return undefined;
  }
  const value = negative ? -total : total;
  return withinInt64(value) ? value : undefined;
}

const wordUnits: readonly [names: readonly string[], unit: bigint][] = [
  [["ns", "nano"], 1n],
  [["us", "µs", "micro"], 1_000n],
  [["ms", "milli"], 1_000_000n],
  [["s", "sec"], second],
  [["m", "min"], 60n * second],
  [["h", "hr", "hour"], 3600n * second],
  [["d", "day"], 86_400n * second],
  [["w", "week", "wk"], 604_800n * second],
];

/** As OpenAPI's format `duration` is read: `3 days` too. go-openapi: strfmt.ParseDuration */
export function openApiDuration(text: string): bigint | undefined {
  const plain = durationOf(text);
  if (plain !== undefined) return plain;
  const found = /^(-?) ?(\d{1,18})(?:\.(\d{1,9}))?\s{0,9}([A-Za-zµ]{1,20})/.exec(text);
  if (!found) return undefined;
  const word = found[4]!.toLowerCase();
  const unit = wordUnits.find(([names]) =>
    names.some((name) => word === name || word === `${name}s`),
  );
  if (!unit) return undefined;
  const fraction = found[3] ?? "";
  const size =
    BigInt(found[2]!) * unit[1] +
    (BigInt(fraction || "0") * unit[1]) / 10n ** BigInt(fraction.length);
  return found[1] ? -size : size;
}

/** Seconds as a decimal number: `1.5s`. */
export function durationText(nanoseconds: bigint): string {
  return `${Number(nanoseconds) / 1e9}s`;
}

/** Minutes east of Greenwich of `+01:30`, `-08:00` or UTC; undefined: another way to name a zone. */
export function fixedOffset(zone: string): number | undefined {
  if (zone === "" || zone === "UTC") return 0;
  const found = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (!found) return undefined;
  const minutes = Number(found[2]) * 60 + Number(found[3]);
  return found[1] === "-" ? -minutes : minutes;
}
