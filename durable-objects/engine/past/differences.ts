/** Where two states of an object differ, as paths of fields. */
import { equal } from "../core/equal.ts";

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What every write changes. */
const always = new Set([
  "metadata.resourceVersion",
  "metadata.managedFields",
  "metadata.generation",
]);

/** Two names deep at most, in the order of the newer one; no more than `most`. */
export function changedPaths(before: object, after: object, most: number): string[] {
  const paths: string[] = [];
  const old = before as Fields;
  const now = after as Fields;
  for (const key of new Set([...Object.keys(now), ...Object.keys(old)])) {
    const [a, b] = [old[key], now[key]];
    if (equal(a, b)) continue;
    const inner = isFields(a) && isFields(b) ? changedKeys(a, b) : undefined;
    for (const path of inner?.map((name) => `${key}.${name}`) ?? [key]) {
      if (!always.has(path)) paths.push(path);
    }
  }
  return paths.slice(0, most);
}

/** Keys under which two maps differ, sorted. */
export function changedKeys(before: object = {}, after: object = {}): string[] {
  const old = before as Fields;
  const now = after as Fields;
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((key) => !equal(old[key], now[key]))
    .sort();
}
