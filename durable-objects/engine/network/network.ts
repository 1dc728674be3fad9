/** The network port's implementation: what programs in containers use. See runtime/kernel/types.ts Network. */
import { datagramTimeoutMs } from "../core/limits.ts";
import type { Network, RuntimeContext } from "../runtime/kernel/types.ts";
import {
  isNetworkHandle,
  type DatagramResult,
  type NetworkResult,
  type Parcel,
} from "../runtime/net/network-port.ts";
import type { HttpResponse, PodRecord } from "../runtime/kernel/state.ts";
import { closeApiStream, hasApiNews, receiveApi, tellFollowers } from "./api-stream.ts";
import { receiveSession, sendSession, sessionRoom } from "./api-session.ts";
import { forwardTo } from "./forward.ts";
import { forgetHeld } from "./webhook-held-requests.ts";
import { apiServerAnswer } from "./api-server-host.ts";
import { queryFrom, resolve } from "./dns.ts";
import * as exchange from "./exchange.ts";
import { isSettled, type Exchange } from "./exchange-record.ts";
import { isApiStream } from "../runtime/net/api-stream-shapes.ts";
import { networkTable, type Stream } from "../runtime/net/stream.ts";
import type { Hop } from "../kinds/podyard/trace.ts";
import { nodeOfPod, route, sourceHop, sourceOfPod } from "./route.ts";
import { siteListens } from "../runtime/net/sites.ts";
import * as tcp from "./tcp.ts";
import { askDatagram, type Datagram } from "./udp.ts";

/** Paths that lead on to a Pod: what asks them may change it. */
const connects = /\/(proxy|exec|attach|portforward)(\/|\?|$)/;

function connect(
  context: RuntimeContext,
  podKey: string,
  ip: string,
  port: number,
): NetworkResult<string> {
  const from = sourceOfPod(context, podKey);
  const { outcome } = route(context, from, ip, port, "TCP");
  if (outcome.to === "nobody") {
    if (outcome.error === "timeout") return { done: false };
    if (outcome.error !== "unreachable") return { done: true, error: outcome.error };
    return { done: false, dueAtMs: context.now + outcome.afterMs };
  }
  if (outcome.to !== "pod") {
    // Other ends speak HTTP only: they take the connection and say nothing to anything else.
    const open = outcome.to !== "site" || siteListens(outcome.site, outcome.port);
    if (!open) return { done: false };
    return { done: true, result: tcp.openStream(context, from, "", port, from.ip) };
  }
  const listener = context.records.get<Partial<PodRecord>>("runtime", outcome.pod)?.listeners?.[
    `tcp/${outcome.port}`
  ];
  const closed = listener?.address === "127.0.0.1" && outcome.clientIp !== listener.address;
  if (!listener || closed) return { done: true, error: "refused" };
  return {
    done: true,
    result: tcp.openStream(
      context,
      from,
      outcome.pod,
      outcome.port,
      outcome.clientIp,
      `${ip}:${port}`,
    ),
  };
}

function requestResult(context: RuntimeContext, handle: string): NetworkResult<HttpResponse> {
  const under = context.records.get<Exchange>(networkTable, handle);
  const result = exchange.take(context, handle);
  if (!result)
    return under?.due === undefined ? { done: false } : { done: false, dueAtMs: under.due };
  if ("response" in result) return { done: true, result: result.response };
  const { error } = result;
  const dials = error === "refused" || error === "timeout" || error === "unreachable";
  return { done: true, error: dials ? error : "reset" };
}

function datagram(
  context: RuntimeContext,
  podKey: string,
  { ip, port, from: source, bytes, sctp }: Parcel,
): DatagramResult {
  const id = `u${podKey}:${source} ${ip}:${port}`;
  const before = context.records.get<Datagram>(networkTable, id);
  if (before?.request === bytes) {
    if (before.answer !== undefined || before.error) context.records.delete(networkTable, id);
    if (before.answer !== undefined) return { done: true, result: before.answer };
    if (before.error) return { done: true, error: before.error };
    if (context.now < before.due)
      return { done: false, dueAtMs: before.due, ...(before.over ? { silent: true } : {}) };
    context.records.delete(networkTable, id);
    return { done: true, error: "timeout" };
  }
  const from = sourceOfPod(context, podKey);
  const { outcome } = route(context, from, ip, port, sctp ? "SCTP" : "UDP");
  const refused = outcome.to === "nobody" && outcome.error === "refused";
  if (refused) return { done: true, error: "refused" };
  const due = context.now + datagramTimeoutMs;
  askDatagram(context, id, from, outcome, { bytes, port: source, due, ...(sctp ? { sctp } : {}) });
  return {
    done: false,
    dueAtMs: context.now + 1,
    ...(outcome.to === "pod" ? {} : { silent: true }),
  };
}

function ping(context: RuntimeContext, podKey: string, ip: string): number | undefined {
  const { outcome, hops } = route(context, sourceOfPod(context, podKey), ip, 0, "ICMP");
  // A Service's address is only a rule for its ports.
  if (hops.some(({ kind }) => kind === "service")) return undefined;
  if (outcome.to === "site") return outcome.site.ms;
  if (outcome.to === "nobody" && outcome.error !== "refused") return undefined;
  return hops.some(({ kind, detail }) => kind === "node" && detail === "the same node")
    ? 0.06
    : 0.4;
}

export const network: Network = {
  query: queryFrom,

  request(context, podKey, request) {
    const from = sourceOfPod(context, podKey);
    const hops: Hop[] = [sourceHop(from)];
    const found = resolve(context, podKey, request.host, hops);
    const host = typeof found === "string" ? request.host : (found.ips[0] as string);
    return exchange.open(context, from, { ...request, host }, { hops, byProcess: true });
  },
  requestFromNode(context, podKey, request) {
    const note = `kubelet ${podKey}`;
    return exchange.open(context, nodeOfPod(context, podKey), request, { note });
  },
  requestResult: (context, _podKey, handle) => requestResult(context, handle),

  connect,
  send: (context, _podKey, stream, bytes, end) => tcp.send(context, stream, bytes, end),
  receive: (context, _podKey, stream) => tcp.receive(context, stream),
  datagram,
  ping,

  readApi(context, podKey, request) {
    if (request.method !== "GET" || connects.test(request.path)) return undefined;
    const from = sourceOfPod(context, podKey);
    const { outcome } = route(context, from, request.host, request.port, "TCP");
    if (outcome.to === "apiserver") {
      const answer = apiServerAnswer(context, { ...request, clientIp: from.ip }, from);
      if (!("type" in answer)) return answer;
      // It is asked again as a request that may take time.
      if (answer.type === "held") forgetHeld(context, answer.id);
      return undefined;
    }
    const refused = outcome.to === "nobody" && outcome.error === "refused";
    return refused && outcome.afterMs === 0 ? { refused: true } : undefined;
  },
  receiveApi,
  receiveSession,
  sendSession,
  sessionRoom,
  forward: (context, podKey, session, port) =>
    forwardTo(context, { ip: "127.0.0.1", pod: podKey }, session, port),
  closeApi: closeApiStream,

  settled(context, handle) {
    if (!isNetworkHandle(handle)) return true;
    if (isApiStream(handle)) return hasApiNews(context, handle);
    const record = context.records.get<Exchange | Stream>(networkTable, handle);
    if (!record) return true;
    return "request" in record ? isSettled(record) : tcp.hasNews(record);
  },

  moved(context, pod) {
    if (pod.pod) tellFollowers(context, pod.pod.key);
    for (const handle in pod.requests) {
      const waiting = pod.requests?.[handle]?.waiter;
      if (waiting) context.wake?.("network", waiting);
    }
    for (const id in pod.connections) {
      const connection = pod.connections?.[id];
      const side = connection?.outbound ? 1 : 0;
      const news =
        connection?.stream &&
        (connection.bytes[side] !== "" || connection.writeClosed[side === 1 ? 0 : 1]);
      if (news) context.wake?.("network", connection.stream as string);
    }
  },
};
