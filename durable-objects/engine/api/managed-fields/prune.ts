/** What an applier stops to claim leaves the object, unless someone else claims it. */
import type { JsonObject } from "../../schema/patch/go-value.ts";
import type { Shares } from "./entries.ts";
import { difference, EMPTY, intersection, isEmpty, union, type FieldSet } from "./field-set.ts";
import { removeTyped } from "./merge.ts";
import type { MapShape } from "./shape.ts";
import { toFieldSet, withNamedFields } from "./to-field-set.ts";

/**
 * `last` is what the manager applied before; `shares` already hold its new set.
 * Removing an item takes along what nobody claims in it; what others claim stays, and so does what
 * the manager never claimed. k8s: structured-merge-diff/merge/update.go prune
 */
export function prune(
  merged: JsonObject,
  shares: Shares,
  last: FieldSet,
  current: FieldSet,
  shape: MapShape,
): JsonObject {
  if (isEmpty(difference(last, current))) return merged;
  const all = (value: unknown) => withNamedFields(toFieldSet(value, shape), shape);
  const lastNamed = withNamedFields(last, shape);
  const mergedSet = all(merged);
  let claimed = EMPTY;
  for (const { set } of shares.values()) claimed = union(claimed, set);
  const left = all(removeTyped(merged, lastNamed, shape));
  const keep = union(left, withNamedFields(claimed, shape));
  const owned = all(removeTyped(merged, difference(mergedSet, keep), shape));
  const gone = intersection(difference(mergedSet, owned), lastNamed);
  return removeTyped(merged, gone, shape) as JsonObject;
}
