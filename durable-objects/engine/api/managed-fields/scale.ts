/**
 * Ownership of the one field that an object and its scale subresource share.
 * k8s: apimachinery/pkg/util/managedfields/scalehandler.go
 */
import type { ManagedFieldsEntry } from "../../core/object.ts";
import { decodeEntries, encodeEntries, identifier, type Shares } from "./entries.ts";
import { difference, hasPath, isEmpty, setOf } from "./field-set.ts";

const SCALE_VERSION = "autoscaling/v1";
const REPLICAS = ["f:spec", "f:replicas"];
const REPLICAS_SET = setOf(REPLICAS);

/** managedFields of the Scale that is shown for an object: those who own its replicas. */
export function scaleManagedFields(
  entries: readonly ManagedFieldsEntry[] | undefined,
): ManagedFieldsEntry[] | undefined {
  const out: Shares = new Map();
  for (const [id, share] of decodeEntries(entries)) {
    if (!hasPath(share.set, REPLICAS)) continue;
    out.set(id, { ...share, apiVersion: SCALE_VERSION, set: REPLICAS_SET });
  }
  return encodeEntries(renamed(out));
}

/** Updaters carry their version in their identity. */
function renamed(shares: Shares): Shares {
  const out: Shares = new Map();
  for (const share of shares.values()) out.set(identifier(share), share);
  return out;
}

/**
 * managedFields of the object after a write to its scale: `scale` are those of the written Scale.
 * Who lost the replicas there loses them here; who gained them gets an entry of subresource scale.
 */
export function parentManagedFields(
  parent: readonly ManagedFieldsEntry[] | undefined,
  scale: readonly ManagedFieldsEntry[] | undefined,
  apiVersion: string,
): ManagedFieldsEntry[] | undefined {
  const out: Shares = new Map();
  const scaling = decodeEntries(scale);
  for (const [id, share] of decodeEntries(parent)) {
    const scaleId = identifier({ ...share, apiVersion: SCALE_VERSION });
    if (!hasPath(share.set, REPLICAS)) {
      out.set(id, share);
    } else if (scaling.delete(scaleId)) {
      out.set(id, share);
    } else {
      const set = difference(share.set, REPLICAS_SET);
      if (!isEmpty(set)) out.set(id, { ...share, set });
    }
  }
  for (const share of scaling.values()) {
    if (!hasPath(share.set, REPLICAS)) continue;
    // Upstream looks the time up among the object's own entries, where there is none.
    const gained = { ...share, apiVersion, time: undefined, set: REPLICAS_SET };
    out.set(identifier(gained), gained);
  }
  return encodeEntries(out);
}
