/** The ReplicaSet of a Deployment's template: found or made, its revision kept. k8s: pkg/controller/deployment/sync.go getNewReplicaSet */
import { equal } from "../../core/equal.ts";
import { deploymentRetriesMax } from "../../core/limits.ts";
import { controllerOf } from "../../core/object.ts";
import type { Deployment } from "../../kinds/deployment.ts";
import type { ReplicaSet } from "../../kinds/replica-set.ts";
import { StatusError } from "../../machinery/status.ts";
import type { Client, Retry } from "../../ports/controller.ts";
import { conditionOf, withCondition } from "../workload/conditions.ts";
import { newControllerRef } from "../workload/controller-ref.ts";
import { namespaceGoes } from "../workload/pod-control.ts";
import { computeHash } from "../workload/revision-history.ts";
import { hasDeadline, progressing, withConditions } from "./progress.ts";
import { findNew, hashLabel, replicaSets, sameTemplate } from "./replica-sets.ts";
import {
  desiredReplicasAnnotation,
  historyWith,
  inheritedAnnotations,
  lastRevision,
  maxReplicasAnnotation,
  revisionAnnotation,
  revisionHistoryAnnotation,
  revisionOf,
} from "./revision.ts";
import { component, recordScale } from "./scale.ts";
import { maxSurge, newReplicas } from "./size.ts";

/** A set that could not be made. k8s: handleErr */
export const retry: Retry = { retry: true, retriesMax: deploymentRetriesMax };

interface NewSet {
  current: ReplicaSet | undefined;
  deployment: Deployment;
  /** It could not be made, and is to be tried again. */
  failed?: boolean;
}

/**
 * The ReplicaSet of the current template, its revision brought up to date; made if there is none and `create`.
 * k8s: getAllReplicaSetsAndSyncRevision, getNewReplicaSet
 */
export function newSet(
  client: Client,
  d: Deployment,
  all: readonly ReplicaSet[],
  create: boolean,
): NewSet {
  const existing = findNew(d, all);
  const others = all.filter((rs) => rs !== existing);
  const revision = lastRevision(others) + 1n;
  if (!existing && !create) return { current: undefined, deployment: d };
  let current: ReplicaSet;
  let reason: string;
  let message: string;
  if (existing) {
    current = annotated(client, d, existing, revision);
    reason = "FoundNewReplicaSet";
    message = `Found new replica set "${current.metadata.name}"`;
    const deployment = withRevision(client, d, current);
    if (!hasDeadline(d) || conditionOf(d.status?.conditions, "Progressing"))
      return { current, deployment };
    const condition = progressing(client, "True", reason, message);
    const conditions = withCondition(deployment.status?.conditions ?? [], condition);
    return { current, deployment: withConditions(client, deployment, conditions) };
  }
  const made = createSet(client, d, others, revision);
  if (made instanceof StatusError)
    return { current: undefined, deployment: d, failed: !namespaceGoes(made) };
  current = made;
  const deployment = withRevision(client, d, current);
  if (!hasDeadline(d)) return { current, deployment };
  const name = current.metadata.name;
  const condition = progressing(
    client,
    "True",
    "NewReplicaSetCreated",
    `Created new replica set "${name}"`,
  );
  const conditions = withCondition(deployment.status?.conditions ?? [], condition);
  return { current, deployment: withConditions(client, deployment, conditions) };
}

/** k8s: SetNewReplicaSetAnnotations: inherited annotations and a revision that only grows, old ones kept as history. */
function annotated(client: Client, d: Deployment, rs: ReplicaSet, revision: bigint): ReplicaSet {
  const was = rs.metadata.annotations ?? {};
  const annotations: Record<string, string> = { ...was, ...inheritedAnnotations(d) };
  const before = revisionOf(rs);
  if (before !== undefined && before < revision) {
    annotations[revisionAnnotation] = String(revision);
    if (was[revisionAnnotation] !== undefined) {
      const history = historyWith(was[revisionHistoryAnnotation], was[revisionAnnotation]);
      if (history !== undefined) annotations[revisionHistoryAnnotation] = history;
    }
  }
  const ready = d.spec.minReadySeconds;
  if (equal(annotations, was) && (rs.spec.minReadySeconds ?? 0) === (ready ?? 0)) return rs;
  const spec = { ...rs.spec };
  if (ready) spec.minReadySeconds = ready;
  else delete spec.minReadySeconds;
  return client.update<ReplicaSet>(replicaSets, {
    ...rs,
    metadata: { ...rs.metadata, annotations },
    spec,
  });
}

function withRevision(client: Client, d: Deployment, rs: ReplicaSet): Deployment {
  const revision = rs.metadata.annotations?.[revisionAnnotation] ?? "";
  if (d.metadata.annotations?.[revisionAnnotation] === revision) return d;
  const annotations = { ...d.metadata.annotations, [revisionAnnotation]: revision };
  // Through the status, as upstream: so the generation stays what the user made it.
  return client.update<Deployment>(
    "deployments.apps",
    { ...d, metadata: { ...d.metadata, annotations } },
    "status",
  );
}

function createSet(
  client: Client,
  d: Deployment,
  others: readonly ReplicaSet[],
  revision: bigint,
): ReplicaSet | StatusError {
  const hash = computeHash(d.spec.template, d.status?.collisionCount);
  const template = withHash(d, hash);
  const replicas = newReplicas(d, others, 0);
  const set = {
    metadata: {
      name: `${d.metadata.name.slice(0, 253 - 1 - hash.length)}-${hash}`,
      namespace: d.metadata.namespace,
      labels: template.metadata?.labels,
      ownerReferences: [newControllerRef(d)],
      annotations: {
        ...inheritedAnnotations(d),
        [revisionAnnotation]: String(revision),
        [desiredReplicasAnnotation]: String(d.spec.replicas),
        [maxReplicasAnnotation]: String(d.spec.replicas + maxSurge(d)),
      },
    },
    spec: {
      replicas,
      ...(d.spec.minReadySeconds ? { minReadySeconds: d.spec.minReadySeconds } : {}),
      selector: {
        ...d.spec.selector,
        matchLabels: { ...d.spec.selector.matchLabels, [hashLabel]: hash },
      },
      template,
    },
  };
  let created: ReplicaSet;
  try {
    created = client.create<ReplicaSet>(replicaSets, set);
  } catch (error) {
    if (error instanceof StatusError) return createFailed(client, d, set.metadata.name, error);
    throw error;
  }
  if (replicas > 0) recordScale(client, d, created.metadata.name, 0, replicas);
  return created;
}

/** A name taken by somebody else's set is a hash collision; any other error becomes an Event and is retried. */
function createFailed(
  client: Client,
  d: Deployment,
  name: string,
  error: StatusError,
): ReplicaSet | StatusError {
  const namespace = d.metadata.namespace ?? "";
  if (error.reason === "AlreadyExists") {
    const taken = client.get<ReplicaSet>(replicaSets, namespace, name);
    const mine = taken && controllerOf(taken)?.uid === d.metadata.uid;
    if (mine && sameTemplate(taken.spec.template, d.spec.template)) return taken;
    const collisionCount = (d.status?.collisionCount ?? 0) + 1;
    client.update<Deployment>(
      "deployments.apps",
      { ...d, status: { ...d.status, collisionCount } },
      "status",
    );
    return error;
  }
  if (namespaceGoes(error)) return error;
  const reason = "ReplicaSetCreateError";
  const message = `Failed to create new replica set "${name}": ${error.message}`;
  if (hasDeadline(d)) {
    const condition = progressing(client, "False", reason, message);
    withConditions(client, d, withCondition(d.status?.conditions ?? [], condition));
  }
  client.event(d, "Warning", reason, message, { component });
  return error;
}

function withHash(d: Deployment, hash: string): Deployment["spec"]["template"] {
  const { template } = d.spec;
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  return { ...template, metadata: { ...template.metadata, labels } };
}
