/** What large objects make one turn cost, counted in bytes of revisions and in turns. */
import { expect, test } from "vitest";
import {
  podBytesPerReconcileMax,
  revisionBytesPerTurnStep,
  turnStepsMax,
} from "../../../durable-objects/engine/core/limits.ts";
import { World } from "../../helpers/world.ts";

interface Placed {
  spec: { nodeName?: string };
}

/** 110 fit on each of three nodes, less the cluster's own. */
const placed = 320;
const terms = Array.from({ length: 100 }, (_, i) => ({
  weight: 1 + (i % 100),
  podAffinityTerm: {
    topologyKey: "kubernetes.io/hostname",
    labelSelector: { matchExpressions: [{ key: "app", operator: "NotIn", values: [`x${i}`] }] },
  },
}));

const deployment = (replicas: number): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "a" } },
    template: {
      metadata: { labels: { app: "a" } },
      spec: {
        containers: [{ name: "c", image: "nginx:1.27" }],
        affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: terms } },
      },
    },
  },
});

test("400 Pods of 100 anti-affinity terms are placed in few turns, each of bounded bytes", () => {
  const world = new World();
  const { log, store } = world.engine;
  world.create(deployment(400));
  const scheduled = (): number =>
    store.list("pods", "default").filter((pod) => (pod as unknown as Placed).spec.nodeName).length;
  let most = 0;
  let turns = 0;
  while (scheduled() < placed && turns < 100) {
    const rv = store.rv;
    world.now += 100;
    world.engine.run(world.now);
    let bytes = 0;
    for (const { text } of log.since(rv) ?? []) bytes += text.length;
    most = Math.max(most, bytes);
    turns += 1;
  }
  // Each Pod compared with every other took some forty turns of comparing.
  expect(scheduled()).toBeGreaterThanOrEqual(placed);
  expect(turns).toBeLessThan(20);
  // A reconcile that is begun is ended: its Pods, and as many bytes of their Events.
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(turnStepsMax * revisionBytesPerTurnStep + 2 * podBytesPerReconcileMax);
});

test("affinity sees Pods of one template as one, and each namespace or label apart", () => {
  const world = new World();
  const far = (name: string, namespace: string, labels: object, weightTo: string): object => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels },
    spec: {
      containers: [{ name: "c", image: "nginx" }],
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            {
              topologyKey: "kubernetes.io/hostname",
              labelSelector: { matchLabels: { app: weightTo } },
            },
          ],
        },
      },
    },
  });
  world.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } });
  for (let i = 0; i < 3; i++) world.create(far(`a${i}`, "default", { app: "a" }, "a"));
  world.create(far("b", "other", { app: "a" }, "a"));
  world.create(far("c", "default", { app: "c" }, "c"));
  world.create(far("a3", "default", { app: "a" }, "a"));
  world.advance(5_000);
  const nodeOf = (name: string, namespace = "default"): string | undefined =>
    world.get(`/api/v1/namespaces/${namespace}/pods/${name}`).spec.nodeName;
  expect(new Set([0, 1, 2].map((i) => nodeOf(`a${i}`))).size).toBe(3);
  expect(nodeOf("b", "other")).toBeDefined();
  expect(nodeOf("c")).toBeDefined();
  expect(nodeOf("a3")).toBeUndefined();
  const gone = nodeOf("a1");
  world.request("DELETE", "/api/v1/namespaces/default/pods/a1?gracePeriodSeconds=0");
  world.advance(10_000);
  expect(nodeOf("a3")).toBe(gone);
});
