/** RollingUpdate: new Pods come as old ones go. k8s: pkg/controller/deployment/rolling.go */
import type { Deployment } from "../../kinds/deployment.ts";
import type { ReplicaSet } from "../../kinds/replica-set.ts";
import type { Client, Due } from "../../ports/controller.ts";
import { byCreation } from "../workload/order.ts";
import { newSet, retry } from "./new-replica-set.ts";
import { syncRolloutStatus } from "./progress.ts";
import { desired, fresh, oldOf, sumOf } from "./replica-sets.ts";
import { cleanUp } from "./revision.ts";
import { scaleSet } from "./scale.ts";
import { maxUnavailable, newReplicas } from "./size.ts";
import { isComplete } from "./status.ts";

/** k8s: rolloutRolling */
export function rollingUpdate(client: Client, d: Deployment, sets: readonly ReplicaSet[]): Due {
  const { current, deployment, failed } = newSet(client, d, sets, true);
  if (!current) return failed ? retry : undefined;
  const old = oldOf(sets, current);
  const all = [...old, current];
  if (scaleNew(client, deployment, all, current))
    return syncRolloutStatus(client, deployment, fresh(client, all), current);
  if (scaleOld(client, deployment, all, old, current)) {
    return syncRolloutStatus(client, deployment, fresh(client, all), current);
  }
  if (isComplete(deployment, deployment.status ?? {})) cleanUp(client, deployment, old);
  return syncRolloutStatus(client, deployment, all, current);
}

/** k8s: reconcileNewReplicaSet */
function scaleNew(
  client: Client,
  d: Deployment,
  all: readonly ReplicaSet[],
  current: ReplicaSet,
): boolean {
  const has = current.spec.replicas;
  if (has === d.spec.replicas) return false;
  const wants = has > d.spec.replicas ? d.spec.replicas : newReplicas(d, all, has);
  return scaleSet(client, d, current, wants);
}

/** k8s: reconcileOldReplicaSets: never below the floor, unhealthy ones first. */
function scaleOld(
  client: Client,
  d: Deployment,
  all: readonly ReplicaSet[],
  old: readonly ReplicaSet[],
  current: ReplicaSet,
): boolean {
  if (sumOf(old, desired) === 0) return false;
  const floor = d.spec.replicas - maxUnavailable(d);
  const newUnavailable = current.spec.replicas - (current.status?.availableReplicas ?? 0);
  const most = sumOf(all, desired) - floor - newUnavailable;
  if (most <= 0) return false;
  const { sets, cleaned } = dropUnhealthy(client, d, [...old].sort(byCreation), most);
  // A set that was just scaled down still reports Pods that are about to go.
  const available = sumOf([...sets, current], (rs) =>
    Math.min(rs.status?.availableReplicas ?? 0, rs.spec.replicas),
  );
  let left = available - floor;
  let scaled = cleaned > 0;
  for (const rs of sets) {
    if (left <= 0) break;
    if (rs.spec.replicas === 0) continue;
    const down = Math.min(rs.spec.replicas, left);
    left -= down;
    scaled = scaleSet(client, d, rs, rs.spec.replicas - down) || scaled;
  }
  return scaled;
}

/** k8s: cleanupUnhealthyReplicas */
function dropUnhealthy(
  client: Client,
  d: Deployment,
  old: readonly ReplicaSet[],
  most: number,
): { sets: ReplicaSet[]; cleaned: number } {
  let cleaned = 0;
  const sets = old.map((rs) => {
    const available = rs.status?.availableReplicas ?? 0;
    if (cleaned >= most || rs.spec.replicas === 0 || rs.spec.replicas === available) return rs;
    const down = Math.min(most - cleaned, rs.spec.replicas - available);
    if (down <= 0) return rs;
    cleaned += down;
    const replicas = rs.spec.replicas - down;
    scaleSet(client, d, rs, replicas);
    return { ...rs, spec: { ...rs.spec, replicas } };
  });
  return { sets, cleaned };
}
