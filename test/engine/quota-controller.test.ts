import { describe, expect, test } from "vitest";
import { World } from "../helpers/world.ts";

const quota = (hard: object, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "ResourceQuota",
  metadata: { name: "limits", namespace: "default" },
  spec: { hard, ...spec },
});
const pod = (name: string, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "default" },
  spec: {
    containers: [
      {
        name: "nginx",
        image: "nginx:1.27",
        resources: { requests: { cpu: "250m", memory: "64Mi" } },
      },
    ],
    ...spec,
  },
});
const url = "/api/v1/namespaces/default/resourcequotas";
const used = (world: World): unknown => world.get(`${url}/limits`).status.used;

describe("ResourceQuota status", () => {
  test("follows the objects of its namespace", () => {
    const world = new World();
    world.create(
      quota({ pods: "2", "requests.cpu": "1", configmaps: "5", "count/deployments.apps": "1" }),
    );
    world.settle();
    expect(world.get(`${url}/limits`).status.hard).toEqual({
      pods: "2",
      "requests.cpu": "1",
      configmaps: "5",
      "count/deployments.apps": "1",
    });
    expect(used(world)).toEqual({
      "count/deployments.apps": "0",
      configmaps: "1",
      pods: "0",
      "requests.cpu": "0",
    });
    world.create(pod("a"), pod("b"));
    world.settle();
    expect(used(world)).toMatchObject({ pods: "2", "requests.cpu": "500m" });
    const refused = world.request("POST", "/api/v1/namespaces/default/pods", pod("c"));
    expect(refused.status).toBe(403);
    expect(refused.body.message).toBe(
      'pods "c" is forbidden: exceeded quota: limits, requested: pods=1, used: pods=2, limited: pods=2',
    );
    world.delete("/api/v1/namespaces/default/pods/a", { gracePeriodSeconds: 0 });
    world.settle();
    expect(used(world)).toMatchObject({ pods: "1", "requests.cpu": "250m" });
    expect(world.rows(url)).toMatchObject([
      {
        Name: "limits",
        Request: "configmaps: 1/5, count/deployments.apps: 0/1, pods: 1/2, requests.cpu: 250m/1",
      },
    ]);
  });

  test("a Pod that ended no longer counts, a changed limit does at once", () => {
    const world = new World();
    world.create(quota({ pods: "2" }));
    const spec = {
      restartPolicy: "Never",
      containers: [{ name: "sh", image: "busybox", command: ["true"] }],
    };
    world.create(pod("job", spec));
    world.advance(30_000);
    expect(world.pod("job").status.phase).toBe("Succeeded");
    expect(used(world)).toEqual({ pods: "0" });
    world.patch(`${url}/limits`, { spec: { hard: { pods: "7", services: "3" } } });
    world.settle();
    expect(world.get(`${url}/limits`).status).toEqual({
      hard: { pods: "7", services: "3" },
      used: { pods: "0", services: "1" },
    });
  });

  test("holds a ReplicaSet back, and lets it go on when there is room", () => {
    const world = new World();
    world.create(quota({ pods: "1" }));
    world.settle();
    world.create({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name: "web", namespace: "default" },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "web" } },
        template: {
          metadata: { labels: { app: "web" } },
          spec: { containers: [{ name: "nginx", image: "nginx:1.27" }] },
        },
      },
    });
    world.advance(10_000);
    expect(world.pods()).toHaveLength(1);
    expect(used(world)).toEqual({ pods: "1" });
    world.patch(`${url}/limits`, { spec: { hard: { pods: "2" } } });
    world.advance(60_000);
    expect(world.pods()).toHaveLength(2);
  });
});
