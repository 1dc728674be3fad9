import type * as rbac from "kubernetes-types/rbac/v1";
import { append, at, invalid, required, type FieldError } from "../../machinery/field.ts";
import { validateLabelSelector } from "../../machinery/metadata.ts";
import type { Kind } from "../define.ts";
import { checkRules, createdAtTable } from "./rules.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

export type ClusterRole = Stored<rbac.ClusterRole>;

/** k8s: pkg/apis/rbac/validation ValidateClusterRole */
function validate(role: ClusterRole): FieldError[] {
  const errors = checkRules(role.rules, false);
  if (!role.aggregationRule) return errors;
  const path = "aggregationRule.clusterRoleSelectors";
  const selectors = role.aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    const detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
    errors.push(required(path, detail));
  }
  for (const [i, selector] of selectors.entries()) {
    const problems = validateLabelSelector(selector, at(path, i));
    append(errors, problems);
    if (problems.length > 0) errors.push(invalid(at(path, i), null, "invalid label selector."));
  }
  return errors;
}

export const ClusterRole: Kind<ClusterRole> = {
  resource: "clusterroles.rbac.authorization.k8s.io",
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  schema: schemaNamed("rbac/v1.ClusterRole"),
  emptyAsNull: [["rules"]],
  namespaced: false,
  nameRule: "path-segment",
  hasGeneration: false,
  allowCreateOnUpdate: true,
  validateCreate: validate,
  validateUpdate: validate,
  table: createdAtTable,
};
