/** k8s: pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased/storage.go */
import type { Binding } from "../../kinds/rbac/rules.ts";
import type { ClusterRole } from "../../kinds/rbac/cluster-role.ts";
import type { KubeObject } from "../../core/object.ts";
import { equal } from "../../core/equal.ts";
import { bindingEscalation, roleEscalation } from "../auth/escalation.ts";
import { notFound } from "../../machinery/status.ts";
import { refused, resourceName, type AdmissionRule } from "./define.ts";

const group = "rbac.authorization.k8s.io";
const roles = [`roles.${group}`, `clusterroles.${group}`];
const bindings = [`rolebindings.${group}`, `clusterrolebindings.${group}`];

/** Owners and finalizers may change without asking. k8s: IsOnlyMutatingGCFields */
function onlyForCollection(object: KubeObject, old: KubeObject): boolean {
  const bare = (o: KubeObject): unknown => {
    const { ownerReferences: _o, finalizers: _f, managedFields: _m, ...metadata } = o.metadata;
    return { ...o, metadata };
  };
  return equal(bare(object), bare(old));
}

export const rbacEscalation: AdmissionRule = {
  name: "RBACEscalation",
  resources: [...roles, ...bindings],
  validate(admission, object, old, context) {
    const { operation, user, namespace, resource } = admission;
    if (operation === "DELETE" || admission.subresource) return;
    if (old && onlyForCollection(object, old)) return;
    const { reader } = context;
    if (roles.includes(resource)) {
      const plural = resourceName(resource).plural as "roles" | "clusterroles";
      const was = old as ClusterRole | undefined;
      const problem = roleEscalation(user, plural, namespace, object as ClusterRole, was, reader);
      if (problem) throw refused(admission, object, problem);
      return;
    }
    const { roleRef } = object as Binding;
    const problem = bindingEscalation(user, namespace, roleRef, reader);
    if (typeof problem === "object") {
      throw notFound({ group, plural: problem.notFound }, roleRef.name ?? "");
    }
    if (problem) throw refused(admission, object, problem);
  },
};
