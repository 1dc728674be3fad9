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

  /** A claim that is bound to a folder or device of the node. */
  claim(name: string, path: string, volumeMode = "Filesystem"): void {
    const expression = { key: "kubernetes.io/hostname", operator: "In", values: [node] };
    const common = { accessModes: ["ReadWriteOnce"], storageClassName: "local", volumeMode };
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
    [
      "blockfs",
      "mkdir -p /tmp/v && dd if=/dev/zero of=/tmp/v/file bs=4096 count=64 2>/dev/null && losetup -f /tmp/v/file && mkfs -t ext4 /dev/loop0 > /dev/null && mount -t ext4 /dev/loop0 /tmp/v && chmod o+rwx /tmp/v",
      "umount /tmp/v && losetup -d /dev/loop0 && ls /tmp/v | grep -v file; rm -r /tmp/v",
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

  test("of a device without a file system: its kubelet makes one, and lets go of it", () => {
    const world = begun();
    world.onNode("dd if=/dev/zero of=/tmp/file bs=4096 count=64; losetup -f /tmp/file");
    world.claim("local-pv", "/dev/loop0");
    world.user("pod1", "local-pv", 1234);
    expect(world.out("stat -c %g /mnt/volume1; ls /mnt/volume1")).toBe("1234\n");
    world.out("mkdir /mnt/volume1/f; echo test-file-content > /mnt/volume1/f/test-file");
    const at = "/var/lib/kubelet/plugins/kubernetes.io/local-volume/mounts/local-pv";
    expect(world.onNode("mount")).toContain(`/dev/loop0 on ${at} type ext4 (rw,relatime)\n`);
    world.user("pod2", "local-pv");
    expect(world.out("cat /mnt/volume1/f/test-file")).toBe("test-file-content\n");
    const end = (name: string): void => {
      world.delete(`/api/v1/namespaces/default/pods/${name}`, { gracePeriodSeconds: 0 });
      world.advance(1000);
    };
    end("pod1");
    expect(world.onNode(`cat ${at}/f/test-file`)).toBe("test-file-content\n");
    end("pod2");
    expect(world.onNode(`ls ${at}`)).toContain("No such file or directory");
    world.user("pod3", "local-pv");
    expect(world.out("cat /mnt/volume1/f/test-file")).toBe("test-file-content\n");
    // The device goes with who still has it.
    expect(world.onNode("losetup -d /dev/loop0; losetup")).toMatch(
      /\/dev\/loop0 +0 +0 +1 +0 \/tmp\/file/,
    );
    world.in = "pod3";
    expect(world.out("cat /mnt/volume1/f/test-file")).toBe("test-file-content\n");
    end("pod3");
    expect(world.onNode("losetup; rm /tmp/file; ls /run/mount/aside")).toBe("");
  });

  test("that is larger, as its claim's status says, grows with its Pod", () => {
    const world = begun();
    const expandable = { provisioner: "kubernetes.io/no-provisioner", allowVolumeExpansion: true };
    world.create({
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "local" },
      ...expandable,
    });
    world.onNode("mkdir -p /tmp/v");
    world.claim("local-pv", "/tmp/v");
    world.user("pod1", "local-pv");
    const claim = "/api/v1/namespaces/default/persistentvolumeclaims/local-pv";
    const storage = "2058Mi";
    world.patch(claim, { spec: { resources: { requests: { storage } } } });
    world.patch(`${claim}/status`, {
      status: {
        allocatedResources: { storage },
        allocatedResourceStatuses: { storage: "NodeResizePending" },
        conditions: [{ type: "FileSystemResizePending", status: "True" }],
      },
    });
    world.advance(5_000);
    expect(world.get(claim).status.capacity.storage).toBe("2Gi");
    world.patch("/api/v1/persistentvolumes/local-pv", { spec: { capacity: { storage } } });
    world.advance(1_000);
    expect(world.get(claim).status).toEqual({
      phase: "Bound",
      accessModes: ["ReadWriteOnce"],
      capacity: { storage },
      allocatedResources: { storage },
    });
    const text = `Normal FileSystemResizeSuccessful MountVolume.NodeExpandVolume succeeded for volume "local-pv" ${node}`;
    expect(world.events("pod1").at(-1)).toBe(text);
    expect(world.events("local-pv").at(-1)).toBe(text);
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
  expect(world.onNode("mount -t tmpfs none /tmp/full && ls /tmp/full")).toBe("");
  expect(world.onNode("umount /tmp/full && ls /tmp/full && ls /run/mount/aside")).toBe("x\n");
  expect(world.onNode("mount --bind /tmp/full /tmp/empty")).toBe(
    "mount: /tmp/empty: mount(2) system call failed: Operation not supported.\nexit 32",
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

test("a file is a device, with a file system that keeps what is in it", () => {
  const world = begun();
  world.onNode("mkdir -p /tmp/a /tmp/b && dd if=/dev/zero of=/tmp/image bs=4096 count=64");
  expect(world.onNode("losetup -f /tmp/none")).toContain("failed to set up loop device");
  world.onNode("losetup -f /tmp/image");
  const found =
    'E2E_LOOP_DEV=$(losetup | grep /tmp/image | awk "{ print \\$1 }") && echo ${E2E_LOOP_DEV}';
  expect(world.onNode(found)).toBe("/dev/loop0\n");
  expect(world.onNode("mount -t ext4 /dev/loop0 /tmp/a")).toContain("wrong fs type");
  expect(world.onNode("mkfs -t ext4 /dev/loop0")).toContain(
    "Creating filesystem with 64 4k blocks",
  );
  world.onNode("mount -t ext4 /dev/loop0 /tmp/a && echo hello > /tmp/a/file");
  expect(world.onNode("mount /dev/loop0 /tmp/b")).toContain("already mounted or mount point busy");
  expect(
    world.onNode("umount /tmp/a && ls /tmp/a && mount /dev/loop0 /tmp/b && cat /tmp/b/file"),
  ).toBe("hello\n");
  expect(
    world.onNode("umount /tmp/b && losetup -d /dev/loop0 && losetup; ls /run/mount/aside"),
  ).toBe("");
});

describe("a block volume", () => {
  const used = (claimName: string): [object, object] => [
    { volumes: [{ name: "v", persistentVolumeClaim: { claimName } }] },
    { volumeDevices: [{ name: "v", devicePath: "/mnt/device" }] },
  ];
  const check = (world: KubectlWorld): void => {
    expect(world.out("ls -l /mnt/device")).toMatch(
      /^brw-rw----\s+1 root\s+root\s+7,\s*0 .* \/mnt\/device\n$/,
    );
    expect(world.sh("test -b /mnt/device").code).toBe(0);
    expect(world.sh("test -d /mnt/device").code).toBe(1);
    expect(world.out("mount; df")).not.toContain("/mnt/device");
    // What is written at two places is there, as the device is not cut off.
    world.out("printf abcd | dd of=/mnt/device bs=4 count=1");
    world.out("printf efgh | dd of=/mnt/device bs=4 count=1 seek=1");
    world.out("printf ABCD | dd of=/mnt/device bs=4 count=1");
    expect(world.out("dd if=/mnt/device bs=8 count=1")).toBe("ABCDefgh");
  };

  test("of a class is a device in its container, and keeps what is written", () => {
    const world = new KubectlWorld({ nodes: 1 }).begin();
    world.create(
      {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: "claim" },
        spec: {
          accessModes: ["ReadWriteOnce"],
          volumeMode: "Block",
          resources: { requests: { storage: "1Gi" } },
        },
      },
      podOf("first", ...used("claim")),
    );
    world.until(() => world.pod("first").status.phase === "Running");
    world.in = "first";
    check(world);
    world.delete("/api/v1/namespaces/default/pods/first", { gracePeriodSeconds: 0 });
    world.create(podOf("second", ...used("claim")));
    world.until(() => world.pod("second").status.phase === "Running");
    world.in = "second";
    expect(world.out("dd if=/mnt/device bs=8 count=1")).toBe("ABCDefgh");
  });

  test("that is not there is told of", () => {
    const world = begun();
    world.claim("local-pv", "/dev/loop7", "Block");
    world.create(podOf("user", ...used("local-pv")));
    world.advance(10_000);
    expect(world.events("user").at(-1)).toBe(
      'Warning FailedMapVolume MapVolume.EvalHostSymlinks failed for volume "local-pv" : lstat /dev/loop7: no such file or directory',
    );
  });

  test("of a node is its loop device, whose file has what is written", () => {
    const world = begun();
    world.onNode(
      "mkdir -p /tmp/v && dd if=/dev/zero of=/tmp/v/file bs=4096 count=16 && losetup -f /tmp/v/file",
    );
    world.claim("local-pv", "/dev/loop0", "Block");
    world.create(podOf("user", ...used("local-pv")));
    world.running("user").in = "user";
    check(world);
    expect(world.onNode("head -c 8 /tmp/v/file")).toBe("ABCDefgh");
    expect(world.onNode("stat -c %s /tmp/v/file")).toBe("65536\n");
  });

  test("of a node that is larger than a program holds is looked at from its beginning", () => {
    const world = begun();
    world.onNode(
      "mkdir -p /tmp/v && dd if=/dev/zero of=/tmp/v/file bs=4096 count=5120 && losetup -f /tmp/v/file",
    );
    world.claim("local-pv", "/dev/loop0", "Block");
    world.create(podOf("user", ...used("local-pv")));
    world.running("user").in = "user";
    world.out("echo test-file-content | dd of=/mnt/device bs=512 count=100");
    expect(world.out(`hexdump -n 100 -e '100 "%_p"' /mnt/device | head -1`)).toBe(
      `test-file-content${".".repeat(83)}`,
    );
    expect(world.out(`hexdump -n 8 -e '"%07_ax" 4/1 " %02x" "\n"' /mnt/device`)).toBe(
      "0000000 74 65 73 74\n0000004 2d 66 69 6c\n",
    );
    expect(world.out("hexdump -n 4 -C /mnt/device")).toContain("|test|");
  });
});

test("a Unix socket is a hostPath of its type, and its Pod talks by it", () => {
  const world = new KubectlWorld({ nodes: 1 }).begin();
  const at = (type: string, path: string): object => ({
    volumes: [{ name: "v", hostPath: { path, type } }],
  });
  const mount = { volumeMounts: [{ name: "v", mountPath: "/mnt/test" }] };
  const serve = {
    ...mount,
    command: ["sh", "-c", "echo hello | nc -lU /mnt/test/asocket; sleep 1d"],
  };
  world.create(podOf("server", at("DirectoryOrCreate", "/tmp/s"), serve));
  world.until(() => world.pod("server").status.phase === "Running");
  world.advance(1000);
  world.create(
    podOf("file", at("File", "/tmp/s/asocket"), mount),
    podOf("socket", at("Socket", "/tmp/s/asocket"), mount),
  );
  world.until(() => world.pod("socket").status.phase === "Running");
  expect(world.events("file").join("\n")).toContain("/tmp/s/asocket is not a file");
  world.in = "server";
  expect(world.out("timeout 3 nc -U /mnt/test/asocket < /dev/null || true")).toBe("hello\n");
  expect(world.sh("nc -U /mnt/test/none").stderr).toBe(
    "nc: /mnt/test/none: No such file or directory\n",
  );
});

test("who is not privileged does not enter the node's mounts", () => {
  const world = new LocalWorld({ nodes: 1 });
  world.create(hostExec(false));
  world.running("hostexec");
  expect(world.onNode("true")).toBe(
    "nsenter: can't open '/rootfs/proc/1/ns/mnt': Operation not permitted\nexit 1",
  );
});
