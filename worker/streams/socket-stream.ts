import type { StreamHead } from "../../durable-objects/stream-head.ts";
import { heartbeatMs, socketStreamBytesMax } from "../limits.ts";
import {
  encodesProtobuf,
  endTimer,
  eventsOf,
  heartbeat,
  messageOf,
  protobufEvent,
} from "./stream-messages.ts";

/**
 * A watch or a followed log for a client that asked with `Upgrade: websocket`. Its socket ends here, and the object's
 * leads to the Worker as for an HTTP stream: no client sees or speaks to the inner one.
 *
 * An event of a watch is a message of its own: text for JSON, binary for protobuf, whatever the subprotocol. A log's bytes go
 * as binary messages, or in base64 where `base64.binary.k8s.io` was chosen.
 * k8s: apiserver/pkg/endpoints/handlers/watch.go HandleWS, apimachinery/pkg/util/httpstream/wsstream Reader
 */
export function socketStream(
  inner: WebSocket | null,
  head: StreamHead,
  offered: readonly string[],
  gone: AbortSignal,
): Response {
  const protocol = head.kind === "watch" ? onlyOne(offered) : readerProtocol(offered);
  if (typeof protocol === "number") {
    inner?.accept();
    inner?.close(1000, "done");
    return new Response(null, { status: protocol });
  }
  const { 0: client, 1: server } = new WebSocketPair();
  if (inner) connect(inner, server, head, protocol === "base64.binary.k8s.io", gone);
  else {
    server.accept();
    for (const message of messagesOf(head, head.over ?? "", false)) server.send(message);
    server.close(1000);
  }
  const headers: Record<string, string> = protocol ? { "sec-websocket-protocol": protocol } : {};
  return new Response(null, { status: 101, webSocket: client, headers });
}

/** A watch echoes whatever single name the client offers, and refuses to choose between several. */
function onlyOne(offered: readonly string[]): string | undefined | 400 {
  return offered.length > 1 ? 400 : offered[0];
}

const readerProtocols = new Set(["binary.k8s.io", "base64.binary.k8s.io"]);

function readerProtocol(offered: readonly string[]): string | undefined | 403 {
  if (offered.length === 0) return undefined;
  return offered.find((name) => readerProtocols.has(name)) ?? 403;
}

function connect(
  inner: WebSocket,
  client: WebSocket,
  head: StreamHead,
  base64: boolean,
  gone: AbortSignal,
): void {
  let revision = head.revision ?? "";
  let sentBytes = 0;
  let open = true;
  const end = (): void => {
    if (!open) return;
    open = false;
    clearInterval(timer);
    if (ending !== undefined) clearTimeout(ending);
    for (const socket of [inner, client]) closeQuietly(socket);
  };
  const send = (message: string | Uint8Array): void => {
    if (!open || message.length === 0) return;
    sentBytes += message.length;
    client.send(message);
    // A socket tells nothing of a client that does not read. One that does comes back, and goes on where it was.
    if (sentBytes > socketStreamBytesMax) end();
  };
  const put = (text: string): void => {
    for (const message of messagesOf(head, text, base64)) send(message);
  };
  const timer = setInterval(() => put(heartbeat(head, revision)), heartbeatMs);
  const ending = endTimer(head, end);

  inner.addEventListener("message", ({ data }) => {
    const message = messageOf(data as string);
    revision = message.revision ?? revision;
    put(message.text);
  });
  for (const socket of [inner, client]) {
    socket.addEventListener("close", end);
    socket.addEventListener("error", end);
  }
  gone.addEventListener("abort", end);
  inner.accept();
  // What a client says is not listened to.
  client.accept();
}

const encoder = new TextEncoder();

function* messagesOf(
  head: StreamHead,
  text: string,
  base64: boolean,
): Generator<string | Uint8Array> {
  if (head.kind === "follow") {
    if (text === "") return;
    const bytes = encoder.encode(text);
    yield base64 ? toBase64(bytes) : bytes;
    return;
  }
  const binary = encodesProtobuf(head);
  for (const event of eventsOf(text)) yield binary ? protobufEvent(event) : `${event}\n`;
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function closeQuietly(socket: WebSocket): void {
  try {
    socket.close(1000);
  } catch {
    // Closed by its peer already.
  }
}
