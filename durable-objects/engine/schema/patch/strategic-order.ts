/** Element order of lists under a strategic merge patch, and the checks that go with it. */
import { badRequest, StatusError } from "../../machinery/status.ts";
import { goFormat, goType, isObject } from "./go-value.ts";
import { unprocessable } from "./json-patch.ts";

/** Upstream passes most patch errors on as they are: a 500 without a reason. */
export const patchFailure = (message: string): StatusError => new StatusError(500, "", message);

/** k8s: apimachinery/pkg/util/mergepatch/errors.go */
export const noMergeKey = (item: unknown, key: string): StatusError =>
  patchFailure(`map: ${goFormat(item)} does not contain declared merge key: ${key}`);
export const badArgType = (expected: string, actual: unknown): StatusError =>
  patchFailure(
    `expected a ${expected}, but received a ${actual === null ? "%!s(<nil>)" : goType(actual)}`,
  );
export const badPatchType = (directive: unknown, item: unknown): StatusError =>
  patchFailure(`unknown patch type: ${goFormat(directive)} in map: ${goFormat(item)}`);
export const badOrderList = (): StatusError =>
  badRequest("invalid patch format of setElementOrder list");

export const GO_MAP = "map[string]interface {}";
export const GO_LIST = "[]interface {}";

/** Element kind shared by all items; the reason of failure is upstream's. k8s: strategicpatch sliceElementType */
export function elementKind(...lists: unknown[][]): "map" | "scalar" {
  let first: string | undefined;
  for (const item of lists.flat(1)) {
    const type = goType(item);
    if (first === undefined) {
      if (Array.isArray(item)) throw unprocessable();
      first = type;
    } else if (type !== first) {
      throw patchFailure(`list element types are not identical: ${goFormat(lists)}`);
    }
  }
  if (first === undefined) throw patchFailure("no elements in any of the given slices");
  return first === GO_MAP ? "map" : "scalar";
}

/** What an item is found by: its merge key's value, or itself where there is no key. */
function identity(item: unknown, mergeKey: string): unknown {
  if (!mergeKey) return item;
  if (!isObject(item)) throw badArgType(GO_MAP, item);
  if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
  return item[mergeKey];
}

/** First position of each identity. Items that are no objects are refused by their place. */
export function positions(list: unknown[], mergeKey: string): Map<unknown, number> {
  const found = new Map<unknown, number>();
  list.forEach((item, i) => {
    if (mergeKey && !isObject(item)) throw patchFailure(`value for key ${i} is not a map`);
    const key = mergeKey ? (item as Record<string, unknown>)[mergeKey] : item;
    if (!found.has(key)) found.set(key, i);
  });
  return found;
}

/**
 * Puts a merged list into order: items named by `patchOrder` in that order, the others in the server's,
 * interleaved so that both keep their relative order.
 * k8s: strategicpatch partitionMapsByPresentInList, normalizeElementOrder, mergeSortedSlice
 */
export function ordered(
  merged: unknown[],
  patchOrder: unknown[],
  serverOrder: unknown[],
  mergeKey: string,
): unknown[] {
  const keys = new Map<unknown, unknown>();
  for (const item of merged) keys.set(item, identity(item, mergeKey));
  for (const item of patchOrder) identity(item, mergeKey);
  const patchPlace = positions(patchOrder, mergeKey);
  const serverPlace = positions(serverOrder, mergeKey);
  const place = (of: Map<unknown, number>, item: unknown) => of.get(keys.get(item)) ?? -1;
  const fromPatch = merged.filter((item) => patchPlace.has(keys.get(item)));
  const fromServer = merged.filter((item) => !patchPlace.has(keys.get(item)));
  fromPatch.sort((a, b) => place(patchPlace, a) - place(patchPlace, b));
  fromServer.sort((a, b) => place(serverPlace, a) - place(serverPlace, b));
  const out: unknown[] = [];
  let i = 0;
  let j = 0;
  while (i < fromServer.length || j < fromPatch.length) {
    const server = fromServer[i];
    const patch = fromPatch[j];
    const left = i < fromServer.length ? place(serverPlace, server) : -1;
    const right = j < fromPatch.length ? place(serverPlace, patch) : -1;
    const serverFirst =
      j >= fromPatch.length || (i < fromServer.length && left >= 0 && right >= 0 && left < right);
    if (serverFirst) i++;
    else j++;
    out.push(serverFirst ? server : patch);
  }
  return out;
}

const hasDirective = (item: unknown): boolean => isObject(item) && Object.hasOwn(item, "$patch");

/** The patch's items must appear in `$setElementOrder` and in its order. k8s: validatePatchWithSetOrderList */
export function checkOrderList(patchList: unknown[], order: unknown[], mergeKey: string): void {
  if (!order.length || !patchList.length) return;
  const items = mergeKey
    ? patchList.filter((item) => {
        if (!isObject(item)) throw badArgType(GO_MAP, item);
        return item.$patch !== "delete";
      })
    : patchList;
  let next = 0;
  let place = 0;
  while (next < items.length && place < order.length) {
    if (hasDirective(items[next])) {
      next++;
      continue;
    }
    if (identity(items[next], mergeKey) === identity(order[place], mergeKey)) next++;
    place++;
  }
  if (next < items.length && place >= order.length) {
    throw patchFailure(
      `The order in patch list:\n${goFormat(patchList)}\n doesn't match $setElementOrder list:\n${goFormat(order)}\n`,
    );
  }
}
