import { describe, expect, test } from "vitest";
import { World, type Answer } from "../../../helpers/world.ts";

/** Kinds that users bring, from their definition to their end. */

const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const schema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      required: ["cronSpec"],
      properties: {
        cronSpec: { type: "string", pattern: "^\\S+( \\S+){4}$" },
        image: { type: "string", default: "busybox" },
        replicas: { type: "integer", minimum: 0, maximum: 10 },
        policy: { type: "string", enum: ["Allow", "Forbid"] },
      },
    },
    status: {
      type: "object",
      properties: { replicas: { type: "integer" }, selector: { type: "string" } },
    },
  },
};

const definition = (more: object = {}, version: object = {}): object => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "crontabs.stable.example.com" },
  spec: {
    group: "stable.example.com",
    scope: "Namespaced",
    names: { plural: "crontabs", kind: "CronTab", shortNames: ["ct"], categories: ["all"] },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: schema },
        subresources: {
          status: {},
          scale: {
            specReplicasPath: ".spec.replicas",
            statusReplicasPath: ".status.replicas",
            labelSelectorPath: ".status.selector",
          },
        },
        additionalPrinterColumns: [
          { name: "Spec", type: "string", jsonPath: ".spec.cronSpec" },
          { name: "Replicas", type: "integer", jsonPath: ".spec.replicas" },
          { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
        ],
        ...version,
      },
    ],
    ...more,
  },
});

const base = "/apis/stable.example.com/v1/namespaces/default/crontabs";
const tab = (name: string, spec: object = {}): object => ({
  apiVersion: "stable.example.com/v1",
  kind: "CronTab",
  metadata: { name },
  spec: { cronSpec: "* * * * */5", ...spec },
});

function installed(more: object = {}, version: object = {}): World {
  const world = new World();
  const made = world.request("POST", crds, definition(more, version));
  if (made.status !== 201) throw new Error(made.text);
  world.advance(1000);
  return world;
}

const post = (world: World, name: string, spec: object = {}): Answer =>
  world.request("POST", base, tab(name, spec));

describe("a definition", () => {
  test("is established, served, and takes its objects along when it goes", () => {
    const world = installed();
    const conditions = world.get(`${crds}/crontabs.stable.example.com`).status.conditions;
    expect(
      conditions.map((c: { type: string; reason: string }) => `${c.type} ${c.reason}`),
    ).toEqual(["NamesAccepted NoConflicts", "Established InitialNamesAccepted"]);
    const made = post(world, "a", { replicas: 2, extra: 1 });
    expect(made.status).toBe(201);
    expect(made.body.spec).toEqual({ cronSpec: "* * * * */5", image: "busybox", replicas: 2 });
    expect(made.headers["warning"]).toContain(String.raw`unknown field \"spec.extra\"`);
    expect(world.print(base)).toMatch(/NAME +SPEC +REPLICAS +AGE\na +\* \* \* \* \*\/5 +2 +\d+s/);
    const list = world.get(base);
    expect(list).toMatchObject({ kind: "CronTabList", items: [{ kind: "CronTab" }] });
    world.evict();
    expect(world.get(`${base}/a`).spec.image).toBe("busybox");
    const gone = world.delete(`${crds}/crontabs.stable.example.com`);
    expect(gone.body.status.conditions.at(-1)).toMatchObject({ reason: "InstanceDeletionPending" });
    world.advance(1000);
    expect(world.request("GET", `${crds}/crontabs.stable.example.com`).status).toBe(404);
    expect(world.request("GET", base).text).toBe("404 page not found\n");
    expect(world.engine.store.count("crontabs.stable.example.com")).toBe(0);
  });

  test("its objects are validated in upstream's words", () => {
    const world = installed();
    const bad = post(world, "b", { cronSpec: "never", replicas: 11, policy: "Maybe" });
    expect(bad.body.message).toBe(
      'CronTab.stable.example.com "b" is invalid: [spec.cronSpec: Invalid value: "never": spec.cronSpec in body should match \'^\\S+( \\S+){4}$\', spec.policy: Unsupported value: "Maybe": supported values: "Allow", "Forbid", spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10]',
    );
  });
});
