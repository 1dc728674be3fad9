/**
 * The API server's proxy to Pods, Services and nodes.
 * k8s: pkg/registry/core/{pod/strategy.go,service/storage/storage.go} ResourceLocation, apimachinery/pkg/util/proxy
 */
import { assert } from "../core/assert.ts";
import { badRequest, notFound } from "../machinery/status.ts";
import type { Service } from "../kinds/service/shape.ts";
import type { Pod } from "../kinds/pod/types.ts";
import type { Node } from "../kinds/node.ts";
import { internalIp, kubeletIsStopped } from "../kinds/node-machine.ts";
import { inCidr, isUp } from "./addresses.ts";
import { isAddress } from "../machinery/ip.ts";
import type { FollowReply, Reply, ProxyPending } from "../ports/request.ts";
import { binaryOf, encodeUtf8 } from "../runtime/bytes.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import type { HttpRequest } from "../runtime/kernel/state.ts";
import { proxiedAnswer, proxiedReply, replyOf, unavailable, unreachable } from "./proxy-answer.ts";
import { responseOf } from "./api-server-host.ts";
import { kubeletAnswer } from "./kubelet-port.ts";
import * as exchange from "./exchange.ts";
import { draw, endpointsOf } from "./services.ts";
import { networkTable, type Source } from "../runtime/net/stream.ts";
import { proxyTimeoutMs } from "../core/limits.ts";
import { settleNow } from "./steps.ts";

export interface ProxyRequest {
  resource: "pods" | "services" | "nodes";
  namespace: string;
  /** `[scheme:]name[:port]` */
  name: string;
  method: string;
  /** The whole path of the API request, as it came: `/api/v1/namespaces/default/pods/web/proxy/x`. */
  path: string;
  /** The path as the client sees it, where that is longer: redirects lead back to it. */
  seen?: string;
  /** Without "?". */
  query: string;
  /** Lower-case names. */
  headers: Record<string, string>;
  body?: Uint8Array;
}

interface Location {
  ip: string;
  /** Undefined: none given, none declared. */
  port: number;
  https: boolean;
}

/** k8s: apimachinery/pkg/util/net SplitSchemeNamePort */
export function splitName(id: string): { scheme: string; name: string; port: string } | undefined {
  const parts = id.split(":");
  const [scheme, name, port] =
    parts.length === 1
      ? ["", id, ""]
      : parts.length === 2
        ? ["", parts[0], parts[1]]
        : parts.length === 3
          ? parts
          : [];
  if (scheme === undefined || !name || port === undefined) return undefined;
  if (parts.length === 3 && scheme !== "http" && scheme !== "https" && scheme !== "")
    return undefined;
  return { scheme, name, port };
}

const what = { pods: "pod", services: "service", nodes: "node" };

/** The answer, or that it is pending. Throws StatusError as the API server does. */
export function proxyRequest(
  context: RuntimeContext,
  asked: ProxyRequest,
): Reply | FollowReply | ProxyPending {
  const id = splitName(asked.name);
  if (!id)
    throw badRequest(`invalid ${what[asked.resource]} request ${JSON.stringify(asked.name)}`);
  const shape = new RegExp(`^(.*?/${asked.resource}/[^/]+/proxy)(/.*)?$`);
  const [, prefix = asked.path, suffix] = shape.exec(asked.path) ?? [];
  const [, redirect = prefix] = shape.exec(asked.seen ?? asked.path) ?? [];
  if (asked.resource === "nodes") return toNode(context, asked, id.name, suffix ?? "/");
  const location =
    asked.resource === "pods"
      ? podLocation(context, asked.namespace, id)
      : serviceLocation(context, asked.namespace, asked.name, id);
  if (suffix === undefined && /^(GET|HEAD)$/.test(asked.method)) {
    const query = asked.query ? `?${asked.query}` : "";
    return { type: "reply", status: 301, headers: { location: `${redirect}/${query}` }, body: "" };
  }
  return send(context, asked, location, { prefix, redirect, path: suffix ?? "/" });
}

function toNode(
  context: RuntimeContext,
  asked: ProxyRequest,
  name: string,
  path: string,
): Reply | FollowReply {
  const { reader } = context;
  const node = reader.get<Node>("nodes", "", name);
  if (!node) throw notFound({ group: "", plural: "nodes" }, name);
  if (!isUp(reader, name)) throw unreachable(`dial tcp ${internalIp(node)}:10250: i/o timeout`);
  if (kubeletIsStopped(reader, name))
    throw unreachable(`dial tcp ${internalIp(node)}:10250: connect: connection refused`);
  const request = outgoing(asked, { ip: internalIp(node), port: 10_250, https: true }, "", path);
  const answer = kubeletAnswer(context, name, request, true);
  if (!("type" in answer)) return replyOf(answer, asked.method);
  if (answer.type === "follow") return answer;
  assert(answer.type === "reply", `a kubelet's ${answer.type}`);
  return replyOf(responseOf(answer), asked.method);
}

type Id = NonNullable<ReturnType<typeof splitName>>;

function podLocation({ reader }: RuntimeContext, namespace: string, id: Id): Location {
  const pod = reader.get<Pod>("pods", namespace, id.name);
  if (!pod) throw notFound({ group: "", plural: "pods" }, id.name);
  const declared = pod.spec.containers.find((c) => c.ports?.length)?.ports?.[0]?.containerPort;
  const ip = pod.status?.podIP ?? "";
  if (!isAddress(ip) || inCidr("127.0.0.0/8", ip)) throw badRequest("address not allowed");
  const https = id.scheme === "https";
  const port = id.port === "" ? (declared ?? (https ? 443 : 80)) : portNumber(id.port);
  return { ip, port, https };
}

/** Go dials names of well-known services too. */
function portNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const known: Record<string, number> = { http: 80, https: 443, domain: 53 };
  const port = known[text];
  if (port === undefined) throw unreachable(`dial tcp: lookup tcp/${text}: unknown port`);
  return port;
}

function serviceLocation(
  context: RuntimeContext,
  namespace: string,
  given: string,
  id: Id,
): Location {
  const { reader } = context;
  const service = reader.get<Service>("services", namespace, id.name);
  if (!service) {
    throw notFound(
      { group: "", plural: /^\d+$/.test(id.port) ? "services" : "endpoints" },
      id.name,
    );
  }
  const ports = service.spec?.ports ?? [];
  let name = id.port;
  if (/^\d+$/.test(name)) {
    const byNumber = ports.find((p) => p.port === Number(name));
    if (!byNumber)
      throw unavailable(`no service port ${name} found for service ${JSON.stringify(id.name)}`);
    name = byNumber.name ?? "";
  }
  const port = ports.find((p) => (p.name ?? "") === name);
  const any = endpointsOf(reader, service, undefined).length > 0;
  const ready = port ? endpointsOf(reader, service, port).filter((e) => e.ready) : [];
  const chosen = ready[Math.floor(draw(context) * ready.length)];
  if (!chosen) {
    throw unavailable(
      `no endpoints available for service ${JSON.stringify(any ? given : id.name)}`,
    );
  }
  return { ip: chosen.ip, port: chosen.port, https: id.scheme === "https" };
}

export const hopByHop: ReadonlySet<string> = new Set(
  "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade authorization content-length".split(
    " ",
  ),
);

/** Between client and API server: no business of the server behind. */
const ours = /^impersonate-/;

function outgoing(
  asked: ProxyRequest,
  location: Location,
  prefix: string,
  path: string,
): HttpRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(asked.headers)) {
    if (!hopByHop.has(name) && !ours.test(name)) headers[name] = encodeUtf8(value);
  }
  const address = `${location.ip}:${location.port}`;
  headers.host ??= address;
  headers["x-forwarded-uri"] = `${prefix}${path}`;
  if (asked.headers.host) headers["x-forwarded-host"] = asked.headers.host;
  headers["x-forwarded-proto"] ??= "https";
  headers["x-forwarded-for"] ??= "127.0.0.1";
  return {
    method: asked.method,
    path: path + (asked.query ? `?${asked.query}` : ""),
    headers,
    body: asked.body ? binaryOf(asked.body) : "",
    host: location.ip,
    port: location.port,
    clientIp: "",
    ...(location.https ? { https: true } : {}),
  };
}

/** The API server sits on the control plane's node. */
export function serverSource(context: RuntimeContext): Source {
  const nodes = context.reader.list<Node>("nodes");
  const label = "node-role.kubernetes.io/control-plane";
  const node = nodes.find(({ metadata }) => metadata.labels?.[label] !== undefined) ?? nodes[0];
  return { ip: node ? internalIp(node) : "", ...(node ? { node: node.metadata.name } : {}) };
}

function send(
  context: RuntimeContext,
  asked: ProxyRequest,
  location: Location,
  { prefix, redirect, path }: { prefix: string; redirect: string; path: string },
): Reply | ProxyPending {
  const from = serverSource(context);
  const q = { ...outgoing(asked, location, prefix, path), clientIp: from.ip };
  const id = exchange.open(context, from, q, { atOnce: true });
  const address = `${location.ip}:${location.port}`;
  const host = asked.headers.host ?? "";
  const pending: ProxyPending = {
    type: "pending",
    id,
    method: asked.method,
    prefix,
    redirect,
    path,
    host,
    address,
    untilMs: context.now + proxyTimeoutMs,
  };
  const result = settleNow(context, id);
  return result ? proxiedAnswer(result, pending) : pending;
}

/** The answer of a request under way; undefined: not yet. A Status like any other when it failed. */
export function proxyResult(context: RuntimeContext, pending: ProxyPending): Reply | undefined {
  const result = exchange.take(context, pending.id);
  const late = context.now >= pending.untilMs;
  if (!result && !late) return undefined;
  if (!result) context.records.delete(networkTable, pending.id);
  return proxiedReply(result, pending);
}
