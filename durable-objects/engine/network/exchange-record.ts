/** What is kept of an HTTP request under way: see exchange.ts. */
import type { Hop } from "../kinds/podyard/trace.ts";
import type { ProxyPending } from "../ports/request.ts";
import type { HttpFailure } from "../runtime/http/http.ts";
import type { HttpRequest, HttpResponse } from "../runtime/kernel/state.ts";
import type { Source } from "../runtime/net/stream.ts";
import type { Relay } from "./relay.ts";

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
  /** A request to the API server that waits for webhooks. */
  held?: string;
  response?: HttpResponse;
  error?: ExchangeError;
  /** Moment at which it fails (`late`), or its SYN is sent again. */
  due?: number;
  /** It is sent then, as another was before. */
  notBefore?: number;
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
  /** Gateways and Ingress controllers that it came by. */
  passed?: number;
  /** A process of the Pod it comes from waits for it. */
  byProcess?: true;
}

export type ExchangeResult = { hops: Hop[] } & (
  | { response: HttpResponse }
  | { error: ExchangeError }
);

export const isSettled = (exchange: Exchange | undefined): boolean =>
  !exchange || exchange.response !== undefined || exchange.error !== undefined;

/** A settled exchange's result; undefined while it is under way. */
export function resultOf(exchange: Exchange): ExchangeResult | undefined {
  const { hops, response, error } = exchange;
  if (response) return { hops, response };
  return error ? { hops, error } : undefined;
}
