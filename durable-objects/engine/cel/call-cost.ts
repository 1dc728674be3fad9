/**
 * What calls cost when they run. cel-go: interpreter/runtimecost.go; k8s: apiserver/pkg/cel/library/cost.go CallCost; of lists
 * and sets: ext/lists.go, ext/sets.go
 */
import { formatRegexSizes, Format } from "./functions/formats.ts";
import {
  ListValue,
  MapValue,
  OpaqueValue,
  Optional,
  sizeOf,
  type Steps,
  type Value,
} from "./values.ts";

const traversal = 0.1;
const regexFactor = 0.25;

/** What a value's size counts as. */
export function actualSize(value: Value): number {
  if (value instanceof OpaqueValue) return value.size;
  if (value instanceof Optional) return value.value === undefined ? 1 : actualSize(value.value);
  return sizeOf(value) ?? 1;
}

const traversed = (size: number, factor = 1): number => Math.ceil(size * factor * traversal);
const regexCost = (text: number, pattern: number): number =>
  Math.ceil((1 + text) * traversal) * Math.ceil(pattern * regexFactor);

/** Of all there is in a value. */
function treeCost(value: Value, meter: Steps): number {
  meter.steps(1);
  if (typeof value === "string") return Math.trunc(value.length * traversal);
  if (value instanceof Uint8Array) return Math.trunc(value.length * traversal);
  let cost = 0;
  if (value instanceof ListValue) {
    for (const one of value) cost += treeCost(one, meter);
    return cost;
  }
  if (value instanceof MapValue) {
    for (const key of value.keys())
      cost += treeCost(key, meter) + treeCost(value.find(key)!, meter);
    return cost;
  }
  return 1;
}

/** Of a new list: a call, the list, and so much for each element. */
const listCost = (factor: number, size: number): number => Math.trunc(size * factor) + 11;

function selfCompared(value: Value): number {
  const size = actualSize(value);
  const first = value instanceof ListValue && size > 0 ? value.at(0) : undefined;
  const texts = typeof first === "string" || first instanceof Uint8Array;
  return listCost(2 + (texts ? traversal : 0), size * size);
}

function selectorCost(length: number): number {
  return 10 + Math.ceil(length * traversal) + Math.ceil(Math.ceil(length * 0.5) * 50);
}

type Cost = (args: readonly Value[], overload: string, meter: Steps) => number;

const first: Cost = ([a]) => traversed(actualSize(a!));
const one: Cost = () => 1;
const tree: Cost = ([a], _overload, meter) => treeCost(a!, meter);
const both: Cost = ([a, b]) => traversed(Math.min(actualSize(a!), actualSize(b!)));
const matching: Cost = ([a, b]) => regexCost(actualSize(a!), actualSize(b!));

function contained([a, b]: readonly Value[], overload: string, whole: boolean): number {
  const size = actualSize(a!);
  let cost = traversed(size + size);
  if (whole) cost += traversed(size) + 1;
  if (overload.endsWith("_string")) cost += traversed(actualSize(b!));
  return cost;
}

/** What a join will be as long as. */
function joinedSize([list, separator]: readonly Value[]): number {
  let size = 0;
  if (list instanceof ListValue) {
    for (const element of list) size += typeof element === "string" ? (sizeOf(element) ?? 0) : 0;
    if (typeof separator === "string")
      size += (sizeOf(separator) ?? 0) * Math.max(0, list.size - 1);
  }
  return size;
}

/** Of Kubernetes' functions, by their name alone. */
const byName: Readonly<Record<string, Cost>> = {
  check: () => 350_000,
  isSorted: tree,
  sum: tree,
  max: tree,
  min: tree,
  indexOf: tree,
  lastIndexOf: tree,
  url: first,
  lowerAscii: first,
  upperAscii: first,
  substring: first,
  trim: first,
  "jsonpatch.escapeKey": first,
  replace: ([a]) => traversed(actualSize(a!), 2),
  split: ([a]) => traversed(actualSize(a!), 2),
  join: (args) => traversed(joinedSize(args), 2),
  find: matching,
  findAll: matching,
  cidr: first,
  isIP: first,
  isCIDR: first,
  ip: (args, overload, meter) => (overload === "cidr_ip" ? 1 : first(args, overload, meter)),
  "ip.isCanonical": ([a]) => traversed(actualSize(a!), 2),
  containsIP: (args, overload) => contained(args, overload, false),
  containsCIDR: (args, overload) => contained(args, overload, true),
  quantity: first,
  isQuantity: first,
  semver: first,
  isSemver: first,
  fieldSelector: ([, b]) => selectorCost(actualSize(b!)),
  labelSelector: ([, b]) => selectorCost(actualSize(b!)),
  validate: ([format, text]) =>
    format instanceof Format ? regexCost(actualSize(text!), formatRegexSizes[format.name] ?? 1) : 1,
};

/** Of the language's, where it is known which is meant. */
const byOverload: Readonly<Record<string, Cost>> = {
  starts_with_string: first,
  ends_with_string: first,
  string_to_bytes: first,
  bytes_to_string: first,
  strings_quote: first,
  string_format: first,
  in_list: ([, b]) => actualSize(b!),
  add_string: ([a, b]) => traversed(actualSize(a!) + actualSize(b!)),
  add_bytes: ([a, b]) => traversed(actualSize(a!) + actualSize(b!)),
  matches_string: matching,
  contains_string: ([a, b]) => traversed(actualSize(a!)) * traversed(actualSize(b!)),
  less_string: both,
  less_equals_string: both,
  greater_string: both,
  greater_equals_string: both,
  less_bytes: both,
  less_equals_bytes: both,
  greater_bytes: both,
  greater_equals_bytes: both,
  list_slice: ([, from, to]) => listCost(1, Math.max(0, Number(to) - Number(from))),
  list_flatten: ([a]) => listCost(1, actualSize(a!)),
  list_flatten_int: ([a, depth]) => listCost(Number(depth), actualSize(a!)),
  lists_range: ([n]) => listCost(1, Math.max(0, Number(n))),
  list_reverse: ([a]) => listCost(1, actualSize(a!)),
  list_distinct: ([a]) => selfCompared(a!),
  list_sets_contains_list: ([a, b]) => 1 + actualSize(a!) * actualSize(b!),
  list_sets_intersects_list: ([a, b]) => 1 + actualSize(a!) * actualSize(b!),
  list_sets_equivalent_list: ([a, b]) => 1 + actualSize(a!) * actualSize(b!) * 2,
};

/** Asked before the call runs, so that what is too much never begins. */
export function callCost(
  fn: string,
  overload: string,
  args: readonly Value[],
  meter: Steps,
): number {
  if (Object.hasOwn(byOverload, overload)) return byOverload[overload]!(args, overload, meter);
  if (overload.endsWith("_sort")) return selfCompared(args[0]!);
  if (overload.endsWith("_sortByAssociatedKeys")) return selfCompared(args[1]!);
  if (fn === "_==_" || fn === "_!=_") return both(args, overload, meter);
  if (Object.hasOwn(byName, fn) && args.length > 0) return byName[fn]!(args, overload, meter);
  return one(args, overload, meter);
}
