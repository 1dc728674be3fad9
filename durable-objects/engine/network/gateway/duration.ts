/** Durations as the Gateway API writes them: up to four numbers with units. k8s: gateway-api GEP-2257 */
import { lookup } from "../../core/lookup.ts";
import type { RouteRule } from "../../kinds/gateway/types.ts";

const unitMs: Record<string, number> = lookup({ h: 3_600_000, m: 60_000, s: 1_000, ms: 1 });

function durationMs(text: string): number | undefined {
  if (!/^(?:\d{1,5}(?:h|ms|m|s)){1,4}$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit = ""] of text.matchAll(/(\d{1,5})(h|ms|m|s)/gy))
    sum += Number(count) * (unitMs[unit] ?? 0);
  return sum;
}

/** What a rule waits at most for an answer; no attempt is made twice, so the shorter counts. Zero: as long as it takes. */
export function shortestMs(timeouts: RouteRule["timeouts"]): number | undefined {
  const all = [timeouts?.request, timeouts?.backendRequest]
    .map((text) => (text === undefined ? undefined : durationMs(text)))
    .filter((ms): ms is number => ms !== undefined && ms > 0);
  return all.length > 0 ? Math.min(...all) : undefined;
}
