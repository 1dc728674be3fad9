/** Users that the cluster knows by itself. */
import type { User } from "../ports/request.ts";

/** The sandbox's owner, as kubeadm's admin.conf names it. */
export const sandboxOwner: User = {
  name: "kubernetes-admin",
  groups: ["kubeadm:cluster-admins", "system:masters", "system:authenticated"],
};
