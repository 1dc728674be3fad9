import { describe, expect, it } from "vitest";
import { podRequests, qosClass } from "../../../durable-objects/engine/kinds/pod/resources.ts";
import { isPodAvailable, isPodReady } from "../../../durable-objects/engine/kinds/pod/status.ts";
import { Pod } from "../../../durable-objects/engine/kinds/pod/pod.ts";
import { create, now, pod } from "./workloads-world.ts";

const pods = (spec: object, status: object, metadata: object = {}): Pod => {
  const { object } = create(Pod, pod(spec, metadata));
  return {
    ...object,
    metadata: { ...object.metadata, ...metadata },
    status: { ...object.status, ...status },
  } as Pod;
};
const container = (state: object, more: object = {}): object => ({
  name: "c",
  ready: false,
  restartCount: 0,
  state,
  ...more,
});
const running = { running: { startedAt: "2026-01-01T11:00:00Z" } };
const ready = [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T11:59:50Z" }];

describe("kubectl get pods", () => {
  const two = [
    { name: "i1", image: "a" },
    { name: "i2", image: "b" },
  ];
  it.each([
    [pods({}, { phase: "Pending" }), "0/1", "Pending", "0"],
    [
      pods(
        {},
        {
          phase: "Pending",
          containerStatuses: [container({ waiting: { reason: "ContainerCreating" } })],
        },
      ),
      "0/1",
      "ContainerCreating",
      "0",
    ],
    [
      pods(
        {},
        {
          phase: "Running",
          conditions: ready,
          containerStatuses: [container(running, { ready: true })],
        },
      ),
      "1/1",
      "Running",
      "0",
    ],
    [
      pods(
        {},
        {
          phase: "Running",
          containerStatuses: [
            container(
              { waiting: { reason: "CrashLoopBackOff" } },
              {
                restartCount: 3,
                lastState: { terminated: { exitCode: 1, finishedAt: "2026-01-01T11:55:00Z" } },
              },
            ),
          ],
        },
      ),
      "0/1",
      "CrashLoopBackOff",
      "3 (5m ago)",
    ],
    [
      pods(
        {},
        {
          phase: "Succeeded",
          containerStatuses: [container({ terminated: { exitCode: 0, reason: "Completed" } })],
        },
      ),
      "0/1",
      "Completed",
      "0",
    ],
    [
      pods(
        {},
        {
          phase: "Failed",
          containerStatuses: [container({ terminated: { exitCode: 0, signal: 9 } })],
        },
      ),
      "0/1",
      "Signal:9",
      "0",
    ],
    [pods({}, { phase: "Failed", reason: "Evicted" }), "0/1", "Evicted", "0"],
    [
      pods(
        { initContainers: two },
        {
          phase: "Pending",
          initContainerStatuses: [
            container({ terminated: { exitCode: 0 } }, { name: "i1", restartCount: 2 }),
            container(running, { name: "i2" }),
          ],
        },
      ),
      "0/1",
      "Init:1/2",
      "2",
    ],
    [
      pods(
        { initContainers: two },
        {
          phase: "Pending",
          initContainerStatuses: [
            container({ waiting: { reason: "CrashLoopBackOff" } }, { name: "i1", restartCount: 4 }),
            container({ waiting: { reason: "PodInitializing" } }, { name: "i2" }),
          ],
        },
      ),
      "0/1",
      "Init:CrashLoopBackOff",
      "4",
    ],
    [
      pods(
        { initContainers: [{ name: "s", image: "a", restartPolicy: "Always" }] },
        {
          phase: "Running",
          initContainerStatuses: [
            container(running, { name: "s", ready: true, started: true, restartCount: 1 }),
          ],
          containerStatuses: [container(running, { ready: true, restartCount: 2 })],
        },
      ),
      "2/2",
      "Running",
      "3",
    ],
    [
      pods({}, { phase: "Running" }, { deletionTimestamp: "2026-01-01T12:00:30Z" }),
      "0/1",
      "Terminating",
      "0",
    ],
    [
      pods(
        {},
        { phase: "Running", reason: "NodeLost" },
        { deletionTimestamp: "2026-01-01T12:00:30Z" },
      ),
      "0/1",
      "Unknown",
      "0",
    ],
  ])("%#", (object, readyCell, status, restarts) => {
    const cells = Pod.table?.cells(object, now);
    expect(cells?.slice(1, 4)).toEqual([readyCell, status, restarts]);
    expect(cells).toHaveLength(Pod.table?.columns.length ?? 0);
  });

  it("counts readiness gates and shows where it runs", () => {
    const object = pods(
      { readinessGates: [{ conditionType: "a.io/x" }, { conditionType: "a.io/y" }], nodeName: "n" },
      { podIPs: [{ ip: "10.0.0.1" }], conditions: [{ type: "a.io/x", status: "True" }] },
    );
    expect(Pod.table?.cells(object, now).slice(5)).toEqual(["10.0.0.1", "n", "<none>", "1/2"]);
  });

  it("knows ready and available", () => {
    const object = pods({}, { phase: "Running", conditions: ready });
    expect(isPodReady(object)).toBe(true);
    expect(isPodAvailable(object, 10, now)).toBe(true);
    expect(isPodAvailable(object, 11, now)).toBe(false);
  });
});

describe("resources", () => {
  const spec = (containers: object[], initContainers: object[] = [], more: object = {}): Pod =>
    ({ spec: { containers, initContainers, ...more } }) as unknown as Pod;
  const asks = (cpu: string, memory: string, more: object = {}): object => ({
    resources: { requests: { cpu, memory } },
    ...more,
  });

  it("adds up containers, sidecars, the init peak and overhead", () => {
    const object = spec(
      [asks("100m", "100Mi"), asks("200m", "50Mi")],
      [
        asks("50m", "10Mi", { restartPolicy: "Always" }),
        asks("1", "20Mi"),
        asks("10m", "10Mi", { restartPolicy: "Always" }),
      ],
      { overhead: { cpu: "5m" } },
    );
    const mi = 1024 * 1024;
    expect(podRequests(object)).toEqual({
      cpu: 1055,
      memory: 170 * mi,
      ephemeral: 0,
      pods: 1,
      extended: {},
    });
    expect(podRequests(object)).toBe(podRequests(object));
  });

  it.each([
    [[{}], "BestEffort"],
    [[asks("1", "1Gi")], "Burstable"],
    [
      [
        {
          resources: {
            requests: { cpu: "1", memory: "1Gi" },
            limits: { cpu: "1000m", memory: "1Gi" },
          },
        },
      ],
      "Guaranteed",
    ],
    [[{ resources: { limits: { cpu: "1" } } }], "Burstable"],
  ])("%j is %s", (containers, expected) => {
    expect(qosClass(spec(containers))).toBe(expected);
  });
});

describe("deletion", () => {
  it.each([
    [{ nodeName: "n" }, "Running", undefined, 30],
    [{ nodeName: "n" }, "Running", 5, 5],
    [{ nodeName: "n" }, "Running", -3, 1],
    [{ nodeName: "n" }, "Succeeded", 5, 0],
    [{}, "Pending", 5, 0],
  ])("%j %s is given %s: %s s", (spec, phase, requested, expected) => {
    expect(Pod.graceSeconds?.(pods(spec, { phase }), requested)).toBe(expected);
  });
});
