import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const url = "/apis/apps/v1/namespaces/default/daemonsets/agent";

const daemonSet = (spec: object = {}, pod: object = {}, image = "nginx:1.27"): object => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name: "agent", namespace: "default" },
  spec: {
    selector: { matchLabels: { app: "agent" } },
    template: {
      metadata: { labels: { app: "agent" } },
      spec: { containers: [{ name: "c", image }], terminationGracePeriodSeconds: 5, ...pod },
    },
    ...spec,
  },
});

const settled = (set: object = daemonSet()): World => {
  const world = new World();
  world.create(set);
  world.settle();
  return world;
};
const row = (world: World) => world.rows("/apis/apps/v1/namespaces/default/daemonsets")[0];
const nodesOf = (world: World) =>
  world
    .pods()
    .map((p) => p.spec.nodeName)
    .sort();
const images = (world: World) => [...new Set(world.pods().map((p) => p.spec.containers[0].image))];
const setImage = (world: World, image: string) =>
  world.patch(
    url,
    { spec: { template: { spec: { containers: [{ name: "c", image }] } } } },
    "application/strategic-merge-patch+json",
  );
const workers = ["node-1", "node-2", "node-3"];

/** Lets the update run and looks after every step. */
function watchRollout(world: World, look: () => void): void {
  const end = world.now + 300_000;
  while (world.now < end) {
    const due = world.engine.nextDueMs(world.now);
    if (due === undefined || due > end) break;
    world.now = Math.max(world.now, due);
    world.engine.run(world.now);
    look();
  }
  world.check();
}

describe("DaemonSet", () => {
  test("runs one Pod on every worker", () => {
    const world = settled();
    expect(nodesOf(world)).toEqual(workers);
    expect(row(world)).toMatchObject({
      Desired: 3,
      Current: 3,
      Ready: 3,
      "Up-to-date": 3,
      Available: 3,
    });
    expect(world.events("agent")).toHaveLength(3);
    for (const pod of world.pods()) {
      expect(world.events("agent")).toContain(
        `Normal SuccessfulCreate Created pod: ${pod.metadata.name}`,
      );
      expect(pod.metadata.name).toMatch(/^agent-[a-z0-9]{5}$/);
      expect(pod.metadata.labels["pod-template-generation"]).toBe("1");
      expect(
        pod.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution
          .nodeSelectorTerms,
      ).toEqual([
        { matchFields: [{ key: "metadata.name", operator: "In", values: [pod.spec.nodeName] }] },
      ]);
      expect(pod.spec.tolerations.map((t: { key: string }) => t.key)).toEqual([
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
        "node.kubernetes.io/disk-pressure",
        "node.kubernetes.io/memory-pressure",
        "node.kubernetes.io/pid-pressure",
        "node.kubernetes.io/unschedulable",
      ]);
    }
    expect(world.get(url).status).toEqual({
      currentNumberScheduled: 3,
      desiredNumberScheduled: 3,
      numberAvailable: 3,
      numberMisscheduled: 0,
      numberReady: 3,
      observedGeneration: 1,
      updatedNumberScheduled: 3,
    });
  });

  test.each([
    [
      "a toleration of the control plane",
      { tolerations: [{ operator: "Exists" }] },
      ["control-plane", ...workers],
    ],
    ["a node selector", { nodeSelector: { "kubernetes.io/hostname": "node-2" } }, ["node-2"]],
    ["a selector nobody has", { nodeSelector: { disk: "ssd" } }, []],
  ])("goes where it fits: %s", (_name, pod, nodes) => {
    expect(nodesOf(settled(daemonSet({}, pod)))).toEqual(nodes);
  });

  test("follows its nodes' labels and taints", () => {
    const world = settled(daemonSet({}, { nodeSelector: { disk: "ssd" } }));
    world.patch("/api/v1/nodes/node-1", { metadata: { labels: { disk: "ssd" } } });
    world.settle();
    expect(nodesOf(world)).toEqual(["node-1"]);
    world.patch("/api/v1/nodes/node-1", { spec: { taints: [{ key: "x", effect: "NoSchedule" }] } });
    world.settle();
    expect(nodesOf(world)).toEqual(["node-1"]);
    expect(row(world)).toMatchObject({ Desired: 0, Current: 0 });
    world.patch("/api/v1/nodes/node-1", { metadata: { labels: { disk: null } } });
    world.settle();
    expect(nodesOf(world)).toEqual([]);
    expect(world.events("agent").at(-1)).toMatch(/^Normal SuccessfulDelete Deleted pod: agent-/);
  });

  test("replaces a deleted Pod on its node, and a failed one", () => {
    const world = settled();
    const [victim, failing] = world.pods();
    world.delete(`/api/v1/namespaces/default/pods/${victim.metadata.name}`);
    world.settle();
    expect(nodesOf(world)).toEqual(workers);
    world.patch(`/api/v1/namespaces/default/pods/${failing.metadata.name}/status`, {
      status: { phase: "Failed" },
    });
    world.settle();
    expect(nodesOf(world)).toEqual(workers);
    expect(world.events("agent")).toContain(
      `Warning FailedDaemonPod Found failed daemon pod default/${failing.metadata.name} on node ${failing.spec.nodeName}, will try to kill it`,
    );
  });

  test.each([
    ["one at a time", {}, 2, 3],
    ["two at a time", { rollingUpdate: { maxUnavailable: 2 } }, 1, 3],
    ["surging", { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }, 3, 4],
  ])("rolls out %s", (_name, strategy, floor, ceiling) => {
    const world = settled(daemonSet({ updateStrategy: { type: "RollingUpdate", ...strategy } }));
    let least = 3;
    let most = 3;
    setImage(world, "nginx:1.28");
    watchRollout(world, () => {
      const pods = world.pods().filter((p) => !p.metadata.deletionTimestamp);
      const ready = pods.filter((p) =>
        p.status.conditions.some(
          (c: { type: string; status: string }) => c.type === "Ready" && c.status === "True",
        ),
      );
      least = Math.min(least, ready.length);
      most = Math.max(most, pods.length);
    });
    expect(images(world)).toEqual(["nginx:1.28"]);
    expect([least, most]).toEqual([floor, ceiling]);
    expect(row(world)).toMatchObject({ Desired: 3, Ready: 3, "Up-to-date": 3, Available: 3 });
  });

  test("with OnDelete waits for the user", () => {
    const world = settled(daemonSet({ updateStrategy: { type: "OnDelete" } }));
    setImage(world, "nginx:1.28");
    world.settle();
    expect(images(world)).toEqual(["nginx:1.27"]);
    expect(row(world)).toMatchObject({ "Up-to-date": 0 });
    world.delete(`/api/v1/namespaces/default/pods/${world.pods()[0].metadata.name}`);
    world.settle();
    expect(images(world).sort()).toEqual(["nginx:1.27", "nginx:1.28"]);
  });

  test("keeps revisions that bring an old template back", () => {
    const world = settled();
    setImage(world, "nginx:1.28");
    world.settle();
    const revisions = () =>
      world
        .get("/apis/apps/v1/namespaces/default/controllerrevisions")
        .items.sort((a: { revision: number }, b: { revision: number }) => a.revision - b.revision);
    expect(revisions().map((r: { revision: number }) => r.revision)).toEqual([1, 2]);
    const [first] = revisions();
    expect(first.data.spec.template.$patch).toBe("replace");
    world.patch(url, first.data, "application/strategic-merge-patch+json");
    world.settle();
    expect(images(world)).toEqual(["nginx:1.27"]);
    expect(revisions().map((r: { revision: number }) => r.revision)).toEqual([2, 3]);
    expect(revisions()[1].metadata.name).toBe(first.metadata.name);
  });

  test("writes a revision as Go does, keys in order", () => {
    const world = settled();
    const [revision] = world.get("/apis/apps/v1/namespaces/default/controllerrevisions").items;
    const { template } = revision.data.spec;
    expect(Object.keys(template)).toEqual(["$patch", "metadata", "spec"]);
    for (const object of [template.spec, template.spec.containers[0]])
      expect(Object.keys(object)).toEqual(Object.keys(object).sort());
  });

  test("adopts revisions without an owner, and keeps one of those that say the same", () => {
    const world = settled();
    const list = "/apis/apps/v1/namespaces/default/controllerrevisions";
    const [revision] = world.get(list).items;
    const { labels, ownerReferences } = revision.metadata;
    world.create({
      apiVersion: "apps/v1",
      kind: "ControllerRevision",
      data: revision.data,
      metadata: {
        name: "other",
        namespace: "default",
        labels: { ...labels, "controller-revision-hash": "other" },
      },
      revision: 7,
    });
    world.settle();
    const { items } = world.get(list);
    expect(items).toHaveLength(1);
    expect(items[0].metadata).toMatchObject({ name: "other", ownerReferences });
    for (const pod of world.pods())
      expect(pod.metadata.labels["controller-revision-hash"]).toBe("other");
  });

  test("forgets revisions beyond its limit", () => {
    const world = settled(daemonSet({ revisionHistoryLimit: 1 }));
    for (const tag of ["1.25", "1.26", "1.28"]) {
      setImage(world, `nginx:${tag}`);
      world.settle();
    }
    const { items } = world.get("/apis/apps/v1/namespaces/default/controllerrevisions");
    expect(items.map((r: { revision: number }) => r.revision).sort()).toEqual([3, 4]);
  });

  test("counts a Pod as available after minReadySeconds", () => {
    const world = new World();
    world.create(daemonSet({ minReadySeconds: 30 }));
    world.until(() => row(world)?.["Ready"] === 3);
    expect(row(world)).toMatchObject({ Ready: 3, Available: 0 });
    world.settle();
    expect(row(world)).toMatchObject({ Available: 3 });
  });

  test("tells when a quota forbids its Pods, and goes on when it allows them", () => {
    const world = new World();
    world.create({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "q", namespace: "default" },
      spec: { hard: { pods: "1" } },
    });
    // As the quota's own controller would leave it.
    const allow = (pods: string, used: string) =>
      world.patch("/api/v1/namespaces/default/resourcequotas/q/status", {
        status: { hard: { pods }, used: { pods: used } },
      });
    allow("1", "0");
    world.create(daemonSet());
    world.advance(5_000);
    expect(world.pods()).toHaveLength(1);
    expect(
      world
        .events("agent")
        .some((e) => e.startsWith('Warning FailedCreate Error creating: pods "agent-')),
    ).toBe(true);
    world.patch("/api/v1/namespaces/default/resourcequotas/q", { spec: { hard: { pods: "10" } } });
    allow("10", "1");
    world.settle();
    expect(nodesOf(world)).toEqual(workers);
  });
});
