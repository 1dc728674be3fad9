/** One HTTP request or datagram of a program's own to another server, pushed on until it is over. */
import type { NamesOf } from "../../core/record-codec.ts";
import { datagram, freePort } from "../../runtime/net/socket.ts";
import { httpOutcome, startHttp } from "../../runtime/http/http.ts";
import { noNetwork } from "../../runtime/net/no-network.ts";
import type { NetworkResult } from "../../runtime/net/network-port.ts";
import type { HttpRequest, HttpResponse, Wait } from "../../runtime/kernel/state.ts";
import type { Sys } from "../../runtime/kernel/types.ts";
import { addressOf, dial, hangUp, isOwn, receive, send, socketNames, waitFor, type DialError, type Socket } from "./sockets.ts"; // prettier-ignore

export interface HttpAsk {
  host: string;
  port: number;
  path: string;
  method?: string;
  body?: string;
  type?: string;
  /** Instead of the usual ones. */
  headers?: Record<string, string>;
  /** The answer's headers are wanted too. */
  keep?: Record<string, string> | true;
  /** Gives up after so long. */
  patienceMs: number;
  /** A datagram with this text instead of a request. */
  udp?: string;
  /** Bytes on a connection of their own; the answer begins with its length, in four bytes. */
  frame?: string;
  /** How many such answers are awaited, of which the last is the reply. */
  answers?: number;
  socket?: Socket;
  /** A line of standard input is what is asked for. */
  line?: true;
  /** By SCTP in place of UDP. */
  sctp?: true;
  /** The datagram's own port; nothing will answer it. */
  from?: number;
  /** Nobody will answer it. */
  silent?: true;
  /** Of the request under way. */
  handle?: string;
  ip?: string;
  late?: number;
  reply?: string;
  status?: number;
  error?: DialError;
}

/** Names on disk. */
export const httpAskNames: NamesOf<HttpAsk> = {
  fields: { handle: "h", socket: "s" },
  inside: { socket: socketNames },
};

function requestOf(sys: Sys, ask: HttpAsk, ip: string): HttpRequest {
  const body = ask.body ?? "";
  return {
    method: ask.method ?? "GET",
    path: ask.path,
    headers: ask.headers ?? {
      host: `${ask.host}:${ask.port}`,
      "user-agent": "Go-http-client/1.1",
      ...(body ? { "content-type": ask.type ?? "application/json" } : {}),
    },
    body,
    host: ip,
    port: ask.port,
    clientIp: ip.startsWith("127.") ? "127.0.0.1" : sys.kernel.pod.pod.ip,
  };
}

/** What to wait for, or undefined when there is a reply or an error. */
export function pushAsk(sys: Sys, ask: HttpAsk): Wait | undefined {
  if (ask.reply !== undefined || ask.error) return undefined;
  if (ask.line) return pushLine(sys, ask);
  ask.late ??= sys.now + ask.patienceMs;
  if (ask.frame !== undefined) return pushFrame(sys, ask, ask.frame);
  ask.ip ??= addressOf(sys, ask.host);
  const { ip } = ask;
  if (ip === undefined) return over(ask, { error: "name" });
  if (ask.udp !== undefined) return pushDatagram(sys, ask, ip, ask.udp);
  const own = isOwn(sys, ip);
  const { context } = sys.kernel;
  const network = context.network ?? noNetwork;
  if (ask.handle === undefined) {
    const request = requestOf(sys, ask, ip);
    if (own) {
      const begun = startHttp(sys.kernel, request);
      if ("handle" in begun) ask.handle = begun.handle;
      else return "response" in begun ? over(ask, begun.response) : over(ask, { error: "refused" });
    } else ask.handle = network.request(context, sys.kernel.key, request);
  }
  const outcome = own
    ? ownOutcome(sys, ask.handle)
    : network.requestResult(context, sys.kernel.key, ask.handle);
  if (outcome.done) return "error" in outcome ? over(ask, outcome) : over(ask, outcome.result);
  if (sys.now >= ask.late) return over(ask, { error: "timeout" });
  return { answer: ask.handle, untilMs: Math.min(outcome.dueAtMs ?? Infinity, ask.late) };
}

/** A byte at a time: what is behind the line stays where it is. At the end there is no reply. */
function pushLine(sys: Sys, ask: HttpAsk): Wait | undefined {
  for (;;) {
    const byte = sys.read(0, 1);
    if (byte === undefined) return { readable: [0] };
    if (byte === "" && ask.body === undefined) return over(ask, { error: "reset" });
    if (byte === "" || byte === "\n") return over(ask, { status: 0, body: ask.body ?? "" });
    ask.body = (ask.body ?? "") + byte;
  }
}

function pushFrame(sys: Sys, ask: HttpAsk, frame: string): Wait | undefined {
  const late = ask.late ?? sys.now;
  if (!ask.socket) {
    const dialled = dial(sys, ask.host, ask.port);
    if ("error" in dialled || sys.now >= late) return over(ask, { error: "error" in dialled ? dialled.error : "timeout" }); // prettier-ignore
    if ("dueAtMs" in dialled) return { untilMs: Math.min(Math.max(dialled.dueAtMs, sys.now + 1), late) }; // prettier-ignore
    ask.socket = dialled.socket;
    send(sys, ask.socket, frame);
  }
  const { socket } = ask;
  let data = receive(sys, socket);
  for (; data; data = receive(sys, socket)) ask.body = (ask.body ?? "") + data;
  const body = ask.body ?? "";
  let from = 0;
  for (let left = ask.answers ?? 1; body.length >= from + 4;) {
    const size = body.charCodeAt(from) | (body.charCodeAt(from + 1) << 8) | (body.charCodeAt(from + 2) << 16); // prettier-ignore
    if (body.length < from + size) break;
    if (--left === 0) return finish(sys, ask, socket, { status: 0, body: body.slice(from, from + size) }); // prettier-ignore
    from += Math.max(4, size);
  }
  if (data === "") return finish(sys, ask, socket, { error: "reset" });
  if (sys.now >= late) return finish(sys, ask, socket, { error: "timeout" });
  return { ...waitFor(socket), untilMs: late };
}

function finish(
  sys: Sys,
  ask: HttpAsk,
  socket: Socket,
  result: Parameters<typeof over>[1],
): undefined {
  hangUp(sys, socket);
  delete ask.socket;
  return over(ask, result);
}

function ownOutcome(sys: Sys, handle: string): NetworkResult<HttpResponse> {
  const outcome = httpOutcome(sys.kernel, handle);
  if ("response" in outcome) return { done: true, result: outcome.response };
  if ("error" in outcome) return { done: true, error: "reset" };
  return { done: false, ...outcome };
}

function over(
  ask: HttpAsk,
  result: { error: DialError } | { status: number; body: string; headers?: Record<string, string> },
): undefined {
  delete ask.handle;
  if ("error" in result) ask.error = result.error;
  else {
    ask.reply = result.body;
    ask.status = result.status;
    if (ask.keep) ask.keep = result.headers ?? {};
  }
  return undefined;
}

function pushDatagram(sys: Sys, ask: HttpAsk, ip: string, bytes: string): Wait | undefined {
  ask.from ??= freePort(sys);
  const late = ask.late ?? sys.now;
  if (!ask.silent) {
    const result = datagram(sys, {
      ip,
      port: ask.port,
      from: ask.from,
      bytes,
      ...(ask.sctp ? { sctp: true } : {}),
    });
    if (result.done)
      return "error" in result ? over(ask, result) : over(ask, { status: 0, body: result.result });
    if (result.silent) ask.silent = true;
    else if (sys.now < late) return { untilMs: Math.min(result.dueAtMs ?? late, late) };
  }
  return sys.now >= late ? over(ask, { error: "timeout" }) : { untilMs: late };
}

/** The errors of Go's HTTP client. */
export function goError(ask: HttpAsk): string {
  const url = `http://${ask.host}:${ask.port}${ask.path}`;
  const address = `${ask.ip ?? ask.host}:${ask.port}`;
  switch (ask.error) {
    case "name":
      return `Get "${url}": dial tcp: lookup ${ask.host} on 10.96.0.10:53: no such host`;
    case "timeout":
      return `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`;
    case "unreachable":
      return `Get "${url}": dial tcp ${address}: connect: no route to host`;
    case "reset":
      return `Get "${url}": read tcp ${address}: read: connection reset by peer`;
    default:
      return `Get "${url}": dial tcp ${address}: connect: connection refused`;
  }
}

/** JSON as Go's encoder writes it. */
export const goJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
