/** What of a stored object an update leaves as it is. */
import type { KubeObject, ObjectMeta } from "../../core/object.ts";
import type { Kind } from "../../kinds/define.ts";
import { setStatus, statusOf } from "../object-status.ts";

/** Identity and what only the server sets come from the stored object. k8s: rest.BeforeUpdate */
export function kept(current: KubeObject, input: KubeObject): KubeObject {
  const was = current.metadata;
  const metadata: ObjectMeta = {
    ...input.metadata,
    name: was.name,
    uid: was.uid,
    resourceVersion: was.resourceVersion,
    creationTimestamp: was.creationTimestamp,
  };
  if (was.namespace) metadata.namespace = was.namespace;
  else delete metadata.namespace;
  if (was.generateName) metadata.generateName = was.generateName;
  if (was.deletionTimestamp) metadata.deletionTimestamp = was.deletionTimestamp;
  else delete metadata.deletionTimestamp;
  if (was.deletionGracePeriodSeconds === undefined) delete metadata.deletionGracePeriodSeconds;
  else metadata.deletionGracePeriodSeconds = was.deletionGracePeriodSeconds;
  if (was.generation === undefined) delete metadata.generation;
  else metadata.generation = was.generation;
  if (metadata.managedFields === undefined && was.managedFields) {
    metadata.managedFields = was.managedFields;
  }
  // An empty list is no list, as the wire has it: the last owner or finalizer left.
  if (metadata.ownerReferences?.length === 0) delete metadata.ownerReferences;
  if (metadata.finalizers?.length === 0) delete metadata.finalizers;
  return { ...input, apiVersion: current.apiVersion, kind: current.kind, metadata };
}

/** The stored object with the status of what was sent, and what else a status write may change. */
export function statusOnly(hooks: Kind, current: KubeObject, object: KubeObject): KubeObject {
  const metadata: ObjectMeta = { ...current.metadata };
  if (object.metadata.managedFields) metadata.managedFields = object.metadata.managedFields;
  for (const key of hooks.statusWritesMetadata ?? []) {
    if (object.metadata[key]) Object.assign(metadata, { [key]: object.metadata[key] });
    else delete metadata[key];
  }
  return setStatus({ ...current, metadata }, statusOf(object));
}

/** Marked for deletion and nothing keeps it any more. */
export function released(hooks: Kind, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers } = object.metadata;
  return (
    deletionTimestamp !== undefined &&
    deletionGracePeriodSeconds === 0 &&
    !finalizers?.length &&
    !hooks.hasSpecFinalizers?.(object)
  );
}

/** In the form of the storage version. */
export const asStored = ({ custom }: Kind, object: KubeObject): KubeObject =>
  custom?.write(object) ?? object;

/** k8s: apiextensions-apiserver customresource_handler.go forbidCreateAdmission */
export const goingText = "create not allowed while custom resource definition is terminating";
