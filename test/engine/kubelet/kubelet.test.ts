import { describe, expect, it } from "vitest";
import { World, eventLines, statusOf, watchLines } from "./kubelet-world.ts";

function world(): World {
  const w = new World();
  w.node("node-1");
  return w;
}
const container = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: "c",
  image: "nginx",
  imagePullPolicy: "IfNotPresent",
  ...over,
});
const server = { termCode: 0, listens: [{ port: 80 }] };

describe("a Pod's life", () => {
  it("is pulled, started, ready, and gone in order after a delete", () => {
    const w = world();
    w.runtime.scripts["nginx"] = { ...server, pullMs: 1200 };
    w.pod("web", { containers: [container()] });
    w.until(10_000);
    const pod = w.get("web");
    expect(pod?.status?.conditions?.map((c) => `${c.type}=${c.status}`)).toEqual([
      "PodReadyToStartContainers=True",
      "Initialized=True",
      "Ready=True",
      "ContainersReady=True",
      "PodScheduled=True",
    ]);
    expect(pod?.status?.containerStatuses).toMatchObject([
      {
        name: "c",
        ready: true,
        started: true,
        restartCount: 0,
        image: "docker.io/library/nginx:latest",
        containerID: expect.stringMatching(/^containerd:\/\/[0-9a-f]{64}$/),
        state: { running: { startedAt: "2026-01-01T00:00:02Z" } },
        lastState: {},
        resources: {},
      },
    ]);
    expect(pod?.status).toMatchObject({
      phase: "Running",
      podIP: "10.244.1.2",
      podIPs: [{ ip: "10.244.1.2" }],
      hostIP: "172.18.0.2",
      startTime: "2026-01-01T00:00:00Z",
      qosClass: "BestEffort",
      observedGeneration: 1,
    });
    w.delete("pods", "default", "web");
    w.until(20_000);
    expect(watchLines(w, "web")).toEqual([
      "0s 0/1 Pending 0",
      "0s 0/1 ContainerCreating 0",
      "2.2s 1/1 Running 0",
      "10s 1/1 Terminating 0",
      "10s 0/1 Terminating 0",
      "11s 0/1 gone 0",
    ]);
    expect(eventLines(w, "web")).toEqual([
      '1s Pulling Pulling image "nginx"',
      '2.2s Pulled Successfully pulled image "nginx" in 1.2s (1.2s including waiting). Image size: 70000000 bytes.',
      "2.2s Created Container created",
      "2.2s Started Container started",
      "10s Killing Stopping container c",
    ]);
    expect([...(w.tables.get("kubelet")?.keys() ?? [])]).toEqual([]);
  });

  it("writes little and then nothing at all", () => {
    const w = world();
    w.runtime.scripts["nginx"] = server;
    const probe = { httpGet: { path: "/", port: 80 } };
    w.pod("web", { containers: [container({ readinessProbe: probe, livenessProbe: probe })] });
    w.until(30_000);
    const writes = w.history.length;
    const records = w.recordWrites;
    expect(writes).toBeLessThanOrEqual(4);
    expect(w.nextDue()).toBeUndefined();
    w.until(3_600_000);
    expect([w.history.length, w.recordWrites]).toEqual([writes, records]);
  });

  it("waits in the node's serial pull queue and says so", () => {
    const w = world();
    w.runtime.scripts["a"] = { termCode: 0, pullMs: 3000 };
    w.runtime.scripts["b"] = { termCode: 0, pullMs: 2000 };
    w.pod("one", { containers: [container({ image: "a" })] });
    w.pod("two", { containers: [container({ image: "b" })] });
    w.pod("two-b", { containers: [container({ image: "b" })] });
    w.until(20_000);
    const pulled = w.events.filter((e) => e.reason === "Pulled").map((e) => e.message.slice(0, 70));
    expect(pulled).toEqual([
      'Successfully pulled image "a" in 3s (3s including waiting). Image size',
      'Successfully pulled image "b" in 2s (5s including waiting). Image size',
      'Successfully pulled image "b" in 500ms (5.5s including waiting). Image',
    ]);
  });
});

describe("restarts", () => {
  it("backs off 10 s doubling to 300 s, counted from the end of the container", () => {
    const w = world();
    w.runtime.scripts["crash"] = { endsAfterMs: 0, exitCode: 1 };
    w.pod("web", { containers: [container({ image: "crash" })] });
    w.until(1_400_000);
    const starts = w.events.filter((e) => e.reason === "Started").map((e) => e.at / 1000);
    expect(starts).toEqual([1, 2, 12, 32, 72, 152, 312, 612, 912, 1212]);
    expect(watchLines(w, "web").slice(0, 7)).toEqual([
      "0s 0/1 Pending 0",
      "0s 0/1 ContainerCreating 0",
      "1s 0/1 Error 0",
      "2s 0/1 Error 1",
      "3s 0/1 CrashLoopBackOff 1",
      "12s 0/1 Error 2",
      "13s 0/1 CrashLoopBackOff 2",
    ]);
    expect(w.get("web")?.status?.phase).toBe("Running");
    expect(w.get("web")?.status?.containerStatuses?.[0]?.state?.waiting).toEqual({
      reason: "CrashLoopBackOff",
      message: "back-off 5m0s restarting failed container=c pod=web_default(uid-of-web)",
    });
    expect(eventLines(w, "web")).toContain(
      "3s !BackOff Back-off restarting failed container c in pod web_default(uid-of-web)",
    );
  });

  it("forgets the back-off after ten minutes of running", () => {
    const w = world();
    w.runtime.scripts["crash"] = { endsAfterMs: [0, 0, 700_000, 0, 0], exitCode: 1 };
    w.pod("web", { containers: [container({ image: "crash" })] });
    w.until(1_000_000);
    const starts = w.events.filter((e) => e.reason === "Started").map((e) => e.at / 1000);
    expect(starts.slice(0, 5)).toEqual([1, 2, 12, 713, 723]);
  });

  it.each([
    { policy: "Always", code: 0, status: "CrashLoopBackOff", phase: "Running" },
    { policy: "OnFailure", code: 0, status: "Completed", phase: "Succeeded" },
    { policy: "OnFailure", code: 3, status: "CrashLoopBackOff", phase: "Running" },
    { policy: "Never", code: 0, status: "Completed", phase: "Succeeded" },
    { policy: "Never", code: 3, status: "Error", phase: "Failed" },
  ])("$policy and exit code $code end in $status", ({ policy, code, status, phase }) => {
    const w = world();
    w.runtime.scripts["task"] = { endsAfterMs: 500, exitCode: code };
    w.pod("web", { restartPolicy: policy, containers: [container({ image: "task" })] });
    w.until(8_000);
    expect(statusOf(w.get("web"))).toBe(status);
    expect(w.get("web")?.status?.phase).toBe(phase);
    if (phase === "Succeeded") {
      const conditions = w.get("web")?.status?.conditions ?? [];
      expect(conditions.map((c) => [c.type, c.status, c.reason])).toEqual([
        ["PodReadyToStartContainers", "False", undefined],
        ["Initialized", "True", "PodCompleted"],
        ["Ready", "False", "PodCompleted"],
        ["ContainersReady", "False", "PodCompleted"],
        ["PodScheduled", "True", undefined],
      ]);
    }
  });

  it("a command that cannot be started is a StartError", () => {
    const w = world();
    const message = 'exec: "nope": executable file not found in $PATH';
    w.runtime.scripts["bad"] = {
      startFailure: { reason: "RunContainerError", exitCode: 128, message },
    };
    w.pod("web", { containers: [container({ image: "bad" })] });
    w.until(1_500);
    const status = w.get("web")?.status?.containerStatuses?.[0];
    expect(status?.state?.waiting).toEqual({ reason: "RunContainerError", message });
    expect(status?.lastState?.terminated).toMatchObject({ reason: "StartError", exitCode: 128 });
    w.until(8_000);
    expect(statusOf(w.get("web"))).toBe("CrashLoopBackOff");
    expect(eventLines(w, "web")).toContain(`1s !Failed Error: ${message}`);
  });
});

describe("images", () => {
  it("that do not exist back off, and a mended spec is pulled at once", () => {
    const w = world();
    const error = "rpc error: code = NotFound desc = nginx:1.161: not found";
    w.runtime.scripts["nginx:1.161"] = { pullError: error };
    w.pod("web", { containers: [container({ image: "nginx:1.161" })] });
    w.until(60_000);
    expect(watchLines(w, "web").slice(0, 6)).toEqual([
      "0s 0/1 Pending 0",
      "0s 0/1 ContainerCreating 0",
      "2.2s 0/1 ErrImagePull 0",
      "3.2s 0/1 ImagePullBackOff 0",
      "13.4s 0/1 ErrImagePull 0",
      "14.4s 0/1 ImagePullBackOff 0",
    ]);
    expect(eventLines(w, "web").slice(0, 6)).toEqual([
      '1s Pulling Pulling image "nginx:1.161"',
      `2.2s !Failed Failed to pull image "nginx:1.161": ${error}`,
      "2.2s !Failed Error: ErrImagePull",
      '3.2s BackOff Back-off pulling image "nginx:1.161"',
      "3.2s !Failed Error: ImagePullBackOff",
      '12.2s Pulling Pulling image "nginx:1.161"',
    ]);
    const waiting = w.get("web")?.status?.containerStatuses?.[0]?.state?.waiting;
    expect(waiting?.message).toBe(`Back-off pulling image "nginx:1.161": ErrImagePull: ${error}`);
    const pod = w.get("web");
    if (!pod) throw new Error("gone");
    const metadata = { ...pod.metadata, generation: 2 };
    w.update("pods", {
      ...pod,
      metadata,
      spec: { ...pod.spec, containers: [container()] },
    } as never);
    w.until(61_000);
    expect(statusOf(w.get("web"))).toBe("Running");
  });

  it.each([
    ["InvalidImageName", { image: "Bad Name" }],
    ["ErrImageNeverPull", { imagePullPolicy: "Never" }],
  ])("%s stays as it is and costs nothing", (reason, over) => {
    const w = world();
    w.pod("web", { containers: [container(over)] });
    w.until(5_000);
    expect(statusOf(w.get("web"))).toBe(reason);
    expect(w.nextDue()).toBeUndefined();
  });
});
