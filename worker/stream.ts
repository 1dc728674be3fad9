import { readHead, revisionMark, type StreamHead } from "../durable-objects/stream-head.ts";
import { heartbeatMs, streamBacklogBytesMax } from "./limits.ts";

/**
 * A watch or a followed log. The client's endless HTTP answer ends here; a WebSocket that may hibernate
 * leads on to the object, so that a quiet stream lets it sleep. A message is the head's `revision`
 * (empty for logs), a newline, and the bytes to send on.
 */
export async function bridge(
  stub: DurableObjectStub,
  address: string,
  headers: Headers,
  gone: AbortSignal,
): Promise<Response> {
  headers.set("upgrade", "websocket");
  const answer = await stub.fetch(address, { headers });
  const socket = answer.webSocket;
  if (!socket) return answer;
  const head = readHead(answer.headers);
  return new Response(bodyOf(socket, head, gone), {
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
  const encoder = new TextEncoder();
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
    const bytes = encoder.encode(text);
    backlogBytes += bytes.length;
    // A client that does not read is cut off, and lists anew when it comes back.
    if (backlogBytes > streamBacklogBytesMax) return end(new Error("the client reads too slowly"));
    writer.write(bytes).then(() => (backlogBytes -= bytes.length), end);
  };
  const timer = setInterval(() => put(heartbeat(head, revision)), heartbeatMs);
  const ending =
    head.endsAtWall === undefined
      ? undefined
      : setTimeout(() => end(), Math.max(0, head.endsAtWall - Date.now()));

  socket.addEventListener("message", ({ data }) => {
    const text = data as string;
    const border = text.indexOf("\n");
    if (border > 0) revision = text.slice(0, border);
    put(text.slice(border + 1));
  });
  socket.addEventListener("close", () => end());
  socket.addEventListener("error", () => end());
  gone.addEventListener("abort", () => end(new Error("the client is gone")));
  socket.accept();
  return readable;
}

/** A bookmark where the client asked for them; else a newline, which clients pass over. */
function heartbeat(head: StreamHead, revision: string): string {
  // A line in a log would be seen, so a vanished reader is noticed at the next real one.
  if (head.kind === "follow") return "";
  return head.bookmark?.replaceAll(revisionMark, revision) ?? "\n";
}
