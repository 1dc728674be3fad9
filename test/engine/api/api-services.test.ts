/** APIServices: the group versions that are served, as `kubectl get apiservices` lists them. */
import { beforeAll, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const url = "/apis/apiregistration.k8s.io/v1/apiservices";
let world: World;
beforeAll(() => {
  world = new World();
});

test("every group version but the aggregator's own is listed, local and available", () => {
  const lines = world.print(url).split("\n");
  expect(lines[0]).toBe("NAME                           SERVICE   AVAILABLE   AGE");
  expect(lines[1]).toBe("v1.                            Local     True        2m");
  expect(lines[2]).toBe("v1.apiextensions.k8s.io        Local     True        2m");
  expect(lines[3]).toBe("v1.apps                        Local     True        2m");
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
  expect(world.get(`${url}/v1.apps`)).toMatchObject({
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    spec: { group: "apps", version: "v1", groupPriorityMinimum: 17_800, versionPriority: 15 },
    status: { conditions: [{ type: "Available", status: "True", reason: "Local" }] },
  });
  expect(world.get(`${url}?labelSelector=nothing%3Dhere`).items).toEqual([]);
  expect(world.request("GET", `${url}/v1.nothing`).body.message).toBe(
    'apiservices.apiregistration.k8s.io "v1.nothing" not found',
  );
});

test("discovery offers what can be done with them, and the rest is refused", () => {
  const [resource] = world.get("/apis/apiregistration.k8s.io/v1").resources;
  expect(resource).toMatchObject({
    name: "apiservices",
    kind: "APIService",
    verbs: ["get", "list"],
  });
  for (const [method, at] of [
    ["DELETE", `${url}/v1.apps`],
    ["POST", url],
  ] as const)
    expect(world.request(method, at, method === "POST" ? {} : undefined).status, method).toBe(405);
});
