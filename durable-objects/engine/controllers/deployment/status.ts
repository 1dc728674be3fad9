/** What a Deployment's status counts. k8s: pkg/controller/deployment/sync.go calculateStatus */
import { rfc3339 } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import type { Deployment, DeploymentStatus } from "../../kinds/deployment.ts";
import type { ReplicaSet } from "../../kinds/replica-set.ts";
import type { Client } from "../../ports/controller.ts";
import { withCondition } from "../workload/conditions.ts";
import { desired, findNew, sumOf } from "./replica-sets.ts";
import { maxUnavailable } from "./size.ts";

export type Condition = NonNullable<DeploymentStatus["conditions"]>[number];

/** k8s: DeploymentComplete */
export function isComplete(d: Deployment, status: DeploymentStatus): boolean {
  const wants = d.spec.replicas;
  return (
    (status.updatedReplicas ?? 0) === wants &&
    (status.replicas ?? 0) === wants &&
    (status.availableReplicas ?? 0) === wants &&
    (status.observedGeneration ?? 0) >= (d.metadata.generation ?? 0)
  );
}

/** A Deployment's status from its ReplicaSets' own. k8s: pkg/controller/deployment/sync.go calculateStatus */
export function calculate(
  client: Client,
  d: Deployment,
  all: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
): DeploymentStatus {
  const available = sumOf(all, (rs) => rs.status?.availableReplicas);
  const unavailable = Math.max(0, sumOf(all, desired) - available);
  const at = rfc3339(client.now);
  const enough = available >= d.spec.replicas - maxUnavailable(d);
  const condition: Condition = {
    type: "Available",
    status: enough ? "True" : "False",
    lastUpdateTime: at,
    lastTransitionTime: at,
    reason: enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
    message: enough
      ? "Deployment has minimum availability."
      : "Deployment does not have minimum availability.",
  };
  const status: DeploymentStatus = {
    observedGeneration: d.metadata.generation ?? 0,
    replicas: sumOf(all, (rs) => rs.status?.replicas),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sumOf(all, (rs) => rs.status?.readyReplicas),
    availableReplicas: available,
    unavailableReplicas: unavailable,
    conditions: withCondition(d.status?.conditions ?? [], condition),
  };
  for (const key of [
    "replicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "unavailableReplicas",
  ] as const) {
    if (status[key] === 0) delete status[key];
  }
  const terminating = terminatingOf(all);
  if (terminating !== undefined) status.terminatingReplicas = terminating;
  if (d.status?.collisionCount) status.collisionCount = d.status.collisionCount;
  return status;
}

/** Undefined while one of the sets has no such count. k8s: GetTerminatingReplicaCountForReplicaSets */
function terminatingOf(all: readonly ReplicaSet[]): number | undefined {
  const untold = all.some(
    ({ status }) => status?.observedGeneration && status.terminatingReplicas === undefined,
  );
  return untold ? undefined : sumOf(all, (rs) => rs.status?.terminatingReplicas);
}

/** Counts only: paused, scaled or going away. k8s: syncDeploymentStatus */
export function syncStatus(
  client: Client,
  d: Deployment,
  all: readonly ReplicaSet[],
  current: ReplicaSet | undefined = findNew(d, all),
): undefined {
  write(client, d, calculate(client, d, all, current));
  return undefined;
}

/** Returns whether it differed. */
export function write(client: Client, d: Deployment, status: DeploymentStatus): boolean {
  if (equal(d.status, status)) return false;
  client.update<Deployment>("deployments.apps", { ...d, status }, "status");
  return true;
}
