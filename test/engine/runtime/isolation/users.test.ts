/** Who a container runs as and what that allows: users, groups, capabilities, a read-only root, the hostname. */
import { describe, expect, it } from "vitest";
import { box, debuggerPod, isolationWorld, podOf, type IsolationWorld } from "./isolation-world.ts";

const run = (containers: object[], spec: object = {}): IsolationWorld => {
  const w = isolationWorld();
  w.create(podOf("p", containers, spec));
  w.advance(20_000);
  return w;
};

describe("hostname", () => {
  it.each([
    ["the Pod's name", {}, "p\n", "p\n"],
    ["hostname", { hostname: "db-0" }, "db-0\n", "db-0\n"],
    [
      "hostname and subdomain",
      { hostname: "db-0", subdomain: "db" },
      "db-0\n",
      "db-0.db.default.svc.cluster.local\n",
    ],
    [
      "the node's with hostNetwork",
      { hostNetwork: true, nodeName: "node-2" },
      "node-2\n",
      "node-2\n",
    ],
  ])("is %s", (_title, spec, name, full) => {
    const w = run([box("c")], spec);
    expect(w.out("p", "hostname")).toBe(name);
    expect(w.out("p", "cat /etc/hostname")).toBe(name);
    expect(w.out("p", "echo $HOSTNAME")).toBe(name);
    expect(w.out("p", "hostname -f")).toBe(full);
  });
});

describe("users", () => {
  it.each([
    ["the image's root", {}, {}, "uid=0(root) gid=0(root) groups=0(root),10(wheel)\n"],
    ["a number alone", { runAsUser: 1000 }, {}, "uid=1000 gid=0(root) groups=0(root)\n"],
    [
      "user and group",
      { runAsUser: 1000, runAsGroup: 3000 },
      {},
      "uid=1000 gid=3000 groups=3000\n",
    ],
    [
      "fsGroup and supplementalGroups",
      { runAsUser: 1000, runAsGroup: 3000, fsGroup: 2000, supplementalGroups: [4000] },
      {},
      "uid=1000 gid=3000 groups=2000,3000,4000\n",
    ],
    [
      "the container's before the Pod's",
      { runAsUser: 1000 },
      { runAsUser: 2000 },
      "uid=2000 gid=0(root) groups=0(root)\n",
    ],
  ])("%s", (_title, shared, own, expected) => {
    const w = run([box("c", { securityContext: own })], { securityContext: shared });
    expect(w.out("p", "id")).toBe(expected);
  });

  it("own what they make, and may not touch what is root's", () => {
    const w = run([box("c", { securityContext: { runAsUser: 1000, runAsGroup: 3000 } })]);
    expect(w.out("p", "touch /tmp/mine; stat -c '%u:%g' /tmp/mine")).toBe("1000:3000\n");
    expect(w.sh("p", "touch /etc/passwd2").err).toContain("Permission denied");
    expect(w.sh("p", "chown 0 /tmp/mine").err).toContain("Operation not permitted");
    expect(w.sh("p", "kill 1; echo $?").out).toBe("0\n");
    expect(w.out("p", "ps | grep -c '1000 '")).not.toBe("0\n");
  });
});

describe("readOnlyRootFilesystem", () => {
  it("refuses writes but in what is mounted", () => {
    const mounts = [{ name: "cache", mountPath: "/cache" }];
    const w = run(
      [box("c", { securityContext: { readOnlyRootFilesystem: true }, volumeMounts: mounts })],
      { volumes: [{ name: "cache", emptyDir: {} }] },
    );
    expect(w.sh("p", "touch /file")).toMatchObject({
      code: 1,
      err: "touch: /file: Read-only file system\n",
    });
    expect(w.sh("p", "echo x > /etc/motd").err).toContain("Read-only file system");
    expect(w.sh("p", "rm /etc/passwd").err).toContain("Read-only file system");
    expect(w.sh("p", "mkdir /tmp/x").err).toContain("Read-only file system");
    expect(
      w.out("p", "echo x > /cache/file; cat /cache/file; echo y > /dev/shm/y; cat /dev/shm/y"),
    ).toBe("x\ny\n");
  });
});

/** Low ports are open to all in a Pod's network, unless its sysctl closes them. */
const closed = {
  restartPolicy: "Never",
  securityContext: { sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "1024" }] },
};

describe("capabilities", () => {
  it("dropped ones take from root what they gave", () => {
    const w = run([box("c", { securityContext: { capabilities: { drop: ["ALL"] } } })]);
    expect(w.sh("p", "touch /tmp/f; chown 1000 /tmp/f").err).toContain("Operation not permitted");
    expect(w.sh("p", "chroot / true").err).toContain("Operation not permitted");
  });

  it("CHOWN alone brings chown back", () => {
    const security = { capabilities: { drop: ["ALL"], add: ["CHOWN"] } };
    const w = run([box("c", { securityContext: security })]);
    expect(w.out("p", "touch /tmp/f; chown 1000:2000 /tmp/f; stat -c %u:%g /tmp/f")).toBe(
      "1000:2000\n",
    );
  });

  it.each([
    [
      "httpd:2.4",
      [],
      "(13)Permission denied: AH00072: make_sock: could not bind to address 0.0.0.0:80",
    ],
    ["hashicorp/http-echo", ["-listen=:80"], "listen tcp :80: bind: permission denied"],
    ["traefik/whoami", undefined, "listen tcp :80: bind: permission denied"],
    ["busybox:1.36", ["nc", "-l", "-p", "80"], "nc: bind: Permission denied"],
    [
      "python:3.12",
      ["python", "-m", "http.server", "80"],
      "PermissionError: [Errno 13] Permission denied",
    ],
  ])("%s cannot bind to a closed port 80 as another user", (image, args, words) => {
    const w = run([{ name: "c", image, args, securityContext: { runAsUser: 1000 } }], closed);
    expect(w.logs("p")).toContain(words);
    expect(w.pod("p").status.phase).toBe("Failed");
  });

  it("nginx as root without NET_BIND_SERVICE cannot either", () => {
    const security = { capabilities: { drop: ["NET_BIND_SERVICE"] } };
    const w = run([{ name: "c", image: "nginx:1.29", securityContext: security }], closed);
    expect(w.logs("p")).toContain("bind() to 0.0.0.0:80 failed (13: Permission denied)");
    expect(w.pod("p").status.phase).toBe("Failed");
  });
});

describe("runAsNonRoot", () => {
  it.each([
    [
      "busybox:1.36",
      {},
      (uid: string) =>
        `container has runAsNonRoot and image will run as root (pod: "p_default(${uid})", container: c)`,
    ],
    [
      "busybox:1.36",
      { runAsUser: 0 },
      (uid: string) =>
        `container's runAsUser breaks non-root policy (pod: "p_default(${uid})", container: c)`,
    ],
  ])("holds back %s %o", (image, more, text) => {
    const w = run([box("c", { image, securityContext: { runAsNonRoot: true, ...more } })]);
    const { waiting } = w.pod("p").status.containerStatuses[0].state;
    const message = text(w.pod("p").metadata.uid);
    expect(waiting).toEqual({ reason: "CreateContainerConfigError", message });
    expect(w.events("p")).toContain(`Warning Failed Error: ${message}`);
  });

  it("lets a numbered user pass", () => {
    const w = run([box("c", { securityContext: { runAsNonRoot: true, runAsUser: 1000 } })]);
    expect(w.pod("p").status.phase).toBe("Running");
  });
});

describe("an ephemeral container", () => {
  it("lives among its target's processes", () => {
    const w = run([{ name: "web", image: "nginx:1.29" }]);
    w.patch(
      "/api/v1/namespaces/default/pods/p/ephemeralcontainers",
      { spec: { ephemeralContainers: [{ ...box("look"), targetContainerName: "web" }] } },
      "application/strategic-merge-patch+json",
    );
    w.advance(10_000);
    const text = w.out("p", "ps", "look");
    expect(text).toContain("nginx: master process");
    expect(text).toContain("sleep 1000000");
    expect(w.out("p", "head -1 /proc/1/root/etc/os-release", "look")).toContain("Debian");
  });
});

describe("a node shell", () => {
  it("has the node's name and all of its files", () => {
    const w = isolationWorld();
    w.create(debuggerPod("node-2"));
    w.advance(20_000);
    expect(
      w.out("node-debugger-node-2", "hostname; cat /host/etc/hostname; ls /host/etc/kubernetes"),
    ).toBe("node-2\nnode-2\nkubelet.conf\nmanifests\npki\n");
  });
});
