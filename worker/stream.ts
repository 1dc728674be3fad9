import { encodeWatchEvent, framed } from "../durable-objects/engine/schema/protobuf.ts";
import {
  bridgeHeader,
  readHead,
  revisionMark,
  type StreamHead,
} from "../durable-objects/stream-head.ts";
import { heartbeatMs, streamBacklogBytesMax } from "./limits.ts";
import { socketStream, subprotocolsOf } from "./socket-stream.ts";

/**
 * A watch or a followed log. The client's endless HTTP answer, or its socket, ends here; a WebSocket that may hibernate
 * leads on to the object, so that a quiet stream lets it sleep. A message is the head's `revision`
 * (empty for logs), a newline, and the bytes to send on.
 */
export async function bridge(
  stub: DurableObjectStub,
  address: string,
  headers: Headers,
  gone: AbortSignal,
): Promise<Response> {
  const upgrades = headers.has("upgrade");
  headers.set("upgrade", "websocket");
  headers.set(bridgeHeader, upgrades ? "websocket" : "http");
  const answer = await stub.fetch(address, { headers });
  const socket = answer.webSocket;
  const head = readHead(answer.headers);
  // No stream: a refusal, or a session, whose socket is the client's own.
  if (!head) return answer;
  if (upgrades) return socketStream(socket, head, subprotocolsOf(headers), gone);
  return new Response(socket ? bodyOf(socket, head, gone) : bytesOf(head, head.over ?? ""), {
    status: 200,
    headers: {
      ...head.headers,
      // Without these a proxy may compress, and so hold back, what must arrive at once.
      "content-encoding": "identity",
      "cache-control": "no-cache, private, no-transform",
    },
  });
}

function bodyOf(socket: WebSocket, head: StreamHead, gone: AbortSignal): ReadableStream {
  // A failed write is how a client that vanished without a word is noticed.
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  let revision = head.revision ?? "";
  let backlogBytes = 0;
  let open = true;

  const stop = async (reason?: Error): Promise<void> => {
    if (!open) return;
    open = false;
    clearInterval(timer);
    if (ending !== undefined) clearTimeout(ending);
    socket.close(1000, "done");
    await (reason ? writer.abort(reason) : writer.close());
  };
  /** The client or the object may be gone already: then nothing is left to close. */
  const end = (reason?: Error): void => void stop(reason).catch(() => {});
  const put = (text: string): void => {
    if (!open || text === "") return;
    const bytes = bytesOf(head, text);
    if (bytes.length === 0) return;
    backlogBytes += bytes.length;
    // A client that does not read is cut off, and lists anew when it comes back.
    if (backlogBytes > streamBacklogBytesMax) return end(new Error("the client reads too slowly"));
    writer.write(bytes).then(() => (backlogBytes -= bytes.length), end);
  };
  const timer = setInterval(() => put(heartbeat(head, revision)), heartbeatMs);
  const ending = endTimer(head, () => end());

  socket.addEventListener("message", ({ data }) => {
    const message = messageOf(data as string);
    revision = message.revision ?? revision;
    put(message.text);
  });
  socket.addEventListener("close", () => end());
  socket.addEventListener("error", () => end());
  gone.addEventListener("abort", () => end(new Error("the client is gone")));
  socket.accept();
  return readable;
}

/** Ends a watch at its time-out. */
export const endTimer = (
  { endsAtWall }: StreamHead,
  end: () => void,
): ReturnType<typeof setTimeout> | undefined =>
  endsAtWall === undefined ? undefined : setTimeout(end, Math.max(0, endsAtWall - Date.now()));

/** A message of the inner socket. No revision: it moves nothing forward. */
export function messageOf(data: string): { revision?: string; text: string } {
  const border = data.indexOf("\n");
  const text = data.slice(border + 1);
  return border > 0 ? { revision: data.slice(0, border), text } : { text };
}

/** A watch's events, each one line of JSON. */
export const eventsOf = (text: string): string[] => text.split("\n").filter(Boolean);

/** Whether the client is answered in protobuf; between object and Worker events are JSON all the same. */
export const encodesProtobuf = ({ headers }: StreamHead): boolean =>
  headers["content-type"]?.startsWith("application/vnd.kubernetes.protobuf") ?? false;

const encoder = new TextEncoder();

function bytesOf(head: StreamHead, text: string): Uint8Array {
  if (!encodesProtobuf(head)) return encoder.encode(text);
  return framed(eventsOf(text).map(encodeWatchEvent));
}

/** A bookmark where the client asked for them; else a newline, which clients pass over. */
export function heartbeat(head: StreamHead, revision: string): string {
  // A line in a log would be seen, so a vanished reader is noticed at the next real one.
  if (head.kind === "follow") return "";
  return head.bookmark?.replaceAll(revisionMark, revision) ?? "\n";
}
