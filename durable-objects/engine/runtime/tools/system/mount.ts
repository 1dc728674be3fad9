/**
 * mount and umount. Containers mount nothing; whoever is in a node's own mount namespace binds a folder onto itself, or
 * mounts an empty file system in memory on an empty folder: what the node shows there is its own tree either way.
 */
import { Errno } from "../../errno.ts";
import { mountOptions } from "../../fs/vfs.ts";
import { removeAll } from "../files/rm.ts";
import { options } from "../options.ts";
import { tool, type Io } from "../tool.ts";
import { inFolder } from "../words.ts";

/** By node: what was mounted by hand. */
const table = "node-mounts";

interface NodeMount {
  at: string;
  device: string;
  fsType: string;
  options: string;
}

const nodeOf = (io: Io): string => io.sys.kernel.pod.pod.node;

const mounted = (io: Io): readonly NodeMount[] =>
  io.sys.kernel.records.get<NodeMount[]>(table, nodeOf(io)) ?? [];

function keep(io: Io, mounts: readonly NodeMount[]): void {
  const { records } = io.sys.kernel;
  if (mounts.length) records.put(table, nodeOf(io), mounts);
  else records.delete(table, nodeOf(io));
}

/** Its root is the node's, and it may change what is mounted there. */
function mayMount(io: Io): boolean {
  const root = io.sys.peekPlace("/")?.mount.tree.key;
  return (
    root === `host/${nodeOf(io)}` && io.sys.who.uid === 0 && io.sys.container.capable("SYS_ADMIN")
  );
}

function show(io: Io, types: readonly string[] | undefined): void {
  const points = io.sys.container.vfs.mounts
    .toReversed()
    .map((point) => ({ ...point, options: mountOptions(point) }));
  const own = io.sys.peekPlace("/")?.mount.tree.key === `host/${nodeOf(io)}` ? mounted(io) : [];
  for (const { device, at, fsType, options: how } of [...points, ...own])
    if (!types || types.includes(fsType)) io.out(`${device} on ${at} type ${fsType} (${how})\n`);
}

const mount = tool("mount", (io) => {
  const opts = options(io, "at:o:rwnvB", { bind: "B", types: "t", options: "o" });
  const type = opts.value("t");
  if (opts.rest.length === 0) {
    show(io, type?.split(","));
    return 0;
  }
  if (!mayMount(io)) return io.fail("permission denied (are you root?)", 1);
  const [device = "", target = ""] = opts.rest;
  const place = io.sys.peekPlace(target);
  if (!place?.node) return io.fail(`${target}: mount point does not exist.`, 32);
  const given = opts.values("o").flatMap((text) => text.split(","));
  const point = (fsType: string, how: string): number => {
    keep(io, [...mounted(io), { at: place.full, device, fsType, options: how }]);
    return 0;
  };
  if (opts.has("B") || given.includes("bind")) {
    if (io.sys.peekPlace(device)?.full === place.full) return point("ext4", "rw,relatime");
  } else if (type === "tmpfs" && place.node.type === "d" && io.sys.list(target).length === 0)
    return point("tmpfs", ["rw", "relatime", ...given].join(","));
  return io.fail(`${target}: mount(2) system call failed: Operation not supported.`, 32);
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
  keep(io, all.toSpliced(last, 1));
  // What was in memory is gone.
  if (found.fsType === "tmpfs")
    for (const name of listed(io, place.full)) removeAll(io, inFolder(place.full, name));
  return 0;
});

function listed(io: Io, path: string): string[] {
  try {
    return io.sys.list(path);
  } catch (error) {
    if (error instanceof Errno) return [];
    throw error;
  }
}

export const mountTools = [mount, umount];
