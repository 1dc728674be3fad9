/** k8s: pkg/apis/admissionregistration/validation ValidateMutatingAdmissionPolicy, pkg/registry/admissionregistration */
import { at, notSupported, required, type FieldError } from "../../machinery/field.ts";
import { schemaNamed } from "../../schema/types.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { checkMutation, checkVariables, Variables } from "./expressions.ts";
import { checkMutatable } from "./match-resources.ts";
import {
  defaultPolicySpec,
  groupVersion,
  resourceOf,
  type MutatingAdmissionPolicy as Policy,
  type MutatingSpec,
} from "./shape.ts";
import { checkPolicySpec, paramKindText } from "./validating-admission-policy.ts";

export type MutatingAdmissionPolicy = Policy;

const reinvocations = ["IfNeeded", "Never"];

function validate(policy: Policy, old?: Policy): FieldError[] {
  const spec: MutatingSpec = policy.spec ?? {};
  const { variables = [], mutations = [], paramKind, reinvocationPolicy = "" } = spec;
  const errors = checkPolicySpec(spec, old?.spec, (resources) =>
    checkMutatable("spec.matchConstraints", resources),
  );
  const known = new Variables(paramKind !== undefined, true);
  errors.push(...checkVariables("spec.variables", variables, known));
  const place = "spec.mutations";
  if (mutations.length === 0) {
    errors.push(required(place, "mutations must contain at least one item"));
  }
  mutations.forEach((mutation, i) => {
    errors.push(...checkMutation(at(place, i), mutation, known.declared));
  });
  const path = "spec.reinvocationPolicy";
  if (reinvocationPolicy === "") errors.push(required(path));
  else if (!reinvocations.includes(reinvocationPolicy)) {
    errors.push(notSupported(path, reinvocationPolicy, reinvocations));
  }
  return errors;
}

export const MutatingAdmissionPolicy: Kind<Policy> = {
  resource: resourceOf("mutatingadmissionpolicies"),
  apiVersion: groupVersion,
  kind: "MutatingAdmissionPolicy",
  schema: schemaNamed("admissionregistration/v1.MutatingAdmissionPolicy"),
  namespaced: false,
  allowUnconditionalUpdate: false,
  applyDefaults: (policy) =>
    policy.spec ? { ...policy, spec: defaultPolicySpec(policy.spec) } : policy,
  validateCreate: (policy) => validate(policy),
  validateUpdate: (policy, old) => validate(policy, old),
  table: {
    columns: [
      nameColumn,
      column("Mutations", "How many changes it makes to a request.", "integer"),
      column("ParamKind", "Kind of the objects that hold its parameters."),
      ageColumn,
    ],
    cells: (policy, now) => [
      policy.metadata.name,
      policy.spec?.mutations?.length ?? 0,
      paramKindText(policy.spec?.paramKind),
      age(policy, now),
    ],
  },
};
