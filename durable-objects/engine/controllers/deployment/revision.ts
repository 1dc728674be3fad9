/** The annotations of a Deployment and its ReplicaSets: revisions, and what sets inherit. k8s: deployment_util.go */
import type { KubeObject } from "../../core/object.ts";
import { revisionHistoryCharactersMax } from "../../core/limits.ts";
import type { Deployment } from "../../kinds/deployment.ts";
import type { ReplicaSet } from "../../kinds/replica-set.ts";
import type { Client } from "../../ports/controller.ts";
import { byCreation } from "../workload/order.ts";
import { replicaSets } from "./replica-sets.ts";

export const revisionAnnotation = "deployment.kubernetes.io/revision";
export const revisionHistoryAnnotation = "deployment.kubernetes.io/revision-history";
export const desiredReplicasAnnotation = "deployment.kubernetes.io/desired-replicas";
export const maxReplicasAnnotation = "deployment.kubernetes.io/max-replicas";

/** Annotations of a Deployment that its ReplicaSets do not inherit. */
const notInherited = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  "deprecated.deployment.rollback.to",
]);

export const inheritedAnnotations = (d: Deployment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(d.metadata.annotations ?? {}).filter(([key]) => !notInherited.has(key)),
  );

/** A revision is Go's int64, which is more than a number holds. Undefined: not one. k8s: Revision */
export function revisionOf(object: KubeObject): bigint | undefined {
  const text = object.metadata.annotations?.[revisionAnnotation] ?? "0";
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const revision = BigInt(text);
  return BigInt.asIntN(64, revision) === revision ? revision : undefined;
}

/** k8s: MaxRevision */
export const lastRevision = (sets: readonly ReplicaSet[]): bigint =>
  sets.reduce((most, rs) => {
    const revision = revisionOf(rs) ?? 0n;
    return revision > most ? revision : most;
  }, 0n);

/** k8s: ReplicaSetsByRevision */
export function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  const [left, right] = [revisionOf(a), revisionOf(b)];
  if (left === undefined || right === undefined || left === right) return byCreation(a, b);
  return left < right ? -1 : 1;
}

/** The oldest entries make room for the newest. k8s: maxRevHistoryLengthInChars */
export function historyWith(history: string | undefined, revision: string): string | undefined {
  if (!history) return revision;
  const kept = history.split(",");
  let length = history.length + revision.length + 1;
  while (length > revisionHistoryCharactersMax && kept.length)
    length -= (kept.shift() as string).length + 1;
  return length <= revisionHistoryCharactersMax ? [...kept, revision].join(",") : undefined;
}

/** Old, empty ReplicaSets beyond revisionHistoryLimit go, lowest revision first. k8s: cleanupDeployment */
export function cleanUp(client: Client, d: Deployment, old: readonly ReplicaSet[]): void {
  const limit = d.spec.revisionHistoryLimit;
  if (limit === undefined || limit === 2 ** 31 - 1) return;
  const alive = old.filter((rs) => !rs.metadata.deletionTimestamp);
  const excess = alive.length - limit;
  if (excess <= 0) return;
  for (const rs of [...alive].sort(byRevision).slice(0, excess)) {
    const stale = (rs.metadata.generation ?? 0) > (rs.status?.observedGeneration ?? 0);
    if (rs.status?.replicas || rs.spec.replicas || stale) continue;
    client.delete(replicaSets, rs.metadata.namespace ?? "", rs.metadata.name, {
      propagationPolicy: "Background",
    });
  }
}
