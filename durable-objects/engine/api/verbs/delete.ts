import type { KubeObject } from "../../core/object.ts";
import type { ApiResponse } from "../../ports/request.ts";
import type { Call } from "../context.ts";
import type { Resource } from "../discovery/registry.ts";
import { objectReply, scopeOf, wantedOf } from "../read/object.ts";
import { deleteOptions } from "../request/delete-options.ts";
import { written } from "../request/reply.ts";
import { ofDelete } from "../request/write-parameters.ts";

export function remove(call: Call): ApiResponse {
  const { context, resource, info } = call;
  const { options, dryRun, code } = deleteOptions(call);
  const write = { ...ofDelete(call), dryRun };
  const { object, gone } = context.operations.delete(
    resource,
    scopeOf(call),
    info.name,
    options,
    write,
  );
  if (!gone) return objectReply(call, code, object);
  if (returnsDeleted.has(resource.id)) return objectReply(call, 200, object);
  return written(200, deleted(resource, object), wantedOf(call));
}

/** Kinds whose deletion answers with the object. k8s: genericregistry.Store.ReturnDeletedObject */
const returnsDeleted = new Set([
  "namespaces",
  "persistentvolumeclaims",
  "persistentvolumes",
  "pods",
  "podtemplates",
  "resourcequotas",
  "serviceaccounts",
  "services",
  "storageclasses.storage.k8s.io",
]);

/** k8s: registry/generic/registry/store.go finalizeDelete: a Status where the object is gone at once. */
function deleted(resource: Resource, object: KubeObject): unknown {
  const { name, uid } = object.metadata;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: {
      name,
      ...(resource.group ? { group: resource.group } : {}),
      kind: resource.plural,
      uid,
    },
  };
}
