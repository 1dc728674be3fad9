/**
 * Those who only look at a sandbox may read its custom resources too: the role that says what they may read gets a rule for the
 * groups that this cluster has beyond every cluster's own. RBAC has no word for "all groups but the core one".
 */
import { builtin } from "../api/discovery/registry.ts";
import { viewersGroup } from "../api/users.ts";
import { equal } from "../core/equal.ts";
import type { Change } from "../core/object.ts";
import type { APIService } from "../kinds/api-service.ts";
import {
  definitions,
  type CustomResourceDefinition,
} from "../kinds/custom-resource-definition/types.ts";
import type { ClusterRole } from "../kinds/rbac/cluster-role.ts";
import type { Controller, Reader } from "../ports/controller.ts";

const roles = "clusterroles.rbac.authorization.k8s.io";
const services = "apiservices.apiregistration.k8s.io";
const reads = ["get", "list", "watch"];
const builtinGroups = new Set(builtin.groupVersions.map(({ group }) => group));

type Rule = NonNullable<ClusterRole["rules"]>[number];

/** The rule that is kept here. */
const isOwn = ({ apiGroups = [], resources, verbs }: Rule): boolean =>
  apiGroups.length > 0 &&
  apiGroups.every((group) => group !== "*" && !builtinGroups.has(group)) &&
  equal(resources, ["*"]) &&
  equal(verbs, reads);

function groupsOf(reader: Reader): string[] {
  const found = new Set<string>();
  for (const { spec } of reader.list<CustomResourceDefinition>(definitions)) found.add(spec.group);
  for (const { spec } of reader.list<APIService>(services))
    if (spec.service && spec.group) found.add(spec.group);
  return [...found].filter((group) => !builtinGroups.has(group)).sort();
}

const wake = ({ op }: Change): string[] | undefined =>
  op === "update" ? undefined : [viewersGroup];

export const viewerGroupsController: Controller = {
  name: "viewergroups",
  component: "viewer-groups-controller",
  wakesOn: {
    [definitions]: wake,
    [services]: ({ object, previous }) =>
      (object as APIService).spec.service || (previous as APIService | undefined)?.spec.service
        ? [viewersGroup]
        : undefined,
  },
  reconcile(name, client) {
    const apiGroups = groupsOf(client);
    client.modify<ClusterRole>(roles, "", name, (role) => {
      const others = (role.rules ?? []).filter((rule) => !isOwn(rule));
      const own = apiGroups.length > 0 ? [{ apiGroups, resources: ["*"], verbs: reads }] : [];
      const rules = [...others, ...own];
      return equal(rules, role.rules) ? undefined : { ...role, rules };
    });
    return undefined;
  },
};
