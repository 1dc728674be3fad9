/** Functions over arrays and objects. */
import { cannotIterate, getAt, placesIn, typed } from "./access.ts";
import { add } from "./arithmetic.ts";
import { textOf } from "./formats.ts";
import type { Machine, Native } from "./native.ts";
import {
  compare,
  Exhausted,
  fail,
  isObject,
  isTrue,
  kindOf,
  sortBy,
  sortedKeys,
  type JqWork,
  type Value,
} from "./values.ts";

/** What `.[]` gives. */
function itemsOf(value: Value): Value[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? [...value.values()] : cannotIterate(value);
}

function keysOf(value: Value, sorted: boolean): Value[] {
  if (Array.isArray(value)) return value.map((_, i) => i);
  if (!isObject(value)) return fail(`${typed(value)} has no keys`);
  return sorted ? sortedKeys(value) : [...value.keys()];
}

/** Items with their keys, in the order of the keys. */
function keyed(value: Value, keys: Value, work: JqWork): { item: Value; key: Value }[] {
  if (!Array.isArray(value) || !Array.isArray(keys))
    return fail(`${typed(value)} and ${typed(keys)} cannot be sorted, as they are not both arrays`);
  const pairs = value.map((item, i) => ({ item, key: keys[i] ?? null }));
  return sortBy(pairs, (pair) => pair.key, work);
}

function grouped(value: Value, keys: Value, work: JqWork): Value[] {
  const out: Value[][] = [];
  let last: Value | undefined;
  for (const { item, key } of keyed(value, keys, work)) {
    if (last !== undefined && compare(last, key, work) === 0) out.at(-1)!.push(item);
    else out.push([item]);
    last = key;
  }
  return out;
}

/** The least or greatest; of equal ones the first least and the last greatest. */
function extreme(value: Value, keys: Value, sign: 1 | -1, work: JqWork): Value {
  if (!Array.isArray(value) || !Array.isArray(keys))
    return fail(`${typed(value)} and ${typed(keys)} cannot be iterated over`);
  let best = -1;
  for (let i = 0; i < value.length; i++) {
    work.spend(1);
    const order = best < 0 ? -1 : compare(keys[i]!, keys[best]!, work);
    if (best < 0 || (sign > 0 ? order >= 0 : order < 0)) best = i;
  }
  return best < 0 ? null : value[best]!;
}

function flattened(value: Value, depth: number, out: Value[], work: JqWork, deep = 0): Value[] {
  if (deep > 2_000) throw new Exhausted();
  for (const item of itemsOf(value)) {
    work.spend(1);
    if (Array.isArray(item) && depth !== 0) flattened(item, depth - 1, out, work, deep + 1);
    else out.push(item);
  }
  return out;
}

export function contains(a: Value, b: Value, work: JqWork, depth = 0): boolean {
  work.spend(1);
  if (depth > 2_000) throw new Exhausted();
  if (isObject(a) && isObject(b)) {
    for (const [key, inner] of b) {
      const own = a.get(key);
      if (own === undefined || !contains(own, inner, work, depth + 1)) return false;
    }
    return true;
  }
  if (Array.isArray(a) && Array.isArray(b))
    return b.every((inner) =>
      a.some((own) => kindOf(own) === kindOf(inner) && contains(own, inner, work, depth + 1)),
    );
  if (typeof a === "string" && typeof b === "string") return a.includes(b);
  if (kindOf(a) === kindOf(b)) return compare(a, b, work) === 0;
  if (depth > 0) return compare(a, b, work) === 0;
  return fail(`${typed(a)} and ${typed(b)} cannot have their containment checked`);
}

function has(value: Value, key: Value): boolean {
  if (isObject(value) && typeof key === "string") return value.has(key);
  if (Array.isArray(value) && typeof key === "number") return key >= 0 && key < value.length;
  if (value === null && (typeof key === "string" || typeof key === "number")) return false;
  return fail(`Cannot check whether ${kindOf(value)} has a ${kindOf(key)} key`);
}

function joined(value: Value, by: Value, machine: Machine): Value {
  let out: Value = null;
  for (const item of itemsOf(value)) {
    machine.spend(1);
    const head: Value = out === null ? "" : add(out, by, machine);
    const tail: Value =
      typeof item === "boolean" || typeof item === "number"
        ? textOf(item)
        : isTrue(item)
          ? item
          : "";
    out = add(head, tail, machine);
  }
  return isTrue(out) ? out : "";
}

function fromEntries(value: Value, machine: Machine): Value {
  const out = new Map<string, Value>();
  for (const entry of itemsOf(value)) {
    machine.spend(1);
    let key: Value = null;
    for (const name of ["key", "Key", "name", "Name"]) {
      key = getAt(entry, name, machine);
      if (isTrue(key)) break;
    }
    if (typeof key !== "string") fail(`Cannot use ${typed(key)} as object key`);
    const own = has(entry, "value") ? "value" : "Value";
    out.set(key as string, getAt(entry, own, machine));
  }
  return out;
}

/** Where a text stands in another, in bytes. */
function placesInText(text: string, part: string, machine: Machine): Value[] {
  if (part === "") throw new Exhausted();
  const out: number[] = [];
  let bytes = 0;
  let before = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    machine.spend(1);
    for (; before < at; before++) {
      const code = text.charCodeAt(before);
      // Each half of a pair is two of its four bytes.
      bytes += code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 2 : 3;
    }
    out.push(bytes);
  }
  return out;
}

function search(value: Value, target: Value, machine: Machine): Value {
  const list = value as Value[];
  if (value !== null && !Array.isArray(value)) {
    if (isObject(value) && value.size === 0) return -1;
    getAt(value, 0, machine);
  }
  let low = 0;
  let high = (list?.length ?? 0) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compare(list[middle]!, target, machine);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1 - low;
}

export const listNatives: Record<string, Native> = {
  "not/0": { one: (_, value) => !isTrue(value) },
  "length/0": {
    one(_, value) {
      if (value === null) return 0;
      if (typeof value === "number") return Math.abs(value);
      if (typeof value === "string") return [...value].length;
      if (Array.isArray(value)) return value.length;
      return isObject(value) ? value.size : fail(`${typed(value)} has no length`);
    },
  },
  "keys/0": { one: (_, value) => keysOf(value, true) },
  "keys_unsorted/0": { one: (_, value) => keysOf(value, false) },
  "has/1": { one: (_, value, [key]) => has(value, key!) },
  "contains/1": { one: (machine, value, [part]) => contains(value, part!, machine) },
  "add/0": {
    one(machine, value) {
      const items = itemsOf(value);
      if (items.length > 0 && items.every((item) => Array.isArray(item))) {
        const out: Value[] = [];
        for (const item of items)
          for (const one of item as Value[]) {
            machine.spend(1);
            out.push(one);
          }
        return out;
      }
      let out: Value = null;
      for (const item of items) {
        machine.spend(1);
        out = add(out, item, machine);
      }
      return out;
    },
  },
  "to_entries/0": {
    one: (machine, value) =>
      keysOf(value, false).map((key) => {
        machine.spend(1);
        return new Map<string, Value>([
          ["key", key],
          ["value", getAt(value, key, machine)],
        ]);
      }),
  },
  "from_entries/0": { one: (machine, value) => fromEntries(value, machine) },
  "sort/0": {
    one(machine, value) {
      if (!Array.isArray(value))
        return fail(`${typed(value)} cannot be sorted, as it is not an array`);
      return sortBy([...value], (item) => item, machine);
    },
  },
  "_sort_by/1": {
    one: (machine, value, [keys]) => keyed(value, keys!, machine).map(({ item }) => item),
  },
  "_group_by/1": { one: (machine, value, [keys]) => grouped(value, keys!, machine) },
  "min/0": { one: (machine, value) => extreme(value, value, -1, machine) },
  "max/0": { one: (machine, value) => extreme(value, value, 1, machine) },
  "_min_by/1": { one: (machine, value, [keys]) => extreme(value, keys!, -1, machine) },
  "_max_by/1": { one: (machine, value, [keys]) => extreme(value, keys!, 1, machine) },
  "flatten/0": { one: (machine, value) => flattened(value, -1, [], machine) },
  "flatten/1": {
    one(machine, value, [depth]) {
      if (compare(depth!, 0, machine) < 0) fail("flatten depth must not be negative");
      return flattened(value, typeof depth === "number" ? depth : -1, [], machine);
    },
  },
  "join/1": { one: (machine, value, [by]) => joined(value, by!, machine) },
  "indices/1": {
    one(machine, value, [part]) {
      if (typeof value === "string" && typeof part === "string")
        return placesInText(value, part, machine);
      if (Array.isArray(value))
        return placesIn(value, Array.isArray(part) ? part : [part!], machine);
      return getAt(value, part!, machine);
    },
  },
  "bsearch/1": { one: (machine, value, [target]) => search(value, target!, machine) },
};
