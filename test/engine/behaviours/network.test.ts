/** Services as objects: N4 to N6 of `test/behaviours.md`; traffic has tests of its own. */
import { describe, expect, test } from "vitest";
import {
  cluster,
  nginx,
  pod,
  podUrl,
  row,
  service,
  shell,
  type Anything,
  type World,
} from "./behaviour-world.ts";

const servicesUrl = "/api/v1/namespaces/default/services";
const svc = (world: World, name: string): Anything => world.get(`${servicesUrl}/${name}`);
const selector = { app: "web" };

const slicesOf = (world: World, name: string): Anything[] =>
  world.get(
    `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D${name}`,
  ).items;
const endpointsOf = (world: World, name: string): unknown =>
  row(world, "/api/v1/namespaces/default/endpoints", name)?.["Endpoints"];

describe("N4: Service environment variables", () => {
  test("of Services older than the Pod, and of kubernetes always", () => {
    const world = cluster();
    world.create(service("my-web", { selector, ports: [{ name: "http", port: 80 }] }));
    world.create(
      pod("asks", { restartPolicy: "Never", containers: [shell("c", "env | sort")] }),
      service("later", { selector, ports: [{ port: 81 }] }),
      pod("without", {
        restartPolicy: "Never",
        enableServiceLinks: false,
        containers: [shell("c", "env | sort")],
      }),
    );
    world.settle();
    const log = (name: string): string[] =>
      world.request("GET", `${podUrl(name)}/log`).text.split("\n");
    const ip = svc(world, "my-web").spec.clusterIP;
    for (const line of [
      `MY_WEB_SERVICE_HOST=${ip}`,
      "MY_WEB_SERVICE_PORT=80",
      "MY_WEB_SERVICE_PORT_HTTP=80",
      `MY_WEB_PORT=tcp://${ip}:80`,
      `MY_WEB_PORT_80_TCP=tcp://${ip}:80`,
      "MY_WEB_PORT_80_TCP_PROTO=tcp",
      "MY_WEB_PORT_80_TCP_PORT=80",
      `MY_WEB_PORT_80_TCP_ADDR=${ip}`,
      "KUBERNETES_SERVICE_HOST=10.96.0.1",
      "KUBERNETES_SERVICE_PORT=443",
      "HOSTNAME=asks",
    ]) {
      expect(log("asks")).toContain(line);
    }
    expect(log("without").some((l) => l.startsWith("MY_WEB"))).toBe(false);
    expect(log("without")).toContain("KUBERNETES_SERVICE_HOST=10.96.0.1");
  });
});

describe("N5: kinds of Services", () => {
  test.each([
    [
      "ClusterIP",
      {},
      {
        "Cluster-IP": expect.stringMatching(/^10\./),
        "External-IP": "<none>",
        "Port(s)": "80/TCP",
      },
    ],
    [
      "NodePort",
      {},
      {
        "Cluster-IP": expect.stringMatching(/^10\./),
        "Port(s)": expect.stringMatching(/^80:3[0-2]\d{3}\/TCP$/),
      },
    ],
    ["LoadBalancer", {}, { "External-IP": expect.stringMatching(/^(\d+\.){3}\d+$/) }],
    ["ClusterIP", { clusterIP: "None" }, { "Cluster-IP": "None", "Port(s)": "80/TCP" }],
  ])("%s %j", (type, spec, cells) => {
    const world = cluster();
    world.create(service("web", { type, selector, ports: [{ port: 80 }], ...spec }));
    world.settle();
    expect(row(world, servicesUrl, "web")).toMatchObject({ Type: type, ...cells });
  });

  test("ExternalName is a name and nothing else", () => {
    const world = cluster();
    world.create(service("db", { type: "ExternalName", externalName: "db.example.com" }));
    expect(row(world, servicesUrl, "db")).toMatchObject({
      Type: "ExternalName",
      "Cluster-IP": "<none>",
      "External-IP": "db.example.com",
      "Port(s)": "<none>",
    });
  });

  test.each([
    ["by number", 8080, 8080],
    ["by name", "http", 80],
    ["left out", undefined, 9000],
  ])("targetPort %s", (_, targetPort, port) => {
    const world = cluster();
    world.create(
      service("web", { selector, ports: [{ port: 9000, ...(targetPort ? { targetPort } : {}) }] }),
      pod("web", { containers: [nginx({ ports: [{ name: "http", containerPort: 80 }] })] }),
    );
    world.settle();
    expect(slicesOf(world, "web")[0].ports).toMatchObject([{ port, protocol: "TCP" }]);
    expect(endpointsOf(world, "web")).toBe(`${world.pod("web").status.podIP}:${port}`);
  });
});

describe("N6: finding out why nothing answers", () => {
  test("a selector that matches nothing has no endpoints; a label mends it", () => {
    const world = cluster();
    world.create(
      service("web", { selector: { app: "wep" }, ports: [{ port: 80 }] }),
      pod("web", { containers: [nginx()] }),
    );
    world.settle();
    expect(endpointsOf(world, "web")).toBe("<none>");
    expect(slicesOf(world, "web").flatMap((s) => s.endpoints ?? [])).toEqual([]);
    world.patch(podUrl("web"), { metadata: { labels: { app: "wep" } } });
    world.settle();
    expect(endpointsOf(world, "web")).toBe(`${world.pod("web").status.podIP}:80`);
  });

  test("an unready Pod is listed, but not among the ready", () => {
    const world = cluster();
    world.create(
      service("web", { selector, ports: [{ port: 80 }] }),
      pod("web", {
        containers: [nginx({ readinessProbe: { httpGet: { path: "/none", port: 80 } } })],
      }),
    );
    world.advance(20_000);
    const [slice] = slicesOf(world, "web");
    expect(slice.endpoints).toMatchObject([
      {
        conditions: { ready: false, serving: false, terminating: false },
        targetRef: { kind: "Pod", name: "web" },
      },
    ]);
    expect(world.get("/api/v1/namespaces/default/endpoints/web").subsets).toMatchObject([
      { notReadyAddresses: [{ targetRef: { name: "web" } }] },
    ]);
    expect(endpointsOf(world, "web")).toBe("");
    expect(world.events("web")).toContain(
      "Warning Unhealthy Readiness probe failed: HTTP probe failed with statuscode: 404",
    );
  });

  test("a targetPort by a name that no container has gives no port", () => {
    const world = cluster();
    world.create(
      service("web", { selector, ports: [{ port: 80, targetPort: "nope" }] }),
      pod("web", { containers: [nginx()] }),
    );
    world.settle();
    expect(slicesOf(world, "web").flatMap((s) => s.ports ?? [])).toEqual([]);
  });

  test("Endpoints are still served, with upstream's warning", () => {
    const answer = cluster().request("GET", "/api/v1/namespaces/default/endpoints");
    expect(answer.headers["warning"]).toBe(
      '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"',
    );
  });
});
