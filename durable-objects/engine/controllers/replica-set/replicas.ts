/**
 * What ReplicaSet and ReplicationController have in common: as many Pods as wanted.
 * k8s: pkg/controller/replicaset/replica_set.go
 */
import type { ReplicationController } from "../../kinds/replication-controller.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { rfc3339 } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import { objectKey, splitKey } from "../../core/object.ts";
import { podsPerReconcileMax } from "../../core/limits.ts";
import type { ReplicaSet, ReplicaSetStatus } from "../../kinds/replica-set.ts";
import type { StatusError } from "../../machinery/status.ts";
import type { Client, Controller, Due } from "../../ports/controller.ts";
import { conditionOf, withCondition, withoutCondition } from "../workload/conditions.ts";
import { claim, ownersOf, type OwnerKind } from "../workload/controller-ref.ts";
import { createPods, podsAtOnce, deletePod, podFromTemplate } from "../workload/pod-control.ts";
import { countPods, isActive, isTerminating, rankForDeletion } from "../workload/pods.ts";

export type Replicated = ReplicaSet | ReplicationController;

export interface ReplicasRow<T extends Replicated> extends OwnerKind<T> {
  name: string;
  component: string;
  /** ReplicationControllers have no terminatingReplicas. */
  countsTerminating: boolean;
}

export function replicasController<T extends Replicated>(row: ReplicasRow<T>): Controller {
  return {
    name: row.name,
    component: row.component,
    wakesOn: {
      [row.resource]: (change) => [objectKey(change.namespace, change.name)],
      pods: (change, reader) => ownersOf(row, change, reader),
    },
    reconcile: (key, client) => reconcile(row, key, client),
  };
}

function reconcile<T extends Replicated>(row: ReplicasRow<T>, key: string, client: Client): Due {
  const { namespace, name } = splitKey(key);
  const object = client.get<T>(row.resource, namespace, name);
  if (!object) return undefined;
  const pods = claim<Pod>(client, object, row.selector(object), {
    resource: "pods",
    kind: "Pod",
    adoptable: isActive,
  });
  const active = pods.filter(isActive);
  const terminating = pods.filter(isTerminating).length;
  let failure: StatusError | undefined;
  if (!object.metadata.deletionTimestamp) failure = manage(row, client, object, active);
  const next = writeStatus(row, client, object, { active, terminating, failure });
  return failure ? { retry: true, dueAtMs: next } : next;
}

/** Creates or deletes the difference. Returns what a creation failed with. k8s: manageReplicas */
function manage<T extends Replicated>(
  row: ReplicasRow<T>,
  client: Client,
  object: T,
  active: readonly Pod[],
): StatusError | undefined {
  const missing = object.spec.replicas - active.length;
  if (missing > 0) {
    const pod = podFromTemplate(object, object.spec.template);
    const pods = Array<unknown>(Math.min(missing, podsAtOnce(object.spec.template))).fill(pod);
    return createPods(client, object, row.component, pods);
  }
  if (missing === 0) return undefined;
  const surplus = Math.min(-missing, podsPerReconcileMax);
  const victims = rankForDeletion(client, object, active, surplus);
  for (const pod of victims) deletePod(client, object, row.component, pod.metadata.name);
  return undefined;
}

/** Before this reconcile created or deleted any. */
interface Found {
  active: readonly Pod[];
  terminating: number;
  failure: StatusError | undefined;
}

/** Returns when the next Pod becomes available. k8s: calculateStatus */
function writeStatus<T extends Replicated>(
  row: ReplicasRow<T>,
  client: Client,
  stale: T,
  { active, terminating, failure }: Found,
): number | undefined {
  const { namespace = "", name } = stale.metadata;
  const object = client.get<T>(row.resource, namespace, name);
  if (!object) return undefined;
  const labels = Object.entries(object.spec.template.metadata?.labels ?? {});
  const full = active.filter((pod) => labels.every(([k, v]) => pod.metadata.labels?.[k] === v));
  const count = countPods(active, object.spec.minReadySeconds, client.now);
  const status: ReplicaSetStatus = { replicas: active.length };
  if (full.length) status.fullyLabeledReplicas = full.length;
  if (count.ready) status.readyReplicas = count.ready;
  if (count.available) status.availableReplicas = count.available;
  if (row.countsTerminating) status.terminatingReplicas = terminating;
  status.observedGeneration = object.metadata.generation ?? 0;
  const conditions = conditionsWith(client, object, active.length, failure);
  if (conditions.length) status.conditions = conditions;
  if (!equal(object.status, status))
    client.update<T>(row.resource, { ...object, status }, "status");
  return count.nextAtMs;
}

/** ReplicaFailure, with the first message, while creating (or deleting) fails. */
function conditionsWith(
  client: Client,
  { spec, status }: Replicated,
  count: number,
  failure: StatusError | undefined,
): NonNullable<ReplicaSetStatus["conditions"]> {
  const type = "ReplicaFailure";
  const was = status?.conditions ?? [];
  if (!failure) return withoutCondition(was, type);
  if (conditionOf(was, type)) return was;
  return withCondition(was, {
    type,
    status: "True",
    lastTransitionTime: rfc3339(client.now),
    reason: count <= spec.replicas ? "FailedCreate" : "FailedDelete",
    message: failure.message,
  });
}
