import { repeatedErrorsMax } from "../core/limits.ts";
import { lookup } from "../core/lookup.ts";
import type * as core from "kubernetes-types/core/v1";
import { at, child, invalid, required, type FieldError } from "../machinery/field.ts";
import { immutableText } from "../machinery/names.ts";
import { cmpQuantity, parseQuantity } from "../machinery/quantity.ts";
import {
  checkQuotaResourceName,
  checkResourceQuantity,
  isQuotaResource,
  keysOf,
} from "./checks.ts";
import { age, ageColumn, column, nameColumn } from "./columns.ts";
import { allMetadata, type Kind } from "./define.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type ResourceQuota = Stored<core.ResourceQuota>;
type Spec = core.ResourceQuotaSpec;
type Amounts = Record<string, string> | undefined;

const podCount = ["pods"];
const podCompute = [
  ...podCount,
  "cpu",
  "memory",
  "limits.cpu",
  "limits.memory",
  "requests.cpu",
  "requests.memory",
];
const claims = ["persistentvolumeclaims", "requests.storage"];

/** Which standard resources a scope can restrict. k8s: core helper IsResourceQuotaScopeValidForResource */
const scopes: Record<string, readonly string[]> = lookup({
  Terminating: podCompute,
  NotTerminating: podCompute,
  BestEffort: podCount,
  NotBestEffort: podCompute,
  PriorityClass: podCompute,
  CrossNamespacePodAffinity: podCompute,
  VolumeAttributesClass: claims,
});

const exclusive = [
  ["BestEffort", "NotBestEffort"],
  ["Terminating", "NotTerminating"],
];

function checkAmounts(path: string, amounts: Amounts): FieldError[] {
  return keysOf(amounts).flatMap((name) => [
    ...checkQuotaResourceName(at(path, name), name),
    ...checkResourceQuantity(at(path, name), name, amounts?.[name] ?? "0"),
  ]);
}

const foreign = (scope: string, hard: Amounts): string[] => {
  const valid = scopes[scope];
  return keysOf(hard).filter((name) => valid && isQuotaResource(name) && !valid.includes(name));
};

const conflicts = (set: ReadonlySet<string>): number =>
  exclusive.filter((pair) => pair.every((scope) => set.has(scope))).length;

/** k8s: core validation validateResourceQuotaScopes */
function checkScopes(spec: Spec): FieldError[] {
  const given = spec.scopes ?? [];
  const path = "spec.scopes";
  const errors: FieldError[] = [];
  // Each error shows the whole list.
  for (const scope of given.slice(0, repeatedErrorsMax)) {
    if (!scopes[scope]) errors.push(invalid(path, given, "unsupported scope"));
    for (const _ of foreign(scope, spec.hard)) {
      errors.push(invalid(path, given, "unsupported scope applied to resource"));
    }
  }
  for (let n = conflicts(new Set(given)); n > 0; n--) {
    errors.push(invalid(path, given, "conflicting scopes"));
  }
  return errors;
}

const existsOnly = [
  "BestEffort",
  "NotBestEffort",
  "Terminating",
  "NotTerminating",
  "CrossNamespacePodAffinity",
];
const mustExist =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

/** k8s: core validation validateScopedResourceSelectorRequirement; its paths carry no index. */
function checkSelector(spec: Spec): FieldError[] {
  const path = "spec.scopeSelector.matchExpressions";
  const errors: FieldError[] = [];
  const expressions = spec.scopeSelector?.matchExpressions ?? [];
  for (const { scopeName, operator, values = [] } of expressions.slice(0, repeatedErrorsMax)) {
    if (!scopes[scopeName]) {
      errors.push(invalid(child(path, "scopeName"), scopeName, "unsupported scope"));
    }
    for (const _ of foreign(scopeName, spec.hard)) {
      errors.push(
        invalid(path, shownSelector(expressions), "unsupported scope applied to resource"),
      );
    }
    if (existsOnly.includes(scopeName) && operator !== "Exists") {
      errors.push(invalid(child(path, "operator"), operator, mustExist));
    }
    errors.push(...checkOperator(path, operator, values));
  }
  const set = new Set(expressions.map((e) => e.scopeName));
  for (let n = conflicts(set); n > 0; n--) {
    errors.push(invalid(path, spec.scopes, "conflicting scopes"));
  }
  return errors;
}

/** Upstream prints the whole selector, in its internal spelling. */
const shownSelector = (expressions: readonly core.ScopedResourceSelectorRequirement[]): object => ({
  MatchExpressions: expressions.map(({ scopeName, operator, values }) => ({
    ScopeName: scopeName,
    Operator: operator,
    Values: values ?? null,
  })),
});

function checkOperator(path: string, operator: string, values: string[]): FieldError[] {
  const valuesPath = child(path, "values");
  switch (operator) {
    case "In":
    case "NotIn": {
      const detail =
        "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      return values.length > 0 ? [] : [required(valuesPath, detail)];
    }
    case "Exists":
    case "DoesNotExist": {
      const detail =
        "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      return values.length === 0 ? [] : [invalid(valuesPath, values, detail)];
    }
    default:
      return [invalid(child(path, "operator"), operator, "not a valid selector operator")];
  }
}

function validateSpec(quota: ResourceQuota): FieldError[] {
  const spec = quota.spec ?? {};
  return [...checkAmounts("spec.hard", spec.hard), ...checkScopes(spec), ...checkSelector(spec)];
}

const validateStatus = (quota: ResourceQuota): FieldError[] => [
  ...checkAmounts("status.hard", quota.status?.hard),
  ...checkAmounts("status.used", quota.status?.used),
];

function validateUpdate(quota: ResourceQuota, old: ResourceQuota): FieldError[] {
  const errors = validateSpec(quota);
  const now = new Set(quota.spec?.scopes);
  const was = new Set(old.spec?.scopes);
  if (now.size !== was.size || [...now].some((scope) => !was.has(scope))) {
    errors.push(invalid("spec.scopes", quota.spec?.scopes, immutableText));
  }
  return errors;
}

/** Requests above limits. k8s: resourcequotaStrategy.WarningsOnCreate */
function warnings(quota: ResourceQuota, old: ResourceQuota | undefined): string[] {
  const hard: Record<string, string> = quota.spec?.hard ?? {};
  if (old) return [];
  return ["cpu", "memory", "storage", "ephemeral-storage"].flatMap((name) => {
    const bare = name === "cpu" || name === "memory";
    const full = `requests.${name}`;
    const requestName = hard[full] === undefined && bare ? name : full;
    const limitName = `limits.${name}`;
    const request = parseQuantity(hard[requestName] ?? "");
    const limit = parseQuantity(hard[limitName] ?? "");
    if (!request || !limit || cmpQuantity(request, limit) <= 0) return [];
    return [
      `ResourceQuota ${requestName} (${request.text}) should be less than ${limitName} (${limit.text})`,
    ];
  });
}

/** k8s: printers.go printResourceQuota */
function usage(quota: ResourceQuota, limits: boolean): string {
  const { hard = {}, used = {} } = quota.status ?? {};
  return keysOf(hard)
    .filter((name) => name.startsWith("limits.") === limits)
    .map((name) => `${name}: ${used[name] ?? "0"}/${hard[name]}`)
    .join(", ");
}

export const ResourceQuota: Kind<ResourceQuota> = {
  resource: "resourcequotas",
  apiVersion: "v1",
  kind: "ResourceQuota",
  schema: schemaNamed("core/v1.ResourceQuota"),
  namespaced: true,
  statusWritesMetadata: allMetadata,
  hasGeneration: false,
  prepareForCreate: (quota) => ({ ...quota, status: {} }),
  validateCreate: validateSpec,
  validateUpdate,
  validateStatusUpdate: validateStatus,
  warnings,
  table: {
    columns: [
      nameColumn,
      column("Request", "Use and limit of what is requested or counted."),
      column("Limit", "Use and limit of the sum of limits."),
      ageColumn,
    ],
    cells: (quota, now) => [
      quota.metadata.name,
      usage(quota, false),
      usage(quota, true),
      age(quota, now),
    ],
  },
};
