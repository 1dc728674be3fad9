/** Jobs that have failed, wait or are held back, and CronJobs that make none. */
import { parseTime, rfc3339 } from "../core/clock.ts";
import { objectKey } from "../core/object.ts";
import { scheduleOf } from "../controllers/cron-job/cron-job.ts";
import { dueRun } from "../controllers/cron-job/runs.ts";
import { backoffOf, remainingMs } from "../controllers/job/backoff.ts";
import { isSuspended } from "../controllers/job/sync.ts";
import { isActive } from "../controllers/workload/pods.ts";
import { cronJobs, type CronJob } from "../kinds/batch/cron-job.ts";
import { nextRun } from "../kinds/batch/schedule.ts";
import { hasCondition, isFinished, jobs, type Job } from "../kinds/batch/shape.ts";
import { offsetMs } from "../machinery/time-zone.ts";
import type { Event } from "../kinds/event.ts";
import type { Pod } from "../kinds/pod/types.ts";
import { quotaRefusal } from "./quota.ts";
import {
  about,
  inNamespace,
  mend,
  nameOf,
  plural,
  seconds,
  type Found,
  type Scope,
  type Situation,
} from "./situation.ts";
import { grouped, podsOf } from "./workloads.ts";

const component = "job-controller";
const cronComponent = "cronjob-controller";

const completions = ({ spec, status }: Job): string =>
  `${status?.succeeded ?? 0} of ${plural(spec.completions ?? 1, "completion")}`;

const resume = (target: string, object: Job | CronJob) =>
  mend(
    "Let it go on",
    `kubectl patch ${target} ${object.metadata.name}${inNamespace(object)} --type=merge -p '{"spec":{"suspend":false}}'`,
  );

/** Its template cannot be changed: made anew without what the server generated. */
const anew = (job: Job) =>
  mend(
    "Correct it and make the Job anew",
    `kubectl get job ${job.metadata.name}${inNamespace(job)} -o json | jq 'del(.spec.selector,.spec.template.metadata.labels,.status)' | kubectl replace --force -f -`,
  );

const newest = (pods: readonly Pod[]): Pod | undefined =>
  pods.toSorted((a, b) => startedMs(b) - startedMs(a))[0];

const startedMs = ({ metadata }: Pod): number => parseTime(metadata.creationTimestamp);

/** Why the Job is over, in its own numbers. */
function verdictText({ scope, job, reason }: { scope: Scope; job: Job; reason: string }): string {
  const { spec, status } = job;
  const failed = plural(status?.failed ?? 0, "Pod");
  if (reason === "BackoffLimitExceeded") {
    return `${failed} failed, and its backoffLimit is ${spec.backoffLimit}`;
  }
  if (reason === "DeadlineExceeded") {
    const end = status?.conditions?.find(
      ({ type }) => type === "FailureTarget" || type === "Failed",
    );
    const at = parseTime(end?.lastTransitionTime ?? "") || scope.now;
    return `it had ${completions(job)} after ${seconds(at - parseTime(status?.startTime ?? ""))}, and its activeDeadlineSeconds is ${spec.activeDeadlineSeconds ?? 0}, so its Pods were stopped`;
  }
  const condition = status?.conditions?.find((c) => c.reason === reason);
  return `${reason}, after ${failed} failed: ${condition?.message ?? ""}`;
}

const limitField: Record<string, string> = {
  BackoffLimitExceeded: "spec.backoffLimit",
  DeadlineExceeded: "spec.activeDeadlineSeconds",
  PodFailurePolicy: "spec.podFailurePolicy",
  MaxFailedIndexesExceeded: "spec.maxFailedIndexes",
};

function failedJob(scope: Scope, job: Job): Found | undefined {
  const over = job.status?.conditions?.find(
    ({ type, status }) => status === "True" && (type === "Failed" || type === "FailureTarget"),
  );
  if (!over) return undefined;
  const { reason = "", message = "" } = over;
  const pods = podsOf(scope, job);
  const last = newest(pods.filter(({ status }) => status?.phase === "Failed"));
  const why = last && scope.ask("pods", last);
  const tail = why
    ? ` The last one: ${why.sentence}`
    : reason === "BackoffLimitExceeded"
      ? " Its Pods are gone, and their logs with them: with restartPolicy Never they stay."
      : "";
  return {
    sentence: `${nameOf(job)} has failed: ${verdictText({ scope, job, reason })}.${tail}`,
    evidence: [
      about(job, message || reason, { field: "status.conditions" }),
      about(job, `${limitField[reason] ?? "its spec"} decides`, {
        field: limitField[reason] ?? "spec",
      }),
      ...(why?.evidence ?? []),
    ],
    mend: [...(why?.mend.slice(0, 1) ?? []), anew(job)],
    decidedBy: component,
    reason: `Job failed (${reason})`,
  };
}

function suspendedJob(_scope: Scope, job: Job): Found | undefined {
  if (!isSuspended(job) || isFinished(job)) return undefined;
  return {
    sentence: `${nameOf(job)} is suspended (spec.suspend is true), so 0 Pods run; it has ${completions(job)}.`,
    evidence: [about(job, "spec.suspend is true", { field: "spec.suspend" })],
    mend: [resume("job", job)],
    decidedBy: component,
    reason: "suspended",
  };
}

/** It goes on, and its Pods do not come to their end. */
function strugglingJob(scope: Scope, job: Job): Found | undefined {
  if (isFinished(job)) return undefined;
  const { spec, status, metadata } = job;
  const pods = podsOf(scope, job);
  const active = pods.filter(isActive);
  const wanted = Math.min(
    spec.parallelism,
    (spec.completions ?? spec.parallelism) - (status?.succeeded ?? 0),
  );
  const quota =
    active.length < wanted ? quotaRefusal(scope, job, active.length, wanted) : undefined;
  if (quota) return quota;
  const why = grouped(
    scope,
    job,
    pods.filter((pod) => pod.status?.phase !== "Succeeded"),
  );
  if (!why) return undefined;
  const failed = status?.failed ?? 0;
  const key = objectKey(metadata.namespace, metadata.name);
  const wait = remainingMs(backoffOf(scope.client, key), scope.now);
  const next = active.length === 0 && wait > 0 ? ` The next Pod is made in ${seconds(wait)}.` : "";
  return {
    ...why,
    sentence: `${nameOf(job)} has ${completions(job)}, and ${failed} of the ${plural(spec.backoffLimit, "failure")} that its backoffLimit allows. ${why.sentence}${next}`,
    evidence: [
      about(job, `${failed} failed, backoffLimit ${spec.backoffLimit}`, {
        field: "status.failed",
      }),
      ...why.evidence,
    ],
  };
}

/** As wished: it runs. */
function runningJob(scope: Scope, job: Job): Found | undefined {
  if (isFinished(job)) return undefined;
  const active = podsOf(scope, job).filter(isActive).length;
  const deadline = job.spec.activeDeadlineSeconds;
  const left =
    deadline === undefined
      ? ""
      : `, and ${seconds(parseTime(job.status?.startTime ?? "") + deadline * 1000 - scope.now)} left of its activeDeadlineSeconds ${deadline}`;
  return {
    sentence: `${nameOf(job)} runs: ${plural(active, "Pod")} at work, ${completions(job)}${left}.`,
    evidence: [about(job, `${active} active`, { field: "status.active" })],
    mend: [mend("Wait", `kubectl get job ${job.metadata.name}${inNamespace(job)} --watch`)],
    decidedBy: component,
    reason: "on its way",
    well: true,
  };
}

const zoneOf = ({ spec }: CronJob): string => spec.timeZone ?? "UTC";

/** `2026-01-02 03:00 Europe/Berlin` */
const localTime = (cron: CronJob, at: number): string =>
  `${rfc3339(at + offsetMs(cron.spec.timeZone ?? "", at))
    .slice(0, 16)
    .replace("T", " ")} ${zoneOf(cron)}`;

const scheduleEvidence = (cron: CronJob) =>
  about(cron, `schedule ${cron.spec.schedule} in ${zoneOf(cron)}`, { field: "spec.schedule" });

const edit = (text: string, cron: CronJob) =>
  mend(text, `kubectl edit cronjob ${cron.metadata.name}${inNamespace(cron)}`);

function lastRun({ now }: Scope, { status }: CronJob): string {
  const at = status?.lastScheduleTime;
  return at ? `the last one was ${seconds(now - parseTime(at))} ago` : "it has made 0 so far";
}

function suspendedCron(scope: Scope, cron: CronJob): Found | undefined {
  if (!cron.spec.suspend) return undefined;
  const schedule = scheduleOf(cron);
  const at = typeof schedule === "string" ? Infinity : nextRun(schedule, scope.now);
  const next = Number.isFinite(at)
    ? `; the run of ${localTime(cron, at)} (in ${seconds(at - scope.now)}) will be left out`
    : "";
  return {
    sentence: `${nameOf(cron)} is suspended (spec.suspend is true) and makes no Jobs: ${lastRun(scope, cron)}${next}.`,
    evidence: [
      about(cron, "spec.suspend is true", { field: "spec.suspend" }),
      scheduleEvidence(cron),
    ],
    mend: [resume("cronjob", cron)],
    decidedBy: cronComponent,
    reason: "suspended",
  };
}

/** A schedule that cannot be read, or whose moment never comes. */
function neverDue({ now }: Scope, cron: CronJob): Found | undefined {
  const schedule = scheduleOf(cron);
  if (typeof schedule !== "string" && Number.isFinite(nextRun(schedule, now))) return undefined;
  const why =
    typeof schedule === "string"
      ? `cannot be read (${schedule})`
      : "names a day that does not come within 5 years";
  return {
    sentence: `${nameOf(cron)} makes 0 Jobs: its schedule ${cron.spec.schedule} ${why}.`,
    evidence: [scheduleEvidence(cron)],
    mend: [edit("Correct the schedule", cron)],
    decidedBy: cronComponent,
    reason: "schedule",
  };
}

/** A run is due, and the one before it is not done. */
function forbidden(scope: Scope, cron: CronJob): Found | undefined {
  const { spec, status } = cron;
  const active = status?.active ?? [];
  const schedule = scheduleOf(cron);
  if (spec.concurrencyPolicy !== "Forbid" || !active.length || typeof schedule === "string")
    return undefined;
  const { runMs } = dueRun(cron, scope.now, schedule);
  if (runMs === undefined || status?.lastScheduleTime === rfc3339(runMs)) return undefined;
  const name = active[0]?.name ?? "";
  const namespace = cron.metadata.namespace ?? "";
  const job = scope.client.get<Job>(jobs, namespace, name);
  if (!job || !scope.mayRead(jobs, namespace, name)) return undefined;
  const since = seconds(scope.now - parseTime(job.status?.startTime ?? ""));
  const why = scope.ask(jobs, job);
  return {
    sentence: `${nameOf(cron)} has left out the run of ${localTime(cron, runMs)}: its concurrencyPolicy is Forbid, and ${nameOf(job)} has been running for ${since}.${why ? ` ${why.sentence}` : ""}`,
    evidence: [
      about(cron, "concurrencyPolicy is Forbid", { field: "spec.concurrencyPolicy" }),
      about(job, `${name} is active`, { field: "status.active" }),
      ...(why?.evidence ?? []),
    ],
    mend: [
      ...(why?.mend.slice(0, 1) ?? []),
      mend("End the Job that runs", `kubectl delete job ${name}${inNamespace(cron)}`),
      edit("Or allow both (concurrencyPolicy Allow or Replace)", cron),
    ],
    decidedBy: cronComponent,
    reason: "Forbid",
  };
}

/** What the controller told of last, where that was no success. */
function refusedRun({ client, now }: Scope, cron: CronJob): Found | undefined {
  const last = client
    .byIndex<Event>("event.uid", cron.metadata.uid)
    .toSorted((a, b) => parseTime(b.lastTimestamp ?? "") - parseTime(a.lastTimestamp ?? ""))[0];
  if (!last || !["FailedCreate", "MissSchedule", "TooManyMissedTimes"].includes(last.reason ?? ""))
    return undefined;
  const { reason = "", message = "" } = last;
  const missed = reason === "MissSchedule";
  const field = missed ? "spec.startingDeadlineSeconds" : "spec.jobTemplate";
  const limit = missed
    ? ` (startingDeadlineSeconds ${cron.spec.startingDeadlineSeconds ?? 0})`
    : "";
  return {
    sentence: `${nameOf(cron)} could not make its last Job, ${seconds(now - parseTime(last.lastTimestamp ?? ""))} ago${limit}: ${message}.`,
    evidence: [about(cron, message, { event: reason }), about(cron, `${field} decides`, { field })],
    mend: [
      edit(missed ? "Allow a later start" : "Change its template to what is allowed", cron),
      mend(
        "Or make one by hand",
        `kubectl create job ${cron.metadata.name}-now --from=cronjob/${cron.metadata.name}${inNamespace(cron)}`,
      ),
    ],
    decidedBy: cronComponent,
    reason,
  };
}

/** The Job that it made last. */
function lastJob(scope: Scope, cron: CronJob): Found | undefined {
  const last = scope.client
    .byIndex<Job>("controller", cron.metadata.uid)
    .filter(({ kind }) => kind === "Job")
    .toSorted(
      (a, b) => parseTime(b.metadata.creationTimestamp) - parseTime(a.metadata.creationTimestamp),
    )[0];
  const why = last && scope.ask(jobs, last);
  return why && { ...why, sentence: `${nameOf(cron)}: ${why.sentence}` };
}

/** As wished: the next run is still to come. */
function waitingCron(scope: Scope, cron: CronJob): Found | undefined {
  const schedule = scheduleOf(cron);
  if (typeof schedule === "string" || cron.metadata.deletionTimestamp) return undefined;
  const at = nextRun(schedule, scope.now);
  const done = scope.client
    .byIndex<Job>("controller", cron.metadata.uid)
    .filter((job) => job.kind === "Job" && hasCondition(job.status, "Complete")).length;
  return {
    sentence: `${nameOf(cron)} makes its next Job at ${localTime(cron, at)} (in ${seconds(at - scope.now)}): its schedule is ${cron.spec.schedule} in ${zoneOf(cron)}, and ${lastRun(scope, cron)}, ${done} complete.`,
    evidence: [
      scheduleEvidence(cron),
      ...(cron.spec.timeZone
        ? [about(cron, `timeZone ${cron.spec.timeZone}`, { field: "spec.timeZone" })]
        : []),
    ],
    mend: [
      mend(
        "Do not wait for it",
        `kubectl create job ${cron.metadata.name}-now --from=cronjob/${cron.metadata.name}${inNamespace(cron)}`,
      ),
    ],
    decidedBy: cronComponent,
    reason: "next run",
    well: true,
  };
}

/** Rows about Jobs and CronJobs; the last ones are asked after the Clock. */
export const jobRows: Situation[] = [
  { name: "Job failed", of: [jobs], find: failedJob },
  { name: "suspended", of: [jobs], find: suspendedJob },
  { name: "its Pods' failures", of: [jobs], find: strugglingJob },
  { name: "suspended", of: [cronJobs], find: suspendedCron },
  { name: "schedule", of: [cronJobs], find: neverDue },
  { name: "run left out", of: [cronJobs], find: forbidden },
  { name: "run refused", of: [cronJobs], find: refusedRun },
  { name: "its last Job", of: [cronJobs], find: lastJob },
];
export const scheduledRows: Situation[] = [
  { name: "Job under way", of: [jobs], find: runningJob },
  { name: "next run", of: [cronJobs], find: waitingCron },
];
