/** CronJobs: Jobs made by a schedule. k8s: pkg/controller/cronjob/cronjob_controllerv2.go */
import { calendar, rfc3339 } from "../../core/clock.ts";
import { equal } from "../../core/equal.ts";
import { type Change, controllerOf, objectKey, splitKey } from "../../core/object.ts";
import { type CronJob, type CronJobStatus, cronJobs } from "../../kinds/batch/cron-job.ts";
import { parseSchedule, type Schedule } from "../../kinds/batch/schedule.ts";
import { hasCondition, isFinished, type Job, jobs } from "../../kinds/batch/shape.ts";
import { isTimeZone, offsetMs } from "../../machinery/time-zone.ts";
import { goQuote } from "../../machinery/field.ts";
import { StatusError } from "../../machinery/status.ts";
import type { Client, Controller, Due } from "../../ports/controller.ts";
import { newControllerRef } from "../workload/controller-ref.ts";
import { namespaceGoes } from "../workload/pod-control.ts";
import { cleanUp, deleteJob } from "./history.ts";
import { dueRun, nextLook } from "./runs.ts";
import { component, type Look, tell } from "./look.ts";

const timestampAnnotation = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/** The key of a CronJob whose schedule has changed: its runs so far are no reason to look at once. */
const scheduleMark = "@schedule/";

export const cronJobController: Controller = {
  name: "cronjob",
  component,
  wakesOn: { [cronJobs]: ofCronJob, [jobs]: ofJob },
  reconcile,
};

function ofCronJob({ key, object, previous }: Change): string[] {
  const [now, before] = [(object as CronJob).spec, (previous as CronJob | undefined)?.spec];
  const moved = before && (before.schedule !== now.schedule || before.timeZone !== now.timeZone);
  return [moved ? scheduleMark + key : key];
}

function* ofJob({ namespace, object, previous }: Change): Iterable<string> {
  for (const job of previous ? [object, previous] : [object]) {
    const owner = controllerOf(job);
    if (owner?.kind === "CronJob") yield objectKey(namespace, owner.name);
  }
}

/** Its schedule in its time zone; a text says why there is none. */
export const scheduleOf = ({ spec }: CronJob): Schedule | string =>
  parseSchedule(spec.schedule, isTimeZone(spec.timeZone ?? "") ? (spec.timeZone ?? "") : "");

function reconcile(workKey: string, client: Client): Due {
  const moved = workKey.startsWith(scheduleMark);
  const key = moved ? workKey.slice(scheduleMark.length) : workKey;
  const { namespace, name } = splitKey(key);
  const cron = client.get<CronJob>(cronJobs, namespace, name);
  if (!cron) return undefined;
  if (moved) {
    const schedule = scheduleOf(cron);
    const at = typeof schedule === "string" ? undefined : nextLook(cron, client.now, schedule);
    if (at !== undefined) client.wake("cronjob", key, at);
    return undefined;
  }
  const owned = client
    .byIndex<Job>("controller", cron.metadata.uid)
    .filter((object) => object.kind === "Job");
  const look: Look = { client, cron, status: { ...cron.status } };
  cleanUp(look, owned);
  const due = sync(look, owned);
  writeStatus(look);
  return due;
}

function writeStatus({ client, cron, status }: Look): void {
  const { active = [], ...rest } = status;
  const next: CronJobStatus = active.length ? { active, ...rest } : rest;
  if (!equal(cron.status, next))
    client.update<CronJob>(cronJobs, { ...cron, status: next }, "status");
}

/** k8s: syncCronJob */
function sync(look: Look, owned: readonly Job[]): Due {
  const { client, cron } = look;
  for (const job of owned) noteJob(look, job);
  forgetMissing(look, owned);
  if (cron.metadata.deletionTimestamp) return undefined;
  const { timeZone, suspend } = cron.spec;
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    const text = `invalid timeZone: ${goQuote(timeZone)}: unknown time zone ${timeZone}`;
    tell(look, "Warning", "UnknownTimeZone", text);
    return undefined;
  }
  if (suspend) return undefined;
  const schedule = scheduleOf(cron);
  if (typeof schedule === "string") {
    const text = `unparseable schedule: ${goQuote(cron.spec.schedule)} : ${schedule}`;
    tell(look, "Warning", "UnparseableSchedule", text);
    return undefined;
  }
  const failure = runIfDue(look, schedule);
  if (failure) return { retry: true };
  const { status } = look;
  return nextLook({ ...cron, status }, client.now, schedule);
}

/** Finished Jobs leave the list of active ones. */
function noteJob(look: Look, job: Job): void {
  const { status } = look;
  const { uid, name } = job.metadata;
  const listed = status.active?.some((ref) => ref.uid === uid) ?? false;
  if (!isFinished(job)) {
    if (!listed) {
      const text = `Saw a job that the controller did not create or forgot: ${name}`;
      tell(look, "Warning", "UnexpectedJob", text);
    }
    return;
  }
  const complete = hasCondition(job.status, "Complete");
  if (listed) {
    status.active = status.active?.filter((ref) => ref.uid !== uid) ?? [];
    const text = `Saw completed job: ${name}, condition: ${complete ? "Complete" : "Failed"}`;
    tell(look, "Normal", "SawCompletedJob", text);
  }
  const at = job.status?.completionTime;
  // Times of one form compare as texts.
  if (complete && at && at > (status.lastSuccessfulTime ?? "")) status.lastSuccessfulTime = at;
}

function forgetMissing(look: Look, owned: readonly Job[]): void {
  const uids = new Set(owned.map((job) => job.metadata.uid));
  for (const { uid = "", name = "", namespace = "" } of look.status.active ?? []) {
    if (uids.has(uid) || look.client.get(jobs, namespace, name)) continue;
    tell(look, "Normal", "MissingJob", `Active job went missing: ${name}`);
    look.status.active = look.status.active?.filter((ref) => ref.uid !== uid) ?? [];
  }
}

/** Makes the Job of the run that is due. Returns what it failed with. */
function runIfDue(look: Look, schedule: Schedule): StatusError | undefined {
  const { client, cron, status } = look;
  const { runMs, tooMany, error } = dueRun(cron, client.now, schedule);
  if (error !== undefined)
    tell(look, "Warning", "InvalidSchedule", `invalid schedule: ${cron.spec.schedule} : ${error}`);
  if (tooMany)
    tell(
      look,
      "Warning",
      "TooManyMissedTimes",
      "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew",
    );
  if (runMs === undefined) return undefined;
  const seconds = cron.spec.startingDeadlineSeconds;
  if (seconds !== undefined && runMs + seconds * 1000 < client.now) {
    const text = `Missed scheduled time to start a job: ${rfc1123(runMs)}`;
    tell(look, "Warning", "MissSchedule", text);
    return undefined;
  }
  const known = status.active?.some((ref) => ref.name === jobName(cron, runMs));
  if (known || status.lastScheduleTime === rfc3339(runMs)) return undefined;
  const running = status.active ?? [];
  if (cron.spec.concurrencyPolicy === "Forbid" && running.length > 0) {
    tell(
      look,
      "Normal",
      "JobAlreadyActive",
      "Not starting job because prior execution is running and concurrency policy is Forbid",
    );
    return undefined;
  }
  if (cron.spec.concurrencyPolicy === "Replace")
    for (const { namespace = "", name = "" } of running) {
      const job = client.get<Job>(jobs, namespace, name);
      if (job) deleteJob(look, job);
    }
  return startJob(look, runMs);
}

const jobName = ({ metadata }: CronJob, runMs: number): string =>
  `${metadata.name}-${Math.floor(runMs / 60_000)}`;

/** k8s: getJobFromTemplate2 */
function jobFor(cron: CronJob, runMs: number): object {
  const { metadata = {}, spec } = cron.spec.jobTemplate;
  return {
    metadata: {
      name: jobName(cron, runMs),
      namespace: cron.metadata.namespace,
      ...(metadata.labels ? { labels: metadata.labels } : {}),
      annotations: {
        ...metadata.annotations,
        [timestampAnnotation]: zonedTime(runMs, cron.spec.timeZone ?? ""),
      },
      ownerReferences: [newControllerRef(cron)],
    },
    spec,
  };
}

function startJob(look: Look, runMs: number): StatusError | undefined {
  const { client, cron, status } = look;
  const namespace = cron.metadata.namespace ?? "";
  let job: Job | undefined;
  try {
    job = client.create<Job>(jobs, jobFor(cron, runMs));
    tell(look, "Normal", "SuccessfulCreate", `Created job ${job.metadata.name}`);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (error.reason === "AlreadyExists") {
      job = client.get<Job>(jobs, namespace, jobName(cron, runMs));
      if (!job || controllerOf(job)?.uid !== cron.metadata.uid) return undefined;
    } else {
      if (!namespaceGoes(error))
        tell(look, "Warning", "FailedCreate", `Error creating job: ${error.message}`);
      return error;
    }
  }
  const { name, uid, resourceVersion } = job.metadata;
  const reference = { kind: "Job", namespace, name, uid, apiVersion: "batch/v1", resourceVersion };
  status.active = [...(status.active ?? []), reference] as NonNullable<CronJobStatus["active"]>;
  status.lastScheduleTime = rfc3339(runMs);
  return undefined;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** RFC 3339 in local time. Go: time.RFC3339 */
function zonedTime(at: number, zone: string): string {
  const offset = offsetMs(zone, at);
  if (offset === 0) return rfc3339(at);
  const minutes = Math.abs(offset) / 60_000;
  const sign = offset < 0 ? "-" : "+";
  const ahead = `${sign}${two(Math.floor(minutes / 60))}:${two(Math.floor(minutes % 60))}`;
  return rfc3339(at + offset).replace("Z", ahead);
}

const days = "Sun Mon Tue Wed Thu Fri Sat".split(" ");
const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Go: time.RFC1123Z, in UTC */
function rfc1123(at: number): string {
  const { year, month, day, weekday, hour, minute, second } = calendar(at);
  const time = [hour, minute, second].map(two).join(":");
  return `${days[weekday]}, ${two(day)} ${months[month - 1]} ${year} ${time} +0000`;
}
