import { createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An issuer of OpenID Connect that a browser can be sent to: a page that asks, codes that are good once, PKCE, signed tokens. */

const clientId = "school";
const clientSecret = "of the school";

interface Granted {
  challenge: string;
  nonce: string | null;
}

export class Issuer {
  readonly url: string;
  /** Who agrees there. */
  person = { sub: "pupil-1", name: "Pupil One" };
  readonly #server: Server;
  readonly #codes = new Map<string, Granted>();
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
    server.on("request", (request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<Issuer> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return new Issuer(server);
  }

  /** What a deployment that signs people in here is started with. */
  get variables(): Record<string, string> {
    return {
      OIDC_ISSUER: this.url,
      OIDC_CLIENT_ID: clientId,
      OIDC_CLIENT_SECRET: clientSecret,
      OIDC_NAME: "The school",
    };
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const json = (body: unknown, status = 200): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return json({
          issuer: this.url,
          authorization_endpoint: `${this.url}/auth`,
          token_endpoint: `${this.url}/token`,
          jwks_uri: `${this.url}/certs`,
        });
      case "/certs": {
        const { kty, n, e } = this.#publicKey.export({ format: "jwk" });
        return json({ keys: [{ kty, n, e, alg: "RS256", use: "sig", kid: "1" }] });
      }
      case "/auth":
        response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
        response.end(this.#question(url.searchParams));
        return;
      case "/token": {
        const granted = this.#redeemed(request, new URLSearchParams(await textOf(request)));
        if (!granted) return json({ error: "invalid_grant" }, 400);
        return json({
          access_token: randomUUID(),
          token_type: "Bearer",
          id_token: this.#token(granted),
        });
      }
      default:
        return json({}, 404);
    }
  }

  /** The page that asks: both links lead back. */
  #question(asked: URLSearchParams): string {
    const code = randomUUID();
    this.#codes.set(code, {
      challenge: asked.get("code_challenge") ?? "",
      nonce: asked.get("nonce"),
    });
    const back = (answer: Record<string, string>): string => {
      const url = new URL(asked.get("redirect_uri") ?? "");
      const whole = { ...answer, state: asked.get("state") ?? "" };
      for (const [name, value] of Object.entries(whole)) url.searchParams.set(name, value);
      return url.href.replaceAll("&", "&amp;");
    };
    return `<!doctype html><html lang="en"><title>The school</title><link rel="icon" href="data:,"><h1>Sign in at the school</h1>
<a href="${back({ code })}">Agree</a> <a href="${back({ error: "access_denied" })}">Decline</a></html>`;
  }

  #redeemed(request: IncomingMessage, body: URLSearchParams): Granted | undefined {
    // RFC 6749 section 2.3.1: both are form-encoded before.
    const credentials = `${clientId}:${encodeURIComponent(clientSecret).replaceAll("%20", "+")}`;
    const basic = `Basic ${Buffer.from(credentials).toString("base64")}`;
    if (request.headers.authorization !== basic) return undefined;
    const code = body.get("code") ?? "";
    const granted = this.#codes.get(code);
    this.#codes.delete(code);
    const verifier = body.get("code_verifier") ?? "";
    const challenge = createHash("sha256").update(verifier).digest("base64url");
    return granted?.challenge === challenge ? granted : undefined;
  }

  #token({ nonce }: Granted): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      ...this.person,
      iss: this.url,
      aud: clientId,
      iat: now,
      exp: now + 300,
      nonce,
    };
    const part = (value: unknown): string =>
      Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${part({ alg: "RS256", kid: "1" })}.${part(claims)}`;
    return `${text}.${sign("RSA-SHA256", Buffer.from(text), this.#privateKey).toString("base64url")}`;
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}
