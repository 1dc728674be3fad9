/** What the API server's proxy makes of a server's answer. k8s: apimachinery/pkg/util/proxy */
import { failure } from "../api/handle.ts";
import { lookup } from "../core/lookup.ts";
import { StatusError } from "../machinery/status.ts";
import type { ProxyPending, Reply } from "../ports/request.ts";
import { bytesOf } from "../runtime/bytes.ts";
import type { HttpResponse } from "../runtime/kernel/state.ts";
import { answerHeaders, redirectWithin } from "./answer-headers.ts";
import { rewriteHtml, rewriteUrl } from "./links.ts";

/** The outcome of a request to a Pod, Service or node. */
export type ProxiedResult = { response: HttpResponse } | { error: string };

export const unavailable = (message: string): StatusError =>
  new StatusError(503, "ServiceUnavailable", message);

export const unreachable = (problem: string): StatusError =>
  unavailable(`error trying to reach service: ${problem}`);

/** The answer, or the Status that says why there is none; no result: it came too late. */
export function proxiedReply(result: ProxiedResult | undefined, pending: ProxyPending): Reply {
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

/** Throws a 503 where there was none. */
export function proxiedAnswer(result: ProxiedResult, pending: ProxyPending): Reply {
  if ("error" in result) {
    const dial = dialErrors[result.error];
    if (dial) throw unreachable(`dial tcp ${pending.address}: ${dial}`);
    if (result.error === "tls")
      throw unreachable("http: server gave HTTP response to HTTPS client");
    if (result.error === "malformed")
      throw unreachable("net/http: HTTP/1.x transport connection broken: malformed HTTP response");
    throw unreachable("EOF");
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
