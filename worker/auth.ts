import { findKey, type Key, type Sandbox } from "./db/queries.ts";
import type { Env } from "./env.ts";
import { keyCacheEntriesMax, keyCacheMsMax } from "./limits.ts";
import { asksForSocket, subprotocolsOf } from "./stream-messages.ts";

/** Keys: `podyard_` and 256 random bits. Only their SHA-256 is stored. */

export type Verdict =
  | { state: "unknown" }
  | { state: "gone" | "valid"; key: Key; sandbox: Sandbox };

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
 * Whether a secret opens a sandbox. Verified pairs are remembered for a few seconds, so that a burst of
 * requests costs one query and a revocation still bites at once.
 */
export async function verify(
  env: Env,
  sandboxId: string,
  secret: string,
  now: number,
): Promise<Verdict> {
  if (!secretShape.test(secret)) return { state: "unknown" };
  const hash = await hashOf(secret);
  const found = await lookUp(env, hash, now);
  if (!found || found.key.sandboxId !== sandboxId) return { state: "unknown" };
  const { key, sandbox } = found;
  if (key.revokedAt !== null || key.expiresAt <= now) {
    // A dead sandbox's keys die with it: its owner should read why.
    return sandboxIsOver(sandbox, now) ? { state: "gone", key, sandbox } : { state: "unknown" };
  }
  return { state: sandboxIsOver(sandbox, now) ? "gone" : "valid", key, sandbox };
}

export const sandboxIsOver = (sandbox: Sandbox, now: number): boolean =>
  sandbox.deletedAt !== null || sandbox.expiresAt <= now;

type Found = { key: Key; sandbox: Sandbox };
const cache = new Map<string, { found: Found; until: number }>();

async function lookUp(env: Env, hash: string, now: number): Promise<Found | undefined> {
  const known = cache.get(hash);
  if (known && known.until > now) return known.found;
  cache.delete(hash);
  const found = await findKey(env.DB, hash);
  if (found) {
    if (cache.size >= keyCacheEntriesMax) cache.delete(cache.keys().next().value!);
    cache.set(hash, { found, until: now + keyCacheMsMax });
  }
  return found;
}

/** Forgets what this isolate knows of a sandbox's keys; others follow within `keyCacheMsMax`. */
export function forget(sandboxId: string): void {
  for (const [hash, { found }] of cache) {
    if (found.sandbox.id === sandboxId) cache.delete(hash);
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
