/** N3 of `test/behaviours.md`: cluster DNS in full, as queries and as a resolver walks them. */
import { beforeAll, describe, expect, test } from "vitest";
import { queryFrom, resolve } from "../../../durable-objects/engine/network/dns.ts";
import {
  candidates,
  resolverOf,
  resolvConf,
} from "../../../durable-objects/engine/runtime/net/resolver.ts";
import type { DnsRecord } from "../../../durable-objects/engine/runtime/net/network-port.ts";
import { NetworkWorld, serviceOf, sleeper, told, whoami } from "./network-world.ts";

let world: NetworkWorld;
const ip = (pod: string, namespace = "default"): string => world.ip(pod, namespace);
const clusterIp = (name: string): string =>
  world.get(`/api/v1/namespaces/default/services/${name}`).spec.clusterIP;
const dashed = (pod: string): string => ip(pod).replaceAll(".", "-");
const reversed = (address: string): string =>
  `${address.split(".").reverse().join(".")}.in-addr.arpa`;

beforeAll(() => {
  world = new NetworkWorld();
  const group = { labels: { app: "db" } };
  world.create(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "other" } },
    sleeper("ask"),
    sleeper("ask-other", { namespace: "other" }),
    sleeper("host", { spec: { hostNetwork: true } }),
    sleeper("host-cluster", { spec: { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" } }),
    sleeper("none", {
      spec: {
        dnsPolicy: "None",
        dnsConfig: { nameservers: ["10.96.0.10"], searches: ["other.svc.cluster.local"] },
      },
    }),
    sleeper("node-dns", { spec: { dnsPolicy: "Default" } }),
    whoami("db-0", { ...group, spec: { hostname: "db-0", subdomain: "db" } }),
    whoami("db-1", { ...group, spec: { hostname: "db-1", subdomain: "db" } }),
    whoami("plain", { labels: { app: "plain" } }),
    serviceOf("db", {
      clusterIP: "None",
      selector: { app: "db" },
      ports: [{ name: "sql", port: 5432, targetPort: 8080 }],
    }),
    serviceOf("flat", { clusterIP: "None", selector: { app: "plain" } }),
    serviceOf("web", {
      selector: { app: "plain" },
      ports: [
        { name: "http", port: 80, targetPort: 8080 },
        { name: "dns", port: 53, protocol: "UDP" },
      ],
    }),
    serviceOf("empty", { clusterIP: "None", selector: { app: "nobody" }, ports: [{ port: 1 }] }),
    serviceOf("alias", { type: "ExternalName", externalName: "web.default.svc.cluster.local" }),
    serviceOf("away", { type: "ExternalName", externalName: "example.com" }),
    serviceOf("lost", { type: "ExternalName", externalName: "gone.example.test" }),
    serviceOf("web", { selector: { app: "x" }, ports: [{ port: 80 }] }, "other"),
  );
  world.settle();
});

const ask = (
  name: string,
  type: DnsRecord["type"] = "A",
  pod = "default/ask",
  server?: string,
): string => {
  const { status, records } = world.with((context) => queryFrom(context, pod, name, type, server));
  return [status, ...records.map((r) => `${r.type} ${r.data}`).sort()].join("; ");
};

const cases: [name: () => string, type: DnsRecord["type"], expected: () => string][] = [
  [() => "web.default.svc.cluster.local", "A", () => `NOERROR; A ${clusterIp("web")}`],
  [() => "WEB.default.svc.cluster.local.", "A", () => `NOERROR; A ${clusterIp("web")}`],
  [() => "web.default.svc.cluster.local", "AAAA", () => "NOERROR"],
  [() => "kubernetes.default.svc.cluster.local", "A", () => "NOERROR; A 10.96.0.1"],
  [() => "web", "A", () => "NXDOMAIN"],
  [() => "nope.default.svc.cluster.local", "A", () => "NXDOMAIN"],
  [() => "web.nowhere.svc.cluster.local", "A", () => "NXDOMAIN"],
  [() => "default.svc.cluster.local", "A", () => "NOERROR"],
  [
    () => "db.default.svc.cluster.local",
    "A",
    () =>
      `NOERROR; ${[ip("db-0"), ip("db-1")]
        .sort()
        .map((i) => `A ${i}`)
        .join("; ")}`,
  ],
  [() => "db-0.db.default.svc.cluster.local", "A", () => `NOERROR; A ${ip("db-0")}`],
  [() => "db-2.db.default.svc.cluster.local", "A", () => "NXDOMAIN"],
  [
    () => `${dashed("plain")}.flat.default.svc.cluster.local`,
    "A",
    () => `NOERROR; A ${ip("plain")}`,
  ],
  [() => "empty.default.svc.cluster.local", "A", () => "NXDOMAIN"],
  [
    () => "_http._tcp.web.default.svc.cluster.local",
    "SRV",
    () => "NOERROR; SRV 0 100 80 web.default.svc.cluster.local.",
  ],
  [
    () => "_dns._udp.web.default.svc.cluster.local",
    "SRV",
    () => "NOERROR; SRV 0 100 53 web.default.svc.cluster.local.",
  ],
  [() => "_http._udp.web.default.svc.cluster.local", "SRV", () => "NXDOMAIN"],
  [
    () => "_sql._tcp.db.default.svc.cluster.local",
    "SRV",
    () =>
      "NOERROR; SRV 0 50 8080 db-0.db.default.svc.cluster.local.; SRV 0 50 8080 db-1.db.default.svc.cluster.local.",
  ],
  [
    () => "alias.default.svc.cluster.local",
    "A",
    () => `NOERROR; A ${clusterIp("web")}; CNAME web.default.svc.cluster.local.`,
  ],
  [
    () => "away.default.svc.cluster.local",
    "A",
    () => "NOERROR; A 23.192.228.80; CNAME example.com.",
  ],
  [() => "lost.default.svc.cluster.local", "A", () => "NXDOMAIN; CNAME gone.example.test."],
  [() => `${dashed("plain")}.default.pod.cluster.local`, "A", () => `NOERROR; A ${ip("plain")}`],
  [() => "not-an-address.default.pod.cluster.local", "A", () => "NXDOMAIN"],
  [() => reversed(clusterIp("web")), "PTR", () => "NOERROR; PTR web.default.svc.cluster.local."],
  [() => reversed(ip("db-1")), "PTR", () => "NOERROR; PTR db-1.db.default.svc.cluster.local."],
  [() => reversed("10.99.99.99"), "PTR", () => "NXDOMAIN"],
  [() => "example.com", "A", () => "NOERROR; A 23.192.228.80"],
  [() => "www.wikipedia.org", "A", () => "NXDOMAIN"],
];

describe("queries", () => {
  test.each(cases)("case %#", (name, type, expected) => {
    expect(ask(name(), type)).toBe(expected());
  });
  test("a server outside knows no cluster names", () => {
    expect(ask("web.default.svc.cluster.local", "A", "default/ask", "8.8.8.8")).toBe("NXDOMAIN");
    expect(ask("example.com", "A", "default/ask", "8.8.8.8")).toBe("NOERROR; A 23.192.228.80");
    expect(ask("example.com", "A", "default/ask", "203.0.113.9")).toBe("TIMEOUT");
  });
});

describe("a Pod's resolver", () => {
  const find = (pod: string, name: string): string => {
    const found = world.with((context) => resolve(context, pod, name));
    return typeof found === "string" ? found : `${found.name} ${found.ips.join(" ")}`;
  };
  test.each([
    ["default/ask", "web", () => `web.default.svc.cluster.local ${clusterIp("web")}`],
    ["default/ask", "web.default", () => `web.default.svc.cluster.local ${clusterIp("web")}`],
    ["default/ask", "web.default.svc", () => `web.default.svc.cluster.local ${clusterIp("web")}`],
    ["other/ask-other", "web.default", () => `web.default.svc.cluster.local ${clusterIp("web")}`],
    ["default/ask", "web.", () => "unknown"],
    ["other/ask-other", "db", () => "unknown"],
    ["default/host", "web", () => "unknown"],
    ["default/host", "example.com", () => "example.com 23.192.228.80"],
    ["default/node-dns", "web", () => "unknown"],
    ["default/host-cluster", "web", () => `web.default.svc.cluster.local ${clusterIp("web")}`],
    [
      "default/none",
      "kube-dns.kube-system.svc.cluster.local",
      () => "kube-dns.kube-system.svc.cluster.local 10.96.0.10",
    ],
    ["default/none", "db", () => "unknown"],
  ])("%s asks for %s", (pod, name, expected) => {
    expect(find(pod, name)).toBe(expected());
  });
  test("the search list comes first below ndots, last from there on", () => {
    const resolver = resolverOf("ns", {});
    expect(candidates(resolver, "a.b")).toEqual([
      "a.b.ns.svc.cluster.local",
      "a.b.svc.cluster.local",
      "a.b.cluster.local",
      "a.b",
    ]);
    expect(candidates(resolver, "a.b.c.d.e.f")[0]).toBe("a.b.c.d.e.f");
    expect(candidates(resolver, "a.b.")).toEqual(["a.b"]);
  });
  test("the file resolv.conf, with dnsConfig", () => {
    expect(
      resolvConf(
        resolverOf("ns", {
          dnsConfig: {
            searches: ["x.test"],
            options: [{ name: "ndots", value: "2" }, { name: "edns0" }],
          },
        }),
      ),
    ).toBe(
      "search ns.svc.cluster.local svc.cluster.local cluster.local x.test\nnameserver 10.96.0.10\noptions ndots:2 edns0\n",
    );
    expect(
      resolvConf(resolverOf("ns", { dnsPolicy: "None", dnsConfig: { nameservers: ["1.1.1.1"] } })),
    ).toBe("nameserver 1.1.1.1\n");
  });
});

test.each([
  [
    "ask",
    "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
  ],
  ["none", "search other.svc.cluster.local\nnameserver 10.96.0.10\n"],
  ["node-dns", "nameserver 192.168.0.2\n"],
])("resolv.conf in the container %s", (pod, expected) => {
  expect(world.exec(pod, ["cat", "/etc/resolv.conf"]).stdout).toBe(expected);
});

test("without CoreDNS names time out, addresses still work", () => {
  world.patch("/apis/apps/v1/namespaces/kube-system/deployments/coredns", {
    spec: { replicas: 0 },
  });
  world.settle();
  expect(told(world.ask({ pod: "default/ask" }, "web"))).toBe("timeout");
  expect(told(world.ask({ pod: "default/ask" }, clusterIp("web")))).toBe("200 plain");
  world.patch("/apis/apps/v1/namespaces/kube-system/deployments/coredns", {
    spec: { replicas: 1 },
  });
  world.settle();
  expect(told(world.ask({ pod: "default/ask" }, "web"))).toBe("200 plain");
});
