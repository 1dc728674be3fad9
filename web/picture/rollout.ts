import type { Deployment } from "../../durable-objects/engine/kinds/deployment.ts";
import type { ReplicaSet } from "../../durable-objects/engine/kinds/replica-set.ts";
import type { Objects } from "../api/picture-objects.ts";

/** A rolling update over time, as it was seen. */

export interface Sample {
  /** Virtual ms. */
  atMs: number;
  /** Pods of the old ReplicaSets, and of the new one. */
  old: number;
  fresh: number;
  available: number;
}

export interface Rollout {
  uid: string;
  name: string;
  namespace: string;
  generation: number;
  samples: Sample[];
  /** So many are available at least: replicas - maxUnavailable. */
  floor: number;
  /** So many there are at most: replicas + maxSurge. */
  ceiling: number;
  isDone: boolean;
}

const samplesMax = 200;
/** A roll-out that is over is still looked at, for so long in virtual ms. */
const shownAfterMs = 60_000;
const revision = "deployment.kubernetes.io/revision";

/** What was known, and what the objects say now. Undefined `nowMs`: of a moment that does not move, nothing is collected. */
export function followRollouts(
  known: readonly Rollout[],
  { deployments, replicaSets }: Pick<Objects, "deployments" | "replicaSets">,
  nowMs: number | undefined,
): Rollout[] {
  if (nowMs === undefined) return [];
  return deployments.flatMap((deployment) => {
    const before = known.find(({ uid }) => uid === deployment.metadata.uid);
    const next = step(before, deployment, replicaSets, nowMs);
    return next ? [next] : [];
  });
}

function step(
  before: Rollout | undefined,
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
  nowMs: number,
): Rollout | undefined {
  const { uid, name, namespace = "", generation = 0 } = deployment.metadata;
  const sample = { atMs: nowMs, ...countsOf(deployment, replicaSets) };
  const isRolling = sample.old > 0 && deployment.spec.strategy?.type !== "Recreate";
  if (!before && !isRolling) return undefined;
  const last = before?.samples.at(-1);
  const isTurnedBack = last !== undefined && last.atMs > nowMs;
  // Another roll-out begins a strip of its own: after the last was over, or in a past that was gone back to.
  const isAnew = !before || isTurnedBack || (before.isDone && isRolling);
  if (isAnew && !isRolling) return undefined;
  if (before?.isDone && !isAnew) {
    return nowMs - last!.atMs > shownAfterMs ? undefined : before;
  }
  const samples = isAnew ? [sample] : [...before.samples, sample].slice(-samplesMax);
  const isDone = !isRolling && isComplete(deployment, sample);
  return { uid, name, namespace, generation, samples, ...bounds(deployment), isDone };
}

/** The last old Pod may go before the last new one is available. k8s: pkg/controller/deployment/util DeploymentComplete */
function isComplete({ spec }: Deployment, { old, fresh, available }: Sample): boolean {
  const { replicas = 1 } = spec;
  return old === 0 && fresh === replicas && available >= replicas;
}

/** Pods by whether their ReplicaSet is of the newest revision. */
function countsOf(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
): Omit<Sample, "atMs"> {
  const { uid, annotations } = deployment.metadata;
  const newest = annotations?.[revision];
  const counts = { old: 0, fresh: 0, available: deployment.status?.availableReplicas ?? 0 };
  for (const { metadata, status } of replicaSets) {
    if (!metadata.ownerReferences?.some((owner) => owner.uid === uid)) continue;
    const isFresh = metadata.annotations?.[revision] === newest;
    counts[isFresh ? "fresh" : "old"] += status?.replicas ?? 0;
  }
  return counts;
}

/** k8s: pkg/controller/deployment/util ResolveFenceposts */
function bounds({ spec }: Deployment): { floor: number; ceiling: number } {
  const replicas = spec.replicas ?? 1;
  const { maxSurge, maxUnavailable } = spec.strategy?.rollingUpdate ?? {};
  const surge = scaled(maxSurge, replicas, Math.ceil);
  const given = scaled(maxUnavailable, replicas, Math.floor);
  const unavailable = surge === 0 && given === 0 ? 1 : given;
  return { floor: Math.max(0, replicas - unavailable), ceiling: replicas + surge };
}

function scaled(
  value: string | number | undefined,
  of: number,
  round: (value: number) => number,
): number {
  if (typeof value === "number") return value;
  return round((Number.parseInt(value ?? "25%", 10) * of) / 100) || 0;
}

/** `Rolling out web: 2 old, 2 new, 3 available, at least 3 and at most 5.` */
export function rolloutSentence({ name, samples, floor, ceiling, isDone }: Rollout): string {
  const { old, fresh, available } = samples.at(-1)!;
  const counts = `${old} old, ${fresh} new, ${available} available`;
  return `${isDone ? "Rolled out" : "Rolling out"} ${name}: ${counts}; never fewer than ${floor}, never more than ${ceiling}.`;
}

export interface Strip {
  /** Outlines as SVG paths. */
  old: string;
  fresh: string;
  available: string;
  floorY: number;
  ceilingY: number;
}

/** Stairs from left to right: a count holds until the next. Within `w` x `h` px. */
export function stripOf({ samples, floor, ceiling }: Rollout, w: number, h: number): Strip {
  const fromMs = samples[0]!.atMs;
  const spanMs = Math.max(1, samples.at(-1)!.atMs - fromMs);
  const most = Math.max(ceiling, ...samples.map(({ old, fresh }) => old + fresh)) + 0.5;
  const x = (ms: number): number => round(((ms - fromMs) / spanMs) * w);
  const y = (count: number): number => round(h - (count / most) * h);
  const stairs = (count: (sample: Sample) => number): string =>
    samples
      .map(
        (sample, i) =>
          `${i === 0 ? "M" : `H${x(sample.atMs)}V`}${i === 0 ? `0,` : ""}${y(count(sample))}`,
      )
      .join("") + `H${w}`;
  const area = (count: (sample: Sample) => number): string => `${stairs(count)}V${h}H0Z`;
  return {
    // The old stand on the new: what shrinks is at the top.
    old: area(({ old, fresh }) => old + fresh),
    fresh: area(({ fresh }) => fresh),
    available: stairs(({ available }) => available),
    floorY: y(floor),
    ceilingY: y(ceiling),
  };
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** Which bound holds the roll-out back at this moment. */
export function touches({ samples, floor, ceiling, isDone }: Rollout): {
  floor: boolean;
  ceiling: boolean;
} {
  const { old, fresh, available } = samples.at(-1)!;
  return {
    floor: !isDone && available <= floor,
    ceiling: !isDone && old + fresh >= ceiling,
  };
}
