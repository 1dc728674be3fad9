import type { User } from "../durable-objects/engine/ports/request.ts";
import { accountRole, type Grant } from "../durable-objects/grant.ts";
import { plainPath } from "../durable-objects/responses.ts";
import { apiTokenShape } from "./api-tokens.ts";
import { bearerOf, sandboxIsOver, verify } from "./keys.ts";
import { type Sandbox, findSandbox } from "./db/sandboxes.ts";
import type { Env } from "./env.ts";
import { EdgeError, sandboxGone, sandboxNotFound, statusOf, unauthorized } from "./errors.ts";
import { accessTo, mustHaveScope, principalOf } from "./principal.ts";
import { idShape } from "./secrets.ts";

export interface Tenant {
  sandbox: Sandbox;
  /** What lets the request in; the object ends what it opens when that ends. */
  grant: Grant;
  /** The path from the API's root on: `/api/v1/pods`. */
  apiPath: string;
  /** Who a key, a cookie or an API token stands for, or credentials for the cluster's own authentication: a service account's token. */
  asker: { user: User } | { authorization: string };
}

const kubePath = /^\/sandboxes\/([^/]+)(?:\/k\/([^/]+))?(\/.*)?$/;

/**
 * Whose API a request is for, by its path and key; throws the Status that refuses it.
 *
 * At the root (`/api/v1/...`) the bearer token alone says whose it is: kubectl's proxy and its `get --raw` drop what the
 * server's address has for a path. Below `/sandboxes/ID` it must be that sandbox's. Clients send no token over plain http, so
 * there (in local mode only) the secret may stand in the path: `/sandboxes/ID/k/SECRET/api/v1/...`, and a bearer token
 * beside it is the cluster's to verify.
 */
export async function tenantOf(
  request: Request,
  env: Env,
  now: number,
  later: (work: Promise<unknown>) => void,
): Promise<Tenant> {
  const url = new URL(request.url);
  if (!url.pathname.startsWith("/sandboxes/")) return tenantOfToken(request, env, now, url);
  const parts = kubePath.exec(url.pathname);
  const id = parts?.[1];
  if (!id || !idShape.test(id)) throw sandboxNotFound();
  const inPath = parts[2];
  if (inPath !== undefined && env.MODE !== "local") throw sandboxNotFound();
  const secret = inPath ?? bearerOf(request.headers);
  const apiPath = withoutRepeatedPrefix(url.pathname, parts[3] ?? "/");
  if (secret === undefined || apiTokenShape.test(secret)) {
    return tenantOfPerson(request, env, now, { id, apiPath, later });
  }
  const verdict = await verify(env, id, secret, now);
  if (verdict.state === "unknown") throw unauthorized();
  if (verdict.state === "gone") throw sandboxGone();
  const { sandbox, grant, user } = verdict;
  const beside = inPath === undefined ? undefined : bearerOf(request.headers);
  return {
    sandbox,
    grant,
    apiPath,
    asker:
      beside === undefined || beside === inPath ? { user } : { authorization: `Bearer ${beside}` },
  };
}

interface Asked {
  id: string;
  apiPath: string;
  later: (work: Promise<unknown>) => void;
}

/** By a cookie or an API token: of whoever belongs to the sandbox. */
async function tenantOfPerson(
  request: Request,
  env: Env,
  now: number,
  { id, apiPath, later }: Asked,
): Promise<Tenant> {
  try {
    const principal = await principalOf(request, env, now, later);
    if (principal.by === "nobody") throw unauthorized();
    const { sandbox, grant, user } = await accessTo(principal, env, id, now);
    const reads = /^(GET|HEAD)$/.test(request.method) && !request.headers.has("upgrade");
    mustHaveScope(principal, reads ? "sandboxes:read" : "sandboxes:write");
    // What users serve would be shown in the console's own origin.
    if (principal.by === "session" && proxied.test(plainPath(apiPath))) {
      throw new EdgeError(403, "a cookie opens no proxy; open the sandbox's preview");
    }
    return { sandbox, grant, apiPath, asker: { user } };
  } catch (error) {
    if (error instanceof EdgeError) throw statusOf(error);
    throw error;
  }
}

const proxied = /\/proxy(\/|$)/;

async function tenantOfToken(
  request: Request,
  env: Env,
  now: number,
  { pathname }: URL,
): Promise<Tenant> {
  const token = bearerOf(request.headers);
  if (token === undefined) throw unauthorized();
  const named = sandboxNamedBy(token);
  if (named !== undefined) {
    const sandbox = await findSandbox(env.DB, named);
    if (!sandbox) throw unauthorized();
    if (sandboxIsOver(sandbox, now)) throw sandboxGone();
    // What it may do is the cluster's to say, at every request.
    const grant: Grant = {
      ids: [],
      role: accountRole,
      readAtMs: now,
      expiresAtMs: sandbox.expiresAt,
    };
    return { sandbox, grant, apiPath: pathname, asker: { authorization: `Bearer ${token}` } };
  }
  const verdict = await verify(env, undefined, token, now);
  if (verdict.state === "unknown") throw unauthorized();
  if (verdict.state === "gone") throw sandboxGone();
  const { sandbox, grant, user } = verdict;
  return { sandbox, grant, apiPath: pathname, asker: { user } };
}

/**
 * A service account's token names its key, and that its sandbox. This says only whom to ask: the cluster verifies the token,
 * and takes none of a key that is named otherwise than its own.
 */
function sandboxNamedBy(token: string): string | undefined {
  const [, head] = /^([A-Za-z0-9_-]{1,512})\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/.exec(token) ?? [];
  if (head === undefined) return undefined;
  try {
    const text = atob(head.replaceAll("-", "+").replaceAll("_", "/"));
    const { kid } = JSON.parse(text) as { kid?: unknown };
    const id = typeof kid === "string" ? kid.split(".")[0]! : "";
    return idShape.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

/** kubectl's proxy puts the server's path before what a redirect told its client, which has that path already. */
function withoutRepeatedPrefix(whole: string, below: string): string {
  const own = whole.slice(0, whole.length - below.length);
  return own !== "" && below.startsWith(`${own}/`) ? below.slice(own.length) : below;
}
