import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

/** What components tell, and how often: the two recorders of client-go. */

const pod = { containers: [{ name: "c", image: "nginx:1.27" }] };
const deployment = (replicas: number): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: pod },
  },
});
const about = (world: World, name: string, reason: string) =>
  world
    .get(`/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=${name}`)
    .items.filter((e: { reason: string }) => e.reason === reason);

describe("the recorder of controllers and kubelets", () => {
  test("puts what is alike together from the tenth on", () => {
    const world = new World();
    world.create(deployment(14));
    world.settle();
    const [set] = world.get("/apis/apps/v1/namespaces/default/replicasets").items;
    const created = about(world, set.metadata.name, "SuccessfulCreate");
    const combined = created.filter((e: { message: string }) =>
      e.message.startsWith("(combined from similar events): Created pod: web-"),
    );
    expect(created).toHaveLength(10);
    expect(combined).toMatchObject([{ count: 5, reportingComponent: "" }]);
  });

  test("begins anew after ten quiet minutes", () => {
    const world = new World();
    world.create(deployment(12));
    world.settle();
    const [set] = world.get("/apis/apps/v1/namespaces/default/replicasets").items;
    world.advance(400_000);
    // Time stands still where nobody has looked for ten minutes.
    world.pods();
    world.advance(201_000);
    world.patch("/apis/apps/v1/namespaces/default/deployments/web", { spec: { replicas: 13 } });
    world.advance(10_000);
    expect(about(world, set.metadata.name, "SuccessfulCreate")).toHaveLength(11);
  });
});

describe("the recorder of the scheduler", () => {
  test("says what it did, in fields of its own", () => {
    const world = new World();
    world.create({ apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec: pod });
    world.settle();
    const [event] = about(world, "p", "Scheduled");
    expect(event).toMatchObject({
      action: "Binding",
      source: {},
      firstTimestamp: null,
      lastTimestamp: null,
      reportingComponent: "default-scheduler",
      reportingInstance: "default-scheduler-control-plane",
    });
    expect(event.eventTime).toMatch(/^2026-01-01T00:00:00\.\d{6}Z$/);
    expect(event).not.toHaveProperty("count");
  });

  test("counts in a series while the Pod stays as it is", () => {
    const world = new World();
    const spec = { ...pod, nodeSelector: { disk: "ssd" } };
    world.create({ apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec });
    world.advance(11 * 60_000);
    // The first is about the Pod before its condition said so.
    const events = about(world, "p", "FailedScheduling");
    expect(events.map((e: { series?: { count: number } }) => e.series?.count)).toEqual([
      undefined,
      2,
    ]);
    expect(events[1].action).toBe("Scheduling");
  });

  test("names the preemptor as the second object", () => {
    const world = new World({ nodes: 1 });
    const greedy = (name: string, priorityClassName?: string): object => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: {
        ...(priorityClassName ? { priorityClassName } : {}),
        containers: [{ ...pod.containers[0], resources: { requests: { cpu: "3" } } }],
      },
    });
    world.create(
      {
        apiVersion: "scheduling.k8s.io/v1",
        kind: "PriorityClass",
        metadata: { name: "high" },
        value: 1000,
      },
      greedy("low"),
    );
    world.advance(5_000);
    world.create(greedy("top", "high"));
    world.advance(1_000);
    expect(about(world, "low", "Preempted")).toMatchObject([
      { action: "Preempting", related: { kind: "Pod", name: "top" } },
    ]);
  });
});
