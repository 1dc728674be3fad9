/** Users that the cluster knows by itself. */
import type { User } from "../ports.ts";

/** Whoever owns the sandbox: what kubeadm's admin.conf says. */
export const sandboxOwner: User = {
  name: "kubernetes-admin",
  groups: ["kubeadm:cluster-admins", "system:masters", "system:authenticated"],
};
