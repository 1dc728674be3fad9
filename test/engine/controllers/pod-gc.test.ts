import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const pod = (name: string, spec: object = {}, metadata: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default", ...metadata },
  spec: { containers: [{ name: "nginx", image: "nginx:1.27" }], ...spec },
});
const url = "/api/v1/namespaces/default/pods";
const exists = (world: World, name: string): boolean =>
  world.request("GET", `${url}/${name}`).status === 200;

describe("Pods that no kubelet will remove", () => {
  test("on a Node that is gone: 40 s after the tick that found it missing", () => {
    const world = new World();
    world.create(
      pod("web", { nodeName: "node-1" }),
      pod("done", { nodeName: "node-1", restartPolicy: "Never" }),
    );
    world.settle();
    const watch = world.watch(
      `${url}?watch=true&fieldSelector=metadata.name=web&resourceVersion=${world.get(url).metadata.resourceVersion}`,
    );
    const tick = Math.ceil((world.now + 1) / 20_000) * 20_000;
    world.delete("/api/v1/nodes/node-1");
    world.advance(tick + 39_999 - world.now);
    expect(exists(world, "web")).toBe(true);
    world.advance(1);
    expect(exists(world, "web")).toBe(false);
    expect(exists(world, "done")).toBe(false);
    const last = watch.read().findLast((e) => e.type === "MODIFIED")?.object;
    expect(last.status.phase).toBe("Failed");
    expect(last.status.conditions.at(-1)).toMatchObject({
      type: "DisruptionTarget",
      status: "True",
      reason: "DeletionByPodGC",
      message: "PodGC: node no longer exists",
    });
  });

  test("on a Node that comes back within the quarantine they stay", () => {
    const world = new World();
    world.create(pod("web", { nodeName: "node-1" }));
    world.settle();
    world.delete("/api/v1/nodes/node-1");
    world.advance(30_000);
    world.create({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "node-1", annotations: { "podyard.dev/machine": "true" } },
    });
    world.advance(120_000);
    expect(exists(world, "web")).toBe(true);
  });

  test("bound to a Node that never was", () => {
    const world = new World();
    world.create(pod("lost", { nodeName: "nowhere" }));
    world.advance(61_000);
    expect(exists(world, "lost")).toBe(false);
  });

  test("deleted while they still wait for a Node: marked failed, and gone without their finalizer", () => {
    const world = new World();
    const waiting = pod(
      "waiting",
      { nodeSelector: { no: "where" } },
      { finalizers: ["example.com/wait"] },
    );
    world.create(waiting);
    world.settle();
    world.delete(`${url}/waiting`);
    world.advance(21_000);
    expect(world.pod("waiting").status.phase).toBe("Failed");
    world.patch(`${url}/waiting`, { metadata: { finalizers: null } });
    expect(exists(world, "waiting")).toBe(false);
  });

  test("leaving a Node that is out of service", () => {
    const world = new World();
    world.create(pod("web", { nodeName: "node-1" }));
    world.settle();
    const nodeUrl = "/api/v1/nodes/node-1";
    world.patch(nodeUrl, { metadata: { annotations: { "podyard.dev/power": "off" } } });
    world.advance(55_000);
    world.delete(`${url}/web`);
    world.advance(60_000);
    expect(exists(world, "web")).toBe(true);
    const taint = {
      key: "node.kubernetes.io/out-of-service",
      value: "nodeshutdown",
      effect: "NoExecute",
    };
    const taints = [...world.get(nodeUrl).spec.taints, taint];
    world.patch(nodeUrl, { spec: { taints } });
    world.advance(21_000);
    expect(exists(world, "web")).toBe(false);
  });
});
