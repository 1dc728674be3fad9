/** Who owns Pods, and what happens when nodes and owners go: D9 to D11 of `test/behaviours.md`. */
import { describe, expect, test } from "vitest";
import {
  alive,
  cluster,
  condition,
  deployment,
  deploymentsUrl,
  namesOf,
  nginx,
  pass,
  podUrl,
  power,
  row,
  setsOf,
  shell,
  statusOf,
  type Anything,
  type World,
} from "./behaviour-world.ts";

const url = `${deploymentsUrl}/web`;
const webPods = (world: World): Anything[] => world.pods("default", "app=web");

function deployed(spec: object = {}, container: object = nginx()): World {
  const world = cluster();
  world.create(deployment("web", spec, container));
  world.settle();
  return world;
}

describe("D9: a node dies", () => {
  test("NotReady at 50 s, eviction 300 s later, the replacement at once elsewhere", () => {
    const world = deployed({ replicas: 1 });
    world.advance(60_000);
    const [first] = webPods(world);
    const node = first.spec.nodeName;
    power(world, node, false);
    const nodeStatus = (): unknown => row(world, "/api/v1/nodes", node)?.["Status"];
    pass(world, 49_000);
    expect(nodeStatus()).toBe("Ready");
    pass(world, 2_000);
    expect(nodeStatus()).toBe("NotReady");
    expect(row(world, deploymentsUrl, "web")?.["Ready"]).toBe("0/1");
    pass(world, 298_000);
    expect(webPods(world)).toHaveLength(1);
    pass(world, 20_000);
    expect(statusOf(world, first.metadata.name)).toBe("Terminating");
    const second = alive(webPods(world))[0];
    expect(second.spec.nodeName).not.toBe(node);
    expect(condition(second, "Ready").status).toBe("True");
    power(world, node, true);
    pass(world, 60_000);
    expect(namesOf(webPods(world))).toEqual([second.metadata.name]);
  });

  test("the Clock passes the same minutes at a stroke", () => {
    const world = deployed({ replicas: 1 });
    const [first] = webPods(world);
    power(world, first.spec.nodeName, false);
    const advanceTo = new Date(world.engine.virtualNow + 400_000)
      .toISOString()
      .replace(/\.\d+/, "");
    world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { advanceTo } });
    const [second] = alive(webPods(world));
    expect(second.metadata.name).not.toBe(first.metadata.name);
    expect(second.status.phase).toBe("Running");
  });
});

describe("D10: a ReplicationController", () => {
  const controllers = "/api/v1/namespaces/default/replicationcontrollers";
  test("keeps its number, the old way", () => {
    const world = cluster();
    world.create({
      apiVersion: "v1",
      kind: "ReplicationController",
      metadata: { name: "web", namespace: "default" },
      spec: {
        replicas: 2,
        selector: { app: "web" },
        template: { metadata: { labels: { app: "web" } }, spec: { containers: [nginx()] } },
      },
    });
    world.settle();
    expect(row(world, controllers, "web")).toMatchObject({ Desired: 2, Current: 2, Ready: 2 });
    const [victim] = webPods(world);
    expect(victim.metadata.name).toMatch(/^web-[a-z0-9]{5}$/);
    expect(victim.metadata.ownerReferences).toMatchObject([
      { apiVersion: "v1", kind: "ReplicationController" },
    ]);
    world.delete(podUrl(victim.metadata.name));
    world.settle();
    expect(webPods(world)).toHaveLength(2);
    world.patch(`${controllers}/web/scale`, { spec: { replicas: 0 } });
    world.settle();
    expect(webPods(world)).toEqual([]);
    expect(
      world.events("web").some((e) => /^Normal SuccessfulDelete Deleted pod: web-/.test(e)),
    ).toBe(true);
  });
});

describe("D11: orphans and dependents", () => {
  test("a Pod with the right labels and no owner is adopted", () => {
    const world = cluster();
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "orphan", namespace: "default", labels: { app: "web" } },
      spec: { containers: [nginx()] },
    };
    world.create(pod, {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name: "web", namespace: "default" },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "web" } },
        template: { metadata: { labels: { app: "web" } }, spec: { containers: [nginx()] } },
      },
    });
    world.settle();
    expect(webPods(world)).toHaveLength(2);
    expect(world.pod("orphan").metadata.ownerReferences).toMatchObject([
      { kind: "ReplicaSet", name: "web", controller: true },
    ]);
  });

  test("background: the owner goes at once, its dependents follow", () => {
    const world = deployed();
    world.delete(url, { propagationPolicy: "Background" });
    expect(world.request("GET", url).status).toBe(404);
    expect(webPods(world)).toHaveLength(3);
    world.settle();
    expect(setsOf(world, "web")).toEqual([]);
    expect(webPods(world)).toEqual([]);
  });

  test("foreground: the owner waits for them", () => {
    const world = deployed({}, shell("web", "sleep 3600"));
    world.delete(url, { propagationPolicy: "Foreground" });
    world.advance(10_000);
    expect(world.get(url).metadata).toMatchObject({
      finalizers: ["foregroundDeletion"],
      deletionTimestamp: expect.any(String),
    });
    expect(setsOf(world, "web")[0].metadata.finalizers).toEqual(["foregroundDeletion"]);
    expect(webPods(world).every((p) => p.metadata.deletionTimestamp)).toBe(true);
    world.advance(40_000);
    expect(world.request("GET", url).status).toBe(404);
    expect(webPods(world)).toEqual([]);
  });

  test("orphan: they live on, and a new owner takes them", () => {
    const world = deployed();
    const [set] = setsOf(world, "web");
    const names = namesOf(webPods(world));
    world.delete(url, { propagationPolicy: "Orphan" });
    world.settle();
    expect(world.request("GET", url).status).toBe(404);
    expect(setsOf(world, "web")[0].metadata.ownerReferences).toBeUndefined();
    expect(namesOf(webPods(world))).toEqual(names);
    world.create(deployment("web"));
    world.settle();
    expect(setsOf(world, "web").map((s) => s.metadata.uid)).toEqual([set.metadata.uid]);
    expect(namesOf(webPods(world))).toEqual(names);
  });
});
