/** How many Pods the controllers of some Pods want in all. k8s: pkg/controller/disruption/disruption.go getExpectedScale */
import { replicasOf } from "../../api/subresources/scale.ts";
import type { Scalable } from "../../kinds/workload-validation.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { controllerOf, type OwnerReference } from "../../core/object.ts";
import type { Reader } from "../../ports/controller.ts";

const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";

export type Scale = { expected: number; unmanaged: string[] } | { error: string };

/**
 * How many Pods the owners of these want together; an error text where one has no scale. k8s: pkg/controller/disruption
 * getExpectedScale
 */
export function expectedScale(reader: Reader, pods: readonly Pod[]): Scale {
  const scales = new Map<string, number>();
  const asked = new Set<string>();
  const unmanaged: string[] = [];
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (!owner) {
      unmanaged.push(pod.metadata.name);
      continue;
    }
    if (asked.has(owner.uid)) continue;
    asked.add(owner.uid);
    const found = scaleOf(reader, pod.metadata.namespace ?? "", owner);
    if (typeof found === "string") return { error: found };
    if (!found) return { error: `found no controllers for pod "${pod.metadata.name}"` };
    scales.set(found.uid, found.scale);
  }
  let expected = 0;
  for (const scale of scales.values()) expected += scale;
  return { expected, unmanaged };
}

/** The Deployment's size where a ReplicaSet is one's; a text where its kind has none. */
function scaleOf(
  reader: Reader,
  namespace: string,
  owner: OwnerReference,
): { uid: string; scale: number } | string | undefined {
  const group = groupOf(owner.apiVersion);
  const resource = reader.resources.ofGroupKind(group, owner.kind);
  if (!resource?.scale) {
    const plural = `${owner.kind.toLowerCase()}s${group ? `.${group}` : ""}`;
    return `${plural} does not implement the scale subresource`;
  }
  const object = reader.get<Scalable>(resource.id, namespace, owner.name);
  if (!object || object.metadata.uid !== owner.uid) return undefined;
  const parent = owner.kind === "ReplicaSet" ? controllerOf(object) : undefined;
  if (parent?.kind === "Deployment" && groupOf(parent.apiVersion) === "apps") {
    const deployment = reader.get<Scalable>("deployments.apps", namespace, parent.name);
    if (!deployment || deployment.metadata.uid !== parent.uid) return undefined;
    return { uid: deployment.metadata.uid, scale: deployment.spec?.replicas ?? 0 };
  }
  return { uid: object.metadata.uid, scale: replicasOf(resource, object) };
}
