/** The data plane of Gateways: what a request to a Gateway's address comes to. It follows from the objects alone. */
import { cpuUsPerRouteLooked, gatewayMatchUnitsMax } from "../../core/limits.ts";
import { list } from "../../kinds/gateway/lists.ts";
import type {
  Gateway,
  HeaderModifier,
  HTTPRoute,
  RequestMirror,
  RouteFilter,
  RouteRule,
} from "../../kinds/gateway/types.ts";
import type { Hop } from "../../kinds/podyard/trace.ts";
import { certificateProblem } from "../../machinery/x509/certificate.ts";
import { Errno } from "../../runtime/errno.ts";
import type { HttpFailure } from "../../runtime/http/http.ts";
import type { HttpRequest, HttpResponse } from "../../runtime/kernel/state.ts";
import type { RuntimeContext } from "../../runtime/kernel/types.ts";
import { MatchWork } from "../../runtime/match-work.ts";
import { objectKeyOf, outsideIp } from "../addresses.ts";
import { hop } from "../hops.ts";
import type { Relay } from "../relay.ts";
import { draw, type Endpoint } from "../services.ts";
import { attachedTo } from "./attachment.ts";
import { secured } from "./backend-tls.ts";
import { backendOf, endpointOf, weighted, type Backend } from "./backends.ts";
import { crossOrigin, preflight } from "./cors.ts";
import { retryOf } from "./retry.ts";
import { overallMs } from "./duration.ts";
import { modifiers, redirected, replacedPath } from "./filters.ts";
import { turnedAway } from "./frontend.ts";
import { modified, withHeaders } from "./headers.ts";
import { covers, hostnameOf, narrowness } from "./hostnames.ts";
import { listenersAt, type ListenerState } from "./listeners.ts";
import { bestRule, type Found } from "./matching.ts";
import { shownToClients } from "./secrets.ts";

export type GatewayStart = { hop: Hop } & (
  | { response: HttpResponse }
  /** No listener has a certificate for the name, or not one that the client takes. */
  | { error: HttpFailure }
  /** `within`: the hops behind the Gateway. */
  | { request: HttpRequest; within: Hop[]; relay: Relay; copies: HttpRequest[] }
);

const plain = (status: number, text: string): HttpResponse => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: text === "" ? "" : `${text}\n`,
});

interface Visit {
  context: RuntimeContext;
  gateway: Gateway;
  request: HttpRequest;
  host: string;
}

/** What a Gateway does with a request: an answer of its own, or one that a backend gives later. */
export function startGateway(
  context: RuntimeContext,
  gateway: Gateway,
  request: HttpRequest,
): GatewayStart {
  const { reader } = context;
  const host = (request.headers["host"] ?? request.host).replace(/:\d+$/, "").toLowerCase();
  const visit: Visit = { context, gateway, request, host };
  const all = listenersAt(reader, gateway, request.port);
  const refused = handshake(visit, all);
  if (refused) return refused;
  const state = narrowest(all, host);
  if (!state)
    return answered(failed(gateway, `no listener for ${host}`), plain(404, "no listener matches"));
  const attached = attachedTo(reader, gateway, [state], host);
  context.spend?.(attached.length * cpuUsPerRouteLooked);
  const work = new MatchWork((us) => context.spend?.(us), gatewayMatchUnitsMax);
  const found = bounded(() => bestRule(attached, host, request, work));
  const path = request.path.split("?")[0];
  if (found === "exhausted")
    return answered(
      failed(gateway, `matching takes more than ${gatewayMatchUnitsMax} steps`),
      plain(500, "matching takes too long"),
    );
  if (!found)
    return answered(failed(gateway, `no route for ${host}${path}`), plain(404, "no route matches"));
  return routed(visit, state, found);
}

/** What becomes of a connection before the request: how it ends already, if it does. */
function handshake(
  { context, gateway, request, host }: Visit,
  all: readonly ListenerState[],
): GatewayStart | undefined {
  const secure = all[0]?.listener.protocol === "HTTPS";
  const ended = (why: string): GatewayStart => ({ ...failed(gateway, why), error: "tls" });
  if (request.https && !secure) return ended("does not speak TLS here");
  if (!request.https)
    return secure
      ? answered(
          failed(gateway, "speaks TLS alone here"),
          plain(400, "Client sent an HTTP request to an HTTPS server."),
        )
      : undefined;
  const name = (request.serverName ?? host).toLowerCase();
  const state = narrowest(all, name);
  if (!state) return ended(`no listener for ${name}`);
  const { trust } = request;
  if (trust) {
    const shown = shownToClients(context.reader, state.set ?? gateway, state.listener);
    const { roots, names, host: wanted } = trust;
    const problem = certificateProblem(shown, roots, names ?? wanted, context.now);
    if (problem !== undefined)
      return { ...failed(gateway, "its certificate is not taken"), error: problem as HttpFailure };
  }
  const stranger = turnedAway(state.clients, request, context.now);
  if (stranger !== undefined) return ended(stranger);
  // RFC 9110, 15.5.20: a connection that was made for another listener's names.
  return narrowest(all, host) === state
    ? undefined
    : answered(
        failed(gateway, `${host} is not served where ${name} is`),
        plain(421, "the connection is for another host"),
      );
}

/** A name is served by its narrowest listener alone. */
function narrowest(all: readonly ListenerState[], host: string): ListenerState | undefined {
  let best: ListenerState | undefined;
  const of = ({ listener }: ListenerState): number => narrowness(hostnameOf(listener));
  for (const state of all) {
    if (!covers(hostnameOf(state.listener), host)) continue;
    if (!best || of(state) > of(best)) best = state;
  }
  return best;
}

function bounded<T>(match: () => T): T | "exhausted" {
  try {
    return match();
  } catch (error) {
    if (error instanceof Errno && error.code === "ENOMEM") return "exhausted";
    throw error;
  }
}

const failed = (gateway: Gateway, detail: string): { hop: Hop } => ({
  hop: hop("gateway", objectKeyOf(gateway), detail, { failed: true }),
});

const answered = (at: { hop: Hop }, response: HttpResponse): GatewayStart => ({ ...at, response });

/** The rule's filters, with those of the backend that is chosen: what they answer by themselves, or else the backend's part. */
function routed(visit: Visit, state: ListenerState, found: Found): GatewayStart {
  const { context, gateway, host, request } = visit;
  const { route, rule, prefix } = found;
  const name = objectKeyOf(route);
  const ref = weighted(context, list(rule.backendRefs));
  const filters = [...list(rule.filters), ...list(ref?.filters)];
  const cors = filters.find((filter) => filter.cors)?.cors;
  const answer = [...crossOrigin(cors, request), ...modifiers(filters, "responseHeaderModifier")];
  const own = (detail: string, response: HttpResponse): GatewayStart => ({
    hop: hop("gateway", objectKeyOf(gateway), detail),
    response,
  });
  const before = preflight(cors, request);
  if (before) return own(`HTTPRoute ${name} answers a preflight request`, before);
  const redirect = filters.find(({ requestRedirect }) => requestRedirect)?.requestRedirect;
  if (redirect) {
    const where = { host, prefix, listenerPort: state.listener.port };
    const response = withHeaders(redirected(redirect, request, where), answer);
    return own(`HTTPRoute ${name} redirects to ${response.headers["location"]}`, response);
  }
  const broken = (status: number, why: string): GatewayStart =>
    answered(failed(gateway, `HTTPRoute ${name}: ${why}`), withHeaders(plain(status, why), answer));
  if (filters.some(({ type }) => type === "ExtensionRef"))
    return broken(500, "its filter ExtensionRef is not supported");
  if (!ref) return broken(500, "the rule has no backend with a weight");
  const backend = backendOf(context.reader, route, ref);
  if ("reason" in backend) return broken(500, backend.message);
  const chosen = endpointOf(context, backend);
  const service = objectKeyOf(backend.service);
  if (!chosen) return broken(503, `Service ${service} has no ready endpoints`);
  const tls = secured(context.reader, gateway, backend);
  if ("reason" in tls) return broken(500, tls.message);
  const sent = { ...outgoing(visit, filters, prefix), ...tls, ...addressOf(chosen.endpoint) };
  const detail = `HTTPRoute ${name} rule ${found.index}: ${host}${request.path.split("?")[0]} -> ${service}:${ref.port}`;
  return {
    hop: hop("gateway", objectKeyOf(gateway), detail, {
      ip: gateway.status?.addresses?.[0]?.value ?? "",
    }),
    request: sent,
    within: [
      hop("service", service, `has ${chosen.of} ready endpoint${chosen.of === 1 ? "" : "s"}`),
      hop("endpoint", chosen.endpoint.pod ?? chosen.endpoint.ip, "", addressHop(chosen.endpoint)),
    ],
    relay: relayOf(visit, rule, answer, backend),
    copies: copiesOf(visit, route, filters, sent),
  };
}

function relayOf(
  { context }: Visit,
  rule: RouteRule,
  answer: HeaderModifier[],
  backend: Backend,
): Relay {
  const lateMs = overallMs(rule);
  return {
    failed: plain(502, "the backend closed the connection or refused it"),
    late: plain(504, "the backend did not answer in time"),
    ...(lateMs === undefined ? {} : { untilMs: context.now + lateMs }),
    answer,
    ...retryOf(rule, backend, context.now),
  };
}

const addressHop = ({ ip, port }: Endpoint): { ip: string; port: number } => ({ ip, port });

const addressOf = ({ ip, port }: Endpoint): { host: string; port: number } => ({
  host: ip,
  port,
});

/** A request without what its client said of TLS. */
function plainly(request: HttpRequest): HttpRequest {
  const { trust: _trust, serverName: _name, clientCertificate: _shown, ...more } = request;
  return { ...more, https: false };
}

/** The request as backends see it. */
function outgoing(
  { request, host }: Visit,
  filters: readonly RouteFilter[],
  prefix: string,
): HttpRequest {
  const client = request.clientIp || outsideIp;
  const before = request.headers["x-forwarded-for"];
  const rewrite = filters.find(({ urlRewrite }) => urlRewrite)?.urlRewrite;
  const headers = modifiers(filters, "requestHeaderModifier").reduce(modified, {
    ...request.headers,
    "x-forwarded-for": before === undefined ? client : `${before}, ${client}`,
    "x-forwarded-host": request.headers["x-forwarded-host"] ?? host,
    "x-forwarded-proto": request.https ? "https" : "http",
  } as Readonly<Record<string, string>>);
  return {
    ...plainly(request),
    path: replacedPath(request.path, rewrite?.path, prefix),
    headers: { ...headers, ...(rewrite?.hostname ? { host: rewrite.hostname } : {}) },
  };
}

/** Copies for mirrors, whose answers nobody waits for. */
function copiesOf(
  { context, gateway }: Visit,
  route: HTTPRoute,
  filters: readonly RouteFilter[],
  sent: HttpRequest,
): HttpRequest[] {
  return filters.flatMap(({ requestMirror }) => {
    const ref = requestMirror?.backendRef;
    if (!ref || !isDrawn(context, requestMirror)) return [];
    const backend = backendOf(context.reader, route, ref);
    if ("reason" in backend) return [];
    const chosen = endpointOf(context, backend);
    const tls = secured(context.reader, gateway, backend);
    if (!chosen || "reason" in tls) return [];
    return [{ ...plainly(sent), ...tls, ...addressOf(chosen.endpoint) }];
  });
}

function isDrawn(context: RuntimeContext, { percent, fraction }: RequestMirror): boolean {
  if (percent === undefined && fraction === undefined) return true;
  const share = fraction
    ? fraction.numerator / (fraction.denominator ?? 100)
    : (percent ?? 100) / 100;
  return share >= 1 || draw(context) < share;
}
