/** losetup and mkfs: files of a node as block devices, and a file system on them. k8s: test/e2e/storage/utils/local.go */
import { loopDevicesMax } from "../../../core/limits.ts";
import { mknod } from "../../kernel/special-files.ts";
import { removeAll } from "../files/rm.ts";
import { options } from "../options.ts";
import { changeLoop, isMounted, loopsOf, mayMount } from "../system/mount.ts";
import { tool, type Io } from "../tool.ts";

/** Linux: admin-guide/devices.rst, 7 block */
const major = 7;

function attach(io: Io, path: string): number {
  const place = io.sys.peekPlace(path);
  if (place?.node?.type !== "f")
    return io.fail(`${path}: failed to set up loop device: No such file or directory`);
  const used = new Set(loopsOf(io).map(({ device }) => device));
  if (used.size >= loopDevicesMax)
    return io.fail(`cannot find an unused loop device: No space left on device`);
  let n = 0;
  while (used.has(`/dev/loop${n}`)) n++;
  const device = `/dev/loop${n}`;
  if (!io.sys.peek(device)) mknod(io.sys, device, "b", [major, n], 0o660);
  changeLoop(io, device, { device, file: place.full });
  return 0;
}

function detach(io: Io, device: string): number {
  const loop = loopsOf(io).find((one) => one.device === device);
  if (!loop) return io.fail(`${device}: detach failed: No such device or address`);
  // Linux: drivers/block/loop.c loop_clr_fd: who still has it keeps it.
  if (isMounted(io, device)) {
    changeLoop(io, device, { ...loop, autoclear: true });
    return 0;
  }
  if (loop.held !== undefined) removeAll(io, loop.held);
  changeLoop(io, device, undefined);
  return 0;
}

const losetup = tool("losetup", (io) => {
  const opts = options(io, "fadcj:lP", { find: "f", all: "a", detach: "d", list: "l" });
  const [first] = opts.rest;
  if (first === undefined && !opts.has("f")) {
    const all = loopsOf(io);
    if (all.length) io.out("NAME       SIZELIMIT OFFSET AUTOCLEAR RO BACK-FILE DIO LOG-SEC\n");
    for (const { device, file, autoclear } of all)
      io.out(
        `${device.padEnd(10)}         0      0         ${autoclear ? 1 : 0}  0 ${file}   0     512\n`,
      );
    return 0;
  }
  if (!mayMount(io)) return io.fail("cannot find an unused loop device: Permission denied");
  if (opts.has("d")) return detach(io, first ?? "");
  if (opts.has("c"))
    return loopsOf(io).some(({ device }) => device === first)
      ? 0
      : io.fail(`${first}: set capacity failed: No such device or address`);
  if (opts.has("f") && first !== undefined) return attach(io, first);
  return io.fail("bad usage\nTry 'losetup --help' for more information.");
});

const makeFileSystem = tool("mkfs", (io) => {
  const opts = options(io, "t:V", { type: "t" });
  const fsType = opts.value("t") ?? "ext2";
  const [device = ""] = opts.rest;
  if (!/^ext[234]$|^xfs$/.test(fsType))
    return io.fail(`failed to execute mkfs.${fsType}: No such file or directory`);
  const loop = loopsOf(io).find((one) => one.device === device);
  if (!loop || !mayMount(io))
    return io.fail(
      `${device}: No such file or directory while trying to determine filesystem size`,
    );
  if (isMounted(io, device))
    return io.fail(`${device} is mounted; will not make a filesystem here!`);
  if (loop.held !== undefined) removeAll(io, loop.held);
  changeLoop(io, device, { device, file: loop.file, fsType });
  const blocks = Math.floor((io.sys.peek(loop.file)?.size ?? 0) / 4096);
  io.out(
    `Creating filesystem with ${blocks} 4k blocks and ${blocks} inodes\n\nAllocating group tables: done\nWriting inode tables: done\nCreating journal (1024 blocks): done\nWriting superblocks and filesystem accounting information: done\n\n`,
  );
  return 0;
});

export const loopTools = [losetup, makeFileSystem];
