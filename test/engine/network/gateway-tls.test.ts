import { expect, test } from "vitest";
import {
  authority,
  otherAuthority,
  serverCertificate,
} from "../../helpers/webhook-certificates.ts";
import {
  api,
  gatewayOf,
  GatewayWorld,
  http,
  routeOf,
  words,
} from "../controllers/gateway/gateway-world.ts";
import { podOf, serviceOf, told } from "./network-world.ts";

/** TLS between Gateways and backends. */

const host = "e2e-test-webhook.default.svc";

const policyOf = (name: string, target: object, validation: object = {}): object => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "BackendTLSPolicy",
  metadata: { name, namespace: "default" },
  spec: {
    targetRefs: [{ group: "", kind: "Service", name: "echo", ...target }],
    validation: {
      caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "authority" }],
      hostname: host,
      ...validation,
    },
  },
});

const mapOf = (name: string, text: string): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data: { "ca.crt": text },
});

const authorityNamed = (name: string, kind = "ConfigMap", group = ""): object => ({
  caCertificateRefs: [{ group, kind, name }],
});

/** A server that shows a certificate of `host`, behind a Service whose ports are named a and b. */
function worldWith(...more: object[]): GatewayWorld {
  const world = new GatewayWorld();
  world.create(
    mapOf("authority", authority),
    mapOf("other", otherAuthority),
    mapOf("server", ""),
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "files", namespace: "default" },
      data: { crt: serverCertificate, key: "" },
    },
    podOf("echo", "registry.k8s.io/gateway-api/echo-basic:v1.5.1", {
      container: {
        env: [
          { name: "TLS_SERVER_CERT", value: "/files/crt" },
          { name: "TLS_SERVER_PRIVKEY", value: "/files/key" },
        ],
        volumeMounts: [{ name: "files", mountPath: "/files" }],
      },
      spec: { volumes: [{ name: "files", configMap: { name: "files" } }] },
    }),
    serviceOf("echo", {
      selector: { app: "echo" },
      ports: [
        { name: "a", port: 443, targetPort: 8443 },
        { name: "b", port: 444, targetPort: 8443 },
      ],
    }),
    gatewayOf("web", [http()]),
    routeOf("r", {
      rules: [
        {
          matches: [{ path: { type: "PathPrefix", value: "/b" } }],
          backendRefs: [{ name: "echo", port: 444 }],
        },
        { backendRefs: [{ name: "echo", port: 443 }] },
      ],
    }),
    ...more,
  );
  world.settle();
  return world;
}

const ask = (world: GatewayWorld, path = "/"): string =>
  told(world.ask("outside", { host: world.address(), path, headers: { host: "x.test" } }));

// oxlint-disable-next-line no-explicit-any
const policy = (world: GatewayWorld, name: string): any =>
  world.get(`${api}/namespaces/default/backendtlspolicies/${name}`);

const said = (world: GatewayWorld, name: string): string[] =>
  words(policy(world, name).status?.ancestors?.[0]?.conditions);

test("N9 a BackendTLSPolicy makes a Gateway speak TLS to a Service, under the name that it gives", () => {
  const world = worldWith();
  expect(ask(world)).toBe("400 Client sent an HTTP request to an HTTPS server.");
  world.create(policyOf("p", {}));
  world.settle();
  expect(policy(world, "p").status.ancestors).toMatchObject([
    {
      ancestorRef: {
        group: "gateway.networking.k8s.io",
        kind: "Gateway",
        namespace: "default",
        name: "web",
      },
      controllerName: "podyard.dev/gateway-controller",
      conditions: [
        { type: "Accepted", status: "True", reason: "Accepted", observedGeneration: 1 },
        { type: "ResolvedRefs", status: "True", reason: "ResolvedRefs", observedGeneration: 1 },
      ],
    },
  ]);
  expect(ask(world)).toMatch(new RegExp(`^200 .*"serverName": "${host}"`, "s"));
  world.delete(`${api}/namespaces/default/backendtlspolicies/p`);
  expect(ask(world)).toMatch(/^400 /);
});

test.each([
  ["of another name", { hostname: "other.default.svc" }, "502"],
  ["of another authority", authorityNamed("other"), "502"],
  [
    "of an alternative name",
    { hostname: "x.test", subjectAltNames: [{ type: "Hostname", hostname: host }] },
    "200",
  ],
  [
    "of none of the alternative names",
    { subjectAltNames: [{ type: "URI", uri: "spiffe://x/y" }] },
    "502",
  ],
])("a backend's certificate %s", (_what, validation, status) => {
  const world = worldWith(policyOf("p", {}, validation));
  expect(said(world, "p")).toEqual(["Accepted True Accepted", "ResolvedRefs True ResolvedRefs"]);
  expect(ask(world).slice(0, 3)).toBe(status);
});

test.each([
  [
    "a ConfigMap that is missing",
    authorityNamed("later"),
    "NoValidCACertificate",
    "False InvalidCACertificateRef",
  ],
  [
    "a ConfigMap without a certificate",
    authorityNamed("server"),
    "NoValidCACertificate",
    "False InvalidCACertificateRef",
  ],
  [
    "another kind",
    authorityNamed("x", "Tuning", "example.net"),
    "NoValidCACertificate",
    "False InvalidKind",
  ],
  [
    "those of the system",
    { caCertificateRefs: [], wellKnownCACertificates: "System" },
    "Invalid",
    "True ResolvedRefs",
  ],
])("authorities: %s", (_what, validation, reason, resolved) => {
  const world = worldWith(policyOf("p", {}, validation));
  expect(said(world, "p")).toEqual([`Accepted False ${reason}`, `ResolvedRefs ${resolved}`]);
  expect(ask(world)).toMatch(/^500 BackendTLSPolicy default\/p: /);
});

test("authorities that come late, change or go are told of", () => {
  const world = worldWith(policyOf("p", {}, authorityNamed("later")));
  world.create(mapOf("later", authority));
  world.settle();
  expect(said(world, "p")[0]).toBe("Accepted True Accepted");
  expect(ask(world)).toMatch(/^200 /);
  world.patch("/api/v1/namespaces/default/configmaps/later", { data: { "ca.crt": "" } });
  world.settle();
  expect(said(world, "p")[0]).toBe("Accepted False NoValidCACertificate");
});

test("of policies for the same the older counts, and one for the port before one for all", () => {
  const world = worldWith(policyOf("z-all", {}, { hostname: "other.default.svc" }));
  world.create(policyOf("y-port", { sectionName: "b" }));
  world.advance(2_000);
  world.create(policyOf("a-late", {}), policyOf("b-late", { sectionName: "b" }));
  world.settle();
  const accepted = (name: string): string | undefined => said(world, name)[0];
  expect(accepted("z-all")).toBe("Accepted True Accepted");
  expect(accepted("y-port")).toBe("Accepted True Accepted");
  expect([accepted("a-late"), accepted("b-late")]).toEqual([
    "Accepted False Conflicted",
    "Accepted False Conflicted",
  ]);
  expect([ask(world).slice(0, 3), ask(world, "/b").slice(0, 3)]).toEqual(["502", "200"]);
  world.delete(`${api}/namespaces/default/backendtlspolicies/z-all`);
  world.settle();
  expect(accepted("a-late")).toBe("Accepted True Accepted");
  expect(ask(world)).toMatch(/^200 /);
});

test("policies for what no route of ours leads to have nothing said of them", () => {
  const world = worldWith(policyOf("p", { name: "else" }));
  expect(policy(world, "p").status?.ancestors ?? []).toEqual([]);
  world.create(routeOf("to-else", { rules: [{ backendRefs: [{ name: "else", port: 80 }] }] }));
  world.settle();
  expect(said(world, "p")[0]).toBe("Accepted False TargetNotFound");
  world.delete(`${api}/namespaces/default/httproutes/to-else`);
  world.settle();
  expect(policy(world, "p").status.ancestors).toEqual([]);
});
