import { describe, expect, it, test, vi } from "vitest";
import { Store } from "../../../durable-objects/engine/core/store.ts";
import { quotasPerNamespaceMax } from "../../../durable-objects/engine/core/limits.ts";
import { World } from "../../helpers/world.ts";

const quota = (hard: object, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "ResourceQuota",
  metadata: { name: "limits", namespace: "default" },
  spec: { hard, ...spec },
});
const pod = (name: string, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default" },
  spec: {
    containers: [
      {
        name: "nginx",
        image: "nginx:1.27",
        resources: { requests: { cpu: "250m", memory: "64Mi" } },
      },
    ],
    ...spec,
  },
});
const url = "/api/v1/namespaces/default/resourcequotas";
const used = (world: World): unknown => world.get(`${url}/limits`).status.used;

describe("ResourceQuota status", () => {
  test("follows the objects of its namespace", () => {
    const world = new World();
    world.create(
      quota({ pods: "2", "requests.cpu": "1", configmaps: "5", "count/deployments.apps": "1" }),
    );
    world.settle();
    expect(world.get(`${url}/limits`).status.hard).toEqual({
      pods: "2",
      "requests.cpu": "1",
      configmaps: "5",
      "count/deployments.apps": "1",
    });
    expect(used(world)).toEqual({
      "count/deployments.apps": "0",
      configmaps: "1",
      pods: "0",
      "requests.cpu": "0",
    });
    world.create(pod("a"), pod("b"));
    world.settle();
    expect(used(world)).toMatchObject({ pods: "2", "requests.cpu": "500m" });
    const refused = world.request("POST", "/api/v1/namespaces/default/pods", pod("c"));
    expect(refused.status).toBe(403);
    expect(refused.body.message).toBe(
      'pods "c" is forbidden: exceeded quota: limits, requested: pods=1, used: pods=2, limited: pods=2',
    );
    world.delete("/api/v1/namespaces/default/pods/a", { gracePeriodSeconds: 0 });
    world.settle();
    expect(used(world)).toMatchObject({ pods: "1", "requests.cpu": "250m" });
    expect(world.rows(url)).toMatchObject([
      {
        Name: "limits",
        Request: "configmaps: 1/5, count/deployments.apps: 0/1, pods: 1/2, requests.cpu: 250m/1",
      },
    ]);
  });

  test("a Pod that ended no longer counts, a changed limit does at once", () => {
    const world = new World();
    world.create(quota({ pods: "2" }));
    const spec = {
      restartPolicy: "Never",
      containers: [{ name: "sh", image: "busybox", command: ["true"] }],
    };
    world.create(pod("job", spec));
    world.advance(30_000);
    expect(world.pod("job").status.phase).toBe("Succeeded");
    expect(used(world)).toEqual({ pods: "0" });
    world.patch(`${url}/limits`, { spec: { hard: { pods: "7", services: "3" } } });
    world.settle();
    expect(world.get(`${url}/limits`).status).toEqual({
      hard: { pods: "7", services: "3" },
      used: { pods: "0", services: "1" },
    });
  });

  test("holds a ReplicaSet back, and lets it go on when there is room", () => {
    const world = new World();
    world.create(quota({ pods: "1" }));
    world.settle();
    world.create({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name: "web", namespace: "default" },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "web" } },
        template: {
          metadata: { labels: { app: "web" } },
          spec: { containers: [{ name: "nginx", image: "nginx:1.27" }] },
        },
      },
    });
    world.advance(10_000);
    expect(world.pods()).toHaveLength(1);
    expect(used(world)).toEqual({ pods: "1" });
    world.patch(`${url}/limits`, { spec: { hard: { pods: "2" } } });
    world.advance(60_000);
    expect(world.pods()).toHaveLength(2);
  });
});

describe("what a quota's namespace uses", () => {
  const hard = { pods: "1000", "requests.cpu": "100", "count/configmaps": "1000", services: "9" };
  const set = (replicas: number): object => ({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: "set", namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: { app: "a" } },
      template: { metadata: { labels: { app: "a" } }, spec: specOf(pod("x")) },
    },
  });
  const specOf = (object: object): object => (object as { spec: object }).spec;

  it("is not counted anew for each write", () => {
    const world = new World();
    world.create(quota(hard), set(150));
    world.settle();
    const list = vi.spyOn(Store.prototype, "list");
    const counted = (): number => list.mock.calls.filter(([r, n]) => r === "pods" && n).length;
    world.patch("/apis/apps/v1/namespaces/default/replicasets/set", { spec: { replicas: 300 } });
    world.settle();
    expect(used(world)).toMatchObject({ pods: "300", "requests.cpu": "75" });
    expect(counted()).toBeLessThan(5);
    list.mockRestore();
  });

  it("is the same for who has seen it come and go and for who counts it now", () => {
    const world = new World();
    const scoped = { ...quota(hard, { scopes: ["NotTerminating"] }) };
    world.create(quota({ ...hard, "requests.memory": "9Gi" }), {
      ...scoped,
      metadata: { name: "scoped", namespace: "default" },
      spec: { hard: { pods: "50" }, scopes: ["NotTerminating"] },
    });
    const told = (): unknown =>
      world.get(url).items.map((q: { status: { used: object } }) => q.status.used);
    const both = (): unknown => {
      world.settle(1_000);
      const seen = told();
      world.evict();
      // Counts everything anew.
      world.create(pod("probe"));
      world.delete("/api/v1/namespaces/default/pods/probe", { gracePeriodSeconds: 0 });
      world.settle(1_000);
      expect(told()).toEqual(seen);
      return seen;
    };
    world.create(set(6), pod("a"), pod("ends", { activeDeadlineSeconds: 5 }));
    expect(both()).toMatchObject([{ pods: "8" }, { pods: "7" }]);
    world.advance(20_000);
    // Past its deadline it has failed, and uses nothing.
    expect(both()).toMatchObject([{ pods: "7", "requests.memory": "448Mi" }, { pods: "7" }]);
    const held = { metadata: { finalizers: ["example.com/held"] } };
    world.patch("/api/v1/namespaces/default/pods/a", held);
    world.delete("/api/v1/namespaces/default/pods/a", { gracePeriodSeconds: 3 });
    // It ended in time.
    expect(both()).toMatchObject([{ pods: "6" }, { pods: "6" }]);
    world.advance(60_000);
    world.create(pod("b"));
    expect(both()).toMatchObject([{ pods: "7" }, { pods: "7" }]);
    world.patch("/api/v1/namespaces/default/pods/a", { metadata: { finalizers: null } });
    world.patch("/apis/apps/v1/namespaces/default/replicasets/set", { spec: { replicas: 2 } });
    world.advance(60_000);
    expect(both()).toMatchObject([{ pods: "3", "requests.cpu": "750m" }, { pods: "3" }]);
  });

  it("is asked by so many quotas and no more", () => {
    const world = new World();
    const named = (name: string): object => ({
      ...quota({ pods: "1" }),
      metadata: { name, namespace: "default" },
    });
    for (let i = 0; i < quotasPerNamespaceMax; i++) world.create(named(`q${i}`));
    const answer = world.request("POST", url, named("more"));
    expect(`${answer.status} ${answer.body.message}`).toBe(
      '403 resourcequotas "more" is forbidden: the namespace holds 50 resourcequotas, its limit is 50',
    );
  });
});
