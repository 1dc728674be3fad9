/** CronJob. k8s: pkg/registry/batch/cronjob/strategy.go, pkg/apis/batch/validation/validation.go */
import type * as batch from "kubernetes-types/batch/v1";
import type { KubeObject } from "../../core/object.ts";
import { ageOf } from "../../machinery/duration.ts";
import { type FieldError, invalid, required } from "../../machinery/field.ts";
import { validateNonnegative } from "../../machinery/metadata.ts";
import { unsupported } from "../../machinery/names.ts";
import { schemaNamed } from "../../schema/types.ts";
import { age, ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import { allMetadata, type Kind } from "../define.ts";
import { withTemplateDefaults } from "../pod/defaults.ts";
import { selectorText } from "../pod-template.ts";
import { containerCells } from "../pod/table.ts";
import { jobWarnings, withPolicyDefaults } from "./job.ts";
import { validateJobTemplate } from "./job-spec.ts";
import { parseSchedule } from "./schedule.ts";
import type { JobSpec } from "./shape.ts";
import { isTimeZone } from "../../machinery/time-zone.ts";

export interface CronJobSpec extends Omit<batch.CronJobSpec, "jobTemplate"> {
  jobTemplate: { metadata?: batch.JobTemplateSpec["metadata"]; spec: JobSpec };
}
export type CronJobStatus = batch.CronJobStatus;
export interface CronJob extends KubeObject {
  spec: CronJobSpec;
  status?: CronJobStatus;
}

export const cronJobs = "cronjobs.batch";

/** A Job's name is this long at most, less the eleven characters of its minute. k8s: DNS1035LabelMaxLength-11 */
const nameCharsMax = 52;

/** k8s: SetDefaults_CronJob; a Job's own defaults come when one is made */
function withDefaults(cron: CronJob): CronJob {
  const spec = cron.spec ?? ({} as CronJobSpec);
  const job = spec.jobTemplate?.spec ?? ({} as JobSpec);
  return {
    ...cron,
    spec: {
      ...spec,
      concurrencyPolicy: spec.concurrencyPolicy || "Allow",
      suspend: spec.suspend ?? false,
      successfulJobsHistoryLimit: spec.successfulJobsHistoryLimit ?? 3,
      failedJobsHistoryLimit: spec.failedJobsHistoryLimit ?? 1,
      jobTemplate: {
        ...spec.jobTemplate,
        spec: withPolicyDefaults({ ...job, template: withTemplateDefaults(job.template) }),
      },
    },
  };
}

function checkSchedule(spec: CronJobSpec, old: CronJobSpec | undefined): FieldError[] {
  const path = "spec.schedule";
  const { schedule, timeZone } = spec;
  if (!schedule) return [required(path)];
  const errors: FieldError[] = [];
  const parsed = parseSchedule(schedule);
  if (typeof parsed === "string") errors.push(invalid(path, schedule, parsed));
  if (!schedule.includes("TZ")) return errors;
  if (!old?.schedule.includes("TZ"))
    errors.push(
      invalid(path, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"),
    );
  else if (timeZone !== undefined)
    errors.push(
      invalid(path, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule"),
    );
  return errors;
}

/** k8s: validateTimeZone */
function checkTimeZone(zone: string | undefined): FieldError[] {
  const path = "spec.timeZone";
  if (zone === undefined) return [];
  if (zone === "") return [invalid(path, zone, "timeZone must be nil or non-empty string")];
  const unknown = invalid(path, zone, `unknown time zone ${zone}`);
  const isPart = (part: string): boolean =>
    part !== "." && part !== ".." && !part.startsWith("-") && /^[A-Za-z.\-_0-9+]{1,14}$/.test(part);
  if (!zone.split("/").every(isPart)) return [unknown];
  const errors: FieldError[] = [];
  if (zone.toLowerCase() === "local")
    errors.push(
      invalid(
        path,
        zone,
        "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
      ),
    );
  return isTimeZone(zone) ? errors : [...errors, unknown];
}

/** k8s: validateCronJobSpec */
function validateSpec(spec: CronJobSpec, old: CronJobSpec | undefined): FieldError[] {
  const errors = [
    ...checkSchedule(spec, old),
    ...validateNonnegative(spec.startingDeadlineSeconds, "spec.startingDeadlineSeconds"),
    ...(!old || old.timeZone !== spec.timeZone ? checkTimeZone(spec.timeZone) : []),
  ];
  const policies = ["Allow", "Forbid", "Replace"];
  const policy = spec.concurrencyPolicy ?? "";
  if (!policies.includes(policy))
    errors.push(unsupported("spec.concurrencyPolicy", policy, policies));
  const job = spec.jobTemplate.spec;
  const path = "spec.jobTemplate.spec";
  errors.push(...validateJobTemplate(job, path));
  if (job.selector)
    errors.push(invalid(`${path}.selector`, job.selector, "`selector` will be auto-generated"));
  if (job.manualSelector)
    errors.push(unsupported(`${path}.manualSelector`, true, ["nil", "false"]));
  return [
    ...errors,
    ...validateNonnegative(spec.successfulJobsHistoryLimit, "spec.successfulJobsHistoryLimit"),
    ...validateNonnegative(spec.failedJobsHistoryLimit, "spec.failedJobsHistoryLimit"),
  ];
}

export const CronJob: Kind<CronJob> = {
  resource: cronJobs,
  apiVersion: "batch/v1",
  kind: "CronJob",
  schema: schemaNamed("batch/v1.CronJob"),
  namespaced: true,
  statusWritesMetadata: allMetadata,
  applyDefaults: withDefaults,
  prepareForCreate: (cron) => ({ ...cron, status: {} }),
  validateCreate: ({ metadata: { name }, spec }) => [
    ...validateSpec(spec, undefined),
    ...(name.length > nameCharsMax
      ? [invalid("metadata.name", name, `must be no more than ${nameCharsMax} characters`)]
      : []),
  ],
  validateUpdate: ({ spec }, old) => validateSpec(spec, old.spec),
  warnings: ({ metadata, spec }, old) => {
    if (old && old.metadata.generation === metadata.generation) return [];
    const name = old ? undefined : metadata.name;
    return jobWarnings(spec.jobTemplate.spec, name, "spec.jobTemplate.spec");
  },
  table: {
    columns: [
      nameColumn,
      column("Schedule", "When jobs are made, as cron writes it."),
      column("Timezone", "Whose local time the schedule means."),
      column("Suspend", "Whether no jobs are made for now.", "boolean"),
      column("Active", "Jobs that run.", "integer"),
      column("Last Schedule", "Time since a job was last made by the schedule."),
      ageColumn,
      wideColumn("Containers", "Names of the containers in the template."),
      wideColumn("Images", "Images of the containers in the template."),
      wideColumn("Selector", "Selector of the jobs in the template."),
    ],
    cells: (cron, now) => {
      const { spec, status = {} } = cron;
      const job = spec.jobTemplate.spec;
      return [
        cron.metadata.name,
        spec.schedule,
        spec.timeZone ?? "<none>",
        spec.suspend === undefined ? "<unset>" : spec.suspend ? "True" : "False",
        status.active?.length ?? 0,
        status.lastScheduleTime ? ageOf(status.lastScheduleTime, now) : "<none>",
        age(cron, now),
        ...containerCells(job.template.spec.containers),
        job.selector ? selectorText(job.selector) : "<none>",
      ];
    },
  },
};
