/** Going back to a revision by new revisions: what persons did is taken back, controllers follow. */
import { beforeEach, describe, expect, test } from "vitest";
import type { Undone } from "../../../durable-objects/engine/past/undo.ts";
import { StatusError } from "../../../durable-objects/engine/machinery/status.ts";
import { World } from "../../helpers/world.ts";
import { deployment } from "../behaviours/behaviour-world.ts";

const maps = "/api/v1/namespaces/default/configmaps";
const pods = "/api/v1/namespaces/default/pods";
const web = "/apis/apps/v1/namespaces/default/deployments/web";

let world: World;

beforeEach(() => {
  world = new World();
});

const map = (name: string, value: string, namespace = "default"): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data: { value },
});

const pod = (name: string): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: "c", image: "nginx" }] },
});

const undo = (to: number, by = "jane"): Undone => world.engine.undo({ to, by }, world.now);

function refused(to: number): StatusError {
  try {
    undo(to);
  } catch (error) {
    if (error instanceof StatusError) return error;
  }
  throw new Error("it was not refused");
}

/** What persons wrote, without what the server sets. */
// oxlint-disable-next-line no-explicit-any
function written(): any {
  const paths = [
    maps,
    "/apis/apps/v1/namespaces/default/deployments",
    "/api/v1/namespaces/default/services",
    "/api/v1/namespaces/default/persistentvolumeclaims",
    "/api/v1/nodes",
    "/api/v1/namespaces",
  ];
  return paths.flatMap((path) =>
    // oxlint-disable-next-line no-explicit-any
    world.get(path).items.map(({ metadata, spec, data }: any) => {
      const { name, uid, labels, annotations } = metadata;
      // The cluster's own: when it marked the node.
      for (const taint of spec?.taints ?? []) delete taint.timeAdded;
      return { name, uid, labels, annotations, spec, data };
    }),
  );
}

// oxlint-disable-next-line no-explicit-any
const names = (path: string): string[] => world.get(path).items.map((o: any) => o.metadata.name);

describe("an undo", () => {
  test("takes back what was changed, made and deleted, by new revisions that watches see", () => {
    world.create(map("changed", "one"), map("deleted", "here"), map("still", "same"));
    const { uid } = world.get(`${maps}/deleted`).metadata;
    const to = world.engine.store.rv;
    world.patch(`${maps}/changed`, { data: { value: "two", more: "x" } });
    world.delete(`${maps}/deleted`);
    world.create(map("made", "new"));
    const before = world.engine.store.rv;
    const watch = world.watch(`${maps}?watch=1&resourceVersion=${before}`);
    const done = undo(to);
    expect(done).toEqual({
      to,
      revision: before + 3,
      created: 1,
      updated: 1,
      deleted: 1,
      left: [],
    });
    expect(world.get(`${maps}/changed`).data).toEqual({ value: "one" });
    expect(world.get(`${maps}/deleted`)).toMatchObject({
      data: { value: "here" },
      metadata: { uid },
    });
    expect(names(maps)).not.toContain("made");
    expect(watch.read().map(({ type, object }) => `${type} ${object.metadata.name}`)).toEqual([
      "DELETED made",
      "MODIFIED changed",
      "ADDED deleted",
    ]);
    world.evict();
    expect(world.get(`${maps}/changed`).data).toEqual({ value: "one" });
  });

  test("is followed by the controllers", () => {
    world.create(deployment("web", { replicas: 2 }, { name: "c", image: "nginx:1.26" }));
    world.advance(30_000);
    const to = world.engine.store.rv;
    const { uid } = world.get(web).metadata;
    world.patch(web, { spec: { replicas: 4 } });
    const image = { name: "c", image: "nginx:1.27" };
    world.patch(web, { spec: { template: { spec: { containers: [image] } } } });
    world.advance(60_000);
    expect(undo(to)).toMatchObject({ created: 0, updated: 1, deleted: 0, left: [] });
    world.advance(60_000);
    let now = world.get(web);
    expect(now.spec.replicas).toBe(2);
    expect(now.metadata).toMatchObject({ uid, generation: 4 });
    expect(now.status).toMatchObject({
      readyReplicas: 2,
      updatedReplicas: 2,
      observedGeneration: 4,
    });
    // oxlint-disable-next-line no-explicit-any
    const images = world.get(pods).items.map((p: any) => p.spec.containers[0].image);
    expect(images).toEqual(["nginx:1.26", "nginx:1.26"]);
    // And after a deletion, whose Pods are gone.
    world.delete(web);
    world.advance(60_000);
    expect(names(pods)).toEqual([]);
    expect(undo(to)).toMatchObject({ created: 1, deleted: 0, left: [] });
    world.advance(60_000);
    now = world.get(web);
    expect(now.metadata.uid).toBe(uid);
    expect(now.status).toMatchObject({ replicas: 2, readyReplicas: 2 });
    expect(world.engine.faults).toEqual([]);
  });

  test("undone gives back what was there before it", () => {
    world.create(map("a", "one"), map("b", "one"), deployment("web", { replicas: 2 }));
    world.create({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web" },
      spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
    });
    world.advance(30_000);
    const to = world.engine.store.rv;
    world.patch(`${maps}/a`, { data: { value: "two" } });
    world.delete(`${maps}/b`);
    world.create(map("c", "new"));
    world.patch(web, { spec: { replicas: 3 } });
    world.delete("/api/v1/namespaces/default/services/web");
    world.patch("/api/v1/nodes/node-1", {
      spec: { unschedulable: true },
      metadata: { labels: { disk: "ssd" } },
    });
    world.advance(60_000);
    const before = written();
    const at = world.engine.store.rv;
    undo(to);
    world.advance(60_000);
    expect(written()).not.toEqual(before);
    expect(names("/api/v1/namespaces/default/services")).toContain("web");
    expect(world.get("/api/v1/nodes/node-1").spec.unschedulable).toBeUndefined();
    expect(world.get("/api/v1/nodes/node-1").spec.taints).toBeUndefined();
    undo(at);
    world.advance(60_000);
    expect(written()).toEqual(before);
    expect(world.engine.faults).toEqual([]);
  });

  test("brings a namespace back with what persons had put into it", () => {
    world.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } });
    world.advance(1_000);
    world.create(map("a", "one", "team"));
    world.create({
      ...deployment("web", { replicas: 1 }),
      metadata: { name: "web", namespace: "team" },
    });
    world.advance(30_000);
    const to = world.engine.store.rv;
    const { uid } = world.get("/api/v1/namespaces/team").metadata;
    for (const waitMs of [0, 120_000]) {
      world.delete("/api/v1/namespaces/team");
      world.advance(waitMs);
      expect(world.request("GET", "/api/v1/namespaces/team").status).toBe(waitMs ? 404 : 200);
      undo(to);
      world.advance(60_000);
      expect(world.get("/api/v1/namespaces/team")).toMatchObject({
        metadata: { uid },
        status: { phase: "Active" },
      });
      expect(world.get("/api/v1/namespaces/team/configmaps/a").data).toEqual({ value: "one" });
      const { status } = world.get("/apis/apps/v1/namespaces/team/deployments/web");
      expect(status.readyReplicas).toBe(1);
    }
    expect(names("/api/v1/namespaces/team/configmaps")).toEqual(["a", "kube-root-ca.crt"]);
    expect(world.engine.faults).toEqual([]);
  });

  test("starts a Pod of nobody's anew, which ends first where it is ending", () => {
    world.create(pod("p"));
    world.advance(20_000);
    const { uid } = world.get(`${pods}/p`).metadata;
    const to = world.engine.store.rv;
    world.delete(`${pods}/p`);
    expect(undo(to)).toMatchObject({
      created: 0,
      left: [expect.stringContaining('Pod p: pods "p" is forbidden: it is ending')],
    });
    world.advance(40_000);
    expect(undo(to)).toMatchObject({ created: 1, left: [] });
    expect(world.get(`${pods}/p`).status).toMatchObject({ phase: "Pending" });
    world.advance(20_000);
    const again = world.get(`${pods}/p`);
    expect(again.metadata).toMatchObject({ uid, labels: { app: "p" } });
    expect(again.status).toMatchObject({ phase: "Running" });
    // One that was made since goes as any other does.
    const then = world.engine.store.rv;
    world.create(pod("q"));
    world.advance(20_000);
    expect(undo(then)).toMatchObject({ deleted: 1 });
    expect(world.get(`${pods}/q`).metadata.deletionGracePeriodSeconds).toBe(30);
    world.advance(40_000);
    expect(names(pods)).toEqual(["p"]);
    expect(world.engine.faults).toEqual([]);
  });

  test("leaves to the cluster what is the cluster's", () => {
    world.create(deployment("web", { replicas: 2 }));
    world.advance(30_000);
    const to = world.engine.store.rv;
    // A Pod of a ReplicaSet's was replaced meanwhile; time was moved; nothing of it is taken back.
    world.delete(`${pods}/${names(pods)[0]}`);
    world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { speed: 2 } });
    world.advance(60_000);
    const before = names(pods);
    const { rv } = world.engine.store;
    expect(undo(to)).toMatchObject({ created: 0, updated: 0, deleted: 0, left: [], revision: rv });
    expect(names(pods)).toEqual(before);
    expect(world.get("/apis/podyard.dev/v1/clocks/cluster").spec.speed).toBe(2);
  });

  test("is named in the timeline, with who asked", () => {
    world.create(deployment("web", { replicas: 2 }));
    world.advance(30_000);
    const to = world.engine.store.rv;
    world.patch(web, { spec: { replicas: 5 } });
    world.advance(30_000);
    const before = world.engine.store.rv;
    undo(to, "jane");
    world.evict();
    const [row] = world.engine.timeline({ after: before, limit: 1 }).items;
    expect(row).toMatchObject({
      by: { kind: "person", name: "jane" },
      undoes: to,
      text: `jane, going back to revision ${to}, scaled Deployment web from 5 to 2`,
    });
  });
});

describe("it is refused", () => {
  test("where the revision is too long ago, or still to come", () => {
    Object.assign(world.engine.log.sizes, { checkpoint: 20_000, log: 200_000 });
    world.create(map("busy", "0"));
    const to = world.engine.store.rv;
    const filling = "x".repeat(2_000);
    for (let i = 0; i < 120; i++)
      world.patch(`${maps}/busy`, { data: { value: `${i} ${filling}` } });
    const { rv } = world.engine.store;
    expect(refused(to)).toMatchObject({
      code: 410,
      message: `too old resource version: ${to} (${world.engine.log.oldestMoment})`,
    });
    expect(refused(rv + 1).code).toBe(504);
    expect(world.engine.store.rv).toBe(rv);
    expect(undo(world.engine.log.oldestMoment)).toMatchObject({ updated: 1 });
  });

  test("object by object, where the sandbox has no room for what went", () => {
    world.create(map("a", "one"), map("b", "one"));
    const to = world.engine.store.rv;
    world.delete(`${maps}/a`);
    world.patch(`${maps}/b`, { data: { value: "two" } });
    const { now } = world;
    const withRoomFor = (objectsMax: number): void => {
      world = new World({ nowMs: now, limits: { objectsMax } }, world.sql);
      world.now = now;
    };
    const count = world.engine.store.objectCount;
    withRoomFor(count);
    const left = [expect.stringContaining(`holds ${count} objects, its limit is ${count}`)];
    expect(undo(to)).toMatchObject({ created: 0, updated: 1, deleted: 0, left });
    withRoomFor(count + 1);
    expect(undo(to)).toMatchObject({ created: 1, updated: 0, deleted: 0, left: [] });
    expect(world.get(`${maps}/a`).data.value).toBe("one");
    // What goes makes room.
    const then = world.engine.store.rv;
    world.delete(`${maps}/a`);
    world.create(map("c", "fills"));
    expect(undo(then)).toMatchObject({ created: 1, updated: 0, deleted: 1, left: [] });
  });

  test("where it would be too much at a time", () => {
    world = new World();
    const to = world.engine.store.rv;
    world.create(...Array.from({ length: 2_001 }, (_, i) => map(`m${i}`, "")));
    const { rv } = world.engine.store;
    expect(refused(to)).toMatchObject({ code: 403 });
    expect(refused(to).message).toContain(
      `2001 objects have changed since revision ${to}, at most 2000 can be taken back at a time`,
    );
    expect(world.engine.store.rv).toBe(rv);
    expect(undo(to + 1)).toMatchObject({ deleted: 2_000 });
  });
});
