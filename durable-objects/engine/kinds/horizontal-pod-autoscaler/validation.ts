/** k8s: pkg/apis/autoscaling/validation/validation.go, pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go */
import {
  append,
  at,
  child,
  forbiddenField,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { validateNonnegative } from "../../machinery/metadata.ts";
import { dns1123Label, invalidEach, pathSegmentName } from "../../machinery/names.ts";
import { parseQuantity, signQuantity } from "../../machinery/quantity.ts";
import { checkContainerResourceName, checkNonnegativeQuantity } from "../checks.ts";
import type {
  CrossVersionObjectReference,
  Hpa,
  HpaSpec,
  MetricSpec,
  MetricTarget,
  ScalingRules,
} from "./shape.ts";

/** k8s: pkg/apis/autoscaling/validation MaxPeriodSeconds, MaxStabilizationWindowSeconds */
const periodSecondsMax = 1800;
const windowSecondsMax = 3600;

interface ReferenceRules {
  /** The core group, written as "v1", is fine. */
  allowCore: boolean;
  /** Not asked at all: it was so before. */
  allowAny: boolean;
}

export function validateHpa(hpa: Hpa, old: Hpa | undefined): FieldError[] {
  const spec = hpa.spec;
  const { minReplicas, maxReplicas = 0 } = spec ?? {};
  const ref = spec?.scaleTargetRef;
  const was = old?.spec?.scaleTargetRef;
  const errors: FieldError[] = [];
  const lowest = old?.spec?.minReplicas === 0 ? 0 : 1;
  if (minReplicas !== undefined && minReplicas < lowest) {
    const detail = `must be greater than or equal to ${lowest}`;
    errors.push(invalid("spec.minReplicas", minReplicas, detail));
  }
  const maxPath = "spec.maxReplicas";
  if (maxReplicas === 0) errors.push(required(maxPath, "must be set and greater than 0"));
  else if (maxReplicas < 0) {
    errors.push(invalid(maxPath, maxReplicas, "must be greater than or equal to 1"));
  }
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    const detail = "must be greater than or equal to `minReplicas`";
    errors.push(invalid(maxPath, maxReplicas, detail));
  }
  const kept = was !== undefined && was.apiVersion === ref?.apiVersion && was.kind === ref?.kind;
  const rules = { allowAny: kept, allowCore: !kept && ref?.kind === "ReplicationController" };
  errors.push(...checkReference("spec.scaleTargetRef", ref, rules));
  append(errors, checkMetrics(spec, old));
  for (const field of ["scaleUp", "scaleDown"] as const) {
    errors.push(...checkRules(`spec.behavior.${field}`, spec?.behavior?.[field]));
  }
  return errors;
}

export const validateHpaStatus = (hpa: Hpa): FieldError[] => [
  ...validateNonnegative(hpa.status?.currentReplicas, "status.currentReplicas"),
  ...validateNonnegative(hpa.status?.desiredReplicas, "status.desiredReplicas"),
];

function checkReference(
  path: string,
  ref: Partial<CrossVersionObjectReference> | undefined,
  rules: ReferenceRules,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ["kind", "name"] as const) {
    const text = ref?.[field] ?? "";
    const fieldPath = child(path, field);
    if (text === "") errors.push(required(fieldPath));
    else errors.push(...invalidEach(fieldPath, text, pathSegmentName(text)));
  }
  const version = ref?.apiVersion ?? "";
  const problem = versionProblem(version, rules);
  if (problem) errors.push(invalid(child(path, "apiVersion"), version, problem));
  return errors;
}

function versionProblem(apiVersion: string, rules: ReferenceRules): string | undefined {
  if (rules.allowAny) return undefined;
  const parts = apiVersion.split("/");
  if (parts.length > 2) return `unexpected GroupVersion string: ${apiVersion}`;
  const group = parts.length === 2 ? parts[0] : "";
  return group || rules.allowCore ? undefined : "apiVersion must specify API group";
}

function checkMetrics(spec: HpaSpec | undefined, old: Hpa | undefined): FieldError[] {
  const path = "spec.metrics";
  const metrics = spec?.metrics ?? [];
  const wasWrong = old?.spec?.metrics?.some(
    (m) =>
      m.type === "Object" &&
      versionProblem(m.object?.describedObject?.apiVersion ?? "", core) !== undefined,
  );
  const rules = wasWrong ? { allowAny: true, allowCore: true } : core;
  const errors = metrics.flatMap((metric, i) => checkMetric(at(path, i), metric, rules));
  const fromOutside = metrics.some((m) => m.type === "Object" || m.type === "External");
  if (spec?.minReplicas === 0 && !fromOutside) {
    const detail =
      "must specify at least one Object or External metric to support scaling to zero replicas";
    errors.push(forbiddenField(path, detail));
  }
  return errors;
}

const core: ReferenceRules = { allowAny: false, allowCore: true };

const sources = {
  Object: "object",
  External: "external",
  Pods: "pods",
  Resource: "resource",
  ContainerResource: "containerResource",
} as const;
const types = Object.keys(sources).sort();

/** k8s: validateMetricSpec; a wrong type is told twice, as upstream does. */
function checkMetric(path: string, metric: MetricSpec, rules: ReferenceRules): FieldError[] {
  const errors: FieldError[] = [];
  const type = metric.type ?? "";
  const typePath = child(path, "type");
  const unknown = notSupported(typePath, type, types);
  if (type === "") errors.push(required(typePath, "must specify a metric source type"));
  const expected = sources[type as keyof typeof sources];
  if (!expected) errors.push(unknown);
  const present = Object.values(sources).filter((field) => metric[field] !== undefined);
  const [first] = present;
  if (first) errors.push(...checkSource(path, metric, first, rules));
  if (!expected) errors.push(unknown);
  else if (metric[expected] === undefined) {
    const detail = "must populate information for the given metric source";
    errors.push(required(child(path, expected), detail));
  }
  if (present.length === 1) return errors;
  for (const field of present) {
    if (field === expected) continue;
    const detail = "must populate the given metric source only";
    errors.push(forbiddenField(child(path, field), detail));
  }
  return errors;
}

type Source = (typeof sources)[keyof typeof sources];

function checkSource(
  path: string,
  metric: MetricSpec,
  field: Source,
  rules: ReferenceRules,
): FieldError[] {
  const source = metric[field] as unknown as Record<string, unknown> & { target?: MetricTarget };
  const sourcePath = child(path, field);
  const targetPath = child(sourcePath, "target");
  const target: Partial<MetricTarget> = source.target ?? {};
  const errors: FieldError[] = [];
  if (field === "object") {
    const described = source["describedObject"] as CrossVersionObjectReference | undefined;
    errors.push(...checkReference(child(sourcePath, "describedObject"), described, rules));
  }
  if (field === "resource" || field === "containerResource") {
    errors.push(...checkNames(sourcePath, source, field));
  } else {
    errors.push(...checkIdentifier(child(sourcePath, "metric"), source["metric"]));
  }
  return [...errors, ...checkTarget(targetPath, target), ...checkChoice(targetPath, target, field)];
}

function checkNames(path: string, source: Record<string, unknown>, field: Source): FieldError[] {
  const name = String(source["name"] ?? "");
  const errors: FieldError[] = [];
  const namePath = child(path, "name");
  if (name === "") errors.push(required(namePath, "must specify a resource name"));
  if (field === "resource") return errors;
  if (name !== "") errors.push(...checkContainerResourceName(namePath, name));
  const container = String(source["container"] ?? "");
  const containerPath = child(path, "container");
  if (container === "") errors.push(required(containerPath, "must specify a container"));
  else errors.push(...invalidEach(containerPath, container, dns1123Label(container)));
  return errors;
}

function checkIdentifier(path: string, metric: unknown): FieldError[] {
  const name = (metric as { name?: string } | undefined)?.name ?? "";
  const namePath = child(path, "name");
  if (name === "") return [required(namePath, "must specify a metric name")];
  return invalidEach(namePath, name, pathSegmentName(name));
}

/** k8s: validateMetricTarget */
function checkTarget(path: string, target: Partial<MetricTarget>): FieldError[] {
  const errors: FieldError[] = [];
  const type = target.type ?? "";
  const typePath = child(path, "type");
  if (type === "") errors.push(required(typePath, "must specify a metric target type"));
  if (!["Utilization", "Value", "AverageValue"].includes(type)) {
    errors.push(invalid(typePath, type, "must be either Utilization, Value, or AverageValue"));
  }
  for (const field of ["value", "averageValue"] as const) {
    const quantity = parseQuantity(target[field] ?? "");
    if (quantity && signQuantity(quantity) !== 1) {
      errors.push(invalid(child(path, field), quantity.text, "must be positive"));
    }
  }
  const { averageUtilization } = target;
  if (averageUtilization !== undefined && averageUtilization < 1) {
    const utilizationPath = child(path, "averageUtilization");
    errors.push(invalid(utilizationPath, averageUtilization, "must be greater than 0"));
  }
  return errors;
}

/** Which of the target's amounts each source needs, and which exclude each other. */
function checkChoice(path: string, target: Partial<MetricTarget>, field: Source): FieldError[] {
  const { value, averageValue, averageUtilization } = target;
  const averagePath = child(path, "averageValue");
  const none = value === undefined && averageValue === undefined;
  switch (field) {
    case "object":
      return none ? [required(averagePath, "must set either a target value or averageValue")] : [];
    case "external": {
      const both = "may not set both a target value for metric and a per-pod target";
      if (none) {
        const detail = "must set either a target value for metric or a per-pod target";
        return [required(averagePath, detail)];
      }
      return value !== undefined && averageValue !== undefined
        ? [forbiddenField(child(path, "value"), both)]
        : [];
    }
    case "pods":
      return averageValue === undefined
        ? [required(averagePath, "must specify a positive target averageValue")]
        : [];
    default: {
      const raw = averageValue !== undefined;
      const utilization = averageUtilization !== undefined;
      if (!raw && !utilization) {
        const detail = "must set either a target raw value or a target utilization";
        return [required(child(path, "averageUtilization"), detail)];
      }
      const detail = "may not set both a target raw value and a target utilization";
      return raw && utilization ? [forbiddenField(averagePath, detail)] : [];
    }
  }
}

/** k8s: validateScalingRules */
function checkRules(path: string, rules: ScalingRules | undefined): FieldError[] {
  if (!rules) return [];
  const errors: FieldError[] = [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  const windowPath = child(path, "stabilizationWindowSeconds");
  if (window !== undefined && window < 0) {
    errors.push(invalid(windowPath, window, "must be greater than or equal to zero"));
  }
  if (window !== undefined && window > windowSecondsMax) {
    errors.push(invalid(windowPath, window, `must be less than or equal to ${windowSecondsMax}`));
  }
  const choices = ["Disabled", "Max", "Min"];
  if (selectPolicy !== undefined && !choices.includes(selectPolicy)) {
    errors.push(notSupported(child(path, "selectPolicy"), selectPolicy, choices));
  }
  const policiesPath = child(path, "policies");
  if (policies.length === 0)
    errors.push(required(policiesPath, "must specify at least one Policy"));
  for (const [i, policy] of policies.entries()) {
    errors.push(...checkPolicy(at(policiesPath, i), policy));
  }
  if (tolerance !== undefined) {
    errors.push(...checkNonnegativeQuantity(child(path, "tolerance"), tolerance));
  }
  return errors;
}

interface Policy {
  type?: string;
  value?: number;
  periodSeconds?: number;
}

function checkPolicy(
  path: string,
  { type = "", value = 0, periodSeconds = 0 }: Policy,
): FieldError[] {
  const errors: FieldError[] = [];
  if (type !== "Pods" && type !== "Percent") {
    errors.push(notSupported(child(path, "type"), type, ["Percent", "Pods"]));
  }
  if (value <= 0) errors.push(invalid(child(path, "value"), value, "must be greater than zero"));
  const periodPath = child(path, "periodSeconds");
  if (periodSeconds <= 0) {
    errors.push(invalid(periodPath, periodSeconds, "must be greater than zero"));
  }
  if (periodSeconds > periodSecondsMax) {
    const detail = `must be less than or equal to ${periodSecondsMax}`;
    errors.push(invalid(periodPath, periodSeconds, detail));
  }
  return errors;
}
