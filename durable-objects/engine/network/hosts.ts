/** What listens on the nodes themselves: the API server and the kubelets, as far as a Pod without a token sees them. */
import type { Reader } from "../controllers/define.ts";
import type { HttpRequest, HttpResponse } from "../runtime/state.ts";
import type { Pod } from "../kubelet/shapes.ts";
import { version } from "../api/discovery.ts";

const json = (status: number, body: unknown): HttpResponse => ({
  status,
  headers: { "content-type": "application/json" },
  body: `${JSON.stringify(body, null, 2)}\n`,
});

const plain = (status: number, body: string): HttpResponse => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body,
});

const notHttps: HttpResponse = plain(400, "Client sent an HTTP request to an HTTPS server.\n");

/** An anonymous look at the API server. k8s: apiserver/pkg/endpoints/handlers/responsewriters/errors.go Forbidden */
export function apiServerAnswer(request: HttpRequest): HttpResponse {
  if (!request.https) return notHttps;
  const path = request.path.split("?")[0] ?? "/";
  if (/^\/(healthz|livez|readyz)$/.test(path)) return plain(200, "ok");
  if (path === "/version") return json(200, version);
  const token = request.headers.authorization;
  const message = token
    ? "Unauthorized"
    : `forbidden: User "system:anonymous" cannot ${request.method.toLowerCase()} path "${path}"`;
  return json(token ? 401 : 403, {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    reason: token ? "Unauthorized" : "Forbidden",
    ...(token ? {} : { details: {} }),
    code: token ? 401 : 403,
  });
}

/** A kubelet's own server; `trusted`: it is the API server that asks. */
export function kubeletAnswer(
  reader: Reader,
  node: string,
  request: HttpRequest,
  trusted = false,
): HttpResponse {
  if (!request.https) return notHttps;
  if (!trusted) return plain(401, "Unauthorized");
  const path = request.path.split("?")[0] ?? "/";
  if (path === "/healthz") return plain(200, "ok");
  if (path === "/pods" || path === "/runningpods/") {
    const items = reader.byIndex<Pod>("pod.node", node);
    return json(200, { kind: "PodList", apiVersion: "v1", metadata: {}, items });
  }
  return plain(404, "404 page not found\n");
}
