/** Pods, in virtual time: the behaviours P of `test/behaviours.md` that need nobody inside a container. */
import { describe, expect, test } from "vitest";
import {
  cluster,
  condition,
  deployment,
  follow,
  namesOf,
  nginx,
  nodeUrl,
  pass,
  pod,
  podUrl,
  podsUrl,
  power,
  row,
  shell,
  statusOf,
  type Anything,
  type World,
} from "./behaviour-world.ts";

const stateOf = (world: World, name: string): Anything =>
  world.pod(name).status.containerStatuses[0].state;
/** The wall second of a container's end, since the world began. */
const seconds = (text: string): number => Date.parse(text) / 1000;

describe("P1: a Pod is the smallest thing that runs", () => {
  test("it is made, placed, pulled, created, started, and says so", () => {
    const world = cluster();
    world.create(pod("web", { containers: [nginx()] }));
    world.settle();
    expect(row(world, podsUrl, "web")).toMatchObject({
      Ready: "1/1",
      Status: "Running",
      Restarts: "0",
    });
    expect(world.events("web").map((e) => e.split(" ").slice(0, 2).join(" "))).toEqual([
      "Normal Scheduled",
      "Normal Pulling",
      "Normal Pulled",
      "Normal Created",
      "Normal Started",
    ]);
    const web = world.pod("web");
    expect(web.status).toMatchObject({
      phase: "Running",
      qosClass: "BestEffort",
      podIP: expect.stringMatching(/^10\.244\.\d+\.\d+$/),
      hostIP: expect.any(String),
    });
    expect(web.spec.tolerations.map((t: Anything) => [t.key, t.tolerationSeconds])).toEqual([
      ["node.kubernetes.io/not-ready", 300],
      ["node.kubernetes.io/unreachable", 300],
    ]);
  });

  test("without a container there is no Pod", () => {
    const refused = cluster().request("POST", podsUrl, pod("none", { containers: [] }));
    expect(refused.status).toBe(422);
    expect(refused.body.message).toBe('Pod "none" is invalid: spec.containers: Required value');
  });
});

describe("P2: phases", () => {
  test.each([
    ["Succeeded", "exit 0", "Completed"],
    ["Failed", "exit 3", "Error"],
  ])("Pending, Running, %s", (phase, script, reason) => {
    const world = cluster();
    const job = { restartPolicy: "Never", containers: [shell("c", `sleep 3; ${script}`)] };
    expect(follow(world, pod("job", job), 20_000)).toEqual([
      "0/1 Pending",
      "0/1 ContainerCreating",
      "1/1 Running",
      `0/1 ${reason}`,
    ]);
    expect(world.pod("job").status.phase).toBe(phase);
  });

  test("scheduling and the pull lie inside Pending", () => {
    const world = cluster();
    world.create(pod("web", { containers: [nginx()] }));
    world.until(() => world.events("web").length === 2);
    const waiting = world.pod("web");
    expect(waiting.status.phase).toBe("Pending");
    expect(condition(waiting, "PodScheduled").status).toBe("True");
    expect(waiting.status.containerStatuses[0].state.waiting.reason).toBe("ContainerCreating");
    expect(world.events("web").at(-1)).toBe('Normal Pulling Pulling image "nginx:1.29"');
    world.settle();
    expect(world.pod("web").status.phase).toBe("Running");
  });

  test("on a node that is lost it is Terminating, and stays", () => {
    const world = cluster();
    world.create(pod("web", { nodeName: "node-1", containers: [nginx()] }));
    world.settle();
    power(world, "node-1", false);
    pass(world, 100_000);
    expect(row(world, podsUrl, "web")).toMatchObject({ Ready: "1/1", Status: "Running" });
    expect(condition(world.pod("web"), "Ready").status).toBe("False");
    pass(world, 300_000);
    expect(statusOf(world, "web")).toBe("Terminating");
    pass(world, 600_000);
    expect(statusOf(world, "web")).toBe("Terminating");
  });
});

describe("P5: a Pod's containers live and die together, on one node", () => {
  test("they have one node and one address, and its failure takes all", () => {
    const world = cluster();
    world.create(
      pod("pair", {
        containers: [nginx(), shell("side", "sleep 3600")],
        terminationGracePeriodSeconds: 1,
      }),
    );
    world.settle();
    expect(row(world, podsUrl, "pair")).toMatchObject({ Ready: "2/2", Status: "Running" });
    const before = world.pod("pair");
    power(world, before.spec.nodeName, false);
    pass(world, 60_000);
    expect(condition(world.pod("pair"), "ContainersReady").status).toBe("True");
    expect(condition(world.pod("pair"), "Ready").status).toBe("False");
    power(world, before.spec.nodeName, true);
    pass(world, 60_000);
    const after = world.pod("pair");
    expect(after.spec.nodeName).toBe(before.spec.nodeName);
    expect(after.status.containerStatuses.map((s: Anything) => [s.name, s.restartCount])).toEqual([
      ["side", 1],
      ["web", 1],
    ]);
  });
});

describe("P6: init containers and sidecars", () => {
  test("inits run one after the other, before the app", () => {
    const world = cluster();
    const inits = ["one", "two"].map((name) => shell(name, "sleep 2"));
    const web = pod("web", { initContainers: inits, containers: [nginx()] });
    expect(follow(world, web, 20_000)).toEqual([
      "0/1 Pending",
      "0/1 Init:0/2",
      "0/1 Init:1/2",
      "0/1 PodInitializing",
      "1/1 Running",
    ]);
    const { initContainerStatuses, containerStatuses } = world.pod("web").status;
    const ends = initContainerStatuses.map((s: Anything) => s.state.terminated);
    expect(ends.map((t: Anything) => t.reason)).toEqual(["Completed", "Completed"]);
    expect(seconds(ends[1].startedAt)).toBeGreaterThanOrEqual(seconds(ends[0].finishedAt));
    expect(seconds(containerStatuses[0].state.running.startedAt)).toBeGreaterThanOrEqual(
      seconds(ends[1].finishedAt),
    );
  });

  test("an init that fails holds the app back", () => {
    const world = cluster();
    world.create(
      pod("lost", {
        restartPolicy: "Never",
        initContainers: [shell("one", "exit 1")],
        containers: [nginx()],
      }),
    );
    const stuck = pod("stuck", { initContainers: [shell("one", "exit 1")], containers: [nginx()] });
    const seen = follow(world, stuck, 30_000);
    expect(seen).toContain("0/1 Init:Error");
    expect(seen).toContain("0/1 Init:CrashLoopBackOff");
    expect(row(world, podsUrl, "lost")).toMatchObject({ Status: "Init:Error", Ready: "0/1" });
    expect(world.pod("lost").status.phase).toBe("Failed");
    expect(condition(world.pod("stuck"), "Initialized")).toMatchObject({
      status: "False",
      reason: "ContainersNotInitialized",
      message: "containers with incomplete status: [one]",
    });
  });

  test("a sidecar starts before the app, counts in READY, and stops after it", () => {
    const world = cluster();
    const trap = "trap 'sleep 2; exit 0' TERM; while true; do sleep 1; done";
    const web = pod("web", {
      initContainers: [shell("side", trap, { restartPolicy: "Always" })],
      containers: [shell("app", trap)],
    });
    expect(follow(world, web, 20_000).at(-1)).toBe("2/2 Running");
    const { initContainerStatuses, containerStatuses } = world.pod("web").status;
    expect(seconds(initContainerStatuses[0].state.running.startedAt)).toBeLessThanOrEqual(
      seconds(containerStatuses[0].state.running.startedAt),
    );
    const watch = world.watch(`${podsUrl}?watch=true`);
    watch.read();
    world.delete(podUrl("web"));
    world.advance(20_000);
    const last = watch.read().at(-1);
    expect(last?.type).toBe("DELETED");
    const app = last?.object.status.containerStatuses[0].state.terminated;
    const side = last?.object.status.initContainerStatuses[0].state.terminated;
    expect([app.exitCode, side.exitCode]).toEqual([0, 0]);
    expect(seconds(side.finishedAt)).toBeGreaterThan(seconds(app.finishedAt));
  });
});

describe("P7: restart policies and crash loops", () => {
  test.each([
    ["Always", "exit 0", "CrashLoopBackOff", "Running"],
    ["Always", "exit 1", "CrashLoopBackOff", "Running"],
    ["OnFailure", "exit 0", "Completed", "Succeeded"],
    ["OnFailure", "exit 1", "CrashLoopBackOff", "Running"],
    ["Never", "exit 0", "Completed", "Succeeded"],
    ["Never", "exit 1", "Error", "Failed"],
  ])("%s, %s: %s", (restartPolicy, script, status, phase) => {
    const world = cluster();
    world.create(pod("c", { restartPolicy, containers: [shell("c", script)] }));
    world.advance(8_000);
    expect(statusOf(world, "c")).toBe(status);
    expect(world.pod("c").status.phase).toBe(phase);
  });

  test("waits grow from 10 s to 5 min, counted from each end", () => {
    const world = cluster();
    world.create(pod("c", { containers: [shell("c", "exit 1")] }));
    const waits: number[] = [];
    let before: Anything;
    while (waits.length < 8) {
      world.until(() => {
        const status = world.pod("c").status.containerStatuses?.[0];
        return status?.lastState.terminated && status.restartCount > (before?.restartCount ?? 0);
      }, 400_000);
      const status = world.pod("c").status.containerStatuses[0];
      const ran = status.state.running ?? status.state.terminated ?? status.lastState.terminated;
      waits.push(Math.round(seconds(ran.startedAt) - seconds(before?.ended ?? ran.startedAt)));
      before = { restartCount: status.restartCount, ended: undefined };
      world.until(() => stateOf(world, "c").waiting?.reason === "CrashLoopBackOff", 60_000);
      before.ended = world.pod("c").status.containerStatuses[0].lastState.terminated.finishedAt;
      world.get(podsUrl);
    }
    // The first restart comes at once.
    expect(waits.slice(1)).toEqual(
      [10, 20, 40, 80, 160, 300, 300].map((s) => expect.closeTo(s, -0.5)),
    );
    const { waiting } = stateOf(world, "c");
    const { uid } = world.pod("c").metadata;
    expect(waiting.message).toBe(
      `back-off 5m0s restarting failed container=c pod=c_default(${uid})`,
    );
    expect(world.events("c")).toContain(
      `Warning BackOff Back-off restarting failed container c in pod c_default(${uid})`,
    );
    expect(row(world, podsUrl, "c")?.["Restarts"]).toMatch(/^8 \(\S+ ago\)$/);
  });
});

describe("P9: requests and limits", () => {
  const resources = (requests?: object, limits?: object): object => ({
    resources: { requests, limits },
  });
  test.each([
    ["BestEffort", resources()],
    ["Burstable", resources({ cpu: "100m" })],
    ["Burstable", resources({ cpu: "100m", memory: "64Mi" }, { memory: "64Mi" })],
    ["Guaranteed", resources(undefined, { cpu: "100m", memory: "64Mi" })],
  ])("QoS class %s", (qosClass, more) => {
    const world = cluster();
    world.create(pod("web", { containers: [nginx(more)] }));
    expect(world.pod("web").status.qosClass).toBe(qosClass);
  });

  test("what fits nowhere is Pending, in the scheduler's words", () => {
    const world = cluster();
    world.create(pod("big", { containers: [nginx(resources({ cpu: "5", memory: "1Gi" }))] }));
    world.advance(5_000);
    const text =
      "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu. " +
      "no new claims to deallocate, " +
      "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.";
    expect(statusOf(world, "big")).toBe("Pending");
    expect(world.events("big")).toEqual([`Warning FailedScheduling ${text}`]);
    expect(condition(world.pod("big"), "PodScheduled")).toMatchObject({
      status: "False",
      reason: "Unschedulable",
      message: text,
    });
  });

  test("a request above the limit is refused", () => {
    const refused = cluster().request(
      "POST",
      podsUrl,
      pod("odd", { containers: [nginx(resources({ cpu: "2" }, { cpu: "1" }))] }),
    );
    expect(refused.body.message).toBe(
      'Pod "odd" is invalid: spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    );
  });

  test("memory above the limit is an OOM kill, exit 137", () => {
    const world = cluster();
    world.create(
      pod("oom", {
        restartPolicy: "Never",
        containers: [shell("c", "tail /dev/zero", resources(undefined, { memory: "20Mi" }))],
      }),
    );
    world.advance(60_000);
    expect(statusOf(world, "oom")).toBe("OOMKilled");
    expect(stateOf(world, "oom").terminated).toMatchObject({ reason: "OOMKilled", exitCode: 137 });
  });
});

describe("P12: a naked Pod dies with its node", () => {
  test("a controlled one is replaced elsewhere, the naked one is not", () => {
    const world = cluster();
    world.create(
      pod("naked", { nodeName: "node-1", containers: [nginx()] }),
      deployment("web", { replicas: 1 }),
    );
    world.settle();
    const [first] = world.pods("default", "app=web");
    power(world, "node-1", false);
    power(world, first.spec.nodeName, false);
    pass(world, 360_000);
    expect(statusOf(world, "naked")).toBe("Terminating");
    // The machine is gone for good: somebody takes the Node away, and what was on it goes too.
    world.delete(nodeUrl("node-1"));
    world.delete(nodeUrl(first.spec.nodeName));
    pass(world, 120_000);
    const left = world.pods();
    expect(namesOf(left)).toHaveLength(1);
    expect(namesOf(left)[0]).toMatch(/^web-/);
    expect(namesOf(left)[0]).not.toBe(first.metadata.name);
  });
});

describe("P15: images", () => {
  test("nginx:1.161 never pulls; another image mends it", () => {
    const world = cluster();
    const bad = pod("web", { containers: [nginx({ image: "nginx:1.161" })] });
    expect(follow(world, bad, 20_000)).toEqual([
      "0/1 Pending",
      "0/1 ContainerCreating",
      "0/1 ErrImagePull",
      "0/1 ImagePullBackOff",
      "0/1 ErrImagePull",
      "0/1 ImagePullBackOff",
    ]);
    expect(stateOf(world, "web").waiting.message).toMatch(
      /^(Back-off pulling image "nginx:1\.161": ErrImagePull: )?.*docker\.io\/library\/nginx:1\.161: not found$/,
    );
    const events = world.events("web");
    expect(events).toContain('Normal Pulling Pulling image "nginx:1.161"');
    expect(events).toContain("Warning Failed Error: ErrImagePull");
    expect(events).toContain('Normal BackOff Back-off pulling image "nginx:1.161"');
    expect(events).toContain("Warning Failed Error: ImagePullBackOff");
    world.patch(
      podUrl("web"),
      { spec: { containers: [{ name: "web", image: "nginx:1.27" }] } },
      "application/strategic-merge-patch+json",
    );
    world.advance(60_000);
    expect(row(world, podsUrl, "web")).toMatchObject({ Ready: "1/1", Status: "Running" });
  });

  test.each([
    ["nginx", "Always"],
    ["nginx:latest", "Always"],
    ["nginx:1.29", "IfNotPresent"],
    [`nginx@sha256:${"a".repeat(64)}`, "IfNotPresent"],
  ])("the policy of %s is %s", (image, policy) => {
    const world = cluster();
    world.create(pod("web", { containers: [nginx({ image })] }));
    expect(world.pod("web").spec.containers[0].imagePullPolicy).toBe(policy);
  });

  test("Never wants it to be there already", () => {
    const world = cluster();
    const never = nginx({ imagePullPolicy: "Never" });
    world.create(pod("early", { nodeName: "node-1", containers: [never] }));
    world.advance(5_000);
    expect(statusOf(world, "early")).toBe("ErrImageNeverPull");
    expect(world.events("early")).toContain(
      'Warning ErrImageNeverPull Container image "nginx:1.29" is not present with pull policy of Never',
    );
    world.create(pod("puller", { nodeName: "node-1", containers: [nginx()] }));
    world.settle();
    world.create(pod("late", { nodeName: "node-1", containers: [never] }));
    world.advance(5_000);
    expect(statusOf(world, "late")).toBe("Running");
  });

  test("a name that cannot be one", () => {
    const world = cluster();
    world.create(pod("web", { containers: [nginx({ image: "Nginx:1.29" })] }));
    world.advance(5_000);
    expect(statusOf(world, "web")).toBe("InvalidImageName");
  });
});
