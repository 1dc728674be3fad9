/** What socat's addresses open: descriptors to read from and to write to, or a peer of datagrams. */
import {
  accept,
  connect,
  connectTo,
  datagram,
  freePort,
  lookUp,
  shutdown,
} from "../../net/socket.ts";
import { receiveDatagram, replyTo } from "../../net/datagrams.ts";
import { Errno } from "../../errno.ts";
import type { Sys } from "../../kernel/types.ts";
import type { Wait } from "../../kernel/state.ts";
import { listenAt, listenerAt } from "../../kernel/special-files.ts";
import { connectText } from "../net/web-client.ts";
import { commandLine, commandWords, readAddress, type Address } from "./addresses.ts";

export interface Channel {
  in?: number;
  out?: number;
  /** Half-closed by shutdown(2). */
  socket?: true;
  child?: number;
  /** Datagrams of this peer of a listener. */
  peer?: string;
  listener?: number;
  /** Datagrams to this address, from a port of its own; what has come. */
  to?: { ip: string; port: number; from: number };
  came?: string;
  /** What the other end of its connection is called: SOCAT_PEERADDR. */
  from?: string;
}

export interface Failure {
  error: string;
}

export const isListener = ({ kind }: Address): boolean => kind.endsWith("-listen");

export const parsed = (word: string): Address => readAddress(word) as Address;

/** Begins to listen. */
export function listenFor(sys: Sys, address: Address): number | Failure {
  const [where = ""] = address.words;
  const { options } = address;
  if (address.kind === "unix-listen") {
    try {
      if (("unlink-early" in options || "unlink" in options) && sys.peek(where)) sys.unlink(where);
      const fd = listenAt(sys, where);
      const mode = options.mode ?? options.perm;
      if (mode !== undefined) sys.chmod(where, parseInt(mode, 8));
      return fd;
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      return { error: `bind(5, {AF=1 "${where}"}, ${where.length + 2}): ${error.message}` };
    }
  }
  try {
    const own = options.bind === undefined ? {} : { address: options.bind };
    return sys.listen(Number(where), address.kind === "udp-listen" ? "u" : "t", own);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return { error: `bind(5, {AF=2 0.0.0.0:${where}}, 16): ${error.message}` };
  }
}

/** The next who comes to a listener. */
export function acceptAt(sys: Sys, address: Address, listener: number): Channel | undefined {
  if (address.kind === "udp-listen") {
    const got = receiveDatagram(sys, listener);
    return got && { peer: got.from, listener, came: got.bytes, from: got.from };
  }
  const taken = accept(sys, listener);
  return taken && { in: taken.fd, out: taken.fd, socket: true, from: taken.from };
}

/** Opens an address that does not listen: a channel, why not, or what to wait for. */
export function open(
  sys: Sys,
  address: Address,
  between: { fd: number[]; from?: string },
): Channel | Failure | { wait: Wait } {
  const [where = "", port = ""] = address.words;
  try {
    switch (address.kind) {
      case "stdio":
        return where === "" ? { in: 0, out: 1 } : { in: Number(where), out: Number(where) };
      case "tcp":
      case "udp":
        return dial(sys, address.kind, where, port);
      case "unix": {
        const fd = connectTo(sys, listenerAt(sys, where));
        return { in: fd, out: fd, socket: true };
      }
      case "exec":
        return run(sys, commandWords(where), between);
      case "system":
        return run(sys, ["sh", "-c", commandLine(where)], between);
      case "pipe": {
        const [read, write] = sys.pipe();
        return { in: read, out: write };
      }
      default:
        return openFile(sys, address, where);
    }
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    const what = address.kind === "unix" ? `connect(5, AF=1 "${where}", ${where.length + 2})` : address.word; // prettier-ignore
    return { error: `${what}: ${error.message}` };
  }
}

function openFile(sys: Sys, { options, word }: Address, path: string): Channel {
  const creates = /^creat/i.test(word) || "creat" in options || "create" in options;
  const only = "rdonly" in options ? "r" : "wronly" in options || creates ? "w" : "rw";
  const flags = {
    ...(only === "w" ? {} : { read: true }),
    ...(only === "r" ? {} : { write: true }),
    ...(creates || !sys.peek(path) ? { create: true } : {}),
    ...("append" in options ? { append: true } : {}),
    ...("trunc" in options ? { truncate: true } : {}),
  };
  const fd = sys.open(path, flags, 0o666);
  return { ...(only === "w" ? {} : { in: fd }), ...(only === "r" ? {} : { out: fd }) };
}

function dial(
  sys: Sys,
  kind: "tcp" | "udp",
  host: string,
  port: string,
): Channel | Failure | { wait: Wait } {
  const ips = lookUp(sys, host);
  if (typeof ips === "string") {
    const musl = sys.peek("/etc/alpine-release");
    const unknown = musl ? "Name does not resolve" : "Name or service not known";
    const why = ips === "timeout" ? "Try again" : unknown;
    return { error: `getaddrinfo("${host}", "NULL", {1,0,1,6}, {}): ${why}` };
  }
  const ip = ips[0] as string;
  if (kind === "udp") return { to: { ip, port: Number(port), from: freePort(sys) } };
  const connected = connect(sys, ip, Number(port));
  if ("wait" in connected) return { wait: connected.wait };
  if ("error" in connected)
    return {
      error: `connect(5, AF=2 ${ip}:${port}, 16): ${connectText[connected.error] ?? "Connection reset by peer"}`,
    };
  return { in: connected.fd, out: connected.fd, socket: true };
}

/** A program whose two ends are the channel's; descriptors of others are closed in it. */
function run(sys: Sys, argv: string[], { fd, from }: { fd: number[]; from?: string }): Channel {
  const [childIn, out] = sys.pipe();
  const [into, childOut] = sys.pipe();
  const pid = sys.fork({});
  const child = sys.child(pid);
  child.dup(childIn, 0);
  child.dup(childOut, 1);
  for (const one of new Set([childIn, out, into, childOut, ...fd]))
    if (one > 2 && child.isOpen(one)) child.close(one);
  const [peer = "", peerPort = ""] = (from ?? "").split(":");
  const peerWords: Record<string, string> =
    from === undefined ? {} : { SOCAT_PEERADDR: peer, SOCAT_PEERPORT: peerPort };
  try {
    child.exec(child.which(argv[0] ?? ""), argv, { ...sys.env, ...peerWords });
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    sys.complain(`socat E execvp("${argv[0] ?? ""}", "${argv[0] ?? ""}"...): ${error.message}\n`);
    sys.kernel.exit(child.key, 1);
  }
  sys.close(childIn);
  sys.close(childOut);
  return { in: into, out, child: pid };
}

/** Bytes that came; "" at the end, undefined: none yet. */
export function take(sys: Sys, channel: Channel): string | undefined {
  if (channel.came !== undefined) {
    const { came } = channel;
    delete channel.came;
    return came;
  }
  if (channel.to || channel.peer !== undefined) return undefined;
  return channel.in === undefined ? "" : sys.read(channel.in);
}

/** Bytes taken; a step's wait while a datagram is on its way; "closed" where nobody reads. */
export function give(sys: Sys, channel: Channel, data: string): number | { wait: Wait } | "closed" {
  if (channel.peer !== undefined) {
    replyTo(sys, channel.listener as number, channel.peer, data);
    return data.length;
  }
  if (channel.to) {
    const result = datagram(sys, { ...channel.to, bytes: data });
    if (!result.done && !result.silent)
      return { wait: { untilMs: Math.max(result.dueAtMs ?? 0, sys.now + 1) } };
    if (result.done && "result" in result) channel.came = (channel.came ?? "") + result.result;
    return data.length;
  }
  if (channel.out === undefined) return data.length;
  try {
    return sys.write(channel.out, data);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return "closed";
  }
}

/** Nothing more is written. */
export function endOutput(sys: Sys, channel: Channel): void {
  const { out } = channel;
  if (out === undefined || !sys.isOpen(out)) return;
  if (channel.socket) shutdown(sys, out);
  else if (out > 2) {
    sys.close(out);
    delete channel.out;
  }
}

export function close(sys: Sys, channel: Channel): void {
  for (const fd of new Set([channel.in, channel.out]))
    if (fd !== undefined && fd > 2 && sys.isOpen(fd)) sys.close(fd);
  if (channel.child === undefined) return;
  try {
    if (sys.wait(channel.child) === undefined) sys.kill(channel.child, 15);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
  }
}
