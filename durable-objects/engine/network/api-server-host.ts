/** The API server as Pods reach it, on the control plane's node. */
import type { Source } from "../runtime/net/stream.ts";
import { isAdmin } from "../runtime/net/admin-access.ts";
import { openSession } from "./api-session.ts";
import { openApiStream } from "./api-stream.ts";
import { nextId } from "./ids.ts";
import type { HttpRequest, HttpResponse } from "../runtime/kernel/state.ts";
import type { ApiResponse, HeldReply, ProxyPending, Reply, User } from "../ports/request.ts";
import { binaryOf, bytesOf, decodeUtf8, encodeUtf8 } from "../runtime/bytes.ts";
import type { RuntimeContext } from "../runtime/kernel/types.ts";

const json = (status: number, body: unknown): HttpResponse => ({
  status,
  headers: { "content-type": "application/json" },
  body: `${encodeUtf8(JSON.stringify(body, null, 2))}\n`,
});

export const plain = (status: number, body: string): HttpResponse => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body,
});

export const notHttps: HttpResponse = plain(
  400,
  "Client sent an HTTP request to an HTTPS server.\n",
);

/** What system:discovery allows to whoever is known, and to nobody else. */
const discovery = /^\/(api(\/[^/]+)?|apis(\/[^/]+){0,2}|openapi(\/.*)?)\/?$/;

/** k8s: apiserver/pkg/endpoints/handlers/responsewriters/errors.go Forbidden */
const forbidden = (method: string, path: string): HttpResponse =>
  json(403, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: `forbidden: User "system:anonymous" cannot ${method.toLowerCase()} path "${path}"`,
    reason: "Forbidden",
    details: {},
    code: 403,
  });

/** k8s: apiserver/pkg/endpoints/filters/authentication.go */
const unauthorized: HttpResponse = json(401, {
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: "Unauthorized",
  reason: "Unauthorized",
  code: 401,
});

const anonymous: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };

/** The API server, asked with a Pod's token or with none. k8s: --anonymous-auth */
export function apiServerAnswer(
  context: RuntimeContext,
  request: HttpRequest,
  from: Source,
): HttpResponse | ProxyPending | HeldReply {
  if (!request.https) return notHttps;
  const [path = "/", query = ""] = request.path.split("?", 2);
  const { tokens } = context;
  const certified =
    request.clientCertificate && tokens?.certifiedUser(request.clientCertificate, context.now);
  // A certificate that is nobody's is no way in, and leaves the token's.
  if (request.clientCertificate && !certified && !request.headers.authorization)
    return unauthorized;
  if (!certified && !request.headers.authorization && discovery.test(path))
    return forbidden(request.method, path);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = decodeUtf8(value);
  const admin = tokens && isAdmin(tokens, headers.authorization);
  if (admin || certified) delete headers["authorization"];
  const answer = context.apiServer?.({
    method: request.method,
    path,
    query,
    headers,
    ...(request.body ? { body: bytesOf(request.body) } : {}),
    ...(certified ? { user: certified } : {}),
    ...(headers.authorization || admin || certified ? {} : { user: anonymous }),
  });
  return answerFor(context, request, from, answer);
}

/** What a Pod sees of an answer of the API server's. */
export function answerFor(
  context: RuntimeContext,
  request: HttpRequest,
  from: Source,
  answer: ApiResponse | undefined,
): HttpResponse | ProxyPending | HeldReply {
  if (answer?.type === "watch" || answer?.type === "follow") {
    const watches = answer.type === "watch";
    const body = encodeUtf8(watches ? answer.lines.join("") : answer.text);
    const whole = { status: 200, headers: answer.headers, body };
    if (!request.stream || (watches && answer.ended)) return whole;
    const at = watches ? answer.subscription : answer.follow;
    return { ...whole, stream: openApiStream(context, nextId(context, "a"), from, at) };
  }
  if (answer?.type === "session" && request.stream) {
    if (answer.kind === "portforward")
      return { status: 101, headers: {}, body: "", forward: answer.session };
    const stream = openSession(context, nextId(context, "a"), from, answer.session);
    return { status: 101, headers: {}, body: "", stream };
  }
  if (answer?.type === "pending" || answer?.type === "held") return answer;
  if (answer?.type === "proxied") return responseOf(answer.reply);
  if (answer?.type !== "reply") return plain(501, "not served to Pods\n");
  return responseOf(answer);
}

export const responseOf = ({ status, headers, body }: Reply): HttpResponse => ({
  status,
  // k8s: apiserver/pkg/endpoints/filters/cachecontrol.go
  headers: { "cache-control": "no-cache, private", ...headers },
  body: typeof body === "string" ? encodeUtf8(body) : binaryOf(body),
});
