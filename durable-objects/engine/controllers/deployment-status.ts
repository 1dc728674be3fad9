/** What a Deployment says of its rollout. k8s: pkg/controller/deployment/progress.go, sync.go calculateStatus */
import { parseTime, rfc3339 } from "../core/clock.ts";
import { equal } from "../core/equal.ts";
import type { Client } from "../ports/controller.ts";
import { hasDeadline, progressing } from "./deployment-sets.ts";
import {
  conditionOf,
  desired,
  findNew,
  maxUnavailable,
  sumOf,
  withCondition,
  type Condition,
  type Deployment,
  type DeploymentStatus,
  type ReplicaSet,
} from "./deployment-shapes.ts";

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

function calculate(
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

/** Unknown while a set that was looked at does not tell. k8s: GetTerminatingReplicaCountForReplicaSets */
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

function write(client: Client, d: Deployment, status: DeploymentStatus): boolean {
  if (equal(d.status, status)) return false;
  client.update<Deployment>("deployments.apps", { ...d, status }, "status");
  return true;
}

/** k8s: syncRolloutStatus. Returns when the deadline would pass. */
export function syncRolloutStatus(
  client: Client,
  d: Deployment,
  all: readonly ReplicaSet[],
  stale: ReplicaSet | undefined,
): number | undefined {
  const current = stale && (all.find((rs) => rs.metadata.uid === stale.metadata.uid) ?? stale);
  const status = calculate(client, d, all, current);
  let conditions = status.conditions ?? [];
  if (!hasDeadline(d)) conditions = conditions.filter((c) => c.type !== "Progressing");
  const before = conditionOf(d.status?.conditions, "Progressing");
  const settled =
    status.replicas === status.updatedReplicas && before?.reason === "NewReplicaSetAvailable";
  if (hasDeadline(d) && !settled) conditions = withProgress(client, d, status, conditions, current);
  const failure = failureOf(client, all, current);
  conditions = failure
    ? withCondition(conditions, failure)
    : conditions.filter((c) => c.type !== "ReplicaFailure");
  status.conditions = conditions;
  write(client, d, status);
  return deadlineOf(d, status);
}

function withProgress(
  client: Client,
  d: Deployment,
  status: DeploymentStatus,
  conditions: Condition[],
  current: ReplicaSet | undefined,
): Condition[] {
  const before = conditionOf(d.status?.conditions, "Progressing");
  const subject = current
    ? `ReplicaSet "${current.metadata.name}"`
    : `Deployment "${d.metadata.name}"`;
  if (isComplete(d, status)) {
    const done = progressing(
      client,
      "True",
      "NewReplicaSetAvailable",
      `${subject} has successfully progressed.`,
    );
    return withCondition(conditions, done);
  }
  if (madeProgress(d.status ?? {}, status)) {
    const next = progressing(client, "True", "ReplicaSetUpdated", `${subject} is progressing.`);
    if (before?.status === "True") next.lastTransitionTime = before.lastTransitionTime as string;
    return [...conditions.filter((c) => c.type !== "Progressing"), next];
  }
  if (timedOut(client, d, before)) {
    const late = progressing(
      client,
      "False",
      "ProgressDeadlineExceeded",
      `${subject} has timed out progressing.`,
    );
    return withCondition(conditions, late);
  }
  return conditions;
}

/** k8s: DeploymentProgressing */
function madeProgress(before: DeploymentStatus, now: DeploymentStatus): boolean {
  const old = (s: DeploymentStatus): number => (s.replicas ?? 0) - (s.updatedReplicas ?? 0);
  return (
    (now.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(now) < old(before) ||
    (now.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function timedOut(client: Client, d: Deployment, condition: Condition | undefined): boolean {
  if (!condition || condition.reason === "NewReplicaSetAvailable") return false;
  if (condition.reason === "ProgressDeadlineExceeded") return true;
  const deadline = (d.spec.progressDeadlineSeconds ?? 0) * 1000;
  return parseTime(condition.lastUpdateTime) + deadline < client.now;
}

/** When to look again whether the rollout is stuck. k8s: requeueStuckDeployment */
function deadlineOf(d: Deployment, status: DeploymentStatus): number | undefined {
  const condition = conditionOf(status.conditions, "Progressing");
  if (!hasDeadline(d) || !condition || isComplete(d, status)) return undefined;
  if (
    condition.reason === "NewReplicaSetAvailable" ||
    condition.reason === "ProgressDeadlineExceeded"
  ) {
    return undefined;
  }
  return parseTime(condition.lastUpdateTime) + (d.spec.progressDeadlineSeconds ?? 0) * 1000 + 1000;
}

/** k8s: getReplicaFailures: the new set's failure, else any old one's. */
function failureOf(
  client: Client,
  all: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
): Condition | undefined {
  for (const rs of current ? [current, ...all] : all) {
    const found = conditionOf(rs.status?.conditions, "ReplicaFailure");
    if (found?.status !== "True") continue;
    const at = rfc3339(client.now);
    return { ...found, lastUpdateTime: found.lastTransitionTime ?? at };
  }
  return undefined;
}
