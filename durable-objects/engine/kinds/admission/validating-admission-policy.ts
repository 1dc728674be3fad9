/** k8s: pkg/apis/admissionregistration/validation ValidateValidatingAdmissionPolicy, pkg/registry/admissionregistration */
import {
  at,
  child,
  duplicate,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { equal } from "../../core/equal.ts";
import { schemaNamed } from "../../schema/types.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import {
  checkAuditAnnotation,
  checkMatchConditions,
  checkValidation,
  checkVariables,
  Variables,
} from "./expressions.ts";
import { checkMatchResources, checkParamKind } from "./match-resources.ts";
import {
  defaultPolicySpec,
  groupVersion,
  resourceOf,
  type MatchResources,
  type ParamKind,
  type PolicySpec,
  type ValidatingAdmissionPolicy as Policy,
} from "./shape.ts";

export type ValidatingAdmissionPolicy = Policy;

/** k8s: maxAuditAnnotations */
const annotationsMax = 20;

/** What policies of both sorts have, up to the variables; `more`: what else is asked of the constraints. */
export function checkPolicySpec(
  spec: PolicySpec,
  old: PolicySpec | undefined,
  more: (resources: MatchResources) => FieldError[] = () => [],
): FieldError[] {
  const { failurePolicy, paramKind, matchConstraints, matchConditions = [] } = spec;
  const errors: FieldError[] = [];
  if (failurePolicy !== "Fail" && failurePolicy !== "Ignore") {
    errors.push(notSupported("spec.failurePolicy", failurePolicy, ["Fail", "Ignore"]));
  }
  if (paramKind) errors.push(...checkParamKind("spec.paramKind", paramKind));
  const path = "spec.matchConstraints";
  if (!matchConstraints) errors.push(required(path));
  else {
    errors.push(...checkMatchResources(path, matchConstraints));
    if (!matchConstraints.resourceRules?.length) {
      errors.push(required(child(path, "resourceRules")));
    }
    errors.push(...more(matchConstraints));
  }
  const sameConditions =
    old !== undefined &&
    equal(old.matchConditions ?? [], matchConditions) &&
    equal(old.paramKind, paramKind);
  if (!sameConditions) {
    const place = "spec.matchConditions";
    errors.push(...checkMatchConditions(place, matchConditions, paramKind !== undefined));
  }
  return errors;
}

function validate(policy: Policy, old?: Policy): FieldError[] {
  const spec = policy.spec ?? {};
  const { validations = [], auditAnnotations = [], variables = [], paramKind } = spec;
  const errors = checkPolicySpec(spec as PolicySpec, old?.spec as PolicySpec | undefined);
  const known = new Variables(paramKind !== undefined, variables.length > 0);
  errors.push(...checkVariables("spec.variables", variables, known));
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const detail = "validations or auditAnnotations must contain at least one item";
    return [
      ...errors,
      required("spec.validations", detail),
      required("spec.auditAnnotations", detail),
    ];
  }
  validations.forEach((validation, i) => {
    errors.push(...checkValidation(at("spec.validations", i), validation, known.declared));
  });
  const path = "spec.auditAnnotations";
  if (auditAnnotations.length > annotationsMax) {
    const detail = `must not have more than ${annotationsMax} auditAnnotations`;
    errors.push(invalid(path, auditAnnotations, detail));
  }
  const keys = new Set<string>();
  auditAnnotations.forEach((annotation, i) => {
    const place = at(path, i);
    const { name } = policy.metadata;
    errors.push(...checkAuditAnnotation(place, name, annotation, known.declared));
    if (keys.has(annotation.key)) errors.push(duplicate(child(place, "key"), annotation.key));
    keys.add(annotation.key);
  });
  return errors;
}

/** `apps/v1/Deployment`, as upstream prints it. */
export const paramKindText = (kind: ParamKind | undefined): string =>
  kind ? `${kind.apiVersion ?? ""}/${kind.kind ?? ""}` : "<unset>";

export const ValidatingAdmissionPolicy: Kind<Policy> = {
  resource: resourceOf("validatingadmissionpolicies"),
  apiVersion: groupVersion,
  kind: "ValidatingAdmissionPolicy",
  schema: schemaNamed("admissionregistration/v1.ValidatingAdmissionPolicy"),
  namespaced: false,
  allowUnconditionalUpdate: false,
  applyDefaults: (policy) =>
    policy.spec
      ? { ...policy, spec: defaultPolicySpec(policy.spec as PolicySpec) as Policy["spec"] & object }
      : policy,
  validateCreate: (policy) => validate(policy),
  validateUpdate: (policy, old) => validate(policy, old),
  table: {
    columns: [
      nameColumn,
      column("Validations", "How many rules a request is held to.", "integer"),
      column("ParamKind", "Kind of the objects that hold its parameters."),
      ageColumn,
    ],
    cells: (policy, now) => [
      policy.metadata.name,
      policy.spec?.validations?.length ?? 0,
      paramKindText(policy.spec?.paramKind),
      age(policy, now),
    ],
  },
};
