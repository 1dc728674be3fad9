import { structType } from "../../../durable-objects/engine/schema/types.ts";
import { describe, expect, test } from "vitest";
import {
  applyOperations,
  decodeJsonPatch,
  jsonPatch,
} from "../../../durable-objects/engine/schema/patch/json-patch.ts";
import { mergePatch } from "../../../durable-objects/engine/schema/patch/merge-patch.ts";
import { strategicMergePatch } from "../../../durable-objects/engine/schema/patch/strategic-merge.ts";

type Json = Record<string, unknown>;

const failure = (action: () => unknown): { code?: number; message: string } => {
  try {
    action();
  } catch (error) {
    const { code, message } = error as { code?: number; message: string };
    return code === undefined ? { message } : { code, message };
  }
  return { message: "no error" };
};

/** Freezes deeply, so that a patch that changes its input fails. */
const frozen = <T>(value: T): T => {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
};

describe("JSON patches", () => {
  const document = { a: { b: [1, 2, 3], "x/y": 1, "m~n": 2 }, n: null, "": 9 };
  const cases: [string, Json[], unknown][] = [
    ["add a member", [{ op: "add", path: "/c", value: 1 }], { ...document, c: 1 }],
    ["add replaces", [{ op: "add", path: "/n", value: 1 }], { ...document, n: 1 }],
    [
      "insert into a list",
      [{ op: "add", path: "/a/b/1", value: 9 }],
      { ...document, a: { ...document.a, b: [1, 9, 2, 3] } },
    ],
    [
      "append with -",
      [{ op: "add", path: "/a/b/-", value: 9 }],
      { ...document, a: { ...document.a, b: [1, 2, 3, 9] } },
    ],
    [
      "negative index",
      [{ op: "remove", path: "/a/b/-1" }],
      { ...document, a: { ...document.a, b: [1, 2] } },
    ],
    [
      "escapes",
      [
        { op: "replace", path: "/a/x~1y", value: 5 },
        { op: "remove", path: "/a/m~0n" },
      ],
      { ...document, a: { b: [1, 2, 3], "x/y": 5 } },
    ],
    [
      "copy a parent into its child: what it was",
      [
        { op: "add", path: "/a/c", value: 1 },
        { op: "copy", from: "/a", path: "/a/d" },
        { op: "copy", from: "/a", path: "/a/d/e" },
      ],
      {
        ...document,
        a: {
          ...document.a,
          c: 1,
          d: { ...document.a, c: 1, e: { ...document.a, c: 1, d: { ...document.a, c: 1 } } },
        },
      },
    ],
    [
      "copy a list into itself",
      [
        { op: "add", path: "/a/b/-", value: 4 },
        { op: "copy", from: "/a/b", path: "/a/b/0" },
      ],
      { ...document, a: { ...document.a, b: [[1, 2, 3, 4], 1, 2, 3, 4] } },
    ],
    ["the empty key", [{ op: "remove", path: "/" }], { a: document.a, n: null }],
    [
      "move",
      [{ op: "move", from: "/a/b/0", path: "/first" }],
      { ...document, a: { ...document.a, b: [2, 3] }, first: 1 },
    ],
    [
      "a copy does not alias",
      [
        { op: "add", path: "/a/b/-", value: 4 },
        { op: "copy", from: "/a", path: "/z" },
        { op: "add", path: "/z/b/-", value: 5 },
        { op: "remove", path: "/a/b/0" },
      ],
      {
        ...document,
        a: { ...document.a, b: [2, 3, 4] },
        z: { ...document.a, b: [1, 2, 3, 4, 5] },
      },
    ],
    ["replace the whole", [{ op: "replace", path: "", value: { q: 1 } }], { q: 1 }],
    [
      "replace of an absent member sets it",
      [{ op: "replace", path: "/new", value: 1 }],
      {
        ...document,
        new: 1,
      },
    ],
    ["test passes", [{ op: "test", path: "/a/b", value: [1, 2, 3] }], document],
    ["test: absent equals null", [{ op: "test", path: "/none", value: null }], document],
    ["test the whole", [{ op: "test", path: "", value: document }], document],
  ];
  test.each(cases)("%s", (_, operations, expected) => {
    expect(applyOperations(frozen(document), frozen(operations))).toEqual(expected);
  });

  test.each([
    [{ op: "test", path: "/a/b", value: [1] }, "testing value /a/b failed: test failed"],
    [
      { op: "add", path: "/q/r", value: 1 },
      'add operation does not apply: doc is missing path: "/q/r": missing value',
    ],
    [
      { op: "add", path: "/a/b/7", value: 1 },
      "error in add for path: '/a/b/7': Unable to access invalid index: 7: invalid index referenced",
    ],
    [
      { op: "remove", path: "/q" },
      "error in remove for path: '/q': Unable to remove nonexistent key: q: missing value",
    ],
    [
      { op: "replace", path: "/a/b/3", value: 1 },
      "replace operation does not apply: doc is missing key: /a/b/3: missing value",
    ],
    [
      { op: "copy", from: "/q/r", path: "/s" },
      "copy operation does not apply: doc is missing from path: /q/r: missing value",
    ],
    [
      { op: "move", from: "/q", path: "/s" },
      "error in move for path: 'q': Unable to remove nonexistent key: q: missing value",
    ],
    [{ op: "mangle", path: "/a" }, "Unexpected kind: mangle"],
    [{ path: "/a" }, "Unexpected kind: unknown"],
    [{ op: "add", value: 1 }, "add operation failed to decode path: missing value"],
  ])("%j does not apply", (operation, message) => {
    expect(failure(() => applyOperations(document, [operation])).message).toBe(message);
  });

  test("a parent cannot be moved into its child: it is gone by then", () => {
    const operations = [
      { op: "add", path: "/a/c", value: {} },
      { op: "move", from: "/a", path: "/a/c/d" },
    ];
    expect(failure(() => applyOperations(document, operations)).message).toBe(
      "move operation does not apply: doc is missing destination path: /a/c/d: missing value",
    );
  });

  test("what copies double ends at upstream's limit", () => {
    const doubling = Array.from({ length: 60 }, (_, i) => ({
      op: "copy",
      from: "/a",
      path: `/a/d${i}`,
    }));
    expect(failure(() => applyOperations(document, doubling)).message).toMatch(
      /^Unable to complete the copy, the accumulated size increase of copy is \d+, exceeding the limit 3145728$/,
    );
  });

  test("a client sees the 422 only", () => {
    expect(failure(() => jsonPatch(document, [{ op: "remove", path: "/q" }]))).toEqual({
      code: 422,
      message: "the server rejected our request due to an error in our request",
    });
  });

  test.each([
    [
      { op: "add" },
      400,
      "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    ],
    [
      [{ op: 5 }],
      400,
      "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string",
    ],
    [
      Array.from({ length: 10_001 }, () => ({ op: "test", path: "" })),
      413,
      "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
    ],
  ])("malformed body %#", (body, code, message) => {
    const actual = failure(() => decodeJsonPatch(body));
    expect(actual.code).toBe(code);
    expect(actual.message).toContain(message);
  });

  test("unknown members are problems", () => {
    expect(decodeJsonPatch([{ op: "test", path: "", extra: 1 }]).problems).toEqual([
      'json patch unknown field "[0].extra"',
    ]);
  });

  test("__proto__ is a key like any other", () => {
    const result = applyOperations({}, [
      { op: "add", path: "/__proto__", value: { x: 1 } },
    ]) as Json;
    expect(Object.keys(result)).toEqual(["__proto__"]);
    expect((result as { x?: unknown }).x).toBeUndefined();
  });
});

describe("merge patches", () => {
  const cases: [Json, Json, Json][] = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [{ a: "text" }, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
    [{ a: [1] }, { a: [{ b: null }, null] }, { a: [{}, null] }],
    [{ a: { b: 1 } }, { a: [{ b: null }] }, { a: [{ b: null }] }],
  ];
  test.each(cases)("%j + %j", (current, patch, expected) => {
    expect(mergePatch(frozen(current), frozen(patch))).toEqual(expected);
  });

  test.each([
    [null, "Invalid JSON Patch"],
    [
      [1],
      "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
    ],
  ])("%j is refused", (patch, message) => {
    expect(failure(() => mergePatch({}, patch))).toEqual({ code: 400, message });
  });
});

const POD = "core/v1.Pod";
const DEPLOYMENT = "apps/v1.Deployment";
const pod = (spec: Json, metadata: Json = {}): Json => ({ metadata, spec });
const c = (name: string, more: Json = {}): Json => ({ name, ...more });

describe("strategic merge patches", () => {
  const cases: [string, string, Json, Json, Json][] = [
    [
      "maps merge, null removes",
      POD,
      pod({}, { labels: { a: "1", b: "2" } }),
      { metadata: { labels: { b: null, c: "3" } } },
      pod({}, { labels: { a: "1", c: "3" } }),
    ],
    [
      "lists merge by key",
      POD,
      pod({ containers: [c("a", { image: "x" }), c("b")] }),
      { spec: { containers: [c("b", { image: "y" }), c("z")] } },
      pod({ containers: [c("a", { image: "x" }), c("b", { image: "y" }), c("z")] }),
    ],
    [
      "nested lists merge by their own key",
      POD,
      pod({ containers: [c("a", { ports: [{ containerPort: 80, protocol: "TCP" }] })] }),
      { spec: { containers: [c("a", { ports: [{ containerPort: 80, name: "web" }] })] } },
      pod({
        containers: [c("a", { ports: [{ containerPort: 80, protocol: "TCP", name: "web" }] })],
      }),
    ],
    [
      "atomic lists are replaced",
      POD,
      pod({ containers: [c("a", { args: ["1", "2"] })], tolerations: [{ key: "k" }] }),
      { spec: { containers: [c("a", { args: ["3"] })], tolerations: [] } },
      pod({ containers: [c("a", { args: ["3"] })], tolerations: [] }),
    ],
    [
      "delete an item",
      POD,
      pod({ containers: [c("a"), c("b"), c("c")] }),
      { spec: { containers: [{ name: "b", $patch: "delete" }] } },
      pod({ containers: [c("a"), c("c")] }),
    ],
    [
      "replace a list",
      POD,
      pod({ containers: [c("a"), c("b")] }),
      { spec: { containers: [c("z"), { $patch: "replace" }] } },
      pod({ containers: [c("z")] }),
    ],
    [
      "replace a map",
      POD,
      pod({ nodeName: "n", hostname: "h" }),
      { spec: { $patch: "replace", hostname: "i" } },
      pod({ hostname: "i" }),
    ],
    ["delete a map", POD, pod({ nodeName: "n" }), { spec: { $patch: "delete" } }, pod({})],
    [
      "directives in what is new are dropped",
      POD,
      pod({}),
      {
        spec: {
          containers: [c("a"), { name: "b", $patch: "delete" }],
          affinity: { $patch: "delete" },
        },
      },
      pod({ containers: [c("a")] }),
    ],
    [
      "primitives merge, once each",
      POD,
      pod({}, { finalizers: ["a", "b"] }),
      { metadata: { finalizers: ["c", "b"] } },
      pod({}, { finalizers: ["c", "a", "b"] }),
    ],
    [
      "primitives are deleted by a parallel list",
      POD,
      pod({}, { finalizers: ["a", "b", "c"] }),
      { metadata: { "$deleteFromPrimitiveList/finalizers": ["a", "q"] } },
      pod({}, { finalizers: ["b", "c"] }),
    ],
    [
      "deleting from an absent list does nothing",
      POD,
      pod({}),
      { metadata: { "$deleteFromPrimitiveList/finalizers": ["a"] } },
      pod({}),
    ],
    [
      "element order puts new items in place, others stay near",
      POD,
      pod({ containers: [c("a"), c("s"), c("b")] }),
      {
        spec: {
          "$setElementOrder/containers": [c("b"), c("n"), c("a")],
          containers: [c("b", { image: "x" }), c("n")],
        },
      },
      pod({ containers: [c("s"), c("b", { image: "x" }), c("n"), c("a")] }),
    ],
    [
      "element order alone",
      POD,
      pod({ containers: [c("a"), c("b")] }),
      { spec: { "$setElementOrder/containers": [c("b"), c("a")] } },
      pod({ containers: [c("b"), c("a")] }),
    ],
    [
      "element order with a deletion, as kubectl edit sends it",
      POD,
      pod({ containers: [c("a"), c("b"), c("c")] }),
      {
        spec: {
          "$setElementOrder/containers": [c("a"), c("c")],
          containers: [{ $patch: "delete", name: "b" }],
        },
      },
      pod({ containers: [c("a"), c("c")] }),
    ],
    [
      "element order of primitives",
      POD,
      pod({}, { finalizers: ["a", "b"] }),
      { metadata: { "$setElementOrder/finalizers": ["n", "b", "a"], finalizers: ["n"] } },
      pod({}, { finalizers: ["n", "b", "a"] }),
    ],
    [
      "retain keys clears the rest",
      DEPLOYMENT,
      { spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } } },
      { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } },
      { spec: { strategy: { type: "Recreate" } } },
    ],
    [
      "a volume changes its source",
      POD,
      pod({ volumes: [{ name: "v", emptyDir: {} }] }),
      {
        spec: {
          volumes: [{ name: "v", $retainKeys: ["name", "configMap"], configMap: { name: "m" } }],
        },
      },
      pod({ volumes: [{ name: "v", configMap: { name: "m" } }] }),
    ],
    [
      "strategy replace",
      "policy/v1.PodDisruptionBudget",
      { spec: { selector: { matchLabels: { a: "1" } } } },
      { spec: { selector: { matchLabels: { b: "2" } } } },
      { spec: { selector: { matchLabels: { b: "2" } } } },
    ],
    [
      "nulls in what is new are left out",
      POD,
      pod({}),
      { spec: { securityContext: { runAsUser: null, fsGroup: 1 } } },
      pod({ securityContext: { fsGroup: 1 } }),
    ],
  ];
  test.each(cases)("%s", (_, type, current, patch, expected) => {
    expect(strategicMergePatch(frozen(current), frozen(patch), structType(type))).toEqual(expected);
  });

  test("list order survives as upstream keeps it", () => {
    const names = (spec: Json, patch: Json) => {
      const result = strategicMergePatch(pod(spec), { spec: patch }, structType(POD)).spec as Json;
      return (result.containers as Json[]).map((x) => x.name).join("");
    };
    const containers = ["1", "2", "3"].map((n) => c(n));
    expect(names({ containers }, { containers: [c("3"), c("1")] })).toBe("231");
    expect(names({ containers }, { containers: [c("4"), c("2")] })).toBe("4123");
  });

  const list = { containers: [c("a")] };
  test.each([
    [
      { spec: { containers: [{ image: "x" }] } },
      500,
      "map: map[image:x] does not contain declared merge key: name",
    ],
    [
      { spec: { containers: [{ $patch: "delete" }] } },
      500,
      "map: map[$patch:delete] does not contain declared merge key: name",
    ],
    [
      { spec: { containers: [{ $patch: "mangle", name: "a" }] } },
      500,
      "unknown patch type: mangle in map: map[$patch:mangle name:a]",
    ],
    [{ spec: { $patch: "mangle" } }, 500, "unknown patch type: mangle in map: map[$patch:mangle]"],
    [
      { spec: { containers: ["a"] } },
      500,
      "list element types are not identical: [[map[name:a]] [a]]",
    ],
    [
      { spec: { containers: [["a"]] } },
      500,
      "list element types are not identical: [[map[name:a]] [[a]]]",
    ],
    [
      { metadata: { finalizers: [["a"]] } },
      422,
      "the server rejected our request due to an error in our request",
    ],
    [
      { spec: { "$setElementOrder/containers": "a" } },
      500,
      "expected a []interface {}, but received a string",
    ],
    [
      { spec: { "$setElementOrder/containers": [c("b")], containers: [c("a")] } },
      500,
      "The order in patch list:\n[map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:b]]\n",
    ],
    [{ spec: { $retainKeys: "a" } }, 400, "invalid patch format of retainKeys"],
    [
      { spec: { $retainKeys: ["hostname"], nodeName: "n" } },
      400,
      "invalid patch format of retainKeys",
    ],
    [
      { metadata: { $deleteFromPrimitiveList: ["a"] } },
      400,
      "invalid patch format of primitive list",
    ],
    [[1], 400, "json: cannot unmarshal array into Go value of type map[string]interface {}"],
  ])("%j is refused", (patch, code, message) => {
    const current = pod(list, { finalizers: [] });
    expect(failure(() => strategicMergePatch(current, patch, structType(POD)))).toEqual({
      code,
      message,
    });
  });

  test("an unknown field that has to merge is named with its struct", () => {
    const current = { spec: { nope: { a: 1 } } };
    expect(
      failure(() => strategicMergePatch(current, { spec: { nope: { a: 2 } } }, structType(POD))),
    ).toEqual({
      code: 500,
      message: 'unable to find api field in struct PodSpec for the json field "nope"',
    });
  });
});
