/** Users that the cluster knows by itself. */
import type { User } from "../ports/request.ts";

/** The sandbox's owner, as kubeadm's admin.conf names it. */
export const sandboxOwner: User = {
  name: "kubernetes-admin",
  groups: ["kubeadm:cluster-admins", "system:masters", "system:authenticated"],
};

/** Who somebody of a role is in the cluster; a name of their own stands in the timeline. */
export function userOf(role: "owner" | "editor" | "viewer", name: string): User {
  if (role === "owner") return sandboxOwner;
  return { name: name || role, groups: [`podyard:${role}s`, "system:authenticated"] };
}
