import { userOf } from "../durable-objects/engine/api/users.ts";
import type { User } from "../durable-objects/engine/ports/request.ts";
import { keyGrantId, memberGrantId, type Grant } from "../durable-objects/grant.ts";
import { findKey, findKeyById, type FoundKey, type Key } from "./db/keys.ts";
import type { Sandbox } from "./db/sandboxes.ts";
import type { Env } from "./env.ts";
import { Known, type Read } from "./read-cache.ts";
import { mayGrant, type Role } from "./roles.ts";
import { hashOf, newSecret, newShortId } from "./secrets.ts";
import { asksForSocket, subprotocolsOf } from "./streams/stream-messages.ts";

/** Keys: `podyard_` and 256 random bits. Only their SHA-256 is stored. */

export type Verdict =
  | { state: "unknown" }
  | { state: "gone"; sandbox: Sandbox }
  | { state: "valid"; key: Key; sandbox: Sandbox; grant: Grant; user: User };

export interface KeyOptions {
  role: Role;
  expiresAt: number;
  name?: string;
  /** Whose it is. */
  userId?: string | undefined;
  /** Id of the key that it was made with, with which it ends. */
  madeBy?: string | undefined;
}

export async function newKey(
  sandboxId: string,
  now: number,
  { role, expiresAt, name = "", userId, madeBy }: KeyOptions,
): Promise<{ secret: string; key: Key }> {
  const secret = newSecret("podyard_");
  const key: Key = {
    hash: await hashOf(secret),
    id: newShortId(),
    sandboxId,
    role,
    createdAt: now,
    expiresAt,
    revokedAt: null,
    name,
    userId: userId ?? null,
    madeBy: madeBy ?? null,
  };
  return { secret, key };
}

export const keySecretShape = /^podyard_[A-Za-z0-9_-]{43}$/;

const known = new Known<FoundKey>();

/** Whether a secret opens a sandbox, or any where none is named. */
export async function verify(
  env: Env,
  sandboxId: string | undefined,
  secret: string,
  now: number,
  fresh = false,
): Promise<Verdict> {
  if (!keySecretShape.test(secret)) return { state: "unknown" };
  const hash = await hashOf(secret);
  return verdictOn(await known.get(hash, () => findKey(env.DB, hash), fresh), sandboxId, now);
}

/** A key that was written down just now: the first request that shows it asks the database for nothing. */
export const knowKey = (key: Key, sandbox: Sandbox, now: number): void =>
  known.put(key.hash, { key, sandbox, holder: { role: null, name: null } }, now);

/** Whether a key still lives, by its id: for what was signed for it. */
export async function verifyKeyId(
  env: Env,
  sandboxId: string,
  keyId: string,
  now: number,
): Promise<Verdict> {
  const find = () => findKeyById(env.DB, sandboxId, keyId);
  return verdictOn(await known.get(`${sandboxId} ${keyId}`, find), sandboxId, now);
}

function verdictOn(
  { found, readAtMs }: Read<FoundKey>,
  sandboxId: string | undefined,
  now: number,
): Verdict {
  if (!found || found.key.sandboxId !== (sandboxId ?? found.sandbox.id))
    return { state: "unknown" };
  const { key, sandbox, holder } = found;
  // A dead sandbox's keys die with it: its owner should read why.
  if (sandboxIsOver(sandbox, now)) return { state: "gone", sandbox };
  if (key.revokedAt !== null || key.expiresAt <= now) return { state: "unknown" };
  // A member's key is worth no more than their membership is at this moment.
  if (key.userId !== null && !(holder.role && mayGrant(holder.role, key.role))) {
    return { state: "unknown" };
  }
  const ids = [keyGrantId(key.id), ...(key.userId === null ? [] : [memberGrantId(key.userId)])];
  const grant: Grant = { ids, role: key.role, readAtMs, expiresAtMs: key.expiresAt };
  return { state: "valid", key, sandbox, grant, user: userOf(key.role, nameOf(found)) };
}

/** Whoever has their own key is called as the others know them: the key's name is a word for its owner, and they chose it. */
const nameOf = ({ key, holder }: FoundKey): string =>
  key.userId === null || holder.role === "owner" ? key.name : (holder.name ?? "");

/** Whether it was deleted or has expired by `now` (wall ms). */
export const sandboxIsOver = (sandbox: Sandbox, now: number): boolean =>
  sandbox.deletedAt !== null || sandbox.expiresAt <= now;

/** Forgets what this isolate knows of a sandbox's keys; others follow within `keyCacheMsMax`. */
export const forgetKeys = (sandboxId: string): void =>
  known.forget(({ sandbox }) => sandbox.id === sandboxId);

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
