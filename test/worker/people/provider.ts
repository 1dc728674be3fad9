import { vi } from "vitest";
import { base64url } from "../../../worker/secrets.ts";

/** GitHub, and an issuer of OpenID Connect, as far as a sign-in asks them: what the Worker fetches is answered here. */

export const issuer = "https://issuer.test/realms/school";

export const variables = {
  GITHUB_CLIENT_ID: "gh-client",
  GITHUB_CLIENT_SECRET: "gh-secret",
  OIDC_ISSUER: issuer,
  OIDC_CLIENT_ID: "school",
  OIDC_CLIENT_SECRET: "secret",
  OIDC_NAME: "The school",
};

export class Provider {
  /** Who has just agreed there. */
  github: Record<string, unknown> = { id: 583231, login: "octocat", name: "The Octocat" };
  /** Over what the issuer would rightly say. */
  claims: Record<string, unknown> = {};
  discovery: Record<string, unknown> = {};
  /** In place of an answer. */
  failure: (() => Response) | undefined;
  readonly requests: { url: string; body: URLSearchParams; headers: Headers }[] = [];
  #codes = new Map<string, { challenge: string; nonce: string | null }>();
  #keys: CryptoKeyPair;
  #signing: CryptoKey;

  private constructor(keys: CryptoKeyPair) {
    this.#keys = keys;
    this.#signing = keys.privateKey;
    vi.spyOn(globalThis, "fetch").mockImplementation((input, init) =>
      this.#answer(new Request(input as RequestInfo, init)),
    );
  }

  /** Its keys are always the same: whoever has read them goes on with them. */
  static async start(): Promise<Provider> {
    return new Provider(await (published ??= newKeys()));
  }

  /** From now on tokens are signed with a key that the issuer does not publish. */
  async signWithAnother(): Promise<void> {
    this.#signing = (await newKeys()).privateKey;
  }

  /** The person agrees: where the browser is sent then. */
  agree(location: string, more: Record<string, string> = {}): string {
    const asked = new URL(location).searchParams;
    const code = crypto.randomUUID();
    this.#codes.set(code, {
      challenge: asked.get("code_challenge") ?? "",
      nonce: asked.get("nonce"),
    });
    const back = new URL(asked.get("redirect_uri") ?? "");
    const answer = { code, state: asked.get("state") ?? "", ...more };
    for (const [name, value] of Object.entries(answer)) back.searchParams.set(name, value);
    return back.pathname + back.search;
  }

  async #answer(request: Request): Promise<Response> {
    const { url, headers } = request;
    const body = new URLSearchParams(request.method === "POST" ? await request.text() : "");
    this.requests.push({ url, body, headers });
    if (this.failure) return this.failure();
    switch (url) {
      case "https://github.com/login/oauth/access_token":
        return (await this.#redeem(body))
          ? Response.json({ access_token: "gho_x", token_type: "bearer", scope: "" })
          : Response.json({ error: "bad_verification_code" });
      case "https://api.github.com/user":
        return headers.get("authorization") === "Bearer gho_x"
          ? Response.json(this.github)
          : new Response(null, { status: 401 });
      case `${issuer}/.well-known/openid-configuration`:
        return Response.json({
          issuer,
          authorization_endpoint: `${issuer}/auth`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/certs`,
          ...this.discovery,
        });
      case `${issuer}/certs`:
        return Response.json({ keys: [await this.#publicKey()] });
      case `${issuer}/token`:
        return this.#tokens(body);
      default:
        throw new TypeError(`nobody listens at ${url}`);
    }
  }

  /** Once, and with what PKCE wants: the nonce. */
  async #redeem(body: URLSearchParams): Promise<{ nonce: string | null } | undefined> {
    const code = body.get("code") ?? "";
    const known = this.#codes.get(code);
    this.#codes.delete(code);
    const verifier = new TextEncoder().encode(body.get("code_verifier") ?? "");
    const challenge = base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", verifier)));
    return known?.challenge === challenge ? known : undefined;
  }

  async #tokens(body: URLSearchParams): Promise<Response> {
    const known = await this.#redeem(body);
    if (!known) return Response.json({ error: "invalid_grant" }, { status: 400 });
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      aud: variables.OIDC_CLIENT_ID,
      sub: "pupil-1",
      iat: now,
      exp: now + 300,
      nonce: known.nonce,
      name: "Pupil One",
      email: "same@school.test",
      ...this.claims,
    };
    return Response.json({
      access_token: "x",
      token_type: "Bearer",
      id_token: await this.#signed(claims),
    });
  }

  async #publicKey(): Promise<Record<string, unknown>> {
    const { kty, n, e } = (await crypto.subtle.exportKey(
      "jwk",
      this.#keys.publicKey,
    )) as JsonWebKey;
    return { kty, n, e, alg: "RS256", use: "sig", kid: "1" };
  }

  async #signed(claims: unknown): Promise<string> {
    const part = (value: unknown): string =>
      base64url(new TextEncoder().encode(JSON.stringify(value)));
    const text = `${part({ alg: "RS256", kid: "1" })}.${part(claims)}`;
    const bytes = new TextEncoder().encode(text);
    const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", this.#signing, bytes);
    return `${text}.${base64url(new Uint8Array(signature))}`;
  }
}

let published: Promise<CryptoKeyPair> | undefined;

const newKeys = async (): Promise<CryptoKeyPair> =>
  (await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      hash: "SHA-256",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    },
    true,
    ["sign", "verify"],
  )) as CryptoKeyPair;
