/** Whether a request is allowed, by which rule, and which come nearest. */
import {
  authorize,
  ruleAllows,
  rulesFor,
  rulesOf,
  type Attributes,
} from "../api/auth/authorization.ts";
import type { KubeObject } from "../core/object.ts";
import type { User } from "../ports/request.ts";
import { about, listed, mend, pairs, plural, type Found, type Scope } from "./situation.ts";

const group = "rbac.authorization.k8s.io";

const deed = ({ verb, resource, group: of, namespace, name }: Attributes): string =>
  `${verb} ${resource}${of ? `.${of}` : ""}${name ? ` ${name}` : ""} ${namespace ? `in namespace ${namespace}` : "in the whole cluster"}`;

export function explainAccess(scope: Scope, user: User, asked: Attributes): Found {
  const { client } = scope;
  const decision = authorize(user, asked, client);
  const who = `User ${user.name}${user.groups.length ? ` (groups ${listed(user.groups, 5)})` : ""}`;
  if (decision.allowed) {
    return {
      sentence: `${who} may ${deed(asked)}${decision.reason ? `: ${decision.reason}` : ", being in a group that may do everything"}.`,
      evidence: [],
      mend: [],
      decidedBy: "RBAC",
      well: true,
    };
  }
  const { rules } = rulesFor(user, asked.namespace, client);
  const has = (list: readonly string[] | undefined, item: string): boolean =>
    list?.some((one) => one === item || one === "*") === true;
  const near = rules.filter((rule) => rule.resources && has(rule.resources, asked.resource));
  const verbs = [...new Set(near.flatMap((rule) => rule.verbs))];
  const roles = rolesThatWould(scope, asked);
  const account = /^system:serviceaccount:([^:]+):(.+)$/.exec(user.name);
  const subject = account ? `--serviceaccount=${account[1]}:${account[2]}` : `--user=${user.name}`;
  const kind = asked.namespace ? "rolebinding" : "clusterrolebinding";
  const role =
    roles.find((one) => ["view", "edit", "admin"].includes(one.metadata.name)) ?? roles[0];
  const bindingName = `${(account?.[2] ?? user.name).replace(/[^a-z0-9-]+/g, "-")}-${role?.metadata.name ?? asked.resource}`;
  const where = asked.namespace ? ` -n ${asked.namespace}` : "";
  return {
    sentence: `${who} may not ${deed(asked)} (403): ${plural(rules.length, "rule")} apply to it, and ${near.length ? `those that come nearest allow ${listed(verbs, 8)} there` : `none speaks of ${asked.resource}`}. ${roles.length ? `ClusterRole ${listed(roles.map(({ metadata }) => metadata.name))} would allow it.` : "No ClusterRole would allow it."}`,
    evidence: [
      ...near.map((rule) => ({
        text: `a rule allows ${listed(rule.verbs, 8)} of ${listed(rule.resources ?? [], 8)}`,
      })),
      ...roles.map((one) =>
        about(
          one,
          `${one.metadata.name} ${pairs(one.metadata.labels) ? "is built in and " : ""}would allow it`,
          { field: "rules" },
        ),
      ),
    ],
    mend: [
      role
        ? mend(
            "Bind it",
            `kubectl create ${kind} ${bindingName} --clusterrole=${role.metadata.name} ${subject}${where}`,
          )
        : mend(
            "Create a role that allows it",
            `kubectl create ${asked.namespace ? "role" : "clusterrole"} ${asked.resource}-${asked.verb} --verb=${asked.verb} --resource=${asked.resource}${asked.group ? `.${asked.group}` : ""}${where}`,
          ),
    ],
    decidedBy: "RBAC",
    reason: "403",
  };
}

/** ClusterRoles that would allow it, those that allow least first, without the system's own. */
function rolesThatWould({ client, mayRead }: Scope, asked: Attributes): KubeObject[] {
  const roles = client.list<KubeObject>(`clusterroles.${group}`);
  const would = roles.filter(({ metadata }) => {
    if (metadata.name.startsWith("system:") || metadata.name.startsWith("podyard:")) return false;
    const rules = rulesOf(
      { apiGroup: group, kind: "ClusterRole", name: metadata.name },
      "",
      client,
    );
    return (
      typeof rules !== "string" &&
      mayRead(`clusterroles.${group}`, "", metadata.name) &&
      rules.some((rule) => ruleAllows(rule, asked))
    );
  });
  const order = ["view", "edit", "admin", "cluster-admin"];
  const rank = ({ metadata }: KubeObject): number =>
    (order.indexOf(metadata.name) + order.length + 1) % (order.length + 1);
  return would.sort((a, b) => rank(a) - rank(b)).slice(0, 3);
}
