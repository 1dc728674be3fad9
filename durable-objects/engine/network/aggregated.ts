/**
 * Requests of the API server to API servers behind Services: those of clients, passed on in the name of who asks, and its own,
 * whether one is there. k8s: kube-aggregator/pkg/apiserver/handler_proxy.go, client-go/transport SetAuthProxyHeaders
 */
import type { RemoteServer } from "../kinds/api-service.ts";
import type { Service } from "../kinds/service/shape.ts";
import type { ApiRequest, ApiResponse, ProxyPending, User } from "../ports/request.ts";
import { proxyTimeoutMs } from "../core/limits.ts";
import { binaryOf, encodeUtf8 } from "../runtime/bytes.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import type { HttpRequest } from "../runtime/kernel/state.ts";
import type { ExchangeResult } from "./exchange-record.ts";
import * as exchange from "./exchange.ts";
import { aggregatedAnswer } from "./proxy-answer.ts";
import { hopByHop, serverSource } from "./proxy.ts";
import { settleNow } from "./steps.ts";

/** It must show who it is by the Service's name. k8s: kube-aggregator/pkg/apiserver/handler_proxy.go updateAPIService */
const trustIn = ({ namespace, name, roots }: RemoteServer): Pick<HttpRequest, "trust"> =>
  roots === undefined ? {} : { trust: { host: `${name}.${namespace}.svc`, roots } };

/** Where a Service is to be found: at its address. k8s: aggregator's ClusterIP resolver */
export function addressOfService(
  { reader }: RuntimeContext,
  { namespace, name }: Pick<RemoteServer, "namespace" | "name">,
): string | undefined {
  const spec = reader.get<Service>("services", namespace, name)?.spec;
  if (spec?.type === "ExternalName") return undefined;
  return spec?.clusterIP && spec.clusterIP !== "None" ? spec.clusterIP : undefined;
}

/** Who asks, as a server behind the API server is told. */
function userHeaders({ name, uid, groups, extra = {} }: User): Record<string, string> {
  const headers: Record<string, string> = { "x-remote-user": encodeUtf8(name) };
  if (uid) headers["x-remote-uid"] = uid;
  if (groups.length > 0) headers["x-remote-group"] = encodeUtf8(groups.join(", "));
  for (const [key, values] of Object.entries(extra))
    headers[`x-remote-extra-${encodeURIComponent(key).toLowerCase()}`] = encodeUtf8(
      values.join(", "),
    );
  return headers;
}

const unavailable: ApiResponse = {
  type: "reply",
  status: 503,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: "service unavailable\n",
};

/** Passes a client's request on. */
export function aggregatedRequest(
  context: RuntimeContext,
  { method, path, query, headers: given, body }: ApiRequest,
  user: User,
  target: RemoteServer,
): ApiResponse {
  const ip = addressOfService(context, target);
  if (ip === undefined) return unavailable;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given))
    if (!hopByHop.has(name) && !/^(impersonate|x-remote)-/.test(name))
      headers[name] = encodeUtf8(value);
  const from = serverSource(context);
  const address = `${ip}:${target.port}`;
  const request: HttpRequest = {
    method,
    path: path + (query ? `?${query}` : ""),
    headers: { ...headers, ...userHeaders(user), host: address },
    body: body ? binaryOf(body) : "",
    host: ip,
    port: target.port,
    clientIp: from.ip,
    https: true,
    frontProxy: true,
    ...trustIn(target),
  };
  const id = exchange.open(context, from, request, { atOnce: true });
  const pending: ProxyPending = {
    type: "pending",
    id,
    method,
    prefix: "",
    path,
    host: "",
    address,
    untilMs: context.now + proxyTimeoutMs,
    aggregated: true,
  };
  const result = settleNow(context, id);
  return result ? { type: "proxied", reply: aggregatedAnswer(result, pending) } : pending;
}

/** Asks a server for something in somebody's name; who waits is woken by `note`. The name is for `takeAnswer`. */
export function askServer(
  context: RuntimeContext,
  target: RemoteServer,
  { path, user }: { path: string; user: User },
  note: string,
): string | undefined {
  const ip = addressOfService(context, target);
  if (ip === undefined) return undefined;
  const from = serverSource(context);
  const request: HttpRequest = {
    method: "GET",
    path,
    headers: {
      host: `${ip}:${target.port}`,
      accept: "application/json",
      "user-agent": "Go-http-client/2.0",
      ...userHeaders(user),
    },
    body: "",
    host: ip,
    port: target.port,
    clientIp: from.ip,
    https: true,
    frontProxy: true,
    ...trustIn(target),
  };
  return exchange.open(context, from, request, { note });
}

/** What came of it; undefined: nothing yet. */
export const takeAnswer = (context: RuntimeContext, handle: string): ExchangeResult | undefined =>
  exchange.take(context, handle);
