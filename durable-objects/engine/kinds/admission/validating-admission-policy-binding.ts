/** k8s: pkg/apis/admissionregistration/validation ValidateValidatingAdmissionPolicyBinding */
import {
  at,
  duplicate,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { labelSelectorText } from "./selector-text.ts";
import { schemaNamed } from "../../schema/types.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind, TableOf } from "../define.ts";
import { checkBindingSpec } from "./match-resources.ts";
import { defaultBinding, groupVersion, resourceOf, type PolicyBinding } from "./shape.ts";

export type ValidatingAdmissionPolicyBinding = PolicyBinding;

const actions = ["Audit", "Deny", "Warn"];

/** k8s: validateValidationActions */
function checkActions(path: string, list: readonly string[] = []): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  list.forEach((action, i) => {
    if (!actions.includes(action)) errors.push(notSupported(at(path, i), action, actions));
    if (seen.has(action)) errors.push(duplicate(at(path, i), action));
    seen.add(action);
  });
  if (seen.has("Deny") && seen.has("Warn")) {
    const detail =
      "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
    errors.push(invalid(path, list, detail));
  }
  if (seen.size === 0) errors.push(required(path, "at least one validation action is required"));
  return errors;
}

function validate({ spec }: PolicyBinding): FieldError[] {
  return [
    ...checkBindingSpec(spec),
    ...checkActions("spec.validationActions", spec?.validationActions),
  ];
}

/** `namespace/name`, `*` for the namespace that is not said. k8s: printValidatingAdmissionPolicyBinding */
function paramText({ spec }: PolicyBinding): string {
  const ref = spec?.paramRef;
  if (ref?.name) return `${ref.namespace || "*"}/${ref.name}`;
  return ref?.selector ? labelSelectorText(ref.selector) : "<unset>";
}

export const bindingTable: TableOf<PolicyBinding> = {
  columns: [
    nameColumn,
    column("PolicyName", "The policy that it puts to use."),
    column("ParamRef", "The object with its parameters."),
    ageColumn,
  ],
  cells: (binding, now) => [
    binding.metadata.name,
    binding.spec?.policyName ?? "",
    paramText(binding),
    age(binding, now),
  ],
};

export const ValidatingAdmissionPolicyBinding: Kind<PolicyBinding> = {
  resource: resourceOf("validatingadmissionpolicybindings"),
  apiVersion: groupVersion,
  kind: "ValidatingAdmissionPolicyBinding",
  schema: schemaNamed("admissionregistration/v1.ValidatingAdmissionPolicyBinding"),
  namespaced: false,
  allowUnconditionalUpdate: false,
  applyDefaults: defaultBinding,
  validateCreate: validate,
  validateUpdate: validate,
  table: bindingTable,
};
