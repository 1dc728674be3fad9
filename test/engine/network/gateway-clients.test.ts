import { expect, test } from "vitest";
import { binaryOf, toBase64 } from "../../../durable-objects/engine/runtime/bytes.ts";
import { clientAuthority, clientCertificate, clientKey } from "../../helpers/client-certificate.ts";
import { authority, serverCertificate } from "../../helpers/webhook-certificates.ts";
import { certificate } from "../controllers/gateway/certificate.ts";
import {
  api,
  gatewayOf,
  GatewayWorld,
  grant,
  http,
  routeOf,
  words,
} from "../controllers/gateway/gateway-world.ts";
import { podOf, serviceOf, told } from "./network-world.ts";

/** Certificates of clients: those that a Gateway asks for, and the one that it shows itself. */

const secretOf = (name: string, data: object, namespace = "default"): object => ({
  apiVersion: "v1",
  kind: "Secret",
  type: "kubernetes.io/tls",
  metadata: { name, namespace },
  data,
});

const mapOf = (name: string, data: object, namespace = "default"): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data,
});

const secure = (port: number): object => ({
  name: `https-${port}`,
  port,
  protocol: "HTTPS",
  tls: { certificateRefs: [{ name: "cert" }] },
});

const asking = (name: string, more: object = {}, ref: object = {}): object => ({
  validation: { caCertificateRefs: [{ group: "", kind: "ConfigMap", name, ...ref }], ...more },
});

function worldWith(frontend: object): GatewayWorld {
  const world = new GatewayWorld();
  world.serve("a");
  world.create(
    secretOf("cert", certificate),
    mapOf("clients", { "ca.crt": clientAuthority }),
    mapOf("others", { "ca.crt": authority }),
    gatewayOf("web", [http(), secure(443), secure(8443)], { tls: { frontend } }),
    routeOf("r", { rules: [{ backendRefs: [{ name: "a", port: 80 }] }] }),
  );
  world.settle();
  return world;
}

const ask = (world: GatewayWorld, port: number, shown?: string): string =>
  told(
    world.ask("outside", {
      host: world.address(),
      port,
      https: port !== 80,
      headers: { host: "x.test" },
      ...(shown === undefined ? {} : { clientCertificate: shown }),
    }),
  );

test("N9 clients must show a certificate of the Gateway's authorities, of the port's where it has its own", () => {
  const world = worldWith({
    default: asking("clients"),
    perPort: [{ port: 8443, tls: asking("others") }],
  });
  expect(ask(world, 443, clientCertificate)).toBe("200 a");
  expect(ask(world, 443)).toBe("tls");
  // Its authority is another, and it is for servers.
  expect(ask(world, 443, serverCertificate)).toBe("tls");
  expect(ask(world, 8443, clientCertificate)).toBe("tls");
  expect(ask(world, 8443, serverCertificate)).toBe("tls");
  expect(ask(world, 80)).toBe("200 a");
  expect(words(world.gateway("web").status.conditions)).toEqual([
    "Accepted True Accepted",
    "Programmed True Programmed",
  ]);
});

test("a Gateway that lets everybody in says so, as long as it does", () => {
  const world = worldWith({ default: asking("clients", { mode: "AllowInsecureFallback" }) });
  for (const shown of [undefined, clientCertificate, serverCertificate])
    expect(ask(world, 443, shown)).toBe("200 a");
  const insecure = "InsecureFrontendValidationMode True ConfigurationChanged";
  const said = (): string[] => words(world.gateway("web").status.conditions);
  expect(said()).toContain(insecure);
  world.patch(`${api}/namespaces/default/gateways/web`, {
    spec: { tls: { frontend: { default: asking("clients", { mode: "AllowValidOnly" }) } } },
  });
  world.settle();
  expect(said()).not.toContain(insecure);
  expect(ask(world, 443)).toBe("tls");
});

test.each([
  ["one that is missing", asking("later"), "InvalidCACertificateRef"],
  ["another kind", asking("x", {}, { kind: "Service" }), "InvalidCACertificateKind"],
  ["another namespace's", asking("clients", {}, { namespace: "kube-system" }), "RefNotPermitted"],
])("authorities of clients: %s", (_what, standard, reason) => {
  const world = worldWith({ default: standard, perPort: [{ port: 8443, tls: {} }] });
  expect(world.listener("web", "https-443").words).toEqual([
    "Accepted False NoValidCACertificate",
    "Programmed False Invalid",
    `ResolvedRefs False ${reason}`,
    "Conflicted False NoConflicts",
  ]);
  expect(world.listener("web").words[0]).toBe("Accepted True Accepted");
  expect(ask(world, 443)).toBe("refused");
  expect(ask(world, 8443)).toBe("200 a");
  world.create(
    mapOf("later", { "ca.crt": clientAuthority }),
    mapOf("clients", { "ca.crt": clientAuthority }, "kube-system"),
    grant("kube-system", "Gateway", "ConfigMap"),
  );
  world.settle();
  const mended = reason !== "InvalidCACertificateKind";
  expect(ask(world, 443, clientCertificate)).toBe(mended ? "200 a" : "refused");
});

const encoded = (text: string): string => toBase64(binaryOf(new TextEncoder().encode(text)));

test("a Gateway shows its certificate to backends over TLS", () => {
  const world = new GatewayWorld();
  const backend = { clientCertificateRef: { name: "shown" } };
  const host = "e2e-test-webhook.default.svc";
  const files = { crt: serverCertificate, key: "", clients: clientAuthority };
  const env = { TLS_SERVER_CERT: "crt", TLS_SERVER_PRIVKEY: "key", TLS_CLIENT_CACERTS: "clients" };
  world.create(
    mapOf("files", files),
    mapOf("authority", { "ca.crt": authority }),
    podOf("echo", "registry.k8s.io/gateway-api/echo-basic:v1.5.1", {
      container: {
        env: Object.entries(env).map(([name, file]) => ({ name, value: `/files/${file}` })),
        volumeMounts: [{ name: "files", mountPath: "/files" }],
      },
      spec: { volumes: [{ name: "files", configMap: { name: "files" } }] },
    }),
    serviceOf("echo", { selector: { app: "echo" }, ports: [{ port: 443, targetPort: 8443 }] }),
    {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "BackendTLSPolicy",
      metadata: { name: "p", namespace: "default" },
      spec: {
        targetRefs: [{ group: "", kind: "Service", name: "echo" }],
        validation: {
          caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "authority" }],
          hostname: host,
        },
      },
    },
    gatewayOf("web", [http()], { tls: { backend } }),
    routeOf("r", { rules: [{ backendRefs: [{ name: "echo", port: 443 }] }] }),
  );
  world.settle();
  const resolved = (): string[] =>
    words(world.gateway("web").status.conditions).filter((one) => one.startsWith("Resolved"));
  const conditions = (): string => words(world.gateway("web").status.conditions)[0] ?? "";
  expect(resolved()).toEqual(["ResolvedRefs False InvalidClientCertificateRef"]);
  expect(conditions()).toBe("Accepted True Accepted");
  expect(ask(world, 80)).toMatch(/^500 Gateway default\/web: Secret default\/shown does not exist/);
  world.create(
    secretOf("shown", { "tls.crt": encoded(clientCertificate), "tls.key": encoded(clientKey) }),
  );
  world.settle();
  expect(resolved()).toEqual(["ResolvedRefs True ResolvedRefs"]);
  const answer = ask(world, 80);
  expect(answer).toMatch(/^200 /);
  const heard = JSON.parse(answer.slice(4)) as { tls: { peerCertificates: string[] } };
  expect(heard.tls.peerCertificates).toEqual([clientCertificate]);
  world.patch(`${api}/namespaces/default/gateways/web`, { spec: { tls: null } });
  world.settle();
  expect(resolved()).toEqual([]);
  expect(ask(world, 80)).not.toContain("peerCertificates");
});
