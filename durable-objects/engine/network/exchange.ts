/**
 * HTTP requests under way: one record each (table "network", key `rN`), so that an eviction in the middle loses nothing.
 * A step starts or asks on; delays, drops and timeouts are moments in the record. Steps are run by the network controller,
 * or at once by whoever cannot wait (proxies).
 */
import { networkTable, type Source } from "../runtime/net/stream.ts";
import { brokenConnectionMs, exchangeBodyBytesMax, outcomeKeptMs } from "../core/limits.ts";
import type { Kernel, RuntimeContext } from "../runtime/kernel/types.ts";
import { httpOutcome, startHttp, type HttpFailure } from "../runtime/http/http.ts";
import { PodKernel } from "../runtime/kernel/kernel.ts";
import type { HttpRequest, HttpResponse, PodRecord } from "../runtime/kernel/state.ts";
import type { ProxyPending } from "../ports/request.ts";
import { isUp } from "./addresses.ts";
import { apiServerAnswer, kubeletAnswer, responseOf } from "./hosts.ts";
import { hop } from "./hops.ts";
import { nextId } from "./ids.ts";
import type { Hop } from "../kinds/podyard/trace.ts";
import { startIngress, type Relay } from "./ingress.ts";
import { kubeProxyAt } from "./kube-proxy.ts";
import { proxiedReply } from "./proxy-answer.ts";
import { route, type Outcome } from "./route.ts";
import { siteAnswer, siteListens } from "../runtime/net/sites.ts";
import { isGivenUp, nextSynMs } from "../runtime/net/syn.ts";

export type ExchangeError = "refused" | "timeout" | "unreachable" | HttpFailure;

export interface Exchange {
  from: Source;
  request: HttpRequest;
  hops: Hop[];
  /** Pod that answers, and the handle it knows the request by. */
  to?: string;
  handle?: string;
  /** Another exchange that gives the answer: an Ingress' backend. */
  via?: string;
  relay?: Relay;
  /** A request through the API server's proxy that is under way. */
  proxied?: ProxyPending;
  response?: HttpResponse;
  error?: ExchangeError;
  /** Moment at which it fails (`late`), or its SYN is sent again. */
  due?: number;
  /** First SYN of one that was dropped, and the hops before it. */
  syn?: { at: number; hops: Hop[] };
  late?: ExchangeError;
  /** Exchange to be stepped when this one has settled. */
  back?: string;
  /** Controller and key to wake then. */
  note?: string;
  /** Settled, virtual ms. */
  at?: number;
  /** Taken within the turn it was opened in: its bodies are never stored. */
  atOnce?: true;
  /** A process of the Pod it comes from waits for it. */
  byProcess?: true;
}

export type ExchangeResult = { hops: Hop[] } & (
  | { response: HttpResponse }
  | { error: ExchangeError }
);

const load = (context: RuntimeContext, id: string): Exchange | undefined =>
  context.records.get<Exchange>(networkTable, id);

const save = (context: RuntimeContext, id: string, exchange: Exchange): void =>
  context.records.put(networkTable, id, exchange);

export const isSettled = (exchange: Exchange | undefined): boolean =>
  !exchange || exchange.response !== undefined || exchange.error !== undefined;

/** A settled exchange's result; undefined while it is under way. */
export function resultOf(exchange: Exchange): ExchangeResult | undefined {
  const { hops, response, error } = exchange;
  if (response) return { hops, response };
  return error ? { hops, error } : undefined;
}

/** Files a request; its `host` is an address. Nothing has been sent yet: the next step does. */
export function open(
  context: RuntimeContext,
  from: Source,
  request: HttpRequest,
  more: Pick<Exchange, "back" | "atOnce" | "note" | "byProcess"> & { hops?: Hop[] } = {},
): string {
  const id = nextId(context, "r");
  save(context, id, { from, request, hops: [], ...more });
  context.wake?.("network", id);
  return id;
}

/** Pushes an exchange on as far as it goes now; returns when to look again, if time alone helps. */
export function stepExchange(context: RuntimeContext, id: string): number | undefined {
  const exchange = load(context, id);
  if (!exchange) return undefined;
  if (isSettled(exchange)) return forget(context, id, exchange);
  if (exchange.due !== undefined) {
    if (context.now < exchange.due) return exchange.due;
    if (exchange.syn && !isGivenUp(exchange.syn.at, context.now))
      return tryAgain(context, id, exchange, exchange.syn.hops);
    return settle(context, id, exchange, { error: exchange.late ?? "timeout" });
  }
  if (exchange.proxied) return proxied(context, id, exchange, exchange.proxied);
  if (exchange.via) return relay(context, id, exchange, exchange.via);
  return exchange.to === undefined ? start(context, id, exchange) : ask(context, id, exchange);
}

function settle(
  context: RuntimeContext,
  id: string,
  exchange: Exchange,
  outcome: { response: HttpResponse } | { error: ExchangeError },
): number | undefined {
  const { due: _due, late: _late, syn: _syn, ...rest } = exchange;
  const large = "response" in outcome && outcome.response.body.length > exchangeBodyBytesMax;
  const settled: Exchange = {
    ...rest,
    at: context.now,
  };
  if ("error" in outcome) settled.error = outcome.error;
  else if (large && !exchange.atOnce) settled.error = "reset";
  else settled.response = outcome.response;
  save(context, id, settled);
  if (exchange.back) context.wake?.("network", exchange.back);
  if (exchange.note) {
    const [controller = "", key = ""] = exchange.note.split(" ");
    context.wake?.(controller, key);
  } else if (exchange.from.pod && !exchange.back) runPod(context, exchange.from.pod);
  return load(context, id) ? context.now + outcomeKeptMs : undefined;
}

function forget(context: RuntimeContext, id: string, exchange: Exchange): number | undefined {
  const until = (exchange.at ?? 0) + outcomeKeptMs;
  if (context.now < until) return until;
  context.records.delete(networkTable, id);
  return undefined;
}

/** A Pod's kernel; undefined: it is gone, or its node has no power. */
export function loadPod(context: RuntimeContext, podKey: string): Kernel | undefined {
  return isFrozen(context, podKey) ? undefined : PodKernel.load(context, podKey);
}

/** Whether a Pod is on a node without power: it stands still, and so does what is on its way to it. */
export function isFrozen(context: RuntimeContext, podKey: string): boolean {
  const record = context.records.get<PodRecord>("runtime", podKey);
  return record !== undefined && !isUp(context.reader, record.pod.node);
}

/** Lets a Pod's processes see what came for them. */
export function runPod(context: RuntimeContext, podKey: string): void {
  const kernel = loadPod(context, podKey);
  if (!kernel) return;
  kernel.run();
  kernel.save();
  context.wakePod(podKey);
}

function start(context: RuntimeContext, id: string, exchange: Exchange): number | undefined {
  const { from, request } = exchange;
  const { host, port } = request;
  const { outcome, hops } = route(context, from, host, port, "TCP", [...exchange.hops]);
  return deliver(context, id, { ...exchange, hops }, outcome, exchange.hops);
}

function deliver(
  context: RuntimeContext,
  id: string,
  exchange: Exchange,
  outcome: Outcome,
  before: Hop[],
): number | undefined {
  const { request } = exchange;
  switch (outcome.to) {
    case "pod":
      return hand(context, id, exchange, outcome.pod, {
        ...request,
        port: outcome.port,
        clientIp: outcome.clientIp,
      });
    case "site":
      if (!siteListens(outcome.site, outcome.port)) return drop(context, id, exchange, before);
      return settle(context, id, exchange, {
        response: siteAnswer(outcome.site, {
          ...request,
          https: request.https ?? outcome.port === 443,
        }),
      });
    case "ingress": {
      const begun = startIngress(context, request);
      const hops = [...exchange.hops, begun.hop];
      if ("response" in begun) return settle(context, id, { ...exchange, hops }, begun);
      const via = open(context, begun.from, begun.request, { back: id });
      save(context, id, { ...exchange, hops, via, relay: begun.relay });
      return undefined;
    }
    case "apiserver": {
      const response = apiServerAnswer(context, request, exchange.from);
      if (!("type" in response)) return settle(context, id, exchange, { response });
      const inner = load(context, response.id);
      if (inner) save(context, response.id, { ...inner, back: id });
      save(context, id, { ...exchange, proxied: response });
      return response.untilMs;
    }
    case "kubelet":
      return settle(context, id, exchange, {
        response: kubeletAnswer(context, outcome.node, request),
      });
    case "kube-proxy": {
      const answer = kubeProxyAt(context.reader, outcome.node, outcome.port, outcome.local);
      return settle(
        context,
        id,
        exchange,
        answer ? { response: answer(request) } : { error: "refused" },
      );
    }
    case "nobody":
      if (outcome.error === "timeout") return drop(context, id, exchange, before);
      return expire(context, id, exchange, outcome.error as ExchangeError, outcome.afterMs);
  }
}

/** The SYN was lost; it is sent again at Linux' moments. */
function drop(context: RuntimeContext, id: string, exchange: Exchange, hops: Hop[]): number {
  const at = exchange.syn?.at ?? context.now;
  const due = nextSynMs(at, context.now);
  save(context, id, { ...exchange, syn: { at, hops }, due, late: "timeout" });
  return due;
}

function tryAgain(
  context: RuntimeContext,
  id: string,
  exchange: Exchange,
  hops: Hop[],
): number | undefined {
  if (!isAwaited(context, id, exchange)) {
    context.records.delete(networkTable, id);
    return undefined;
  }
  const { due: _due, late: _late, ...rest } = exchange;
  return start(context, id, { ...rest, hops });
}

/** A client that has gone, or has given up, closed its socket: nothing is sent for it any more. */
function isAwaited(context: RuntimeContext, id: string, { from, byProcess }: Exchange): boolean {
  if (!byProcess) return true;
  const processes = context.records.get<PodRecord>("runtime", from.pod ?? "")?.processes ?? {};
  return Object.values(processes).some((process) => process.wait?.answer?.split(" ").includes(id));
}

function expire(
  context: RuntimeContext,
  id: string,
  exchange: Exchange,
  late: ExchangeError,
  afterMs: number,
): number | undefined {
  if (afterMs === 0) return settle(context, id, exchange, { error: late });
  const due = context.now + afterMs;
  save(context, id, { ...exchange, due, late });
  return due;
}

/** Gives a request to a Pod, which may answer at once. */
function hand(
  context: RuntimeContext,
  id: string,
  exchange: Exchange,
  podKey: string,
  request: HttpRequest,
): number | undefined {
  const kernel = PodKernel.load(context, podKey);
  if (!kernel) return settle(context, id, exchange, { error: "refused" });
  const { port } = request;
  const container = containerAt(kernel, port);
  const hops = [
    ...exchange.hops,
    container
      ? hop("container", container, `listens on port ${port}`, { port })
      : hop("container", "", `nothing listens on port ${port}`, { port, failed: true }),
  ];
  const begun = startHttp(kernel, request);
  if ("handle" in begun) {
    const pending = kernel.pod.requests[begun.handle];
    if (pending) pending.waiter = id;
  }
  kernel.run();
  const outcome = "handle" in begun ? httpOutcome(kernel, begun.handle) : begun;
  kernel.save();
  context.wakePod(podKey);
  const next: Exchange = { ...exchange, hops, to: podKey };
  if ("response" in outcome || "error" in outcome) return settle(context, id, next, outcome);
  save(context, id, { ...next, handle: (begun as { handle: string }).handle });
  return outcome.dueAtMs;
}

/** Name of the container whose process listens on a TCP port of the Pod. */
export function containerAt(kernel: Kernel, port: number): string | undefined {
  const listener = kernel.pod.listeners[`tcp/${port}`];
  const process = listener && kernel.process(listener.process);
  return process && kernel.pod.containers[process.container]?.spec.name;
}

function ask(context: RuntimeContext, id: string, exchange: Exchange): number | undefined {
  if (isFrozen(context, exchange.to ?? "")) {
    return expire(context, id, exchange, "timeout", brokenConnectionMs);
  }
  const { idle, dueAtMs } = waits(context, id, exchange);
  if (idle) return dueAtMs;
  const kernel = PodKernel.load(context, exchange.to ?? "");
  // A Pod that was started anew knows nothing of what it was asked before.
  if (
    !kernel ||
    exchange.handle === undefined ||
    kernel.pod.requests[exchange.handle]?.waiter !== id
  )
    return settle(context, id, exchange, { error: "reset" });
  const outcome = httpOutcome(kernel, exchange.handle);
  kernel.save();
  if ("response" in outcome || "error" in outcome) return settle(context, id, exchange, outcome);
  return outcome.dueAtMs;
}

/**
 * Whether time alone, or bytes that have not come, keep a request waiting: seen without a copy of the Pod's record, which
 * grows with the requests that wait there.
 */
function waits(
  context: RuntimeContext,
  id: string,
  { to = "", handle = "" }: Exchange,
): { idle: boolean; dueAtMs?: number } {
  const record = context.records.get<Partial<PodRecord>>("runtime", to);
  const pending = record?.requests?.[handle];
  if (pending?.waiter !== id || pending.error) return { idle: false };
  if (pending.response) {
    const { dueAtMs = 0 } = pending;
    return dueAtMs <= context.now ? { idle: false } : { idle: true, dueAtMs };
  }
  const connection =
    pending.connection === undefined ? undefined : record?.connections?.[pending.connection];
  return {
    idle: connection !== undefined && connection.bytes[0] === "" && !connection.writeClosed[1],
  };
}

function relay(
  context: RuntimeContext,
  id: string,
  exchange: Exchange,
  via: string,
): number | undefined {
  const inner = load(context, via);
  if (inner && !isSettled(inner)) return undefined;
  context.records.delete(networkTable, via);
  const hops = [...exchange.hops, ...(inner?.hops ?? [])];
  const response = exchange.relay && finishRelay(exchange.relay, inner);
  return settle(context, id, { ...exchange, hops }, response ? { response } : { error: "reset" });
}

/** What was asked through the API server's proxy, once it is there. */
function proxied(
  context: RuntimeContext,
  id: string,
  exchange: Exchange,
  pending: ProxyPending,
): number | undefined {
  const inner = load(context, pending.id);
  if (inner && !isSettled(inner) && context.now < pending.untilMs) return pending.untilMs;
  context.records.delete(networkTable, pending.id);
  const result = inner ? resultOf(inner) : { hops: [], error: "reset" as const };
  return settle(context, id, exchange, { response: responseOf(proxiedReply(result, pending)) });
}

/** nginx' own words when its backend fails it. */
function finishRelay(given: Relay, inner: Exchange | undefined): HttpResponse {
  if (inner?.response) return inner.response;
  return inner?.error === "timeout" ? given.late : given.failed;
}

/** The outcome, taken: the record goes. Undefined while it is under way. */
export function take(context: RuntimeContext, id: string): ExchangeResult | undefined {
  const exchange = load(context, id);
  if (!exchange) return { hops: [], error: "reset" };
  const result = resultOf(exchange);
  if (result) context.records.delete(networkTable, id);
  return result;
}
