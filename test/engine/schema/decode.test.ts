import { describe, expect, test } from "vitest";
import { decodeObject, readTypeMeta } from "../../../durable-objects/engine/schema/decode.ts";
import { applyFieldDefaults } from "../../../durable-objects/engine/schema/defaults.ts";
import { parseJson } from "../../../durable-objects/engine/schema/parse.ts";
import { parseYaml } from "../../../durable-objects/engine/schema/yaml.ts";
import {
  structType,
  typeForKind,
  typeNames,
} from "../../../durable-objects/engine/schema/types.ts";

type Json = Record<string, unknown>;

const deployment = (spec: unknown, more: Json = {}): Json => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec,
  ...more,
});
const container = (c: Json): Json => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "x" },
  spec: { containers: [{ name: "c", ...c }] },
});
const decode = (value: Json): ReturnType<typeof decodeObject> =>
  decodeObject(typeForKind(value["apiVersion"] as string, value["kind"] as string)!, value);

const quantityRegexp =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const into = (what: string, field: string, type: string): string =>
  `json: cannot unmarshal ${what} into Go struct field ${field} of type ${type}`;

// What a body says, and the text in which Go refuses it.
const refused: [string, Json, string][] = [
  [
    "text for a number",
    deployment({ replicas: "3" }),
    into("string", "DeploymentSpec.spec.replicas", "int32"),
  ],
  [
    "a fraction",
    deployment({ replicas: 1.5 }),
    into("number 1.5", "DeploymentSpec.spec.replicas", "int32"),
  ],
  [
    "a number too big",
    deployment({ replicas: 3e9 }),
    into("number 3000000000", "DeploymentSpec.spec.replicas", "int32"),
  ],
  ["text for a struct", deployment("x"), into("string", "Deployment.spec", "v1.DeploymentSpec")],
  ["an array for a struct", deployment([]), into("array", "Deployment.spec", "v1.DeploymentSpec")],
  [
    "a number as a label",
    deployment({ selector: { matchLabels: { a: 1 } } }),
    into("number", "LabelSelector.spec.selector.matchLabels", "string"),
  ],
  [
    "an object for a list",
    deployment({ template: { spec: { containers: {} } } }),
    into("object", "PodSpec.spec.template.spec.containers", "[]v1.Container"),
  ],
  [
    "a number as an environment value",
    container({ env: [{ name: "A", value: 5 }] }),
    into("number", "EnvVar.spec.containers.env.value", "string"),
  ],
  [
    "text for a bool",
    container({ stdin: "yes" }),
    into("string", "Container.spec.containers.stdin", "bool"),
  ],
  [
    "a bool for a port",
    container({ livenessProbe: { httpGet: { port: true } } }),
    into("bool", "HTTPGetAction.spec.containers.livenessProbe.ProbeHandler.httpGet.port", "int32"),
  ],
  ["a bad quantity", container({ resources: { limits: { cpu: "abc" } } }), quantityRegexp],
  [
    "a bad quantity after a wrong type",
    container({ image: 5, resources: { limits: { cpu: "abc" } } }),
    quantityRegexp,
  ],
  [
    "a bad time",
    { apiVersion: "v1", kind: "Pod", metadata: { creationTimestamp: "abc" } },
    'parsing time "abc" as "2006-01-02T15:04:05Z07:00": cannot parse "abc" as "2006"',
  ],
  [
    "an impossible month",
    { apiVersion: "v1", kind: "Pod", metadata: { creationTimestamp: "2020-13-01T00:00:00Z" } },
    'parsing time "2020-13-01T00:00:00Z": month out of range',
  ],
  [
    "a number for a time",
    { apiVersion: "v1", kind: "Pod", metadata: { creationTimestamp: 5 } },
    into("number", "ObjectMeta.metadata.creationTimestamp", "string"),
  ],
  [
    "a MicroTime without fraction",
    {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      spec: { renewTime: "2020-01-01T00:00:00Z" },
    },
    'parsing time "2020-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  ],
  [
    "bad base64",
    { apiVersion: "v1", kind: "Secret", data: { k: "YW Jj" } },
    "illegal base64 data at input byte 2",
  ],
  [
    "cut base64",
    { apiVersion: "v1", kind: "Secret", data: { k: "YQ=" } },
    "illegal base64 data at input byte 3",
  ],
];

// What a body says, and what is kept of it (beside kind, apiVersion and metadata).
const kept: [string, Json, Json][] = [
  [
    "what is empty and may be left out goes, pointers to zero stay",
    deployment({ replicas: 0, minReadySeconds: 0, paused: false, revisionHistoryLimit: null }),
    {
      spec: { replicas: 0, selector: null, template: { metadata: {}, spec: {} }, strategy: {} },
      status: {},
    },
  ],
  [
    "quantities are canonical",
    container({ resources: { limits: { memory: "1.5Gi", cpu: 1 }, requests: { cpu: 0.5 } } }),
    {
      spec: {
        containers: [
          {
            name: "c",
            resources: { limits: { cpu: "1", memory: "1536Mi" }, requests: { cpu: "500m" } },
          },
        ],
      },
      status: {},
    },
  ],
  [
    "times are UTC and whole seconds",
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "x" },
      status: { startTime: "2020-01-02T03:04:05.9+02:00" },
    },
    { spec: {}, status: { startTime: "2020-01-02T01:04:05Z" } },
  ],
  [
    "null elements become zero values",
    container({ args: [null], env: [null] }),
    {
      spec: { containers: [{ name: "c", args: [""], env: [{ name: "" }], resources: {} }] },
      status: {},
    },
  ],
  [
    "a service keeps its ports as they came",
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "x" },
      spec: { ports: [{ targetPort: "http", port: 80 }] },
    },
    { spec: { ports: [{ port: 80, targetPort: "http" }] }, status: { loadBalancer: {} } },
  ],
];

const withoutNulls = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_k, v: unknown) => v ?? undefined));

describe("decoding", () => {
  test.each(refused)("%s is refused in Go's words", (_name, value, text) => {
    expect(decode(value)).toEqual({ object: {}, problems: [], error: text });
  });

  test.each(kept)("%s", (_name, value, expected) => {
    const { object, problems, error } = decode(value);
    expect({ problems, error }).toEqual({ problems: [], error: undefined });
    const { kind: _k, apiVersion: _a, metadata: _m, ...rest } = object;
    expect(rest).toEqual(withoutNulls(expected));
  });

  test("fields come in Go's order, maps sorted", () => {
    const { object } = decode({
      spec: { template: {}, replicas: 1 },
      metadata: { labels: { b: "1", a: "2" }, name: "x" },
      kind: "Deployment",
      apiVersion: "apps/v1",
    });
    expect(JSON.stringify(object)).toBe(
      '{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"x","labels":{"a":"2","b":"1"}},' +
        '"spec":{"replicas":1,"template":{"metadata":{},"spec":{}},"strategy":{}},"status":{}}',
    );
  });

  test("unknown fields are told and dropped, case counts", () => {
    const { object, problems } = decode(
      deployment(
        { template: { spec: { containers: [{ name: "c", imagge: "x" }], foo: 1 } }, zip: { a: 1 } },
        { Spec: {}, 'q"': 1 },
      ),
    );
    expect(problems).toEqual([
      'unknown field "spec.template.spec.containers[0].imagge"',
      'unknown field "spec.template.spec.foo"',
      'unknown field "spec.zip"',
      'unknown field "Spec"',
      'unknown field "q\\""',
    ]);
    expect(JSON.stringify(object)).not.toMatch(/imagge|foo|zip|Spec"/);
  });

  test("doubled fields are told, but not those below unknown ones", () => {
    const { value, duplicates } = parseJson(
      '{"metadata":{"name":"a","name":"b","labels":{"x":"1","x":"2"}},"zap":{"y":1,"y":2},' +
        '"spec":{"containers":[{"name":"c","name":"d"}]}}',
    );
    expect(decodeObject(structType("core/v1.Pod"), value, { duplicates }).problems).toEqual([
      'duplicate field "metadata.name"',
      'duplicate field "metadata.labels.x"',
      'duplicate field "spec.containers[0].name"',
      'unknown field "zap"',
    ]);
  });

  test("the result shares nothing with the input", () => {
    const input = deployment({ selector: { matchLabels: { a: "b" } } });
    const { object } = decode(input);
    const text = JSON.stringify(object);
    ((input["spec"] as Json)["selector"] as Json)["matchLabels"] = { c: "d" };
    expect(JSON.stringify(object)).toBe(text);
  });

  test("a key of a map may be __proto__", () => {
    const { value } = parseJson('{"metadata":{"annotations":{"__proto__":"x"}}}');
    const { object } = decodeObject(structType("core/v1.Pod"), value);
    expect(JSON.stringify(object)).toContain('"annotations":{"__proto__":"x"}');
    expect(({} as Json)["x"]).toBeUndefined();
  });

  test("a body of very many empty objects is refused", () => {
    const containers = Array.from({ length: 210_000 }, () => ({}));
    expect(decode({ apiVersion: "v1", kind: "Pod", spec: { containers } }).error).toMatch(
      /more than/,
    );
  });

  test("a decoded object decodes to itself, for an empty object of every type", () => {
    for (const name of typeNames()) {
      if (!name.includes("/")) continue;
      const once = decodeObject(structType(name), {}).object;
      expect(decodeObject(structType(name), once)).toEqual({ object: once, problems: [] });
    }
  });
});

describe("type meta", () => {
  test.each([
    [{ kind: 1 }, "json: cannot unmarshal number into Go struct field .kind of type string"],
    [
      [],
      'json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
    ],
  ])("%j", (value, text) => {
    expect(() => readTypeMeta(value)).toThrow(
      `couldn't get version/kind; json parse error: ${text}`,
    );
  });

  test.each([
    ["v1", "Pod", "core/v1.Pod"],
    ["rbac.authorization.k8s.io/v1", "Role", "rbac/v1.Role"],
    ["apps/v1", "DeleteOptions", "meta/v1.DeleteOptions"],
    ["policy/v1beta1", "Eviction", "policy/v1.Eviction"],
    ["podyard.dev/v1", "Clock", "podyard/v1.Clock"],
    ["v1", "Deployment", undefined],
    ["example.com/v1", "Pod", undefined],
    ["constructor/v1", "Pod", undefined],
  ])("%s %s", (apiVersion, kind, name) => {
    expect(typeForKind(apiVersion, kind)?.name).toBe(name);
  });

  test("inline structs are spread, merge facts kept", () => {
    const probe = structType("core/v1.Probe");
    expect([...probe.fields.keys()].slice(0, 5)).toEqual([
      "exec",
      "httpGet",
      "tcpSocket",
      "grpc",
      "initialDelaySeconds",
    ]);
    const volumes = structType("core/v1.PodSpec").fields.get("volumes")!;
    expect(volumes.patchStrategy).toEqual(["merge", "retainKeys"]);
    expect(volumes.listMapKeys).toEqual(["name"]);
  });
});

describe("constant defaults", () => {
  test("reach into lists of present structs only", () => {
    const pod = {
      spec: { containers: [{ name: "a", ports: [{ containerPort: 80 }] }, { name: "b" }] },
    };
    const before = JSON.stringify(pod);
    expect(applyFieldDefaults(structType("core/v1.Pod"), pod)).toEqual({
      spec: {
        containers: [{ name: "a", ports: [{ containerPort: 80, protocol: "TCP" }] }, { name: "b" }],
      },
    });
    expect(JSON.stringify(pod)).toBe(before);
  });

  test("give back the same object where nothing is missing", () => {
    const pod = {
      spec: { containers: [{ name: "a", ports: [{ containerPort: 80, protocol: "UDP" }] }] },
    };
    expect(applyFieldDefaults(structType("core/v1.Pod"), pod)).toBe(pod);
  });

  test("a default that Go would not show does not show", () => {
    const pod = { spec: { imagePullSecrets: [{}] } };
    expect(applyFieldDefaults(structType("core/v1.Pod"), pod)).toBe(pod);
  });
});

describe("parsing", () => {
  test.each([
    ["", "unexpected end of JSON input"],
    ["{", "unexpected end of JSON input"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ["[1,]", "invalid character ']' looking for beginning of value"],
    ["nul", "invalid character ' ' in literal null (expecting 'l')"],
    ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
    ['{"a":01}', "invalid character '1' after object key:value pair"],
    ['{"a":-}', "invalid character '}' in numeric literal"],
    ['{"a":"\\x"}', "invalid character 'x' in string escape code"],
    ['{"a":"b\nc"}', "invalid character '\\n' in string literal"],
    ['{"a":1}}', "invalid character '}' after top-level value"],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ["é", "invalid character 'Ã' looking for beginning of value"],
    ["[".repeat(200_000), "exceeded max depth"],
    [`${"[".repeat(5000)}${"]".repeat(5000)}`, "exceeded max depth"],
  ])("%s", (text, message) => {
    expect(() => parseJson(text)).toThrow(message);
  });

  test("the last of doubled keys wins, strings do not confuse the count", () => {
    expect(parseJson('{"a":"b\\":{\\\\","c":1}')).toEqual({
      value: { a: 'b":{\\', c: 1 },
      duplicates: [],
    });
    expect(parseJson('{"a":1,"b":{"c":1,"c":2},"a":3}')).toMatchObject({
      value: { a: 3, b: { c: 2 } },
      duplicates: ['duplicate field "b.c"', 'duplicate field "a"'],
    });
  });

  test("YAML", () => {
    expect(parseYaml("a: 1\nb: [x, yes]\nc: {d: null}\n")).toEqual({
      value: { a: 1, b: ["x", true], c: { d: null } },
      duplicates: [],
    });
    expect(parseYaml("a: 1\nb:\n  c: 1\n  c: 2\n").duplicates).toEqual([
      'error converting YAML to JSON: yaml: unmarshal errors:\n  line 4: key "c" already set in map',
    ]);
  });

  test.each([
    [
      "a: b: c",
      "error converting YAML to JSON: yaml: mapping values are not allowed in this context",
    ],
    [
      "a:\n\t- b",
      "error converting YAML to JSON: yaml: line 2: found character that cannot start any token",
    ],
  ])("bad YAML %j", (text, message) => {
    expect(() => parseYaml(text)).toThrow(message);
  });

  test("YAML that grows without end is refused", () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`,
    );
    expect(() => parseYaml(`a0: &a0 [x]\n${levels.join("\n")}\n`)).toThrow(/excessive aliasing/);
  });
});
