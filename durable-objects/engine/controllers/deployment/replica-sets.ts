/** What is asked of a Deployment's ReplicaSets. k8s: pkg/controller/deployment/util/deployment_util.go */
import { equal } from "../../core/equal.ts";
import type { Deployment } from "../../kinds/deployment.ts";
import type { PodTemplateSpec } from "../../kinds/pod/types.ts";
import type { ReplicaSet } from "../../kinds/replica-set.ts";
import type { Client } from "../../ports/controller.ts";
import { byCreation } from "../workload/order.ts";

export const replicaSets = "replicasets.apps";
export const hashLabel = "pod-template-hash";

export const sumOf = (
  sets: readonly (ReplicaSet | undefined)[],
  value: (rs: ReplicaSet) => number | undefined,
): number => sets.reduce((sum, rs) => sum + (rs ? (value(rs) ?? 0) : 0), 0);

export const desired = (rs: ReplicaSet): number => rs.spec.replicas;
export const active = (sets: readonly ReplicaSet[]): ReplicaSet[] =>
  sets.filter((rs) => rs.spec.replicas > 0);

/** All but the current template's. */
export const oldOf = (sets: readonly ReplicaSet[], current: ReplicaSet | undefined): ReplicaSet[] =>
  sets.filter((rs) => rs.metadata.uid !== current?.metadata.uid);

/** The sets as they are after this step's own writes. */
export const fresh = (client: Client, sets: readonly ReplicaSet[]): ReplicaSet[] =>
  sets.flatMap((rs) => {
    const { namespace = "", name } = rs.metadata;
    return client.get<ReplicaSet>(replicaSets, namespace, name) ?? [];
  });

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const { [hashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** k8s: EqualIgnoreHash */
export const sameTemplate = (a: PodTemplateSpec, b: PodTemplateSpec): boolean =>
  equal(withoutHash(a), withoutHash(b));

/** The oldest ReplicaSet that has the Deployment's template. k8s: FindNewReplicaSet */
export const findNew = (d: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined =>
  [...sets].sort(byCreation).find((rs) => sameTemplate(rs.spec.template, d.spec.template));
