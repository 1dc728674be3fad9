/** ResourceQuota: what counts, what is refused, in upstream's words. */
import { builtin } from "../../../../durable-objects/engine/api/discovery/registry.ts";
import { describe, expect, test } from "vitest";
import { quotaUsage } from "../../../../durable-objects/engine/api/admission/quota-usage.ts";
import { createReader } from "../../../../durable-objects/engine/client/client.ts";
import type { KubeObject } from "../../../../durable-objects/engine/core/object.ts";
import { Store } from "../../../../durable-objects/engine/core/store.ts";
import { indices } from "../../../../durable-objects/engine/kinds/indices.ts";
import type { ResourceQuota } from "../../../../durable-objects/engine/kinds/resource-quota.ts";
import { collectionOf, World, type Answer } from "../../../helpers/world.ts";

const quotas = "/api/v1/namespaces/default/resourcequotas";

/** A world with a quota whose status is what the quota controller writes: enforced from now on. */
function limited(hard: object, spec: object = {}): World {
  const world = new World();
  const metadata = { name: "q", namespace: "default" };
  world.create({ apiVersion: "v1", kind: "ResourceQuota", metadata, spec: { hard, ...spec } });
  world.advance(5000);
  world.patch(`${quotas}/q/status`, { status: { hard } });
  return world;
}

const pod = (name: string, resources: object = {}, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "c", image: "nginx", resources }], ...spec },
});
const service = (name: string, spec: object): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
});
const configMap = (name: string): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
});

function post(world: World, manifest: object): Answer {
  const object = manifest as Parameters<typeof collectionOf>[0];
  return world.request("POST", collectionOf(object), object);
}
const message = (answer: Answer): string => (answer.status === 201 ? "" : answer.body.message);

describe("ResourceQuota", () => {
  test("refuses what does not fit, and counts what was written a moment ago", () => {
    const world = limited({ pods: "2", "requests.cpu": "1", "limits.memory": "1Gi" });
    const fits = { requests: { cpu: "400m" }, limits: { memory: "256Mi" } };
    expect(message(post(world, pod("a", fits)))).toBe("");
    const greedy = { requests: { cpu: "700m" }, limits: { memory: "1Gi" } };
    expect(message(post(world, pod("b", greedy)))).toBe(
      'pods "b" is forbidden: exceeded quota: q, requested: limits.memory=1Gi,requests.cpu=700m, used: limits.memory=256Mi,requests.cpu=400m, limited: limits.memory=1Gi,requests.cpu=1',
    );
    expect(message(post(world, pod("b", fits)))).toBe("");
    expect(
      message(post(world, pod("c", { requests: { cpu: "1m" }, limits: { memory: "1Mi" } }))),
    ).toBe(
      'pods "c" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
    );
  });

  test("every container must say what it wants", () => {
    const world = limited({ "limits.cpu": "2", "requests.memory": "1Gi" });
    const containers = ["c", "d"].map((name) => ({
      name,
      image: "nginx",
      resources: { limits: { cpu: "1" } },
    }));
    expect(message(post(world, pod("a", {}, { containers })))).toBe(
      'pods "a" is forbidden: failed quota: q: must specify requests.memory for: c,d',
    );
    expect(message(post(world, pod("a")))).toBe(
      'pods "a" is forbidden: failed quota: q: must specify limits.cpu for: c; requests.memory for: c',
    );
  });

  test("a deleted Pod frees its share", () => {
    const world = limited({ pods: "1" });
    expect(message(post(world, pod("a")))).toBe("");
    world.settle();
    expect(message(post(world, pod("b")))).toContain("exceeded quota: q");
    world.delete("/api/v1/namespaces/default/pods/a");
    world.settle();
    expect(message(post(world, pod("b")))).toBe("");
  });

  test("a ReplicaSet fills it and no more, and says why", () => {
    const world = limited({ pods: "2" });
    const template = {
      metadata: { labels: { a: "b" } },
      spec: { containers: [{ name: "c", image: "nginx" }] },
    };
    world.create({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name: "web" },
      spec: { replicas: 3, selector: { matchLabels: { a: "b" } }, template },
    });
    world.advance(2000);
    expect(world.pods()).toHaveLength(2);
    expect(world.events("web")).toContainEqual(
      expect.stringMatching(
        /^Warning FailedCreate Error creating: pods "web-.{5}" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2$/,
      ),
    );
  });

  test.each<[string, object, object, string]>([
    [
      "count/configmaps",
      { "count/configmaps": "1" },
      configMap("x"),
      'configmaps "x" is forbidden: exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=1, limited: count/configmaps=1',
    ],
    [
      "configmaps",
      { configmaps: "0" },
      configMap("x"),
      'configmaps "x" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=0',
    ],
    [
      "services",
      { services: "1" },
      service("x", {}),
      'services "x" is forbidden: exceeded quota: q, requested: services=1, used: services=1, limited: services=1',
    ],
    [
      "services.nodeports",
      { "services.nodeports": "1" },
      service("x", {
        type: "NodePort",
        ports: [
          { name: "a", port: 1 },
          { name: "b", port: 2 },
        ],
      }),
      'services "x" is forbidden: exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1',
    ],
    [
      "services.loadbalancers",
      { "services.loadbalancers": "0" },
      service("x", { type: "LoadBalancer" }),
      'services "x" is forbidden: exceeded quota: q, requested: services.loadbalancers=1, used: services.loadbalancers=0, limited: services.loadbalancers=0',
    ],
    ["a ClusterIP under services.nodeports", { "services.nodeports": "0" }, service("x", {}), ""],
  ])("counts %s", (_what, hard, manifest, refusal) => {
    expect(message(post(limited(hard), manifest))).toBe(refusal);
  });

  test("a Service that changes its type asks for the difference", () => {
    const world = limited({ "services.nodeports": "0", services: "2" });
    world.create(service("web", {}));
    const url = "/api/v1/namespaces/default/services/web";
    const answer = world.request(
      "PATCH",
      url,
      { spec: { type: "NodePort" } },
      { type: "application/merge-patch+json" },
    );
    expect(answer.body.message).toBe(
      'services "web" is forbidden: exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=0, limited: services.nodeports=0',
    );
    expect(world.patch(url, { metadata: { labels: { a: "b" } } }).status).toBe(200);
  });

  test.each<[string, object, object, boolean]>([
    ["BestEffort", { scopes: ["BestEffort"] }, {}, true],
    [
      "BestEffort leaves others alone",
      { scopes: ["BestEffort"] },
      { resources: { requests: { cpu: "1m" } } },
      false,
    ],
    ["NotTerminating", { scopes: ["NotTerminating"] }, {}, true],
    ["Terminating", { scopes: ["Terminating"] }, {}, false],
    [
      "a priority class",
      {
        scopeSelector: {
          matchExpressions: [
            { scopeName: "PriorityClass", operator: "In", values: ["system-node-critical"] },
          ],
        },
      },
      {},
      false,
    ],
  ])("scope %s", (_what, spec, container, refused) => {
    const world = limited({ pods: "0" }, spec);
    const containers = [{ name: "c", image: "nginx", ...container }];
    const { status } = post(world, pod("a", {}, { containers }));
    expect(status).toBe(refused ? 403 : 201);
  });
});

describe("quotaUsage", () => {
  const meta = (name: string): object => ({
    name,
    namespace: "default",
    uid: name,
    resourceVersion: "1",
    creationTimestamp: "",
  });
  const objects: Record<string, KubeObject[]> = {
    pods: [
      {
        ...pod("a", { requests: { cpu: "250m", memory: "64Mi" }, limits: { cpu: "1" } }),
        metadata: meta("a"),
      },
      { ...pod("b", { requests: { cpu: "250m", "example.com/gpu": "2" } }), metadata: meta("b") },
      {
        ...pod("done", { requests: { cpu: "4" } }),
        metadata: meta("done"),
        status: { phase: "Succeeded" },
      },
    ] as unknown as KubeObject[],
    services: [
      { ...service("s", { type: "NodePort" }), metadata: meta("s") },
    ] as unknown as KubeObject[],
    "deployments.apps": [{ metadata: meta("d") }] as unknown as KubeObject[],
    persistentvolumeclaims: [
      {
        metadata: meta("c"),
        spec: { storageClassName: "fast", resources: { requests: { storage: "1Gi" } } },
      },
    ] as unknown as KubeObject[],
  };
  const store = new Store(indices);
  for (const [resource, list] of Object.entries(objects)) {
    for (const [i, object] of list.entries()) {
      const { name, namespace } = { name: `o${i}`, namespace: "default" };
      store.load(resource, namespace, name, {
        ...object,
        metadata: { ...object.metadata, name, namespace },
      });
    }
  }
  const none = (): undefined => undefined;
  const now = { ms: 0, wallMs: 0, nextDueMs: none, jumpToMs: none, stepsLeft: none };
  const reader = createReader(store, now, builtin);
  const names = [
    "pods",
    "count/pods",
    "cpu",
    "requests.cpu",
    "limits.cpu",
    "requests.memory",
    "requests.example.com/gpu",
    "services.nodeports",
    "count/deployments.apps",
    "requests.storage",
    "fast.storageclass.storage.k8s.io/persistentvolumeclaims",
    "secrets",
    "example.com/unknown",
  ];

  test("sums what spec.hard names", () => {
    const hard = Object.fromEntries(names.map((name) => [name, "9"]));
    const quota = {
      metadata: { name: "q", namespace: "default" },
      spec: { hard },
    } as ResourceQuota;
    expect(quotaUsage(quota, reader)).toEqual({
      pods: "2",
      "count/pods": "3",
      cpu: "500m",
      "requests.cpu": "500m",
      "limits.cpu": "1",
      "requests.memory": "64Mi",
      "requests.example.com/gpu": "2",
      "services.nodeports": "1",
      "count/deployments.apps": "1",
      "requests.storage": "1Gi",
      "fast.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
      secrets: "0",
    });
  });

  test("a Pod that should be gone by now uses nothing, whatever becomes of it", () => {
    const leaving = {
      ...pod("leaving"),
      metadata: {
        name: "leaving",
        namespace: "other",
        deletionTimestamp: "1970-01-01T00:00:10Z",
        deletionGracePeriodSeconds: 5,
      },
    } as unknown as KubeObject;
    const quota = {
      metadata: { name: "q", namespace: "other" },
      spec: { hard: { pods: "9", "count/pods": "9" } },
    } as unknown as ResourceQuota;
    const at = (seconds: number): object => {
      now.ms = seconds * 1000;
      return quotaUsage(quota, reader);
    };
    const put = (object: KubeObject | undefined): void =>
      store.load("pods", "other", "leaving", object);
    put(leaving);
    expect(at(15)).toEqual({ pods: "1", "count/pods": "1" });
    expect(at(16)).toEqual({ pods: "0", "count/pods": "1" });
    // Taken back, and again.
    put(undefined);
    expect(at(16)).toEqual({ pods: "0", "count/pods": "0" });
    put(leaving);
    expect(at(16)).toEqual({ pods: "0", "count/pods": "1" });
    put({ ...leaving, status: { phase: "Failed" } } as KubeObject);
    expect(at(17)).toEqual({ pods: "0", "count/pods": "1" });
    put(undefined);
    expect(at(17)).toEqual({ pods: "0", "count/pods": "0" });
  });
});

describe("ResourceClaims in a quota", () => {
  const perClass = "gpu.example.com.deviceclass.resource.k8s.io/devices";
  const claim = (name: string, request: object): object => ({
    apiVersion: "resource.k8s.io/v1",
    kind: "ResourceClaim",
    metadata: { name },
    spec: { devices: { requests: [{ name: "r", ...request }] } },
  });
  const asks = (more: object) => ({ deviceClassName: "gpu.example.com", ...more });

  test("count by number, and by the devices of a class that they may come to", () => {
    const world = limited({ "count/resourceclaims.resource.k8s.io": "3", [perClass]: "34" });
    expect(message(post(world, claim("one", { exactly: asks({}) })))).toBe("");
    const worst = claim("all", { exactly: asks({ allocationMode: "All" }) });
    expect(message(post(world, worst))).toBe("");
    const several = {
      firstAvailable: [
        { name: "a", ...asks({ count: 2 }) },
        { name: "b", ...asks({ count: 1 }) },
      ],
    };
    expect(message(post(world, claim("several", several)))).toBe(
      `resourceclaims.resource.k8s.io "several" is forbidden: exceeded quota: q, requested: ${perClass}=2, used: ${perClass}=33, limited: ${perClass}=34`,
    );
    world.advance(5000);
    expect(world.get(`${quotas}/q`).status.used).toEqual({
      "count/resourceclaims.resource.k8s.io": "2",
      [perClass]: "33",
    });
  });
});
