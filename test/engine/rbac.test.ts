/** Who may do what: RBAC through the API, its texts, escalation, and the reviews that ask about it. */
import { describe, expect, test } from "vitest";
import { authorize, type Attributes } from "../../durable-objects/engine/api/authorization.ts";
import type { Reader } from "../../durable-objects/engine/controllers/define.ts";
import type { KubeObject } from "../../durable-objects/engine/core/object.ts";
import type { User } from "../../durable-objects/engine/ports.ts";
import { World, type Answer, type RequestOptions } from "../helpers/world.ts";

const group = "rbac.authorization.k8s.io";
const pods = "/api/v1/namespaces/default/pods";
const rbac = `/apis/${group}/v1`;

const rule = (verbs: string, resources: string, more: object = {}): object => ({
  apiGroups: [""],
  resources: resources.split(","),
  verbs: verbs.split(","),
  ...more,
});
const role = (name: string, ...rules: object[]): object => ({
  apiVersion: `${group}/v1`,
  kind: "Role",
  metadata: { name },
  rules,
});
const clusterRole = (
  name: string,
  rules: object[],
  metadata: object = {},
  more: object = {},
): object => ({
  apiVersion: `${group}/v1`,
  kind: "ClusterRole",
  metadata: { name, ...metadata },
  rules,
  ...more,
});
const binding = (name: string, to: string, ...subjects: object[]): object => {
  const [kind, roleName] = to.split("/");
  return {
    apiVersion: `${group}/v1`,
    kind: "RoleBinding",
    metadata: { name },
    roleRef: { kind, name: roleName },
    subjects,
  };
};
const clusterBinding = (name: string, to: string, ...subjects: object[]): object => ({
  ...binding(name, `ClusterRole/${to}`, ...subjects),
  kind: "ClusterRoleBinding",
});
const user = (name: string): object => ({ kind: "User", name });
const as = (name: string, ...groups: string[]): RequestOptions => ({
  headers: {
    "impersonate-user": name,
    ...(groups.length ? { "impersonate-group": groups.join("\n") } : {}),
  },
});
const said = ({ status, body }: Answer): string =>
  status < 300 ? "" : `${status} ${body.message}`;

describe("requests of users", () => {
  test.each<[string, string, string]>([
    [
      "GET",
      pods,
      '403 pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
    ],
    [
      "GET",
      `${pods}/web`,
      '403 pods "web" is forbidden: User "jane" cannot get resource "pods" in API group "" in the namespace "default"',
    ],
    [
      "GET",
      `${pods}/web/log`,
      '403 pods "web" is forbidden: User "jane" cannot get resource "pods/log" in API group "" in the namespace "default"',
    ],
    [
      "DELETE",
      "/apis/apps/v1/namespaces/default/deployments/web",
      '403 deployments.apps "web" is forbidden: User "jane" cannot delete resource "deployments" in API group "apps" in the namespace "default"',
    ],
    [
      "GET",
      "/api/v1/nodes",
      '403 nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope',
    ],
    ["GET", "/metrics", '403 forbidden: User "jane" cannot get path "/metrics"'],
    ["GET", "/version", ""],
  ])("%s %s without any role", (method, url, message) => {
    expect(said(new World().request(method, url, undefined, as("jane")))).toBe(message);
  });

  test("a role lets through what it names, and a binding gone takes it away", () => {
    const world = new World();
    world.create(
      role(
        "reader",
        rule("get,list", "pods", { resourceNames: undefined }),
        rule("get", "secrets", { resourceNames: ["mine"] }),
      ),
      binding(
        "b",
        "Role/reader",
        user("jane"),
        { kind: "Group", name: "dev" },
        { kind: "ServiceAccount", name: "robot" },
      ),
    );
    const list = (options: RequestOptions): number =>
      world.request("GET", pods, undefined, options).status;
    expect(list(as("jane"))).toBe(200);
    expect(list(as("joe", "dev"))).toBe(200);
    expect(list(as("system:serviceaccount:default:robot"))).toBe(200);
    expect(list(as("system:serviceaccount:other:robot"))).toBe(403);
    const secret = (name: string): number =>
      world.request("GET", `/api/v1/namespaces/default/secrets/${name}`, undefined, as("jane"))
        .status;
    expect([secret("mine"), secret("yours")]).toEqual([404, 403]);
    expect(
      world.request("GET", "/api/v1/namespaces/kube-system/pods", undefined, as("jane")).status,
    ).toBe(403);
    world.delete(`${rbac}/namespaces/default/rolebindings/b`);
    expect(list(as("jane"))).toBe(403);
  });

  test("a binding to a role that is not there says so", () => {
    const world = new World();
    world.create(
      binding("a", "Role/nope", user("jane")),
      binding("b", "ClusterRole/nope", user("jane")),
    );
    expect(said(world.request("GET", pods, undefined, as("jane")))).toBe(
      `403 pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default": RBAC: [role.${group} "nope" not found, clusterrole.${group} "nope" not found]`,
    );
  });

  test("an aggregated role grows with what it selects", () => {
    const world = new World();
    world.create(binding("b", "ClusterRole/view", user("jane")));
    const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
    expect(world.request("GET", leases, undefined, as("jane")).status).toBe(403);
    const labels = { [`${group}/aggregate-to-view`]: "true" };
    const rules = [rule("list", "leases", { apiGroups: ["coordination.k8s.io"] })];
    world.create(clusterRole("leases-viewer", rules, { labels }));
    expect(world.request("GET", leases, undefined, as("jane")).status).toBe(200);
  });

  test.each(["view", "edit", "admin"])("%s holds what real clusters give it", (name) => {
    const found = new World().get(`${rbac}/clusterroles/${name}`);
    const may = (verb: string, resource: string): boolean =>
      found.rules.some(
        (r: { verbs: string[]; resources: string[] }) =>
          r.resources.includes(resource) && r.verbs.includes(verb),
      );
    expect([
      may("list", "pods"),
      may("create", "pods"),
      may("create", "roles"),
      may("get", "secrets"),
    ]).toEqual([true, name !== "view", name === "admin", name !== "view"]);
  });

  test("impersonating asks for the right to", () => {
    const world = new World();
    world.create(
      clusterRole("actor", [rule("impersonate", "users", { resourceNames: ["bob"] })]),
      clusterBinding("actor", "actor", user("amy")),
    );
    const request = {
      method: "GET",
      path: pods,
      query: "",
      user: { name: "amy", groups: ["system:authenticated"] },
    };
    const text = (target: string): string => {
      const answer = world.engine.handle(
        { ...request, headers: { "impersonate-user": target } },
        world.now,
      );
      return JSON.parse((answer as { body: string }).body).message;
    };
    expect(text("bob")).toContain('User "bob" cannot list resource "pods"');
    expect(text("carl")).toBe(
      'users "carl" is forbidden: User "amy" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
  });
});

describe("escalation", () => {
  function worldOf(...rules: object[]): World {
    const world = new World();
    world.create(role("maker", ...rules), binding("maker", "Role/maker", user("jo")));
    return world;
  }
  const roles = `${rbac}/namespaces/default/roles`;
  const bindings = `${rbac}/namespaces/default/rolebindings`;
  const writes = rule("create,update,patch", "roles,rolebindings", { apiGroups: [group] });

  test("nobody grants what they do not hold", () => {
    const world = worldOf(writes, rule("get", "pods"));
    const jo = as("jo", "dev");
    expect(said(world.request("POST", roles, role("same", rule("get", "pods")), jo))).toBe("");
    expect(
      said(world.request("POST", roles, role("more", rule("get,list", "pods,secrets")), jo)),
    ).toBe(
      `403 roles.${group} "more" is forbidden: user "jo" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n` +
        '{APIGroups:[""], Resources:["pods"], Verbs:["list"]}\n' +
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
    );
    expect(world.request("GET", `${roles}/more`).status).toBe(404);
  });

  test("binding needs the rules, or the verb bind", () => {
    const world = worldOf(writes);
    const jo = as("jo");
    world.create(role("small", rule("get", "pods")));
    const bind = (): string =>
      said(world.request("POST", bindings, binding("b", "Role/small", user("jo")), jo));
    expect(bind()).toBe(
      `403 rolebindings.${group} "b" is forbidden: user "jo" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`,
    );
    world.create(
      role("binder", rule("bind", "roles", { apiGroups: [group], resourceNames: ["small"] })),
      binding("binder", "Role/binder", user("jo")),
    );
    expect(bind()).toBe("");
  });

  test("the verb escalate lifts the ban", () => {
    const world = worldOf(writes, rule("escalate", "roles", { apiGroups: [group] }));
    expect(said(world.request("POST", roles, role("all", rule("*", "*")), as("jo")))).toBe("");
  });

  test("binding a role that is not there is 404", () => {
    const answer = worldOf(writes).request(
      "POST",
      bindings,
      binding("b", "Role/nope", user("jo")),
      as("jo"),
    );
    expect(said(answer)).toBe(`404 roles.${group} "nope" not found`);
  });

  test("an aggregation rule is for cluster admins", () => {
    const world = new World();
    world.create(
      clusterRole("maker", [rule("create", "clusterroles", { apiGroups: [group] })]),
      clusterBinding("maker", "maker", user("jo")),
    );
    const gathering = clusterRole(
      "g",
      [],
      {},
      { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: "b" } }] } },
    );
    expect(said(world.request("POST", `${rbac}/clusterroles`, gathering, as("jo")))).toBe(
      `403 clusterroles.${group} "g" is forbidden: must have cluster-admin privileges to use the aggregationRule`,
    );
  });
});

describe("rules", () => {
  const attributes = (more: Partial<Attributes>): Attributes => ({
    verb: "get",
    group: "",
    resource: "pods",
    subresource: "",
    name: "",
    namespace: "",
    path: "",
    ...more,
  });
  const jane: User = { name: "jane", groups: [] };

  function readerOf(rules: object[]): Reader {
    const objects: Record<string, KubeObject[]> = {
      [`clusterroles.${group}`]: [clusterRole("r", rules) as KubeObject],
      [`clusterrolebindings.${group}`]: [clusterBinding("b", "r", user("jane")) as KubeObject],
    };
    return {
      now: 0,
      list: (resource: string) => objects[resource] ?? [],
      get: (resource: string, _ns: string, name: string) =>
        objects[resource]?.find((o) => o.metadata.name === name),
    } as unknown as Reader;
  }

  test.each<[string, object, Partial<Attributes>, boolean]>([
    ["the resource itself", rule("get", "pods"), {}, true],
    ["another verb", rule("list", "pods"), {}, false],
    ["any verb", rule("*", "pods"), {}, true],
    ["another group", rule("get", "pods"), { group: "apps" }, false],
    ["any group", rule("get", "pods", { apiGroups: ["*"] }), { group: "apps" }, true],
    ["a subresource is not its resource", rule("get", "pods"), { subresource: "log" }, false],
    ["a subresource by name", rule("get", "pods/log"), { subresource: "log" }, true],
    ["a subresource of anything", rule("get", "*/log"), { subresource: "log" }, true],
    ["anything covers subresources", rule("get", "*"), { subresource: "log" }, true],
    ["a name", rule("get", "pods", { resourceNames: ["a"] }), { name: "a" }, true],
    ["a list has no name", rule("get", "pods", { resourceNames: ["a"] }), {}, false],
    [
      "a path",
      { verbs: ["get"], nonResourceURLs: ["/healthz"] },
      { resource: "", path: "/healthz" },
      true,
    ],
    [
      "a path by its start",
      { verbs: ["get"], nonResourceURLs: ["/apis/*"] },
      { resource: "", path: "/apis/apps" },
      true,
    ],
    [
      "a path that differs",
      { verbs: ["get"], nonResourceURLs: ["/healthz"] },
      { resource: "", path: "/healthz/a" },
      false,
    ],
    ["paths are no resources", { verbs: ["*"], nonResourceURLs: ["*"] }, {}, false],
    [
      "resources are no paths",
      rule("*", "*", { apiGroups: ["*"] }),
      { resource: "", path: "/metrics" },
      false,
    ],
  ])("%s", (_what, granted, asked, allowed) => {
    expect(authorize(jane, attributes(asked), readerOf([granted])).allowed).toBe(allowed);
  });

  test("system:masters asks nobody", () => {
    const root: User = { name: "root", groups: ["system:masters"] };
    expect(authorize(root, attributes({}), readerOf([])).allowed).toBe(true);
  });
});

describe("reviews", () => {
  const review = (
    world: World,
    apiVersion: string,
    kind: string,
    spec: object,
    options: RequestOptions = {},
    ns = "",
  ): Answer => {
    const where = ns ? `namespaces/${ns}/` : "";
    const metadata = ns ? { namespace: ns } : {};
    const body = { apiVersion, kind, metadata, spec };
    return world.request(
      "POST",
      `/apis/${apiVersion}/${where}${kind.toLowerCase()}s`,
      body,
      options,
    );
  };
  const authz = "authorization.k8s.io/v1";
  const authn = "authentication.k8s.io/v1";
  const ask = { resourceAttributes: { verb: "list", resource: "pods", namespace: "default" } };

  test("may I", () => {
    const world = new World();
    world.create(binding("v", "ClusterRole/view", user("jane")));
    const self = (who: string): object =>
      review(world, authz, "SelfSubjectAccessReview", ask, as(who)).body.status;
    expect(self("jane")).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "v/default" of ClusterRole "view" to User "jane"',
    });
    expect(self("joe")).toEqual({ allowed: false });
  });

  test("may they", () => {
    const world = new World();
    world.create(binding("v", "ClusterRole/view", { kind: "Group", name: "dev" }));
    const spec = { ...ask, user: "x", groups: ["dev"] };
    const answer = review(world, authz, "SubjectAccessReview", spec);
    expect([answer.status, answer.body.status.allowed]).toEqual([201, true]);
    expect(
      review(world, authz, "LocalSubjectAccessReview", spec, {}, "default").body.status.allowed,
    ).toBe(true);
  });

  test.each<[string, object, string]>([
    [
      "SelfSubjectAccessReview",
      {},
      'SelfSubjectAccessReview.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    ],
    [
      "SubjectAccessReview",
      ask,
      'SubjectAccessReview.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
    ],
    ["SelfSubjectRulesReview", {}, "no namespace on request"],
  ])("%s of %j is refused", (kind, spec, message) => {
    expect(review(new World(), authz, kind, spec).body.message).toBe(message);
  });

  test("what may I do here", () => {
    const world = new World();
    world.create(
      role("r", rule("get", "pods", { resourceNames: ["a"] })),
      binding("b", "Role/r", user("jane")),
    );
    const { status } = review(
      world,
      authz,
      "SelfSubjectRulesReview",
      { namespace: "default" },
      as("jane"),
    ).body;
    expect(status.incomplete).toBe(false);
    expect(status.resourceRules).toContainEqual({
      verbs: ["get"],
      apiGroups: [""],
      resources: ["pods"],
      resourceNames: ["a"],
    });
    expect(status.nonResourceRules).toContainEqual({
      verbs: ["get"],
      nonResourceURLs: expect.arrayContaining(["/healthz"]),
    });
  });

  test("who am I", () => {
    const { body } = review(new World(), authn, "SelfSubjectReview", {}, as("jane", "dev"));
    expect(body.status.userInfo).toEqual({
      username: "jane",
      groups: ["dev", "system:authenticated"],
    });
  });

  test("whose token is this", () => {
    const world = new World();
    world.settle();
    const url = "/api/v1/namespaces/default/serviceaccounts/default/token";
    const { body } = world.request("POST", url, {
      apiVersion: authn,
      kind: "TokenRequest",
      spec: {},
    });
    const { token } = body.status;
    const found = review(world, authn, "TokenReview", { token }).body.status;
    expect(found).toMatchObject({
      authenticated: true,
      user: { username: "system:serviceaccount:default:default" },
    });
    const other = review(world, authn, "TokenReview", { token, audiences: ["vault"] }).body.status;
    expect(other).toMatchObject({
      error: expect.stringContaining("is invalid for the target audiences"),
    });
    const forged = review(world, authn, "TokenReview", { token: `${token}x` }).body.status;
    expect(forged.authenticated).toBeUndefined();
    expect(forged.error).toBe("invalid bearer token");
  });

  test("nothing of this can be listed or shown as a Table", () => {
    const world = new World();
    const url = `/apis/${authz}/selfsubjectaccessreviews`;
    expect(world.request("GET", url).status).toBe(405);
    const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
    const body = { apiVersion: authz, kind: "SelfSubjectAccessReview", spec: ask };
    expect(world.request("POST", url, body, { accept }).status).toBe(406);
  });
});
