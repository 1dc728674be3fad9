/** What a container may change of its root, what is mounted over it, and what its node's files and kernel say. */
import { beforeEach, describe, expect, test } from "vitest";
import { NetworkWorld, podOf, sleeper } from "../network/network-world.ts";

let world: NetworkWorld;
beforeEach(() => {
  world = new NetworkWorld();
});

const log = (name: string): string =>
  world.request("GET", `/api/v1/namespaces/default/pods/${name}/log`).text;
const run = (pod: string, command: string): string => {
  const { stdout, stderr } = world.exec(pod, command);
  return stdout + stderr;
};
const status = (name: string): unknown =>
  world.rows("/api/v1/namespaces/default/pods").find((row) => row["Name"] === name)?.["Status"];

describe("nginx", () => {
  const nginx = (name: string, container: object, spec: object = {}): object =>
    podOf(name, "nginx:1.29", { container, spec });
  const readOnly = { securityContext: { readOnlyRootFilesystem: true } };

  test("on a read-only root dies at the first folder of its cache", () => {
    world.create(nginx("web", readOnly));
    world.advance(20_000);
    const lines = log("web").trimEnd().split("\n");
    expect(lines[3]).toBe(
      "10-listen-on-ipv6-by-default.sh: info: can not modify /etc/nginx/conf.d/default.conf (read-only file system?)",
    );
    expect(lines.at(-1)).toBe(
      'nginx: [emerg] mkdir() "/var/cache/nginx/client_temp" failed (30: Read-only file system)',
    );
    expect(world.pod("web").status.containerStatuses[0].lastState.terminated.exitCode).toBe(1);
  });

  test("needs its cache and its pid file's folder to be writable, no more", () => {
    const volumes = [
      { name: "cache", emptyDir: {} },
      { name: "run", emptyDir: {} },
    ];
    const cache = { name: "cache", mountPath: "/var/cache/nginx" };
    const runFolder = { name: "run", mountPath: "/var/run" };
    world.create(
      nginx("half", { ...readOnly, volumeMounts: [cache] }, { volumes }),
      nginx("web", { ...readOnly, volumeMounts: [cache, runFolder] }, { volumes }),
    );
    world.advance(20_000);
    expect(log("half").trimEnd().split("\n").at(-1)).toBe(
      'nginx: [emerg] open() "/run/nginx.pid" failed (30: Read-only file system)',
    );
    expect(status("web")).toBe("Running");
    expect(run("web", "cat /run/nginx.pid; ls /var/cache/nginx; touch /x")).toBe(
      "1\nclient_temp\nfastcgi_temp\nproxy_temp\nscgi_temp\nuwsgi_temp\ntouch: cannot touch '/x': Read-only file system\n",
    );
    expect(log("web")).toContain("[notice] 1#1: start worker processes");
  });

  test("as another user warns, and may not make its cache", () => {
    world.create(nginx("web", { securityContext: { runAsUser: 1000 } }));
    world.advance(20_000);
    const lines = log("web").trimEnd().split("\n");
    expect(lines.slice(-4).map((line) => line.replace(/^\S+ \S+ (?=\[)/, ""))).toEqual([
      '[warn] 1#1: the "user" directive makes sense only if the master process runs with super-user privileges, ignored in /etc/nginx/nginx.conf:2',
      'nginx: [warn] the "user" directive makes sense only if the master process runs with super-user privileges, ignored in /etc/nginx/nginx.conf:2',
      '[emerg] 1#1: mkdir() "/var/cache/nginx/client_temp" failed (13: Permission denied)',
      'nginx: [emerg] mkdir() "/var/cache/nginx/client_temp" failed (13: Permission denied)',
    ]);
  });

  test("as always stores nothing of its own", () => {
    world.create(nginx("web", {}));
    world.advance(20_000);
    expect(status("web")).toBe("Running");
    expect(run("web", "cat /run/nginx.pid; ls /var/cache/nginx | head -n 1")).toBe(
      "1\nclient_temp\n",
    );
  });
});

describe("a mount that does not fit", () => {
  const error = (volume: string): RegExp =>
    new RegExp(
      `^failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting "/var/lib/kubelet/pods/[-0-9a-f]{36}/${volume}" to rootfs at "(/\\S+)": mount src=/\\S+, dst=\\1, dstFd=\\S+, flags=MS_BIND\\|MS_REC: not a directory: Are you trying to mount a directory onto a file \\(or vice-versa\\)\\? Check if the specified host path exists and is the expected type: unknown$`,
    );
  const mounted = (volumeMount: object): object =>
    podOf("web", "nginx:1.29", {
      container: { volumeMounts: [{ name: "conf", ...volumeMount }] },
      spec: { volumes: [{ name: "conf", configMap: { name: "conf" } }] },
    });
  const state = (): { message: string; reason: string; exitCode: number } =>
    world.pod("web").status.containerStatuses[0].lastState.terminated;

  beforeEach(() => {
    world.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "conf" },
      data: { "nginx.conf": "events {}\nhttp {}\n" },
    });
  });

  const cases: [title: string, mount: object, volume: string][] = [
    [
      "a subPath of a key that is not there over a file",
      { mountPath: "/etc/nginx/nginx.conf", subPath: "nginx.cfg" },
      "volume-subpaths/conf/main/0",
    ],
    [
      "a whole volume over a file",
      { mountPath: "/etc/nginx/nginx.conf" },
      "volumes/kubernetes.io~configmap/conf",
    ],
    [
      "a file over a folder",
      { mountPath: "/etc/nginx", subPath: "nginx.conf" },
      "volume-subpaths/conf/main/0",
    ],
  ];
  test.each(cases)("%s", (_title, mount, volume) => {
    world.create(mounted(mount));
    world.advance(60_000);
    expect(status("web")).toBe("CrashLoopBackOff");
    expect(state()).toMatchObject({ reason: "StartError", exitCode: 128 });
    expect(state().message).toMatch(error(volume));
    expect(
      world.events("web").some((event) => /^Warning Failed Error: failed to create/.test(event)),
    ).toBe(true);
  });

  test("fits: a file over a file, a folder where nothing was", () => {
    world.create(
      podOf("web", "nginx:1.29", {
        container: {
          volumeMounts: [
            { name: "conf", mountPath: "/etc/nginx/conf.d/default.conf", subPath: "nginx.conf" },
            { name: "conf", mountPath: "/srv/conf" },
          ],
        },
        spec: { volumes: [{ name: "conf", configMap: { name: "conf" } }] },
      }),
    );
    world.advance(20_000);
    expect(run("web", "ls /srv/conf")).toBe("nginx.conf\n");
  });
});

describe("kernel settings", () => {
  const privileged = { securityContext: { privileged: true } };

  test("a privileged container sets its node's, for all who run there", () => {
    world.create(
      sleeper("init", { container: privileged, spec: { nodeName: "node-1" } }),
      sleeper("near", { spec: { nodeName: "node-1" } }),
      sleeper("far", { spec: { nodeName: "node-2" } }),
    );
    world.advance(20_000);
    expect(run("init", "sysctl -w vm.max_map_count=262144")).toBe("vm.max_map_count = 262144\n");
    expect(run("near", "sysctl -n vm.max_map_count")).toBe("262144\n");
    expect(run("far", "sysctl -n vm.max_map_count")).toBe("1048576\n");
    world.evict();
    expect(run("near", "cat /proc/sys/vm/max_map_count")).toBe("262144\n");
  });

  test("those of the network are its Pod's alone", () => {
    world.create(
      sleeper("init", { container: privileged, spec: { nodeName: "node-1" } }),
      sleeper("near", { spec: { nodeName: "node-1" } }),
    );
    world.advance(20_000);
    expect(
      run(
        "init",
        "echo 4000 65000 > /proc/sys/net/ipv4/ip_local_port_range; cat /proc/sys/net/ipv4/ip_local_port_range",
      ),
    ).toBe("4000\t65000\n");
    expect(run("near", "cat /proc/sys/net/ipv4/ip_local_port_range")).toBe("32768\t60999\n");
  });

  test("refusals: another container, an unknown name, no number, nothing to be set", () => {
    world.create(sleeper("plain"), sleeper("init", { container: privileged }));
    world.advance(20_000);
    expect(run("plain", "sysctl -w vm.max_map_count=262144")).toBe(
      "sysctl: error setting key 'vm.max_map_count': Read-only file system\n",
    );
    expect(run("init", "sysctl -w vm.nothing=1")).toBe(
      "sysctl: error: 'vm.nothing' is an unknown key\n",
    );
    expect(run("init", "sysctl -w vm.swappiness=many")).toBe(
      "sysctl: error setting key 'vm.swappiness': Invalid argument\n",
    );
    expect(run("init", "sysctl -n vm.swappiness")).toBe("60\n");
    expect(world.exec("init", "echo x > /proc/sys/kernel/osrelease").exitCode).not.toBe(0);
  });
});

describe("a node's files and kernel", () => {
  const node = (): { metadata: { name: string }; status: { nodeInfo: Record<string, string> } } =>
    world.get("/api/v1/nodes/node-1");

  test("tell what `kubectl get nodes -o wide` tells", () => {
    world.create(
      sleeper("on", {
        container: { volumeMounts: [{ name: "root", mountPath: "/host" }] },
        spec: { nodeName: "node-1", volumes: [{ name: "root", hostPath: { path: "/" } }] },
      }),
    );
    world.advance(20_000);
    const { nodeInfo } = node().status;
    expect(run("on", "uname -r")).toBe(`${nodeInfo["kernelVersion"]}\n`);
    expect(run("on", "cat /proc/sys/kernel/osrelease")).toBe(`${nodeInfo["kernelVersion"]}\n`);
    expect(run("on", "cut -d' ' -f3 /proc/version")).toBe(`${nodeInfo["kernelVersion"]}\n`);
    expect(run("on", "grep PRETTY_NAME /host/etc/os-release")).toBe(
      `PRETTY_NAME="${nodeInfo["osImage"]}"\n`,
    );
    expect(run("on", "cat /host/etc/machine-id")).toBe(`${nodeInfo["machineID"]}\n`);
  });

  test("a hostPath of /etc/machine-id, type File, is there", () => {
    world.create(
      sleeper("on", {
        container: { volumeMounts: [{ name: "id", mountPath: "/etc/machine-id", readOnly: true }] },
        spec: {
          nodeName: "node-1",
          volumes: [{ name: "id", hostPath: { path: "/etc/machine-id", type: "File" } }],
        },
      }),
    );
    world.advance(20_000);
    expect(run("on", "cat /etc/machine-id")).toMatch(/^[0-9a-f]{32}\n$/);
  });

  test("/proc/1/mounts is what `mount` shows", () => {
    world.create(sleeper("on"));
    world.advance(20_000);
    expect(run("on", "cat /proc/1/mounts")).toBe(run("on", "cat /proc/mounts"));
    expect(run("on", "grep ' / ' /proc/1/mounts")).toBe("overlay / overlay rw,relatime 0 0\n");
  });
});
