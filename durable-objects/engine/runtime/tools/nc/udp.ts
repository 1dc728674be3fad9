/** Datagrams of either nc: each piece of input is one, and what comes back is printed. */
import { datagram } from "../../net/socket.ts";
import type { Step } from "../../kernel/calls.ts";
import type { Sys } from "../../kernel/types.ts";

export interface UdpTalk {
  ip?: string;
  /** Own port. */
  from: number;
  /** What came and is not printed yet. */
  down: string;
}

/** Sends a datagram and takes what comes back; a step until that is known. */
export function tell(
  sys: Sys,
  state: UdpTalk,
  port: number,
  bytes: string,
): "sent" | "refused" | Step {
  const result = datagram(sys, { ip: state.ip as string, port, from: state.from, bytes });
  if (!result.done)
    return result.silent
      ? "sent"
      : { wait: { untilMs: Math.max(result.dueAtMs ?? 0, sys.now + 1) } };
  if ("error" in result) return result.error === "refused" ? "refused" : "sent";
  state.down += result.result;
  return "sent";
}
