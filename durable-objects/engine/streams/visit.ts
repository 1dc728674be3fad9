/** A browser outside that opens a host of an Ingress: the preview's other way in. */
import { ingressIp } from "../network/addresses.ts";
import * as exchange from "../network/exchange.ts";
import { outside } from "../network/route.ts";
import { proxyTimeoutMs } from "../core/limits.ts";
import type { ApiRequest, ProxyPending } from "../ports/request.ts";
import { binaryOf, encodeUtf8 } from "../runtime/bytes.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";

/** A browser's request to the cluster's Ingress, from outside; its answer takes virtual time. */
export function visit(context: RuntimeContext, request: ApiRequest, host: string): ProxyPending {
  const { publicPath = "" } = request;
  const headers: Record<string, string> = { host };
  for (const [name, value] of Object.entries(request.headers)) headers[name] = encodeUtf8(value);
  const id = exchange.open(context, outside, {
    method: request.method,
    path: request.path + (request.query ? `?${request.query}` : ""),
    headers,
    body: request.body ? binaryOf(request.body) : "",
    host: ingressIp,
    port: 80,
    clientIp: outside.ip,
  });
  return {
    type: "pending",
    id,
    method: request.method,
    // What stands before the path that the server sees.
    prefix: publicPath.slice(0, publicPath.length - request.path.length),
    path: request.path,
    host,
    address: host,
    untilMs: context.now + proxyTimeoutMs,
  };
}
