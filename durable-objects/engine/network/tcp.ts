/**
 * TCP streams between Pods, or from outside into one: a record each (table "network", key `sN`) with the bytes on their
 * way. The far end is a connection in the target Pod's own record; each step carries bytes both ways.
 */
import { answerBytesAhead, outcomeKeptMs, pipeBytesMax, streamBytesMax } from "../core/limits.ts";
import type { KnownToken } from "../ports/request.ts";
import type { RuntimeContext, Kernel } from "../runtime/kernel/types.ts";
import { httpOutcome, parseRequest, responseBytes, startHttp } from "../runtime/http/http.ts";
import { PodKernel } from "../runtime/kernel/kernel.ts";
import type { Connection, HttpResponse } from "../runtime/kernel/state.ts";
import { isFrozen, loadPod, runPod } from "./loaded-pods.ts";
import { nextId } from "./ids.ts";
import { clientHolds, isHeld } from "../runtime/net/open-connections.ts";
import { closeWaitMs, networkTable, type Source, type Stream } from "../runtime/net/stream.ts";

const load = (context: RuntimeContext, id: string): Stream | undefined =>
  context.records.get<Stream>(networkTable, id);

/** Something went either way. */
function moved(context: RuntimeContext, id: string, stream: Stream): void {
  context.records.put(networkTable, id, { ...stream, movedAtMs: Math.round(context.now) });
}

/** Opens a connection and gives its id; whether anybody listens shows later. `asked`: for which address and port. */
export function openStream(
  context: RuntimeContext,
  from: Source,
  to: string,
  port: number,
  clientIp: string,
  asked?: string,
  known?: KnownToken,
): string {
  const id = nextId(context, "s");
  const at = `${clientIp}:${32_768 + ((Number(id.slice(1)) * 7) % 28_000)}`;
  const more = { ...(asked !== undefined && { asked }), ...(known && { known }) };
  moved(context, id, { from, to, port, at, ...more, up: "", down: "" });
  context.wake?.("network", id);
  return id;
}

/** More than this on its way and the client must wait. */
export const sendCapacityBytes = (context: RuntimeContext, id: string): number =>
  streamBytesMax - (load(context, id)?.up.length ?? 0);

/** From now on what is sent counts as sent over TLS. */
export function secure(context: RuntimeContext, id: string): void {
  const stream = load(context, id);
  if (stream) context.records.put(networkTable, id, { ...stream, secure: true });
}

/** Adds bytes to what goes to the server; `end` closes this direction after them. */
export function send(context: RuntimeContext, id: string, bytes: string, end: boolean): void {
  const stream = load(context, id);
  if (!stream || stream.upEnd) return;
  const up = stream.up + bytes;
  // Whoever sends on without ever being read is cut off rather than kept in memory.
  if (up.length > streamBytesMax * 2) return close(context, id);
  moved(context, id, { ...stream, up, ...(end ? { upEnd: true } : {}) });
  context.wake?.("network", id);
}

/** Bytes that arrived; undefined: none yet; "": the server has closed. */
export function receive(context: RuntimeContext, id: string): string | undefined {
  const stream = load(context, id);
  if (!stream) return "";
  if (stream.down === "") {
    if (!stream.downEnd) return undefined;
    if (stream.upEnd) context.records.delete(networkTable, id);
    return "";
  }
  context.records.put(networkTable, id, { ...stream, down: "" });
  context.wake?.("network", id);
  return stream.down;
}

export function close(context: RuntimeContext, id: string): void {
  const stream = load(context, id);
  if (!stream) return;
  context.records.put(networkTable, id, { ...stream, upEnd: true, gone: true });
  context.wake?.("network", id);
}

/** Whether bytes or the end have come from the server. */
export const hasNews = (stream: Stream): boolean => stream.down !== "" || stream.downEnd === true;

/** Carries what there is; the client's Pod is run when something came. */
export function stepStream(context: RuntimeContext, id: string): number | undefined {
  const before = load(context, id);
  if (!before) return undefined;
  if (isFrozen(context, before.to)) return undefined;
  const stream = { ...before };
  collect(context, stream);
  const kernel = PodKernel.load(context, stream.to);
  if (!kernel) stream.downEnd = true;
  else if (!stream.downEnd || stream.connection !== undefined) carry(kernel, id, stream);
  kernel?.save();
  const changed = !equal(before, stream);
  if (kernel && changed) context.wakePod(stream.to);
  if (stream.gone && stream.downEnd) {
    context.records.delete(networkTable, id);
    return undefined;
  }
  if (changed) moved(context, id, stream);
  const held =
    stream.clientConnection !== undefined &&
    hasNews(stream) &&
    handOver(context, id, stream.clientConnection);
  if (held) return left(context, id);
  const news = stream.down.length > before.down.length || (stream.downEnd && !before.downEnd);
  if (news && stream.from.pod) runPod(context, stream.from.pod);
  return left(context, id);
}

/** Takes what a client's own socket has written. */
function collect(context: RuntimeContext, stream: Stream): void {
  if (
    stream.clientConnection === undefined ||
    stream.upEnd ||
    isFrozen(context, stream.from.pod ?? "")
  )
    return;
  const kernel = PodKernel.load(context, stream.from.pod ?? "");
  const connection = kernel?.pod.connections[stream.clientConnection];
  if (!kernel || !connection) {
    stream.upEnd = true;
    stream.gone = true;
    return;
  }
  const part = connection.bytes[1].slice(0, Math.max(0, streamBytesMax - stream.up.length));
  connection.bytes[1] = connection.bytes[1].slice(part.length);
  stream.up += part;
  if (connection.writeClosed[0] && connection.bytes[1] === "") stream.upEnd = true;
  if (!isHeld(kernel.pod, stream.clientConnection) && stream.upEnd) stream.gone = true;
  if (part !== "") {
    kernel.touch();
    kernel.run();
    kernel.save();
    context.wakePod(stream.from.pod ?? "");
  }
}

/** Puts what came into the client's own socket and lets it see; true when something moved. */
function handOver(context: RuntimeContext, id: string, ca: number): boolean {
  const stream = load(context, id);
  const podKey = stream?.from.pod ?? "";
  const kernel = stream && loadPod(context, podKey);
  const connection = kernel?.pod.connections[ca];
  if (!stream || !kernel || !connection) return false;
  if (!isHeld(kernel.pod, ca)) {
    delete kernel.pod.connections[ca];
    kernel.touch();
    kernel.save();
    context.records.put(networkTable, id, { ...stream, down: "", upEnd: true, gone: true });
    context.wake?.("network", id);
    return true;
  }
  const part = stream.down.slice(0, Math.max(0, pipeBytesMax - connection.bytes[0].length));
  const ended =
    stream.downEnd === true && part.length === stream.down.length && !connection.writeClosed[1];
  if (part === "" && !ended) return false;
  connection.bytes[0] += part;
  if (ended) connection.writeClosed[1] = true;
  context.records.put(networkTable, id, { ...stream, down: stream.down.slice(part.length) });
  kernel.touch();
  kernel.run();
  kernel.save();
  context.wakePod(podKey);
  context.wake?.("network", id);
  return true;
}

/**
 * A stream that is over, and that its client has forgotten, is swept up later: as long as the client keeps its end open, when
 * nodes forget it too. It is looked at ever more seldom.
 */
function left(context: RuntimeContext, id: string): number | undefined {
  const stream = load(context, id);
  if (!stream?.downEnd) return undefined;
  const closedAt = stream.closedAt ?? context.now;
  const passed = context.now - closedAt;
  if (passed >= (clientHolds(context, stream) ? closeWaitMs : outcomeKeptMs)) {
    context.records.delete(networkTable, id);
    return undefined;
  }
  if (stream.closedAt === undefined) context.records.put(networkTable, id, { ...stream, closedAt });
  return closedAt + Math.min(Math.max(outcomeKeptMs, 2 * passed), closeWaitMs);
}

const equal = (a: Stream, b: Stream): boolean =>
  (Object.keys({ ...a, ...b }) as (keyof Stream)[]).every((key) => a[key] === b[key]);

function carry(kernel: Kernel, id: string, stream: Stream): void {
  const listener = kernel.pod.listeners[`tcp/${stream.port}`];
  if (stream.connection !== undefined)
    return carryRaw(kernel, stream, ownOf(kernel, id, stream.connection));
  if (listener?.kind === "t") {
    const c = connect(kernel, id, stream);
    (listener.backlog ??= []).push(c);
    return carryRaw(kernel, stream, kernel.pod.connections[c]);
  }
  if (listener?.kind === "h" || stream.handle !== undefined) return carryHttp(kernel, id, stream);
  stream.downEnd = true;
}

/** A Pod that was started anew has other connections under the same numbers. */
function ownOf(kernel: Kernel, id: string, c: number): Connection | undefined {
  const connection = kernel.pod.connections[c];
  return connection?.stream === id ? connection : undefined;
}

function connect(kernel: Kernel, id: string, stream: Stream): number {
  const c = kernel.pod.next++;
  kernel.pod.connections[c] = {
    bytes: ["", ""],
    writeClosed: [false, false],
    addresses: [stream.at, `${kernel.pod.pod.ip}:${stream.port}`],
    stream: id,
  };
  stream.connection = c;
  kernel.touch();
  return c;
}

function carryRaw(kernel: Kernel, stream: Stream, connection: Connection | undefined): void {
  if (!connection) {
    stream.downEnd = true;
    return;
  }
  for (;;) {
    const sent = pass(stream, connection);
    kernel.run();
    const came = connection.bytes[0].slice(0, Math.max(0, streamBytesMax - stream.down.length));
    connection.bytes[0] = connection.bytes[0].slice(came.length);
    stream.down += came;
    if (sent === 0 && came === "") break;
    kernel.touch();
  }
  // Nobody is left to read: from here on the server's writes fail.
  if (stream.gone) delete connection.stream;
  if (!connection.writeClosed[1] || connection.bytes[0] !== "") return;
  stream.downEnd = true;
  const { connection: id } = stream;
  // Who has only half-closed still reads.
  if (id === undefined || (connection.halfClosed && isHeld(kernel.pod, id))) return;
  delete kernel.pod.connections[id];
  kernel.touch();
}

/** Bytes to the server as far as it has room; returns how many, or 1 for the end. */
function pass(stream: Stream, connection: Connection): number {
  const part = stream.up.slice(0, Math.max(0, pipeBytesMax - connection.bytes[1].length));
  connection.bytes[1] += part;
  stream.up = stream.up.slice(part.length);
  // The end travels after the bytes: servers that look at once would miss what they were asked.
  const end =
    part === "" && stream.upEnd === true && stream.up === "" && !connection.writeClosed[0];
  if (end) connection.writeClosed[0] = true;
  return part.length + (end ? 1 : 0);
}

/** Bytes to a server that takes whole requests: parsed here, answered in order. */
function carryHttp(kernel: Kernel, id: string, stream: Stream): void {
  let waits = false;
  while (!stream.downEnd) {
    if (stream.handle === undefined) {
      // Answers lie in memory until the client takes them, and a request of a few bytes may ask for many.
      waits = stream.down.length >= answerBytesAhead && stream.up !== "";
      if (waits || !ask(kernel, id, stream)) break;
    }
    kernel.run();
    if (stream.handle === undefined) continue;
    const outcome = httpOutcome(kernel, stream.handle);
    if ("response" in outcome) reply(stream, outcome.response);
    else if ("error" in outcome) stream.downEnd = true;
    else break;
    delete stream.handle;
  }
  if (stream.upEnd && stream.handle === undefined && !waits) stream.downEnd = true;
}

/** Takes one request off the stream; false when there is none yet. */
function ask(kernel: Kernel, id: string, stream: Stream): boolean {
  if (stream.up === "") return false;
  const parsed = parseRequest(stream.up);
  // More than may be on its way never becomes a whole request.
  const large = parsed === "more" && stream.up.length >= streamBytesMax;
  if (parsed === "more" && !large) return false;
  if (parsed === "more" || parsed === "bad") {
    const refusal = large ? "413 Request Entity Too Large" : "400 Bad Request";
    stream.up = "";
    // As Go's net/http says it, which has no request yet to answer.
    stream.down += `HTTP/1.1 ${refusal}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${refusal}`;
    stream.downEnd = true;
    return true;
  }
  const last =
    /close/i.test(parsed.request.headers.connection ?? "") || / HTTP\/1\.0\r/.test(stream.up);
  stream.up = stream.up.slice(parsed.used);
  if (last) stream.upEnd = true;
  const begun = startHttp(kernel, {
    ...parsed.request,
    host: kernel.pod.pod.ip,
    port: stream.port,
    clientIp: stream.at.replace(/:\d+$/, ""),
    ...(stream.secure ? { https: true } : {}),
    ...(stream.known ? { known: stream.known } : {}),
  });
  if ("handle" in begun) {
    stream.handle = begun.handle;
    const pending = kernel.pod.requests[begun.handle];
    if (pending) pending.waiter = id;
  } else if ("response" in begun) reply(stream, begun.response, parsed.request.method === "HEAD");
  else stream.downEnd = true;
  return true;
}

function reply(stream: Stream, response: HttpResponse, head = false): void {
  stream.down += responseBytes(response, head);
}
