/**
 * Long texts of one thing repeated, with an end that does not fit, in every text the API takes: whatever reads them does it
 * in linear time. A pattern or a loop that does not never comes back here; the timeout of the suite is the judge, generous
 * because a hang is a fault and a slow machine is none.
 */
import { describe, expect, test } from "vitest";
import {
  builtin,
  type Resource,
} from "../../../../durable-objects/engine/api/discovery/registry.ts";
import {
  type FieldType,
  type StructType,
} from "../../../../durable-objects/engine/schema/types.ts";
import { quantityError } from "../../../../durable-objects/engine/machinery/quantity.ts";
import type { Reply } from "../../../../durable-objects/engine/ports/request.ts";
import { World } from "../../../helpers/world.ts";
import { sampleOf } from "./sample-objects.ts";

const pieces = [
  "/",
  "0",
  ".",
  " ",
  "-",
  ",",
  "a",
  "=",
  "a=b,",
  "../",
  "a.",
  "a-",
  "1h",
  ":",
  "1.",
  "[",
  "{",
  "(",
  "*",
  "%",
  "$(A)",
  "\\",
  "'",
  '"',
  "\n",
  "-----BEGIN A-----\n",
  "<!--",
  "0x",
  "::",
  "10.",
  "A",
  "_",
];
/** With a tail that spoils what the run began well. */
const textsOfLength = (length: number): string[] =>
  pieces.flatMap((piece) => {
    const run = piece.repeat(Math.ceil(length / piece.length));
    return [`${run}!`, `/${run}\u0000`];
  });
const long = textsOfLength(20_000);
/** Here what is quadratic takes minutes. */
const longer = textsOfLength(400_000);
const headerLong = textsOfLength(16_000);

type Json = Record<string, unknown>;
type Path = (string | typeof item)[];
/** One element of a list. */
const item = Symbol("item");

const readOnly = new Set(["managedFields"]);

/** Paths to all texts of a type; a struct within itself is entered once. */
function* textsOf(type: FieldType, path: Path, inside: readonly StructType[]): Generator<Path> {
  switch (type.kind) {
    case "struct":
      if (inside.includes(type.struct)) return;
      for (const field of type.struct.list)
        if (!readOnly.has(field.name))
          yield* textsOf(field.type, [...path, field.name], [...inside, type.struct]);
      return;
    case "list":
      yield* textsOf(type.of, [...path, item], inside);
      return;
    case "map":
      yield* textsOf(type.of, [...path, "key"], inside);
      return;
    case "bool":
    case "int32":
    case "int64":
    case "float64":
      return;
    default:
      yield path;
  }
}

/** The object with a text at a path; lists on the way keep their other fields. */
function withText(object: unknown, [step, ...rest]: Path, text: string): unknown {
  if (step === undefined) return text;
  if (step === item) {
    const list = Array.isArray(object) ? object : [];
    return [withText(list[0], rest, text), ...list.slice(1)];
  }
  const fields = (typeof object === "object" && object !== null ? object : {}) as Json;
  return { ...fields, [step as string]: withText(fields[step as string], rest, text) };
}

const kinds: Resource[] = [...builtin.allStored()].filter((r) => r.verbs.includes("create"));
const collectionOf = (r: Resource): string => {
  const root = r.group ? `/apis/${r.apiVersion}` : `/api/${r.version}`;
  return r.namespaced ? `${root}/namespaces/default/${r.plural}` : `${root}/${r.plural}`;
};
const structOf = (r: Resource): StructType => r.schema.struct;

/** The same field of the same struct is read by the same code: asked once, in the first kind that holds it. */
const asked = new Set<string>();
function pathsOf(r: Resource): Path[] {
  const found: Path[] = [];
  const whole: FieldType = { kind: "struct", go: "", name: "", struct: structOf(r) };
  for (const path of textsOf(whole, [], [])) {
    const owner = ownerOf(structOf(r), path);
    if (asked.has(owner)) continue;
    asked.add(owner);
    found.push(path);
  }
  return found;
}

/** The struct nearest to a text, and the field's path from there. */
function ownerOf(root: StructType, path: Path): string {
  let name = root.name;
  let from = 0;
  let type: FieldType = { kind: "struct", go: "", name: "", struct: root };
  path.forEach((step, i) => {
    if (type.kind === "list" || type.kind === "map") type = type.of;
    else if (type.kind === "struct") {
      name = type.struct.name;
      from = i;
      type = type.struct.fields.get(step as string)!.type;
    }
  });
  return `${name} ${path.slice(from).map(String).join(".")}`;
}

const fields = new Map(kinds.map((r) => [r.id, pathsOf(r)]));

/** Every so-many-th text, another beginning for each field: together the fields meet all of them. */
const some = (from: readonly string[], place: number, every: number): string[] =>
  from.filter((_, i) => i % every === place % every);

const show = (path: Path, text: string): string =>
  `${path.map(String).join(".")} = ${JSON.stringify(text.slice(0, 12))}`;

/** Answers, whatever they are, of the API's own making; a long one is not read. */
function ask(
  world: World,
  [method, url, body, options]: Parameters<World["raw"]>,
  what: string,
): number {
  const answer = world.raw(method, url, body, options);
  const { status } = answer as Reply;
  if (status >= 500) expect.fail(`${what}: ${Buffer.from((answer as Reply).body).toString()}`);
  return status;
}

describe("every text field of every kind", { timeout: 180_000 }, () => {
  test.for(kinds)("$id", (r) => {
    const world = new World({ nodes: 1 });
    const url = `${collectionOf(r)}?dryRun=All`;
    const sample = sampleOf(r.apiVersion, r.kind, "f-1");
    fields.get(r.id)?.forEach((path, i) => {
      for (const text of [...some(long, i, 12), ...some(longer, i, 64)])
        ask(world, ["POST", url, withText(sample, path, text)], show(path, text));
    });
  });

  test("they are many", () => {
    expect(asked.size).toBeGreaterThan(600);
  });

  test("what is accepted is carried out, printed and patched", () => {
    let accepted = 0;
    for (const r of kinds) {
      let world = new World({ nodes: 1 });
      const url = collectionOf(r);
      const sample = sampleOf(r.apiVersion, r.kind, "f-1");
      for (const [i, path] of (fields.get(r.id) ?? []).entries()) {
        for (const text of some(long, i, 64)) {
          const status = ask(world, ["POST", url, withText(sample, path, text)], show(path, text));
          if (status !== 201) continue;
          accepted += 1;
          world.advance(4_000);
          world.rows(url);
          const patch = { metadata: { labels: { a: "b" } } };
          const type = "application/strategic-merge-patch+json";
          ask(world, ["PATCH", `${url}/f-1`, patch, { type }], show(path, text));
          world = new World({ nodes: 1 });
        }
      }
    }
    expect(accepted).toBeGreaterThan(50);
  });
});

describe("names that every object of JavaScript has", { timeout: 180_000 }, () => {
  const inherited = ["constructor", "__proto__"];

  test.for(kinds)("$id", (r) => {
    let world = new World({ nodes: 1 });
    const url = collectionOf(r);
    const sample = sampleOf(r.apiVersion, r.kind, "f-1");
    for (const [i, path] of (fields.get(r.id) ?? []).entries())
      for (const text of inherited) {
        // As a key of a map, too.
        const key = path.map((step) => (step === "key" ? text : step));
        const bodies = [withText(sample, path, text)];
        if (path.includes("key")) bodies.push(withText(sample, key, "a"));
        for (const body of bodies) {
          // Some are carried out as well.
          const real = i % 8 === 0;
          const to = real ? url : `${url}?dryRun=All`;
          if (ask(world, ["POST", to, body], show(path, text)) !== 201 || !real) continue;
          world.advance(2_500);
          world.rows(url);
          world = new World({ nodes: 1 });
        }
      }
  });
});

describe("what is no body", { timeout: 180_000 }, () => {
  const world = new World({ nodes: 1 });
  world.create(sampleOf("v1", "Pod", "f-1"), sampleOf("apps/v1", "Deployment", "f-1"));
  world.advance(3_000);
  const pods = "/api/v1/namespaces/default/pods";
  const parameters = [
    "labelSelector",
    "fieldSelector",
    "limit",
    "continue",
    "resourceVersion",
    "resourceVersionMatch",
    "timeoutSeconds",
    "watch",
    "dryRun",
    "fieldManager",
    "fieldValidation",
    "gracePeriodSeconds",
    "propagationPolicy",
    "pretty",
    "container",
    "command",
    "sinceTime",
    "sinceSeconds",
    "tailLines",
    "limitBytes",
    "ports",
    "path",
    "timeout",
    "stream",
    "sendInitialEvents",
    "follow",
  ];
  const urls = [
    pods,
    `${pods}/f-1`,
    `${pods}/f-1/log`,
    `${pods}/f-1/exec`,
    `${pods}/f-1/portforward`,
    `${pods}/f-1/proxy/`,
  ];

  test.for(parameters)("parameter %s", (name) => {
    for (const text of some(long, parameters.indexOf(name), 3))
      for (const url of urls)
        for (const given of [encodeURIComponent(text), text.replace(/[?#]/g, "")])
          world.raw("GET", `${url}?${name}=${given}`);
    for (const text of some(longer, parameters.indexOf(name), 8))
      world.raw("GET", `${pods}?${name}=${encodeURIComponent(text)}`);
  });

  const headers = [
    "accept",
    "content-type",
    "user-agent",
    "authorization",
    "impersonate-user",
    "impersonate-group",
    "impersonate-uid",
    "impersonate-extra-a",
    "accept-encoding",
    "if-none-match",
    "upgrade",
    "connection",
    "sec-websocket-protocol",
    "x-stream-protocol-version",
  ];
  test.for(headers)("header %s", (name) => {
    for (const text of some(headerLong, headers.indexOf(name), 3))
      for (const [method, url, body] of [
        ["GET", pods, undefined],
        ["GET", "/apis", undefined],
        ["GET", "/openapi/v2", undefined],
        ["POST", pods, "{}"],
        ["PATCH", `${pods}/f-1`, "{}"],
        ["GET", `${pods}/f-1/exec?command=ls&stdout=true`, undefined],
      ] as const)
        world.raw(method, url, body, { headers: { [name]: text } });
  });

  test("names in paths", () => {
    for (const text of [...long, ...some(longer, 0, 8)]) {
      const name = encodeURIComponent(text);
      for (const path of [
        `/${name}`,
        `/api/${name}`,
        `/api/v1/${name}`,
        `/apis/${name}/v1/pods`,
        `/api/v1/namespaces/${name}/pods`,
        `${pods}/${name}`,
        `${pods}/${name}/proxy/`,
        `${pods}/f-1/proxy/${name}`,
        `${pods}/f-1/proxy${text.replace(/[?#]/g, "")}`,
        `${pods}/f-1/${name}`,
        `/api/v1/namespaces/default/services/${name}/proxy/`,
        `/openapi/v3/${name}`,
        text.replace(/[?#]/g, ""),
      ])
        for (const method of ["GET", "DELETE"])
          world.raw(method, path.startsWith("/") ? path : `/${path}`);
    }
  });

  test("patches", () => {
    for (const text of [...long, ...some(longer, 1, 8)])
      for (const [type, body] of [
        ["application/json-patch+json", [{ op: "add", path: text, value: 1 }]],
        [
          "application/json-patch+json",
          [{ op: "copy", from: `/${text}`, path: `/metadata/labels/${text}` }],
        ],
        ["application/merge-patch+json", { [text]: text, metadata: { labels: { [text]: text } } }],
        [
          "application/strategic-merge-patch+json",
          { [`$setElementOrder/${text}`]: [text], $patch: text, spec: { $retainKeys: [text] } },
        ],
        ["application/apply-patch+yaml", text],
        ["application/apply-patch+yaml", `{"apiVersion":"v1","kind":${JSON.stringify(text)}}`],
      ] as const)
        world.raw("PATCH", `${pods}/f-1?fieldManager=x`, body, { type });
  });

  test("quantities", () => {
    for (const text of longer) quantityError(text);
  });
});
