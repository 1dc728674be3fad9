/** kubectl in the cluster: its writes wait for webhooks as any client's do, and it shows their configurations. */
import { beforeEach, expect, test } from "vitest";
import {
  hook,
  serverObjects,
  validating,
  validatingConfiguration,
} from "../api/webhooks/webhook-world.ts";
import { KubectlWorld } from "./kubectl-world.ts";

let world: KubectlWorld;
beforeEach(() => {
  world = new KubectlWorld({ nodes: 1 }).begin();
  world.create(...serverObjects(["webhook"]));
  world.until(
    () =>
      world.get("/apis/apps/v1/namespaces/default/deployments/sample-webhook-deployment").status
        .readyReplicas === 1,
  );
  world.advance(2_000);
}, 180_000);

const ask = (name: string, path: string): void => {
  const made = validatingConfiguration(name, hook(name, path));
  expect(world.request("POST", validating, made).status).toBe(201);
};

test("a refusal is told, an answer is waited for", () => {
  ask("slow", "/always-allow-delay-5s");
  const before = world.now;
  expect(world.out("kubectl create configmap a --from-literal=k=v")).toBe("configmap/a created\n");
  expect(world.now - before).toBeGreaterThanOrEqual(5_000);
  world.delete(`${validating}/slow`);
  ask("deny", "/always-deny");
  expect(world.out("kubectl create configmap b --from-literal=k=v 2>&1; true")).toBe(
    'error: failed to create configmap: admission webhook "deny.k8s.io" denied the request: this webhook denies all requests\n',
  );
});

test("configurations are listed and described", () => {
  ask("deny", "/always-deny");
  expect(world.out("kubectl get validatingwebhookconfigurations")).toMatch(
    /^NAME +WEBHOOKS +AGE\ndeny +1 +\d+s\n$/,
  );
  const described = world.out("kubectl describe validatingwebhookconfiguration deny");
  expect(described).toMatch(/^Kind: +ValidatingWebhookConfiguration$/m);
  expect(described).toMatch(/^Webhooks:$/m);
  expect(described).toMatch(/^ {2}Failure Policy: +Fail$/m);
  expect(described).toMatch(/^ {2}Timeout Seconds: +10$/m);
});
