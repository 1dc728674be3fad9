/** fmt's `%v`, `%#v` and `%T` of values that JSON can hold. */
import { goQuote } from "../../machinery/field.ts";
import { formatG } from "./float.ts";
import { sortedKeys } from "./json.ts";

/** `%v`: `map[a:1 b:[x y]]`, `<nil>`. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : formatG(value);
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (typeof value === "object") {
    const table = value as Record<string, unknown>;
    return `map[${sortedKeys(table)
      .map((key) => `${key}:${goText(table[key])}`)
      .join(" ")}]`;
  }
  return String(value);
}

/** `%#v`: `map[string]interface {}{"a":1}`. */
export function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return "interface {}(nil)";
  if (typeof value === "string") return goQuote(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  if (typeof value === "object") {
    const table = value as Record<string, unknown>;
    const rows = sortedKeys(table).map((key) => `${goQuote(key)}:${goSyntax(table[key])}`);
    return `map[string]interface {}{${rows.join(", ")}}`;
  }
  return goText(value);
}

/** `%T` */
export function goTypeOf(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "object") return "map[string]interface {}";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return "string";
}
