/**
 * Values inside a template. Numbers of the data are int64 where they are whole, else float64; a bigint is an int, of a constant or
 * a function. `undefined` is no value at all.
 */
import { formatG } from "../../go/float.ts";
import { sortedKeys } from "../../go/json.ts";

export type Value = undefined | null | boolean | string | number | bigint | Value[] | Table;
export interface Table {
  [name: string]: Value;
}

export const isTable = (value: Value): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function typeName(value: Value): string {
  if (value === undefined || value === null) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "object") return "map[string]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  const names: Record<string, string> = { boolean: "bool", bigint: "int" };
  return names[typeof value] ?? "string";
}

/** An integer of any kind as bigint; undefined: it is none. */
export const integerOf = (value: Value): bigint | undefined =>
  typeof value === "bigint"
    ? value
    : typeof value === "number" && Number.isSafeInteger(value)
      ? BigInt(value)
      : undefined;

/** fmt's `%v`. */
export function text(value: Value): string {
  if (value === undefined || value === null) return "<nil>";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : formatG(value);
  if (Array.isArray(value)) return `[${value.map(text).join(" ")}]`;
  if (typeof value === "object")
    return `map[${sortedKeys(value)
      .map((key) => `${key}:${text(value[key])}`)
      .join(" ")}]`;
  return String(value);
}

/** Go: text/template/exec.go isTrue */
export function isTrue(value: Value): boolean {
  if (value === undefined || value === null) return false;
  if (Array.isArray(value) || typeof value === "string") return value.length > 0;
  if (typeof value === "object") return Object.keys(value).length > 0;
  return Boolean(value);
}

/** fmt.Sprint: blanks between operands where neither is a text. */
export function sprint(values: readonly Value[]): string {
  let out = "";
  values.forEach((value, i) => {
    const before = values[i - 1];
    if (i > 0 && typeof value !== "string" && typeof before !== "string") out += " ";
    out += text(value);
  });
  return out;
}
