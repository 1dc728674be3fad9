/** What upstream's end-to-end tests of SIG Storage ask of local volumes. k8s: test/e2e/storage/persistent_volumes-local.go, utils/host_exec.go, utils/local.go */
import { describe, expect, test } from "vitest";
import { KubectlWorld } from "../kubectl/kubectl-world.ts";

const agnhost = "registry.k8s.io/e2e-test-images/agnhost:2.63.0";
const node = "node-1";

const podOf = (name: string, spec: object, container: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { ...spec, containers: [{ name: "c", image: agnhost, ...container }] },
});

/** The Pod that the tests reach into a node through. */
const hostExec = (privileged: boolean): object =>
  podOf(
    "hostexec",
    {
      nodeName: node,
      hostNetwork: true,
      volumes: [{ name: "rootfs", hostPath: { path: "/" } }],
    },
    {
      securityContext: { privileged },
      volumeMounts: [{ name: "rootfs", mountPath: "/rootfs", readOnly: true }],
    },
  );

class LocalWorld extends KubectlWorld {
  running(name: string): this {
    this.until(() => this.pod(name).status.phase === "Running");
    return this;
  }

  /** A command on the node, with its standard error. */
  onNode(command: string): string {
    this.in = "hostexec";
    const quoted = command.replaceAll("'", `'"'"'`);
    const { stdout, stderr, code } = this.sh(
      `nsenter --mount=/rootfs/proc/1/ns/mnt -- sh -c '${quoted}'`,
    );
    return `${stdout}${stderr}${code === 0 ? "" : `exit ${code}`}`;
  }

  /** A claim that is bound to a folder of the node. */
  claim(name: string, path: string): void {
    const expression = { key: "kubernetes.io/hostname", operator: "In", values: [node] };
    const common = { accessModes: ["ReadWriteOnce"], storageClassName: "local" };
    this.create(
      {
        apiVersion: "v1",
        kind: "PersistentVolume",
        metadata: { name },
        spec: {
          ...common,
          capacity: { storage: "2Gi" },
          local: { path },
          nodeAffinity: {
            required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] },
          },
        },
      },
      {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name },
        spec: { ...common, volumeName: name, resources: { requests: { storage: "2Gi" } } },
      },
    );
  }

  /** Uses a claim, and runs. */
  user(name: string, claimName: string, fsGroup?: number): void {
    const volumes = [{ name: "v", persistentVolumeClaim: { claimName } }];
    const securityContext = fsGroup === undefined ? {} : { fsGroup };
    const volumeMounts = [{ name: "v", mountPath: "/mnt/volume1" }];
    this.create(podOf(name, { volumes, securityContext }, { volumeMounts }));
    this.running(name).in = name;
  }
}

const begun = (): LocalWorld => {
  const world = new LocalWorld({ nodes: 1 });
  world.create(hostExec(true));
  return world.running("hostexec");
};

describe("a local volume", () => {
  test.each([
    ["dir", "mkdir -p /tmp/v", "rm -r /tmp/v"],
    ["dir-link", "mkdir -p /tmp/b && ln -s /tmp/b /tmp/v", "rm -r /tmp/v && rm -r /tmp/b"],
    [
      "dir-bindmounted",
      "mkdir -p /tmp/v && mount --bind /tmp/v /tmp/v",
      "umount /tmp/v && rm -r /tmp/v",
    ],
    [
      "dir-link-bindmounted",
      "mkdir -p /tmp/b && mount --bind /tmp/b /tmp/b && ln -s /tmp/b /tmp/v",
      "rm /tmp/v && umount /tmp/b && rm -r /tmp/b",
    ],
    [
      "tmpfs",
      `mkdir -p "/tmp/v" && mount -t tmpfs -o size=10m tmpfs-"/tmp/v" "/tmp/v"`,
      `umount "/tmp/v" && rm -r /tmp/v`,
    ],
  ])("%s is made on the node, shared by two Pods, and taken away", (_type, setUp, tearDown) => {
    const world = begun();
    expect(world.onNode(setUp)).toBe("");
    world.claim("local-pv", "/tmp/v");
    world.user("pod1", "local-pv");
    world.out("echo test-file-content > /mnt/volume1/test-file");
    expect(world.onNode("cat /tmp/v/test-file")).toBe("test-file-content\n");
    world.user("pod2", "local-pv");
    expect(world.out("cat /mnt/volume1/test-file")).toBe("test-file-content\n");
    for (const name of ["pod1", "pod2"])
      world.delete(`/api/v1/namespaces/default/pods/${name}`, { gracePeriodSeconds: 0 });
    world.advance(1000);
    expect(world.onNode(tearDown)).toBe("");
    expect(world.onNode("ls /tmp")).toBe("");
  });

  test("is its Pod's group's, a hostPath is not", () => {
    const world = begun();
    world.onNode("mkdir -p /tmp/v");
    world.claim("local-pv", "/tmp/v");
    world.user("pod1", "local-pv", 1234);
    expect(world.out("stat -c %g /mnt/volume1")).toBe("1234\n");
    const volumes = [{ name: "v", hostPath: { path: "/tmp/own" } }];
    const volumeMounts = [{ name: "v", mountPath: "/mnt/volume1" }];
    world.create(podOf("pod2", { volumes, securityContext: { fsGroup: 1234 } }, { volumeMounts }));
    world.running("pod2").in = "pod2";
    expect(world.out("stat -c %g /mnt/volume1")).toBe("0\n");
  });
});

test("mounts of a node: listed, refused, let go of with what was in memory", () => {
  const world = begun();
  world.onNode("mkdir -p /tmp/full/x /tmp/empty");
  expect(world.onNode("mount -t tmpfs none /tmp/full")).toBe(
    "mount: /tmp/full: mount(2) system call failed: Operation not supported.\nexit 32",
  );
  expect(world.onNode("mount -t tmpfs none /tmp/none")).toContain("mount point does not exist");
  expect(world.onNode("umount /tmp/empty")).toBe("umount: /tmp/empty: not mounted.\nexit 32");
  world.onNode("mount -t tmpfs -o size=1m none /tmp/empty && echo hello > /tmp/empty/file");
  expect(world.onNode("mount -t tmpfs")).toContain(
    "none on /tmp/empty type tmpfs (rw,relatime,size=1m)\n",
  );
  world.onNode("umount /tmp/empty");
  expect(world.onNode("ls /tmp/empty; mount -t tmpfs")).not.toContain("empty");
});

test("who is not privileged does not enter the node's mounts", () => {
  const world = new LocalWorld({ nodes: 1 });
  world.create(hostExec(false));
  world.running("hostexec");
  expect(world.onNode("true")).toBe(
    "nsenter: can't open '/rootfs/proc/1/ns/mnt': Operation not permitted\nexit 1",
  );
});
