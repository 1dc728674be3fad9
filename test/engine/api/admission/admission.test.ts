/** Namespaces, LimitRanges and default classes at the door. */
import { describe, expect, test } from "vitest";
import { World, type Answer } from "../../../helpers/world.ts";

const namespace = (name: string): object => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name },
});
const pods = (ns: string): string => `/api/v1/namespaces/${ns}/pods`;
const pod = (name: string, resources: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "c", image: "nginx", resources }] },
});

describe("NamespaceLifecycle", () => {
  test("nothing is made where there is no namespace", () => {
    const answer = new World().request("POST", pods("nowhere"), pod("a"));
    expect([answer.status, answer.body.message]).toEqual([404, 'namespaces "nowhere" not found']);
  });

  test("nothing new is made in a namespace that goes, old things may change", () => {
    const world = new World();
    const config = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "held", namespace: "gone", finalizers: ["a.io/b"] },
    };
    world.create(namespace("gone"), config);
    world.delete("/api/v1/namespaces/gone");
    expect(world.get("/api/v1/namespaces/gone").status.phase).toBe("Terminating");
    const { status, body } = world.request("POST", pods("gone"), pod("a"));
    expect(status).toBe(403);
    expect(body.message).toBe(
      'pods "a" is forbidden: unable to create new content in namespace gone because it is being terminated',
    );
    expect(body.details.causes).toEqual([
      {
        reason: "NamespaceTerminating",
        message: "namespace gone is being terminated",
        field: "metadata.namespace",
      },
    ]);
    world.patch("/api/v1/namespaces/gone/configmaps/held", { metadata: { finalizers: null } });
    world.settle();
    expect(world.request("GET", "/api/v1/namespaces/gone").status).toBe(404);
  });

  test.each(["default", "kube-system", "kube-public"])("%s stays", (name) => {
    const answer = new World().delete(`/api/v1/namespaces/${name}`);
    expect(answer.status).toBe(403);
    expect(answer.body.message).toBe(
      `namespaces "${name}" is forbidden: this namespace may not be deleted`,
    );
  });

  test("every namespace carries its name as a label, whatever is written", () => {
    const world = new World();
    world.create({
      ...namespace("a"),
      metadata: { name: "a", labels: { "kubernetes.io/metadata.name": "b" } },
    });
    world.patch("/api/v1/namespaces/a", { metadata: { labels: null } });
    expect(world.get("/api/v1/namespaces/a").metadata.labels).toEqual({
      "kubernetes.io/metadata.name": "a",
    });
  });
});

describe("LimitRanger", () => {
  function answer(limits: object[], resources: object): Answer {
    const world = new World();
    const metadata = { name: "l", namespace: "default" };
    world.create({ apiVersion: "v1", kind: "LimitRange", metadata, spec: { limits } });
    return world.request("POST", pods("default"), pod("a", resources));
  }
  const container = (more: object): object => ({ type: "Container", ...more });

  test("fills in what a container leaves out, and says so", () => {
    const { body } = answer(
      [container({ default: { memory: "512Mi" }, defaultRequest: { cpu: "100m" } })],
      {
        limits: { cpu: "1" },
      },
    );
    expect(body.spec.containers[0].resources).toEqual({
      limits: { cpu: "1", memory: "512Mi" },
      requests: { cpu: "1", memory: "512Mi" },
    });
    expect(body.metadata.annotations["kubernetes.io/limit-ranger"]).toBe(
      "LimitRanger plugin set: memory request for container c; memory limit for container c",
    );
  });

  test("leaves alone what is complete", () => {
    const { body } = answer([container({ default: { cpu: "1" } })], { limits: { cpu: "2" } });
    expect(body.metadata.annotations).toBeUndefined();
  });

  test.each<[string, object, object, string]>([
    [
      "below the minimum",
      container({ min: { cpu: "100m" } }),
      { requests: { cpu: "50m" } },
      "minimum cpu usage per Container is 100m, but request is 50m",
    ],
    [
      "above the maximum",
      container({ max: { memory: "1Gi" } }),
      { limits: { memory: "2Gi" }, requests: { memory: "1Gi" } },
      "maximum memory usage per Container is 1Gi, but limit is 2Gi",
    ],
    [
      "no request for a Pod's minimum",
      { type: "Pod", min: { cpu: "1" } },
      {},
      "minimum cpu usage per Pod is 1.  No request is specified",
    ],
    [
      "no limit for a Pod's maximum",
      { type: "Pod", max: { cpu: "1" } },
      { requests: { cpu: "1" } },
      "maximum cpu usage per Pod is 1.  No limit is specified",
    ],
    [
      "too wide a ratio",
      container({ maxLimitRequestRatio: { cpu: "2" } }),
      { limits: { cpu: "1" }, requests: { cpu: "300m" } },
      "cpu max limit to request ratio per Container is 2, but provided ratio is 3.333333",
    ],
    [
      "two at once",
      container({ min: { cpu: "1" }, max: { cpu: "2" } }),
      { limits: { cpu: "3" }, requests: { cpu: "500m" } },
      "[minimum cpu usage per Container is 1, but request is 500m, maximum cpu usage per Container is 2, but limit is 3]",
    ],
  ])("refuses %s", (_what, limit, resources, problem) => {
    const { status, body } = answer([limit], resources);
    expect([status, body.message]).toEqual([403, `pods "a" is forbidden: ${problem}`]);
  });
});

test("there is one default PriorityClass", () => {
  const world = new World();
  const url = "/apis/scheduling.k8s.io/v1/priorityclasses";
  const priority = (name: string, globalDefault = true): object => ({
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name },
    value: 5,
    globalDefault,
  });
  world.create(priority("one"), priority("two", false));
  const message = (name: string): string =>
    `priorityclasses.scheduling.k8s.io "${name}" is forbidden: PriorityClass one is already marked as default. Only one default can exist`;
  expect(world.request("POST", url, priority("three")).body.message).toBe(message("three"));
  const second = world.request("PUT", `${url}/two`, priority("two"));
  expect([second.status, second.body.message]).toEqual([403, message("two")]);
  expect(world.request("PUT", `${url}/one`, priority("one")).status).toBe(200);
});

describe("default classes", () => {
  const klass = (
    apiVersion: string,
    kind: string,
    name: string,
    annotation: string,
    body: object,
  ): object => ({
    apiVersion,
    kind,
    metadata: { name, annotations: { [annotation]: "true" } },
    ...body,
  });

  test("the newest default is taken, an explicit choice is kept", () => {
    const world = new World();
    const ingressClass = (name: string): object =>
      klass(
        "networking.k8s.io/v1",
        "IngressClass",
        name,
        "ingressclass.kubernetes.io/is-default-class",
        {
          spec: { controller: "a.io/b" },
        },
      );
    world.create(ingressClass("old"));
    world.advance(5000);
    world.create(ingressClass("new"));
    const ingress = (name: string, spec: object): object => ({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name },
      spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } }, ...spec },
    });
    world.create(ingress("a", {}), ingress("b", { ingressClassName: "old" }));
    const rows = world.rows("/apis/networking.k8s.io/v1/namespaces/default/ingresses");
    expect(rows.map((row) => row["Class"])).toEqual(["new", "old"]);
  });

  test("a claim gets the default storage class, an empty one asks for none", () => {
    const world = new World();
    world.create(
      klass(
        "storage.k8s.io/v1",
        "StorageClass",
        "fast",
        "storageclass.kubernetes.io/is-default-class",
        {
          provisioner: "a.io/b",
        },
      ),
    );
    world.advance(5000);
    const claim = (name: string, spec: object = {}): object => ({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name },
      spec: {
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
        ...spec,
      },
    });
    world.create(claim("a"), claim("b", { storageClassName: "" }));
    const url = "/api/v1/namespaces/default/persistentvolumeclaims";
    expect(world.get(`${url}/a`).spec.storageClassName).toBe("fast");
    expect(world.get(`${url}/b`).spec.storageClassName).toBe("");
  });
});
