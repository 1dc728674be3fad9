/** Durations as the Gateway API writes them: up to four numbers with units. k8s: gateway-api GEP-2257 */
import { lookup } from "../../core/lookup.ts";
import type { RouteRule } from "../../kinds/gateway/types.ts";

const unitMs: Record<string, number> = lookup({ h: 3_600_000, m: 60_000, s: 1_000, ms: 1 });

/** Absent, or none that is written so: undefined. */
export function durationMs(text: string | undefined): number | undefined {
  if (text === undefined || !/^(?:\d{1,5}(?:h|ms|m|s)){1,4}$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit = ""] of text.matchAll(/(\d{1,5})(h|ms|m|s)/gy))
    sum += Number(count) * (unitMs[unit] ?? 0);
  return sum;
}

/** What a rule waits at most for an answer; where no attempt is made twice, the shorter counts. Zero: as long as it takes. */
export function overallMs({ timeouts, retry }: RouteRule): number | undefined {
  const all = [timeouts?.request, retry ? undefined : timeouts?.backendRequest]
    .map(durationMs)
    .filter((ms): ms is number => ms !== undefined && ms > 0);
  return all.length > 0 ? Math.min(...all) : undefined;
}
