import { describe, expect, it, test } from "vitest";
import { argumentBytesMax } from "../../../durable-objects/engine/core/limits.ts";
import { value } from "../../../durable-objects/engine/machinery/quantity.ts";
import { expand } from "../../../durable-objects/engine/kubelet/environment/environment.ts";
import type { Pod } from "../../../durable-objects/engine/kinds/pod/types.ts";
import { World, eventLines, statusOf } from "./kubelet-world.ts";

function world(): World {
  const w = new World();
  w.node("node-1");
  w.node("node-2");
  w.create("namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "default" },
  } as never);
  w.runtime.scripts["app"] = { termCode: 0 };
  return w;
}
const container = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: "c",
  image: "app",
  imagePullPolicy: "IfNotPresent",
  ...over,
});
function data(w: World, resource: "configmaps" | "secrets", name: string, content: object): void {
  w.create(resource, {
    apiVersion: "v1",
    kind: resource === "secrets" ? "Secret" : "ConfigMap",
    metadata: { name, namespace: "default" },
    data: content,
  } as never);
}
function service(w: World, name: string, clusterIP: string, ports: object[]): void {
  w.create("services", {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: { clusterIP, ports },
  } as never);
}
function specOf(w: World, pod: string) {
  const instance = [...(w.runtime.instances.get(`default/${pod}`)?.values() ?? [])].at(-1);
  if (!instance) throw new Error(`${pod} did not start`);
  return instance.spec;
}
const envOf = (w: World, pod: string): Record<string, string> =>
  Object.fromEntries(specOf(w, pod).env.map((e) => [e.name, e.value]));

describe("expansion", () => {
  it.each([
    ["$(A)", "1"],
    ["$$(A)", "$(A)"],
    ["$(B)", "$(B)"],
    ["x$(A)y$(A)", "x1y1"],
    ["$A", "$A"],
    ["$(A", "$(A"],
    ["end$", "end$"],
    ["$$$(A)", "$1"],
  ])("%s is %s", (text, expected) => {
    expect(expand(text, (name) => (name === "A" ? "1" : undefined))).toBe(expected);
  });
});

test("what is expanded is as long as an argument may be, and no longer", () => {
  let text = "x".repeat(100);
  for (let i = 0; i < 60; i++) text = expand("$(A)$(A)", () => text);
  expect(text.length).toBeGreaterThan(argumentBytesMax);
  expect(text.length).toBeLessThan(3 * argumentBytesMax);
});

describe("environment", () => {
  it("comes from literals, objects, the Pod, its resources and Services", () => {
    const w = world();
    data(w, "configmaps", "settings", { color: "blue", size: "5" });
    data(w, "secrets", "keys", { token: "aHVzaA==" });
    service(w, "kubernetes", "10.96.0.1", [{ name: "https", port: 443, protocol: "TCP" }]);
    service(w, "my-db", "10.96.0.7", [{ port: 6379 }]);
    service(w, "headless", "None", [{ port: 80 }]);
    w.pod(
      "web",
      {
        serviceAccountName: "robot",
        containers: [
          container({
            envFrom: [{ prefix: "CFG_", configMapRef: { name: "settings" } }],
            env: [
              { name: "PLAIN", value: "p" },
              { name: "BOTH", value: "$(PLAIN)-$(CFG_color)-$(MY_DB_SERVICE_PORT)" },
              { name: "TOKEN", valueFrom: { secretKeyRef: { name: "keys", key: "token" } } },
              {
                name: "MAYBE",
                valueFrom: { configMapKeyRef: { name: "no", key: "k", optional: true } },
              },
              { name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
              { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
              { name: "LABEL", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
              { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
              {
                name: "MEM",
                valueFrom: { resourceFieldRef: { resource: "requests.memory", divisor: "1Mi" } },
              },
            ],
            args: ["--color=$(CFG_color)"],
            resources: { limits: { cpu: "1500m" }, requests: { memory: "100Mi" } },
          }),
        ],
      },
      { labels: { app: "web" } },
    );
    w.until(3_000);
    expect(envOf(w, "web")).toEqual({
      CFG_color: "blue",
      CFG_size: "5",
      PLAIN: "p",
      BOTH: "p-blue-6379",
      TOKEN: "hush",
      NODE: "node-1",
      IP: "10.244.1.2",
      LABEL: "web",
      CPU: "2",
      MEM: "100",
      KUBERNETES_SERVICE_HOST: "10.96.0.1",
      KUBERNETES_SERVICE_PORT: "443",
      KUBERNETES_SERVICE_PORT_HTTPS: "443",
      KUBERNETES_PORT: "tcp://10.96.0.1:443",
      KUBERNETES_PORT_443_TCP: "tcp://10.96.0.1:443",
      KUBERNETES_PORT_443_TCP_PROTO: "tcp",
      KUBERNETES_PORT_443_TCP_PORT: "443",
      KUBERNETES_PORT_443_TCP_ADDR: "10.96.0.1",
      MY_DB_SERVICE_HOST: "10.96.0.7",
      MY_DB_SERVICE_PORT: "6379",
      MY_DB_PORT: "tcp://10.96.0.7:6379",
      MY_DB_PORT_6379_TCP: "tcp://10.96.0.7:6379",
      MY_DB_PORT_6379_TCP_PROTO: "tcp",
      MY_DB_PORT_6379_TCP_PORT: "6379",
      MY_DB_PORT_6379_TCP_ADDR: "10.96.0.7",
    });
    expect(specOf(w, "web").args).toEqual(["--color=blue"]);
  });

  it.each([
    [{ envFrom: [{ configMapRef: { name: "x" } }] }, 'configmap "x" not found'],
    [
      { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "here", key: "k" } } }] },
      "couldn't find key k in ConfigMap default/here",
    ],
    [
      { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "y", key: "k" } } }] },
      'secret "y" not found',
    ],
    [
      { securityContext: { runAsNonRoot: true, runAsUser: 0 } },
      'container\'s runAsUser breaks non-root policy (pod: "web_default(uid-of-web)", container: c)',
    ],
  ])("%j is a CreateContainerConfigError", (over, message) => {
    const w = world();
    data(w, "configmaps", "here", {});
    w.pod("web", { containers: [container(over)] });
    w.until(3_000);
    expect(w.get("web")?.status?.containerStatuses?.[0]?.state?.waiting).toEqual({
      reason: "CreateContainerConfigError",
      message,
    });
    expect(eventLines(w, "web").at(-1)).toBe(`1s !Failed Error: ${message}`);
    expect(w.get("web")?.status?.podIP).toBe("10.244.1.2");
  });

  it("a limit nobody set is the Pod's, else the node's", () => {
    const w = world();
    const limit = (resource: string): object => ({
      name: resource.replace(/\W/g, "_"),
      valueFrom: { resourceFieldRef: { resource } },
    });
    w.pod("web", {
      resources: { limits: { cpu: "2" } },
      containers: [container({ env: [limit("limits.cpu"), limit("limits.memory")] })],
    } as never);
    w.until(3_000);
    const node = w.client.get("nodes", "", "node-1") as unknown as {
      status: { allocatable: Record<string, string> };
    };
    expect(envOf(w, "web")).toMatchObject({
      limits_cpu: "2",
      limits_memory: String(value(node.status.allocatable["memory"])),
    });
  });

  it("a ConfigMap that comes later lets the container start at the kubelet's next try", () => {
    const w = world();
    w.pod("web", { containers: [container({ envFrom: [{ configMapRef: { name: "late" } }] })] });
    w.until(4_000);
    data(w, "configmaps", "late", { a: "1" });
    w.until(12_000);
    expect(statusOf(w.get("web"))).toBe("Running");
    expect(w.get("web")?.status?.containerStatuses?.[0]?.restartCount).toBe(0);
  });
});

describe("volumes", () => {
  it("name their sources for the runtime", () => {
    const w = world();
    data(w, "configmaps", "settings", {});
    w.create("persistentvolumeclaims", {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "disk", namespace: "default" },
      spec: { volumeName: "pvc-1" },
      status: { phase: "Bound" },
    } as never);
    w.pod("web", {
      volumes: [
        { name: "scratch", emptyDir: {} },
        { name: "conf", configMap: { name: "settings" } },
        { name: "host", hostPath: { path: "/var/log" } },
        { name: "disk", persistentVolumeClaim: { claimName: "disk" } },
      ],
      containers: [
        container({
          env: [{ name: "DIR", value: "d" }],
          volumeMounts: [
            { name: "scratch", mountPath: "/s", subPathExpr: "x/$(DIR)" },
            { name: "conf", mountPath: "/c" },
            { name: "host", mountPath: "/h", readOnly: true },
            { name: "disk", mountPath: "/d" },
          ],
        }),
      ],
    });
    w.until(3_000);
    expect(specOf(w, "web").mounts).toEqual([
      {
        volume: "scratch",
        plugin: "kubernetes.io~empty-dir",
        mountPath: "/s",
        source: "uid-of-web/scratch",
        subPath: "x/d",
        readOnly: false,
      },
      {
        volume: "conf",
        plugin: "kubernetes.io~configmap",
        mountPath: "/c",
        source: "uid-of-web/conf",
        readOnly: true,
      },
      {
        volume: "host",
        plugin: "kubernetes.io~host-path",
        mountPath: "/h",
        source: "host/node-1/var/log",
        readOnly: true,
      },
      {
        volume: "disk",
        plugin: "kubernetes.io~local-volume",
        mountPath: "/d",
        source: "pv/pvc-1",
        readOnly: false,
      },
    ]);
  });

  it("are filled by what they come from, and follow it once a minute", () => {
    const w = world();
    data(w, "configmaps", "settings", { color: "blue", size: "5" });
    data(w, "secrets", "keys", { token: "aHVzaA==" });
    w.pod(
      "web",
      {
        securityContext: { fsGroup: 2000 },
        volumes: [
          { name: "conf", configMap: { name: "settings", items: [{ key: "color", path: "a/c" }] } },
          { name: "keys", secret: { secretName: "keys", defaultMode: 0o400 } },
          {
            name: "all",
            projected: {
              sources: [
                { configMap: { name: "settings" } },
                {
                  downwardAPI: {
                    items: [{ path: "l", fieldRef: { fieldPath: "metadata.labels" } }],
                  },
                },
                { serviceAccountToken: { path: "token" } },
              ],
            },
          },
        ],
        containers: [
          container({
            volumeMounts: ["conf", "keys", "all"].map((name) => ({ name, mountPath: `/${name}` })),
          }),
        ],
      },
      { labels: { b: "2", a: "1" } },
    );
    w.until(5_000);
    const shown = (volume: string): string[] =>
      (w.runtime.volumes.get(`uid-of-web/${volume}`)?.files ?? []).map((f) =>
        "link" in f
          ? `${f.path} -> ${f.link}`
          : `${f.path} ${f.mode.toString(8)} ${"data" in f ? new TextDecoder().decode(f.data) : "token"}`,
      );
    const folder = "..2026_01_01_00_00_01.000000000";
    expect(shown("conf")).toEqual([
      `${folder}/a/c 644 blue`,
      `..data -> ${folder}`,
      "a -> ..data/a",
    ]);
    expect(shown("keys")[0]).toBe(`${folder}/token 400 hush`);
    expect(shown("all").slice(0, 3)).toEqual([
      `${folder}/color 644 blue`,
      `${folder}/size 644 5`,
      `${folder}/l 644 a="1"\nb="2"`,
    ]);
    expect(w.runtime.volumes.get("uid-of-web/conf")?.group).toBe(2000);
    const old = w.client.get("configmaps", "default", "settings");
    const metadata = { ...old?.metadata, resourceVersion: "99" };
    w.update("configmaps", { ...old, metadata, data: { color: "red" } } as never);
    w.until(59_000);
    expect(shown("conf")[0]).toContain("blue");
    w.until(60_000);
    expect(shown("conf")[0]).toBe("..2026_01_01_00_01_00.000000000/a/c 644 red");
    expect(w.nextDue()).toBeUndefined();
  });

  it("that cannot be set up keep the Pod creating until they can", () => {
    const w = world();
    w.pod("web", {
      volumes: [
        { name: "conf", configMap: { name: "late" } },
        { name: "unused", configMap: { name: "none" } },
      ],
      containers: [container({ volumeMounts: [{ name: "conf", mountPath: "/c" }] })],
    });
    w.until(5_000);
    expect(statusOf(w.get("web"))).toBe("ContainerCreating");
    const text = 'MountVolume.SetUp failed for volume "conf" : configmap "late" not found';
    expect(eventLines(w, "web")).toEqual(
      ["0s", "0.5s", "1.5s", "3.5s"].map((at) => `${at} !FailedMount ${text}`),
    );
    data(w, "configmaps", "late", {});
    w.until(10_000);
    expect(statusOf(w.get("web"))).toBe("Running");
  });
});

describe("addresses", () => {
  it("are handed out in turn, never twice, and taken up again at the end of the range", () => {
    const w = world();
    for (let i = 0; i < 100; i++) w.pod(`a${i}`, { containers: [container()] });
    w.until(3_000);
    for (let i = 0; i < 100; i++) w.delete("pods", "default", `a${i}`, { gracePeriodSeconds: 0 });
    for (let i = 0; i < 109; i++) w.pod(`b${i}`, { containers: [container()] });
    w.until(6_000);
    for (let i = 0; i < 90; i++) w.delete("pods", "default", `b${i}`, { gracePeriodSeconds: 0 });
    for (let i = 0; i < 80; i++) w.pod(`c${i}`, { containers: [container()] });
    w.until(9_000);
    const offsets = (prefix: string): number[] =>
      w.client
        .list("pods")
        .filter((pod) => pod.metadata.name.startsWith(prefix))
        .map((pod) => Number((pod as Pod).status?.podIP?.split(".")[3]));
    expect(new Set([...offsets("b"), ...offsets("c")]).size).toBe(99);
    // a had 2..101, so b has 102..210 and c goes on until 254 and then from the start.
    expect(Math.min(...offsets("b"))).toBeGreaterThanOrEqual(102);
    expect([...offsets("c")].sort((x, y) => x - y).slice(0, 3)).toEqual([2, 3, 4]);
  });

  it("of the node serve Pods on the host's network", () => {
    const w = world();
    w.pod("web", { hostNetwork: true, containers: [container()] });
    w.until(3_000);
    expect(w.get("web")?.status).toMatchObject({ podIP: "172.18.0.2", hostIP: "172.18.0.2" });
    expect(specOf(w, "web").pod.hostname).toBe("node-1");
  });
});

const manifest = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: static\nspec:\n  terminationGracePeriodSeconds: 5\n  containers:\n  - name: c\n    image: ${image}\n`;
const path = "/etc/kubernetes/manifests/static.yaml";

describe("static Pods", () => {
  it("show as mirror Pods, come back when deleted, and keep running meanwhile", () => {
    const w = world();
    w.files("node-1", { [path]: manifest("app") });
    w.until(5_000);
    const first = w.get("static-node-1");
    expect(statusOf(first)).toBe("Running");
    expect(first?.metadata).toMatchObject({
      annotations: {
        "kubernetes.io/config.source": "file",
        "kubernetes.io/config.mirror": expect.stringMatching(/^[0-9a-f]{32}$/),
      },
      ownerReferences: [{ kind: "Node", name: "node-1", controller: true }],
    });
    expect(first?.spec.tolerations).toEqual([{ effect: "NoExecute", operator: "Exists" }]);
    w.delete("pods", "default", "static-node-1");
    w.until(6_000);
    const second = w.get("static-node-1");
    expect(statusOf(second)).toBe("Running");
    expect(second?.metadata.uid).not.toBe(first?.metadata.uid);
    expect(second?.status?.containerStatuses?.[0]).toEqual(first?.status?.containerStatuses?.[0]);
    expect(w.events.filter((e) => e.reason === "Started")).toHaveLength(1);
    expect(w.nextDue()).toBeUndefined();
  });

  it("go with their file, move with it, and follow its content", () => {
    const w = world();
    w.files("node-1", { [path]: manifest("app") });
    w.until(5_000);
    w.files("node-1", { [path]: manifest("other") });
    w.until(12_000);
    expect(w.get("static-node-1")?.spec.containers[0]?.image).toBe("other");
    expect(statusOf(w.get("static-node-1"))).toBe("Running");
    w.files("node-1", {});
    w.files("node-2", { [path]: manifest("app") });
    w.until(20_000);
    expect(w.get("static-node-1")).toBeUndefined();
    expect(statusOf(w.get("static-node-2"))).toBe("Running");
    expect(w.events.filter((e) => e.reason === "Killing")).toHaveLength(2);
    expect([...(w.tables.get("kubelet")?.keys() ?? [])]).toEqual(["default/static-node-2"]);
  });

  it("come from the folder that the kubelet's config names", () => {
    const w = world();
    w.files("node-1", {
      "/var/lib/kubelet/config.yaml": "kind: KubeletConfiguration\nstaticPodPath: /srv/pods\n",
      "/srv/pods/a.yaml": manifest("app"),
      "/srv/pods/broken.yaml": "a: [",
      [path]: manifest("app").replace("name: static", "name: elsewhere"),
    });
    w.until(5_000);
    expect(w.client.list("pods").map((p) => p.metadata.name)).toEqual(["static-node-1"]);
  });
});

describe("a node without power", () => {
  function power(w: World, state: "off" | "on"): void {
    const node = w.client.get("nodes", "", "node-1");
    if (!node) throw new Error("no node");
    const annotations: Record<string, string> = {
      "podyard.dev/machine": "true",
      ...(state === "off" ? { "podyard.dev/power": "off" } : {}),
    };
    w.update("nodes", { ...node, metadata: { ...node.metadata, annotations } });
  }

  it("does nothing for its Pods, and starts them anew when it is back", () => {
    const w = world();
    w.pod("web", { containers: [container()] });
    w.pod("doomed", { containers: [container()] });
    w.until(5_000);
    power(w, "off");
    w.until(20_000);
    w.delete("pods", "default", "doomed");
    w.until(100_000);
    expect(statusOf(w.get("doomed"))).toBe("Terminating");
    expect(w.nextDue()).toBeUndefined();
    power(w, "on");
    w.until(110_000);
    expect(w.get("doomed")).toBeUndefined();
    expect(w.get("web")?.status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 255, reason: "Unknown" } },
    });
    expect(eventLines(w, "web")).toContain(
      "100s SandboxChanged Pod sandbox changed, it will be killed and re-created.",
    );
    expect(w.get("web")?.status?.podIP).not.toBe("10.244.1.2");
  });
});
