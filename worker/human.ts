import * as v from "valibot";
import type { Env } from "./env.ts";
import { EdgeError } from "./errors.ts";
import { humanCheckMsMax, humanTokenCharsMax } from "./limits.ts";
import { personOf, type Principal } from "./principal.ts";

/** Whether somebody is human, as Cloudflare Turnstile tells. Source: developers.cloudflare.com/turnstile/get-started/server-side-validation */

const verifyUrl = "https://challenges.cloudflare.com/turnstile/v0/siteverify";
const tokenHeader = "cf-turnstile-response";
const verdict = v.object({ success: v.boolean() });

/** Who asks Turnstile: the platform's fetch, or a test's. */
export type Ask = (url: string, init: RequestInit) => Promise<Response>;
/** A test hands in its own. */
export const turnstile: { ask: Ask } = { ask: (url, init) => fetch(url, init) };

/**
 * Throws 403 for who is anonymous and does not show that they are human, where the operator has set Turnstile's secret. The token
 * comes in the header `cf-turnstile-response`, and is good for one request. Who is named has signed in, and an API token is theirs.
 */
export async function verifyHuman(request: Request, env: Env, principal: Principal): Promise<void> {
  if (!env.TURNSTILE_SECRET || principal.by === "token" || personOf(principal)?.name) return;
  const token = request.headers.get(tokenHeader) ?? "";
  if (token === "" || token.length > humanTokenCharsMax)
    throw notHuman(env, "show that you are human");
  if (!(await isHuman(env.TURNSTILE_SECRET, token, request.headers.get("cf-connecting-ip")))) {
    throw notHuman(env, "Turnstile does not confirm this token, or it was used before");
  }
}

/** The answer names the key with which a page asks Turnstile for a token. */
function notHuman(env: Env, why: string): EdgeError {
  const error = new EdgeError(
    403,
    `${why}: send a Turnstile token in the header ${tokenHeader}, or sign in`,
    tokenHeader,
  );
  error.more = { turnstileSiteKey: env.TURNSTILE_SITE_KEY ?? "" };
  return error;
}

async function isHuman(secret: string, token: string, address: string | null): Promise<boolean> {
  const body = new URLSearchParams({ secret, response: token });
  if (address !== null) body.set("remoteip", address);
  const signal = AbortSignal.timeout(humanCheckMsMax);
  try {
    const answer = await turnstile.ask(verifyUrl, { method: "POST", body, signal });
    return v.parse(verdict, await answer.json()).success;
  } catch (error) {
    console.error({ event: "turnstile failed", error: (error as Error).name });
    throw new EdgeError(503, "Turnstile does not answer; repeat it in a minute, or sign in");
  }
}
