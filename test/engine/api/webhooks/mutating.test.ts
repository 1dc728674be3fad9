/** Mutating webhooks: what they make of objects, of users and of controllers, and what follows from it. */
import { beforeEach, describe, expect, test } from "vitest";
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
  validating,
  validatingConfiguration,
  webhookWorld,
  type WebhookWorld,
} from "./webhook-world.ts";

let world: WebhookWorld;
beforeEach(() => {
  world = webhookWorld(["webhook", "--sidecar-image=registry.k8s.io/pause:3.10"]);
}, 180_000);

const mutate = (...hooks: object[]): void =>
  world.make(mutating, mutatingConfiguration("mutating", ...hooks));

const onPods = { rules: [rule("pods", ["CREATE"])] };

test("one after the other, each sees what the one before made", () => {
  mutate(hook("stage-1", "/mutating-configmaps"), hook("stage-2", "/mutating-configmaps"));
  const answer = world.request("POST", configs, config("c", { "mutation-start": "yes" }));
  expect(answer.body.data).toEqual({
    "mutation-start": "yes",
    "mutation-stage-1": "yes",
    "mutation-stage-2": "yes",
  });
  expect(world.get(`${configs}/c`).data).toEqual(answer.body.data);
});

test("what they add gets its defaults", () => {
  mutate(hook("adding-init-container", "/mutating-pods", onPods));
  const { body } = world.request("POST", pods, pod("webhook-to-be-mutated"));
  expect(body.spec.initContainers).toMatchObject([
    {
      name: "webhook-added-init-container",
      image: "webhook-added-image",
      terminationMessagePolicy: "File",
      terminationMessagePath: "/dev/termination-log",
      imagePullPolicy: "Always",
    },
  ]);
  // What built-in rules do to every container, they do to this one: it was added before they had run for the last time.
  expect(body.spec.initContainers[0].volumeMounts[0].mountPath).toBe(
    "/var/run/secrets/kubernetes.io/serviceaccount",
  );
});

test("change Pods that controllers make, while the controller waits for nobody else", () => {
  mutate(hook("sidecar", "/mutating-pods-sidecar", onPods));
  world.create({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 5,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "web", image: "nginx:1.27" }] },
      },
    },
  });
  world.until(
    () => world.get("/apis/apps/v1/namespaces/default/deployments/web").status.readyReplicas === 5,
  );
  const made = world.pods("default", "app=web");
  expect(made).toHaveLength(5);
  expect(new Set(made.map(({ metadata }) => metadata.name)).size).toBe(5);
  for (const { spec } of made)
    expect(spec.containers.map(({ name }: { name: string }) => name)).toEqual([
      "web",
      "webhook-added-sidecar",
    ]);
});

test("are asked again where another changed the object since, if they say so", () => {
  const labels = hook("labels", "/add-label", { reinvocationPolicy: "IfNeeded" });
  mutate(labels, hook("stage-1", "/mutating-configmaps"));
  const answer = world.request("POST", configs, config("c", { "mutation-start": "yes" }));
  expect(answer.body.metadata.labels).toEqual({ "added-label": "yes" });
  expect(answer.body.data["mutation-stage-1"]).toBe("yes");
  // Asked once only: it does not say so.
  expect(answer.body.data["mutation-stage-2"]).toBeUndefined();
});

test("see no name that is still to be generated", () => {
  mutate(hook("labels", "/add-label"));
  const generated = { ...config(""), metadata: { generateName: "c-" } };
  const one = world.request("POST", configs, generated).body;
  const other = world.request("POST", configs, generated).body;
  expect(one.metadata.name).toMatch(/^c-[a-z0-9]{5}$/);
  expect(one.metadata.labels).toEqual({ "added-label": "yes" });
  expect(other.metadata.name).not.toBe(one.metadata.name);
  expect(other.metadata.uid).not.toBe(one.metadata.uid);
});

test("match by conditions, labels and namespaces", () => {
  const unless = [{ name: "skip", expression: 'object.metadata.name != "skip-me"' }];
  mutate(
    hook("conditions", "/add-label", {
      matchConditions: unless,
      objectSelector: { matchExpressions: [{ key: "skip", operator: "DoesNotExist" }] },
      namespaceSelector: {
        matchLabels: { "kubernetes.io/metadata.name": "default" },
      },
    }),
  );
  const labelled = (answer: { body: { metadata: { labels?: object } } }): object =>
    answer.body.metadata.labels ?? {};
  expect(labelled(world.request("POST", configs, config("a")))).toHaveProperty("added-label");
  expect(labelled(world.request("POST", configs, config("skip-me")))).toEqual({});
  const skipped = config("b", {}, { labels: { skip: "yes" } });
  expect(labelled(world.request("POST", configs, skipped))).toEqual({ skip: "yes" });
  const elsewhere = "/api/v1/namespaces/kube-public/configmaps";
  expect(labelled(world.request("POST", elsewhere, config("a")))).toEqual({});
});

test("conditions that do not compile are refused", () => {
  const bad = [{ name: "bad", expression: "... [] bad expression" }];
  const { body, status } = world.request(
    "POST",
    validating,
    validatingConfiguration("bad", hook("bad", "/always-deny", { matchConditions: bad })),
  );
  expect(status).toBe(422);
  expect(body.message).toContain("compilation failed");
});

test("cannot touch webhook configurations", () => {
  const all = { rules: [rule("*/*", ["*"], "*")] };
  world.make(validating, validatingConfiguration("deny-all", hook("deny", "/always-deny", all)));
  mutate(hook("label", "/add-label", all));
  const dummy = validatingConfiguration("dummy", hook("dummy", "/invalid"));
  expect(world.request("POST", validating, dummy).body.metadata.labels).toBeUndefined();
  for (const path of [`${validating}/dummy`, `${validating}/deny-all`, `${mutating}/mutating`])
    expect(world.delete(path).status).toBe(200);
});

test("may not be asked in a dry run if they have side effects", () => {
  world.make(
    mutating,
    mutatingConfiguration("effects", hook("fine", "/add-label", { sideEffects: "NoneOnDryRun" })),
  );
  expect(world.request("POST", `${configs}?dryRun=All`, config("a")).body.metadata.labels).toEqual({
    "added-label": "yes",
  });
  expect(world.request("GET", `${configs}/a`).status).toBe(404);
});

test("are told what upstream tells, in either version", () => {
  const { engine } = world;
  mutate(hook("old", "/add-label", { admissionReviewVersions: ["v1beta1"] }));
  expect(said(world.request("POST", configs, config("a")))[0]).toBe(201);
  expect(engine.faults).toEqual([]);
  expect(world.get(`${group}/mutatingwebhookconfigurations/mutating`).webhooks[0]).toMatchObject({
    failurePolicy: "Fail",
    matchPolicy: "Equivalent",
    namespaceSelector: {},
    objectSelector: {},
    reinvocationPolicy: "Never",
    timeoutSeconds: 10,
    rules: [{ scope: "*" }],
    clientConfig: { service: { port: 8443 } },
  });
});

describe("a Scale", () => {
  test("is changed for itself", () => {
    const answer = world.request(
      "PATCH",
      "/apis/apps/v1/namespaces/default/deployments/sample-webhook-deployment/scale",
      { spec: { replicas: 1 } },
      { type: "application/merge-patch+json" },
    );
    expect(answer.status).toBe(200);
  });
});
