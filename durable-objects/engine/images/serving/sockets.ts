/** TCP for servers of images: accepting, and dialling a name and port, in this Pod or over the cluster's network. */
import { handshake } from "../../runtime/net/socket.ts";
import { Errno } from "../../runtime/errno.ts";
import { noNetwork } from "../../runtime/net/no-network.ts";
import type { ConnectError } from "../../runtime/net/network-port.ts";
import type { Network } from "../../runtime/kernel/types.ts";
import type { Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";

/** `f`: a descriptor; `n`: a stream of the network's. */
export type Socket = { f: number } | { n: string };

export type DialError = ConnectError | "name";

const networkOf = (sys: Sys): Network => sys.kernel.context.network ?? noNetwork;
const podKey = (sys: Sys): string => sys.kernel.key;

/** Takes a connection that waits at a listening descriptor; undefined: none does. */
export function accept(sys: Sys, listener: number): number | undefined {
  const { kernel, process } = sys;
  const file = kernel.files.file(process, listener);
  const entry = file?.k === "l" ? kernel.pod.li[file.l] : undefined;
  const id = entry?.q?.shift();
  if (!entry || id === undefined) return undefined;
  if (entry.q?.length === 0) delete entry.q;
  const connection = kernel.pod.co[id];
  if (connection) connection.ok = true;
  // The copy only finds a free descriptor; the connection takes its place.
  const fd = sys.dupFree(listener, 3);
  kernel.files.place(process, fd, kernel.files.open({ k: "c", c: id, e: 1 }));
  kernel.touch();
  return fd;
}

/** Address `ip:port` of who opened an accepted connection. */
export function peerOf(sys: Sys, fd: number): string {
  const file = sys.kernel.files.file(sys.process, fd);
  return (file?.k === "c" ? sys.kernel.pod.co[file.c]?.a[0] : undefined) ?? "";
}

const isAddress = (host: string): boolean => /^\d+(\.\d+){3}$/.test(host);

/** An address of a name by /etc/hosts and the cluster's DNS, the search list walked as the C library does. */
export function lookUp(sys: Sys, name: string): string | undefined {
  if (isAddress(name)) return name;
  for (const line of fileLines(sys, "/etc/hosts")) {
    const [ip, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (ip && isAddress(ip) && names.includes(name)) return ip;
  }
  let search: string[] = [];
  let ndots = 1;
  for (const line of fileLines(sys, "/etc/resolv.conf")) {
    const [word, ...rest] = line.split(/\s+/);
    if (word === "search") search = rest;
    if (word === "options") ndots = Number(/ndots:(\d+)/.exec(line)?.[1] ?? ndots);
  }
  const absolute = name.endsWith(".");
  const dots = name.split(".").length - 1;
  const suffixed = absolute ? [] : search.map((suffix) => `${name}.${suffix}`);
  const names = dots >= ndots ? [name, ...suffixed] : [...suffixed, name];
  for (const full of absolute ? [name.slice(0, -1)] : names) {
    const { status, records } = networkOf(sys).query(sys.kernel.context, podKey(sys), full, "A");
    const found = records.find((record) => record.type === "A");
    if (found) return found.data;
    if (status === "TIMEOUT") return undefined;
  }
  return undefined;
}

function fileLines(sys: Sys, path: string): string[] {
  try {
    return sys.readFile(path).split("\n");
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return [];
  }
}

/** Whether an address is this Pod itself. */
export const isOwn = (sys: Sys, ip: string): boolean =>
  ip.startsWith("127.") || ip === sys.kernel.pod.pod.ip;

/** Opens a connection. `dueAtMs`: ask again then; the answer comes with time alone. */
export function dial(
  sys: Sys,
  host: string,
  port: number,
): { socket: Socket } | { error: DialError } | { dueAtMs: number } {
  const ip = lookUp(sys, host);
  if (ip === undefined) return { error: "name" };
  if (isOwn(sys, ip)) return dialOwn(sys, ip, port);
  const result = handshake(sys, ip, port);
  if (!result.done) return { dueAtMs: result.dueAtMs };
  return "error" in result ? { error: result.error } : { socket: { n: result.result } };
}

function dialOwn(sys: Sys, ip: string, port: number): { socket: Socket } | { error: DialError } {
  const { kernel, process } = sys;
  const listener = kernel.pod.li[`tcp/${port}`];
  if (!listener || listener.k !== "t") return { error: "refused" };
  if (listener.a === "127.0.0.1" && !ip.startsWith("127.")) return { error: "refused" };
  const id = kernel.pod.next++;
  kernel.pod.co[id] = {
    b: ["", ""],
    x: [false, false],
    a: [`${ip}:${32_768 + ((id * 7) % 28_000)}`, `${ip}:${port}`],
  };
  (listener.q ??= []).push(id);
  const fd = sys.dupFree(0, 3);
  kernel.files.place(process, fd, kernel.files.open({ k: "c", c: id, e: 0 }));
  kernel.touch();
  return { socket: { f: fd } };
}

export function send(sys: Sys, socket: Socket, bytes: string): void {
  if ("n" in socket) networkOf(sys).send(sys.kernel.context, podKey(sys), socket.n, bytes, false);
  else writeAll(sys, socket.f, bytes);
}

/** Writes, or drops what the other side does not take: a client that never reads loses its connection. */
export function writeAll(sys: Sys, fd: number, bytes: string): boolean {
  try {
    return sys.kernel.files.write(sys.process, fd, bytes) === bytes.length;
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return false;
  }
}

/** Bytes that came; undefined: none yet; "": the other side has closed. */
export function receive(sys: Sys, socket: Socket): string | undefined {
  if ("n" in socket) return networkOf(sys).receive(sys.kernel.context, podKey(sys), socket.n);
  return sys.read(socket.f);
}

export const waitFor = (socket: Socket): Wait =>
  "n" in socket ? { nt: socket.n } : { r: [socket.f] };

export function hangUp(sys: Sys, socket: Socket): void {
  if ("n" in socket) networkOf(sys).send(sys.kernel.context, podKey(sys), socket.n, "", true);
  else if (sys.isOpen(socket.f)) sys.close(socket.f);
}

/** What programs print of a failed connection. */
export const dialErrorText: Record<DialError, string> = {
  refused: "Connection refused",
  timeout: "Connection timed out",
  unreachable: "No route to host",
  reset: "Connection reset by peer",
  name: "Name or service not known",
};
