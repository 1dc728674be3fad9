/** Shapes every stored object shares. `core` knows no kinds: anything beyond metadata is opaque here. */

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry {
  manager?: string;
  operation?: "Apply" | "Update";
  apiVersion?: string;
  time?: string;
  fieldsType?: "FieldsV1";
  fieldsV1?: Record<string, unknown>;
  subresource?: string;
}

export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}

/** An object as stored and as read: immutable by convention, apiVersion and kind always set. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** `plural` or `plural.group`, as upstream prints a GroupResource: `pods`, `deployments.apps`. */
export type ResourceId = string;

/** One revision of one object: what the log holds, watches see and controllers wake on. */
export interface Change {
  /** resourceVersion of this change; strictly grows. */
  rv: number;
  /** Virtual ms at which it was written. */
  at: number;
  op: "create" | "update" | "delete";
  resource: ResourceId;
  /** "" for cluster-scoped objects. */
  namespace: string;
  name: string;
  /** `objectKey` of both. */
  key: string;
  /** State after the change; for a delete the last state, carrying the deletion's resourceVersion. */
  object: KubeObject;
  /** State before; absent for a create. */
  previous?: KubeObject;
  /** Who caused it: a user's name, or the controller's. Absent: not known, as in logs from before it was written down. */
  by?: string | undefined;
}

/** Key of an object among those of its resource: `namespace/name`, or `name` where there is no namespace. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}

/** Splits a key made by objectKey. */
export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf("/");
  return slash < 0
    ? { namespace: "", name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The owner reference that carries controller: true, if any. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  const owners = object.metadata.ownerReferences;
  if (!owners) return undefined;
  for (const owner of owners) if (owner.controller) return owner;
  return undefined;
}
