/** Images nobody described: their shells, tools, servers, and what ends by itself. */
import { describe, expect, test } from "vitest";
import { PodKernel } from "../../../durable-objects/engine/runtime/kernel/kernel.ts";
import type { Kernel } from "../../../durable-objects/engine/runtime/kernel/types.ts";
import { startExec } from "../../../durable-objects/engine/runtime/launch.ts";
import { readLog } from "../../../durable-objects/engine/runtime/runtime.ts";
import { NetworkWorld, podOf, sleeper } from "../network/network-world.ts";
import { RuntimeWorld } from "../runtime/runtime-world.ts";

const podsUrl = "/api/v1/namespaces/default/pods";
const status = (world: NetworkWorld, name: string): string => {
  const row = world.rows(podsUrl).find((one) => one["Name"] === name);
  return `${String(row?.["Ready"])} ${String(row?.["Status"])} ${String(row?.["Restarts"])}`;
};
const log = (world: NetworkWorld, name: string, container = "main"): string =>
  world.with((context) => readLog(context, `default/${name}`, container, {})?.text ?? "");
const body = (result: ReturnType<NetworkWorld["ask"]>): string =>
  "response" in result ? result.response.body : result.error;

describe("a container's words", () => {
  const once = (image: string, container: object, spec: object = {}): string => {
    const world = new NetworkWorld();
    world.create(podOf("x", image, { container, spec: { restartPolicy: "Never", ...spec } }));
    world.advance(30_000);
    return `${status(world, "x")}: ${log(world, "x")}`;
  };

  test.each<[string, object, string]>([
    ["some/tools", { args: ["sh", "-c", "echo hi"] }, "0/1 Completed 0: hi\n"],
    ["some/tools:v2", { args: ["echo", "hi"] }, "0/1 Completed 0: hi\n"],
    ["some/tools", { args: ["-c", "echo hi; exit 3"] }, "0/1 Error 0: hi\n"],
    ["some/tools", { command: ["bash", "-c", "echo $0 hi"] }, "0/1 Completed 0: bash hi\n"],
    ["radial/busyboxplus:curl", { args: ["sh", "-c", "echo hi"] }, "0/1 Completed 0: hi\n"],
    ["alpine/curl", { args: ["sh", "-c", "echo hi"] }, "0/1 Completed 0: hi\n"],
    ["bash:5.2", { args: ["-c", "echo hi"] }, "0/1 Completed 0: hi\n"],
    [
      "fedora",
      { args: ["cat", "/etc/redhat-release"] },
      "0/1 Completed 0: Fedora release 43 (Forty Three)\n",
    ],
    [
      "centos:7",
      { args: ["cat", "/etc/redhat-release"] },
      "0/1 Completed 0: CentOS Linux release 7.9.2009 (Core)\n",
    ],
    ["tutum/curl", { args: ["curl", "--version"] }, "0/1 Completed 0: curl"],
    [
      "alpine/git",
      { args: ["clone", "https://example.com/a.git"] },
      "0/1 Error 0: Cloning into 'a'...\nfatal: repository 'https://example.com/a.git/' not found\n",
    ],
    ["some/db-tool", { command: ["flyway", "migrate"] }, "0/1 Completed 0: flyway migrate: "],
    [
      "some/parser",
      { args: ["jq", "-n", "1+1"] },
      "0/1 Error 0: jq -n 1+1: this sandbox does not have the command and cannot give its output\n",
    ],
    [
      "some/parser",
      { command: ["sh", "-c", "echo '{}' | jq . || echo failed"] },
      "0/1 Completed 0: jq .: this sandbox does not have the command and cannot give its output\nfailed\n",
    ],
    ["some/parser", { args: ["jq", "--version"] }, "0/1 Completed 0: jq --version: "],
    ["openjdk:11", { args: ["java", "-version"] }, "0/1 Completed 0: java -version: "],
    [
      "some/app",
      { args: ["sh", "-c", "exec java -jar app.jar"] },
      "1/1 Running 0: standing in for some/app",
    ],
    [
      "some/app",
      { command: ["sh", "-c", "npm install && npm start"] },
      "1/1 Running 0: npm install: ",
    ],
    [
      "some/app",
      { args: ["sh", "-c", "echo 'nosuch; echo $?' | sh"] },
      "0/1 Completed 0: sh: nosuch: not found\n127\n",
    ],
    [
      "some/app",
      { command: ["java", "-jar", "app.jar"] },
      "1/1 Running 0: standing in for some/app",
    ],
    ["some/app", { args: ["--verbose"] }, "1/1 Running 0: standing in for some/app"],
    [
      "minio/minio",
      { args: ["server", "/data"] },
      "1/1 Running 0: standing in for minio/minio, listening on 9000/tcp, 9001/tcp\n",
    ],
    ["rockylinux:9", { args: ["nosuch"] }, "0/1 StartError 0: "],
  ])("%s with %j", (image, container, expected) => {
    expect(once(image, container).slice(0, expected.length)).toBe(expected);
  });

  test.each([
    "some/tools",
    "busybox",
    "centos",
    "infoblox/dnstools",
    "praqma/network-multitool",
    "alpine/git",
  ])("with a terminal, and sh for an argument, %s shows a prompt", (image) => {
    const world = new RuntimeWorld();
    const spec = world.start(
      world.spec(world.pod("x"), "x", image, { args: ["sh"], tty: true, stdin: true }),
    );
    expect(world.log(spec)).toMatch(/[#$] $/);
  });

  test("init containers end, whatever they run", () => {
    const world = new NetworkWorld();
    const volume = { volumeMounts: [{ name: "w", mountPath: "/work" }] };
    world.create(
      podOf("x", "some/app", {
        container: volume,
        spec: {
          volumes: [{ name: "w", emptyDir: {} }],
          initContainers: [
            {
              name: "begin",
              image: "alpine/git",
              args: ["init", "/work/a"],
              ...volume,
            },
            { name: "migrate", image: "flyway/flyway", args: ["migrate"] },
            { name: "own", image: "some/setup" },
            { name: "words", image: "some/setup", command: ["/setup", "--all"] },
            {
              name: "script",
              image: "some/setup",
              command: ["sh", "-c", "prepare /work && ls /work > /work/list"],
              ...volume,
            },
          ],
        },
      }),
    );
    world.advance(60_000);
    expect(status(world, "x")).toBe("1/1 Running 0");
    expect(world.exec("x", "cat /work/list").stdout).toBe("a\nlist\n");
  });

  test("who types is told what is not there; the usual tools are", () => {
    const world = new NetworkWorld();
    world.create(podOf("x", "some/app"));
    world.advance(20_000);
    const id = world.pod("x").status.containerStatuses[0].containerID.slice(13);
    world.with((context) => {
      const kernel = PodKernel.load(context, "default/x") as Kernel;
      const key = kernel.containerKey(id) as string;
      const absent = {
        error: expect.stringContaining('exec: "java": executable file not found in $PATH'),
      };
      expect(startExec(kernel, key, { command: ["java"], tty: false, stdin: false })).toMatchObject(
        absent,
      );
    });
    const tools = "bash curl wget ip ps nslookup dig nc ping ss netstat env grep awk sed tar vi";
    for (const tool of tools.split(" "))
      expect([tool, world.exec("x", `command -v ${tool}`).exitCode]).toEqual([tool, 0]);
  });
});

describe("a server that is stood in for", () => {
  test("listens where it is declared or probed, by TLS where a probe says so, on low ports too", () => {
    const world = new NetworkWorld();
    world.create(
      sleeper("probe"),
      podOf("x", "some/app:v3", {
        container: {
          securityContext: { runAsUser: 1000, capabilities: { drop: ["ALL"] } },
          ports: [{ containerPort: 80 }, { name: "https", containerPort: 4433 }],
          livenessProbe: { httpGet: { path: "/live", port: 9999 } },
          readinessProbe: { httpGet: { path: "/ready", port: 10443, scheme: "HTTPS" } },
          startupProbe: { tcpSocket: { port: 81 } },
        },
      }),
    );
    world.advance(40_000);
    expect(status(world, "x")).toBe("1/1 Running 0");
    const at = (port: number, path = "/"): string =>
      body(world.ask({ pod: "default/probe" }, { host: world.ip("x"), port, path }));
    expect(at(80)).toContain("<title>some/app:v3</title>");
    expect(at(9999, "/<x>")).toContain("<td>GET /&lt;x&gt;</td>");
    expect(at(82)).toBe("refused");
    const curl = world.exec(
      "x",
      "curl -sk https://localhost:4433/; curl -sk https://localhost:10443/",
    );
    expect(curl.stdout.match(/<title>some\/app:v3<\/title>/g)).toHaveLength(2);
    const json = world.exec("x", "curl -s -H 'Accept: application/json' localhost:9999/a").stdout;
    expect(JSON.parse(json)).toMatchObject({ standsInFor: "some/app:v3", version: "v3", pod: "x" });
  });

  test("a table of its Pods", () => {
    const world = new NetworkWorld();
    const grpc = { readinessProbe: { grpc: { port: 50051 } } };
    const exec = { readinessProbe: { exec: { command: ["healthcheck", "--fast"] } } };
    const shell = { readinessProbe: { exec: { command: ["sh", "-c", "pgcheck && mycheck"] } } };
    world.create(
      podOf("catalogue", "weaveworksdemos/catalogue:0.3.5", {
        container: {
          command: ["/app"],
          args: ["-port=80"],
          ports: [{ containerPort: 80 }],
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 10001,
            capabilities: { drop: ["all"], add: ["NET_BIND_SERVICE"] },
          },
          livenessProbe: {
            httpGet: { path: "/health", port: 80 },
            initialDelaySeconds: 3,
            periodSeconds: 3,
          },
        },
      }),
      podOf("grafana", "grafana/grafana:11.0.0", {
        container: { readinessProbe: { httpGet: { path: "/robots.txt", port: 3000 } } },
      }),
      podOf("nonroot", "some/app", { container: { securityContext: { runAsNonRoot: true } } }),
      podOf("root", "some/app", { container: { securityContext: { runAsNonRoot: false } } }),
      podOf("productpage", "docker.io/istio/examples-bookinfo-productpage-v1:1.20.3", {
        container: { ports: [{ containerPort: 9080 }], securityContext: { runAsNonRoot: true } },
      }),
      podOf("prometheus", "prom/prometheus", {
        container: { securityContext: { runAsNonRoot: true } },
      }),
      podOf("grpc", "some/app", { container: grpc }),
      podOf("exec", "some/app", { container: exec }),
      podOf("shell", "some/app", { container: shell }),
      podOf("dashboard", "kubernetesui/dashboard:v2.7.0", {
        container: {
          args: ["--auto-generate-certificates"],
          ports: [{ containerPort: 8443 }],
          livenessProbe: { httpGet: { scheme: "HTTPS", path: "/", port: 8443 } },
        },
      }),
    );
    world.advance(60_000);
    const names = "catalogue grafana nonroot root productpage prometheus grpc exec shell dashboard";
    expect(names.split(" ").map((name) => `${name} ${status(world, name)}`)).toEqual([
      "catalogue 1/1 Running 0",
      "grafana 1/1 Running 0",
      "nonroot 1/1 Running 0",
      "root 1/1 Running 0",
      "productpage 1/1 Running 0",
      "prometheus 0/1 CreateContainerConfigError 0",
      "grpc 1/1 Running 0",
      "exec 1/1 Running 0",
      "shell 1/1 Running 0",
      "dashboard 1/1 Running 0",
    ]);
    expect(world.exec("nonroot", "id -u").stdout).toBe("1000\n");
    expect(world.exec("root", "id -u").stdout).toBe("0\n");
    const url = `http://${world.ip("productpage")}:9080/productpage`;
    expect(world.exec("grafana", `curl -sS ${url} | grep -o "<title>.*</title>"`).stdout).toBe(
      "<title>Simple Bookstore App</title>\n",
    );
  });

  test("tcp-echo-server sends lines back over TCP, on each of its ports", () => {
    const world = new NetworkWorld();
    world.create(
      podOf("echo", "istio/tcp-echo-server:1.3", { container: { args: ["9000,9001", "hi"] } }),
      sleeper("client"),
    );
    world.advance(20_000);
    for (const port of [9000, 9001]) {
      const command = `printf 'one\\ntwo\\n' | nc -w 2 ${world.ip("echo")} ${port}`;
      expect(world.exec("client", command).stdout).toBe("hi one\nhi two\n");
    }
    expect(log(world, "echo")).toContain("listening on [::]:9001, prefix: hi\n");
  });

  test("two in a Pod cannot have the same port, in the words of a Go program", () => {
    const world = new NetworkWorld();
    const ports = [{ containerPort: 8080 }];
    world.create(
      podOf("x", "some/app", {
        spec: {
          restartPolicy: "Never",
          containers: [
            { name: "main", image: "some/app", ports },
            { name: "two", image: "some/other", ports },
          ],
        },
      }),
    );
    world.advance(20_000);
    expect(log(world, "x", "two")).toContain("listen tcp :8080: bind: address already in use\n");
  });

  test("nginx as another user binds port 80", () => {
    const world = new RuntimeWorld();
    const spec = world.start(
      world.spec(world.pod("x"), "x", "nginx", {
        runAsUser: 101,
        command: ["nginx", "-g", "daemon off;"],
      }),
    );
    expect(world.log(spec)).not.toContain("bind()");
    const host = world.start(
      world.spec(world.pod("y", { hostNetwork: true }), "y", "some/app", {
        runAsUser: 101,
        command: ["cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"],
      }),
    );
    expect(world.log(host)).toBe("1024\n");
  });
});
