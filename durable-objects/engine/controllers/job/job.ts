/**
 * Jobs: Pods that run to their end, counted once each. k8s: pkg/controller/job/job_controller.go
 *
 * As upstream a change of a Pod or of the status waits for a second, so that many are one look; other keys than a Job's
 * stand for this wait and for Pods whose Job counts them no longer.
 */
import { parseTime, rfc3339 } from "../../core/clock.ts";
import { podsPerReconcileMax } from "../../core/limits.ts";
import {
  type Change,
  controllerOf,
  type KubeObject,
  objectKey,
  splitKey,
} from "../../core/object.ts";
import {
  hasCondition,
  isFinished,
  isIndexed,
  type Job,
  jobControllerName,
  type JobStatus,
  jobs,
  trackingFinalizer,
} from "../../kinds/batch/shape.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import type { StatusError } from "../../machinery/status.ts";
import type { Client, Controller, Due, Reader } from "../../ports/controller.ts";
import { claim, ownersOf, type OwnerKind } from "../workload/controller-ref.ts";
import { isActive, isReady, isTerminating } from "../workload/pods.ts";
import { backoffOf, forgetBackoff, nextBackoff } from "./backoff.ts";
import { delayedPods, readIndexes } from "./indexed.ts";
import { manage, removePods, untrack } from "./manage.ts";
import { judgeFailure } from "./failure-policy.ts";
import {
  component,
  conditionNow,
  countable,
  ensureCondition,
  isFailedPod,
  isSuspended,
  isTracked,
  lookAgain,
  type Sync,
} from "./sync.ts";
import { setOrDrop, track } from "./tracking.ts";
import { verdict } from "./verdict.ts";

/** k8s: SyncJobBatchPeriod */
const batchMs = 1000;
/** k8s: DefaultJobApiBackOff, MaxJobApiBackOff */
const retryDelays = { firstMs: 1_000, longestMs: 60_000 };
const laterMark = "@later/";
const orphanMark = "@orphan/";

const row: OwnerKind<Job> = {
  resource: jobs,
  kind: "Job",
  selector: (job) => labelSelector(job.spec.selector),
};

export const jobController: Controller = {
  name: "job",
  component,
  wakesOn: { [jobs]: ofJob, pods: ofPod },
  reconcile,
};

function* ofJob({ op, key, object, previous }: Change, reader: Reader): Iterable<string> {
  if (op === "delete") {
    yield key;
    for (const dependent of reader.byIndex("controller", object.metadata.uid))
      if (dependent.kind === "Pod" && isTracked(dependent as Pod)) yield orphanKey(dependent);
    return;
  }
  const same = previous && previous.metadata.generation === object.metadata.generation;
  const going = object.metadata.deletionTimestamp !== previous?.metadata.deletionTimestamp;
  yield same && !going ? laterMark + key : key;
}

const orphanKey = ({ metadata }: KubeObject): string =>
  orphanMark + objectKey(metadata.namespace, metadata.name);

function* ofPod(change: Change, reader: Reader): Iterable<string> {
  for (const key of ownersOf(row, change, reader)) yield laterMark + key;
  const pod = change.object as Pod;
  if (change.op !== "delete" && isTracked(pod) && isOrphan(pod, reader)) yield orphanKey(pod);
}

/** Nobody will count it. k8s: handleSingleOrphanPod */
function isOrphan(pod: Pod, reader: Reader): boolean {
  const owner = controllerOf(pod);
  if (!owner) return true;
  if (owner.kind !== "Job" || owner.apiVersion !== "batch/v1") return false;
  const job = reader.get<Job>(jobs, pod.metadata.namespace ?? "", owner.name);
  if (!job || job.metadata.uid !== owner.uid) return true;
  return isFinished(job) && !isManagedElsewhere(job);
}

const isManagedElsewhere = ({ spec }: Job): boolean =>
  spec.managedBy !== undefined && spec.managedBy !== jobControllerName;

function reconcile(key: string, client: Client): Due {
  if (key.startsWith(laterMark)) {
    client.wake("job", key.slice(laterMark.length), client.now + batchMs);
    return undefined;
  }
  if (key.startsWith(orphanMark)) {
    const { namespace, name } = splitKey(key.slice(orphanMark.length));
    const pod = client.get<Pod>("pods", namespace, name);
    if (pod && isOrphan(pod, client)) untrack(client, pod);
    return undefined;
  }
  const { namespace, name } = splitKey(key);
  const job = client.get<Job>(jobs, namespace, name);
  if (!job || isFinished(job)) {
    forgetBackoff(client, key);
    return undefined;
  }
  return isManagedElsewhere(job) ? undefined : look(client, key, job);
}

/** Owned Pods; those it takes in are tracked from then on. k8s: getPodsForJob */
function podsOf(client: Client, job: Job): Pod[] {
  const { uid, namespace = "" } = job.metadata;
  const before = new Set(client.byIndex("controller", uid).map((o) => o.metadata.uid));
  const pods = claim<Pod>(client, job, row.selector(job), { resource: "pods", kind: "Pod" });
  return pods.map((pod) => {
    if (before.has(pod.metadata.uid) || isTracked(pod)) return pod;
    const tracked = client.modify<Pod>("pods", namespace, pod.metadata.name, (current) => ({
      ...current,
      metadata: {
        ...current.metadata,
        finalizers: [...(current.metadata.finalizers ?? []), trackingFinalizer],
      },
    }));
    return tracked ?? pod;
  });
}

/** One look at a Job. k8s: syncJob */
function look(client: Client, key: string, job: Job): Due {
  const sync = begin(client, key, job);
  sync.finished = verdict(sync);
  const decided = sync.finished !== undefined;
  if (decided) stopPods(sync);
  const failure = decided ? undefined : proceed(sync);
  const { status } = sync;
  setOrDrop(status, "active", sync.active);
  status.ready = sync.ready;
  status.terminating = sync.terminating;
  const failed = track(sync) ?? failure;
  return failed ? { retry: true, ...retryDelays, dueAtMs: sync.dueAtMs } : sync.dueAtMs;
}

/** All that run; while there are more than one look takes away, nothing is decided. */
function stopPods(sync: Sync): void {
  removePods(sync, sync.activePods.slice(0, podsPerReconcileMax), true);
  if (sync.active === 0) return;
  sync.finished = undefined;
  lookAgain(sync, sync.client.now);
}

function begin(client: Client, key: string, job: Job): Sync {
  const pods = podsOf(client, job);
  const activePods = pods.filter(isActive);
  const status: JobStatus = { ...job.status };
  const uncounted = {
    succeeded: [...(status.uncountedTerminatedPods?.succeeded ?? [])],
    failed: [...(status.uncountedTerminatedPods?.failed ?? [])],
  };
  const fresh = pods.filter((pod) => countable(pod, job));
  const succeeded = fresh.filter(
    (p) => p.status?.phase === "Succeeded" && !uncounted.succeeded.includes(p.metadata.uid),
  );
  const failed = fresh.filter(
    (p) => isFailedPod(p, job) && !uncounted.failed.includes(p.metadata.uid),
  );
  if (!status.startTime && !isSuspended(job)) status.startTime = rfc3339(client.now);
  const policy = job.spec.podFailurePolicy;
  const sync: Sync = {
    client,
    key,
    job,
    status: { ...status, uncountedTerminatedPods: uncounted },
    pods,
    activePods,
    active: activePods.length,
    ready: activePods.filter(isReady).length,
    terminating: pods.filter(isTerminating).length,
    succeeded: (status.succeeded ?? 0) + succeeded.length + uncounted.succeeded.length,
    failed:
      (status.failed ?? 0) +
      failed.filter((pod) => judgeFailure(policy, pod).counts).length +
      uncounted.failed.length,
    finished: undefined,
    backoff: nextBackoff(backoffOf(client, key), succeeded, failed),
    countedIndexes: [],
    succeededIndexes: [],
    failedIndexes: undefined,
    delayed: new Map(),
    dueAtMs: undefined,
  };
  if (isIndexed(job.spec)) {
    readIndexes(sync);
    if (sync.failedIndexes) sync.delayed = delayedPods(sync);
  }
  return sync;
}

/** Not decided yet: Pods are made or taken away, then the Job may be complete, suspended or resumed. */
function proceed(sync: Sync): StatusError | undefined {
  const { client, job } = sync;
  const managed = job.metadata.deletionTimestamp === undefined;
  const failure = managed ? manage(sync) : undefined;
  const { completions } = job.spec;
  const enough = completions === undefined ? sync.succeeded > 0 : sync.succeeded >= completions;
  if (enough && sync.active === 0)
    sync.finished = conditionNow(
      client,
      "SuccessCriteriaMet",
      "CompletionsReached",
      "Reached expected number of succeeded pods",
    );
  else if (managed) writeSuspended(sync);
  deadline(sync);
  return failure;
}

function writeSuspended({ client, job, status }: Sync): void {
  const suspended = isSuspended(job);
  const [reason, message] = suspended
    ? ["JobSuspended", "Job suspended"]
    : ["JobResumed", "Job resumed"];
  const next = conditionNow(client, "Suspended", reason, message, suspended ? "True" : "False");
  if (!ensureCondition(status, next)) return;
  client.event(job, "Normal", suspended ? "Suspended" : "Resumed", message, { component });
  if (suspended) delete status.startTime;
  else status.startTime = rfc3339(client.now);
}

/** The next look at the latest when the time is over. */
function deadline(sync: Sync): void {
  const { job, status } = sync;
  const seconds = job.spec.activeDeadlineSeconds;
  if (seconds === undefined || isSuspended(job) || !status.startTime) return;
  if (!hasCondition(status, "FailureTarget"))
    lookAgain(sync, parseTime(status.startTime) + seconds * 1000);
}
