/**
 * Whose an object is: how controllers find what they own, adopt what matches and belongs to nobody, and release what
 * no longer matches. k8s: pkg/controller/controller_ref_manager.go
 */
import { objectsPerStepMax } from "../../core/limits.ts";
import {
  controllerOf,
  objectKey,
  type Change,
  type KubeObject,
  type OwnerReference,
  type ResourceId,
} from "../../core/object.ts";
import type { Selector } from "../../machinery/selectors.ts";
import type { Client, Reader } from "../../ports/controller.ts";

/** A kind that owns objects by a selector. */
export interface OwnerKind<T extends KubeObject> {
  resource: ResourceId;
  kind: string;
  selector(owner: T): Selector;
}

/** A kind that is owned. */
export interface DependentKind<T extends KubeObject> {
  resource: ResourceId;
  kind: string;
  /** Whether one that belongs to nobody may be adopted; else any that is not being deleted. */
  adoptable?(object: T): boolean;
}

/** The reference that makes `owner` the controller of an object. k8s: meta/v1 NewControllerRef */
export const newControllerRef = (owner: KubeObject): OwnerReference => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

/**
 * What `owner` controls and its selector matches, adopted objects last. Others that it controls are released; one that
 * is being deleted neither adopts nor releases. k8s: ClaimObject
 */
export function claim<T extends KubeObject>(
  client: Client,
  owner: KubeObject,
  selector: Selector,
  of: DependentKind<T>,
): T[] {
  const { uid, deletionTimestamp, namespace = "" } = owner.metadata;
  const mine: T[] = [];
  for (const object of client.byIndex<T>("controller", uid)) {
    if (object.kind !== of.kind) continue;
    if (selector.matches(object.metadata.labels)) mine.push(object);
    else if (!deletionTimestamp) setOwner(client, of, object, owner, []);
  }
  if (deletionTimestamp) return mine;
  let adoptions = 0;
  for (const object of candidates<T>(client, of.resource, namespace, selector)) {
    if (controllerOf(object) || object.metadata.deletionTimestamp) continue;
    if (of.adoptable?.(object) === false || !selector.matches(object.metadata.labels)) continue;
    // Its own changes wake the owner for the others, which count already.
    if (++adoptions > objectsPerStepMax) {
      mine.push(object);
      continue;
    }
    const adopted = setOwner(client, of, object, owner, [newControllerRef(owner)]);
    if (adopted) mine.push(adopted);
  }
  return mine;
}

/** Objects of a namespace among which are all that match. */
function candidates<T extends KubeObject>(
  client: Client,
  resource: ResourceId,
  namespace: string,
  selector: Selector,
): readonly T[] {
  if (selector.nothing || selector.empty) return [];
  const terms = selector.equalities as Record<string, string>;
  return resource === "pods" && Object.keys(terms).length
    ? client.podsMatching<T>(namespace, terms)
    : client.list<T>(resource, namespace);
}

/** Replaces the references of an object to `owner`. */
function setOwner<T extends KubeObject>(
  client: Client,
  { resource }: DependentKind<T>,
  { metadata: { namespace = "", name } }: T,
  owner: KubeObject,
  references: readonly OwnerReference[],
): T | undefined {
  return client.modify<T>(resource, namespace, name, (current) => {
    const others = current.metadata.ownerReferences?.filter((o) => o.uid !== owner.metadata.uid);
    const ownerReferences = [...(others ?? []), ...references];
    return { ...current, metadata: { ...current.metadata, ownerReferences } };
  });
}

/**
 * Keys of the owners that a change of a dependent object concerns: who controls it, who did so before, and, where it
 * belongs to nobody, all that could adopt it. k8s: addPod, updatePod, deletePod of each workload controller
 */
export function ownersOf<T extends KubeObject>(
  kind: OwnerKind<T>,
  change: Change,
  reader: Reader,
): Iterable<string> {
  const owner = controllerOf(change.object);
  const before = change.previous && controllerOf(change.previous);
  const was = before?.kind === kind.kind && before.uid !== owner?.uid ? before : undefined;
  if (owner && !was && owner.kind !== kind.kind) return nobody;
  const keys: string[] = [];
  if (owner?.kind === kind.kind) keys.push(objectKey(change.namespace, owner.name));
  if (was) keys.push(objectKey(change.namespace, was.name));
  if (!owner && change.op !== "delete") keys.push(...ownersSelecting(kind, change, reader));
  return keys;
}

const nobody: readonly string[] = [];

/** Keys of the owners whose selector matches the changed object. */
export function* ownersSelecting<T extends KubeObject>(
  { resource, selector }: OwnerKind<T>,
  { namespace, object }: Change,
  reader: Reader,
): Iterable<string> {
  for (const owner of reader.list<T>(resource, namespace)) {
    if (selector(owner).matches(object.metadata.labels))
      yield objectKey(namespace, owner.metadata.name);
  }
}
