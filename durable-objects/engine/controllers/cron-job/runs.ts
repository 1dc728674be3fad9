/** Which runs of a schedule are due, were missed, or come next. k8s: pkg/controller/cronjob/utils.go */
import { parseTime } from "../../core/clock.ts";
import type { CronJob } from "../../kinds/batch/cron-job.ts";
import { nextRun, type Schedule } from "../../kinds/batch/schedule.ts";

/** k8s: nextScheduleDelta */
const deltaMs = 100;
/** k8s: mostRecentScheduleTime, from where on too many were missed */
const missedMax = 100;

interface Recent {
  earliestMs: number;
  /** The latest run up to now. */
  runMs: number | undefined;
  missed: number;
  error?: string;
}

/** k8s: mostRecentScheduleTime */
function recentRun(
  { metadata, spec, status }: CronJob,
  now: number,
  schedule: Schedule,
  withDeadline: boolean,
): Recent {
  let earliestMs = parseTime(status?.lastScheduleTime ?? metadata.creationTimestamp);
  const seconds = spec.startingDeadlineSeconds;
  if (withDeadline && seconds !== undefined)
    earliestMs = Math.max(earliestMs, now - seconds * 1000);
  const first = nextRun(schedule, earliestMs);
  const second = nextRun(schedule, first);
  // To upstream a run that never comes (of 31 February) is one of long ago.
  if (now < first && first !== Infinity) return { earliestMs, runMs: undefined, missed: 0 };
  if (now < second && second !== Infinity) return { earliestMs, runMs: first, missed: 0 };
  const between = Math.round((second - first) / 1000);
  if (second === Infinity || between < 1) {
    const error = "time difference between two schedules is less than 1 second";
    return { earliestMs, runMs: undefined, missed: 0, error };
  }
  const missed = Math.floor(Math.floor((now - first) / 1000) / between) + 1;
  let runMs: number | undefined;
  // Not from the first one on: of schedules with uneven steps some may be left out, as upstream leaves them out.
  let at = nextRun(schedule, first + (missed - 2) * between * 1000);
  for (; at <= now; at = nextRun(schedule, at)) runMs = at;
  return { earliestMs, runMs, missed };
}

/** Virtual ms of the next look. k8s: nextScheduleTimeDuration */
export function nextLook(cron: CronJob, now: number, schedule: Schedule): number | undefined {
  const { earliestMs, runMs, missed, error } = recentRun(cron, now, schedule, false);
  const from = error !== undefined || missed > 0 ? (runMs ?? now) : (runMs ?? earliestMs);
  const at = nextRun(schedule, from) + deltaMs;
  return Number.isFinite(at) ? at : undefined;
}

export interface DueRun {
  runMs: number | undefined;
  tooMany: boolean;
  error?: string | undefined;
}

/** The run to be made now. k8s: nextScheduleTime */
export function dueRun(cron: CronJob, now: number, schedule: Schedule): DueRun {
  const { runMs, missed, error } = recentRun(cron, now, schedule, true);
  return { runMs, tooMany: runMs !== undefined && missed > missedMax, error };
}
