import { describe, expect, test } from "vitest";
import { World, type Answer } from "../../../helpers/world.ts";

/** What upstream's conformance tests hold custom resources to. k8s: test/e2e/apimachinery crd_*.go, field_validation.go */

const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

interface Asked {
  group: string;
  plural: string;
  kind: string;
  scope?: string;
  versions: { name: string; schema: object; fields?: string[] }[];
}

const definition = ({ group, plural, kind, scope = "Namespaced", versions }: Asked): object => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.${group}`, labels: { of: "conformance" } },
  spec: {
    group,
    scope,
    names: { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` },
    versions: versions.map(({ name, schema, fields }, i) => ({
      name,
      served: true,
      storage: i === 0,
      schema: { openAPIV3Schema: schema },
      ...(fields && { selectableFields: fields.map((jsonPath) => ({ jsonPath })) }),
    })),
  },
});

function install(world: World, asked: Asked): string {
  const answer = world.request("POST", crds, definition(asked));
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  world.advance(1000);
  return `${asked.plural}.${asked.group}`;
}

const text = { type: "string" };
const strict = "fieldManager=tests&fieldValidation=Strict";

const apply = (world: World, path: string, yaml: string): Answer =>
  world.request("PATCH", `${path}?${strict}`, yaml, { type: "application/apply-patch+yaml" });

const jsonPatch = (world: World, path: string, patch: object[]): Answer =>
  world.request("PATCH", path, patch, { type: "application/json-patch+json" });

describe("the published documents", () => {
  const world = new World();
  const schema = {
    description: "A foo",
    type: "object",
    properties: {
      spec: {
        description: "What it is to be",
        type: "object",
        properties: {
          bars: {
            description: "Its bars",
            type: "array",
            items: {
              type: "object",
              required: ["name"],
              properties: {
                name: { description: "How it is called", type: "string" },
                feeling: { type: "string", enum: ["Great", "Down"] },
                kinds: { type: "array", items: text },
                quxType: { type: "string", pattern: "in-tree|out-of-tree" },
              },
            },
          },
        },
      },
    },
  };
  const group = "docs.test.example.com";
  const name = install(world, {
    group,
    plural: "foos",
    kind: "Foo",
    versions: [
      { name: "v2", schema },
      { name: "v3", schema },
    ],
  });
  const definitionOf = (version: string): object | undefined => {
    const found = world.get("/openapi/v2").definitions[`com.example.test.docs.${version}.Foo`];
    if (!found) return undefined;
    const { "x-kubernetes-group-version-kind": gvk, ...rest } = structuredClone(found);
    expect(gvk).toEqual([{ group, kind: "Foo", version }]);
    for (const given of ["metadata", "apiVersion", "kind"]) delete rest.properties[given];
    return rest;
  };

  test("have each served version as it was written", () => {
    expect(definitionOf("v2")).toEqual(schema);
    expect(definitionOf("v3")).toEqual(schema);
  });

  test("follow a version that is renamed, and one that is served no longer", () => {
    const renamed = jsonPatch(world, `${crds}/${name}`, [
      { op: "test", path: "/spec/versions/1/name", value: "v3" },
      { op: "replace", path: "/spec/versions/1/name", value: "v4" },
    ]);
    expect(renamed.status).toBe(200);
    world.advance(1000);
    expect(definitionOf("v4")).toEqual(schema);
    expect(definitionOf("v3")).toBeUndefined();
    expect(definitionOf("v2")).toEqual(schema);
    const served = "/spec/versions/1/served";
    jsonPatch(world, `${crds}/${name}`, [{ op: "replace", path: served, value: false }]);
    world.advance(1000);
    expect(definitionOf("v4")).toBeUndefined();
    expect(definitionOf("v2")).toEqual(schema);
  });

  test("say nothing of a schema that keeps all", () => {
    const versions = [
      { name: "v1", schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    ];
    install(world, { group: "empty.example.com", plural: "anys", kind: "Any", versions });
    const found = world.get("/openapi/v2").definitions["com.example.empty.v1.Any"];
    expect(found.properties).toBeUndefined();
    expect(found).toMatchObject({ type: "object" });
    world.request("DELETE", `${crds}/anys.empty.example.com`);
    world.advance(5000);
    expect(world.get("/openapi/v2").definitions["com.example.empty.v1.Any"]).toBeUndefined();
  });

  test("OpenAPI v3 has a document for the group", () => {
    const index = world.get("/openapi/v3").paths;
    const at = index[`apis/${group}/v2`].serverRelativeURL;
    const document = world.get(at);
    expect(document.components.schemas["com.example.test.docs.v2.Foo"].properties.spec).toEqual(
      schema.properties.spec,
    );
    expect(Object.keys(document.paths)).toContain(`/apis/${group}/v2/namespaces/{namespace}/foos`);
  });

  test("say which patches they take: a client that finds a strategic one there sends it", () => {
    const at = world.get("/openapi/v3").paths[`apis/${group}/v2`].serverRelativeURL;
    const { [`/apis/${group}/v2/namespaces/{namespace}/foos/{name}`]: item } = world.get(at).paths;
    expect(Object.keys(item.patch.requestBody.content)).toEqual([
      "application/json-patch+json",
      "application/merge-patch+json",
      "application/apply-patch+yaml",
    ]);
    expect(Object.keys(item.patch.responses)).toEqual(["200", "401"]);
    expect(Object.keys(item.put.requestBody.content)).toEqual([
      "application/json",
      "application/yaml",
    ]);
    expect(Object.keys(item.get.responses["200"].content)).toEqual([
      "application/json",
      "application/yaml",
    ]);
  });

  test("aggregated discovery has it too, until it goes", () => {
    const kinds = (): string[] =>
      world
        .request("GET", "/apis", undefined, {
          accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        })
        .body.items.filter((one: { metadata: { name: string } }) => one.metadata.name === group)
        .flatMap((one: { versions: { version: string; resources: { resource: string }[] }[] }) =>
          one.versions.flatMap(({ version, resources }) =>
            resources.map(({ resource }) => `${version} ${resource}`),
          ),
        );
    expect(kinds()).toEqual(["v2 foos"]);
    world.request("DELETE", `${crds}/${name}`);
    world.advance(5000);
    expect(kinds()).toEqual([]);
  });
});

describe("definitions", () => {
  const world = new World();
  const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

  test("are listed by label and go as a collection", () => {
    for (const plural of ["ones", "twos", "threes"]) {
      const versions = [{ name: "v1", schema: open }];
      install(world, { group: "list.example.com", plural, kind: `K${plural}`, versions });
    }
    world.patch(`${crds}/twos.list.example.com`, { metadata: { labels: { of: null } } });
    const query = "labelSelector=of%3Dconformance";
    expect(world.get(`${crds}?${query}`).items).toHaveLength(2);
    expect(world.request("DELETE", `${crds}?${query}`).status).toBe(200);
    world.advance(5000);
    const left = world
      .get(crds)
      .items.map((one: { metadata: { name: string } }) => one.metadata.name);
    expect(left).toEqual(["twos.list.example.com"]);
  });

  test("their status is read and written alone", () => {
    const at = `${crds}/twos.list.example.com`;
    const now = world.get(`${at}/status`);
    now.status.conditions.push({ type: "", status: "", message: "updated" });
    const updated = world.request("PUT", `${at}/status`, now);
    expect(updated.body.status.conditions).toContainEqual(
      expect.objectContaining({ message: "updated" }),
    );
    const patched = jsonPatch(world, `${at}/status`, [
      { op: "add", path: "/status/conditions", value: [{ message: "patched" }] },
    ]);
    expect(patched.body.status.conditions).toEqual([
      expect.objectContaining({ message: "patched" }),
    ]);
  });
});

describe("field validation", () => {
  const world = new World();
  const path = "/apis/mygroup.example.com/v1beta1";
  const spec = {
    type: "object",
    properties: {
      foo: text,
      cronSpec: {
        type: "string",
        pattern: "^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$",
      },
      ports: {
        type: "array",
        "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
        "x-kubernetes-list-type": "map",
        items: {
          type: "object",
          required: ["containerPort", "protocol"],
          properties: {
            containerPort: { type: "integer", format: "int32" },
            name: text,
            protocol: text,
          },
        },
      },
    },
  };
  const keeping = { ...spec, "x-kubernetes-preserve-unknown-fields": true };
  const template = {
    type: "object",
    "x-kubernetes-embedded-resource": true,
    properties: {
      metadata: { type: "object", properties: { name: text } },
      spec: { type: "object" },
    },
  };
  const kinds: [string, string, object][] = [
    ["noxus", "Noxu", { type: "object", properties: { spec } }],
    ["opens", "Open", { type: "object", "x-kubernetes-preserve-unknown-fields": true }],
    [
      "embeds",
      "Embed",
      {
        type: "object",
        properties: { spec: { ...keeping, properties: { ...spec.properties, template } } },
      },
    ],
    ["keeps", "Keep", { type: "object", properties: { spec: keeping } }],
  ];
  for (const [plural, kind, schema] of kinds) {
    const versions = [{ name: "v1beta1", schema }];
    install(world, { group: "mygroup.example.com", plural, kind, scope: "Cluster", versions });
  }
  const yaml = (kind: string, { top = "", meta = "", before = "", more = "" }): string => `
apiVersion: mygroup.example.com/v1beta1
kind: ${kind}
metadata:
  name: mytest${meta}
${top}spec:${before}
  foo: foo1${more}
  cronSpec: "* * * * */5"
  ports:
  - name: x
    containerPort: 80
    protocol: TCP`;

  test("a valid object is applied", () => {
    expect(apply(world, `${path}/noxus/mytest`, yaml("Noxu", {})).status).toBe(201);
  });

  test("unknown fields are refused where a schema does not keep them", () => {
    const more = "\n  unknown: uk1";
    expect(apply(world, `${path}/opens/mytest`, yaml("Open", { more })).status).toBe(201);
    const refused = apply(world, `${path}/noxus/other`, yaml("Noxu", { top: "unknownField: u\n" }));
    expect(refused.body.message).toContain(".unknownField: field not declared in schema");
  });

  test("unknown metadata is, also that of an embedded object", () => {
    const before = `
  template:
    apiversion: foo/v1
    kind: Sub
    metadata:
      unknownSubMeta: unknown
      name: subobject
      namespace: default`;
    const { message } = apply(
      world,
      `${path}/embeds/mytest`,
      yaml("Embed", { meta: "\n  unknownMeta: unknown", before }),
    ).body;
    expect(message).toMatch(
      /\.(spec\.template\.metadata\.unknownSub|metadata\.unknown)Meta: field not declared in schema/,
    );
  });

  test("a field that is there twice is", () => {
    const given = yaml("Keep", { before: "\n  unknown: uk1", more: "\n  foo: foo2" });
    const { message } = apply(world, `${path}/keeps/mytest`, given).body;
    expect(message).toContain('line 9: key "foo" already set in map');
  });

  test("a write says what it does not know, by its strictness", () => {
    const object = `{"apiVersion":"mygroup.example.com/v1beta1","kind":"Noxu","metadata":{"name":"w","odd":1},"spec":{"foo":"a","foo":"b","more":1}}`;
    const post = (how: string): Answer =>
      world.request("POST", `${path}/noxus?fieldValidation=${how}`, object);
    expect(post("Strict").body.message).toContain(
      'strict decoding error: duplicate field "spec.foo", unknown field "metadata.odd", unknown field "spec.more"',
    );
    const warned = post("Warn");
    expect(warned.status).toBe(201);
    expect(warned.headers["warning"]).toContain('unknown field \\"spec.more\\"');
    expect(warned.body.spec).toEqual({ foo: "b" });
  });
});

test("defaults are those of the schema as it is now, and stay in what was written with others", () => {
  const world = new World();
  const schema = { type: "object", properties: { a: text, b: text } };
  const at = "/apis/tests.example.com/v1beta1/foos";
  install(world, {
    group: "tests.example.com",
    plural: "foos",
    kind: "Foo",
    scope: "Cluster",
    versions: [{ name: "v1beta1", schema }],
  });
  const foo = (name: string): object => ({
    apiVersion: "tests.example.com/v1beta1",
    kind: "Foo",
    metadata: { name },
  });
  const change = (patch: object[]): void => {
    expect(jsonPatch(world, `${crds}/foos.tests.example.com`, patch).status).toBe(200);
    world.advance(1000);
  };
  const place = "/spec/versions/0/schema/openAPIV3Schema/properties";
  world.request("POST", at, foo("one"));
  change([{ op: "add", path: `${place}/a/default`, value: "A" }]);
  expect(world.get(`${at}/one`).a).toBe("A");
  world.request("POST", at, foo("two"));
  change([
    { op: "remove", path: `${place}/a/default` },
    { op: "add", path: `${place}/b/default`, value: "B" },
  ]);
  expect(world.get(`${at}/one`)).toMatchObject({ b: "B" });
  expect(world.get(`${at}/one`).a).toBeUndefined();
  expect(world.get(`${at}/two`)).toMatchObject({ a: "A", b: "B" });
});

test("selectable fields select in lists, watches and deletions", () => {
  const world = new World();
  const schema = { type: "object", properties: { host: text, port: text } };
  const versions = [{ name: "v2", schema, fields: [".host", ".port"] }];
  install(world, { group: "sel.example.com", plural: "shirts", kind: "Shirt", versions });
  const at = "/apis/sel.example.com/v2/namespaces/default/shirts";
  const watch = world.watch(`${at}?watch=1&fieldSelector=host%3Dhost1`);
  for (const [name, host, port] of [
    ["a", "host1", "80"],
    ["b", "host1", "8080"],
    ["c", "host2", undefined],
  ]) {
    const object = {
      apiVersion: "sel.example.com/v2",
      kind: "Shirt",
      metadata: { name },
      host,
      port,
    };
    expect(world.request("POST", at, object).status).toBe(201);
  }
  const names = (selector: string): string[] =>
    world
      .get(`${at}?fieldSelector=${encodeURIComponent(selector)}`)
      .items.map((one: { metadata: { name: string } }) => one.metadata.name);
  expect(names("host=host1")).toEqual(["a", "b"]);
  expect(names("host=host1,port=80")).toEqual(["a"]);
  world.request("DELETE", `${at}?fieldSelector=host%3Dhost1,port%3D80`);
  const left = world.get(`${at}/b`);
  world.request("PUT", `${at}/b`, { ...left, host: "host2" });
  expect(names("host=host1")).toEqual([]);
  const seen = watch.read().map((one) => `${one.type} ${one.object.metadata.name}`);
  expect(seen).toEqual(["ADDED a", "ADDED b", "DELETED a", "DELETED b"]);
  expect(world.request("GET", `${at}?fieldSelector=size%3D1`).body.message).toBe(
    "field label not supported: size",
  );
});

describe("rules in CEL", () => {
  const world = new World();
  const group = "rules.example.com";
  const at = `/apis/${group}/v1/namespaces/default/ruleds`;
  const ints = (maxItems: number): object => ({
    type: "array",
    maxItems,
    items: { type: "integer" },
  });
  const asked = (spec: object): Asked => {
    const versions = [{ name: "v1", schema: { type: "object", properties: { spec } } }];
    return { group, plural: "ruleds", kind: "Ruled", versions };
  };
  const refused = (spec: object): string => {
    const { status, body } = world.request("POST", crds, definition(asked(spec)));
    expect(status).toBe(422);
    return body.message;
  };
  const ruled = (properties: object, ...rules: string[]): object => ({
    type: "object",
    properties,
    "x-kubernetes-validations": rules.map((rule) => ({ rule })),
  });

  test("are compiled with the definition, which they may not make too dear", () => {
    const x = { type: "integer" };
    expect(refused(ruled({ x }, "self.z > 0"))).toContain("undefined field 'z'");
    expect(refused(ruled({ x }, "self = 42"))).toContain("Syntax error");
    const dear = {
      type: "array",
      items: text,
      "x-kubernetes-validations": [{ rule: "self.all(s, s == 'constant')" }],
    };
    const lists = { type: "object", properties: { x: { type: "array", items: dear } } };
    expect(refused(lists)).toContain("exceeds budget");
  });

  test("hold for each write, and cost what they cost", () => {
    const num = { type: "integer", "x-kubernetes-validations": [{ rule: "self > oldSelf" }] };
    const spec = ruled(
      { x: { type: "integer" }, y: { type: "integer" }, num, large: ints(725) },
      "!has(self.x) || self.x + self.y > 0",
      "!has(self.large) || self.large.all(x, self.large.all(y, y == x))",
    );
    install(world, asked(spec));
    const post = (name: string, given: object): Answer =>
      world.request("POST", at, {
        apiVersion: `${group}/v1`,
        kind: "Ruled",
        metadata: { name },
        spec: given,
      });
    expect(post("a", { x: -1, y: 0 }).body.message).toContain("failed rule");
    expect(post("b", { x: 1, y: 0, num: 10 }).status).toBe(201);
    const large = Array.from({ length: 725 }, () => 20);
    expect(post("c", { large }).body.message).toContain("call cost exceeds limit");
    const before = world.get(`${at}/b`);
    const lower = { ...before, spec: { ...before.spec, num: 9 } };
    expect(world.request("PUT", `${at}/b`, lower).body.message).toContain("failed rule");
    const higher = { ...before, spec: { ...before.spec, num: 11 } };
    expect(world.request("PUT", `${at}/b`, higher).status).toBe(200);
  });
});
