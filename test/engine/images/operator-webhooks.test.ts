/** Operators whose images nobody simulates: their webhooks hold nobody up, and say that they do not decide. */
import { expect, test } from "vitest";
import {
  config,
  configs,
  hook,
  validating,
  validatingConfiguration,
  WebhookWorld,
} from "../api/webhooks/webhook-world.ts";

const image = "quay.io/jetstack/cert-manager-webhook:v1.16.1";

test("a stand-in that the API server asks allows everything, with a warning", () => {
  const world = new WebhookWorld();
  world.create(
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "webhook", labels: { app: "webhook" } },
      spec: {
        containers: [
          {
            name: "cert-manager-webhook",
            image,
            args: ["--v=2", "--secure-port=10250"],
            ports: [{ name: "https", containerPort: 10250 }],
          },
        ],
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "cert-manager-webhook" },
      spec: { selector: { app: "webhook" }, ports: [{ port: 443, targetPort: "https" }] },
    },
  );
  world.make(
    validating,
    validatingConfiguration(
      "cert-manager-webhook",
      // Its authority would be put in by another of the operator's Pods.
      hook("webhook", "/validate", {
        clientConfig: {
          service: { name: "cert-manager-webhook", namespace: "default", path: "/validate" },
        },
      }),
    ),
  );
  const early = world.request("POST", configs, config("early"));
  expect(early.body.message).toMatch(/connect: connection refused$/);
  world.until(() => world.pod("webhook").status.phase === "Running");
  world.advance(2_000);
  const { status, headers } = world.request("POST", configs, config("late"));
  expect(status).toBe(201);
  expect(headers["warning"]).toBe(
    `299 - "${image} is not simulated: what stands in for it allows everything"`,
  );
});
