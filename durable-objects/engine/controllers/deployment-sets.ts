/** A Deployment's ReplicaSets: found, adopted, created, scaled. k8s: pkg/controller/deployment/sync.go */
import { rfc3339 } from "../core/clock.ts";
import { equal } from "../core/equal.ts";
import { controllerOf, type KubeObject } from "../core/object.ts";
import { labelSelector } from "../machinery/selectors.ts";
import { StatusError } from "../machinery/status.ts";
import { revisionHistoryCharactersMax } from "../core/limits.ts";
import type { Client } from "../ports/controller.ts";
import {
  conditionOf,
  desiredReplicasAnnotation,
  findNew,
  hashLabel,
  inheritedAnnotations,
  lastRevision,
  maxReplicasAnnotation,
  maxSurge,
  newReplicas,
  revisionAnnotation,
  revisionHistoryAnnotation,
  revisionOf,
  sameTemplate,
  templateHash,
  withCondition,
  type Condition,
  type Deployment,
  type ReplicaSet,
} from "./deployment-shapes.ts";
import { namespaceGoes } from "./pod-control.ts";

export const component = "deployment-controller";
const sets = "replicasets.apps";

export const ownerReference = (owner: KubeObject): Record<string, unknown> => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

/** The ReplicaSets it controls; orphans that match are adopted, those that no longer match released. */
export function adoptSets(client: Client, d: Deployment): ReplicaSet[] {
  const namespace = d.metadata.namespace ?? "";
  const selector = labelSelector(d.spec.selector);
  const mine: ReplicaSet[] = [];
  for (const rs of client.byIndex<ReplicaSet>("controller", d.metadata.uid)) {
    if (rs.kind !== "ReplicaSet") continue;
    if (selector.matches(rs.metadata.labels)) mine.push(rs);
    else release(client, d, rs);
  }
  if (d.metadata.deletionTimestamp) return mine;
  for (const rs of client.list<ReplicaSet>(sets, namespace)) {
    if (controllerOf(rs) || rs.metadata.deletionTimestamp) continue;
    if (!selector.matches(rs.metadata.labels)) continue;
    const adopted = client.modify<ReplicaSet>(sets, namespace, rs.metadata.name, (current) => ({
      ...current,
      metadata: {
        ...current.metadata,
        ownerReferences: [...(current.metadata.ownerReferences ?? []), ownerReference(d) as never],
      },
    }));
    if (adopted) mine.push(adopted);
  }
  return mine;
}

function release(client: Client, d: Deployment, rs: ReplicaSet): void {
  client.modify<ReplicaSet>(sets, rs.metadata.namespace ?? "", rs.metadata.name, (current) => ({
    ...current,
    metadata: {
      ...current.metadata,
      ownerReferences: current.metadata.ownerReferences?.filter((o) => o.uid !== d.metadata.uid),
    },
  }));
}

/** Writes the status if it differs; returns the Deployment as it is then. */
function withConditions(client: Client, d: Deployment, conditions: Condition[]): Deployment {
  return client.update<Deployment>(
    "deployments.apps",
    { ...d, status: { ...d.status, conditions } },
    "status",
  );
}

export const hasDeadline = (d: Deployment): boolean =>
  d.spec.progressDeadlineSeconds !== undefined && d.spec.progressDeadlineSeconds !== 2 ** 31 - 1;

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
  return client.update<ReplicaSet>(sets, {
    ...rs,
    metadata: { ...rs.metadata, annotations },
    spec,
  });
}

/** The oldest entries make room for the newest. k8s: maxRevHistoryLengthInChars */
function historyWith(history: string | undefined, revision: string): string | undefined {
  if (!history) return revision;
  const kept = history.split(",");
  let length = history.length + revision.length + 1;
  while (length > revisionHistoryCharactersMax && kept.length)
    length -= (kept.shift() as string).length + 1;
  return length <= revisionHistoryCharactersMax ? [...kept, revision].join(",") : undefined;
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
  const hash = templateHash(d);
  const template = withHash(d, hash);
  const replicas = newReplicas(d, others, 0);
  const set = {
    metadata: {
      name: `${d.metadata.name.slice(0, 253 - 1 - hash.length)}-${hash}`,
      namespace: d.metadata.namespace,
      labels: template.metadata?.labels,
      ownerReferences: [ownerReference(d)],
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
    created = client.create<ReplicaSet>(sets, set);
  } catch (error) {
    if (error instanceof StatusError) return createFailed(client, d, set.metadata.name, error);
    throw error;
  }
  if (replicas > 0) recordScale(client, d, created.metadata.name, 0, replicas);
  return created;
}

/** A name taken by somebody else's set is a hash collision; anything else is told and retried. */
function createFailed(
  client: Client,
  d: Deployment,
  name: string,
  error: StatusError,
): ReplicaSet | StatusError {
  const namespace = d.metadata.namespace ?? "";
  if (error.reason === "AlreadyExists") {
    const taken = client.get<ReplicaSet>(sets, namespace, name);
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

/** Sets the size and notes what was wanted; true when the size changed. k8s: scaleReplicaSet */
export function scaleSet(client: Client, d: Deployment, rs: ReplicaSet, replicas: number): boolean {
  const annotations = {
    ...rs.metadata.annotations,
    [desiredReplicasAnnotation]: String(d.spec.replicas),
    [maxReplicasAnnotation]: String(d.spec.replicas + maxSurge(d)),
  };
  const resized = rs.spec.replicas !== replicas;
  if (!resized && equal(annotations, rs.metadata.annotations)) return false;
  const { namespace = "", name } = rs.metadata;
  client.modify<ReplicaSet>(sets, namespace, name, (current) => ({
    ...current,
    metadata: {
      ...current.metadata,
      annotations: { ...current.metadata.annotations, ...annotations },
    },
    spec: { ...current.spec, replicas },
  }));
  if (resized) recordScale(client, d, name, rs.spec.replicas, replicas);
  return resized;
}

function recordScale(client: Client, d: Deployment, name: string, from: number, to: number): void {
  const direction = to > from ? "up" : "down";
  client.event(
    d,
    "Normal",
    "ScalingReplicaSet",
    `Scaled ${direction} replica set ${name} from ${from} to ${to}`,
    {
      component,
    },
  );
}
