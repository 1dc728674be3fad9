import { calculatePKCECodeChallenge, customFetch, type AuthorizationServer } from "oauth4webapi";
import { EdgeError } from "../errors.ts";
import { providerAnswerBytesMax, providerMsMax } from "../limits.ts";
import type { Attempt } from "./attempt.ts";

/** Requests to a provider: bounded in time and size, and their failures in words that say what to do. */

/** Nobody answers: to be told apart from a wrong answer. */
class Unreachable extends Error {}

async function boundedFetch(url: string, init: RequestInit): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(providerMsMax);
    const response = await fetch(url, { ...init, redirect: "manual", signal });
    if (response.status >= 500) throw new Error(`it answers ${response.status}`);
    const { status } = response;
    return new Response(await wholeOf(response), { status, headers: told(response.headers) });
  } catch (error) {
    throw new Unreachable(String(error));
  }
}

/** What a reader of the answer goes by. */
const told = (headers: Headers): [string, string][] =>
  [...headers].filter(([name]) => name === "content-type" || name === "www-authenticate");

async function wholeOf({ body }: Response): Promise<Blob | null> {
  if (!body) return null;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of body as ReadableStream<Uint8Array<ArrayBuffer>>) {
    size += chunk.length;
    if (size > providerAnswerBytesMax) throw new Error("too large an answer");
    chunks.push(chunk);
  }
  return new Blob(chunks);
}

interface Sent {
  method: string;
  headers: Record<string, string>;
  body?: BodyInit | null | undefined;
}

/** For every call of oauth4webapi. GitHub answers nobody who does not name themselves. */
export const asked = {
  [customFetch]: (url: string, { method, headers, body = null }: Sent): Promise<Response> =>
    boundedFetch(url, { method, headers, body }),
  headers: { "user-agent": "podyard" },
};

/** A failed step with a provider as what the person should do. The provider's own words go to the log alone. */
export async function withProvider<T>(name: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof EdgeError) throw error;
    const {
      code,
      error: said,
      cause,
    } = error as { code?: string; error?: string; cause?: unknown };
    console.warn({ event: "sign-in failed", provider: name, error: String(error), code, said });
    if (error instanceof Unreachable || cause instanceof Unreachable) {
      throw new EdgeError(
        503,
        `${name} does not answer; nothing has changed; try again in a minute`,
      );
    }
    if (said === "access_denied") {
      throw new EdgeError(
        403,
        `you declined at ${name}; nothing has changed; begin again to sign in`,
      );
    }
    if (said === "invalid_client" || said === "incorrect_client_credentials") {
      throw new EdgeError(
        503,
        `${name} does not accept this deployment's client id or secret; its operator has to correct them`,
      );
    }
    throw new EdgeError(
      400,
      `${name}'s answer cannot be trusted or was used already; nothing has changed; begin again`,
    );
  }
}

/** RFC 6749 section 4.1.1 with RFC 7636: the challenge is the verifier's SHA-256. */
export async function authorizationUrl(
  { authorization_endpoint: endpoint }: AuthorizationServer,
  clientId: string,
  { state, verifier }: Attempt,
  redirectUri: string,
  more: Record<string, string>,
): Promise<URL> {
  if (endpoint === undefined) throw new Error("no authorization_endpoint");
  const url = new URL(endpoint);
  const parameters = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    state,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...more,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}
