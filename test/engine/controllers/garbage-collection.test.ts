import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      // PID 1 that ignores SIGTERM: its Pods take their grace period to go.
      spec: {
        terminationGracePeriodSeconds: 5,
        containers: [{ name: "sh", image: "busybox", command: ["sleep", "3600"] }],
      },
    },
  },
};
const root = "/apis/apps/v1/namespaces/default";
const url = `${root}/deployments/web`;
const settingsUrl = "/api/v1/namespaces/default/configmaps";
const sets = (world: World): { metadata: { name: string; ownerReferences?: unknown[] } }[] =>
  world.get(`${root}/replicasets`).items;

function running(): World {
  const world = new World();
  world.create(deployment);
  world.settle();
  return world;
}

/** A ConfigMap that these others own. */
const owned = (
  name: string,
  ...owners: { name: string; uid: string; block?: boolean }[]
): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: {
    name,
    namespace: "default",
    ownerReferences: owners.map((o) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      name: o.name,
      uid: o.uid,
      ...(o.block ? { blockOwnerDeletion: true } : {}),
    })),
  },
});
function owner(world: World, name: string): { name: string; uid: string } {
  world.create(owned(name));
  return { name, uid: world.get(`${settingsUrl}/${name}`).metadata.uid };
}
const exists = (world: World, name: string): boolean =>
  world.request("GET", `${settingsUrl}/${name}`).status === 200;

describe("deleting an owner", () => {
  test("background: the owner is gone at once, its dependents follow", () => {
    const world = running();
    const answer = world.delete(url);
    expect(answer.body.status).toBe("Success");
    expect(world.request("GET", url).status).toBe(404);
    expect(world.pods()).toHaveLength(2);
    world.settle();
    expect(sets(world)).toEqual([]);
    expect(world.pods()).toEqual([]);
  });

  test("foreground: the owner stays until its dependents are gone", () => {
    const world = running();
    const answer = world.delete(url, { propagationPolicy: "Foreground" });
    expect(answer.body.metadata.finalizers).toEqual(["foregroundDeletion"]);
    world.advance(1);
    expect(world.get(url).metadata.deletionTimestamp).toBeDefined();
    expect(
      world.get(`${root}/replicasets/${sets(world)[0]?.metadata.name}`).metadata,
    ).toMatchObject({
      finalizers: ["foregroundDeletion"],
    });
    const order: string[] = [];
    const note = (what: string, there: boolean): void => {
      if (!there && !order.includes(what)) order.push(what);
    };
    world.until(() => {
      note("pods", world.pods().length > 0);
      note("replicasets", sets(world).length > 0);
      note("deployment", world.request("GET", url).status === 200);
      return order.length === 3;
    });
    expect(order).toEqual(["pods", "replicasets", "deployment"]);
  });

  test("orphan: the dependents stay and lose their owner, and a new one adopts them", () => {
    const world = running();
    const before = world.pods().map((p) => p.metadata.uid);
    world.delete(url, { propagationPolicy: "Orphan" });
    world.settle();
    expect(world.request("GET", url).status).toBe(404);
    expect(sets(world)).toHaveLength(1);
    expect(sets(world)[0]?.metadata.ownerReferences ?? []).toEqual([]);
    world.create(deployment);
    world.settle();
    expect(sets(world)).toHaveLength(1);
    expect(sets(world)[0]?.metadata.ownerReferences).toMatchObject([
      { kind: "Deployment", name: "web" },
    ]);
    expect(world.pods().map((p) => p.metadata.uid)).toEqual(before);
  });

  test("a dependent of two goes with the last, and forgets the first", () => {
    const world = new World();
    const [one, two] = [owner(world, "one"), owner(world, "two")];
    world.create(owned("child", one, two));
    world.delete(`${settingsUrl}/one`);
    world.settle();
    expect(world.get(`${settingsUrl}/child`).metadata.ownerReferences).toMatchObject([two]);
    world.delete(`${settingsUrl}/two`);
    world.settle();
    expect(exists(world, "child")).toBe(false);
  });

  test("a reference to somebody who never was, or to a namesake, is no owner", () => {
    const world = new World();
    owner(world, "one");
    world.create(owned("a", { name: "nobody", uid: "00000000-0000-4000-8000-000000000000" }));
    world.create(owned("b", { name: "one", uid: "00000000-0000-4000-8000-000000000000" }));
    world.settle();
    expect(exists(world, "a")).toBe(false);
    expect(exists(world, "b")).toBe(false);
    expect(exists(world, "one")).toBe(true);
  });

  test("in the foreground a dependent that has another owner stays and forgets the one that goes", () => {
    const world = new World();
    const [one, two] = [owner(world, "one"), owner(world, "two")];
    world.create(owned("shared", { ...one, block: true }, two), owned("own", one));
    world.delete(`${settingsUrl}/one`, { propagationPolicy: "Foreground" });
    world.settle();
    expect(["one", "own", "shared"].map((name) => exists(world, name))).toEqual([
      false,
      false,
      true,
    ]);
    expect(world.get(`${settingsUrl}/shared`).metadata.ownerReferences).toMatchObject([two]);
  });

  test("in the foreground a circle of owners goes whole", () => {
    const world = new World();
    const [a, b, c] = [owner(world, "a"), owner(world, "b"), owner(world, "c")];
    for (const [of, by] of [
      [a, c],
      [b, a],
      [c, b],
    ]) {
      const ownerReferences = [
        { apiVersion: "v1", kind: "ConfigMap", ...by, blockOwnerDeletion: true },
      ];
      world.patch(`${settingsUrl}/${of?.name}`, { metadata: { ownerReferences } });
    }
    world.delete(`${settingsUrl}/a`, { propagationPolicy: "Foreground" });
    world.settle();
    expect(["a", "b", "c"].map((name) => exists(world, name))).toEqual([false, false, false]);
  });

  test("in the foreground only those that block are waited for", () => {
    const world = new World();
    const one = owner(world, "one");
    world.create(owned("free", one));
    world.patch(`${settingsUrl}/free`, { metadata: { finalizers: ["example.com/hold"] } });
    world.delete(`${settingsUrl}/one`, { propagationPolicy: "Foreground" });
    world.settle();
    expect(exists(world, "one")).toBe(false);
    expect(world.get(`${settingsUrl}/free`).metadata.deletionTimestamp).toBeDefined();
    const two = owner(world, "two");
    world.create(owned("blocking", { ...two, block: true }));
    world.patch(`${settingsUrl}/blocking`, { metadata: { finalizers: ["example.com/hold"] } });
    world.delete(`${settingsUrl}/two`, { propagationPolicy: "Foreground" });
    world.settle();
    expect(exists(world, "two")).toBe(true);
    world.patch(`${settingsUrl}/blocking`, { metadata: { finalizers: null } });
    world.settle();
    expect(exists(world, "blocking")).toBe(false);
    expect(exists(world, "two")).toBe(false);
  });

  test("a Pod without its ReplicaSet: orphaned by hand it stays", () => {
    const world = running();
    const [set] = sets(world);
    world.delete(`${root}/replicasets/${set?.metadata.name}`, { propagationPolicy: "Orphan" });
    world.settle();
    // The Deployment makes its set anew, and that adopts them: no Pod is lost or made.
    expect(sets(world)).toHaveLength(1);
    expect(world.pods()).toHaveLength(2);
    expect(world.pods().every((p) => p.metadata.ownerReferences?.length === 1)).toBe(true);
  });
});
