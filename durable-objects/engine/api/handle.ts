/** The API server's main path: who -> what -> may they -> do it -> answer. Errors become a Status here and only here. */
import { AssertionError } from "../assert.ts";
import type { ApiRequest, ApiResponse, Reply, User } from "../ports.ts";
import { authorize } from "./authorization.ts";
import type { ApiContext, Call } from "./context.ts";
import { staticResponse } from "./discovery.ts";
import { impersonated } from "./impersonation.ts";
import { json, reply, withWarnings } from "./reply.ts";
import { requestInfo, type RequestInfo } from "./request-info.ts";
import { resourceAt, type Resource } from "./resources.ts";
import { reviewKinds } from "./reviews.ts";
import * as status from "./status.ts";
import { subresources } from "./subresources.ts";
import { verbs } from "./verbs.ts";

/** Whoever holds the sandbox's key. */
export const sandboxOwner: User = {
  name: "kubernetes-admin",
  groups: ["kubeadm:cluster-admins", "system:masters", "system:authenticated"],
};

export function handle(context: ApiContext, request: ApiRequest): ApiResponse {
  try {
    return dispatch(context, request);
  } catch (error) {
    if (error instanceof status.StatusError) return failure(error);
    if (error instanceof AssertionError || error instanceof Error) {
      return failure(status.internalError(error.message));
    }
    throw error;
  }
}

export function failure(error: status.StatusError): Reply {
  const retry = error.details?.retryAfterSeconds;
  const headers: Record<string, string> = retry ? { "retry-after": String(retry) } : {};
  return json(error.code, error.toStatus(), headers);
}

function dispatch(context: ApiContext, request: ApiRequest): ApiResponse {
  const fixed = staticResponse(request);
  if (fixed) return fixed;
  const info = requestInfo(request);
  const user = impersonated(context.reader, request, request.user ?? sandboxOwner);
  if (!info.isResource) return nonResource(context, request, info, user);
  const resource = resourceAt(info.group, info.version, info.resource);
  const review = reviewKinds[`${info.group}/${info.version}/${info.resource}`];
  if (!resource && !review) throw status.unknownPath();
  permit(context, info, user);
  if (review) return review(context, request, info, user);
  const call: Call = { context, request, info, resource: resource as Resource, user, warnings: [] };
  return withWarnings(serve(call), call.warnings);
}

function serve(call: Call): ApiResponse {
  const { info, resource } = call;
  if (info.subresource) return subresource(call);
  if (resource.namespaced && !info.namespace && !["list", "watch"].includes(info.verb)) {
    if (info.verb !== "create") throw status.methodNotSupported(resource, info.verb);
  }
  const verb = verbs[info.verb];
  if (!verb || !resource.verbs.includes(info.verb)) throw notAllowed(call);
  if (info.name && (info.verb === "create" || info.verb === "deletecollection")) throw notAllowed(call);
  if (!info.name && ["update", "patch", "delete"].includes(info.verb)) throw notAllowed(call);
  return verb(call);
}

function subresource(call: Call): ApiResponse {
  const { info, resource } = call;
  const declared = resource.subresources.find((s) => s.name === info.subresource);
  if (!declared) throw status.unknownPath();
  const serveIt = subresources[info.subresource];
  if (!serveIt) throw status.unknownPath();
  if (!declared.verbs.includes(info.verb)) throw notAllowed(call);
  return serveIt(call);
}

/** k8s: apiserver/pkg/endpoints/installer.go: no route for the method. */
function notAllowed(call: Call): status.StatusError {
  return new status.StatusError(
    405,
    "MethodNotAllowed",
    "the server does not allow this method on the requested resource",
    {
      ...(call.resource.group ? { group: call.resource.group } : {}),
      kind: call.resource.plural,
    },
  );
}

function permit(context: ApiContext, info: RequestInfo, user: User): void {
  const decision = authorize(
    user,
    {
      verb: info.verb,
      group: info.group,
      resource: info.resource,
      subresource: info.subresource,
      name: info.selectedName,
      namespace: info.namespace,
      path: info.path,
    },
    context.reader,
  );
  if (!decision.allowed) throw forbiddenTo(info, user, decision.reason);
}

/** k8s: apiserver/pkg/endpoints/handlers/responsewriters/errors.go, authorization texts */
function forbiddenTo(info: RequestInfo, user: User, reason: string): status.StatusError {
  const plural = info.subresource ? `${info.resource}/${info.subresource}` : info.resource;
  const where = info.namespace
    ? `in the namespace "${info.namespace}"`
    : "at the cluster scope";
  const text = `User "${user.name}" cannot ${info.verb} resource "${plural}" in API group "${info.group}" ${where}`;
  return status.forbidden(
    { group: info.group, plural: info.resource },
    info.selectedName,
    reason ? `${text}: ${reason}` : text,
  );
}

function nonResource(
  context: ApiContext,
  request: ApiRequest,
  info: RequestInfo,
  user: User,
): ApiResponse {
  const decision = authorize(
    user,
    { verb: info.verb, group: "", resource: "", subresource: "", name: "", namespace: "", path: info.path },
    context.reader,
  );
  if (!decision.allowed) {
    const detail = decision.reason ? `: ${decision.reason}` : "";
    throw new status.StatusError(
      403,
      "Forbidden",
      `forbidden: User "${user.name}" cannot ${info.verb} path "${info.path}"${detail}`,
      {},
    );
  }
  if (request.path === "/metrics" && request.method === "GET") {
    return reply(200, "text/plain; version=0.0.4", metrics(context));
  }
  throw status.unknownPath();
}

function metrics(context: ApiContext): string {
  const lines = ["# TYPE apiserver_storage_objects gauge"];
  for (const id of [...context.store.resources()].sort()) {
    lines.push(`apiserver_storage_objects{resource="${id}"} ${context.store.count(id)}`);
  }
  return `${lines.join("\n")}\n`;
}
