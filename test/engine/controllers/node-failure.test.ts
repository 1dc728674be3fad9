import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const container = { name: "nginx", image: "nginx:1.27" };
const nodeUrl = (name: string): string => `/api/v1/nodes/${name}`;
const pod = (name: string, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default" },
  spec: { nodeName: "node-1", containers: [container], ...spec },
});
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [container] } },
  },
};
const toleration = (tolerationSeconds?: number): object => ({
  key: "node.kubernetes.io/unreachable",
  operator: "Exists",
  effect: "NoExecute",
  ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
});

const power = (world: World, name: string, state: "off" | null): void => {
  world.patch(nodeUrl(name), { metadata: { annotations: { "podyard.dev/power": state } } });
};

/** Lets time pass to this moment after a beginning, as somebody who keeps looking would see it. */
function at(world: World, begin: number, ms: number): void {
  while (world.now < begin + ms) {
    world.advance(Math.min(60_000, begin + ms - world.now));
    world.get(nodeUrl("control-plane"));
  }
}

// oxlint-disable-next-line no-explicit-any
const condition = (object: any, type: string): any =>
  object.status.conditions?.find((c: { type: string }) => c.type === type);
const ready = (world: World, name: string): string =>
  condition(world.get(nodeUrl(name)), "Ready").status;
const taints = (world: World, name: string): string[] =>
  (world.get(nodeUrl(name)).spec.taints ?? []).map(
    (t: { key: string; effect: string }) =>
      `${t.key.replace("node.kubernetes.io/", "")}:${t.effect}`,
  );
const names = (world: World): string[] => world.pods().map((p) => p.metadata.name);
const leaving = (world: World, name: string): boolean =>
  world.pod(name).metadata.deletionTimestamp !== undefined;

describe("a node that loses its power", () => {
  test("is NotReady after 50 s, and its Pods are replaced 300 s later; a naked Pod is not", () => {
    const world = new World();
    world.create(pod("naked"), deployment);
    world.settle();
    const victim = world.pods("default", "app=web")[0];
    const node = victim.spec.nodeName;
    world.advance(30_000);
    const begin = world.now;
    for (const name of new Set([node, "node-1"])) power(world, name, "off");
    at(world, begin, 49_000);
    expect(ready(world, "node-1")).toBe("True");
    expect(taints(world, "node-1")).toEqual([]);
    at(world, begin, 50_000);
    const down = world.get(nodeUrl("node-1"));
    for (const type of ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"]) {
      expect(condition(down, type)).toMatchObject({
        status: "Unknown",
        reason: "NodeStatusUnknown",
        message: "Kubelet stopped posting node status.",
      });
    }
    expect(taints(world, "node-1")).toEqual(["unreachable:NoSchedule", "unreachable:NoExecute"]);
    expect(world.rows("/api/v1/nodes").map((r) => r["Status"])).toContain("NotReady");
    expect(world.events("node-1")).toContain(
      "Normal NodeNotReady Node node-1 status is now: NodeNotReady",
    );
    expect(condition(world.pod("naked"), "Ready").status).toBe("False");
    expect(world.events("naked")).toContain("Warning NodeNotReady Node is not ready");
    at(world, begin, 349_000);
    expect(leaving(world, "naked")).toBe(false);
    expect(leaving(world, victim.metadata.name)).toBe(false);
    at(world, begin, 370_000);
    expect(leaving(world, "naked")).toBe(true);
    expect(world.events("naked")).toContain(
      "Normal TaintManagerEviction Marking for deletion Pod default/naked",
    );
    expect(condition(world.pod("naked"), "DisruptionTarget")).toMatchObject({
      status: "True",
      reason: "DeletionByTaintManager",
      message: "Taint manager: deleting due to NoExecute taint",
    });
    const replaced = world.pods("default", "app=web").find((p) => !p.metadata.deletionTimestamp);
    expect(replaced.metadata.name).not.toBe(victim.metadata.name);
    expect(replaced.spec.nodeName).not.toBe(node);
    expect(replaced.status.phase).toBe("Running");
    // Nobody there says that they ended, so they stay.
    at(world, begin, 580_000);
    expect(names(world)).toContain("naked");
    expect(names(world)).toContain(victim.metadata.name);
    power(world, "node-1", null);
    power(world, node, null);
    world.advance(60_000);
    expect(ready(world, "node-1")).toBe("True");
    expect(taints(world, "node-1")).toEqual([]);
    expect(names(world)).toEqual([replaced.metadata.name]);
    const events = world.events("node-1");
    expect(events).toContain("Normal NodeReady Node node-1 status is now: NodeReady");
    // A kubelet that starts knows nothing of what it told before.
    expect(events.filter((e) => e === "Normal Starting Starting kubelet.")).toHaveLength(2);
    expect(
      events.some((e) =>
        /^Warning Rebooted Node node-1 has been rebooted, boot id: [0-9a-f-]{36}$/.test(e),
      ),
    ).toBe(true);
  });

  test("taints to the second: Unknown at 50 s, driven off at 350 s", () => {
    const world = new World();
    world.create(pod("naked"));
    world.settle();
    const begin = Math.ceil(world.now / 1000) * 1000;
    world.advance(begin - world.now);
    power(world, "node-1", "off");
    at(world, begin, 400_000);
    const node = world.get(nodeUrl("node-1"));
    const seconds = (text: string): number => (Date.parse(text) - begin) / 1000;
    expect(seconds(condition(node, "Ready").lastTransitionTime)).toBe(50);
    for (const taint of node.spec.taints) expect(seconds(taint.timeAdded)).toBe(50);
    expect(seconds(condition(world.pod("naked"), "DisruptionTarget").lastTransitionTime)).toBe(350);
  });

  test("that comes back in time keeps its Pods", () => {
    const world = new World();
    world.create(pod("naked"));
    world.settle();
    const begin = world.now;
    power(world, "node-1", "off");
    at(world, begin, 200_000);
    power(world, "node-1", null);
    world.advance(30_000);
    expect(world.events("naked")).toContain(
      "Normal TaintManagerEviction Cancelling deletion of Pod default/naked",
    );
    at(world, begin, 500_000);
    const back = world.pod("naked");
    expect(back.metadata.deletionTimestamp).toBeUndefined();
    expect(condition(back, "Ready").status).toBe("True");
    expect(back.status.containerStatuses[0].restartCount).toBe(1);
  });

  test("for a moment only: nobody but its kubelet notices", () => {
    const world = new World();
    world.settle();
    power(world, "node-1", "off");
    world.advance(30_000);
    power(world, "node-1", null);
    world.advance(200_000);
    expect(world.events("node-1")).not.toContain(
      "Normal NodeNotReady Node node-1 status is now: NodeNotReady",
    );
    expect(world.events("node-1").filter((e) => e.startsWith("Warning Rebooted"))).toHaveLength(1);
    expect(ready(world, "node-1")).toBe("True");
  });

  test.each([
    ["for ever", [toleration()], undefined],
    ["for 10 s", [toleration(10)], 60],
    ["not at all", [toleration(0)], 50],
  ])("a Pod that tolerates it %s", (_, tolerations, goesAtSecond) => {
    const world = new World();
    world.create(pod("naked", { tolerations }));
    world.settle();
    const begin = world.now;
    power(world, "node-1", "off");
    if (goesAtSecond === undefined) {
      at(world, begin, 500_000);
      expect(leaving(world, "naked")).toBe(false);
      return;
    }
    at(world, begin, goesAtSecond * 1000 - 1);
    expect(leaving(world, "naked")).toBe(false);
    at(world, begin, goesAtSecond * 1000);
    expect(leaving(world, "naked")).toBe(true);
  });
});

describe("several nodes without power", () => {
  test("are cleared one after the other, 10 s apart", () => {
    const world = new World({ nodes: 5 });
    world.settle();
    const begin = world.now;
    power(world, "node-1", "off");
    power(world, "node-2", "off");
    at(world, begin, 50_000);
    expect(taints(world, "node-1")).toContain("unreachable:NoExecute");
    expect(taints(world, "node-2")).toEqual(["unreachable:NoSchedule"]);
    at(world, begin, 59_999);
    expect(taints(world, "node-2")).toEqual(["unreachable:NoSchedule"]);
    at(world, begin, 60_000);
    expect(taints(world, "node-2")).toContain("unreachable:NoExecute");
  });

  test("most of a small zone: nobody is driven off", () => {
    const world = new World();
    world.settle();
    const begin = world.now;
    for (const name of ["node-1", "node-2", "node-3"]) power(world, name, "off");
    at(world, begin, 300_000);
    for (const name of ["node-1", "node-2", "node-3"]) {
      expect(taints(world, name)).toEqual(["unreachable:NoSchedule"]);
    }
    // One is back: half of the zone is well, so the two others are cleared.
    power(world, "node-3", null);
    world.advance(11_000);
    expect(taints(world, "node-1")).toContain("unreachable:NoExecute");
    expect(taints(world, "node-2")).toContain("unreachable:NoExecute");
    expect(taints(world, "node-3")).toEqual([]);
  });

  test("all of them: taints that drive off are taken away again", () => {
    const world = new World({ nodes: 1 });
    world.create(pod("naked"));
    world.settle();
    const begin = world.now;
    power(world, "node-1", "off");
    at(world, begin, 60_000);
    expect(taints(world, "node-1")).toContain("unreachable:NoExecute");
    power(world, "control-plane", "off");
    at(world, begin, 120_000);
    expect(taints(world, "node-1")).toEqual(["unreachable:NoSchedule"]);
    at(world, begin, 500_000);
    expect(leaving(world, "naked")).toBe(false);
  });
});

describe("taints", () => {
  test("a cordoned node carries one", () => {
    const world = new World();
    world.settle();
    world.patch(nodeUrl("node-1"), { spec: { unschedulable: true } });
    world.settle();
    expect(taints(world, "node-1")).toEqual(["unschedulable:NoSchedule"]);
    world.patch(nodeUrl("node-1"), { spec: { unschedulable: null } });
    world.settle();
    expect(taints(world, "node-1")).toEqual([]);
  });

  test("its kubelet tells with its next report that a node is cordoned, and that it is no more", () => {
    const world = new World();
    const told = (): string[] =>
      world.events("node-1").filter((e) => e.includes("Schedulable") || e.includes("NotSch"));
    const before = told().length;
    world.patch(nodeUrl("node-1"), { spec: { unschedulable: true } });
    world.advance(10_000);
    world.patch(nodeUrl("node-1"), { spec: { unschedulable: null } });
    world.advance(10_000);
    expect(told().slice(before)).toEqual([
      "Normal NodeNotSchedulable Node node-1 status is now: NodeNotSchedulable",
      "Normal NodeSchedulable Node node-1 status is now: NodeSchedulable",
    ]);
  });

  test("a NoExecute taint of a user drives off at once what does not tolerate it", () => {
    const world = new World();
    world.create(pod("naked"), pod("tough", { tolerations: [{ operator: "Exists" }] }));
    world.settle();
    const spec = { taints: [{ key: "repair", value: "now", effect: "NoExecute" }] };
    world.patch(nodeUrl("node-1"), { spec });
    world.advance(60_000);
    expect(names(world)).toEqual(["tough"]);
  });
});

describe("nodes that come and go", () => {
  const blank = (name: string, annotations: object = {}): object => ({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, annotations },
  });

  test("one made by hand has no kubelet: Unknown after a minute, and a range of its own", () => {
    const world = new World();
    world.settle();
    const begin = Math.ceil(world.now / 1000) * 1000;
    world.advance(begin - world.now);
    world.create(blank("ghost"));
    at(world, begin, 59_000);
    expect(world.get(nodeUrl("ghost")).status.conditions).toBeUndefined();
    expect(world.get(nodeUrl("ghost")).spec.podCIDR).toBe("10.244.4.0/24");
    at(world, begin, 60_000);
    expect(condition(world.get(nodeUrl("ghost")), "Ready")).toMatchObject({
      status: "Unknown",
      reason: "NodeStatusNeverUpdated",
      message: "Kubelet never posted node status.",
    });
    expect(world.events("ghost")).toEqual([
      "Normal RegisteredNode Node ghost event: Registered Node ghost in Controller",
    ]);
    world.delete(nodeUrl("ghost"));
    world.settle();
    expect(world.events("ghost")).toContain(
      "Normal RemovingNode Node ghost event: Removing Node ghost from Controller",
    );
  });

  test("one with a machine joins and runs Pods", () => {
    const world = new World();
    world.settle();
    world.create(
      blank("node-4", { "podyard.dev/machine": "true" }),
      pod("web", { nodeName: "node-4" }),
    );
    world.settle();
    const node = world.get(nodeUrl("node-4"));
    expect(condition(node, "Ready").status).toBe("True");
    expect(node.metadata.labels["kubernetes.io/hostname"]).toBe("node-4");
    expect(node.status.capacity.cpu).toBe("4");
    expect(world.pod("web").status).toMatchObject({ phase: "Running", hostIP: "172.18.0.6" });
    expect(world.pod("web").status.podIP).toMatch(/^10\.244\.4\./);
  });

  test("a status that somebody else wrote is set right with the next report", () => {
    const world = new World();
    world.settle();
    const { status } = world.get(nodeUrl("node-1"));
    const conditions = status.conditions.map((c: { type: string }) =>
      c.type === "Ready" ? { ...c, status: "False", reason: "Lie", message: "" } : c,
    );
    world.patch(`${nodeUrl("node-1")}/status`, { status: { conditions } });
    world.advance(1);
    expect(taints(world, "node-1")).toContain("not-ready:NoSchedule");
    world.advance(10_000);
    expect(ready(world, "node-1")).toBe("True");
    expect(taints(world, "node-1")).toEqual([]);
  });
});

describe("heartbeats", () => {
  const lease = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-1";
  const age = (world: World, text: string): number => world.now - Date.parse(text);

  test("are never written, yet always fresh, until the power goes", () => {
    const world = new World();
    world.settle();
    const { resourceVersion } = world.get(lease).metadata;
    at(world, world.now, 900_000);
    expect(world.get(lease).spec).toMatchObject({
      holderIdentity: "node-1",
      leaseDurationSeconds: 40,
    });
    expect(age(world, world.get(lease).spec.renewTime)).toBeLessThanOrEqual(10_000);
    expect(world.get(lease).metadata.resourceVersion).toBe(resourceVersion);
    const beat = condition(world.get(nodeUrl("node-1")), "Ready").lastHeartbeatTime;
    expect(age(world, beat)).toBeLessThanOrEqual(300_000);
    const listed = world
      .get("/api/v1/nodes")
      .items.find((n: { metadata: { name: string } }) => n.metadata.name === "node-1");
    expect(condition(listed, "Ready").lastHeartbeatTime).toBe(beat);
    const renewed = world.get(lease).spec.renewTime;
    power(world, "node-1", "off");
    at(world, world.now, 200_000);
    expect(world.get(lease).spec.renewTime).toBe(renewed);
    expect(condition(world.get(nodeUrl("node-1")), "Ready").lastHeartbeatTime).toBe(beat);
  });

  test("of the control plane's leaders", () => {
    const world = new World();
    world.advance(123_456);
    const { items } = world.get("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases");
    expect(items).toHaveLength(3);
    for (const { spec } of items) expect(age(world, spec.renewTime)).toBeLessThanOrEqual(10_000);
  });

  test("cost no row while nobody looks", () => {
    const world = new World();
    world.settle();
    const rows = world.engine.log.rowsWritten;
    world.advance(599_000);
    expect(world.engine.log.rowsWritten).toBe(rows);
  });
});
