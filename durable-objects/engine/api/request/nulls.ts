/** Go writes an empty list whose field may not be left out as null: not stored, put in when somebody looks. */
import type { KubeObject, ResourceId } from "../../core/object.ts";

type Json = Record<string, unknown>;

/** Paths of such lists that are often empty. */
const paths: Record<ResourceId, readonly (readonly [string, string?])[]> = {
  "roles.rbac.authorization.k8s.io": [["rules"]],
  "clusterroles.rbac.authorization.k8s.io": [["rules"]],
  "endpointslices.discovery.k8s.io": [["endpoints"], ["ports"]],
  "horizontalpodautoscalers.autoscaling": [["status", "currentMetrics"]],
};

export const mayHaveNulls = (resource: ResourceId): boolean => paths[resource] !== undefined;

export function withNulls(resource: ResourceId, object: KubeObject): KubeObject {
  const missing: Json = {};
  for (const [outer, inner] of paths[resource] ?? []) {
    const value = (object as unknown as Json)[outer];
    if (inner === undefined && value === undefined) missing[outer] = null;
    const part = value as Json | undefined;
    if (inner !== undefined && part && part[inner] === undefined) {
      missing[outer] = { ...part, [inner]: null };
    }
  }
  return Object.keys(missing).length === 0 ? object : { ...object, ...missing };
}
