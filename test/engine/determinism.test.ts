/** The same seed and inputs give the same log byte for byte, also when the object is evicted at any moment. */
import { describe, expect, test } from "vitest";
import { World } from "../helpers/world.ts";
import { driverRights, driverSet } from "./scheduler/devices-world.ts";

const container = { name: "nginx", image: "nginx:1.27" };
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [container] } },
  },
};
const crashing = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "crash", namespace: "default" },
  spec: { containers: [{ name: "sh", image: "busybox", command: ["sh", "-c", "exit 1"] }] },
};
const url = "/apis/apps/v1/namespaces/default/deployments/web";
const nodeUrl = "/api/v1/nodes/node-1";

/** What somebody does, and how long they wait before. */
const story: readonly [waitMs: number, act: (world: World) => void][] = [
  [0, (w) => w.create(deployment, crashing)],
  [40_000, (w) => w.patch(url, { spec: { template: { metadata: { annotations: { v: "2" } } } } })],
  [5_000, (w) => w.patch(url, { spec: { replicas: 5 } })],
  [60_000, (w) => w.delete("/api/v1/namespaces/default/pods/crash")],
  [1_000, (w) => w.patch(nodeUrl, { metadata: { annotations: { "podyard.dev/power": "off" } } })],
  [80_000, (w) => w.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } })],
  [300_000, (w) => w.patch(nodeUrl, { metadata: { annotations: { "podyard.dev/power": null } } })],
  [60_000, (w) => w.delete("/api/v1/namespaces/team")],
  [30_000, (w) => w.delete(url)],
  [60_000, () => undefined],
];

/** Lets the story happen; `between` runs after every alarm and every request. */
function tell(world: World, between: (world: World) => void = () => undefined): void {
  for (const [waitMs, act] of story) {
    const target = world.now + waitMs;
    for (;;) {
      const due = world.engine.nextDueMs(world.now);
      if (due === undefined || due > target) break;
      world.now = Math.max(world.now, due);
      world.engine.run(world.now);
      between(world);
    }
    world.now = target;
    act(world);
    between(world);
  }
  world.check();
}

const logOf = (world: World): string[] =>
  world.sql.exec("SELECT body FROM log ORDER BY id").map((row) => String(row["body"]));

/** Everything the API shows. */
function stateOf(world: World): string {
  const paths = [
    "/api/v1/pods",
    "/api/v1/nodes",
    "/api/v1/events",
    "/api/v1/namespaces",
    "/api/v1/secrets",
  ];
  paths.push(
    "/apis/apps/v1/replicasets",
    "/apis/apps/v1/deployments",
    "/apis/discovery.k8s.io/v1/endpointslices",
  );
  return paths.map((path) => JSON.stringify(world.get(path))).join("\n");
}

/** The first line in which two logs differ: a readable failure instead of two megabytes. */
function firstDifference(a: readonly string[], b: readonly string[]): unknown {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if (a[i] === b[i]) continue;
    const [left = "", right = ""] = [a[i], b[i]];
    let at = 0;
    while (at < left.length && left[at] === right[at]) at++;
    const from = Math.max(0, at - 200);
    return {
      row: i,
      rows: [a.length, b.length],
      left: left.slice(from, at + 300),
      right: right.slice(from, at + 300),
    };
  }
  return undefined;
}

describe("determinism", () => {
  test("the same seed and inputs give the same log", () => {
    const [one, two] = [new World(), new World()];
    tell(one);
    tell(two);
    expect(firstDifference(logOf(one), logOf(two))).toBeUndefined();
    expect(logOf(one).length).toBeGreaterThan(story.length);
  });

  test("another seed gives another", () => {
    const [one, two] = [new World(), new World({ seed: "other" })];
    tell(one);
    tell(two);
    expect(firstDifference(logOf(one), logOf(two))).toBeDefined();
  });

  test("an eviction after every alarm and request is invisible", () => {
    const [kept, evicted] = [new World(), new World()];
    tell(kept);
    tell(evicted, (world) => world.evict());
    expect(firstDifference(logOf(kept), logOf(evicted))).toBeUndefined();
    expect(stateOf(evicted)).toBe(stateOf(kept));
  });

  test("so it is when the state comes from a checkpoint and the tail of the log", () => {
    const run = (evict: boolean): World => {
      const world = new World();
      world.create(deployment, crashing);
      for (let round = 0; round < 6; round++) {
        const spec = {
          replicas: 20,
          template: { metadata: { annotations: { round: String(round) } } },
        };
        world.patch(url, { spec });
        if (evict) world.evict();
        world.advance(20_000);
        if (evict) world.evict();
      }
      return world;
    };
    const [kept, evicted] = [run(false), run(true)];
    expect(JSON.parse(evicted.engine.log.meta("checkpoint") ?? "{}").id).toBeGreaterThan(5);
    expect(firstDifference(logOf(kept), logOf(evicted))).toBeUndefined();
    expect(stateOf(evicted)).toBe(stateOf(kept));
  });

  test("so it is after every single step of a rolling update", () => {
    const run = (evict: boolean): World => {
      const world = new World();
      const clock = "/apis/podyard.dev/v1/clocks/cluster";
      world.patch(clock, { spec: { paused: true } });
      world.create({ ...deployment, spec: { ...deployment.spec, replicas: 2 } });
      for (let steps = 1; steps <= 130; steps++) {
        if (steps === 30)
          world.patch(url, { spec: { template: { metadata: { annotations: { v: "2" } } } } });
        world.patch(clock, { spec: { steps } });
        if (evict) world.evict();
      }
      world.check();
      return world;
    };
    const [kept, evicted] = [run(false), run(true)];
    expect(firstDifference(logOf(kept), logOf(evicted))).toBeUndefined();
    expect(stateOf(evicted)).toBe(stateOf(kept));
    expect(kept.rows(url.replace("/web", ""))).toMatchObject([{ Ready: "2/2", "Up-to-date": 2 }]);
    expect(kept.get("/apis/apps/v1/namespaces/default/replicasets").items).toHaveLength(2);
  });

  test("programs that watch hear of a change in the same order", () => {
    const slices = "/apis/resource.k8s.io/v1/resourceslices";
    const pods = "/api/v1/namespaces/default/pods";
    const run = (evict: boolean): World => {
      const world = new World({ nodes: 3 });
      const lose = (): void => {
        if (evict) world.evict();
        Object.assign(world.engine.log.sizes, { checkpoint: 5_000 });
      };
      lose();
      // Each watches the slices of its node, and makes anew what is taken away.
      world.create(driverRights, driverSet());
      world.advance(60_000);
      for (let round = 0; round < 6; round++) {
        // Who watches later stands in the place of whoever watched no more: on disk, not in memory.
        const { items } = world.get(pods);
        world.delete(`${pods}/${items[(round * 2) % items.length].metadata.name}`);
        lose();
        world.advance(20_000);
        const [slice] = world.get(slices).items;
        world.delete(`${slices}/${slice.metadata.name}`);
        lose();
        world.advance(20_000);
        world.delete(slices);
        world.advance(20_000);
      }
      return world;
    };
    const [kept, evicted] = [run(false), run(true)];
    expect(kept.get(slices).items).toHaveLength(3);
    expect(firstDifference(logOf(kept), logOf(evicted))).toBeUndefined();
  });

  test("Pods that wait with claims are tried in the same order", () => {
    const pod = (name: string): object => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, namespace: "default" },
      spec: {
        containers: [container],
        volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
      },
    });
    const ofPods = { storageClassName: "late", accessModes: ["ReadWriteOnce"] };
    const run = (evict: boolean): World => {
      const world = new World();
      world.patch(nodeUrl, { spec: { unschedulable: true } });
      world.create(
        {
          apiVersion: "storage.k8s.io/v1",
          kind: "StorageClass",
          metadata: { name: "late" },
          provisioner: "kubernetes.io/no-provisioner",
          volumeBindingMode: "WaitForFirstConsumer",
        },
        {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          metadata: { name: "data", namespace: "default" },
          spec: { ...ofPods, resources: { requests: { storage: "1Gi" } } },
        },
        pod("one"),
        pod("two"),
      );
      world.advance(1_000);
      // From then on it is the youngest.
      world.delete("/api/v1/namespaces/default/pods/one");
      world.create(pod("one"));
      world.advance(1_000);
      if (evict) world.evict();
      world.create({
        apiVersion: "v1",
        kind: "PersistentVolume",
        metadata: { name: "disk" },
        spec: { ...ofPods, capacity: { storage: "1Gi" }, hostPath: { path: "/disk" } },
      });
      world.advance(60_000);
      return world;
    };
    expect(firstDifference(logOf(run(false)), logOf(run(true)))).toBeUndefined();
  });

  test("a watch that goes on after an eviction misses nothing and repeats nothing", () => {
    const seen = (evict: boolean): string[] => {
      const world = new World();
      const { resourceVersion } = world.get("/api/v1/pods").metadata;
      const watch = world.watch(`/api/v1/pods?watch=true&resourceVersion=${resourceVersion}`);
      const lines: string[] = [];
      const note = (): void => {
        for (const e of watch.read())
          lines.push(`${e.type} ${e.object.metadata.name} ${e.object.metadata.resourceVersion}`);
      };
      tell(world, (w) => {
        if (evict) w.evict();
        note();
      });
      return lines;
    };
    const all = seen(false);
    expect(all.length).toBeGreaterThan(50);
    expect(seen(true)).toEqual(all);
  });
});
