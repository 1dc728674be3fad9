/**
 * RBAC: who may do what. Bindings are found by subject through an index that lives as long as the list it was made of,
 * so it is rebuilt only when a binding changes. k8s: plugin/pkg/auth/authorizer/rbac, pkg/registry/rbac/validation/rule.go
 */
import type { Role } from "../../kinds/rbac/role.ts";
import type { ClusterRole } from "../../kinds/rbac/cluster-role.ts";
import type { Binding, RoleRef, Subject } from "../../kinds/rbac/rules.ts";
import { trimEndOf } from "../../core/trim.ts";
import type * as rbac from "kubernetes-types/rbac/v1";
import type { Reader } from "../../ports/controller.ts";
import { equal } from "../../core/equal.ts";
import type { User } from "../../ports/request.ts";
import { labelSelector } from "../../machinery/selectors.ts";
import type { Attributes, Decision } from "./authorization-types.ts";
import { authorizeNode } from "./node-authorizer.ts";

export type { Attributes, Decision };

export type PolicyRule = rbac.PolicyRule;
const rbacGroup = "rbac.authorization.k8s.io";
export const superuserGroup = "system:masters";

/**
 * The verdict of the Node authorizer and of RBAC; the reason is what upstream's authorizer gives, "" where no rule fits. k8s:
 * plugin/pkg/auth/authorizer/rbac
 */
export function authorize(user: User, attributes: Attributes, reader: Reader): Decision {
  if (user.groups.includes(superuserGroup)) return { allowed: true, reason: "" };
  const node = authorizeNode(user, attributes, reader, ({ rules = [] }) =>
    rules.some((rule) => ruleAllows(rule, attributes)),
  );
  if (node?.allowed) return node;
  const errors = new Set<string>();
  let reason = "";
  visitRules(user, attributes.namespace, reader, {
    rule(rule, binding, subject) {
      if (!ruleAllows(rule, attributes)) return false;
      reason = `RBAC: allowed by ${describe(binding, subject)}`;
      return true;
    },
    error: (text) => errors.add(text),
  });
  if (reason) return { allowed: true, reason };
  if (errors.size === 0) return { allowed: false, reason: node?.reason ?? "" };
  const [first = "", ...more] = errors;
  return { allowed: false, reason: `RBAC: ${more.length ? `[${[...errors].join(", ")}]` : first}` };
}

/** Everything a user may do in a namespace; roles that could not be resolved are in `errors`. */
export function rulesFor(
  user: User,
  namespace: string,
  reader: Reader,
): { rules: PolicyRule[]; errors: string[] } {
  const rules: PolicyRule[] = [];
  const errors: string[] = [];
  visitRules(user, namespace, reader, {
    rule: (rule) => {
      rules.push(rule);
      return false;
    },
    error: (text) => errors.push(text),
  });
  return { rules, errors };
}

interface Visitor {
  /** True stops the walk. */
  rule(rule: PolicyRule, binding: Binding, subject: Subject): boolean;
  error(text: string): void;
}

function visitRules(user: User, namespace: string, reader: Reader, visitor: Visitor): void {
  const cluster = reader.list<Binding>(`clusterrolebindings.${rbacGroup}`);
  if (visitBindings(user, cluster, "", reader, visitor) || !namespace) return;
  const local = reader.list<Binding>(`rolebindings.${rbacGroup}`, namespace);
  visitBindings(user, local, namespace, reader, visitor);
}

function visitBindings(
  user: User,
  bindings: readonly Binding[],
  namespace: string,
  reader: Reader,
  visitor: Visitor,
): boolean {
  for (const { binding, subject } of bindingsOf(user, bindings, namespace)) {
    const rules = rulesOf(binding.roleRef, namespace, reader);
    if (typeof rules === "string") visitor.error(rules);
    else if (rules.some((rule) => visitor.rule(rule, binding, subject))) return true;
  }
  return false;
}

interface Entry {
  order: number;
  binding: Binding;
  subject: Subject;
}

/** Subject key -> its bindings, per list of bindings. */
const subjectIndices = new WeakMap<readonly Binding[], Map<string, Entry[]>>();

function subjectIndex(bindings: readonly Binding[], namespace: string): Map<string, Entry[]> {
  const known = subjectIndices.get(bindings);
  if (known) return known;
  const index = new Map<string, Entry[]>();
  let order = 0;
  for (const binding of bindings) {
    for (const subject of binding.subjects ?? []) {
      const key = subjectKey(subject, namespace);
      if (!key) continue;
      const entry = { order: order++, binding, subject };
      const entries = index.get(key);
      if (entries) entries.push(entry);
      else index.set(key, [entry]);
    }
  }
  subjectIndices.set(bindings, index);
  return index;
}

/** k8s: appliesToUser: a service account without a namespace is one of the binding's. */
function subjectKey(subject: Subject, namespace: string): string | undefined {
  if (subject.kind === "User") return `user ${subject.name}`;
  if (subject.kind === "Group") return `group ${subject.name}`;
  const home = subject.namespace || namespace;
  return subject.kind === "ServiceAccount" && home
    ? `user system:serviceaccount:${home}:${subject.name}`
    : undefined;
}

function bindingsOf(user: User, bindings: readonly Binding[], namespace: string): Entry[] {
  const index = subjectIndex(bindings, namespace);
  const found = [...(index.get(`user ${user.name}`) ?? [])];
  for (const group of user.groups) found.push(...(index.get(`group ${group}`) ?? []));
  if (found.length < 2) return found;
  found.sort((a, b) => a.order - b.order);
  const seen = new Set<Binding>();
  return found.filter(({ binding }) => !seen.has(binding) && seen.add(binding));
}

/** The rules of a binding's role, or why there are none. k8s: GetRoleReferenceRules */
export function rulesOf(
  ref: RoleRef,
  namespace: string,
  reader: Reader,
): readonly PolicyRule[] | string {
  const { kind = "", name = "" } = ref;
  if (kind !== "Role" && kind !== "ClusterRole") {
    return `unsupported role reference kind: ${JSON.stringify(kind)}`;
  }
  // Only a ClusterRole has an aggregationRule.
  const role: ClusterRole | undefined =
    kind === "Role"
      ? reader.get<Role>(`roles.${rbacGroup}`, namespace, name)
      : reader.get<ClusterRole>(`clusterroles.${rbacGroup}`, "", name);
  if (!role) return `${kind.toLowerCase()}.${rbacGroup} ${JSON.stringify(name)} not found`;
  return role.aggregationRule ? aggregatedRules(role, reader) : (role.rules ?? []);
}

/** Rules gathered for a ClusterRole, per list of ClusterRoles. */
const aggregations = new WeakMap<readonly ClusterRole[], Map<string, PolicyRule[]>>();

/**
 * What an aggregated ClusterRole's rules are: those of all ClusterRoles that its selectors match, each once, in name
 * order. A controller can write them into the object. k8s: pkg/controller/clusterroleaggregation
 */
export function aggregatedRules(role: ClusterRole, reader: Reader): PolicyRule[] {
  const all = reader.list<ClusterRole>(`clusterroles.${rbacGroup}`);
  let cache = aggregations.get(all);
  if (!cache) aggregations.set(all, (cache = new Map()));
  const { name } = role.metadata;
  let rules = cache.get(name);
  if (!rules) {
    // Known before it is complete: roles that gather each other must not loop.
    cache.set(name, (rules = []));
    for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
      const compiled = labelSelector(selector);
      for (const other of all) {
        if (other.metadata.name === name || !compiled.matches(other.metadata.labels)) continue;
        const more = other.aggregationRule ? aggregatedRules(other, reader) : (other.rules ?? []);
        for (const rule of more) if (!rules.some((r) => equal(r, rule))) rules.push(rule);
      }
    }
  }
  return rules;
}

/** k8s: rbac.RuleAllows */
export function ruleAllows(rule: PolicyRule, a: Attributes): boolean {
  if (!has(rule.verbs, a.verb)) return false;
  if (!a.resource) return urlMatches(rule.nonResourceURLs, a.path);
  if (!has(rule.apiGroups, a.group)) return false;
  const { resources, resourceNames } = rule;
  const full = a.subresource ? `${a.resource}/${a.subresource}` : a.resource;
  const named = a.subresource !== "" && resources?.includes(`*/${a.subresource}`) === true;
  if (!has(resources, full) && !named) return false;
  return !resourceNames?.length || resourceNames.includes(a.name);
}

const has = (list: readonly string[] | undefined, item: string): boolean =>
  list !== undefined && (list.includes(item) || list.includes("*"));

/** k8s: NonResourceURLMatches */
export function urlMatches(urls: readonly string[] | undefined, path: string): boolean {
  return (urls ?? []).some(
    (url) =>
      url === "*" || url === path || (url.endsWith("*") && path.startsWith(trimEndOf(url, "*"))),
  );
}

function describe(binding: Binding, subject: Subject): string {
  const quote = (text: string): string => JSON.stringify(text);
  const { name, namespace = "" } = binding.metadata;
  const role = `${binding.roleRef.kind} ${quote(binding.roleRef.name ?? "")}`;
  const who =
    subject.kind === "ServiceAccount"
      ? quote(`${subject.name}/${subject.namespace || namespace}`)
      : quote(subject.name ?? "");
  const what = namespace
    ? `RoleBinding ${quote(`${name}/${namespace}`)}`
    : `ClusterRoleBinding ${quote(name)}`;
  return `${what} of ${role} to ${subject.kind} ${who}`;
}
