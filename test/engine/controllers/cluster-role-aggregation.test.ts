import { expect, test } from "vitest";
import { World } from "../../helpers/world.ts";

const roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
const role = (name: string, more: object): object => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name },
  ...more,
});
const rule = (resource: string): object => ({
  apiGroups: ["example.com"],
  resources: [resource],
  verbs: ["get"],
});
const labelled = (name: string, labels: object, resource: string): object => ({
  ...role(name, { rules: [rule(resource)] }),
  metadata: { name, labels },
});

test("a ClusterRole gathers the rules of those it selects, and lets them go again", () => {
  const world = new World();
  const rulesOf = (name: string) => world.get(`${roles}/${name}`).rules ?? [];
  world.create(
    role("all", {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { pick: "me" } }] },
      rules: [],
    }),
    labelled("b", { pick: "me" }, "bees"),
    labelled("a", { pick: "me" }, "ants"),
    labelled("twin", { pick: "me" }, "ants"),
  );
  world.advance(0);
  expect(rulesOf("all")).toEqual([rule("ants"), rule("bees")]);
  world.patch(`${roles}/b`, { metadata: { labels: { pick: null } } });
  world.advance(0);
  expect(rulesOf("all")).toEqual([rule("ants")]);
  world.delete(`${roles}/a`);
  world.delete(`${roles}/twin`);
  world.advance(0);
  expect(rulesOf("all")).toEqual([]);
});

test("the built-in view, edit and admin take new rules in", () => {
  const world = new World();
  const has = (name: string) =>
    world
      .get(`${roles}/${name}`)
      .rules.some((r: { apiGroups?: string[] }) => r.apiGroups?.includes("example.com"));
  const before = world.get(`${roles}/view`).rules.length;
  world.create(
    labelled("crd-view", { "rbac.authorization.k8s.io/aggregate-to-view": "true" }, "wasps"),
  );
  world.advance(0);
  expect(has("view")).toBe(true);
  expect(world.get(`${roles}/view`).rules).toHaveLength(before + 1);
});

test("many roles of many rules are gathered in a time that grows with them", () => {
  const world = new World();
  const all = { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { pick: "me" } }] } };
  world.create(role("all", all));
  for (let i = 0; i < 140; i++) {
    const rules = Array.from({ length: 100 }, (_, k) => rule(`${i}.${k}`));
    const metadata = { name: `r${i}`, labels: { pick: "me" } };
    world.create({ ...role(`r${i}`, { rules }), metadata });
  }
  world.advance(0);
  // Compared one by one they would be a hundred million.
  expect(world.get(`${roles}/all`).rules).toHaveLength(14_000);
});
