/**
 * Nobody may grant what they do not hold. k8s: pkg/registry/rbac/{role,rolebinding,...}/policybased,
 * pkg/registry/rbac/validation/{rule,policy_compact}.go, component-helpers/auth/rbac/validation/policy_comparator.go
 */
import type { RoleRef } from "../../kinds/rbac/rules.ts";
import type { ClusterRole } from "../../kinds/rbac/cluster-role.ts";
import type { Reader } from "../../ports/controller.ts";
import type { User } from "../../ports/request.ts";
import {
  authorize,
  rulesFor,
  rulesOf,
  superuserGroup,
  urlMatches,
  type PolicyRule,
} from "./authorization.ts";
import { namesComparedMax, permissionsComparedMax } from "../../core/limits.ts";
import { goQuote } from "../../machinery/field.ts";

const rbacGroup = "rbac.authorization.k8s.io";

/** Every way to do everything: what an aggregation rule may gather. */
const fullAuthority: readonly PolicyRule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

/** Why `user` may not write this Role or ClusterRole; undefined when they may. */
export function roleEscalation(
  user: User,
  plural: "roles" | "clusterroles",
  namespace: string,
  role: ClusterRole,
  old: ClusterRole | undefined,
  reader: Reader,
): string | undefined {
  if (user.groups.includes(superuserGroup)) return undefined;
  const { name } = role.metadata;
  if (mayDo(user, "escalate", plural, old ? name : "", namespace, reader)) return undefined;
  const missing = missingRights(user, namespace, role.rules ?? [], reader);
  if (missing) return missing;
  const gathers = [role, old].some((r) => r?.aggregationRule?.clusterRoleSelectors?.length);
  if (gathers && missingRights(user, namespace, fullAuthority, reader)) {
    return "must have cluster-admin privileges to use the aggregationRule";
  }
  return undefined;
}

/** Why `user` may not bind this role; `{ notFound }` when the role is not there. */
export function bindingEscalation(
  user: User,
  namespace: string,
  ref: RoleRef,
  reader: Reader,
): string | { notFound: "roles" | "clusterroles" } | undefined {
  if (user.groups.includes(superuserGroup)) return undefined;
  const plural = ref.kind === "Role" ? "roles" : "clusterroles";
  if (mayDo(user, "bind", plural, ref.name ?? "", namespace, reader)) return undefined;
  const rules = rulesOf(ref, namespace, reader);
  if (typeof rules === "string") return { notFound: plural };
  return missingRights(user, namespace, rules, reader);
}

function mayDo(
  user: User,
  verb: string,
  resource: string,
  name: string,
  namespace: string,
  reader: Reader,
): boolean {
  const what = { verb, group: rbacGroup, resource, subresource: "", name, namespace, path: "" };
  return authorize(user, what, reader).allowed;
}

/** k8s: ConfirmNoEscalation */
function missingRights(
  user: User,
  namespace: string,
  wanted: readonly PolicyRule[],
  reader: Reader,
): string | undefined {
  const held = rulesFor(user, namespace, reader);
  const open = wanted.filter((rule) => !held.rules.some((h) => coversWhole(h, rule)));
  const isMuch = exceeds(open, held.rules);
  const missing = isMuch
    ? []
    : open.flatMap(breakDown).filter((rule) => !held.rules.some((h) => covers(h, rule)));
  if (missing.length === 0 && !isMuch) return undefined;
  const texts = isMuch
    ? [`more than can be compared with those held, ${permissionsComparedMax} at most`]
    : [...new Set(compact(missing).map(ruleText))].sort();
  const groups = user.groups.map(goQuote).join(" ");
  const problems = held.errors.length > 0 ? `; resolution errors: [${held.errors.join(", ")}]` : "";
  return `user ${goQuote(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${texts.join("\n")}${problems}`;
}

const lengths = (rule: PolicyRule): number[] =>
  [rule.apiGroups, rule.resources, rule.nonResourceURLs, rule.resourceNames].map(
    (list) => list?.length ?? 0,
  );

/** A rule of a thousand groups, resources and verbs would be broken down into a thousand million. */
function exceeds(wanted: readonly PolicyRule[], held: readonly PolicyRule[]): boolean {
  let permissions = 0;
  for (const rule of wanted) {
    const [groups = 0, resources = 0, urls = 0, names = 0] = lengths(rule);
    permissions += rule.verbs.length * (groups * resources * Math.max(1, names) + urls);
  }
  let names = 0;
  for (const rule of held)
    names += lengths(rule).reduce((sum, length) => sum + length, rule.verbs.length);
  return permissions > permissionsComparedMax || permissions * names > namesComparedMax;
}

/** Whether a held rule covers all of another, as one that is for everything does. */
const coversWhole = (held: PolicyRule, rule: PolicyRule): boolean =>
  !held.resourceNames?.length &&
  (["verbs", "apiGroups", "resources", "nonResourceURLs"] as const).every(
    (field) => !rule[field]?.length || held[field]?.includes("*"),
  );

/** Into rules of one verb, one group, one resource and at most one name each. */
function breakDown(rule: PolicyRule): PolicyRule[] {
  const out: PolicyRule[] = [];
  const names = rule.resourceNames?.length ? rule.resourceNames : [undefined];
  for (const group of rule.apiGroups ?? []) {
    for (const resource of rule.resources ?? []) {
      for (const verb of rule.verbs) {
        for (const name of names) {
          const one = { apiGroups: [group], resources: [resource], verbs: [verb] };
          out.push(name === undefined ? one : { ...one, resourceNames: [name] });
        }
      }
    }
  }
  for (const url of rule.nonResourceURLs ?? []) {
    for (const verb of rule.verbs) out.push({ nonResourceURLs: [url], verbs: [verb] });
  }
  return out;
}

const all = (list: readonly string[] | undefined, item: string): boolean =>
  list !== undefined && (list.includes("*") || list.includes(item));

/** Whether a held rule covers a broken-down one. k8s: ruleCovers */
function covers(held: PolicyRule, rule: PolicyRule): boolean {
  if (!all(held.verbs, rule.verbs[0] ?? "")) return false;
  const url = rule.nonResourceURLs?.[0];
  if (url !== undefined) {
    return (held.nonResourceURLs ?? []).some((h) => h === url || urlMatches([h], url));
  }
  const resource = rule.resources?.[0] ?? "";
  const [, subresource] = resource.split("/");
  const byStar = subresource !== undefined && held.resources?.includes(`*/${subresource}`) === true;
  if (!all(held.resources, resource) && !byStar) return false;
  if (!all(held.apiGroups, rule.apiGroups?.[0] ?? "")) return false;
  const name = rule.resourceNames?.[0];
  if (!held.resourceNames?.length) return true;
  return name !== undefined && held.resourceNames.includes(name);
}

/** Joins rules that differ by verb only. k8s: CompactRules */
function compact(rules: PolicyRule[]): PolicyRule[] {
  const out: PolicyRule[] = [];
  const simple = new Map<string, PolicyRule>();
  for (const rule of rules) {
    if (rule.nonResourceURLs) {
      out.push(rule);
      continue;
    }
    const key = JSON.stringify([rule.apiGroups, rule.resources, rule.resourceNames ?? null]);
    const known = simple.get(key);
    simple.set(key, known ? { ...known, verbs: [...known.verbs, ...rule.verbs] } : rule);
  }
  return [...out, ...simple.values()];
}

const parts = [
  ["APIGroups", "apiGroups"],
  ["Resources", "resources"],
  ["NonResourceURLs", "nonResourceURLs"],
  ["ResourceNames", "resourceNames"],
  ["Verbs", "verbs"],
] as const;

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`. k8s: CompactString */
export function ruleText(rule: PolicyRule): string {
  const shown = parts.flatMap(([label, field]) => {
    const list = rule[field];
    return list?.length ? [`${label}:[${list.map(goQuote).join(" ")}]`] : [];
  });
  return `{${shown.join(", ")}}`;
}
