import * as v from "valibot";
import { answerHeaders } from "../../durable-objects/engine/network/answer-headers.ts";
import { writeEdge, type EdgeRequest } from "../../durable-objects/edge-request.ts";
import type { PreviewRequest } from "../../durable-objects/engine/ports/request.ts";
import type { Refused } from "../../durable-objects/past.ts";
import { previewTokenShape } from "../../durable-objects/preview-token.ts";
import { newKey, verifyKeyId, type Verdict } from "../keys.ts";
import { readBody } from "../body.ts";
import { contentOrigin } from "../content-host.ts";
import type { Env } from "../env.ts";
import { EdgeError } from "../errors.ts";
import { insertKey, liveKeys } from "../db/keys.ts";
import { keysPerSandboxMax, requestBodyBytesMax } from "../limits.ts";
import { factsOf } from "../log.ts";
import type { Call, EdgeContext, Row } from "../route.ts";
import { idShape } from "../secrets.ts";
import { unlessRefused } from "../snapshots/object-answers.ts";

export const previewRoutes: Row[] = [
  {
    method: "GET",
    path: "/api/sandboxes/:id/preview",
    who: "use",
    // Its address takes every method.
    scope: "sandboxes:write",
    title: "Read the address below which a browser may open the sandbox's Services and Pods",
    answers: { 200: { text: "It ends with the key", schema: v.object({ url: v.string() }) } },
    handle: readPreview,
  },
];

/** Its token is signed for a key: for who comes without one, a key of theirs is made that is for this alone. */
async function readPreview(call: Call): Promise<Response> {
  const { sandbox, key, grant } = call.access;
  const keyId = key?.id ?? (await keyForPreview(call));
  const object = call.env.SANDBOX.getByName(sandbox.id);
  const read: { token: string } | Refused = await object.previewToken(grant, keyId);
  const { token } = unlessRefused(read, "id");
  const own = contentOrigin(call.env, new URL(call.request.url), sandbox.id);
  const root = own ?? `${call.origin}/sandboxes/${sandbox.id}/preview`;
  return call.json({ url: `${root}/${token}/` });
}

const previewKeyName = "preview";

async function keyForPreview({ env, access, person, now }: Call): Promise<string> {
  const { sandbox, role } = access;
  const userId = person!.id;
  const mine = await liveKeys(env.DB, sandbox.id, now, userId);
  const before = mine.find((one) => one.name === previewKeyName && one.role === role);
  if (before) return before.id;
  const { key } = await newKey(sandbox.id, now, {
    role,
    expiresAt: sandbox.expiresAt,
    name: previewKeyName,
    userId,
  });
  if (await insertKey(env.DB, key, now, keysPerSandboxMax)) return key.id;
  throw new EdgeError(409, `a sandbox has at most ${keysPerSandboxMax} keys; revoke one`);
}

/**
 * Of a Service or Pod `TOKEN/NAMESPACE/services/NAME:PORT/proxy/...`, of an Ingress `TOKEN/ingress/HOST/...`, of a Gateway
 * `TOKEN/gateway/NAMESPACE/NAME:PORT/HOST/...`, where the port may be left out.
 */
const previewPath = /^\/sandboxes\/([^/]+)\/preview\/([^/]+)\/(.*)$/;
/** The same at the sandbox's own host. */
const ownPath = /^\/([^/]+)\/(.*)$/;
const proxied = /^([a-z0-9-]{1,63})\/(services|pods)\/([^/]+)\/proxy(\/.*)?$/;
const hosted = /^ingress\/([a-z0-9.-]{1,253})(\/.*)?$/;
const gatewayed =
  /^gateway\/([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})(?::(\d{1,5}))?\/([a-z0-9.-]{1,253})(\/.*)?$/;

interface Target {
  /** Path that the object is asked for; absent: the browser's lacks its first slash. */
  path?: string;
  /** Host of an Ingress or a Gateway. */
  shown?: PreviewRequest;
}

function targetOf(below: string): Target | undefined {
  const [, namespace, resource, name, rest] = proxied.exec(below) ?? [];
  if (namespace !== undefined) {
    const path = rest && `/api/v1/namespaces/${namespace}/${resource}/${name}/proxy${rest}`;
    return { path };
  }
  const [, host, path] = hosted.exec(below) ?? [];
  if (host !== undefined) return { path, shown: { ingressHost: host } };
  return targetOfGateway(below);
}

function targetOfGateway(below: string): Target | undefined {
  const [, namespace, name = "", port, host = "", path] = gatewayed.exec(below) ?? [];
  if (namespace === undefined) return undefined;
  const numbered = port === undefined ? {} : { port: Number(port) };
  return { path, shown: { gateway: { namespace, name, ...numbered, host } } };
}

/**
 * What a sandbox's users serve, shown to a browser: scripts run, but in an origin of their own, which knows neither the
 * console nor its storage. The token in the path opens nothing but this: whose key it is of is looked up before anything
 * wakes, whether it is genuine the object knows.
 */
export async function preview(c: EdgeContext): Promise<Response> {
  const url = new URL(c.req.url);
  factsOf(c.req.raw).route = "/sandboxes/:id/preview/*";
  const [, id = "", token = "", below = ""] = previewPath.exec(url.pathname) ?? [];
  const own = idShape.test(id) ? contentOrigin(c.env, url, id) : undefined;
  // What users serve has hosts of its own here.
  if (own !== undefined) return Response.redirect(`${own}/${token}/${below}${url.search}`, 307);
  return visited(c, { id, token, below });
}

/** The same at the sandbox's own host, which knows nothing else. */
export async function ownHost(c: EdgeContext, id: string): Promise<Response> {
  factsOf(c.req.raw).route = "USER_CONTENT_DOMAIN";
  const [, token = "", below = ""] = ownPath.exec(new URL(c.req.url).pathname) ?? [];
  return visited(c, { id, token, below });
}

async function visited(
  c: EdgeContext,
  { id, token, below }: { id: string; token: string; below: string },
): Promise<Response> {
  const request = c.req.raw;
  const { pathname, search, origin } = new URL(request.url);
  const facts = factsOf(request);
  const target = targetOf(below);
  const keyId = previewTokenShape.exec(token)?.[1];
  if (!target || !idShape.test(id) || keyId === undefined)
    throw new EdgeError(404, "there is no such page");
  if (request.headers.has("service-worker"))
    throw new EdgeError(403, "a preview may not install workers");
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: ownOrigin });
  if (target.path === undefined) {
    return Response.redirect(`${origin}${pathname}/${search}`, 307);
  }
  const { grant, user } = await allowedBy(c.env, id, keyId);
  facts.by = "key";
  facts.sandbox = id;
  const body = await readBody(request, requestBodyBytesMax, () => {
    throw new EdgeError(413, `Request entity too large: limit is ${requestBodyBytesMax}`);
  });
  const edge: EdgeRequest = {
    grant,
    user,
    publicPath: pathname,
    preview: { token, ...target.shown },
  };
  const answer = await c.env.SANDBOX.getByName(id).fetch(`https://sandbox${target.path}${search}`, {
    method: request.method,
    headers: writeEdge(asked(request.headers), edge),
    redirect: "manual",
    ...(body ? { body } : {}),
  });
  return shown(answer);
}

/** What the key still allows that once read this preview's address. */
async function allowedBy(
  env: Env,
  id: string,
  keyId: string,
): Promise<Extract<Verdict, { state: "valid" }>> {
  const verdict = await verifyKeyId(env, id, keyId, Date.now());
  if (verdict.state === "unknown") throw new EdgeError(404, "there is no such preview");
  if (verdict.state === "gone") throw new EdgeError(410, "this sandbox has expired or was deleted");
  return verdict;
}

/** Requests' headers that the server behind may see. */
const handedOn =
  /^(accept|accept-language|content-type|range|if-.*|cache-control|user-agent|x-requested-with)$/;

function asked(from: Headers): Headers {
  const headers = new Headers();
  for (const [name, value] of from) if (handedOn.test(name)) headers.set(name, value);
  return headers;
}

/** Without `allow-same-origin` the page's origin is opaque, also where it is opened by itself. */
const ownOrigin = {
  "content-security-policy":
    "sandbox allow-scripts allow-forms allow-modals allow-popups allow-downloads; frame-ancestors 'self'",
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "*",
  "access-control-allow-methods": "*",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-robots-tag": "noindex",
};

function shown(answer: Response): Response {
  const headers = new Headers(answerHeaders(Object.fromEntries(answer.headers)));
  // The object says them: the one after it made sure that it stays within this preview.
  for (const name of ["location", "content-length"]) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (!headers.has("cache-control")) headers.set("cache-control", "no-cache, private");
  for (const [name, value] of Object.entries(ownOrigin)) headers.set(name, value);
  return new Response(answer.body, { status: answer.status, headers });
}
