/**
 * mount and umount. Whoever is in a node's own mount namespace, or below a volume whose mounts the node shares, binds a folder
 * onto itself, or mounts an empty file system, in memory or of a loop device: what the node shows there is its own tree
 * either way. What a container mounts elsewhere, in memory, only it sees. What a folder of the node held before, and what a
 * loop device holds while it is mounted nowhere, waits in a folder of /run/mount.
 */
import { ownMountsMax } from "../../../core/limits.ts";
import { defaultCapacity } from "../../../core/machine-facts.ts";
import { removeTree } from "../../fs/chunks.ts";
import { Tree } from "../../fs/tree.ts";
import { mountOptions, shownMounts, type ResolvedPath } from "../../fs/vfs.ts";
import type { OwnMount } from "../../kernel/state.ts";
import { loopTable, hostTreeKey, type Loop } from "../../volumes/node-files.ts";
import {
  bringBack,
  keepList,
  mountsOf,
  mountTable,
  putAside,
  type NodeMount,
} from "../../volumes/node-mounts.ts";
import { clear } from "../../volumes/volumes.ts";
import { options, type Options } from "../options.ts";
import { tool, type Io } from "../tool.ts";

const nodeOf = (io: Io): string => io.sys.kernel.pod.pod.node;
const mounted = (io: Io): readonly NodeMount[] => mountsOf(io.sys.kernel.records, nodeOf(io));
const keepMounts = (io: Io, all: readonly NodeMount[]): void =>
  keepList(io.sys.kernel.records, mountTable, nodeOf(io), all);

/** Loop devices of the node. */
export const loopsOf = (io: Io): readonly Loop[] =>
  io.sys.kernel.records.get<Loop[]>(loopTable, nodeOf(io)) ?? [];
/** Replaces a loop device's record; `next` undefined: it is none any more. */
export function changeLoop(io: Io, device: string, next: Loop | undefined): void {
  const others = loopsOf(io).filter((loop) => loop.device !== device);
  keepList(io.sys.kernel.records, loopTable, nodeOf(io), next ? [...others, next] : others);
}
export const isMounted = (io: Io, device: string): boolean =>
  mounted(io).some((one) => one.device === device);

/** Its root folder is the node's. */
const seesNode = (io: Io): boolean =>
  io.sys.peekPlace("/")?.mount.tree.key === hostTreeKey(nodeOf(io));

/** Its mounts are the node's own: a process of the machine, or one that has entered them. */
function isOnNode(io: Io): boolean {
  const { process, container } = io.sys;
  const entered = container.record.spec.machine || process.rootFolder?.startsWith("/proc/");
  return Boolean(entered) && seesNode(io);
}

const isAdministrator = ({ sys }: Io): boolean =>
  sys.who.uid === 0 && sys.container.capable("SYS_ADMIN");

/** May change the devices of the node, which no namespace keeps apart. */
export const mayMount = (io: Io): boolean => isAdministrator(io) && seesNode(io);

/** The node's tree, where a mount at a place is the node's. */
function sharedTree(io: Io, { mount }: ResolvedPath): Tree | undefined {
  const { tree } = mount;
  if (!(tree instanceof Tree) || tree.key !== hostTreeKey(nodeOf(io))) return undefined;
  return isOnNode(io) || mount.shared ? tree : undefined;
}

/** Path in the container, whatever folder the process has made its root. */
const ownPath = (io: Io, { full }: ResolvedPath): string => {
  const root = io.sys.process.rootFolder ?? "/";
  return root === "/" ? full : `${root}${full === "/" ? "" : full}`;
};

function show(io: Io, types: readonly string[] | undefined): void {
  const points = shownMounts(io.sys.container.vfs.mounts).map((point) => ({
    ...point,
    options: mountOptions(point),
  }));
  const own = seesNode(io) ? mounted(io) : [];
  for (const { device, at, fsType, options: how } of [...points, ...own])
    if (!types || types.includes(fsType)) io.out(`${device} on ${at} type ${fsType} (${how})\n`);
}

const unsupported = "mount(2) system call failed: Operation not supported.";
const full = "mount(2) system call failed: No space left on device.";

const givenOptions = (opts: Options): string[] =>
  opts.values("o").flatMap((text) => text.split(","));

/** Mounts where the node sees it, or says in util-linux' words what is wrong. */
function mountOnNode(
  io: Io,
  opts: Options,
  device: string,
  place: ResolvedPath,
  tree: Tree,
): string | undefined {
  const at = place.path;
  const given = givenOptions(opts);
  if (mounted(io).length >= ownMountsMax) return full;
  const add = (fsType: string, more: Partial<NodeMount>): undefined => {
    const how = ["rw", "relatime", ...given.filter((word) => word !== "bind")].join(",");
    const sinceMs = Math.round(io.sys.now);
    keepMounts(io, [...mounted(io), { at, device, fsType, options: how, sinceMs, ...more }]);
    return undefined;
  };
  if (opts.has("B") || given.includes("bind"))
    return io.sys.peekPlace(device)?.full === place.full
      ? add("ext4", { bound: true })
      : unsupported;
  if (place.node?.type !== "d") return "mount point is not a directory.";
  const type = opts.value("t");
  if (type === "tmpfs") return add("tmpfs", { beneath: putAside(tree, at) });
  const loop = loopsOf(io).find((one) => one.device === device);
  if (!loop) return unsupported;
  if (loop.fsType === undefined || (type ?? loop.fsType) !== loop.fsType)
    return `wrong fs type, bad option, bad superblock on ${device}, missing codepage or helper program, or other error.`;
  if (isMounted(io, device)) return `${device} already mounted or mount point busy.`;
  add(loop.fsType, { beneath: putAside(tree, at) });
  bringBack(tree, loop.held, at);
  const { held: _held, ...rest } = loop;
  changeLoop(io, device, rest);
  return undefined;
}

/** Bytes of `size=10m`, `size=50%`; by default half of the memory. Linux: filesystems/tmpfs.rst */
function tmpfsBytes(given: readonly string[]): number {
  const { memoryBytes } = defaultCapacity;
  const size = given.find((word) => word.startsWith("size="));
  const [, digits, unit = ""] = /^size=(\d{1,15})([kmg%]?)$/i.exec(size ?? "") ?? [];
  if (digits === undefined) return memoryBytes / 2;
  const factor = { k: 1 << 10, m: 1 << 20, g: 1 << 30, "%": memoryBytes / 100 };
  return Number(digits) * (factor[unit.toLowerCase() as "k"] ?? 1);
}

/** Mounts where only the container sees it. */
function mountOwn(io: Io, opts: Options, device: string, place: ResolvedPath): string | undefined {
  const { container, kernel } = io.sys;
  const given = givenOptions(opts);
  const isPlain = opts.value("t") === "tmpfs" && !opts.has("B") && !given.includes("bind");
  if (!isPlain) return unsupported;
  if (place.node?.type !== "d") return "mount point is not a directory.";
  const before = container.record.ownMounts ?? [];
  if (before.length >= ownMountsMax) return full;
  const mount: OwnMount = {
    at: ownPath(io, place),
    device,
    key: `${container.upperKey}/mount-${kernel.pod.next++}`,
    sizeBytes: tmpfsBytes(given),
    options: [",relatime", ...given].join(","),
  };
  container.record.ownMounts = [...before, mount];
  kernel.touch();
  container.remount();
  return undefined;
}

function mountAt(io: Io, opts: Options, device: string, target: string): string | undefined {
  const place = io.sys.peekPlace(target);
  if (!place?.node) return "mount point does not exist.";
  const tree = sharedTree(io, place);
  return tree ? mountOnNode(io, opts, device, place, tree) : mountOwn(io, opts, device, place);
}

/** Somebody has a file open there, or stands there. */
function isBusy({ sys }: Io, { at, key }: OwnMount): boolean {
  const { pod } = sys.kernel;
  if (Object.values(pod.openFiles).some((file) => file.kind === "f" && file.tree === key))
    return true;
  return Object.values(pod.processes).some(
    ({ container, cwd = "/" }) =>
      container === sys.container.key && (cwd === at || cwd.startsWith(`${at}/`)),
  );
}

function unmountOwn(io: Io, place: ResolvedPath): boolean {
  const { container, kernel } = io.sys;
  const all = container.record.ownMounts ?? [];
  const path = ownPath(io, place);
  const last = all.findLastIndex(({ at }) => at === path);
  const found = all[last];
  if (!found) return false;
  if (isBusy(io, found)) return io.fail(`${path}: target is busy.`, 32);
  const left = all.toSpliced(last, 1);
  if (left.length > 0) container.record.ownMounts = left;
  else delete container.record.ownMounts;
  const { tree } = place.mount;
  if (tree instanceof Tree && tree.key === found.key) {
    clear(tree, "/");
    tree.save();
  }
  removeTree(kernel.records, found.key);
  kernel.touch();
  container.remount();
  return true;
}

function unmountOnNode(io: Io, { path }: ResolvedPath, tree: Tree): boolean {
  const all = mounted(io);
  const last = all.findLastIndex(({ at }) => at === path);
  const found = all[last];
  if (!found) return false;
  const { at, device, bound, beneath } = found;
  keepMounts(io, all.toSpliced(last, 1));
  if (bound) return true;
  const loop = loopsOf(io).find((one) => one.device === device);
  if (loop?.autoclear) changeLoop(io, device, undefined);
  else if (loop) changeLoop(io, device, { ...loop, held: putAside(tree, at) });
  // What was in memory is gone.
  clear(tree, at);
  bringBack(tree, beneath, at);
  return true;
}

const mount = tool("mount", (io) => {
  const opts = options(io, "at:o:rwnvB", { bind: "B", types: "t", options: "o" });
  if (opts.rest.length === 0) {
    show(io, opts.value("t")?.split(","));
    return 0;
  }
  if (!isAdministrator(io)) return io.fail("permission denied (are you root?)", 1);
  const [device = "", target = ""] = opts.rest;
  const problem = mountAt(io, opts, device, target);
  return problem === undefined ? 0 : io.fail(`${target}: ${problem}`, 32);
});

const umount = tool("umount", (io) => {
  const target = io.args.at(-1) ?? "";
  if (!isAdministrator(io)) return io.fail(`can't unmount ${target}: Operation not permitted`);
  const place = io.sys.peekPlace(target);
  if (!place?.node) return io.fail(`${target}: no mount point specified.`, 32);
  const tree = sharedTree(io, place);
  if (tree ? unmountOnNode(io, place, tree) : unmountOwn(io, place)) return 0;
  return io.fail(`${target}: not mounted.`, 32);
});

export const mountTools = [mount, umount];
