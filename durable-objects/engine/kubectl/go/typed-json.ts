/** Objects as kubectl prints them that has read them into its Go types: fields in the order of their structs. */
import type { FieldType, StructType } from "../../schema/types.ts";
import { sortedKeys } from "./json.ts";

/** A value whose keys stand as Go's encoder writes them. */
function ordered(value: unknown, type: FieldType | undefined): unknown {
  if (Array.isArray(value)) {
    const of = type?.kind === "list" ? type.of : undefined;
    return value.map((one) => ordered(one, of));
  }
  if (typeof value !== "object" || value === null) return value;
  if (type?.kind === "struct") return inGoOrder(value as Record<string, unknown>, type.struct);
  const of = type?.kind === "map" ? type.of : undefined;
  const table = value as Record<string, unknown>;
  return Object.fromEntries(sortedKeys(table).map((key) => [key, ordered(table[key], of)]));
}

export function inGoOrder(
  object: Record<string, unknown>,
  struct: StructType | undefined,
): Record<string, unknown> {
  const known = struct ? [...struct.fields.keys()].filter((key) => key in object) : [];
  const others = sortedKeys(object).filter((key) => !known.includes(key));
  return Object.fromEntries(
    [...known, ...others].map((key) => [key, ordered(object[key], struct?.fields.get(key)?.type)]),
  );
}
