/** What definitions, policies and their objects may ask of one request. */
import { describe, expect, test } from "vitest";
import {
  cellCharactersPerRowMax,
  definitionVersionsMax,
  printerColumnsMax,
} from "../../../../durable-objects/engine/core/limits.ts";
import { World, type Answer } from "../../../helpers/world.ts";

const many = <T>(n: number, of: (i: number) => T): T[] =>
  Array.from({ length: n }, (_, i) => of(i));
const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const things = "/apis/example.com/v1/namespaces/default/things";
const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

const version = (name: string, schema: object, more: object = {}): object => ({
  name,
  served: true,
  storage: name === "v1",
  schema: { openAPIV3Schema: schema },
  ...more,
});

const definition = (...versions: object[]): object => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "things.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" },
    versions,
  },
});

const thing = (fields: object): object => ({
  apiVersion: "example.com/v1",
  kind: "Thing",
  metadata: { name: "t" },
  ...fields,
});

function serving(...versions: object[]): World {
  const world = new World({ nodes: 1 });
  expect(world.request("POST", definitions, definition(...versions)).status).toBe(201);
  world.advance(5_000);
  return world;
}

const column = (jsonPath: string) => (i: number) => ({ name: `c${i}`, type: "string", jsonPath });

function rowOf(world: World): unknown[] {
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const answer = world.request("GET", things, undefined, { headers: { accept } });
  return answer.body.rows[0].cells as unknown[];
}

describe("bounds of definitions", () => {
  const world = new World({ nodes: 1 });
  const refusal = (object: object): string =>
    world.request("POST", `${definitions}?dryRun=All`, object).body.message as string;

  test("versions", () => {
    const versions = many(definitionVersionsMax + 1, (i) => version(`v${i + 1}`, anything));
    expect(refusal(definition(...versions))).toContain(
      `spec.versions: Forbidden: at most ${definitionVersionsMax} versions of all CustomResourceDefinitions`,
    );
  });

  test("printer columns", () => {
    const additionalPrinterColumns = many(printerColumnsMax + 1, column(".spec.a"));
    expect(refusal(definition(version("v1", anything, { additionalPrinterColumns })))).toContain(
      `spec.versions[0].additionalPrinterColumns: Forbidden: at most ${printerColumnsMax} columns`,
    );
  });
});

describe("bounds of custom resources", () => {
  test("cells of a row: long ones leave no room for the others", () => {
    const world = serving(
      version("v1", anything, { additionalPrinterColumns: many(100, column(".spec")) }),
    );
    const text = "x".repeat(cellCharactersPerRowMax / 2);
    expect(world.request("POST", things, thing({ spec: text })).status).toBe(201);
    expect(rowOf(world).filter(Boolean)).toEqual(["t", text, text, text]);
  });

  test("columns that look everywhere: the first are told", () => {
    const columns = many(100, column(".spec..a"));
    const world = serving(version("v1", anything, { additionalPrinterColumns: columns }));
    let spec: object = { a: 1 };
    for (let i = 0; i < 150; i++) spec = { a: spec, b: i };
    expect(world.request("POST", things, thing({ spec })).status).toBe(201);
    const found = rowOf(world).filter(Boolean).length;
    expect(found).toBeGreaterThan(5);
    expect(found).toBeLessThan(50);
  });

  test("alternatives that do not fit cost more than those that do", () => {
    const tried = { type: "array", items: { ...anything, anyOf: [] as object[] } };
    tried.items.anyOf = many(1_000, (i) => ({ required: [`z${i}`] }));
    const world = serving(version("v1", { type: "object", properties: { tried } }));
    const asked = (items: number): Answer =>
      world.request("POST", `${things}?dryRun=All`, thing({ tried: many(items, () => ({})) }));
    expect(asked(20).status).toBe(422);
    expect(asked(1_000).body).toMatchObject({
      code: 429,
      message: "the schema of this resource takes too long",
    });
  });

  const filling = (items: object): object => ({
    type: "object",
    properties: { list: { type: "array", items: { type: "object", properties: items } } },
  });
  const long = { d: { type: "string", default: "x".repeat(100_000) } };

  test("defaults that make an object too large", () => {
    const world = serving(version("v1", filling(long)));
    const { body } = world.request("POST", things, thing({ list: many(5_000, () => ({})) }));
    expect(body).toMatchObject({ code: 500, message: "etcdserver: request is too large" });
    expect(world.request("POST", things, thing({ list: [{}, {}] })).status).toBe(201);
  });

  test("defaults that came later are filled in as far as there is room", () => {
    const world = serving(version("v1", filling({ d: { type: "string" } })));
    expect(world.request("POST", things, thing({ list: many(5_000, () => ({})) })).status).toBe(
      201,
    );
    const changed = world.request("GET", `${definitions}/things.example.com`).body;
    changed.spec.versions[0].schema.openAPIV3Schema = filling(long);
    expect(world.request("PUT", `${definitions}/things.example.com`, changed).status).toBe(200);
    world.advance(5_000);
    const { text } = world.request("GET", things);
    expect(text.length).toBeLessThan(300_000);
    expect(text).toContain("xxxx");
  });
});
