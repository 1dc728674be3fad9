/** N1, N2, N5, N6 of `test/behaviours.md`: addresses, Services, endpoints, nodes; what is refused and what times out. */
import { beforeAll, describe, expect, test } from "vitest";
import { NetworkWorld, podOf, serviceOf, sleeper, told, whoami } from "./network-world.ts";
import type { Target } from "../../../durable-objects/engine/network/request.ts";

const web = { app: "web" };
const ports = [{ port: 80, targetPort: 8080 }];

function build(): NetworkWorld {
  const world = new NetworkWorld();
  const on = (node: string): object => ({ spec: { nodeName: node } });
  world.create(
    sleeper("one", on("node-1")),
    sleeper("two", on("node-2")),
    whoami("web-1", { labels: web, ...on("node-1") }),
    whoami("web-2", { labels: web, ...on("node-2") }),
    whoami("web-3", { labels: web, ...on("node-2") }),
    whoami("named", {
      ...on("node-1"),
      container: { ports: [{ name: "http", containerPort: 8080 }] },
    }),
    podOf("hosted", "nginx:1.29", { spec: { nodeName: "node-1", hostNetwork: true } }),
    whoami("mapped", {
      ...on("node-1"),
      container: { ports: [{ containerPort: 8080, hostPort: 8888 }] },
    }),
    podOf("unready", "nginx:1.29", {
      ...on("node-1"),
      container: { readinessProbe: { httpGet: { path: "/nope", port: 80 } } },
    }),
    serviceOf("web", { selector: web, ports }),
    serviceOf("sticky", { selector: web, ports, sessionAffinity: "ClientIP" }),
    serviceOf("local", { selector: web, ports, internalTrafficPolicy: "Local" }),
    serviceOf("one-node", { selector: { app: "named" }, ports, internalTrafficPolicy: "Local" }),
    serviceOf("by-name", { selector: { app: "named" }, ports: [{ port: 80, targetPort: "http" }] }),
    serviceOf("nothing", { selector: { app: "nobody" }, ports }),
    serviceOf("wrong-port", { selector: web, ports: [{ port: 80, targetPort: 9999 }] }),
    serviceOf("waits", { selector: { app: "unready" }, ports: [{ port: 80 }] }),
    serviceOf("early", {
      selector: { app: "unready" },
      ports: [{ port: 80 }],
      publishNotReadyAddresses: true,
    }),
    serviceOf("node-port", {
      type: "NodePort",
      selector: web,
      ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }],
    }),
    serviceOf("node-local", {
      type: "NodePort",
      selector: { app: "named" },
      externalTrafficPolicy: "Local",
      ports: [{ port: 80, targetPort: 8080, nodePort: 30081 }],
    }),
    serviceOf("near", {
      type: "LoadBalancer",
      selector: { app: "named" },
      externalTrafficPolicy: "Local",
      ports,
    }),
    serviceOf("balanced", { type: "LoadBalancer", selector: web, ports }),
    serviceOf("self", { selector: { app: "one" }, ports: [{ port: 80 }] }),
    serviceOf("by-hand", { ports: [{ port: 80, targetPort: 8080 }] }),
  );
  world.settle();
  world.create({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "by-hand-1", labels: { "kubernetes.io/service-name": "by-hand" } },
    addressType: "IPv4",
    ports: [{ port: 8080, protocol: "TCP" }],
    endpoints: [{ addresses: [world.ip("web-1")] }],
  });
  world.settle();
  return world;
}

let world: NetworkWorld;
beforeAll(() => {
  world = build();
});

const from = (pod: string): { pod: string } => ({ pod: `default/${pod}` });
const served = /^200 web-[123]$/;

describe("from a Pod", () => {
  const cases: [
    name: string,
    pod: string,
    target: () => string | Target,
    expected: string | RegExp,
  ][] = [
    [
      "N1 a Pod on the same node by its address",
      "one",
      () => ({ host: world.ip("web-1"), port: 8080 }),
      "200 web-1",
    ],
    [
      "N1 a Pod on another node",
      "one",
      () => ({ host: world.ip("web-2"), port: 8080 }),
      "200 web-2",
    ],
    ["a port nobody listens on", "one", () => ({ host: world.ip("web-1"), port: 81 }), "refused"],
    ["N2 a Service by its name", "one", () => "web", served],
    [
      "N2 a Service by its address",
      "one",
      () => world.get("/api/v1/namespaces/default/services/web").spec.clusterIP,
      served,
    ],
    ["N5 a named target port", "one", () => "by-name", "200 named"],
    ["N6 a selector that matches nothing", "one", () => "nothing", "refused"],
    ["N6 the wrong target port", "one", () => "wrong-port", "refused"],
    ["N6 only Pods that are not ready", "one", () => "waits", "refused"],
    ["not ready, but published", "one", () => "early", /^200 <!DOCTYPE html>/],
    ["a port the Service does not have", "one", () => ({ host: "web", port: 81 }), "timeout"],
    ["a hand-made slice", "two", () => "by-hand", "200 web-1"],
    ["internalTrafficPolicy Local with an endpoint here", "one", () => "one-node", "200 named"],
    ["internalTrafficPolicy Local without", "two", () => "one-node", "timeout"],
    ["a node port of any node", "one", () => ({ host: "172.18.0.4", port: 30080 }), served],
    [
      "a load balancer's address",
      "one",
      () =>
        world.get("/api/v1/namespaces/default/services/balanced").status.loadBalancer.ingress[0].ip,
      served,
    ],
    ["a Pod in its node's network", "two", () => "172.18.0.3", /^200 <!DOCTYPE html>/],
    ["a host port", "two", () => ({ host: "172.18.0.3", port: 8888 }), "200 mapped"],
    ["a host port of another node", "two", () => ({ host: "172.18.0.4", port: 8888 }), "refused"],
    ["a free address of a node's range", "one", () => "10.244.1.200", "unreachable"],
    ["a free address of the nodes' network", "one", () => "172.18.0.77", "unreachable"],
    ["a free Service address", "one", () => "10.96.77.77", "timeout"],
    ["an address of nobody", "one", () => "203.0.113.7", "timeout"],
    ["a name that is not there", "one", () => "nope", "unknown"],
    ["a simulated site", "one", () => "example.com", /^200 <!doctype html>[^]*Example Domain/],
    [
      "a page of it that is not there",
      "one",
      () => ({ host: "info.cern.ch", path: "/x" }),
      /^404 /,
    ],
    ["a site outside the handful", "one", () => "www.wikipedia.org", "unknown"],
    [
      "the API server, without a token",
      "one",
      () => ({ host: "kubernetes", https: true, path: "/api" }),
      /^403 [^]*system:anonymous/,
    ],
    [
      "the API server's health",
      "one",
      () => ({ host: "kubernetes.default", https: true, path: "/healthz" }),
      "200 ok",
    ],
  ];
  test.each(cases)("%s", (_name, pod, target, expected) => {
    const said = told(world.ask(from(pod), target()));
    if (typeof expected === "string") expect(said).toBe(expected);
    else expect(said).toMatch(expected);
  });
});

describe("the API server from a Pod", () => {
  const token = (): string =>
    world.request("POST", "/api/v1/namespaces/default/serviceaccounts/default/token", {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {},
    }).body.status.token;
  const ask = (authorization: string, method = "GET", body?: string): string =>
    told(
      world.ask(from("one"), {
        host: "kubernetes.default.svc",
        https: true,
        method,
        path: "/api/v1/namespaces/default/configmaps",
        headers: { authorization, "content-type": "application/json" },
        ...(body ? { body } : {}),
      }),
    );
  test("a token's rights are its service account's", () => {
    expect(ask(`Bearer ${token()}`)).toMatch(/^403 [^]*system:serviceaccount:default:default/);
    expect(ask("Bearer nonsense")).toMatch(/^401 /);
    world.create({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "edit" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "edit" },
      subjects: [{ kind: "ServiceAccount", name: "default", namespace: "default" }],
    });
    expect(ask(`Bearer ${token()}`)).toMatch(/^200 [^]*kube-root-ca.crt/);
    const made = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "from-a-pod" } };
    expect(ask(`Bearer ${token()}`, "POST", JSON.stringify(made))).toMatch(/^201 /);
    expect(world.get("/api/v1/namespaces/default/configmaps/from-a-pod").kind).toBe("ConfigMap");
  });
});

describe("from outside and from nodes", () => {
  const balancer = (): string =>
    world.get("/api/v1/namespaces/default/services/balanced").status.loadBalancer.ingress[0].ip;
  test("what is labelled for another proxy, or as headless, kube-proxy passes over", () => {
    const path = "/api/v1/namespaces/default/services/by-name";
    const label = (name: string, value: string | null): void => {
      world.patch(path, { metadata: { labels: { [`service.kubernetes.io/${name}`]: value } } });
      world.settle();
    };
    label("service-proxy-name", "other");
    expect(told(world.ask(from("one"), "by-name"))).toBe("timeout");
    label("service-proxy-name", null);
    expect(told(world.ask(from("one"), "by-name"))).toBe("200 named");
    label("headless", "");
    expect(told(world.ask(from("one"), "by-name"))).toBe("timeout");
    label("headless", null);
    const slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
    const made = (labels: object): object => ({ metadata: { labels } });
    world.patch(`${slices}/by-hand-1`, made({ "service.kubernetes.io/headless": "" }));
    expect(told(world.ask(from("one"), "by-hand"))).toBe("refused");
    world.patch(`${slices}/by-hand-1`, made({ "service.kubernetes.io/headless": null }));
    expect(told(world.ask(from("one"), "by-hand"))).not.toBe("refused");
  });
  test("N5 node ports on every node", () => {
    for (const host of ["172.18.0.2", "172.18.0.3", "172.18.0.4"]) {
      expect(told(world.ask("outside", { host, port: 30080 }))).toMatch(served);
    }
  });
  test("externalTrafficPolicy Local answers where the endpoint is, and nowhere else", () => {
    expect(told(world.ask("outside", { host: "172.18.0.3", port: 30081 }))).toBe("200 named");
    const result = world.ask("outside", { host: "172.18.0.4", port: 30081 });
    expect([told(result), result.tookMs]).toEqual(["timeout", 127_000]);
  });
  test("externalTrafficPolicy Local does not bind who is on that node already", () => {
    const own = world.ask(from("two"), { host: "172.18.0.4", port: 30081 });
    expect(told(own)).toBe("200 named");
    expect(told(world.ask({ node: "node-2" }, { host: "172.18.0.4", port: 30081 }))).toBe(
      "200 named",
    );
    const other = world.ask(from("one"), { host: "172.18.0.4", port: 30081 });
    expect(told(other)).toBe("timeout");
  });
  test("kube-proxy tells its health, and whether a node has endpoints of a balanced Service", () => {
    const at = (host: string, port: number, path: string) =>
      world.ask(from("one"), { host, port, path });
    expect(told(at("172.18.0.3", 10256, "/healthz"))).toMatch(
      /^200 \{"lastUpdated":"[^"]+","currentTime":"[^"]+","nodeEligible":true,"healthy":true,/,
    );
    expect(told(at("172.18.0.3", 10249, "/proxyMode"))).toBe("refused");
    expect(
      told(world.ask({ node: "node-1" }, { host: "127.0.0.1", port: 10249, path: "/proxyMode" })),
    ).toBe("200 iptables");
    const { healthCheckNodePort } = world.get("/api/v1/namespaces/default/services/near").spec;
    expect(told(at("172.18.0.3", healthCheckNodePort, "/"))).toBe(
      '200 {\n\t"service": {\n\t\t"namespace": "default",\n\t\t"name": "near"\n\t},\n\t"localEndpoints": 1,\n\t"serviceProxyHealthy": true\n}',
    );
    expect(told(at("172.18.0.4", healthCheckNodePort, "/"))).toMatch(/^503 /);
  });
  test("host ports are bound to the address they name, also to the node's own loopback", () => {
    const bound = (name: string, hostIP: string): object =>
      whoami(name, {
        spec: { nodeName: "node-1" },
        container: { ports: [{ containerPort: 8080, hostPort: 8889, hostIP }] },
      });
    world.create(bound("loop", "127.0.0.1"), bound("outer", "172.18.0.3"));
    world.create(
      podOf("hostbox", "curlimages/curl", {
        spec: { nodeName: "node-1", hostNetwork: true },
        container: { command: ["sleep", "infinity"] },
      }),
    );
    world.advance(10_000);
    expect(world.exec("hostbox", "curl -s 127.0.0.1:8889").stdout).toBe("loop");
    expect(world.exec("hostbox", "curl -s 172.18.0.3:8889").stdout).toBe("outer");
    expect(world.exec("hostbox", "curl -s 127.0.0.1:80 | head -n 1").stdout).toBe(
      "<!DOCTYPE html>\n",
    );
    expect(world.exec("hostbox", "curl -s 127.0.0.1:30080").stdout).toMatch(/^web-/);
    expect(world.exec("hostbox", "curl -s 127.0.0.1:9").exitCode).toBe(7);
  });
  test("N5 the load balancer", () => {
    expect(told(world.ask("outside", { host: balancer() }))).toMatch(served);
  });
  test("a node reaches a ClusterIP", () => {
    const host = world.get("/api/v1/namespaces/default/services/web").spec.clusterIP;
    expect(told(world.ask({ node: "node-1" }, { host }))).toMatch(served);
  });
  test("nothing listens on a node's port 9", () => {
    expect(told(world.ask("outside", { host: "172.18.0.3", port: 9 }))).toBe("refused");
  });
});

describe("whom the Pod sees", () => {
  const seen = (result: ReturnType<NetworkWorld["ask"]>): string | undefined =>
    result.hops.find((hop) => hop.kind === "pod")?.detail.replace("sees ", "");
  const cases: [
    name: string,
    from: Parameters<NetworkWorld["ask"]>[0],
    target: () => Target,
    ip: () => string,
  ][] = [
    ["a Pod, without NAT", from("two"), () => ({ host: "by-name" }), () => world.ip("two")],
    [
      "a Pod through its own Service: its node's bridge",
      from("named"),
      () => ({ host: "by-name" }),
      () => "10.244.1.1",
    ],
    [
      "a node port: the node it came in by",
      "outside",
      () => ({ host: "172.18.0.4", port: 30080 }),
      () => "172.18.0.4",
    ],
    [
      "with externalTrafficPolicy Local: the client",
      "outside",
      () => ({ host: "172.18.0.3", port: 30081 }),
      () => "172.18.0.1",
    ],
    [
      "a node",
      { node: "node-2" },
      () => ({ host: world.ip("web-1"), port: 8080 }),
      () => "172.18.0.4",
    ],
  ];
  test.each(cases)("%s", (_name, asker, target, ip) => {
    expect(seen(world.ask(asker, target()))).toBe(ip());
  });
});

describe("which endpoint", () => {
  const hosts = (service: string, count: number): string[] =>
    Array.from({ length: count }, () => told(world.ask(from("one"), service)));
  test("N2 all ready ones get their share", () => {
    const seen = new Map<string, number>();
    for (const host of hosts("web", 60)) seen.set(host, (seen.get(host) ?? 0) + 1);
    expect([...seen.keys()].sort()).toEqual(["200 web-1", "200 web-2", "200 web-3"]);
    for (const count of seen.values()) expect(count).toBeGreaterThan(8);
  });
  test("sessionAffinity ClientIP keeps to one", () => {
    expect(new Set(hosts("sticky", 20)).size).toBe(1);
  });
  test("another client may get another, and each keeps its own", () => {
    const two = (): string => told(world.ask(from("two"), "sticky"));
    expect(two()).toBe(two());
  });
  test("internalTrafficPolicy Local stays on the node", () => {
    expect(new Set(hosts("local", 20))).toEqual(new Set(["200 web-1"]));
  });
  test("N8 the hops tell the way", () => {
    const { hops } = world.ask(from("one"), "by-name");
    expect(hops.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "source default/one",
      "dns by-name.default.svc.cluster.local",
      "service default/by-name",
      "endpoint default/named",
      "node node-1",
      "pod default/named",
      "container main",
    ]);
    expect(hops.some((hop) => hop.failed)).toBe(false);
  });
  test("N8 and where it ended", () => {
    const { hops } = world.ask(from("one"), "wrong-port");
    expect(hops.at(-1)).toMatchObject({
      kind: "container",
      failed: true,
      detail: "nothing listens on port 9999",
    });
    expect(world.ask(from("one"), "nothing").hops.at(-1)).toMatchObject({
      kind: "service",
      name: "default/nothing",
      detail: "has no ready endpoints",
      failed: true,
    });
  });
});

describe("as things change", () => {
  test("readiness, deletion, a dead node, an eviction in mid-way", () => {
    const own = build();
    const seen = (): string[] =>
      [...new Set(Array.from({ length: 30 }, () => told(own.ask(from("one"), "web"))))].sort();
    own.delete("/api/v1/namespaces/default/pods/web-3");
    own.settle();
    expect(seen()).toEqual(["200 web-1", "200 web-2"]);
    const ip = own.ip("web-2");
    own.patch("/api/v1/nodes/node-2", {
      metadata: { annotations: { "podyard.dev/power": "off" } },
    });
    const dead = own.ask(from("one"), { host: ip, port: 8080 });
    expect([told(dead), dead.tookMs]).toEqual(["timeout", 127_000]);
    expect(dead.hops.at(-1)).toMatchObject({ kind: "node", name: "node-2", detail: "is down" });
    own.advance(120_000);
    expect(seen()).toEqual(["200 web-1"]);
  });

  test("nothing is left behind when all is answered", () => {
    world.advance(120_000);
    expect([...world.engine.store.recordKeys("network")]).toEqual([]);
  });
});
