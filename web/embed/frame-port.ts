import { messageOf } from "../api/client.ts";
import type { AsksForPort, BringsPort, Call, Reply } from "./protocol.ts";

/** The frame's side: whoever frames it may steer what its address opens, and hears what happens. */

const asksForPort: AsksForPort = "podyard:connect";
const bringsPort: BringsPort = "podyard:port";

export type Method = (...params: unknown[]) => Promise<unknown>;

let port: MessagePort | undefined;
/** What was told before anybody listened: the last of each event. */
const told = new Map<string, unknown>();

export function tell(event: string, data: unknown): void {
  told.set(event, data);
  port?.postMessage({ event, data }, []);
}

/** Answers the page around it. Asked again, as after its reload, it begins anew. */
export function openDoor(methodNamed: (name: string) => Method): () => void {
  const asked = ({ source, origin, data }: MessageEvent): void => {
    if (data !== asksForPort || source !== window.parent || source === window) return;
    const { port1, port2 } = new MessageChannel();
    port?.close();
    port = port1;
    port1.onmessage = ({ data: call }: MessageEvent<Call>) => void answer(port1, call, methodNamed);
    // The origin "null" can be named by no target.
    window.parent.postMessage(bringsPort, origin === "null" ? "*" : origin, [port2]);
    for (const [event, last] of told) port1.postMessage({ event, data: last }, []);
  };
  addEventListener("message", asked);
  return () => removeEventListener("message", asked);
}

async function answer(to: MessagePort, call: Call, methodNamed: (name: string) => Method) {
  let reply: Reply;
  try {
    const result = await methodNamed(call.method)(...call.params);
    reply = { id: call.id, result: result ?? null };
  } catch (error) {
    reply = { id: call.id, error: messageOf(error) };
  }
  to.postMessage(reply, []);
}
