import { lookup } from "../core/lookup.ts";
import type * as scheduling from "kubernetes-types/scheduling/v1";
import { forbiddenField, type FieldError } from "../machinery/field.ts";
import { validateImmutable } from "../machinery/metadata.ts";
import { checkPreemptionPolicy } from "./checks.ts";
import { age, ageColumn, column, nameColumn, wideColumn } from "./columns.ts";
import type { Kind } from "./define.ts";
import type { Stored } from "./stored.ts";
import { schemaNamed } from "../schema/types.ts";

export type PriorityClass = Stored<scheduling.PriorityClass>;

/** k8s: pkg/apis/scheduling/v1/helpers.go */
export const systemPriorities: Readonly<Record<string, number>> = lookup({
  "system-node-critical": 2_000_001_000,
  "system-cluster-critical": 2_000_000_000,
});
/** k8s: pkg/apis/scheduling/types.go HighestUserDefinablePriority */
const userPriorityMax = 1_000_000_000;
const reserved = "priority class names with 'system-' prefix are reserved for system use only.";

function systemProblem(priority: PriorityClass): string | undefined {
  const { name } = priority.metadata;
  const wanted = systemPriorities[name];
  if (wanted === undefined) return `${name} is not a known system priority class`;
  if (priority.value !== wanted) return `value of ${name} PriorityClass must be ${wanted}`;
  if (priority.globalDefault) return `globalDefault of ${name} PriorityClass must be false`;
  return undefined;
}

/** k8s: pkg/apis/scheduling/validation ValidatePriorityClass */
function validate(priority: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  if (priority.metadata.name.startsWith("system-")) {
    const problem = systemProblem(priority);
    if (problem) errors.push(forbiddenField("metadata.name", `${reserved} error: ${problem}`));
  } else if ((priority.value ?? 0) > userPriorityMax) {
    const detail = `maximum allowed value of a user defined priority is ${userPriorityMax}`;
    errors.push(forbiddenField("value", detail));
  }
  return [...errors, ...checkPreemptionPolicy("preemptionPolicy", priority.preemptionPolicy)];
}

function validateUpdate(priority: PriorityClass, old: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  if ((priority.value ?? 0) !== (old.value ?? 0)) {
    errors.push(forbiddenField("value", "may not be changed in an update."));
  }
  const { preemptionPolicy } = priority;
  errors.push(...validateImmutable(preemptionPolicy, old.preemptionPolicy, "preemptionPolicy"));
  return errors;
}

export const PriorityClass: Kind<PriorityClass> = {
  resource: "priorityclasses.scheduling.k8s.io",
  apiVersion: "scheduling.k8s.io/v1",
  kind: "PriorityClass",
  schema: schemaNamed("scheduling/v1.PriorityClass"),
  namespaced: false,
  // Upstream sets the generation once and never counts it up.
  hasGeneration: false,
  prepareForCreate: (priority) => ({
    ...priority,
    metadata: { ...priority.metadata, generation: 1 },
  }),
  applyDefaults: (priority) =>
    priority.preemptionPolicy === undefined
      ? { ...priority, preemptionPolicy: "PreemptLowerPriority" }
      : priority,
  validateCreate: validate,
  validateUpdate,
  table: {
    columns: [
      nameColumn,
      column("Value", "The priority: higher is more important.", "integer"),
      column("Global-Default", "Whether Pods that name no class get it.", "boolean"),
      ageColumn,
      wideColumn("PreemptionPolicy", "Whether its Pods push out others."),
    ],
    cells: (priority, now) => [
      priority.metadata.name,
      priority.value ?? 0,
      priority.globalDefault ?? false,
      age(priority, now),
      priority.preemptionPolicy ?? "",
    ],
  },
};
