/** Lists of completion indexes as text: `0,2-4,7`. k8s: pkg/controller/job/indexed_job_utils.go, batch validation validateIndexesFormat */
import { goQuote } from "../../machinery/field.ts";

/** First and last index, both included. */
export type Interval = readonly [first: number, last: number];
/** Ordered, without overlap, neighbours joined. */
export type Intervals = readonly Interval[];

const integer = (text: string): number | undefined =>
  /^[+-]?[0-9]{1,18}$/.test(text) ? Number(text) : undefined;

/** What a status says; parts that are no numbers are left out, indexes from `completions` on too. k8s: parseIndexesFromString */
export function parseIndexes(text: string | undefined, completions: number): Intervals {
  const result: [number, number][] = [];
  for (const part of text ? text.split(",") : []) {
    const [from = "", to] = part.split("-");
    const first = integer(from);
    if (first === undefined) continue;
    if (first >= completions) break;
    const last = to === undefined ? first : integer(to);
    if (last === undefined) continue;
    const end = Math.min(last, completions - 1);
    const before = result.at(-1);
    if (before && before[1] === first - 1) before[1] = end;
    else result.push([first, end]);
  }
  return result;
}

/** Both lists as one. k8s: orderedIntervals.merge */
export function mergeIndexes(a: Intervals, b: Intervals): Intervals {
  const result: [number, number][] = [];
  for (const [first, last] of [...a, ...b].sort((x, y) => x[0] - y[0])) {
    const before = result.at(-1);
    if (!before || first > before[1] + 1) result.push([first, last]);
    else if (before[1] < last) before[1] = last;
  }
  return result;
}

export const withIndexes = (intervals: Intervals, indexes: Iterable<number>): Intervals =>
  mergeIndexes(
    intervals,
    [...indexes].map((index): Interval => [index, index]),
  );

export const countIndexes = (intervals: Intervals): number =>
  intervals.reduce((sum, [first, last]) => sum + last - first + 1, 0);

export const hasIndex = (intervals: Intervals, index: number): boolean =>
  intervals.some(([first, last]) => first <= index && index <= last);

/** Two neighbours are written apart, three and more as a range. k8s: orderedIntervals.String */
export const indexesText = (intervals: Intervals): string =>
  intervals
    .map(([first, last]) => {
      if (last === first) return String(first);
      return last === first + 1 ? `${first},${last}` : `${first}-${last}`;
    })
    .join(",");

/** How many indexes two lists share. */
export function sharedIndexes(a: Intervals, b: Intervals): number {
  let shared = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [x, y] = [a[i] as Interval, b[j] as Interval];
    shared += Math.max(0, Math.min(x[1], y[1]) - Math.max(x[0], y[0]) + 1);
    if (x[1] <= y[1]) i += 1;
    if (y[1] <= x[1]) j += 1;
  }
  return shared;
}

/** One part of a list, or what is wrong with it. k8s: parseIndexInterval */
function parseInterval(part: string, completions: number): Interval | string {
  const limits = part.split("-");
  if (limits.length > 2)
    return `the fragment ${goQuote(part)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  const numbers: number[] = [];
  for (const limit of limits) {
    const index = integer(limit);
    if (index === undefined) return `cannot convert string to integer for index: ${goQuote(limit)}`;
    if (index >= completions) return `too large index: ${goQuote(limit)}`;
    numbers.push(index);
  }
  const [first = 0, last = first] = numbers;
  if (limits.length > 1 && first >= last)
    return `non-increasing order, previous: ${first}, current: ${last}`;
  return [first, last];
}

/** How many indexes a list has, or what is wrong with it. k8s: validateIndexesFormat */
export function checkIndexes(text: string, completions: number): number | string {
  if (text === "") return 0;
  let total = 0;
  let before: number | undefined;
  for (const part of text.split(",")) {
    const interval = parseInterval(part, completions);
    if (typeof interval === "string") return interval;
    const [first, last] = interval;
    if (before !== undefined && before >= first)
      return `non-increasing order, previous: ${before}, current: ${first}`;
    total += last - first + 1;
    before = last;
  }
  return total;
}

/** The first index that both lists have. k8s: validateFailedIndexesNotOverlapCompleted */
export function overlapAt(a: string, b: string, completions: number): number | undefined {
  const parsed = (text: string): Interval[] =>
    (text === "" ? [] : text.split(","))
      .map((part) => parseInterval(part, completions))
      .filter((part): part is Interval => typeof part !== "string");
  const [left, right] = [parsed(a), parsed(b)];
  for (let i = 0, j = 0; i < left.length && j < right.length;) {
    const [x, y] = [left[i] as Interval, right[j] as Interval];
    if (x[0] <= y[1] && y[0] <= x[1]) return Math.max(x[0], y[0]);
    if (x[0] <= y[0]) i += 1;
    else j += 1;
  }
  return undefined;
}
