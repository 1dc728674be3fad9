import { describe, expect, it } from "vitest";
import type { Pod } from "../../../durable-objects/engine/kinds/pod/types.ts";
import { World, eventLines, statusOf, watchLines } from "./kubelet-world.ts";

function world(): World {
  const w = new World();
  w.node("node-1");
  return w;
}
const container = (name: string, over: Record<string, unknown> = {}): Record<string, unknown> => ({
  name,
  image: name,
  imagePullPolicy: "IfNotPresent",
  ...over,
});
const signals = (w: World): string[] =>
  w.runtime.signals.map((s) => s.replace(/@17672256(\d\d)(\d)00$/, "$1.$2s").replace(".0s", "s"));

describe("graceful deletion", () => {
  it("of a process that ignores TERM takes the grace period", () => {
    const w = world();
    w.runtime.scripts["app"] = {};
    w.pod("web", { containers: [container("app")] });
    w.until(5_000);
    w.delete("pods", "default", "web");
    w.until(34_000);
    expect(statusOf(w.get("web"))).toBe("Terminating");
    w.until(40_000);
    expect(signals(w)).toEqual(["app 15 05s", "app 9 35s"]);
    const last = w.history.at(-2)?.object as { status?: { containerStatuses?: unknown[] } };
    expect(last.status?.containerStatuses?.[0]).toMatchObject({
      state: { terminated: { exitCode: 137, reason: "Error" } },
      ready: false,
    });
    expect(w.get("web")).toBeUndefined();
  });

  it.each([
    { hook: { sleep: { seconds: 4 } }, term: "09s", kill: "15s", failed: false },
    { hook: { exec: { command: ["quit"] } }, term: "08s", kill: "15s", failed: false },
    { hook: { exec: { command: ["bad"] } }, term: "08s", kill: "15s", failed: true },
    { hook: { sleep: { seconds: 60 } }, term: "15s", kill: "17s", failed: false },
  ])("runs preStop $hook inside the grace period", ({ hook, term, kill, failed }) => {
    const w = world();
    w.runtime.scripts["app"] = {
      exec: (command) => ({
        exitCode: command[0] === "bad" ? 1 : 0,
        stdout: "",
        stderr: "",
        takesMs: 3000,
      }),
    };
    w.pod("web", {
      terminationGracePeriodSeconds: 10,
      containers: [container("app", { lifecycle: { preStop: hook } })],
    });
    w.until(5_000);
    w.delete("pods", "default", "web");
    w.until(60_000);
    expect(signals(w)).toEqual([`app 15 ${term}`, `app 9 ${kill}`]);
    expect(
      eventLines(w, "web").some((l) => l.includes("!FailedPreStopHook PreStopHook failed")),
    ).toBe(failed);
  });

  it("ends sidecars after the app, the last started first", () => {
    const w = world();
    w.runtime.scripts["app"] = { termCode: 0, termMs: 5_000 };
    w.runtime.scripts["s1"] = { termCode: 0, termMs: 1_000 };
    w.runtime.scripts["s2"] = { termCode: 0, termMs: 1_000 };
    w.pod("web", {
      initContainers: ["s1", "s2"].map((n) => container(n, { restartPolicy: "Always" })),
      containers: [container("app")],
    });
    w.until(5_000);
    expect(statusOf(w.get("web"))).toBe("Running");
    w.delete("pods", "default", "web");
    w.until(30_000);
    expect(signals(w)).toEqual(["app 15 05s", "s2 15 10s", "s1 15 11s"]);
    expect(w.get("web")).toBeUndefined();
  });

  it("a second delete with a shorter grace period takes effect", () => {
    const w = world();
    w.runtime.scripts["app"] = {};
    w.pod("web", { containers: [container("app")] });
    w.until(5_000);
    w.delete("pods", "default", "web");
    w.until(10_000);
    w.delete("pods", "default", "web", { gracePeriodSeconds: 3 });
    w.until(14_000);
    expect(w.get("web")).toBeUndefined();
    expect(signals(w)).toEqual(["app 15 05s", "app 9 13s"]);
  });

  it("by force leaves nothing of it here at once", () => {
    const w = world();
    w.pod("web", { containers: [container("app")] });
    w.until(5_000);
    w.delete("pods", "default", "web", { gracePeriodSeconds: 0 });
    w.until(5_001);
    expect(w.runtime.instances.size).toBe(0);
    expect(w.nextDue()).toBeUndefined();
  });

  it("of a Pod that never started is immediate", () => {
    const w = world();
    w.runtime.scripts["app"] = { pullMs: 60_000 };
    w.pod("web", { containers: [container("app")] });
    w.until(5_000);
    w.delete("pods", "default", "web");
    w.until(5_001);
    expect(w.get("web")).toBeUndefined();
  });

  it("waits for finalizers and then does nothing more", () => {
    const w = world();
    w.runtime.scripts["app"] = { termCode: 0 };
    w.pod("web", { containers: [container("app")] }, { finalizers: ["example.com/hold"] });
    w.until(5_000);
    w.delete("pods", "default", "web");
    const take = w.delete.bind(w);
    let calls = 0;
    w.delete = (resource, namespace, name, options) => {
      calls++;
      const pod = w.get(name);
      if (pod?.metadata.finalizers && options?.gracePeriodSeconds === 0) {
        const metadata = { ...pod.metadata, deletionGracePeriodSeconds: 0 };
        w.update("pods", { ...pod, metadata } as never);
        return;
      }
      take(resource, namespace, name, options);
    };
    w.until(60_000);
    expect(calls).toBe(1);
    expect(w.get("web")?.status?.phase).toBe("Succeeded");
    expect(w.nextDue()).toBeUndefined();
  });

  it.each([
    { at: "while its image is pulled", init: undefined, marked: ["app"], left: [] },
    { at: "while its first init container waits", init: {}, marked: ["i1"], left: ["i2", "app"] },
    {
      at: "between its init containers",
      init: { endsAfterMs: 1_000 },
      marked: [],
      left: ["i2", "app"],
    },
  ])("$at leaves the Pod Failed, and says so of what began", ({ init, marked, left }) => {
    const w = world();
    const slow = { pullMs: 60_000 };
    w.runtime.scripts["app"] = slow;
    w.runtime.scripts["i1"] = init?.endsAfterMs ? init : slow;
    w.runtime.scripts["i2"] = slow;
    w.pod("web", {
      ...(init ? { initContainers: [container("i1"), container("i2")] } : {}),
      containers: [container("app")],
    });
    w.until(5_000);
    w.delete("pods", "default", "web");
    w.until(60_000);
    expect(w.get("web")).toBeUndefined();
    const status = (w.history.at(-2)?.object as Pod | undefined)?.status;
    expect(status?.phase).toBe("Failed");
    const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    expect(all.filter((s) => s.state?.terminated?.exitCode === 137).map((s) => s.name)).toEqual(
      marked,
    );
    expect(all.filter((s) => s.state?.waiting).map((s) => s.name)).toEqual(left);
    // What the conditions say is from before. k8s: SyncTerminatedPod
    expect(status?.conditions?.find((c) => c.type === "Ready")).toMatchObject({ status: "False" });
  });
});

describe("init containers", () => {
  it("run in order before the app", () => {
    const w = world();
    w.runtime.scripts["i1"] = { endsAfterMs: 2_000 };
    w.runtime.scripts["i2"] = { endsAfterMs: 3_000 };
    w.runtime.scripts["app"] = { termCode: 0 };
    w.pod("web", {
      initContainers: [container("i1"), container("i2")],
      containers: [container("app")],
    });
    w.until(4_500);
    expect(w.get("web")?.status?.conditions?.find((c) => c.type === "Initialized")).toMatchObject({
      status: "False",
      reason: "ContainersNotInitialized",
      message: "containers with incomplete status: [i2]",
    });
    w.until(20_000);
    expect(watchLines(w, "web")).toEqual([
      "0s 0/1 Pending 0",
      "0s 0/1 Init:0/2 0",
      "3s 0/1 Init:1/2 0",
      "6s 1/1 Running 0",
    ]);
    expect(w.events.find((e) => e.reason === "Started")?.source).toEqual({
      component: "kubelet",
      host: "node-1",
      fieldPath: "spec.initContainers{i1}",
    });
  });

  it.each([
    ["Always", "Init:CrashLoopBackOff", "Pending"],
    ["Never", "Init:Error", "Failed"],
  ])("that fail with restartPolicy %s show %s", (restartPolicy, status, phase) => {
    const w = world();
    w.runtime.scripts["i1"] = { endsAfterMs: 100, exitCode: 1 };
    w.pod("web", {
      restartPolicy,
      initContainers: [container("i1")],
      containers: [container("app")],
    });
    w.until(6_000);
    expect(statusOf(w.get("web"))).toBe(status);
    expect(w.get("web")?.status?.phase).toBe(phase);
    expect(w.runtime.instances.get("default/web")?.size).toBeLessThanOrEqual(2);
  });

  it("as sidecars start first, are restarted on their own and end with the work", () => {
    const w = world();
    w.runtime.scripts["side"] = { termCode: 0, endsAfterMs: [3_000, undefined] };
    w.runtime.scripts["job"] = { endsAfterMs: 20_000 };
    w.pod("work", {
      restartPolicy: "Never",
      initContainers: [container("side", { restartPolicy: "Always" })],
      containers: [container("job")],
    });
    w.until(10_000);
    expect(w.get("work")?.status?.initContainerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      started: true,
      ready: true,
    });
    w.until(30_000);
    expect(signals(w)).toEqual(["side 15 21s"]);
    expect(w.get("work")?.status?.phase).toBe("Succeeded");
  });
});

describe("hooks", () => {
  it("postStart hides the container until it is done and holds up the next one", () => {
    const w = world();
    w.runtime.scripts["a"] = {
      termCode: 0,
      exec: () => ({ exitCode: 0, stdout: "", stderr: "", takesMs: 5_000 }),
    };
    w.runtime.scripts["b"] = { termCode: 0 };
    const lifecycle = { postStart: { exec: { command: ["warm-up"] } } };
    w.pod("web", { containers: [container("a", { lifecycle }), container("b")] });
    w.until(4_000);
    expect(statusOf(w.get("web"))).toBe("ContainerCreating");
    w.until(7_000);
    expect(watchLines(w, "web").at(-1)).toBe("6s 2/2 Running 0");
  });

  it("a postStart that fails ends its container", () => {
    const w = world();
    w.runtime.scripts["a"] = { termCode: 0, exec: () => ({ exitCode: 1, stdout: "", stderr: "" }) };
    const lifecycle = { postStart: { exec: { command: ["bad"] } } };
    w.pod("web", { containers: [container("a", { lifecycle })] });
    w.until(1_500);
    expect(statusOf(w.get("web"))).toBe("PostStartHookError");
    expect(eventLines(w, "web").slice(-2)).toEqual([
      "1s !FailedPostStartHook PostStartHook failed",
      "1s Killing FailedPostStartHook",
    ]);
    w.until(8_000);
    expect(statusOf(w.get("web"))).toBe("CrashLoopBackOff");
  });
});

describe("verdicts", () => {
  it("activeDeadlineSeconds ends the Pod", () => {
    const w = world();
    w.runtime.scripts["app"] = { termCode: 143 };
    w.pod("web", { activeDeadlineSeconds: 20, containers: [container("app")] });
    w.until(30_000);
    expect(w.get("web")?.status).toMatchObject({
      phase: "Failed",
      reason: "DeadlineExceeded",
      message: "Pod was active on the node longer than the specified deadline",
      containerStatuses: [{ state: { terminated: { exitCode: 143 } } }],
    });
  });

  it.each([
    {
      spec: { containers: [container("app", { resources: { requests: { cpu: "5" } } })] },
      reason: "OutOfcpu",
      message: "Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 4000",
    },
    {
      spec: { nodeSelector: { disk: "ssd" }, containers: [container("app")] },
      reason: "NodeAffinity",
      message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    },
    {
      spec: { containers: [container("app", { ports: [{ containerPort: 80, hostPort: 80 }] })] },
      reason: "NodePorts",
      message:
        "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    },
  ])("the kubelet refuses: $reason", ({ spec, reason, message }) => {
    const w = world();
    const taken = container("app", { ports: [{ containerPort: 80, hostPort: 80 }] });
    w.pod("first", { containers: [taken] });
    w.until(3_000);
    w.pod("web", spec);
    w.until(5_000);
    expect(w.get("web")?.status).toMatchObject({
      phase: "Failed",
      reason,
      message: `Pod was rejected: ${message}`,
    });
    expect(eventLines(w, "web")).toEqual([`4s !${reason} ${message}`]);
    expect(w.get("web")?.status?.containerStatuses).toBeUndefined();
  });

  it("OOMKilled restarts as any other failure and says so", () => {
    const w = world();
    w.runtime.scripts["app"] = { endsAfterMs: 2_000, exitCode: 137, exitReason: "OOMKilled" };
    w.pod("web", { containers: [container("app")] });
    w.until(3_500);
    expect(watchLines(w, "web").at(-1)).toBe("3s 0/1 OOMKilled 0");
    w.until(7_500);
    expect(statusOf(w.get("web"))).toBe("CrashLoopBackOff");
  });

  it("a node short of memory evicts the Pod that is most over its request", () => {
    const w = new World();
    w.node("node-1", { memory: "4Gi" });
    const Mi = 1024 * 1024;
    w.runtime.scripts["modest"] = { termCode: 0, memoryBytes: 200 * Mi };
    w.runtime.scripts["eater"] = {
      movesAtMs: [10_000, 20_000],
      memoryBytes: (since) => (since < 20_000 ? 2_000 * Mi : 4_000 * Mi),
    };
    w.pod("modest", { containers: [container("modest")] });
    w.pod("eater", { containers: [container("eater")] });
    w.until(60_000);
    const message =
      "The node was low on resource: memory. Threshold quantity: 100Mi, available: -4Mi. ";
    const status = w.get("eater")?.status;
    expect(status).toMatchObject({ phase: "Failed", reason: "Evicted" });
    expect(status?.message).toBe(
      `${message.replace("-4Mi", "0")}Container eater was using 4000Mi, request is 0, has larger consumption of memory. `,
    );
    expect(status?.conditions?.[0]).toMatchObject({
      type: "DisruptionTarget",
      status: "True",
      reason: "TerminationByKubelet",
    });
    expect(w.get("modest")?.status?.phase).toBe("Running");
    const pressure = (): unknown =>
      (w.client.get("nodes", "", "node-1") as { status?: { conditions?: unknown[] } }).status
        ?.conditions?.[0];
    expect(pressure()).toMatchObject({ type: "MemoryPressure", status: "True" });
    w.pod("late", { containers: [container("modest")] });
    w.until(61_000);
    expect(w.get("late")?.status).toMatchObject({
      reason: "Evicted",
      message: "Pod was rejected: The node had condition: [MemoryPressure]. ",
    });
    w.until(400_000);
    expect(pressure()).toMatchObject({ status: "False", reason: "KubeletHasSufficientMemory" });
    expect(w.nextDue()).toBeUndefined();
  });
});
