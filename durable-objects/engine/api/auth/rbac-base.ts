/**
 * The roles and bindings that every cluster is born with: those of the API server and the few of kubeadm.
 * rbac-base.json holds them as facts, lists joined by commas; here they become objects.
 * k8s: plugin/pkg/auth/authorizer/rbac/bootstrappolicy, cmd/kubeadm/app/phases
 */
import { equal } from "../../core/equal.ts";
import type { PolicyRule } from "./authorization.ts";
import controllers from "./controller-roles.json" with { type: "json" };
import facts from "./rbac-base.json" with { type: "json" };

const group = "rbac.authorization.k8s.io";
const aggregateLabel = (name: string): string => `${group}/aggregate-to-${name}`;

/** `[apiGroups, resources, verbs, resourceNames?]`, or `["/", nonResourceURLs, verbs]`. */
type RuleFacts = string[];

interface Facts {
  name: string;
  namespace?: string;
  /** Not one of the API server's own: without its label and annotation. */
  plain?: boolean;
  /** Aggregated roles that take this one in. */
  into?: string[];
  /** What this role takes in. */
  gathers?: string[];
  rules?: RuleFacts[];
  /** `ClusterRole/view` */
  role?: string;
  /** `Group/system:masters`, `ServiceAccount/kube-system/coredns` */
  subjects?: string[];
}

export interface RbacObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  rules?: PolicyRule[];
  aggregationRule?: { clusterRoleSelectors: { matchLabels: Record<string, string> }[] };
  roleRef?: { apiGroup: string; kind: string; name: string };
  subjects?: { apiGroup?: string; kind: string; name: string; namespace?: string }[];
}

const list = (text: string | undefined): string[] => (text ?? "").split(",");

function ruleOf([first = "", second, verbs, names]: RuleFacts): PolicyRule {
  if (first === "/") return { nonResourceURLs: list(second), verbs: list(verbs) };
  return {
    apiGroups: list(first),
    ...(names ? { resourceNames: list(names) } : {}),
    resources: list(second),
    verbs: list(verbs),
  };
}

function metadataOf({ name, namespace, plain, into = [] }: Facts): RbacObject["metadata"] {
  const metadata = { name, ...(namespace ? { namespace } : {}) };
  if (plain) return metadata;
  const labels: Record<string, string> = { "kubernetes.io/bootstrapping": "rbac-defaults" };
  for (const role of into) labels[aggregateLabel(role)] = "true";
  return {
    ...metadata,
    annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
    labels,
  };
}

/** Rules of an aggregated role, as the aggregation controller writes them: each once, by name of the role they are from. */
function gathered(names: readonly string[], roles: readonly Facts[]): PolicyRule[] {
  const rules: PolicyRule[] = [];
  for (const name of names) {
    for (const role of roles) {
      if (!role.into?.includes(name)) continue;
      const more = role.gathers
        ? gathered(role.gathers, roles)
        : (role.rules ?? []).map((rule) => ruleOf(rule));
      for (const rule of more) if (!rules.some((r) => equal(r, rule))) rules.push(rule);
    }
  }
  return rules;
}

function roleOf(kind: string, role: Facts, all: readonly Facts[]): RbacObject {
  const base = { apiVersion: `${group}/v1`, kind, metadata: metadataOf(role) };
  if (!role.gathers) return { ...base, rules: (role.rules ?? []).map((rule) => ruleOf(rule)) };
  const clusterRoleSelectors = role.gathers.map((name) => ({
    matchLabels: { [aggregateLabel(name)]: "true" },
  }));
  return {
    ...base,
    aggregationRule: { clusterRoleSelectors },
    rules: gathered(role.gathers, all),
  };
}

function bindingOf(kind: string, binding: Facts): RbacObject {
  const [roleKind = "", roleName = ""] = (binding.role ?? "").split("/");
  const subjects = binding.subjects?.map((text) => {
    const [subjectKind = "", first = "", second] = text.split("/");
    return second === undefined
      ? { apiGroup: group, kind: subjectKind, name: first }
      : { kind: subjectKind, name: second, namespace: first };
  });
  return {
    apiVersion: `${group}/v1`,
    kind,
    metadata: metadataOf(binding),
    roleRef: { apiGroup: group, kind: roleKind, name: roleName },
    ...(subjects?.length ? { subjects } : {}),
  };
}

const clusterRoles = facts.ClusterRole as readonly Facts[];

export const rbacBase: readonly RbacObject[] = [
  ...clusterRoles.map((role) => roleOf("ClusterRole", role, clusterRoles)),
  ...(facts.ClusterRoleBinding as readonly Facts[]).map((b) => bindingOf("ClusterRoleBinding", b)),
  ...(facts.Role as readonly Facts[]).map((role) => roleOf("Role", role, [])),
  ...(facts.RoleBinding as readonly Facts[]).map((b) => bindingOf("RoleBinding", b)),
];

/**
 * The role of each controller that acts under an account of its own, and that account's binding; in controller-roles.json as above.
 * k8s: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go
 */
export const controllerRbac: readonly RbacObject[] = Object.entries(controllers).flatMap(
  ([account, rules]) => {
    const name = `system:controller:${account}`;
    const subjects = [`ServiceAccount/kube-system/${account}`];
    return [
      roleOf("ClusterRole", { name, rules }, []),
      bindingOf("ClusterRoleBinding", { name, role: `ClusterRole/${name}`, subjects }),
    ];
  },
);
