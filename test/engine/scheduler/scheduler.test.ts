import { describe, expect, test } from "vitest";
import { StatusError } from "../../../durable-objects/engine/machinery/status.ts";
import { World } from "./scheduler-world.ts";

const noClaims = "no new claims to deallocate, preemption: ";
const taint = (key: string, effect = "NoSchedule") => ({ taints: [{ key, effect }] });
const near = (app: string, key: string, kind = "podAffinity") => ({
  affinity: {
    [kind]: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels: { app } }, topologyKey: key },
      ],
    },
  },
});
const spread = (more = {}) => ({
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: "zone",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: { matchLabels: { app: "web" } },
      ...more,
    },
  ],
});
const claim = (name: string) => ({
  volumes: [{ name: "data", persistentVolumeClaim: { claimName: name } }],
});

/** What stands in the way, and what FailedScheduling says about it. */
const failures: { name: string; make(w: World): void; says: string }[] = [
  {
    name: "no nodes at all",
    make: (w) => w.pod("p"),
    says: "no nodes available to schedule pods",
  },
  {
    name: "more than any node has, and a taint",
    make(w) {
      w.node("a");
      w.node("b");
      w.node("c", { spec: taint("x") });
      w.pod("p", { cpu: "5", memory: "9Gi" });
    },
    says:
      "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu, 2 Insufficient memory. " +
      `${noClaims}0/3 nodes are available: 3 Preemption is not helpful for scheduling.`,
  },
  {
    name: "full nodes",
    make(w) {
      w.node("a", { pods: "1" });
      w.node("b", { cpu: "1" });
      w.pod("one", { spec: { nodeName: "a" } });
      w.pod("two", { cpu: "800m", spec: { nodeName: "b" } });
      w.pod("p", { cpu: "500m" });
    },
    says:
      "0/2 nodes are available: 1 Insufficient cpu, 1 Too many pods. " +
      `${noClaims}0/2 nodes are available: 2 No preemption victims found for incoming pod.`,
  },
  {
    name: "an extended resource nobody has",
    make(w) {
      w.node("a");
      w.pod("p", { container: { resources: { requests: { "example.com/gpu": "1" } } } });
    },
    says:
      "0/1 nodes are available: 1 Insufficient example.com/gpu. " +
      `${noClaims}0/1 nodes are available: 1 Preemption is not helpful for scheduling.`,
  },
  {
    name: "cordoned, and a selector",
    make(w) {
      w.node("a", { spec: { unschedulable: true } });
      w.node("b");
      w.pod("p", { spec: { nodeSelector: { disk: "ssd" } } });
    },
    says:
      "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) were unschedulable. " +
      `${noClaims}0/2 nodes are available: 2 Preemption is not helpful for scheduling.`,
  },
  {
    name: "a Pod for one node by name",
    make(w) {
      w.node("a", { cpu: "1" });
      w.node("b");
      const matchFields = [{ key: "metadata.name", operator: "In", values: ["a"] }];
      const required = { nodeSelectorTerms: [{ matchFields }] };
      const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: required };
      w.pod("p", { cpu: "2", spec: { affinity: { nodeAffinity } } });
    },
    says:
      "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't satisfy plugin(s) [NodeAffinity]. " +
      `${noClaims}0/2 nodes are available: 2 Preemption is not helpful for scheduling.`,
  },
  {
    name: "a host port that is taken",
    make(w) {
      w.node("a");
      const container = { ports: [{ containerPort: 80, hostPort: 80 }] };
      w.pod("other", { container, spec: { nodeName: "a" } });
      w.pod("p", { container });
    },
    says:
      "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. " +
      `${noClaims}0/1 nodes are available: 1 No preemption victims found for incoming pod.`,
  },
  {
    name: "nobody to be near to",
    make(w) {
      w.node("a");
      w.pod("p", { spec: near("db", "kubernetes.io/hostname") });
    },
    says:
      "0/1 nodes are available: 1 node(s) didn't match pod affinity rules. " +
      `${noClaims}0/1 nodes are available: 1 Preemption is not helpful for scheduling.`,
  },
  {
    name: "somebody to be far from, on either side",
    make(w) {
      w.node("a");
      w.node("b");
      const far = near("db", "kubernetes.io/hostname", "podAntiAffinity");
      w.pod("db", { labels: { app: "db" }, spec: { nodeName: "a" } });
      const shy = near("web", "kubernetes.io/hostname", "podAntiAffinity");
      w.pod("shy", { spec: { ...shy, nodeName: "b" } });
      w.pod("p", { labels: { app: "web" }, spec: far });
    },
    says:
      "0/2 nodes are available: 1 node(s) didn't match pod anti-affinity rules, 1 node(s) didn't satisfy existing pods anti-affinity rules. " +
      `${noClaims}0/2 nodes are available: 2 No preemption victims found for incoming pod.`,
  },
  {
    name: "an uneven spread, and a node outside of it",
    make(w) {
      w.node("a", { labels: { zone: "1" } });
      w.node("b", { labels: { zone: "2" }, spec: taint("x") });
      w.node("c");
      w.pod("web", { labels: { app: "web" }, spec: { nodeName: "a" } });
      w.pod("p", { labels: { app: "web" }, spec: spread() });
    },
    says:
      "0/3 nodes are available: 1 node(s) didn't match pod topology spread constraints, " +
      "1 node(s) didn't match pod topology spread constraints (missing required label), 1 node(s) had untolerated taint(s). " +
      `${noClaims}0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.`,
  },
  {
    name: "a missing claim",
    make(w) {
      w.node("a");
      w.pod("p", { spec: claim("data") });
    },
    says: '0/1 nodes are available: persistentvolumeclaim "data" not found. not found',
  },
  {
    name: "an unbound claim",
    make(w) {
      w.node("a");
      w.put("persistentvolumeclaims", "data", { spec: {}, status: { phase: "Pending" } });
      w.pod("p", { spec: claim("data") });
    },
    says: "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
  },
  {
    name: "a volume that lies elsewhere",
    make(w) {
      w.node("a");
      const matchExpressions = [{ key: "zone", operator: "In", values: ["2"] }];
      const nodeAffinity = { required: { nodeSelectorTerms: [{ matchExpressions }] } };
      w.put("persistentvolumes", "pv", { spec: { nodeAffinity } });
      const status = { phase: "Bound" };
      w.put("persistentvolumeclaims", "data", { spec: { volumeName: "pv" }, status });
      w.pod("p", { spec: claim("data") });
    },
    says:
      "0/1 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity. " +
      `${noClaims}0/1 nodes are available: 1 Preemption is not helpful for scheduling.`,
  },
];

describe("FailedScheduling", () => {
  test.each(failures)("$name", ({ make, says }) => {
    const w = new World();
    make(w);
    w.settle();
    expect(w.events.at(-1)).toEqual({
      about: "p",
      type: "Warning",
      reason: "FailedScheduling",
      message: says,
    });
    const condition = w.get("p").status?.conditions?.[0];
    expect(condition).toMatchObject({
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message: says,
      observedGeneration: 1,
    });
  });
});

describe("waiting", () => {
  /** A Pod that cannot be placed, and the change that lets it. */
  const rescues: { name: string; make(w: World): void; rescue(w: World): void; on?: string }[] = [
    { name: "a first node", make: (w) => w.pod("p"), rescue: (w) => w.node("a") },
    {
      name: "a taint taken off",
      make(w) {
        w.node("a", { spec: taint("x") });
        w.pod("p");
      },
      rescue: (w) => w.node("a"),
    },
    {
      name: "uncordon",
      make(w) {
        w.node("a", { spec: { unschedulable: true } });
        w.pod("p");
      },
      rescue: (w) => w.node("a"),
    },
    {
      name: "a label",
      make(w) {
        w.node("a");
        w.pod("p", { spec: { nodeSelector: { disk: "ssd" } } });
      },
      rescue: (w) => w.node("a", { labels: { disk: "ssd" } }),
    },
    {
      name: "a larger node",
      make(w) {
        w.node("a", { cpu: "1" });
        w.pod("p", { cpu: "2" });
      },
      rescue: (w) => w.node("a", { cpu: "2" }),
    },
    {
      name: "a Pod that goes",
      make(w) {
        w.node("a", { cpu: "1" });
        w.pod("other", { cpu: "1", spec: { nodeName: "a" } });
        w.pod("p", { cpu: "1" });
      },
      rescue: (w) => w.remove("pods", "other"),
    },
    {
      name: "a Pod that completes",
      make(w) {
        w.node("a", { cpu: "1" });
        w.pod("other", { cpu: "1", spec: { nodeName: "a" } });
        w.pod("p", { cpu: "1" });
      },
      rescue: (w) =>
        w.pod("other", { cpu: "1", spec: { nodeName: "a" }, status: { phase: "Succeeded" } }),
    },
    {
      name: "the friend arrives",
      make(w) {
        w.node("a");
        w.pod("p", { spec: near("db", "kubernetes.io/hostname") });
      },
      rescue: (w) => w.pod("db", { labels: { app: "db" } }),
    },
    {
      name: "the gate opens",
      make(w) {
        w.node("a");
        w.pod("p", { spec: { schedulingGates: [{ name: "x.io/wait" }] } });
      },
      rescue: (w) => w.pod("p", { meta: { generation: 2 } }),
    },
    {
      name: "the claim is made and bound",
      make(w) {
        w.node("a");
        w.pod("p", { spec: claim("data") });
      },
      rescue(w) {
        w.put("persistentvolumes", "pv", { spec: {} });
        const status = { phase: "Bound" };
        w.put("persistentvolumeclaims", "data", { spec: { volumeName: "pv" }, status });
      },
    },
  ];
  test.each(rescues)("is over after: $name", ({ make, rescue }) => {
    for (const forgetful of [false, true]) {
      const w = new World();
      w.forgetful = forgetful;
      make(w);
      w.settle();
      expect(w.placed("p")).toBeUndefined();
      rescue(w);
      w.settle();
      expect(w.placed("p")).toBe("a");
      expect(w.events.at(-1)?.message).toBe("Successfully assigned default/p to a");
    }
  });

  test("changes that cannot help cause no attempt; five minutes do", () => {
    const w = new World();
    w.node("a", { cpu: "1" });
    w.pod("p", { cpu: "2" });
    w.settle();
    const steps = w.steps;
    w.pod("other", { cpu: "100m", spec: { nodeName: "a" } });
    w.remove("pods", "other");
    w.node("b", { cpu: "1" });
    w.node("b", { cpu: "1", labels: { x: "y" } });
    w.settle();
    expect(w.steps).toBe(steps);
    w.advance(299_000);
    expect(w.steps).toBe(steps);
    w.advance(1_000);
    expect(w.steps).toBe(steps + 1);
  });

  test("the same failure again writes no second status", () => {
    const w = new World();
    w.node("a", { cpu: "1" });
    w.pod("p", { cpu: "2" });
    w.settle();
    const version = w.get("p").metadata.resourceVersion;
    w.advance(300_000);
    expect(w.events).toHaveLength(2);
    expect(w.get("p").metadata.resourceVersion).toBe(version);
  });

  test("a gated Pod says so, without an event", () => {
    const w = new World();
    w.node("a");
    w.pod("p", { spec: { schedulingGates: [{ name: "x.io/wait" }] } });
    w.settle();
    expect(w.get("p").status?.conditions).toMatchObject([
      { type: "PodScheduled", status: "False", reason: "SchedulingGated" },
    ]);
    expect(w.events).toEqual([]);
  });

  test("the more important Pod takes the room that comes free", () => {
    const w = new World();
    w.node("a", { cpu: "1", spec: taint("x") });
    w.pod("a-low", { cpu: "1" });
    w.pod("z-high", { cpu: "1", spec: { priority: 100 } });
    w.settle();
    w.node("a", { cpu: "1" });
    w.settle();
    expect([w.placed("a-low"), w.placed("z-high")]).toEqual([undefined, "a"]);
  });

  test("with many waiting, each keeps its back-off of 1 s, 2 s ... 10 s", () => {
    const w = new World();
    w.node("a", { cpu: "1" });
    w.pod("other", { cpu: "1", spec: { nodeName: "a" } });
    for (let i = 10; i < 40; i++) w.pod(`p${i}`, { cpu: "1" });
    w.settle();
    const tried = w.events.length;
    w.node("a", { cpu: "1500m" });
    w.settle();
    expect(w.events).toHaveLength(tried);
    w.advance(999);
    expect(w.events).toHaveLength(tried);
    w.advance(1);
    expect(w.events).toHaveLength(2 * tried);
    w.node("a", { cpu: "1600m" });
    w.advance(1_999);
    expect(w.events).toHaveLength(2 * tried);
    w.advance(1);
    expect(w.events).toHaveLength(3 * tried);
  });

  test("a refused binding is told as such and tried again after a second", () => {
    const w = new World();
    w.node("a");
    w.bindError = new StatusError(409, "Conflict", "no luck");
    w.pod("p");
    w.settle();
    expect(w.get("p").status?.conditions).toMatchObject([
      { reason: "SchedulerError", message: 'running Bind plugin "DefaultBinder": no luck' },
    ]);
    w.bindError = undefined;
    w.advance(1_000);
    expect(w.placed("p")).toBe("a");
  });

  test("Pods of other schedulers are left alone", () => {
    const w = new World();
    w.node("a");
    w.pod("p", { spec: { schedulerName: "mine" } });
    w.settle();
    expect([w.placed("p"), w.events]).toEqual([undefined, []]);
  });
});

describe("volumes that wait for a node", () => {
  const wait = { provisioner: "podyard.dev/local", volumeBindingMode: "WaitForFirstConsumer" };

  test("the claim is told the node, the Pod is bound when the claim is", () => {
    const w = new World();
    w.node("a");
    w.node("b", { spec: { unschedulable: true } });
    w.put("storageclasses.storage.k8s.io", "local", wait);
    const spec = { storageClassName: "local", resources: { requests: { storage: "1Gi" } } };
    w.put("persistentvolumeclaims", "data", { spec, status: { phase: "Pending" } });
    w.pod("p", { spec: claim("data") });
    w.settle();
    const pvc = w.store.get("persistentvolumeclaims", "default", "data");
    expect(pvc?.metadata.annotations).toEqual({ "volume.kubernetes.io/selected-node": "a" });
    expect(w.get("p").status).toMatchObject({ nominatedNodeName: "a" });
    expect([w.placed("p"), w.events]).toEqual([undefined, []]);
    w.put("persistentvolumes", "pv", { spec: {} });
    const bound = { ...spec, volumeName: "pv" };
    w.put("persistentvolumeclaims", "data", { spec: bound, status: { phase: "Bound" } });
    w.settle();
    expect(w.placed("p")).toBe("a");
  });

  test("a volume that is there is reserved: the smallest that does", () => {
    const w = new World();
    w.node("a");
    w.put("storageclasses.storage.k8s.io", "local", {
      ...wait,
      provisioner: "kubernetes.io/no-provisioner",
    });
    const volume = (storage: string) => ({
      spec: { storageClassName: "local", capacity: { storage }, accessModes: ["ReadWriteOnce"] },
    });
    w.put("persistentvolumes", "large", volume("5Gi"));
    w.put("persistentvolumes", "middle", volume("2Gi"));
    w.put("persistentvolumes", "small", volume("1Gi"));
    const resources = { requests: { storage: "1500Mi" } };
    const spec = { storageClassName: "local", accessModes: ["ReadWriteOnce"], resources };
    w.put("persistentvolumeclaims", "data", { spec });
    w.pod("p", { spec: claim("data") });
    w.settle();
    expect(w.store.get("persistentvolumes", "", "middle")).toMatchObject({
      spec: { claimRef: { namespace: "default", name: "data" } },
    });
    expect(w.placed("p")).toBeUndefined();
  });

  test("none that does, on no node", () => {
    const w = new World();
    w.node("a");
    w.put("storageclasses.storage.k8s.io", "local", {
      ...wait,
      provisioner: "kubernetes.io/no-provisioner",
    });
    w.put("persistentvolumeclaims", "data", { spec: { storageClassName: "local" } });
    w.pod("p", { spec: claim("data") });
    w.settle();
    expect(w.why("p")).toContain(
      "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind. ",
    );
  });
});
