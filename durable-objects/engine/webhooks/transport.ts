/** How the API server reaches a webhook, and the words of Go's client where it does not. k8s: apiserver/pkg/util/webhook/client.go */
import { decodeUtf8 } from "../core/utf8.ts";
import type { HookAnswer, HookCall } from "../api/webhooks/calls.ts";
import type { WebhookClientConfig } from "../kinds/admission/client-config.ts";
import type { Service } from "../kinds/service/shape.ts";
import { fromBase64 } from "../machinery/base64.ts";
import { goQuote } from "../machinery/field.ts";
import { isAddress } from "../machinery/ip.ts";
import * as exchange from "../network/exchange.ts";
import { hangUp } from "../network/hang-up.ts";
import { dialProblem } from "../network/proxy-answer.ts";
import { serverSource } from "../network/proxy.ts";
import { bytesOf, encodeUtf8 } from "../runtime/bytes.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";
import { nodeNameserver } from "../runtime/net/resolver.ts";
import { siteNamed } from "../runtime/net/sites.ts";

/** A call under way. Plain JSON. */
export interface OpenCall {
  /** The network's record of it. */
  exchange: string;
  uid: string;
  /** Virtual ms. */
  untilMs: number;
  /** Before an error: `Post "https://..."`. */
  what: string;
  address: string;
}

interface Place {
  /** Name by which the server shows who it is. */
  host: string;
  ip: string;
  port: number;
}

/** k8s: apiserver/pkg/util/proxy ResolveCluster; a text says why there is no way. */
function placeOfService(
  { reader }: RuntimeContext,
  { namespace, name, port = 443 }: NonNullable<WebhookClientConfig["service"]>,
): Place | string {
  const service = reader.get<Service>("services", namespace, name);
  if (!service) return `service ${goQuote(name)} not found`;
  const { type, clusterIP, externalName = "", ports = [] } = service.spec ?? {};
  const host = `${name}.${namespace}.svc`;
  if (type === "ExternalName") {
    const found = placeOfName(externalName, port);
    return typeof found === "string" ? found : { ...found, host };
  }
  if (clusterIP === "None") return 'cannot route to service with ClusterIP "None"';
  if (!ports.some((one) => one.port === port))
    return `no service port ${port} found for service ${goQuote(name)}`;
  return { host, ip: clusterIP ?? "", port };
}

/** The API server is on a node, which knows no names of the cluster. */
function placeOfName(host: string, port: number): Place | string {
  if (isAddress(host)) return { host, ip: host, port };
  if (host === "localhost") return { host, ip: "127.0.0.1", port };
  const site = siteNamed(host);
  if (site) return { host, ip: site.ip, port };
  return `dial tcp: lookup ${host} on ${nodeNameserver}:53: no such host`;
}

interface Target {
  url: string;
  path: string;
  place: Place | string;
}

const urlParts = /^https:\/\/(\[[^\]]+\]|[^/:?#]+)(?::(\d+))?(\/[^?#]*)?$/i;

function targetOf(context: RuntimeContext, { client, timeoutSeconds }: HookCall): Target {
  const query = `?timeout=${timeoutSeconds}s`;
  const { url, service } = client;
  if (service) {
    const { name, namespace, port = 443 } = service;
    const path = `/${(service.path ?? "").replace(/^\//, "")}`;
    return {
      url: `https://${name}.${namespace}.svc:${port}${path}${query}`,
      path: path + query,
      place: placeOfService(context, service),
    };
  }
  const [, host = "", port, path = "/"] = urlParts.exec(url ?? "") ?? [];
  const bare = host.replace(/^\[|\]$/g, "");
  return {
    url: `https://${host}${port ? `:${port}` : ""}${path}${query}`,
    path: path + query,
    place: placeOfName(bare, Number(port ?? 443)),
  };
}

/** Sends a review; an answer at once is that there is no way. `note`: who is woken when it is there. */
export function openCall(
  context: RuntimeContext,
  call: HookCall,
  uid: string,
  note: string,
): OpenCall | HookAnswer {
  const { url, path, place } = targetOf(context, call);
  const what = `Post ${goQuote(url)}`;
  if (typeof place === "string") return { uid, error: `${what}: ${place}` };
  const { apiVersion, kind, request } = call.review;
  const from = serverSource(context);
  const roots = decodeUtf8(fromBase64(call.client.caBundle ?? ""));
  const id = exchange.open(
    context,
    from,
    {
      method: "POST",
      path,
      headers: {
        host: `${place.host}:${place.port}`,
        "user-agent": "kube-apiserver-admission",
        accept: "application/json, */*",
        "content-type": "application/json",
      },
      body: encodeUtf8(JSON.stringify({ kind, apiVersion, request: { ...request, uid } })),
      host: place.ip,
      port: place.port,
      clientIp: from.ip,
      https: true,
      trust: { host: place.host, roots },
    },
    { note },
  );
  const untilMs = context.now + call.timeoutSeconds * 1000;
  return { exchange: id, uid, untilMs, what, address: `${place.ip}:${place.port}` };
}

/** What came of a call; undefined: nothing yet. */
export function callAnswer(context: RuntimeContext, call: OpenCall): HookAnswer | undefined {
  const { uid, what, address, untilMs } = call;
  const result = exchange.take(context, call.exchange);
  if (!result) {
    if (context.now < untilMs) return undefined;
    hangUp(context, call.exchange);
    return { uid, error: `${what}: context deadline exceeded` };
  }
  if ("error" in result) return { uid, error: `${what}: ${dialProblem(result.error, address)}` };
  const { status, body } = result.response;
  return { uid, status, body: decodeUtf8(bytesOf(body)) };
}
