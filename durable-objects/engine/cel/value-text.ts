/** Values as messages and `format` show them. cel-go: types.Format, ext/formatting.go */
import { goQuote } from "../machinery/field.ts";
import { durationText, timestampText } from "./time.ts";
import {
  CelError,
  Duration,
  ListValue,
  MapValue,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
  type Steps,
  type Value,
} from "./values.ts";
import { decodeUtf8 } from "../core/utf8.ts";

/** Go's %.Nf: halves go to the even digit where they are exact, as in JavaScript they do not. */
export function fixedText(value: number, digits: number): string {
  if (Math.abs(value) >= 1e21) {
    const whole = BigInt(value).toString();
    return digits > 0 ? `${whole}.${"0".repeat(digits)}` : whole;
  }
  const text = value.toFixed(digits);
  const half = Math.abs(value) * 10 ** digits * 2;
  if (!Number.isInteger(half) || half % 2 === 0 || digits > 15) return text;
  const down = Math.trunc(Math.abs(value) * 10 ** digits);
  const even = (down % 2 === 0 ? down : down + 1) / 10 ** digits;
  return `${value < 0 ? "-" : ""}${even.toFixed(digits)}`;
}

/** Go's %g with the shortest digits; %v writes longer numbers without an exponent. */
export function doubleText(value: number, longest = 21): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Object.is(value, -0)) return "-0";
  const [digits, power] = value.toExponential().split("e") as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= longest) {
    const sign = exponent < 0 ? "-" : "+";
    return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return String(value);
}

/** Of one value, as Go's %v has it. */
export function valueText(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "number") return doubleText(value);
  if (typeof value !== "object") return String(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Timestamp) return timestampText(value.nanoseconds);
  if (value instanceof Duration) return durationText(value.nanoseconds);
  if (value instanceof TypeValue) return value.of.name;
  if (value instanceof CelError) return value.text;
  if (value instanceof Uint8Array) return decodeUtf8(value);
  if (value instanceof Optional) {
    return value.value === undefined ? "optional.none()" : `optional(${valueText(value.value)})`;
  }
  if (value instanceof ListValue) return "[...]";
  return value instanceof MapValue ? "{...}" : value.toString();
}

/** As `%s` of a format has it; undefined: it has none, and whose type that is. */
export function formatText(value: Value, meter: Steps, nested = false): string | { type: Value } {
  meter.steps(1);
  if (value instanceof ListValue) return listText(value, meter);
  if (value instanceof MapValue) return mapText(value, meter);
  if (typeof value === "string") return nested ? goQuote(value) : value;
  if (nested && typeof value === "number") return nestedDouble(value);
  if (nested && value instanceof Uint8Array) return `b${goQuote(decodeUtf8(value))}`;
  if (nested && value instanceof Timestamp) return `timestamp("${valueText(value)}")`;
  if (nested && value instanceof Duration) return `duration("${valueText(value)}")`;
  const known =
    value === null ||
    typeof value !== "object" ||
    value instanceof Uint ||
    value instanceof Timestamp ||
    value instanceof Duration ||
    value instanceof TypeValue ||
    value instanceof Uint8Array;
  return known ? valueText(value) : { type: value };
}

function nestedDouble(value: number): string {
  return Number.isFinite(value) ? fixedText(value, 6) : `"${doubleText(value)}"`;
}

function listText(list: ListValue, meter: Steps): string | { type: Value } {
  const texts: string[] = [];
  for (const one of list) {
    const text = formatText(one, meter, true);
    if (typeof text !== "string") return text;
    meter.steps(text.length / 16);
    texts.push(text);
  }
  return `[${texts.join(", ")}]`;
}

function mapText(map: MapValue, meter: Steps): string | { type: Value } {
  const texts: string[] = [];
  for (const key of map.keys()) {
    const name = formatText(key, meter, true);
    const text = formatText(map.find(key)!, meter, true);
    if (typeof name !== "string") return name;
    if (typeof text !== "string") return text;
    meter.steps((name.length + text.length) / 16);
    texts.push(`${name}:${text}`);
  }
  return `{${texts.sort().join(", ")}}`;
}
