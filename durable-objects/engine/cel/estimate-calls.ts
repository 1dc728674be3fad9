/** What calls can cost. k8s: apiserver/pkg/cel/library/cost.go EstimateCallCost; cel-go: checker/cost.go functionCost */
import type { Call, Expr } from "./ast.ts";
import { add, between, exactly, most, multiply, times, type Range } from "./range.ts";
import { sameType, type Type } from "./types.ts";

export type { Range } from "./range.ts";

export interface Estimate {
  cost: Range;
  /** Of what it gives, where that is known. */
  size?: Range;
}

/** What is known of an expression's parts. */
export interface Estimator {
  sizeOrAny(e: Expr): Range;
  pathFor(e: Expr): readonly string[];
  sizeAt(path: readonly string[]): Range | undefined;
}

type Rule = (
  size: (e: Expr) => Range,
  e: Call,
  overload: string,
  of: Estimator,
) => Estimate | undefined;

const traversal = 0.1;
const regexFactor = 0.25;
const one: Rule = () => ({ cost: exactly(1) });

/** As long as the first argument, and gives as much. */
const firstArg: Rule = (size, e) => ({ cost: times(size(e.args[0]!), traversal) });
const firstArgKept: Rule = (size, e) => {
  const of = size(e.args[0]!);
  return { cost: times(of, traversal), size: of };
};
const targetKept: Rule = (size, e) => {
  if (!e.target) return undefined;
  const of = size(e.target);
  return { cost: times(of, traversal), size: of };
};

const matched = (text: Range, pattern: Range): Range =>
  multiply(times(add(text, exactly(1)), traversal), times(pattern, regexFactor));

/** The type of a list's elements, and the size that a schema gives them. */
function elementOf(list: Expr, of: Estimator): { type: Type; size: Range } | undefined {
  const type = list.type!.params[0];
  if (!type) return undefined;
  const path = of.pathFor(list);
  const size = path.length > 0 ? of.sizeAt([...path, "@items"]) : undefined;
  return { type, size: size ?? between(0, most) };
}

/** Looks at each element of a list, or character of a text. */
const each: Rule = (size, e, _overload, of) => {
  if (!e.target) return undefined;
  const count = size(e.target);
  const element = elementOf(e.target, of);
  if (!element) return { cost: times(count, traversal) };
  const texts = element.type.kind === "string" || element.type.kind === "bytes";
  const cost = texts ? add(exactly(1), times(element.size, traversal)) : exactly(1);
  return { cost: multiply(count, cost) };
};

const replace: Rule = (size, e) => {
  if (!e.target || e.args.length < 2) return undefined;
  const [text, old, by] = [size(e.target), size(e.args[0]!), size(e.args[1]!)];
  let [mostTimes, mostKept] = [0, 0];
  if (old.min === 0) [mostTimes, mostKept] = [text.max + 1, text.max];
  else if (by.max <= old.min) mostKept = text.max;
  else mostTimes = Math.ceil(text.max / old.min);
  let [leastTimes, leastKept] = [0, 0];
  if (old.max === 0) [leastTimes, leastKept] = [text.min + 1, text.min];
  else if (old.max <= by.min) leastKept = text.min;
  else leastTimes = Math.ceil(text.min / old.max);
  return {
    cost: times(text, 2 * traversal),
    size: add(multiply(between(leastTimes, mostTimes), by), between(leastKept, mostKept)),
  };
};

const split: Rule = (size, e) => {
  if (!e.target) return undefined;
  const text = size(e.target);
  const limit = e.args[1];
  const max =
    limit?.k === "literal" && typeof limit.value === "bigint"
      ? Number(BigInt.asUintN(64, limit.value))
      : text.max;
  return { cost: times(text, 2 * traversal), size: between(0, max) };
};

const join: Rule = (size, e, _overload, of) => {
  if (!e.target) return undefined;
  const count = size(e.target);
  const element = elementOf(e.target, of);
  let made = element ? multiply(count, element.size) : exactly(0);
  const [separator] = e.args;
  if (separator) {
    const gaps = between(Math.max(0, count.min - 1), Math.max(0, count.max - 1));
    made = add(made, multiply(size(separator), gaps));
  }
  return { cost: times(made, traversal), size: made };
};

const find: Rule = (size, e) => {
  if (!e.target || !e.args[0]) return undefined;
  const text = size(e.target);
  return { cost: matched(text, size(e.args[0])), size: between(0, text.max) };
};

/** Within a network: two lists of bytes are compared. */
const contained: Rule = (size, e, overload) => {
  const bytes = between(4, 16);
  let cost = times(add(bytes, bytes), traversal);
  if (e.fn === "containsCIDR") cost = add(add(cost, times(bytes, traversal)), exactly(1));
  if (overload.endsWith("_string")) cost = add(cost, times(size(e.args[0]!), traversal));
  return { cost };
};

const selector: Rule = (size, e) => {
  const length = size(e.args[0]!);
  const requirements = times(times(length, 0.5), 50);
  return { cost: add(add(exactly(10), times(length, traversal)), requirements) };
};

/** k8s: apiserver/pkg/cel/limits.go MaxNameFormatRegexSize */
const validate: Rule = (size, e) => ({
  cost: times(times(size(e.args[0]!), traversal), 128 * regexFactor),
});

const constantCosts: Readonly<Record<string, Rule>> = Object.fromEntries(
  (
    "serviceAccount path group resource subresource namespace name allowed reason error errored masked prefixLength family " +
    "isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast format.named sign asInteger isInteger " +
    "asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch getScheme getHostname getHost getPort " +
    "getEscapedPath getQuery"
  )
    .split(" ")
    .map((name) => [name, one]),
);

const byName: Readonly<Record<string, Rule>> = {
  ...constantCosts,
  check: () => ({ cost: exactly(350_000) }),
  fieldSelector: selector,
  labelSelector: selector,
  isSorted: each,
  sum: each,
  max: each,
  min: each,
  indexOf: each,
  lastIndexOf: each,
  url: firstArgKept,
  "jsonpatch.escapeKey": firstArgKept,
  lowerAscii: targetKept,
  upperAscii: targetKept,
  substring: targetKept,
  trim: targetKept,
  replace,
  split,
  join,
  find,
  findAll: find,
  cidr: firstArg,
  isIP: firstArg,
  isCIDR: firstArg,
  ip: (size, e, overload, of) =>
    overload === "cidr_ip" ? { cost: exactly(1) } : firstArg(size, e, overload, of),
  "ip.isCanonical": (size, e) => ({ cost: times(size(e.args[0]!), 2 * traversal) }),
  containsIP: contained,
  containsCIDR: contained,
  quantity: firstArg,
  isQuantity: firstArg,
  semver: firstArg,
  isSemver: firstArg,
  validate,
};

/** A list that is made: a call, the list, and so much for each element. */
const made = (factor: number, size: Range): Estimate => ({
  cost: add(times(size, factor), exactly(11)),
  size,
});

const literalInt = (e: Expr, otherwise: number): number => {
  if (e.k !== "literal" || typeof e.value !== "bigint") return otherwise;
  return e.value < 0n ? 0 : Number(e.value);
};

function sorted(of: Range, overload: string): Estimate {
  const texts = overload.startsWith("list_string") || overload.startsWith("list_bytes");
  return made(texts ? 2 + traversal : 2, multiply(of, of));
}

const sets =
  (factor: number): Rule =>
  (size, e) => ({
    cost: add(times(multiply(size(e.args[0]!), size(e.args[1]!)), factor), exactly(1)),
  });

const flatten: Rule = (size, e) =>
  made(e.args[0] ? literalInt(e.args[0], most) : 1, size(e.target!));

const compared: Rule = (size, e) => {
  const max = Math.min(size(e.args[0]!).max, size(e.args[1]!).max);
  return { cost: times(between(max > 0 ? 1 : 0, max), traversal) };
};

/** Of a result that is as large as its argument at most so many times. */
const bytesOf =
  (least: number, largest: number): Rule =>
  (size, e) => {
    const of = size(e.args[0]!);
    return {
      cost: times(of, traversal),
      size: between(Math.floor(of.min * least), of.max * largest),
    };
  };

const comparisons: Readonly<Record<string, Rule>> = Object.fromEntries(
  ["less", "less_equals", "greater", "greater_equals"].flatMap((name) => [
    [`${name}_string`, compared],
    [`${name}_bytes`, compared],
  ]),
);

const byOverload: Readonly<Record<string, Rule>> = {
  ...comparisons,
  equals: compared,
  not_equals: compared,
  list_slice: (size, e) => {
    const to = literalInt(e.args[1]!, size(e.target!).max);
    return made(1, exactly(Math.max(0, to - literalInt(e.args[0]!, 0))));
  },
  list_flatten: flatten,
  list_flatten_int: flatten,
  lists_range: (_size, e) => made(1, exactly(literalInt(e.args[0]!, most))),
  list_reverse: (size, e) => made(1, size(e.target!)),
  list_distinct: (size, e) => made(2, multiply(size(e.target!), size(e.target!))),
  list_sets_contains_list: sets(1),
  list_sets_intersects_list: sets(1),
  list_sets_equivalent_list: sets(2),
  string_format: (size, e) => ({ cost: times(size(e.target!), traversal) }),
  string_to_bytes: bytesOf(1, 4),
  bytes_to_string: bytesOf(0.25, 1),
  strings_quote: (size, e) => {
    const of = size(e.args[0]!);
    return { cost: times(of, traversal), size: between(of.min + 2, of.max * 2 + 2) };
  },
  starts_with_string: firstArg,
  ends_with_string: firstArg,
  in_list: (size, e) => ({ cost: size(e.args[1]!) }),
  matches_string: (size, e) =>
    e.target ? { cost: matched(size(e.target), size(e.args[0]!)) } : undefined,
  contains_string: (size, e) => ({
    cost: multiply(times(size(e.target!), traversal), times(size(e.args[0]!), traversal)),
  }),
};

/** Types whose values are compared at once. */
const atOnce = new Set([
  "net.IP",
  "net.CIDR",
  "kubernetes.Quantity",
  "kubernetes.Semver",
  ...["Authorizer", "PathCheck", "GroupCheck", "ResourceCheck", "Decision"].map(
    (name) => `kubernetes.authorization.${name}`,
  ),
]);

function equality(size: (e: Expr) => Range, e: Call): Estimate | undefined {
  const [a, b] = e.args as [Expr, Expr];
  if (!sameType(a.type!, b.type!)) return undefined;
  if (atOnce.has(a.type!.name)) return { cost: exactly(1) };
  // k8s: apiserver/pkg/cel/limits.go MaxFormatSize
  if (a.type!.name === "kubernetes.NamedFormat") return { cost: times(between(1, 64), traversal) };
  if (a.type!.name === "kubernetes.URL") {
    const of = size(b);
    return { cost: times(between(1, of.max >= most ? 1 : of.max), traversal) };
  }
  return undefined;
}

/** Of the call itself, its arguments not counted; undefined: one, as of all others. */
export function callEstimate(of: Estimator, e: Call, overload: string): Estimate | undefined {
  const size = (part: Expr): Range => of.sizeOrAny(part);
  if (overload.endsWith("_sort")) return sorted(size(e.target!), overload);
  if (overload.endsWith("_sortByAssociatedKeys")) return sorted(size(e.args[0]!), overload);
  const lists = /^list_(?:slice|flatten|reverse|distinct|sets)|^lists_/.test(overload);
  if (!lists && e.fn === "_==_") {
    const found = equality(size, e);
    if (found) return found;
  }
  if (!lists && Object.hasOwn(byName, e.fn)) return byName[e.fn]!(size, e, overload, of);
  return Object.hasOwn(byOverload, overload)
    ? byOverload[overload]!(size, e, overload, of)
    : undefined;
}
