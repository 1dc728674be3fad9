import { expect, test } from "vitest";
import { encodeProtobuf } from "../../../durable-objects/engine/schema/protobuf.ts";
import { World } from "../../helpers/world.ts";

const protobuf = "application/vnd.kubernetes.protobuf";

const same = (world: World, url: string): unknown[] => {
  const { items } = world.get(url);
  const read = world.request("GET", url, undefined, { accept: protobuf });
  expect(read.headers["content-type"]).toBe(protobuf);
  const { apiVersion, kind, metadata } = read.body;
  const afresh = encodeProtobuf(apiVersion, kind, { metadata, items });
  const again = encodeProtobuf(apiVersion, kind, { metadata, items: read.body.items });
  expect(again).toEqual(afresh);
  return items;
};

test.each(["pods", "configmaps", "nodes", "events", "services"])(
  "a list of %s in protobuf is the same one in JSON, each time",
  (plural) => {
    const world = new World();
    world.create({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p", namespace: "default" },
      spec: { containers: [{ name: "c", image: "nginx" }] },
    });
    world.settle();
    expect(same(world, `/api/v1/${plural}`)).toEqual(same(world, `/api/v1/${plural}`));
  },
);

test("a change, another version of the group and a deletion show in the next list in protobuf", () => {
  const world = new World();
  const url = "/api/v1/namespaces/default/configmaps";
  const named = { name: "c", namespace: "default" };
  world.create({ apiVersion: "v1", kind: "ConfigMap", metadata: named, data: { a: "ü€😀" } });
  const before = same(world, url);
  world.request(
    "PATCH",
    `${url}/c`,
    { data: { a: "2" } },
    { type: "application/merge-patch+json" },
  );
  const after = same(world, url);
  expect(after).not.toEqual(before);
  expect(JSON.stringify(after)).toContain('"a":"2"');
  world.request("DELETE", `${url}/c`);
  expect(same(world, url)).toHaveLength(before.length - 1);
  same(world, "/api/v1/events");
  same(world, "/apis/events.k8s.io/v1/events");
});

test("bytes kept for one type are not taken for another", () => {
  const item = { metadata: { name: "x" }, spec: {} };
  const write = (apiVersion: string, kind: string, stored: boolean) =>
    encodeProtobuf(apiVersion, kind, { metadata: {}, items: [item] }, stored);
  for (const [apiVersion, kind] of [
    ["v1", "PodList"],
    ["v1", "ServiceList"],
    ["v1", "PodList"],
  ] as const) {
    expect(write(apiVersion, kind, true)).toEqual(write(apiVersion, kind, false));
  }
});
