/** JSON values as jq has them. Objects are Maps, since plain ones would sort keys that look like numbers. */
import { jqWalkDepthMax } from "../../../core/limits.ts";

export type JqObject = Map<string, Value>;
export type Value = null | boolean | number | string | Value[] | JqObject;

/** What counts the work of a filter. Exhausted or Endless when it may have no more. */
export interface JqWork {
  spend(units: number): void;
}

/** A filter's error; its value is what `catch` gets. */
export class JqError extends Error {
  override name = "JqError";
  readonly value: Value;
  constructor(value: Value) {
    super(typeof value === "string" ? value : "jq error");
    this.value = value;
  }
}

/** More than a process may hold: too long a text, too many elements, too deep a value or call. */
export class Exhausted extends Error {
  override name = "Exhausted";
}

export const fail = (text: string): never => {
  throw new JqError(text);
};

export type Kind = "null" | "boolean" | "number" | "string" | "array" | "object";

export function kindOf(value: Value): Kind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "object" ? "object" : (type as Kind);
}

export const isObject = (value: Value): value is JqObject => value instanceof Map;
export const isTrue = (value: Value): boolean => value !== null && value !== false;

const lowSurrogate = 0xd800;

/** Order of code points, which UTF-8 bytes have as well. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    if (x >= lowSurrogate && y >= lowSurrogate) {
      // Surrogates stand for code points above all others.
      x = x < 0xe000 ? x + 0x2000 : x - 0x800;
      y = y < 0xe000 ? y + 0x2000 : y - 0x800;
    }
    return x < y ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

export const sortedKeys = (value: JqObject): string[] => [...value.keys()].sort(compareText);

function rank(value: Value): number {
  if (value === null) return 0;
  if (value === false) return 1;
  if (value === true) return 2;
  if (typeof value === "number") return 3;
  if (typeof value === "string") return 4;
  return Array.isArray(value) ? 5 : 6;
}

/** jq's order of all values. A number that is none is below every number, itself too. */
export function compare(a: Value, b: Value, work: JqWork, depth = 0): number {
  const ranks = rank(a) - rank(b);
  if (ranks !== 0) return ranks < 0 ? -1 : 1;
  if (typeof a === "number") {
    if (Number.isNaN(a)) return -1;
    const other = b as number;
    return a < other ? -1 : a === other ? 0 : 1;
  }
  if (typeof a === "string") {
    work.spend(a.length >> 6);
    return compareText(a, b as string);
  }
  if (a === null || typeof a === "boolean") return 0;
  if (depth > jqWalkDepthMax) throw new Exhausted();
  if (Array.isArray(a)) {
    const other = b as Value[];
    const length = Math.min(a.length, other.length);
    work.spend(1);
    for (let i = 0; i < length; i++) {
      const order = compare(a[i]!, other[i]!, work, depth + 1);
      if (order !== 0) return order;
      work.spend(1);
    }
    return Math.sign(a.length - other.length);
  }
  return compareObjects(a, b as JqObject, work, depth);
}

function compareObjects(a: JqObject, b: JqObject, work: JqWork, depth: number): number {
  work.spend(1 + a.size + b.size);
  const keys = sortedKeys(a);
  const others = sortedKeys(b);
  for (let i = 0; i < Math.min(keys.length, others.length); i++) {
    const order = compareText(keys[i]!, others[i]!);
    if (order !== 0) return order;
  }
  if (keys.length !== others.length) return keys.length < others.length ? -1 : 1;
  for (const key of keys) {
    const order = compare(a.get(key)!, b.get(key)!, work, depth + 1);
    if (order !== 0) return order;
  }
  return 0;
}

export const equal = (a: Value, b: Value, work: JqWork): boolean => compare(a, b, work) === 0;

/** A stable order that pays for its comparisons. */
export function sortBy<T>(items: T[], key: (item: T) => Value, work: JqWork): T[] {
  return items.sort((a, b) => {
    work.spend(1);
    return compare(key(a), key(b), work);
  });
}

/** Plain JSON, as other parts of the engine have it, as a value. */
export function valueOf(json: unknown): Value {
  if (Array.isArray(json)) return json.map(valueOf);
  if (typeof json === "object" && json !== null)
    return new Map(Object.entries(json).map(([key, inner]) => [key, valueOf(inner)]));
  return json as Value;
}
