/** Steps of whatever is under way in the network: requests (`rN`, exchange.ts) and streams (`sN`, tcp.ts). */
import { networkRoundsMax } from "../limits.ts";
import type { RuntimeContext } from "../runtime/define.ts";
import {
  isSettled,
  networkTable,
  stepExchange,
  take,
  type Exchange,
  type ExchangeResult,
} from "./exchange.ts";
import { stepStream } from "./tcp.ts";

/** Pushes one on as far as it goes now; returns when to look again (virtual ms), if time alone helps. */
export const stepAny = (context: RuntimeContext, id: string): number | undefined =>
  id.startsWith("r")
    ? stepExchange(context, id)
    : id.startsWith("s")
      ? stepStream(context, id)
      : undefined;

/** Pushes everything under way on until `id` has its outcome, nothing moves any more, or the rounds are used up. */
export function settleNow(context: RuntimeContext, id: string): ExchangeResult | undefined {
  const load = (): Exchange | undefined => context.records.get<Exchange>(networkTable, id);
  push(context, () => isSettled(load()));
  if (isSettled(load())) return take(context, id);
  const left = load();
  if (left) context.records.put(networkTable, id, { ...left, atOnce: undefined });
  return undefined;
}

function push(context: RuntimeContext, enough: () => boolean): void {
  for (let round = 0; round < networkRoundsMax; round++) {
    const before = underWay(context);
    for (const id of [...context.records.keys(networkTable)]) stepAny(context, id);
    if (enough() || same(before, underWay(context))) return;
  }
}

/** Records are replaced when they change, so identity tells whether anything did. */
const underWay = (context: RuntimeContext): unknown[] =>
  [...context.records.keys(networkTable)].map((id) => context.records.get(networkTable, id));

const same = (a: unknown[], b: unknown[]): boolean =>
  a.length === b.length && a.every((record, i) => record === b[i]);
