/** A browser outside that opens a host of an Ingress: the preview's other way in. */
import { ingressIp } from "../network/addresses.ts";
import * as exchange from "../network/exchange.ts";
import type { ProxyPending } from "../network/proxy.ts";
import { outside } from "../network/route.ts";
import { proxyTimeoutMs } from "../core/limits.ts";
import type { ApiRequest, ProxyReply } from "../ports/request.ts";
import { binaryOf, encodeUtf8 } from "../runtime/bytes.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";

/** Headers that the Worker alone sets: the Ingress host asked for, and the path as the browser sees it. */
export const hostHeader = "podyard-ingress";

export function visit(context: RuntimeContext, request: ApiRequest): ProxyReply {
  const { [hostHeader]: host = "", "podyard-path": seen = "", ...given } = request.headers;
  const headers: Record<string, string> = { host };
  for (const [name, value] of Object.entries(given)) {
    if (!name.startsWith("podyard-")) headers[name] = encodeUtf8(value);
  }
  const id = exchange.open(context, outside, {
    method: request.method,
    path: request.path + (request.query ? `?${request.query}` : ""),
    headers,
    body: request.body ? binaryOf(request.body) : "",
    host: ingressIp,
    port: 80,
    clientIp: outside.ip,
  });
  const pending: ProxyPending = {
    type: "pending",
    id,
    // What stands before the path that the server sees.
    prefix: seen.slice(0, seen.length - request.path.length),
    path: request.path,
    host,
    address: host,
    untilMs: context.now + proxyTimeoutMs,
  };
  return { type: "proxied", pending: { ...pending }, method: request.method };
}
