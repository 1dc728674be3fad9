/** Lists and sets. k8s: apiserver/pkg/cel/library/lists.go; cel-go: ext/lists.go, ext/sets.go */
import {
  compareValues,
  Duration,
  equalValues,
  isComparable,
  isError,
  Items,
  ListValue,
  noOverload,
  typeNameOf,
  Uint,
  type Value,
} from "../values.ts";
import type { Meter } from "../meter.ts";
import { failed, type CelFunction, type CelFunctions } from "./function.ts";
import { contains, operatorFunctions } from "./operators.ts";

type OfList = (list: ListValue, meter: Meter, args: readonly Value[]) => Value | undefined;

const ofList =
  (run: OfList): CelFunction =>
  ([list, ...args], meter) =>
    list instanceof ListValue ? run(list, meter, args) : undefined;

const isSorted = ofList((list) => {
  let before: Value | undefined;
  for (const one of list) {
    if (!isComparable(one)) return noOverload;
    if (before !== undefined && compareValues(before, one) === 1) return false;
    before = one;
  }
  return true;
});

const zeros = new Map<string, Value>([
  ["list_double_sum_double", 0],
  ["list_duration_sum_duration", new Duration(0n)],
  ["list_uint_sum_uint", new Uint(0n)],
]);

const sum: CelFunction = ([list], meter, overload) => {
  if (!(list instanceof ListValue)) return undefined;
  let total: Value | undefined;
  for (const one of list) {
    total = total === undefined ? one : operatorFunctions["_+_"]!([total, one], meter, "");
    if (total === undefined) return noOverload;
    if (isError(total)) return total;
  }
  return total ?? zeros.get(overload) ?? 0n;
};

const extreme = (name: string, wanted: 1 | -1): CelFunction =>
  ofList((list) => {
    let best: Value | undefined;
    for (const one of list) {
      if (!isComparable(one)) return noOverload;
      if (best === undefined || compareValues(best, one) === -wanted) best = one;
    }
    return best ?? failed(`${name} called on empty list`);
  });

const indexOf = (back: boolean): CelFunction =>
  ofList((list, meter, [item]) => {
    for (let n = 0; n < list.size; n++) {
      const i = back ? list.size - 1 - n : n;
      if (equalValues(list.at(i), item!, meter) === true) return BigInt(i);
    }
    return -1n;
  });

const slice = ofList((list, _meter, [from, to]) => {
  if (typeof from !== "bigint" || typeof to !== "bigint") return undefined;
  const what = `cannot slice(${from}, ${to}), `;
  if (from < 0n || to < 0n) return failed(`${what}negative indexes not supported`);
  if (from > to) return failed(`${what}start index must be less than or equal to end index`);
  if (to > BigInt(list.size)) return failed(`${what}list is length ${list.size}`);
  const items: Value[] = [];
  for (let i = Number(from); i < Number(to); i++) items.push(list.at(i));
  return new Items(items);
});

function flattened(list: ListValue, depth: bigint, out: Value[], meter: Meter): void {
  for (const one of list) {
    meter.steps(1);
    if (one instanceof ListValue && depth > 0n) flattened(one, depth - 1n, out, meter);
    else out.push(one);
  }
}

const flatten = ofList((list, meter, [depth = 1n]) => {
  if (typeof depth !== "bigint") return undefined;
  if (depth < 0n) return failed("level must be non-negative");
  const out: Value[] = [];
  flattened(list, depth, out, meter);
  return new Items(out);
});

function sorted(list: ListValue, keys: ListValue, meter: Meter): Value {
  if (list.size !== keys.size) {
    return failed(
      `@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got ${list.size} and ${keys.size} elements respectively`,
    );
  }
  if (list.size === 0) return list;
  meter.steps(list.size * 2);
  const all = [...keys];
  if (!isComparable(all[0]!)) return failed("list elements must be comparable");
  const kind = typeNameOf(all[0]!);
  if (all.some((key) => typeNameOf(key) !== kind)) {
    return failed("list elements must have the same type");
  }
  const places = all.map((_, i) => i);
  places.sort((a, b) => {
    const order = compareValues(all[a]!, all[b]!);
    return typeof order === "number" ? order : 0;
  });
  return new Items(places.map((i) => list.at(i)));
}

const distinct = ofList((list, meter) => {
  const out: Value[] = [];
  for (const one of list) {
    if (!out.some((known) => equalValues(one, known, meter) === true)) out.push(one);
  }
  return new Items(out);
});

const range: CelFunction = ([n], meter) => {
  if (typeof n !== "bigint") return undefined;
  const size = Number(n);
  meter.steps(Math.max(0, size));
  return new Items(Array.from({ length: Math.max(0, size) }, (_, i) => BigInt(i)));
};

/** Whether all of the second are in the first; errors count as upstream has them. */
function holdsAll(list: ListValue, part: ListValue, meter: Meter): Value {
  for (const one of part) {
    const held = contains(list, one, meter);
    if (held !== true) return held;
  }
  return true;
}

const sets =
  (run: (a: ListValue, b: ListValue, meter: Meter) => Value): CelFunction =>
  ([a, b], meter) =>
    a instanceof ListValue && b instanceof ListValue ? run(a, b, meter) : undefined;

export const listFunctions: CelFunctions = {
  isSorted,
  sum,
  max: extreme("max", 1),
  min: extreme("min", -1),
  indexOf: indexOf(false),
  lastIndexOf: indexOf(true),
  slice,
  flatten,
  sort: ofList((list, meter) => sorted(list, list, meter)),
  "@sortByAssociatedKeys": ofList((list, meter, [keys]) =>
    keys instanceof ListValue ? sorted(list, keys, meter) : undefined,
  ),
  reverse: ofList((list) => new Items([...list].reverse())),
  distinct,
  "lists.range": range,
  "sets.contains": sets(holdsAll),
  "sets.intersects": sets((a, b, meter) => {
    for (const one of a) if (contains(b, one, meter) === true) return true;
    return false;
  }),
  "sets.equivalent": sets((a, b, meter) => {
    const one = holdsAll(a, b, meter);
    return one === true ? holdsAll(b, a, meter) : one;
  }),
};
