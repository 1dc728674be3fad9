/** Moments as systemd's tools take them. systemd: src/basic/time-util.c parse_timestamp, parse_time; systemd.time(7) */
import { lookup } from "../../core/lookup.ts";
import { parseTime } from "../../core/clock.ts";

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Units of spans, by all their names. */
const spans: [names: string, ms: number][] = [
  ["usec us µs", 0.001],
  ["msec ms", 1],
  ["seconds second sec s", secondMs],
  ["minutes minute min m", minuteMs],
  ["hours hour hr h", hourMs],
  ["days day d", dayMs],
  ["weeks week w", 7 * dayMs],
  ["months month M", 30.44 * dayMs],
  ["years year y", 365.25 * dayMs],
];
const unitMs = new Map(spans.flatMap(([names, ms]) => names.split(" ").map((name) => [name, ms])));

/** `2h 30min`; a number alone is of seconds. Undefined: it is none. */
function spanMs(text: string): number | undefined {
  let sum = 0;
  let rest = text.trim();
  if (rest === "") return undefined;
  while (rest !== "") {
    const [whole, number, unit] = /^(\d+(?:\.\d+)?) ?([a-zA-Zµ]*) ?/.exec(rest) ?? [];
    const ms = unit === "" ? secondMs : unitMs.get(unit ?? "");
    if (whole === undefined || ms === undefined) return undefined;
    sum += Number(number) * ms;
    rest = rest.slice(whole.length);
  }
  return sum;
}

const days: Record<string, number> = lookup({ yesterday: -1, today: 0, tomorrow: 1 });

/** Virtual ms of `today`, `-5min`, `1 hour ago`, `2026-01-01 10:00`, `10:00`, `@1767225600`, in UTC; undefined: it is none. */
export function systemdTime(text: string, nowMs: number): number | undefined {
  const midnight = nowMs - (nowMs % dayMs);
  if (text === "now") return nowMs;
  const day = days[text];
  if (day !== undefined) return midnight + day * dayMs;
  if (/^@\d+(\.\d+)?$/.test(text)) return Number(text.slice(1)) * secondMs;
  const relative = /^([+-])(.*)$/.exec(text) ?? /^(.*) (ago|left)$/.exec(text);
  if (relative) {
    const [, first = "", second = ""] = relative;
    const isBehind = first === "-" || second === "ago";
    const ms = spanMs(/^[+-]$/.test(first) ? second : first);
    return ms === undefined ? undefined : nowMs + (isBehind ? -ms : ms);
  }
  const found =
    /^(?:(\d{4}-\d\d-\d\d)(?:[ T]|$))?(?:(\d\d:\d\d)(?::(\d\d(?:\.\d{1,6})?))?)?(?: ?UTC|Z)?$/.exec(
      text,
    );
  const [, date, time = "00:00", seconds = "00"] = found ?? [];
  if (!found || (date === undefined && found[2] === undefined)) return undefined;
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  const clock = hours * hourMs + minutes * minuteMs + Number(seconds) * secondMs;
  return (date === undefined ? midnight : parseTime(`${date}T00:00:00Z`)) + clock;
}
