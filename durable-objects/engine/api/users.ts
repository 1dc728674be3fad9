/** Users that the cluster knows by itself. */
import type { User } from "../ports/request.ts";
import { userNameCharsMax } from "../core/limits.ts";

/** What somebody is to a sandbox. */
export type Role = "owner" | "editor" | "viewer";

export const editorsGroup = "podyard:editors";
export const viewersGroup = "podyard:viewers";
const authenticated = "system:authenticated";

/** The sandbox's owner, as kubeadm's admin.conf names it. */
export const sandboxOwner: User = {
  name: "kubernetes-admin",
  groups: ["kubeadm:cluster-admins", "system:masters", authenticated],
};

const groupsOf: Record<Role, readonly string[]> = {
  owner: sandboxOwner.groups,
  editor: [editorsGroup, authenticated],
  viewer: [viewersGroup, authenticated],
};

/** Names that already mean somebody in bindings that every cluster has, or in what Podyard makes. */
const reserved = /^(?:system|kubeadm|podyard):|^kubernetes-|-controller$/i;
/** Who causes revisions beside users: a part of the cluster without a name of that form, or the engine itself. */
const parts = new Set(
  `api-priority-and-fairness-config-consumer-v1 bootstrap clock clusterroleaggregation customresourcedefinition csrapproving csrcleaner csrsigning kube-aggregator disruption endpoints endpointslice endpointslicemirroring ephemeral-volume
   eventexpiry garbagecollector horizontalpodautoscaler ingress kubelet namespace network nodeeviction nodeipam podgc
   bootstrap-signer token-cleaner pv-protection resourcequota root-ca-certificate-publisher scheduler serviceaccount serviceaccounttoken trace volume-provisioner watchdog`.split(
    /\s+/,
  ),
);

/**
 * Who asks, in the cluster, for somebody in a role. `name` is what they call themselves, which the timeline tells; a name that
 * means somebody else already stands behind `podyard:`, as issuers' prefixes do. Without one the owner is kubernetes-admin,
 * the others are `podyard:editor` and `podyard:viewer`.
 */
export function userOf(role: Role, name = ""): User {
  const said = name
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")
    .trim()
    .slice(0, userNameCharsMax);
  const groups = [...groupsOf[role]];
  if (said === "") return role === "owner" ? sandboxOwner : { name: `podyard:${role}`, groups };
  return { name: isTaken(said) ? `podyard:${said}` : said, groups };
}

const isTaken = (name: string): boolean => reserved.test(name) || parts.has(name.toLowerCase());
