/** What a StatefulSet must be. k8s: pkg/apis/apps/validation/validation.go ValidateStatefulSet */
import { equal } from "../../core/equal.ts";
import { forbiddenField, invalid, required, type FieldError } from "../../machinery/field.ts";
import { validateLabelSelector, validateNonnegative } from "../../machinery/metadata.ts";
import { dns1123Label, invalidEach, unsupported } from "../../machinery/names.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import type { PodTemplateSpec, Volume } from "../pod/types.ts";
import { validateClaimSpec } from "../pod/validation/volume-claims.ts";
import {
  countOrPercent,
  notSelected,
  validateAtMost100Percent,
  validateCollisionCount,
  validateCountOrPercent,
  validateCounts,
  validateRunningTemplate,
} from "../workload-validation.ts";
import type { StatefulSet, StatefulSetSpec } from "./shape.ts";

type Strategy = NonNullable<StatefulSetSpec["updateStrategy"]>;
type Rolling = NonNullable<Strategy["rollingUpdate"]>;

const policies = ["OrderedReady", "Parallel"];
const retentions = ["Retain", "Delete"];

/** Upstream prints its internal type. */
const rollingShown = (rolling: Rolling): object => ({
  Partition: rolling.partition ?? 0,
  MaxUnavailable: rolling.maxUnavailable ?? null,
});

/** k8s: validateRollingUpdateStatefulSet */
function validateRolling(rolling: Rolling, path: string): FieldError[] {
  const { partition, maxUnavailable } = rolling;
  const errors = validateNonnegative(partition, `${path}.partition`);
  if (maxUnavailable === undefined) return errors;
  const at = `${path}.maxUnavailable`;
  errors.push(...validateCountOrPercent(maxUnavailable, at));
  if (countOrPercent(maxUnavailable) === 0) errors.push(invalid(at, maxUnavailable, "cannot be 0"));
  errors.push(...validateAtMost100Percent(maxUnavailable, at));
  return errors;
}

function validateStrategy(strategy: Strategy): FieldError[] {
  const path = "spec.updateStrategy";
  const { type, rollingUpdate: rolling } = strategy;
  const at = `${path}.rollingUpdate`;
  switch (type) {
    case undefined:
    case "":
      return [required(path)];
    case "OnDelete":
      return rolling
        ? [invalid(at, rollingShown(rolling), "only allowed for updateStrategy 'RollingUpdate'")]
        : [];
    case "RollingUpdate":
      return rolling ? validateRolling(rolling, at) : [];
    default: {
      const shown = { Type: type, RollingUpdate: rolling ? rollingShown(rolling) : null };
      return [invalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'")];
    }
  }
}

function validateManagement(spec: StatefulSetSpec): FieldError[] {
  const { podManagementPolicy: policy, persistentVolumeClaimRetentionPolicy: retention } = spec;
  const errors: FieldError[] = [];
  if (!policy) errors.push(required("spec.podManagementPolicy"));
  else if (!policies.includes(policy))
    errors.push(
      invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'"),
    );
  errors.push(...validateStrategy(spec.updateStrategy ?? {}));
  for (const key of ["whenDeleted", "whenScaled"] as const) {
    const value = retention?.[key];
    const path = `spec.persistentVolumeClaimRetentionPolicy.${key}`;
    if (retention && !retentions.includes(value ?? ""))
      errors.push(unsupported(path, value ?? "", retentions));
  }
  return errors;
}

/** The template with the volumes that its Pods will have: mounts name claims too. */
function withClaims({ template, volumeClaimTemplates }: StatefulSetSpec): PodTemplateSpec {
  const own = template.spec.volumes ?? [];
  const names = new Set(own.map(({ name }) => name));
  const claims = (volumeClaimTemplates ?? []).flatMap(({ metadata: { name } }): Volume[] =>
    name && !names.has(name)
      ? [{ name, persistentVolumeClaim: { claimName: name } } as Volume]
      : [],
  );
  if (claims.length === 0) return template;
  return { ...template, spec: { ...template.spec, volumes: [...own, ...claims] } };
}

const validateClaims = ({ volumeClaimTemplates = [] }: StatefulSetSpec): FieldError[] =>
  volumeClaimTemplates.flatMap((claim, i) =>
    validateClaimSpec(claim.spec ?? {}, `spec.volumeClaimTemplates[${i}].spec`),
  );

/** k8s: ValidatePodTemplateSpecForStatefulSet */
function validateTemplate(spec: StatefulSetSpec, ofSelector: readonly FieldError[]): FieldError[] {
  const errors: FieldError[] = [];
  const labels = spec.template.metadata?.labels;
  if (ofSelector.length > 0) errors.push(invalid("spec.selector", spec.selector ?? null, ""));
  else {
    const selector = labelSelector(spec.selector);
    if (!selector.empty && !selector.matches(labels)) errors.push(notSelected(labels));
  }
  errors.push(...validateRunningTemplate(withClaims(spec), "spec.template", "StatefulSet"));
  return errors;
}

/** What is checked of every update, whatever was stored. k8s: ValidateStatefulSetSpec */
function validateSpec(spec: StatefulSetSpec): FieldError[] {
  const errors = [
    ...validateManagement(spec),
    ...validateNonnegative(spec.replicas, "spec.replicas"),
    ...validateNonnegative(spec.minReadySeconds, "spec.minReadySeconds"),
    ...validateNonnegative(spec.ordinals?.start, "spec.ordinals.start"),
  ];
  const selector = spec.selector as StatefulSetSpec["selector"] | undefined;
  if (!selector) return [...errors, required("spec.selector"), ...validateTemplate(spec, [])];
  const ofSelector = validateLabelSelector(selector, "spec.selector");
  errors.push(...ofSelector);
  const { matchLabels = {}, matchExpressions = [] } = selector;
  if (Object.keys(matchLabels).length + matchExpressions.length === 0)
    errors.push(invalid("spec.selector", selector, "empty selector is invalid for statefulset"));
  return [...errors, ...validateTemplate(spec, ofSelector)];
}

export function validateCreate({ spec }: StatefulSet): FieldError[] {
  const { serviceName = "" } = spec;
  const name = serviceName
    ? invalidEach("spec.serviceName", serviceName, dns1123Label(serviceName))
    : [];
  return [...validateSpec(spec), ...name, ...validateClaims(spec)];
}

const mutable = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
] as const;

const frozen = (spec: StatefulSetSpec): object => {
  const rest: Partial<StatefulSetSpec> = { ...spec };
  for (const key of mutable) delete rest[key];
  return rest;
};

/** k8s: ValidateStatefulSetUpdate */
export function validateUpdate({ spec }: StatefulSet, old: StatefulSet): FieldError[] {
  const errors = validateSpec(spec);
  if (!equal(frozen(spec), frozen(old.spec)))
    errors.push(
      forbiddenField(
        "spec",
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      ),
    );
  return errors;
}

const counts = [
  "replicas",
  "readyReplicas",
  "currentReplicas",
  "updatedReplicas",
  "availableReplicas",
  "observedGeneration",
  "collisionCount",
] as const;

/** k8s: ValidateStatefulSetStatusUpdate */
export function validateStatusUpdate({ status }: StatefulSet, old: StatefulSet): FieldError[] {
  const errors = validateCounts(status, counts);
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = status ?? {};
  for (const key of [
    "readyReplicas",
    "currentReplicas",
    "updatedReplicas",
    "availableReplicas",
  ] as const) {
    const value = status?.[key] ?? 0;
    if (value > replicas)
      errors.push(invalid(`status.${key}`, value, "cannot be greater than status.replicas"));
  }
  if (availableReplicas > readyReplicas)
    errors.push(
      invalid(
        "status.availableReplicas",
        availableReplicas,
        "cannot be greater than status.readyReplicas",
      ),
    );
  errors.push(...validateCollisionCount(status?.collisionCount, old.status?.collisionCount));
  return errors;
}
