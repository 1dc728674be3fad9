/** Roles and bindings. k8s: kubectl/pkg/describe, kubectl/pkg/util/rbac */
import type { ClusterRole, ClusterRoleBinding, PolicyRule } from "kubernetes-types/rbac/v1";
import { byText } from "../go/json.ts";
import type { Describer } from "./describer.ts";
import type { Meta } from "./out.ts";

/** What verbs are about: one resource of a group, perhaps one object of it, or one path. */
interface Target {
  group?: string;
  resource?: string;
  name?: string;
  url?: string;
  verbs: string[];
}

/** Rules taken apart and put together again by what they are about. */
function targetsOf(rules: readonly PolicyRule[]): Target[] {
  const known = new Map<string, Target>();
  const out: Target[] = [];
  const add = (target: Omit<Target, "verbs">, verbs: readonly string[]): void => {
    // Verbs of paths are not put together.
    if (target.url !== undefined) {
      for (const verb of verbs) out.push({ ...target, verbs: [verb] });
      return;
    }
    if (verbs.length === 0) return;
    const key = JSON.stringify([target.group, target.resource, target.name]);
    const found = known.get(key) ?? { ...target, verbs: [] };
    if (!known.has(key)) out.push(found);
    known.set(key, found);
    for (const verb of verbs) if (!found.verbs.includes(verb)) found.verbs.push(verb);
  };
  for (const { apiGroups = [], resources = [], resourceNames = [], ...rule } of rules) {
    const names = resourceNames.length ? resourceNames : [undefined];
    for (const group of apiGroups)
      for (const resource of resources)
        for (const name of names)
          add({ group, resource, ...(name === undefined ? {} : { name }) }, rule.verbs);
    for (const url of rule.nonResourceURLs ?? []) add({ url }, rule.verbs);
  }
  return out.toSorted((a, b) => byText(ruleText(a), ruleText(b)));
}

const listText = (value: string | undefined): string => (value === undefined ? "[]" : `[${value}]`);

/** As Go prints a PolicyRule, by which they are sorted. */
const ruleText = ({ verbs, group, resource, name, url }: Target): string =>
  `&PolicyRule{Verbs:[${verbs.join(" ")}],APIGroups:${listText(group)},Resources:${listText(resource)},ResourceNames:${listText(name)},NonResourceURLs:${listText(url)},}`;

/** `pods.metrics.k8s.io/log`. k8s: describe.go CombineResourceGroup */
function resourceText({ group, resource }: Target): string {
  if (resource === undefined) return "";
  const slash = resource.indexOf("/");
  const [head, tail] =
    slash < 0 ? [resource, ""] : [resource.slice(0, slash), resource.slice(slash)];
  return `${head}${group ? `.${group}` : ""}${tail}`;
}

export const role: Describer<ClusterRole> = function* (_, object, out) {
  out.head((object.metadata ?? {}) as Meta, { namespaced: false });
  out.write("PolicyRule:\n");
  out.table(
    1,
    "Resources\tNon-Resource URLs\tResource Names\tVerbs",
    targetsOf(object.rules ?? []).map((target) => [
      resourceText(target),
      listText(target.url),
      listText(target.name),
      target.verbs,
    ]),
    "---------\t-----------------\t--------------\t-----",
  );
  yield* [];
};

export const binding: Describer<ClusterRoleBinding> = function* (_, object, out) {
  out.head((object.metadata ?? {}) as Meta, { namespaced: false });
  out.write("Role:\n");
  out.field("Kind", object.roleRef.kind, 1);
  out.field("Name", object.roleRef.name, 1);
  out.write("Subjects:\n");
  const rows = (object.subjects ?? []).map(({ kind, name, namespace }) => [kind, name, namespace]);
  out.table(1, "Kind\tName\tNamespace", rows);
  yield* [];
};
