/** Whether a Job is decided: it has failed, or enough has succeeded. k8s: job_controller.go syncJob */
import { parseTime } from "../../core/clock.ts";
import { countIndexes } from "../../kinds/batch/indexes.ts";
import { isIndexed, type JobCondition } from "../../kinds/batch/shape.ts";
import type { Pod } from "../../kinds/pod/types.ts";
import { judgeFailure } from "./failure-policy.ts";
import { matchSuccess } from "./indexed.ts";
import { conditionNow, isFailedPod, isSuspended, type Sync } from "./sync.ts";

/** The condition that the Job is to end with; undefined while it goes on. */
export function verdict(sync: Sync): JobCondition | undefined {
  return decided(sync) ?? byPolicy(sync) ?? byLimits(sync) ?? byIndexes(sync);
}

const fails = (sync: Sync, reason: string, message: string): JobCondition =>
  conditionNow(sync.client, "FailureTarget", reason, message);

/** What an earlier look decided. */
function decided({ client, status }: Sync): JobCondition | undefined {
  const is = (type: string): JobCondition | undefined =>
    status.conditions?.find((c) => c.type === type && c.status === "True");
  const target = is("FailureTarget");
  return (
    is("SuccessCriteriaMet") ??
    (target && conditionNow(client, "Failed", target.reason, target.message))
  );
}

function byPolicy(sync: Sync): JobCondition | undefined {
  const { job, pods } = sync;
  for (const pod of pods) {
    if (!job.spec.podFailurePolicy || !isFailedPod(pod, job)) continue;
    const { failsJob } = judgeFailure(job.spec.podFailurePolicy, pod);
    if (failsJob !== undefined) return fails(sync, "PodFailurePolicy", failsJob);
  }
  return undefined;
}

function byLimits(sync: Sync): JobCondition | undefined {
  const { job, status, client } = sync;
  if (sync.failed > job.spec.backoffLimit || pastRestarts(sync))
    return fails(sync, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
  const seconds = job.spec.activeDeadlineSeconds;
  if (seconds === undefined || !status.startTime || isSuspended(job)) return undefined;
  return client.now - parseTime(status.startTime) >= seconds * 1000
    ? fails(sync, "DeadlineExceeded", "Job was active longer than specified deadline")
    : undefined;
}

/** With OnFailure restarts of containers count. k8s: pastBackoffLimitOnFailure */
function pastRestarts({ job, pods }: Sync): boolean {
  if (job.spec.template.spec.restartPolicy !== "OnFailure") return false;
  const limit = job.spec.backoffLimit;
  const restarts = pods.reduce((sum, pod) => sum + restartsOf(pod), 0);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function restartsOf({ status }: Pod): number {
  if (status?.phase !== "Running" && status?.phase !== "Pending") return 0;
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return all.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
}

function byIndexes(sync: Sync): JobCondition | undefined {
  const { job, client, failedIndexes, succeededIndexes } = sync;
  const { maxFailedIndexes, completions = 0 } = job.spec;
  if (!isIndexed(job.spec)) return undefined;
  const failed = countIndexes(failedIndexes ?? []);
  if (maxFailedIndexes !== undefined && failed > maxFailedIndexes)
    return fails(
      sync,
      "MaxFailedIndexesExceeded",
      "Job has exceeded the specified maximal number of failed indexes",
    );
  if (failed > 0 && failed + countIndexes(succeededIndexes) >= completions)
    return fails(sync, "FailedIndexes", "Job has failed indexes");
  const matched = matchSuccess(job, succeededIndexes);
  return matched === undefined
    ? undefined
    : conditionNow(client, "SuccessCriteriaMet", "SuccessPolicy", matched);
}
