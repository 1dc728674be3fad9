/**
 * Ownership of the one field that an object and its scale subresource share.
 * k8s: apimachinery/pkg/util/managedfields/scalehandler.go
 */
import type { ManagedFieldsEntry } from "../../core/object.ts";
import { decodeEntries, encodeEntries, identifier, type Shares } from "./entries.ts";
import { fieldElement } from "./element.ts";
import { difference, hasPath, isEmpty, setOf } from "./field-set.ts";

const SCALE_VERSION = "autoscaling/v1";
/** Of the Scale itself. */
const REPLICAS = ["spec", "replicas"];
const elementsOf = (path: readonly string[]): string[] => path.map(fieldElement);
const REPLICAS_SET = setOf(elementsOf(REPLICAS));

/** managedFields of the Scale that is shown for an object: those who own its replicas. */
export function scaleManagedFields(
  entries: readonly ManagedFieldsEntry[] | undefined,
  path: readonly string[] = REPLICAS,
): ManagedFieldsEntry[] | undefined {
  const out: Shares = new Map();
  for (const [id, share] of decodeEntries(entries)) {
    if (!hasPath(share.set, elementsOf(path))) continue;
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
  path: readonly string[] = REPLICAS,
): ManagedFieldsEntry[] | undefined {
  const own = elementsOf(path);
  const ownSet = setOf(own);
  const out: Shares = new Map();
  const scaling = decodeEntries(scale);
  for (const [id, share] of decodeEntries(parent)) {
    const scaleId = identifier({ ...share, apiVersion: SCALE_VERSION });
    if (!hasPath(share.set, own)) {
      out.set(id, share);
    } else if (scaling.delete(scaleId)) {
      out.set(id, share);
    } else {
      const set = difference(share.set, ownSet);
      if (!isEmpty(set)) out.set(id, { ...share, set });
    }
  }
  for (const share of scaling.values()) {
    if (!hasPath(share.set, elementsOf(REPLICAS))) continue;
    // Upstream looks the time up among the object's own entries, where there is none.
    const gained = { ...share, apiVersion, time: undefined, set: ownSet };
    out.set(identifier(gained), gained);
  }
  return encodeEntries(out);
}
