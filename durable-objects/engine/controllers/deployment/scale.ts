/** Sizes of ReplicaSets: set, and shared out where no template rolls out. k8s: pkg/controller/deployment/sync.go */
import { equal } from "../../core/equal.ts";
import type { Deployment } from "../../kinds/deployment.ts";
import type { ReplicaSet } from "../../kinds/replica-set.ts";
import type { Client } from "../../ports/controller.ts";
import { byCreation } from "../workload/order.ts";
import { active, desired, replicaSets, sumOf } from "./replica-sets.ts";
import { desiredReplicasAnnotation, maxReplicasAnnotation } from "./revision.ts";
import { isRolling, maxSurge } from "./size.ts";

export const component = "deployment-controller";

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
  client.modify<ReplicaSet>(replicaSets, namespace, name, (current) => ({
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

/** The Event of a ReplicaSet's change of size. */
export function recordScale(
  client: Client,
  d: Deployment,
  name: string,
  from: number,
  to: number,
): void {
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

/** spec.replicas moved since the ReplicaSets were last scaled. k8s: isScalingEvent */
export function isScaling(d: Deployment, sets: readonly ReplicaSet[]): boolean {
  return active(sets).some((rs) => {
    const noted = rs.metadata.annotations?.[desiredReplicasAnnotation];
    return noted !== undefined && Number(noted) !== d.spec.replicas;
  });
}

/** k8s: scale */
export function scaleAll(
  client: Client,
  d: Deployment,
  old: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
): void {
  const all = current ? [...old, current] : [...old];
  const running = active(all);
  if (running.length <= 1) {
    const only = running[0] ?? current ?? [...old].sort(byCreation).at(-1);
    if (only && only.spec.replicas !== d.spec.replicas) scaleSet(client, d, only, d.spec.replicas);
    else if (only) scaleSet(client, d, only, only.spec.replicas);
    return;
  }
  if (current && isSaturated(d, current)) {
    for (const rs of active(old)) scaleSet(client, d, rs, 0);
    return;
  }
  if (isRolling(d)) scaleInProportion(client, d, running);
}

/** k8s: IsSaturated */
function isSaturated(d: Deployment, rs: ReplicaSet): boolean {
  return (
    rs.spec.replicas === d.spec.replicas &&
    Number(rs.metadata.annotations?.[desiredReplicasAnnotation]) === d.spec.replicas &&
    rs.status?.availableReplicas === d.spec.replicas
  );
}

function scaleInProportion(client: Client, d: Deployment, running: ReplicaSet[]): void {
  const allowed = d.spec.replicas > 0 ? d.spec.replicas + maxSurge(d) : 0;
  const toAdd = allowed - sumOf(running, desired);
  const newestFirst = toAdd > 0 ? -1 : 1;
  const sorted = [...running].sort(
    (a, b) => b.spec.replicas - a.spec.replicas || newestFirst * byCreation(a, b),
  );
  let added = 0;
  const sizes = sorted.map((rs) => {
    const share = proportion(rs, d, toAdd, added);
    added += share;
    return rs.spec.replicas + share;
  });
  sorted.forEach((rs, i) => {
    const leftover = i === 0 ? toAdd - added : 0;
    scaleSet(client, d, rs, Math.max(0, (sizes[i] as number) + leftover));
  });
}

/** k8s: GetReplicaSetProportion: a share of what is to be added, by the size relative to the last desired one. */
function proportion(rs: ReplicaSet, d: Deployment, toAdd: number, added: number): number {
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
