/** Very many selectors over the same Pods: what a change of a Pod costs, counted in steps and in keys. */
import { expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const deployment = (replicas: number): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "a" } },
    template: {
      metadata: { labels: { app: "a" } },
      spec: { containers: [{ name: "c", image: "nginx:1.27" }] },
    },
  },
});

const selector = (i: number): Record<string, string> => (i === 7 ? { app: "b" } : { app: "a" });

const budget = (i: number): object => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name: `x${i}` },
  spec: { minAvailable: 1, selector: { matchLabels: selector(i) } },
});

const service = (i: number): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: `x${i}` },
  spec: { selector: selector(i), ports: [{ port: 80 }] },
});

const kinds: [string, (i: number) => object][] = [
  ["PodDisruptionBudgets", budget],
  ["Services", service],
];

test.each(kinds)("the making of 100 Pods under 1,000 %s is no whole turn's work", (_name, make) => {
  const world = new World();
  for (let i = 0; i < 1_000; i++) world.create(make(i));
  world.advance(5_000);
  world.create(deployment(100));
  const { steps } = world.engine;
  world.now += 1;
  world.engine.run(world.now);
  // Each of the Pods told each selector, within one reconcile, which left the turn the three that lead there.
  expect(world.engine.steps - steps).toBeGreaterThan(20);
});

test("each sees its Pods, whichever way it is woken", () => {
  const world = new World();
  for (let i = 0; i < 70; i++) world.create(budget(i), service(i));
  world.create(deployment(30));
  for (let i = 0; i < 150; i++) world.advance(200);
  const allowed = (name: string): number =>
    world.get(`/apis/policy/v1/namespaces/default/poddisruptionbudgets/${name}`).status
      .disruptionsAllowed;
  const endpoints = (name: string): number =>
    (world.get(`/api/v1/namespaces/default/endpoints/${name}`).subsets ?? []).flatMap(
      ({ addresses = [] }: { addresses?: unknown[] }) => addresses,
    ).length;
  for (const name of ["x0", "x33", "x69"]) {
    expect(allowed(name)).toBe(29);
    expect(endpoints(name)).toBe(30);
  }
  expect(allowed("x7")).toBe(0);
  expect(endpoints("x7")).toBe(0);
  // A label goes: who selected the Pod by it must hear of it, too.
  const name = world
    .get("/api/v1/namespaces/default/pods")
    .items.find(
      (pod: { metadata: { labels?: { app?: string } } }) => pod.metadata.labels?.app === "a",
    ).metadata.name;
  world.patch(`/api/v1/namespaces/default/pods/${name}`, { metadata: { labels: { app: "b" } } });
  world.advance(500);
  expect(allowed("x7")).toBe(0);
  expect(endpoints("x7")).toBe(1);
});
