/** Job. k8s: pkg/registry/batch/job/strategy.go */
import { parseTime } from "../../core/clock.ts";
import { humanDuration } from "../../machinery/duration.ts";
import { type FieldError, invalid, required } from "../../machinery/field.ts";
import { dns1123Label } from "../../machinery/names.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import { schemaNamed } from "../../schema/types.ts";
import { age, ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import { allMetadata, type Kind } from "../define.ts";
import { withTemplateDefaults } from "../pod/defaults.ts";
import { selectorText } from "../pod-template.ts";
import { containerCells } from "../pod/table.ts";
import { warningsOfWorkload } from "../pod/warnings.ts";
import { validateJobSpec, validateJobSpecUpdate } from "./job-spec.ts";
import { validateJobStatus } from "./job-status.ts";
import {
  controllerUidLabel,
  hasCondition,
  isIndexed,
  jobNameLabel,
  jobs,
  type Job as JobObject,
  type JobSpec,
} from "./shape.ts";

/** Labels of before the group had a prefix; they are still set. k8s: LegacyJobNameLabel, LegacyControllerUidLabel */
const legacyName = "job-name";
const legacyUid = "controller-uid";
/** k8s: math.MaxInt32, where backoffLimitPerIndex takes its place */
const noLimit = 2 ** 31 - 1;

/** k8s: SetDefaults_PodFailurePolicyOnPodConditionsPattern */
export function withPolicyDefaults(spec: JobSpec): JobSpec {
  const policy = spec.podFailurePolicy;
  if (!policy?.rules?.some((rule) => rule.onPodConditions)) return spec;
  const rules = policy.rules.map((rule) => {
    const patterns = rule.onPodConditions?.map((c) => ({ ...c, status: c.status || "True" }));
    return patterns ? { ...rule, onPodConditions: patterns } : rule;
  });
  return { ...spec, podFailurePolicy: { ...policy, rules } };
}

/** What a Job's spec means where it says nothing; a CronJob's template is left as it is. k8s: SetDefaults_Job */
function withDefaults(job: JobObject): JobObject {
  const spec = withPolicyDefaults(job.spec ?? ({} as JobSpec));
  const alone = spec.completions === undefined && spec.parallelism === undefined;
  const labels = spec.template?.metadata?.labels;
  const metadata =
    labels && Object.keys(job.metadata.labels ?? {}).length === 0
      ? { ...job.metadata, labels }
      : job.metadata;
  const perIndex = spec.backoffLimitPerIndex !== undefined;
  return {
    ...job,
    metadata,
    spec: {
      ...spec,
      ...(alone ? { completions: 1 } : {}),
      parallelism: spec.parallelism ?? 1,
      backoffLimit: spec.backoffLimit ?? (perIndex ? noLimit : 6),
      completionMode: spec.completionMode ?? "NonIndexed",
      suspend: spec.suspend ?? false,
      podReplacementPolicy:
        spec.podReplacementPolicy ?? (spec.podFailurePolicy ? "Failed" : "TerminatingOrFailed"),
      manualSelector: spec.manualSelector ?? false,
      template: withTemplateDefaults(spec.template),
    },
  };
}

/** The selector by its uid, and labels for its Pods, unless the user made them. k8s: generateSelector */
function withSelector(job: JobObject): JobObject {
  const { spec, metadata } = job;
  if (spec.manualSelector) return job;
  const { template, selector } = spec;
  const labels = {
    [legacyName]: metadata.name,
    [jobNameLabel]: metadata.name,
    [legacyUid]: metadata.uid,
    [controllerUidLabel]: metadata.uid,
    ...template.metadata?.labels,
  };
  const matchLabels = { [controllerUidLabel]: metadata.uid, ...selector?.matchLabels };
  const bare = Object.keys(metadata.labels ?? {}).length === 0;
  return {
    ...job,
    // Defaulting sees the template's labels as soon as it is read back. k8s: SetDefaults_Job
    metadata: bare ? { ...metadata, labels } : metadata,
    spec: {
      ...spec,
      selector: { ...selector, matchLabels },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** k8s: validateGeneratedSelector */
function checkGeneratedSelector({ metadata, spec }: JobObject, prefixed: boolean): FieldError[] {
  if (spec.manualSelector || !spec.selector) return [];
  const labels = spec.template.metadata?.labels ?? {};
  const path = "spec.template.metadata.labels";
  const errors: FieldError[] = [];
  const expected: Record<string, string> = {};
  const check = (key: string, value: string): void => {
    const actual = labels[key];
    if (actual === undefined) errors.push(required(`${path}[${key}]`, `must be '${value}'`));
    else if (actual !== value)
      errors.push(invalid(`${path}[${key}]`, labels, `must be '${value}'`));
    expected[key] = value;
  };
  check(legacyUid, metadata.uid);
  check(legacyName, metadata.name);
  if (prefixed) {
    check(controllerUidLabel, metadata.uid);
    check(jobNameLabel, metadata.name);
  }
  if (!labelSelector(spec.selector).matches(expected))
    errors.push(invalid("spec.selector", spec.selector, "`selector` not auto-generated"));
  return errors;
}

/** The last Pod of an Indexed Job has a host name. k8s: ValidateJob */
function checkHostname({ metadata: { name }, spec }: JobObject): FieldError[] {
  if (!isIndexed(spec) || !spec.completions || spec.completions < 0) return [];
  const last = `${name}-${spec.completions - 1}`;
  return dns1123Label(last).length
    ? [
        invalid(
          "metadata.name",
          name,
          `will not able to create pod with invalid DNS label: ${last}`,
        ),
      ]
    : [];
}

const validateJob = (job: JobObject, prefixed: boolean): FieldError[] => [
  ...checkGeneratedSelector(job, prefixed),
  ...validateJobSpec(job.spec),
  ...checkHostname(job),
];

/** k8s: api/job WarningsForJobSpec */
export function jobWarnings(spec: JobSpec, name: string | undefined, path: string): string[] {
  const all = warningsOfWorkload(spec.template, name, `${path}.template`);
  const many = (spec.completions ?? 0) > 100_000 && (spec.parallelism ?? 0) > 10_000;
  if (!many || !isIndexed(spec)) return all;
  const text = `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`;
  const [first, ...rest] = all;
  return first?.startsWith("metadata.name:") ? [first, text, ...rest] : [text, ...all];
}

/** k8s: printJob */
function statusText({ metadata, status }: JobObject): string {
  for (const type of ["Complete", "Failed"]) if (hasCondition(status, type)) return type;
  if (metadata.deletionTimestamp) return "Terminating";
  for (const type of ["Suspended", "FailureTarget", "SuccessCriteriaMet"])
    if (hasCondition(status, type)) return type;
  return "Running";
}

function completionsText({ spec, status }: JobObject): string {
  const done = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${done}/${spec.completions}`;
  return spec.parallelism > 1 ? `${done}/1 of ${spec.parallelism}` : `${done}/1`;
}

function durationText({ status }: JobObject, now: number): string {
  if (!status?.startTime) return "";
  const end = status.completionTime ? parseTime(status.completionTime) : now;
  return humanDuration(end - parseTime(status.startTime));
}

export const Job: Kind<JobObject> = {
  resource: jobs,
  apiVersion: "batch/v1",
  kind: "Job",
  schema: schemaNamed("batch/v1.Job"),
  namespaced: true,
  defaultPropagation: "Orphan",
  statusWritesMetadata: allMetadata,
  applyDefaults: withDefaults,
  prepareForCreate: (job) => withSelector({ ...job, status: {} }),
  validateCreate: (job) => validateJob(job, true),
  validateUpdate: (job, old) => {
    const labels = old.spec.template.metadata?.labels ?? {};
    const prefixed = jobNameLabel in labels && controllerUidLabel in labels;
    return [...validateJob(job, prefixed), ...validateJobSpecUpdate(job, old)];
  },
  validateStatusUpdate: validateJobStatus,
  warnings: (job, old) =>
    old && old.metadata.generation === job.metadata.generation
      ? []
      : jobWarnings(job.spec, old ? undefined : job.metadata.name, "spec"),
  fields: ({ status }) => ({ "status.successful": String(status?.succeeded ?? 0) }),
  table: {
    columns: [
      nameColumn,
      column("Status", "Whether the job runs, is done or has failed."),
      column("Completions", "Pods that succeeded, of those wanted."),
      column("Duration", "How long the job took, or has taken so far."),
      ageColumn,
      wideColumn("Containers", "Names of the containers in the template."),
      wideColumn("Images", "Images of the containers in the template."),
      wideColumn("Selector", "Which pods are counted."),
    ],
    cells: (job, now) => [
      job.metadata.name,
      statusText(job),
      completionsText(job),
      durationText(job, now),
      age(job, now),
      ...containerCells(job.spec.template.spec.containers),
      selectorText(job.spec.selector),
    ],
  },
};
