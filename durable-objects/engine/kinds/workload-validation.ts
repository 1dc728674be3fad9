/** Deployment, ReplicaSet, DaemonSet, ReplicationController. k8s: pkg/apis/apps/validation/validation.go */
import type * as apps from "kubernetes-types/apps/v1";
import type { ReplicationControllerSpec } from "kubernetes-types/core/v1";
import type { LabelSelector } from "kubernetes-types/meta/v1";
import type { KubeObject } from "../core/object.ts";
import type { PodTemplateSpec } from "./pod/types.ts";
import { type Selector, labelSelector, selectorFromSet } from "../machinery/selectors.ts";
import { type FieldError, forbiddenField, invalid, required } from "../machinery/field.ts";
import {
  validateImmutable,
  validateLabelSelector,
  validateNonnegative,
} from "../machinery/metadata.ts";
import { invalidEach, percent, unsupported } from "../machinery/names.ts";
import { validatePodTemplate } from "./pod/validation/annotations-and-template.ts";

/** What every kind with the subresource scale has. */
export interface Scalable extends KubeObject {
  spec?: { replicas?: number };
  status?: { replicas?: number };
}

type IntOrString = number | string;

/** The selector compiled; undefined where `errors` of its own checks say that it cannot be. */
const compiled = (
  selector: LabelSelector | undefined,
  errors: readonly FieldError[],
): Selector | undefined => (errors.length > 0 ? undefined : labelSelector(selector));

/** Of a template whose labels its workload's selector does not match. Go prints a map by its keys. */
export const notSelected = (labels: Readonly<Record<string, string>> | undefined): FieldError =>
  invalid(
    "spec.template.metadata.labels",
    labels ? Object.fromEntries(Object.entries(labels).sort(byName)) : null,
    "`selector` does not match template `labels`",
  );
const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number =>
  a < b ? -1 : 1;

/** What a template of Pods that are kept running must be. */
export function validateRunningTemplate(
  template: PodTemplateSpec,
  path: string,
  owner: string,
): FieldError[] {
  const errors = validatePodTemplate(template, path);
  const { restartPolicy, activeDeadlineSeconds } = template.spec;
  if (restartPolicy !== "Always")
    errors.push(unsupported(`${path}.spec.restartPolicy`, restartPolicy ?? "", ["Always"]));
  if (activeDeadlineSeconds !== undefined)
    errors.push(
      forbiddenField(
        `${path}.spec.activeDeadlineSeconds`,
        `activeDeadlineSeconds in ${owner} is not Supported`,
      ),
    );
  return errors;
}

/** Selector and template of a Deployment or ReplicaSet (upstream names the Deployment in both). */
function validateSelectorAndTemplate(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec,
): FieldError[] {
  const path = "spec.selector";
  const errors = selector ? validateLabelSelector(selector, path) : [required(path)];
  const matcher = selector ? compiled(selector, errors) : labelSelector(undefined);
  if (selector) {
    const size =
      Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0);
    if (size === 0)
      errors.push(invalid(path, selector, "empty selector is invalid for deployment"));
  }
  if (!matcher) return [...errors, invalid(path, selector ?? null, "invalid label selector")];
  const labels = template.metadata?.labels;
  if (!matcher.empty && !matcher.matches(labels)) errors.push(notSelected(labels));
  errors.push(...validateRunningTemplate(template, "spec.template", "ReplicaSet"));
  return errors;
}

/** k8s: ValidatePositiveIntOrPercent */
export function validateCountOrPercent(value: IntOrString | undefined, path: string): FieldError[] {
  const given = value ?? 0;
  return typeof given === "string"
    ? invalidEach(path, given, percent(given))
    : validateNonnegative(given, path);
}

/** Also for StatefulSets and Jobs. k8s: getIntOrPercentValue */
export function countOrPercent(value: IntOrString | undefined): number {
  if (typeof value !== "string") return value ?? 0;
  return percent(value).length === 0 ? Number.parseInt(value, 10) : 0;
}

/** k8s: IsNotMoreThan100Percent */
export function validateAtMost100Percent(
  value: IntOrString | undefined,
  path: string,
): FieldError[] {
  return typeof value === "string" && percent(value).length === 0 && countOrPercent(value) > 100
    ? [invalid(path, value, "must not be greater than 100%")]
    : [];
}

function validateDeploymentStrategy(strategy: apps.DeploymentStrategy): FieldError[] {
  const path = "spec.strategy";
  const rolling = strategy.rollingUpdate;
  const at = `${path}.rollingUpdate`;
  switch (strategy.type) {
    case "Recreate":
      return rolling
        ? [forbiddenField(at, "may not be specified when strategy `type` is 'Recreate'")]
        : [];
    case "RollingUpdate": {
      if (!rolling) return [required(at, "this should be defaulted and never be nil")];
      const unavailable = rolling.maxUnavailable as IntOrString | undefined;
      const surge = rolling.maxSurge as IntOrString | undefined;
      const errors = [
        ...validateCountOrPercent(unavailable, `${at}.maxUnavailable`),
        ...validateCountOrPercent(surge, `${at}.maxSurge`),
      ];
      if (countOrPercent(unavailable) === 0 && countOrPercent(surge) === 0)
        errors.push(
          invalid(`${at}.maxUnavailable`, unavailable ?? 0, "may not be 0 when `maxSurge` is 0"),
        );
      errors.push(...validateAtMost100Percent(unavailable, `${at}.maxUnavailable`));
      return errors;
    }
    default:
      return [unsupported(path, shownStrategy(strategy), ["Recreate", "RollingUpdate"])];
  }
}

/** Upstream prints the whole strategy, in its internal spelling. */
const shownStrategy = ({ type = "", rollingUpdate: rolling }: Strategy): object => ({
  Type: type,
  RollingUpdate: rolling
    ? { MaxUnavailable: rolling.maxUnavailable ?? 0, MaxSurge: rolling.maxSurge ?? 0 }
    : null,
});

interface Strategy {
  type?: string;
  rollingUpdate?: { maxUnavailable?: IntOrString; maxSurge?: IntOrString };
}

/** k8s: ValidateDeploymentSpec */
export function validateDeploymentSpec(
  spec: Omit<apps.DeploymentSpec, "template"> & { template: PodTemplateSpec },
): FieldError[] {
  const errors = [
    ...validateNonnegative(spec.replicas, "spec.replicas"),
    ...validateSelectorAndTemplate(spec.selector, spec.template),
    ...validateDeploymentStrategy(spec.strategy ?? {}),
    ...validateNonnegative(spec.minReadySeconds, "spec.minReadySeconds"),
    ...validateNonnegative(spec.revisionHistoryLimit, "spec.revisionHistoryLimit"),
  ];
  const deadline = spec.progressDeadlineSeconds;
  if (deadline !== undefined) {
    const path = "spec.progressDeadlineSeconds";
    errors.push(...validateNonnegative(deadline, path));
    if (deadline <= (spec.minReadySeconds ?? 0))
      errors.push(invalid(path, deadline, "must be greater than minReadySeconds"));
  }
  return errors;
}

/** k8s: ValidateReplicaSetSpec */
export function validateReplicaSetSpec(
  spec: Omit<apps.ReplicaSetSpec, "template"> & { template: PodTemplateSpec },
): FieldError[] {
  return [
    ...validateNonnegative(spec.replicas, "spec.replicas"),
    ...validateNonnegative(spec.minReadySeconds, "spec.minReadySeconds"),
    ...validateSelectorAndTemplate(spec.selector, spec.template),
  ];
}

/** k8s: ValidateDaemonSetUpdateStrategy */
function validateDaemonSetStrategy(strategy: apps.DaemonSetUpdateStrategy): FieldError[] {
  const path = "spec.updateStrategy";
  if (strategy.type === "OnDelete") return [];
  if (strategy.type !== "RollingUpdate")
    return [unsupported(path, shownStrategy(strategy), ["RollingUpdate", "OnDelete"])];
  const at = `${path}.rollingUpdate`;
  if (!strategy.rollingUpdate) return [required(at)];
  const unavailable = strategy.rollingUpdate.maxUnavailable as IntOrString | undefined;
  const surge = strategy.rollingUpdate.maxSurge as IntOrString | undefined;
  const errors = [
    ...validateCountOrPercent(unavailable, `${at}.maxUnavailable`),
    ...validateCountOrPercent(surge, `${at}.maxSurge`),
    ...validateAtMost100Percent(unavailable, `${at}.maxUnavailable`),
    ...validateAtMost100Percent(surge, `${at}.maxSurge`),
  ];
  const [down, up] = [countOrPercent(unavailable) !== 0, countOrPercent(surge) !== 0];
  if (down && up)
    errors.push(invalid(`${at}.maxSurge`, surge, "may not be set when maxUnavailable is non-zero"));
  else if (!down && !up)
    errors.push(required(`${at}.maxUnavailable`, "cannot be 0 when maxSurge is 0"));
  return errors;
}

/** k8s: ValidateDaemonSetSpec */
export function validateDaemonSetSpec(
  spec: Omit<apps.DaemonSetSpec, "template"> & { template: PodTemplateSpec },
): FieldError[] {
  const errors = validateLabelSelector(spec.selector, "spec.selector");
  const labels = spec.template.metadata?.labels;
  const matcher = compiled(spec.selector, errors);
  if (matcher && !matcher.matches(labels)) errors.push(notSelected(labels));
  const selector = spec.selector as LabelSelector | undefined;
  if (
    selector &&
    Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0) === 0
  )
    errors.push(invalid("spec.selector", selector, "empty selector is invalid for daemonset"));
  errors.push(
    ...validateRunningTemplate(spec.template, "spec.template", "DaemonSet"),
    ...validateNonnegative(spec.minReadySeconds, "spec.minReadySeconds"),
    ...validateDaemonSetStrategy(spec.updateStrategy ?? {}),
    ...validateNonnegative(spec.revisionHistoryLimit, "spec.revisionHistoryLimit"),
  );
  return errors;
}

/** k8s: ValidateReplicationControllerSpec */
export function validateReplicationControllerSpec(
  spec: Omit<ReplicationControllerSpec, "template"> & { template?: PodTemplateSpec },
): FieldError[] {
  const errors = validateNonnegative(spec.minReadySeconds, "spec.minReadySeconds");
  const selector = spec.selector ?? {};
  const empty = Object.keys(selector).length === 0;
  if (empty) errors.push(required("spec.selector"));
  if (spec.replicas === undefined) errors.push(required("spec.replicas"));
  else errors.push(...validateNonnegative(spec.replicas, "spec.replicas"));
  if (!spec.template) return [...errors, required("spec.template")];
  const labels = spec.template.metadata?.labels;
  if (!empty && !selectorFromSet(selector).matches(labels)) errors.push(notSelected(labels));
  errors.push(...validateRunningTemplate(spec.template, "spec.template", "ReplicationController"));
  return errors;
}

/** `field is immutable` for a selector. */
export const validateSelectorUpdate = (now: unknown, old: unknown): FieldError[] =>
  validateImmutable(now ?? null, old ?? null, "spec.selector");

type Counts<Name extends string> = { [name in Name]?: number } | undefined;

/** Counters that may not be negative. */
export const validateCounts = <Name extends string>(
  status: Counts<Name>,
  keys: readonly Name[],
): FieldError[] => keys.flatMap((key) => validateNonnegative(status?.[key], `status.${key}`));

/**
 * The counters of replicas against one another. `parts` may not exceed status.replicas.
 * k8s: ValidateDeploymentStatus, ValidateReplicaSetStatus
 */
export function validateReplicaCounts<Name extends string>(
  status: Counts<Name | "replicas" | "readyReplicas" | "availableReplicas">,
  parts: readonly Name[],
): FieldError[] {
  const of = (key: Name | "replicas" | "readyReplicas" | "availableReplicas"): number =>
    status?.[key] ?? 0;
  const errors = parts.flatMap((key) =>
    of(key) > of("replicas")
      ? [invalid(`status.${key}`, of(key), "cannot be greater than status.replicas")]
      : [],
  );
  if (of("availableReplicas") > of("readyReplicas"))
    errors.push(
      invalid(
        "status.availableReplicas",
        of("availableReplicas"),
        "cannot be greater than readyReplicas",
      ),
    );
  return errors;
}

/** k8s: IsDecremented on collisionCount */
export function validateCollisionCount(
  now: number | undefined,
  old: number | undefined,
): FieldError[] {
  return old !== undefined && (now ?? 0) < old
    ? [invalid("status.collisionCount", now ?? 0, "cannot be decremented")]
    : [];
}
