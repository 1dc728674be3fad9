import { beforeEach, describe, expect, test } from "vitest";
import { builtin } from "../../../durable-objects/engine/api/discovery/registry.ts";
import { staticResponse } from "../../../durable-objects/engine/api/discovery/discovery.ts";
import { openArtefact, sealArtefact } from "../../../durable-objects/engine/index.ts";
import { Engine } from "../../../durable-objects/engine/index.ts";
import {
  age,
  ageColumn,
  column,
  nameColumn,
} from "../../../durable-objects/engine/kinds/columns.ts";
import type { Kind, ServedVersion } from "../../../durable-objects/engine/kinds/define.ts";
import type { KubeObject } from "../../../durable-objects/engine/core/object.ts";
import { invalid } from "../../../durable-objects/engine/machinery/field.ts";
import type { Reply } from "../../../durable-objects/engine/ports/request.ts";
import {
  kindOf,
  listOf,
  mapOf,
  objectOf,
  scalar,
  type OwnField,
} from "../../../durable-objects/engine/schema/own-types.ts";
import type {
  FieldType,
  ScalarKind,
  StructRef,
} from "../../../durable-objects/engine/schema/types.ts";
import { NodeSql } from "../../helpers/node-sql.ts";
import { World, type Answer } from "../../helpers/world.ts";

/** Kinds that come to a running engine, with a schema that nobody knew before. */

interface Shape {
  type: string;
  description?: string;
  properties?: Record<string, Shape>;
  items?: Shape;
  additionalProperties?: Shape;
  default?: unknown;
  keys?: string[];
}

/** Text as it may be read at run time. */
const definition = JSON.stringify({
  type: "object",
  properties: {
    spec: {
      type: "object",
      description: "When to run.",
      properties: {
        cronSpec: { type: "string", description: "Five fields." },
        image: { type: "string", default: "busybox" },
        replicas: { type: "int64" },
        free: { type: "any" },
        labels: { type: "object", additionalProperties: { type: "string" } },
        steps: {
          type: "array",
          keys: ["name"],
          items: {
            type: "object",
            properties: { name: { type: "string" }, run: { type: "string" } },
          },
        },
      },
    },
    status: {
      type: "object",
      properties: { replicas: { type: "int64" }, labelSelector: { type: "string" } },
    },
  },
});

function typeOf(name: string, shape: Shape): FieldType {
  if (shape.type === "array") return listOf(typeOf(`${name}Item`, shape.items as Shape));
  if (shape.additionalProperties) return mapOf(typeOf(`${name}Value`, shape.additionalProperties));
  if (shape.type === "object") return objectOf(name, fieldsOf(name, shape), shape.description);
  return scalar(shape.type as ScalarKind);
}

const fieldsOf = (name: string, { properties = {} }: Shape): Record<string, OwnField> =>
  Object.fromEntries(
    Object.entries(properties).map(([field, shape]) => [
      field,
      {
        type: typeOf(`${name}${field}`, shape),
        ...(shape.description ? { description: shape.description } : {}),
        ...(shape.default === undefined ? {} : { default: shape.default }),
        ...(shape.keys ? { listType: "map", listMapKeys: shape.keys } : {}),
      } satisfies OwnField,
    ]),
  );

const schemaOf = (version: string, text = definition): StructRef => {
  const name = `stable.example.com/${version}.CronTab`;
  return kindOf(name, fieldsOf(name, JSON.parse(text) as Shape), "Runs something often.");
};

interface CronTab extends KubeObject {
  spec?: { cronSpec?: string; image?: string; replicas?: number };
  status?: { replicas?: number };
}

const resource = "crontabs.stable.example.com";
const cronTab = (more: Partial<Kind<CronTab>> = {}): Kind => {
  const kind: Kind<CronTab> = {
    resource,
    apiVersion: "stable.example.com/v1",
    kind: "CronTab",
    schema: schemaOf("v1"),
    namespaced: true,
    discovery: { singular: "crontab", shortNames: ["ct"], categories: ["all"], status: true },
    scale: { selector: (object) => `app=${object.metadata.name}` },
    fields: ({ spec }) => ({ "spec.image": spec?.image ?? "" }),
    indices: [
      { name: "crontab.image", values: (object) => [(object as CronTab).spec?.image ?? ""] },
    ],
    validateCreate: ({ spec }) =>
      /^\S+( \S+){4}$/.test(spec?.cronSpec ?? "")
        ? []
        : [invalid("spec.cronSpec", spec?.cronSpec ?? "", "should have five fields")],
    table: {
      columns: [nameColumn, column("Spec", "When."), ageColumn],
      cells: (object, now) => [object.metadata.name, object.spec?.cronSpec ?? "", age(object, now)],
    },
    ...more,
  };
  return kind as unknown as Kind;
};

const base = "/apis/stable.example.com/v1/namespaces/default/crontabs";
const tab = (name: string, spec: object = {}): object => ({
  apiVersion: "stable.example.com/v1",
  kind: "CronTab",
  metadata: { name },
  spec: { cronSpec: "* * * * */5", ...spec },
});
const post = (name: string, spec: object = {}, query = ""): Answer =>
  world.request("POST", `${base}${query}`, tab(name, spec));

let world: World;
beforeEach(() => {
  world = new World();
  world.engine.registry.add(cronTab());
});

const discovered = (of = world): string[] =>
  of
    .get("/apis")
    .groups.map((group: { name: string }) => group.name)
    .filter((name: string) => name.endsWith("example.com"));

describe("what a kind brings with it", () => {
  test("is discovered in all forms, and gone again", () => {
    expect(discovered()).toEqual(["stable.example.com"]);
    const { resources } = world.get("/apis/stable.example.com/v1");
    expect(resources.map((r: { name: string }) => r.name)).toEqual([
      "crontabs",
      "crontabs/status",
      "crontabs/scale",
    ]);
    expect(resources[0]).toMatchObject({
      singularName: "crontab",
      shortNames: ["ct"],
      categories: ["all"],
    });
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    const aggregated = (): Answer => world.request("GET", "/apis", undefined, { accept });
    expect(aggregated().text).toContain("CronTab");
    const { etag } = aggregated().headers;

    world.engine.registry.remove(resource);
    expect(discovered()).toEqual([]);
    expect(aggregated().text).not.toContain("CronTab");
    expect(aggregated().headers["etag"]).not.toBe(etag);
    expect(world.request("GET", "/apis/stable.example.com/v1").status).toBe(404);
    expect(world.request("GET", base).text).toBe("404 page not found\n");
  });

  test("stands in both OpenAPI documents, with its own words", () => {
    const index = world.get("/openapi/v3").paths["apis/stable.example.com/v1"];
    const document = world.get(index.serverRelativeURL);
    const schema = document.components.schemas["com.example.stable.v1.CronTab"];
    expect(schema).toMatchObject({
      description: "Runs something often.",
      "x-kubernetes-group-version-kind": [
        { group: "stable.example.com", kind: "CronTab", version: "v1" },
      ],
    });
    expect(schema.properties.spec).toMatchObject({
      description: "When to run.",
      type: "object",
      properties: {
        cronSpec: { type: "string", description: "Five fields." },
        image: { type: "string", default: "busybox" },
        labels: { type: "object", additionalProperties: { type: "string" } },
        steps: { type: "array", "x-kubernetes-list-map-keys": ["name"] },
      },
    });
    expect(Object.keys(document.paths)).toContain(
      "/apis/stable.example.com/v1/namespaces/{namespace}/crontabs/{name}/scale",
    );
    expect(document.components.schemas["com.example.stable.v1.CronTabList"]).toMatchObject({
      required: ["items"],
    });
    const v2 = world.get("/openapi/v2");
    expect(v2.definitions["com.example.stable.v1.CronTab"].properties.spec.type).toBe("object");
    const { etag } = world.request("GET", "/openapi/v2").headers;

    world.engine.registry.remove(resource);
    expect(world.get("/openapi/v3").paths["apis/stable.example.com/v1"]).toBeUndefined();
    expect(Object.keys(world.get("/openapi/v2").definitions)).not.toContain(
      "com.example.stable.v1.CronTab",
    );
    expect(world.request("GET", "/openapi/v2").headers["etag"]).not.toBe(etag);
  });

  test("another schema for the same names has another document", () => {
    const address = (): string =>
      world.get("/openapi/v3").paths["apis/stable.example.com/v1"].serverRelativeURL;
    const first = address();
    const core = world.get("/openapi/v3").paths["api/v1"].serverRelativeURL;
    const text = definition.replace("Five fields.", "Five fields, or a macro.");
    world.engine.registry.add(cronTab({ schema: schemaOf("v1", text) }));
    expect(address()).not.toBe(first);
    expect(world.get(address()).components.schemas["com.example.stable.v1.CronTab"]).toMatchObject({
      properties: {
        spec: { properties: { cronSpec: { description: "Five fields, or a macro." } } },
      },
    });
    expect(world.get("/openapi/v3").paths["api/v1"].serverRelativeURL).toBe(core);
  });

  test("prunes, defaults and validates by it", () => {
    const free = { deep: { unknown: [1, 0, null] } };
    const made = post("a", { wrong: 1, replicas: 0, free, steps: [{ name: "s", extra: true }] });
    expect(made.status).toBe(201);
    expect(made.body.spec).toEqual({
      cronSpec: "* * * * */5",
      image: "busybox",
      replicas: 0,
      free,
      steps: [{ name: "s" }],
    });
    expect(made.body.metadata.generation).toBe(1);
    expect(made.headers["warning"]).toContain(String.raw`unknown field \"spec.wrong\"`);
    expect(post("b", { wrong: 1 }, "?fieldValidation=Strict").body.message).toContain(
      'strict decoding error: unknown field "spec.wrong"',
    );
    expect(post("c", { replicas: "many" }).status).toBe(400);
    const bad = post("d", { cronSpec: "never" });
    expect(bad.status).toBe(422);
    expect(bad.body.message).toBe(
      'CronTab.stable.example.com "d" is invalid: spec.cronSpec: Invalid value: "never": should have five fields',
    );
  });

  test("prints, also for who would rather have protobuf", () => {
    post("a");
    expect(world.print(base)).toMatch(/NAME +SPEC +AGE\na +\* \* \* \* \*\/5 +\d+s/);
    const answer = world.request("GET", `${base}/a`, undefined, {
      accept: "application/vnd.kubernetes.protobuf,application/json",
    });
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(answer.body.kind).toBe("CronTab");
    const only = world.request("GET", `${base}/a`, undefined, {
      accept: "application/vnd.kubernetes.protobuf",
    });
    expect(only.status).toBe(406);
  });

  test("merges lists by their keys on apply, and tells whose they are", () => {
    const apply = (manager: string, step: object): Answer =>
      world.request("PATCH", `${base}/a?fieldManager=${manager}`, tab("a", { steps: [step] }), {
        type: "application/apply-patch+yaml",
      });
    expect(apply("one", { name: "x", run: "1" }).status).toBe(201);
    const both = apply("two", { name: "y", run: "2" });
    expect(both.body.spec.steps).toEqual([
      { name: "x", run: "1" },
      { name: "y", run: "2" },
    ]);
    const conflict = apply("two", { name: "x", run: "3" });
    expect(conflict.status).toBe(409);
    expect(conflict.body.message).toContain('.spec.steps[name="x"].run');
  });

  test("has its status and scale apart", () => {
    post("a", { replicas: 1 });
    world.patch(`${base}/a`, { status: { replicas: 9 } });
    expect(world.get(`${base}/a`).status).toBeUndefined();
    world.patch(`${base}/a/status`, { status: { replicas: 9 }, spec: { replicas: 9 } });
    expect(world.get(`${base}/a`)).toMatchObject({
      spec: { replicas: 1 },
      status: { replicas: 9 },
    });
    world.patch(`${base}/a/scale`, { spec: { replicas: 4 } });
    expect(world.get(`${base}/a`).spec.replicas).toBe(4);
    expect(world.get(`${base}/a/scale`).status).toEqual({ replicas: 9, selector: "app=a" });
  });

  test("is seen through its other versions", () => {
    const view: ServedVersion = {
      apiVersion: "stable.example.com/v1beta1",
      kind: "CronTab",
      plural: "crontabs",
      schema: schemaOf("v1beta1"),
      storage: resource,
      fromStored: (object) => ({ ...object, apiVersion: "stable.example.com/v1beta1" }),
      toStored: (object) => ({ ...object, apiVersion: "stable.example.com/v1" }),
    };
    world.engine.registry.add(cronTab(), [view]);
    post("a");
    const seen = world.get("/apis/stable.example.com/v1beta1/namespaces/default/crontabs/a");
    expect(seen).toMatchObject({ apiVersion: view.apiVersion, spec: { image: "busybox" } });
    const group = world.get("/apis/stable.example.com");
    expect(group.versions.map((v: { version: string }) => v.version)).toEqual(["v1", "v1beta1"]);
    expect(group.preferredVersion.version).toBe("v1");
  });
});

describe("indices", () => {
  const named = (image: string): string[] =>
    world.engine.store.byIndex("crontab.image", image).map((object) => object.metadata.name);

  test("are built over what is there, and follow what comes", () => {
    world.engine.registry.add(cronTab({ indices: [] }));
    for (const name of ["c", "a", "b"]) post(name);
    expect(() => named("busybox")).toThrow("no index crontab.image");
    world.engine.registry.add(cronTab());
    expect(named("busybox")).toEqual(["a", "b", "c"]);
    world.patch(`${base}/b`, { spec: { image: "nginx" } });
    world.delete(`${base}/c`);
    expect(named("busybox")).toEqual(["a"]);
    expect(named("nginx")).toEqual(["b"]);
    world.engine.registry.remove(resource);
    expect(() => named("busybox")).toThrow("no index crontab.image");
    world.engine.registry.add(cronTab());
    expect(named("busybox")).toEqual(["a"]);
  });

  test("are built over what is still on disk when it is read", () => {
    post("a");
    world.evict();
    world.engine.registry.add(cronTab());
    expect(named("busybox")).toEqual(["a"]);
  });

  test("a name that another kind has is refused, and changes nothing", () => {
    const indices = [{ name: "pod.node", values: () => [] }];
    expect(() => world.engine.registry.add(cronTab({ indices }))).toThrow("one index pod.node");
    post("a");
    expect(named("busybox")).toEqual(["a"]);
  });
});

describe("watches", () => {
  const open = (query = ""): { next(): { type: string; name: string }[]; ended(): boolean } => {
    const opened = world.raw(
      "GET",
      `${base}?watch=true&resourceVersion=${world.engine.store.rv}${query}`,
    );
    if (opened.type !== "watch") throw new Error(JSON.stringify(opened));
    let { subscription } = opened;
    let over = false;
    return {
      ended: () => over,
      next: () => {
        const polled = world.engine.poll(subscription, world.now);
        subscription = polled.subscription;
        over = polled.ended;
        return polled.lines.map((text) => {
          const { type, object } = JSON.parse(text) as { type: string; object: KubeObject };
          return { type, name: object.metadata.name };
        });
      },
    };
  };

  test("tell of it, and end with it", () => {
    const watch = open();
    post("a");
    expect(watch.next()).toEqual([{ type: "ADDED", name: "a" }]);
    world.engine.registry.remove(resource);
    expect(watch.next()).toEqual([]);
    expect(watch.ended()).toBe(true);
  });

  test("by its own fields go on over a loss of memory", () => {
    post("a");
    const watch = open("&fieldSelector=spec.image%3Dbusybox");
    const rv = world.engine.store.rv;
    const others = world.raw("GET", `/api/v1/pods?watch=true&resourceVersion=${rv}`);
    if (others.type !== "watch") throw new Error("no watch");
    world.patch(`${base}/a`, { spec: { replicas: 2 } });
    world.evict();
    // Somebody else has what happened read before the kind is back.
    world.engine.poll(others.subscription, world.now);
    world.engine.registry.add(cronTab());
    expect(watch.next()).toEqual([{ type: "MODIFIED", name: "a" }]);
    world.patch(`${base}/a`, { spec: { image: "nginx" } });
    expect(watch.next()).toEqual([{ type: "DELETED", name: "a" }]);
  });
});

describe("whose it is", () => {
  test("one engine's alone", () => {
    const other = new World();
    expect(discovered(other)).toEqual([]);
    expect(other.request("POST", base, tab("a")).status).toBe(404);
    expect(() => other.engine.store.byIndex("crontab.image", "")).toThrow("no index");
    other.engine.registry.add(cronTab({ schema: schemaOf("v1", '{"type":"object"}') }));
    expect(other.request("POST", base, tab("a")).status).toBe(422);
    expect(post("a").status).toBe(201);
  });

  test("a fingerprint says whether it serves more than every cluster, whatever the order of coming", () => {
    const others = new World().engine.registry;
    expect(others.fingerprint).toBe("");
    const second = cronTab({
      resource: "wheels.stable.example.com",
      kind: "Wheel",
      schema: kindOf("stable.example.com/v1.Wheel", {}),
      indices: [],
    });
    const mine = world.engine.registry;
    const alone = mine.fingerprint;
    expect(alone).toMatch(/^[0-9a-f]{64}$/);
    mine.add(second);
    others.add(second);
    others.add(cronTab());
    expect(mine.fingerprint).toBe(others.fingerprint);
    expect(mine.fingerprint).not.toBe(alone);
    mine.remove("wheels.stable.example.com");
    expect(mine.fingerprint).toBe(alone);
    mine.remove(resource);
    expect(mine.fingerprint).toBe("");
  });

  test("with no kinds of its own it answers what the edge answers", () => {
    world.engine.registry.remove(resource);
    for (const path of ["/api", "/apis", "/apis/podyard.dev/v1", "/openapi/v3", "/openapi/v2"]) {
      const request = { method: "GET", path, query: "", headers: {} };
      const { body } = staticResponse(request) as Reply;
      expect(world.request("GET", path).body, path).toEqual(JSON.parse(String(body)));
    }
    expect(builtin.fingerprint).toBe("");
  });

  test("what is built in stays", () => {
    const pod = builtin.stored("pods")?.hooks as Kind;
    const names = { singular: "pod", shortNames: [], categories: [], status: true };
    expect(() => world.engine.registry.add({ ...pod, discovery: names })).toThrow("not built in");
    world.engine.registry.remove("pods");
    expect(world.pods("kube-system").length).toBeGreaterThan(0);
  });
});

describe("objects of a kind that is not served", () => {
  test("outlive evictions and checkpoints, and are as they were when it is back", () => {
    post("a", { free: { kept: true } });
    const before = world.get(`${base}/a`);
    for (let i = 0; i < 3; i++) {
      world.evict();
      Object.assign(world.engine.log.sizes, { checkpoint: 1 });
      world.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `other-${i}` } });
      world.advance(3_600_000);
    }
    expect(world.engine.log.meta("checkpoint")).toBeDefined();
    expect(world.request("GET", `${base}/a`).status).toBe(404);
    world.engine.registry.add(cronTab());
    expect(world.get(`${base}/a`)).toEqual(before);
  });

  test("keep no namespace and no owner from going", () => {
    world.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } });
    world.create({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "owner" } });
    const owner = world.get("/api/v1/namespaces/default/configmaps/owner").metadata;
    const ownerReferences = [
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        name: "owner",
        uid: owner.uid,
        blockOwnerDeletion: true,
      },
    ];
    const owned = { ...tab("owned"), metadata: { name: "owned", ownerReferences } };
    expect(world.request("POST", base, owned).status).toBe(201);
    const there = base.replace("default", "n");
    expect(world.request("POST", there, tab("a")).status).toBe(201);
    world.engine.registry.remove(resource);
    world.delete("/api/v1/namespaces/n");
    world.delete("/api/v1/namespaces/default/configmaps/owner", {
      propagationPolicy: "Foreground",
    });
    world.advance(60_000);
    expect(world.request("GET", "/api/v1/namespaces/n").status).toBe(404);
    expect(world.request("GET", "/api/v1/namespaces/default/configmaps/owner").status).toBe(404);
  });

  test("travel in a snapshot, which opens where their kind is not known either", () => {
    post("a");
    const sealed = sealArtefact(world.engine.snapshot(world.now));
    if (!("bytes" in sealed)) throw new Error(JSON.stringify(sealed));
    expect(openArtefact(sealed.bytes)).toHaveProperty("snapshot");
    const opened = openArtefact(sealed.bytes, world.engine.registry);
    if (!("snapshot" in opened)) throw new Error(opened.reason);
    const engine = Engine.restore(new NodeSql(), opened.snapshot, {
      nowMs: world.now,
      identity: { id: "other", secret: "of another" },
    });
    engine.registry.add(cronTab());
    expect(engine.store.byIndex("crontab.image", "busybox")).toHaveLength(1);
  });
});
