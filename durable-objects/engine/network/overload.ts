/** What keeps requests that come back to where they were, and copies of copies, from becoming ever more. */
import { cpuUsPerGatewayRequest, gatewayHopsMax, gatewayRequestsMax } from "../core/limits.ts";
import type { HttpResponse } from "../runtime/kernel/state.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { networkTable } from "../runtime/net/stream.ts";
import type { Exchange } from "./exchange-record.ts";

const plain = (status: number, body: string): HttpResponse => ({
  status,
  headers: { "content-type": "text/plain" },
  body,
});

/** The answer of a Gateway, or of the Ingress controller, that takes no request more; it pays for one that it takes. */
export function overloaded(
  context: RuntimeContext,
  { passed = 0 }: Exchange,
): HttpResponse | undefined {
  context.spend?.(cpuUsPerGatewayRequest);
  if (passed >= gatewayHopsMax) return plain(431, "Request Header Fields Too Large");
  if (passed === 0) return undefined;
  let underWay = 0;
  for (const _ of context.records.keys(networkTable, true))
    if (++underWay > gatewayRequestsMax)
      // Envoy: source/common/http/utility.cc, of a circuit breaker that is open
      return plain(
        503,
        "upstream connect error or disconnect/reset before headers. reset reason: overflow",
      );
  return undefined;
}
