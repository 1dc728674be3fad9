/** HTTP requests to a Pod's own ports: handed whole to servers that take them so, spoken as HTTP/1.1 to raw TCP ones. */
import { exchangeBodyBytesMax, httpHeadCharactersMax, pipeBytesMax } from "../../core/limits.ts";
import { certificateProblem } from "../../machinery/x509/certificate.ts";
import { survive } from "../kernel/crash.ts";
import type { Kernel } from "../kernel/types.ts";
import type { HttpAnswer } from "../kernel/calls.ts";
import { serveRequest } from "./request-load.ts";
import type { HttpRequest, HttpResponse, Listener, PendingHttp } from "../kernel/state.ts";
import { Errno } from "../errno.ts";

/** `timeout` never comes from here: who asked decides how long to wait. */
export type HttpFailure = "refused" | "reset" | "tls" | "malformed" | `x509: ${string}`;

const reasons: Record<number, string> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No Content",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Request Entity Too Large",
  421: "Misdirected Request",
  429: "Too Many Requests",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};
export const reasonOf = (status: number): string => reasons[status] ?? "";

/** A request as bytes. */
export function requestBytes(request: HttpRequest): string {
  let text = `${request.method} ${request.path} HTTP/1.1\r\n`;
  const headers = { host: request.host, ...request.headers };
  if (request.body && !("content-length" in headers))
    text += `content-length: ${request.body.length}\r\n`;
  for (const [name, value] of Object.entries(headers)) text += `${name}: ${value}\r\n`;
  return `${text}\r\n${request.body}`;
}

/** The response as HTTP/1.1 sends it; `head`: without its body. */
export function responseBytes(response: HttpResponse, head = false): string {
  let text = `HTTP/1.1 ${response.status} ${reasonOf(response.status)}\r\n`;
  const headers: Record<string, string> = { ...response.headers };
  headers["content-length"] ??= String(response.body.length);
  for (const [name, value] of Object.entries(headers)) text += `${name}: ${value}\r\n`;
  return `${text}\r\n${head ? "" : response.body}`;
}

function parseHeaders(lines: string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}

/** The body of a chunked message, or undefined while it is not whole. */
function unchunk(data: string): { body: string; used: number } | undefined {
  let body = "";
  for (let at = 0; ;) {
    const end = data.indexOf("\r\n", at);
    if (end < 0) return undefined;
    const size = parseInt(data.slice(at, end), 16);
    if (!(size >= 0)) return { body, used: data.length };
    if (data.length < end + 2 + size + 2) return undefined;
    body += data.slice(end + 2, end + 2 + size);
    at = end + 2 + size + 2;
    if (size === 0) return { body, used: at };
  }
}

/** A whole request at the front of a stream, and how many bytes it took. */
export function parseRequest(
  data: string,
):
  | { request: Pick<HttpRequest, "method" | "path" | "headers" | "body">; used: number }
  | "more"
  | "bad" {
  // What does not begin as a request is refused at its first line's end; a bare line feed ends a line as well.
  const line = /^([A-Z]+) (\S+) HTTP\/1\.[01]\r?\n/.exec(data);
  if (!line) return data.includes("\n") || data.length > httpHeadCharactersMax ? "bad" : "more";
  const split = /\r?\n\r?\n/.exec(data);
  if (!split) return data.length > httpHeadCharactersMax ? "bad" : "more";
  const headers = parseHeaders(data.slice(line[0].length, split.index).split(/\r?\n/));
  let used = split.index + split[0].length;
  const rest = data.slice(used);
  let body = "";
  if (/chunked/i.test(headers["transfer-encoding"] ?? "")) {
    const whole = unchunk(rest);
    if (!whole) return "more";
    body = whole.body;
    used += whole.used;
  } else {
    const length = Number(headers["content-length"] ?? 0);
    if (rest.length < length) return "more";
    body = rest.slice(0, length);
    used += length;
  }
  return { request: { method: line[1] ?? "GET", path: line[2] ?? "/", headers, body }, used };
}

/** A whole response; `closed`: the stream has ended, so a body without a length is whole. */
export function parseResponse(
  data: string,
  closed: boolean,
  method = "GET",
): HttpResponse | "more" | "bad" {
  const split = /\r?\n\r?\n/.exec(data);
  if (!split) return closed ? "bad" : "more";
  const [first = "", ...lines] = data.slice(0, split.index).split(/\r?\n/);
  const status = /^HTTP\/\d(?:\.\d)? (\d{3})/.exec(first);
  if (!status) return "bad";
  const headers = parseHeaders(lines);
  const rest = data.slice(split.index + split[0].length);
  const response = { status: Number(status[1]), headers };
  if (method === "HEAD" || response.status === 204 || response.status === 304)
    return { ...response, body: "" };
  if (/chunked/i.test(headers["transfer-encoding"] ?? "")) {
    const whole = unchunk(rest);
    return whole ? { ...response, body: whole.body } : closed ? "bad" : "more";
  }
  const length = headers["content-length"];
  if (length === undefined) return closed ? { ...response, body: rest } : "more";
  if (rest.length < Number(length)) return closed ? "bad" : "more";
  return { ...response, body: rest.slice(0, Number(length)) };
}

type Outcome = { response: HttpResponse } | { error: HttpFailure } | { handle: string };

const placeOf = ({ socket, port }: HttpRequest): string => socket ?? `tcp/${port}`;

/** Starts a request to a port of this Pod: its outcome at once, or a handle to ask `httpOutcome` with. */
export function startHttp(kernel: Kernel, request: HttpRequest): Outcome {
  const listener = kernel.pod.listeners[placeOf(request)];
  if (!listener) return { error: "refused" };
  const local = request.clientIp === "127.0.0.1";
  if (listener.address === "127.0.0.1" && !local) return { error: "refused" };
  if (listener.tls && !request.https)
    return {
      response: {
        status: 400,
        headers: {},
        body: "Client sent an HTTP request to an HTTPS server.\n",
      },
    };
  if (request.https && !listener.tls) return { error: "tls" };
  const { trust, ...seen } = request;
  if (trust) {
    const certificate = shownBy(kernel, listener);
    const { now } = kernel.context;
    const problem = certificateProblem(certificate, trust.roots, trust.names ?? trust.host, now);
    if (problem !== undefined) return { error: problem as HttpFailure };
  }
  const pending: PendingHttp = { request: { ...seen, id: kernel.pod.next++ } };
  if (listener.kind === "h") {
    ask(kernel, pending);
    const done = outcome(kernel, pending);
    if (done) return done;
  } else if (listener.kind === "t")
    connectRaw(kernel, pending, listener.backlog ?? (listener.backlog = []));
  else return { error: "reset" };
  const handle = String(kernel.pod.next++);
  kernel.pod.requests[handle] = pending;
  kernel.touch();
  return { handle };
}

/** What a server shows of itself: one that watches its file shows what lies there now, as long as it can be read. */
function shownBy(kernel: Kernel, listener: Listener): string {
  const { certificate = "", certificateFile } = listener;
  if (certificateFile === undefined) return certificate;
  try {
    return kernel.sys(listener.process).readFile(certificateFile);
  } catch (error) {
    if (!(error instanceof Errno)) throw error;
    return certificate;
  }
}

/** Asks the server for its answer; leaves the request pending when it has none yet. */
function ask(kernel: Kernel, pending: PendingHttp): void {
  const listener = kernel.pod.listeners[placeOf(pending.request)];
  const process = listener && kernel.process(listener.process);
  if (!process || !listener) {
    pending.error = "reset";
    return;
  }
  const server = kernel.program(process);
  // A stopped server takes the connection and never answers.
  if (process.stopped || !server.http) return;
  const sys = kernel.sys(listener.process);
  const asked = (): HttpAnswer | "pending" | "reset" | undefined =>
    server.http?.(sys, process.state, pending.request);
  const answer = survive(kernel, listener.process, asked, "reset") ?? "pending";
  if (answer === "pending") return;
  if (answer === "reset") pending.error = "reset";
  else {
    pending.response = answer.response;
    const worked = serveRequest(kernel, process, pending.request, answer.cpuMs);
    const delayMs = (answer.delayMs ?? 0) + worked;
    if (delayMs) pending.dueAtMs = kernel.context.now + delayMs;
  }
}

/** A server has moved: it may have an answer now for what its own Pod asked it. */
export function askAgain(kernel: Kernel, server: number): void {
  for (const handle in kernel.pod.requests) {
    const pending = kernel.pod.requests[handle];
    if (!pending || pending.waiter !== undefined || pending.connection !== undefined) continue;
    if (pending.response || pending.error) continue;
    if (kernel.pod.listeners[placeOf(pending.request)]?.process === server) ask(kernel, pending);
  }
}

/** Whether whoever waits for a request of its own Pod should look. */
export function isAnswered(kernel: Kernel, handle: string): boolean {
  const pending = kernel.pod.requests[handle];
  if (!pending || pending.error) return true;
  if (pending.response) return (pending.dueAtMs ?? 0) <= kernel.context.now;
  if (pending.connection === undefined) return false;
  const connection = kernel.pod.connections[pending.connection];
  if (!connection || connection.writeClosed[1]) return true;
  const data = connection.bytes[0];
  // Of an answer that is larger than the socket's buffer the client takes piece by piece.
  if (data.length >= pipeBytesMax) return true;
  const all = `${pending.received ?? ""}${data}`;
  return data !== "" && parseResponse(all, false, pending.request.method) !== "more";
}

function connectRaw(kernel: Kernel, pending: PendingHttp, queue: number[]): void {
  const id = kernel.pod.next++;
  const { request } = pending;
  const headers = { connection: "close", ...request.headers };
  kernel.pod.connections[id] = {
    bytes: ["", requestBytes({ ...request, headers })],
    writeClosed: [false, false],
    addresses: [`${request.clientIp}:${40_000 + (id % 20_000)}`, `${request.host}:${request.port}`],
  };
  queue.push(id);
  pending.connection = id;
}

function outcome(
  kernel: Kernel,
  pending: PendingHttp,
): { response: HttpResponse } | { error: HttpFailure } | undefined {
  if (pending.error) return { error: pending.error as HttpFailure };
  if (pending.response && (pending.dueAtMs ?? 0) <= kernel.context.now)
    return { response: pending.response };
  if (pending.connection === undefined) return undefined;
  const connection = kernel.pod.connections[pending.connection];
  const data = `${pending.received ?? ""}${connection?.bytes[0] ?? ""}`;
  const closed = !connection || connection.writeClosed[1];
  if (connection && connection.bytes[0].length >= pipeBytesMax) {
    connection.bytes[0] = "";
    pending.received = data;
    kernel.touch();
  }
  if (data.length > exchangeBodyBytesMax + httpHeadCharactersMax) return { error: "reset" };
  const parsed = parseResponse(data, closed, pending.request.method);
  if (parsed === "more") return undefined;
  if (connection) {
    connection.writeClosed[0] = true;
    connection.bytes[0] = "";
    if (connection.writeClosed[1]) delete kernel.pod.connections[pending.connection];
  }
  delete pending.connection;
  if (parsed === "bad") return { error: data === "" ? "reset" : "malformed" };
  return { response: parsed };
}

/** The outcome of a pending request; it is forgotten once returned. */
export function httpOutcome(
  kernel: Kernel,
  handle: string,
): { response: HttpResponse } | { error: HttpFailure } | { dueAtMs?: number } {
  const pending = kernel.pod.requests[handle];
  if (!pending) return { error: "reset" };
  const raw = pending.connection !== undefined;
  if (!pending.response && !pending.error && !raw) ask(kernel, pending);
  const done = outcome(kernel, pending);
  if (!done) return pending.dueAtMs === undefined ? {} : { dueAtMs: pending.dueAtMs };
  delete kernel.pod.requests[handle];
  kernel.touch();
  return done;
}
