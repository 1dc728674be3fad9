import { userOf } from "../durable-objects/engine/api/users.ts";
import type { User } from "../durable-objects/engine/ports/request.ts";
import { keyGrantId, type Grant } from "../durable-objects/grant.ts";
import { findKey, findKeyById, type Key, type Sandbox } from "./db/queries.ts";
import type { Env } from "./env.ts";
import { keyCacheEntriesMax, keyCacheMsMax } from "./limits.ts";
import { asksForSocket, subprotocolsOf } from "./stream-messages.ts";

/** Keys: `podyard_` and 256 random bits. Only their SHA-256 is stored. */

export type Verdict =
  | { state: "unknown" }
  | { state: "gone"; sandbox: Sandbox }
  | { state: "valid"; key: Key; sandbox: Sandbox; grant: Grant; user: User };

/** Who a key of each role is in the cluster. */
const users = new Map<string, User>(
  (["owner", "editor", "viewer"] as const).map((role) => [role, userOf(role)]),
);

export async function newKey(
  sandboxId: string,
  now: number,
  expiresAt: number,
): Promise<{ secret: string; key: Key }> {
  const secret = `podyard_${base64url(crypto.getRandomValues(new Uint8Array(32)))}`;
  const id = hex(crypto.getRandomValues(new Uint8Array(6)));
  const hash = await hashOf(secret);
  const key: Key = {
    hash,
    id,
    sandboxId,
    role: "owner",
    createdAt: now,
    expiresAt,
    revokedAt: null,
  };
  return { secret, key };
}

const secretShape = /^podyard_[A-Za-z0-9_-]{43}$/;

/**
 * Whether a secret opens a sandbox, or any where none is named. Verified pairs are remembered for a few seconds, so that a burst of
 * requests costs one query and a revocation still bites at once.
 */
export async function verify(
  env: Env,
  sandboxId: string | undefined,
  secret: string,
  now: number,
): Promise<Verdict> {
  if (!secretShape.test(secret)) return { state: "unknown" };
  const hash = await hashOf(secret);
  return verdictOn(await lookUp(hash, () => findKey(env.DB, hash)), sandboxId, now);
}

/** Whether a key still lives, by its id: for what was signed for it. */
export async function verifyKeyId(
  env: Env,
  sandboxId: string,
  keyId: string,
  now: number,
): Promise<Verdict> {
  const found = await lookUp(`${sandboxId} ${keyId}`, () => findKeyById(env.DB, sandboxId, keyId));
  return verdictOn(found, sandboxId, now);
}

function verdictOn({ found, readAtMs }: Read, sandboxId: string | undefined, now: number): Verdict {
  if (!found || found.key.sandboxId !== (sandboxId ?? found.sandbox.id))
    return { state: "unknown" };
  const { key, sandbox } = found;
  // A dead sandbox's keys die with it: its owner should read why.
  if (sandboxIsOver(sandbox, now)) return { state: "gone", sandbox };
  if (key.revokedAt !== null || key.expiresAt <= now) return { state: "unknown" };
  const user = users.get(key.role);
  if (!user) return { state: "unknown" };
  const grant: Grant = {
    ids: [keyGrantId(key.id)],
    role: key.role,
    readAtMs,
    expiresAtMs: key.expiresAt,
  };
  return { state: "valid", key, sandbox, grant, user };
}

/** Whether it was deleted or has expired by `now` (wall ms). */
export const sandboxIsOver = (sandbox: Sandbox, now: number): boolean =>
  sandbox.deletedAt !== null || sandbox.expiresAt <= now;

type Found = { key: Key; sandbox: Sandbox };
/** The database's answer, also that there is nothing, and the moment just before the query. */
interface Read {
  found: Found | undefined;
  readAtMs: number;
}
const cache = new Map<string, Read>();

async function lookUp(name: string, find: () => Promise<Found | undefined>): Promise<Read> {
  const now = Date.now();
  const known = cache.get(name);
  if (known && now >= known.readAtMs && now - known.readAtMs < keyCacheMsMax) return known;
  cache.delete(name);
  const read: Read = { found: await find(), readAtMs: now };
  if (cache.size >= keyCacheEntriesMax) cache.delete(cache.keys().next().value!);
  cache.set(name, read);
  return read;
}

/** Forgets what this isolate knows of a sandbox's keys; others follow within `keyCacheMsMax`. */
export function forget(sandboxId: string): void {
  for (const [name, { found }] of cache) {
    if (found?.sandbox.id === sandboxId) cache.delete(name);
  }
}

/** The secret of an `Authorization: Bearer` header, or of a WebSocket's subprotocol: a page can set no header there. */
export function bearerOf(headers: Headers): string | undefined {
  const said = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return said ?? (asksForSocket(headers) ? subprotocolBearer(headers) : undefined);
}

export const bearerProtocol = "base64url.bearer.authorization.k8s.io.";

/**
 * One token, and beside it a subprotocol that can be chosen; else it opens nothing.
 * k8s: apiserver/pkg/authentication/request/websocket/protocol.go
 */
function subprotocolBearer(headers: Headers): string | undefined {
  const offered = subprotocolsOf(headers);
  const tokens = offered.filter((name) => name.startsWith(bearerProtocol));
  const [token] = tokens;
  if (token === undefined || tokens.length > 1 || offered.length < 2) return undefined;
  const text = token.slice(bearerProtocol.length).replaceAll("-", "+").replaceAll("_", "/");
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const encoder = new TextEncoder();
async function hashOf(secret: string): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(secret))));
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
