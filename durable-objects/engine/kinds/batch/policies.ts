/** podFailurePolicy and successPolicy of a Job's spec. k8s: pkg/apis/batch/validation/validation.go */
import type * as batch from "kubernetes-types/batch/v1";
import {
  duplicate,
  type FieldError,
  goQuote,
  invalid,
  required,
  tooLong,
  tooMany,
} from "../../machinery/field.ts";
import { validateNonnegative } from "../../machinery/metadata.ts";
import { byteLength, invalidEach, qualifiedName, unsupported } from "../../machinery/names.ts";
import { checkIndexes } from "./indexes.ts";
import type { JobSpec } from "./shape.ts";

/** k8s: maxPodFailurePolicyRules, maxPodFailurePolicyOnPodConditionsPatterns, maxSuccessPolicyRule */
const rulesMax = 20;
/** k8s: maxPodFailurePolicyOnExitCodesValues */
const exitCodesMax = 255;
/** k8s: maxJobSuccessPolicySucceededIndexesLimit */
const indexesBytesMax = 64 * 1024;

const actions = ["Count", "FailIndex", "FailJob", "Ignore"];
const operators = ["In", "NotIn"];
const statuses = ["False", "True", "Unknown"];

/** An error that does not show the value. k8s: field.OmitValueType */
export const invalidWithoutValue = (field: string, detail: string): FieldError => ({
  type: "FieldValueInvalid",
  field,
  message: `Invalid value: ${detail}`,
});

/** Required with the values there are, or one of them. */
function checkKnown(path: string, value: string | undefined, known: string[]): FieldError[] {
  if (!value) return [required(path, `valid values: [${known.map(goQuote).join(" ")}]`)];
  return known.includes(value) ? [] : [unsupported(path, value, known)];
}

/** k8s: validatePodFailurePolicy */
export function checkFailurePolicy(spec: JobSpec, path: string): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const errors: FieldError[] = [];
  if (rules.length > rulesMax) errors.push(tooMany(`${path}.rules`, rules.length, rulesMax));
  const { containers, initContainers = [] } = spec.template.spec;
  const names = new Set([...containers, ...initContainers].map((c) => c.name));
  for (const [i, rule] of rules.entries())
    errors.push(...checkFailureRule(spec, rule, `${path}.rules[${i}]`, names));
  return errors;
}

function checkFailureRule(
  spec: JobSpec,
  { action, onExitCodes, onPodConditions = [] }: batch.PodFailurePolicyRule,
  path: string,
  names: ReadonlySet<string>,
): FieldError[] {
  const errors: FieldError[] = [];
  if (action === "FailIndex") {
    if (spec.backoffLimitPerIndex === undefined)
      errors.push(invalid(`${path}.action`, action, "requires the backoffLimitPerIndex to be set"));
  } else errors.push(...checkKnown(`${path}.action`, action, actions));
  if (onExitCodes) errors.push(...checkExitCodes(onExitCodes, `${path}.onExitCodes`, names));
  if (onPodConditions.length)
    errors.push(...checkPodConditions(onPodConditions, `${path}.onPodConditions`));
  if (onExitCodes && onPodConditions.length)
    errors.push(
      invalidWithoutValue(path, "specifying both OnExitCodes and OnPodConditions is not supported"),
    );
  if (!onExitCodes && !onPodConditions.length)
    errors.push(
      invalidWithoutValue(path, "specifying one of OnExitCodes and OnPodConditions is required"),
    );
  return errors;
}

function checkPodConditions(
  patterns: readonly batch.PodFailurePolicyOnPodConditionsPattern[],
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (patterns.length > rulesMax) errors.push(tooMany(path, patterns.length, rulesMax));
  for (const [i, { type = "", status }] of patterns.entries())
    errors.push(
      ...invalidEach(`${path}[${i}].type`, type, qualifiedName(type)),
      ...checkKnown(`${path}[${i}].status`, status, statuses),
    );
  return errors;
}

function checkExitCodes(
  { operator, containerName, values = [] }: batch.PodFailurePolicyOnExitCodesRequirement,
  path: string,
  names: ReadonlySet<string>,
): FieldError[] {
  const errors = checkKnown(`${path}.operator`, operator, operators);
  if (containerName !== undefined && !names.has(containerName))
    errors.push(
      invalid(
        `${path}.containerName`,
        containerName,
        "must be one of the container or initContainer names in the pod template",
      ),
    );
  const at = `${path}.values`;
  if (values.length === 0) errors.push(invalid(at, values, "at least one value is required"));
  else if (values.length > exitCodesMax) errors.push(tooMany(at, values.length, exitCodesMax));
  const seen = new Set<number>();
  for (const [i, value] of values.entries()) {
    if (operator === "In" && value === 0)
      errors.push(invalid(`${at}[${i}]`, value, "must not be 0 for the In operator"));
    if (seen.has(value)) errors.push(duplicate(`${at}[${i}]`, value));
    seen.add(value);
  }
  if (values.some((value, i) => i > 0 && (values[i - 1] ?? 0) > value))
    errors.push(invalid(at, values, "must be ordered"));
  return errors;
}

/** k8s: validateSuccessPolicy */
export function checkSuccessPolicy(spec: JobSpec, path: string): FieldError[] {
  const rules = spec.successPolicy?.rules ?? [];
  const errors: FieldError[] = [];
  if (rules.length === 0)
    errors.push(
      required(
        `${path}.rules`,
        "at least one rules must be specified when the successPolicy is specified",
      ),
    );
  if (rules.length > rulesMax) errors.push(tooMany(`${path}.rules`, rules.length, rulesMax));
  for (const [i, rule] of rules.entries())
    errors.push(...checkSuccessRule(rule, `${path}.rules[${i}]`, spec.completions ?? 0));
  return errors;
}

function checkSuccessRule(
  { succeededCount: count, succeededIndexes: indexes }: batch.SuccessPolicyRule,
  path: string,
  completions: number,
): FieldError[] {
  const errors: FieldError[] = [];
  if (count === undefined && indexes === undefined)
    errors.push(
      required(path, "at least one of succeededCount or succeededIndexes must be specified"),
    );
  let total = 0;
  if (indexes !== undefined) {
    const at = `${path}.succeededIndexes`;
    if (byteLength(indexes) > indexesBytesMax) errors.push(tooLong(at, indexesBytesMax));
    const checked = checkIndexes(indexes, completions);
    if (typeof checked === "number") total = checked;
    else errors.push(invalid(at, indexes, `error parsing succeededIndexes: ${checked}`));
  }
  if (count === undefined) return errors;
  const at = `${path}.succeededCount`;
  errors.push(...validateNonnegative(count, at));
  const atMost = (most: number, what: string): FieldError[] =>
    count > most ? [invalid(at, count, `must be less than or equal to ${most} (${what})`)] : [];
  errors.push(...atMost(completions, "the number of specified completions"));
  if (indexes !== undefined)
    errors.push(...atMost(total, "the number of indexes in the specified succeededIndexes field"));
  return errors;
}
