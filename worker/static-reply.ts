import type { ApiRequest } from "../durable-objects/engine/ports/request.ts";
import type { Env } from "./env.ts";

type BuiltIn = typeof import("./built-in.ts");

const yearMs = 365 * 24 * 3_600_000;

/** Whether a path may be one of those; the object answers the same where it is not. */
function maySay(path: string): boolean {
  if (/^\/(?:version\/?$|healthz|livez|readyz|openapi\/)/.test(path)) return true;
  const [root, ...rest] = path.split("/").filter(Boolean);
  if (root === undefined) return true;
  return (root === "api" && rest.length <= 1) || (root === "apis" && rest.length <= 2);
}

/** Paths whose answers follow from the kinds that a cluster serves. */
const ofKinds = /^\/($|apis(\/|$)|openapi\/)/;

/**
 * What is the same for every sandbox (`/version`, built-in discovery, OpenAPI), without waking one. `ownKinds`: the cluster
 * has kinds of its own, or may have; then only documents that the client knows by their hash are every sandbox's.
 */
export async function staticReply(
  request: Request,
  env: Env,
  apiPath: string,
  ownKinds: boolean,
): Promise<Response | undefined> {
  if (request.method !== "GET" || !maySay(apiPath)) return undefined;
  // In whose name somebody may ask, only the cluster knows; its documents have no descriptions.
  if (request.headers.has("impersonate-user") && !apiPath.startsWith("/openapi/")) return undefined;
  const builtIn = await import("./built-in.ts");
  const asked: ApiRequest = {
    method: "GET",
    path: apiPath,
    query: new URL(request.url).search.slice(1),
    headers: Object.fromEntries(request.headers),
  };
  if (ownKinds && ofKinds.test(apiPath) && !isBuiltIn(builtIn, asked)) return undefined;
  const reply = builtIn.edgeResponse(asked);
  if (!reply) return undefined;
  // k8s: apiserver/pkg/endpoints/filters/cachecontrol.go
  const headers = new Headers({ "cache-control": "no-cache, private", ...reply.headers });
  // kubectl keeps on disk only what says when it expires.
  if (headers.get("cache-control")?.includes("immutable")) {
    headers.set("expires", new Date(Date.now() + yearMs).toUTCString());
  }
  // The runtime compresses what says that it is compressed. k8s: kube-openapi/pkg/handler GzipHandler
  if (apiPath === "/openapi/v2" && reply.status === 200 && acceptsGzip(asked.headers)) {
    headers.set("content-encoding", "gzip");
  }
  const described = reply.status === 200 ? await describedSchema(builtIn, asked, env) : undefined;
  const body = described ?? (reply.body as BodyInit);
  return new Response(reply.status === 304 ? null : body, { status: reply.status, headers });
}

/** The document of a group version, by the hash that it has in every cluster. */
function isBuiltIn({ builtin, openApiHash }: BuiltIn, { path, query }: ApiRequest): boolean {
  const hash = new URLSearchParams(query).get("hash");
  if (hash === null || !path.startsWith("/openapi/v3/")) return false;
  return builtin.groupVersions.some((gv) => openApiHash(gv) === hash);
}

const acceptsGzip = (headers: Record<string, string>): boolean =>
  /(^|,)\s*gzip\s*(?!;\s*q=0(\.0*)?\s*(,|$))/i.test(headers["accept-encoding"] ?? "");

/** The same OpenAPI document with descriptions, which `kubectl explain` prints: a static asset, where built. */
async function describedSchema(
  { builtin, openApiAsset }: BuiltIn,
  asked: ApiRequest,
  env: Env,
): Promise<ReadableStream | undefined> {
  const path = openApiAsset(asked.path, asked.query, asked.headers, builtin.groupVersions);
  if (path === undefined || !env.ASSETS) return undefined;
  const asset = await env.ASSETS.fetch(new URL(path, "https://assets"));
  return asset.ok ? (asset.body ?? undefined) : undefined;
}
