import { describe, expect, test } from "vitest";
import type { Pod } from "../../durable-objects/engine/kinds/pod/pod.ts";
import type { Objects } from "../../web/api/picture-objects.ts";
import { layOut, type Box } from "../../web/picture/layout.ts";
import { frameAt, isTimed, transitionMsMax, transitionTo } from "../../web/picture/motion.ts";
import { durationMs, passed, podState, schedulersReason } from "../../web/picture/pod-state.ts";
import { podView, summaryOf } from "../../web/picture/pod-view.ts";
import { neighbour, targetAt, targetsOf } from "../../web/picture/pointing.ts";
import { quantity } from "../../web/picture/quantity.ts";
import { followRollouts, rolloutSentence, stripOf, touches } from "../../web/picture/rollout.ts";
import { nodeSentence, sceneOf } from "../../web/picture/scene.ts";
import { endMs, travelAt, travelOf, travelSentence } from "../../web/picture/travel.ts";

/** The picture's pure parts: states, places, movement, pointing. */

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
type Of<K extends keyof Objects> = Objects[K][number];
/** As the API answers: as much of it as the picture reads. */
const made = <T>(object: object): T => object as T;

interface Given {
  node?: string;
  status?: object;
  spec?: object;
  metadata?: object;
  app?: string;
}

function pod(name: string, given: Given = {}): Pod {
  const { node = "node-1", status, spec, metadata, app = "web" } = given;
  return made({
    metadata: { name, uid: name, namespace: "default", labels: { app }, ...metadata },
    spec: { nodeName: node, containers: [{ name: "c" }], ...spec },
    status: status ?? ready,
  });
}

const running = { ready: true, started: true, restartCount: 0, name: "c", state: { running: {} } };
const ready = {
  phase: "Running",
  conditions: [{ type: "Ready", status: "True" }],
  containerStatuses: [running],
};
const unscheduled = (message: string): object => ({
  phase: "Pending",
  conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }],
});
const backOff = {
  phase: "Running",
  conditions: [{ type: "Ready", status: "False", reason: "ContainersNotReady" }],
  containerStatuses: [
    {
      name: "c",
      restartCount: 4,
      state: {
        waiting: {
          reason: "CrashLoopBackOff",
          message: "back-off 1m20s restarting failed container=c pod=a_default(uid)",
        },
      },
      lastState: { terminated: { exitCode: 3, reason: "Error", finishedAt: at(100) } },
    },
  ],
};

describe("the state of a Pod is a shape, a word and a reason", () => {
  const waits = {
    containerStatuses: [{ name: "c", state: { waiting: { reason: "ContainerCreating" } } }],
  };
  const initial = {
    phase: "Pending",
    conditions: [{ type: "PodReadyToStartContainers", status: "True" }],
    initContainerStatuses: [
      { name: "i", restartCount: 0, state: { terminated: { exitCode: 0 } } },
      { name: "j", restartCount: 0, state: { running: {} } },
    ],
    ...waits,
  };
  const pull = { reason: "ImagePullBackOff", message: 'Back-off pulling image "nginx:9"' };
  const rows: [string, Given, object][] = [
    [
      "waits for a node",
      { node: "", status: unscheduled("0/4 nodes are available: 4 Insufficient cpu.") },
      { shape: "waiting", word: "waiting for a node", reason: "Insufficient cpu (4 of 4 nodes)" },
    ],
    [
      "is created",
      { status: { phase: "Pending", ...waits } },
      { shape: "creating", word: "starting", status: "ContainerCreating", done: 1 / 3 },
    ],
    [
      "initializes",
      { status: initial, spec: { initContainers: [{ name: "i" }, { name: "j" }] } },
      {
        shape: "creating",
        word: "starting, init 1/2",
        status: "Init:1/2",
        done: 3 / 5,
        init: "1/2",
      },
    ],
    [
      "has no image",
      {
        status: { phase: "Pending", containerStatuses: [{ name: "c", state: { waiting: pull } }] },
      },
      {
        shape: "blocked",
        word: "cannot start",
        status: "ImagePullBackOff",
        reason: 'ImagePullBackOff: Back-off pulling image "nginx:9"',
      },
    ],
    [
      "is not ready",
      {
        status: {
          ...ready,
          conditions: [
            {
              type: "Ready",
              status: "False",
              reason: "ContainersNotReady",
              message: "containers with unready status: [c]",
            },
          ],
        },
      },
      { shape: "running", word: "not ready", reason: "containers with unready status: [c]" },
    ],
    ["is ready", {}, { shape: "ready", word: "ready", ready: "1/1", restarts: 0 }],
    [
      "crashes",
      { status: backOff },
      {
        shape: "crash",
        word: "crash back-off",
        restarts: 4,
        reason: "container c ended 5 times, last with exit code 3 (Error)",
        span: { fromMs: 100_000, toMs: 180_000 },
      },
    ],
    [
      "terminates",
      { metadata: { deletionTimestamp: at(130), deletionGracePeriodSeconds: 30 } },
      { shape: "terminating", status: "Terminating", span: { fromMs: 100_000, toMs: 130_000 } },
    ],
    [
      "is held",
      {
        metadata: {
          deletionTimestamp: at(130),
          deletionGracePeriodSeconds: 0,
          finalizers: ["a.b/c"],
        },
      },
      { shape: "terminating", reason: "held by the finalizer a.b/c" },
    ],
    ["completed", { status: { phase: "Succeeded" } }, { shape: "completed", word: "completed" }],
    [
      "failed",
      {
        status: {
          phase: "Failed",
          containerStatuses: [{ name: "c", state: { terminated: { exitCode: 7 } } }],
        },
      },
      { shape: "failed", word: "failed", reason: "container c ended with exit code 7" },
    ],
    [
      "was evicted",
      {
        status: {
          phase: "Failed",
          reason: "Evicted",
          message: "The node was low on resource: memory.",
        },
      },
      {
        shape: "failed",
        status: "Evicted",
        reason: "Evicted: The node was low on resource: memory.",
      },
    ],
  ];
  test.each(rows)("%s", (_name, given, expected) => {
    expect(podState(pod("a", given))).toMatchObject(expected);
  });

  test("of the scheduler's reasons the one that keeps most nodes away is said", () => {
    expect(
      schedulersReason(
        "0/4 nodes are available: 1 node(s) had untolerated taint(s), 3 Insufficient cpu. no new claims to deallocate, preemption: 0/4 nodes are available: 4 Preemption is not helpful for scheduling.",
      ),
    ).toBe("Insufficient cpu (3 of 4 nodes)");
    expect(
      schedulersReason("0/1 nodes are available: 1 node(s) were unschedulable. preemption: x"),
    ).toBe("were unschedulable (1 of 1 nodes)");
    expect(schedulersReason('0/3 nodes are available: persistentvolumeclaim "a" not found.')).toBe(
      'persistentvolumeclaim "a" not found',
    );
    expect(schedulersReason("")).toBe("");
  });

  test("spans, durations and quantities", () => {
    const span = { fromMs: 1000, toMs: 3000 };
    expect([0, 1000, 2000, 9000].map((ms) => passed(span, ms))).toEqual([0, 0, 0.5, 1]);
    expect([
      passed(undefined, 5),
      passed(span, undefined),
      passed({ fromMs: 5, toMs: 5 }, 5),
    ]).toEqual([0, 0, 0]);
    expect(["2m40s", "1h0m5s", "1.5s", "200ms", "x"].map(durationMs)).toEqual([
      160_000, 3_605_000, 1500, 200, 0,
    ]);
    expect(["250m", "2", "1.5Gi", "1e3", "128Mi", "1x", "", undefined].map(quantity)).toEqual([
      0.25,
      2,
      1.5 * 2 ** 30,
      1000,
      2 ** 27,
      0,
      0,
      0,
    ]);
  });
});

const node = (name: string, given: { ready?: string; spec?: object } = {}): Of<"nodes"> =>
  made({
    metadata: { name, uid: name },
    spec: given.spec ?? {},
    status: {
      allocatable: { cpu: "2", memory: "4Gi", pods: "110" },
      conditions: [{ type: "Ready", status: given.ready ?? "True" }],
    },
  });

function cluster(pods: Pod[], more: Partial<Objects> = {}): Objects {
  const nodes = [node("node-1"), node("node-2")];
  return {
    nodes,
    pods,
    deployments: [],
    replicaSets: [],
    services: [],
    slices: [],
    traces: [],
    ...more,
  };
}

const requests = {
  containers: [{ name: "c", resources: { requests: { cpu: "500m", memory: "1Gi" } } }],
};
const owner = (kind: string, name: string, apiVersion = "apps/v1"): object => ({
  ownerReferences: [{ apiVersion, kind, name, uid: name, controller: true }],
});

describe("the scene", () => {
  test("a node says what its Pods ask for, and that nobody may come", () => {
    const nodes = [node("node-1", { ready: "Unknown", spec: { unschedulable: true } })];
    const pods = [
      pod("a", { spec: requests }),
      pod("b", { spec: requests, status: { phase: "Failed" } }),
    ];
    const scene = sceneOf(cluster(pods, { nodes }));
    expect(scene.nodes).toMatchObject([
      { ready: false, cordoned: true, cpu: 0.25, memory: 0.25, pods: 1 },
    ]);
    expect(nodeSentence(scene.nodes[0]!)).toBe(
      "Node node-1: NotReady, cordoned, 1 of 110 Pods, requests 25 % of CPU and 25 % of memory",
    );
  });

  test("a Pod belongs to its Deployment by its ReplicaSet, and is called by its last letters", () => {
    const set = made<Of<"replicaSets">>({
      metadata: { name: "web-5d4", uid: "web-5d4", ...owner("Deployment", "web") },
    });
    const view = podView(
      pod("web-5d4-x7k2p", { metadata: owner("ReplicaSet", "web-5d4") }),
      new Map([["web-5d4", set]]),
    );
    expect(view).toMatchObject({
      label: "x7k2p",
      workload: "Deployment/web",
      set: "web-5d4",
      ref: { resource: "pods", kind: "Pod", path: "/api/v1/namespaces/default/pods/web-5d4-x7k2p" },
      owner: {
        resource: "deployments.apps",
        path: "/apis/apps/v1/namespaces/default/deployments/web",
      },
    });
    const mirror = podView(
      pod("kube-apiserver-node-1", { metadata: owner("Node", "node-1", "v1") }),
      new Map(),
    );
    expect(mirror).toMatchObject({ label: "apiserver", workload: "", set: "" });
    expect(
      ["db-0", "huge", "a-verylongname"].map((name) => podView(pod(name), new Map()).label),
    ).toEqual(["db-0", "huge", "gname"]);
    expect(summaryOf([view, mirror, podView(pod("c", { status: backOff }), new Map())])).toBe(
      "1 crash back-off, 2 ready",
    );
  });

  test("a Service says whom it leaves out and why, and whom it looks for in vain", () => {
    const service = (name: string, app: string): Of<"services"> =>
      made({ metadata: { name, namespace: "default" }, spec: { selector: { app } } });
    const slice = made<Of<"slices">>({
      metadata: { namespace: "default", labels: { "kubernetes.io/service-name": "web" } },
      endpoints: [
        { targetRef: { uid: "a" }, conditions: { ready: true } },
        { targetRef: { uid: "b" }, conditions: { ready: false } },
      ],
    });
    const pods = [
      pod("a"),
      pod("b", { status: backOff }),
      pod("c", { node: "", status: unscheduled("") }),
    ];
    const services = [
      service("web", "web"),
      service("lost", "wbe"),
      made<Of<"services">>({ metadata: { name: "kubernetes" }, spec: {} }),
    ];
    expect(sceneOf(cluster(pods, { services, slices: [slice] })).services).toMatchObject([
      { ref: { name: "lost" }, ready: [], leftOut: [], word: "no Pod has app=wbe" },
      {
        ref: { name: "web" },
        ready: ["a"],
        leftOut: [
          { uid: "b", why: "crash back-off" },
          { uid: "c", why: "waiting for a node" },
        ],
        word: "1 of 3 ready",
      },
    ]);
  });
});

const many = (count: number): Pod[] =>
  Array.from({ length: count }, (_, i) => pod(`p-${i}`, { node: `node-${1 + (i % 2)}` }));
const within = (inner: Box, outer: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.w <= outer.x + outer.w &&
  inner.y + inner.h <= outer.y + outer.h;
const meet = (a: Box, b: Box): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

describe("the layout", () => {
  test.each([
    [5, 1100, "words"],
    [100, 1100, "names"],
    [500, 1100, "shapes"],
    [500, 320, "shapes"],
  ])(
    "%i Pods at %i px: %s, each in the room of its node, none over another",
    (count, width, density) => {
      const layout = layOut(sceneOf(cluster(many(count))), width);
      expect(layout.density).toBe(density);
      expect(layout.cells.length).toBe(count);
      for (const room of layout.rooms) {
        expect(within(room, { x: 0, y: 0, w: width, h: layout.height })).toBe(true);
        const own = layout.cells.filter(({ pod: { node: name } }) => name === room.title);
        expect(own.filter((cell) => !within(cell, room))).toEqual([]);
        expect(own.some((a, i) => own.slice(i + 1).some((b) => meet(a, b)))).toBe(false);
      }
      expect(layout.rooms.some((a, i) => layout.rooms.slice(i + 1).some((b) => meet(a, b)))).toBe(
        false,
      );
    },
  );

  test("who waits stands in the lobby over the rooms, by reason", () => {
    const waits = (name: string, message: string): Pod =>
      pod(name, { node: "", status: unscheduled(message) });
    const { lobby, rooms, cells } = layOut(
      sceneOf(cluster([waits("a", "x"), waits("b", "y"), waits("c", "x")])),
      800,
    );
    expect(lobby!.reasons.map(({ text }) => text)).toEqual(["x", "y"]);
    expect(cells.every((cell) => within(cell, lobby!))).toBe(true);
    expect(lobby!.y + lobby!.h).toBeLessThan(rooms[0]!.y);
  });

  test("by workload a room is a Deployment, and its groups are ReplicaSets", () => {
    const sets = ["web-1", "web-2"].map((name) =>
      made<Of<"replicaSets">>({ metadata: { name, uid: name, ...owner("Deployment", "web") } }),
    );
    const pods = ["web-1-a", "web-2-b"].map((name) =>
      pod(name, { metadata: owner("ReplicaSet", name.slice(0, 5)) }),
    );
    const { rooms } = layOut(
      sceneOf(cluster([...pods, pod("alone")], { replicaSets: sets })),
      800,
      "workloads",
    );
    expect(
      rooms.map(({ title, subtitle, groups }) => [
        title,
        subtitle,
        groups.map(({ label }) => label),
      ]),
    ).toEqual([
      ["on their own", "default", []],
      ["web", "Deployment in default", ["web-1", "web-2"]],
    ]);
  });
});

describe("movement", () => {
  const before = layOut(
    sceneOf(cluster([pod("a", { node: "", status: unscheduled("") }), pod("gone")])),
    800,
  );
  const after = layOut(sceneOf(cluster([pod("a"), pod("new")])), 800);
  const still = { nowMs: 1000, speed: 1, isReduced: false };
  const shown = { layout: before, frame: frameAt(transitionTo(before, undefined, still), 0) };
  const placeIn = (cells: readonly { pod: { uid: string }; y: number }[], uid: string): number =>
    cells.find(({ pod: one }) => one.uid === uid)!.y;

  test("a Pod moves from the lobby into its room within 250 ms, what is gone fades, what is new appears", () => {
    const transition = transitionTo(after, shown, still);
    const half = frameAt(transition, 1060);
    expect(half.isMoving).toBe(true);
    const [from, y, to] = [
      placeIn(before.cells, "a"),
      placeIn(half.cells, "a"),
      placeIn(after.cells, "a"),
    ];
    expect(from < y && y < to).toBe(true);
    expect(half.cells.map(({ pod: { uid }, alpha }) => [uid, alpha === 1])).toEqual([
      ["a", true],
      ["new", false],
      ["gone", false],
    ]);
    const end = frameAt(transition, 1000 + transitionMsMax);
    expect([end.isMoving, end.cells.map(({ pod: { uid }, alpha }) => [uid, alpha])]).toEqual([
      false,
      [
        ["a", 1],
        ["new", 1],
      ],
    ]);
  });

  test("nothing moves where motion is reduced, time is fast, the width is another, or all stands as before", () => {
    const wider = layOut(sceneOf(cluster([pod("a")])), 900);
    for (const transition of [
      transitionTo(after, shown, { ...still, isReduced: true }),
      transitionTo(after, shown, { ...still, speed: 40 }),
      transitionTo(wider, shown, still),
      transitionTo(before, shown, still),
    ]) {
      expect(frameAt(transition, 1001).isMoving).toBe(false);
    }
  });

  test("only what counts down is drawn again by itself", () => {
    expect(isTimed(after)).toBe(false);
    expect(isTimed(layOut(sceneOf(cluster([pod("a", { status: backOff })])), 800))).toBe(true);
  });
});

describe("pointing", () => {
  const layout = layOut(sceneOf(cluster(many(6))), 800);
  const targets = targetsOf(layout);
  const named = (name: string) => targets.find(({ ref }) => ref.name === name)!;

  test("what lies under the pointer is found", () => {
    const { x, y, w, h } = named("p-3");
    expect(targetAt(targets, x + w / 2, y + h / 2)?.sentence).toBe(
      "Pod default/p-3 on node-2: ready (Running), 1/1 ready",
    );
    expect(targetAt(targets, -1, -1)).toBeUndefined();
  });

  test("from room to room, past the Pods that lie between", () => {
    // The second node has the cluster's own Pods alone, which are small and near.
    const system = pod("dns", { node: "node-2", metadata: { namespace: "kube-system" } });
    const all = targetsOf(layOut(sceneOf(cluster([pod("a"), system])), 1100));
    const first = all.find(({ ref }) => ref.name === "node-1")!;
    expect(neighbour(all, first, "ArrowRight")?.ref.name).toBe("node-2");
  });

  test("arrows go to what lies next in their direction, and reach everything", () => {
    const { x } = named("p-0");
    expect(neighbour(targets, undefined, "ArrowDown")).toBe(targets[0]);
    expect(neighbour(targets, named("p-0"), "ArrowRight")?.ref.name).toBe("p-2");
    expect(neighbour(targets, named("p-2"), "ArrowLeft")?.x).toBe(x);
    expect(neighbour(targets, named("p-0"), "ArrowUp")?.ref.name).toBe("node-1");
    expect(neighbour(targets, named("node-1"), "ArrowUp")).toBeUndefined();
    const reached = new Set([targets[0]!]);
    for (const target of reached) {
      for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) {
        const next = neighbour(targets, target, key);
        if (next) reached.add(next);
      }
    }
    expect(reached.size).toBe(targets.length);
  });
});

describe("a roll-out over time", () => {
  const deployment = made<Of<"deployments">>({
    metadata: {
      name: "web",
      uid: "d",
      namespace: "default",
      generation: 2,
      annotations: { "deployment.kubernetes.io/revision": "2" },
    },
    spec: {
      replicas: 4,
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: { maxSurge: "25%", maxUnavailable: "25%" },
      },
    },
    status: { availableReplicas: 3 },
  });
  const set = (revision: number, replicas: number): Of<"replicaSets"> =>
    made({
      metadata: {
        name: `web-${revision}`,
        annotations: { "deployment.kubernetes.io/revision": `${revision}` },
        ownerReferences: [{ uid: "d" }],
      },
      status: { replicas },
    });
  const seen = (old: number, fresh: number, available = 3) => ({
    deployments: [{ ...deployment, status: { availableReplicas: available } }],
    replicaSets: [set(1, old), set(2, fresh)],
  });

  test("it is followed while there are old Pods, shown for a minute more, and has its bounds", () => {
    expect(followRollouts([], seen(0, 4), 0)).toEqual([]);
    expect(followRollouts([], seen(4, 1), undefined)).toEqual([]);
    let rollouts = followRollouts([], seen(4, 1), 1_000);
    rollouts = followRollouts(rollouts, seen(2, 3), 2_000);
    expect(rollouts).toMatchObject([
      {
        floor: 3,
        ceiling: 5,
        isDone: false,
        samples: [
          { old: 4, fresh: 1 },
          { old: 2, fresh: 3 },
        ],
      },
    ]);
    expect(rolloutSentence(rollouts[0]!)).toBe(
      "Rolling out web: 2 old, 3 new, 3 available; never fewer than 3, never more than 5.",
    );
    expect(touches(rollouts[0]!)).toEqual({ floor: true, ceiling: true });
    rollouts = followRollouts(rollouts, seen(0, 4), 2_500);
    // The last new one is not available yet.
    expect(rollouts[0]!.isDone).toBe(false);
    rollouts = followRollouts(rollouts, seen(0, 4, 4), 3_000);
    expect(rollouts[0]!.isDone).toBe(true);
    expect(touches(rollouts[0]!)).toEqual({ floor: false, ceiling: false });
    expect(followRollouts(rollouts, seen(0, 4), 60_000)).toHaveLength(1);
    expect(followRollouts(rollouts, seen(0, 4), 64_000)).toEqual([]);
    expect(followRollouts(rollouts, seen(4, 1), 5_000)[0]!.samples).toHaveLength(1);
  });

  test("its strip has old upon new, the bounds as lines", () => {
    let rollouts = followRollouts([], seen(4, 1), 0);
    rollouts = followRollouts(rollouts, seen(2, 3), 500);
    rollouts = followRollouts(rollouts, seen(1, 4), 1_000);
    expect(stripOf(rollouts[0]!, 100, 55)).toEqual({
      old: "M0,5H50V5H100V5H100V55H0Z",
      fresh: "M0,45H50V25H100V15H100V55H0Z",
      available: "M0,25H50V25H100V25H100",
      floorY: 25,
      ceilingY: 5,
    });
  });
});

describe("a request that travels", () => {
  const service = made<Of<"services">>({
    metadata: { name: "web", namespace: "default" },
    spec: { selector: { app: "web" } },
  });
  const layout = layOut(sceneOf(cluster([pod("a"), pod("b")], { services: [service] })), 800);
  const middle = ({ x, y, w, h }: Box) => ({ x: x + w / 2, y: y + h / 2 });
  const hops = [
    { kind: "source", name: "default/b", detail: "" },
    { kind: "dns", name: "web.default.svc.cluster.local", detail: "10.96.0.9" },
    { kind: "service", name: "default/web", detail: "chose 1 of 1 ready endpoint" },
    { kind: "endpoint", name: "default/a", detail: "" },
    { kind: "pod", name: "default/a", detail: "sees 10.244.1.3" },
    { kind: "container", name: "c", detail: "listens on port 80" },
  ];
  const trace = (status: object): Of<"traces"> =>
    made({
      metadata: { name: "t", uid: "t", namespace: "default" },
      spec: { from: "b", url: "http://web", method: "GET" },
      status,
    });

  test("from Pod by Service to Pod, a leg in 250 ms, its end seen for a while", () => {
    const travel = travelOf(trace({ phase: "Done", code: 200, hops }), layout)!;
    const [rail] = layout.rails;
    const cellOf = (uid: string) => layout.cells.find((cell) => cell.pod.uid === uid)!;
    expect(travel.points).toEqual([cellOf("b"), rail!, cellOf("a")].map(middle));
    expect(travel).toMatchObject({ word: "200", isAnswered: true });
    const [from, by, to] = travel.points.map(({ x, y }) => ({
      x: expect.closeTo(x),
      y: expect.closeTo(y),
    }));
    expect(travelAt(travel, 0)).toMatchObject({ ...from, isThere: false });
    expect(travelAt(travel, 250)).toMatchObject({ ...by, legs: 1, isThere: false });
    expect(travelAt(travel, 500)).toMatchObject({ ...to, isThere: true, isOver: false });
    expect(travelAt(travel, 501 + endMs).isOver).toBe(true);
    expect(travelOf(trace({ phase: "Running" }), layout)).toBeUndefined();
  });

  test("one that fails ends where it failed, and says so", () => {
    const failed = {
      kind: "service",
      name: "default/web",
      detail: "has no ready endpoints",
      failed: true,
    };
    const refused = trace({ phase: "Done", error: "refused", tookMs: 3, hops: [hops[0], failed] });
    expect(travelOf(refused, layout)).toMatchObject({ word: "refused", isAnswered: false });
    expect(travelSentence(refused)).toBe(
      "GET http://web from default/b: refused in 3 ms, ended at service default/web: has no ready endpoints",
    );
  });
});
