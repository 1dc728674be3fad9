/**
 * What ReplicaSet and ReplicationController have in common: as many Pods as wanted, adopted, released, ranked.
 * k8s: pkg/controller/replicaset/replica_set.go, pkg/controller/controller_utils.go
 */
import { rfc3339 } from "../core/clock.ts";
import { equal } from "../core/equal.ts";
import { controllerOf, objectKey, splitKey, type Change, type KubeObject } from "../core/object.ts";
import type { StatusError } from "../api/status.ts";
import type { Selector } from "../api/selectors.ts";
import { podCreateBurstMax } from "../limits.ts";
import type { Client, Controller, Reader } from "./define.ts";
import { ownerReference } from "./deployment-sets.ts";
import type { Condition, PodTemplate } from "./deployment-shapes.ts";
import { createPods, deletePod } from "./pod-control.ts";
import { isActive, isPodAvailableAt, isReady, rankForDeletion, type PodShape } from "./pods.ts";

export interface Replicated extends KubeObject {
  spec: { replicas: number; minReadySeconds?: number; template: PodTemplate };
  status?: {
    replicas?: number;
    fullyLabeledReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    terminatingReplicas?: number;
    observedGeneration?: number;
    conditions?: Condition[];
  };
}

export interface ReplicasRow {
  name: string;
  resource: string;
  kind: string;
  component: string;
  selector(object: Replicated): Selector;
  /** ReplicationControllers have no terminatingReplicas. */
  countsTerminating: boolean;
}

const failures = "replica-failures";

export function replicasController(row: ReplicasRow): Controller {
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

function* ownersOf(row: ReplicasRow, change: Change, reader: Reader): Iterable<string> {
  const owner = controllerOf(change.object);
  if (owner?.kind === row.kind) yield objectKey(change.namespace, owner.name);
  const before = change.previous && controllerOf(change.previous);
  if (before?.kind === row.kind && before.uid !== owner?.uid)
    yield objectKey(change.namespace, before.name);
  if (owner || change.op === "delete") return;
  for (const object of reader.list<Replicated>(row.resource, change.namespace)) {
    if (row.selector(object).matches(change.object.metadata.labels)) {
      yield objectKey(change.namespace, object.metadata.name);
    }
  }
}

function reconcile(row: ReplicasRow, key: string, client: Client): number | undefined {
  const { namespace, name } = splitKey(key);
  const object = client.get<Replicated>(row.resource, namespace, name);
  if (!object) {
    client.records.delete(failures, `${row.name}/${key}`);
    return undefined;
  }
  const pods = claim(row, client, object);
  const activePods = pods.filter(isActive);
  const terminating = pods.filter(
    (p) =>
      p.metadata.deletionTimestamp &&
      p.status?.phase !== "Succeeded" &&
      p.status?.phase !== "Failed",
  );
  let failure: StatusError | undefined;
  if (!object.metadata.deletionTimestamp) failure = manage(row, client, object, activePods);
  const retryAt = failureTimer(row, client, key, failure);
  const next = writeStatus(row, client, object, activePods, terminating.length, failure);
  const due = [retryAt, next].filter((d) => d !== undefined);
  return due.length ? Math.min(...due) : undefined;
}

/** Pods it controls; matching orphans are adopted, mismatching ones released. k8s: ControllerRefManager */
function claim(row: ReplicasRow, client: Client, object: Replicated): PodShape[] {
  const namespace = object.metadata.namespace ?? "";
  const selector = row.selector(object);
  const mine: PodShape[] = [];
  for (const pod of client.byIndex<PodShape>("controller", object.metadata.uid)) {
    if (pod.kind !== "Pod") continue;
    if (selector.matches(pod.metadata.labels)) mine.push(pod);
    else if (!object.metadata.deletionTimestamp) release(client, object, pod);
  }
  if (object.metadata.deletionTimestamp) return mine;
  for (const pod of candidates(client, namespace, selector)) {
    if (controllerOf(pod) || !isActive(pod) || !selector.matches(pod.metadata.labels)) continue;
    const adopted = client.modify<PodShape>("pods", namespace, pod.metadata.name, (current) => ({
      ...current,
      metadata: {
        ...current.metadata,
        ownerReferences: [
          ...(current.metadata.ownerReferences ?? []),
          ownerReference(object) as never,
        ],
      },
    }));
    if (adopted) mine.push(adopted);
  }
  return mine;
}

function candidates(client: Client, namespace: string, selector: Selector): readonly PodShape[] {
  if (selector.nothing || selector.empty) return [];
  if (Object.keys(selector.equalities).length) {
    return client.podsMatching<PodShape>(namespace, selector.equalities as Record<string, string>);
  }
  return client.list<PodShape>("pods", namespace);
}

function release(client: Client, owner: KubeObject, pod: PodShape): void {
  client.modify<PodShape>("pods", pod.metadata.namespace ?? "", pod.metadata.name, (current) => ({
    ...current,
    metadata: {
      ...current.metadata,
      ownerReferences: current.metadata.ownerReferences?.filter(
        (o) => o.uid !== owner.metadata.uid,
      ),
    },
  }));
}

/** Creates or deletes the difference. Returns what a creation failed with. k8s: manageReplicas */
function manage(
  row: ReplicasRow,
  client: Client,
  object: Replicated,
  active: readonly PodShape[],
): StatusError | undefined {
  const missing = object.spec.replicas - active.length;
  if (missing > 0) {
    const pods = Array<unknown>(Math.min(missing, podCreateBurstMax)).fill(podFrom(object));
    return createPods(client, object, row.component, pods);
  }
  if (missing === 0) return undefined;
  const surplus = Math.min(-missing, podCreateBurstMax);
  const victims = rankForDeletion(client, object, active, surplus);
  for (const pod of victims) deletePod(client, object, row.component, pod.metadata.name);
  return undefined;
}

/** k8s: controller.GetPodFromTemplate */
export function podFrom(object: Replicated): unknown {
  const { metadata, spec } = object.spec.template;
  return {
    metadata: {
      generateName: `${object.metadata.name}-`,
      namespace: object.metadata.namespace,
      ...(metadata?.labels ? { labels: metadata.labels } : {}),
      ...(metadata?.annotations ? { annotations: metadata.annotations } : {}),
      ...((metadata as { finalizers?: string[] } | undefined)?.finalizers
        ? { finalizers: (metadata as { finalizers?: string[] }).finalizers }
        : {}),
      ownerReferences: [ownerReference(object)],
    },
    spec,
  };
}

/** A failed creation is tried again after 5 ms, then twice as long each time. k8s: DefaultControllerRateLimiter */
function failureTimer(
  row: ReplicasRow,
  client: Client,
  key: string,
  failure: StatusError | undefined,
): number | undefined {
  const id = `${row.name}/${key}`;
  if (!failure) {
    if (client.records.get(failures, id) !== undefined) client.records.delete(failures, id);
    return undefined;
  }
  const attempts = client.records.get<number>(failures, id) ?? 0;
  client.records.put(failures, id, attempts + 1);
  return client.now + Math.min(5 * 2 ** attempts, 1_000_000);
}

function writeStatus(
  row: ReplicasRow,
  client: Client,
  stale: Replicated,
  before: readonly PodShape[],
  terminating: number,
  failure: StatusError | undefined,
): number | undefined {
  const { namespace = "", name } = stale.metadata;
  const object = client.get<Replicated>(row.resource, namespace, name);
  if (!object) return undefined;
  const labels = Object.entries(object.spec.template.metadata?.labels ?? {});
  const waitMs = (object.spec.minReadySeconds ?? 0) * 1000;
  let full = 0;
  let ready = 0;
  let available = 0;
  let next: number | undefined;
  for (const pod of before) {
    if (labels.every(([k, v]) => pod.metadata.labels?.[k] === v)) full += 1;
    if (!isReady(pod)) continue;
    ready += 1;
    const at = isPodAvailableAt(pod, waitMs);
    if (at <= client.now) available += 1;
    else next = Math.min(next ?? at, at);
  }
  const status: NonNullable<Replicated["status"]> = { replicas: before.length };
  if (full) status.fullyLabeledReplicas = full;
  if (ready) status.readyReplicas = ready;
  if (available) status.availableReplicas = available;
  if (row.countsTerminating) status.terminatingReplicas = terminating;
  status.observedGeneration = object.metadata.generation ?? 0;
  const conditions = failureConditions(client, object, before.length, failure);
  if (conditions.length) status.conditions = conditions;
  if (!equal(object.status, status)) client.update(row.resource, { ...object, status }, "status");
  return next;
}

/** k8s: calculateStatus: ReplicaFailure while creating (or deleting) fails. */
function failureConditions(
  client: Client,
  object: Replicated,
  count: number,
  failure: StatusError | undefined,
): Condition[] {
  const was = object.status?.conditions ?? [];
  const others = was.filter((c) => c.type !== "ReplicaFailure");
  if (!failure) return others;
  const current = was.find((c) => c.type === "ReplicaFailure");
  if (current) return [...was];
  return [
    ...others,
    {
      type: "ReplicaFailure",
      status: "True",
      lastTransitionTime: rfc3339(client.now),
      reason: count <= object.spec.replicas ? "FailedCreate" : "FailedDelete",
      message: failure.message,
    },
  ];
}
