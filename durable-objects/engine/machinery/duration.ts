/** Durations as Kubernetes prints them. All inputs and outputs are milliseconds. */
import { trimEndOf } from "../core/trim.ts";
import { parseTime } from "../core/clock.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** `<n><unit>`, followed by the next smaller unit unless that is zero. */
const pair = (n: number, unit: string, rest: number, restUnit: string): string =>
  rest === 0 ? `${n}${unit}` : `${n}${unit}${rest}${restUnit}`;

/** `5s`, `2m5s`, `45m`, `3h10m`, `12h`, `2d4h`, `40d`, `2y30d`. k8s: apimachinery/pkg/util/duration HumanDuration */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / SECOND);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (days < 8) return pair(days, "d", hours % 24, "h");
  if (days < 365 * 2) return `${days}d`;
  const years = Math.trunc(days / 365);
  return years < 8 ? pair(years, "y", days % 365, "d") : `${years}y`;
}

/** One unit only: `59s`, `3m`, `23h`, `364d`, `2y`. k8s: apimachinery/pkg/util/duration ShortHumanDuration */
export function shortHumanDuration(ms: number): string {
  const seconds = Math.trunc(ms / SECOND);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.trunc(seconds / 60)}m`;
  const hours = Math.trunc(seconds / 3600);
  if (hours < 24) return `${hours}h`;
  if (hours < 24 * 365) return `${Math.trunc(hours / 24)}d`;
  return `${Math.trunc(hours / 24 / 365)}y`;
}

/** The AGE column: `<unknown>` without a timestamp. k8s: pkg/printers/internalversion translateTimestampSince */
export function ageOf(timestamp: string | undefined | null, nowMs: number): string {
  const then = parseTime(timestamp ?? undefined);
  return Number.isNaN(then) ? "<unknown>" : humanDuration(nowMs - then);
}

/** Time still to come: `<unknown>` without a timestamp. k8s: translateTimestampUntil */
export function untilOf(timestamp: string | undefined | null, nowMs: number): string {
  const then = parseTime(timestamp ?? undefined);
  return Number.isNaN(then) ? "<unknown>" : humanDuration(then - nowMs);
}

/** Whole and decimal part without trailing zeros: `1.5`. */
function decimal(nanos: bigint, unit: bigint, digits: number): string {
  const fraction = trimEndOf((nanos % unit).toString().padStart(digits, "0"), "0");
  return `${nanos / unit}${fraction ? `.${fraction}` : ""}`;
}

/** Go's time.Duration.String: `0s`, `1.5s`, `300ms`, `1m30s`, `1h0m0s`. */
export function goDuration(ms: number): string {
  let nanos = BigInt(Math.round(ms * 1e6));
  if (nanos === 0n) return "0s";
  const sign = nanos < 0n ? "-" : "";
  if (nanos < 0n) nanos = -nanos;
  if (nanos < 1_000n) return `${sign}${nanos}ns`;
  if (nanos < 1_000_000n) return `${sign}${decimal(nanos, 1_000n, 3)}µs`;
  if (nanos < 1_000_000_000n) return `${sign}${decimal(nanos, 1_000_000n, 6)}ms`;
  const totalSeconds = nanos / 1_000_000_000n;
  const hours = totalSeconds / 3600n;
  const minutes = (totalSeconds / 60n) % 60n;
  const seconds = `${decimal(nanos % 60_000_000_000n, 1_000_000_000n, 9)}s`;
  if (hours) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

const UNIT_MS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: SECOND,
  m: MINUTE,
  h: HOUR,
};

/** Go's time.ParseDuration in ms, NaN for what it would refuse. */
export function parseGoDuration(text: string): number {
  const sign = /^[-+]/.test(text) ? text[0] : "";
  let rest = sign ? text.slice(1) : text;
  if (rest === "0") return 0;
  if (!rest) return Number.NaN;
  let total = 0;
  while (rest) {
    const part = /^(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/.exec(rest);
    if (!part) return Number.NaN;
    total += Number(part[1]) * (UNIT_MS[part[2] as string] as number);
    rest = rest.slice(part[0].length);
  }
  return sign === "-" ? -total : total;
}
