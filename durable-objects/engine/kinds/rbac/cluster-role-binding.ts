import type * as rbac from "kubernetes-types/rbac/v1";
import type { Kind } from "../define.ts";
import { bindingTable, checkBinding, checkBindingUpdate, defaultBinding } from "./rules.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

export type ClusterRoleBinding = Stored<rbac.ClusterRoleBinding>;

export const ClusterRoleBinding: Kind<ClusterRoleBinding> = {
  resource: "clusterrolebindings.rbac.authorization.k8s.io",
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  schema: schemaNamed("rbac/v1.ClusterRoleBinding"),
  namespaced: false,
  nameRule: "path-segment",
  hasGeneration: false,
  allowCreateOnUpdate: true,
  applyDefaults: (binding) => defaultBinding(binding),
  validateCreate: (binding) => checkBinding(binding, false),
  validateUpdate: (binding, old) => checkBindingUpdate(binding, old, false),
  table: bindingTable,
};
