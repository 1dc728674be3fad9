/** Reading and changing what lies at a path. Values are never changed in place. */
import { jqItemsMax } from "../../../core/limits.ts";
import { shownText, toText } from "./json-text.ts";
import {
  compare,
  Exhausted,
  fail,
  isObject,
  kindOf,
  sortBy,
  type JqWork,
  type Value,
} from "./values.ts";

const isSlice = (key: Value): key is Map<string, Value> => key instanceof Map;

/** Where a slice begins and ends in something of a length. */
function bounds(key: Map<string, Value>, length: number): [number, number] {
  const bound = (value: Value | undefined, none: number): number => {
    if (value === null || value === undefined) return none;
    if (typeof value !== "number")
      return fail("Start and end indices of an array slice must be numbers");
    return value;
  };
  const clip = (value: number): number => {
    const place = value < 0 ? value + length : value;
    return Math.min(length, Math.max(0, place));
  };
  const from = clip(bound(key.get("start"), 0));
  let to = clip(bound(key.get("end"), length));
  if (to < from) to = from;
  // A part of an element counts as the whole of it.
  return [Math.floor(from), Math.ceil(to)];
}

/** Characters, without halving any. */
export function sliceText(text: string, from: number, to: number): string {
  // eslint-disable-next-line no-control-regex
  if (/^[\x00-\ud7ff]*$/.test(text)) return text.slice(from, to);
  return [...text].slice(from, to).join("");
}

export function sliceOf(value: Value, key: Map<string, Value>, work: JqWork): Value {
  if (value === null) return null;
  if (typeof value === "string") {
    work.spend(value.length >> 5);
    // eslint-disable-next-line no-control-regex
    const length = /^[\x00-\ud7ff]*$/.test(value) ? value.length : [...value].length;
    return sliceText(value, ...bounds(key, length));
  }
  if (!Array.isArray(value)) return fail(`Cannot index ${kindOf(value)} with object`);
  const [from, to] = bounds(key, value.length);
  work.spend((to - from) >> 5);
  return value.slice(from, to);
}

/** Where a list stands in another. */
export function placesIn(list: Value[], part: Value[], work: JqWork): Value[] {
  const out: number[] = [];
  if (part.length === 0) return out;
  for (let i = 0; i + part.length <= list.length; i++) {
    work.spend(1);
    if (part.every((one, j) => compare(list[i + j]!, one, work) === 0)) out.push(i);
  }
  return out;
}

/** jq: jv_aux.c jv_get */
export function getAt(value: Value, key: Value, work: JqWork): Value {
  if (isObject(value) && typeof key === "string") return value.get(key) ?? null;
  if (Array.isArray(value) && typeof key === "number") {
    if (!Number.isInteger(key)) return null;
    return value[key < 0 ? key + value.length : key] ?? null;
  }
  if (isSlice(key) && (value === null || Array.isArray(value) || typeof value === "string"))
    return sliceOf(value, key, work);
  if (Array.isArray(value) && Array.isArray(key)) return placesIn(value, key, work);
  if (value === null && (typeof key === "string" || typeof key === "number" || key === null))
    return null;
  return cannotIndex(value, key);
}

function cannotIndex(value: Value, key: Value): never {
  const shown = typeof key === "string" ? `string "${key}"` : kindOf(key);
  return fail(`Cannot index ${kindOf(value)} with ${shown}`);
}

function setItem(list: Value[], at: number, item: Value, work: JqWork): Value[] {
  const place = at < 0 ? at + list.length : at;
  if (place < 0) fail("Out of bounds negative array index");
  if (place >= jqItemsMax) throw new Exhausted();
  work.spend(1 + (list.length >> 5));
  const out = list.slice();
  while (out.length < place) out.push(null);
  out[place] = item;
  return out;
}

/** jq: jv_aux.c jv_set */
export function setAt(value: Value, key: Value, to: Value, work: JqWork): Value {
  if (typeof key === "string" && (value === null || isObject(value))) {
    work.spend(1 + ((value?.size ?? 0) >> 3));
    const out = new Map(value ?? []);
    out.set(key, to);
    return out;
  }
  if (typeof key === "number" && (value === null || Array.isArray(value)))
    return setItem(value ?? [], Math.trunc(key), to, work);
  if (isSlice(key) && (value === null || Array.isArray(value))) {
    if (!Array.isArray(to)) return fail("A slice of an array can only be assigned another array");
    const list = value ?? [];
    const [from, end] = bounds(key, list.length);
    work.spend(1 + ((list.length + to.length) >> 5));
    return [...list.slice(0, from), ...to, ...list.slice(end)];
  }
  if (isSlice(key)) return fail(`Cannot update field at object index of ${kindOf(value)}`);
  if (Array.isArray(key)) return fail(`Cannot update field at array index of ${kindOf(value)}`);
  return cannotIndex(value, key);
}

export function getPath(value: Value, path: Value, work: JqWork): Value {
  if (!Array.isArray(path)) return fail("Path must be specified as an array");
  let at = value;
  for (const key of path) {
    if (at === null) return null;
    work.spend(1);
    at = getAt(at, key, work);
  }
  return at;
}

export function setPath(value: Value, path: Value[], to: Value, work: JqWork, from = 0): Value {
  if (from >= path.length) return to;
  if (from > 2_000) throw new Exhausted();
  const key = path[from]!;
  const inner = getAt(value, key, work);
  return setAt(value, key, setPath(inner, path, to, work, from + 1), work);
}

/** jq: jv_aux.c jv_dels */
function deleteKeys(value: Value, keys: Value[], work: JqWork): Value {
  if (value === null || keys.length === 0) return value;
  if (Array.isArray(value)) {
    const gone = new Set<number>();
    for (const key of keys) {
      if (typeof key === "number")
        gone.add(Math.trunc(key) < 0 ? Math.trunc(key) + value.length : Math.trunc(key));
      else if (isSlice(key)) {
        const [from, to] = bounds(key, value.length);
        for (let i = from; i < to; i++) gone.add(i);
      } else if (typeof key === "string") return cannotIndex(value, key);
      else return fail(`Cannot delete field at array index of ${kindOf(value)}`);
    }
    work.spend(value.length >> 3);
    return value.filter((_, i) => !gone.has(i));
  }
  if (!isObject(value)) return fail(`Cannot delete fields from ${kindOf(value)}`);
  const out = new Map(value);
  work.spend(value.size >> 3);
  for (const key of keys) {
    if (typeof key === "string") out.delete(key);
    else if (typeof key === "number") return cannotIndex(value, key);
    else return fail(`Cannot delete field at object index of ${kindOf(value)}`);
  }
  return out;
}

/** Deletes what lies at some paths, which are in order, from a depth on. */
function deleteSorted(value: Value, paths: Value[][], depth: number, work: JqWork): Value {
  if (depth > 2_000) throw new Exhausted();
  let out = value;
  const keys: Value[] = [];
  // The last first, so that places before stay what they are.
  for (let i = paths.length - 1; i >= 0;) {
    const path = paths[i]!;
    const key = path[depth]!;
    let from = i;
    while (from > 0 && compare(paths[from - 1]![depth]!, key, work) === 0) from--;
    const group = paths.slice(from, i + 1);
    i = from - 1;
    if (group.some((one) => one.length === depth + 1)) {
      keys.push(key);
      continue;
    }
    const inner = getAt(out, key, work);
    if (inner !== null) out = setAt(out, key, deleteSorted(inner, group, depth + 1, work), work);
  }
  return deleteKeys(out, keys, work);
}

export function deletePaths(value: Value, paths: Value, work: JqWork): Value {
  if (!Array.isArray(paths)) return fail("Paths must be specified as an array");
  for (const path of paths) if (!Array.isArray(path)) fail("Path must be specified as an array");
  const sorted = sortBy([...paths], (path) => path, work) as Value[][];
  if (sorted.length === 0) return value;
  if (sorted[0]!.length === 0) return null;
  return deleteSorted(value, sorted, 0, work);
}

/** `Cannot iterate over ...` */
export const cannotIterate = (value: Value): never =>
  fail(`Cannot iterate over ${kindOf(value)} (${shownText(value)})`);

/** What a message shows of a value: its whole text, or as much as fits. */
export const typed = (value: Value): string => `${kindOf(value)} (${shownText(value)})`;

export { toText };
