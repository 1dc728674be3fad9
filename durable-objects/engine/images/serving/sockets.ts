/** TCP for images: dialling a name and port, in this Pod or over the cluster's network, and what comes after. */
import type { NamesOf } from "../../core/record-codec.ts";
import { handshake, lookUp } from "../../runtime/net/socket.ts";
import { Errno } from "../../runtime/errno.ts";
import { noNetwork } from "../../runtime/net/no-network.ts";
import type { ConnectError } from "../../runtime/net/network-port.ts";
import type { Network, Sys } from "../../runtime/kernel/types.ts";
import type { Wait } from "../../runtime/kernel/state.ts";

/** A descriptor, or a stream of the network's. */
export type Socket = { fd: number } | { stream: string };

/** Names on disk. */
export const socketNames: NamesOf<Socket> = { fields: { fd: "f", stream: "n" } };

export type DialError = ConnectError | "name";

const networkOf = (sys: Sys): Network => sys.kernel.context.network ?? noNetwork;
const podKey = (sys: Sys): string => sys.kernel.key;

/** Address `ip:port` of who opened an accepted connection. */
export function peerOf(sys: Sys, fd: number): string {
  const file = sys.kernel.files.file(sys.process, fd);
  return (
    (file?.kind === "c" ? sys.kernel.pod.connections[file.connection]?.addresses[0] : undefined) ??
    ""
  );
}

/** The first address of a name, as getaddrinfo finds it. */
export function addressOf(sys: Sys, name: string): string | undefined {
  const found = lookUp(sys, name);
  return Array.isArray(found) ? found[0] : undefined;
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
  const ip = addressOf(sys, host);
  if (ip === undefined) return { error: "name" };
  if (isOwn(sys, ip)) return dialOwn(sys, ip, port);
  const result = handshake(sys, ip, port);
  if (!result.done) return { dueAtMs: result.dueAtMs };
  return "error" in result ? { error: result.error } : { socket: { stream: result.result } };
}

function dialOwn(sys: Sys, ip: string, port: number): { socket: Socket } | { error: DialError } {
  const { kernel, process } = sys;
  const listener = kernel.pod.listeners[`tcp/${port}`];
  if (!listener || listener.kind !== "t") return { error: "refused" };
  if (listener.address === "127.0.0.1" && !ip.startsWith("127.")) return { error: "refused" };
  const id = kernel.pod.next++;
  kernel.pod.connections[id] = {
    bytes: ["", ""],
    writeClosed: [false, false],
    addresses: [`${ip}:${32_768 + ((id * 7) % 28_000)}`, `${ip}:${port}`],
  };
  (listener.backlog ??= []).push(id);
  const fd = sys.dupFree(0, 3);
  kernel.files.place(process, fd, kernel.files.open({ kind: "c", connection: id, end: 0 }));
  kernel.touch();
  return { socket: { fd: fd } };
}

export function send(sys: Sys, socket: Socket, bytes: string): void {
  if ("stream" in socket)
    networkOf(sys).send(sys.kernel.context, podKey(sys), socket.stream, bytes, false);
  else writeAll(sys, socket.fd, bytes);
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
  if ("stream" in socket)
    return networkOf(sys).receive(sys.kernel.context, podKey(sys), socket.stream);
  return sys.read(socket.fd);
}

export const waitFor = (socket: Socket): Wait =>
  "stream" in socket ? { answer: socket.stream } : { readable: [socket.fd] };

export function hangUp(sys: Sys, socket: Socket): void {
  if ("stream" in socket)
    networkOf(sys).send(sys.kernel.context, podKey(sys), socket.stream, "", true);
  else if (sys.isOpen(socket.fd)) sys.close(socket.fd);
}

/** What programs print of a failed connection. */
export const dialErrorText: Record<DialError, string> = {
  refused: "Connection refused",
  timeout: "Connection timed out",
  unreachable: "No route to host",
  reset: "Connection reset by peer",
  name: "Name or service not known",
};
