/** What the API server's proxy makes of a server's answer. k8s: apimachinery/pkg/util/proxy */
import { failure } from "../api/handle.ts";
import { lookup } from "../core/lookup.ts";
import { StatusError } from "../machinery/status.ts";
import type { ProxyPending, Reply } from "../ports/request.ts";
import { bytesOf } from "../runtime/bytes.ts";
import type { HttpResponse } from "../runtime/kernel/state.ts";
import { answerHeaders, redirectWithin } from "./answer-headers.ts";
import { rewriteHtml, rewriteUrl } from "./html-links.ts";

/** The outcome of a request to a Pod, Service or node. */
export type ProxiedResult = { response: HttpResponse } | { error: string };

export const unavailable = (message: string): StatusError =>
  new StatusError(503, "ServiceUnavailable", message);

export const unreachable = (problem: string): StatusError =>
  unavailable(`error trying to reach service: ${problem}`);

/** The answer, or the Status that says why there is none; no result: it came too late. */
export function proxiedReply(result: ProxiedResult | undefined, pending: ProxyPending): Reply {
  if (pending.aggregated) return aggregatedAnswer(result, pending);
  try {
    if (result) return proxiedAnswer(result, pending);
    throw unreachable(`dial tcp ${pending.address}: i/o timeout`);
  } catch (error) {
    if (error instanceof StatusError) return failure(error);
    throw error;
  }
}

const dialErrors: Record<string, string> = lookup({
  refused: "connect: connection refused",
  timeout: "i/o timeout",
  unreachable: "connect: no route to host",
});

/** What Go's HTTP client says of a request that got no answer. */
export function dialProblem(error: string, address: string): string {
  const dial = dialErrors[error];
  if (dial) return `dial tcp ${address}: ${dial}`;
  if (error === "tls") return "http: server gave HTTP response to HTTPS client";
  if (error === "malformed")
    return "net/http: HTTP/1.x transport connection broken: malformed HTTP response";
  return error === "reset" ? "EOF" : `tls: failed to verify certificate: ${error}`;
}

/** k8s: kube-aggregator/pkg/apiserver/handler_proxy.go responder */
export function aggregatedAnswer(result: ProxiedResult | undefined, pending: ProxyPending): Reply {
  if (result && "response" in result) return replyOf(result.response, pending.method);
  const problem = dialProblem(result?.error ?? "timeout", pending.address);
  return {
    type: "reply",
    status: 503,
    headers: { "content-type": "text/plain; charset=utf-8" },
    body: `error trying to reach service: ${problem}\n`,
  };
}

/** Throws a 503 where there was none. */
export function proxiedAnswer(result: ProxiedResult, pending: ProxyPending): Reply {
  if ("error" in result) {
    throw unreachable(dialProblem(result.error, pending.address));
  }
  const rewrite = {
    prefix: pending.prefix,
    hosts: [pending.address, pending.host].filter(Boolean),
  };
  const { response } = result;
  if (response.status < 200 || response.status > 599) {
    throw unreachable(
      response.status === 101
        ? 'backend tried to switch protocol when "" was requested'
        : `net/http: HTTP/1.x transport connection broken: malformed HTTP status code "${response.status}"`,
    );
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) headers[name.toLowerCase()] = value;
  let location: string | undefined;
  if (headers.location) {
    const prefix = pending.redirect ?? pending.prefix;
    const to = rewriteUrl(headers.location, { ...rewrite, prefix });
    location = redirectWithin(to, prefix + pending.path, prefix);
  }
  const html = (headers["content-type"] ?? "").split(";")[0]?.trim() === "text/html";
  const body =
    html && !headers.location && !headers["content-encoding"]
      ? rewriteHtml(response.body, rewrite)
      : response.body;
  const reply = replyOf({ status: response.status, headers, body }, pending.method);
  if (location !== undefined) reply.headers["location"] = location;
  return reply;
}

export function replyOf({ status, headers: given, body }: HttpResponse, method: string): Reply {
  const headers = answerHeaders(given);
  return { type: "reply", status, headers, body: method === "HEAD" ? "" : bytesOf(body) };
}
