import type * as policy from "kubernetes-types/policy/v1";
import { invalid, notSupported, type FieldError } from "../machinery/field.ts";
import { validateLabelSelector, validateNonnegative } from "../machinery/metadata.ts";
import { checkConditions, checkCountOrPercent } from "./checks.ts";
import { age, ageColumn, column, nameColumn } from "./columns.ts";
import { allMetadata, type Kind } from "./define.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type PodDisruptionBudget = Stored<policy.PodDisruptionBudget>;

const unhealthyPolicies = ["AlwaysAllow", "IfHealthyBudget"];

/** k8s: pkg/apis/policy/validation ValidatePodDisruptionBudgetSpec */
function validate(budget: PodDisruptionBudget): FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = budget.spec ?? {};
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const shown = {
      MinAvailable: minAvailable,
      Selector: selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
    };
    errors.push(invalid("spec", shown, "minAvailable and maxUnavailable cannot be both set"));
  }
  if (minAvailable !== undefined) {
    errors.push(...checkCountOrPercent("spec.minAvailable", minAvailable));
  }
  if (maxUnavailable !== undefined) {
    errors.push(...checkCountOrPercent("spec.maxUnavailable", maxUnavailable));
  }
  errors.push(...validateLabelSelector(selector, "spec.selector"));
  const wanted = unhealthyPodEvictionPolicy;
  if (wanted !== undefined && !unhealthyPolicies.includes(wanted)) {
    errors.push(notSupported("spec.unhealthyPodEvictionPolicy", wanted, unhealthyPolicies));
  }
  return errors;
}

const counts = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] as const;

/** k8s: ValidatePodDisruptionBudgetStatusUpdate */
function validateStatus(budget: PodDisruptionBudget): FieldError[] {
  const { status } = budget;
  return [
    ...checkConditions("status.conditions", status?.conditions),
    ...counts.flatMap((field) => validateNonnegative(status?.[field], `status.${field}`)),
  ];
}

export const PodDisruptionBudget: Kind<PodDisruptionBudget> = {
  resource: "poddisruptionbudgets.policy",
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  schema: schemaNamed("policy/v1.PodDisruptionBudget"),
  namespaced: true,
  statusWritesMetadata: allMetadata,
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  prepareForCreate(budget) {
    // Counts are not omitted when zero: a new budget shows them at once.
    const zero = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };
    return { ...budget, status: zero };
  },
  validateCreate: validate,
  validateUpdate: validate,
  validateStatusUpdate: validateStatus,
  table: {
    columns: [
      nameColumn,
      column("Min Available", "Pods that must stay available."),
      column("Max Unavailable", "Pods that may be unavailable."),
      column("Allowed Disruptions", "Pods that may be disrupted now.", "integer"),
      ageColumn,
    ],
    cells: (budget, now) => [
      budget.metadata.name,
      String(budget.spec?.minAvailable ?? "N/A"),
      String(budget.spec?.maxUnavailable ?? "N/A"),
      budget.status?.disruptionsAllowed ?? 0,
      age(budget, now),
    ],
  },
};
