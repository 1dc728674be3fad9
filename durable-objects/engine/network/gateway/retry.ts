/** Requests to backends that are sent again. k8s: gateway-api apis/v1 HTTPRouteRetry (experimental) */
import { gatewayRetriesMax } from "../../core/limits.ts";
import { numbers } from "../../kinds/gateway/lists.ts";
import type { RouteRule } from "../../kinds/gateway/types.ts";
import type { Service } from "../../kinds/service/shape.ts";
import type { HttpRequest } from "../../runtime/kernel/state.ts";
import type { RuntimeContext } from "../../runtime/kernel/types.ts";
import type { Relay, Retry } from "../relay.ts";
import { endpointOf, type Backend } from "./backends.ts";
import { durationMs } from "./duration.ts";

/** Envoy: config/route/v3 RetryPolicy base_interval, below which nobody waits, and num_retries where nothing is said. */
const backoffMs = 25;
const attempts = 1;

export function retryOf(
  { retry, timeouts }: RouteRule,
  { service, port }: Backend,
  now: number,
): Pick<Relay, "retry"> {
  if (!retry) return {};
  const eachMs = durationMs(timeouts?.backendRequest);
  const { namespace = "", name } = service.metadata;
  return {
    retry: {
      codes: numbers(retry.codes),
      left: Math.min(retry.attempts ?? attempts, gatewayRetriesMax),
      backoffMs: Math.max(durationMs(retry.backoff) ?? 0, backoffMs),
      ...(eachMs ? { eachMs, attemptUntilMs: now + eachMs } : {}),
      service: [namespace, name, port.port ?? 0],
    },
  };
}

/** The same request to an endpoint that is drawn anew; where there is none any more, to the same one. */
export function sentAgain(
  context: RuntimeContext,
  { service: [namespace, name, number] }: Retry,
  request: HttpRequest,
): HttpRequest {
  const service = context.reader.get<Service>("services", namespace, name);
  const port = service?.spec?.ports?.find((one) => one.port === number);
  const chosen = service && port && endpointOf(context, { service, port });
  return chosen ? { ...request, host: chosen.endpoint.ip, port: chosen.endpoint.port } : request;
}
