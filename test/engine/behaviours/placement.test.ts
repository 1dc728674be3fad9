/** Where Pods land (P10) and how they go (P11), see `test/behaviours.md`. */
import { describe, expect, test } from "vitest";
import {
  cluster,
  condition,
  deployment,
  follower,
  nginx,
  nodeUrl,
  pod,
  podsUrl,
  podUrl,
  service,
  shell,
  statusOf,
  type Anything,
  type World,
} from "./behaviour-world.ts";

const label = (world: World, node: string, labels: object): void =>
  void world.patch(nodeUrl(node), { metadata: { labels } });
const nodeOf = (world: World, name: string): string => world.pod(name).spec.nodeName;
const placed = (world: World, name: string, spec: object): void => {
  world.create(pod(name, { containers: [nginx()], ...spec }));
  world.advance(5_000);
};
const preemption = "no new claims to deallocate, preemption: 0/3 nodes are available: ";
const unschedulable = (world: World, name: string): string => {
  expect(world.pod(name).spec.nodeName).toBeUndefined();
  expect(statusOf(world, name)).toBe("Pending");
  return condition(world.pod(name), "PodScheduled").message;
};

const terms = (key: string, operator: string, values?: string[]): object => ({
  nodeSelectorTerms: [{ matchExpressions: [{ key, operator, ...(values ? { values } : {}) }] }],
});
const near = (app: string): object[] => [
  { labelSelector: { matchLabels: { app } }, topologyKey: "kubernetes.io/hostname" },
];

describe("P10: placement", () => {
  test.each([
    ["nodeSelector", { nodeSelector: { disk: "ssd" } }],
    [
      "node affinity",
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: terms("disk", "In", ["ssd"]),
          },
        },
      },
    ],
  ])("%s lands on the labelled node, and waits where there is none", (_, spec) => {
    const world = cluster();
    placed(world, "early", spec);
    expect(unschedulable(world, "early")).toBe(
      "0/3 nodes are available: 1 node(s) had untolerated taint(s), " +
        "2 node(s) didn't match Pod's node affinity/selector. " +
        `${preemption}3 Preemption is not helpful for scheduling.`,
    );
    label(world, "node-2", { disk: "ssd" });
    world.advance(15_000);
    expect(nodeOf(world, "early")).toBe("node-2");
  });

  test("a preferred node is only a wish", () => {
    const world = cluster();
    const spec = (value: string): object => ({
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 100,
              preference: { matchExpressions: [{ key: "disk", operator: "In", values: [value] }] },
            },
          ],
        },
      },
    });
    label(world, "node-1", { disk: "ssd" });
    placed(world, "wish", spec("ssd"));
    placed(world, "dream", spec("nvme"));
    expect(nodeOf(world, "wish")).toBe("node-1");
    expect(nodeOf(world, "dream")).toBeDefined();
  });

  test("Pod affinity goes to its like, anti-affinity away from it", () => {
    const world = cluster();
    placed(world, "db", {});
    const required = "requiredDuringSchedulingIgnoredDuringExecution";
    placed(world, "near", { affinity: { podAffinity: { [required]: near("db") } } });
    placed(world, "far", { affinity: { podAntiAffinity: { [required]: near("db") } } });
    placed(world, "lonely", { affinity: { podAffinity: { [required]: near("none") } } });
    expect(nodeOf(world, "near")).toBe(nodeOf(world, "db"));
    expect(nodeOf(world, "far")).not.toBe(nodeOf(world, "db"));
    expect(unschedulable(world, "lonely")).toBe(
      "0/3 nodes are available: 1 node(s) had untolerated taint(s), " +
        "2 node(s) didn't match pod affinity rules. " +
        `${preemption}3 Preemption is not helpful for scheduling.`,
    );
  });

  test("one Pod per node by anti-affinity: the third waits", () => {
    const world = cluster();
    const affinity = {
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: near("web") },
    };
    const template = {
      metadata: { labels: { app: "web" } },
      spec: { affinity, containers: [nginx()] },
    };
    world.create(deployment("web", { replicas: 3, template }));
    world.advance(10_000);
    const pods = world.pods("default", "app=web");
    const nodes = pods.map((p) => p.spec.nodeName).filter(Boolean);
    expect(nodes.sort()).toEqual(["node-1", "node-2"]);
    const waiting = pods.find((p) => !p.spec.nodeName);
    expect(condition(waiting, "PodScheduled").message).toBe(
      "0/3 nodes are available: 1 node(s) had untolerated taint(s), " +
        "2 node(s) didn't match pod anti-affinity rules. " +
        `${preemption}1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.`,
    );
  });

  test("topology spread holds the skew", () => {
    const world = cluster(3);
    const topologySpreadConstraints = [
      {
        maxSkew: 1,
        topologyKey: "kubernetes.io/hostname",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: { app: "web" } },
        nodeTaintsPolicy: "Honor",
      },
    ];
    const template = {
      metadata: { labels: { app: "web" } },
      spec: { topologySpreadConstraints, containers: [nginx()] },
    };
    world.create(deployment("web", { replicas: 6, template }));
    world.settle();
    const counts: Record<string, number> = {};
    for (const p of world.pods("default", "app=web"))
      counts[p.spec.nodeName] = (counts[p.spec.nodeName] ?? 0) + 1;
    expect(counts).toEqual({ "node-1": 2, "node-2": 2, "node-3": 2 });
  });

  test("a taint keeps away, NoExecute drives off, a toleration bears both", () => {
    const world = cluster();
    placed(world, "old", { nodeName: "node-1" });
    const taint = (effect: string): void =>
      void world.patch(nodeUrl("node-1"), {
        spec: { taints: [{ key: "dedicated", value: "gpu", effect }] },
      });
    taint("NoSchedule");
    world.patch(nodeUrl("node-2"), { spec: { unschedulable: true } });
    placed(world, "none", {});
    placed(world, "bears", {
      tolerations: [{ key: "dedicated", operator: "Equal", value: "gpu" }],
    });
    expect(statusOf(world, "old")).toBe("Running");
    expect(nodeOf(world, "bears")).toBe("node-1");
    expect(unschedulable(world, "none")).toBe(
      "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) had untolerated taint(s). " +
        `${preemption}3 Preemption is not helpful for scheduling.`,
    );
    taint("NoExecute");
    world.advance(40_000);
    expect(statusOf(world, "bears")).toBe("Running");
    expect(statusOf(world, "old")).toBeUndefined();
    expect(world.events("old")).toContain(
      "Normal TaintManagerEviction Marking for deletion Pod default/old",
    );
  });

  test("a higher priority makes room", () => {
    const world = cluster(1);
    const big = nginx({ resources: { requests: { cpu: "3" } } });
    world.create({
      apiVersion: "scheduling.k8s.io/v1",
      kind: "PriorityClass",
      metadata: { name: "high" },
      value: 1000,
    });
    placed(world, "low", { containers: [big] });
    placed(world, "equal", { containers: [big] });
    expect(unschedulable(world, "equal")).toBe(
      "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). no new claims to deallocate, " +
        "preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, " +
        "1 Preemption is not helpful for scheduling.",
    );
    placed(world, "urgent", { priorityClassName: "high", containers: [big] });
    world.advance(40_000);
    expect(nodeOf(world, "urgent")).toBe("node-1");
    expect(statusOf(world, "urgent")).toBe("Running");
    expect(statusOf(world, "low")).toBeUndefined();
    const { uid } = world.pod("urgent").metadata;
    expect(world.events("low")).toContain(
      `Normal Preempted Preempted by pod ${uid} on node node-1`,
    );
  });

  test("nodeName goes past the scheduler; a gate holds it off", () => {
    const world = cluster();
    world.patch(nodeUrl("node-1"), { spec: { unschedulable: true } });
    placed(world, "direct", { nodeName: "node-1" });
    placed(world, "gated", { schedulingGates: [{ name: "example.com/wait" }] });
    expect(statusOf(world, "direct")).toBe("Running");
    expect(statusOf(world, "gated")).toBe("SchedulingGated");
    world.patch(podUrl("gated"), { spec: { schedulingGates: [] } });
    world.advance(5_000);
    expect(statusOf(world, "gated")).toBe("Running");
  });
});

describe("P11: graceful deletion", () => {
  const seconds = (since: number, world: World): number => (world.now - since) / 1000;
  const gone = (world: World, name: string): boolean =>
    world.request("GET", podUrl(name)).status === 404;
  const ended = (events: { type: string; object: Anything }[]): Anything =>
    events.findLast((e) => e.type === "DELETED")?.object.status.containerStatuses[0].state
      .terminated;

  test.each([
    ["the default grace, and a process that ignores TERM", {}, undefined, 30, 137],
    ["a Pod's own grace", { terminationGracePeriodSeconds: 5 }, undefined, 5, 137],
    ["--grace-period=10", {}, { gracePeriodSeconds: 10 }, 10, 137],
  ])("%s", (_, spec, options, lasts, exitCode) => {
    const world = cluster();
    placed(world, "web", { containers: [shell("c", "sleep 3600")], ...spec });
    const watch = world.watch(`${podsUrl}?watch=true`);
    const begin = world.now;
    world.delete(podUrl("web"), options);
    world.advance((lasts - 1) * 1000);
    expect(statusOf(world, "web")).toBe("Terminating");
    world.until(() => gone(world, "web"));
    expect(seconds(begin, world)).toBeGreaterThanOrEqual(lasts);
    expect(seconds(begin, world)).toBeLessThanOrEqual(lasts + 2);
    expect(ended(watch.read())).toMatchObject({ exitCode, reason: "Error" });
  });

  test("a process that hears TERM ends at once, with its own code", () => {
    const world = cluster();
    const script = "trap 'exit 0' TERM; while true; do sleep 1; done";
    placed(world, "web", { containers: [shell("c", script)] });
    const watch = world.watch(`${podsUrl}?watch=true`);
    const begin = world.now;
    world.delete(podUrl("web"));
    expect(statusOf(world, "web")).toBe("Terminating");
    world.until(() => gone(world, "web"));
    expect(seconds(begin, world)).toBeLessThanOrEqual(3);
    expect(ended(watch.read())).toMatchObject({ exitCode: 0, reason: "Completed" });
  });

  test("--force: the object goes first, nobody waits", () => {
    const world = cluster();
    placed(world, "web", { containers: [shell("c", "sleep 3600")] });
    const begin = world.now;
    world.delete(podUrl("web"), { gracePeriodSeconds: 0 });
    world.until(() => gone(world, "web"));
    expect(seconds(begin, world)).toBeLessThanOrEqual(0);
  });

  test("preStop runs inside the grace period, TERM comes after it", () => {
    const world = cluster();
    const lifecycle = { preStop: { exec: { command: ["sh", "-c", "sleep 10"] } } };
    placed(world, "web", { containers: [nginx({ lifecycle })] });
    const begin = world.now;
    world.delete(podUrl("web"));
    world.until(() => gone(world, "web"));
    expect(seconds(begin, world)).toBeGreaterThanOrEqual(10);
    expect(seconds(begin, world)).toBeLessThanOrEqual(12);
    expect(world.events("web").at(-1)).toBe("Normal Killing Stopping container web");
  });

  test("the endpoint drops before the process ends", () => {
    const world = cluster();
    world.create(service("web", { selector: { app: "web" }, ports: [{ port: 80 }] }));
    placed(world, "web", { containers: [shell("c", "sleep 3600")] });
    const endpoint = (): Anything =>
      world
        .get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices")
        .items.find((s: Anything) => s.metadata.labels["kubernetes.io/service-name"] === "web")
        .endpoints?.[0]?.conditions;
    expect(endpoint()).toEqual({ ready: true, serving: true, terminating: false });
    world.delete(podUrl("web"));
    world.advance(500);
    expect(endpoint()).toMatchObject({ ready: false, terminating: true });
    expect(world.pod("web").status.containerStatuses[0].state.running).toBeDefined();
  });

  test("what a watcher sees", () => {
    const world = cluster();
    placed(world, "web", {});
    const read = follower(world, "web");
    world.delete(podUrl("web"));
    world.advance(10_000);
    expect(read()).toEqual([
      "1/1 Running",
      "1/1 Terminating",
      "0/1 Terminating",
      "0/1 Completed",
      "gone",
    ]);
  });
});
