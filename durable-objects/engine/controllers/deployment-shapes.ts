/** Facts about Deployments and their ReplicaSets. k8s: pkg/controller/deployment/util/deployment_util.go */
import { equal } from "../core/equal.ts";
import { fnv32a, safeEncode } from "../core/random.ts";
import type { KubeObject } from "../core/object.ts";
import type { LabelSelector } from "../machinery/selectors.ts";

export interface Condition {
  type: string;
  status: "True" | "False" | "Unknown";
  lastUpdateTime?: string;
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

export interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
}

export interface Deployment extends KubeObject {
  spec: {
    replicas: number;
    selector: LabelSelector;
    template: PodTemplate;
    strategy: {
      type?: string;
      rollingUpdate?: { maxSurge?: number | string; maxUnavailable?: number | string };
    };
    minReadySeconds?: number;
    revisionHistoryLimit?: number;
    progressDeadlineSeconds?: number;
    paused?: boolean;
  };
  status?: DeploymentStatus;
}

export interface DeploymentStatus {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  unavailableReplicas?: number;
  terminatingReplicas?: number;
  conditions?: Condition[];
  collisionCount?: number;
}

export interface ReplicaSet extends KubeObject {
  spec: {
    replicas: number;
    minReadySeconds?: number;
    selector: LabelSelector;
    template: PodTemplate;
  };
  status?: {
    replicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    fullyLabeledReplicas?: number;
    terminatingReplicas?: number;
    observedGeneration?: number;
    conditions?: Condition[];
  };
}

export const hashLabel = "pod-template-hash";
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

/** 25% of 3 is 1 rounded up, 0 rounded down. k8s: intstr.GetScaledValueFromIntOrPercent */
export function scaledValue(
  value: number | string | undefined,
  total: number,
  roundUp: boolean,
): number {
  if (value === undefined) return 0;
  if (typeof value === "number") return value;
  const percent = Number(value.replace("%", ""));
  const exact = (percent * total) / 100;
  return roundUp ? Math.ceil(exact) : Math.floor(exact);
}

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

export const sumOf = (
  sets: readonly (ReplicaSet | undefined)[],
  value: (rs: ReplicaSet) => number | undefined,
): number => sets.reduce((sum, rs) => sum + (rs ? (value(rs) ?? 0) : 0), 0);

export const desired = (rs: ReplicaSet): number => rs.spec.replicas;
export const active = (sets: readonly ReplicaSet[]): ReplicaSet[] =>
  sets.filter((rs) => rs.spec.replicas > 0);

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

/** Oldest first, names break ties. k8s: ReplicaSetsByCreationTimestamp */
export const byCreation = (a: KubeObject, b: KubeObject): number =>
  compare(a.metadata.creationTimestamp, b.metadata.creationTimestamp) ||
  compare(a.metadata.name, b.metadata.name);

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function withoutHash(template: PodTemplate): PodTemplate {
  const { [hashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** k8s: EqualIgnoreHash */
export const sameTemplate = (a: PodTemplate, b: PodTemplate): boolean =>
  equal(withoutHash(a), withoutHash(b));

/** The oldest ReplicaSet that has the Deployment's template. k8s: FindNewReplicaSet */
export const findNew = (d: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined =>
  [...sets].sort(byCreation).find((rs) => sameTemplate(rs.spec.template, d.spec.template));

/** k8s: controller.ComputeHash */
export function templateHash(d: Deployment): string {
  const text = JSON.stringify(d.spec.template) + String(d.status?.collisionCount ?? "");
  return safeEncode(String(fnv32a(text)));
}

export const conditionOf = (
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined => conditions?.find((c) => c.type === type);

/** Adds or replaces a condition; one that says the same already stays as it is. k8s: SetDeploymentCondition */
export function withCondition(conditions: readonly Condition[], next: Condition): Condition[] {
  const current = conditionOf(conditions, next.type);
  if (current && current.status === next.status && current.reason === next.reason) {
    return [...conditions];
  }
  const kept =
    current && current.status === next.status
      ? { ...next, lastTransitionTime: current.lastTransitionTime }
      : next;
  return [...conditions.filter((c) => c.type !== next.type), kept as Condition];
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

/** k8s: GetReplicaSetProportion: a share of what is to be added, by the size relative to the last desired one. */
export function proportion(rs: ReplicaSet, d: Deployment, toAdd: number, added: number): number {
  if (rs.spec.replicas === 0 || toAdd === 0 || toAdd === added) return 0;
  const allowed = toAdd - added;
  const fraction = fractionOf(rs, d);
  return toAdd > 0 ? Math.min(fraction, allowed) : Math.max(fraction, allowed);
}

function fractionOf(rs: ReplicaSet, d: Deployment): number {
  if (d.spec.replicas === 0) return -rs.spec.replicas;
  const most = d.spec.replicas + maxSurge(d);
  const annotated = Number(rs.metadata.annotations?.[maxReplicasAnnotation] ?? 0);
  const before = annotated || (d.status?.replicas ?? 0);
  if (!before) return 0;
  const size = Math.round((rs.spec.replicas * most) / before);
  return size - rs.spec.replicas;
}
