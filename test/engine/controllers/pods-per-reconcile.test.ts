/** Hundreds of Pods at once are made and taken away in several reconciles, between which a turn may end. */
import { expect, test } from "vitest";
import { podsPerReconcileMax } from "../../../durable-objects/engine/core/limits.ts";
import { World } from "../../helpers/world.ts";

const template = {
  metadata: { labels: { app: "a" } },
  spec: { containers: [{ name: "c", image: "nginx:1.27" }] },
};
const replicaSet = (replicas: number): object => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: { name: "many" },
  spec: { replicas, selector: { matchLabels: { app: "a" } }, template },
});
const set = "/apis/apps/v1/namespaces/default/replicasets/many";
/** A Pod, its end and an Event each; then the status, and the revision that the controller keeps. */
const revisionsMax = 3 * podsPerReconcileMax + 2;

/** The most revisions that one reconcile wrote, until nothing is due. */
function mostWritten(world: World, ms: number): number {
  let most = 0;
  world.now += ms;
  world.engine.look(world.now);
  while (world.engine.nextUnit(world.now)) {
    const before = world.engine.store.rv;
    const unit = world.engine.nextUnit(world.now)!;
    world.engine.runUnit(unit);
    most = Math.max(most, world.engine.store.rv - before);
  }
  return most;
}

test("no reconcile of a ReplicaSet writes more than a part of its burst, and all come to be", () => {
  const world = new World();
  world.create(replicaSet(450));
  expect(mostWritten(world, 1_000)).toBeLessThanOrEqual(revisionsMax);
  expect(world.get(set).status.replicas).toBe(450);
  const scaled = { spec: { replicas: 30 } };
  world.request("PATCH", set, scaled, { type: "application/merge-patch+json" });
  expect(mostWritten(world, 1_000)).toBeLessThanOrEqual(revisionsMax);
  mostWritten(world, 60_000);
  expect(world.get("/api/v1/namespaces/default/pods").items).toHaveLength(30);
  expect(world.get(set).status.replicas).toBe(30);
});

test("no reconcile of a DaemonSet either", () => {
  const world = new World({ nodes: 150 });
  world.create({
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "each" },
    spec: { selector: { matchLabels: { app: "a" } }, template },
  });
  expect(mostWritten(world, 1_000)).toBeLessThanOrEqual(revisionsMax);
  expect(world.get("/api/v1/namespaces/default/pods").items).toHaveLength(150);
});
