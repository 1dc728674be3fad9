/** What stands between a client and a backend, a Gateway or an Ingress controller: what becomes of the backend's answer. */
import type { HeaderModifier } from "../kinds/gateway/types.ts";
import type { HttpResponse } from "../runtime/kernel/state.ts";
import { withHeaders } from "./gateway/headers.ts";

/** What becomes of a backend's answer, or stands in for it. */
export interface Relay {
  /** It was not reached, or broke off. */
  failed: HttpResponse;
  late: HttpResponse;
  /** When it is late, virtual ms; absent: when its connection is. */
  untilMs?: number;
  /** Changes to the headers of its answer, in order. */
  answer?: HeaderModifier[];
  retry?: Retry;
}

/** What is asked again when it fails, and how often. */
export interface Retry {
  /** Statuses that count as failures, as broken connections do. */
  codes: number[];
  left: number;
  backoffMs: number;
  /** How long one attempt may take, and when the present one has. */
  eachMs?: number;
  attemptUntilMs?: number;
  /** Namespace, name and port of the Service whose endpoints are asked. */
  service: [namespace: string, name: string, port: number];
}

/** The backend's part; undefined: it is lost. */
type Inner = { response?: HttpResponse; error?: string } | undefined;

type Next =
  | { response: HttpResponse | undefined }
  | { waitMs: number | undefined }
  /** It is asked again at that moment. */
  | { againMs: number; relay: Relay };

/** When something is late next; undefined: nothing is. */
export function lateMs({ untilMs = Infinity, retry }: Relay): number | undefined {
  const until = Math.min(untilMs, retry?.attemptUntilMs ?? Infinity);
  return until === Infinity ? undefined : until;
}

export function relayed(relay: Relay | undefined, inner: Inner, now: number): Next {
  if (!relay) return inner && !isSettled(inner) ? { waitMs: undefined } : { response: undefined };
  const { untilMs = Infinity, retry } = relay;
  const until = lateMs(relay);
  if (inner && !isSettled(inner) && now < (until ?? Infinity)) return { waitMs: until };
  const againMs = now + (retry?.backoffMs ?? 0);
  if (!retry || retry.left === 0 || againMs >= untilMs || !hasFailed(retry, inner))
    return { response: answerOf(relay, inner) };
  const each = retry.eachMs === undefined ? {} : { attemptUntilMs: againMs + retry.eachMs };
  return { againMs, relay: { ...relay, retry: { ...retry, left: retry.left - 1, ...each } } };
}

const isSettled = (inner: Inner): boolean =>
  inner?.response !== undefined || inner?.error !== undefined;

const hasFailed = ({ codes }: Retry, inner: Inner): boolean =>
  !inner?.response || codes.includes(inner.response.status);

/** The answer of the backend, or the words of whoever stands before it. */
function answerOf(relay: Relay, inner: Inner): HttpResponse {
  const late = inner?.error === "timeout" || (inner && !isSettled(inner));
  const response = inner?.response ?? (late ? relay.late : relay.failed);
  return relay.answer ? withHeaders(response, relay.answer) : response;
}
