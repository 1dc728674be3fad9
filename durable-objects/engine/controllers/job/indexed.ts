/** Indexes that succeeded, failed, or need a Pod. k8s: pkg/controller/job/indexed_job_utils.go */
import {
  countIndexes,
  hasIndex,
  type Intervals,
  mergeIndexes,
  parseIndexes,
  sharedIndexes,
  withIndexes,
} from "../../kinds/batch/indexes.ts";
import type { Job } from "../../kinds/batch/shape.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { isTerminating } from "../workload/pods.ts";
import { finishedAtMs, remainingMs } from "./backoff.ts";
import { judgeFailure } from "./failure-policy.ts";
import {
  completionIndex,
  countable,
  isFailedPod,
  isTracked,
  lookAgain,
  replacesFailedOnly,
  type Sync,
  wantedIndex,
} from "./sync.ts";

const failureCount = "batch.kubernetes.io/job-index-failure-count";
const ignoredCount = "batch.kubernetes.io/job-index-ignored-failure-count";

/** k8s: parseInt32 */
function countIn(pod: Pod, annotation: string): number {
  const text = pod.metadata.annotations?.[annotation] ?? "";
  const count = /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
  return count < 2 ** 31 ? count : 0;
}

const absoluteCount = (pod: Pod): number => countIn(pod, failureCount) + countIn(pod, ignoredCount);

const indexesOf = (pods: readonly Pod[]): number[] =>
  pods.map(completionIndex).filter((index): index is number => index !== undefined);

/** k8s: isIndexFailed */
function failsIndex(pod: Pod, { spec }: Job): boolean {
  const { action, counts } = judgeFailure(spec.podFailurePolicy, pod);
  if (action === "FailIndex") return true;
  return counts && countIn(pod, failureCount) >= (spec.backoffLimitPerIndex ?? 0);
}

/** Fills in what the look knows of indexes. k8s: calculateSucceededIndexes, calculateFailedIndexes */
export function readIndexes(sync: Sync): void {
  const { job, pods, status } = sync;
  const completions = job.spec.completions ?? 0;
  const indexesWhere = (test: (pod: Pod) => boolean): number[] =>
    pods
      .filter((pod) => isTracked(pod) && test(pod))
      .map((pod) => wantedIndex(pod, job))
      .filter((index): index is number => index !== undefined);
  sync.countedIndexes = parseIndexes(status.completedIndexes, completions);
  sync.succeededIndexes = withIndexes(
    sync.countedIndexes,
    indexesWhere((pod) => pod.status?.phase === "Succeeded"),
  );
  sync.succeeded = countIndexes(sync.succeededIndexes);
  if (job.spec.backoffLimitPerIndex === undefined) return;
  sync.failedIndexes = withIndexes(
    parseIndexes(status.failedIndexes, completions),
    indexesWhere((pod) => isFailedPod(pod, job) && failsIndex(pod, job)),
  );
}

/** k8s: getPodsWithDelayedDeletionPerIndex */
export function delayedPods(sync: Sync): Map<number, Pod> {
  const { job, pods, activePods, succeededIndexes, failedIndexes = [] } = sync;
  const running = new Set(indexesOf(activePods));
  const delayed = new Map<number, Pod>();
  for (const pod of pods) {
    const index = wantedIndex(pod, job);
    if (index === undefined || !countable(pod, job) || !isFailedPod(pod, job)) continue;
    if (hasIndex(succeededIndexes, index) || hasIndex(failedIndexes, index)) continue;
    if (running.has(index)) continue;
    const last = delayed.get(index);
    const later =
      !last ||
      (absoluteCount(last) <= absoluteCount(pod) && finishedAtMs(pod) >= finishedAtMs(last));
    if (later) delayed.set(index, pod);
  }
  return delayed;
}

/** `Matched rules at index 0`, or undefined. k8s: matchSuccessPolicy */
export function matchSuccess({ spec }: Job, succeeded: Intervals): string | undefined {
  if (succeeded.length === 0) return undefined;
  const index = spec.successPolicy?.rules.findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined)
      return succeededCount !== undefined && countIndexes(succeeded) >= succeededCount;
    const wanted = parseIndexes(succeededIndexes, spec.completions ?? 0);
    if (wanted.length === 0) return false;
    const shared = sharedIndexes(wanted, succeeded);
    return (
      shared === countIndexes(wanted) || (succeededCount !== undefined && shared >= succeededCount)
    );
  });
  return index === undefined || index < 0 ? undefined : `Matched rules at index ${index}`;
}

/** The first indexes without a Pod; those that wait for their own back-off are left out. k8s: firstPendingIndexes */
export function indexesToAdd(sync: Sync, count: number): number[] {
  const { job, client } = sync;
  const pending = firstPending(sync, count);
  if (job.spec.backoffLimitPerIndex === undefined) return pending;
  let soonest = Number.POSITIVE_INFINITY;
  const now = pending.filter((index) => {
    const failed = sync.delayed.get(index);
    if (!failed) return true;
    const backoff = { failures: absoluteCount(failed) + 1, lastFailureMs: finishedAtMs(failed) };
    const wait = remainingMs(backoff, client.now);
    if (wait > 0) soonest = Math.min(soonest, wait);
    return wait === 0;
  });
  if (now.length < pending.length) lookAgain(sync, client.now + soonest);
  return now;
}

function firstPending(sync: Sync, count: number): number[] {
  const { job, pods, activePods, succeededIndexes, failedIndexes = [] } = sync;
  let taken = withIndexes(succeededIndexes, indexesOf(activePods));
  if (replacesFailedOnly(job)) taken = withIndexes(taken, indexesOf(pods.filter(isTerminating)));
  taken = mergeIndexes(taken, failedIndexes);
  const result: number[] = [];
  let candidate = 0;
  for (const [first, last] of [...taken, [Infinity, Infinity] as const]) {
    const end = Math.min(first, job.spec.completions ?? 0);
    for (; candidate < end && result.length < count; candidate++) result.push(candidate);
    candidate = Math.max(candidate, last + 1);
  }
  return result;
}

/** Annotations of the Pod that takes the place of `replaced`. k8s: getNewIndexFailureCounts */
export function failureCounts({ spec }: Job, replaced: Pod | undefined): Record<string, string> {
  let [failed, ignored] = [0, 0];
  if (replaced) {
    const { counts } = judgeFailure(spec.podFailurePolicy, replaced);
    failed = countIn(replaced, failureCount) + (counts ? 1 : 0);
    ignored = countIn(replaced, ignoredCount) + (counts ? 0 : 1);
  }
  return {
    [failureCount]: String(failed),
    ...(ignored > 0 ? { [ignoredCount]: String(ignored) } : {}),
  };
}
