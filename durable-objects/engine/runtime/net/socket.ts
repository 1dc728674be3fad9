/**
 * What client programs use (wget, nc, nslookup, redis-cli, a web page's backend): names, whole HTTP requests and sockets,
 * alike for localhost, the own Pod and everything else. Called from a program's `step`; what is not there yet says what to
 * wait for, and the program asks again.
 */
import { Errno } from "../errno.ts";
import { httpOutcome, startHttp } from "../http/http.ts";
import {
  isNetworkHandle,
  type ConnectError,
  type DatagramResult,
  type DnsAnswer,
  type DnsRecord,
  type Parcel,
} from "./network-port.ts";
import { noNetwork } from "./no-network.ts";
import type { HttpRequest, HttpResponse, Listener, Wait } from "../kernel/state.ts";
import type { Sys } from "../kernel/types.ts";
import { isAddress } from "../../machinery/ip.ts";
import type { ForwardSession } from "../../ports/request.ts";
import type { ApiNews } from "./api-stream-shapes.ts";
import { queueDatagram, takeReply } from "./datagrams.ts";
import { candidates, type Resolver } from "./resolver.ts";
import { type Stream, networkTable } from "./stream.ts";
import { isGivenUp, nextSynMs } from "./syn.ts";

const port = (sys: Sys): typeof noNetwork => sys.kernel.context.network ?? noNetwork;

/** /etc/resolv.conf as the container has it now. */
export function readResolver(sys: Sys): Resolver {
  const resolver: Resolver = { nameservers: [], searches: [], options: [] };
  const text = sys.peek("/etc/resolv.conf") ? sys.readFile("/etc/resolv.conf") : "";
  for (const line of text.split("\n")) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === "nameserver" && rest[0]) resolver.nameservers.push(rest[0]);
    if (word === "search") resolver.searches = rest;
    if (word === "options") resolver.options.push(...rest);
  }
  return resolver;
}

/** Address of a name in /etc/hosts. */
export function hostsEntry(sys: Sys, name: string): string | undefined {
  const text = sys.peek("/etc/hosts") ? sys.readFile("/etc/hosts") : "";
  for (const line of text.split("\n")) {
    const [ip, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (ip && !ip.includes(":") && names.includes(name)) return ip;
  }
  return undefined;
}

/** One query for a full name, to the first name server or the one given. */
export const query = (
  sys: Sys,
  name: string,
  type: DnsRecord["type"],
  server?: string,
): DnsAnswer => port(sys).query(sys.kernel.context, sys.kernel.key, name, type, server);

/** Addresses of a name, as getaddrinfo finds them. `timeout`: no server answered (a real resolver waits 10 s for that). */
export function lookUp(sys: Sys, name: string): string[] | "unknown" | "timeout" {
  if (isAddress(name)) return [name];
  const known = hostsEntry(sys, name);
  if (known) return [known];
  const resolver = readResolver(sys);
  if (resolver.nameservers.length === 0) return "unknown";
  for (const full of candidates(resolver, name)) {
    const { status, records } = query(sys, full, "A");
    if (status === "TIMEOUT") return "timeout";
    const ips = records.filter((r) => r.type === "A").map((r) => r.data);
    if (ips.length > 0) return ips;
  }
  return "unknown";
}

const isLoopback = (ip: string): boolean => ip.startsWith("127.") || ip === "::1";
const isLocal = (ip: string): boolean => isLoopback(ip) || ip === "0.0.0.0";

/** Whether an address is this Pod itself, which needs no network. */
export function isOwn(sys: Sys, ip: string): boolean {
  const { pod } = sys.kernel.pod;
  return isLocal(ip) || (ip === pod.ip && !pod.hostNetwork);
}

/** A Pod in its node's network finds there, as localhost, what others on that node listen with: the network looks. */
function isHere(sys: Sys, ip: string, to: number, protocol: "tcp" | "udp" | "sctp"): boolean {
  const { pod, listeners } = sys.kernel.pod;
  if (pod.hostNetwork && isLocal(ip) && !listeners[`${protocol}/${to}`]) return false;
  return isOwn(sys, ip);
}

/** Starts a request; `request.host` is an address. The handle is for `httpResult`. */
export function httpStart(sys: Sys, request: Omit<HttpRequest, "clientIp">): string {
  const { kernel } = sys;
  const { pod } = kernel.pod;
  if (!isHere(sys, request.host, request.port, "tcp")) {
    return port(sys).request(kernel.context, kernel.key, { ...request, clientIp: pod.ip });
  }
  const clientIp = request.host === pod.ip ? pod.ip : "127.0.0.1";
  const begun = startHttp(kernel, { ...request, clientIp });
  return "handle" in begun ? begun.handle : `=${JSON.stringify(begun)}`;
}

export type HttpResult = { wait: Wait } | { response: HttpResponse } | { error: ConnectError };

/** The response to a request begun by `httpStart`, an error, or what to wait for. */
export function httpResult(sys: Sys, handle: string): HttpResult {
  const { kernel } = sys;
  if (handle.startsWith("=")) return clientView(JSON.parse(handle.slice(1)) as { error: string });
  if (!isNetworkHandle(handle)) {
    const outcome = httpOutcome(kernel, handle);
    if ("response" in outcome || "error" in outcome) return clientView(outcome);
    return {
      wait: {
        answer: handle,
        ...(outcome.dueAtMs === undefined ? {} : { untilMs: outcome.dueAtMs }),
      },
    };
  }
  const result = port(sys).requestResult(kernel.context, kernel.key, handle);
  if (!result.done) return { wait: { answer: handle } };
  return "error" in result ? { error: result.error } : { response: result.result };
}

/** Bytes of an answer that has no end (`HttpResponse.stream`), or what to wait for. */
export function streamNews(sys: Sys, handle: string): ApiNews | { wait: Wait } {
  return port(sys).receiveApi?.(sys.kernel.context, handle) ?? { wait: { answer: handle } };
}

/**
 * A request that only reads from the API server, answered at once; undefined: send it with `httpStart`.
 * `request.host` is an address.
 */
export function readApi(
  sys: Sys,
  request: Omit<HttpRequest, "clientIp">,
): HttpResponse | { refused: true } | undefined {
  if (isHere(sys, request.host, request.port, "tcp")) return undefined;
  return port(sys).readApi?.(sys.kernel.context, sys.kernel.key, request);
}

const clientView = (outcome: { response: HttpResponse } | { error: string }): HttpResult =>
  "response" in outcome ? outcome : { error: outcome.error === "refused" ? "refused" : "reset" };

export type Connected = { fd: number } | { error: ConnectError } | { wait: Wait };

/** Opens a TCP connection to an address: a descriptor to read and write, an error, or what to wait for before asking again. */
export function connect(sys: Sys, ip: string, to: number): Connected {
  return isHere(sys, ip, to, "tcp") ? connectOwn(sys, ip, to) : connectOut(sys, ip, to);
}

function ownAddress(sys: Sys, id: number): string {
  return `${sys.kernel.pod.pod.ip}:${32_768 + (id % 28_000)}`;
}

function connectOwn(sys: Sys, ip: string, to: number): Connected {
  const { pod } = sys.kernel;
  const listener = pod.listeners[`tcp/${to}`];
  const local = isLoopback(ip);
  if (!listener || (listener.address === "127.0.0.1" && !local)) return { error: "refused" };
  // A server of whole requests is reached through the network's bridge, as from anywhere else.
  if (listener.kind === "h") return bridge(sys, ip, to);
  return { fd: queueAt(sys, listener, (c) => [ownAddress(sys, c), `${ip}:${to}`]) };
}

function queueAt(sys: Sys, listener: Listener, ends: (id: number) => [string, string]): number {
  const { pod } = sys.kernel;
  const c = pod.next++;
  pod.connections[c] = { bytes: ["", ""], writeClosed: [false, false], addresses: ends(c) };
  (listener.backlog ??= []).push(c);
  return descriptor(sys, c, 0);
}

/** Opens a connection to a listener of this Pod's by its name. ECONNREFUSED */
export function connectTo(sys: Sys, name: string): number {
  const listener = sys.kernel.pod.listeners[name];
  if (!listener) throw new Errno("ECONNREFUSED");
  return queueAt(sys, listener, () => ["@", name]);
}

function connectOut(sys: Sys, ip: string, to: number): Connected {
  const result = handshake(sys, ip, to);
  if (!result.done) return { wait: { untilMs: result.dueAtMs } };
  if ("error" in result) return { error: result.error };
  return { fd: attach(sys, result.result, `${ip}:${to}`) };
}

/** Opens a stream to an address outside the Pod, sending the SYN again while it is dropped: ask again at `dueAtMs`. */
export function handshake(
  sys: Sys,
  ip: string,
  to: number,
):
  | { done: false; dueAtMs: number }
  | { done: true; result: string }
  | { done: true; error: ConnectError } {
  const { kernel, process } = sys;
  const { context } = kernel;
  const { now } = context;
  const name = `${ip}:${to}`;
  // One that was given up long ago says nothing about a new one.
  const known = process.syn?.[name];
  const before = known && now <= known.due + 1_000 ? known : undefined;
  const end = (): void => {
    if (process.syn) delete process.syn[name];
  };
  if (before?.unreachable) {
    if (now < before.due) return { done: false, dueAtMs: before.due };
    end();
    return { done: true, error: "unreachable" };
  }
  if (before && isGivenUp(before.at, now)) {
    end();
    return { done: true, error: "timeout" };
  }
  const result = port(sys).connect(context, kernel.key, ip, to);
  if (result.done) {
    end();
    return result;
  }
  const at = before?.at ?? now;
  const due = result.dueAtMs ?? nextSynMs(at, now);
  const unreachable = result.dueAtMs === undefined ? {} : { unreachable: true as const };
  (process.syn ??= {})[name] = { at, due, ...unreachable };
  return { done: false, dueAtMs: due };
}

/** Opens a connection of a port-forward that the API server has let in; the error is the kubelet's text. */
export function connectForward(
  sys: Sys,
  session: ForwardSession,
  to: number,
): { fd: number } | { error: string } {
  const { kernel } = sys;
  const opened = port(sys).forward?.(kernel.context, kernel.key, session, to);
  if (!opened) return { error: "connection refused" };
  return "error" in opened ? opened : { fd: attach(sys, opened.stream, `127.0.0.1:${to}`) };
}

function bridge(sys: Sys, ip: string, to: number): Connected {
  const { context, key, pod } = sys.kernel;
  const next = (context.records.get<number>("network-draws", "id") ?? 0) + 1;
  context.records.put("network-draws", "id", next);
  const id = `s${next}`;
  const clientIp = isLoopback(ip) ? "127.0.0.1" : pod.pod.ip;
  const stream: Stream = {
    from: { ip: clientIp, pod: key },
    to: key,
    port: to,
    at: `${clientIp}:${32_768 + (next % 28_000)}`,
    up: "",
    down: "",
  };
  context.records.put(networkTable, id, stream);
  return { fd: attach(sys, id, `${ip}:${to}`) };
}

/** The own end of a stream, as a connection of this Pod whose other side is outside. */
function attach(sys: Sys, id: string, to: string): number {
  const { context, pod } = sys.kernel;
  const c = pod.next++;
  const stream = context.records.get<Stream>(networkTable, id);
  const port = stream?.at.split(":").at(-1);
  pod.connections[c] = {
    bytes: ["", ""],
    writeClosed: [false, false],
    addresses: [port === undefined ? ownAddress(sys, c) : `${pod.pod.ip}:${port}`, to],
    stream: id,
    outbound: true,
  };
  if (stream) context.records.put(networkTable, id, { ...stream, clientConnection: c });
  context.wake?.("network", id);
  return descriptor(sys, c, 0);
}

function descriptor(sys: Sys, connection: number, side: 0 | 1): number {
  const { files } = sys.kernel;
  const fd = sys.freeFd();
  files.place(sys.process, fd, files.open({ kind: "c", connection, end: side }));
  return fd;
}

/** Sends a datagram; called again with the same one it tells what came back. */
export function datagram(sys: Sys, parcel: Parcel): DatagramResult {
  const { kernel } = sys;
  const { ip, bytes, sctp } = parcel;
  const protocol = sctp ? "sctp" : "udp";
  if (!isHere(sys, ip, parcel.port, protocol))
    return port(sys).datagram(kernel.context, kernel.key, parcel);
  const listener = kernel.pod.listeners[`${protocol}/${parcel.port}`];
  const process = listener && kernel.process(listener.process);
  if (!listener || !process) return { done: true, error: "refused" };
  const from = `${isLocal(ip) ? "127.0.0.1" : ip}:${parcel.from}`;
  const { datagram: take } = kernel.program(process);
  if (!take && !sctp) return tellReader(sys, listener, from, bytes);
  const arrived = { bytes, port: parcel.port, from, ...(sctp ? { sctp } : {}) };
  const reply = take?.(kernel.sys(listener.process), process.state, arrived);
  return reply === undefined ? { done: false, silent: true } : { done: true, result: reply };
}

/** To a program of the same Pod that reads when it runs next: its answer is looked for a moment later. */
function tellReader(sys: Sys, listener: Listener, from: string, bytes: string): DatagramResult {
  const { process } = sys;
  if (process.told !== bytes) {
    queueDatagram(listener, from, bytes);
    process.told = bytes;
    return { done: false, dueAtMs: sys.now + 1 };
  }
  delete process.told;
  const result = takeReply(listener, from);
  return result === undefined ? { done: false, silent: true } : { done: true, result };
}

/** A port of the asker's own, as the kernel draws one. */
export const freePort = (sys: Sys): number => 32_768 + ((sys.kernel.pod.next++ * 37) % 28_000);

/** Takes the next connection that waits at a listening descriptor; undefined: none (wait for `r: [fd]`). */
export function accept(sys: Sys, fd: number): { fd: number; from: string } | undefined {
  const { kernel } = sys;
  const file = kernel.files.file(sys.process, fd);
  if (file?.kind !== "l") throw new Errno("EINVAL");
  const queue = kernel.pod.listeners[file.port]?.backlog;
  for (let c = queue?.shift(); c !== undefined; c = queue?.shift()) {
    const connection = kernel.pod.connections[c];
    if (!connection) continue;
    connection.accepted = true;
    if (queue?.length === 0) delete kernel.pod.listeners[file.port]?.backlog;
    return { fd: descriptor(sys, c, 1), from: connection.addresses[0] };
  }
  return undefined;
}

/** Half-closes: the other side reads the end, and may still write. */
export function shutdown(sys: Sys, fd: number): void {
  const { kernel } = sys;
  const file = kernel.files.file(sys.process, fd);
  const connection = file?.kind === "c" ? kernel.pod.connections[file.connection] : undefined;
  if (file?.kind !== "c" || !connection) throw new Errno("EINVAL");
  connection.writeClosed[file.end] = true;
  connection.halfClosed = true;
}
