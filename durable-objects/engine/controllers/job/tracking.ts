/**
 * Counts Pods that ended, each once: its uid is written to status.uncountedTerminatedPods, then its finalizer goes, then
 * it is in the count and no longer in the list. k8s: job_controller.go trackJobStatusAndRemoveFinalizers
 */
import { equal } from "../../core/equal.ts";
import { podsPerReconcileMax } from "../../core/limits.ts";
import { countIndexes, indexesText, withIndexes } from "../../kinds/batch/indexes.ts";
import { hasCondition, isIndexed, type Job, jobs } from "../../kinds/batch/shape.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { StatusError } from "../../machinery/status.ts";
import { keepBackoff } from "./backoff.ts";
import { judgeFailure } from "./failure-policy.ts";
import { byIndexOrder, untrack } from "./manage.ts";
import {
  completionIndex,
  component,
  conditionNow,
  ensureCondition,
  isFailedPod,
  isTracked,
  lookAgain,
  type Sync,
  wantedIndex,
} from "./sync.ts";

/** Returns what the last write was refused with: what went before it stays, as it would upstream. */
export function track(sync: Sync): StatusError | undefined {
  const { client, key, job } = sync;
  const tracked = new Set(sync.pods.filter(isTracked).map((pod) => pod.metadata.uid));
  countUntracked(sync, tracked);
  const { ended, full } = countEnded(sync);
  if (isIndexed(job.spec)) writeIndexes(sync, ended);
  addTargetCondition(sync);
  flush(sync);
  keepBackoff(client, key, sync.backoff);
  for (const pod of ended) {
    untrack(client, pod);
    tracked.delete(pod.metadata.uid);
  }
  countUntracked(sync, tracked);
  const finished = !full && finish(sync);
  const refused = refusalOf(() => flush(sync));
  if (refused) return refused;
  if (finished) tellFinished(sync);
  else if (full) lookAgain(sync, client.now);
  return undefined;
}

/** A Job that was suspended when the last of its Pods failed has no startTime, without which it may not end. */
function refusalOf(write: () => void): StatusError | undefined {
  try {
    write();
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
}

/** Pods whose finalizer is gone move from the list to the count. k8s: cleanUncountedPodsWithoutFinalizers */
function countUntracked({ status }: Sync, tracked: ReadonlySet<string>): void {
  const uncounted = status.uncountedTerminatedPods;
  for (const name of ["succeeded", "failed"] as const) {
    const still = uncounted[name].filter((uid) => tracked.has(uid));
    const counted = uncounted[name].length - still.length;
    if (counted > 0) status[name] = (status[name] ?? 0) + counted;
    uncounted[name] = still;
  }
}

/** k8s: canRemoveFinalizer */
function mayUntrack({ job, finished, delayed }: Sync, pod: Pod): boolean {
  if (job.metadata.deletionTimestamp || finished || pod.status?.phase === "Succeeded") return true;
  if (!isFailedPod(pod, job)) return false;
  if (job.spec.backoffLimitPerIndex === undefined) return true;
  const index = completionIndex(pod);
  return index === undefined || delayed.get(index)?.metadata.uid !== pod.metadata.uid;
}

/** Pods that ended go onto the list; those of an index count by their index. */
function countEnded(sync: Sync): { ended: Pod[]; full: boolean } {
  const { job, status, finished } = sync;
  const indexed = isIndexed(job.spec);
  const { succeeded, failed } = status.uncountedTerminatedPods;
  const ended: Pod[] = [];
  for (const pod of indexed ? byIndexOrder(sync.pods) : sync.pods) {
    if (!isTracked(pod) || !mayUntrack(sync, pod)) continue;
    ended.push(pod);
    const { uid } = pod.metadata;
    const index = wantedIndex(pod, job);
    const goes = finished !== undefined && finished.type !== "SuccessCriteriaMet";
    if (pod.status?.phase === "Succeeded" && !failed.includes(uid)) {
      if (!indexed && !succeeded.includes(uid)) succeeded.push(uid);
    } else if ((isFailedPod(pod, job) || goes) && !failed.includes(uid)) {
      const counts = judgeFailure(job.spec.podFailurePolicy, pod).counts;
      if (counts && (!indexed || index !== undefined)) failed.push(uid);
    }
    if (ended.length >= podsPerReconcileMax) return { ended, full: true };
  }
  return { ended, full: false };
}

function writeIndexes(sync: Sync, ended: readonly Pod[]): void {
  const { job, status } = sync;
  const fresh = ended
    .filter((pod) => pod.status?.phase === "Succeeded")
    .map((pod) => wantedIndex(pod, job))
    .filter((index): index is number => index !== undefined);
  sync.succeededIndexes = withIndexes(sync.succeededIndexes, fresh);
  setOrDrop(status, "succeeded", countIndexes(sync.succeededIndexes));
  setOrDrop(status, "completedIndexes", indexesText(sync.succeededIndexes));
  if (sync.failedIndexes) status.failedIndexes = indexesText(sync.failedIndexes);
  else delete status.failedIndexes;
}

/** Go leaves zeros and empty texts out. */
export function setOrDrop<K extends string, V>(of: { [k in K]?: V }, key: K, value: V): void {
  if (value) of[key] = value;
  else delete of[key];
}

/** A Job says what it will become before its Pods are gone. */
function addTargetCondition(sync: Sync): void {
  const { client, status, finished } = sync;
  if (!finished) return;
  const { type, reason, message } = finished;
  if (type !== "FailureTarget" && type !== "SuccessCriteriaMet") return;
  if (!hasCondition(status, type)) status.conditions = [...(status.conditions ?? []), finished];
  const end = type === "FailureTarget" ? "Failed" : "Complete";
  sync.finished = conditionNow(client, end, reason, message);
}

/** Once every Pod is gone and counted. k8s: enactJobFinished */
function finish({ client, status, finished, terminating }: Sync): boolean {
  const { succeeded, failed } = status.uncountedTerminatedPods;
  if (!finished || succeeded.length + failed.length > 0 || terminating > 0) return false;
  ensureCondition(
    status,
    conditionNow(client, finished.type, finished.reason, finished.message, finished.status),
  );
  if (finished.type === "Complete" && finished.lastTransitionTime)
    status.completionTime = finished.lastTransitionTime;
  return true;
}

/** Writes the draft where it differs. */
function flush(sync: Sync): void {
  const { client, job, status } = sync;
  const { succeeded, failed } = status.uncountedTerminatedPods;
  const next = {
    ...status,
    uncountedTerminatedPods: {
      ...(succeeded.length ? { succeeded: [...succeeded] } : {}),
      ...(failed.length ? { failed: [...failed] } : {}),
    },
  };
  if (equal(job.status, next)) return;
  sync.job = client.update<Job>(jobs, { ...job, status: next }, "status");
}

/** k8s: recordJobFinished */
function tellFinished({ client, job, finished }: Sync): void {
  const tell = (type: "Normal" | "Warning", reason: string, message: string): void =>
    client.event(job, type, reason, message, { component });
  if (finished?.type === "Complete") {
    const { completions } = job.spec;
    if (completions !== undefined && (job.status?.succeeded ?? 0) > completions)
      tell(
        "Warning",
        "TooManySucceededPods",
        "Too many succeeded pods running after completion count reached",
      );
    tell("Normal", "Completed", "Job completed");
  } else tell("Warning", finished?.reason ?? "", finished?.message ?? "");
}
