/** Checks of a Job's spec, its own and a CronJob's template. k8s: pkg/apis/batch/validation/validation.go */
import { type FieldError, invalid, required, tooLong } from "../../machinery/field.ts";
import {
  semanticEqual,
  validateImmutable,
  validateLabelSelector,
  validateNonnegative,
} from "../../machinery/metadata.ts";
import { byteLength, domainPrefixedPath, unsupported } from "../../machinery/names.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import type { Container, PodSpec, PodTemplateSpec } from "../pod/types.ts";
import { validatePodTemplate } from "../pod/validation/annotations-and-template.ts";
import { checkFailurePolicy, checkSuccessPolicy } from "./policies.ts";
import { hasCondition, isIndexed, type Job, type JobSpec } from "./shape.ts";
import { notSelected } from "../workload-validation.ts";

/** k8s: maxParallelismForIndexedJob, maxFailedIndexesForIndexedJob, completionsSoftLimit */
const indexedMax = 100_000;
/** k8s: parallelismLimitForHighCompletions, maxFailedIndexesLimitForHighCompletions */
const highMax = 10_000;
/** k8s: maxManagedByLength */
const managedByBytesMax = 63;

const counts = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
] as const;

/** All but the selector. k8s: validateJobSpec */
export function validateJobTemplate(spec: JobSpec, path: string): FieldError[] {
  const errors = counts.flatMap((name) => validateNonnegative(spec[name], `${path}.${name}`));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.push(required(`${path}.backoffLimitPerIndex`, "when maxFailedIndexes is specified"));
  if (spec.managedBy !== undefined) {
    errors.push(...domainPrefixedPath(`${path}.managedBy`, spec.managedBy));
    if (byteLength(spec.managedBy) > managedByBytesMax)
      errors.push(tooLong(`${path}.managedBy`, managedByBytesMax));
  }
  errors.push(...checkCompletionMode(spec, path));
  if (spec.podFailurePolicy) errors.push(...checkFailurePolicy(spec, `${path}.podFailurePolicy`));
  if (spec.successPolicy) {
    const at = `${path}.successPolicy`;
    errors.push(
      ...(isIndexed(spec)
        ? checkSuccessPolicy(spec, at)
        : [invalid(at, shownPolicy(spec.successPolicy), "requires indexed completion mode")]),
    );
  }
  return [
    ...errors,
    ...checkReplacement(spec, `${path}.podReplacementPolicy`),
    ...validatePodTemplate(spec.template, `${path}.template`),
    ...checkRestartPolicy(spec, `${path}.template.spec.restartPolicy`),
  ];
}

/** Upstream prints it in its internal spelling. */
const shownPolicy = ({ rules }: NonNullable<JobSpec["successPolicy"]>): object => ({
  Rules: rules.map((rule) => ({
    SucceededIndexes: rule.succeededIndexes ?? null,
    SucceededCount: rule.succeededCount ?? null,
  })),
});

function checkCompletionMode(spec: JobSpec, path: string): FieldError[] {
  const { completionMode: mode } = spec;
  if (mode !== undefined && mode !== "NonIndexed" && mode !== "Indexed")
    return [unsupported(`${path}.completionMode`, mode, ["NonIndexed", "Indexed"])];
  if (isIndexed(spec)) return checkIndexed(spec, path);
  return (["backoffLimitPerIndex", "maxFailedIndexes"] as const).flatMap((name) =>
    spec[name] === undefined
      ? []
      : [invalid(`${path}.${name}`, spec[name], "requires indexed completion mode")],
  );
}

function checkIndexed(spec: JobSpec, path: string): FieldError[] {
  const { completions, parallelism, maxFailedIndexes: failed, backoffLimitPerIndex } = spec;
  const errors: FieldError[] = [];
  const atMost = (
    name: "parallelism" | "maxFailedIndexes",
    most: number,
    text = `must be less than or equal to ${most}`,
  ): void => {
    const value = spec[name];
    if (value !== undefined && value > most) errors.push(invalid(`${path}.${name}`, value, text));
  };
  if (completions === undefined)
    errors.push(required(`${path}.completions`, "when completion mode is Indexed"));
  atMost(
    "parallelism",
    indexedMax,
    `must be less than or equal to ${indexedMax} when completion mode is Indexed`,
  );
  if (completions !== undefined)
    atMost("maxFailedIndexes", completions, "must be less than or equal to completions");
  atMost("maxFailedIndexes", indexedMax);
  if ((completions ?? 0) <= indexedMax || backoffLimitPerIndex === undefined) return errors;
  if (failed === undefined)
    errors.push(
      required(
        `${path}.maxFailedIndexes`,
        `must be specified when completions is above ${indexedMax}`,
      ),
    );
  const high = `must be less than or equal to ${highMax} when completions are above ${indexedMax} and used with backoff limit per index`;
  if (parallelism !== undefined) atMost("parallelism", highMax, high);
  atMost("maxFailedIndexes", highMax, high);
  return errors;
}

/** k8s: validatePodReplacementPolicy */
function checkReplacement(spec: JobSpec, path: string): FieldError[] {
  const policy = spec.podReplacementPolicy;
  if (policy === undefined) return [];
  const known = spec.podFailurePolicy ? ["Failed"] : ["Failed", "TerminatingOrFailed"];
  return known.includes(policy) ? [] : [unsupported(path, policy, known)];
}

function checkRestartPolicy(spec: JobSpec, path: string): FieldError[] {
  const policy = spec.template.spec.restartPolicy;
  if (!policy || policy === "Always") return [required(path, 'valid values: "OnFailure", "Never"')];
  if (policy !== "OnFailure" && policy !== "Never")
    return [unsupported(path, policy, ["OnFailure", "Never"])];
  return spec.podFailurePolicy && policy !== "Never"
    ? [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')]
    : [];
}

/** k8s: ValidateJobSpec */
export function validateJobSpec(spec: JobSpec): FieldError[] {
  const errors = validateJobTemplate(spec, "spec");
  const { selector, template } = spec;
  const found = selector
    ? validateLabelSelector(selector, "spec.selector")
    : [required("spec.selector")];
  errors.push(...found);
  const labels = template.metadata?.labels;
  if (!selector || (found.length === 0 && !labelSelector(selector).matches(labels)))
    errors.push(notSelected(labels));
  return errors;
}

/** k8s: ValidateJobSpecUpdate */
export function validateJobSpecUpdate({ spec }: Job, old: Job): FieldError[] {
  const same = (name: keyof JobSpec): FieldError[] =>
    validateImmutable(spec[name] ?? null, old.spec[name] ?? null, `spec.${name}`);
  return [
    ...validateJobSpec(spec),
    ...checkCompletions(spec, old.spec),
    ...same("selector"),
    ...checkTemplateUpdate(spec.template, old),
    ...same("completionMode"),
    ...same("podFailurePolicy"),
    ...same("backoffLimitPerIndex"),
    ...same("managedBy"),
    ...same("successPolicy"),
  ];
}

/** k8s: validateCompletions */
function checkCompletions(spec: JobSpec, old: JobSpec): FieldError[] {
  const [now, before] = [spec.completions, old.completions];
  if (!isIndexed(spec)) return validateImmutable(now ?? null, before ?? null, "spec.completions");
  if (now === before || now === undefined || now === spec.parallelism) return [];
  return [invalid("spec.completions", now, "can only be modified in tandem with spec.parallelism")];
}

/** While it is suspended and no Pod runs, where Pods may go and what they request may change. k8s: validatePodTemplateUpdate */
function checkTemplateUpdate(template: PodTemplateSpec, job: Job): FieldError[] {
  const old = job.spec.template;
  const idle =
    job.spec.suspend === true && hasCondition(job.status, "Suspended") && !job.status?.active;
  if (!idle) return validateImmutable(template, old, "spec.template");
  const { nodeSelector, tolerations, schedulingGates, affinity } = template.spec;
  const rest = { ...old.spec.affinity, nodeAffinity: affinity?.nodeAffinity };
  const emptied = Object.values(rest).every((value) => value === undefined);
  const allowed: PodSpec = {
    ...old.spec,
    nodeSelector,
    tolerations,
    schedulingGates,
    affinity: emptied && !affinity ? undefined : rest,
    containers: withResources(old.spec.containers, template.spec.containers),
    initContainers:
      old.spec.initContainers &&
      withResources(old.spec.initContainers, template.spec.initContainers ?? []),
  } as PodSpec;
  return semanticEqual(template.spec, allowed)
    ? []
    : validateImmutable(template.spec, allowed, "spec.template.spec");
}

/** k8s: validatePodResourceUpdatesOnly */
const withResources = (old: Container[], now: readonly Container[]): Container[] =>
  old.length === now.length
    ? old.map((container, i) => {
        const next = now[i] as Container;
        return next.name === container.name
          ? ({ ...container, resources: next.resources } as Container)
          : container;
      })
    : old;
