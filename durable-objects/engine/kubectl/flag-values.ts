/** Values of flags by pflag's types, and what is wrong with a text that is none, in Go's words. */
import { goQuote } from "../machinery/field.ts";
import type { FlagFacts } from "./facts.ts";
import { parseDuration } from "./go/duration.ts";
import { parseCsv } from "./go/csv.ts";
import { lookup } from "../core/lookup.ts";
import { trimEndOf } from "../core/trim.ts";

export type FlagValue = string | boolean | number | string[] | Record<string, string>;

const trues = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const falses = new Set(["0", "f", "F", "false", "FALSE", "False"]);

/** strconv.ParseBool; undefined: it is none. */
export const parseBool = (text: string): boolean | undefined =>
  trues.has(text) ? true : falses.has(text) ? false : undefined;

const ranges: Record<string, [bits: number, name: string, low: bigint, high: bigint]> = {
  int: [64, "ParseInt", -(1n << 63n), (1n << 63n) - 1n],
  int64: [64, "ParseInt", -(1n << 63n), (1n << 63n) - 1n],
  int32: [32, "ParseInt", -(1n << 31n), (1n << 31n) - 1n],
  count: [64, "ParseInt", -(1n << 63n), (1n << 63n) - 1n],
  uint: [64, "ParseUint", 0n, (1n << 64n) - 1n],
  Level: [32, "ParseInt", -(1n << 31n), (1n << 31n) - 1n],
};

/** strconv.ParseInt with base 0, as pflag calls it: the number, or what is wrong. */
export function parseInteger(text: string, type: string): number | { problem: string } {
  const [, name, low, high] = ranges[type] ?? (ranges["int64"] as (typeof ranges)[string]);
  const bad = (why: string): { problem: string } => ({
    problem: `strconv.${name}: parsing ${goQuote(text)}: ${why}`,
  });
  const shaped =
    /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9]\d*|0)$/.exec(text) ??
    /^([+-]?)(\d+)$/.exec("");
  if (!shaped || (name === "ParseUint" && shaped[1])) return bad("invalid syntax");
  const digits = shaped[2] as string;
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits.toLowerCase();
  const value = BigInt(octal) * (shaped[1] === "-" ? -1n : 1n);
  if (value < low || value > high) return bad("value out of range");
  return Number(value);
}

/** `[a,b]` as the help shows a list. */
function listOf(def: string): string[] {
  const inner = def.replace(/^\[|\]$/g, "");
  return inner === "" ? [] : inner.split(",");
}

export function defaultOf({ type, def }: FlagFacts): FlagValue {
  switch (type) {
    case "bool":
      return def === "true";
    case "duration":
      return parseDuration(def) ?? 0;
    case "stringSlice":
    case "stringArray":
    case "strings":
      return listOf(def);
    case "stringToString":
      return lookup<string>({});
    case "string":
      return def;
  }
  return type in ranges ? Number(def) : def;
}

/** Sets a flag; what is wrong with the text, if anything. */
export function setValue(
  { name, type }: FlagFacts,
  text: string,
  values: Map<string, FlagValue>,
): string | undefined {
  switch (type) {
    case "bool": {
      const value = parseBool(text);
      if (value === undefined) return `strconv.ParseBool: parsing ${goQuote(text)}: invalid syntax`;
      values.set(name, value);
      return undefined;
    }
    case "duration": {
      const value = parseDuration(text);
      if (value === undefined) return durationProblem(text);
      values.set(name, value);
      return undefined;
    }
    case "stringArray":
      values.set(name, [...((values.get(name) as string[]) ?? []), text]);
      return undefined;
    case "stringSlice": {
      const parts = text === "" ? [] : parseCsv(text);
      if ("problem" in parts) return parts.problem;
      values.set(name, [...((values.get(name) as string[]) ?? []), ...parts]);
      return undefined;
    }
    case "stringToString":
      return setPair(name, text, values);
  }
  return setPlain(name, type, text, values);
}

function setPlain(
  name: string,
  type: string,
  text: string,
  values: Map<string, FlagValue>,
): string | undefined {
  if (!(type in ranges)) {
    values.set(name, text);
    return undefined;
  }
  const value = parseInteger(text, type);
  if (typeof value !== "number") return value.problem;
  values.set(name, value);
  return undefined;
}

function setPair(name: string, text: string, values: Map<string, FlagValue>): string | undefined {
  const equals = text.split("=").length - 1;
  if (equals === 0) return `${text} must be formatted as key=value`;
  const pairs = equals === 1 ? [trimEndOf(text.replace(/^"+/, ""), '"')] : parseCsv(text);
  if ("problem" in pairs) return pairs.problem;
  const out = lookup<string>({ ...(values.get(name) as Record<string, string> | undefined) });
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    if (at < 0) return `${pair} must be formatted as key=value`;
    out[pair.slice(0, at)] = pair.slice(at + 1);
  }
  values.set(name, out);
  return undefined;
}

/** What time.ParseDuration says of a text that is none. */
export function durationProblem(text: string): string {
  const quoted = goQuote(text);
  let rest = text.replace(/^[-+]/, "");
  const invalid = `time: invalid duration ${quoted}`;
  if (rest === "") return invalid;
  while (rest !== "") {
    const number = /^(\d+(\.\d*)?|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) return invalid;
    rest = rest.slice(number.length);
    const unit = /^[^\d.]+/.exec(rest)?.[0];
    if (unit === undefined) return `time: missing unit in duration ${quoted}`;
    if (!["ns", "us", "µs", "μs", "ms", "s", "m", "h"].includes(unit))
      return `time: unknown unit ${goQuote(unit)} in duration ${quoted}`;
    rest = rest.slice(unit.length);
  }
  return invalid;
}
