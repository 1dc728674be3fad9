/** A cluster with the definitions of the Gateway API: those of its release v1.6.1, without their descriptions. */
import { readFileSync } from "node:fs";
import { NetworkWorld, serviceOf, whoami } from "../../network/network-world.ts";

const group = "gateway.networking.k8s.io";
export const api = `/apis/${group}/v1`;
export const controllerName = "podyard.dev/gateway-controller";

interface Definition {
  metadata: { name: string; annotations: Record<string, string> };
  spec: { versions: object[] };
}

export const definitions = JSON.parse(
  readFileSync(new URL("../../../golden/gateway-api/definitions.json", import.meta.url), "utf8"),
) as Definition[];

/** Those of the experimental channel, as far as tests need them: rules of HTTPRoutes have `retry`. */
export const experimentalDefinitions = definitions.map((one): Definition => {
  const { metadata, spec } = structuredClone(one);
  metadata.annotations["gateway.networking.k8s.io/channel"] = "experimental";
  if (metadata.name.startsWith("httproutes."))
    for (const { schema } of spec.versions as Record<string, any>[])
      schema.openAPIV3Schema.properties.spec.properties.rules.items.properties.retry = {
        type: "object",
        properties: {
          attempts: { type: "integer" },
          backoff: { type: "string" },
          codes: { type: "array", items: { type: "integer" } },
        },
      };
  return { ...one, metadata, spec };
});

/** Type, status and reason of conditions. */
type Told = { type: string; status: string; reason: string };
export const words = (conditions: readonly Told[] = []): string[] =>
  conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);

export const gatewayOf = (name: string, listeners: object[], more: object = {}): object => ({
  apiVersion: `${group}/v1`,
  kind: "Gateway",
  metadata: { name, namespace: "default" },
  spec: { gatewayClassName: "podyard", listeners, ...more },
});

export const http = (more: object = {}): object => ({
  name: "http",
  port: 80,
  protocol: "HTTP",
  ...more,
});

export const routeOf = (name: string, spec: object, namespace = "default"): object => ({
  apiVersion: `${group}/v1`,
  kind: "HTTPRoute",
  metadata: { name, namespace },
  spec: { parentRefs: [{ name: "web", namespace: "default" }], ...spec },
});

export const grant = (
  namespace: string,
  kind: string,
  to: string,
  from = "default",
  name?: string,
): object => ({
  apiVersion: `${group}/v1beta1`,
  kind: "ReferenceGrant",
  metadata: { name: `from-${from}-${to.toLowerCase()}`, namespace },
  spec: {
    from: [{ group, kind, namespace: from }],
    to: [{ group: "", kind: to, ...(name ? { name } : {}) }],
  },
});

export class GatewayWorld extends NetworkWorld {
  constructor(all = definitions) {
    super(2);
    this.create(...all);
    this.advance(10_000);
  }

  // oxlint-disable-next-line no-explicit-any
  gateway(name: string, namespace = "default"): any {
    return this.get(`${api}/namespaces/${namespace}/gateways/${name}`);
  }

  // oxlint-disable-next-line no-explicit-any
  route(name: string, namespace = "default"): any {
    return this.get(`${api}/namespaces/${namespace}/httproutes/${name}`);
  }

  /** What a Gateway says of one of its listeners. */
  listener(gateway: string, name = "http"): { words: string[]; attached: number; kinds: string[] } {
    const all = this.gateway(gateway).status.listeners as {
      name: string;
      attachedRoutes: number;
      supportedKinds: { kind: string }[];
      conditions: Told[];
    }[];
    const found = all.find((one) => one.name === name)!;
    return {
      words: words(found.conditions),
      attached: found.attachedRoutes,
      kinds: found.supportedKinds.map(({ kind }) => kind),
    };
  }

  /** What a route says of its first parent. */
  parent(name: string, namespace = "default"): string[] {
    return words(this.route(name, namespace).status?.parents?.[0]?.conditions);
  }

  address(gateway = "web"): string {
    return this.gateway(gateway).status.addresses[0].value as string;
  }

  /** Pods that say their own names, each behind a Service of its name. */
  serve(...names: string[]): void {
    for (const name of names) {
      this.create(
        whoami(name),
        serviceOf(name, { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] }),
      );
    }
    this.settle();
  }
}
