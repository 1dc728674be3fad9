import { insertSignIn, takeSignIn } from "../db/sign-ins.ts";
import { EdgeError } from "../errors.ts";
import { returnPathCharsMax, signInMsMax } from "../limits.ts";
import type { Call } from "../route.ts";
import { base64url, fromBase64url, hashOf, newSecret, secretShape } from "../secrets.ts";
import { cookieNamed, cookieValue } from "../cookie-sessions.ts";

/**
 * A sign-in under way. Its state, or a passkey's challenge, is stored as a hash, is good once, and only for the browser that
 * began: that has a cookie, from which everything else that must stay secret until the way back is derived or read.
 */
export interface Attempt {
  /** `state` of OAuth, or the challenge of a passkey: 256 random bits, base64url. */
  state: string;
  /** Of PKCE (RFC 7636), and `nonce` of OpenID Connect. */
  verifier: string;
  nonce: string;
  /** Where the browser goes in the end: a path of this origin. */
  to: string;
  /** Who began: absent, nobody that a cookie knows. */
  userId: string | null;
}

interface Payload {
  /** SHA-256 of the browser's secret. */
  browser: string;
  userId: string | null;
}

/** Two sign-ins in two tabs do not disturb each other. */
const cookieOf = (call: Call, state: string): string =>
  cookieNamed(call.request, `podyard-sign-in-${state.slice(0, 8)}`);

const setCookie = (call: Call, state: string, value: string, seconds: number): string =>
  `${cookieOf(call, state)}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}` +
  (call.request.url.startsWith("https:") ? "; Secure" : "");

export async function beginAttempt(
  call: Call,
  way: string,
  to: string,
): Promise<{ attempt: Attempt; cookie: string }> {
  const state = newSecret();
  const secret = newSecret();
  const userId = call.person?.id ?? null;
  const payload: Payload = { browser: await hashOf(secret), userId };
  await insertSignIn(call.env.DB, {
    hash: await hashOf(state),
    provider: way,
    payload: JSON.stringify(payload),
    expiresAt: call.now + signInMsMax,
  });
  const value = `${secret}.${base64url(new TextEncoder().encode(to))}`;
  const cookie = setCookie(call, state, value, signInMsMax / 1000);
  return { attempt: await attemptOf(state, secret, to, userId), cookie };
}

/** Takes the attempt, which is then used up; throws where this browser did not begin it, or too long ago. */
export async function takeAttempt(
  call: Call,
  way: string,
  state: string,
): Promise<{ attempt: Attempt; cookie: string }> {
  const taken = secretShape.test(state)
    ? await takeSignIn(call.env.DB, await hashOf(state), way, call.now)
    : undefined;
  const [secret = "", path = ""] = (cookieValue(call.request, cookieOf(call, state)) ?? "").split(
    ".",
  );
  const payload = taken && (JSON.parse(taken.payload) as Payload);
  if (!payload || !secretShape.test(secret) || payload.browser !== (await hashOf(secret))) {
    throw new EdgeError(
      400,
      "this sign-in is not under way: it was used already, began in another browser, or took longer than ten minutes; begin again",
    );
  }
  const attempt = await attemptOf(state, secret, returnPath(decoded(path), call), payload.userId);
  return { attempt, cookie: setCookie(call, state, "", 0) };
}

async function attemptOf(
  state: string,
  secret: string,
  to: string,
  userId: string | null,
): Promise<Attempt> {
  const verifier = await hashOf(`verifier ${state} ${secret}`);
  const nonce = await hashOf(`nonce ${state} ${secret}`);
  return { state, verifier, nonce, to, userId };
}

function decoded(text: string): string {
  try {
    return new TextDecoder().decode(fromBase64url(text));
  } catch {
    return "/";
  }
}

/** Below these lie no pages, and what users serve. */
const noPages = /^\/(api|apis|sandboxes|oembed)(\/|$)/;

/**
 * A path of one of our pages, as a browser would understand it. Throws 400 for whatever could lead elsewhere (`//host`, `/\host`,
 * `/.//host`), and for a fragment: that may hold a key, which no server should see.
 */
export function returnPath(to: string, call: Call): string {
  const refuse = (why: string): never => {
    throw new EdgeError(400, `to must be a path of this site, like /me: ${why}`, "to");
  };
  if (to.length > returnPathCharsMax) refuse(`it is longer than ${returnPathCharsMax} characters`);
  if (!/^\/[^\\#\p{Cc}]*$/u.test(to)) {
    refuse("it begins with / and has no backslash, no fragment and no control characters");
  }
  if (to.startsWith("//")) refuse("it begins with one / alone");
  const url = new URL(to, call.origin);
  const { pathname, search } = url;
  if (url.origin !== call.origin || pathname.startsWith("//")) refuse("it leads elsewhere");
  if (noPages.test(pathname)) refuse("there is no page below it");
  return pathname + search;
}
