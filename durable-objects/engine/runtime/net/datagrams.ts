/**
 * Datagrams of programs that read them as they come (nc -u -l, socat), in place of answering one each: they wait at the
 * listener, and what is said back waits there until the asker looks.
 */
import { datagramsQueuedMax } from "../../core/limits.ts";
import { Errno } from "../errno.ts";
import type { Listener } from "../kernel/state.ts";
import type { Sys } from "../kernel/types.ts";

function listenerOf(sys: Sys, fd: number): Listener | undefined {
  const file = sys.kernel.files.file(sys.process, fd);
  if (file?.kind !== "l") throw new Errno("EINVAL");
  return sys.kernel.pod.listeners[file.port];
}

/** A datagram has arrived: it is dropped where nobody reads, as a full socket does. */
export function queueDatagram(listener: Listener, from: string, bytes: string): void {
  const queue = (listener.datagrams ??= []);
  if (queue.length < datagramsQueuedMax) queue.push([from, bytes]);
}

/** recvfrom(2): undefined while there is none. */
export function receiveDatagram(sys: Sys, fd: number): { from: string; bytes: string } | undefined {
  const listener = listenerOf(sys, fd);
  const next = listener?.datagrams?.shift();
  if (listener?.datagrams?.length === 0) delete listener.datagrams;
  return next && { from: next[0], bytes: next[1] };
}

/** sendto(2) of a listener: who asked reads it when it looks next. */
export function replyTo(sys: Sys, fd: number, to: string, bytes: string): void {
  const listener = listenerOf(sys, fd);
  if (!listener) return;
  const replies = (listener.replies ??= {});
  const names = Object.keys(replies);
  if (names.length >= datagramsQueuedMax) delete replies[names[0] as string];
  replies[to] = (replies[to] ?? "") + bytes;
}

/** What was said to an asker meanwhile. */
export function takeReply(listener: Listener, from: string): string | undefined {
  const reply = listener.replies?.[from];
  if (reply === undefined) return undefined;
  delete listener.replies?.[from];
  if (Object.keys(listener.replies ?? {}).length === 0) delete listener.replies;
  return reply;
}
