/** The kubelet inside the whole engine, with the real runtime: what `kubectl get` and `get events` print. */
import { beforeEach, describe, expect, it } from "vitest";
import { World } from "../../helpers/world.ts";

const pods = "/api/v1/namespaces/default/pods";
const pod = (name: string, spec: Record<string, unknown>): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec,
});
const nginx = { name: "web", image: "nginx:1.29" };
const sleeper = (seconds: number, name = "c"): object => ({
  name,
  image: "busybox:1.36",
  command: ["sleep", String(seconds)],
});

let w: World;
beforeEach(() => {
  w = new World({ nodes: 2 });
  w.advance(5_000);
});

const statusOf = (name: string): unknown =>
  w.rows(pods).find((row) => row["Name"] === name)?.["Status"];
const seconds = (): number => (w.now - 1_767_225_600_000) / 1000;

/** `status ready restarts` at every change over `ms`. */
function follow(name: string, ms: number): string[] {
  const seen: string[] = [];
  const end = w.now + ms;
  while (w.now < end) {
    const row = w.rows(pods).find((r) => r["Name"] === name);
    const line = row ? `${row["Ready"]} ${row["Status"]}` : "gone";
    if (seen.at(-1) !== line) seen.push(line);
    w.advance(250);
  }
  return seen;
}

describe("an image that changes", () => {
  // k8s: pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions: containerChanged comes before the policy
  it.each(["Never", "OnFailure", "Always"])(
    "restarts the container, policy %s",
    (restartPolicy) => {
      w.create(pod("web", { restartPolicy, containers: [{ name: "web", image: "nginx:1.25" }] }));
      w.advance(20_000);
      w.patch(
        `${pods}/web`,
        { spec: { containers: [{ name: "web", image: "nginx:1.24" }] } },
        "application/strategic-merge-patch+json",
      );
      expect(new Set(follow("web", 30_000))).toEqual(new Set(["1/1 Running"]));
      const [row] = w.rows(pods);
      expect([row?.["Status"], row?.["Ready"], String(row?.["Restarts"])]).toEqual([
        "Running",
        "1/1",
        expect.stringMatching(/^1 /),
      ]);
      expect(w.events("web")).toContain(
        "Normal Killing Container web definition changed, will be restarted",
      );
      expect(w.pod("web").status.containerStatuses[0].image).toBe("docker.io/library/nginx:1.24");
    },
  );

  // k8s: kubelet_pods.go getPhase, convertToAPIContainerStatuses: what is not restarted by its policy has ended
  it.each([
    ["Never", "Completed", "Succeeded"],
    ["Always", "ImagePullBackOff", "Running"],
  ])("to one that does not exist, policy %s: %s", (restartPolicy, status, phase) => {
    w.create(pod("web", { restartPolicy, containers: [nginx] }));
    w.advance(20_000);
    w.patch(
      `${pods}/web`,
      { spec: { containers: [{ name: "web", image: "nginx:1.161" }] } },
      "application/strategic-merge-patch+json",
    );
    w.advance(30_000);
    expect(statusOf("web")).toBe(status);
    expect(w.pod("web").status.phase).toBe(phase);
  });
});

describe("a Pod in a cluster", () => {
  it("goes through its phases, and its Events tell each step", () => {
    w.create(pod("web", { containers: [nginx] }));
    const seen = follow("web", 10_000).filter((line) => line !== "0/1 Pending");
    expect(seen).toEqual(["0/1 ContainerCreating", "1/1 Running"]);
    expect(
      w.events("web").map((e) => e.replace(/in \S+ \(\S+ including/, "in X (X including")),
    ).toEqual([
      expect.stringMatching(/^Normal Scheduled Successfully assigned default\/web to node-[12]$/),
      'Normal Pulling Pulling image "nginx:1.29"',
      expect.stringMatching(
        /^Normal Pulled Successfully pulled image "nginx:1.29" in X \(X including waiting\)\. Image size: \d+ bytes\.$/,
      ),
      "Normal Created Container created",
      "Normal Started Container started",
    ]);
    w.delete(`${pods}/web`);
    w.advance(5_000);
    expect(w.rows(pods)).toEqual([]);
    expect(w.events("web").at(-1)).toBe("Normal Killing Stopping container web");
  });

  it("that ignores TERM takes its grace period, and exits 137", () => {
    w.create(pod("slow", { containers: [sleeper(3600)] }));
    w.advance(10_000);
    const watch = w.watch(`${pods}?watch=true`);
    watch.read();
    w.delete(`${pods}/slow`);
    w.advance(29_000);
    expect(statusOf("slow")).toBe("Terminating");
    w.advance(2_000);
    expect(w.rows(pods)).toEqual([]);
    const last = watch.read().at(-1) as {
      type: string;
      object: { status: { containerStatuses: { state: { terminated: { exitCode: number } } }[] } };
    };
    expect(last.type).toBe("DELETED");
    expect(last.object.status.containerStatuses[0]?.state.terminated.exitCode).toBe(137);
  });

  it("with init containers shows how far it is", () => {
    w.create(
      pod("init", {
        initContainers: [sleeper(3, "one"), sleeper(3, "two")],
        containers: [nginx],
      }),
    );
    const seen = follow("init", 20_000);
    expect(seen.filter((s) => s !== "0/1 Pending")).toEqual([
      "0/1 Init:0/2",
      "0/1 Init:1/2",
      "0/1 PodInitializing",
      "1/1 Running",
    ]);
  });

  it("that ends restarts by its policy", () => {
    w.create(
      pod("always", { containers: [sleeper(1)] }),
      pod("never", { restartPolicy: "Never", containers: [sleeper(1)] }),
    );
    const seen = follow("always", 20_000);
    expect(seen).toContain("0/1 CrashLoopBackOff");
    expect(statusOf("never")).toBe("Completed");
    expect(w.pod("never").status.phase).toBe("Succeeded");
  });

  it("with another image begins its back-off anew", () => {
    w.create(pod("loop", { containers: [{ ...sleeper(5), name: "c" }] }));
    w.advance(300_000);
    const restarts = (): number => w.pod("loop").status.containerStatuses[0].restartCount;
    const before = restarts();
    const image = "busybox:1.37";
    w.patch(
      "/api/v1/namespaces/default/pods/loop",
      { spec: { containers: [{ name: "c", image }] } },
      "application/strategic-merge-patch+json",
    );
    // At once, after 10 s and after 20 s more, each time for 5 s: as any container at its beginning.
    w.advance(60_000);
    expect(restarts() - before).toBe(3);
  });

  it("with an image that does not exist alternates between the two reasons", () => {
    w.create(pod("bad", { containers: [{ name: "c", image: "nginx:1.161" }] }));
    const seen = follow("bad", 30_000);
    expect(seen.filter((s) => s.includes("Image") || s.includes("Err"))).toEqual([
      "0/1 ErrImagePull",
      "0/1 ImagePullBackOff",
      "0/1 ErrImagePull",
      "0/1 ImagePullBackOff",
    ]);
  });

  it("keeps its place when the object is evicted at every step", () => {
    const spec = {
      initContainers: [sleeper(2, "one")],
      containers: [{ ...nginx, readinessProbe: { httpGet: { port: 80 }, periodSeconds: 2 } }],
    };
    const run = (evicting: boolean): string => {
      const world = new World({ nodes: 2 });
      world.advance(5_000);
      world.create(pod("web", spec));
      for (let i = 0; i < 60; i++) {
        world.advance(200);
        if (evicting) world.evict();
      }
      world.delete(`${pods}/web`);
      for (let i = 0; i < 10; i++) {
        if (evicting) world.evict();
        world.advance(200);
      }
      return JSON.stringify([world.events("web"), world.get(pods).items.length]);
    };
    expect(run(true)).toBe(run(false));
  });

  it("that runs steadily costs nothing, probes and all", () => {
    const probe = { httpGet: { path: "/", port: 80 }, periodSeconds: 5 };
    w.create(
      pod("web", { containers: [{ ...nginx, readinessProbe: probe, livenessProbe: probe }] }),
    );
    w.advance(30_000);
    expect(statusOf("web")).toBe("Running");
    const rv = w.engine.store.rv;
    const steps = w.engine.steps;
    expect(w.engine.nextDueMs(w.now)).toBeUndefined();
    w.advance(300_000);
    expect([w.engine.store.rv, w.engine.steps]).toEqual([rv, steps]);
    expect(seconds()).toBeGreaterThan(300);
  });
});
