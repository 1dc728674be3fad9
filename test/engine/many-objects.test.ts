/** What touches very many objects does so in portions: no turn does more than its share, and all is done in the end. */
import { describe, expect, it, vi } from "vitest";
import { Store } from "../../durable-objects/engine/core/store.ts";
import {
  collectionDeletesMax,
  objectsPerStepMax,
  turnStepsMax,
} from "../../durable-objects/engine/core/limits.ts";
import { World } from "../helpers/world.ts";

const gated = {
  schedulingGates: [{ name: "example.com/wait" }],
  containers: [{ name: "c", image: "nginx" }],
};
const set = (replicas: number): object => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: { name: "set" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "a" } },
    template: { metadata: { labels: { app: "a" } }, spec: gated },
  },
});
const fill = (world: World, namespace: string, count: number): void => {
  for (let i = 0; i < count; i++) {
    const metadata = { name: `c-${i}`, namespace };
    world.create({ apiVersion: "v1", kind: "ConfigMap", metadata });
  }
};

/** The most revisions that one turn writes, until nothing is due. */
function worst(world: World): number {
  let most = 0;
  do {
    const { rv } = world.engine.store;
    world.engine.run(world.now);
    most = Math.max(most, world.engine.store.rv - rv);
  } while (world.engine.nextDueMs(world.now) === world.now);
  return most;
}
/** What may be left of a turn when its last step begins, and what that may write: two revisions for each object. */
const ofTurnMax = turnStepsMax + 2 * objectsPerStepMax + 10;

describe("very many objects", () => {
  it("go with their namespace", () => {
    const world = new World({ nodes: 1 });
    world.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "big" } });
    fill(world, "big", 4_000);
    world.delete("/api/v1/namespaces/big");
    expect(worst(world)).toBeLessThan(ofTurnMax);
    world.advance(1_000);
    expect(world.request("GET", "/api/v1/namespaces/big").status).toBe(404);
    expect(world.engine.store.count("configmaps", "big")).toBe(0);
  });

  it.each(["Foreground", "Orphan", "Background"])("leave their owner: %s", (policy) => {
    const world = new World({ nodes: 1 });
    world.create(set(2_000));
    world.settle();
    const url = "/apis/apps/v1/namespaces/default/replicasets/set";
    world.delete(url, { propagationPolicy: policy });
    expect(worst(world)).toBeLessThan(ofTurnMax);
    world.advance(1_000);
    expect(world.request("GET", url).status).toBe(404);
    expect(world.pods()).toHaveLength(policy === "Orphan" ? 2_000 : 0);
    if (policy !== "Orphan") return;
    // A new owner takes them over, and makes none beside them.
    world.create(set(2_000));
    expect(worst(world)).toBeLessThan(ofTurnMax);
    world.advance(1_000);
    expect(world.pods()).toHaveLength(2_000);
    expect(world.pods().every((pod) => pod.metadata.ownerReferences.length === 1)).toBe(true);
  });

  it("are deleted as a collection page by page", () => {
    const world = new World({ nodes: 1 });
    world.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "big" } });
    world.advance(1_000);
    const url = "/api/v1/namespaces/big/configmaps";
    // The namespace has one of its own.
    fill(world, "big", collectionDeletesMax);
    const first = world.delete(url);
    expect(first.status).toBe(200);
    expect(first.body.items).toHaveLength(collectionDeletesMax);
    expect(first.body.metadata.continue).toBeTruthy();
    expect(first.headers["warning"]).toContain(
      `only the first ${collectionDeletesMax} were deleted`,
    );
    const second = world.delete(url);
    expect(second.body.items).toHaveLength(1);
    expect(second.body.metadata.continue).toBeUndefined();
    expect(second.headers["warning"]).toBeUndefined();
  });
});

describe("very many Services", () => {
  it("are not all asked about each Pod", () => {
    const world = new World({ nodes: 1 });
    const service = (name: string, selector: object): object => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { selector, clusterIP: "None", ports: [{ port: 80 }] },
    });
    for (let i = 0; i < 300; i++) world.create(service(`s-${i}`, { app: `other-${i}` }));
    world.create(service("one", { app: "a", tier: "x" }), service("all", { app: "a" }));
    world.settle();
    const steps = (): number => world.engine.steps;
    const read = vi.spyOn(Store.prototype, "list");
    const before = steps();
    world.create(set(50));
    world.settle();
    const listed = read.mock.calls.filter(([resource]) => resource === "services").length;
    read.mockRestore();
    expect(listed).toBe(0);
    expect(steps() - before).toBeLessThan(600);
    const pod = world.pods()[0].metadata.name;
    world.patch(`/api/v1/namespaces/default/pods/${pod}`, {
      metadata: { labels: { app: "other-7", tier: "x" } },
      spec: { schedulingGates: null },
    });
    world.advance(60_000);
    const addresses = (name: string): number =>
      world.get(`/api/v1/namespaces/default/endpoints/${name}`).subsets?.[0].addresses.length ?? 0;
    expect(["s-7", "all", "one"].map(addresses)).toEqual([1, 0, 0]);
    world.patch(`/api/v1/namespaces/default/pods/${pod}`, { metadata: { labels: { app: "a" } } });
    world.advance(1_000);
    expect(["s-7", "all", "one"].map(addresses)).toEqual([0, 1, 1]);
  });
});
