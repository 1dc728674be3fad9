import type * as rbac from "kubernetes-types/rbac/v1";
import type { Kind } from "../define.ts";
import { bindingTable, checkBinding, checkBindingUpdate, defaultBinding } from "./rules.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

export type RoleBinding = Stored<rbac.RoleBinding>;

export const RoleBinding: Kind<RoleBinding> = {
  resource: "rolebindings.rbac.authorization.k8s.io",
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "RoleBinding",
  schema: schemaNamed("rbac/v1.RoleBinding"),
  namespaced: true,
  nameRule: "path-segment",
  hasGeneration: false,
  allowCreateOnUpdate: true,
  applyDefaults: (binding) => defaultBinding(binding),
  validateCreate: (binding) => checkBinding(binding, true),
  validateUpdate: (binding, old) => checkBindingUpdate(binding, old, true),
  table: bindingTable,
};
