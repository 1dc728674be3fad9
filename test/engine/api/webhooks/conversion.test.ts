/** Custom resources whose versions a webhook converts. k8s: test/e2e/apimachinery/crd_conversion_webhook.go */
import { beforeEach, expect, test } from "vitest";
import { caBundle, webhookWorld, type WebhookWorld } from "./webhook-world.ts";

let world: WebhookWorld;
beforeEach(() => {
  world = webhookWorld(["crd-conversion-webhook"]);
}, 180_000);

const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const name = "e2e-test-crds.stable.example.com";

const version = (of: "v1" | "v2", storage: boolean): object => ({
  name: of,
  served: true,
  storage,
  selectableFields: (of === "v1" ? [".hostPort"] : [".host", ".port"]).map((jsonPath) => ({
    jsonPath,
  })),
  schema: {
    openAPIV3Schema: {
      type: "object",
      properties:
        of === "v1"
          ? { hostPort: { type: "string" } }
          : { host: { type: "string" }, port: { type: "string" } },
    },
  },
});

const definition = (client: object = {}): object => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name },
  spec: {
    group: "stable.example.com",
    scope: "Namespaced",
    names: { plural: "e2e-test-crds", singular: "e2e-test-crd", kind: "E2eTestCrd" },
    versions: [version("v1", true), version("v2", false)],
    conversion: {
      strategy: "Webhook",
      webhook: {
        clientConfig: {
          caBundle,
          service: {
            namespace: "default",
            name: "e2e-test-webhook",
            path: "/crdconvert",
            port: 8443,
            ...client,
          },
        },
        conversionReviewVersions: ["v1", "v1beta1"],
      },
    },
  },
});

const at = (of: string): string =>
  `/apis/stable.example.com/${of}/namespaces/default/e2e-test-crds`;

const custom = (of: string, called: string, fields: object): object => ({
  apiVersion: `stable.example.com/${of}`,
  kind: "E2eTestCrd",
  metadata: { name: called },
  ...fields,
});

const define = (client: object = {}): void => {
  world.make(crds, definition(client));
  world.settle(5_000);
};

const storeAsV2 = (): void => {
  const versions = [version("v1", false), version("v2", true)];
  world.patch(`${crds}/${name}`, { spec: { versions } });
  world.settle(5_000);
};

test("one is read in another version", () => {
  define();
  world.make(at("v1"), custom("v1", "a", { hostPort: "localhost:8080" }));
  expect(world.get(`${at("v2")}/a`)).toMatchObject({
    apiVersion: "stable.example.com/v2",
    host: "localhost",
    port: "8080",
  });
  expect(world.get(`${at("v2")}/a`).hostPort).toBeUndefined();
  expect(world.get(`${at("v1")}/a`).hostPort).toBe("localhost:8080");
});

test("a list of objects stored in different versions comes in one", () => {
  define();
  world.make(at("v1"), custom("v1", "a", { hostPort: "localhost:8080" }));
  storeAsV2();
  const made = world.request("POST", at("v1"), custom("v1", "b", { hostPort: "other:1" }));
  expect(made.body).toMatchObject({ apiVersion: "stable.example.com/v1", hostPort: "other:1" });
  for (const one of ["v1", "v2"]) {
    const { items } = world.get(at(one));
    expect(items).toHaveLength(2);
    for (const item of items) {
      expect(item.apiVersion).toBe(`stable.example.com/${one}`);
      expect(item.hostPort !== undefined).toBe(one === "v1");
      expect(item.host !== undefined).toBe(one === "v2");
    }
  }
});

test("updates and patches are of the version that they come in", () => {
  define();
  world.make(at("v1"), custom("v1", "a", { hostPort: "localhost:8080" }));
  expect(world.patch(`${at("v2")}/a`, { host: "elsewhere" }).body).toMatchObject({
    host: "elsewhere",
    port: "8080",
  });
  expect(world.get(`${at("v1")}/a`).hostPort).toBe("elsewhere:8080");
});

test("a watch tells of objects when they are converted", () => {
  define();
  world.make(at("v1"), custom("v1", "a", { hostPort: "localhost:8080" }));
  const { metadata } = world.get(at("v1"));
  const watch = world.watch(`${at("v2")}?watch=1&resourceVersion=${metadata.resourceVersion}`);
  world.make(at("v1"), custom("v1", "b", { hostPort: "b:1" }));
  const events: { type: string; object: { host?: string } }[] = [];
  world.until(() => events.push(...watch.read()) > 0, 10_000);
  expect(events).toMatchObject([{ type: "ADDED", object: { host: "b", port: "1" } }]);
  expect([...world.engine.store.recordKeys("held-steps")]).toEqual([]);
  // One that ends in between leaves nothing behind.
  world.make(at("v1"), custom("v1", "c", { hostPort: "c:1" }));
  expect(watch.read()).toEqual([]);
  expect([...world.engine.store.recordKeys("held-steps")]).toHaveLength(1);
  world.advance(120_000);
  expect([...world.engine.store.recordKeys("held-steps")]).toEqual([]);
  world.check();
});

test("field selectors ask for the fields of their version, in lists and watches", () => {
  define();
  const { metadata } = world.get(at("v1"));
  const since = `watch=1&resourceVersion=${metadata.resourceVersion}`;
  const watches = [
    "v2?fieldSelector=host=a",
    "v2?fieldSelector=host=a,port=80",
    "v1?fieldSelector=hostPort=a:80",
  ]
    .map((one) => one.split("?"))
    .map(([of = "", selector]) => world.watch(`${at(of)}?${since}&${selector}`));
  for (const [called, host, port] of [
    ["one", "a", "80"],
    ["two", "a", "8080"],
    ["other", "b", undefined],
  ] as const)
    world.make(at("v2"), custom("v2", called, { host, ...(port ? { port } : {}) }));
  const names = (of: string, selector: string): string[] =>
    world
      .get(`${at(of)}?fieldSelector=${selector}`)
      .items.map((one: { metadata: { name: string } }) => one.metadata.name);
  expect(names("v2", "host=a")).toEqual(["one", "two"]);
  expect(names("v2", "host=a,port=80")).toEqual(["one"]);
  expect(names("v2", "metadata.name=two")).toEqual(["two"]);
  expect(names("v1", "hostPort=a:8080")).toEqual(["two"]);
  const seen = watches.map(() => [] as string[]);
  const look = (): void => {
    for (let i = 0; i < 20; i++) {
      watches.forEach((watch, at) => {
        for (const { type, object } of watch.read() as { type: string; object: any }[])
          seen[at]!.push(`${type} ${object.metadata.name} ${object.host ?? object.hostPort}`);
      });
      world.advance(500);
    }
  };
  look();
  expect(seen).toEqual([["ADDED one a", "ADDED two a"], ["ADDED one a"], ["ADDED one a:80"]]);
  world.request("DELETE", `${at("v2")}?fieldSelector=host=a,port=80`);
  world.patch(`${at("v2")}/two`, { host: "b" });
  look();
  expect(names("v2", "host=a")).toEqual([]);
  expect(
    seen.map((one) => one.slice(one.findLastIndex((text) => text.startsWith("ADDED")) + 1)),
  ).toEqual([["DELETED one a", "DELETED two a"], ["DELETED one a"], ["DELETED one a:80"]]);
  world.check();
});

test("what the webhook refuses, and what does not reach it, is said", () => {
  define();
  world.make(at("v1"), custom("v1", "a", { hostPort: "nonsense" }));
  const refused = world.request("GET", `${at("v2")}/a`);
  expect([refused.status, refused.body.message]).toEqual([
    500,
    "conversion webhook for stable.example.com/v1, Kind=E2eTestCrd failed: invalid hostPort value `nonsense`",
  ]);
  world.patch(`${crds}/${name}`, {
    spec: { conversion: { webhook: { clientConfig: { service: { name: "nobody" } } } } },
  });
  world.settle(5_000);
  expect(world.request("GET", `${at("v2")}/a`).body.message).toBe(
    'conversion webhook for stable.example.com/v1, Kind=E2eTestCrd failed: Post "https://nobody.default.svc:8443/crdconvert?timeout=30s": service "nobody" not found',
  );
  expect(world.request("GET", `${at("v1")}/a`).status).toBe(200);
});

test("memory lost between two reads changes nothing", () => {
  define();
  world.make(at("v1"), custom("v1", "a", { hostPort: "localhost:8080" }));
  const before = world.get(`${at("v2")}/a`);
  world.evict();
  expect(world.get(`${at("v2")}/a`)).toEqual(before);
});
