/**
 * mount and umount. Containers mount nothing; whoever is in a node's own mount namespace binds a folder onto itself, or
 * mounts an empty file system, in memory or of a loop device: what the node shows there is its own tree either way. What a
 * folder held before, and what a loop device holds while it is mounted nowhere, waits in a folder of /run/mount.
 */
import { Errno } from "../../errno.ts";
import { mountOptions, shownMounts } from "../../fs/vfs.ts";
import { loopTable, type Loop } from "../../volumes/node-files.ts";
import { aside, mountTable, type NodeMount } from "../../volumes/node-mounts.ts";
import { removeAll } from "../files/rm.ts";
import { options, type Options } from "../options.ts";
import { tool, type Io } from "../tool.ts";
import { inFolder } from "../words.ts";

const nodeOf = (io: Io): string => io.sys.kernel.pod.pod.node;

function read<T>(io: Io, table: string): readonly T[] {
  return io.sys.kernel.records.get<T[]>(table, nodeOf(io)) ?? [];
}

function keep<T>(io: Io, table: string, all: readonly T[]): void {
  const { records } = io.sys.kernel;
  if (all.length) records.put(table, nodeOf(io), all);
  else records.delete(table, nodeOf(io));
}

const mounted = (io: Io): readonly NodeMount[] => read(io, mountTable);
/** Loop devices of the node. */
export const loopsOf = (io: Io): readonly Loop[] => read(io, loopTable);
/** Replaces a loop device's record; `next` undefined: it is none any more. */
export function changeLoop(io: Io, device: string, next: Loop | undefined): void {
  const others = loopsOf(io).filter((loop) => loop.device !== device);
  keep(io, loopTable, next ? [...others, next] : others);
}
export const isMounted = (io: Io, device: string): boolean =>
  mounted(io).some((one) => one.device === device);

/** Its root is the node's, and it may change what is mounted there. */
export function mayMount(io: Io): boolean {
  const root = io.sys.peekPlace("/")?.mount.tree.key;
  return (
    root === `host/${nodeOf(io)}` && io.sys.who.uid === 0 && io.sys.container.capable("SYS_ADMIN")
  );
}

function show(io: Io, types: readonly string[] | undefined): void {
  const points = shownMounts(io.sys.container.vfs.mounts).map((point) => ({
    ...point,
    options: mountOptions(point),
  }));
  const own = io.sys.peekPlace("/")?.mount.tree.key === `host/${nodeOf(io)}` ? mounted(io) : [];
  for (const { device, at, fsType, options: how } of [...points, ...own])
    if (!types || types.includes(fsType)) io.out(`${device} on ${at} type ${fsType} (${how})\n`);
}

function listed(io: Io, path: string): string[] {
  try {
    return io.sys.list(path);
  } catch (error) {
    if (error instanceof Errno) return [];
    throw error;
  }
}

function moveAll(io: Io, from: string, to: string): void {
  for (const name of listed(io, from)) io.sys.rename(inFolder(from, name), inFolder(to, name));
}

/** Puts what a folder holds aside; undefined: it holds nothing. */
function putAside(io: Io, folder: string): string | undefined {
  if (listed(io, folder).length === 0) return undefined;
  let n = 0;
  while (io.sys.peek(`${aside}/${n}`)) n++;
  const place = `${aside}/${n}`;
  for (const path of ["/run/mount", aside, place])
    if (!io.sys.peek(path)) io.sys.mkdir(path, 0o755);
  moveAll(io, folder, place);
  return place;
}

function bringBack(io: Io, place: string | undefined, folder: string): void {
  if (place === undefined) return;
  moveAll(io, place, folder);
  removeAll(io, place);
}

/** Mounts, or says in util-linux' words what is wrong. */
function mountAt(io: Io, opts: Options, device: string, target: string): string | undefined {
  const place = io.sys.peekPlace(target);
  if (!place?.node) return "mount point does not exist.";
  const at = place.full;
  const given = opts.values("o").flatMap((text) => text.split(","));
  const add = (fsType: string, more: Partial<NodeMount>): undefined => {
    const how = ["rw", "relatime", ...given.filter((word) => word !== "bind")].join(",");
    keep(io, mountTable, [...mounted(io), { at, device, fsType, options: how, ...more }]);
    return undefined;
  };
  const over = (): Partial<NodeMount> => {
    const beneath = putAside(io, at);
    return beneath === undefined ? {} : { beneath };
  };
  const unsupported = "mount(2) system call failed: Operation not supported.";
  if (opts.has("B") || given.includes("bind"))
    return io.sys.peekPlace(device)?.full === at ? add("ext4", { bound: true }) : unsupported;
  if (place.node.type !== "d") return "mount point is not a directory.";
  const type = opts.value("t");
  if (type === "tmpfs") return add("tmpfs", over());
  const loop = loopsOf(io).find((one) => one.device === device);
  if (!loop) return unsupported;
  if (loop.fsType === undefined || (type ?? loop.fsType) !== loop.fsType)
    return `wrong fs type, bad option, bad superblock on ${device}, missing codepage or helper program, or other error.`;
  if (isMounted(io, device)) return `${device} already mounted or mount point busy.`;
  add(loop.fsType, over());
  bringBack(io, loop.held, at);
  const { held: _held, ...rest } = loop;
  changeLoop(io, device, rest);
  return undefined;
}

const mount = tool("mount", (io) => {
  const opts = options(io, "at:o:rwnvB", { bind: "B", types: "t", options: "o" });
  if (opts.rest.length === 0) {
    show(io, opts.value("t")?.split(","));
    return 0;
  }
  if (!mayMount(io)) return io.fail("permission denied (are you root?)", 1);
  const [device = "", target = ""] = opts.rest;
  const problem = mountAt(io, opts, device, target);
  return problem === undefined ? 0 : io.fail(`${target}: ${problem}`, 32);
});

const umount = tool("umount", (io) => {
  const target = io.args.at(-1) ?? "";
  if (!mayMount(io)) return io.fail(`can't unmount ${target}: Operation not permitted`);
  const place = io.sys.peekPlace(target);
  if (!place?.node) return io.fail(`${target}: no mount point specified.`, 32);
  const all = mounted(io);
  const last = all.findLastIndex(({ at }) => at === place.full);
  const found = all[last];
  if (!found) return io.fail(`${target}: not mounted.`, 32);
  const { at, device, bound, beneath } = found;
  keep(io, mountTable, all.toSpliced(last, 1));
  if (bound) return 0;
  const loop = loopsOf(io).find((one) => one.device === device);
  const held = loop && putAside(io, at);
  if (loop && held !== undefined) changeLoop(io, device, { ...loop, held });
  // What was in memory is gone.
  for (const name of listed(io, at)) removeAll(io, inFolder(at, name));
  bringBack(io, beneath, at);
  return 0;
});

export const mountTools = [mount, umount];
