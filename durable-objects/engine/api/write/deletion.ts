/** What a DELETE does to an object. k8s: apiserver/pkg/registry/rest/delete.go, registry/generic/registry/store.go */
import { parseTime, rfc3339 } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import type { KubeObject, ObjectMeta } from "../../core/object.ts";
import type { DeleteOptions } from "../../ports/controller.ts";
import type { Resource } from "../discovery/registry.ts";
import * as status from "../../machinery/status.ts";

export type DeletionOutcome =
  /** `marked`: it is seen as about to go first. */
  | { what: "remove"; object: KubeObject; marked: boolean }
  | { what: "mark"; object: KubeObject }
  | { what: "nothing" };

const foreground = "foregroundDeletion";
const orphan = "orphan";

/**
 * What becomes of an object that is to be deleted: removed, marked with a grace period, or marked until its finalizers are
 * gone. Throws 409 where preconditions fail.
 */
export function deletion(
  resource: Resource,
  current: KubeObject,
  request: DeleteOptions,
  now: number,
): DeletionOutcome {
  checkPreconditions(resource, current, request);
  const { deletionFinalizer } = resource.hooks;
  if (deletionFinalizer !== undefined && current.metadata.deletionTimestamp === undefined)
    return { what: "mark", object: marked(resource, current, deletionFinalizer, now) };
  const finalizers = finalizersAfter(resource, current, request);
  const grace = resource.hooks.graceSeconds?.(current, request.gracePeriodSeconds);
  const was = current.metadata;
  if (grace !== undefined && grace > 0) return graceful(current, finalizers, grace, now);
  if (finalizers.length > 0 || resource.hooks.hasSpecFinalizers?.(current)) {
    return held(resource, current, finalizers, now);
  }
  const metadata: ObjectMeta = { ...was };
  delete metadata.finalizers;
  const isMarked = grace === 0 && was.deletionGracePeriodSeconds !== 0;
  if (isMarked) markNow(metadata, now);
  return { what: "remove", object: { ...current, metadata }, marked: isMarked };
}

/** k8s: apiextensions-apiserver pkg/registry/customresourcedefinition/etcd.go Delete */
function marked(
  { hooks }: Resource,
  current: KubeObject,
  finalizer: string,
  now: number,
): KubeObject {
  const { finalizers = [] } = current.metadata;
  const metadata = {
    ...current.metadata,
    deletionTimestamp: rfc3339(now),
    finalizers: finalizers.includes(finalizer) ? finalizers : [...finalizers, finalizer],
  };
  const object = { ...current, metadata };
  return hooks.markDeleted?.(object, now) ?? object;
}

/** Kinds that go gracefully are marked even where the grace is nothing. k8s: rest.BeforeDelete */
function markNow(metadata: ObjectMeta, now: number): void {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, generation } = metadata;
  const at =
    deletionTimestamp === undefined
      ? now
      : parseTime(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  if (deletionTimestamp === undefined && generation !== undefined)
    metadata.generation = generation + 1;
  metadata.deletionTimestamp = rfc3339(at);
  metadata.deletionGracePeriodSeconds = 0;
}

/** Marks an object that finalizers keep. */
function held(
  resource: Resource,
  current: KubeObject,
  finalizers: string[],
  now: number,
): DeletionOutcome {
  const was = current.metadata;
  const metadata: ObjectMeta = { ...was };
  if (finalizers.length) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  metadata.deletionTimestamp = was.deletionTimestamp ?? rfc3339(now);
  if (!resource.hooks.hasSpecFinalizers) metadata.deletionGracePeriodSeconds = 0;
  if (was.deletionTimestamp === undefined && was.generation !== undefined) {
    metadata.generation = was.generation + 1;
  }
  const marked = { ...current, metadata };
  const object = resource.hooks.markDeleted?.(marked, now) ?? marked;
  return equal(object, current) ? { what: "nothing" } : { what: "mark", object };
}

/** Marks for graceful deletion; a repeated delete may only shorten what is left. */
function graceful(
  current: KubeObject,
  finalizers: string[],
  grace: number,
  now: number,
): DeletionOutcome {
  const was = current.metadata;
  const metadata: ObjectMeta = { ...was };
  if (finalizers.length) metadata.finalizers = finalizers;
  if (was.deletionTimestamp !== undefined) {
    const before = was.deletionGracePeriodSeconds ?? 0;
    if (grace >= before) {
      const object = { ...current, metadata };
      return equal(object, current) ? { what: "nothing" } : { what: "mark", object };
    }
    const shortened = parseTime(was.deletionTimestamp) - before * 1000 + grace * 1000;
    metadata.deletionTimestamp = rfc3339(shortened);
  } else {
    metadata.deletionTimestamp = rfc3339(now + grace * 1000);
    if (was.generation !== undefined) metadata.generation = was.generation + 1;
  }
  metadata.deletionGracePeriodSeconds = grace;
  return { what: "mark", object: { ...current, metadata } };
}

function checkPreconditions(resource: Resource, current: KubeObject, request: DeleteOptions): void {
  const { uid, resourceVersion } = request.preconditions ?? {};
  const { name, uid: has, resourceVersion: at } = current.metadata;
  if (uid !== undefined && uid !== has) {
    throw status.conflict(
      resource,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${has}`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== at) {
    throw status.conflict(
      resource,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${at}`,
    );
  }
}

/** k8s: deletionFinalizersForGarbageCollection */
function finalizersAfter(
  resource: Resource,
  current: KubeObject,
  request: DeleteOptions,
): string[] {
  const has = current.metadata.finalizers ?? [];
  let policy = request.propagationPolicy;
  if (policy === undefined) {
    if (has.includes(orphan)) policy = "Orphan";
    else if (has.includes(foreground)) policy = "Foreground";
    else policy = resource.hooks.defaultPropagation ?? "Background";
  }
  const rest = has.filter((f) => f !== orphan && f !== foreground);
  if (policy === "Orphan") return [...rest, orphan];
  if (policy === "Foreground") return [...rest, foreground];
  return rest;
}
