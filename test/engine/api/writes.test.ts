import { beforeEach, describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

/** Names made, finalizers, ways of deleting, tokens, warnings. */

const maps = "/api/v1/namespaces/default/configmaps";
const pods = "/api/v1/namespaces/default/pods";
const map = (metadata: object): object => ({ apiVersion: "v1", kind: "ConfigMap", metadata });
const pod = (name: string, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "c", image: "nginx" }], ...spec },
});

let world: World;
beforeEach(() => void (world = new World()));

describe("generateName", () => {
  test("makes names of at most 63 characters", () => {
    const made = (generateName: string): string =>
      world.request("POST", maps, map({ generateName })).body.metadata.name;
    expect(made("a-")).toMatch(/^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(made("x".repeat(70))).toMatch(/^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(new Set([1, 2, 3, 4].map(() => made("b-"))).size).toBe(4);
  });

  test("of a bad base is refused by the name it makes", () => {
    const { status, body } = world.request("POST", maps, map({ generateName: "B_" }));
    expect(status).toBe(422);
    expect(body.details.causes.map((c: { field: string }) => c.field)).toEqual(["metadata.name"]);
  });
});

describe("create by PUT", () => {
  const lease = (spec: object): object => ({
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "l" },
    spec,
  });
  test("where the kind allows it", () => {
    const url = "/apis/coordination.k8s.io/v1/namespaces/default/leases/l";
    expect(world.request("PUT", url, lease({ holderIdentity: "a" })).status).toBe(201);
    const { status, body } = world.request("PUT", url, lease({ holderIdentity: "b" }));
    expect([status, body.message]).toEqual([
      422,
      'Lease.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    ]);
  });
});

describe("deletion", () => {
  test("answers with a Status, or with the object, as upstream's kinds do", () => {
    world.create(map({ name: "a" }), {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "s" },
    });
    const { uid } = world.get(`${maps}/a`).metadata;
    expect(world.delete(`${maps}/a`).body).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Success",
      details: { name: "a", kind: "configmaps", uid },
    });
    const account = world.delete("/api/v1/namespaces/default/serviceaccounts/s");
    expect([account.status, account.body.kind]).toEqual([200, "ServiceAccount"]);
  });

  test("waits for finalizers", () => {
    world.create(map({ name: "a", finalizers: ["example.com/keep"] }));
    const { status, body } = world.delete(`${maps}/a`);
    expect([status, body.metadata.deletionGracePeriodSeconds]).toEqual([200, 0]);
    expect(body.metadata.deletionTimestamp).toBeDefined();
    const { rv } = world.engine.store;
    world.delete(`${maps}/a`);
    expect(world.engine.store.rv).toBe(rv);
    const added = { metadata: { finalizers: ["example.com/keep", "example.com/more"] } };
    const late = world.request("PATCH", `${maps}/a`, added, {
      type: "application/merge-patch+json",
    });
    expect([late.status, late.body.message]).toEqual([
      422,
      expect.stringContaining(
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted",
      ),
    ]);
    world.patch(`${maps}/a`, { metadata: { finalizers: null } });
    expect(world.request("GET", `${maps}/a`).status).toBe(404);
  });

  test.each([
    [{ propagationPolicy: "Foreground" }, 200, ["foregroundDeletion"]],
    [{ propagationPolicy: "Orphan" }, 200, ["orphan"]],
    [{ orphanDependents: true }, 200, ["orphan"]],
  ])("%j", (options, code, finalizers) => {
    world.create(map({ name: "a" }));
    const { status, body } = world.delete(`${maps}/a`, options);
    expect([status, body.metadata.finalizers]).toEqual([code, finalizers]);
  });

  test("of a Pod takes its grace period, which can only be shortened", () => {
    world.create(pod("p", { nodeName: "nowhere" }));
    const grace = (seconds?: number): unknown =>
      world.delete(`${pods}/p`, seconds === undefined ? {} : { gracePeriodSeconds: seconds }).body
        .metadata?.deletionGracePeriodSeconds;
    expect([grace(20), grace(40), grace(10), grace(15)]).toEqual([20, 20, 10, 10]);
    grace(0);
    expect(world.request("GET", `${pods}/p`).status).toBe(404);
  });

  test("without grace is seen as a change first, then as the end", () => {
    world.create(pod("p", { nodeName: "nowhere" }));
    const watch = world.watch(`${pods}?watch=1&resourceVersion=${world.engine.store.rv}`);
    world.delete(`${pods}/p`, { gracePeriodSeconds: 0 });
    expect(watch.read().map((e) => [e.type, e.object.metadata.deletionGracePeriodSeconds])).toEqual(
      [
        ["MODIFIED", 0],
        ["DELETED", 0],
      ],
    );
  });
});

describe("parts of objects", () => {
  const web = "/apis/apps/v1/namespaces/default/deployments/web";
  const merge = "application/merge-patch+json";
  beforeEach(() =>
    world.create({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "web" } },
        template: {
          metadata: { labels: { app: "web" } },
          spec: { containers: [{ name: "c", image: "nginx" }] },
        },
      },
    }),
  );

  test("scale", () => {
    expect(world.get(`${web}/scale`)).toMatchObject({
      kind: "Scale",
      apiVersion: "autoscaling/v1",
      spec: { replicas: 2 },
      status: { selector: "app=web" },
    });
    const { generation } = world.get(web).metadata;
    const patched = world.request(
      "PATCH",
      `${web}/scale`,
      { spec: { replicas: 4 } },
      { type: merge },
    );
    expect([patched.status, patched.body.spec]).toEqual([200, { replicas: 4 }]);
    expect(world.get(web)).toMatchObject({
      spec: { replicas: 4 },
      metadata: { generation: generation + 1 },
    });
    const bad = world.request("PATCH", `${web}/scale`, { spec: { replicas: -1 } }, { type: merge });
    expect([bad.status, bad.body.message]).toEqual([
      422,
      'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ]);
  });

  test("scale takes no Deployment for a Scale", () => {
    const body = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } };
    const { status, body: answer } = world.request("PUT", `${web}/scale`, body);
    expect([status, answer.message]).toEqual([
      400,
      'Deployment in version "v1" cannot be handled as a Scale: converting (v1.Deployment) to (autoscaling.Scale): unknown conversion',
    ]);
    expect(world.get(web).spec.replicas).toBe(2);
  });

  test("scale as a Table", () => {
    expect(world.print(`${web}/scale`)).toMatch(
      /^NAME +DESIRED +AVAILABLE +AGE\nweb +2 +\d +\d+s$/,
    );
  });

  test("status is written alone, and alone is not written by the rest", () => {
    const url = "/apis/networking.k8s.io/v1/namespaces/default/ingresses/i";
    const backend = { service: { name: "s", port: { number: 80 } } };
    world.create({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: "i" },
      spec: { ingressClassName: "a", defaultBackend: backend },
    });
    const both = (ip: string): object => ({
      metadata: { labels: { a: "b" } },
      spec: { ingressClassName: "b" },
      status: { loadBalancer: { ingress: [{ ip }] } },
    });
    const seen = (at: string, ip: string): unknown[] => {
      const { metadata, spec, status } = world.patch(at, both(ip)).body;
      return [metadata.labels, spec.ingressClassName, status.loadBalancer.ingress?.[0].ip];
    };
    // k8s: pkg/registry/networking/ingress/strategy.go ingressStatusStrategy: the labels may come with it
    expect(seen(`${url}/status`, "10.0.0.1")).toEqual([{ a: "b" }, "a", "10.0.0.1"]);
    expect(seen(url, "10.0.0.2")).toEqual([{ a: "b" }, "b", "10.0.0.1"]);
  });

  test("an update of revision 0 is one of whatever is there", () => {
    const url = "/api/v1/nodes/node-1";
    const node = world.get(url);
    const put = (resourceVersion: string) =>
      world.request("PUT", `${url}/status`, {
        ...node,
        metadata: { ...node.metadata, resourceVersion },
      });
    expect(put("1").status).toBe(409);
    expect(put("0").status).toBe(200);
  });

  test("a Namespace is finalized by PUT", () => {
    const url = "/api/v1/namespaces/n";
    world.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } });
    const body = { ...world.get(url), spec: {} };
    expect(world.request("PUT", `${url}/finalize`, body).body.spec).toEqual({});
    expect(world.delete(url).status).toBe(200);
    expect(world.request("GET", url).status).toBe(404);
  });
});

describe("tokens", () => {
  const accounts = "/api/v1/namespaces/default/serviceaccounts";
  const token = (spec: object = {}): string =>
    world.request("POST", `${accounts}/default/token`, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec,
    }).body.status.token;
  const bearer = (value: string): { headers: Record<string, string> } => ({
    headers: { authorization: `Bearer ${value}` },
  });
  const who = (value: string): { status: number; body: { message?: string; status?: unknown } } =>
    world.request(
      "POST",
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
      bearer(value),
    );
  const unauthorized = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: "Unauthorized",
    reason: "Unauthorized",
    code: 401,
  };

  test("stand for their account, with its rights", () => {
    const good = token();
    expect(who(good).body.status).toMatchObject({
      userInfo: {
        username: "system:serviceaccount:default:default",
        groups: [
          "system:serviceaccounts",
          "system:serviceaccounts:default",
          "system:authenticated",
        ],
      },
    });
    const { status, body } = world.request("GET", pods, undefined, bearer(good));
    expect([status, body.message]).toEqual([
      403,
      'pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"',
    ]);
  });

  test("are refused when forged, over, for others, or their account is gone", () => {
    const good = token();
    const [head = "", claims = "", signature = ""] = good.split(".");
    expect(who("nonsense").body).toEqual(unauthorized);
    expect(who(`${head}.${claims}.${[...signature].reverse().join("")}`).body).toEqual(
      unauthorized,
    );
    expect(who(token({ audiences: ["vault"] })).body).toEqual(unauthorized);
    // Time stands still where nobody looks.
    for (let minutes = 0; minutes <= 60; minutes += 5) {
      world.advance(300_000);
      world.get("/version");
    }
    expect(who(good).body).toEqual(unauthorized);
    const fresh = token();
    expect(who(fresh).status).toBe(201);
    world.delete(`${accounts}/default`);
    expect(who(fresh).body).toEqual(unauthorized);
  });

  test("can be checked by others", () => {
    const review = (value: string): unknown =>
      world.request("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenReview",
        spec: { token: value },
      }).body.status;
    expect(review(token())).toMatchObject({
      authenticated: true,
      user: { username: "system:serviceaccount:default:default" },
    });
    expect(review("nonsense")).toMatchObject({ error: expect.any(String) });
    const { issuer, jwks_uri } = world.get("/.well-known/openid-configuration");
    expect(issuer).toBe("https://kubernetes.default.svc.cluster.local");
    const keys = world.request("GET", new URL(jwks_uri).pathname);
    expect(keys.headers["content-type"]).toBe("application/jwk-set+json");
    const head = JSON.parse(Buffer.from(token().split(".")[0] as string, "base64url").toString());
    expect(JSON.parse(keys.text).keys).toMatchObject([
      { kid: head.kid, alg: "ES256", crv: "P-256" },
    ]);
  });
});

describe("warnings", () => {
  const warning = (body: object): string | undefined =>
    world.request("POST", `${maps}?dryRun=All`, body).headers["warning"];

  test("are quoted, escaped and told once", () => {
    const fields = { 'a"b\\c': 1 };
    expect(warning({ ...map({ name: "m" }), ...fields })).toBe(
      '299 - "unknown field \\"a\\\\\\"b\\\\\\\\c\\""',
    );
  });

  test("are cut short when there are very many", () => {
    const fields = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`${"x".repeat(300)}${i}`, 1]),
    );
    const values = warning({ ...map({ name: "m" }), ...fields })?.split(", ") ?? [];
    expect(values.map((v) => v.length).every((n) => n <= 256 + '299 - ""'.length + 2)).toBe(true);
    expect(values.join("").length).toBeLessThan(5_000);
  });
});

test("lists that may not be left out are null", () => {
  const rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles";
  const watch = world.watch(`${rbac}?watch=1&resourceVersion=${world.engine.store.rv}`);
  world.create({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: "r" },
  });
  expect(world.get(`${rbac}/r`).rules).toBeNull();
  expect(watch.read()[0]?.object.rules).toBeNull();
});

// k8s: rest.EnsureObjectNamespaceMatchesRequestNamespace
test("what has no namespace loses the one that it is sent with", () => {
  const classes = "/apis/scheduling.k8s.io/v1/priorityclasses";
  const sent = {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name: "high", namespace: "default" },
    value: 10,
  };
  expect(world.request("POST", classes, sent).body.metadata.namespace).toBeUndefined();
  const changed = world.request("PUT", `${classes}/high`, { ...sent, description: "more" });
  expect(changed).toMatchObject({ status: 200, body: { description: "more" } });
  expect(changed.body.metadata.namespace).toBeUndefined();
});
