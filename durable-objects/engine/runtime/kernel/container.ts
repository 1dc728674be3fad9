/** One container of a loaded Pod: its image, user, environment and file system, worked out from its record. */
import { imageTimeMs, type ImageVersion } from "../image/image.ts";
import { trimEndOf } from "../../core/trim.ts";
import { assert } from "../../core/assert.ts";
import { lookupCacheOf, isDataPath, type ImageLookupCache } from "../image/lookup-cache.ts";
import { encodeUtf8 } from "../bytes.ts";
import type { Mount } from "../container-spec.ts";
import { networkFile } from "../fs/network-files.ts";
import { ProcTree } from "../fs/proc.ts";
import { Tree } from "../fs/tree.ts";
import {
  Vfs,
  type Credentials,
  type MountPoint,
  type ResolvedPath,
  type ReadTree,
} from "../fs/vfs.ts";
import type { Container, Kernel } from "./types.ts";
import { processKey } from "./process-key.ts";
import { nodeProcesses, uidOf } from "./process-view.ts";
import type { ContainerRecord, Process } from "./state.ts";
import { throughLinks } from "../volumes/node-files.ts";
import { below, ownMounts, unseen } from "./mount-view.ts";
import {
  identify,
  parseGroups,
  parsePasswd,
  userOf,
  type GroupEntry,
  type Identity,
  type PasswdEntry,
} from "./users.ts";
import { sharedMemory, sharedMemoryBytes, sourceTree, volumeTree } from "../volumes/volumes.ts";

function passesOver({ privileged, capabilities }: ContainerRecord["spec"]): boolean {
  if (privileged) return true;
  const { drop = [], add = [] } = capabilities ?? {};
  return (
    !drop.some((name) => name === "ALL" || name === "DAC_OVERRIDE") ||
    add.includes("DAC_OVERRIDE") ||
    add.includes("ALL")
  );
}

export class LoadedContainer implements Container {
  readonly kernel: Kernel;
  readonly key: string;
  readonly record: ContainerRecord;
  readonly image: ImageVersion;
  #vfs: Vfs | undefined;
  readonly #roots = new Map<string, Vfs>();
  #env: Record<string, string> | undefined;
  #user: Identity | undefined;
  #override: boolean | undefined;
  /** Its mounts hide nothing that an image has. */
  #apart: boolean | undefined;

  constructor(kernel: Kernel, key: string) {
    const record = kernel.pod.containers[key];
    assert(record, "container is gone");
    this.kernel = kernel;
    this.key = key;
    this.record = record;
    this.image = kernel.context.images.find(record.spec.image).version;
  }

  /** Key of its writable layer. */
  get upperKey(): string {
    return `c/${this.kernel.key}/${this.record.spec.id.slice(0, 12)}`;
  }

  get hostname(): string {
    const { pod } = this.kernel.pod;
    if (pod.hostNetwork) return pod.node;
    return pod.fqdn && pod.subdomain
      ? `${pod.hostname}.${pod.subdomain}.${pod.namespace}.svc.cluster.local`
      : pod.hostname;
  }

  get vfs(): Vfs {
    this.#vfs ??= this.#paths(this.#mounts(), "");
    return this.#vfs;
  }

  remount(): void {
    this.#vfs = undefined;
    this.#roots.clear();
  }

  #paths(mounts: MountPoint[], root: string): Vfs {
    return new Vfs(
      mounts,
      () => Math.round(this.kernel.now),
      (tree, ino) => this.kernel.files.isOpen(tree, ino),
      (path) => this.#throughRoot(`${root}${path}`),
    );
  }

  /** Makes the trees known that files opened in an earlier run may lie in. */
  openTrees(): void {
    void this.vfs;
    if (this.kernel.pod.hostPidBase !== undefined) this.#nodeMounts("", this.kernel.pod.pod.node);
  }

  /** Paths below a folder that a process has made its root. */
  rooted(root: string | undefined): Vfs {
    if (root === undefined || root === "/") return this.vfs;
    const known = this.#roots.get(root);
    if (known) return known;
    const [, pid, rest = ""] = /^\/proc\/(\d+|node)\/root(\/.*)?$/.exec(root) ?? [];
    const other =
      pid === "node"
        ? this.#nodeMounts("", this.kernel.pod.pod.node)
        : pid && this.#rootOf(Number(pid))?.mounts;
    const vfs = this.#paths(other ? below(other, rest) : below(this.vfs.mounts, root), root);
    this.#roots.set(root, vfs);
    return vfs;
  }

  /** The paths of another process this one sees: of its Pod, or a service of the node. */
  #rootOf(pid: number): Vfs | undefined {
    const { kernel, record } = this;
    const own = kernel.process(processKey(record.pidNamespace, pid));
    if (own)
      return own.container === "pause"
        ? undefined
        : kernel.container(own.container).rooted(own.rootFolder);
    if (kernel.pod.hostPidBase === undefined || pid >= kernel.pod.hostPidBase) return undefined;
    const node = nodeProcesses(kernel).find(({ process, pod }) => process.pid === pid && !pod);
    return node && this.#paths(this.#nodeMounts("", kernel.pod.pod.node), "/proc/1/root");
  }

  /** `/proc/PID/root/...`: only its owner and root may go there. */
  #throughRoot(path: string): ResolvedPath | undefined {
    const [, pid, rest] = /^\/proc\/(\d+)\/root(\/.*)?$/.exec(path) ?? [];
    const vfs = pid === undefined ? undefined : this.#rootOf(Number(pid));
    if (!vfs || pid === undefined) return undefined;
    const place = vfs.at(rest ?? "/");
    if (rest !== undefined || !place.node) return { ...place, full: path };
    const process = this.kernel.process(processKey(this.record.pidNamespace, Number(pid)));
    const uid = process ? uidOf(this.kernel, process) : 0;
    return { ...place, full: path, node: { ...place.node, mode: 0o500, uid } };
  }

  /** A node's own root folder at a path, with what its kernel shows, or a folder of that alone. */
  #nodeMounts(at: string, node: string, shown = ""): MountPoint[] {
    const { files } = this.kernel;
    const source = `host/${node}`;
    const tree = files.addTree(source, () => volumeTree(this, source));
    const proc = files.addTree(`nodeproc/${this.key}`, () => new ProcTree(this, true));
    const readOnly = true;
    const fsType = shown.startsWith("/proc") ? "proc" : "sysfs";
    if (shown) return [{ at, tree: proc, sub: shown, readOnly, device: fsType, fsType }];
    return [
      { at: at || "/", tree, sub: "", readOnly: false, device: "/dev/vda1", fsType: "ext4" },
      { at: `${at}/proc`, tree: proc, sub: "/proc", readOnly, device: "proc", fsType: "proc" },
      { at: `${at}/sys`, tree: proc, sub: "/sys", readOnly, device: "sysfs", fsType: "sysfs" },
    ];
  }

  /** What the runtime mounts in every container. */
  #runtimeMounts(upper: MountPoint["tree"]): MountPoint[] {
    const { spec } = this.record;
    const proc = this.kernel.files.addTree(`proc/${this.key}`, () => new ProcTree(this));
    const readOnly = !spec.privileged; // who may set what the kernel lets be set
    const mounts: MountPoint[] = [
      {
        at: "/",
        tree: upper,
        sub: "",
        readOnly: spec.readOnlyRootFilesystem === true,
        device: "overlay",
        fsType: "overlay",
      },
      { at: "/proc", tree: proc, sub: "/proc", readOnly, device: "proc", fsType: "proc" },
      { at: "/sys", tree: proc, sub: "/sys", readOnly, device: "sysfs", fsType: "sysfs" },
    ];
    mounts.push({
      at: "/sys/fs/cgroup",
      tree: proc,
      sub: "/sys/fs/cgroup",
      readOnly,
      device: "cgroup",
      fsType: "cgroup2",
    });
    // /dev is a file system of its own, so a read-only root leaves it writable.
    mounts.push({
      at: "/dev",
      tree: upper,
      sub: "/dev",
      readOnly: false,
      device: "tmpfs",
      fsType: "tmpfs",
    });
    // The termination log, mounted at terminationMessagePath: every user may write it.
    if (spec.terminationMessagePath !== undefined)
      mounts.push({
        at: spec.terminationMessagePath,
        tree: upper,
        sub: "/dev/termination-log",
        readOnly: false,
        device: "/dev/vda1",
        fsType: "ext4",
      });
    return mounts;
  }

  #mounts(): MountPoint[] {
    const { spec } = this.record;
    if (spec.machine) return this.#nodeMounts("", this.kernel.pod.pod.node);
    const { files, records } = this.kernel;
    const now = (): number => Math.round(this.kernel.now);
    const upper = files.addTree(
      this.upperKey,
      () =>
        new Tree({
          key: this.upperKey,
          records,
          now,
          lower: this.image.layer,
          lowerTime: imageTimeMs,
          dynamic: (name) => encodeUtf8(networkFile(name, this)),
        }),
    );
    const mounts = this.#runtimeMounts(upper);
    mounts.push(...this.#imageVolumes(upper), ...this.#sharedMemory());
    for (const mount of spec.mounts ?? []) {
      const [, node, shown] =
        /^host\/([^/]+)(?:\/|(\/(?:proc|sys)(?:\/.*)?))?$/.exec(mount.source) ?? [];
      if (node !== undefined && !mount.subPath) {
        const all = this.#nodeMounts(trimEndOf(mount.mountPath, "/"), node, shown);
        const shared = mount.propagation === "shared" ? { shared: true as const } : {};
        mounts.push(
          ...all.map((m) => ({ ...m, ...shared, readOnly: m.readOnly || mount.readOnly })),
        );
        continue;
      }
      mounts.push(this.#volumeMount(mount, upper));
    }
    return [...ownMounts(this), ...unseen(this, mounts), ...mounts];
  }

  #volumeMount(mount: Mount, upper: ReadTree | undefined): MountPoint {
    const [key, sub] = sourceTree(mount.source);
    const tree = this.kernel.files.addTree(key, () => volumeTree(this, mount.source, mount));
    const { memoryBytes } = mount;
    if (memoryBytes !== undefined && tree instanceof Tree) {
      tree.space.heldBytesMax = memoryBytes;
      this.kernel.files.inMemory.add(tree);
    }
    return {
      // A mount point may lie behind a link of the image: /var/run is one.
      at: upper ? throughLinks(upper, mount.mountPath) : mount.mountPath,
      tree,
      sub: trimEndOf(mount.subPath ? `${sub}/${mount.subPath}` : sub, "/"),
      readOnly: mount.readOnly,
      ...(mount.block ? { block: mount.block } : {}),
      ...(mount.propagation === "shared" ? { shared: true } : {}),
      ...(memoryBytes === undefined
        ? mount.source.startsWith("image/")
          ? { device: "overlay", fsType: "overlay" }
          : { device: "/dev/vda1", fsType: "ext4" }
        : { device: "tmpfs", fsType: "tmpfs", sizeBytes: memoryBytes }),
    };
  }

  /** k8s: github.com/containerd/containerd internal/cri/server/podsandbox setupSandboxFiles */
  #sharedMemory(): MountPoint[] {
    const { pod } = this.kernel.pod;
    const at = "/dev/shm";
    if (this.record.spec.mounts?.some((m) => trimEndOf(m.mountPath, "/") === at)) return [];
    const source = sharedMemory(pod.uid);
    const mount = { volume: "", mountPath: at, source, memoryBytes: sharedMemoryBytes };
    const readOnly = false;
    const tree = this.#volumeMount({ ...mount, readOnly }, undefined);
    const options = ",nosuid,nodev,noexec,relatime,size=65536k,inode64";
    return [{ ...tree, device: "shm", options }];
  }

  /** containerd gives an image's volumes folders of their own, unless the Pod mounts something there. */
  #imageVolumes(upper: ReadTree): MountPoint[] {
    const taken = new Set(this.record.spec.mounts?.map((m) => trimEndOf(m.mountPath, "/")));
    const volumes = (this.image.volumes ?? []).filter((at) => !taken.has(at));
    return volumes.map((at) => ({
      at,
      tree: upper,
      sub: at,
      readOnly: false,
      device: "/dev/vda1",
      fsType: "ext4",
    }));
  }

  #file(path: string): string {
    try {
      const place = this.vfs.at(path);
      return place.id === undefined ? "" : place.mount.tree.read(place.id, 0, 65_536);
    } catch {
      return "";
    }
  }

  get passwd(): readonly PasswdEntry[] {
    const { lookupCache } = this;
    const entries = lookupCache?.passwd ?? parsePasswd(this.#file("/etc/passwd"));
    if (lookupCache) lookupCache.passwd = entries;
    return entries;
  }

  /** Groups of /etc/group: name, number, members. */
  get groups(): readonly GroupEntry[] {
    const { lookupCache } = this;
    const entries = lookupCache?.groups ?? parseGroups(this.#file("/etc/group"));
    if (lookupCache) lookupCache.groups = entries;
    return entries;
  }

  /** What is known of its image, while nothing of it is the container's own. */
  get lookupCache(): ImageLookupCache | undefined {
    const { kernel, upperKey } = this;
    this.#apart ??=
      !this.record.spec.machine &&
      (this.record.spec.mounts ?? []).every((mount) => isDataPath(mount.mountPath));
    if (!this.#apart || kernel.files.isWritten(upperKey)) return undefined;
    return lookupCacheOf(this.image.layer);
  }

  /** Who its first process and every exec run as. */
  get user(): Identity {
    if (this.#user) return this.#user;
    const { spec } = this.record;
    this.#user = identify(userOf(this.image, spec), this.passwd, this.groups, spec);
    return this.#user;
  }

  /** Environment of its first process and every exec, in the runtime's order. */
  get env(): Record<string, string> {
    if (this.#env) return this.#env;
    const { spec } = this.record;
    const env: Record<string, string> = {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOSTNAME: this.hostname,
    };
    if (spec.tty) env.TERM = "xterm";
    for (const [name, value] of Object.entries(this.image.env)) env[name] = encodeUtf8(value);
    for (const { name, value } of spec.env ?? []) env[name] = encodeUtf8(value);
    env.HOME ??= this.user.home;
    this.#env = env;
    return env;
  }

  get workingDir(): string {
    return this.record.spec.workingDir || this.image.workingDir || "/";
  }

  /** Whether root passes over file permissions here. */
  get override(): boolean {
    return (this.#override ??= passesOver(this.record.spec));
  }

  capable(name: string): boolean {
    const { spec } = this.record;
    if (spec.privileged) return true;
    const has = (list: string[] | undefined): boolean =>
      list?.some((given) => given === "ALL" || given.replace(/^CAP_/, "") === name) ?? false;
    return (
      has(spec.capabilities?.add) ||
      (!has(spec.capabilities?.drop) && defaultCapabilities.has(name))
    );
  }

  credentials(process: Process): Credentials {
    const { user } = this;
    return {
      uid: process.uid ?? user.uid,
      gid: process.gid ?? user.gid,
      groups: process.groups ?? user.groups,
      override: this.override,
    };
  }

  terminationMessage(): string | undefined {
    // Nobody wrote anything, and the file of every image is empty.
    if (this.record.spec.terminationMessagePath === undefined && this.lookupCache) return undefined;
    const text = this.#file(this.record.spec.terminationMessagePath ?? "/dev/termination-log");
    // k8s: pkg/kubelet/container/runtime.go MaxContainerTerminationMessageLength
    return text ? text.slice(0, 4096) : undefined;
  }
}

const defaultCapabilities = new Set(
  "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE".split(
    " ",
  ),
);
