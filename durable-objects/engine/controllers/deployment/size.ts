/** How many Pods a rollout may have more or less than wanted. k8s: pkg/controller/deployment/util/deployment_util.go */
import type { Deployment } from "../../kinds/deployment.ts";
import type { ReplicaSet } from "../../kinds/replica-set.ts";
import { scaledValue } from "../workload/int-or-percent.ts";
import { desired, sumOf } from "./replica-sets.ts";

/** k8s: ResolveFenceposts: both zero would never move, so one may be unavailable. */
function fenceposts(d: Deployment): { surge: number; unavailable: number } {
  const { rollingUpdate } = d.spec.strategy;
  const surge = scaledValue(rollingUpdate?.maxSurge, d.spec.replicas, true);
  const unavailable = scaledValue(rollingUpdate?.maxUnavailable, d.spec.replicas, false);
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

export const isRolling = (d: Deployment): boolean => d.spec.strategy.type !== "Recreate";

export const maxSurge = (d: Deployment): number => (isRolling(d) ? fenceposts(d).surge : 0);

export function maxUnavailable(d: Deployment): number {
  if (!isRolling(d) || d.spec.replicas === 0) return 0;
  return Math.min(fenceposts(d).unavailable, d.spec.replicas);
}

/** k8s: NewRSNewReplicas */
export function newReplicas(
  d: Deployment,
  all: readonly ReplicaSet[],
  newReplicaCount: number,
): number {
  if (!isRolling(d)) return d.spec.replicas;
  const current = sumOf(all, desired);
  const most = d.spec.replicas + maxSurge(d);
  if (current >= most) return newReplicaCount;
  return newReplicaCount + Math.min(most - current, d.spec.replicas - newReplicaCount);
}
