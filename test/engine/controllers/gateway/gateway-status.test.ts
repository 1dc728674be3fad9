import { expect, test } from "vitest";
import {
  api,
  controllerName,
  definitions,
  gatewayOf,
  GatewayWorld,
  grant,
  http,
  routeOf,
  words,
} from "./gateway-world.ts";
import { expectSaid } from "../../explanations/asking.ts";
import { NetworkWorld, told } from "../../network/network-world.ts";
import { certificate } from "./certificate.ts";

/** What the controller of class `podyard` tells of GatewayClasses and Gateways. */

const classes = `${api}/gatewayclasses`;

test("N9 the class podyard is there with the definitions, and comes back", () => {
  const world = new GatewayWorld();
  const born = world.get(`${classes}/podyard`);
  expect(born.spec.controllerName).toBe(controllerName);
  expect(words(born.status.conditions)).toEqual([
    "Accepted True Accepted",
    "SupportedVersion True SupportedVersion",
  ]);
  const features = born.status.supportedFeatures.map(({ name }: { name: string }) => name);
  expect(features).toEqual([...features].sort());
  expect(features).toEqual(expect.arrayContaining(["Gateway", "HTTPRoute", "ReferenceGrant"]));
  expect(
    world.rows(classes).map((row) => [row["Name"], row["Controller"], row["Accepted"]]),
  ).toEqual([["podyard", controllerName, "True"]]);
  world.delete(`${classes}/podyard`);
  world.settle();
  const again = world.get(`${classes}/podyard`);
  expect(again.metadata.uid).not.toBe(born.metadata.uid);
  expect(words(again.status.conditions)).toContain("Accepted True Accepted");
});

test("classes of other controllers are left alone, those that want parameters are not accepted", () => {
  const world = new GatewayWorld();
  const classOf = (name: string, spec: object): object => ({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name },
    spec,
  });
  const parametersRef = { group: "example.net", kind: "Tuning", name: "a" };
  for (const one of [
    classOf("other", { controllerName: "example.net/other" }),
    classOf("tuned", { controllerName, parametersRef }),
  ])
    expect(world.request("POST", classes, one).status).toBe(201);
  world.create(
    gatewayOf("web", [http()], { gatewayClassName: "other" }),
    gatewayOf("tuned", [http()], { gatewayClassName: "tuned" }),
  );
  world.settle();
  expect(words(world.get(`${classes}/other`).status.conditions)).toEqual([
    "Accepted Unknown Pending",
  ]);
  expect(words(world.get(`${classes}/tuned`).status.conditions)).toEqual([
    "Accepted False InvalidParameters",
    "SupportedVersion True SupportedVersion",
  ]);
  for (const name of ["web", "tuned"])
    expect(words(world.gateway(name).status.conditions)).toEqual([
      "Accepted Unknown Pending",
      "Programmed Unknown Pending",
    ]);
  expectSaid(world, "gateway/web", ["controller example.net/other, which does not run"]);
  expectSaid(world, "gateway/tuned", [
    "its class tuned is not accepted, since it wants parameters",
  ]);
  expect(world.gateway("web").status.addresses).toBeUndefined();
});

test("definitions of a version before v1 are told of", () => {
  const world = new NetworkWorld();
  const old = definitions.map((one) => ({
    ...one,
    metadata: {
      ...one.metadata,
      annotations: {
        ...one.metadata.annotations,
        "gateway.networking.k8s.io/bundle-version": "v0.8.1",
      },
    },
  }));
  world.create(...old);
  world.settle();
  expect(words(world.get(`${classes}/podyard`).status.conditions)).toEqual([
    "Accepted False UnsupportedVersion",
    "SupportedVersion False UnsupportedVersion",
  ]);
});

test("N9 a Gateway gets an address of the load balancers' pool, which no Service gets then", () => {
  const world = new GatewayWorld();
  world.create(gatewayOf("web", [http()]));
  world.advance(1_000);
  expect(words(world.gateway("web").status.conditions)).toEqual([
    "Accepted True Accepted",
    "Programmed False AddressNotAssigned",
  ]);
  world.create({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "lb", namespace: "default" },
    spec: { type: "LoadBalancer", ports: [{ port: 80 }] },
  });
  world.settle();
  const { status, metadata } = world.gateway("web");
  expect(status.addresses).toEqual([{ type: "IPAddress", value: "172.18.255.200" }]);
  expect(words(status.conditions)).toEqual([
    "Accepted True Accepted",
    "Programmed True Programmed",
  ]);
  expect(status.conditions[0].observedGeneration).toBe(metadata.generation);
  expect(world.listener("web")).toEqual({
    words: [
      "Accepted True Accepted",
      "Programmed True Programmed",
      "ResolvedRefs True ResolvedRefs",
      "Conflicted False NoConflicts",
    ],
    attached: 0,
    kinds: ["HTTPRoute"],
  });
  const balancer = world.get("/api/v1/namespaces/default/services/lb").status.loadBalancer;
  expect(balancer.ingress[0].ip).toBe("172.18.255.201");
  const [row] = world.rows(`${api}/namespaces/default/gateways`);
  expect([row?.["Class"], row?.["Address"], row?.["Programmed"]]).toEqual([
    "podyard",
    "172.18.255.200",
    "True",
  ]);
});

test("observedGeneration follows a change, moments only where a status does", () => {
  const world = new GatewayWorld();
  world.create(gatewayOf("web", [http()]));
  world.settle();
  const before = world.gateway("web").status.conditions;
  world.advance(5_000);
  world.patch(`${api}/namespaces/default/gateways/web`, {
    spec: { listeners: [http(), { name: "more", port: 8080, protocol: "HTTP" }] },
  });
  world.settle();
  const { status, metadata } = world.gateway("web");
  expect(metadata.generation).toBe(2);
  expect(
    status.conditions.map((one: { observedGeneration: number }) => one.observedGeneration),
  ).toEqual([2, 2]);
  expect(status.conditions[0].lastTransitionTime).toBe(before[0].lastTransitionTime);
  expect(status.listeners.map(({ name }: { name: string }) => name)).toEqual(["http", "more"]);
});

test.each([
  ["172.18.255.240", "Programmed True Programmed", ["172.18.255.240"]],
  ["172.18.255.210", "Programmed False AddressNotUsable", []],
  ["10.0.0.1", "Programmed False AddressNotUsable", []],
  [undefined, "Programmed True Programmed", ["172.18.255.200"]],
])("the address %s", (value, programmed, addresses) => {
  const world = new GatewayWorld();
  world.create(
    gatewayOf("first", [http()], { addresses: [{ type: "IPAddress", value: "172.18.255.210" }] }),
  );
  world.settle();
  world.create(
    gatewayOf("web", [http()], {
      addresses: [{ type: "IPAddress", ...(value ? { value } : {}) }],
    }),
  );
  world.settle(20_000);
  const { status } = world.gateway("web");
  expect(words(status.conditions)).toEqual(["Accepted True Accepted", programmed]);
  expect((status.addresses ?? []).map((one: { value: string }) => one.value)).toEqual(addresses);
});

test("addresses of other types and parameters are not accepted", () => {
  const world = new GatewayWorld();
  world.create(
    gatewayOf("named", [http()], { addresses: [{ type: "Hostname", value: "a.example.com" }] }),
    gatewayOf("tuned", [http()], {
      infrastructure: { parametersRef: { group: "example.net", kind: "Tuning", name: "a" } },
    }),
  );
  world.settle();
  expect(words(world.gateway("named").status.conditions)).toEqual([
    "Accepted False UnsupportedAddress",
    "Programmed False Invalid",
  ]);
  expect(words(world.gateway("tuned").status.conditions)).toEqual([
    "Accepted False InvalidParameters",
    "Programmed False Invalid",
  ]);
  expect(world.listener("named").words).toContain("Programmed False Invalid");
});

test("listeners that are not served say why, and the Gateway that they are not valid", () => {
  const world = new GatewayWorld();
  const tls = { certificateRefs: [{ name: "none" }] };
  world.create(
    gatewayOf("web", [
      http(),
      { name: "tcp", port: 9000, protocol: "TCP" },
      { name: "one", port: 8080, protocol: "HTTP" },
      { name: "two", port: 8080, protocol: "HTTPS", tls },
      { name: "secret", port: 443, protocol: "HTTPS", tls },
      {
        name: "kinds",
        port: 81,
        protocol: "HTTP",
        allowedRoutes: { kinds: [{ kind: "TCPRoute" }, { kind: "HTTPRoute" }] },
      },
      { name: "odd", port: 82, protocol: "HTTP", allowedRoutes: { kinds: [{ kind: "TCPRoute" }] } },
    ]),
    gatewayOf("tcp", [{ name: "tcp", port: 9000, protocol: "TCP" }]),
  );
  world.settle();
  const of = (name: string): string[] => world.listener("web", name).words;
  expect(of("tcp").slice(0, 2)).toEqual([
    "Accepted False UnsupportedProtocol",
    "Programmed False Invalid",
  ]);
  for (const name of ["one", "two"])
    expect([of(name)[0], of(name)[3]]).toEqual([
      "Accepted False ProtocolConflict",
      "Conflicted True ProtocolConflict",
    ]);
  expect(of("secret")).toEqual([
    "Accepted True Accepted",
    "Programmed False Invalid",
    "ResolvedRefs False InvalidCertificateRef",
    "Conflicted False NoConflicts",
  ]);
  expect(of("kinds").slice(1, 3)).toEqual([
    "Programmed True Programmed",
    "ResolvedRefs False InvalidRouteKinds",
  ]);
  expect(world.listener("web", "kinds").kinds).toEqual(["HTTPRoute"]);
  expect(of("odd").slice(1, 3)).toEqual([
    "Programmed False Invalid",
    "ResolvedRefs False InvalidRouteKinds",
  ]);
  expect(world.listener("web", "odd").kinds).toEqual([]);
  expect(words(world.gateway("web").status.conditions)).toEqual([
    "Accepted True ListenersNotValid",
    "Programmed True Programmed",
  ]);
  expect(words(world.gateway("tcp").status.conditions)).toEqual([
    "Accepted False ListenersNotValid",
    "Programmed False Invalid",
  ]);
});

test("a certificate: its Secret may come later, must be one, and needs a grant elsewhere", () => {
  const world = new GatewayWorld();
  world.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "vault" } });
  const secure = (name: string, ref: object): object =>
    gatewayOf(name, [
      { name: "https", port: 443, protocol: "HTTPS", tls: { certificateRefs: [ref] } },
    ]);
  world.create(
    secure("near", { name: "cert" }),
    secure("far", { name: "cert", namespace: "vault" }),
    secure("kind", { name: "cert", kind: "ConfigMap" }),
  );
  world.settle();
  const refs = (name: string): string | undefined => world.listener(name, "https").words[2];
  expect(refs("near")).toBe("ResolvedRefs False InvalidCertificateRef");
  expect(refs("far")).toBe("ResolvedRefs False RefNotPermitted");
  expect(refs("kind")).toBe("ResolvedRefs False InvalidCertificateRef");
  const secret = (namespace: string, data: Record<string, string>): object => ({
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { name: "cert", namespace },
    data,
  });
  const bad = Buffer.from("Hello world").toString("base64");
  world.create(secret("default", { "tls.crt": bad, "tls.key": bad }), secret("vault", certificate));
  world.settle();
  expect(refs("near")).toBe("ResolvedRefs False InvalidCertificateRef");
  world.patch("/api/v1/namespaces/default/secrets/cert", { data: certificate });
  world.create(grant("vault", "Gateway", "Secret", "default", "cert"));
  world.settle();
  expect(refs("near")).toBe("ResolvedRefs True ResolvedRefs");
  expect(refs("far")).toBe("ResolvedRefs True ResolvedRefs");
  world.delete(
    "/apis/gateway.networking.k8s.io/v1beta1/namespaces/vault/referencegrants/from-default-secret",
  );
  world.delete("/api/v1/namespaces/default/secrets/cert");
  world.settle();
  expect(refs("near")).toBe("ResolvedRefs False InvalidCertificateRef");
  expect(refs("far")).toBe("ResolvedRefs False RefNotPermitted");
});

test("a class in use goes only after its last Gateway", () => {
  const world = new GatewayWorld();
  world.create(gatewayOf("web", [http()]));
  world.settle();
  const before = world.get(`${classes}/podyard`).metadata;
  expect(before.finalizers).toEqual(["gateway-exists-finalizer.gateway.networking.k8s.io"]);
  world.delete(`${classes}/podyard`);
  world.settle();
  expect(world.get(`${classes}/podyard`).metadata.deletionTimestamp).toBeDefined();
  world.delete(`${api}/namespaces/default/gateways/web`);
  world.settle();
  expect(world.get(`${classes}/podyard`).metadata.uid).not.toBe(before.uid);
});

test("without the definitions nothing wakes, and with them gone all is forgotten", () => {
  const world = new GatewayWorld();
  world.serve("a");
  world.create(
    gatewayOf("web", [http()]),
    routeOf("a", { rules: [{ backendRefs: [{ name: "a", port: 80 }] }] }),
  );
  world.settle();
  const ip = world.address();
  expect(world.ask("outside", ip)).toMatchObject({ response: { status: 200 } });
  for (const { metadata } of definitions)
    world.delete(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${metadata.name}`);
  world.settle();
  expect(world.ask("outside", ip)).toMatchObject({ error: "unreachable" });
  world.patch("/api/v1/namespaces/default/services/a", { metadata: { labels: { x: "y" } } });
  world.patch("/api/v1/namespaces/default", { metadata: { labels: { x: "y" } } });
  world.settle();
  expect(world.engine.faults).toEqual([]);
  world.create(...definitions);
  world.settle();
  expect(world.get(`${api}/namespaces/default/gateways`).items).toEqual([]);
  expect(words(world.get(`${classes}/podyard`).status.conditions)).toContain(
    "Accepted True Accepted",
  );
});

test("definitions that let everything through make no fault", () => {
  const world = new NetworkWorld();
  const open = definitions.map(({ metadata, spec }) => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata,
    spec: {
      ...spec,
      versions: spec.versions.map((version) => ({
        ...version,
        schema: {
          openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        },
      })),
    },
  }));
  world.create(...open);
  world.settle();
  const odd = [5, "x", [7], { name: 3, hostname: 4, port: "p", allowedRoutes: 1 }];
  world.create(
    gatewayOf("web", [http({ hostname: 9 })]),
    gatewayOf("odd", odd as object[], { addresses: [1, { value: 2 }], infrastructure: "x" }),
    routeOf("a", { parentRefs: [3, { name: "web" }], hostnames: [1], rules: odd }),
    routeOf("b", {
      rules: [
        { matches: [{ path: { value: 1 }, headers: [{ name: 2, value: 3 }] }], filters: [{}] },
        { matches: "x", backendRefs: [{ name: 1, port: "x" }, "y"] },
      ],
    }),
    routeOf("c", { parentRefs: "web", rules: 5 }),
    grant("default", "Gateway", "Secret"),
  );
  world.settle();
  const ip = world.get(`${api}/namespaces/default/gateways/web`).status.addresses[0].value;
  expect(told(world.ask("outside", ip))).toMatch(/^[45]\d\d /);
  world.delete(`${api}/namespaces/default/gateways/odd`);
  world.settle();
});

test.each([
  [
    [http({ hostname: "a.b" }), http({ name: "two", hostname: "a.b" })],
    "spec.listeners: Invalid value: Combination of port, protocol and hostname must be unique for each listener",
  ],
  [
    [http({ tls: { certificateRefs: [{ name: "x" }] } })],
    "spec.listeners: Invalid value: tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
  ],
  [
    [http({ port: 0 })],
    "spec.listeners[0].port: Invalid value: 0: spec.listeners[0].port in body should be greater than or equal to 1",
  ],
  [
    [http({ hostname: "10.0.0.1:x" })],
    "spec.listeners[0].hostname: Invalid value: \"10.0.0.1:x\": spec.listeners[0].hostname in body should match '^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'",
  ],
])("refused in the definition's words %#", (listeners, message) => {
  const world = new GatewayWorld();
  const answer = world.request(
    "POST",
    `${api}/namespaces/default/gateways`,
    gatewayOf("bad", listeners),
  );
  expect([answer.status, answer.body.message]).toEqual([
    422,
    `Gateway.gateway.networking.k8s.io "bad" is invalid: ${message}`,
  ]);
});
