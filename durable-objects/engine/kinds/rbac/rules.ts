/** What roles and bindings share. k8s: pkg/apis/rbac/validation/validation.go */
import type * as rbac from "kubernetes-types/rbac/v1";
import {
  append,
  at,
  child,
  invalid,
  notSupported,
  required,
  type FieldError,
} from "../../machinery/field.ts";
import { dns1123Subdomain, invalidEach, pathSegmentName } from "../../machinery/names.ts";
import type { KubeObject } from "../../core/object.ts";
import { equal } from "../../core/equal.ts";
import { unsupported } from "../checks.ts";
import { age, ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import type { TableOf } from "../define.ts";

export const rbacGroup = "rbac.authorization.k8s.io";

export type RoleRef = Partial<rbac.RoleRef>;
export type Subject = Partial<rbac.Subject>;

/** k8s: ValidatePolicyRule */
export function checkRules(
  rules: readonly rbac.PolicyRule[] | undefined,
  namespaced: boolean,
): FieldError[] {
  return (rules ?? []).flatMap((rule, i) => checkRule(at("rules", i), rule, namespaced));
}

function checkRule(path: string, rule: rbac.PolicyRule, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs: urls } = rule;
  if (!verbs?.length) {
    errors.push(required(child(path, "verbs"), "verbs must contain at least one value"));
  }
  if (urls?.length) {
    const urlsPath = child(path, "nonResourceURLs");
    if (namespaced) {
      const detail = "namespaced rules cannot apply to non-resource URLs";
      errors.push(invalid(urlsPath, urls, detail));
    }
    if (apiGroups?.length || resources?.length || resourceNames?.length) {
      const detail = "rules cannot apply to both regular resources and non-resource URLs";
      errors.push(invalid(urlsPath, urls, detail));
    }
    return errors;
  }
  if (!apiGroups?.length) {
    const detail = "resource rules must supply at least one api group";
    errors.push(required(child(path, "apiGroups"), detail));
  }
  if (!resources?.length) {
    const detail = "resource rules must supply at least one resource";
    errors.push(required(child(path, "resources"), detail));
  }
  return errors;
}

export interface Binding extends KubeObject {
  roleRef: RoleRef;
  subjects?: Subject[];
}

/** k8s: pkg/apis/rbac/v1/defaults.go */
export function defaultBinding<T extends Binding>(binding: T): T {
  const roleRef = { ...binding.roleRef, apiGroup: binding.roleRef?.apiGroup || rbacGroup };
  const subjects = binding.subjects?.map((subject) =>
    !subject.apiGroup && (subject.kind === "User" || subject.kind === "Group")
      ? { ...subject, apiGroup: rbacGroup }
      : subject,
  );
  return { ...binding, roleRef, ...(subjects ? { subjects } : {}) };
}

/** k8s: ValidateRoleBinding, ValidateClusterRoleBinding */
export function checkBinding(binding: Binding, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const { apiGroup = "", kind = "", name = "" } = binding.roleRef ?? {};
  if (apiGroup !== rbacGroup) errors.push(notSupported("roleRef.apiGroup", apiGroup, [rbacGroup]));
  const kinds = namespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
  if (!kinds.includes(kind)) errors.push(unsupported("roleRef.kind", kind, kinds));
  if (name === "") errors.push(required("roleRef.name"));
  else errors.push(...invalidEach("roleRef.name", name, pathSegmentName(name)));
  for (const [i, subject] of (binding.subjects ?? []).entries()) {
    append(errors, checkSubject(at("subjects", i), subject, namespaced));
  }
  return errors;
}

/** k8s: ValidateRoleBindingUpdate */
export function checkBindingUpdate(
  binding: Binding,
  old: Binding,
  namespaced: boolean,
): FieldError[] {
  const errors = checkBinding(binding, namespaced);
  if (!equal(binding.roleRef, old.roleRef)) {
    const { apiGroup = "", kind = "", name = "" } = binding.roleRef;
    const shown = { APIGroup: apiGroup, Kind: kind, Name: name };
    errors.push(invalid("roleRef", shown, "cannot change roleRef"));
  }
  return errors;
}

/** k8s: ValidateRoleBindingSubject */
function checkSubject(path: string, subject: Subject, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const { kind = "", name = "", apiGroup = "", namespace = "" } = subject;
  const groupPath = child(path, "apiGroup");
  if (name === "") errors.push(required(child(path, "name")));
  switch (kind) {
    case "ServiceAccount":
      if (name) errors.push(...invalidEach(child(path, "name"), name, dns1123Subdomain(name)));
      if (apiGroup) errors.push(unsupported(groupPath, apiGroup, [""]));
      if (!namespaced && !namespace) errors.push(required(child(path, "namespace")));
      break;
    case "User":
    case "Group":
      if (apiGroup !== rbacGroup) errors.push(unsupported(groupPath, apiGroup, [rbacGroup]));
      break;
    default:
      errors.push(unsupported(child(path, "kind"), kind, ["ServiceAccount", "User", "Group"]));
  }
  return errors;
}

/** k8s: printers.go printRoleBinding */
export const bindingTable: TableOf<Binding> = {
  columns: [
    nameColumn,
    column("Role", "Role that is granted."),
    ageColumn,
    wideColumn("Users", "Users it is granted to."),
    wideColumn("Groups", "Groups it is granted to."),
    wideColumn("ServiceAccounts", "ServiceAccounts it is granted to."),
  ],
  cells(binding, now) {
    const of = (kind: string): Subject[] =>
      (binding.subjects ?? []).filter((subject) => subject.kind === kind);
    const names = (kind: string): string =>
      of(kind)
        .map((s) => (kind === "ServiceAccount" ? `${s.namespace ?? ""}/${s.name}` : s.name))
        .join(", ");
    return [
      binding.metadata.name,
      `${binding.roleRef?.kind}/${binding.roleRef?.name}`,
      age(binding, now),
      names("User"),
      names("Group"),
      names("ServiceAccount"),
    ];
  },
};

/** Kinds without a printer of their own show when they were made. */
export const createdAtTable: TableOf<KubeObject> = {
  columns: [nameColumn, { ...column("Created At", "When it was created.", "date") }],
  cells: (object) => [object.metadata.name, object.metadata.creationTimestamp],
};
