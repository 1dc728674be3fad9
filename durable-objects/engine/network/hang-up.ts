/** A client that gives up closes its connection: the server hears no more of the request. */
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import type { PodRecord } from "../runtime/kernel/state.ts";
import { PodKernel } from "../runtime/kernel/kernel.ts";
import { networkTable, type Source } from "../runtime/net/stream.ts";

export function hangUp(context: RuntimeContext, id: string): void {
  const exchange = context.records.get<{ to?: string; handle?: string }>(networkTable, id);
  if (!exchange) return;
  context.records.delete(networkTable, id);
  const { to = "", handle = "" } = exchange;
  const pending = context.records.get<Partial<PodRecord>>("runtime", to)?.requests?.[handle];
  if (pending?.waiter !== id) return;
  const kernel = PodKernel.load(context, to);
  if (!kernel) return;
  delete kernel.pod.requests[handle];
  kernel.touch();
  kernel.save();
}

/** A client that has gone, or has given up, closed its socket: nothing is sent for it any more. */
export function isAwaited(
  context: RuntimeContext,
  id: string,
  { from, byProcess }: { from: Source; byProcess?: true },
): boolean {
  if (!byProcess) return true;
  const processes = context.records.get<PodRecord>("runtime", from.pod ?? "")?.processes ?? {};
  return Object.values(processes).some((process) => process.wait?.answer?.split(" ").includes(id));
}
