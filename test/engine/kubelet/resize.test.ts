/** Resizing in place: what is granted, put to work, put off, and what the Pod tells of it. */
import { describe, expect, it } from "vitest";
import {
  box,
  isolationWorld,
  podOf,
  type IsolationWorld,
} from "../runtime/isolation/isolation-world.ts";
import { resizeRetryMs } from "../../../durable-objects/engine/core/limits.ts";

const url = "/api/v1/namespaces/default/pods/p";
const list = (cpu: string, memory: string): object => ({ cpu, memory });
const guaranteed = (cpu: string, memory: string): object => ({
  requests: list(cpu, memory),
  limits: list(cpu, memory),
});

const start = (containers: object[], spec: object = {}): IsolationWorld => {
  const w = isolationWorld(1);
  w.create(podOf("p", containers, { terminationGracePeriodSeconds: 0, ...spec }));
  w.advance(10_000);
  return w;
};

const resize = (w: IsolationWorld, name: string, resources: object, pod = url): number =>
  w.request(
    "PATCH",
    `${pod}/resize`,
    { spec: { containers: [{ name, resources }] } },
    { type: "application/strategic-merge-patch+json" },
  ).status;

const resizeConditions = (w: IsolationWorld, pod = url): object[] =>
  w
    .get(pod)
    .status.conditions.filter((c: { type: string }) => c.type.startsWith("PodResize"))
    .map(({ type, reason, message, observedGeneration }: Record<string, unknown>) => ({
      type,
      observedGeneration,
      ...(reason ? { reason } : {}),
      ...(message ? { message } : {}),
    }));

const cgroup = (w: IsolationWorld): string =>
  w.out("p", "cd /sys/fs/cgroup && cat cpu.max cpu.weight memory.max");

describe("a resize", () => {
  it("reaches the running container, its status and its Events", () => {
    const w = start([box("c", { resources: guaranteed("100m", "64Mi") })]);
    expect(cgroup(w)).toBe("10000 100000\n17\n67108864\n");
    expect(resize(w, "c", guaranteed("200m", "96Mi"))).toBe(200);
    w.advance(100);
    const during = w.get(url).status;
    expect(resizeConditions(w)).toEqual([{ type: "PodResizeInProgress", observedGeneration: 2 }]);
    expect(during.containerStatuses[0].allocatedResources).toEqual(list("200m", "96Mi"));
    expect(during.containerStatuses[0].resources).toEqual(guaranteed("100m", "64Mi"));
    w.advance(2_000);
    const { status } = w.get(url);
    expect(resizeConditions(w)).toEqual([]);
    expect(status.containerStatuses[0].resources).toEqual(guaranteed("200m", "96Mi"));
    expect(status.containerStatuses[0].restartCount).toBe(0);
    expect(status.observedGeneration).toBe(2);
    expect(status.allocatedResources).toEqual(list("200m", "96Mi"));
    expect(status.resources).toEqual(guaranteed("200m", "96Mi"));
    expect(cgroup(w)).toBe("20000 100000\n29\n100663296\n");
    const summary =
      '{"containers":[{"name":"c","resources":{"limits":{"cpu":"200m","memory":"96Mi"},"requests":{"cpu":"200m","memory":"96Mi"}}}],"generation":2}';
    expect(w.events("p").slice(-2)).toEqual([
      `Normal ResizeStarted Pod resize started: ${summary}`,
      `Normal ResizeCompleted Pod resize completed: ${summary}`,
    ]);
  });

  it("restarts a container whose policy wants it", () => {
    const policy = [{ resourceName: "memory", restartPolicy: "RestartContainer" }];
    const w = start([
      box("c", { resources: guaranteed("100m", "64Mi"), resizePolicy: policy }),
      box("d", { resources: guaranteed("100m", "64Mi") }),
    ]);
    resize(w, "c", guaranteed("100m", "80Mi"));
    w.advance(6_000);
    const [c, d] = w.get(url).status.containerStatuses;
    expect([c.restartCount, d.restartCount]).toEqual([1, 0]);
    expect(c.resources).toEqual(guaranteed("100m", "80Mi"));
    expect(resizeConditions(w)).toEqual([]);
    expect(w.events("p")).toContain("Normal Killing Container c resize requires restart");
  });

  // k8s: test/e2e/common/node/pod_level_resources_resize.go
  it.each([0, 30])("of the Pod restarts each container once (grace of %i s)", (grace) => {
    const resizePolicy = ["cpu", "memory"].map((resourceName) => ({
      resourceName,
      restartPolicy: "RestartContainer",
    }));
    const w = start([box("c", { resizePolicy }), box("d", { resizePolicy })], {
      initContainers: [{ ...box("side", { resizePolicy }), restartPolicy: "Always" }],
      resources: guaranteed("80m", "95Mi"),
      terminationGracePeriodSeconds: grace,
    });
    const resources = guaranteed("80m", "100Mi");
    const type = "application/strategic-merge-patch+json";
    expect(w.request("PATCH", `${url}/resize`, { spec: { resources } }, { type }).status).toBe(200);
    w.advance(5_000);
    expect(resizeConditions(w).length).toBe(grace ? 1 : 0);
    w.advance(90_000);
    const { status } = w.get(url);
    const restarts = [...status.initContainerStatuses, ...status.containerStatuses].map(
      (one: { restartCount: number }) => one.restartCount,
    );
    expect(restarts).toEqual([1, 1, 1]);
    expect(status.resources).toEqual(resources);
    expect(resizeConditions(w)).toEqual([]);
    const events = w.events("p").filter((text) => /ResizeCompleted|resize requires/.test(text));
    expect(events).toHaveLength(4);
    expect(events.at(-1)).toContain("ResizeCompleted");
  });

  it("that finds no room waits until a Pod ends", () => {
    const w = start([box("c", { resources: { requests: list("500m", "64Mi") } })]);
    const other = box("c", { resources: { requests: { cpu: "1" } } });
    w.create(podOf("other", [other], { terminationGracePeriodSeconds: 0 }));
    w.advance(10_000);
    const allocatable = w.get("/api/v1/nodes/node-1").status.allocatable.cpu;
    resize(w, "c", { requests: { cpu: allocatable } });
    w.advance(100);
    const message = expect.stringMatching(
      /^Node didn't have enough resource: cpu, requested: \d+, used: \d+, capacity: \d+$/,
    );
    const waits = { type: "PodResizePending", reason: "Deferred", observedGeneration: 2, message };
    expect(resizeConditions(w)).toEqual([waits]);
    expect(w.get(url).status.containerStatuses[0].allocatedResources.cpu).toBe("500m");
    expect(w.events("p").at(-1)).toMatch(
      /^Warning ResizeDeferred Pod resize OutOfcpu: \{"containers":\[.*\],"generation":2,"error":"Node didn't have enough resource: cpu, /,
    );
    // More than is free now, less than will be once the other is gone.
    const [{ message: told }] = resizeConditions(w) as [{ message: string }];
    const [used = 0, capacity = 0] = [...told.matchAll(/(?:used|capacity): (\d+)/g)].map((m) =>
      Number(m[1]),
    );
    const wished = `${capacity - used + 500}m`;
    resize(w, "c", { requests: { cpu: wished } });
    w.advance(100);
    expect(resizeConditions(w)).toEqual([{ ...waits, observedGeneration: 3 }]);
    w.delete("/api/v1/namespaces/default/pods/other");
    w.advance(5_000);
    expect(resizeConditions(w)).toEqual([]);
    expect(w.get(url).status.containerStatuses[0].allocatedResources.cpu).toBe(wished);
  });

  it("elsewhere is none of a Pod's that goes", () => {
    const w = isolationWorld(8);
    w.create(podOf("p", [box("c")], { terminationGracePeriodSeconds: 0, nodeName: "node-3" }));
    w.advance(10_000);
    const looked = new Set<string>();
    const { store } = w.engine;
    const record = store.record.bind(store);
    store.record = (table, key) => {
      if (table === "kubelet-node") looked.add(key);
      return record(table, key);
    };
    w.delete(url);
    w.advance(1_000);
    expect([...looked]).toEqual(["node-3"]);
  });

  it("to more than the node could ever give is refused", () => {
    const w = start([box("c", { resources: guaranteed("500m", "64Mi") })]);
    const { cpu } = w.get("/api/v1/nodes/node-1").status.allocatable;
    const resources = guaranteed("1000", "64Mi");
    const type = "application/strategic-merge-patch+json";
    const body = { spec: { containers: [{ name: "c", resources }] } };
    expect(w.request("PATCH", `${url}/resize`, body, { type })).toMatchObject({
      status: 403,
      body: {
        message: `pods "p" is forbidden: node didn't have enough allocatable resources: cpu, requested: 1000000, allocatable: ${Number(cpu) * 1000}`,
        details: { causes: [{ reason: "NodeCapacity" }] },
      },
    });
    expect(w.get(url).metadata.generation).toBe(1);
    expect(resize(w, "c", guaranteed("1000", "100Ti"))).toBe(403);
  });

  it("put off on a node that shrinks waits for another wish", () => {
    const w = start([box("c", { resources: guaranteed("500m", "64Mi") })]);
    w.create(podOf("other", [box("c", { resources: { requests: { cpu: "2" } } })]));
    w.advance(10_000);
    expect(resize(w, "c", guaranteed("3", "64Mi"))).toBe(200);
    w.advance(100);
    expect(resizeConditions(w)).toMatchObject([{ reason: "Deferred" }]);
    w.patch("/api/v1/nodes/node-1/status", { status: { allocatable: { cpu: "2500m" } } });
    w.advance(resizeRetryMs);
    const message = "Node didn't have enough capacity: cpu, requested: 3000, capacity: 2500";
    expect(resizeConditions(w)).toEqual([
      { type: "PodResizePending", reason: "Infeasible", observedGeneration: 2, message },
    ]);
    expect(w.get(url).status.containerStatuses[0].resources).toEqual(guaranteed("500m", "64Mi"));
    w.delete("/api/v1/namespaces/default/pods/other");
    resize(w, "c", guaranteed("600m", "64Mi"));
    w.advance(40_000);
    expect(resizeConditions(w)).toEqual([]);
    expect(w.get(url).status.containerStatuses[0].resources).toEqual(guaranteed("600m", "64Mi"));
  });

  it("that was put off ends when it is taken back", () => {
    const w = start([box("c", { resources: { requests: list("100m", "64Mi") } })]);
    w.create(podOf("other", [box("c", { resources: { requests: { cpu: "3" } } })]));
    w.advance(10_000);
    resize(w, "c", { requests: { cpu: "2" } });
    w.advance(100);
    expect(resizeConditions(w)).toHaveLength(1);
    resize(w, "c", { requests: { cpu: "100m" } });
    w.advance(100);
    expect(resizeConditions(w)).toEqual([]);
    expect(w.get(url).status.observedGeneration).toBe(3);
  });

  it("below what is in use fails, and is tried again", () => {
    const w = start([box("c", { resources: guaranteed("100m", "64Mi") })]);
    resize(w, "c", guaranteed("100m", "256Ki"));
    w.advance(2_000);
    const [condition] = resizeConditions(w) as { reason: string; message: string }[];
    expect(condition).toMatchObject({ type: "PodResizeInProgress", reason: "Error" });
    expect(condition?.message).toMatch(
      /^cannot decrease memory limits: \[attempting to set pod memory limit \(262144\) below current usage \(\d+\), attempting to set container "c" memory limit \(262144\) below current usage \(\d+\)\]$/,
    );
    expect(w.events("p").at(-1)).toMatch(/^Warning ResizeError Pod resize error: /);
    resize(w, "c", guaranteed("100m", "64Mi"));
    w.advance(12_000);
    expect(resizeConditions(w)).toEqual([]);
  });
});
