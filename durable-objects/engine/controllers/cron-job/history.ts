/** How many finished Jobs a CronJob keeps. k8s: cronjob_controllerv2.go cleanupFinishedJobs */
import { hasCondition, type Job, jobs } from "../../kinds/batch/shape.ts";
import { StatusError } from "../../machinery/status.ts";
import { compare } from "../workload/order.ts";
import { type Look, tell } from "./look.ts";

/** k8s: byJobStartTime */
const byStart = (a: Job, b: Job): number => {
  const [x, y] = [a.status?.startTime, b.status?.startTime];
  if (x === y) return compare(a.metadata.name, b.metadata.name);
  if (!x || !y) return x ? -1 : 1;
  return compare(x, y);
};

/** Of finished Jobs the oldest go. */
export function cleanUp(look: Look, owned: readonly Job[]): void {
  const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = look.cron.spec;
  trim(look, owned, "Complete", successfulJobsHistoryLimit);
  trim(look, owned, "Failed", failedJobsHistoryLimit);
}

function trim(look: Look, owned: readonly Job[], type: string, limit: number | undefined): void {
  if (limit === undefined) return;
  const finished = owned.filter((job) => hasCondition(job.status, type));
  const surplus = finished.sort(byStart).slice(0, Math.max(0, finished.length - limit));
  // One that is on its way already is told of once.
  for (const job of surplus) if (!job.metadata.deletionTimestamp) deleteJob(look, job);
}

/** With its Pods. */
export function deleteJob(look: Look, { metadata: { name, namespace = "", uid } }: Job): void {
  const { client, status } = look;
  try {
    client.delete(jobs, namespace, name, { propagationPolicy: "Background" });
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    tell(look, "Warning", "FailedDelete", `Deleted job: ${error.message}`);
    return;
  }
  status.active = status.active?.filter((ref) => ref.uid !== uid) ?? [];
  tell(look, "Normal", "SuccessfulDelete", `Deleted job ${name}`);
}
