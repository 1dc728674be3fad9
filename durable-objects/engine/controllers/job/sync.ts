/** What one look at a Job knows, and what it asks about its Pods. k8s: pkg/controller/job/job_controller.go syncJobCtx */
import { rfc3339 } from "../../core/clock.ts";
import type { Intervals } from "../../kinds/batch/indexes.ts";
import {
  completionIndexKey,
  isIndexed,
  type Job,
  type JobCondition,
  type JobStatus,
  trackingFinalizer,
} from "../../kinds/batch/shape.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import type { Client } from "../../ports/controller.ts";
import type { Backoff } from "./backoff.ts";

/** Also of Events. */
export const component = "job-controller";

export interface Uncounted {
  succeeded: string[];
  failed: string[];
}

/** `status` is a draft of the next one; counts say how it is after what the look has done so far. */
export interface Sync {
  client: Client;
  key: string;
  job: Job;
  status: JobStatus & { uncountedTerminatedPods: Uncounted };
  /** As they were at the beginning. */
  pods: readonly Pod[];
  activePods: readonly Pod[];
  active: number;
  ready: number;
  terminating: number;
  succeeded: number;
  failed: number;
  finished: JobCondition | undefined;
  backoff: Backoff;
  countedIndexes: Intervals;
  succeededIndexes: Intervals;
  /** Only with backoffLimitPerIndex. */
  failedIndexes: Intervals | undefined;
  /** By index: the failed Pod that is kept until its replacement knows how often the index failed. */
  delayed: ReadonlyMap<number, Pod>;
  /** Virtual ms of the next look. */
  dueAtMs: number | undefined;
}

export const lookAgain = (sync: Sync, atMs: number): void => {
  sync.dueAtMs = Math.min(sync.dueAtMs ?? atMs, atMs);
};

export const isTracked = (pod: Pod): boolean =>
  pod.metadata.finalizers?.includes(trackingFinalizer) ?? false;

export const isSuspended = ({ spec }: Job): boolean => spec.suspend === true;

/** A terminating Pod is replaced only once it has ended. k8s: onlyReplaceFailedPods */
export const replacesFailedOnly = ({ spec }: Job): boolean =>
  spec.podReplacementPolicy === "Failed" || spec.podFailurePolicy !== undefined;

/** k8s: isPodFailed */
export function isFailedPod(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === "Failed") return true;
  if (replacesFailedOnly(job)) return false;
  return pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== "Succeeded";
}

/** Undefined: it has none. k8s: getCompletionIndex */
export function completionIndex({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[completionIndexKey];
  return text !== undefined && /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The index of a Pod if the Job still wants it. */
export function wantedIndex(pod: Pod, { spec }: Job): number | undefined {
  const index = completionIndex(pod);
  return index !== undefined && index < (spec.completions ?? 0) ? index : undefined;
}

/** Tracked Pods with a wanted index, or any of a Job without indexes. k8s: getValidPodsWithFilter */
export const countable = (pod: Pod, job: Job): boolean =>
  isTracked(pod) && (!isIndexed(job.spec) || wantedIndex(pod, job) !== undefined);

/** A condition of a Job as of now. k8s: newCondition */
export function conditionNow(
  { now }: Client,
  type: string,
  reason: string | undefined,
  message: string | undefined,
  status = "True",
): JobCondition {
  const time = rfc3339(now);
  return {
    type,
    status,
    lastProbeTime: time,
    lastTransitionTime: time,
    ...(reason ? { reason } : {}),
    ...(message ? { message } : {}),
  };
}

/** Sets a condition unless it says the same; a False one that was never True is left out. k8s: ensureJobConditionStatus */
export function ensureCondition(status: JobStatus, next: JobCondition): boolean {
  const before = status.conditions ?? [];
  const old = before.find((c) => c.type === next.type);
  if (!old && next.status === "False") return false;
  if (old?.status === next.status && old.reason === next.reason && old.message === next.message)
    return false;
  status.conditions = old ? before.map((c) => (c === old ? next : c)) : [...before, next];
  return true;
}
