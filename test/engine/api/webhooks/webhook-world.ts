/** A cluster with agnhost's webhook server, deployed as upstream's end-to-end tests do it. */
import type { EngineResponse } from "../../../../durable-objects/engine/ports/request.ts";
import { authority, serverCertificate, serverKey } from "../../../helpers/webhook-certificates.ts";
import { World, type Answer } from "../../../helpers/world.ts";

export const group = "/apis/admissionregistration.k8s.io/v1";
export const validating = `${group}/validatingwebhookconfigurations`;
export const mutating = `${group}/mutatingwebhookconfigurations`;
export const configs = "/api/v1/namespaces/default/configmaps";
export const pods = "/api/v1/namespaces/default/pods";

export const caBundle = btoa(authority);

export const rule = (
  resource: string,
  operations: string[] = ["CREATE", "UPDATE", "DELETE"],
  apiGroup = "",
): object => ({
  apiGroups: [apiGroup],
  apiVersions: ["*"],
  operations,
  resources: [resource],
});

export const service = (path: string, name = "e2e-test-webhook"): object => ({
  service: { namespace: "default", name, path, port: 8443 },
  caBundle,
});

export const hook = (name: string, path: string, more: object = {}): object => ({
  name: `${name}.k8s.io`,
  clientConfig: service(path),
  rules: [rule("configmaps")],
  sideEffects: "None",
  admissionReviewVersions: ["v1", "v1beta1"],
  ...more,
});

const configuration = (kind: string, name: string, webhooks: object[]): object => ({
  apiVersion: "admissionregistration.k8s.io/v1",
  kind,
  metadata: { name },
  webhooks,
});
export const validatingConfiguration = (name: string, ...webhooks: object[]): object =>
  configuration("ValidatingWebhookConfiguration", name, webhooks);
export const mutatingConfiguration = (name: string, ...webhooks: object[]): object =>
  configuration("MutatingWebhookConfiguration", name, webhooks);

export const config = (name: string, data: object = {}, metadata: object = {}): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, ...metadata },
  data,
});

export const pod = (name: string, metadata: object = {}, container = "main"): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, ...metadata },
  spec: {
    containers: [{ name: container, image: "registry.k8s.io/e2e-test-images/agnhost:2.63.0" }],
    terminationGracePeriodSeconds: 0,
  },
});

const server = (args: string[]): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "sample-webhook-deployment" },
  spec: {
    replicas: 1,
    selector: { matchLabels: { webhook: "true" } },
    template: {
      metadata: { labels: { webhook: "true" } },
      spec: {
        terminationGracePeriodSeconds: 0,
        volumes: [{ name: "webhook-certs", secret: { secretName: "sample-webhook-secret" } }],
        containers: [
          {
            name: "sample-webhook",
            image: "registry.k8s.io/e2e-test-images/agnhost:2.63.0",
            args: [
              ...args,
              "--tls-cert-file=/webhook.local.config/certificates/tls.crt",
              "--tls-private-key-file=/webhook.local.config/certificates/tls.key",
              "-v=4",
              "--port=8444",
            ],
            readinessProbe: {
              httpGet: { scheme: "HTTPS", port: 8444, path: "/readyz" },
              periodSeconds: 1,
            },
            ports: [{ containerPort: 8444 }],
            volumeMounts: [
              {
                name: "webhook-certs",
                readOnly: true,
                mountPath: "/webhook.local.config/certificates",
              },
            ],
          },
        ],
      },
    },
  },
});

export class WebhookWorld extends World {
  /** Waits, in virtual time, for what webhooks answer. */
  override answerOf(first: EngineResponse, withinMs = 60_000): Answer {
    if (first.type !== "held") return super.answerOf(first);
    let found: EngineResponse | undefined;
    this.until(() => (found = this.engine.pollHeld(first.id)) !== undefined, withinMs);
    return super.answerOf(found!);
  }

  make(path: string, object: object): void {
    const { status, text } = this.request("POST", path, object);
    if (status !== 201) throw new Error(text);
  }
}

/** `args`: of agnhost. Its Service listens on 8443, its Pod on 8444. */
export const serverObjects = (args: string[]): object[] => [
  {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "sample-webhook-secret" },
    data: { "tls.crt": btoa(serverCertificate), "tls.key": btoa(serverKey) },
  },
  server(args),
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "e2e-test-webhook" },
    spec: { selector: { webhook: "true" }, ports: [{ port: 8443, targetPort: 8444 }] },
  },
];

export function webhookWorld(args = ["webhook"]): WebhookWorld {
  const world = new WebhookWorld();
  world.create(...serverObjects(args));
  world.until(
    () =>
      world.get("/apis/apps/v1/namespaces/default/deployments/sample-webhook-deployment").status
        .readyReplicas === 1,
  );
  world.advance(2_000);
  return world;
}

export const said = ({ status, body }: Answer): unknown[] => [status, body.reason, body.message];
