/**
 * What a node may: its own objects, and what Pods on it need. Field selectors are not looked at, so lists of Pods and slices are
 * refused. k8s: plugin/pkg/auth/authorizer/node
 */
import type { PersistentVolumeClaim } from "../../kinds/storage/persistent-volume-claim.ts";
import type { Pod, PodSpec } from "../../kinds/pod/types.ts";
import { containersOf } from "../../kinds/pod/types.ts";
import type { ClusterRole } from "../../kinds/rbac/cluster-role.ts";
import type { Reader } from "../../ports/controller.ts";
import type { User } from "../../ports/request.ts";
import type { Attributes, Decision } from "./authorization-types.ts";

const nodeLeases = "kube-node-lease";

/** The node that a user is, "" for a group's member without a node's name; undefined for others. */
export function nodeOf({ name, groups }: User): string | undefined {
  if (!groups.includes("system:nodes") || !name.startsWith("system:node:")) return undefined;
  return name.slice("system:node:".length);
}

const allowed: Decision = { allowed: true, reason: "" };
const refuse = (reason: string): Decision => ({ allowed: false, reason });

/** Names that a Pod's spec refers to. */
function namesIn(spec: PodSpec, what: "secret" | "configMap"): Set<string | undefined> {
  const names = new Set<string | undefined>();
  for (const [container] of containersOf(spec, "")) {
    for (const { valueFrom } of container.env ?? []) names.add(valueFrom?.[`${what}KeyRef`]?.name);
    for (const source of container.envFrom ?? []) names.add(source[`${what}Ref`]?.name);
  }
  for (const { secret, configMap, projected } of spec.volumes ?? []) {
    names.add(what === "secret" ? secret?.secretName : configMap?.name);
    for (const source of projected?.sources ?? []) names.add(source[what]?.name);
  }
  if (what === "secret") for (const { name } of spec.imagePullSecrets ?? []) names.add(name);
  return names;
}

const claimsIn = ({ volumes = [] }: PodSpec): (string | undefined)[] =>
  volumes.map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName);

/** Whether a Pod on the node needs an object. */
function isRelated(
  node: string,
  { resource, namespace, name }: Attributes,
  reader: Reader,
): boolean {
  const pods = reader.byIndex<Pod>("pod.node", node);
  return pods.some(({ metadata, spec }) => {
    if (resource === "persistentvolumes")
      return claimsIn(spec).some((claim) => {
        const home = metadata.namespace ?? "";
        const found = reader.get<PersistentVolumeClaim>(
          "persistentvolumeclaims",
          home,
          claim ?? "",
        );
        return found?.spec?.volumeName === name;
      });
    if (metadata.namespace !== namespace) return false;
    if (resource === "pods") return metadata.name === name;
    if (resource === "persistentvolumeclaims") return claimsIn(spec).includes(name);
    if (resource === "serviceaccounts") return spec.serviceAccountName === name;
    return namesIn(spec, resource === "secrets" ? "secret" : "configMap").has(name);
  });
}

function related(node: string, attributes: Attributes, reader: Reader): Decision {
  if (!attributes.name) return refuse("No Object name found");
  if (isRelated(node, attributes, reader)) return allowed;
  return refuse(`no relationship found between node '${node}' and this object`);
}

type Rule = (node: string, attributes: Attributes, reader: Reader) => Decision;

const readNamespaced: Rule = (node, attributes, reader) => {
  if (!["get", "list", "watch"].includes(attributes.verb))
    return refuse("can only read resources of this type");
  if (attributes.subresource) return refuse("cannot read subresource");
  if (!attributes.namespace) return refuse("can only read namespaced object of this type");
  return related(node, attributes, reader);
};

const getOne: Rule = (node, attributes, reader) => {
  const { verb, subresource, resource } = attributes;
  if (resource === "persistentvolumeclaims" && subresource === "status") {
    if (verb !== "update" && verb !== "patch") return refuse("can only get/update/patch this type");
    return related(node, attributes, reader);
  }
  if (verb !== "get") return refuse("can only get individual resources of this type");
  if (subresource) return refuse("cannot get subresource");
  return related(node, attributes, reader);
};

/** Objects that are named as the node is. */
const own =
  (what: string, article: string): Rule =>
  (node, { verb, name, subresource, namespace, resource }) => {
    if (!["get", "create", "update", "patch", "delete"].includes(verb))
      return refuse(`can only get, create, update, patch, or delete a ${article}`);
    if (resource === "leases" && namespace !== nodeLeases)
      return refuse(`can only access leases in the "${nodeLeases}" system namespace`);
    if (resource === "csinodes" && subresource)
      return refuse("cannot authorize CSINode subresources");
    if (verb !== "create" && name !== node)
      return refuse(`can only access ${what} with the same name as the requesting node`);
    return allowed;
  };

const nodes: Rule = (node, { verb, name, subresource }) => {
  const writes = ["update", "patch"].includes(verb);
  if (subresource === "status") return writes ? allowed : refuse("");
  if (subresource) return refuse("");
  if (writes || verb === "create") return allowed;
  if (!["get", "list", "watch"].includes(verb)) return refuse("");
  if (name === node) return allowed;
  return refuse(
    name
      ? `node '${node}' cannot read '${name}', only its own Node object`
      : `node '${node}' cannot read all nodes, only its own Node object`,
  );
};

const pods: Rule = (node, attributes, reader) => {
  const { verb, subresource, name } = attributes;
  if (subresource === "status") return verb === "update" || verb === "patch" ? allowed : refuse("");
  if (subresource === "eviction") return verb === "create" ? allowed : refuse("");
  if (subresource) return refuse("");
  if (verb === "create" || verb === "delete") return allowed;
  if (verb === "get") return related(node, attributes, reader);
  if (verb !== "list" && verb !== "watch") return refuse("");
  if (name) return related(node, attributes, reader);
  return refuse("can only list/watch pods with spec.nodeName field selector");
};

const accounts: Rule = (node, attributes, reader) => {
  const { verb, name, subresource } = attributes;
  if (verb === "get" && !subresource) return readNamespaced(node, attributes, reader);
  if (verb !== "create" || !name)
    return refuse("can only create tokens for individual service accounts");
  if (subresource !== "token") return refuse("can only create token subresource of serviceaccount");
  return related(node, attributes, reader);
};

/** By `group/resource`. */
const rules: Record<string, Rule> = {
  "/secrets": readNamespaced,
  "/configmaps": readNamespaced,
  "/persistentvolumeclaims": getOne,
  "/persistentvolumes": getOne,
  "/serviceaccounts": accounts,
  "/nodes": nodes,
  "/pods": pods,
  "coordination.k8s.io/leases": own("node lease", "node lease"),
  "storage.k8s.io/csinodes": own("CSINode", "CSINode"),
};

/** The verdict on a node; undefined for who is none. `fits`: whether rules of a role allow it. */
export function authorizeNode(
  user: User,
  attributes: Attributes,
  reader: Reader,
  fits: (role: ClusterRole) => boolean,
): Decision | undefined {
  const node = nodeOf(user);
  if (node === undefined) return undefined;
  if (node === "") return refuse(`unknown node for user "${user.name}"`);
  const { group, resource } = attributes;
  const rule = resource ? rules[`${group}/${resource}`] : undefined;
  if (rule) return rule(node, attributes, reader);
  const role = reader.get<ClusterRole>("clusterroles.rbac.authorization.k8s.io", "", "system:node");
  return role && fits(role) ? allowed : refuse("");
}
