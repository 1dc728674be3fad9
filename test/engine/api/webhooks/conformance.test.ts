/**
 * Upstream's conformance tests of admission webhooks, by their names, as far as they are not the subject of a test of their own:
 * denying and mutating objects (validating-webhooks, mutating-webhooks), timeouts and failures (webhook-failures).
 * k8s: test/e2e/apimachinery/webhook.go
 */
import { beforeEach, expect, test } from "vitest";
import {
  config,
  configs,
  group,
  hook,
  mutating,
  mutatingConfiguration,
  pod,
  pods,
  rule,
  said,
  service,
  validating,
  validatingConfiguration,
  webhookWorld,
  type WebhookWorld,
} from "./webhook-world.ts";

let world: WebhookWorld;
beforeEach(() => {
  world = webhookWorld();
}, 180_000);

const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const schemaOf = (prunes: boolean): object => ({
  openAPIV3Schema: {
    type: "object",
    properties: {
      data: {
        type: "object",
        ...(prunes
          ? {
              properties: {
                "mutation-start": { type: "string" },
                "mutation-stage-1": { type: "string" },
              },
            }
          : { "x-kubernetes-preserve-unknown-fields": true }),
      },
    },
  },
});

const definition = (versions: object[], metadata: object = {}): object => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "tests.webhook.example.com", ...metadata },
  spec: {
    group: "webhook.example.com",
    scope: "Namespaced",
    names: { plural: "tests", singular: "test", kind: "Test" },
    versions,
  },
});

const version = (name: string, storage: boolean, prunes = false): object => ({
  name,
  served: true,
  storage,
  schema: schemaOf(prunes),
});

function define(...versions: object[]): void {
  world.make(crds, definition(versions));
  world.settle(5_000);
}

const at = (of = "v1"): string => `/apis/webhook.example.com/${of}/namespaces/default/tests`;
const custom = (name: string, data: object, of = "v1"): object => ({
  apiVersion: `webhook.example.com/${of}`,
  kind: "Test",
  metadata: { name },
  data,
});
const onTests = {
  rules: [{ ...rule("tests", ["CREATE", "UPDATE", "DELETE"], "webhook.example.com") }],
};
const merge = { type: "application/merge-patch+json" };

test("should include webhook resources in discovery documents", () => {
  const found = world.get(group).resources.map(({ name }: { name: string }) => name);
  expect(found).toEqual(
    expect.arrayContaining(["mutatingwebhookconfigurations", "validatingwebhookconfigurations"]),
  );
});

test("should be able to deny attaching pod", () => {
  world.make(
    validating,
    validatingConfiguration(
      "attach",
      hook("deny-attaching-pod", "/pods/attach", { rules: [rule("pods/attach", ["CONNECT"])] }),
    ),
  );
  world.create(pod("to-be-attached-pod", {}, "container1"));
  world.until(() => world.pod("to-be-attached-pod").status.phase === "Running");
  const attach = (query: string): unknown[] =>
    said(world.request("GET", `${pods}/to-be-attached-pod/attach?${query}`));
  expect(attach("container=container1&stdin=true&stdout=true")).toEqual([
    400,
    undefined,
    `admission webhook "deny-attaching-pod.k8s.io" denied the request: attaching to pod 'to-be-attached-pod' is not allowed`,
  ]);
  // Without input it may; the server then asks for a protocol that this request does not speak.
  expect(attach("container=container1&stdout=true")[2]).not.toContain("denied");
});

test("should be able to deny custom resource creation, update and deletion", () => {
  define(version("v1", true));
  world.make(
    validating,
    validatingConfiguration(
      "cr",
      hook("deny-unwanted-custom-resource", "/custom-resource", onTests),
    ),
  );
  const no = 'admission webhook "deny-unwanted-custom-resource.k8s.io" denied the request: ';
  const bad = { "webhook-e2e-test": "webhook-disallow" };
  expect(said(world.request("POST", at(), custom("a", bad)))[2]).toBe(
    `${no}the custom resource contains unwanted data`,
  );
  world.make(at(), custom("a", { "webhook-e2e-test": "webhook-nondeletable" }));
  expect(world.request("PATCH", `${at()}/a`, { data: bad }, merge).status).toBe(400);
  expect(said(world.delete(`${at()}/a`))[2]).toBe(
    `${no}the custom resource cannot be deleted because it contains unwanted key and value`,
  );
  world.request("PATCH", `${at()}/a`, { data: { "webhook-e2e-test": "webhook-allow" } }, merge);
  expect(world.delete(`${at()}/a`).status).toBe(200);
});

test("should unconditionally reject operations on fail closed webhook", () => {
  const { caBundle: _, ...untrusted } = service("/configmaps") as { caBundle: string };
  world.make(
    validating,
    validatingConfiguration("closed", hook("fail-closed", "", { clientConfig: untrusted })),
  );
  expect(world.request("POST", configs, config("c")).body.reason).toBe("InternalError");
  // A new namespace gets its account all the same, although its kube-root-ca.crt is refused.
  world.make("/api/v1/namespaces", { metadata: { name: "fails-closed" } });
  world.advance(1_000);
  expect(world.get("/api/v1/namespaces/fails-closed/serviceaccounts/default").kind).toBe(
    "ServiceAccount",
  );
  expect(world.get("/api/v1/namespaces/fails-closed/configmaps").items).toEqual([]);
});

test("should mutate custom resource, with pruning too", () => {
  const stages = (): void =>
    world.make(
      mutating,
      mutatingConfiguration(
        "cr",
        hook("mutate-custom-resource-data-stage-1", "/mutating-custom-resource", onTests),
        hook("mutate-custom-resource-data-stage-2", "/mutating-custom-resource", onTests),
      ),
    );
  define(version("v1", true));
  stages();
  const start = { "mutation-start": "yes" };
  expect(world.request("POST", at(), custom("a", start)).body.data).toEqual({
    ...start,
    "mutation-stage-1": "yes",
    "mutation-stage-2": "yes",
  });
  world.patch(`${crds}/tests.webhook.example.com`, {
    spec: { versions: [version("v1", true, true)] },
  });
  world.settle(5_000);
  expect(world.request("POST", at(), custom("b", start)).body.data).toEqual({
    ...start,
    "mutation-stage-1": "yes",
  });
});

test("should mutate custom resource with different stored version", () => {
  define(version("v1", true), version("v2", false));
  world.make(
    mutating,
    mutatingConfiguration("cr", hook("stage-1", "/mutating-custom-resource", onTests)),
  );
  world.make(at(), custom("a", { "mutation-start": "yes" }));
  world.patch(`${crds}/tests.webhook.example.com`, {
    spec: { versions: [version("v1", false), version("v2", true)] },
  });
  world.settle(5_000);
  const patched = world.request("PATCH", `${at("v1")}/a`, { data: { dummy: "test" } }, merge);
  expect(patched.body).toMatchObject({
    apiVersion: "webhook.example.com/v1",
    data: { dummy: "test", "mutation-start": "yes", "mutation-stage-1": "yes" },
  });
});

test("an equivalent version counts, and is what the webhook sees", () => {
  define(version("v1", true), version("v2", false));
  const onV2 = {
    rules: [{ ...rule("tests", ["CREATE"], "webhook.example.com"), apiVersions: ["v2"] }],
  };
  world.make(mutating, mutatingConfiguration("v2", hook("v2", "/add-label", onV2)));
  const made = world.request("POST", at("v1"), custom("a", {}));
  expect(made.body).toMatchObject({
    apiVersion: "webhook.example.com/v1",
    metadata: { labels: { "added-label": "yes" } },
  });
  const exact = mutatingConfiguration(
    "v2",
    hook("v2", "/add-label", { ...onV2, matchPolicy: "Exact" }),
  );
  world.delete(`${mutating}/v2`);
  world.make(mutating, exact);
  expect(world.request("POST", at("v1"), custom("b", {})).body.metadata.labels).toBeUndefined();
});

test("should deny crd creation", () => {
  world.make(
    validating,
    validatingConfiguration(
      "crd",
      hook("deny-crd-with-unwanted-label", "/crd", {
        rules: [rule("customresourcedefinitions", ["CREATE"], "apiextensions.k8s.io")],
      }),
    ),
  );
  const bad = definition([version("v1", true)], {
    labels: { "webhook-e2e-test": "webhook-disallow" },
  });
  expect(said(world.request("POST", crds, { ...bad }))[2]).toBe(
    'admission webhook "deny-crd-with-unwanted-label.k8s.io" denied the request: the crd contains unwanted label',
  );
});

test("patching, updating and listing webhooks should work", () => {
  const labels = { "e2e-list-test-uuid": "x" };
  for (const name of ["a", "b", "c"]) {
    const made = validatingConfiguration(name, hook(name, "/configmaps")) as { metadata: object };
    world.make(validating, { ...made, metadata: { name, labels } });
  }
  const bad = config("bad", { "webhook-e2e-test": "webhook-disallow" });
  expect(world.request("POST", configs, bad).status).toBe(400);
  const listed = `${validating}?labelSelector=e2e-list-test-uuid%3Dx`;
  expect(world.get(listed).items).toHaveLength(3);
  // An update that takes an operation away.
  for (const name of ["a", "b"]) {
    const now = world.get(`${validating}/${name}`);
    now.webhooks[0].rules = [rule("configmaps", ["UPDATE"])];
    const updated = world.request("PUT", `${validating}/${name}`, now).body;
    expect(updated.metadata.generation).toBe(2);
  }
  world.patch(`${validating}/c`, {
    webhooks: [hook("c", "/configmaps", { rules: [rule("configmaps", ["UPDATE"])] })],
  });
  expect(world.request("POST", configs, bad).status).toBe(201);
  expect(world.delete(listed).status).toBe(200);
  expect(world.get(validating).items).toEqual([]);
  expect(world.print(mutating)).toBe("NAME   WEBHOOKS   AGE");
});

test("should be able to create and update validating webhook configurations with match conditions", () => {
  const matchConditions = [
    { name: "expression-1", expression: 'object.metadata.namespace == "production"' },
    { name: "expression-2", expression: "!('system:nodes' in request.userInfo.groups)" },
  ];
  world.make(
    validating,
    validatingConfiguration("m", hook("m", "/always-deny", { matchConditions })),
  );
  expect(world.get(`${validating}/m`).webhooks[0].matchConditions).toEqual(matchConditions);
  expect(world.request("POST", configs, config("c")).status).toBe(201);
  const broken = {
    webhooks: [hook("m", "/x", { matchConditions: [{ name: "x", expression: "..." }] })],
  };
  const refused = world.request("PATCH", `${validating}/m`, broken, merge);
  expect([refused.status, refused.body.message.includes("compilation failed")]).toEqual([
    422,
    true,
  ]);
});

test("bindings, evictions and the writes of components are seen as upstream has them", () => {
  const told = (name: string, resource: string, operation: string, expression: string): void => {
    const rules = [{ ...rule(resource, [operation]), apiGroups: ["*"] }];
    world.make(
      validating,
      validatingConfiguration(
        name,
        hook(name, "/always-deny", { rules, matchConditions: [{ name: "c", expression }] }),
      ),
    );
  };
  told(
    "binding",
    "pods/binding",
    "CREATE",
    "request.userInfo.username == 'system:kube-scheduler' && object.target.name != ''",
  );
  world.create(pod("p"));
  world.advance(2_000);
  expect(world.pod("p").spec.nodeName).toBeUndefined();
  expect(world.events("p").join()).toContain(
    "denied the request: this webhook denies all requests",
  );
  world.delete(`${validating}/binding`);
  world.until(() => world.pod("p").status.phase === "Running");
  told("eviction", "pods/eviction", "CREATE", "object.kind == 'Eviction' && request.name == 'p'");
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "p" } };
  expect(world.request("POST", `${pods}/p/eviction`, eviction).status).toBe(400);
  world.delete(`${validating}/eviction`);
  told(
    "controller",
    "pods",
    "DELETE",
    "request.userInfo.username == 'system:serviceaccount:kube-system:replicaset-controller'",
  );
  const scale = "/apis/apps/v1/namespaces/default/deployments/sample-webhook-deployment";
  world.patch(`${scale}/scale`, { spec: { replicas: 2 } });
  world.advance(10_000);
  world.patch(`${scale}/scale`, { spec: { replicas: 1 } });
  world.advance(5_000);
  expect(world.pods("default", "webhook=true")).toHaveLength(2);
  world.delete(`${validating}/controller`);
  world.until(() => world.pods("default", "webhook=true").length === 1);
  world.check();
});
