import { quietEndMs } from "../limits.ts";
import { revisionMark, type StreamHead } from "../../durable-objects/stream-head.ts";

/** What goes over the inner socket, and what of it a client is sent. */

/** Other upgrades (`h2c`) are offers, which may be passed over. */
export const asksForSocket = (headers: Headers): boolean =>
  headers.get("upgrade")?.toLowerCase() === "websocket";

/** Names in a `Sec-WebSocket-Protocol` header. */
export const subprotocolsOf = (headers: Headers): string[] =>
  (headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);

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
export const eventsOf = (text: string): string[] =>
  text.split("\n").filter((line) => line.trim() !== "");

/** Whether the client is answered in protobuf; between object and Worker events are JSON all the same. */
export const encodesProtobuf = ({ headers }: StreamHead): boolean =>
  headers["content-type"]?.startsWith("application/vnd.kubernetes.protobuf") ?? false;

/** With the types of every kind: not evaluated before a client reads protobuf. */
let protobuf: typeof import("../../durable-objects/engine/schema/protobuf.ts") | undefined;

/** Before anything of a stream is encoded. */
export async function readyToEncode(head: StreamHead): Promise<void> {
  if (!encodesProtobuf(head)) return;
  protobuf ??= await import("../../durable-objects/engine/schema/protobuf.ts");
}

export const protobufEvent = (event: string): Uint8Array => protobuf!.encodeWatchEvent(event);

const encoder = new TextEncoder();

export function bytesOf(head: StreamHead, text: string): Uint8Array {
  if (!encodesProtobuf(head)) return encoder.encode(text);
  return protobuf!.framed(eventsOf(text).map(protobufEvent));
}

/**
 * A bookmark where the client asked for them; else a space in front of the next event, for clients that read line by line
 * expect no empty ones. Those that end soon keep still: the space would be read as a last line.
 */
export function heartbeat(head: StreamHead, revision: string): string {
  // A line in a log would be seen, so a vanished reader is noticed at the next real one.
  if (head.kind === "follow") return "";
  if (head.bookmark) return head.bookmark.replaceAll(revisionMark, revision);
  return Number(head.endsAtWall) - Date.now() < quietEndMs ? "" : " ";
}
