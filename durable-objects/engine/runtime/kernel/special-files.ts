/** Files that are no files: fifos, devices, names of sockets. */
import { lookup } from "../../core/lookup.ts";
import { Errno } from "../errno.ts";
import { deviceName, type DeviceNumbers } from "../fs/device-numbers.ts";
import type { Credentials, Stat } from "../fs/vfs.ts";
import type { Sys } from "./types.ts";

/** Makes a named pipe. Throws Errno. */
export function mkfifo(sys: Sys, path: string, mode = 0o666): void {
  sys.vfs.create(sys.place(path), sys.who, { type: "p", mode: mode & ~sys.umask });
}

/** The kernel's own devices, as descriptors name them. */
export const devices: Record<string, string> = lookup({
  null: "n",
  zero: "z",
  full: "F",
  random: "R",
  urandom: "R",
});

/** What stat says of a pipe without a name. */
export const pipeStat = (pipe: number, { uid, gid }: Credentials, mtime: number): Stat => ({
  type: "p",
  mode: 0o600,
  uid,
  gid,
  size: 0,
  mtime,
  links: 1,
  ino: `pipe:${pipe}`,
  device: "pipe",
});

/** Who a device speaks to is not simulated but for the kernel's own: opening another says ENXIO. */
export function mknod(
  sys: Sys,
  path: string,
  type: "c" | "b",
  numbers: DeviceNumbers,
  mode: number,
): void {
  if (sys.who.uid !== 0 || !sys.container.capable("MKNOD")) throw new Errno("EPERM");
  const data = deviceName(type, numbers);
  sys.vfs.create(sys.place(path, false), sys.who, { type, mode: mode & ~sys.umask, data });
}

/** Name of a Unix socket's listener; undefined: the path is none. */
function socketName(sys: Sys, path: string): string | undefined {
  const { node, mount, id } = sys.existing(path);
  return node.type === "s" ? `unix/${mount.tree.key}:${id}` : undefined;
}

/** bind(2) and listen(2) of a Unix socket: makes its name, and returns the listening descriptor. */
export function listenAt(sys: Sys, path: string, kind: "h" | "t" = "t"): number {
  const place = sys.place(path, false);
  if (place.node) throw new Errno("EADDRINUSE");
  sys.vfs.create(place, sys.who, { type: "s", mode: 0o777 & ~sys.umask });
  return sys.listenAs(socketName(sys, path) ?? "", kind);
}

/** The listener behind a Unix socket's name, for `connectTo`. ECONNREFUSED when nobody listens any more. */
export function listenerAt(sys: Sys, path: string): string {
  const name = socketName(sys, path);
  if (name === undefined || !sys.kernel.pod.listeners[name]) throw new Errno("ECONNREFUSED");
  return name;
}
