import { writeEdge, type EdgeRequest } from "../../durable-objects/edge-request.ts";
import { readHead, type StreamHead } from "../../durable-objects/stream-head.ts";
import { changeable } from "../routes/api-answer.ts";
import { heartbeatMs, streamBacklogBytesMax } from "../limits.ts";
import { socketStream } from "./socket-stream.ts";
import {
  asksForSocket,
  bytesOf,
  endTimer,
  heartbeat,
  messageOf,
  readyToEncode,
  subprotocolsOf,
} from "./stream-messages.ts";

/**
 * A watch or a followed log. The client's endless HTTP answer, or its socket, ends here; a WebSocket that may hibernate
 * leads on to the object, so that a quiet stream lets it sleep. A message is the head's `revision`
 * (empty for logs), a newline, and the bytes to send on. A session (exec, attach, port-forward) is handed on as the object
 * answers it: its socket ends there.
 */
export async function bridge(
  stub: DurableObjectStub,
  address: string,
  client: Headers,
  edge: EdgeRequest,
  gone: AbortSignal,
): Promise<Response> {
  const upgrades = asksForSocket(client);
  const headers = writeEdge(client, { ...edge, bridge: upgrades ? "websocket" : "http" });
  headers.set("upgrade", "websocket");
  const answer = await stub.fetch(address, { headers });
  const socket = answer.webSocket;
  const head = readHead(answer.headers);
  // No stream: a refusal, or a session, whose socket is the client's own.
  if (!head) return changeable(answer);
  await readyToEncode(head);
  if (upgrades) return socketStream(socket, head, subprotocolsOf(client), gone);
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

/**
 * A stream that the script feeds, with no second one in front of it: in workerd an identity transform costs forty kilobytes
 * more for each client that waits.
 */
function bodyOf(socket: WebSocket, head: StreamHead, gone: AbortSignal): ReadableStream {
  let revision = head.revision ?? "";
  let open = true;
  let controller: ReadableStreamDefaultController<Uint8Array>;

  /** The client or the object may be gone already: then nothing is left to close. */
  const end = (reason?: Error): void => {
    if (!open) return;
    open = false;
    clearInterval(timer);
    if (ending !== undefined) clearTimeout(ending);
    try {
      socket.close(1000, "done");
    } catch {
      // Closed by its peer already.
    }
    if (reason) controller.error(reason);
    else controller.close();
  };
  const put = (text: string): void => {
    if (!open || text === "") return;
    const bytes = bytesOf(head, text);
    if (bytes.length === 0) return;
    controller.enqueue(bytes);
    // A client that does not read is cut off, and lists anew when it comes back.
    if ((controller.desiredSize ?? 0) < 0) end(new Error("the client reads too slowly"));
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start: (made) => void (controller = made),
      // A failed write is how a client that vanished without a word is noticed.
      cancel: () => end(new Error("the client is gone")),
    },
    { highWaterMark: streamBacklogBytesMax, size: (bytes) => bytes?.length ?? 0 },
  );
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
  return body;
}
