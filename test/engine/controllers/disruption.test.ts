import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const url = "/apis/policy/v1/namespaces/default/poddisruptionbudgets/web";

const budget = (spec: object): object => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name: "web", namespace: "default" },
  spec: { selector: { matchLabels: { app: "web" } }, ...spec },
});
const template = {
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "c", image: "registry.k8s.io/pause:3.10" }] },
};
const deployment = (replicas: number): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: { replicas, selector: { matchLabels: { app: "web" } }, template },
});
const settled = (...objects: object[]): World => {
  const world = new World();
  world.create(...objects);
  world.settle();
  return world;
};
const status = (world: World) => world.get(url).status;
const evict = (world: World, name: string) =>
  world.request("POST", `/api/v1/namespaces/default/pods/${name}/eviction`, {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name, namespace: "default" },
  });

describe("PodDisruptionBudget", () => {
  test.each([
    [
      { minAvailable: 2 },
      4,
      { expectedPods: 4, desiredHealthy: 2, currentHealthy: 4, disruptionsAllowed: 2 },
    ],
    [
      { minAvailable: "50%" },
      5,
      { expectedPods: 5, desiredHealthy: 3, currentHealthy: 5, disruptionsAllowed: 2 },
    ],
    [
      { maxUnavailable: 1 },
      3,
      { expectedPods: 3, desiredHealthy: 2, currentHealthy: 3, disruptionsAllowed: 1 },
    ],
    [
      { maxUnavailable: "30%" },
      5,
      { expectedPods: 5, desiredHealthy: 3, currentHealthy: 5, disruptionsAllowed: 2 },
    ],
    [
      { minAvailable: 3 },
      3,
      { expectedPods: 3, desiredHealthy: 3, currentHealthy: 3, disruptionsAllowed: 0 },
    ],
    [
      { maxUnavailable: 9 },
      2,
      { expectedPods: 2, desiredHealthy: 0, currentHealthy: 2, disruptionsAllowed: 2 },
    ],
  ])("%j of a Deployment of %i", (spec, replicas, expected) => {
    const world = settled(deployment(replicas), budget(spec));
    expect(status(world)).toMatchObject({ ...expected, observedGeneration: 1 });
    const allowed = expected.disruptionsAllowed > 0;
    expect(status(world).conditions).toMatchObject([
      {
        type: "DisruptionAllowed",
        status: allowed ? "True" : "False",
        reason: allowed ? "SufficientPods" : "InsufficientPods",
        message: "",
        observedGeneration: 1,
      },
    ]);
  });

  test("says when it matches no Pod, and only once", () => {
    const world = settled(budget({ minAvailable: 1 }));
    expect(world.events("web")).toEqual(["Normal NoPods No matching pods found"]);
    const { metadata } = world.get(url);
    world.advance(600_000);
    expect(world.get(url).metadata.resourceVersion).toBe(metadata.resourceVersion);
    expect(status(world)).toMatchObject({ disruptionsAllowed: 0, expectedPods: 0 });
  });

  test("follows its Pods and the size they should have", () => {
    const world = settled(deployment(3), budget({ maxUnavailable: 1 }));
    world.patch("/apis/apps/v1/namespaces/default/deployments/web/scale", {
      spec: { replicas: 5 },
    });
    world.settle();
    expect(status(world)).toMatchObject({
      expectedPods: 5,
      desiredHealthy: 4,
      currentHealthy: 5,
      disruptionsAllowed: 1,
    });
  });

  test("lets evictions through as long as it can", () => {
    const world = settled(deployment(2), budget({ minAvailable: 1 }));
    const [first, second] = world.pods().map((p) => p.metadata.name);
    expect(evict(world, first).status).toBe(201);
    world.advance(0);
    expect(status(world)).toMatchObject({ disruptionsAllowed: 0, currentHealthy: 1 });
    const refused = evict(world, second);
    expect(refused.status).toBe(429);
    expect(refused.body.details.causes[0].message).toBe(
      "The disruption budget web needs 1 healthy pods and has 1 currently",
    );
    world.settle();
    expect(status(world)).toMatchObject({ disruptionsAllowed: 1, currentHealthy: 2 });
    expect(status(world).disruptedPods).toBeUndefined();
  });

  test("says in the same moment that nothing more may go", () => {
    const world = settled(deployment(2), budget({ minAvailable: 1 }));
    const [first] = world.pods().map((p) => p.metadata.name);
    const seen = world.watch("/apis/policy/v1/namespaces/default/poddisruptionbudgets?watch=true");
    seen.read();
    evict(world, first);
    expect(seen.read()[0]?.object).toMatchObject({
      status: {
        disruptionsAllowed: 0,
        conditions: [{ status: "False", reason: "InsufficientPods" }],
      },
    });
  });

  test("refuses what two budgets guard, and what does not say its name", () => {
    const second = {
      ...budget({ minAvailable: 1 }),
      metadata: { name: "b", namespace: "default" },
    };
    const world = settled(deployment(3), budget({ minAvailable: 1 }), second);
    const [name] = world.pods().map((p) => p.metadata.name);
    expect(evict(world, name).body).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message:
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
      code: 500,
    });
    const nameless = { apiVersion: "policy/v1", kind: "Eviction" };
    const url = `/api/v1/namespaces/default/pods/${name}/eviction`;
    expect(world.request("POST", url, nameless).body.message).toBe(
      "name in URL does not match name in Eviction object",
    );
  });

  test("says why a budget whose size is unknown lets nobody go", () => {
    const world = settled(deployment(3), budget({ minAvailable: 1 }));
    const [name] = world.pods().map((p) => p.metadata.name);
    const why = (status: object) => {
      world.patch(`${url}/status`, { status: { disruptionsAllowed: 0, ...status } });
      return evict(world, name).body.details.causes[0].message;
    };
    const condition = { type: "DisruptionAllowed", status: "False", reason: "SyncFailed" };
    const at = { lastTransitionTime: "2026-01-01T00:00:00Z" };
    expect(why({ conditions: [{ ...condition, ...at, message: "no idea" }] })).toBe(
      "The disruption budget web does not allow evicting pods currently because it failed sync: no idea",
    );
    expect(why({ conditions: [{ ...condition, ...at, reason: "Other", message: "so" }] })).toBe(
      "The disruption budget web does not allow evicting pods currently (Other): so",
    );
    expect(why({ conditions: [] })).toBe(
      "The disruption budget web does not allow evicting pods currently",
    );
  });

  test("counts an evicted Pod again that stays for two minutes", () => {
    const world = settled(deployment(2), budget({ minAvailable: 1 }));
    const [name] = world.pods().map((p) => p.metadata.name);
    world.patch(`${url}/status`, {
      status: {
        disruptionsAllowed: 0,
        disruptedPods: { [name]: new Date(world.now).toISOString() },
      },
    });
    world.advance(60_000);
    expect(status(world)).toMatchObject({ currentHealthy: 1, disruptionsAllowed: 0 });
    world.advance(61_000);
    expect(status(world)).toMatchObject({ currentHealthy: 2, disruptionsAllowed: 1 });
    expect(world.events(name).at(-1)).toBe(
      "Warning NotDeleted Pod was expected by PDB default/default to be deleted but it wasn't",
    );
  });

  test("tells of Pods that nobody manages", () => {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      ...template,
      metadata: { ...template.metadata, name: "bare", namespace: "default" },
    };
    const world = settled(pod, budget({ maxUnavailable: 1 }));
    expect(status(world)).toMatchObject({ expectedPods: 0, disruptionsAllowed: 0 });
    expect(world.events("web")[0]).toContain(
      "Warning UnmanagedPods Pods selected by this PodDisruptionBudget (selector: &LabelSelector{MatchLabels:map[string]string{app: web,},MatchExpressions:[]LabelSelectorRequirement{},}) were found to be unmanaged.",
    );
  });

  test("fails safe where the size is unknown", () => {
    const daemons = {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "web", namespace: "default" },
      spec: { selector: { matchLabels: { app: "web" } }, template },
    };
    const world = settled(daemons, budget({ maxUnavailable: 1 }));
    expect(status(world)).toMatchObject({ disruptionsAllowed: 0 });
    expect(status(world).conditions).toMatchObject([
      {
        status: "False",
        reason: "SyncFailed",
        message: "daemonsets.apps does not implement the scale subresource",
      },
    ]);
    expect(
      world
        .events("web")
        .some(
          (e) =>
            e ===
            "Warning CalculateExpectedPodCountFailed Failed to calculate the number of expected pods: daemonsets.apps does not implement the scale subresource",
        ),
    ).toBe(true);
  });

  test("clears a mark of disruption that nothing followed", () => {
    const world = settled(deployment(1));
    const { metadata, status: podStatus } = world.pods()[0];
    const mark = {
      type: "DisruptionTarget",
      status: "True",
      reason: "PreemptionByScheduler",
      lastTransitionTime: new Date(world.now).toISOString(),
    };
    world.patch(`/api/v1/namespaces/default/pods/${metadata.name}/status`, {
      status: { conditions: [...podStatus.conditions, mark] },
    });
    const marked = () =>
      world
        .pod(metadata.name)
        .status.conditions.find((c: { type: string }) => c.type === "DisruptionTarget");
    world.advance(110_000);
    expect(marked().status).toBe("True");
    world.advance(15_000);
    expect(marked().status).toBe("False");
  });
});
