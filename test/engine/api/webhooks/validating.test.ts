/** Validating webhooks: who is asked, what is refused and in which words, and what waiting for them means. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  config,
  configs,
  hook,
  pod,
  pods,
  rule,
  said,
  validating,
  validatingConfiguration,
  webhookWorld,
  type WebhookWorld,
} from "./webhook-world.ts";

describe("a validating webhook", () => {
  let world: WebhookWorld;
  beforeAll(() => {
    world = webhookWorld();
    world.make(
      validating,
      validatingConfiguration(
        "deny",
        hook("deny-unwanted-pod-container-name-and-label", "/pods", {
          rules: [rule("pods", ["CREATE"])],
          timeoutSeconds: 5,
        }),
        hook("deny-unwanted-configmap-data", "/configmaps"),
      ),
    );
  }, 180_000);

  test("denies what it does not want, in its own words", () => {
    expect(
      said(
        world.request("POST", configs, config("no", { "webhook-e2e-test": "webhook-disallow" })),
      ),
    ).toEqual([
      400,
      "the configmap contains unwanted key and value",
      'admission webhook "deny-unwanted-configmap-data.k8s.io" denied the request: the configmap contains unwanted key and value',
    ]);
    expect(
      said(
        world.request(
          "POST",
          pods,
          pod("no", { labels: { "webhook-e2e-test": "webhook-disallow" } }, "webhook-disallow"),
        ),
      ),
    ).toEqual([
      400,
      undefined,
      'admission webhook "deny-unwanted-pod-container-name-and-label.k8s.io" denied the request: the pod contains unwanted label; the pod contains unwanted container name;',
    ]);
    expect(world.request("GET", `${configs}/no`).status).toBe(404);
    world.check();
  });

  test("lets through what it wants, at once", () => {
    const before = world.now;
    expect(world.request("POST", configs, config("yes", { a: "b" })).status).toBe(201);
    expect(world.now).toBe(before);
  });

  test("sees updates, patches and deletions", () => {
    const bad = config("yes", { "webhook-e2e-test": "webhook-disallow" });
    expect(world.request("PUT", `${configs}/yes`, bad).status).toBe(400);
    const patch = { data: { "webhook-e2e-test": "webhook-disallow" } };
    const type = "application/merge-patch+json";
    expect(world.request("PATCH", `${configs}/yes`, patch, { type }).status).toBe(400);
    world.make(configs, config("kept", { "webhook-e2e-test": "webhook-nondeletable" }));
    expect(said(world.delete(`${configs}/kept`))).toEqual([
      400,
      "the configmap cannot be deleted because it contains unwanted key and value",
      'admission webhook "deny-unwanted-configmap-data.k8s.io" denied the request: the configmap cannot be deleted because it contains unwanted key and value',
    ]);
    world.request("PATCH", `${configs}/kept`, { data: null }, { type });
    expect(world.delete(`${configs}/kept`).status).toBe(200);
  });

  test("is asked about each object of a deletion of many, which is refused whole", () => {
    const count = 200;
    for (let i = 0; i < count; i++)
      world.make(configs, config(`many-${i}`, {}, { labels: { of: "many" } }));
    const some = `${configs}?labelSelector=of=many`;
    const kept = { data: { "webhook-e2e-test": "webhook-nondeletable" } };
    world.patch(`${configs}/many-${count - 1}`, kept);
    expect(said(world.delete(some))[0]).toBe(400);
    expect(world.get(some).items).toHaveLength(count);
    world.patch(`${configs}/many-${count - 1}`, { data: null });
    expect(world.delete(some).status).toBe(200);
    expect(world.get(some).items).toEqual([]);
    world.check();
  });

  test("that never answers has its whole timeout", () => {
    const before = world.now;
    const hanging = pod("hanging-pod", { labels: { "webhook-e2e-test": "wait-forever" } });
    expect(said(world.request("POST", pods, hanging))).toEqual([
      500,
      "InternalError",
      'Internal error occurred: failed calling webhook "deny-unwanted-pod-container-name-and-label.k8s.io": failed to call webhook: Post "https://e2e-test-webhook.default.svc:8443/pods?timeout=5s": context deadline exceeded',
    ]);
    expect(world.now - before).toBe(5_000);
    expect(world.request("GET", `${pods}/hanging-pod`).status).toBe(404);
  });
});
