import { describe, expect, test } from "vitest";
import { Engine, openArtefact, sealArtefact } from "../../../../durable-objects/engine/index.ts";
import type { Reply } from "../../../../durable-objects/engine/ports/request.ts";
import { NodeSql } from "../../../helpers/node-sql.ts";
import { World, type Answer } from "../../../helpers/world.ts";

/** What becomes of custom resources: versions, schemas that change, owners, namespaces, snapshots and the past. */

const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const group = "stable.example.com";

interface Version {
  name: string;
  served?: boolean;
  storage?: boolean;
  deprecated?: boolean;
  properties?: object;
  subresources?: object;
}

const definition = (
  plural: string,
  kind: string,
  versions: Version[],
  names: object = {},
): object => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { plural, kind, ...names },
    versions: versions.map(({ properties = {}, served = true, storage = false, ...rest }) => ({
      served,
      storage,
      schema: { openAPIV3Schema: { type: "object", properties } },
      ...rest,
    })),
  },
});

const text = { type: "string" };
const path = (version: string, plural: string, name = "", namespace = "default"): string =>
  `/apis/${group}/${version}/namespaces/${namespace}/${plural}${name && `/${name}`}`;
const object = (version: string, kind: string, name: string, more: object = {}): object => ({
  apiVersion: `${group}/${version}`,
  kind,
  metadata: { name },
  ...more,
});

function install(world: World, given: object): Answer {
  const answer = world.request("POST", crds, given);
  world.advance(1000);
  return answer;
}

/** k8s: apiextensions-apiserver pkg/apiserver/customresource_handler.go crdConversionRESTOptionsGetter */
test("what is stored is filled by the version in which it is stored, whichever reads it", () => {
  const world = new World();
  const plain = { a: text, stored: text, shown: text };
  const filledBy = (name: string): object => ({ ...plain, [name]: { ...text, default: "yes" } });
  const versions = (first: object, second: object): Version[] => [
    { name: "v1", storage: true, properties: first },
    { name: "v2", properties: second },
  ];
  install(world, definition("fills", "Fill", versions(plain, plain)));
  world.request("POST", path("v1", "fills"), object("v1", "Fill", "a", { a: "1" }));
  const { spec } = definition("fills", "Fill", versions(filledBy("stored"), filledBy("shown"))) as {
    spec: object;
  };
  world.patch(`${crds}/fills.${group}`, { spec });
  world.advance(1000);
  for (const version of ["v1", "v2"]) {
    const read = world.get(path(version, "fills", "a"));
    expect(read).toMatchObject({ a: "1", stored: "yes" });
    expect(read.shown).toBe(undefined);
    expect(world.get(path(version, "fills")).items).toEqual([read]);
  }
  // What comes in is filled by the version that it comes in.
  const made = world.request("POST", path("v2", "fills"), object("v2", "Fill", "b"));
  expect(made.body).toMatchObject({ shown: "yes" });
  expect(world.get(path("v1", "fills", "b"))).toMatchObject({ shown: "yes", stored: "yes" });
});

test("nothing is stored that the storage version does not know", () => {
  const world = new World();
  install(
    world,
    definition("cuts", "Cut", [
      { name: "v1", storage: true, properties: { a: text } },
      { name: "v2", properties: { a: text, more: text } },
    ]),
  );
  const made = world.request("POST", path("v2", "cuts"), object("v2", "Cut", "a", { more: "x" }));
  expect(made.status).toBe(201);
  expect(world.engine.store.get(`cuts.${group}`, "default", "a")).not.toHaveProperty("more");
});

describe("versions", () => {
  const world = new World();
  install(
    world,
    definition("tabs", "Tab", [
      { name: "v1beta1", properties: { old: text }, deprecated: true },
      {
        name: "v1",
        storage: true,
        properties: { old: text, both: { type: "string", default: "b" } },
      },
    ]),
  );

  test("are told in the order of their stability, and each by its own schema", () => {
    const versions = world
      .get(`/apis/${group}`)
      .versions.map((v: { version: string }) => v.version);
    expect(versions).toEqual(["v1", "v1beta1"]);
    const made = world.request(
      "POST",
      path("v1beta1", "tabs"),
      object("v1beta1", "Tab", "a", { old: "x", both: "y" }),
    );
    expect(made.body).toMatchObject({ apiVersion: `${group}/v1beta1`, old: "x" });
    expect(made.body.both).toBeUndefined();
    expect(made.headers["warning"]).toContain(
      `${group}/v1beta1 Tab is deprecated; use ${group}/v1 Tab`,
    );
    expect(world.get(path("v1", "tabs", "a"))).toMatchObject({
      apiVersion: `${group}/v1`,
      both: "b",
    });
    expect(world.engine.store.get(`tabs.${group}`, "default", "a")?.apiVersion).toBe(`${group}/v1`);
  });

  test("another storage version reads what was stored before, and an unserved one is no path", () => {
    world.patch(
      `${crds}/tabs.${group}`,
      [
        { op: "replace", path: "/spec/versions/0/storage", value: true },
        { op: "replace", path: "/spec/versions/1/storage", value: false },
      ],
      "application/json-patch+json",
    );
    world.patch(
      `${crds}/tabs.${group}`,
      [{ op: "replace", path: "/spec/versions/0/served", value: false }],
      "application/json-patch+json",
    );
    expect(world.get(`${crds}/tabs.${group}`).status.storedVersions).toEqual(["v1", "v1beta1"]);
    expect(world.request("GET", path("v1beta1", "tabs")).status).toBe(404);
    expect(world.get(path("v1", "tabs", "a")).old).toBe("x");
    world.patch(path("v1", "tabs", "a"), { old: "z" });
    expect(world.engine.store.get(`tabs.${group}`, "default", "a")?.apiVersion).toBe(
      `${group}/v1beta1`,
    );
    expect(world.get(path("v1", "tabs")).items[0]).toMatchObject({
      apiVersion: `${group}/v1`,
      old: "z",
    });
    const gone = world.request(
      "PATCH",
      `${crds}/tabs.${group}`,
      [{ op: "remove", path: "/spec/versions/1" }],
      { type: "application/json-patch+json" },
    );
    expect(gone.body.message).toContain(
      'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version',
    );
  });
});

test("says null of versions that there are none of", () => {
  const world = new World();
  const metadata = { name: `tabs.${group}` };
  const names = { plural: "tabs", kind: "Tab" };
  const spec = { group, names, scope: "Cluster" };
  const apiVersion = "apiextensions.k8s.io/v1";
  const answer = world.request("POST", crds, {
    apiVersion,
    kind: "CustomResourceDefinition",
    metadata,
    spec,
  });
  expect(answer.body.message).toBe(
    `CustomResourceDefinition.apiextensions.k8s.io "tabs.${group}" is invalid: [spec.versions: Invalid value: null: must have exactly one version marked as storage version, status.storedVersions: Invalid value: null: must have at least one stored version]`,
  );
});

describe("a schema that changes", () => {
  const world = new World();
  const properties = { a: text, n: { type: "integer", maximum: 9 }, gone: text };
  install(world, definition("things", "Thing", [{ name: "v1", storage: true, properties }]));
  const at = path("v1", "things", "one");
  const set = (ops: object[]): Answer =>
    world.patch(`${crds}/things.${group}`, ops, "application/json-patch+json");
  const field = (name: string): string =>
    `/spec/versions/0/schema/openAPIV3Schema/properties/${name}`;
  world.request("POST", path("v1", "things"), object("v1", "Thing", "one", { n: 7, gone: "x" }));

  test("fills and prunes what was stored before, when it is read", () => {
    set([
      { op: "add", path: `${field("a")}/default`, value: "A" },
      { op: "remove", path: field("gone") },
    ]);
    expect(world.get(at)).toMatchObject({ a: "A", n: 7 });
    expect(world.get(at).gone).toBeUndefined();
    set([{ op: "remove", path: `${field("a")}/default` }]);
    expect(world.get(at).a).toBeUndefined();
  });

  test("lets pass what has not changed since, and nothing else", () => {
    set([{ op: "replace", path: `${field("n")}/maximum`, value: 5 }]);
    world.patch(at, { a: "new" });
    expect(world.get(at)).toMatchObject({ a: "new", n: 7 });
    const refused = world.request("PATCH", at, { n: 8 }, { type: "application/merge-patch+json" });
    expect(refused.body.message).toBe(
      'Thing.stable.example.com "one" is invalid: n: Invalid value: 8: n in body should be less than or equal to 5',
    );
  });

  test("watches see it in its form of now", () => {
    const opened = world.raw("GET", `${path("v1", "things")}?watch=true`);
    if (opened.type !== "watch") throw new Error(JSON.stringify(opened));
    expect(opened.lines.join("")).toContain('"a":"new"');
    world.delete(`${crds}/things.${group}`);
    world.advance(1000);
    expect(world.engine.poll(opened.subscription, world.now).ended).toBe(true);
  });
});

describe("what else there is", () => {
  const world = new World();
  const numbers = { type: "object", properties: { replicas: { type: "integer" } } };
  install(
    world,
    definition(
      "apps",
      "App",
      [
        {
          name: "v1",
          storage: true,
          properties: { spec: numbers, status: numbers },
          subresources: {
            status: {},
            scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
          },
        },
      ],
      { shortNames: ["a"] },
    ),
  );
  const make = (name: string, more: object = {}, namespace = "default"): Answer =>
    world.request("POST", path("v1", "apps", "", namespace), object("v1", "App", name, more));

  test("names that another has are refused until it goes", () => {
    const second = definition("others", "App", [{ name: "v1", storage: true }], {
      shortNames: ["a"],
    });
    install(world, second);
    const { status } = world.get(`${crds}/others.${group}`);
    expect(status.conditions[0]).toMatchObject({
      type: "NamesAccepted",
      status: "False",
      reason: "ListKindConflict",
      message: '"AppList" is already in use',
    });
    expect(world.request("GET", path("v1", "others")).status).toBe(404);
    world.delete(`${crds}/others.${group}`);
    world.advance(1000);
    expect(world.request("GET", `${crds}/others.${group}`).status).toBe(404);
  });

  test("its scale is read and written by its paths", () => {
    expect(make("a", { spec: { replicas: 1 } }).status).toBe(201);
    expect(make("none").status).toBe(201);
    world.patch(path("v1", "apps", "a/scale"), { spec: { replicas: 3 } });
    expect(world.get(path("v1", "apps", "a")).spec.replicas).toBe(3);
    expect(world.get(path("v1", "apps", "a/scale"))).toMatchObject({
      kind: "Scale",
      spec: { replicas: 3 },
    });
    expect(world.request("GET", path("v1", "apps", "none/scale")).body.message).toBe(
      'Internal error occurred: the spec replicas field ".spec.replicas" does not exist',
    );
    const missing = world.request("GET", path("v1", "apps", "a/nothing"));
    expect(missing.body.message).toBe('apps.stable.example.com "a" not found');
  });

  test("owners, quotas and namespaces take it along", () => {
    const { uid } = world.get(path("v1", "apps", "a")).metadata;
    const owner = { apiVersion: `${group}/v1`, kind: "App", name: "a", uid };
    world.request("POST", path("v1", "apps"), {
      ...object("v1", "App", "owned"),
      metadata: { name: "owned", ownerReferences: [owner] },
    });
    world.delete(path("v1", "apps", "a"));
    world.advance(5000);
    expect(world.request("GET", path("v1", "apps", "owned")).status).toBe(404);
    world.create(
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } },
      {
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: "q", namespace: "n" },
        spec: { hard: { [`count/apps.${group}`]: "1" } },
      },
    );
    world.advance(1000);
    expect(make("x", {}, "n").status).toBe(201);
    expect(make("y", {}, "n").body.message).toContain(
      `exceeded quota: q, requested: count/apps.${group}=1`,
    );
    world.delete("/api/v1/namespaces/n");
    world.advance(60_000);
    expect(world.request("GET", "/api/v1/namespaces/n").status).toBe(404);
    expect(world.engine.store.count(`apps.${group}`, "n")).toBe(0);
  });

  test("a snapshot, the past and an undo know it", () => {
    make("kept", { spec: { replicas: 2 } });
    const revision = world.engine.store.rv;
    const sealed = sealArtefact(world.engine.snapshot(world.now));
    if (!("bytes" in sealed)) throw new Error(JSON.stringify(sealed));
    const opened = openArtefact(sealed.bytes);
    if (!("snapshot" in opened)) throw new Error(opened.reason);
    const engine = Engine.restore(new NodeSql(), opened.snapshot, {
      nowMs: world.now,
      identity: { id: "other", secret: "of another" },
    });
    const asked = { method: "GET", path: path("v1", "apps", "kept"), query: "", headers: {} };
    const body = ({ body: given }: Reply): { spec: object } => JSON.parse(given as string);
    expect(body(engine.handle(asked, world.now) as Reply).spec).toEqual({ replicas: 2 });
    world.delete(`${crds}/apps.${group}`);
    world.advance(2000);
    expect(world.request("GET", path("v1", "apps")).status).toBe(404);
    expect(body(world.engine.at(revision, asked, world.now)).spec).toEqual({ replicas: 2 });
    world.engine.undo({ to: revision, by: "me" }, world.now);
    world.advance(2000);
    expect(world.get(path("v1", "apps", "kept")).spec).toEqual({ replicas: 2 });
  });

  test("finalizers keep an object, and the definition that waits for it; nothing new is made then", () => {
    world.patch(path("v1", "apps", "kept"), { metadata: { finalizers: ["mine"] } });
    world.delete(`${crds}/apps.${group}`);
    world.advance(2000);
    const refused = make("late");
    expect(refused.status).toBe(403);
    expect(refused.body.message).toBe(
      'apps.stable.example.com "late" is forbidden: create not allowed while custom resource definition is terminating',
    );
    world.advance(61_000);
    expect(world.get(`${crds}/apps.${group}`).status.conditions.at(-1).reason).toBe(
      "InstanceDeletionCheck",
    );
    world.patch(path("v1", "apps", "kept"), { metadata: { finalizers: null } });
    world.advance(1000);
    expect(world.request("GET", `${crds}/apps.${group}`).status).toBe(404);
  });
});
