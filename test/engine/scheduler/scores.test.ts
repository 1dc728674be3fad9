import { describe, expect, test } from "vitest";
import { scorePlugins } from "../../../durable-objects/engine/scheduler/plugins/index.ts";
import { podInfo } from "../../../durable-objects/engine/scheduler/node-info.ts";
import { SchedulerCache } from "../../../durable-objects/engine/scheduler/cache.ts";
import type { Reader } from "../../../durable-objects/engine/ports/controller.ts";
import { World } from "./scheduler-world.ts";

/** Scores of one plugin by node, in name order. */
function scores(w: World, plugin: string, pod = "p"): number[] | undefined {
  const { store } = w;
  const reader = {
    now: w.now,
    get: (r: string, ns: string, n: string) => store.get(r, ns, n),
    list: (r: string, ns?: string) => store.list(r, ns),
    byIndex: (i: string, v: string) => store.byIndex(i, v),
  } as Reader;
  const cache = new SchedulerCache(reader);
  cache.open(reader);
  const row = scorePlugins.find((p) => p.name === plugin);
  return row?.score(podInfo(w.get(pod)), cache.nodes, cache);
}

const term = (app: string, topologyKey: string) => ({
  labelSelector: { matchLabels: { app } },
  topologyKey,
});

const cases: { name: string; plugin: string; make(w: World): void; gives?: number[] }[] = [
  {
    name: "the emptier the better",
    plugin: "NodeResourcesFit",
    make(w) {
      w.node("a", { cpu: "4", memory: "10000" });
      w.node("b", { cpu: "4", memory: "10000" });
      w.pod("x", { cpu: "2", memory: "5000", spec: { nodeName: "b" } });
      w.pod("p", { cpu: "1", memory: "5000" });
    },
    gives: [62, 12],
  },
  {
    name: "who asks for nothing counts as 100m and 200Mi",
    plugin: "NodeResourcesFit",
    make(w) {
      w.node("a", { cpu: "1", memory: "1000Mi" });
      w.pod("p");
    },
    gives: [85],
  },
  {
    name: "balance of cpu and memory",
    plugin: "NodeResourcesBalancedAllocation",
    make(w) {
      w.node("a", { cpu: "10", memory: "20000" });
      w.node("b", { cpu: "10", memory: "20000" });
      w.pod("x", { cpu: "3", memory: "5000", spec: { nodeName: "b" } });
      w.pod("p", { cpu: "3", memory: "5000" });
    },
    gives: [97, 95],
  },
  {
    name: "no say for a Pod without requests",
    plugin: "NodeResourcesBalancedAllocation",
    make(w) {
      w.node("a");
      w.pod("p");
    },
  },
  {
    name: "soft taints",
    plugin: "TaintToleration",
    make(w) {
      const soft = (key: string) => ({ key, effect: "PreferNoSchedule" });
      w.node("a");
      w.node("b", { spec: { taints: [soft("x")] } });
      w.node("c", { spec: { taints: [soft("x"), soft("y")] } });
      w.pod("p");
    },
    gives: [100, 50, 0],
  },
  {
    name: "preferred nodes",
    plugin: "NodeAffinity",
    make(w) {
      const prefer = (key: string, weight: number) => ({
        weight,
        preference: { matchExpressions: [{ key, operator: "Exists" }] },
      });
      w.node("a", { labels: { ssd: "y" } });
      w.node("b", { labels: { ssd: "y", fast: "y" } });
      w.node("c");
      const preferred = [prefer("ssd", 1), prefer("fast", 3)];
      const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: preferred };
      w.pod("p", { spec: { affinity: { nodeAffinity } } });
    },
    gives: [25, 100, 0],
  },
  {
    name: "wishes about other Pods, and theirs about this one",
    plugin: "InterPodAffinity",
    make(w) {
      w.node("a", { labels: { zone: "1" } });
      w.node("b", { labels: { zone: "2" } });
      w.node("c", { labels: { zone: "3" } });
      w.pod("db", { labels: { app: "db" }, spec: { nodeName: "a" } });
      const wish = [{ weight: 10, podAffinityTerm: term("p", "zone") }];
      const podAntiAffinity = { preferredDuringSchedulingIgnoredDuringExecution: wish };
      w.pod("shy", { spec: { nodeName: "b", affinity: { podAntiAffinity } } });
      const own = [{ weight: 10, podAffinityTerm: term("db", "zone") }];
      const podAffinity = { preferredDuringSchedulingIgnoredDuringExecution: own };
      w.pod("p", { labels: { app: "p" }, spec: { affinity: { podAffinity } } });
    },
    gives: [100, 0, 50],
  },
  {
    name: "built-in spreading of a Service's Pods",
    plugin: "PodTopologySpread",
    make(w) {
      w.node("a");
      w.node("b");
      w.put("services", "web", { spec: { selector: { app: "web" } } });
      w.pod("x", { labels: { app: "web" }, spec: { nodeName: "b" } });
      w.pod("gone", {
        labels: { app: "web" },
        spec: { nodeName: "a" },
        meta: { deletionTimestamp: "2027-01-15T08:00:00Z" },
      });
      w.pod("p", { labels: { app: "web" } });
    },
    gives: [100, 66],
  },
  {
    name: "a soft constraint over zones",
    plugin: "PodTopologySpread",
    make(w) {
      w.node("a", { labels: { zone: "1" } });
      w.node("b", { labels: { zone: "2" } });
      w.node("c");
      const labelSelector = { matchLabels: { app: "web" } };
      const soft = { maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "ScheduleAnyway" };
      w.pod("x", { labels: { app: "web" }, spec: { nodeName: "a" } });
      w.pod("p", {
        labels: { app: "web" },
        spec: { topologySpreadConstraints: [{ ...soft, labelSelector }] },
      });
    },
    gives: [0, 100, 0],
  },
  {
    name: "images that are there",
    plugin: "ImageLocality",
    make(w) {
      w.node("a", { images: [{ names: ["nginx:latest"], sizeBytes: 1000 * 1024 * 1024 }] });
      w.node("b");
      w.pod("p");
    },
    gives: [48, 0],
  },
];

describe("scores", () => {
  test.each(cases)("$plugin: $name", ({ plugin, make, gives }) => {
    const w = new World();
    make(w);
    expect(scores(w, plugin)).toEqual(gives);
  });

  test("weights of the default profile", () => {
    expect(Object.fromEntries(scorePlugins.map((p) => [p.name, p.weight]))).toEqual({
      TaintToleration: 3,
      NodeAffinity: 2,
      PodTopologySpread: 2,
      InterPodAffinity: 2,
      NodeResourcesFit: 1,
      NodeResourcesBalancedAllocation: 1,
      ImageLocality: 1,
    });
  });
});

describe("placement", () => {
  const nodes = (w: World) => {
    for (let i = 0; i < 9; i++) w.node(`n${i}`, { labels: { zone: `z${i % 3}` } });
    w.put("services", "web", { spec: { selector: { app: "web" } } });
  };
  const perNode = (w: World) => {
    const counts = new Map<string, number>();
    for (const pod of w.store.list("pods")) {
      const node = w.placed(pod.metadata.name) ?? "none";
      counts.set(node, (counts.get(node) ?? 0) + 1);
    }
    return [...counts.values()];
  };

  test("replicas end up evenly", () => {
    const w = new World();
    nodes(w);
    for (let i = 0; i < 90; i++) w.pod(`p${i}`, { cpu: "10m", labels: { app: "web" } });
    w.settle();
    expect(perNode(w)).toEqual(Array(9).fill(10));
  });

  test("a cache that is lost before every step changes no placement", () => {
    const run = (forgetful: boolean) => {
      const w = new World();
      w.forgetful = forgetful;
      nodes(w);
      for (let i = 0; i < 30; i++) {
        w.pod(`p${i}`, { cpu: i % 3 ? "700m" : "2", labels: { app: i % 2 ? "web" : "db" } });
        if (i % 4 === 0) w.settle();
        if (i === 12)
          w.pod("near", {
            spec: {
              affinity: {
                podAffinity: {
                  preferredDuringSchedulingIgnoredDuringExecution: [
                    { weight: 50, podAffinityTerm: term("db", "zone") },
                  ],
                },
              },
            },
          });
        if (i === 20) w.remove("pods", "p3");
        if (i === 22) w.node("n4", { cpu: "16" });
        if (i === 24) w.remove("nodes", "n5");
      }
      w.settle();
      return { pods: w.store.list("pods"), events: w.events };
    };
    expect(run(true)).toEqual(run(false));
  });

  test("minDomains, matchLabelKeys and node policies of a hard constraint", () => {
    const constraint = {
      maxSkew: 1,
      topologyKey: "zone",
      whenUnsatisfiable: "DoNotSchedule",
      labelSelector: { matchLabels: { app: "web" } },
    };
    const place = (more: object, hash = "2") => {
      const w = new World();
      const spec = { taints: [{ key: "x", effect: "NoSchedule" }] };
      w.node("a", { labels: { zone: "1" } });
      w.node("b", { labels: { zone: "2" }, spec });
      w.pod("x", { labels: { app: "web", hash: "1" }, spec: { nodeName: "a" } });
      w.pod("p", {
        labels: { app: "web", hash },
        spec: { topologySpreadConstraints: [{ ...constraint, ...more }] },
      });
      w.settle();
      return w.placed("p");
    };
    expect(place({})).toBeUndefined();
    expect(place({ nodeTaintsPolicy: "Honor" })).toBe("a");
    expect(place({ nodeTaintsPolicy: "Honor", minDomains: 2 })).toBeUndefined();
    expect(place({ matchLabelKeys: ["hash"] })).toBe("a");
    expect(place({ matchLabelKeys: ["hash"] }, "1")).toBeUndefined();
  });
});
