/**
 * One request from anywhere to anywhere, with its hops: for the console, the preview and tests.
 * `request` starts it, `requestResult` asks for its outcome; what can be answered within the moment is there at once.
 */
import { encodeUtf8 } from "../runtime/bytes.ts";
import type { Pending } from "../runtime/runtime-port.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import type { HttpRequest } from "../runtime/kernel/state.ts";
import { ingressIp, isUp } from "./addresses.ts";
import { internalIp } from "../kinds/node-machine.ts";
import { isAddress } from "../machinery/ip.ts";
import { resolve } from "./dns.ts";
import * as exchange from "./exchange.ts";
import type { ExchangeResult } from "./exchange-record.ts";
import type { Hop } from "../kinds/podyard/trace.ts";
import { outside, sourceHop, sourceOfPod } from "./route.ts";
import type { Source } from "../runtime/net/stream.ts";
import type { Node } from "../kinds/node.ts";
import type { Service } from "../kinds/service/shape.ts";
import { settleNow } from "./steps.ts";

/** Who asks: a Pod by its key, a node by its name, or the user outside. */
export type RequestSource = { pod: string } | { node: string } | "outside";

export interface Target {
  /** Name or address. */
  host: string;
  port?: number;
  method?: string;
  /** Path with query. */
  path?: string;
  headers?: Record<string, string>;
  /** Binary string. */
  body?: string;
  https?: boolean;
  serverName?: string;
  /** PEM that is shown over https. */
  clientCertificate?: string;
  trust?: HttpRequest["trust"];
}

/** `unknown`: no such name. */
export type RequestResult = ExchangeResult | { hops: Hop[]; error: "unknown" };

/** An exchange that is still under way; plain data. */
export interface PendingRequest {
  id: string;
}

export function sourceOf(context: RuntimeContext, from: RequestSource): Source {
  if (from === "outside") return outside;
  if ("pod" in from) return sourceOfPod(context, from.pod);
  const node = context.reader.get<Node>("nodes", "", from.node);
  return { ip: node ? internalIp(node) : "", node: from.node };
}

const done = (result: RequestResult): Pending<RequestResult> => ({ done: true, result });

/**
 * Starts a request and runs it as far as it goes now. `note` (`controller key`) is woken when one that was still under
 * way has its outcome.
 */
export function request(
  context: RuntimeContext,
  from: RequestSource,
  target: Target,
  note?: string,
): Pending<RequestResult> & Partial<PendingRequest> {
  const source = sourceOf(context, from);
  const hops: Hop[] = [sourceHop(source)];
  const found = lookUp(context, source, target.host, hops);
  if (found === undefined) return done({ hops, error: "unknown" });
  if (found === "timeout") return done({ hops, error: "timeout" });
  const q = requestTo(found, source, target);
  const id = exchange.open(context, source, q, { hops, atOnce: true, ...(note ? { note } : {}) });
  const result = settleNow(context, id);
  return result ? done(result) : { done: false, id };
}

/** The outcome of a request, or that it is under way; an outcome is given once. */
export function requestResult(
  context: RuntimeContext,
  { id }: PendingRequest,
): Pending<RequestResult> {
  const result = exchange.take(context, id);
  return result ? done(result) : { done: false };
}

function requestTo(ip: string, source: Source, target: Target): HttpRequest {
  const https = target.https ?? false;
  const port = target.port ?? (https ? 443 : 80);
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(target.headers ?? {})) {
    given[name.toLowerCase()] = encodeUtf8(value);
  }
  const shown = port === (https ? 443 : 80) ? target.host : `${target.host}:${port}`;
  return {
    method: target.method ?? "GET",
    path: target.path ?? "/",
    headers: { host: shown, "user-agent": "podyard", accept: "*/*", ...given },
    body: target.body ?? "",
    host: ip,
    port,
    clientIp: source.ip,
    ...(https ? { https } : {}),
    ...(target.serverName === undefined ? {} : { serverName: target.serverName }),
    ...(target.trust ? { trust: target.trust } : {}),
    ...(target.clientCertificate ? { clientCertificate: target.clientCertificate } : {}),
  };
}

/** Nodes and clients outside resolve no cluster names but those of Services. */
function lookUp(
  context: RuntimeContext,
  source: Source,
  host: string,
  hops: Hop[],
): string | "timeout" | undefined {
  if (isAddress(host)) return host;
  if (source.pod === undefined) return undefined;
  const found = resolve(context, source.pod, host, hops);
  return typeof found === "string" ? (found === "timeout" ? "timeout" : undefined) : found.ips[0];
}

/** How the preview reaches a Service: its load balancer, a node port, or (as `port-forward` would) the Service itself. */
export function previewService(
  context: RuntimeContext,
  namespace: string,
  name: string,
  target: Omit<Target, "host">,
): (Pending<RequestResult> & Partial<PendingRequest>) | undefined {
  const service = context.reader.get<Service>("services", namespace, name);
  const spec = service?.spec;
  const port = spec?.ports?.find((p) => target.port === undefined || p.port === target.port);
  if (!service || !spec || !port) return undefined;
  const headers = { host: `${name}.${namespace}`, ...target.headers };
  const balancer = service.status?.loadBalancer?.ingress?.[0]?.ip;
  if (balancer)
    return request(context, "outside", { ...target, headers, host: balancer, port: port.port });
  const nodes = context.reader.list<Node>("nodes");
  const up = nodes.filter(({ metadata }) => isUp(context.reader, metadata.name));
  const node = up.find(
    (n) => n.metadata.labels?.["node-role.kubernetes.io/control-plane"] === undefined,
  );
  if (port.nodePort && node) {
    return request(context, "outside", {
      ...target,
      headers,
      host: internalIp(node),
      port: port.nodePort,
    });
  }
  const ip = spec.clusterIP && spec.clusterIP !== "None" ? spec.clusterIP : undefined;
  const first = up[0]?.metadata.name ?? "";
  return ip
    ? request(context, { node: first }, { ...target, headers, host: ip, port: port.port })
    : undefined;
}

/** The preview of Ingresses: by the Host header, as a browser would come to the controller's address. */
export const previewIngress = (
  context: RuntimeContext,
  target: Omit<Target, "port">,
): Pending<RequestResult> & Partial<PendingRequest> =>
  request(context, "outside", {
    ...target,
    headers: { ...target.headers, host: target.host },
    host: ingressIp,
  });
