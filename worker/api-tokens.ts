import { findApiToken, touchApiToken, type ApiToken } from "./db/api-tokens.ts";
import type { Person } from "./db/people.ts";
import type { Env } from "./env.ts";
import { Known } from "./read-cache.ts";
import { tokenTouchMs } from "./limits.ts";
import { hashOf } from "./secrets.ts";

/** API tokens: `podyard_api_` and 256 random bits, each with scopes and an end. */

export const apiTokenPrefix = "podyard_api_";
export const apiTokenShape = /^podyard_api_[A-Za-z0-9_-]{43}$/;

const known = new Known<{ token: ApiToken; person: Person }>();

export interface VerifiedToken {
  person: Person;
  tokenId: string;
  scopes: ReadonlySet<string>;
  readAtMs: number;
}

export async function verifyApiToken(
  env: Env,
  secret: string,
  now: number,
  later: (work: Promise<unknown>) => void,
  fresh = false,
): Promise<VerifiedToken | undefined> {
  const hash = await hashOf(secret);
  const { found, readAtMs } = await known.get(hash, () => findApiToken(env.DB, hash), fresh);
  if (!found || found.token.expiresAt <= now) return undefined;
  const { token, person } = found;
  if (now - (token.usedAt ?? 0) > tokenTouchMs) {
    token.usedAt = now;
    later(touchApiToken(env.DB, token.id, now));
  }
  return { person, tokenId: token.id, scopes: new Set(token.scopes.split(" ")), readAtMs };
}

export const forgetApiTokens = (userId: string): void =>
  known.forget(({ person }) => person.id === userId);
