/** Deployments make ReplicaSets and move Pods between them. k8s: pkg/controller/deployment */
import { controllerOf, objectKey, splitKey, type Change, type KubeObject } from "../core/object.ts";
import { labelSelector } from "../api/selectors.ts";
import { deploymentRetriesMax, podCreateRetryMsMin } from "../limits.ts";
import type { Client, Controller, Reader } from "./define.ts";
import { adoptSets, component, newSet, scaleSet, syncPausedCondition } from "./deployment-sets.ts";
import {
  active,
  byCreation,
  byRevision,
  desired,
  desiredReplicasAnnotation,
  findNew,
  isRolling,
  maxSurge,
  maxUnavailable,
  newReplicas,
  proportion,
  sumOf,
  type Deployment,
  type ReplicaSet,
} from "./deployment-shapes.ts";
import { isComplete, syncRolloutStatus, syncStatus } from "./deployment-status.ts";

const failures = "deployment-failures";

export const deploymentController: Controller = {
  name: "deployment",
  component,
  wakesOn: {
    "deployments.apps": (change) => [objectKey(change.namespace, change.name)],
    "replicasets.apps": ownersOf,
    pods: onPod,
  },
  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const d = client.get<Deployment>("deployments.apps", namespace, name);
    if (!d) return forgetFailures(client, key);
    const sets = adoptSets(client, d);
    if (d.metadata.deletionTimestamp) return syncStatus(client, d, sets);
    const paused = syncPausedCondition(client, d);
    if (paused) return undefined;
    if (d.spec.paused || isScaling(d, sets)) return scaleOnly(client, d, sets);
    return isRolling(d) ? rollingUpdate(client, d, sets) : recreate(client, d, sets);
  },
};

/** k8s: handleErr */
function retryAt(client: Client, d: Deployment): number | undefined {
  const key = objectKey(d.metadata.namespace, d.metadata.name);
  const attempts = client.records.get<number>(failures, key) ?? 0;
  if (attempts >= deploymentRetriesMax) return forgetFailures(client, key);
  client.records.put(failures, key, attempts + 1);
  return client.now + podCreateRetryMsMin * 2 ** attempts;
}

function forgetFailures(client: Client, key: string): undefined {
  if (client.records.get(failures, key) !== undefined) client.records.delete(failures, key);
}

function* ownersOf(change: Change, reader: Reader): Iterable<string> {
  for (const object of [change.object, change.previous]) {
    const owner = object && controllerOf(object);
    if (owner?.kind === "Deployment") yield objectKey(change.namespace, owner.name);
  }
  if (controllerOf(change.object)) return;
  for (const d of reader.list<Deployment>("deployments.apps", change.namespace)) {
    if (labelSelector(d.spec.selector).matches(change.object.metadata.labels)) {
      yield objectKey(change.namespace, d.metadata.name);
    }
  }
}

/** Recreate waits for the last old Pod to be gone. */
function onPod(change: Change, reader: Reader): string[] | undefined {
  if (change.op !== "delete") return undefined;
  const owner = controllerOf(change.object);
  if (owner?.kind !== "ReplicaSet") return undefined;
  const set = reader.get<ReplicaSet>("replicasets.apps", change.namespace, owner.name);
  const parent = set && controllerOf(set);
  if (!parent) return undefined;
  const d = reader.get<Deployment>("deployments.apps", change.namespace, parent.name);
  return d && !isRolling(d) ? [objectKey(change.namespace, parent.name)] : undefined;
}

const oldOf = (sets: readonly ReplicaSet[], current: ReplicaSet | undefined): ReplicaSet[] =>
  sets.filter((rs) => rs.metadata.uid !== current?.metadata.uid);

/** spec.replicas moved since the ReplicaSets were last scaled. k8s: isScalingEvent */
function isScaling(d: Deployment, sets: readonly ReplicaSet[]): boolean {
  return active(sets).some((rs) => {
    const noted = rs.metadata.annotations?.[desiredReplicasAnnotation];
    return noted !== undefined && Number(noted) !== d.spec.replicas;
  });
}

/** k8s: rolloutRolling */
function rollingUpdate(
  client: Client,
  d: Deployment,
  sets: readonly ReplicaSet[],
): number | undefined {
  const { current, deployment, failed } = newSet(client, d, sets, true);
  if (!current) return failed ? retryAt(client, d) : undefined;
  forgetFailures(client, objectKey(d.metadata.namespace, d.metadata.name));
  const old = oldOf(sets, current);
  const all = [...old, current];
  if (scaleNew(client, deployment, all, current))
    return syncRolloutStatus(client, deployment, fresh(client, all), current);
  if (scaleOld(client, deployment, all, old, current)) {
    return syncRolloutStatus(client, deployment, fresh(client, all), current);
  }
  if (isComplete(deployment, deployment.status ?? {})) cleanUp(client, deployment, old);
  return syncRolloutStatus(client, deployment, all, current);
}

/** The sets as they are after this step's own writes. */
const fresh = (client: Client, sets: readonly ReplicaSet[]): ReplicaSet[] =>
  sets.flatMap((rs) => {
    const { namespace = "", name } = rs.metadata;
    return client.get<ReplicaSet>("replicasets.apps", namespace, name) ?? [];
  });

function scaleNew(
  client: Client,
  d: Deployment,
  all: readonly ReplicaSet[],
  current: ReplicaSet,
): boolean {
  const has = current.spec.replicas;
  if (has === d.spec.replicas) return false;
  const wants = has > d.spec.replicas ? d.spec.replicas : newReplicas(d, all, has);
  return scaleSet(client, d, current, wants);
}

/** k8s: reconcileOldReplicaSets: never below the floor, unhealthy ones first. */
function scaleOld(
  client: Client,
  d: Deployment,
  all: readonly ReplicaSet[],
  old: readonly ReplicaSet[],
  current: ReplicaSet,
): boolean {
  if (sumOf(old, desired) === 0) return false;
  const floor = d.spec.replicas - maxUnavailable(d);
  const newUnavailable = current.spec.replicas - (current.status?.availableReplicas ?? 0);
  const most = sumOf(all, desired) - floor - newUnavailable;
  if (most <= 0) return false;
  const { sets, cleaned } = dropUnhealthy(client, d, [...old].sort(byCreation), most);
  // A set that was just scaled down still reports Pods that are about to go.
  const available = sumOf([...sets, current], (rs) =>
    Math.min(rs.status?.availableReplicas ?? 0, rs.spec.replicas),
  );
  let left = available - floor;
  let scaled = cleaned > 0;
  for (const rs of sets) {
    if (left <= 0) break;
    if (rs.spec.replicas === 0) continue;
    const down = Math.min(rs.spec.replicas, left);
    left -= down;
    scaled = scaleSet(client, d, rs, rs.spec.replicas - down) || scaled;
  }
  return scaled;
}

/** k8s: cleanupUnhealthyReplicas */
function dropUnhealthy(
  client: Client,
  d: Deployment,
  old: readonly ReplicaSet[],
  most: number,
): { sets: ReplicaSet[]; cleaned: number } {
  let cleaned = 0;
  const sets = old.map((rs) => {
    const available = rs.status?.availableReplicas ?? 0;
    if (cleaned >= most || rs.spec.replicas === 0 || rs.spec.replicas === available) return rs;
    const down = Math.min(most - cleaned, rs.spec.replicas - available);
    if (down <= 0) return rs;
    cleaned += down;
    const replicas = rs.spec.replicas - down;
    scaleSet(client, d, rs, replicas);
    return { ...rs, spec: { ...rs.spec, replicas } };
  });
  return { sets, cleaned };
}

/** k8s: rolloutRecreate */
function recreate(client: Client, d: Deployment, sets: readonly ReplicaSet[]): number | undefined {
  const existing = findNew(d, sets);
  const old = oldOf(sets, existing);
  let scaled = false;
  for (const rs of active(old)) scaled = scaleSet(client, d, rs, 0) || scaled;
  const found = newSet(client, d, sets, false);
  if (scaled || oldPodsLeft(client, old)) {
    return syncRolloutStatus(client, found.deployment, fresh(client, sets), found.current);
  }
  // The first look may have annotated the set: the second must not write from an old copy.
  const { current, deployment, failed } = newSet(
    client,
    found.deployment,
    fresh(client, sets),
    true,
  );
  if (!current) return failed ? retryAt(client, d) : undefined;
  forgetFailures(client, objectKey(d.metadata.namespace, d.metadata.name));
  scaleSet(client, deployment, current, deployment.spec.replicas);
  if (isComplete(deployment, deployment.status ?? {})) cleanUp(client, deployment, old);
  return syncRolloutStatus(client, deployment, fresh(client, [...old, current]), current);
}

interface PodShape extends KubeObject {
  status?: { phase?: string };
}

function oldPodsLeft(client: Client, old: readonly ReplicaSet[]): boolean {
  if (sumOf(old, (rs) => rs.status?.replicas) > 0) return true;
  return old.some((rs) =>
    client
      .byIndex<PodShape>("controller", rs.metadata.uid)
      .some((pod) => pod.status?.phase !== "Failed" && pod.status?.phase !== "Succeeded"),
  );
}

/** Paused or scaled: no new template rolls out, sizes follow. k8s: sync, scale */
function scaleOnly(client: Client, d: Deployment, sets: readonly ReplicaSet[]): number | undefined {
  const { current, deployment } = newSet(client, d, sets, false);
  const old = oldOf(sets, current);
  scaleAll(client, deployment, old, current);
  if (deployment.spec.paused) cleanUp(client, deployment, old);
  return syncStatus(client, deployment, fresh(client, current ? [...old, current] : old), current);
}

function scaleAll(
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

/** Old, empty ReplicaSets beyond revisionHistoryLimit go, lowest revision first. k8s: cleanupDeployment */
function cleanUp(client: Client, d: Deployment, old: readonly ReplicaSet[]): void {
  const limit = d.spec.revisionHistoryLimit;
  if (limit === undefined || limit === 2 ** 31 - 1) return;
  const alive = old.filter((rs) => !rs.metadata.deletionTimestamp);
  const excess = alive.length - limit;
  if (excess <= 0) return;
  for (const rs of [...alive].sort(byRevision).slice(0, excess)) {
    const stale = (rs.metadata.generation ?? 0) > (rs.status?.observedGeneration ?? 0);
    if (rs.status?.replicas || rs.spec.replicas || stale) continue;
    client.delete("replicasets.apps", rs.metadata.namespace ?? "", rs.metadata.name, {
      propagationPolicy: "Background",
    });
  }
}
