/** k8s: pkg/apis/admissionregistration/validation ValidateMutatingAdmissionPolicyBinding */
import type { FieldError } from "../../machinery/field.ts";
import { schemaNamed } from "../../schema/types.ts";
import type { Kind } from "../define.ts";
import { checkBindingSpec, checkMutatable } from "./match-resources.ts";
import { defaultBinding, groupVersion, resourceOf, type PolicyBinding } from "./shape.ts";
import { bindingTable } from "./validating-admission-policy-binding.ts";

export type MutatingAdmissionPolicyBinding = PolicyBinding;

const validate = ({ spec }: PolicyBinding): FieldError[] => [
  ...checkBindingSpec(spec),
  ...checkMutatable("spec.matchResources", spec?.matchResources),
];

export const MutatingAdmissionPolicyBinding: Kind<PolicyBinding> = {
  resource: resourceOf("mutatingadmissionpolicybindings"),
  apiVersion: groupVersion,
  kind: "MutatingAdmissionPolicyBinding",
  schema: schemaNamed("admissionregistration/v1.MutatingAdmissionPolicyBinding"),
  namespaced: false,
  allowUnconditionalUpdate: false,
  applyDefaults: defaultBinding,
  validateCreate: validate,
  validateUpdate: validate,
  table: bindingTable,
};
