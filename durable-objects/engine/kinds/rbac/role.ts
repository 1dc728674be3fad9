import type * as rbac from "kubernetes-types/rbac/v1";
import type { Kind } from "../define.ts";
import { checkRules, createdAtTable } from "./rules.ts";
import type { Stored } from "../stored.ts";
import { schemaNamed } from "../../schema/types.ts";

export type Role = Stored<rbac.Role>;

export const Role: Kind<Role> = {
  resource: "roles.rbac.authorization.k8s.io",
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "Role",
  schema: schemaNamed("rbac/v1.Role"),
  emptyAsNull: [["rules"]],
  namespaced: true,
  nameRule: "path-segment",
  hasGeneration: false,
  allowCreateOnUpdate: true,
  validateCreate: (role) => checkRules(role.rules, true),
  validateUpdate: (role) => checkRules(role.rules, true),
  table: createdAtTable,
};
