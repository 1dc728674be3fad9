/** A container's mounts before it starts: folders and owners that are to be, and the paths of subPaths. */
import { fileChunkBytes } from "../../core/limits.ts";
import type { Container, RuntimeContext } from "../kernel/types.ts";
import type { ContainerSpec, Mount, VolumeDevice } from "../container-spec.ts";
import { Errno } from "../errno.ts";
import type { Inode } from "../fs/inode.ts";
import type { Tree } from "../fs/tree.ts";
import { mountDevice } from "./device-mounts.ts";
import { isKernel, loopFile, makeFolders, setGroup, throughLinks } from "./node-files.ts";
import {
  below,
  clear,
  enterMask,
  openTree,
  remember,
  rootModeOf,
  sourceTree,
  walk,
} from "./volumes.ts";

/** What the group gets on volumes that may be written. k8s: pkg/volume/volume_linux.go changeFilePermission */
const writeMask = 0o660;

/** Persistent volumes that are a node's folder; a Pod's own hostPath is nobody's to give away. */
const localPlugin = "kubernetes.io~local-volume";

/**
 * What happens to a container's volumes before it starts: hostPath folders that are missing, owners by fsGroup, subPath
 * folders. A subPath that leads through links (into a ConfigMap) is copied: it never changes again.
 * k8s: pkg/volume/util/subpath, pkg/volume/volume_linux.go SetVolumeOwnership, kubelet_pods.go makeMounts
 */
export function prepareMounts(
  context: RuntimeContext,
  spec: ContainerSpec,
): Mount[] | { error: string } {
  const mounts: Mount[] = [];
  for (const [index, { volume = "", plugin, device, ...given }] of spec.mounts.entries()) {
    const mount = device ? onDevice(context, spec, given, device) : given;
    const prepared =
      typeof mount === "string"
        ? mount
        : prepareMount(context, spec, mount, index, plugin === localPlugin);
    if (typeof prepared === "string") {
      const where = `volumeMount "${volume}" of container "${spec.name}"`;
      return { error: `failed to ${prepared} for ${where}` };
    }
    mounts.push(prepared);
  }
  return mounts;
}

/** Where a mount's source lies on its node. k8s: pkg/volume/util/subpath subpath_linux.go doBindSubPath */
function sourcePath({ pod, name }: ContainerSpec, mount: Mount, index: number): string {
  const folder = `/var/lib/kubelet/pods/${pod.uid}`;
  if (mount.subPath) return `${folder}/volume-subpaths/${mount.volume}/${name}/${index}`;
  const [key, sub] = sourceTree(mount.source);
  return key.startsWith("host/") ? sub : `${folder}/volumes/${mount.plugin}/${mount.volume}`;
}

/** runc's words for a file that is to cover a folder of the image, or a folder a file; undefined: all mounts fit. */
export function misfit(container: Container, spec: ContainerSpec): string | undefined {
  const { mounts } = container.vfs;
  const root = mounts.find(({ at }) => at === "/")?.tree;
  for (const [index, given] of spec.mounts.entries()) {
    const at = root && throughLinks(root, given.mountPath);
    const mount = mounts.find((m) => m.at === at);
    const target = at === undefined ? undefined : root?.find(at);
    if (!root || !mount || target === undefined) continue;
    const source = mount.tree.find(mount.sub || "/");
    const isFolder = source === undefined || mount.tree.inode(source)?.type === "d";
    if ((root.inode(target)?.type === "d") === isFolder) continue;
    const from = sourcePath(spec, given, index);
    return `error mounting "${from}" to rootfs at "${given.mountPath}": mount src=${from}, dst=${given.mountPath}, dstFd=/proc/thread-self/fd/8, flags=MS_BIND|MS_REC: not a directory: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type`;
  }
  return undefined;
}

/** A volume whose path is a device is what that holds. */
function onDevice(
  context: RuntimeContext,
  spec: ContainerSpec,
  given: Mount,
  device: VolumeDevice,
): Mount | string {
  const now = Math.round(context.now);
  const [key, sub] = sourceTree(given.source);
  const tree = openTree(context, spec.pod, given.source, () => now, now);
  const path = throughLinks(tree, sub);
  const id = tree.find(path);
  if (id === undefined || tree.inode(id)?.type !== "b") return given;
  const at = mountDevice(context, key.slice("host/".length), tree, path, device);
  if (at === undefined) return `mount device ${path}`;
  tree.save();
  return { ...given, source: `${key}${at}` };
}

/** A block device's file: of the volume's own, or behind a loop device of the node. */
function prepareDevice(context: RuntimeContext, spec: ContainerSpec, given: Mount): Mount | string {
  const now = Math.round(context.now);
  const [key, sub] = sourceTree(given.source);
  const tree = openTree(context, spec.pod, given.source, () => now, now, rootModeOf(given));
  if (key.startsWith("host/")) {
    const file = loopFile(context, key.slice("host/".length), sub) ?? sub;
    const id = tree.find(file);
    if (id === undefined || tree.inode(id)?.type !== "f") return "map device";
    return { ...given, source: `${key}${file}` };
  }
  if (tree.find(deviceFile) === undefined)
    tree.create(deviceFile, { type: "f", mode: 0o660, modifiedAtMs: now, data: "" });
  tree.save();
  return { ...given, subPath: deviceFile.slice(1) };
}

const deviceFile = "/device";

/** A mount made ready, or what could not be done. */
function prepareMount(
  context: RuntimeContext,
  spec: ContainerSpec,
  given: Mount,
  index: number,
  local: boolean,
): Mount | string {
  if (given.block) return prepareDevice(context, spec, given);
  const now = Math.round(context.now);
  const [key, sub] = sourceTree(given.source);
  const owned = (!sub || local) && spec.fsGroup !== undefined && !given.readOnly;
  if (!given.readOnly) remember(context.records, given.source);
  if (!sub && !owned && !given.subPath) return given;
  const tree = openTree(context, spec.pod, given.source, () => now, now, rootModeOf(given));
  const base = throughLinks(tree, sub || "/");
  // What the kernel shows is there.
  if (key.startsWith("host/") && isKernel(base)) return given;
  if (sub) makeFolders(tree, base);
  if (owned) own(tree, base, spec.fsGroup as number);
  // Behind links of the machine lies another folder.
  const mount = sub && base !== sub ? { ...given, source: `${key}${base}` } : given;
  if (!mount.subPath) {
    tree.save();
    return mount;
  }
  const onHost = key.startsWith("host/");
  const plain = below(base, mount.subPath.replace(/\/+/g, "/").replace(/\/$/, ""));
  let outside = false;
  const real = throughLinks(tree, plain, () => (outside = !onHost));
  if (key.startsWith("v/image/") && tree.find(real) === undefined) return "prepare subPath";
  const within = real === base ? "" : inside(base, real);
  if (outside || within === undefined) return "prepare subPath";
  const root = tree.find(base);
  const folderMode = (root === undefined ? undefined : tree.inode(root)?.mode) ?? 0o777;
  try {
    makeFolders(tree, real, folderMode & 0o7777);
  } catch (error) {
    if (error instanceof Errno) return "create subPath directory";
    throw error;
  }
  tree.save();
  if (onHost || real === plain) return { ...mount, subPath: within };
  const volume = mount.source.split("/").at(-1) ?? "";
  const pinned = `${spec.pod.uid}/volume-subpaths~${volume}~${spec.name}~${index}`;
  const copy = openTree(context, undefined, pinned, () => now, now);
  copy.space.unlimited = true;
  clear(copy, "/");
  remember(context.records, pinned);
  copyInto(tree, real, copy, "/subpath");
  copy.save();
  return { ...mount, source: pinned, subPath: "subpath" };
}

/** Rest of a path below a folder; undefined: it is elsewhere. */
function inside(folder: string, path: string): string | undefined {
  const start = below(folder, "");
  return path.startsWith(start) ? path.slice(start.length) : undefined;
}

function copyInto(from: Tree, path: string, to: Tree, at: string): void {
  const id = from.find(path);
  const node = id === undefined ? undefined : from.inode(id);
  if (id === undefined || !node) return;
  const { data: _data, size: _size, links: _names, ...rest } = node;
  const ino = to.create(
    at,
    node.type === "f"
      ? { ...rest, data: "" }
      : { ...rest, ...(node.data ? { data: node.data } : {}) },
  );
  if (node.type === "f") {
    for (let offset = 0, size = from.size(id); offset < size; offset += fileChunkBytes) {
      to.write(ino, offset, from.read(id, offset, fileChunkBytes));
    }
  }
  if (node.type === "d")
    for (const name of from.list(path)) copyInto(from, below(path, name), to, below(at, name));
}

/** Gives a volume to a group, all of it, unless its root already is the group's. */
function own(tree: Tree, base: string, group: number): void {
  const root = tree.inode(tree.find(base) ?? base);
  if (root?.gid === group && root.mode & setGroup) return;
  const folder = (mode: number): Partial<Inode> => ({
    gid: group,
    mode: mode | writeMask | enterMask | setGroup,
  });
  const changes: [string, Partial<Inode>][] = [[base, folder(root?.mode ?? 0o777)]];
  walk(tree, base, (path, node) => {
    if (node.type === "d") changes.push([path, folder(node.mode)]);
    else if (node.type === "f") changes.push([path, { gid: group, mode: node.mode | writeMask }]);
  });
  for (const [path, change] of changes) {
    const id = tree.find(path);
    if (id !== undefined) tree.change(id, change);
  }
}
