/** What controllers ask about Pods. k8s: pkg/api/v1/pod/util.go, pkg/controller/controller_utils.go */
import type { Pod } from "../../kinds/pod/types.ts";
import { lookup } from "../../core/lookup.ts";
import { parseTime } from "../../core/clock.ts";
import type { KubeObject } from "../../core/object.ts";
import type { Client } from "../../ports/controller.ts";

interface Restarted {
  name?: string;
  restartCount?: number;
}

/** k8s: IsPodTerminal */
export const hasEnded = (pod: { status?: { phase?: string } }): boolean =>
  pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

/** k8s: IsPodActive */
export const isActive = (pod: Pod): boolean =>
  !hasEnded(pod) && pod.metadata.deletionTimestamp === undefined;

/** k8s: IsPodTerminating */
export const isTerminating = (pod: Pod): boolean =>
  !hasEnded(pod) && pod.metadata.deletionTimestamp !== undefined;

/** Asked of every Pod of a workload whenever one of them changes: a loop, no closure. */
function readyCondition({ status }: Pod) {
  if (status?.conditions)
    for (const condition of status.conditions) if (condition.type === "Ready") return condition;
  return undefined;
}

export const isReady = (pod: Pod): boolean => readyCondition(pod)?.status === "True";

const readySince = (pod: Pod): number => {
  const condition = readyCondition(pod);
  return condition?.status === "True" ? parseTime(condition.lastTransitionTime) : Number.NaN;
};

/** Virtual ms from which a ready Pod counts as available. */
export function isPodAvailableAt(pod: Pod, minReadyMs: number): number {
  return minReadyMs === 0 ? 0 : readySince(pod) + minReadyMs;
}

export interface PodCounts {
  ready: number;
  available: number;
  /** Virtual ms at which the next ready Pod counts as available. */
  nextAtMs: number | undefined;
}

/** Counts Pods as they are, where upstream keeps expectations of what its caches do not show yet. */
export function countPods(
  pods: readonly Pod[],
  minReadySeconds: number | undefined,
  nowMs: number,
): PodCounts {
  const counts: PodCounts = { ready: 0, available: 0, nextAtMs: undefined };
  for (const pod of pods) {
    if (!isReady(pod)) continue;
    counts.ready += 1;
    const at = isPodAvailableAt(pod, (minReadySeconds ?? 0) * 1000);
    if (at <= nowMs) counts.available += 1;
    else counts.nextAtMs = Math.min(counts.nextAtMs ?? at, at);
  }
  return counts;
}

const phaseRank: Record<string, number> = lookup({ Pending: 0, Unknown: 1, Running: 2 });
const deletionCost = "controller.kubernetes.io/pod-deletion-cost";

/** Restarts of the most restarted container, and of the most restarted sidecar. k8s: maxContainerRestarts */
function restarts({ spec, status }: Pod): [regular: number, sidecars: number] {
  const most = (of: readonly Restarted[] | undefined): number =>
    (of ?? []).reduce((top, c) => Math.max(top, c.restartCount ?? 0), 0);
  if (!spec.initContainers) return [most(status?.containerStatuses), 0];
  const sidecars = new Set(
    spec.initContainers.filter((c) => c.restartPolicy === "Always").map((c) => c.name),
  );
  const initial = status?.initContainerStatuses?.filter((c) => sidecars.has(c.name ?? ""));
  return [most(status?.containerStatuses), most(initial)];
}

/** How many related ready Pods share each Pod's node. */
function colocated(client: Client, owner: KubeObject, pods: readonly Pod[]): Map<string, number> {
  const related = relatedPods(client, owner, pods);
  const onNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec.nodeName;
    if (node && isActive(pod)) onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  return onNode;
}

/** Pods of all sets with the same parent. k8s: getIndirectlyRelatedPods */
function relatedPods(client: Client, owner: KubeObject, own: readonly Pod[]): readonly Pod[] {
  const parent = owner.metadata.ownerReferences?.find((o) => o.controller)?.uid;
  if (!parent) return own;
  const all: Pod[] = [];
  for (const sibling of client.byIndex("controller", parent)) {
    all.push(...client.byIndex<Pod>("controller", sibling.metadata.uid));
  }
  return all;
}

/** Ages count in powers of two of nanoseconds, so that small differences do not decide. k8s: logarithmicRankDiff */
const bucket = (ageMs: number): number => (ageMs > 0 ? Math.trunc(Math.log2(ageMs * 1e6)) : -1);

/** The younger first; of two about as old, the one with the smaller uid. Zero where the moments are the same. */
function younger(now: number, a: [Pod, number], b: [Pod, number]): number {
  if (a[1] === b[1]) return 0;
  const buckets = bucket(now - a[1]) - bucket(now - b[1]);
  return buckets || (a[0].metadata.uid < b[0].metadata.uid ? -1 : 1);
}

/** The Pods to go first. k8s: getPodsToDelete, ActivePodsWithRanks */
export function rankForDeletion(
  client: Client,
  owner: KubeObject,
  pods: readonly Pod[],
  count: number,
): Pod[] {
  if (count >= pods.length) return [...pods];
  const onNode = colocated(client, owner, pods);
  const rank = (pod: Pod): number => onNode.get(pod.spec.nodeName ?? "") ?? 0;
  const cost = (pod: Pod): number => Number(pod.metadata.annotations?.[deletionCost] ?? 0) || 0;
  const phase = (pod: Pod): number => phaseRank[pod.status?.phase ?? "Pending"] ?? 0;
  const compare = (a: Pod, b: Pod): number => {
    const assigned = Number(Boolean(a.spec.nodeName)) - Number(Boolean(b.spec.nodeName));
    if (assigned) return assigned;
    const phases = phase(a) - phase(b);
    if (phases) return phases;
    const ready = Number(isReady(a)) - Number(isReady(b));
    if (ready) return ready;
    const costs = cost(a) - cost(b);
    if (costs) return costs;
    const ranks = rank(b) - rank(a);
    if (ranks) return ranks;
    if (isReady(a)) {
      const since = younger(client.now, [a, readySince(a)], [b, readySince(b)]);
      if (since) return since;
    }
    const [restartsA, restartsB] = [restarts(a), restarts(b)];
    const restarted = restartsB[0] - restartsA[0] || restartsB[1] - restartsA[1];
    if (restarted) return restarted;
    const born = (pod: Pod): number => parseTime(pod.metadata.creationTimestamp);
    return younger(client.now, [a, born(a)], [b, born(b)]);
  };
  return [...pods].sort(compare).slice(0, count);
}
