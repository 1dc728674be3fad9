/** What the timeline says of Jobs, of the Pods that they count, and of CronJobs. */
import type { CronJob } from "../kinds/batch/cron-job.ts";
import { hasCondition, type Job, trackingFinalizer } from "../kinds/batch/shape.ts";
import { nameOf, type Rule, type Step } from "./step.ts";

const jobs = ({ before, after }: Step): [Job, Job] => [before as Job, after as Job];
const cronJobs = ({ before, after }: Step): [CronJob, CronJob] => [
  before as CronJob,
  after as CronJob,
];

const pods = (count: number): string => `${count} ${count === 1 ? "Pod" : "Pods"}`;

/** What a condition that a Job newly has means. */
const ends: readonly [type: string, says: (reason: string, job: Job) => string][] = [
  [
    "Complete",
    (reason, { status }) => `is complete, ${pods(status?.succeeded ?? 0)} succeeded (${reason})`,
  ],
  ["Failed", (reason, { status }) => `has failed, ${pods(status?.failed ?? 0)} failed (${reason})`],
  ["FailureTarget", (reason) => `is to fail once its Pods have ended (${reason})`],
  ["SuccessCriteriaMet", (reason) => `is done once its Pods have ended (${reason})`],
];

const jobRules: Rule[] = [
  {
    of: /^(jobs|cronjobs)\.batch$/,
    on: "update",
    say({ who, before, after }) {
      const [was, is] = [before, after].map((object) => (object as Job).spec.suspend ?? false);
      return was === is ? undefined : `${who} ${is ? "suspended" : "resumed"} ${nameOf(after)}`;
    },
  },
  {
    of: /^jobs\.batch$/,
    on: "update",
    say(step) {
      const [old, now] = jobs(step);
      for (const field of ["completions", "parallelism"] as const) {
        const [was, is] = [old.spec[field], now.spec[field]];
        if (was === is) continue;
        return `${step.who} changed the ${field} of ${nameOf(now)} from ${was ?? "any"} to ${is ?? "any"}`;
      }
      return undefined;
    },
  },
  {
    of: /^jobs\.batch$/,
    on: "update",
    say(step) {
      const [old, now] = jobs(step);
      for (const [type, says] of ends) {
        if (!hasCondition(now.status, type) || hasCondition(old.status, type)) continue;
        const reason = now.status?.conditions?.find((c) => c.type === type)?.reason ?? "";
        return `${step.who}: ${nameOf(now)} ${says(reason, now)}`;
      }
      return undefined;
    },
  },
  {
    of: /^jobs\.batch$/,
    on: "update",
    say(step) {
      const [old, now] = jobs(step);
      const [was, is] = [old, now].map(({ status }) => status?.succeeded ?? 0);
      if (was === is) return undefined;
      const { completions } = now.spec;
      const count = completions === undefined ? pods(is ?? 0) : `${is} of ${completions} Pods`;
      return `${step.who}: ${count} of ${nameOf(now)} succeeded`;
    },
  },
  {
    of: /^jobs\.batch$/,
    on: "update",
    say(step) {
      const [old, now] = jobs(step);
      const [was, is] = [old, now].map(({ status }) => status?.failed ?? 0);
      return was === is ? undefined : `${step.who}: ${pods(is ?? 0)} of ${nameOf(now)} failed`;
    },
  },
  {
    of: /^jobs\.batch$/,
    on: "update",
    say(step) {
      const [old, now] = jobs(step);
      const [was, is] = [old, now].map(({ status }) => status?.active ?? 0);
      return was === is ? undefined : `${step.who}: ${nameOf(now)} runs ${pods(is ?? 0)}`;
    },
  },
  {
    of: /^jobs\.batch$/,
    on: "update",
    say(step) {
      const [old, now] = jobs(step);
      const [was, is] = [old, now].map(({ status }) => status?.ready ?? 0);
      return was === is ? undefined : `${step.who}: ${nameOf(now)} has ${pods(is ?? 0)} ready`;
    },
  },
  {
    of: /^pods$/,
    on: "update",
    say({ who, before, after }) {
      const tracked = ({ metadata }: Step["after"]): boolean =>
        metadata.finalizers?.includes(trackingFinalizer) ?? false;
      if (tracked(after) || !tracked(before)) return undefined;
      return `${who} is done with ${nameOf(after)}, which may go`;
    },
  },
];

const cronJobRules: Rule[] = [
  {
    of: /^cronjobs\.batch$/,
    on: "update",
    say(step) {
      const [old, now] = cronJobs(step);
      const [was, is] = [old, now].map(({ spec: { schedule, timeZone } }) =>
        timeZone === undefined ? `"${schedule}"` : `"${schedule}" in ${timeZone}`,
      );
      if (was === is) return undefined;
      return `${step.who} changed the schedule of ${nameOf(now)} from ${was} to ${is}`;
    },
  },
  {
    of: /^cronjobs\.batch$/,
    on: "update",
    say(step) {
      const [old, now] = cronJobs(step);
      const [was, is] = [old, now].map(({ status }) => status?.lastScheduleTime);
      if (was === is || is === undefined) return undefined;
      return `${step.who} started the run of ${nameOf(now)} that was due at ${is}`;
    },
  },
  {
    of: /^cronjobs\.batch$/,
    on: "update",
    say(step) {
      const [old, now] = cronJobs(step);
      const [was = 0, is = 0] = [old, now].map(({ status }) => status?.active?.length ?? 0);
      if (was === is) return undefined;
      return `${step.who}: ${nameOf(now)} has ${is} ${is === 1 ? "Job" : "Jobs"} running`;
    },
  },
];

export const batchRules: readonly Rule[] = [...jobRules, ...cronJobRules];
