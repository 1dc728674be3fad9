/** Requests that only time, or somebody else, moves. */
import type { PodRecord } from "../runtime/kernel/state.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";

/**
 * Whether time alone, or bytes that have not come, keep a request waiting: seen without a copy of the Pod's record, which
 * grows with the requests that wait there.
 */
export function waits(
  context: RuntimeContext,
  id: string,
  { to = "", handle = "" }: { to?: string; handle?: string },
): { idle: boolean; dueAtMs?: number } {
  const record = context.records.get<Partial<PodRecord>>("runtime", to);
  const pending = record?.requests?.[handle];
  if (pending?.waiter !== id || pending.error) return { idle: false };
  if (pending.response) {
    const { dueAtMs = 0 } = pending;
    return dueAtMs <= context.now ? { idle: false } : { idle: true, dueAtMs };
  }
  const connection =
    pending.connection === undefined ? undefined : record?.connections?.[pending.connection];
  return {
    idle: connection !== undefined && connection.bytes[0] === "" && !connection.writeClosed[1],
  };
}
