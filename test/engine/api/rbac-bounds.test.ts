/** Roles that ask for more than can be compared one by one. */
import { expect, test } from "vitest";
import { permissionsComparedMax } from "../../../durable-objects/engine/core/limits.ts";
import { World } from "../../helpers/world.ts";

const group = "rbac.authorization.k8s.io";
const roles = `/apis/${group}/v1/namespaces/default/roles`;
const many = (letter: string, n = 1_000): string[] =>
  Array.from({ length: n }, (_, i) => `${letter}${i}`);
const role = (name: string, ...rules: object[]): object => ({
  apiVersion: `${group}/v1`,
  kind: "Role",
  metadata: { name },
  rules,
});
const wide = { apiGroups: many("g"), resources: many("r"), verbs: many("v") };
const jo = { headers: { "impersonate-user": "jo" } };

function worldOf(...held: object[]): World {
  const world = new World();
  world.create(role("maker", { apiGroups: [group], resources: ["roles"], verbs: ["create"] }));
  world.create(role("held", ...held));
  for (const name of ["maker", "held"])
    world.create({
      apiVersion: `${group}/v1`,
      kind: "RoleBinding",
      metadata: { name },
      roleRef: { kind: "Role", name },
      subjects: [{ kind: "User", name: "jo" }],
    });
  return world;
}

test("a thousand million permissions are not held", () => {
  const { status, body } = worldOf().request("POST", roles, role("wide", wide), jo);
  expect(status).toBe(403);
  expect(body.message).toContain(
    `attempting to grant RBAC permissions not currently held:\nmore than can be compared with those held, ${permissionsComparedMax} at most`,
  );
});

test("nor are many that would be compared with many", () => {
  const held = many("h", 5_000).map((one) => ({
    apiGroups: [""],
    resources: [one],
    verbs: ["get"],
  }));
  const wanted = { apiGroups: [""], resources: many("r", 5_000), verbs: ["get"] };
  expect(worldOf(...held).request("POST", roles, role("wide", wanted), jo).status).toBe(403);
});

test("who may do everything may grant them", () => {
  const all = { apiGroups: ["*"], resources: ["*"], verbs: ["*"] };
  expect(worldOf(all).request("POST", roles, role("wide", wide), jo).status).toBe(201);
});
