/**
 * HTTP requests under way: one record each (table "network", key `rN`), so that an eviction in the middle loses nothing.
 * A step starts or asks on; delays, drops and timeouts are moments in the record. Steps are run by the network controller,
 * or at once by whoever cannot wait (proxies).
 */
import { networkTable, type Source } from "../runtime/net/stream.ts";
import { brokenConnectionMs, exchangeBodyBytesMax, outcomeKeptMs } from "../core/limits.ts";
import type { Kernel, RuntimeContext } from "../runtime/kernel/types.ts";
import { httpOutcome, startHttp } from "../runtime/http/http.ts";
import { PodKernel } from "../runtime/kernel/kernel.ts";
import type { HttpRequest, HttpResponse } from "../runtime/kernel/state.ts";
import type { ProxyPending } from "../ports/request.ts";
import { awaitHeld, takeHeld } from "./webhook-held-requests.ts";
import { answerFor, apiServerAnswer, responseOf } from "./api-server-host.ts";
import { kubeletServes } from "./kubelet-port.ts";
import { sentAgain } from "./gateway/retry.ts";
import { startGateway } from "./gateway/serve.ts";
import type { Gateway } from "../kinds/gateway/types.ts";
import { hop } from "./hops.ts";
import { nextId } from "./ids.ts";
import { isFrozen, runPod } from "./loaded-pods.ts";
import type { Hop } from "../kinds/podyard/trace.ts";
import {
  isSettled,
  resultOf,
  type Exchange,
  type ExchangeError,
  type ExchangeResult,
} from "./exchange-record.ts";
import { isAwaited } from "./hang-up.ts";
import { waits } from "./idle.ts";
import { startIngress } from "./ingress.ts";
import { kubeProxyAt } from "./kube-proxy.ts";
import { overloaded } from "./overload.ts";
import { proxiedReply } from "./proxy-answer.ts";
import { lateMs, relayed } from "./relay.ts";
import { route, type Outcome } from "./route.ts";
import { siteAnswer, siteListens } from "../runtime/net/sites.ts";
import { isGivenUp, nextSynMs } from "../runtime/net/syn.ts";

const load = (context: RuntimeContext, id: string): Exchange | undefined =>
  context.records.get<Exchange>(networkTable, id);

const save = (context: RuntimeContext, id: string, exchange: Exchange): void =>
  context.records.put(networkTable, id, exchange);

/** Files a request; its `host` is an address. Nothing has been sent yet: the next step does. */
export function open(
  context: RuntimeContext,
  from: Source,
  request: HttpRequest,
  more: Pick<Exchange, "back" | "atOnce" | "note" | "byProcess" | "notBefore" | "passed"> & {
    hops?: Hop[];
  } = {},
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
  const { notBefore = 0 } = exchange;
  if (context.now < notBefore) return notBefore;
  if (exchange.due !== undefined) {
    if (context.now < exchange.due) return exchange.due;
    if (exchange.syn && !isGivenUp(exchange.syn.at, context.now))
      return tryAgain(context, id, exchange, exchange.syn.hops);
    return settle(context, id, exchange, { error: exchange.late ?? "timeout" });
  }
  if (exchange.held !== undefined) return answered(context, id, exchange, exchange.held);
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
      const full = overloaded(context, exchange);
      if (full) return settle(context, id, exchange, { response: full });
      const begun = startIngress(context, request);
      const hops = [...exchange.hops, begun.hop];
      if ("response" in begun) return settle(context, id, { ...exchange, hops }, begun);
      const passed = (exchange.passed ?? 0) + 1;
      const via = open(context, begun.from, begun.request, { back: id, passed });
      save(context, id, { ...exchange, hops, via, relay: begun.relay });
      return undefined;
    }
    case "gateway":
      return enter(context, id, exchange, outcome.gateway);
    case "apiserver":
      return served(context, id, exchange, apiServerAnswer(context, request, exchange.from));
    case "kubelet": {
      const { from } = exchange;
      return served(context, id, exchange, kubeletServes(context, outcome.node, request, from));
    }
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

/** What the API server says to a Pod's request, now or later. */
function served(
  context: RuntimeContext,
  id: string,
  exchange: Exchange,
  response: ReturnType<typeof answerFor>,
): number | undefined {
  if (!("type" in response)) return settle(context, id, exchange, { response });
  if (response.type === "held") {
    save(context, id, { ...exchange, held: response.id });
    awaitHeld(context, response.id, id);
    return undefined;
  }
  const inner = load(context, response.id);
  if (inner) save(context, response.id, { ...inner, back: id });
  const { held: _, ...rest } = exchange;
  save(context, id, { ...rest, proxied: response });
  return response.untilMs;
}

function answered(
  context: RuntimeContext,
  id: string,
  exchange: Exchange,
  held: string,
): number | undefined {
  const answer = takeHeld(context, held);
  if (answer === undefined) return undefined;
  if (answer === "gone") return settle(context, id, exchange, { error: "reset" });
  const { held: _, ...rest } = exchange;
  return served(context, id, rest, answerFor(context, exchange.request, exchange.from, answer));
}

/** A Gateway answers by itself, or asks a backend. */
function enter(
  context: RuntimeContext,
  id: string,
  exchange: Exchange,
  gateway: Gateway,
): number | undefined {
  const full = overloaded(context, exchange);
  if (full) return settle(context, id, exchange, { response: full });
  const begun = startGateway(context, gateway, exchange.request);
  const hops = [...exchange.hops, begun.hop];
  if (!("request" in begun)) return settle(context, id, { ...exchange, hops }, begun);
  const from = { ip: exchange.request.host };
  // Nobody waits for what becomes of copies.
  const passed = (exchange.passed ?? 0) + 1;
  for (const copy of begun.copies) open(context, from, copy, { passed });
  const via = open(context, from, begun.request, { back: id, hops: begun.within, passed });
  save(context, id, { ...exchange, hops, via, relay: begun.relay });
  return lateMs(begun.relay);
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

function relay(
  context: RuntimeContext,
  id: string,
  exchange: Exchange,
  via: string,
): number | undefined {
  const inner = load(context, via);
  const next = relayed(exchange.relay, inner, context.now);
  if ("waitMs" in next) return next.waitMs;
  context.records.delete(networkTable, via);
  const hops = [...exchange.hops, ...(inner?.hops ?? [])];
  if ("againMs" in next) {
    const { againMs: notBefore, relay: left } = next;
    if (!inner || !left.retry)
      return settle(context, id, { ...exchange, hops }, { error: "reset" });
    const request = sentAgain(context, left.retry, inner.request);
    const another = open(context, inner.from, request, { back: id, notBefore });
    save(context, id, { ...exchange, hops, via: another, relay: left });
    return lateMs(left);
  }
  const { response } = next;
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

/** The outcome, taken: the record goes. Undefined while it is under way. */
export function take(context: RuntimeContext, id: string): ExchangeResult | undefined {
  const exchange = load(context, id);
  if (!exchange) return { hops: [], error: "reset" };
  const result = resultOf(exchange);
  if (result) context.records.delete(networkTable, id);
  return result;
}
