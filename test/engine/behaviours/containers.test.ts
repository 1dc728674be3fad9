/** What needs somebody inside a container: P3, P4, P8, P13, P14, P16 of `test/behaviours.md`. */
import { describe, expect, test } from "vitest";
import {
  condition,
  follower,
  nginx,
  nodeUrl,
  pod,
  podUrl,
  row,
  podsUrl,
  service,
  shell,
  statusOf,
  type Anything,
} from "./behaviour-world.ts";
import { manifest, ShellWorld } from "./shell-world.ts";

const idle = "sleep 1000000";
const configMap = (data: object): object => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "settings", namespace: "default" },
  data,
});

describe("P3: containers of a Pod share address, ports and localhost", () => {
  test("one reaches the other on localhost, from the same address", () => {
    const world = new ShellWorld();
    world.create(pod("pair", { containers: [nginx(), shell("side", idle)] }));
    world.settle();
    expect(world.sh("pair", "wget -qO- localhost:80 | grep '<title>'", "side")).toContain(
      "Welcome to nginx!",
    );
    const addresses = ["web", "side"].map((c) => world.sh("pair", "hostname -i", c));
    expect(addresses).toEqual(Array(2).fill(world.ip("pair")));
  });

  test("two servers on one port: the second can not bind and crash-loops", () => {
    const world = new ShellWorld();
    world.create(pod("rivals", { containers: [nginx(), nginx({ name: "second" })] }));
    world.advance(30_000);
    expect(row(world, podsUrl, "rivals")).toMatchObject({ Ready: "1/2" });
    const states = world.pod("rivals").status.containerStatuses;
    const loser = states.find((s: Anything) => s.restartCount > 0);
    expect(loser.state.waiting.reason).toBe("CrashLoopBackOff");
    expect(world.log("rivals", `?container=${loser.name}&previous=true`)).toContain(
      "bind() to 0.0.0.0:80 failed (98: Address already in use)",
    );
  });
});

describe("P4: they share volumes, and only what is mounted", () => {
  test("an emptyDir written by one is read by the other, and goes with the Pod", () => {
    const world = new ShellWorld();
    const mount = (mountPath: string): object => ({
      volumeMounts: [{ name: "common", mountPath }],
    });
    const spec = {
      terminationGracePeriodSeconds: 1,
      containers: [
        shell("writer", `echo hello > /out/note; echo mine > /tmp/own; ${idle}`, mount("/out")),
        shell("reader", idle, mount("/in")),
      ],
      volumes: [{ name: "common", emptyDir: {} }],
    };
    world.create(pod("pair", spec));
    world.settle();
    expect(world.sh("pair", "cat /in/note", "reader")).toBe("hello");
    expect(world.sh("pair", "cat /tmp/own", "reader")).toBe(
      "cat: can't open '/tmp/own': No such file or directory\nexit 1",
    );
    world.sh("pair", "echo more >> /in/note", "reader");
    expect(world.sh("pair", "cat /out/note", "writer")).toBe("hello\nmore");
    world.delete(podUrl("pair"));
    world.settle();
    world.create(pod("pair", { ...spec, containers: [shell("reader", idle, mount("/in"))] }));
    world.settle();
    expect(world.sh("pair", "ls -A /in")).toBe("");
  });

  test("an init container's page is served", () => {
    const world = new ShellWorld();
    world.create(manifest("shared-files"), pod("client", { containers: [shell("c", idle)] }));
    world.settle();
    expect(world.sh("client", `wget -qO- ${world.ip("shared-files")}`)).toBe(
      "written before the server started",
    );
    expect(world.sh("shared-files", "echo x > /usr/share/nginx/html/index.html")).toMatch(
      /Read-only file system/,
    );
  });
});

describe("P8: probes", () => {
  test("liveness by command: unhealthy at about 35 s, killed at 45 s, running again at 75 s", () => {
    const world = new ShellWorld();
    world.create(manifest("failing-liveness"));
    const status = (): Anything => world.pod("failing-liveness").status.containerStatuses?.[0];
    world.until(() => status()?.state.running);
    const begin = Date.parse(status().state.running.startedAt);
    const at = (): number => Math.round((world.now - begin) / 1000);
    const says =
      (text: string): (() => boolean) =>
      () =>
        world.events("failing-liveness").some((e) => e.includes(text));
    world.until(
      says("Unhealthy Liveness probe failed: cat: can't open '/pulse': No such file or directory"),
    );
    expect(at()).toBeGreaterThanOrEqual(31);
    expect(at()).toBeLessThanOrEqual(36);
    world.until(says("Normal Killing Container patient failed liveness probe, will be restarted"));
    expect(at()).toBeGreaterThanOrEqual(41);
    expect(at()).toBeLessThanOrEqual(46);
    world.until(() => status().restartCount === 1);
    expect(at()).toBeGreaterThanOrEqual(71);
    expect(at()).toBeLessThanOrEqual(78);
    expect(status().lastState.terminated).toMatchObject({ exitCode: 137, reason: "Error" });
  });

  test("an unready Pod leaves its Service, and comes back", () => {
    const world = new ShellWorld();
    const readinessProbe = { exec: { command: ["cat", "/tmp/ready"] }, periodSeconds: 5 };
    world.create(
      service("web", { selector: { app: "web" }, ports: [{ port: 80 }] }),
      pod("web", { containers: [nginx({ readinessProbe })] }),
    );
    const endpoints = (): unknown =>
      row(world, "/api/v1/namespaces/default/endpoints", "web")?.["Endpoints"];
    world.advance(15_000);
    expect(row(world, podsUrl, "web")).toMatchObject({ Ready: "0/1", Status: "Running" });
    expect(endpoints()).toBe("");
    world.sh("web", "touch /tmp/ready");
    world.advance(10_000);
    expect(row(world, podsUrl, "web")).toMatchObject({ Ready: "1/1" });
    expect(endpoints()).toBe(`${world.ip("web")}:80`);
    world.sh("web", "rm /tmp/ready");
    world.advance(20_000);
    expect(row(world, podsUrl, "web")).toMatchObject({ Ready: "0/1", Restarts: "0" });
  });

  test.each([
    [
      "http",
      { httpGet: { path: "/none", port: 80 } },
      "Liveness probe failed: HTTP probe failed with statuscode: 404",
    ],
    [
      "tcp",
      { tcpSocket: { port: 81 } },
      "Liveness probe failed: dial tcp IP:81: connect: connection refused",
    ],
    [
      "grpc",
      { grpc: { port: 81 } },
      'Liveness probe failed: timeout: failed to connect service "IP:81" within 1s: context deadline exceeded',
    ],
  ])("%s", (_, probe, message) => {
    const world = new ShellWorld();
    world.create(
      pod("web", { containers: [nginx({ livenessProbe: { ...probe, periodSeconds: 2 } })] }),
    );
    world.advance(15_000);
    expect(world.events("web")).toContain(
      `Warning Unhealthy ${message.replaceAll("IP", world.ip("web"))}`,
    );
    expect(world.pod("web").status.containerStatuses[0].restartCount).toBeGreaterThanOrEqual(1);
  });

  test("a startup probe holds the others back", () => {
    const world = new ShellWorld();
    const probe = { exec: { command: ["cat", "/tmp/up"] } };
    const container = shell("c", `sleep 40; touch /tmp/up; ${idle}`, {
      startupProbe: { ...probe, periodSeconds: 5, failureThreshold: 12 },
      livenessProbe: { ...probe, periodSeconds: 1, failureThreshold: 1 },
    });
    world.create(pod("slow", { containers: [container] }));
    world.advance(30_000);
    expect(row(world, podsUrl, "slow")).toMatchObject({ Ready: "0/1", Restarts: "0" });
    world.advance(30_000);
    expect(row(world, podsUrl, "slow")).toMatchObject({ Ready: "1/1", Restarts: "0" });
    expect(world.events("slow").some((e) => e.includes("Startup probe failed"))).toBe(true);
  });
});

describe("P13: static Pods", () => {
  const static_ = (name: string): string =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: { containers: [{ name: "c", image: "busybox:1.36", command: ["sleep", "1000000"] }] },
    });
  /** A shell on a node, as `kubectl debug node/NAME` gives one. */
  const onNode = (nodeName: string): object =>
    pod(`shell-${nodeName}`, {
      nodeName,
      hostPID: true,
      containers: [shell("c", idle, { volumeMounts: [{ name: "host", mountPath: "/host" }] })],
      volumes: [{ name: "host", hostPath: { path: "/" } }],
    });

  test("the kubelet's folder is found, a file there runs, comes back, moves and goes", () => {
    const world = new ShellWorld();
    world.create(onNode("node-1"), onNode("node-2"));
    world.settle();
    expect(world.sh("shell-node-1", "grep staticPodPath /host/var/lib/kubelet/config.yaml")).toBe(
      "staticPodPath: /etc/kubernetes/manifests",
    );
    const file = "/host/etc/kubernetes/manifests/web.yaml";
    world.sh("shell-node-1", `echo '${static_("web")}' > ${file}`);
    world.advance(25_000);
    const mirror = world.pod("web-node-1");
    expect(mirror.status.phase).toBe("Running");
    expect(mirror.metadata.annotations["kubernetes.io/config.source"]).toBe("file");
    expect(mirror.metadata.ownerReferences).toMatchObject([{ kind: "Node", name: "node-1" }]);
    world.delete(podUrl("web-node-1"));
    world.advance(25_000);
    expect(world.pod("web-node-1").metadata.uid).not.toBe(mirror.metadata.uid);
    expect(world.pod("web-node-1").status.phase).toBe("Running");
    world.sh("shell-node-1", `rm ${file}`);
    world.sh("shell-node-2", `echo '${static_("web")}' > ${file}`);
    world.advance(60_000);
    expect(statusOf(world, "web-node-1")).toBeUndefined();
    expect(statusOf(world, "web-node-2")).toBe("Running");
    world.sh("shell-node-2", `rm ${file}`);
    world.advance(60_000);
    expect(statusOf(world, "web-node-2")).toBeUndefined();
  });
});

describe("P14: environment and files", () => {
  test("from literals, ConfigMaps, Secrets and the Pod itself", () => {
    const world = new ShellWorld();
    world.create(
      configMap({ color: "blue", size: "7" }),
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "keys" },
        stringData: { password: "hunter2" },
      },
      pod("web", {
        containers: [
          shell("c", idle, {
            env: [
              { name: "PLAIN", value: "hello" },
              { name: "COMBINED", value: "$(PLAIN) $(COLOR)" },
              { name: "COLOR", valueFrom: { configMapKeyRef: { name: "settings", key: "color" } } },
              { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "keys", key: "password" } } },
              { name: "MY_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
              { name: "MY_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
              { name: "MY_CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
            ],
            envFrom: [{ prefix: "CFG_", configMapRef: { name: "settings" } }],
            volumeMounts: [
              { name: "settings", mountPath: "/etc/settings" },
              { name: "keys", mountPath: "/etc/keys" },
              { name: "self", mountPath: "/etc/self" },
            ],
          }),
        ],
        volumes: [
          { name: "settings", configMap: { name: "settings" } },
          { name: "keys", secret: { secretName: "keys" } },
          {
            name: "self",
            downwardAPI: {
              items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }],
            },
          },
        ],
      }),
    );
    world.settle();
    const env = world.sh("web", "env").split("\n");
    for (const line of [
      "PLAIN=hello",
      "COMBINED=hello $(COLOR)",
      "COLOR=blue",
      "PASSWORD=hunter2",
      "MY_NAME=web",
      `MY_IP=${world.ip("web")}`,
      "MY_CPU=4",
      "CFG_color=blue",
      "CFG_size=7",
      "HOSTNAME=web",
    ]) {
      expect(env).toContain(line);
    }
    expect(world.sh("web", "cat /etc/settings/color /etc/keys/password /etc/self/labels")).toBe(
      'bluehunter2app="web"',
    );
    // A changed ConfigMap reaches the file within a minute or two, the environment never.
    world.patch("/api/v1/namespaces/default/configmaps/settings", { data: { color: "red" } });
    world.advance(120_000);
    expect(world.sh("web", "cat /etc/settings/color; echo; echo $COLOR")).toBe("red\nblue");
  });

  test("what is missing holds the container back, and says so", () => {
    const world = new ShellWorld();
    const env = [
      { name: "COLOR", valueFrom: { configMapKeyRef: { name: "settings", key: "color" } } },
    ];
    world.create(pod("web", { containers: [shell("c", idle, { env })] }));
    world.advance(5_000);
    expect(statusOf(world, "web")).toBe("CreateContainerConfigError");
    expect(world.events("web")).toContain('Warning Failed Error: configmap "settings" not found');
    world.create(configMap({ color: "blue" }));
    world.advance(20_000);
    expect(statusOf(world, "web")).toBe("Running");
  });
});

describe("P16: a Pod is an isolation boundary", () => {
  test("its own hostname; processes apart, or together if asked", () => {
    const world = new ShellWorld();
    const containers = [shell("a", "sleep 111111"), shell("b", "sleep 222222")];
    world.create(
      pod("apart", { containers }),
      pod("together", { shareProcessNamespace: true, containers }),
      pod("named", { hostname: "box", containers: [shell("c", idle)] }),
    );
    world.settle();
    expect(world.sh("apart", "hostname", "a")).toBe("apart");
    expect(world.sh("named", "hostname")).toBe("box");
    expect(world.sh("apart", "ps", "a")).not.toContain("222222");
    const all = world.sh("together", "ps", "a");
    expect(all).toContain("sleep 111111");
    expect(all).toContain("sleep 222222");
    expect(all).toMatch(/^ +1 .*\/pause$/m);
  });

  test("users and a read-only root", () => {
    const world = new ShellWorld();
    world.create(
      pod("web", {
        securityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000 },
        containers: [shell("c", idle, { securityContext: { readOnlyRootFilesystem: true } })],
      }),
    );
    world.settle();
    expect(world.sh("web", "id")).toMatch(/^uid=1000 gid=3000 groups=.*2000/);
    expect(world.sh("web", "touch /x")).toBe("touch: /x: Read-only file system\nexit 1");
  });

  test("root is refused where it was ruled out", () => {
    const world = new ShellWorld();
    world.create(
      pod("web", { containers: [shell("c", idle, { securityContext: { runAsNonRoot: true } })] }),
    );
    world.advance(5_000);
    expect(statusOf(world, "web")).toBe("CreateContainerConfigError");
    const { uid } = world.pod("web").metadata;
    expect(world.events("web")).toContain(
      `Warning Failed Error: container has runAsNonRoot and image will run as root (pod: "web_default(${uid})", container: c)`,
    );
  });

  test("a node short of memory evicts the greediest", () => {
    const world = new ShellWorld();
    const hungry = shell("c", "x=$(head -c 8200000000 /dev/zero | tail -c 8200000000); sleep 1000");
    world.create(
      pod("hungry", { nodeName: "node-1", restartPolicy: "Never", containers: [hungry] }),
    );
    const read = follower(world, "hungry");
    world.advance(120_000);
    expect(["Evicted", "OOMKilled"]).toContain(statusOf(world, "hungry"));
    expect(read().length).toBeGreaterThan(0);
    expect(condition(world.get(nodeUrl("node-1")), "Ready").status).toBe("True");
  });
});
