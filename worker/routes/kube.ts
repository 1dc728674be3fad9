import {
  StatusError,
  internalError,
  tooLarge,
} from "../../durable-objects/engine/machinery/status.ts";
import { diskFull } from "../../durable-objects/disk.ts";
import { readOwnKinds, writeEdge, type EdgeRequest } from "../../durable-objects/edge-request.ts";
import { plainPath } from "../../durable-objects/responses.ts";
import { changeable, finished } from "./api-answer.ts";
import { bearerOf, bearerProtocol, forgetKeys } from "../keys.ts";
import { readBody } from "../body.ts";
import { failedByDisk } from "../disk.ts";
import type { Env } from "../env.ts";
import { serviceUnavailable, statusResponse } from "../errors.ts";
import { expiryNoticeMs, requestBodyBytesMax } from "../limits.ts";
import { factsOf, type Facts } from "../log.ts";
import { staticReply } from "../static-reply.ts";
import { hashOf } from "../secrets.ts";
import { asksForSocket, subprotocolsOf } from "../streams/stream-messages.ts";
import { bridge } from "../streams/stream.ts";
import { forgetBelongings } from "../principal.ts";
import { laterOf, type EdgeContext } from "../route.ts";
import { refuseForeignSocket } from "../streams/foreign-socket.ts";
import { tenantOf, type Tenant } from "../tenant.ts";
import { used } from "./sandboxes.ts";

/** The Kubernetes API of a sandbox: verify the key, answer what needs no cluster, hand on the rest. */
export const kube = async (c: EdgeContext): Promise<Response> =>
  finished(c.req.raw, await answerOf(c));

async function answerOf(c: EdgeContext): Promise<Response> {
  const request = c.req.raw;
  try {
    return await serve(request, c);
  } catch (error) {
    if (error instanceof StatusError) return statusResponse(error);
    if (await failedByDisk(c.env, error)) return readStored(request, c);
    console.error({ event: "kube failed", error: String(error) });
    return statusResponse(serviceUnavailable());
  }
}

/** `readOnly`: from what is stored, since the disk is full. */
async function serve(request: Request, c: EdgeContext, readOnly = false): Promise<Response> {
  const { env } = c;
  refuseForeignSocket(request, env);
  const now = Date.now();
  const later = laterOf(c);
  const facts = factsOf(request);
  facts.route = new URL(request.url).pathname.startsWith("/sandboxes/") ? "/sandboxes/:id/*" : "*";
  const tenant = await tenantOf(request, env, now, later);
  noteTenant(facts, tenant);
  if (readOnly && mayStream(tenant.apiPath, new URL(request.url).search)) throw diskFull();
  const known = await staticReply(request, env, tenant.apiPath, tenant.sandbox.ownKinds);
  const answer = known ?? (await handOn(request, env, tenant, readOnly));
  // Whoever knows a sandbox's id can write a token that names it: only what the cluster took for one keeps the sandbox alive.
  const proven = "user" in tenant.asker || (!known && answer.status !== 401);
  if (proven) later(used(env, tenant.sandbox, now));
  return withNotice(answer, tenant.sandbox.expiresAt, now);
}

/** For the log: what let it in, by the kinds of what it hangs on. */
function noteTenant(facts: Facts, { sandbox, grant }: Tenant): void {
  facts.sandbox = sandbox.id;
  facts.by = "account";
  for (const id of grant.ids) {
    const at = id.indexOf(":");
    const kind = id.slice(0, at);
    if (kind === "member") facts.person = id.slice(at + 1);
    else if (kind === "key" || kind === "session" || kind === "token") facts.by = kind;
  }
}

/** So that kubectl says it. k8s: apimachinery/pkg/util/net/http.go NewWarningHeader */
function withNotice(answer: Response, expiresAt: number, now: number): Response {
  if (expiresAt - now > expiryNoticeMs || answer.webSocket) return answer;
  const until = new Date(expiresAt).toISOString();
  answer.headers.append("warning", `299 - "this sandbox is deleted at ${until} unless it is used"`);
  return answer;
}

/** The disk is full: what is stored can be read all the same, but nothing that would go on. */
async function readStored(request: Request, c: EdgeContext): Promise<Response> {
  const reads = /^(GET|HEAD)$/.test(request.method) && !request.headers.has("upgrade");
  if (!reads) return statusResponse(diskFull());
  try {
    return await serve(request, c, true);
  } catch (error) {
    return statusResponse(error instanceof StatusError ? error : diskFull());
  }
}

async function handOn(
  request: Request,
  env: Env,
  tenant: Tenant,
  readOnly: boolean,
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const body = await readBody(request, requestBodyBytesMax, () => {
    throw tooLarge(`limit is ${requestBodyBytesMax}`);
  });
  const stub = env.SANDBOX.getByName(tenant.sandbox.id);
  if (env.DAMAGED_OBJECTS?.split(",").includes(stub.id.toString())) {
    throw internalError("this sandbox's database is damaged; npm start names its file");
  }
  const address = `https://sandbox${tenant.apiPath}${search}`;
  const client = forwardedHeaders(request.headers);
  const { grant, asker } = tenant;
  const edge: EdgeRequest = { grant, publicPath: pathname };
  if ("user" in asker) {
    edge.user = asker.user;
    const token = tenant.apiPath.endsWith("/portforward") ? bearerOf(request.headers) : undefined;
    if (token !== undefined) edge.tokenHash = await hashOf(token);
  } else client.set("authorization", asker.authorization);
  if (readOnly) edge.readOnly = true;
  // Redirects of proxied servers are the client's to follow.
  const init = {
    method: request.method,
    headers: writeEdge(client, edge),
    redirect: "manual",
    ...(body ? { body } : {}),
  } as const;
  if (request.method === "GET" && (asksForSocket(client) || mayStream(tenant.apiPath, search))) {
    return noted(await bridge(stub, address, client, edge, request.signal), tenant.sandbox);
  }
  return noted(changeable(await stub.fetch(address, init)), tenant.sandbox);
}

/** The object has told the database whether its kinds are its own: what this isolate read before is known to be old. */
function noted(answer: Response, { id, ownKinds }: Tenant["sandbox"]): Response {
  const own = readOwnKinds(answer.headers);
  if (own === undefined) return answer;
  if (own !== ownKinds) {
    forgetKeys(id);
    forgetBelongings(id);
  }
  return answer;
}

/** Only these answer without end; the object still decides. */
function mayStream(apiPath: string, search: string): boolean {
  if (plainPath(apiPath).includes("/watch/")) return true;
  const query = new URLSearchParams(search);
  return query.has("watch") || query.has("follow");
}

/** Headers that describe the client's connection rather than its request are not passed on, nor are secrets. */
const droppedHeaders =
  /^(host|connection|keep-alive|content-length|accept-encoding|authorization|cookie|cf-.*|x-forwarded-.*|x-real-ip)$/;

export function forwardedHeaders(from: Headers): Headers {
  const headers = new Headers();
  for (const [name, value] of from) if (!droppedHeaders.test(name)) headers.set(name, value);
  const protocols = subprotocolsOf(from).filter((name) => !name.startsWith(bearerProtocol));
  if (protocols.length > 0) headers.set("sec-websocket-protocol", protocols.join(", "));
  else headers.delete("sec-websocket-protocol");
  return headers;
}
