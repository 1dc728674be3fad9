/** What a JSON merge patch (RFC 7386) has to say to make one value of another. */
import { equal } from "../../core/equal.ts";

type Table = Record<string, unknown>;

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** undefined: they are the same. */
export function mergeDiff(before: Table, after: Table): Table | undefined {
  const out: Table = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, next] = [before[key], after[key]];
    if (next === undefined) {
      if (old !== undefined) out[key] = null;
    } else if (isTable(old) && isTable(next)) {
      const inner = mergeDiff(old, next);
      if (inner) out[key] = inner;
    } else if (!equal(old, next)) out[key] = next;
  }
  return Object.keys(out).length > 0 ? out : undefined;
}

/** A value changed by a merge patch. */
export function mergeInto(value: unknown, patch: unknown): unknown {
  if (!isTable(patch)) return patch;
  const out: Table = isTable(value) ? { ...value } : {};
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) delete out[key];
    else out[key] = mergeInto(out[key], change);
  }
  return out;
}
