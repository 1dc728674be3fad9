/** ClusterRoles that gather the rules of others by label. k8s: pkg/controller/clusterroleaggregation */
import { cpuUsPerRuleGathered } from "../core/limits.ts";
import type { ClusterRole } from "../kinds/rbac/cluster-role.ts";
import { labelSelector } from "../machinery/selectors.ts";
import { equal } from "../core/equal.ts";
import type { Change, KubeObject } from "../core/object.ts";
import type { Controller, Reader } from "../ports/controller.ts";

type PolicyRule = NonNullable<ClusterRole["rules"]>[number];

const roles = "clusterroles.rbac.authorization.k8s.io";

const textOf = ({
  verbs,
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
}: PolicyRule): string =>
  JSON.stringify([verbs, apiGroups, resources, resourceNames, nonResourceURLs]);

const gathers = (role: ClusterRole, other: KubeObject | undefined): boolean =>
  role.metadata.name !== other?.metadata.name &&
  (role.aggregationRule?.clusterRoleSelectors ?? []).some((selector) =>
    labelSelector(selector).matches(other?.metadata.labels),
  );

function* gatherersOf(change: Change, reader: Reader): Iterable<string> {
  if (change.op !== "delete" && (change.object as ClusterRole).aggregationRule) yield change.name;
  for (const role of reader.list<ClusterRole>(roles)) {
    if (!role.aggregationRule) continue;
    if (gathers(role, change.object) || (change.previous && gathers(role, change.previous))) {
      yield role.metadata.name;
    }
  }
}

export const clusterRoleAggregationController: Controller = {
  name: "clusterroleaggregation",
  wakesOn: { [roles]: gatherersOf },
  reconcile(name, client) {
    const role = client.get<ClusterRole>(roles, "", name);
    if (!role?.aggregationRule || role.metadata.deletionTimestamp) return undefined;
    // By what they say: thousands of roles may each bring a hundred.
    const gathered = new Map<string, PolicyRule>();
    let seen = 0;
    for (const selector of role.aggregationRule.clusterRoleSelectors ?? []) {
      const wanted = labelSelector(selector);
      for (const other of client.list<ClusterRole>(roles)) {
        if (other.metadata.name === name || !wanted.matches(other.metadata.labels)) continue;
        for (const rule of other.rules ?? []) {
          const said = textOf(rule);
          if (!gathered.has(said)) gathered.set(said, rule);
          seen++;
        }
      }
    }
    client.spend?.(seen * cpuUsPerRuleGathered);
    const rules = [...gathered.values()];
    if (!equal(role.rules ?? [], rules)) client.update<ClusterRole>(roles, { ...role, rules });
    return undefined;
  },
};
