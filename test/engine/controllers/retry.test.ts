/** A controller that could not do its work comes back after 5 ms, then twice as long each time, up to 1000 s. */
import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const template = {
  metadata: { labels: { app: "a" } },
  spec: { containers: [{ name: "c", image: "nginx:1.27" }] },
};
const named = { metadata: { name: "a", namespace: "default" } };
const selector = { matchLabels: { app: "a" } };
const apps = (kind: string, spec: object): object => ({
  apiVersion: "apps/v1",
  kind,
  ...named,
  spec: { selector, template, ...spec },
});
const surging = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }, type: "RollingUpdate" };
const daemonUrl = "/apis/apps/v1/namespaces/default/daemonsets/a";
const quotaUrl = "/api/v1/namespaces/default/resourcequotas/q";

const quota = (hard: object): object => ({
  apiVersion: "v1",
  kind: "ResourceQuota",
  metadata: { name: "q", namespace: "default" },
  spec: { hard },
});

/** Where nothing of a kind may be made any more. */
function refusing(hard: object): World {
  const world = new World();
  world.create(quota(hard));
  world.settle();
  return world;
}

const failures = (world: World, controller: string): unknown =>
  world.engine.store.record("retries", `${controller}\0default/a`);

/** How often a key that failed at once has failed after so long. */
const failedWithin = (ms: number): number => 1 + Math.floor(Math.log2(ms / 5 + 1));

const refused: [controller: string, hard: object, object: object][] = [
  ["replicaset", { pods: "0" }, apps("ReplicaSet", { replicas: 3 })],
  [
    "replicationcontroller",
    { pods: "0" },
    { apiVersion: "v1", kind: "ReplicationController", ...named, spec: { replicas: 3, template } },
  ],
  ["daemonset", { pods: "0" }, apps("DaemonSet", {})],
];

describe("failures that a controller tells", () => {
  for (const [controller, hard, object] of refused) {
    test(`the ${controller} controller backs off and starts anew after a success`, () => {
      const world = refusing(hard);
      world.create(object);
      world.advance(1_000);
      expect(failures(world, controller)).toBe(failedWithin(1_000));
      world.advance(600_000);
      expect(failures(world, controller)).toBe(failedWithin(601_000));
      world.delete(quotaUrl);
      world.advance(1_000_000);
      expect(world.pods()).toHaveLength(3);
      expect(failures(world, controller)).toBeUndefined();
    });
  }

  test("the deployment controller gives up after fifteen", () => {
    const world = refusing({ "count/replicasets.apps": "0" });
    world.create(apps("Deployment", { replicas: 3 }));
    world.advance(1_000);
    expect(failures(world, "deployment")).toBe(failedWithin(1_000));
    world.advance(200_000);
    expect(failures(world, "deployment")).toBeUndefined();
    const { steps } = world.engine;
    world.advance(200_000);
    expect(world.engine.steps - steps).toBeLessThan(5);
  });

  test("a DaemonSet whose surge is refused backs off, and goes on when there is room", () => {
    const world = new World();
    world.create(apps("DaemonSet", { updateStrategy: surging }));
    world.settle();
    world.create(quota({ pods: "3" }));
    world.settle();
    world.patch(daemonUrl, { spec: { template: { metadata: { annotations: { v: "2" } } } } });
    world.advance(600_000);
    expect(failures(world, "daemonset")).toBe(failedWithin(600_000));
    world.delete(quotaUrl);
    world.advance(1_000_000);
    expect(failures(world, "daemonset")).toBeUndefined();
    expect(world.get(daemonUrl).status).toMatchObject({ updatedNumberScheduled: 3 });
  });

  test("a DaemonSet whose nodes are gone does not go on trying", () => {
    const world = refusing({ pods: "0" });
    world.create(apps("DaemonSet", {}));
    world.advance(1_000);
    for (const name of ["node-1", "node-2", "node-3"]) {
      world.patch(`/api/v1/nodes/${name}`, {
        spec: { taints: [{ key: "k", effect: "NoExecute" }] },
      });
    }
    world.advance(1_000);
    expect(failures(world, "daemonset")).toBeUndefined();
  });
});
