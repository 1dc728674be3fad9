import { expect, test } from "vitest";
import { userOf } from "../../../durable-objects/engine/api/users.ts";
import type { Changes } from "../../../durable-objects/engine/api/read/changes.ts";
import type { User } from "../../../durable-objects/engine/ports/request.ts";
import { World } from "../../helpers/world.ts";

/** What somebody is told of what changes: by name, and no more than a list would show them. */

const map = (name: string, namespace = "default"): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
});
const secret = (name: string): object => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: "default" },
  stringData: { password: "hunter2" },
});

/** `resource namespace/name`, `-` behind what was deleted. */
const named = ({ changes }: Changes): string[] | undefined =>
  changes?.map(
    ({ resource, namespace = "", name = "*", deleted }) =>
      `${resource} ${namespace}/${name}${deleted ? " -" : ""}`,
  );

const since = (world: World, revision: number, user: User): string[] | undefined =>
  named(world.engine.changesSince(revision, user));

test("each object is told once, with its latest revision, in their order, and no content", () => {
  const world = new World();
  const before = world.engine.store.rv;
  world.create(map("a"), map("b"));
  world.patch("/api/v1/namespaces/default/configmaps/a", { data: { planted: "content" } });
  world.delete("/api/v1/namespaces/default/configmaps/b");
  const told = world.engine.changesSince(before, userOf("owner"));
  expect(told.revision).toBe(world.engine.store.rv);
  expect(told.changes).toEqual([
    { resource: "configmaps", namespace: "default", name: "a", revision: before + 3 },
    {
      resource: "configmaps",
      namespace: "default",
      name: "b",
      revision: before + 4,
      deleted: true,
    },
  ]);
  expect(world.engine.changesSince(told.revision, userOf("owner")).changes).toEqual([]);
  // The same from what is on disk.
  world.evict();
  expect(named(world.engine.changesSince(before, userOf("owner")))).toEqual(named(told));
});

test("a Secret has no name for who may not list Secrets", () => {
  const world = new World();
  const before = world.engine.store.rv;
  world.create(secret("db"), map("a"));
  const all = ["secrets default/db", "configmaps default/a"];
  expect(since(world, before, userOf("owner"))).toEqual(all);
  expect(since(world, before, userOf("editor"))).toEqual(all);
  expect(since(world, before, userOf("viewer"))).toEqual(["configmaps default/a"]);
  expect(since(world, before, { name: "nobody", groups: ["system:authenticated"] })).toEqual([]);
});

test("what RBAC lets somebody list at this moment is what they are told", () => {
  const world = new World();
  world.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  // What every namespace is given is there.
  world.advance(1_000);
  const before = world.engine.store.rv;
  world.create(map("a"), map("b", "shop"));
  const user: User = { name: "jane", groups: ["system:authenticated"] };
  expect(since(world, before, user)).toEqual([]);
  const rbac = "rbac.authorization.k8s.io";
  const metadata = { name: "reader", namespace: "shop" };
  world.create(
    {
      apiVersion: `${rbac}/v1`,
      kind: "Role",
      metadata,
      rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: rbac, kind: "Role", name: "reader" },
      subjects: [{ apiGroup: rbac, kind: "User", name: "jane" }],
    },
  );
  expect(since(world, before, user)).toEqual(["configmaps shop/b"]);
  world.delete(`/apis/${rbac}/v1/namespaces/shop/rolebindings/reader`);
  expect(since(world, before, user)).toEqual([]);
});

test("of too many only what to list anew is told", () => {
  const world = new World();
  const before = world.engine.store.rv;
  world.create(...Array.from({ length: 501 }, (_, i) => map(`m${i}`)), secret("db"));
  const told = world.engine.changesSince(before, userOf("viewer"));
  expect(told.changes).toEqual([
    { resource: "configmaps", namespace: "default", revision: before + 501 },
  ]);
});

test("what the log has let go of is told as everything", () => {
  const world = new World();
  Object.defineProperty(world.engine.log, "since", { value: () => undefined });
  world.create(map("a"));
  expect(world.engine.changesSince(1, userOf("owner"))).toMatchObject({
    revision: world.engine.store.rv,
    changes: undefined,
  });
});

test("how virtual time goes is told with it", () => {
  const world = new World();
  const clock = (spec: object): unknown =>
    world.patch("/apis/podyard.dev/v1/clocks/cluster", { spec });
  clock({ speed: 60 });
  expect(world.engine.changesSince(0, userOf("viewer")).clock).toMatchObject({ speed: 60 });
  clock({ paused: true });
  expect(world.engine.changesSince(0, userOf("viewer")).clock.paused).toBe(true);
});
