import * as v from "valibot";
import type { Env } from "../env.ts";
import { EdgeError } from "../errors.ts";
import { isAddress } from "../foreign-pages.ts";
import { base64url, fromBase64url } from "../secrets.ts";
import { signInMsMax } from "../limits.ts";
import type { PasskeyWay } from "./way.ts";
import { algorithms, counterAfter, newCredential, type Expected } from "./web-authn.ts";

/**
 * Passkeys (WebAuthn level 3): no third party, and they work on one's own machine. The authenticator finds the credential by
 * itself, so that nobody says who they are first, and always verifies its user: a passkey is a way in of its own.
 */

/** Browsers know passkeys by a name: at a bare address there are none. */
export function passkeyWay(_env: Env, { hostname }: URL): PasskeyWay | undefined {
  if (isAddress(hostname)) return undefined;
  return { id: passkey, kind: "passkey", name: "Passkey" };
}

/** Throws 404 where there are none. */
export function mustHavePasskeys({ hostname, port }: URL): void {
  if (!isAddress(hostname)) return;
  const named = port === "" ? "localhost" : `localhost:${port}`;
  throw new EdgeError(
    404,
    `browsers know passkeys by a name, and this is a bare address; on your own machine open http://${named}`,
  );
}

export const passkey = "passkey";

const text = (max: number) => v.pipe(v.string(), v.maxLength(max));
const head = {
  id: text(1400),
  rawId: text(1400),
  type: v.literal("public-key"),
};

/** What a browser answers, as `PublicKeyCredential.toJSON` writes it; bytes are base64url. */
export const registrationShape = v.object({
  ...head,
  response: v.object({
    clientDataJSON: text(4096),
    attestationObject: text(12_000),
    transports: v.optional(v.pipe(v.array(text(20)), v.maxLength(10))),
  }),
});

export const assertionShape = v.object({
  ...head,
  response: v.object({
    clientDataJSON: text(4096),
    authenticatorData: text(2048),
    signature: text(8192),
    userHandle: v.nullish(text(128)),
  }),
});

const utf8 = (said: string): string => base64url(new TextEncoder().encode(said));

/** For `navigator.credentials.create`. */
export function creationOptions(
  challenge: string,
  rpId: string,
  user: { id: string; name: string },
  known: readonly { id: string; transports: string }[],
): Record<string, unknown> {
  return {
    rp: { id: rpId, name: "Podyard" },
    user: { id: utf8(user.id), name: user.name, displayName: user.name },
    challenge,
    pubKeyCredParams: algorithms.map((alg) => ({ alg, type: "public-key" })),
    timeout: signInMsMax,
    attestation: "none",
    excludeCredentials: known.map(({ id, transports }) => ({
      id,
      type: "public-key",
      transports: transports.split(",").filter(Boolean),
    })),
    authenticatorSelection: {
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    },
  };
}

/** For `navigator.credentials.get`. */
export const requestOptions = (challenge: string, rpId: string): Record<string, unknown> => ({
  challenge,
  rpId,
  timeout: signInMsMax,
  userVerification: "required",
  allowCredentials: [],
});

/** A new credential; throws 403 where the browser's answer does not hold. */
export const registered = (
  credential: v.InferOutput<typeof registrationShape>,
  expected: Expected,
): Promise<{ id: string; publicKey: string; counter: number }> =>
  holding(credential, ({ response }) => newCredential(response, expected));

/** The counter after this use; throws 403 where the signature, or its counter, is not the credential's. */
export const asserted = (
  credential: v.InferOutput<typeof assertionShape>,
  expected: Expected,
  passkey: { publicKey: string; counter: number },
): Promise<number> =>
  holding(credential, ({ response }) => counterAfter(response, expected, passkey));

/** What is thrown is the answer's fault; its words go to the log. */
async function holding<C extends { id: string; rawId: string }, T>(
  credential: C,
  check: (credential: C) => Promise<T>,
): Promise<T> {
  try {
    if (credential.id !== credential.rawId) throw new Error("two ids");
    return await check(credential);
  } catch (error) {
    console.warn({ event: "passkey refused", error: String(error) });
    throw refused();
  }
}

export const refused = (): EdgeError =>
  new EdgeError(403, "this passkey's answer does not hold; nothing has changed; begin again");

/** The challenge that a browser's answer names, by which its attempt is found; "" where it says none. */
export function challengeIn(clientDataJson: string): string {
  try {
    const said = JSON.parse(new TextDecoder().decode(fromBase64url(clientDataJson))) as unknown;
    const { challenge } = said as { challenge?: unknown };
    return typeof challenge === "string" ? challenge : "";
  } catch {
    return "";
  }
}

/** Whom the authenticator believes it signs in; undefined: it does not say. */
export function handleOf(userHandle: string | null | undefined): string | undefined {
  if (!userHandle) return undefined;
  try {
    return new TextDecoder().decode(fromBase64url(userHandle));
  } catch {
    return "";
  }
}
