import { describe, expect, test } from "vitest";
import { World } from "../../../helpers/world.ts";

/** Definitions of the shapes that certificates, applications, gateways and monitors have in the world outside. */

interface Shape {
  group: string;
  version?: string;
  kind: string;
  names?: object;
  spec: string;
  subresources?: string;
  columns?: string;
}

const lines = (text: string, indent: number): string =>
  text
    .trim()
    .split("\n")
    .map((line) => " ".repeat(indent) + line)
    .join("\n");

const manifest = ({ group, version = "v1", kind, names = {}, spec, ...rest }: Shape): string => {
  const plural = `${kind.toLowerCase()}s`;
  return `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${plural}.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: ${JSON.stringify({ plural, kind, ...names })}
  versions:
  - name: ${version}
    served: true
    storage: true
    subresources: ${rest.subresources ?? "{status: {}}"}
    additionalPrinterColumns:
${lines(rest.columns ?? "- {name: Age, type: date, jsonPath: .metadata.creationTimestamp}", 4)}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          apiVersion: {type: string}
          kind: {type: string}
          metadata: {type: object}
          spec:
            type: object
${lines(spec, 12)}
          status:
            type: object
            x-kubernetes-preserve-unknown-fields: true
`;
};

const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

class Shaped extends World {
  readonly at: string;
  readonly type: { apiVersion: string; kind: string };

  constructor(shape: Shape) {
    super();
    const { group, version = "v1", kind } = shape;
    const plural = `${kind.toLowerCase()}s`;
    this.create(manifest(shape));
    this.advance(1000);
    const { conditions } = this.get(`${crds}/${plural}.${group}`).status;
    expect(conditions.map((one: { type: string }) => one.type)).toContain("Established");
    this.at = `/apis/${group}/${version}/namespaces/default/${plural}`;
    this.type = { apiVersion: `${group}/${version}`, kind };
  }

  post(name: string, spec: object, more: object = {}): ReturnType<World["request"]> {
    return this.request("POST", this.at, { ...this.type, metadata: { name }, spec, ...more });
  }

  server(name: string, manager: string, spec: object): ReturnType<World["request"]> {
    return this.request(
      "PATCH",
      `${this.at}/${name}?fieldManager=${manager}`,
      { ...this.type, metadata: { name }, spec },
      { type: "application/apply-patch+yaml" },
    );
  }
}

describe("a certificate", () => {
  const world = new Shaped({
    group: "certs.example.com",
    kind: "Certificate",
    names: { shortNames: ["crt"], categories: ["certs"] },
    columns: `
- {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
- {name: Secret, type: string, jsonPath: .spec.secretName}
- {name: Issuer, type: string, jsonPath: .spec.issuerRef.name, priority: 1}
- {name: Until, type: date, jsonPath: .status.notAfter}`,
    spec: `
required: [secretName, issuerRef]
properties:
  secretName: {type: string, minLength: 1}
  duration: {type: string, format: duration}
  dnsNames: {type: array, items: {type: string}, x-kubernetes-list-type: atomic}
  usages: {type: array, items: {type: string, enum: [signing, server auth, client auth]}}
  issuerRef:
    type: object
    required: [name]
    properties: {name: {type: string}, kind: {type: string, default: Issuer}}
  privateKey:
    type: object
    properties:
      algorithm: {type: string, enum: [RSA, ECDSA]}
      size: {type: integer, minimum: 256, maximum: 8192}`,
  });

  test("has what it must, and its issuer is filled in", () => {
    const made = world.post("web", { secretName: "tls", issuerRef: { name: "ca" } });
    expect(made.body.spec.issuerRef).toEqual({ name: "ca", kind: "Issuer" });
    const wrong = world.post("bad", {
      secretName: "",
      duration: "long",
      usages: ["signing", "reading"],
      privateKey: { size: 64 },
    });
    expect(wrong.status).toBe(422);
    for (const text of [
      "spec.issuerRef: Required value",
      'spec.secretName: Invalid value: "": spec.secretName in body should be at least 1 chars long',
      'spec.duration: Invalid value: "long": spec.duration in body must be of type duration: "long"',
      'spec.usages[1]: Unsupported value: "reading": supported values: "signing", "server auth", "client auth"',
      "spec.privateKey.size: Invalid value: 64: spec.privateKey.size in body should be greater than or equal to 256",
    ])
      expect(wrong.body.message).toContain(text);
  });

  test("shows its condition, and the moment until which it is good as what is left of it", () => {
    const web = world.get(`${world.at}/web`);
    const notAfter = new Date(world.now - 90_000).toISOString().replace(".000", "");
    const status = { notAfter, conditions: [{ type: "Ready", status: "True" }] };
    world.request("PUT", `${world.at}/web/status`, { ...web, status });
    const table = world.request("GET", world.at, undefined, {
      accept: "application/json;as=Table;v=v1;g=meta.k8s.io",
    }).body;
    expect(
      table.columnDefinitions.map((one: { name: string; priority: number }) => [
        one.name,
        one.priority,
      ]),
    ).toEqual([
      ["Name", 0],
      ["Ready", 0],
      ["Secret", 0],
      ["Issuer", 1],
      ["Until", 0],
    ]);
    expect(table.rows[0].cells).toEqual(["web", "True", "tls", "ca", "90s"]);
    expect(world.get(`${world.at}/web`).metadata.generation).toBe(1);
  });
});

describe("an application", () => {
  const world = new Shaped({
    group: "apps.example.com",
    version: "v1alpha1",
    kind: "Application",
    subresources: "{}",
    spec: `
required: [source]
properties:
  source:
    type: object
    required: [repoURL]
    properties:
      repoURL: {type: string}
      values: {type: object, x-kubernetes-preserve-unknown-fields: true}
      parameters:
        type: array
        items: {type: object, properties: {name: {type: string}, value: {type: string}}}
  syncPolicy:
    type: object
    properties:
      retry: {type: object, properties: {limit: {type: integer, format: int64}}}
  ignored:
    type: array
    items:
      type: object
      required: [kind]
      properties:
        kind: {type: string}
        jsonPointers: {type: array, items: {type: string}}`,
  });

  test("keeps what is free, prunes what is not, and counts each change of its status where that is no subresource", () => {
    const made = world.post(
      "shop",
      {
        source: { repoURL: "https://git.example.com/shop", values: { a: { b: [1, null] } } },
        extra: true,
      },
      { status: { health: "Healthy" } },
    );
    expect(made.body.spec).toEqual({
      source: { repoURL: "https://git.example.com/shop", values: { a: { b: [1, null] } } },
    });
    expect(made.body.status).toEqual({ health: "Healthy" });
    const changed = world.patch(`${world.at}/shop`, { status: { health: "Degraded" } }).body;
    expect(changed.metadata.generation).toBe(2);
    expect(world.request("PUT", `${world.at}/shop/status`, changed).status).toBe(404);
  });
});

describe("a route of a gateway", () => {
  const world = new Shaped({
    group: "gateway.example.com",
    kind: "Route",
    spec: `
properties:
  hostnames:
    type: array
    maxItems: 2
    x-kubernetes-list-type: set
    items: {type: string, maxLength: 20, pattern: '^(\\*\\.)?[a-z0-9.-]+$'}
  listeners:
    type: array
    x-kubernetes-list-type: map
    x-kubernetes-list-map-keys: [name]
    items:
      type: object
      required: [name, port]
      properties:
        name: {type: string}
        port: {type: integer, minimum: 1, maximum: 65535}
        protocol: {type: string, default: HTTP}
  timeout: {x-kubernetes-int-or-string: true}
  backend:
    oneOf:
    - required: [service]
    - required: [url]
    type: object
    properties: {service: {type: string}, url: {type: string}}`,
  });

  test("its listeners belong to those who apply them, each by its name", () => {
    world.server("r", "one", { listeners: [{ name: "web", port: 80 }] });
    world.server("r", "two", { listeners: [{ name: "tls", port: 443 }] });
    expect(world.get(`${world.at}/r`).spec.listeners).toEqual([
      { name: "web", port: 80, protocol: "HTTP" },
      { name: "tls", port: 443, protocol: "HTTP" },
    ]);
    const conflict = world.server("r", "two", { listeners: [{ name: "web", port: 81 }] });
    expect(conflict.status).toBe(409);
    expect(conflict.body.message).toContain(
      'conflict with "one": .spec.listeners[name="web"].port',
    );
    world.server("r", "one", {});
    expect(world.get(`${world.at}/r`).spec.listeners).toEqual([
      { name: "tls", port: 443, protocol: "HTTP" },
    ]);
  });

  test("is refused in upstream's words", () => {
    const wrong = world.post("w", {
      hostnames: ["a.example.com", "a.example.com", "UPPER"],
      listeners: [
        { name: "a", port: 0 },
        { name: "a", port: 2 },
      ],
      timeout: true,
      backend: { service: "s", url: "u" },
    }).body.message;
    for (const text of [
      "spec.hostnames: Too many: 3: must have at most 2 items",
      "spec.hostnames[2]: Invalid value: \"UPPER\": spec.hostnames[2] in body should match '^(\\*\\.)?[a-z0-9.-]+$'",
      'spec.hostnames[1]: Duplicate value: "a.example.com"',
      "spec.listeners[0].port: Invalid value: 0: spec.listeners[0].port in body should be greater than or equal to 1",
      'spec.listeners[1]: Duplicate value: {"name":"a"}',
      'spec.timeout: Invalid value: "boolean": spec.timeout in body must be of type integer,string: "boolean"',
      '<nil>: Invalid value: "": "spec.backend" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ])
      expect(wrong).toContain(text);
    expect(world.post("n", { timeout: "5s", backend: { url: "u" } }).status).toBe(201);
    expect(world.post("m", { timeout: 5 }).status).toBe(201);
  });
});

describe("a monitor", () => {
  const world = new Shaped({
    group: "monitoring.example.com",
    kind: "Monitor",
    subresources:
      "{status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas, labelSelectorPath: .status.selector}}",
    spec: `
required: [selector]
properties:
  replicas: {type: integer, format: int32, default: 1}
  selector:
    type: object
    x-kubernetes-map-type: atomic
    properties: {matchLabels: {type: object, additionalProperties: {type: string}}}
  template:
    type: object
    x-kubernetes-embedded-resource: true
    x-kubernetes-preserve-unknown-fields: true
  endpoints:
    type: array
    items:
      type: object
      properties:
        port: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
        interval: {type: string, pattern: '^(0|([0-9]+h)?([0-9]+m)?([0-9]+s)?)$'}
        params: {type: object, additionalProperties: {type: array, items: {type: string}}}`,
  });

  test("scales by its paths, for whoever scales", () => {
    expect(world.post("m", { selector: { matchLabels: { app: "a" } } }).status).toBe(201);
    world.patch(`${world.at}/m/status`, { status: { replicas: 1, selector: "app=a" } });
    world.create({
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "h" },
      spec: {
        scaleTargetRef: { ...world.type, name: "m" },
        minReplicas: 2,
        maxReplicas: 4,
        metrics: [
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } },
          },
        ],
      },
    });
    world.advance(60_000);
    expect(world.get(`${world.at}/m`).spec.replicas).toBe(2);
    expect(world.get(`${world.at}/m/scale`)).toMatchObject({
      kind: "Scale",
      spec: { replicas: 2 },
      status: { replicas: 1, selector: "app=a" },
    });
  });

  test("an object within it is one, and its map goes as a whole", () => {
    const template = { apiVersion: "v1", kind: "Pod", metadata: { name: "x", odd: 1 }, more: 1 };
    const made = world.post("t", { selector: {}, template });
    expect(made.body.spec.template).toEqual({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "x" },
      more: 1,
    });
    const wrong = world.post("u", { selector: {}, template: { metadata: { name: "A b" } } });
    expect(wrong.body.message).toContain("spec.template.apiVersion: Required value");
    expect(wrong.body.message).toContain("spec.template.kind: Required value");
    world.server("s", "one", { selector: { matchLabels: { a: "b" } } });
    const other = world.server("s", "two", { selector: { matchLabels: { c: "d" } } });
    expect(other.body.message).toContain('conflict with "one": .spec.selector');
  });
});
