/** The API server's main path: who -> what -> may they -> do it -> answer. Errors become a Status here and only here. */
import { AssertionError } from "../core/assert.ts";
import type { Reader } from "../ports/controller.ts";
import type { ApiRequest, ApiResponse, Reply, User } from "../ports/request.ts";
import { authorize, type Attributes } from "./auth/authorization.ts";
import { componentKinds } from "./read/component-statuses.ts";
import { explanationKinds } from "./read/explanations.ts";
import type { ApiContext, Call } from "./context.ts";
import { pageNotFound, staticResponse } from "./discovery/discovery.ts";
import type { Registry, RemoteVersion, Resource } from "./discovery/registry.ts";
import { flowHeaders, flowOf, type Flow } from "./flow-control.ts";
import { forbiddenTo } from "./auth/forbidden.ts";
import { healthMetrics } from "./discovery/health.ts";
import { serverMetrics } from "./read/server-metrics.ts";
import { metricsContentType } from "../machinery/prometheus.ts";
import { actsAsAnother, impersonated } from "./auth/impersonation.ts";
import { metricsKinds } from "./read/metrics.ts";
import { prefersProtobuf, prefersYaml } from "./request/negotiation.ts";
import { json, pretty, protobufReply, yamlReply, reply, withWarnings } from "./request/reply.ts";
import { requestInfo, type RequestInfo } from "./request/request-info.ts";
import { checkTimeoutOf } from "./request/request-timeout.ts";
import { reviewKinds } from "./auth/reviews.ts";
import { checkMediaTypes, checkRoute, methodNotAllowed, withinApi } from "./request/routes.ts";
import * as status from "../machinery/status.ts";
import { legacyBinding, subresources } from "./subresources/subresources.ts";
import { verifyToken } from "./auth/token-validation.ts";
import { issuer, jsonWebKeys, openidConfiguration } from "./auth/tokens.ts";
import { sandboxOwner } from "./users.ts";
import { verbs } from "./verbs/index.ts";

/**
 * The API server's answer to one request. Throws only what is no Error; a StatusError becomes its response, any other
 * Error a 500.
 */
export function handle(context: ApiContext, request: ApiRequest): ApiResponse {
  const { expressionCost } = context.operations;
  // A Pod's request comes in the middle of a step, which pays for it too.
  const before = expressionCost.used;
  expressionCost.used = 0;
  try {
    const noted: Noted = {};
    const answer = answerOf(context, request, noted);
    count(context, request, noted, answer);
    return noted.flow && "headers" in answer
      ? { ...answer, headers: { ...answer.headers, ...flowHeaders(noted.flow) } }
      : answer;
  } finally {
    expressionCost.used += before;
  }
}

/** What a request turned out to be about, once it is one that is served: nobody else's words become labels. */
interface Noted {
  about?: { info: RequestInfo; resource: Resource };
  flow?: Flow | undefined;
}

function answerOf(context: ApiContext, request: ApiRequest, noted: Noted): ApiResponse {
  try {
    return pretty(request, dispatch(context, request, noted));
  } catch (error) {
    if (error instanceof status.StatusError)
      return pretty(request, failure(error, request.headers["accept"]));
    if (error instanceof AssertionError || error instanceof Error) {
      return failure(status.internalError(error.message));
    }
    throw error;
  }
}

/** Takes note of an answer about a resource, for /metrics. */
function count(
  { reader: { now }, requests }: ApiContext,
  request: ApiRequest,
  { about, flow }: Noted,
  answer: ApiResponse,
): void {
  if (flow) requests.noteFlow(flow);
  const code = codeOf(answer);
  if (!about || code === undefined) return;
  const seconds = (now - (request.sinceMs ?? now)) / 1000;
  requests.note(about.info, about.resource, request, { code, seconds });
}

/** Undefined: it is not known yet. */
function codeOf(answer: ApiResponse): number | undefined {
  if (answer.type === "proxied") return answer.reply.status;
  if (answer.type === "session") return 101;
  return "status" in answer ? answer.status : undefined;
}

/** In JSON, unless the client reads protobuf or YAML rather. k8s: handlers/responsewriters/writers.go ErrorNegotiated */
export function failure(error: status.StatusError, accept = ""): Reply {
  const retry = error.details?.retryAfterSeconds;
  const answer = prefersProtobuf(accept)
    ? protobufReply(error.code, error.toStatus())
    : prefersYaml(accept)
      ? yamlReply(error.code, error.toStatus())
      : json(error.code, error.toStatus());
  return retry
    ? { ...answer, headers: { ...answer.headers, "retry-after": String(retry) } }
    : answer;
}

function dispatch(context: ApiContext, request: ApiRequest, noted: Noted): ApiResponse {
  const fixed = staticResponse(request, context.registry);
  // Whoever asks in somebody's name has to be allowed to.
  if (fixed && !actsAsAnother(request.headers)) return fixed;
  const info = requestInfo(request);
  checkTimeoutOf(info);
  const asker = request.user ?? bearer(context, request) ?? sandboxOwner;
  const attributes = attributesOf(info);
  const user = impersonated(authorityOf(context), request, asker, attributes);
  noted.flow = flowOf(context.reader, user, attributes);
  permit(context, user, attributes);
  if (fixed) return fixed;
  const remote = remoteOf(context, request.path);
  if (remote) return elsewhere(context, request, user, remote);
  if (!info.isResource) return nonResource(context, request);
  const resource = context.registry.at(info.group, info.version, info.resource);
  if (!resource) return missing(context, request);
  if (request.method === "HEAD" && info.subresource !== "proxy") throw methodNotAllowed();
  checkRoute(info, resource, request.method);
  noted.about = { info, resource };
  checkMediaTypes(info, resource, request.headers);
  const asked = `${info.group}/${info.version}/${info.resource}`;
  const { deprecation } = resource.hooks;
  const warnings = deprecation ? [deprecation] : [];
  const review =
    reviewKinds[asked] ?? explanationKinds[asked] ?? metricsKinds[asked] ?? componentKinds[asked];
  if (review) return withWarnings(review(context, request, info, user), warnings);
  const call: Call = { context, request, info, resource, user, warnings };
  const answer = context.store.as(user.name, () => serve(call));
  return withWarnings(answer, call.warnings);
}

const authorityOf = ({ authority, reader }: ApiContext): Reader => authority ?? reader;

/** The user of a service account's token; undefined without one. k8s: apiserver/pkg/endpoints/filters/authentication.go */
function bearer(context: ApiContext, request: ApiRequest): User | undefined {
  const { authorization } = request.headers;
  if (authorization === undefined) return undefined;
  const [scheme = "", ...words] = authorization.split(" ");
  const token = scheme.toLowerCase() === "bearer" ? words.join(" ").trimStart() : "";
  const found = verifyToken(context.signingKey, token, [issuer], authorityOf(context));
  if ("error" in found) {
    throw new status.StatusError(401, "Unauthorized", "Unauthorized");
  }
  return found.user;
}

function serve(call: Call): ApiResponse {
  const { info, resource } = call;
  if (resource.id === "bindings") return legacyBinding(call);
  const row = info.subresource ? subresources[info.subresource] : verbs[info.verb];
  if (!row) throw status.unknownPath();
  return row(call);
}

/** The group version of a path that is behind a Service. */
function remoteOf({ registry }: ApiContext, path: string): RemoteVersion | undefined {
  const [, root, group = "", version = ""] = path.replace(/^\/openapi\/v3\//, "/").split("/", 4);
  return root === "apis" ? registry.remote(group, version) : undefined;
}

/** k8s: kube-aggregator/pkg/apiserver/handler_proxy.go */
function elsewhere(
  { streams }: ApiContext,
  request: ApiRequest,
  user: User,
  { service, stale }: RemoteVersion,
): ApiResponse {
  if (!stale) return streams.aggregated(request, user, service);
  return reply(503, "text/plain; charset=utf-8", "service unavailable\n");
}

/** Below a known group what is missing is a Status, elsewhere plain text. */
function missing({ registry }: ApiContext, request: ApiRequest): ApiResponse {
  if (withinApi(registry, request.path)) throw status.unknownPath();
  return pageNotFound();
}

const attributesOf = (info: RequestInfo): Attributes => ({
  verb: info.verb,
  group: info.group,
  resource: info.resource,
  subresource: info.subresource,
  name: info.selectedName,
  namespace: info.namespace,
  path: info.path,
});

function permit(context: ApiContext, user: User, attributes: Attributes): void {
  const decision = authorize(user, attributes, authorityOf(context));
  if (!decision.allowed) throw forbiddenTo(user, attributes, decision.reason);
}

function nonResource(context: ApiContext, request: ApiRequest): ApiResponse {
  const page = request.method === "GET" ? pages[request.path] : undefined;
  if (page) return page(context);
  if (staticPaths.has(request.path) || withinApi(context.registry, request.path))
    throw methodOrPath(context.registry, request);
  return pageNotFound();
}

const pages: Record<string, (context: ApiContext) => Reply> = {
  "/metrics": (context) => reply(200, metricsContentType, serverMetrics(context)),
  "/metrics/slis": () => reply(200, metricsContentType, healthMetrics()),
  "/.well-known/openid-configuration": () => openidConfiguration(),
  "/openid/v1/jwks": ({ signingKey }) => jsonWebKeys(signingKey),
};

/** What `staticResponse` answers to GET exists, so another method is not allowed there. */
function methodOrPath(registry: Registry, request: ApiRequest): status.StatusError {
  const readable =
    request.method !== "GET" &&
    staticResponse({ ...request, method: "GET" }, registry)?.status !== 404;
  return readable ? methodNotAllowed() : status.unknownPath();
}

const staticPaths = new Set([
  "/api",
  "/apis",
  "/version",
  "/.well-known/openid-configuration",
  "/openid/v1/jwks",
]);
