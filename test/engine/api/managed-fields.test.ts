import { structType, type StructType } from "../../../durable-objects/engine/schema/types.ts";
import { describe, expect, test } from "vitest";
import type {
  KubeObject,
  ManagedFieldsEntry,
} from "../../../durable-objects/engine/core/object.ts";
import {
  applyPatch,
  trackUpdate,
} from "../../../durable-objects/engine/api/managed-fields/managed-fields.ts";
import {
  forEachPath,
  parseFieldSet,
  printPath,
} from "../../../durable-objects/engine/api/managed-fields/field-set.ts";
import {
  parentManagedFields,
  scaleManagedFields,
} from "../../../durable-objects/engine/api/managed-fields/scale.ts";
import { decodeObject } from "../../../durable-objects/engine/schema/decode.ts";

type Json = Record<string, unknown>;
const T = (minute: number): string => `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z`;

const frozen = <V>(value: V): V => {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
};

interface Type {
  schema: StructType | undefined;
  apiVersion: string;
  kind: string;
}
const DEPLOYMENT: Type = {
  schema: structType("apps/v1.Deployment"),
  apiVersion: "apps/v1",
  kind: "Deployment",
};
const POD: Type = { schema: structType("core/v1.Pod"), apiVersion: "v1", kind: "Pod" };
const CONFIG: Type = {
  schema: structType("core/v1.ConfigMap"),
  apiVersion: "v1",
  kind: "ConfigMap",
};
const SERVICE: Type = { schema: structType("core/v1.Service"), apiVersion: "v1", kind: "Service" };

/** One object under a series of writes, a minute apart. */
class World {
  object: KubeObject | undefined;
  minute = 0;
  readonly type: Type;
  constructor(type: Type) {
    this.type = type;
  }
  private body(rest: Json): Json {
    const { metadata, ...more } = rest;
    return {
      apiVersion: this.type.apiVersion,
      kind: this.type.kind,
      metadata: { name: "x", namespace: "default", ...(metadata as Json) },
      ...more,
    };
  }
  private store(object: KubeObject): void {
    const metadata = { ...object.metadata, uid: "u-1", resourceVersion: String(this.minute) };
    this.object = frozen({ ...object, metadata });
  }
  apply(manager: string, rest: Json, more: { force?: boolean; subresource?: string } = {}): this {
    this.minute++;
    const { schema, apiVersion, kind } = this.type;
    this.store(
      applyPatch({
        schema,
        apiVersion,
        kind,
        current: this.object,
        applied: frozen(this.body(rest)),
        manager,
        force: false,
        now: T(this.minute),
        ...more,
      }),
    );
    return this;
  }
  update(manager: string, rest: Json, subresource = ""): this {
    this.minute++;
    const { schema, apiVersion } = this.type;
    const sent = this.body(rest);
    const after = decodeObject(schema!, sent).object as unknown as KubeObject;
    const managedFields = trackUpdate({
      schema,
      apiVersion,
      manager,
      subresource,
      now: T(this.minute),
      before: this.object,
      after: frozen(after),
    });
    this.store({ ...after, metadata: { ...after.metadata, managedFields } });
    return this;
  }
  get entries(): ManagedFieldsEntry[] {
    return this.object?.metadata.managedFields ?? [];
  }
  /** `manager/operation[/subresource] minute: paths` */
  get owners(): Record<string, string[]> {
    const out: Record<string, string[]> = {};
    for (const entry of this.entries) {
      const paths: string[] = [];
      forEachPath(parseFieldSet(entry.fieldsV1), (path) => paths.push(printPath(path)));
      const sub = entry.subresource ? `/${entry.subresource}` : "";
      const time = entry.time ? `@${Number(entry.time.slice(14, 16))}` : "";
      out[`${entry.manager}/${entry.operation}${sub}${time}`] = paths;
    }
    return out;
  }
  get spec(): Json {
    return (this.object as unknown as { spec: Json }).spec;
  }
  get data(): Json | undefined {
    return (this.object as unknown as { data?: Json }).data;
  }
}

const failure = (action: () => unknown): { code?: number; message: string; causes?: unknown } => {
  try {
    action();
  } catch (error) {
    const { code, message, details } = error as Json & { details?: { causes?: unknown } };
    return {
      code: code as number,
      message: message as string,
      ...(details?.causes ? { causes: details.causes } : {}),
    };
  }
  return { message: "no error" };
};

const container = (name: string, more: Json = {}): Json => ({ name, image: `${name}:1`, ...more });
const deployment = (more: Json = {}, pod: Json = { containers: [container("web")] }): Json => ({
  spec: {
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: pod },
    ...more,
  },
});

describe("recording ordinary writes", () => {
  test("a created Deployment reads as upstream writes it", () => {
    const world = new World(DEPLOYMENT).update("kubectl-create", {
      metadata: { labels: { app: "web" } },
      ...deployment(
        {
          replicas: 1,
          strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%" } },
        },
        {
          containers: [container("web", { ports: [{ containerPort: 80, protocol: "TCP" }] })],
          securityContext: {},
        },
      ),
    });
    expect(JSON.stringify(world.entries)).toBe(
      JSON.stringify([
        {
          manager: "kubectl-create",
          operation: "Update",
          apiVersion: "apps/v1",
          time: T(1),
          fieldsType: "FieldsV1",
          fieldsV1: {
            "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
            "f:spec": {
              "f:replicas": {},
              "f:selector": {},
              "f:strategy": { "f:rollingUpdate": { ".": {}, "f:maxSurge": {} }, "f:type": {} },
              "f:template": {
                "f:metadata": { "f:labels": { ".": {}, "f:app": {} } },
                "f:spec": {
                  "f:containers": {
                    'k:{"name":"web"}': {
                      ".": {},
                      "f:image": {},
                      "f:name": {},
                      "f:ports": {
                        ".": {},
                        'k:{"containerPort":80,"protocol":"TCP"}': {
                          ".": {},
                          "f:containerPort": {},
                          "f:protocol": {},
                        },
                      },
                      "f:resources": {},
                    },
                  },
                  "f:securityContext": {},
                },
              },
            },
          },
        },
      ]),
    );
  });

  test("a changed field moves to who changed it", () => {
    const world = new World(CONFIG)
      .update("a", { data: { x: "1", y: "1" } })
      .update("b", { data: { x: "1", y: "2", z: "1" } });
    expect(world.owners).toEqual({
      "a/Update@1": [".data", ".data.x"],
      "b/Update@2": [".data.y", ".data.z"],
    });
  });

  test("a removed field belongs to nobody, and who only removes gets no entry", () => {
    const world = new World(CONFIG)
      .update("a", { data: { x: "1", y: "1" } })
      .update("b", { data: { x: "1" } });
    expect(world.owners).toEqual({ "a/Update@1": [".data", ".data.x"] });
    world.update("b", {});
    expect(world.object?.metadata.managedFields).toBeUndefined();
  });

  test("a write that changes nothing keeps the very array", () => {
    const world = new World(CONFIG).update("a", { data: { x: "1" } });
    const before = world.entries;
    world.update("b", { data: { x: "1" } });
    expect(world.entries).toBe(before);
  });

  test("the same manager's entry grows and its time moves", () => {
    const world = new World(CONFIG)
      .update("a", { data: { x: "1" } })
      .update("a", { data: { x: "1", y: "1" } });
    expect(world.owners).toEqual({ "a/Update@2": [".data", ".data.x", ".data.y"] });
  });

  test("what Go prints as null is owned too", () => {
    const world = new World(POD).update(
      "kubelet",
      { spec: { containers: [] }, status: { conditions: [{ type: "Ready", status: "True" }] } },
      "status",
    );
    expect(world.owners["kubelet/Update/status@1"]).toEqual([
      ".status.conditions",
      '.status.conditions[type="Ready"]',
      '.status.conditions[type="Ready"].lastProbeTime',
      '.status.conditions[type="Ready"].lastTransitionTime',
      '.status.conditions[type="Ready"].status',
      '.status.conditions[type="Ready"].type',
    ]);
  });

  test("subresources have entries of their own and leave the rest alone", () => {
    const world = new World(DEPLOYMENT).update("kubectl", deployment({ replicas: 2 }));
    const spec = deployment({ replicas: 3 });
    world.update("controller", { ...spec, status: { replicas: 2 } }, "status");
    expect(world.owners["controller/Update/status@2"]).toEqual([".status.replicas"]);
    expect(world.owners["kubectl/Update@1"]).toContain(".spec.replicas");
    world.update("kubectl", { ...spec, status: { replicas: 9 } });
    expect(world.owners["controller/Update/status@2"]).toEqual([".status.replicas"]);
  });

  test("sets, keyed lists and duplicates", () => {
    const world = new World(POD).update("a", {
      metadata: { finalizers: ["b", "a"] },
      spec: { containers: [container("c", { env: [{ name: "E" }, { name: "E", value: "2" }] })] },
    });
    expect(world.owners["a/Update@1"]).toEqual([
      ".metadata.finalizers",
      '.metadata.finalizers[="a"]',
      '.metadata.finalizers[="b"]',
      '.spec.containers[name="c"]',
      '.spec.containers[name="c"].env',
      '.spec.containers[name="c"].image',
      '.spec.containers[name="c"].name',
      '.spec.containers[name="c"].resources',
      '.spec.containers[name="c"].env[name="E"]',
    ]);
  });

  test("an unnamed manager is called unknown", () => {
    expect(Object.keys(new World(CONFIG).update("", { data: { x: "1" } }).owners)).toEqual([
      "unknown/Update@1",
    ]);
  });

  test("appliers come first, then the older, then by name", () => {
    const world = new World(CONFIG)
      .update("z", { data: { x: "1" } })
      .update("b", { data: { x: "1", y: "1" } })
      .apply("late", { data: { q: "1" } });
    expect(Object.keys(world.owners)).toEqual(["late/Apply@3", "z/Update@1", "b/Update@2"]);
  });

  test("more than ten updaters fold into ancient-changes", () => {
    const world = new World(CONFIG);
    const data: Json = {};
    for (let i = 0; i < 12; i++) {
      data[`k${i}`] = "1";
      world.update(`m${String(i).padStart(2, "0")}`, { data: { ...data } });
    }
    const names = world.entries.map((e) => e.manager);
    expect(names).toHaveLength(10);
    expect(names).toContain("ancient-changes");
    expect(world.owners["ancient-changes/Update@3"]).toEqual([
      ".data",
      ".data.k0",
      ".data.k1",
      ".data.k2",
    ]);
    expect(names).toContain("m11");
  });
});

describe("managedFields that clients send", () => {
  const start = () => new World(CONFIG).update("a", { data: { x: "1" } });
  const entry = (more: Json = {}): Json => ({
    manager: "me",
    operation: "Update",
    apiVersion: "v1",
    time: T(30),
    fieldsType: "FieldsV1",
    fieldsV1: { "f:data": { "f:x": {} } },
    ...more,
  });
  test("are taken when they make sense", () => {
    const world = start().update("b", {
      metadata: { managedFields: [entry()] },
      data: { x: "1", y: "1" },
    });
    expect(world.owners).toEqual({ "b/Update@2": [".data.y"], "me/Update@30": [".data.x"] });
  });

  test.each([
    ["unknown operation", entry({ operation: "Guess" })],
    ["no version", entry({ apiVersion: "" })],
    ["no type", entry({ fieldsType: "" })],
    ["other type", entry({ fieldsType: "FieldsV2" })],
    ["no field set", entry({ fieldsV1: { nonsense: {} } })],
  ])("are passed over: %s", (_, bad) => {
    const world = start().update("b", { metadata: { managedFields: [bad] }, data: { x: "1" } });
    expect(world.owners).toEqual({ "a/Update@1": [".data", ".data.x"] });
  });

  test("one empty entry forgets all managers, until the next apply", () => {
    const world = start().update("b", { metadata: { managedFields: [{}] }, data: { x: "1" } });
    expect(world.object?.metadata.managedFields).toBeUndefined();
    world.update("b", { data: { x: "2" } });
    expect(world.object?.metadata.managedFields).toBeUndefined();
    world.apply("c", { data: { y: "1" } });
    expect(world.owners).toEqual({
      "c/Apply@4": [".data.y"],
      "before-first-apply/Update@4": [".data", ".data.x"],
    });
  });

  test("are ignored on subresources", () => {
    const world = start();
    const before = world.entries;
    world.update("b", { metadata: { managedFields: [entry()] }, data: { x: "1" } }, "status");
    expect(world.entries).toBe(before);
  });
});

describe("server-side apply", () => {
  test("creates, and owns what it names and nothing else", () => {
    const world = new World(DEPLOYMENT).apply("me", deployment({ replicas: 3 }));
    expect(world.owners).toEqual({
      "me/Apply@1": [
        ".spec.replicas",
        ".spec.selector",
        ".spec.template.metadata.labels.app",
        '.spec.template.spec.containers[name="web"]',
        '.spec.template.spec.containers[name="web"].image',
        '.spec.template.spec.containers[name="web"].name',
      ],
    });
    expect(world.spec.replicas).toBe(3);
  });

  test("applying the same again changes nothing, not even the time", () => {
    const world = new World(DEPLOYMENT).apply("me", deployment());
    const before = world.object as KubeObject;
    world.apply("me", deployment());
    expect(world.owners).toHaveProperty("me/Apply@1");
    expect({ ...world.object?.metadata, resourceVersion: "" }).toEqual({
      ...before.metadata,
      resourceVersion: "",
    });
  });

  test("equal values are shared, different ones conflict", () => {
    const world = new World(CONFIG)
      .apply("a", { data: { x: "1", y: "1" } })
      .apply("b", { data: { x: "1" } });
    expect(world.owners).toEqual({ "b/Apply": [".data.x"], "a/Apply@1": [".data.x", ".data.y"] });
    expect(failure(() => world.apply("b", { data: { x: "2" } }))).toEqual({
      code: 409,
      message: 'Apply failed with 1 conflict: conflict with "a": .data.x',
      causes: [{ reason: "FieldManagerConflict", message: 'conflict with "a"', field: ".data.x" }],
    });
  });

  test("force takes the field from the others", () => {
    const world = new World(CONFIG)
      .apply("a", { data: { x: "1", y: "1" } })
      .apply("b", { data: { x: "2" } }, { force: true });
    expect(world.owners).toEqual({ "a/Apply@1": [".data.y"], "b/Apply@2": [".data.x"] });
    expect(world.data).toEqual({ x: "2", y: "1" });
  });

  test("a conflict with an updater names its version and subresource", () => {
    const world = new World(DEPLOYMENT)
      .update("kubectl-client-side-apply", deployment({ replicas: 1 }))
      .update("hpa", deployment({ replicas: 5 }), "scale");
    expect(failure(() => world.apply("me", deployment({ replicas: 3 }))).message).toBe(
      'Apply failed with 1 conflict: conflict with "hpa" with subresource "scale" using apps/v1: .spec.replicas',
    );
  });

  test("several conflicts are grouped by manager, in order", () => {
    const world = new World(DEPLOYMENT)
      .update("zed", deployment({ replicas: 1, paused: true }))
      .apply("abe", { spec: { minReadySeconds: 5 } });
    const wanted = deployment(
      { replicas: 3, minReadySeconds: 6, paused: false },
      { containers: [container("web", { image: "web:2" })] },
    );
    expect(failure(() => world.apply("me", wanted))).toEqual({
      code: 409,
      message: [
        'Apply failed with 4 conflicts: conflicts with "abe":',
        "- .spec.minReadySeconds",
        'conflicts with "zed" using apps/v1:',
        "- .spec.paused",
        "- .spec.replicas",
        '- .spec.template.spec.containers[name="web"].image',
      ].join("\n"),
      causes: [
        ['conflict with "abe"', ".spec.minReadySeconds"],
        ['conflict with "zed" using apps/v1', ".spec.paused"],
        ['conflict with "zed" using apps/v1', ".spec.replicas"],
        ['conflict with "zed" using apps/v1', '.spec.template.spec.containers[name="web"].image'],
      ].map(([message, field]) => ({ reason: "FieldManagerConflict", message, field })),
    });
  });

  const removals: [string, (w: World) => World, Json, Json | undefined][] = [
    [
      "what only it owned goes",
      (w) => w.apply("a", { data: { x: "1", y: "1" } }),
      { data: { x: "1" } },
      { x: "1" },
    ],
    [
      "what another applier owns too stays",
      (w) => w.apply("a", { data: { x: "1", y: "1" } }).apply("b", { data: { y: "1" } }),
      { data: { x: "1" } },
      { x: "1", y: "1" },
    ],
    [
      "what an updater has taken over stays",
      (w) => w.apply("a", { data: { x: "1", y: "1" } }).update("u", { data: { x: "1", y: "2" } }),
      { data: { x: "1" } },
      { x: "1", y: "2" },
    ],
    [
      "what it never owned stays",
      (w) => w.apply("a", { data: { x: "1" } }).update("u", { data: { x: "1", z: "1" } }),
      {},
      { z: "1" },
    ],
    ["the last one takes the map along", (w) => w.apply("a", { data: { x: "1" } }), {}, undefined],
  ];
  test.each(removals)("no longer applied: %s", (_, before, next, data) => {
    const world = before(new World(CONFIG)).apply("a", next);
    expect(world.data).toEqual(data);
  });

  test("an item of a keyed list goes with all that is in it", () => {
    const two = { containers: [container("a"), container("b")] };
    const world = new World(POD).apply("me", { spec: two });
    world.update("kubelet", {
      spec: {
        containers: [container("a", { tty: true }), container("b", { stdin: true })],
      },
    });
    world.apply("me", { spec: { containers: [container("a")] } });
    expect(world.spec.containers).toEqual([{ name: "a", image: "a:1", resources: {}, tty: true }]);
    const alone = new World(POD).apply("me", { spec: two }).apply("me", {
      spec: { containers: [container("b")] },
    });
    expect(alone.spec.containers).toEqual([{ name: "b", image: "b:1", resources: {} }]);
  });

  test("a struct whose parts all go, goes from its updaters as well", () => {
    const world = new World(DEPLOYMENT)
      .update("u", { spec: { replicas: 1, template: { spec: { containers: [] } } } })
      .apply("k", { spec: { template: { spec: { containers: [container("a")] } } } })
      .apply("k", { spec: { paused: true } });
    expect(world.owners).toEqual({
      "k/Apply@3": [".spec.paused"],
      "u/Update@1": [".spec.replicas"],
    });
  });

  const orders: [string, string, string][] = [
    ["abc", "abc", "abc"],
    ["abc", "ca", "bca"],
    ["abc", "d", "abcd"],
    ["abc", "dbe", "adbce"],
    ["abcd", "db", "acdb"],
    ["", "ba", "ba"],
    ["ab", "", "ab"],
  ];
  test.each(orders)("live %j and applied %j merge in the order %j", (live, applied, expected) => {
    const list = (names: string) => ({ spec: { containers: [...names].map((n) => container(n)) } });
    const world = new World(POD).update("u", list(live)).apply("a", list(applied));
    expect((world.spec.containers as Json[]).map((c) => c.name).join("")).toBe(expected);
  });

  test("keys of list items may come from defaults", () => {
    const world = new World(SERVICE)
      .apply("a", { spec: { ports: [{ port: 80 }] } })
      .apply("a", { spec: { ports: [{ port: 80, protocol: "TCP", name: "web" }] } });
    expect(world.spec.ports).toMatchObject([{ port: 80, protocol: "TCP", name: "web" }]);
    expect(world.owners["a/Apply@2"]).toContain('.spec.ports[port=80,protocol="TCP"]');
  });

  test("atomic parts are replaced whole", () => {
    const world = new World(SERVICE)
      .apply("a", { spec: { selector: { app: "x", tier: "y" } } })
      .apply("a", { spec: { selector: { app: "z" } } });
    expect(world.spec.selector).toEqual({ app: "z" });
    expect(world.owners["a/Apply@2"]).toEqual([".spec.selector"]);
  });

  test("status is not for the main resource to own, spec not for the status subresource", () => {
    const world = new World(DEPLOYMENT).apply("a", {
      ...deployment(),
      status: { replicas: 3 },
    });
    expect(world.owners["a/Apply@1"]?.some((p) => p.startsWith(".status"))).toBe(false);
    world.apply("s", { spec: { replicas: 2 }, status: { replicas: 3 } }, { subresource: "status" });
    expect(world.owners["s/Apply/status@2"] ?? world.owners["s/Apply/status"]).toEqual([
      ".status.replicas",
    ]);
  });

  test("a custom resource without a type: maps granular, lists whole", () => {
    const world = new World({ schema: undefined, apiVersion: "example.com/v1", kind: "Thing" });
    const track = { apiVersion: "example.com/v1", kind: "Thing", schema: undefined };
    const body = (spec: Json) => ({
      apiVersion: "example.com/v1",
      kind: "Thing",
      metadata: { name: "x", labels: { a: "1" } },
      spec,
    });
    const apply = (manager: string, spec: Json) => {
      world.object = applyPatch({
        ...track,
        current: world.object,
        applied: body(spec),
        manager,
        force: false,
        now: T(++world.minute),
      });
      return world;
    };
    apply("a", { list: [{ x: 1 }], deep: { y: 1 } });
    apply("b", { deep: { z: 1 } });
    expect(world.spec).toEqual({ list: [{ x: 1 }], deep: { y: 1, z: 1 } });
    expect(world.owners["b/Apply@2"]).toEqual([
      ".spec",
      ".metadata.labels.a",
      ".spec.deep",
      ".spec.deep.z",
    ]);
  });
});

describe("refusals of apply", () => {
  const run = (rest: Json, type = DEPLOYMENT) => failure(() => new World(type).apply("me", rest));
  const wrong = "failed to create typed patch object (default/x; apps/v1, Kind=Deployment): ";
  const pod = ".spec.template.spec";
  const inPod = (spec: Json) => ({ spec: { template: { spec } } });
  test.each([
    [{ spec: { replicas: "3" } }, ".spec.replicas: expected numeric (int or float), got string"],
    [
      inPod({ containers: [{ name: "a", imagee: "x" }] }),
      `${pod}.containers[name="a"].imagee: field not declared in schema`,
    ],
    [
      inPod({ containers: [{ name: "a", env: [{ name: "E", value: 1 }] }] }),
      `${pod}.containers[name="a"].env[name="E"].value: expected string, got &value.valueUnstructured{Value:1}`,
    ],
    [
      inPod({ containers: [container("a"), container("a")] }),
      `${pod}.containers: duplicate entries for key [name="a"]`,
    ],
    [
      inPod({ containers: [{ image: "a" }] }),
      `${pod}.containers: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn't have default values for any key fields)`,
    ],
    [inPod({ containers: { name: "a" } }), `${pod}.containers: expected list, got &{map[name:a]}`],
    [inPod({ hostNetwork: "yes" }), `${pod}.hostNetwork: expected boolean, got &{yes}`],
    [{ spec: [1] }, ".spec: expected map, got &{[1]}"],
    [
      { spec: { replicas: "3", paused: 1 } },
      "errors:\n  .spec.replicas: expected numeric (int or float), got string\n  .spec.paused: expected boolean, got &{1}",
    ],
  ])("%j", (rest, text) => {
    expect(run(rest)).toEqual({ code: 500, message: wrong + text });
  });

  test("managedFields in the body", () => {
    expect(run({ metadata: { managedFields: [] } })).toEqual({
      code: 400,
      message: "metadata.managedFields must be nil",
    });
  });

  test("another kind or version", () => {
    const world = new World({ ...POD, kind: "Pod" });
    const attempt = (apiVersion: string, kind: string) =>
      failure(() =>
        applyPatch({
          ...world.type,
          current: undefined,
          applied: { apiVersion, kind },
          manager: "a",
          force: false,
          now: T(1),
        }),
      );
    expect(attempt("v1", "Node")).toEqual({
      code: 400,
      message: "invalid object type: /v1, Kind=Node",
    });
    expect(attempt("apps/v1", "Pod").message).toBe("invalid object type: apps/v1, Kind=Pod");
  });
});

describe("coming from client-side apply", () => {
  const annotation = "kubectl.kubernetes.io/last-applied-configuration";
  const start = (replicas: number) => {
    const configuration = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "x", namespace: "default" },
      ...deployment({ replicas: 1 }),
    };
    return new World(DEPLOYMENT).update("kubectl-client-side-apply", {
      metadata: { annotations: { [annotation]: JSON.stringify(configuration) } },
      ...deployment({ replicas }),
    });
  };
  test("kubectl may change what it had applied itself, and renews the annotation", () => {
    const world = start(1).apply("kubectl", deployment({ replicas: 3 }));
    expect(world.spec.replicas).toBe(3);
    const text = world.object?.metadata.annotations?.[annotation] as string;
    expect(text.endsWith("}\n")).toBe(true);
    expect((JSON.parse(text) as { spec: Json }).spec.replicas).toBe(3);
  });

  test("but not what was changed since", () => {
    expect(failure(() => start(2).apply("kubectl", deployment({ replicas: 3 }))).message).toBe(
      'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas',
    );
  });

  test("and no other manager may", () => {
    expect(failure(() => start(1).apply("other", deployment({ replicas: 3 }))).code).toBe(409);
  });
});

describe("scale", () => {
  const world = new World(DEPLOYMENT)
    .apply("a", deployment({ replicas: 3 }))
    .update("u", deployment({ replicas: 3, paused: true }));
  test("shows who owns the replicas", () => {
    expect(scaleManagedFields(world.entries)).toEqual([
      {
        manager: "a",
        operation: "Apply",
        apiVersion: "autoscaling/v1",
        time: T(1),
        fieldsType: "FieldsV1",
        fieldsV1: { "f:spec": { "f:replicas": {} } },
      },
    ]);
  });

  test("who takes them there has them here", () => {
    const taken: ManagedFieldsEntry = {
      manager: "hpa",
      operation: "Update",
      apiVersion: "autoscaling/v1",
      time: T(9),
      fieldsType: "FieldsV1",
      fieldsV1: { "f:spec": { "f:replicas": {} } },
      subresource: "scale",
    };
    const after = parentManagedFields(world.entries, [taken], "apps/v1") ?? [];
    const spec = (e: ManagedFieldsEntry | undefined) => e?.fieldsV1?.["f:spec"] as Json;
    expect(after.map((e) => [e.manager, e.apiVersion, "f:replicas" in spec(e)])).toEqual([
      ["a", "apps/v1", false],
      ["hpa", "apps/v1", true],
      ["u", "apps/v1", false],
    ]);
  });

  test("nothing taken, nothing changed", () => {
    const scale = scaleManagedFields(world.entries);
    expect(parentManagedFields(world.entries, scale, "apps/v1")).toEqual(world.entries);
  });
});
