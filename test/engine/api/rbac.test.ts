/** Who may do what: RBAC through the API, its texts, escalation, and the reviews that ask about it. */
import { describe, expect, test } from "vitest";
import {
  authorize,
  type Attributes,
} from "../../../durable-objects/engine/api/auth/authorization.ts";
import type { Reader } from "../../../durable-objects/engine/ports/controller.ts";
import type { KubeObject } from "../../../durable-objects/engine/core/object.ts";
import type { User } from "../../../durable-objects/engine/ports/request.ts";
import { World, type Answer, type RequestOptions } from "../../helpers/world.ts";

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
    // What is told is the refusal of the first mode that is for such a user.
    expect(text("carl")).toBe(
      'pods is forbidden: User "amy" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "default"',
    );
    expect(text("system:serviceaccount:a:b")).toContain("impersonate-on:serviceaccount:list");
    expect(text("system:node:n")).toContain("impersonate-on:arbitrary-node:list");
  });

  test("impersonation can be constrained to what is done with it", () => {
    const world = new World();
    const info = { apiGroups: ["authentication.k8s.io"] };
    world.create(
      clusterRole("actor", [
        rule("impersonate:user-info", "users", { ...info, resourceNames: ["bob"] }),
        rule("impersonate:user-info", "groups", info),
        rule("impersonate-on:user-info:list", "pods"),
      ]),
      clusterBinding("actor", "actor", user("amy")),
      binding("bob", "ClusterRole/view", user("bob")),
    );
    const ask = (path: string, headers: Record<string, string>): [number, string] => {
      const asker = { name: "amy", groups: ["system:authenticated"] };
      const answer = world.engine.handle(
        { method: "GET", path, query: "", headers, user: asker },
        world.now,
      ) as { status: number; body: string };
      return [answer.status, JSON.parse(answer.body).message ?? ""];
    };
    expect(ask(pods, { "impersonate-user": "bob" })[0]).toBe(200);
    expect(ask("/api/v1/namespaces/default/services", { "impersonate-user": "bob" })).toEqual([
      403,
      'services is forbidden: User "amy" cannot impersonate-on:user-info:list resource "services" in API group "" in the namespace "default"',
    ]);
    expect(ask(pods, { "impersonate-user": "carl" })).toEqual([
      403,
      'users.authentication.k8s.io "carl" is forbidden: User "amy" cannot impersonate:user-info resource "users" in API group "authentication.k8s.io" at the cluster scope',
    ]);
    expect(ask(pods, { "impersonate-user": "bob", "impersonate-group": "system:masters" })).toEqual(
      [
        403,
        'groups.authentication.k8s.io "system:masters" is forbidden: User "amy" cannot impersonate:user-info resource "groups" in API group "authentication.k8s.io" at the cluster scope: impersonating the system:masters group is not allowed',
      ],
    );
    expect(ask(pods, { "impersonate-group": "dev" })).toEqual([
      400,
      'requested &user.DefaultInfo{Name:"", UID:"", Groups:[]string{"dev"}, Extra:map[string][]string(nil)} without impersonating a user name',
    ]);
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

describe("controllers", () => {
  test("each that acts under an account of its own has a role and its binding", () => {
    const world = new World();
    const accounts: KubeObject[] = world.get(
      "/api/v1/namespaces/kube-system/serviceaccounts",
    ).items;
    const bindings: KubeObject[] = world.get(`${rbac}/clusterrolebindings`).items;
    // Of the namespace, of kubeadm's addons, and two that have Roles.
    const others = new Set([
      "bootstrap-signer",
      "coredns",
      "default",
      "kube-proxy",
      "token-cleaner",
    ]);
    const controllers = accounts.map((one) => one.metadata.name).filter((one) => !others.has(one));
    expect(controllers).toHaveLength(35);
    for (const account of controllers) {
      const name = `system:controller:${account}`;
      expect(bindings.find((one) => one.metadata.name === name)).toMatchObject({
        roleRef: { apiGroup: group, kind: "ClusterRole", name },
        subjects: [{ kind: "ServiceAccount", name: account, namespace: "kube-system" }],
      });
    }
    expect(world.get(`${rbac}/clusterroles/system:controller:ttl-controller`)).toMatchObject({
      metadata: {
        annotations: { "rbac.authorization.kubernetes.io/autoupdate": "true" },
        labels: { "kubernetes.io/bootstrapping": "rbac-defaults" },
      },
      rules: [
        { apiGroups: [""], resources: ["nodes"], verbs: ["list", "patch", "update", "watch"] },
        { apiGroups: ["", "events.k8s.io"], resources: ["events"] },
      ],
    });
  });

  test("their accounts may do what their work is, and no more", () => {
    const world = new World();
    const account = "system:serviceaccount:kube-system:deployment-controller";
    const may = as(account, "system:serviceaccounts", "system:serviceaccounts:kube-system");
    expect(world.request("GET", "/apis/apps/v1/deployments", undefined, may).status).toBe(200);
    expect(world.request("GET", "/api/v1/secrets", undefined, may).status).toBe(403);
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

  function tokenOf(world: World, spec: object): { status: number; body: Answer["body"] } {
    const url = "/api/v1/namespaces/default/serviceaccounts/default/token";
    return world.request("POST", url, { apiVersion: authn, kind: "TokenRequest", spec });
  }

  test("whose token is this", () => {
    const world = new World();
    world.settle();
    const { token } = tokenOf(world, {}).body.status;
    const found = review(world, authn, "TokenReview", { token }).body.status;
    expect(found).toMatchObject({
      authenticated: true,
      user: { username: "system:serviceaccount:default:default" },
    });
    const refused = (spec: object): string => {
      const { authenticated, error } = review(world, authn, "TokenReview", spec).body.status;
      expect(authenticated).toBeUndefined();
      return error;
    };
    expect(refused({ token, audiences: ["vault"] })).toBe(
      'token audiences ["https://kubernetes.default.svc.cluster.local"] is invalid for the target audiences ["vault"]',
    );
    expect(refused({ token: `${token}x` })).toBe(
      "go-jose/go-jose: error in cryptographic primitive",
    );
    expect(refused({ token: "x" })).toBe("invalid bearer token");
    // A cluster that nobody looks at stands still.
    for (let minute = 0; minute < 60; minute += 5) {
      world.advance(300_000);
      world.get("/version");
    }
    world.advance(30_000);
    expect(review(world, authn, "TokenReview", { token }).body.status.authenticated).toBe(true);
    world.advance(31_000);
    expect(refused({ token })).toBe("service account token has expired");
  });

  test("a Pod's token says where it runs and dies with it", () => {
    const world = new World();
    world.create(
      `{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: nginx}]}}`,
    );
    world.settle();
    const pod = world.get(`${pods}/web`);
    const node = world.get(`/api/v1/nodes/${pod.spec.nodeName}`).metadata;
    const boundObjectRef = { apiVersion: "v1", kind: "Pod", name: "web", uid: pod.metadata.uid };
    const answer = tokenOf(world, { boundObjectRef, expirationSeconds: 3607 }).body;
    const { token } = answer.status;
    expect(JSON.parse(atob(token.split(".")[1]))).toMatchObject({
      exp: Math.floor(world.now / 1000) + 365 * 24 * 3600,
      "kubernetes.io": {
        warnafter: Math.floor(world.now / 1000) + 3607,
        node: { name: node.name },
      },
    });
    const { user: who } = review(world, authn, "TokenReview", { token }).body.status;
    expect(who.extra).toMatchObject({
      "authentication.kubernetes.io/pod-name": ["web"],
      "authentication.kubernetes.io/pod-uid": [pod.metadata.uid],
      "authentication.kubernetes.io/node-name": [node.name],
      "authentication.kubernetes.io/node-uid": [node.uid],
    });
    world.delete(`${pods}/web?gracePeriodSeconds=0`);
    expect(review(world, authn, "TokenReview", { token }).body.status.error).toBe(
      "service account token has been invalidated",
    );
  });

  test.each([
    [
      { boundObjectRef: { apiVersion: "v1", kind: "Pod", name: "web" } },
      '400 cannot bind token for serviceaccount "default" to pod running with different serviceaccount name.',
    ],
    [
      { boundObjectRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } },
      "400 cannot bind token to object of type apps/v1, Kind=Deployment",
    ],
    [
      { boundObjectRef: { apiVersion: "v1", kind: "Node", name: "gone" } },
      '404 nodes "gone" not found',
    ],
    [
      { boundObjectRef: { apiVersion: "v1", kind: "Node", name: "node-1", uid: "x" } },
      /^409 Operation cannot be fulfilled on Node "node-1": the UID in the bound object reference \(x\) does not match/,
    ],
    [
      { expirationSeconds: 60 },
      '422 TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    ],
  ])("a token for %j is refused", (spec, text) => {
    const world = new World();
    world.create(
      `{apiVersion: v1, kind: ServiceAccount, metadata: {name: other, namespace: default}}`,
      `{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {serviceAccountName: other, containers: [{name: c, image: nginx}]}}`,
    );
    expect(said(tokenOf(world, spec) as Answer)).toMatch(text);
  });

  test("a node that is impersonated is of the nodes' group", () => {
    const { body } = review(new World(), authn, "SelfSubjectReview", {}, as("system:node:n1"));
    expect(body.status.userInfo.groups).toEqual(["system:nodes", "system:authenticated"]);
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
