/** What must hold of CronJobs. Their schedules here are multiples of minutes: `schedules` of workload-manifests.ts. */
import { controlledBy, controllerOf, controlling, first, id, isTrue, lastTouched } from "./pods.ts";
import type { Invariant } from "./seen.ts";
import type { Any, Simulation } from "../simulation.ts";

const timestamp = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/** What an error before it, and the step after it, may take of a run. */
const slackMs = 10_000;

const isOver = (job: Any): boolean => isTrue(job, "Complete") || isTrue(job, "Failed");

/** `*` or `*` with a step, of minutes. */
function periodOf({ spec }: Any): number {
  const [minutes] = spec.schedule.split(" ");
  return Number(minutes.split("/")[1] ?? 1) * 60_000;
}

const ran = new WeakMap<Simulation, Set<string>>();

/** What speaks against a Job that was just made at a virtual moment. */
function runsWrongly(sim: Simulation, job: Any, at: number): string | undefined {
  const cron = controlling(sim, "CronJob", job);
  if (!cron) return `${id(job)} of a CronJob that is not there`;
  const { suspend, startingDeadlineSeconds } = cron.spec;
  const run = Date.parse(job.metadata.annotations[timestamp]);
  const period = periodOf(cron);
  if (suspend) return `${id(job)} though ${id(cron)} is suspended`;
  if (run % period !== 0 || run > at || run <= Date.parse(cron.metadata.creationTimestamp))
    return `${id(job)} for ${run}, which is no run at ${at}`;
  if (run + period <= at) return `${id(job)} for ${run}, which is not the latest at ${at}`;
  if (at - run > (startingDeadlineSeconds ?? Infinity) * 1000)
    return `${id(job)} ${at - run} ms late of ${startingDeadlineSeconds} s`;
  let before = ran.get(sim);
  if (!before) ran.set(sim, (before = new Set()));
  const key = `${cron.metadata.uid} ${run}`;
  if (before.has(key)) return `${id(job)} is of a run that was made`;
  before.add(key);
  return undefined;
}

function concurs(sim: Simulation, job: Any): string | undefined {
  const cron = controlling(sim, "CronJob", job);
  const policy = cron?.spec.concurrencyPolicy ?? "Allow";
  if (policy === "Allow") return undefined;
  const other = controlledBy(sim, "Job", cron).find(
    (o) => !isOver(o) && (policy === "Forbid" || !o.metadata.deletionTimestamp),
  );
  return other && `${id(job)} beside ${id(other)}, by ${policy}`;
}

/** A run that is due for long enough, with nothing that speaks against it. */
function misses(sim: Simulation, cron: Any): string | undefined {
  const { suspend, concurrencyPolicy, startingDeadlineSeconds } = cron.spec;
  if (suspend || concurrencyPolicy !== "Allow" || startingDeadlineSeconds !== undefined)
    return undefined;
  if (cron.metadata.deletionTimestamp) return undefined;
  const period = periodOf(cron);
  const run = Math.floor((sim.world.engine.virtualNow - slackMs) / period) * period;
  const { uid } = cron.metadata;
  const changed = lastTouched(
    sim,
    ({ object, previous }) =>
      object.metadata.uid === uid &&
      (object as Any).metadata.generation !== (previous as Any)?.metadata.generation,
  );
  if (changed >= run) return undefined;
  const last = Date.parse(cron.status?.lastScheduleTime ?? "");
  if (last >= run) return undefined;
  const name = `${cron.metadata.name}-${run / 60_000}`;
  const taken = sim
    .all("jobs.batch", cron.metadata.namespace)
    .some((job) => job.metadata.name === name && controllerOf(job)?.uid !== uid);
  return taken ? undefined : `${id(cron)} ran at ${last}, not at ${run}`;
}

function keepsWrongly(sim: Simulation, cron: Any): string | undefined {
  const jobs = controlledBy(sim, "Job", cron);
  const active = jobs.filter((job) => !isOver(job)).map((job) => job.metadata.uid);
  const listed = (cron.status?.active ?? []).map((ref: Any) => ref.uid);
  if (`${listed.sort()}` !== `${active.sort()}`)
    return `${id(cron)} lists ${listed.length} of ${active.length} Jobs`;
  return first(
    [
      ["Complete", cron.spec.successfulJobsHistoryLimit],
      ["Failed", cron.spec.failedJobsHistoryLimit],
    ] as const,
    ([how, limit]) => {
      const kept = jobs.filter((job) => isTrue(job, how) && !job.metadata.deletionTimestamp);
      return kept.length > limit
        ? `${id(cron)} keeps ${kept.length} ${how} of ${limit}`
        : undefined;
    },
  );
}

export const cronJobInvariants: Invariant[] = [
  {
    name: "a CronJob makes the Job of its latest run, once",
    when: "change",
    check: (sim, { resource, op, object, at }) =>
      resource === "jobs.batch" && op === "create" && controllerOf(object)?.kind === "CronJob"
        ? runsWrongly(sim, object, at)
        : undefined,
  },
  {
    name: "a CronJob heeds its concurrencyPolicy",
    when: "change",
    check: (sim, { resource, op, object }) =>
      resource === "jobs.batch" && op === "create" && controllerOf(object)?.kind === "CronJob"
        ? concurs(sim, object)
        : undefined,
  },
  {
    name: "a CronJob misses no run without a reason",
    when: "operation",
    check: (sim) => first(sim.all("cronjobs.batch", "lab"), (cron) => misses(sim, cron)),
  },
  {
    name: "a CronJob knows its Jobs, and keeps no more than it may",
    when: "settled",
    check: (sim) => first(sim.all("cronjobs.batch", "lab"), (cron) => keepsWrongly(sim, cron)),
  },
];
