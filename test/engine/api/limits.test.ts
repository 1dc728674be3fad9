import { expect, test } from "vitest";
import { fieldErrorsMax, objectBytesMax } from "../../../durable-objects/engine/core/limits.ts";
import { World, type Answer } from "../../helpers/world.ts";

/** A sandbox that is full says so, changes nothing and lets its user make room. */

const maps = "/api/v1/namespaces/default/configmaps";
const map = (name: string, value = ""): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data: { value },
});

test("objects", () => {
  const count = new World().engine.store.objectCount;
  const world = new World({ limits: { objectsMax: count + 1 } });
  world.create(map("a"));
  const { rv } = world.engine.store;
  const { status, body } = world.request("POST", maps, map("b"));
  expect([status, body.reason]).toEqual([403, "Forbidden"]);
  expect(body.message).toBe(
    `configmaps "b" is forbidden: the sandbox holds ${count + 1} objects, its limit is ${count + 1}`,
  );
  expect(world.engine.store.rv).toBe(rv);
  expect(world.patch(`${maps}/a`, { data: { value: "1" } }).status).toBe(200);
  expect(world.delete(`${maps}/a`).status).toBe(200);
  world.create(map("b"));
});

test("bytes", () => {
  const { bytes } = new World().engine.log;
  const world = new World({ limits: { stateBytesMax: bytes + 500_000 } });
  world.create(map("a"), map("big", "x".repeat(600_000)));
  const full = new RegExp(
    ` is forbidden: the sandbox holds \\d+ bytes, its limit is ${bytes + 500_000}$`,
  );
  const { rv } = world.engine.store;
  const created = world.request("POST", maps, map("b"));
  expect([created.status, created.body.message]).toEqual([403, expect.stringMatching(full)]);
  const grown = world.request(
    "PATCH",
    `${maps}/a`,
    { data: { value: "more" } },
    { type: "application/merge-patch+json" },
  );
  expect([grown.status, grown.body.message]).toEqual([403, expect.stringMatching(full)]);
  expect(world.engine.store.rv).toBe(rv);
  expect(world.delete(`${maps}/big`).status).toBe(200);
});

test("bytes of objects", () => {
  const { objectBytes } = new World().engine.log;
  const most = objectBytes + 500_000;
  const world = new World({ limits: { objectsBytesMax: most } });
  world.create(map("a"), map("big", "x".repeat(600_000)));
  const full = new RegExp(
    ` is forbidden: the sandbox's objects have \\d+ bytes, their limit is ${most}$`,
  );
  const refused = (): string => world.request("POST", maps, map("b")).body.message;
  expect(refused()).toMatch(full);
  const said = refused();
  world.evict();
  expect(refused()).toBe(said);
  expect(world.patch(`${maps}/a`, { data: { value: null } }).status).toBe(200);
  expect(world.delete(`${maps}/big`).status).toBe(200);
});

test("Events beyond a full sandbox's share are lost", () => {
  const { objectCount } = new World().engine.store;
  const objectsMax = objectCount + 20;
  const world = new World({ limits: { objectsMax } });
  world.create({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: "set" },
    spec: {
      replicas: 500,
      selector: { matchLabels: { app: "a" } },
      template: {
        metadata: { labels: { app: "a" } },
        spec: { containers: [{ name: "c", image: "nginx" }] },
      },
    },
  });
  world.advance(600_000);
  expect(world.events("set").join("\n")).toContain(`its limit is ${objectsMax}`);
  expect(world.engine.store.objectCount).toBeLessThanOrEqual(objectsMax * 1.25 + 1);
});

test("bytes of one object", () => {
  const world = new World();
  const keys = (count: number, value: string): object =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`a-long-key-${i}`, value]));
  const object = { ...map("a"), data: keys(9_000, "1") };
  const apply = (manager: string, more: object = {}): Answer =>
    world.request(
      "PATCH",
      `${maps}/a?fieldManager=${manager}`,
      { ...object, ...more },
      {
        type: "application/apply-patch+yaml",
      },
    );
  // Each manager's fields are stored with the object.
  let answer = apply("m0");
  for (let i = 1; i < 20 && answer.status < 300; i++) answer = apply(`m${i}`);
  expect(answer.body).toMatchObject({ message: "etcdserver: request is too large", code: 500 });
  expect(answer.body.reason).toBeUndefined();
  const stored = world.request("GET", `${maps}/a`);
  expect(stored.text.length).toBeLessThan(objectBytesMax);
  const escaped = world.request("POST", maps, map("b", "\u0001".repeat(500_000)));
  expect(escaped.body.message).toBe("etcdserver: request is too large");
  // Very many conflicts are not all told either.
  const conflict = apply("other", { data: keys(9_000, "2") });
  const managers = stored.body.metadata.managedFields.length;
  expect(conflict.status).toBe(409);
  expect(conflict.body.details.causes).toHaveLength(fieldErrorsMax);
  expect(conflict.body.message).toMatch(
    new RegExp(`^Apply failed with ${9_000 * managers} conflicts: conflicts with "m0"`),
  );
  expect(conflict.body.message).toMatch(/\nthe first 100 of \d+ conflicts are shown$/);
});
