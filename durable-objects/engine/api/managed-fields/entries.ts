/**
 * metadata.managedFields between its stored form and what the algorithms work on.
 * k8s: apimachinery/pkg/util/managedfields/internal/managedfields.go
 */
import type { ManagedFieldsEntry } from "../../core/object.ts";
import { updateManagersMax } from "../../core/limits.ts";
import { goQuote } from "../../machinery/field.ts";
import { goJson } from "../../schema/patch/go-value.ts";
import { isEmpty, markCanonical, parseFieldSet, union, type FieldSet } from "./field-set.ts";

/** One manager's share. Immutable; changes make a new record. */
export interface Share {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly set: FieldSet;
}

/** By identifier. */
export type Shares = Map<string, Share>;

type Identity = Pick<Share, "manager" | "operation" | "apiVersion" | "subresource">;

/**
 * What tells managers apart, spelled as upstream spells it since its order decides ties and messages.
 * An applier stays the same across versions. k8s: BuildManagerIdentifier
 */
export function identifier({ manager, operation, apiVersion, subresource }: Identity): string {
  const parts: string[] = [];
  if (manager) parts.push(`"manager":${goJson(manager)}`);
  parts.push(`"operation":"${operation}"`);
  if (operation === "Update") parts.push(`"apiVersion":${goJson(apiVersion)}`);
  if (subresource) parts.push(`"subresource":${goJson(subresource)}`);
  return `{${parts.join(",")}}`;
}

/** Throws an Error that says which entry is wrong. */
export function decodeEntries(entries: readonly ManagedFieldsEntry[] | undefined): Shares {
  const shares: Shares = new Map();
  (entries ?? []).forEach((entry, i) => {
    const { manager = "", operation, apiVersion, fieldsType, subresource = "", time } = entry;
    if (operation !== "Apply" && operation !== "Update") {
      throw new Error("operation must be `Apply` or `Update`");
    }
    if (!apiVersion) throw new Error("apiVersion must not be empty");
    if (!fieldsType) throw new Error(`missing fieldsType in managed fields entry ${i}`);
    if (fieldsType !== "FieldsV1") {
      const quoted = goQuote(fieldsType);
      throw new Error(`invalid fieldsType ${quoted} in managed fields entry ${i}`);
    }
    const set = parseFieldSet(entry.fieldsV1);
    const share: Share = { manager, operation, apiVersion, subresource, time, set };
    shares.set(identifier(share), share);
  });
  return shares;
}

/** Undefined when there is something wrong with any entry. */
export function tryDecodeEntries(
  entries: readonly ManagedFieldsEntry[] | undefined,
): Shares | undefined {
  try {
    return decodeEntries(entries);
  } catch {
    // Upstream ignores managedFields it cannot read, and says so nowhere.
    return undefined;
  }
}

/** Appliers first, then by time, name, version, subresource. Times are RFC3339 in UTC, so text order is time order. */
function inOrder(a: Share, b: Share): number {
  const left = [a.operation, a.time ?? "", a.manager, a.apiVersion, a.subresource];
  const right = [b.operation, b.time ?? "", b.manager, b.apiVersion, b.subresource];
  for (let i = 0; i < left.length; i++) {
    const [x, y] = [left[i] as string, right[i] as string];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/** Undefined when nobody manages anything. */
export function encodeEntries(shares: Shares): ManagedFieldsEntry[] | undefined {
  if (!shares.size) return undefined;
  return [...shares.values()].sort(inOrder).map((share) => ({
    ...(share.manager ? { manager: share.manager } : {}),
    operation: share.operation,
    apiVersion: share.apiVersion,
    ...(share.time ? { time: share.time } : {}),
    fieldsType: "FieldsV1" as const,
    fieldsV1: markCanonical(share.set),
    ...(share.subresource ? { subresource: share.subresource } : {}),
  }));
}

/** Writes that name `[]` or `[{}]` mean to forget all managers. */
export function isReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (!entries) return false;
  if (!entries.length) return true;
  return entries.length === 1 && Object.keys(entries[0] as object).length === 0;
}

const ANCIENT = "ancient-changes";

/**
 * Keeps the number of updaters bounded: the oldest of a version are folded into one bucket.
 * k8s: managedfields/internal/capmanagers.go
 */
export function capUpdaters(shares: Shares): void {
  let count = 0;
  for (const share of shares.values()) if (share.operation === "Update") count++;
  if (count <= updateManagersMax) return;
  const updaters = [...shares].filter(([, share]) => share.operation === "Update");
  updaters.sort(([a, x], [b, y]) => {
    const [left, right] = [x.time ?? "", y.time ?? ""];
    if (left !== right) return left < right ? -1 : 1;
    return a < b ? -1 : 1;
  });
  const firstOf = new Map<string, string>();
  for (const [id, share] of updaters) {
    if (count <= updateManagersMax) return;
    const { apiVersion } = share;
    const first = firstOf.get(apiVersion);
    if (first === undefined) {
      firstOf.set(apiVersion, id);
      continue;
    }
    const bucket: Identity = {
      manager: ANCIENT,
      operation: "Update",
      apiVersion,
      subresource: "",
    };
    const bucketId = identifier(bucket);
    const existing = shares.get(bucketId) ?? (shares.get(first) as Share);
    if (!shares.has(bucketId)) shares.delete(first);
    const set = union(share.set, existing.set);
    shares.delete(id);
    shares.set(bucketId, { ...bucket, operation: "Update", time: share.time, set });
    count--;
  }
}

/** Replaces one manager's set; one that owns nothing any more goes. */
export function putSet(shares: Shares, id: string, share: Share, set: FieldSet): void {
  if (isEmpty(set)) shares.delete(id);
  else if (set !== share.set) shares.set(id, { ...share, set });
}
