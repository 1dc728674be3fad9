/** Steps of whatever is under way in the network: requests (`rN`, exchange.ts), streams (`sN`, tcp.ts), and those of the API (`aN`). */
import { stepStream } from "./tcp.ts";
import { networkRoundsMax } from "../core/limits.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { isApiStream } from "../runtime/net/api-stream-shapes.ts";
import { stepApiStream } from "./api-stream.ts";
import { isSettled, type Exchange, type ExchangeResult } from "./exchange-record.ts";
import { stepExchange, take } from "./exchange.ts";
import { runPod } from "./loaded-pods.ts";
import { networkTable } from "../runtime/net/stream.ts";

/** Pushes one on as far as it goes now; returns when to look again (virtual ms), if time alone helps. */
export const stepAny = (context: RuntimeContext, id: string): number | undefined =>
  id.startsWith("r")
    ? stepExchange(context, id)
    : id.startsWith("s")
      ? stepStream(context, id)
      : isApiStream(id)
        ? stepApiStream(context, id, runPod)
        : undefined;

/** Pushes on what a request moves until it has its outcome, nothing moves any more, or the rounds are used up. */
export function settleNow(context: RuntimeContext, id: string): ExchangeResult | undefined {
  const load = (): Exchange | undefined => context.records.get<Exchange>(networkTable, id);
  push(context, id, () => isSettled(load()));
  if (isSettled(load())) return take(context, id);
  const left = load();
  if (left) context.records.put(networkTable, id, { ...left, atOnce: undefined });
  return undefined;
}

/** Pushes one on, and what it moves, as far as it goes within this moment. */
export const pushOn = (context: RuntimeContext, id: string): void =>
  push(context, id, () => isSettled(context.records.get<Exchange>(networkTable, id)));

function push(context: RuntimeContext, id: string, enough: () => boolean): void {
  let woken = new Set([id]);
  const noting: RuntimeContext = {
    ...context,
    wake(controller, key, atMs) {
      if (controller === "network" && atMs === undefined) woken.add(key);
      context.wake?.(controller, key, atMs);
    },
  };
  for (let round = 0; round < networkRoundsMax && woken.size > 0; round++) {
    const next = woken;
    woken = new Set();
    for (const key of next) stepAny(noting, key);
    if (enough()) return;
  }
}
