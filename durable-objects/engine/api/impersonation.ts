/** `--as`: who the request counts as. k8s: apiserver/pkg/endpoints/filters/impersonation */
import type { Reader } from "../controllers/define.ts";
import type { ApiRequest, User } from "../ports.ts";
import { authorize } from "./authorization.ts";
import * as status from "./status.ts";

const extraPrefix = "impersonate-extra-";

export function impersonated(reader: Reader, request: ApiRequest, asker: User): User {
  const { headers } = request;
  const name = headers["impersonate-user"] ?? "";
  const groups = (headers["impersonate-group"] ?? "").split(/\n|, /).filter(Boolean);
  const uid = headers["impersonate-uid"] ?? "";
  const extra: Record<string, string[]> = {};
  for (const [key, value] of Object.entries(headers)) {
    if (key.startsWith(extraPrefix))
      extra[decodeURIComponent(key.slice(extraPrefix.length))] = value.split(", ");
  }
  const hasExtra = Object.keys(extra).length > 0;
  if (!name) {
    if (groups.length || uid || hasExtra) {
      throw status.internalError("requested impersonation without impersonating a user");
    }
    return asker;
  }
  const serviceAccount = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (serviceAccount)
    check(
      reader,
      asker,
      "",
      "serviceaccounts",
      serviceAccount[2] as string,
      serviceAccount[1] as string,
    );
  else check(reader, asker, "", "users", name, "");
  for (const group of groups) check(reader, asker, "", "groups", group, "");
  if (uid) check(reader, asker, "authentication.k8s.io", "uids", uid, "");
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values)
      check(reader, asker, "authentication.k8s.io", `userextras/${key}`, value, "");
  }
  const all = new Set(groups);
  if (serviceAccount && groups.length === 0) {
    all.add("system:serviceaccounts");
    all.add(`system:serviceaccounts:${serviceAccount[1]}`);
  }
  if (name === "system:anonymous") all.add("system:unauthenticated");
  else if (!all.has("system:unauthenticated")) all.add("system:authenticated");
  return { name, groups: [...all], ...(uid ? { uid } : {}), ...(hasExtra ? { extra } : {}) };
}

function check(
  reader: Reader,
  asker: User,
  group: string,
  resource: string,
  name: string,
  namespace: string,
): void {
  const [plural = "", subresource = ""] = resource.split("/");
  const decision = authorize(
    asker,
    { verb: "impersonate", group, resource: plural, subresource, name, namespace, path: "" },
    reader,
  );
  if (decision.allowed) return;
  const where = namespace ? `in the namespace "${namespace}"` : "at the cluster scope";
  throw status.forbidden(
    { group, plural },
    name,
    `User "${asker.name}" cannot impersonate resource "${resource}" in API group "${group}" ${where}${decision.reason ? `: ${decision.reason}` : ""}`,
  );
}
