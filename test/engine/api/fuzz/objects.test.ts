/** The API against what nobody would send: no 5xx, no throw, and a refused request changes nothing. */
import * as fc from "fast-check";
import { load } from "js-yaml";
import { describe, expect, test } from "vitest";
import {
  builtin,
  type Resource,
} from "../../../../durable-objects/engine/api/discovery/registry.ts";
import {
  decodeProtobuf,
  encodeProtobuf,
} from "../../../../durable-objects/engine/schema/protobuf.ts";
import { World, type Answer, type RequestOptions } from "../../../helpers/world.ts";
import { junk, objectOf, words } from "./random-objects.ts";

/** Fixed, so that a run says the same twice; another by FUZZ_SEED, more by FUZZ_TIMES. */
const seed = Number(process.env["FUZZ_SEED"] ?? 20_260_101);
const times = Number(process.env["FUZZ_TIMES"] ?? 1);
/** Not served by this sandbox, told so on purpose. */
const deliberate = new Set([501, 503, 504]);

/**
 * A throw of ours answers with the reason InternalError. Upstream's own 500s, errors of storage and patches that its
 * handlers do not interpret, have none; and it, too, gives up on a list element without its key.
 */
const deliberateTexts = /associative list with keys/;

const served = [...builtin.allStored()].filter((r) => r.verbs.includes("create"));
const resources = fc.constantFrom(...served.map((r) => r.id));
const resourceOf = (id: string): Resource => served.find((r) => r.id === id) as Resource;

const random = (id: string): fc.Arbitrary<unknown> => {
  const { apiVersion, kind } = resourceOf(id);
  return objectOf(apiVersion, kind);
};

const collectionOf = (r: Resource): string => {
  const root = r.group ? `/apis/${r.apiVersion}` : `/api/${r.version}`;
  return r.namespaced ? `${root}/namespaces/default/${r.plural}` : `${root}/${r.plural}`;
};

/** One cluster for many requests: what came through stays and meets what comes. */
class Target {
  world = new World({ nodes: 1 });
  requests = 0;

  ask(method: string, url: string, body?: unknown, options: RequestOptions = {}): Answer {
    this.requests += 1;
    // A cluster that fills up would refuse everything; now and then it begins anew.
    if (this.requests > 400 && method === "POST") {
      this.requests = 0;
      this.world = new World({ nodes: 1 });
    }
    const { world } = this;
    world.engine.run(world.now);
    world.check();
    // With a million Pods still to make, work goes on in every turn.
    const idle = world.engine.nextDueMs(world.now) !== world.now;
    const before = {
      rv: world.engine.store.rv,
      count: world.engine.store.objectCount,
      rows: rows(world),
    };
    const raw = world.raw(method, url, body, options);
    if (raw.type !== "reply") return { status: 200, headers: {}, text: "", body: undefined };
    const protobuf = raw.headers["content-type"] === "application/vnd.kubernetes.protobuf";
    const text = protobuf
      ? JSON.stringify(decodeProtobuf(raw.body as Uint8Array).value)
      : typeof raw.body === "string"
        ? raw.body
        : new TextDecoder().decode(raw.body);
    const what = `${method} ${url} ${text.slice(0, 300)}`;
    const isYaml = raw.headers["content-type"] === "application/yaml";
    const read = isYaml ? load : (said: string): unknown => JSON.parse(said);
    if (raw.status >= 500 && !deliberate.has(raw.status)) {
      const { message = "", reason } = read(text) as { message?: string; reason?: string };
      const known = !reason || deliberateTexts.test(message);
      if (!known) expect.fail(`${raw.status}: ${what}`);
    }
    if (raw.status >= 400) {
      const after = {
        rv: world.engine.store.rv,
        count: world.engine.store.objectCount,
        rows: rows(world),
      };
      if (idle) expect(after, what).toEqual(before);
      // Paths outside the API have Go's own plain answer.
      const plain = raw.headers["content-type"]?.startsWith("text/plain") && raw.status === 404;
      if (!plain) expect(read(text), what).toMatchObject({ kind: "Status", code: raw.status });
    }
    const json = raw.headers["content-type"]?.includes("json");
    return {
      status: raw.status,
      headers: raw.headers,
      text,
      body: json ? JSON.parse(text) : undefined,
    };
  }
}

const rows = (world: World): number => world.engine.log.rowsWritten;

function check<T>(arbitrary: fc.Arbitrary<T>, numRuns: number, body: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, body), { seed, numRuns: numRuns * times });
}

/** What is stored is accepted back and stays what it is. */
function writesBack(
  target: Target,
  url: string,
  stored: { metadata: { name: string; uid?: string } },
): void {
  if (!stored.metadata?.uid) return;
  const one = `${url}/${stored.metadata.name}`;
  const read = target.ask("GET", one);
  if (read.status !== 200) return;
  const answer = target.ask("PUT", `${one}?dryRun=All&fieldValidation=Strict`, read.body);
  expect(answer.status, `${one}: ${answer.text.slice(0, 400)} of ${read.text.slice(0, 900)}`).toBe(
    200,
  );
}

describe("fuzz", { timeout: 120_000 }, () => {
  test("structured objects are created or refused, and what is stored is valid", () => {
    const target = new Target();
    const made = resources.chain((id) => fc.tuple(fc.constant(id), random(id)));
    let accepted = 0;
    check(made, 1_500, ([id, object]) => {
      const r = resourceOf(id);
      const url = collectionOf(r);
      const answer = target.ask("POST", url, object);
      if (answer.status !== 201) return;
      accepted += 1;
      if (!r.plural.endsWith("reviews")) writesBack(target, url, answer.body);
      target.world.engine.run(target.world.now + 100);
      target.world.check();
    });
    expect(accepted).toBeGreaterThan(100);
  });

  test("updates and patches of every type", () => {
    const target = new Target();
    const names = ["f-1", "f-2"];
    const types = fc.constantFrom(
      ...[
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
        "application/json-patch+json",
      ],
      ...["application/apply-patch+yaml", "application/json", "text/plain", ""],
    );
    const steps = fc.array(
      fc.record({
        op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test", "x"),
        path: fc.constantFrom(
          "/spec",
          "/metadata/labels",
          "/spec/replicas",
          "",
          "/",
          "x",
          "/spec/template/spec/containers/0",
          "/metadata/name",
          "/spec/a~2",
          "/metadata/finalizers/-",
        ),
        from: fc.constantFrom("/spec", "/metadata", "/nowhere"),
        value: junk,
      }),
      { maxLength: 3 },
    );
    const directives = fc.constantFrom(
      { $patch: "replace" },
      { $patch: "x" },
      { spec: { $retainKeys: ["a"] } },
      { spec: { template: { spec: { $setElementOrder: 1 } } } },
      { metadata: { $deleteFromPrimitiveList: 7 } },
      { spec: { template: { spec: { containers: [{ $patch: "delete" }] } } } },
    );
    const made = resources.chain((id) =>
      fc.record({
        id: fc.constant(id),
        first: random(id),
        name: fc.constantFrom(...names),
        patch: fc.oneof(random(id), steps, directives, junk),
        type: types,
        query: fc.constantFrom(
          "",
          "?dryRun=All",
          "?fieldManager=x&force=true",
          "?fieldManager=",
          "?dryRun=Some",
          "?fieldValidation=Strict",
        ),
        put: fc.boolean(),
      }),
    );
    check(made, 1_200, ({ id, first, name, patch, type, query, put }) => {
      const url = collectionOf(resourceOf(id));
      target.ask("POST", url, { ...(first as object), metadata: { name } });
      const one = `${url}/${name}${query}`;
      const answer = target.ask(put && type === "application/json" ? "PUT" : "PATCH", one, patch, {
        type,
      });
      if (answer.status === 200) target.ask("GET", `${url}/${name}`);
      target.world.engine.run(target.world.now);
      target.world.check();
    });
  });

  test("selectors, queries and paths", () => {
    const target = new Target();
    const piece = fc.oneof(
      words,
      fc.constantFrom(
        "pods",
        "default",
        "namespaces",
        "api",
        "apis",
        "v1",
        "apps",
        "status",
        "log",
        "scale",
        "%",
        "%2f",
        "%zz",
        "watch",
        "nodes",
        "proxy",
        "exec",
      ),
    );
    const path = fc
      .array(piece, { maxLength: 7 })
      .map((p) => `/${p.map((x) => x.replaceAll("?", "")).join("/")}`);
    const known = resources.map((id) => collectionOf(resourceOf(id)));
    const selector = fc
      .array(
        fc.constantFrom(
          "a",
          "b",
          "=",
          "==",
          "!=",
          "!",
          ",",
          " in ",
          "(",
          ")",
          " notin ",
          "metadata.name",
          "status.phase",
          "spec.nodeName",
          " ",
          "x/y",
          "é",
        ),
        { maxLength: 7 },
      )
      .map((p) => p.join(""));
    const parameter = fc.oneof(
      selector.map((s) => `labelSelector=${encodeURIComponent(s)}`),
      selector.map((s) => `fieldSelector=${encodeURIComponent(s)}`),
      fc
        .tuple(
          fc.constantFrom(
            "limit",
            "continue",
            "resourceVersion",
            "resourceVersionMatch",
            "timeoutSeconds",
            "watch",
            "pretty",
            "allowWatchBookmarks",
            "sendInitialEvents",
            "gracePeriodSeconds",
            "propagationPolicy",
            "dryRun",
            "container",
            "command",
          ),
          words,
        )
        .map(([k, v]) => `${k}=${encodeURIComponent(v)}`),
      fc.constantFrom(
        "limit=1",
        "resourceVersion=0",
        "%",
        "&&",
        "=",
        "limit=-1",
        "watch=true&resourceVersion=99999",
      ),
    );
    const method = fc.constantFrom(
      "GET",
      "GET",
      "GET",
      "DELETE",
      "POST",
      "PUT",
      "PATCH",
      "HEAD",
      "OPTIONS",
      "BREW",
    );
    const accept = fc.constantFrom(
      "application/json",
      "application/json;as=Table;v=v1;g=meta.k8s.io",
      "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
      "text/html",
      "",
      "application/vnd.kubernetes.protobuf",
      "application/yaml",
      ";;",
      "*/*",
    );
    const request = fc.record({
      method,
      url: fc.oneof(
        path,
        known,
        known.map((k) => `${k}/f-1`),
        known.map((k) => `${k}/f-1/status`),
      ),
      parameters: fc.array(parameter, { maxLength: 3 }),
      accept,
      body: fc.option(junk, { nil: undefined }),
    });
    check(request, 3_000, ({ method: verb, url, parameters, accept: wanted, body }) => {
      const query = parameters.length ? `?${parameters.join("&")}` : "";
      const carried = verb === "GET" || verb === "HEAD" ? undefined : body;
      target.ask(verb, `${url}${query}`, carried, { accept: wanted });
    });
  });

  test("bodies that are cut, twisted or not what they say", () => {
    const target = new Target();
    const protobuf = "application/vnd.kubernetes.protobuf";
    const whole = encodeProtobuf("apps/v1", "Deployment", {
      metadata: { name: "f-1", labels: { a: "b" } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { a: "b" } },
        template: {
          metadata: { labels: { a: "b" } },
          spec: { containers: [{ name: "c", image: "nginx", ports: [{ containerPort: 80 }] }] },
        },
      },
    });
    const twisted = fc
      .tuple(
        fc.nat(whole.length),
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 3 }),
      )
      .map(([cut, flips]) => {
        const bytes = whole.slice(0, Math.max(cut, 1));
        for (const [at, to] of flips) if (at < bytes.length) bytes[at] = to;
        return bytes;
      });
    const text = fc.constantFrom(
      "{",
      "[]",
      "null",
      "",
      "{}",
      '{"a":1}{',
      "a: b: c",
      "&a [*a]",
      "- x",
      '{"apiVersion":"apps/v1","kind":"Deployment","metadata":[]}',
      '{"kind":7}',
      "\u0000",
      "[".repeat(5_000),
      '{"metadata":{"name":"f-1","name":"f-2"}}',
    );
    const body = fc.oneof(
      twisted.map((bytes) => ({ bytes, type: protobuf })),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ bytes, type: protobuf })),
      fc
        .tuple(text, fc.constantFrom("application/json", "application/yaml", protobuf, "x"))
        .map(([t, type]) => ({ bytes: new TextEncoder().encode(t), type })),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ bytes, type: "application/json" })),
    );
    const urls = fc.constantFrom(
      "/apis/apps/v1/namespaces/default/deployments",
      "/api/v1/namespaces/default/pods",
      "/api/v1/namespaces",
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    );
    check(fc.tuple(urls, body), 2_500, ([url, { bytes, type }]) => {
      const answer = target.ask("POST", url, bytes, { type });
      if (answer.status === 201 && url.includes("/deployments")) {
        writesBack(target, url, answer.body);
        target.ask("DELETE", `${url}/${answer.body.metadata.name}`);
      }
    });
  });
});
