import type { Grant } from "../durable-objects/grant.ts";
import { bearerOf, verify } from "./auth.ts";
import type { Sandbox } from "./db/queries.ts";
import type { Env } from "./env.ts";
import { sandboxGone, sandboxNotFound, unauthorized } from "./errors.ts";

/** A sandbox's id: 128 random bits in base 32, so that it is a DNS label too. */
export function newSandboxId(): string {
  const letters = "abcdefghijklmnopqrstuvwxyz234567";
  return Array.from(crypto.getRandomValues(new Uint8Array(26)), (byte) => letters[byte & 31]).join(
    "",
  );
}

export const sandboxIdShape = /^[a-z2-7]{26}$/;

export interface Tenant {
  sandbox: Sandbox;
  /** What lets the request in; the object ends what it opens when that ends. */
  grant: Grant;
  /** The path from the API's root on: `/api/v1/pods`. */
  apiPath: string;
  /** Credentials for the cluster's own authentication: a service account's token. Absent: the sandbox's owner asks. */
  authorization?: string;
}

const kubePath = /^\/sandboxes\/([^/]+)(?:\/k\/([^/]+))?(\/.*)?$/;

/**
 * Whose API a request is for, by its path and key; throws the Status that refuses it.
 *
 * Clients send no token over plain http, so there (in local mode only) the secret stands in the path:
 * `/sandboxes/ID/k/SECRET/api/v1/...`, and a bearer token beside it is the cluster's to verify. Over https the secret is
 * the bearer token, on `/sandboxes/ID/api/v1/...`.
 */
export async function tenantOf(request: Request, env: Env, now: number): Promise<Tenant> {
  const url = new URL(request.url);
  const parts = kubePath.exec(url.pathname);
  const id = parts?.[1];
  if (!id || !sandboxIdShape.test(id)) throw sandboxNotFound();
  const inPath = parts[2];
  if (inPath !== undefined && env.MODE !== "local") throw sandboxNotFound();
  const secret = inPath ?? bearerOf(request.headers);
  if (secret === undefined) throw unauthorized();
  const verdict = await verify(env, id, secret, now);
  if (verdict.state === "unknown") throw unauthorized();
  if (verdict.state === "gone") throw sandboxGone();
  const tenant: Tenant = {
    sandbox: verdict.sandbox,
    grant: verdict.grant,
    apiPath: once(url.pathname, parts[3] ?? "/"),
  };
  const beside = inPath === undefined ? undefined : bearerOf(request.headers);
  if (beside !== undefined && beside !== inPath) tenant.authorization = `Bearer ${beside}`;
  return tenant;
}

/** kubectl's proxy puts the server's path before what a redirect told its client, which has that path already. */
function once(whole: string, below: string): string {
  const own = whole.slice(0, whole.length - below.length);
  return own !== "" && below.startsWith(`${own}/`) ? below.slice(own.length) : below;
}
