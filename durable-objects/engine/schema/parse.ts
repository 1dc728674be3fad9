/** Request bodies: text to plain values, with upstream's error texts and doubled keys found. */
import { jsonDepthMax } from "../core/limits.ts";
import { checkValues, measureJson } from "./body-budget.ts";
import { DecodeError } from "./decode.ts";
import { JsonSyntaxError, scanJson } from "./json-scan.ts";

export interface Parsed {
  value: unknown;
  /** Keys an object had more than once (the last one won), as strict problems in upstream's words. */
  duplicates: string[];
  /** Where fields and duplicates stand in the text, where there are duplicates: problems are told in that order. */
  places?: ReadonlyMap<string, number>;
}

/** Of all objects; NaN where a number was too large to be one. */
function countKeys(value: unknown): number {
  if (typeof value === "number" && !Number.isFinite(value)) return Number.NaN;
  if (typeof value !== "object" || value === null) return 0;
  let total = 0;
  if (Array.isArray(value)) {
    for (const item of value) total += countKeys(item);
    return total;
  }
  for (const key in value) total += 1 + countKeys((value as Record<string, unknown>)[key]);
  return total;
}

/**
 * Parses a JSON body. Throws DecodeError with Go's scanner text
 * (`invalid character '}' looking for beginning of object key string`), and 413 for one that holds more than any object.
 */
export function parseJson(text: string): Parsed {
  return tryJson(text) ?? slowJson(text);
}

/** A text that is good JSON, not deep, without doubled keys and of numbers that are some; else undefined. */
export function tryJson(text: string): Parsed | undefined {
  const { keys, values, depth } = measureJson(text);
  if (depth > jsonDepthMax) return undefined;
  checkValues(values);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return keys === countKeys(value) ? { value, duplicates: [] } : undefined;
}

function slowJson(text: string): Parsed {
  try {
    return scanJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new DecodeError(error.message);
    throw error;
  }
}
