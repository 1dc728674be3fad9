/**
 * The secure port of the scheduler and the controllers: whom it lets in, and to what. k8s: apiserver/pkg/server/options
 * DelegatingAuthorizationOptions, cmd/kube-scheduler/app/server.go buildHandlerChain
 */
import { mayDo, userOf } from "../runtime/net/delegated.ts";
import type { HttpRequest, HttpResponse } from "../runtime/kernel/state.ts";
import type { Sys } from "../runtime/kernel/types.ts";
import { encodeUtf8 } from "../runtime/bytes.ts";

const verbs: Readonly<Record<string, string>> = {
  POST: "create",
  GET: "get",
  HEAD: "head",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** k8s: --authorization-always-allow-paths */
const open = new Set(["/healthz", "/readyz", "/livez"]);

const anonymous = { name: "system:anonymous", groups: ["system:unauthenticated"] };

/** k8s: apiserver/pkg/endpoints/handlers/negotiation isPrettyPrint */
const isForPeople = ({ headers }: HttpRequest): boolean =>
  /^(curl|Wget|Mozilla\/5\.0)/.test(headers["user-agent"] ?? "");

function refused(
  request: HttpRequest,
  code: number,
  reason: string,
  message: string,
): HttpResponse {
  const status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason,
    ...(code === 403 ? { details: {} } : {}),
    code,
  };
  const headers = {
    "content-type": "application/json",
    "cache-control": "no-cache, private",
    ...(code === 403 ? { "x-content-type-options": "nosniff" } : {}),
  };
  const body = encodeUtf8(JSON.stringify(status, null, isForPeople(request) ? 2 : 0));
  return { status: code, headers, body };
}

const plain = (status: number, text: string, type = "text/plain; charset=utf-8"): HttpResponse => ({
  status,
  headers: { "content-type": type, "x-content-type-options": "nosniff" },
  body: encodeUtf8(text),
});

/** The answer of a component to a request at its secure port. */
export function componentAnswer(sys: Sys, name: string, request: HttpRequest): HttpResponse {
  const { context } = sys.kernel;
  const [path = "/", query = ""] = request.path.split("?", 2);
  const self = { name: `system:${name}`, groups: ["system:authenticated"] };
  const known = userOf(context, self, request);
  const shown = request.headers["authorization"] !== undefined;
  if (!known && shown) return refused(request, 401, "Unauthorized", "Unauthorized");
  const user = known ?? anonymous;
  const verb = verbs[request.method] ?? request.method.toLowerCase();
  const attributes = { nonResourceAttributes: { path, verb } };
  if (!open.has(path) && !mayDo(context, self, user, attributes))
    return refused(
      request,
      403,
      "Forbidden",
      `forbidden: User ${JSON.stringify(user.name)} cannot ${verb} path ${JSON.stringify(path)}`,
    );
  const page = context.component?.(name, { method: request.method, path, query });
  return page ? plain(page.status, page.text, page.type) : plain(404, "404 page not found\n");
}
