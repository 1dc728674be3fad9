/** What upstream's end-to-end tests of SIG Node ask, beside what stands in test/engine/kubelet. k8s: test/e2e/node, test/e2e/common/node */
import { describe, expect, test } from "vitest";
import { World } from "../../helpers/world.ts";
import { KubectlWorld } from "../kubectl/kubectl-world.ts";

const busybox = "registry.k8s.io/e2e-test-images/busybox:1.37.0-1";

const podOf = (name: string, spec: object, container: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: {
    ...spec,
    containers: [{ name: "c", image: busybox, command: ["sh", "-c", "sleep 1d"], ...container }],
  },
});

test("a registry that nobody can look up", () => {
  const world = new World({ nodes: 1 });
  const image = "invalid.registry.k8s.io/invalid/alpine:3.1";
  world.create(podOf("p", {}, { image, imagePullPolicy: "Always" }));
  world.advance(30_000);
  expect(world.pod("p").status.phase).toBe("Pending");
  expect(world.events("p").join("\n")).toContain(
    `Failed to pull image "${image}": failed to pull and unpack image "${image}"`,
  );
});

test("a whole name that is too long for the kernel keeps the Pod Pending", () => {
  const world = new World({ nodes: 1 });
  const subdomain = "t".repeat(40);
  world.create(podOf("hostfqdn", { setHostnameAsFQDN: true, subdomain }));
  world.advance(20_000);
  expect(world.pod("hostfqdn").status.phase).toBe("Pending");
  const name = `hostfqdn.${subdomain}.default.svc.cluster.local`;
  expect(world.events("hostfqdn").at(-1)).toBe(
    `Warning FailedCreatePodSandBox Failed to create pod sandbox: failed to construct FQDN from pod hostname and cluster domain, FQDN ${name} is too long (64 characters is the max, ${name.length} characters requested)`,
  );
});

test("the node shows the control groups of its Pods, with the Pod's own limits", () => {
  const world = new KubectlWorld({ nodes: 1 }).begin();
  const volumes = [{ name: "groups", hostPath: { path: "/sys/fs/cgroup", type: "Directory" } }];
  const volumeMounts = [{ name: "groups", mountPath: "/sysfscgroup" }];
  const of = (cpu: string, memory: string): object => ({ cpu, memory });
  const limits = of("100m", "100Mi");
  const half = { requests: of("50m", "50Mi"), limits };
  world.create(
    podOf("whole", { volumes, resources: { requests: limits, limits } }, { volumeMounts }),
    podOf("half", { volumes }, { volumeMounts, resources: half }),
    podOf("none", { volumes }, { volumeMounts }),
  );
  const read = (name: string): string => {
    world.until(() => world.pod(name).status.phase === "Running");
    const uid = world.pod(name).metadata.uid.replaceAll("-", "_");
    world.in = name;
    const found = world.out(`find /sysfscgroup -name '*${uid}*'`).trim();
    const files = world.out(`cd ${found}; head -n 1 memory.max cpu.max cpu.weight | grep -v '^$'`);
    return `${found.replace(uid, "UID")} ${files.replaceAll(/==>.*<==\n/g, "").replaceAll("\n", ";")}`;
  };
  const slices = "/sysfscgroup/kubepods.slice";
  expect(read("whole")).toBe(`${slices}/kubepods-podUID.slice 104857600;10000 100000;17;`);
  expect(read("half")).toBe(
    `${slices}/kubepods-burstable.slice/kubepods-burstable-podUID.slice 104857600;10000 100000;11;`,
  );
  expect(read("none")).toBe(
    `${slices}/kubepods-besteffort.slice/kubepods-besteffort-podUID.slice max;max 100000;1;`,
  );
});

test("an extended resource told as capacity is allocatable with the kubelet's next status", () => {
  const world = new World({ nodes: 1 });
  const path = "/api/v1/nodes/node-1/status";
  const change = (op: object): void =>
    void world.patch(
      path,
      [{ path: "/status/capacity/example.com~1dongle", ...op }],
      "application/json-patch+json",
    );
  const told = (): unknown => world.get(path).status.allocatable["example.com/dongle"];
  change({ op: "add", value: "4" });
  expect(told()).toBe(undefined);
  world.advance(10_000);
  expect(told()).toBe("4");
  const resources = { limits: { "example.com/dongle": "3" } };
  world.create(podOf("p", {}, { resources }));
  world.until(() => world.pod("p").status.phase === "Running");
  change({ op: "remove" });
  world.advance(10_000);
  expect(told()).toBe(undefined);
});

test("images of a registry in a Pod on the node, for who has its credentials", () => {
  const world = new World({ nodes: 2 });
  const image = "localhost:5000/pause:testing";
  const auth = (server: string, text: string): object => ({
    type: "kubernetes.io/dockerconfigjson",
    stringData: {
      ".dockerconfigjson": JSON.stringify({ auths: { [server]: { auth: btoa(text) } } }),
    },
  });
  const secret = (name: string, server: string, text: string): object => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name },
    ...auth(server, text),
  });
  world.create(
    secret("right", "http://localhost:5000", "user:password"),
    secret("same", "http://localhost:5000", "user:password"),
    secret("wrong", "http://localhost:5000", "user:wrong"),
    secret("elsewhere", "somerepo.example.com", "user:password"),
  );
  const pull = (
    name: string,
    secretName: string | undefined,
    more: object = {},
    node = "node-1",
  ): string => {
    const imagePullSecrets = secretName ? [{ name: secretName }] : [];
    const container = { image, command: undefined, imagePullPolicy: "Always", ...more };
    world.create(podOf(name, { nodeName: node, imagePullSecrets }, container));
    world.advance(15_000);
    const { phase, containerStatuses } = world.pod(name).status;
    return `${phase} ${containerStatuses[0].state.waiting?.reason ?? ""}`;
  };
  expect(pull("early", "right")).toBe("Pending ImagePullBackOff");
  expect(world.events("early").join("\n")).toContain("connection refused");
  const args = ["fake-registry-server", "--private"];
  const ports = [{ containerPort: 5000, hostPort: 5000 }];
  const agnhost = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";
  world.create(
    podOf("registry", { nodeName: "node-1" }, { image: agnhost, command: undefined, args, ports }),
  );
  world.until(() => world.pod("registry").status.phase === "Running");
  expect(pull("none", undefined)).toBe("Pending ImagePullBackOff");
  expect(world.events("none").join("\n")).toContain(
    `failed to resolve reference "${image}": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`,
  );
  expect(pull("wrong", "wrong")).toBe("Pending ImagePullBackOff");
  expect(world.events("wrong").join("\n")).toContain(
    "HEAD request to http://localhost:5000/v2/pause/manifests/testing: 401 Unauthorized",
  );
  expect(pull("right", "right")).toBe("Running ");
  expect(pull("there", "right", {}, "node-2")).toBe("Pending ImagePullBackOff");
  // Pulled once, it is still only for who has the credentials.
  for (const imagePullPolicy of ["IfNotPresent", "Never"]) {
    const name = imagePullPolicy.toLowerCase();
    const refused = imagePullPolicy === "Never" ? "ErrImageNeverPull" : "ImagePullBackOff";
    expect(pull(`${name}-none`, undefined, { imagePullPolicy })).toBe(`Pending ${refused}`);
    expect(pull(`${name}-other`, "elsewhere", { imagePullPolicy })).toBe(`Pending ${refused}`);
    expect(pull(`${name}-right`, "right", { imagePullPolicy })).toBe("Running ");
    expect(pull(`${name}-same`, "same", { imagePullPolicy })).toBe("Running ");
  }
});

test("that registry answers over HTTP too", () => {
  const world = new World({ nodes: 1 });
  const agnhost = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";
  const args = ["fake-registry-server"];
  world.create(podOf("registry", {}, { image: agnhost, command: undefined, args }));
  world.until(() => world.pod("registry").status.phase === "Running");
  const ask = (path: string): { status: number; headers: Record<string, string>; text: string } =>
    world.request("GET", `/api/v1/namespaces/default/pods/registry:5000/proxy${path}`);
  expect(ask("/v2/").status).toBe(200);
  expect(ask("/v2/pause/manifests/none").status).toBe(404);
  const { status, headers } = ask("/v2/pause/manifests/testing");
  expect(status).toBe(307);
  const digest = /sha256:[0-9a-f]{64}$/.exec(headers["location"] ?? "")?.[0];
  const manifest = ask(`/v2/pause/manifests/${digest}`);
  expect(manifest.status).toBe(200);
  expect(JSON.parse(manifest.text)).toMatchObject({ schemaVersion: 2, layers: [{}] });
});

test("a kubelet, through its node's proxy: what runs, and the node's logs", () => {
  const world = new KubectlWorld({ nodes: 1 }).begin();
  world.create(podOf("done", { restartPolicy: "Never" }, { command: ["true"] }), podOf("on", {}));
  world.until(() => world.pod("done").status.phase === "Succeeded");
  const ask = (path: string, port = ""): { status: number; text: string } =>
    world.request("GET", `/api/v1/nodes/node-1${port}/proxy${path}`);
  const names = (path: string): string[] =>
    JSON.parse(ask(path, ":10250").text)
      .items.map((pod: { metadata: { name: string } }) => pod.metadata.name)
      .filter((name: string) => /^(done|on)$/.test(name));
  for (const path of ["/runningpods", "/runningpods/"]) expect(names(path)).toEqual(["on"]);
  for (const path of ["/pods", "/pods/"]) expect(names(path)).toEqual(["done", "on"]);
  const volumes = [{ name: "log", hostPath: { path: "/var/log" } }];
  const volumeMounts = [{ name: "log", mountPath: "/log" }];
  const command = ["sh", "-c", "echo hello > /log/own.log; ln -s /etc/passwd /log/link; sleep 1d"];
  world.create(podOf("writer", { volumes }, { volumeMounts, command }));
  world.until(() => world.pod("writer").status.phase === "Running");
  world.advance(1000);
  expect(ask("/logs/").text).toContain(
    '<a href="own.log">own.log</a>\n<a href="pods/">pods/</a>\n',
  );
  expect(ask("/logs/own.log", ":10250")).toMatchObject({ status: 200, text: "hello\n" });
  for (const path of [
    "/logs/none",
    "/logs/link",
    "/logs/../../etc/passwd",
    "/logs/%2e%2e/%2e%2e/etc/passwd",
  ])
    expect(ask(path).status).toBe(404);
});

test("hooks that ask another Pod by HTTP", () => {
  const world = new KubectlWorld({ nodes: 2 }).begin();
  const image = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";
  const netexec = { image, command: undefined, args: ["netexec"] };
  world.create(podOf("server", { nodeName: "node-1" }, netexec));
  world.until(() => world.pod("server").status.phase === "Running");
  const host = world.pod("server").status.podIP;
  const hook = (msg: string): object => ({
    httpGet: { path: `/echo?msg=${msg}`, host, port: 8080 },
  });
  for (const nodeName of ["node-1", "node-2"]) {
    const lifecycle = { postStart: hook(`begin-${nodeName}`), preStop: hook(`end-${nodeName}`) };
    world.create(podOf("hooked", { nodeName, terminationGracePeriodSeconds: 15 }, { lifecycle }));
    world.until(() => world.pod("hooked").status.phase === "Running");
    world.advance(1000);
    expect(world.out("kubectl logs server")).toContain(`/echo?msg=begin-${nodeName}`);
    world.delete("/api/v1/namespaces/default/pods/hooked");
    world.advance(40_000);
    expect(world.out("kubectl logs server")).toContain(`/echo?msg=end-${nodeName}`);
  }
  // Nobody listens there.
  const nowhere = { postStart: { httpGet: { host, port: 81 } } };
  world.create(podOf("hooked", {}, { lifecycle: nowhere }));
  world.advance(5000);
  expect(world.events("hooked").join("\n")).toContain("FailedPostStartHook");
});

test("a probe that asks another host follows what that host says", () => {
  const world = new KubectlWorld({ nodes: 1 }).begin();
  world.create(podOf("server", {}, { image: "nginx", command: undefined }));
  world.until(() => world.pod("server").status.phase === "Running");
  const host = world.pod("server").status.podIP;
  const readinessProbe = { httpGet: { host, port: 80 }, periodSeconds: 5 };
  world.create(podOf("asks", {}, { readinessProbe }));
  const ready = (): boolean => world.pod("asks").status.containerStatuses?.[0]?.ready === true;
  world.until(ready);
  world.delete("/api/v1/namespaces/default/pods/server");
  world.advance(60_000);
  expect(ready()).toBe(false);
});

describe("mounts in containers", () => {
  const folder = "/var/lib/kubelet/shared";
  const names = ["master", "slave", "private", "default"];
  const modes: Record<string, string> = {
    master: "Bidirectional",
    slave: "HostToContainer",
    private: "None",
  };
  const member = (name: string): object => {
    const volumes = [{ name: "host", hostPath: { path: folder } }];
    const mode = modes[name] === undefined ? {} : { mountPropagation: modes[name] };
    return podOf(
      name,
      { volumes },
      {
        command: ["sh", "-c", `mkdir /mnt/test/${name}; sleep 3600`],
        volumeMounts: [{ name: "host", mountPath: "/mnt/test", ...mode }],
        securityContext: { privileged: true },
      },
    );
  };
  const hostExec = podOf(
    "hostexec",
    { volumes: [{ name: "rootfs", hostPath: { path: "/" } }], hostNetwork: true },
    {
      image: "registry.k8s.io/e2e-test-images/agnhost:2.63.0",
      command: ["sleep", "1d"],
      securityContext: { privileged: true },
      volumeMounts: [{ name: "rootfs", mountPath: "/rootfs", readOnly: true }],
    },
  );
  const running = (world: KubectlWorld, ...all: string[]): void => {
    for (const name of all) world.until(() => world.pod(name).status.phase === "Running");
    world.advance(1000);
  };
  const onNode = (world: KubectlWorld, command: string): string => {
    world.in = "hostexec";
    const { stdout, stderr } = world.sh(
      `nsenter --mount=/rootfs/proc/1/ns/mnt -- sh -c '${command}'`,
    );
    return stdout + stderr;
  };

  test("propagate as their volume says", () => {
    const world = new KubectlWorld({ nodes: 1 }).begin();
    world.create(hostExec, ...names.map(member));
    running(world, "hostexec", ...names);
    for (const name of names) {
      world.in = name;
      expect(world.out("ls /mnt/test")).toBe("default\nmaster\nprivate\nslave\n");
      const at = `/mnt/test/${name}`;
      world.out(`mount -t tmpfs e2e-${name} ${at}; echo ${name} > ${at}/file`);
      expect(world.out("mount -t tmpfs")).toContain(
        name === "master" ? "" : `e2e-${name} on ${at} type tmpfs (rw,relatime)\n`,
      );
    }
    expect(
      onNode(
        world,
        `mkdir ${folder}/host; mount -t tmpfs none ${folder}/host; echo host > ${folder}/host/file`,
      ),
    ).toBe("");
    const seen: Record<string, string[]> = {};
    world.evict();
    for (const name of names) {
      world.in = name;
      const one = (other: string): string => world.sh(`cat /mnt/test/${other}/file`).stdout.trim();
      seen[name] = [...names, "host"].filter((other) => one(other) === other);
    }
    expect(seen).toEqual({
      master: ["master", "host"],
      slave: ["master", "slave", "host"],
      private: ["private"],
      default: ["default"],
    });
    const kubelet = onNode(world, "pidof kubelet").trim();
    expect(kubelet).toMatch(/^\d+$/);
    const cat = (name: string): string =>
      onNode(world, `nsenter -t ${kubelet} -m cat "${folder}/${name}/file"`);
    expect([cat("host"), cat("master")]).toEqual(["host\n", "master\n"]);
    for (const name of names.slice(1)) expect(cat(name)).toContain("No such file");
    // One that comes later gets what is mounted by then.
    world.create(
      podOf(
        "late",
        { volumes: [{ name: "host", hostPath: { path: folder } }] },
        { volumeMounts: [{ name: "host", mountPath: "/mnt/test" }] },
      ),
    );
    running(world, "late");
    world.in = "late";
    expect(world.out("cat /mnt/test/*/file")).toBe("host\nmaster\n");
    for (const name of names) {
      world.in = name;
      expect(world.sh(`umount /mnt/test/${name}`)).toEqual({ stdout: "", stderr: "", code: 0 });
      expect(world.out(`ls /mnt/test/${name}`)).toBe("");
    }
    expect(onNode(world, `umount ${folder}/host; rm -rf ${folder}; ls /run/mount/aside`)).toBe("");
  });

  test("need rights, hold what fits in them, and go with their container", () => {
    const world = new KubectlWorld({ nodes: 1 }).begin();
    world.create(podOf("plain", {}), podOf("own", {}, { securityContext: { privileged: true } }));
    running(world, "plain", "own");
    world.in = "plain";
    expect(world.sh("mount -t tmpfs none /mnt").stderr).toBe(
      "mount: permission denied (are you root?)\n",
    );
    world.in = "own";
    world.out("mkdir /m && echo beneath > /m/file && mount -t tmpfs -o size=64k none /m && ls /m");
    expect(world.sh("head -c 100000 /dev/zero > /m/zeros").stderr).toContain(
      "No space left on device",
    );
    expect(world.out("df /m | tail -1")).toMatch(/^none\s+64 /);
    expect(world.sh("mount --bind /tmp /m").stderr).toContain("Operation not supported");
    expect(world.out("umount /m; cat /m/file; umount /m || echo $?")).toBe("beneath\n32\n");
    world.out("mount -t tmpfs none /m; echo x > /m/x");
    expect(world.sh("exec 3< /m/x; umount /m").stderr).toBe("umount: /m: target is busy.\n");
    expect(world.sh("cd /m; umount /m").code).toBe(32);
    world.delete("/api/v1/namespaces/default/pods/own", { gracePeriodSeconds: 0 });
    world.advance(1000);
    expect([...world.engine.store.recordKeys("trees")].join()).not.toContain("mount-");
  });
});
