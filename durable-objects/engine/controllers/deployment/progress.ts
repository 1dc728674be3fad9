/** How far a rollout is, and whether it is stuck. k8s: pkg/controller/deployment/progress.go */
import { parseTime, rfc3339 } from "../../core/clock.ts";
import type { Deployment, DeploymentStatus } from "../../kinds/deployment.ts";
import type { ReplicaSet } from "../../kinds/replica-set.ts";
import type { Client } from "../../ports/controller.ts";
import { conditionOf, withCondition, withoutCondition } from "../workload/conditions.ts";
import { calculate, isComplete, write, type Condition } from "./status.ts";

/** Writes the conditions; returns the Deployment as it is then. */
export function withConditions(client: Client, d: Deployment, conditions: Condition[]): Deployment {
  return client.update<Deployment>(
    "deployments.apps",
    { ...d, status: { ...d.status, conditions } },
    "status",
  );
}

export const hasDeadline = (d: Deployment): boolean =>
  d.spec.progressDeadlineSeconds !== undefined && d.spec.progressDeadlineSeconds !== 2 ** 31 - 1;

/** A Progressing condition as of now. */
export function progressing(
  client: Client,
  status: Condition["status"],
  reason: string,
  message: string,
): Condition {
  const at = rfc3339(client.now);
  return {
    type: "Progressing",
    status,
    lastUpdateTime: at,
    lastTransitionTime: at,
    reason,
    message,
  };
}

/** Notes that a rollout was paused or resumed, so that its deadline stops and starts anew. True when it wrote. */
export function syncPausedCondition(client: Client, d: Deployment): boolean {
  if (!hasDeadline(d)) return false;
  const current = conditionOf(d.status?.conditions, "Progressing");
  if (current?.reason === "ProgressDeadlineExceeded") return false;
  const noted = current?.reason === "DeploymentPaused";
  if (Boolean(d.spec.paused) === noted) return false;
  const next = d.spec.paused
    ? progressing(client, "Unknown", "DeploymentPaused", "Deployment is paused")
    : progressing(client, "Unknown", "DeploymentResumed", "Deployment is resumed");
  withConditions(client, d, withCondition(d.status?.conditions ?? [], next));
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
  if (!hasDeadline(d)) conditions = withoutCondition(conditions, "Progressing");
  const before = conditionOf(d.status?.conditions, "Progressing");
  const settled =
    status.replicas === status.updatedReplicas && before?.reason === "NewReplicaSetAvailable";
  if (hasDeadline(d) && !settled) conditions = withProgress(client, d, status, conditions, current);
  const failure = failureOf(client, all, current);
  conditions = failure
    ? withCondition(conditions, failure)
    : withoutCondition(conditions, "ReplicaFailure");
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
    return [...withoutCondition(conditions, "Progressing"), next];
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
