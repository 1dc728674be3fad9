/**
 * The ClusterRoles and bindings of those who share a sandbox. Its owner is kubeadm's admin, whom nothing in the cluster can
 * shut out; others are in a group, so that the cluster's own RBAC says what they may do, and shows it.
 */
import { builtin } from "../discovery/registry.ts";
import { editorsGroup, viewersGroup } from "../users.ts";
import type { PolicyRule } from "./authorization.ts";
import type { RbacObject } from "./rbac-base.ts";

const group = "rbac.authorization.k8s.io";
const reads = ["get", "list", "watch"];
/** To read these is to run something, or to speak with it. */
const streams = new Set(["attach", "exec", "portforward", "proxy"]);

/** Everything of the core group but Secrets: RBAC has no word for what is left out. */
function coreResources(): string[] {
  const found: string[] = [];
  for (const gv of builtin.groupVersions) {
    if (gv.group !== "") continue;
    for (const { plural, verbs, subresources } of gv.resources) {
      if (plural === "secrets") continue;
      if (verbs.includes("get")) found.push(plural);
      for (const { name, verbs: own } of subresources)
        if (own.includes("get") && !streams.has(name)) found.push(`${plural}/${name}`);
    }
  }
  return found.sort();
}

function otherGroups(): string[] {
  const found = new Set<string>();
  for (const gv of builtin.groupVersions) {
    const isRead = gv.resources.some(({ verbs }) => verbs.includes("get"));
    if (gv.group !== "" && isRead) found.add(gv.group);
  }
  return [...found].sort();
}

function roleOf(name: string, description: string, rules: PolicyRule[]): RbacObject {
  const annotations = { "podyard.dev/description": description };
  return {
    apiVersion: `${group}/v1`,
    kind: "ClusterRole",
    metadata: { name, annotations },
    rules,
  };
}

const bindingOf = (name: string): RbacObject => ({
  apiVersion: `${group}/v1`,
  kind: "ClusterRoleBinding",
  metadata: { name },
  roleRef: { apiGroup: group, kind: "ClusterRole", name },
  subjects: [{ apiGroup: group, kind: "Group", name }],
});

/** In the order of rbac-base.ts: roles first. */
export const memberRoles: readonly RbacObject[] = [
  roleOf(editorsGroup, "Members of this sandbox who may change everything in the cluster", [
    { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
    { nonResourceURLs: ["*"], verbs: ["*"] },
  ]),
  roleOf(viewersGroup, "Members of this sandbox who may read everything but Secrets", [
    { apiGroups: [""], resources: coreResources(), verbs: reads },
    { apiGroups: otherGroups(), resources: ["*"], verbs: reads },
    { apiGroups: ["podyard.dev"], resources: ["explanations"], verbs: ["create"] },
  ]),
  bindingOf(editorsGroup),
  bindingOf(viewersGroup),
];
