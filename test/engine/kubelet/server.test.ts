/** A kubelet's own server. k8s: pkg/kubelet/server */
import { describe, expect, test } from "vitest";
import { KubectlWorld } from "../kubectl/kubectl-world.ts";

const podOf = (name: string, container: object, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { nodeName: "node-1", containers: [{ name: "c", image: "nginx", ...container }], ...spec },
});

function worldWith(...pods: object[]): KubectlWorld {
  const world = new KubectlWorld({ nodes: 1 }).begin();
  world.create(...pods);
  world.until(() => world.pods().every((pod) => pod.status.phase === "Running"));
  world.advance(30_000);
  return world;
}

const ask = (world: KubectlWorld, path: string) =>
  world.request("GET", `/api/v1/nodes/node-1/proxy${path}`);

const lines = (text: string, name: string): string[] =>
  text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));

describe("through the proxy of its node", () => {
  const limits = { cpu: "500m", memory: "64Mi" };
  const http = { httpGet: { path: "/", port: 80 } };
  const world = worldWith(
    podOf("web", { resources: { limits }, readinessProbe: http, livenessProbe: http }),
  );
  const { uid } = world.pod("web").metadata;
  const id = world.pod("web").status.containerStatuses[0].containerID.replace("containerd://", "");

  test("/configz: the node's file over the defaults", () => {
    const { body, headers } = ask(world, "/configz");
    expect(headers["content-type"]).toBe("application/json");
    expect(body.kubeletconfig).toMatchObject({
      staticPodPath: "/etc/kubernetes/manifests",
      cgroupDriver: "systemd",
      clusterDNS: ["10.96.0.10"],
      syncFrequency: "1m0s",
      maxPods: 110,
      authentication: {
        x509: { clientCAFile: "/etc/kubernetes/pki/ca.crt" },
        webhook: { enabled: true, cacheTTL: "2m0s" },
        anonymous: { enabled: false },
      },
      evictionHard: { "memory.available": "100Mi" },
    });
    expect(body.kubeletconfig.kind).toBe(undefined);
  });

  test("/stats/summary", () => {
    const { body } = ask(world, "/stats/summary");
    expect(body.node).toMatchObject({ nodeName: "node-1", cpu: {}, memory: {}, fs: {} });
    const pod = body.pods.find((one: { podRef: { name: string } }) => one.podRef.name === "web");
    expect(pod.podRef).toEqual({ name: "web", namespace: "default", uid });
    const [container] = pod.containers;
    expect(container.name).toBe("c");
    expect(container.memory.workingSetBytes).toBeGreaterThan(0);
    expect(container.memory.availableBytes).toBe(
      64 * 1024 * 1024 - container.memory.workingSetBytes,
    );
    expect(container.cpu.usageCoreNanoSeconds).toBeGreaterThan(0);
    expect(body.node.memory.workingSetBytes).toBeGreaterThan(pod.memory.workingSetBytes);
    type Part = { name: string; cpu: { usageNanoCores: number } };
    const parts = body.node.systemContainers as Part[];
    expect(parts.map(({ name }) => name)).toEqual(["kubelet", "runtime", "pods"]);
    for (const { cpu } of parts) {
      expect(cpu.usageNanoCores).toBeGreaterThan(0);
      expect(cpu.usageNanoCores).toBeLessThan(body.node.cpu.usageNanoCores);
    }
    const brief = ask(world, "/stats/summary?only_cpu_and_memory=true").body;
    expect(brief.node.fs).toBe(undefined);
    expect(brief.node.cpu.usageNanoCores).toBeGreaterThan(0);
  });

  test("/metrics/resource, in Prometheus' format, with the moment of each", () => {
    const { text, headers } = ask(world, "/metrics/resource");
    expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(text).toContain(
      "# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds\n# TYPE container_cpu_usage_seconds_total counter\n",
    );
    const at = String(Date.parse(ask(world, "/stats/summary").body.node.cpu.time) / 1000);
    const line = lines(text, "container_memory_working_set_bytes").find((one) =>
      one.includes('pod="web"'),
    );
    expect(line).toMatch(
      /^container_memory_working_set_bytes\{container="c",namespace="default",pod="web"\} \S+ \d{13}$/,
    );
    expect(line).toContain(` ${at}`);
    expect(lines(text, "resource_scrape_error")).toEqual(["resource_scrape_error 0"]);
    expect(lines(text, "node_cpu_usage_seconds_total")).toHaveLength(1);
  });

  test("/metrics/cadvisor: control groups with their labels", () => {
    const { text } = ask(world, "/metrics/cadvisor");
    const slice = `/kubepods.slice/kubepods-pod${uid.replaceAll("-", "_")}.slice`;
    const labels = `container="c",id="${slice}/cri-containerd-${id}.scope",image="docker.io/library/nginx:latest",name="${id}",namespace="default",pod="web"`;
    const of = (name: string, all: string): string | undefined =>
      lines(text, name)
        .find((line) => line.startsWith(`${name}{${all}} `))
        ?.split(" ")[1];
    expect(of("container_spec_memory_limit_bytes", labels)).toBe("6.7108864e+07");
    expect(of("container_spec_cpu_quota", labels)).toBe("50000");
    expect(of("container_spec_cpu_shares", labels)).toBe("512");
    const pod = `container="",id="${slice}",image="",name="",namespace="default",pod="web"`;
    expect(of("container_memory_working_set_bytes", pod)).toBe(
      of("container_memory_working_set_bytes", labels),
    );
    const total = labels.replace('c",id', 'c",cpu="total",id');
    expect(Number(of("container_cpu_usage_seconds_total", total))).toBeGreaterThan(0);
    expect(lines(text, "machine_cpu_cores")).toHaveLength(1);
  });

  test("/metrics/probes: how often each was made, also while none had to be", () => {
    const count = (probe: string): number =>
      Number(
        lines(ask(world, "/metrics/probes").text, "prober_probe_total")
          .find((line) => line.includes('pod="web"') && line.includes(`"${probe}"`))
          ?.split(" ")
          .at(-1),
      );
    const before = count("Readiness");
    expect(before).toBeGreaterThan(1);
    world.advance(60_000);
    expect(count("Readiness")).toBe(before + 6);
    expect(lines(ask(world, "/metrics/probes").text, "prober_probe_total")[0]).toMatch(
      /^prober_probe_total\{container="[^"]+",namespace="[^"]+",pod="[^"]+",pod_uid="[^"]+",probe_type="\w+",result="successful"\} \d+$/,
    );
  });

  test("/metrics: what it counts itself", () => {
    const { text } = ask(world, "/metrics");
    expect(lines(text, "kubelet_node_name")).toEqual(['kubelet_node_name{node="node-1"} 1']);
    const running = ask(world, "/runningpods/").body.items.length;
    expect(lines(text, "kubelet_running_pods")).toEqual([`kubelet_running_pods ${running}`]);
    expect(lines(text, "kubelet_running_containers")[0]).toMatch(/container_state="running"/);
  });

  test("/metrics: how containers ended, once each", () => {
    const crash = (name: string, command: string, restartPolicy: string): object => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: {
        nodeName: "node-1",
        restartPolicy,
        initContainers: [{ name: "i", image: "busybox", command: ["true"] }],
        containers: [{ name: "c", image: "busybox", command: ["sh", "-c", command] }],
      },
    });
    world.create(
      crash("once", "exit 139", "Never"),
      crash("again", "sleep 1; exit 3", "OnFailure"),
    );
    world.until(() => world.pod("again").status.containerStatuses[0].restartCount === 2);
    world.evict();
    const name = "kubelet_terminated_containers_total";
    const labels = (kind: string, code: number, reason: string): string =>
      `${name}{container_type="${kind}",exit_code="${code}",reason="${reason}"}`;
    const found = lines(ask(world, "/metrics").text, name);
    expect(found).toContain(`${labels("container", 139, "Error")} 1`);
    expect(found).toContain(`${labels("container", 3, "Error")} 2`);
    expect(found).toContain(`${labels("init_container", 0, "Completed")} 2`);
  });

  test("/runningpods/ tells what the container runtime knows", () => {
    const found = ask(world, "/runningpods/").body.items.find(
      ({ metadata }: { metadata: { name: string } }) => metadata.name === "web",
    );
    expect(found).toEqual({
      metadata: { name: "web", namespace: "default", uid },
      spec: {
        containers: [{ name: "c", image: expect.stringContaining("sha256:"), resources: {} }],
      },
      status: {},
    });
  });

  test("/containerLogs/NAMESPACE/POD/CONTAINER", () => {
    const { text } = ask(world, "/containerLogs/default/web/c?tailLines=1");
    expect(text.trimEnd().split("\n")).toHaveLength(1);
    expect(text).not.toBe("");
    expect(ask(world, "/containerLogs/default/none/c")).toMatchObject({
      status: 404,
      text: 'pod "none" does not exist\n',
    });
    expect(ask(world, "/containerLogs/default/web/none").text).toBe(
      'container "none" not found in pod "web"\n',
    );
    expect(ask(world, "/containerLogs/default/web/c?previous=true")).toMatchObject({
      status: 400,
      text: 'previous terminated container "c" in pod "web" not found\n',
    });
  });

  test("volumes of claims are measured", () => {
    world.create({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    });
    const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }];
    const command = ["sh", "-c", "head -c 5000 /dev/zero > /data/file; sleep 1d"];
    const volumeMounts = [{ name: "data", mountPath: "/data" }];
    world.create(
      podOf(
        "writer",
        { image: "busybox", command, volumeMounts },
        { volumes, nodeName: undefined },
      ),
    );
    world.until(() => world.pod("writer").status.phase === "Running");
    world.advance(1000);
    const labels = '{namespace="default",persistentvolumeclaim="data"}';
    const { text } = ask(world, "/metrics");
    expect(text).toContain(`kubelet_volume_stats_used_bytes${labels} 5000\n`);
    expect(text).toContain(`kubelet_volume_stats_capacity_bytes${labels} 1.073741824e+09\n`);
    const pod = ask(world, "/stats/summary").body.pods.find(
      (one: { podRef: { name: string } }) => one.podRef.name === "writer",
    );
    expect(pod.volume.find((one: { name: string }) => one.name === "data")).toMatchObject({
      usedBytes: 5000,
      pvcRef: { name: "data", namespace: "default" },
    });
  });
});

test("pressure: who is held to a limit waits, and nobody else", () => {
  const burn = { image: "busybox:1.37", command: ["sh", "-c", "while true; do :; done"] };
  const world = worldWith(
    podOf("burner", { ...burn, resources: { limits: { cpu: "500m" } } }),
    podOf("idle", {}),
  );
  world.advance(300_000);
  const { node, pods } = ask(world, "/stats/summary").body;
  const of = (name: string) =>
    pods.find((one: { podRef: { name: string } }) => one.podRef.name === name);
  const nothing = { total: 0, avg10: 0, avg60: 0, avg300: 0 };
  const calm = { full: nothing, some: nothing };
  const burner = of("burner");
  expect(burner.cpu.psi.some).toMatchObject({ avg10: 50, avg300: expect.closeTo(33, -1) });
  expect(burner.cpu.psi.some.total).toBeGreaterThan(150e9);
  expect(burner.containers[0].cpu.psi).toEqual(burner.cpu.psi);
  expect(burner.memory.psi).toEqual(calm);
  expect(burner.io).toEqual({ time: burner.cpu.time, psi: calm });
  expect(of("idle").cpu.psi).toEqual(calm);
  expect(node.cpu.psi).toMatchObject({ full: nothing, some: { avg10: 50 } });
  expect(Object.keys(node.systemContainers[0])).toEqual([
    "name",
    "startTime",
    "cpu",
    "memory",
    "io",
  ]);
  const brief = ask(world, "/stats/summary?only_cpu_and_memory=true").body.pods[0];
  expect([brief.io, brief.cpu.psi === undefined]).toEqual([undefined, false]);

  const { text } = ask(world, "/metrics/cadvisor");
  const waited = (what: string, pod: string): number =>
    Number(
      lines(text, `container_pressure_${what}_seconds_total`)
        .find((line) => line.includes('container="c"') && line.includes(`pod="${pod}"`))
        ?.split(" ")[1],
    );
  expect(waited("cpu_waiting", "burner")).toBeGreaterThan(150);
  expect(waited("cpu_stalled", "idle")).toBe(0);
  expect(waited("memory_waiting", "burner")).toBe(0);
  expect(waited("io_stalled", "burner")).toBe(0);
});

describe("at its port", () => {
  const world = worldWith(podOf("p", { image: "curlimages/curl", command: ["sleep", "1d"] }));
  const ip = world.pod("p").status.hostIP;
  world.in = "p";
  const token = "$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)";
  const curl = (path: string, more = `-H "Authorization: Bearer ${token}"`): string =>
    world.out(`curl -sk ${more} -w ' %{http_code}' https://${ip}:10250${path}`);

  const grant = (...resources: string[]): void => {
    const rules = [{ apiGroups: [""], resources, verbs: ["get"] }];
    world.apply(
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: "reads" },
        rules,
      },
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRoleBinding",
        metadata: { name: "reads" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "reads" },
        subjects: [{ kind: "ServiceAccount", name: "default", namespace: "default" }],
      },
    );
  };

  test("nobody unknown", () => {
    expect(curl("/healthz", "")).toBe("Unauthorized 401");
    expect(curl("/healthz", "-H 'Authorization: Bearer nonsense'")).toBe("Unauthorized 401");
  });

  test("who may not is told what would do", () => {
    const user = "system:serviceaccount:default:default";
    const refused = (needs: string): string =>
      `Forbidden (user=${user}, verb=get, resource=nodes, subresource(s)=[${needs}])\n 403`;
    expect(curl("/healthz")).toBe(refused("healthz proxy"));
    expect(curl("/pods")).toBe(refused("pods proxy"));
    expect(curl("/runningpods/")).toBe(refused("pods proxy"));
    expect(curl("/configz")).toBe(refused("configz proxy"));
    expect(curl("/metrics/resource")).toBe(refused("metrics"));
    expect(curl("/stats/summary")).toBe(refused("stats"));
    expect(curl("/logs/")).toBe(refused("log"));
    expect(curl("/containerLogs/default/p/c")).toBe(refused("proxy"));
  });

  test.each([
    ["nodes/healthz", "/healthz", "200"],
    ["nodes/proxy", "/healthz", "200"],
    ["nodes/configz", "/healthz", "403"],
    ["nodes/configz", "/configz", "200"],
    ["nodes/pods", "/pods", "200"],
    ["nodes/metrics", "/metrics/resource", "200"],
    ["nodes/proxy", "/metrics/resource", "403"],
    ["nodes/stats", "/stats/summary", "200"],
    ["nodes/log", "/logs/", "200"],
    ["nodes/proxy", "/containerLogs/default/p/c", "200"],
  ])("with a right to %s, %s: %s", (resource, path, code) => {
    grant(resource);
    expect(curl(path).slice(-3)).toBe(code);
  });
});
