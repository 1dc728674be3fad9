import { describe, expect, it } from "vitest";
import { World, eventLines, statusOf, watchLines } from "./kubelet-world.ts";

function world(): World {
  const w = new World();
  w.node("node-1");
  return w;
}
const container = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: "c",
  image: "app",
  imagePullPolicy: "IfNotPresent",
  ...over,
});
const times = (w: World, reason: string): number[] =>
  w.events.filter((e) => e.reason === reason).map((e) => e.at / 1000);

describe("liveness", () => {
  it("of the exec example fails from 35 s, kills at 45 s, and restarts 30 s later", () => {
    const w = world();
    const missing = "cat: can't open '/tmp/healthy': No such file or directory\n";
    w.runtime.scripts["app"] = {
      endsAfterMs: 630_000,
      exec: (_command, since) =>
        since < 30_000
          ? { exitCode: 0, stdout: "", stderr: "" }
          : { exitCode: 1, stdout: "", stderr: missing },
    };
    const livenessProbe = {
      exec: { command: ["cat", "/tmp/healthy"] },
      initialDelaySeconds: 5,
      periodSeconds: 5,
    };
    w.pod("live", { containers: [container({ livenessProbe })] });
    w.until(80_000);
    // The container starts at 1 s.
    expect(times(w, "Unhealthy")).toEqual([31, 36, 41]);
    expect(eventLines(w, "live").filter((l) => /Killing|Unhealthy/.test(l))).toEqual([
      `31s !Unhealthy Liveness probe failed: ${missing}`,
      `36s !Unhealthy Liveness probe failed: ${missing}`,
      `41s !Unhealthy Liveness probe failed: ${missing}`,
      "41s Killing Container c failed liveness probe, will be restarted",
    ]);
    expect(w.runtime.signals).toEqual(["c 15 @1767225641000", "c 9 @1767225671000"]);
    expect(times(w, "Started")).toEqual([1, 71]);
    expect(watchLines(w, "live").slice(2)).toEqual(["1s 1/1 Running 0", "71s 1/1 Running 1"]);
    expect(w.get("live")?.status?.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({
      exitCode: 137,
      reason: "Error",
    });
  });

  it("ends in CrashLoopBackOff once the back-off outgrows the time between kills", () => {
    const w = world();
    w.runtime.scripts["app"] = {
      termCode: 0,
      exec: () => ({ exitCode: 1, stdout: "", stderr: "" }),
    };
    const livenessProbe = { exec: { command: ["false"] }, periodSeconds: 5, failureThreshold: 1 };
    w.pod("live", { containers: [container({ livenessProbe })] });
    w.until(120_000);
    expect(times(w, "Started")).toEqual([1, 6, 11, 26, 51, 96]);
    expect(times(w, "BackOff")).toEqual([16, 31, 56, 101]);
  });

  it("with restartPolicy Never ends the Pod", () => {
    const w = world();
    w.runtime.scripts["app"] = { exec: () => ({ exitCode: 1, stdout: "", stderr: "" }) };
    const livenessProbe = {
      exec: { command: ["false"] },
      periodSeconds: 2,
      failureThreshold: 1,
      terminationGracePeriodSeconds: 3,
    };
    w.pod("live", { restartPolicy: "Never", containers: [container({ livenessProbe })] });
    w.until(20_000);
    expect(eventLines(w, "live")).toContain("3s Killing Container c failed liveness probe");
    expect(w.runtime.signals.map((s) => s.split("@")[0])).toEqual(["c 15 ", "c 9 "]);
    expect(w.get("live")?.status?.phase).toBe("Failed");
    expect(watchLines(w, "live").at(-1)).toBe("6s 0/1 Error 0");
  });
});

describe("readiness", () => {
  it("is watched without alarms and seen again when a port opens or closes", () => {
    const w = world();
    w.runtime.scripts["app"] = {
      termCode: 0,
      listens: [{ port: 80, afterMs: 4_000, untilMs: 100_000 }],
    };
    const readinessProbe = { httpGet: { path: "/ok", port: "web" }, periodSeconds: 5 };
    const ports = [{ name: "web", containerPort: 80 }];
    w.pod("web", { containers: [container({ readinessProbe, ports })] });
    w.until(3_600_000);
    expect(watchLines(w, "web").slice(2)).toEqual([
      "1s 0/1 Running 0",
      "7s 1/1 Running 0",
      "112s 0/1 Running 0",
    ]);
    const refused =
      'Get "http://10.244.1.2:80/ok": dial tcp 10.244.1.2:80: connect: connection refused';
    expect(eventLines(w, "web").filter((l) => l.includes("Unhealthy"))).toEqual([
      `2s !Unhealthy Readiness probe failed: ${refused}`,
      `102s !Unhealthy Readiness probe failed: ${refused}`,
      `107s !Unhealthy Readiness probe failed: ${refused}`,
      `112s !Unhealthy Readiness probe failed: ${refused}`,
    ]);
    expect(w.runtime.requests).toBeLessThan(8);
    const unready = w.get("web")?.status?.conditions?.find((c) => c.type === "Ready");
    expect(unready).toMatchObject({
      status: "False",
      reason: "ContainersNotReady",
      message: "containers with unready status: [c]",
    });
  });

  it("is asked again when somebody reached into the Pod", () => {
    const w = world();
    let healthy = true;
    w.runtime.scripts["app"] = {
      termCode: 0,
      listens: [{ port: 80 }],
      http: () => ({ status: healthy ? 200 : 404 }),
    };
    const readinessProbe = { httpGet: { port: 80 }, failureThreshold: 1 };
    w.pod("web", { containers: [container({ readinessProbe })] });
    w.until(60_000);
    healthy = false;
    expect(w.nextDue()).toBeUndefined();
    w.client.wake("kubelet", "default/web");
    w.until(80_000);
    expect(watchLines(w, "web").at(-1)).toBe("62s 0/1 Running 0");
    expect(w.nextDue()).toBeUndefined();
  });

  it.each([
    [{ tcpSocket: { port: 80 } }, {}, "dial tcp 10.244.1.2:80: connect: connection refused"],
    [
      { httpGet: { port: 80 } },
      { http: { status: 500 } },
      "HTTP probe failed with statuscode: 500",
    ],
    [
      { grpc: { port: 80 } },
      {},
      'timeout: failed to connect service "10.244.1.2:80" within 1s: context deadline exceeded',
    ],
    [
      { grpc: { port: 80, service: "sick" } },
      { http: { status: 200 } },
      'service unhealthy (responded with "NOT_SERVING")',
    ],
    [
      { exec: { command: ["sh", "-c", "sleep 5"] } },
      { takesMs: 5000 },
      'command timed out: "sh -c sleep 5" timed out after 1s',
    ],
  ])("%j fails in upstream's words", (handler, answer: Record<string, unknown>, text) => {
    const w = world();
    w.runtime.scripts["app"] = {
      termCode: 0,
      ...(answer["http"] ? { listens: [{ port: 80 }], http: () => answer["http"] as object } : {}),
      exec: () => ({ exitCode: 0, stdout: "", stderr: "", takesMs: 5000 }),
    };
    w.pod("web", { containers: [container({ readinessProbe: handler })] });
    w.until(4_000);
    expect(w.events.filter((e) => e.reason === "Unhealthy").map((e) => e.message)).toEqual([
      `Readiness probe failed: ${text}`,
    ]);
  });

  it("a named port that does not exist is no result at all", () => {
    const w = world();
    const readinessProbe = { httpGet: { port: "web" } };
    w.pod("web", { containers: [container({ readinessProbe })] });
    w.until(3_000);
    expect(w.events.at(-1)?.message).toBe(
      'Readiness probe errored and resulted in unknown state: strconv.Atoi: parsing "web": invalid syntax',
    );
  });
});

describe("startup", () => {
  it("holds the other probes back until it succeeds", () => {
    const w = world();
    w.runtime.scripts["app"] = {
      termCode: 0,
      exec: (command, since) => ({
        exitCode: command[0] === "started" && since < 14_000 ? 1 : 0,
        stdout: "",
        stderr: "no\n",
      }),
    };
    const every = { periodSeconds: 5 };
    w.pod("slow", {
      containers: [
        container({
          startupProbe: { exec: { command: ["started"] }, failureThreshold: 10, ...every },
          livenessProbe: { exec: { command: ["alive"] }, ...every },
          readinessProbe: { exec: { command: ["ready"] }, ...every },
        }),
      ],
    });
    w.until(30_000);
    const first = (word: string): number =>
      Number(w.runtime.execs.find((e) => e.startsWith(word))?.split("@")[1]) - 1767225600000;
    expect(first("alive")).toBeGreaterThanOrEqual(17_000);
    expect(first("ready")).toBeGreaterThanOrEqual(17_000);
    expect(watchLines(w, "slow").slice(2)).toEqual(["1s 0/1 Running 0", "17s 1/1 Running 0"]);
  });

  it("that never succeeds kills the container", () => {
    const w = world();
    w.runtime.scripts["app"] = {
      termCode: 0,
      exec: () => ({ exitCode: 1, stdout: "x", stderr: "" }),
    };
    const startupProbe = { exec: { command: ["no"] }, periodSeconds: 1, failureThreshold: 2 };
    w.pod("slow", { containers: [container({ startupProbe })] });
    w.until(4_000);
    expect(eventLines(w, "slow")).toContain(
      "3s Killing Container c failed startup probe, will be restarted",
    );
    expect(statusOf(w.get("slow"))).toBe("Running");
    expect(w.get("slow")?.status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      started: false,
      ready: false,
    });
  });
});
