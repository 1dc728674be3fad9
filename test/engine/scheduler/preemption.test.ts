import { describe, expect, test } from "vitest";
import { World } from "./scheduler-world.ts";

const priority = (value: number, more = {}) => ({ priority: value, ...more });

/** A Pod that runs on a node already. */
function running(w: World, name: string, node: string, value: number, cpu: string, more = {}) {
  const status = { phase: "Running", startTime: "2027-01-15T08:00:00Z" };
  w.pod(name, { cpu, spec: priority(value, { nodeName: node }), status, ...more });
}

const leaving = (w: World): string[] =>
  w.store
    .list("pods")
    .filter((pod) => pod.metadata.deletionTimestamp)
    .map((pod) => pod.metadata.name);

describe("preemption", () => {
  test("evicts, promises the node, says so, and binds once the victim is gone", () => {
    const w = new World();
    w.node("a", { cpu: "1" });
    running(w, "low", "a", 0, "1");
    w.pod("high", { cpu: "1", spec: priority(1000) });
    w.settle();
    expect(leaving(w)).toEqual(["low"]);
    const uid = w.get("high").metadata.uid;
    expect(w.events).toEqual([
      {
        about: "low",
        type: "Normal",
        reason: "Preempted",
        message: `Preempted by pod ${uid} on node a`,
      },
      {
        about: "high",
        type: "Warning",
        reason: "FailedScheduling",
        message: "0/1 nodes are available: 1 Insufficient cpu.",
      },
    ]);
    expect(w.get("low").status?.conditions).toMatchObject([
      {
        type: "DisruptionTarget",
        status: "True",
        reason: "PreemptionByScheduler",
        message: "default-scheduler: preempting to accommodate a higher priority pod",
      },
    ]);
    expect(w.get("high").status).toMatchObject({ nominatedNodeName: "a" });

    // Five minutes later the victim still shuts down: nobody else has to go.
    w.advance(300_000);
    expect(w.events.at(-1)?.message).toBe(
      "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, " +
        "preemption: not eligible due to a terminating pod on the nominated node.",
    );
    w.remove("pods", "low");
    w.settle();
    expect(w.placed("high")).toBe("a");
  });

  test("room that was promised is not given to a lesser Pod", () => {
    const w = new World();
    w.node("a", { cpu: "1" });
    running(w, "low", "a", 0, "1");
    w.pod("high", { cpu: "1", spec: priority(1000) });
    w.settle();
    w.pod("a-late", { cpu: "1", spec: priority(10) });
    w.settle();
    w.remove("pods", "low");
    w.settle();
    expect([w.placed("a-late"), w.placed("high")]).toEqual([undefined, "a"]);
  });

  test("never where the Pod's policy forbids it", () => {
    const w = new World();
    w.node("a", { cpu: "1" });
    running(w, "low", "a", 0, "1");
    w.pod("high", { cpu: "1", spec: priority(1000, { preemptionPolicy: "Never" }) });
    w.settle();
    expect(leaving(w)).toEqual([]);
    expect(w.why("high")).toBe(
      "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, " +
        "preemption: not eligible due to preemptionPolicy=Never.",
    );
  });

  /** Which Pods have to go for one of priority 1000 that asks for a whole CPU. */
  const choices: { name: string; make(w: World): void; go: string[] }[] = [
    {
      name: "no more of them than needed, the least important first",
      make(w) {
        w.node("a", { cpu: "2" });
        running(w, "mid", "a", 20, "1");
        running(w, "low", "a", 10, "1");
      },
      go: ["low"],
    },
    {
      name: "the node whose worst loss is smallest",
      make(w) {
        w.node("a", { cpu: "1" });
        w.node("b", { cpu: "1" });
        running(w, "mid", "a", 20, "1");
        running(w, "low1", "b", 10, "500m");
        running(w, "low2", "b", 10, "500m");
      },
      go: ["low1", "low2"],
    },
    {
      name: "fewer Pods where priorities are alike",
      make(w) {
        w.node("a", { cpu: "1" });
        w.node("b", { cpu: "1" });
        running(w, "one", "a", 10, "500m");
        running(w, "two", "a", 10, "500m");
        running(w, "three", "b", 10, "1");
      },
      go: ["three"],
    },
    {
      name: "the one that started last",
      make(w) {
        w.node("a", { cpu: "1" });
        w.node("b", { cpu: "1" });
        running(w, "old", "a", 10, "1");
        const status = { phase: "Running", startTime: "2027-01-15T09:00:00Z" };
        running(w, "young", "b", 10, "1", { status });
      },
      go: ["young"],
    },
    {
      name: "rather a more important Pod than one whose budget is spent",
      make(w) {
        w.node("a", { cpu: "1" });
        w.node("b", { cpu: "1" });
        running(w, "guarded", "a", 10, "1", { labels: { app: "db" } });
        running(w, "free", "b", 20, "1");
        w.put("poddisruptionbudgets.policy", "db", {
          spec: { selector: { matchLabels: { app: "db" } } },
          status: { disruptionsAllowed: 0 },
        });
      },
      go: ["free"],
    },
    {
      name: "even a guarded one if there is no other way",
      make(w) {
        w.node("a", { cpu: "1" });
        running(w, "guarded", "a", 10, "1", { labels: { app: "db" } });
        w.put("poddisruptionbudgets.policy", "db", {
          spec: { selector: { matchLabels: { app: "db" } } },
          status: { disruptionsAllowed: 0 },
        });
      },
      go: ["guarded"],
    },
    {
      name: "nobody when that would not help",
      make(w) {
        w.node("a", { cpu: "1" });
        running(w, "equal", "a", 1000, "800m");
        running(w, "low", "a", 10, "100m");
      },
      go: [],
    },
  ];
  test.each(choices)("$name", ({ make, go }) => {
    const w = new World();
    make(w);
    w.pod("high", { cpu: "1", spec: priority(1000) });
    w.settle();
    expect(leaving(w)).toEqual(go);
  });

  test("says what is still in the way when nobody is evicted", () => {
    const w = new World();
    w.node("a", { cpu: "1" });
    running(w, "equal", "a", 1000, "800m");
    running(w, "low", "a", 10, "100m");
    w.pod("high", { cpu: "1", spec: priority(1000) });
    w.settle();
    expect(w.why("high")).toBe(
      "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, " +
        "preemption: 0/1 nodes are available: 1 Insufficient cpu.",
    );
  });

  test("clears the way for anti-affinity and for an even spread", () => {
    for (const spec of [
      {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { labelSelector: { matchLabels: { app: "x" } }, topologyKey: "zone" },
            ],
          },
        },
      },
      {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: "zone",
            whenUnsatisfiable: "DoNotSchedule",
            labelSelector: { matchLabels: { app: "x" } },
          },
        ],
      },
    ]) {
      const w = new World();
      const full = { spec: { taints: [{ key: "x", effect: "NoSchedule" }] } };
      w.node("a", { labels: { zone: "1" } });
      w.node("b", { labels: { zone: "2" }, ...full });
      running(w, "low", "a", 0, "1", { labels: { app: "x" } });
      w.pod("high", { labels: { app: "x" }, spec: priority(5, spec) });
      w.settle();
      expect(leaving(w)).toEqual(["low"]);
    }
  });

  test("a lesser Pod loses the node it was promised", () => {
    const w = new World();
    w.node("a", { cpu: "1" });
    running(w, "low", "a", 0, "1");
    w.pod("mid", { cpu: "1", spec: priority(10) });
    w.settle();
    expect(w.get("mid").status?.nominatedNodeName).toBe("a");
    w.pod("high", { cpu: "1", spec: priority(20) });
    w.settle();
    expect(w.get("high").status?.nominatedNodeName).toBe("a");
    expect(w.get("mid").status?.nominatedNodeName).toBeUndefined();
  });
});
