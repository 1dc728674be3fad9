/** Rules in CEL of a definition's schema: told where they are wrong, held where they are right. k8s: test/e2e/apimachinery/crd_validation_rules.go */
import { beforeAll, expect, it } from "vitest";
import { validateRules } from "../../../../durable-objects/engine/api/custom/schema-rules.ts";
import { World, type Answer } from "../../../helpers/world.ts";

let world: World;
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const scalers = "/apis/shop.example.com/v1/namespaces/default/scalers";

const definition = (rules: object[], plural = "scalers"): object => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.shop.example.com` },
  spec: {
    group: "shop.example.com",
    scope: "Namespaced",
    names: {
      plural,
      singular: plural.slice(0, -1),
      kind: `K${plural}`,
      listKind: `K${plural}List`,
    },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                "x-kubernetes-validations": rules,
                properties: {
                  least: { type: "integer" },
                  most: { type: "integer" },
                  name: { type: "string", maxLength: 20 },
                },
              },
            },
          },
        },
      },
    ],
  },
});

const scaler = (name: string, spec: object): object => ({
  apiVersion: "shop.example.com/v1",
  kind: "Kscalers",
  metadata: { name },
  spec,
});

beforeAll(() => {
  world = new World({ nodes: 1 });
  world.advance(1_000);
  const made = world.request(
    "POST",
    definitions,
    definition([
      { rule: "self.least <= self.most", message: "least must not be above most" },
      {
        rule: "self.name == oldSelf.name",
        messageExpression: "'the name stays ' + oldSelf.name",
        fieldPath: ".name",
        reason: "FieldValueForbidden",
      },
    ]),
  );
  expect(made.status).toBe(201);
  world.advance(3_000);
});

const change = (patch: object): Answer =>
  world.request("PATCH", `${scalers}/good`, patch, { type: "application/merge-patch+json" });

it("a rule holds what is made and what is changed", () => {
  expect(
    world.request("POST", scalers, scaler("good", { least: 1, most: 2, name: "a" })).status,
  ).toBe(201);
  const refused = world.request("POST", scalers, scaler("bad", { least: 3, most: 2, name: "a" }));
  expect(refused.status).toBe(422);
  expect(refused.body.message).toContain("least must not be above most");
  expect(refused.body.details.causes[0].field).toBe("spec");
  const changed = change({ spec: { least: 9 } });
  expect(changed.status).toBe(422);
});

it("a transition rule sees what was, and names its field and reason", () => {
  const changed = change({ spec: { name: "b" } });
  expect(changed.status).toBe(422);
  expect(changed.body.details.causes).toEqual([
    expect.objectContaining({
      reason: "FieldValueForbidden",
      field: "spec.name",
      message: expect.stringContaining("the name stays a"),
    }),
  ]);
});

it("a rule that cannot be compiled, or costs too much, is refused at its place", () => {
  // Of a schema that all versions share.
  const place = "spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule";
  const bad = world.request("POST", definitions, definition([{ rule: "self.nothing == 1" }], "as"));
  expect(bad.status).toBe(422);
  expect(bad.body.message).toContain("undefined field 'nothing'");
  expect(bad.body.details.causes[0].field).toBe(place);
  const syntax = world.request("POST", definitions, definition([{ rule: "self.least <" }], "bs"));
  expect(syntax.status).toBe(422);
  expect(syntax.body.message).toContain("Syntax error");
});

it("warns of what was wrong before and did not change", () => {
  const rule = [{ rule: "self.least <= 3", message: "too many at least" }];
  expect(world.request("POST", definitions, definition([], "lagers")).status).toBe(201);
  world.settle();
  const lagers = "/apis/shop.example.com/v1/namespaces/default/lagers";
  const lager = { ...scaler("one", { least: 9, most: 10 }), kind: "Klagers" };
  expect(world.request("POST", lagers, lager).status).toBe(201);
  const path = `${definitions}/lagers.shop.example.com`;
  const { spec } = world.get(path);
  spec.versions[0].schema.openAPIV3Schema.properties.spec["x-kubernetes-validations"] = rule;
  world.patch(path, { spec });
  world.settle();
  const same = world.patch(`${lagers}/one`, { metadata: { labels: { a: "b" } } });
  expect(same.headers["warning"]).toContain("too many at least");
  const other = world.request(
    "PATCH",
    `${lagers}/one`,
    { spec: { most: 11 } },
    {
      type: "application/merge-patch+json",
    },
  );
  expect(other.body.message).toContain("too many at least");
});

it("tells what it has cost", () => {
  let cost = 0;
  const schema = {
    type: "object",
    "x-kubernetes-validations": [{ rule: "self.a == 1" }],
    properties: { a: { type: "integer" } },
  };
  const errors = validateRules(schema, { a: 1 }, undefined, {
    warn: () => undefined,
    charge: (units) => {
      cost += units;
    },
  });
  expect(errors).toEqual([]);
  expect(cost).toBeGreaterThan(0);
});
