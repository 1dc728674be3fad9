/** APIServices: the group versions that are served, and those that somebody says are behind a Service. */
import { beforeAll, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const url = "/apis/apiregistration.k8s.io/v1/apiservices";
let world: World;
beforeAll(() => {
  world = new World({ nodes: 1 });
});

test("every group version but the aggregator's own is listed, local and available", () => {
  const lines = world.print(url).split("\n");
  expect(lines[0]).toMatch(/^NAME +SERVICE +AVAILABLE +AGE$/);
  expect(lines[1]).toMatch(/^v1\. +Local +True +2m$/);
  const served: string[] = world
    .get("/apis")
    .groups.flatMap((group: { versions: { groupVersion: string }[] }) =>
      group.versions.map(({ groupVersion }) => groupVersion.split("/").reverse().join(".")),
    );
  const listed = world
    .get(url)
    .items.map((item: { metadata: { name: string } }) => item.metadata.name);
  expect(listed).toEqual(
    ["v1.", ...served].filter((name) => name !== "v1.apiregistration.k8s.io").sort(),
  );
});

test("one by its name, by a label, and one that is not there", () => {
  const one = world.get(`${url}/v1.apps`);
  expect(one).toMatchObject({
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { labels: { "kube-aggregator.kubernetes.io/automanaged": "onstart" } },
    spec: { group: "apps", version: "v1", groupPriorityMinimum: 17_800, versionPriority: 15 },
    status: {
      conditions: [
        {
          type: "Available",
          status: "True",
          reason: "Local",
          lastTransitionTime: one.metadata.creationTimestamp,
        },
      ],
    },
  });
  expect(world.get(`${url}?labelSelector=nothing%3Dhere`).items).toEqual([]);
  expect(world.request("GET", `${url}/v1.nothing`).body.message).toBe(
    'apiservices.apiregistration.k8s.io "v1.nothing" not found',
  );
});

const behind = {
  apiVersion: "apiregistration.k8s.io/v1",
  kind: "APIService",
  metadata: { name: "v1alpha1.wardle.example.com" },
  spec: {
    group: "wardle.example.com",
    version: "v1alpha1",
    groupPriorityMinimum: 2000,
    versionPriority: 200,
    service: { namespace: "default", name: "sample-api", port: 7443 },
  },
};

test("what is behind a Service: why it is not available, and what its paths answer", () => {
  expect(world.request("POST", url, behind).status).toBe(201);
  const at = `${url}/${behind.metadata.name}`;
  const told = (): string[] => {
    world.settle();
    const [{ status, reason, message }] = world.get(at).status.conditions;
    return [status, reason, message];
  };
  expect(told()).toEqual([
    "False",
    "ServiceNotFound",
    'service/sample-api in "default" is not present',
  ]);
  expect(world.rows(at)[0]).toMatchObject({
    Service: "default/sample-api",
    Available: "False (ServiceNotFound)",
  });
  world.create({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "sample-api" },
    spec: { ports: [{ name: "api", port: 80 }], selector: { app: "sample" } },
  });
  expect(told().slice(1)).toEqual([
    "ServicePortError",
    'service/sample-api in "default" is not listening on port 7443',
  ]);
  const ports = [{ name: "api", port: 7443 }];
  world.patch("/api/v1/namespaces/default/services/sample-api", { spec: { ports } });
  expect(told().slice(1)).toEqual([
    "MissingEndpoints",
    'endpointslices for service/sample-api in "default" have no addresses with port name "api"',
  ]);
  for (const path of ["", "/flunders", "/namespaces/default/flunders/one"]) {
    const answer = world.request("GET", `/apis/wardle.example.com/v1alpha1${path}`);
    expect([answer.status, answer.text]).toEqual([503, "service unavailable\n"]);
  }
  expect(world.delete(at).status).toBe(200);
  expect(world.request("GET", "/apis/wardle.example.com/v1alpha1").status).toBe(404);
});

test("one behind a Service goes before custom resources of its group version", () => {
  const path = "/apis/wardle.example.com/v1alpha1";
  const openAPIV3Schema = { type: "object" };
  world.create(behind);
  world.create({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "fish.wardle.example.com" },
    spec: {
      group: "wardle.example.com",
      scope: "Cluster",
      names: { plural: "fish", kind: "Fish" },
      versions: [{ name: "v1alpha1", served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  });
  world.settle();
  expect(world.get(`${url}/${behind.metadata.name}`).spec.service.name).toBe("sample-api");
  for (const at of [path, `${path}/fish`, `/openapi/v3${path}`])
    expect([at, world.request("GET", at).text]).toEqual([at, "service unavailable\n"]);
  world.delete(`${url}/${behind.metadata.name}`);
  world.settle();
  expect(world.get(path).resources).toMatchObject([{ name: "fish" }]);
  expect(world.get(`${path}/fish`).items).toEqual([]);
  expect(world.get(`${url}/${behind.metadata.name}`).spec.service).toBeUndefined();
  world.delete("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/fish.wardle.example.com");
  world.settle();
});

test("bad ones, in upstream's words", () => {
  const causes = (spec: object, name = behind.metadata.name): string[] =>
    world
      .request("POST", url, { ...behind, metadata: { name }, spec: { ...behind.spec, ...spec } })
      .body.details.causes.map(
        (c: { field: string; message: string }) => `${c.field}: ${c.message}`,
      );
  expect(causes({}, "other")).toEqual([
    'metadata.name: Invalid value: "other": must be `spec.version+"."+spec.group`: "v1alpha1.wardle.example.com"',
  ]);
  expect(causes({ groupPriorityMinimum: 0, service: undefined, caBundle: "YWJj" })).toEqual([
    "spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000",
    'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
  ]);
  expect(causes({ service: { name: "a", port: 0 } })).toEqual([
    "spec.service.namespace: Required value",
    "spec.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive",
  ]);
});
