/** When Linux sends the first packet of a TCP connection again that nobody answers. */
import { connectTimeoutMs, synRetryMs } from "../../core/limits.ts";

/** Moment of the next SYN (or, after the last, of giving up) of a connection begun at `begunMs`; virtual ms. */
export function nextSynMs(begunMs: number, nowMs: number): number {
  const after = synRetryMs.find((ms) => begunMs + ms > nowMs);
  return begunMs + (after ?? connectTimeoutMs);
}

export const isGivenUp = (begunMs: number, nowMs: number): boolean =>
  nowMs >= begunMs + connectTimeoutMs;
