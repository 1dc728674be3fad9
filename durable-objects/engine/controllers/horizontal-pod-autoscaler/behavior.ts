/**
 * From what metrics ask for to what is done: stabilisation windows, rates, bounds.
 * k8s: pkg/controller/podautoscaler/horizontal.go normalizeDesiredReplicas, normalizeDesiredReplicasWithBehaviors
 */
import type { Behavior, ScalingRules } from "../../kinds/horizontal-pod-autoscaler/shape.ts";
import { downscaleStabilisationMs, hpaSyncMs } from "../../core/limits.ts";
import type { Asking } from "./metrics-servers.ts";
import { milliValue } from "../../machinery/quantity.ts";

/** How far from 1 a ratio may be. */
export interface Tolerance {
  up: number;
  down: number;
}

const defaultTolerance = 0.1;

/** As shares of 1: how far a ratio may lie from 1 in each direction before replicas change. */
export function toleranceOf(behavior: Behavior | undefined): Tolerance {
  const of = (rules: ScalingRules | undefined): number =>
    rules?.tolerance === undefined ? defaultTolerance : milliValue(rules.tolerance) / 1000;
  return { up: of(behavior?.scaleUp), down: of(behavior?.scaleDown) };
}

/** `[value, since]`: holds until the next entry, so that a steady cluster has nothing to note. */
export type Recommendation = [replicas: number, sinceMs: number];
/** `[how many, when]` */
export type ScaleEvent = [change: number, atMs: number];

export interface HpaMemory {
  syncedAtMs: number;
  recommendations: Recommendation[];
  ups: ScaleEvent[];
  downs: ScaleEvent[];
  /** A look is under way. */
  asking?: Asking;
}

export interface DesiredReplicas {
  now: number;
  current: number;
  desired: number;
  min: number;
  max: number;
  behavior: Behavior | undefined;
}

export interface Verdict {
  replicas: number;
  able: [reason: string, message: string];
  limited: [status: "True" | "False", reason: string, message: string];
  /** What is wanted is not what is done: time alone may change that. */
  held: boolean;
}

const held = {
  ScaleDownStabilized:
    "recent recommendations were higher than current one, applying the highest recent recommendation",
  ScaleUpStabilized:
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
} as const;

const limits = {
  ScaleUpLimit: "the desired replica count is increasing faster than the maximum scale rate",
  ScaleDownLimit: "the desired replica count is decreasing faster than the maximum scale rate",
  TooManyReplicas: "the desired replica count is more than the maximum replica count",
  TooFewReplicas: "the desired replica count is less than the minimum replica count",
  DesiredWithinRange: "the desired count is within the acceptable range",
} as const;

type Limit = keyof typeof limits;

/** Recommendations made within a window before now, without the one of now. */
function* recent(
  memory: HpaMemory,
  now: number,
  windowMs: number,
  inclusive: boolean,
): Iterable<number> {
  const cutoff = now - windowMs;
  for (const [i, [value, since]] of memory.recommendations.entries()) {
    const until = memory.recommendations[i + 1]?.[1];
    // It was last made one sync before the next took its place.
    const last = until === undefined ? now : Math.max(since, until - hpaSyncMs);
    if (inclusive ? last >= cutoff : last > cutoff) yield value;
  }
}

const windowOf = (rules: ScalingRules | undefined, otherwise: number): number =>
  rules?.stabilizationWindowSeconds === undefined
    ? otherwise
    : rules.stabilizationWindowSeconds * 1000;

/** The recommended number of replicas, limited by stabilisation window, rate rules and bounds, and the conditions that say why. */
export function judge(memory: HpaMemory, wish: DesiredReplicas): Verdict {
  const { behavior } = wish;
  const stable = behavior ? stabilised(memory, wish, behavior) : highest(memory, wish);
  const reason = stable.replicas === wish.desired ? undefined : stable.reason;
  const [replicas, limit] = behavior
    ? byRules(memory, { ...wish, desired: stable.replicas }, behavior)
    : byDefault({ ...wish, desired: stable.replicas });
  return {
    replicas,
    able: reason
      ? [reason, held[reason]]
      : ["ReadyForNewScale", "recommended size matches current size"],
    limited: [replicas === stable.replicas ? "False" : "True", limit, limits[limit]],
    held: reason !== undefined || limit === "ScaleUpLimit" || limit === "ScaleDownLimit",
  };
}

interface Stable {
  replicas: number;
  reason: keyof typeof held;
}

/** k8s: stabilizeRecommendation */
function highest(memory: HpaMemory, { now, desired }: DesiredReplicas): Stable {
  const seen = recent(memory, now, downscaleStabilisationMs, true);
  return { replicas: Math.max(desired, ...seen), reason: "ScaleDownStabilized" };
}

/** The present size, moved only as far as both windows agree. k8s: stabilizeRecommendationWithBehaviors */
function stabilised(
  memory: HpaMemory,
  { now, desired, current }: DesiredReplicas,
  { scaleUp, scaleDown }: Behavior,
): Stable {
  const least = Math.min(desired, ...recent(memory, now, windowOf(scaleUp, 0), false));
  const downMs = windowOf(scaleDown, downscaleStabilisationMs);
  const most = Math.max(desired, ...recent(memory, now, downMs, false));
  return {
    replicas: Math.min(Math.max(current, least), most),
    reason: desired >= current ? "ScaleUpStabilized" : "ScaleDownStabilized",
  };
}

/** k8s: convertDesiredReplicasWithRules: at most twice as many, but four at least. */
function byDefault({ current, desired, min, max }: DesiredReplicas): [number, Limit] {
  const rate = Math.max(2 * current, 4);
  if (desired < min) return [min, "TooFewReplicas"];
  if (desired > Math.min(max, rate)) {
    return [Math.min(max, rate), max > rate ? "ScaleUpLimit" : "TooManyReplicas"];
  }
  return [desired, "DesiredWithinRange"];
}

/** k8s: convertDesiredReplicasWithBehaviorRate */
function byRules(memory: HpaMemory, wish: DesiredReplicas, behavior: Behavior): [number, Limit] {
  const { current, desired, min, max } = wish;
  if (desired > current) {
    const rate = Math.max(current, rateLimit(wish, memory, behavior.scaleUp, 1));
    const most = Math.min(max, rate);
    if (desired > most) return [most, max > rate ? "ScaleUpLimit" : "TooManyReplicas"];
  } else if (desired < current) {
    const rate = Math.min(current, rateLimit(wish, memory, behavior.scaleDown, -1));
    const least = Math.max(min, rate);
    if (desired < least) return [least, min < rate ? "ScaleDownLimit" : "TooFewReplicas"];
  }
  return [desired, "DesiredWithinRange"];
}

const changedSince = (events: readonly ScaleEvent[], since: number): number =>
  events.reduce((sum, [change, at]) => (at > since ? sum + change : sum), 0);

/**
 * The size that the policies of one direction allow: that of the widest step, or with Min of the narrowest. `sign`: 1 up, -1 down.
 * k8s: calculateScaleUpLimitWithScalingRules, calculateScaleDownLimitWithBehaviors
 */
function rateLimit(
  { current, now }: DesiredReplicas,
  { ups, downs }: HpaMemory,
  rules: ScalingRules = {},
  sign: 1 | -1,
): number {
  if (rules.selectPolicy === "Disabled") return current;
  const proposals = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const since = now - periodSeconds * 1000;
    const start = current - changedSince(ups, since) + changedSince(downs, since);
    if (type === "Pods") return start + sign * value;
    const size = start * (1 + (sign * value) / 100);
    return sign > 0 ? Math.ceil(size) : Math.trunc(size);
  });
  const largest = (rules.selectPolicy === "Min") !== sign > 0;
  return largest ? Math.max(...proposals) : Math.min(...proposals);
}

/** The memory after a sync, without what no window or period reaches any more. */
export function remembered(
  memory: HpaMemory,
  wish: DesiredReplicas,
  result: number | undefined,
): HpaMemory {
  const { now, desired, current, behavior } = wish;
  const windows = [
    downscaleStabilisationMs,
    windowOf(behavior?.scaleUp, 0),
    windowOf(behavior?.scaleDown, 0),
  ];
  const oldest = now - Math.max(...windows) - hpaSyncMs;
  const last = memory.recommendations.at(-1);
  const recommendations: Recommendation[] =
    last?.[0] === desired ? memory.recommendations : [...memory.recommendations, [desired, now]];
  const kept = recommendations.filter((_, i) => (recommendations[i + 1]?.[1] ?? now) >= oldest);
  const rescaled = result !== undefined && result !== current && behavior !== undefined;
  const periods = [
    ...(behavior?.scaleUp?.policies ?? []),
    ...(behavior?.scaleDown?.policies ?? []),
  ];
  const since = now - Math.max(0, ...periods.map((p) => p.periodSeconds * 1000));
  const alive = (events: readonly ScaleEvent[]): ScaleEvent[] =>
    events.filter(([, at]) => at > since);
  return {
    syncedAtMs: now,
    recommendations: kept,
    ups: [
      ...alive(memory.ups),
      ...(rescaled && result > current ? [[result - current, now] as ScaleEvent] : []),
    ],
    downs: [
      ...alive(memory.downs),
      ...(rescaled && result < current ? [[current - result, now] as ScaleEvent] : []),
    ],
  };
}
