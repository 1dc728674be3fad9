import { describe, expect, test } from "vitest";
import {
  judge,
  remembered,
  type HpaMemory,
  type DesiredReplicas,
} from "../../../durable-objects/engine/controllers/horizontal-pod-autoscaler/behavior.ts";
import {
  proposeReplicas,
  type Asked,
  type Measured,
} from "../../../durable-objects/engine/controllers/horizontal-pod-autoscaler/replicas.ts";
import type { Pod } from "../../../durable-objects/engine/kinds/pod/types.ts";
import { World } from "../../helpers/world.ts";

const url = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/web";
const deploymentUrl = "/apis/apps/v1/namespaces/default/deployments/web";

/** An idle redis uses 2m of CPU, so a request of 2m is used to 100%. */
const deployment = (replicas: number, requests: object = { cpu: "2m" }): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "c", image: "redis:7", resources: { requests } }] },
    },
  },
});
const cpu = (averageUtilization: number): object => ({
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization } },
});
const hpa = (metric: object, spec: object = {}): object => ({
  apiVersion: "autoscaling/v2",
  kind: "HorizontalPodAutoscaler",
  metadata: { name: "web", namespace: "default" },
  spec: {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
    minReplicas: 1,
    maxReplicas: 10,
    metrics: [metric],
    ...spec,
  },
});
const replicas = (world: World): number => world.get(deploymentUrl).spec.replicas;
const condition = (world: World, type: string) =>
  world.get(url).status.conditions?.find((c: { type: string }) => c.type === type);
/** A world in which the Deployment runs long enough to be measured. */
const warm = (count: number, metric: object, spec: object = {}, requests?: object): World => {
  const world = new World();
  world.create(deployment(count, requests));
  world.advance(60_000);
  world.create(hpa(metric, spec));
  return world;
};

describe("HorizontalPodAutoscaler", () => {
  test("scales up by what its Pods use, and says so", () => {
    const world = warm(2, cpu(50));
    world.advance(14_000);
    expect(replicas(world)).toBe(2);
    world.advance(2_000);
    expect(replicas(world)).toBe(4);
    expect(world.events("web")).toContain(
      "Normal SuccessfulRescale New size: 4; reason: cpu resource utilization (percentage of request) above target",
    );
    expect(world.get(url).status).toMatchObject({
      currentReplicas: 2,
      desiredReplicas: 4,
      currentMetrics: [
        {
          type: "Resource",
          resource: { name: "cpu", current: { averageUtilization: 100, averageValue: "2m" } },
        },
      ],
    });
    expect(condition(world, "AbleToScale")).toMatchObject({
      status: "True",
      reason: "SucceededRescale",
      message: "the HPA controller was able to update the target scale to 4",
    });
    expect(condition(world, "ScalingActive")).toMatchObject({
      status: "True",
      reason: "ValidMetricFound",
      message:
        "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)",
    });
    expect(condition(world, "ScalingLimited")).toMatchObject({
      status: "False",
      reason: "DesiredWithinRange",
    });
  });

  test("stops at its maximum", () => {
    const world = warm(2, cpu(50), { maxReplicas: 5 });
    world.advance(400_000);
    expect(replicas(world)).toBe(5);
    expect(condition(world, "ScalingLimited")).toMatchObject({
      status: "True",
      reason: "TooManyReplicas",
      message: "the desired replica count is more than the maximum replica count",
    });
  });

  test("leaves a small difference alone", () => {
    const world = warm(3, cpu(95));
    world.advance(60_000);
    expect(replicas(world)).toBe(3);
    expect(condition(world, "AbleToScale")).toMatchObject({
      reason: "ReadyForNewScale",
      message: "recommended size matches current size",
    });
  });

  test("scales down only after five minutes without a higher wish", () => {
    const world = warm(4, cpu(400));
    world.advance(120_000);
    expect(replicas(world)).toBe(4);
    expect(condition(world, "AbleToScale")).toMatchObject({
      reason: "ScaleDownStabilized",
      message:
        "recent recommendations were higher than current one, applying the highest recent recommendation",
    });
    world.advance(240_000);
    expect(replicas(world)).toBe(1);
    expect(world.events("web")).toContain(
      "Normal SuccessfulRescale New size: 1; reason: All metrics below target",
    );
  });

  test("obeys the policies of its behavior", () => {
    const behavior = {
      scaleDown: {
        stabilizationWindowSeconds: 0,
        policies: [{ type: "Pods", value: 1, periodSeconds: 60 }],
      },
    };
    const world = warm(4, cpu(400), { behavior });
    world.advance(16_000);
    expect(replicas(world)).toBe(3);
    expect(condition(world, "ScalingLimited")).toMatchObject({
      status: "True",
      reason: "ScaleDownLimit",
      message: "the desired replica count is decreasing faster than the maximum scale rate",
    });
    world.advance(45_000);
    expect(replicas(world)).toBe(3);
    world.advance(30_000);
    expect(replicas(world)).toBe(2);
  });

  test.each([
    [
      "memory by value",
      {
        type: "Resource",
        resource: { name: "memory", target: { type: "AverageValue", averageValue: "1Mi" } },
      },
      "memory resource",
    ],
    [
      "one container's share",
      {
        type: "ContainerResource",
        containerResource: {
          name: "cpu",
          container: "c",
          target: { type: "Utilization", averageUtilization: 50 },
        },
      },
      "cpu container resource utilization (percentage of request)",
    ],
  ])("measures %s", (_name, metric, told) => {
    const world = warm(1, metric);
    world.advance(16_000);
    expect(replicas(world)).toBeGreaterThan(1);
    expect(world.events("web").join("\n")).toContain(`reason: ${told} above target`);
  });

  test("keeps within its bounds whatever the metrics", () => {
    const low = warm(1, cpu(100), { minReplicas: 3 });
    low.advance(16_000);
    expect(replicas(low)).toBe(3);
    expect(low.events("web")).toContain(
      "Normal SuccessfulRescale New size: 3; reason: Current number of replicas below Spec.MinReplicas",
    );
    const high = warm(5, cpu(100), { maxReplicas: 2 });
    high.advance(16_000);
    expect(replicas(high)).toBe(2);
    expect(high.events("web")).toContain(
      "Normal SuccessfulRescale New size: 2; reason: Current number of replicas above Spec.MaxReplicas",
    );
  });

  test("tells why it cannot measure", () => {
    const world = warm(1, cpu(50), {}, {});
    world.advance(16_000);
    const pod = world.pods()[0].metadata.name;
    const missing = `failed to get cpu utilization: missing request for cpu in container c of Pod ${pod}`;
    expect(condition(world, "ScalingActive")).toMatchObject({
      status: "False",
      reason: "FailedGetResourceMetric",
      message: `the HPA was unable to compute the replica count: ${missing}`,
    });
    expect(world.events("web").slice(-2)).toEqual([
      `Warning FailedGetResourceMetric ${missing}`,
      `Warning FailedComputeMetricsReplicas invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: ${missing}`,
    ]);
  });

  test("knows nothing of Pods that have just started", () => {
    const world = new World();
    world.create(deployment(1), hpa(cpu(50)));
    world.advance(16_000);
    expect(world.events("web").join("\n")).toContain(
      "Warning FailedGetResourceMetric failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API",
    );
    world.advance(60_000);
    expect(replicas(world)).toBeGreaterThan(1);
  });

  test("waits for its target, and is off while that is at zero", () => {
    const world = new World();
    world.create(hpa(cpu(50)));
    world.advance(16_000);
    expect(condition(world, "AbleToScale")).toMatchObject({
      status: "False",
      reason: "FailedGetScale",
      message:
        'the HPA controller was unable to get the target\'s current scale: deployments.apps "web" not found',
    });
    world.create(deployment(0));
    world.advance(31_000);
    expect(condition(world, "AbleToScale")).toMatchObject({ status: "True" });
    expect(condition(world, "ScalingActive")).toMatchObject({
      reason: "ScalingDisabled",
      message: "scaling is disabled since the replica count of the target is zero",
    });
    expect(replicas(world)).toBe(0);
  });

  test("refuses Pods that another autoscaler controls too", () => {
    const world = warm(2, cpu(50));
    world.create({ ...hpa(cpu(50)), metadata: { name: "other", namespace: "default" } });
    world.advance(16_000);
    expect(replicas(world)).toBe(2);
    expect(condition(world, "ScalingActive")).toMatchObject({
      reason: "AmbiguousSelector",
      message:
        "pods by selector app=web are controlled by multiple HPAs: [default/other default/web]",
    });
  });

  test("asks for no alarm once it has converged", () => {
    const world = warm(2, cpu(100));
    world.advance(600_000);
    const { resourceVersion } = world.get(url).metadata;
    const due = world.engine.nextDueMs(world.now);
    expect(due === undefined || due > world.now + 60_000).toBe(true);
    world.advance(600_000);
    expect(world.get(url).metadata.resourceVersion).toBe(resourceVersion);
  });
});

describe("the replica calculator", () => {
  const now = 10_000_000;
  const pod = (name: string, more: object = {}): Pod =>
    ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name,
        namespace: "default",
        uid: name,
        resourceVersion: "1",
        creationTimestamp: "",
      },
      spec: { containers: [{ name: "c", resources: { requests: { cpu: "100m" } } }] },
      status: {
        phase: "Running",
        startTime: new Date(now - 900_000).toISOString(),
        conditions: [
          {
            type: "Ready",
            status: "True",
            lastTransitionTime: new Date(now - 800_000).toISOString(),
          },
        ],
      },
      ...more,
    }) as unknown as Pod;
  const measured = (pods: Pod[], milli: (number | undefined)[], count = pods.length): Measured => ({
    now,
    replicas: count,
    pods,
    tolerance: { up: 0.1, down: 0.1 },
    usage: new Map(
      pods.flatMap((p, i) => {
        const cpuMilli = milli[i];
        const usage = {
          containers: [{ name: "c", cpuMilli: cpuMilli ?? 0, memoryBytes: 0 }],
          atMs: now,
          windowMs: 15_000,
        };
        return cpuMilli === undefined ? [] : [[p.metadata.name, usage] as const];
      }),
    ),
  });
  const half: Asked = { resource: "cpu", container: "", averageUtilization: 50 };
  const three = [pod("a"), pod("b"), pod("c")];
  const pending = pod("p", { status: { phase: "Pending" } });
  const fresh = pod("f", {
    status: {
      phase: "Running",
      startTime: new Date(now - 20_000).toISOString(),
      conditions: [
        {
          type: "Ready",
          status: "False",
          lastTransitionTime: new Date(now - 20_000).toISOString(),
        },
      ],
    },
  });
  const leaving = pod("l", {
    metadata: { ...pod("l").metadata, deletionTimestamp: "2026-01-01T00:00:00Z" },
  });

  test.each([
    ["double load", measured(three, [100, 100, 100]), 6],
    ["within tolerance", measured(three, [54, 54, 54]), 3],
    ["half the load", measured(three, [25, 25, 25]), 2],
    [
      "a Pod without metrics counts as idle on the way up",
      measured([...three.slice(0, 2), pod("m")], [100, 100, undefined]),
      4,
    ],
    [
      "and as fully used on the way down",
      measured([...three.slice(0, 2), pod("m")], [10, 10, undefined]),
      3,
    ],
    [
      "a Pod that starts counts as idle on the way up",
      measured([...three.slice(0, 2), fresh], [100, 100, 900]),
      4,
    ],
    ["and not at all on the way down", measured([...three.slice(0, 2), fresh], [10, 10, 900]), 1],
    [
      "a pending Pod counts as idle on the way up",
      measured([...three, pending], [100, 100, 100, undefined], 4),
      6,
    ],
    [
      "one that leaves counts not at all",
      measured([...three, leaving], [100, 100, 100, 900], 3),
      6,
    ],
  ])("%s", (_name, world, expected) => {
    expect(proposeReplicas(world, half).replicas).toBe(expected);
  });
});

describe("stabilisation", () => {
  const minute = 60_000;
  const empty: HpaMemory = { syncedAtMs: 0, recommendations: [], ups: [], downs: [] };
  const wish = (
    now: number,
    current: number,
    desired: number,
    behavior?: DesiredReplicas["behavior"],
  ): DesiredReplicas => ({
    now,
    current,
    desired,
    min: 1,
    max: 100,
    behavior,
  });

  test("a recommendation holds for its window after it was last made", () => {
    let memory = remembered(empty, wish(0, 4, 8), 8);
    memory = remembered(memory, wish(minute, 8, 2), undefined);
    expect(judge(memory, wish(5 * minute, 8, 2)).replicas).toBe(8);
    expect(judge(memory, wish(6 * minute, 8, 2)).replicas).toBe(2);
  });

  test("scaling up can be held back too", () => {
    const behavior = {
      scaleUp: {
        stabilizationWindowSeconds: 120,
        selectPolicy: "Max",
        policies: [{ type: "Percent", value: 900, periodSeconds: 15 }],
      },
      scaleDown: {},
    };
    const memory = remembered(empty, wish(0, 2, 2, behavior), undefined);
    const later = remembered(memory, wish(15_000, 2, 6, behavior), undefined);
    expect(judge(later, wish(minute, 2, 6, behavior))).toMatchObject({
      replicas: 2,
      able: [
        "ScaleUpStabilized",
        "recent recommendations were lower than current one, applying the lowest recent recommendation",
      ],
    });
    expect(judge(later, wish(3 * minute, 2, 6, behavior)).replicas).toBe(6);
  });

  test("windows hold the size, they do not bring back an older one", () => {
    const behavior = {
      scaleUp: { stabilizationWindowSeconds: 300, selectPolicy: "Max", policies: [] },
      scaleDown: { stabilizationWindowSeconds: 300, selectPolicy: "Max", policies: [] },
    };
    const low = remembered(empty, wish(0, 5, 2, behavior), undefined);
    expect(judge(low, wish(minute, 5, 7, behavior))).toMatchObject({
      replicas: 5,
      able: ["ScaleUpStabilized", expect.anything()],
    });
    const high = remembered(empty, wish(0, 5, 9, behavior), undefined);
    expect(judge(high, wish(minute, 5, 3, behavior))).toMatchObject({
      replicas: 5,
      able: ["ScaleDownStabilized", expect.anything()],
    });
  });

  test("a steady wish is noted once", () => {
    let memory = remembered(empty, wish(0, 3, 3), undefined);
    for (let i = 1; i < 50; i++) memory = remembered(memory, wish(i * 15_000, 3, 3), undefined);
    expect(memory.recommendations).toEqual([[3, 0]]);
  });
});
