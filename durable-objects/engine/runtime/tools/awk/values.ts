/** Values of awk: numbers, strings, and strings of the input that look like numbers. */
import type { NamesOf } from "../../../core/record-codec.ts";
import { formatPrintf } from "../arguments/printf.ts";

/** `{ text, number }`: text of the input that compares as a number. Undefined: never set. */
export type Value = number | string | { text: string; number: number } | undefined;

const numberPattern = /^\s*[-+]?(?:\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)\s*$/;

/** Text from the input: a number too, if it looks like one. */
export function inputValue(text: string): Value {
  return text.length < 64 && numberPattern.test(text) ? { text: text, number: Number(text) } : text;
}

export function toNumber(value: Value): number {
  if (typeof value === "number") return value;
  if (value === undefined) return 0;
  if (typeof value !== "string") return value.number;
  const match =
    /^\s*[-+]?(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)/.exec(
      value.slice(0, 400),
    );
  return match ? Number(match[0]) || 0 : 0;
}

export function numberText(value: number, format: string): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e18)
    return value === 0 ? "0" : BigInt(value).toString();
  return awkFormat(format, [value], format);
}

export function toText(value: Value, format = "%.6g"): string {
  if (typeof value === "string") return value;
  if (value === undefined) return "";
  return typeof value === "number" ? numberText(value, format) : value.text;
}

export function truth(value: Value): boolean {
  if (typeof value === "string") return value !== "";
  return toNumber(value) !== 0;
}

/** Below 0, 0 or above 0. */
export function compare(a: Value, b: Value, format: string): number {
  if (typeof a === "string" || typeof b === "string") {
    const [x, y] = [toText(a, format), toText(b, format)];
    return x < y ? -1 : x > y ? 1 : 0;
  }
  return toNumber(a) - toNumber(b);
}

function one(spec: string, letter: string, value: Value, convert: string): string {
  if (letter === "c") {
    const text =
      typeof value === "number" || typeof value === "object"
        ? String.fromCharCode(toNumber(value) & 255)
        : toText(value).slice(0, 1);
    return formatPrintf([`${spec}s`, text]).out;
  }
  if (letter === "s") return formatPrintf([`${spec}s`, toText(value, convert)]).out;
  const n = toNumber(value);
  if (!"diouxX".includes(letter)) return formatPrintf([spec + letter, String(n)]).out;
  if (!Number.isFinite(n))
    return formatPrintf([`${spec}s`, Number.isNaN(n) ? "nan" : n < 0 ? "-inf" : "inf"]).out;
  return formatPrintf([spec + (letter === "i" ? "d" : letter), BigInt(Math.trunc(n)).toString()])
    .out;
}

/** sprintf. `convert`: CONVFMT. */
export function awkFormat(format: string, values: readonly Value[], convert: string): string {
  let at = 0;
  return format.replace(
    /%([-+ 0#]*)(\*|[1-9]\d*)?(?:\.(\*|\d+)?)?[hlLq]*([a-zA-Z%])/g,
    (
      whole,
      flags: string,
      width: string | undefined,
      precision: string | undefined,
      letter: string,
    ) => {
      if (letter === "%") return "%";
      if (!"diouxXcseEfFgG".includes(letter)) return whole;
      const star = (text: string | undefined): string =>
        text === "*" ? String(Math.min(65_536, Math.trunc(toNumber(values[at++])))) : (text ?? "");
      const w = star(width);
      const dot = /\.(?:\*|\d+)?[hlLq]*[a-zA-Z]$/.test(whole) ? `.${star(precision)}` : "";
      return one(`%${flags}${w}${dot}`, letter, values[at++], convert);
    },
  );
}

/** A value of an array or a variable, and who it came from as an argument. */
export interface Cell {
  value?: Value;
  /** An array: `=key` to value. */
  array?: Record<string, Value>;
}

const valueNames: NamesOf<Value> = { fields: { text: "s", number: "n" } };

/** Names on disk. */
export const cellNames: NamesOf<Cell> = {
  fields: { value: "v", array: "a" },
  inside: { value: valueNames, array: { each: valueNames } },
};

/** Keys in the order busybox walks its hash table: by bucket, the newest first within one. */
export function walkOrder(keys: string[]): string[] {
  const sizes = [61, 251, 1021, 4093, 16_381, 65_521];
  const size = sizes.find((primes) => keys.length / primes <= 10) ?? 65_521;
  const bucket = (key: string): number => {
    let hash = 0;
    for (let i = 0; i < key.length; i++)
      hash = (key.charCodeAt(i) + (hash << 6) + (hash >>> 26)) >>> 0;
    return hash % size;
  };
  return keys
    .map((key, i) => ({ key, i, at: bucket(key) }))
    .sort((a, b) => a.at - b.at || b.i - a.i)
    .map(({ key }) => key);
}
