import type { Env } from "./env.ts";
import { findSession, touchSession, type Person, type Session } from "./db/people.ts";
import { EdgeError } from "./errors.ts";
import { Known } from "./read-cache.ts";
import { sessionMsMax, sessionTouchMs, userAgentCharsMax } from "./limits.ts";
import { hashOf, newId, newSecret, newShortId, secretShape } from "./secrets.ts";

/** A person's cookie: 256 random bits, stored as their SHA-256. */

export interface SignedIn {
  person: Person;
  session: Session;
}

/** Over plain http, on one's own machine, browsers take no `__Host-` cookie. */
export const cookieNamed = (request: Request, name: string): string =>
  request.url.startsWith("https:") ? `__Host-${name}` : name;

export const cookieName = (request: Request): string => cookieNamed(request, "podyard");

export const cookieOf = (request: Request): string | undefined =>
  cookieValue(request, cookieName(request));

export function cookieValue(request: Request, name: string): string | undefined {
  for (const part of (request.headers.get("cookie") ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** A `Set-Cookie` value. Without a secret: it is taken away. */
export function cookieWith(request: Request, secret: string | undefined): string {
  const secure = request.url.startsWith("https:") ? "; Secure" : "";
  const life = secret === undefined ? 0 : Math.floor(sessionMsMax / 1000);
  return `${cookieName(request)}=${secret ?? ""}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${life}${secure}`;
}

const known = new Known<SignedIn>();

/** Whose cookie it is; undefined: nobody's. `fresh`: as the database says now. */
export async function signedIn(
  request: Request,
  env: Env,
  now: number,
  fresh = false,
): Promise<(SignedIn & { readAtMs: number }) | undefined> {
  const secret = cookieOf(request);
  if (secret === undefined || !secretShape.test(secret)) return undefined;
  const hash = await hashOf(secret);
  const { found, readAtMs } = await known.get(hash, () => findSession(env.DB, hash, now), fresh);
  return found && found.session.expiresAt > now ? { ...found, readAtMs } : undefined;
}

export const forgetSessions = (userId: string): void =>
  known.forget(({ person }) => person.id === userId);

/** Used: it lives on. Written once in a while. */
export async function touch(env: Env, { session }: SignedIn, now: number): Promise<void> {
  if (now - session.seenAt < sessionTouchMs) return;
  session.seenAt = now;
  await touchSession(env.DB, session.id, now, now + sessionMsMax);
}

export async function newSession(
  request: Request,
  userId: string,
  provider: string,
  now: number,
): Promise<{ secret: string; session: Session }> {
  const secret = newSecret();
  const session: Session = {
    hash: await hashOf(secret),
    id: newShortId(),
    userId,
    createdAt: now,
    expiresAt: now + sessionMsMax,
    seenAt: now,
    provider,
    userAgent: (request.headers.get("user-agent") ?? "").slice(0, userAgentCharsMax),
  };
  return { secret, session };
}

/** Somebody without a name, whom only the cookie knows; not written down yet. */
export interface Newcomer {
  person: Person;
  session: Session;
  cookie: string;
}

export async function newcomer(request: Request, now: number): Promise<Newcomer> {
  const person: Person = { id: newId(), name: null, createdAt: now };
  const { secret, session } = await newSession(request, person.id, "anonymous", now);
  return { person, session, cookie: cookieWith(request, secret) };
}

/**
 * A cookie goes along with whatever page asks: what changes something, and every socket, must come from a page of ours. Browsers
 * say where from in one of two headers; who sends neither is none.
 */
export function refuseForeignUse(request: Request): void {
  const reads = /^(GET|HEAD)$/.test(request.method) && request.headers.get("upgrade") === null;
  if (reads) return;
  const origin = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site") ?? "same-origin";
  const ours = origin === null ? site === "same-origin" : origin === new URL(request.url).origin;
  if (!ours) throw new EdgeError(403, "a cookie opens this for pages of this origin alone");
}
