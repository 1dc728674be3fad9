/** A browser outside that opens a host of an Ingress or a Gateway: the preview's other way in. */
import { failure } from "../api/handle.ts";
import { list } from "../kinds/gateway/lists.ts";
import { gatewayGroup, gateways, type Gateway } from "../kinds/gateway/types.ts";
import { listenersOf } from "../network/gateway/listeners.ts";
import { notFound, StatusError } from "../machinery/status.ts";
import { ingressIp } from "../network/addresses.ts";
import * as exchange from "../network/exchange.ts";
import { outside } from "../network/route.ts";
import { proxyTimeoutMs } from "../core/limits.ts";
import type { ApiRequest, PreviewRequest, ProxyPending, Reply } from "../ports/request.ts";
import { binaryOf, encodeUtf8 } from "../runtime/bytes.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";

interface Place {
  /** Host header. */
  host: string;
  ip: string;
  port: number;
  https?: true;
}

/** A browser's request from outside, whose answer takes virtual time; undefined: it is to the API. */
export function visit(
  context: RuntimeContext,
  request: ApiRequest,
): ProxyPending | Reply | undefined {
  const place = placeOf(context, request.preview);
  if (place instanceof StatusError) return failure(place);
  return place && opened(context, request, place);
}

function placeOf(
  context: RuntimeContext,
  { ingressHost, gateway }: PreviewRequest = {},
): Place | StatusError | undefined {
  if (gateway) return placeOfGateway(context, gateway);
  return ingressHost === undefined ? undefined : { host: ingressHost, ip: ingressIp, port: 80 };
}

function placeOfGateway(
  { reader }: RuntimeContext,
  { namespace, name, port, host }: NonNullable<PreviewRequest["gateway"]>,
): Place | StatusError {
  const gateway = reader.get<Gateway>(gateways, namespace, name);
  if (!gateway || !reader.resources.stored(gateways))
    return notFound({ group: gatewayGroup, plural: "gateways" }, name);
  const [first] = list(gateway.status?.addresses);
  const unavailable = (message: string): StatusError =>
    new StatusError(503, "ServiceUnavailable", message);
  if (!first?.value) return unavailable(`gateway ${JSON.stringify(name)} has no address`);
  const listeners = listenersOf(reader, gateway).map((state) => state.listener);
  const listener = listeners.find((one) => port === undefined || one.port === port);
  if (!listener) return unavailable(`gateway ${JSON.stringify(name)} has no listener of the port`);
  return {
    host,
    ip: first.value,
    port: listener.port,
    ...(listener.protocol === "HTTPS" ? { https: true } : {}),
  };
}

function opened(
  context: RuntimeContext,
  request: ApiRequest,
  { host, ip, port, https }: Place,
): ProxyPending {
  const { publicPath = "" } = request;
  const headers: Record<string, string> = { host };
  for (const [name, value] of Object.entries(request.headers)) headers[name] = encodeUtf8(value);
  const id = exchange.open(context, outside, {
    method: request.method,
    path: request.path + (request.query ? `?${request.query}` : ""),
    headers,
    body: request.body ? binaryOf(request.body) : "",
    host: ip,
    port,
    clientIp: outside.ip,
    ...(https ? { https } : {}),
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
