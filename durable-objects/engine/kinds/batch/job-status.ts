/** What a Job's status may become: others than the Job controller may write it. k8s: validateJobStatus, ValidateJobStatusUpdate */
import { duplicate, type FieldError, invalid, required } from "../../machinery/field.ts";
import { semanticEqual, validateNonnegative } from "../../machinery/metadata.ts";
import { parseTime } from "../../core/clock.ts";
import { checkIndexes, overlapAt } from "./indexes.ts";
import { invalidWithoutValue } from "./policies.ts";
import { hasCondition, isFinished, isIndexed, type Job, type JobStatus } from "./shape.ts";

const conditionsPath = "status.conditions";
const counters = ["active", "succeeded", "failed", "ready", "terminating"] as const;

/** Most rules count only for what this write changes. k8s: getStatusValidationOptions */
export function validateJobStatus(job: Job, old: Job): FieldError[] {
  const status = job.status ?? {};
  return [
    ...counters.flatMap((name) => validateNonnegative(status[name], `status.${name}`)),
    ...checkUncounted(status),
    ...checkConditionPairs(job, old),
    ...checkTimes(job, old),
    ...checkFinished(job, old),
    ...checkIndexTexts(job, old),
    ...checkTransitions(job, old),
  ];
}

function checkUncounted({ uncountedTerminatedPods: uncounted }: JobStatus): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const name of ["succeeded", "failed"] as const)
    for (const [i, uid] of (uncounted?.[name] ?? []).entries()) {
      const path = `status.uncountedTerminatedPods.${name}[${i}]`;
      if (uid === "") errors.push(invalid(path, uid, "must not be empty"));
      else if (seen.has(uid)) errors.push(duplicate(path, uid));
      seen.add(uid);
    }
  return errors;
}

type Flag = "Complete" | "Failed" | "FailureTarget" | "SuccessCriteriaMet";

function checkConditionPairs(job: Job, old: Job): FieldError[] {
  const is = (type: Flag): boolean => hasCondition(job.status, type);
  const changed = (...types: Flag[]): boolean =>
    types.some((type) => is(type) !== hasCondition(old.status, type));
  const errors: FieldError[] = [];
  const reject = (when: boolean, detail: string): void => {
    if (when) errors.push(invalidWithoutValue(conditionsPath, detail));
  };
  const [complete, failed, target, met] = [
    is("Complete"),
    is("Failed"),
    is("FailureTarget"),
    is("SuccessCriteriaMet"),
  ];
  reject(
    changed("Complete", "Failed") && complete && failed,
    "cannot set Complete=True and Failed=true conditions",
  );
  reject(
    changed("Complete", "FailureTarget") && complete && target,
    "cannot set Complete=True and FailureTarget=true conditions",
  );
  reject(
    (changed("Failed") || job.status?.failedIndexes !== old.status?.failedIndexes) &&
      failed &&
      !target,
    "cannot set Failed=True condition without the FailureTarget=true condition",
  );
  reject(
    changed("Complete", "SuccessCriteriaMet") && complete && !met,
    "cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
  );
  reject(met && failed, "cannot set SuccessCriteriaMet=True and Failed=true conditions");
  reject(met && target, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
  reject(
    job.spec.successPolicy !== undefined && !met && complete,
    "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True",
  );
  return errors;
}

function checkTimes({ status = {} }: Job, { status: old = {} }: Job): FieldError[] {
  const path = "status.completionTime";
  const { completionTime: end, startTime: start } = status;
  const complete = hasCondition(status, "Complete");
  const endMoved = end !== old.completionTime;
  const errors: FieldError[] = [];
  if (endMoved || complete !== hasCondition(old, "Complete")) {
    if (end && !complete)
      errors.push(
        invalid(path, end, "cannot set completionTime when there is no Complete=True condition"),
      );
    if (!end && complete)
      errors.push(required(path, "completionTime is required for Complete jobs"));
  }
  const moved = endMoved || start !== old.startTime;
  if (moved && start && end && parseTime(end) < parseTime(start))
    errors.push(invalid(path, end, "must be equal to or after `startTime`"));
  return errors;
}

function checkFinished(job: Job, before: Job): FieldError[] {
  if (!isFinished(job)) return [];
  const { status = {}, spec } = job;
  const { status: old = {} } = before;
  const turned = !isFinished(before);
  const errors: FieldError[] = [];
  if ((turned || status.active !== old.active) && (status.active ?? 0) > 0)
    errors.push(invalid("status.active", status.active, "active>0 is invalid for finished job"));
  const emptySuspended = spec.suspend === true && spec.completions === 0;
  if ((turned || status.startTime !== old.startTime) && !emptySuspended && !status.startTime)
    errors.push(required("status.startTime", "startTime is required for finished job"));
  const uncounted = status.uncountedTerminatedPods;
  const count = (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0);
  const same = semanticEqual(uncounted ?? null, old.uncountedTerminatedPods ?? null);
  if ((turned || !same) && count > 0)
    errors.push(
      invalid("status.uncountedTerminatedPods", uncounted, "must be empty for finished job"),
    );
  if ((turned || status.terminating !== old.terminating) && (status.terminating ?? 0) > 0)
    errors.push(
      invalid(
        "status.terminating",
        status.terminating,
        "terminating>0 is invalid for finished job",
      ),
    );
  return errors;
}

function checkIndexTexts({ spec, status = {} }: Job, { status: old = {} }: Job): FieldError[] {
  const { completions } = spec;
  const { completedIndexes: completed = "", failedIndexes: failed, ready, active } = status;
  const [completedAt, failedAt] = ["status.completedIndexes", "status.failedIndexes"];
  const errors: FieldError[] = [];
  const completedChanged = completed !== (old.completedIndexes ?? "");
  const failedChanged = failed !== old.failedIndexes;
  const parse = (at: string, text: string, name: string): void => {
    const checked = checkIndexes(text, completions ?? 0);
    if (typeof checked === "string")
      errors.push(invalid(at, text, `error parsing ${name}: ${checked}`));
  };
  const perIndex = spec.backoffLimitPerIndex !== undefined;
  if (completedChanged && completions !== undefined)
    parse(completedAt, completed, "completedIndexes");
  if (failedChanged && completions !== undefined && perIndex && failed !== undefined)
    parse(failedAt, failed, "failedIndexes");
  if (completedChanged && completed !== "" && !isIndexed(spec))
    errors.push(
      invalid(
        completedAt,
        completed,
        "cannot set non-empty completedIndexes when non-indexed completion mode",
      ),
    );
  if (failedChanged && !perIndex && failed !== undefined)
    errors.push(
      invalid(
        failedAt,
        failed,
        "cannot set non-null failedIndexes when backoffLimitPerIndex is null",
      ),
    );
  if ((failedChanged || completedChanged) && completions !== undefined && failed !== undefined) {
    const overlap = overlapAt(completed, failed, completions);
    if (overlap !== undefined)
      errors.push(
        invalid(
          failedAt,
          failed,
          `failedIndexes and completedIndexes overlap at index: ${overlap}`,
        ),
      );
  }
  if ((ready !== old.ready || active !== old.active) && (ready ?? 0) > (active ?? 0))
    errors.push(invalid("status.ready", ready, "cannot set more ready pods than active"));
  return errors;
}

function checkTransitions(job: Job, before: Job): FieldError[] {
  const { status = {}, spec } = job;
  const { status: old = {} } = before;
  const errors: FieldError[] = [];
  const lost = (type: Flag): boolean => hasCondition(old, type) && !hasCondition(status, type);
  for (const type of ["Failed", "Complete", "FailureTarget"] as const)
    if (lost(type))
      errors.push(
        invalidWithoutValue(conditionsPath, `cannot disable the terminal ${type}=True condition`),
      );
  const fewer = (name: "failed" | "succeeded"): void => {
    if ((status[name] ?? 0) < (old[name] ?? 0))
      errors.push(
        invalid(`status.${name}`, status[name] ?? 0, `cannot decrease the ${name} counter`),
      );
  };
  fewer("failed");
  if (!isIndexed(spec) || spec.completions !== spec.parallelism) fewer("succeeded");
  const { completionTime: end, startTime: start } = status;
  if (end && old.completionTime && end !== old.completionTime)
    errors.push(invalid("status.completionTime", end, "field is immutable"));
  const resuming =
    hasCondition(old, "Suspended") &&
    status.conditions?.some((c) => c.type === "Suspended" && c.status === "False");
  if (old.startTime && start !== old.startTime && !resuming && spec.suspend !== true)
    errors.push(
      invalid("status.startTime", start ?? null, "field is immutable for unsuspended job once set"),
    );
  if (lost("SuccessCriteriaMet"))
    errors.push(
      invalidWithoutValue(conditionsPath, "cannot disable the SuccessCriteriaMet=True condition"),
    );
  const met = hasCondition(status, "SuccessCriteriaMet");
  if (hasCondition(old, "Complete") && !hasCondition(old, "SuccessCriteriaMet") && met)
    errors.push(
      invalidWithoutValue(
        conditionsPath,
        "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions",
      ),
    );
  return errors;
}
