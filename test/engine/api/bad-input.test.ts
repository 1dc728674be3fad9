import { beforeAll, beforeEach, afterEach, describe, expect, test } from "vitest";
import { World, type RequestOptions } from "../../helpers/world.ts";

/** What the API refuses, in upstream's words; nothing of it leaves a trace. */

const maps = "/api/v1/namespaces/default/configmaps";
const pods = "/api/v1/namespaces/default/pods";
const deployments = "/apis/apps/v1/namespaces/default/deployments";
const yaml = "application/yaml";
const protobuf = "application/vnd.kubernetes.protobuf";
const merge = "application/merge-patch+json";
const strategic = "application/strategic-merge-patch+json";
const json = "application/json-patch+json";
const applied = "application/apply-patch+yaml";

let world: World;
let before: { rv: number; rows: unknown };
const trace = (): { rv: number; rows: unknown } => ({
  rv: world.engine.store.rv,
  rows: world.sql.exec("SELECT COUNT(*) AS n FROM log")[0]?.["n"],
});
const map = (more: object = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "m" },
  ...more,
});
const deployment = (spec: object = {}): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "c", image: "nginx" }] },
    },
    ...spec,
  },
});

beforeAll(() => {
  world = new World();
  world.create(
    map({ metadata: { name: "here" }, data: { a: "1" } }),
    map({ metadata: { name: "fixed" }, immutable: true }),
  );
  world.create(deployment());
  world.settle();
});
beforeEach(() => void (before = trace()));
afterEach(() => expect(trace()).toEqual(before));

function refused(
  method: string,
  url: string,
  body: unknown,
  options: RequestOptions = {},
): [number, string] {
  const answer = world.request(method, url, body, options);
  expect(answer.body).toMatchObject({ kind: "Status", status: "Failure", code: answer.status });
  return [answer.status, answer.body.message];
}

describe("bodies that are no object", () => {
  const unknown = "the object provided is unrecognized (must be of type ConfigMap): ";
  const metaType =
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
  test.each([
    [
      "nothing",
      "",
      undefined,
      400,
      `${unknown}couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
    ],
    [
      "half an object",
      "{",
      undefined,
      400,
      `${unknown}couldn't get version/kind; json parse error: unexpected end of JSON input ({)`,
    ],
    [
      "no JSON",
      '{"kind":"ConfigMap","apiVersion":"v1",}',
      undefined,
      400,
      `${unknown}couldn't get version/kind; json parse error: invalid character '}' looking for beginning of object key string ({"kind":"ConfigMap","apiVersio ...)`,
    ],
    [
      "a list",
      "[]",
      undefined,
      400,
      `${unknown}couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type ${metaType} (5b5d)`,
    ],
    [
      "bad YAML",
      "a: b: c",
      yaml,
      400,
      `${unknown}yaml: mapping values are not allowed in this context (613a20623a2063)`,
    ],
    [
      "no protobuf",
      "xxxxx",
      protobuf,
      400,
      `${unknown}provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (7878787878)`,
    ],
    ["cut protobuf", "k8s\u0000xxx", protobuf, 400, `${unknown}unexpected EOF (6b387300787878)`],
    [
      "plain text",
      "x",
      "text/plain",
      415,
      `the body of the request was in an unknown format - accepted media types include: application/json, ${yaml}, ${protobuf}`,
    ],
    [
      "CBOR",
      "x",
      "application/cbor",
      415,
      `the body of the request was in an unknown format - accepted media types include: application/json, ${yaml}, ${protobuf}`,
    ],
    [
      "an empty object",
      "{}",
      undefined,
      422,
      'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    ],
  ])("%s", (_what, body, type, code, message) => {
    const bytes = new TextEncoder().encode(body);
    expect(refused("POST", maps, bytes, type ? { type } : {})).toEqual([code, message]);
  });

  test("too large", () => {
    const body = map({ data: { a: "x".repeat(3 * 1024 * 1024) } });
    expect(refused("POST", maps, body)).toEqual([
      413,
      "Request entity too large: limit is 3145728",
    ]);
    expect(refused("PATCH", `${maps}/here`, body, { type: merge })[0]).toBe(413);
  });
});

describe("objects of another kind", () => {
  const cannot = (kind: string, version: string): string =>
    `${kind} in version "${version}" cannot be handled as a ConfigMap: `;
  const scheme = 'in scheme "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"';
  test.each([
    [
      "v1",
      "Pod",
      `${cannot("Pod", "v1")}converting (v1.Pod) to (core.ConfigMap): unknown conversion`,
    ],
    [
      "apps/v1",
      "Deployment",
      `${cannot("Deployment", "v1")}converting (v1.Deployment) to (core.ConfigMap): unknown conversion`,
    ],
    [
      "v2",
      "ConfigMap",
      `${cannot("ConfigMap", "v2")}no kind "ConfigMap" is registered for version "v2" ${scheme}`,
    ],
    [
      "v1",
      "Confmap",
      `${cannot("Confmap", "v1")}no kind "Confmap" is registered for version "v1" ${scheme}`,
    ],
  ])("%s %s", (apiVersion, kind, message) => {
    expect(refused("POST", maps, { apiVersion, kind, metadata: { name: "m" } })).toEqual([
      400,
      message,
    ]);
  });
});

describe("fields", () => {
  const cannot = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: ';
  test.each([
    [
      "wrong type",
      map({ data: { a: 1 } }),
      "",
      `${cannot}json: cannot unmarshal number into Go struct field ConfigMap.data of type string`,
    ],
    [
      "wrong shape",
      map({ data: [] }),
      "",
      `${cannot}json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string`,
    ],
    [
      "unknown",
      map({ dat: {}, metadata: { name: "m", lables: {} } }),
      "?fieldValidation=Strict",
      `${cannot}strict decoding error: unknown field "metadata.lables", unknown field "dat"`,
    ],
    [
      "doubled",
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"},"data":{"a":"1","a":"2"}}',
      "?fieldValidation=Strict",
      `${cannot}strict decoding error: duplicate field "data.a"`,
    ],
    [
      "unknown and doubled, in the order of the text",
      '{"apiVersion":"v1","kind":"ConfigMap","a":1,"metadata":{"name":"m","name":"n","b":2},"data":{"a":"1","a":"2"},"c":3}',
      "?fieldValidation=Strict",
      `${cannot}strict decoding error: unknown field "a", duplicate field "metadata.name", unknown field "metadata.b", duplicate field "data.a", unknown field "c"`,
    ],
  ])("%s", (_what, body, query, message) => {
    expect(refused("POST", maps + query, body)).toEqual([400, message]);
  });

  test("unknown ones are warned about, or dropped in silence", () => {
    const body = map({ dat: {} });
    const warned = world.request("POST", `${maps}?dryRun=All`, body);
    expect([warned.status, warned.headers["warning"]]).toEqual([
      201,
      '299 - "unknown field \\"dat\\""',
    ]);
    const silent = world.request("POST", `${maps}?dryRun=All&fieldValidation=Ignore`, body);
    expect([silent.status, silent.headers["warning"]]).toEqual([201, undefined]);
    expect(silent.body.metadata.resourceVersion).toBeUndefined();
  });
});

describe("options", () => {
  const invalid = (kind: string, text: string): string =>
    `${kind}.meta.k8s.io "" is invalid: ${text}`;
  test.each([
    [
      "POST",
      maps,
      "fieldValidation=Nope",
      invalid(
        "CreateOptions",
        'fieldValidation: Unsupported value: "Nope": supported values: "", "Ignore", "Strict", "Warn"',
      ),
    ],
    [
      "POST",
      maps,
      "dryRun=Some",
      invalid("CreateOptions", 'dryRun: Unsupported value: ["Some"]: supported values: "All"'),
    ],
    [
      "POST",
      maps,
      `fieldManager=${"m".repeat(129)}`,
      invalid("CreateOptions", "fieldManager: Too long: may not be more than 128 bytes"),
    ],
    [
      "POST",
      maps,
      "fieldManager=a%00b",
      invalid(
        "CreateOptions",
        'fieldManager: Invalid value: "a\\x00b": invalid character U+0000 (at position 1)',
      ),
    ],
    [
      "PUT",
      `${maps}/here`,
      "dryRun=Some",
      invalid("UpdateOptions", 'dryRun: Unsupported value: ["Some"]: supported values: "All"'),
    ],
    [
      "DELETE",
      `${maps}/here`,
      "dryRun=Some",
      invalid("DeleteOptions", 'dryRun: Unsupported value: ["Some"]: supported values: "All"'),
    ],
    [
      "DELETE",
      `${maps}/here`,
      "propagationPolicy=Nope",
      invalid(
        "DeleteOptions",
        'propagationPolicy: Unsupported value: "Nope": supported values: "Background", "Foreground", "Orphan", "nil"',
      ),
    ],
    [
      "DELETE",
      `${maps}/here`,
      "propagationPolicy=Orphan&orphanDependents=true",
      invalid(
        "DeleteOptions",
        'propagationPolicy: Invalid value: "Orphan": orphanDependents and deletionPropagation cannot be both set',
      ),
    ],
  ])("%s %s?%s", (method, url, query, message) => {
    const body = method === "DELETE" ? undefined : map({ metadata: { name: "here" } });
    expect(refused(method, `${url}?${query}`, body)).toEqual([422, message]);
  });

  test.each([
    ["?gracePeriodSeconds=x", undefined, 'strconv.ParseInt: parsing "x": invalid syntax'],
    [
      "",
      { gracePeriodSeconds: "x" },
      "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64",
    ],
    ["", "{", "couldn't get version/kind; json parse error: unexpected end of JSON input"],
  ])("DELETE %s %j", (query, body, message) => {
    expect(refused("DELETE", `${maps}/here${query}`, body)).toEqual([400, message]);
  });

  test.each([
    [{ uid: "x" }, "UID in precondition: x, UID in object meta: "],
    [
      { resourceVersion: "1" },
      "ResourceVersion in precondition: 1, ResourceVersion in object meta: ",
    ],
  ])("DELETE under a condition that does not hold: %j", (preconditions, message) => {
    const [code, text] = refused("DELETE", `${maps}/here`, { preconditions });
    expect(code).toBe(409);
    expect(text).toContain(
      `Operation cannot be fulfilled on configmaps "here": Precondition failed: ${message}`,
    );
  });
});

describe("names, places and revisions", () => {
  test.each([
    [
      "a bad name",
      maps,
      map({ metadata: { name: "B_" } }),
      422,
      /^ConfigMap "B_" is invalid: metadata\.name: Invalid value: "B_": a lowercase RFC 1123 subdomain must/,
    ],
    [
      "a bad label",
      maps,
      map({ metadata: { name: "m", labels: { a: "b c" } } }),
      422,
      /metadata\.labels: Invalid value: "b c": a valid label must be an empty string or/,
    ],
    [
      "another namespace",
      maps,
      map({ metadata: { name: "m", namespace: "kube-system" } }),
      400,
      /^the namespace of the provided object does not match the namespace sent on the request$/,
    ],
    [
      "no such namespace",
      "/api/v1/namespaces/nope/configmaps",
      map(),
      404,
      /^namespaces "nope" not found$/,
    ],
    [
      "a revision",
      maps,
      map({ metadata: { name: "m", resourceVersion: "7" } }),
      500,
      /^resourceVersion should not be set on objects to be created$/,
    ],
    [
      "a name that is taken",
      maps,
      map({ metadata: { name: "here" } }),
      409,
      /^configmaps "here" already exists$/,
    ],
    [
      "too much data",
      maps,
      map({ data: { a: "x".repeat(1024 * 1024 + 1) } }),
      422,
      /^ConfigMap "m" is invalid: \[\]: Too long: may not be more than 1048576 bytes$/,
    ],
    [
      "a bad quantity",
      pods,
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "p" },
        spec: { containers: [{ name: "c", image: "i", resources: { limits: { cpu: "1x" } } }] },
      },
      400,
      /quantities must match the regular expression/,
    ],
  ])("creating with %s", (_what, url, body, code, message) => {
    const [status, text] = refused("POST", url, body);
    expect(status).toBe(code);
    expect(text).toMatch(message);
  });

  const conflict = 'Operation cannot be fulfilled on configmaps "here": ';
  test.each([
    [
      "another name",
      { name: "there" },
      400,
      "the name of the object (there) does not match the name on the URL (here)",
    ],
    [
      "no name",
      {},
      400,
      "the name of the object (here based on URL) was undeterminable: name must be provided",
    ],
    [
      "another namespace",
      { name: "here", namespace: "x" },
      400,
      "the namespace of the provided object does not match the namespace sent on the request",
    ],
    [
      "another revision",
      { name: "here", resourceVersion: "1" },
      409,
      `${conflict}the object has been modified; please apply your changes to the latest version and try again`,
    ],
    [
      "another identity",
      { name: "here", uid: "x" },
      409,
      `${conflict}Precondition failed: UID in precondition: x, UID in object meta: `,
    ],
  ])("replacing with %s", (_what, metadata, code, message) => {
    const [status, text] = refused("PUT", `${maps}/here`, map({ metadata }));
    expect([status, text.slice(0, message.length)]).toEqual([code, message]);
  });

  test("replacing what is not there", () => {
    expect(refused("PUT", `${maps}/nope`, map({ metadata: { name: "nope" } }))).toEqual([
      404,
      'configmaps "nope" not found',
    ]);
  });

  test("what is immutable", () => {
    expect(refused("PATCH", `${maps}/fixed`, { data: { a: "1" } }, { type: merge })).toEqual([
      422,
      'ConfigMap "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set',
    ]);
    const other = { spec: { selector: { matchLabels: { app: "x" } } } };
    const [code, text] = refused("PATCH", `${deployments}/web`, other, { type: merge });
    expect(code).toBe(422);
    expect(text).toContain("field is immutable");
  });
});

describe("patches", () => {
  const invalid = (text: string): string => ` "" is invalid: patch: Invalid value: ${text}`;
  test.each([
    ["of another media type", "x", "text/plain", 415, "415: Unsupported Media Type"],
    ["merge: half", "{", merge, 400, "error decoding patch: unexpected end of JSON input"],
    [
      "merge: a list",
      [],
      merge,
      400,
      "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
    ],
    [
      "merge: another name",
      { metadata: { name: "x" } },
      merge,
      400,
      "the name of the object (x) does not match the name on the URL (here)",
    ],
    ["strategic: half", "{", strategic, 400, "unexpected end of JSON input"],
    [
      "strategic: wrong type",
      { data: { a: 1 } },
      strategic,
      422,
      invalid('"map[data:map[a:1]]": cannot convert int64 to string'),
    ],
    [
      "json: no list",
      {},
      json,
      400,
      "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    ],
    [
      "json: failed test",
      [{ op: "test", path: "/data/a", value: "2" }],
      json,
      422,
      "the server rejected our request due to an error in our request",
    ],
    [
      "apply: nobody's",
      {},
      applied,
      422,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    ],
  ])("%s", (_what, body, type, code, message) => {
    expect(refused("PATCH", `${maps}/here`, body, { type })).toEqual([code, message]);
  });

  test.each([
    ['"abc"', "cannot unmarshal string"],
    ["[1]", "cannot unmarshal array"],
    ["5", "cannot unmarshal number"],
    ["yes", "cannot unmarshal bool"],
  ])("that apply %s, which is no map", (body, words) => {
    expect(refused("PATCH", `${maps}/here?fieldManager=me`, body, { type: applied })).toEqual([
      400,
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: ${words} into Go value of type map[string]interface {}`,
    ]);
  });

  test("that apply nothing", () => {
    expect(refused("PATCH", `${maps}/here?fieldManager=me`, "null", { type: applied })).toEqual([
      400,
      "invalid object type: /, Kind=",
    ]);
  });

  test("that name unknown fields, strictly", () => {
    const url = `${maps}/here?fieldValidation=Strict`;
    expect(refused("PATCH", url, { dat: 1 }, { type: strategic })).toEqual([
      422,
      invalid('"map[dat:1]": strict decoding error: unknown field "dat"'),
    ]);
    const [code, text] = refused("PATCH", url, { dat: 1 }, { type: merge });
    expect(code).toBe(422);
    expect(text).toMatch(
      /^ "" is invalid: patch: Invalid value: "\{.*\}": strict decoding error: unknown field "dat"$/,
    );
  });

  test("that turn an object into another kind", () => {
    const [code, text] = refused("PATCH", `${maps}/here`, { kind: "Pod" }, { type: merge });
    expect(code).toBe(422);
    expect(text).toMatch(/: converting \(v1\.Pod\) to \(core\.ConfigMap\): unknown conversion$/);
  });

  test.each([merge, strategic, json])("of what is not there: %s", (type) => {
    expect(refused("PATCH", `${maps}/nope`, "{", { type })).toEqual([
      404,
      'configmaps "nope" not found',
    ]);
  });

  test("that force without applying", () => {
    expect(refused("PATCH", `${maps}/here?force=true`, {}, { type: merge })[1]).toBe(
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    );
  });

  test("too many operations", () => {
    const many = Array.from({ length: 10_001 }, () => ({
      op: "test",
      path: "/data/a",
      value: "1",
    }));
    expect(refused("PATCH", `${maps}/here`, many, { type: json })).toEqual([
      413,
      "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
    ]);
  });
});
