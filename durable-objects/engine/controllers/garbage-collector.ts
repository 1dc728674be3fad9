/** Owners collect their dependents: background, foreground, orphan. k8s: pkg/controller/garbagecollector */
import { objectsPerStepMax } from "../core/limits.ts";
import {
  objectKey,
  splitKey,
  type Change,
  type KubeObject,
  type OwnerReference,
} from "../core/object.ts";
import type { Client, Controller, Reader } from "../ports/controller.ts";

const foreground = "foregroundDeletion";
const orphan = "orphan";

const keyOf = (resource: string, object: KubeObject): string =>
  `${resource} ${objectKey(object.metadata.namespace, object.metadata.name)}`;

const idOf = ({ resources }: Reader, object: KubeObject): string =>
  resources.ofKind(object.apiVersion, object.kind)?.id ?? "";

/** Of kinds that are served: objects of others are not looked at, as nobody could delete them. */
const dependentsOf = (reader: Reader, uid: string): readonly KubeObject[] =>
  reader.byIndex("owner", uid).filter((dependent) => idOf(reader, dependent) !== "");

export const garbageCollector: Controller = {
  name: "garbagecollector",
  wakesOn: { "*": (change, reader) => (concerns(change) ? onChange(change, reader) : undefined) },
  reconcile(key, client) {
    const space = key.indexOf(" ");
    const resource = key.slice(0, space);
    const { namespace, name } = splitKey(key.slice(space + 1));
    const object = client.get(resource, namespace, name);
    if (!object) return undefined;
    if (object.metadata.deletionTimestamp) return finish(client, resource, object);
    collect(client, resource, object);
    return undefined;
  },
};

/** Most changes touch neither an owner nor an end. */
function concerns({ op, object, previous }: Change): boolean {
  const { deletionTimestamp, ownerReferences } = object.metadata;
  return (
    op === "delete" ||
    deletionTimestamp !== undefined ||
    ownerReferences !== previous?.metadata.ownerReferences
  );
}

function* onChange(change: Change, reader: Reader): Iterable<string> {
  const { object, previous, op, resource } = change;
  if (op === "delete") {
    for (const dependent of dependentsOf(reader, object.metadata.uid))
      yield keyOf(idOf(reader, dependent), dependent);
    // A foreground owner waits for its blocking dependents.
    for (const ref of object.metadata.ownerReferences ?? [])
      yield* waitingOwner(change, ref, reader);
    return;
  }
  const finalizers = object.metadata.finalizers;
  if (
    object.metadata.deletionTimestamp &&
    (finalizers?.includes(foreground) || finalizers?.includes(orphan))
  ) {
    yield keyOf(resource, object);
  }
  if (
    object.metadata.ownerReferences?.length &&
    object.metadata.ownerReferences !== previous?.metadata.ownerReferences
  ) {
    for (const ref of object.metadata.ownerReferences) {
      const owner = ownerIn(reader, object, ref);
      if (!owner || owner.metadata.deletionTimestamp) yield keyOf(resource, object);
    }
  }
  if (
    previous?.metadata.ownerReferences &&
    previous.metadata.ownerReferences !== object.metadata.ownerReferences
  ) {
    for (const ref of previous.metadata.ownerReferences) yield* waitingOwner(change, ref, reader);
  }
}

function* waitingOwner(change: Change, ref: OwnerReference, reader: Reader): Iterable<string> {
  const owner = ownerIn(reader, change.object, ref);
  if (owner?.metadata.deletionTimestamp) yield keyOf(idOf(reader, owner), owner);
}

/** The owner a reference means: same namespace (or cluster-scoped), same uid. */
function ownerIn(reader: Reader, object: KubeObject, ref: OwnerReference): KubeObject | undefined {
  const resource = reader.resources.ofKind(ref.apiVersion, ref.kind);
  if (!resource) return undefined;
  const namespace = resource.namespaced ? (object.metadata.namespace ?? "") : "";
  const owner = reader.get(resource.id, namespace, ref.name);
  return owner?.metadata.uid === ref.uid ? owner : undefined;
}

/** An object being deleted: orphans or awaits its dependents, then drops its finalizer. Returns when there is more to do. */
function finish(client: Client, resource: string, object: KubeObject): number | undefined {
  const finalizers = object.metadata.finalizers ?? [];
  const dependents = dependentsOf(client, object.metadata.uid);
  if (finalizers.includes(orphan)) {
    for (const dependent of dependents.slice(0, objectsPerStepMax)) {
      dropOwners(client, dependent, (ref) => ref.uid !== object.metadata.uid);
    }
    if (dependents.length > objectsPerStepMax) return client.now;
    dropFinalizer(client, resource, object, orphan);
    return undefined;
  }
  if (!finalizers.includes(foreground)) {
    return undefined;
  }
  const staying = dependents.filter((d) => !d.metadata.deletionTimestamp);
  for (const dependent of staying.slice(0, objectsPerStepMax))
    collect(client, idOf(client, dependent), dependent);
  if (staying.length > objectsPerStepMax) return client.now;
  const { uid } = object.metadata;
  const blocked = dependentsOf(client, uid).some((d) => blocks(d, uid));
  if (!blocked) dropFinalizer(client, resource, object, foreground);
  return undefined;
}

const blocks = (dependent: KubeObject, uid: string): boolean =>
  dependent.metadata.ownerReferences?.some((o) => o.uid === uid && o.blockOwnerDeletion) === true;

/** A living object: goes when all its owners are gone; loses references to some that are. k8s: attemptToDeleteItem */
function collect(client: Client, resource: string, object: KubeObject): void {
  const references = object.metadata.ownerReferences ?? [];
  if (references.length === 0 || object.metadata.deletionTimestamp) return;
  const owners = references.map((ref) => ownerIn(client, object, ref));
  const solid = owners.flatMap((o) => (o && !waitsForDependents(o) ? [o.metadata.uid] : []));
  if (solid.length > 0) {
    const keep = new Set(solid);
    if (references.some((ref) => !keep.has(ref.uid))) {
      dropOwners(client, object, (ref) => keep.has(ref.uid));
    }
    return;
  }
  const dependents = dependentsOf(client, object.metadata.uid);
  const onTheWay = owners.some((o) => o !== undefined) && dependents.length > 0;
  if (onTheWay && dependents.some(waitsForDependents)) unblock(client, object);
  const { namespace = "", name, uid } = object.metadata;
  const preconditions = { uid };
  const propagationPolicy = onTheWay ? "Foreground" : policyOf(object);
  client.delete(resource, namespace, name, { propagationPolicy, preconditions });
}

/** Who is owned in a circle must not wait for it: nobody waits for this one any more. */
function unblock(client: Client, object: KubeObject): void {
  const { namespace = "", name } = object.metadata;
  client.modify(idOf(client, object), namespace, name, (current) => {
    const references = current.metadata.ownerReferences ?? [];
    const ownerReferences = references.map((ref) =>
      ref.blockOwnerDeletion ? { ...ref, blockOwnerDeletion: false } : ref,
    );
    return { ...current, metadata: { ...current.metadata, ownerReferences } };
  });
}

const waitsForDependents = (owner: KubeObject): boolean =>
  owner.metadata.deletionTimestamp !== undefined &&
  (owner.metadata.finalizers?.includes(foreground) ?? false);

function policyOf(object: KubeObject): "Orphan" | "Foreground" | "Background" {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes(orphan)) return "Orphan";
  return finalizers.includes(foreground) ? "Foreground" : "Background";
}

function dropOwners(
  client: Client,
  object: KubeObject,
  keep: (ref: OwnerReference) => boolean,
): void {
  client.modify(
    idOf(client, object),
    object.metadata.namespace ?? "",
    object.metadata.name,
    (current) => {
      const ownerReferences = current.metadata.ownerReferences?.filter(keep) ?? [];
      const { ownerReferences: _drop, ...metadata } = current.metadata;
      return {
        ...current,
        metadata: ownerReferences.length ? { ...metadata, ownerReferences } : metadata,
      };
    },
  );
}

function dropFinalizer(
  client: Client,
  resource: string,
  object: KubeObject,
  finalizer: string,
): void {
  client.modify(resource, object.metadata.namespace ?? "", object.metadata.name, (current) => ({
    ...current,
    metadata: {
      ...current.metadata,
      finalizers: current.metadata.finalizers?.filter((f) => f !== finalizer),
    },
  }));
}
