/** Traffic: N1 to N3, N6 and N7 of `test/behaviours.md` as requests, C6, and `kubectl top`. */
import { describe, expect, test } from "vitest";
import {
  alive,
  condition,
  deployment,
  nginx,
  pod,
  podUrl,
  row,
  service,
  shell,
  type Anything,
} from "./behaviour-world.ts";
import { manifest, ShellWorld } from "./shell-world.ts";

const idle = "sleep 1000000";
const client = (nodeName = "node-1"): object =>
  pod("client", { nodeName, containers: [shell("c", idle)] });
const hostname = {
  name: "web",
  image: "registry.k8s.io/e2e-test-images/agnhost:2.63.0",
  args: ["serve-hostname", "--port", "8080"],
};

describe("N1: every Pod has its own address", () => {
  test("from its node's range, reached from the same and from another node, without NAT", () => {
    const world = new ShellWorld();
    world.create(
      client(),
      pod("near", { nodeName: "node-1", containers: [nginx()] }),
      pod("far", { nodeName: "node-2", containers: [nginx()] }),
    );
    world.settle();
    for (const [name, node] of [
      ["near", "node-1"],
      ["far", "node-2"],
    ] as const) {
      const range = world.get(`/api/v1/nodes/${node}`).spec.podCIDR.replace(/\d+\/24$/, "");
      expect(world.ip(name).startsWith(range)).toBe(true);
      expect(world.sh("client", `wget -qO- http://${world.ip(name)} | grep title`)).toContain(
        "Welcome to nginx!",
      );
      expect(world.log(name)).toContain(`${world.ip("client")} - - [`);
    }
  });

  test("where nobody listens the connection is refused", () => {
    const world = new ShellWorld();
    world.create(client(), pod("web", { containers: [nginx()] }));
    world.settle();
    const ip = world.ip("web");
    expect(world.sh("client", `wget -qO- http://${ip}:81`)).toBe(
      `wget: can't connect to remote host (${ip}): Connection refused\nexit 1`,
    );
  });
});

describe("N2: a Service", () => {
  test("is one name and address in front of the ready Pods, and balances over them", () => {
    const world = new ShellWorld();
    world.create(
      client(),
      deployment("web", {}, hostname),
      service("web", { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] }),
    );
    world.settle();
    const names = world.pods("default", "app=web").map((p) => p.metadata.name as string);
    const answers = (): Set<string> =>
      new Set(
        world.sh("client", "for i in $(seq 40); do wget -qO- http://web; echo; done").split("\n"),
      );
    expect([...answers()].sort()).toEqual([...names].sort());
    const [gone] = names;
    world.delete(podUrl(gone as string));
    world.settle();
    const now = alive(world.pods("default", "app=web")).map((p) => p.metadata.name as string);
    expect([...answers()].sort()).toEqual([...now].sort());
    expect(now).not.toContain(gone);
  });

  test("leaves out a Pod that is not ready", () => {
    const world = new ShellWorld();
    const probe = {
      readinessProbe: {
        exec: { command: ["test", "-e", "/ready"] },
        periodSeconds: 1,
        failureThreshold: 1,
      },
    };
    world.create(
      client(),
      deployment("web", { replicas: 2 }, nginx(probe)),
      service("web", { selector: { app: "web" }, ports: [{ port: 80 }] }),
    );
    world.settle();
    expect(world.sh("client", "wget -qO- -T 2 http://web")).toMatch(/Connection refused\nexit 1$/);
    const [one] = world.pods("default", "app=web");
    world.sh(one.metadata.name, "touch /ready; echo only me > /usr/share/nginx/html/index.html");
    world.advance(5_000);
    expect(
      new Set(
        world.sh("client", "for i in 1 2 3 4 5 6; do wget -qO- http://web; done").split("\n"),
      ),
    ).toEqual(new Set(["only me"]));
  });
});

describe("N3: names", () => {
  test.each(["web", "web.default", "web.default.svc.cluster.local"])("%s", (name) => {
    const world = new ShellWorld();
    world.create(
      client(),
      pod("web", { containers: [nginx()] }),
      service("web", { selector: { app: "web" }, ports: [{ port: 80 }] }),
    );
    world.settle();
    expect(world.sh("client", `wget -qO- http://${name} | grep title`)).toContain(
      "Welcome to nginx!",
    );
    const { clusterIP } = world.get("/api/v1/namespaces/default/services/web").spec;
    expect(world.sh("client", "nslookup web.default.svc.cluster.local")).toContain(
      `Address: ${clusterIP}`,
    );
  });

  test("headless gives the Pods, ExternalName an alias, a wrong name nothing", () => {
    const world = new ShellWorld();
    world.create(
      client(),
      deployment("web", { replicas: 2 }),
      service("web", { clusterIP: "None", selector: { app: "web" }, ports: [{ port: 80 }] }),
      service("outside", { type: "ExternalName", externalName: "example.com" }),
    );
    world.settle();
    const found = world.sh("client", "nslookup web.default.svc.cluster.local");
    for (const { status } of world.pods("default", "app=web"))
      expect(found).toContain(`Address: ${status.podIP}`);
    expect(world.sh("client", "nslookup outside.default.svc.cluster.local")).toContain(
      "example.com",
    );
    expect(world.sh("client", "wget -qO- http://wep")).toBe("wget: bad address 'wep'\nexit 1");
  });

  test("resolv.conf tells where names are looked for", () => {
    const world = new ShellWorld();
    world.create(client());
    world.settle();
    expect(world.sh("client", "cat /etc/resolv.conf").split("\n").sort()).toEqual([
      "nameserver 10.96.0.10",
      "options ndots:5",
      "search default.svc.cluster.local svc.cluster.local cluster.local",
    ]);
  });
});

describe("N6: a Service that does not answer", () => {
  test.each([
    ["a selector that matches nothing", { selector: { app: "wep" }, ports: [{ port: 80 }] }],
    ["the wrong target port", { selector: { app: "web" }, ports: [{ port: 80, targetPort: 81 }] }],
  ])("%s: connection refused", (_, spec) => {
    const world = new ShellWorld();
    world.create(client(), pod("web", { containers: [nginx()] }), service("web", spec));
    world.settle();
    expect(world.sh("client", "wget -qO- http://web")).toMatch(
      /^wget: can't connect to remote host \(10\.\d+\.\d+\.\d+\): Connection refused\nexit 1$/,
    );
  });
});

describe("N7: the API server's proxy", () => {
  test("reaches a Pod and a Service", () => {
    const world = new ShellWorld();
    world.create(
      pod("web", { containers: [nginx()] }),
      service("web", { selector: { app: "web" }, ports: [{ port: 80 }] }),
      service("none", { selector: { app: "none" }, ports: [{ port: 80 }] }),
    );
    world.settle();
    const ask = (path: string): Anything =>
      world.request("GET", `/api/v1/namespaces/default/${path}/proxy/`);
    expect(ask("pods/web").text).toContain("Welcome to nginx!");
    expect(ask("services/web").text).toContain("Welcome to nginx!");
    const refused = ask("services/none");
    expect(refused.status).toBe(503);
    expect(refused.body.message).toBe('no endpoints available for service "none"');
  });
});

describe("C6: real applications", () => {
  test.each([
    [
      "guestbook",
      "frontend",
      80,
      "/guestbook.php?cmd=set&key=messages&value=,hello",
      "/guestbook.php?cmd=get&key=messages",
    ],
    ["guestbook-controllers", "guestbook", 3000, "/rpush/guestbook/hello", "/lrange/guestbook"],
  ])("%s: all Ready, and what is written is read", (file, name, port, write, read) => {
    const world = new ShellWorld();
    world.create(manifest(file), client());
    world.settle();
    const pods = world.pods();
    expect(
      pods.filter((p) => condition(p, "Ready")?.status !== "True").map((p) => p.metadata.name),
    ).toEqual([]);
    expect(pods).toHaveLength(7);
    const get = (path: string): string =>
      world.sh("client", `wget -qO- 'http://${name}:${port}${path}'`);
    expect(get("/").toLowerCase()).toContain("guestbook");
    get(write);
    expect(get(read)).toContain("hello");
  });
});

describe("kubectl top", () => {
  test("tells what nodes and Pods use", () => {
    const world = new ShellWorld();
    world.create(
      pod("busy", {
        nodeName: "node-1",
        containers: [shell("c", "while :; do :; done", { resources: { limits: { cpu: "500m" } } })],
      }),
    );
    world.advance(60_000);
    const { items } = world.get("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods");
    const usage = items.find((i: Anything) => i.metadata.name === "busy").containers[0].usage;
    expect(Number.parseInt(usage.cpu, 10)).toBeGreaterThan(0);
    expect(world.get("/apis/metrics.k8s.io/v1beta1/nodes").items).toHaveLength(3);
    expect(row(world, "/api/v1/nodes", "node-1")?.["Status"]).toBe("Ready");
  });
});
