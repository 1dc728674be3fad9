import * as oauth from "oauth4webapi";
import type { Env } from "../env.ts";
import { issuerMsMax } from "../limits.ts";
import { asked, authorizationUrl, withProvider } from "./provider.ts";
import type { Identity, RedirectWay } from "./way.ts";

/** Any issuer of OpenID Connect that the variables name: a school's own, or a large one. */

const slots = ["OIDC", "OIDC_2", "OIDC_3", "OIDC_4"] as const;

export function openIdWays(env: Env): RedirectWay[] {
  return slots.flatMap((slot) => {
    const issuer = env[`${slot}_ISSUER`];
    const clientId = env[`${slot}_CLIENT_ID`];
    if (!issuer || !clientId) return [];
    const name = env[`${slot}_NAME`] || new URL(issuer).hostname;
    const id = slot.toLowerCase().replace("_", "-");
    return [wayTo({ id, name, issuer, clientId, secret: env[`${slot}_CLIENT_SECRET`] }, env)];
  });
}

interface Registration {
  id: string;
  name: string;
  issuer: string;
  clientId: string;
  /** Absent: a public client, which PKCE alone protects. */
  secret: string | undefined;
}

function wayTo(registration: Registration, env: Env): RedirectWay {
  const { id, name, issuer, clientId, secret } = registration;
  const client: oauth.Client = { client_id: clientId };
  // An issuer on one's own machine speaks no TLS.
  const options = { ...asked, [oauth.allowInsecureRequests]: env.MODE === "local" };
  return {
    id,
    kind: "redirect",
    name,
    start: (attempt, redirectUri) =>
      withProvider(name, async () => {
        const server = await serverOf(issuer, options);
        const more = { scope: "openid profile", nonce: attempt.nonce };
        return authorizationUrl(server, clientId, attempt, redirectUri, more);
      }),
    finish: (attempt, redirectUri, answered) =>
      withProvider(name, async () => {
        const server = await serverOf(issuer, options);
        const response = await oauth.authorizationCodeGrantRequest(
          server,
          client,
          authenticationAt(server, secret),
          oauth.validateAuthResponse(server, client, answered, attempt.state),
          redirectUri,
          attempt.verifier,
          options,
        );
        const told = await oauth.processAuthorizationCodeResponse(server, client, response, {
          expectedNonce: attempt.nonce,
          requireIdToken: true,
        });
        // The way here was TLS, which would do; but a proxy in between may be somebody's.
        await oauth.validateApplicationLevelSignature(server, response, options);
        return identityIn(server, oauth.getValidatedIdTokenClaims(told));
      }),
  };
}

function identityIn(
  server: oauth.AuthorizationServer,
  claims: oauth.IDToken | undefined,
): Identity {
  // OpenID Connect Core section 2: at most 255 characters.
  if (!claims || claims.sub.length === 0 || claims.sub.length > 255) throw new Error("no subject");
  const { name, preferred_username: username } = claims;
  const called = [name, username].find((text) => typeof text === "string" && text !== "");
  return { provider: server.issuer, subject: claims.sub, name: String(called ?? "") };
}

/** Who names no methods means client_secret_basic (RFC 8414). Some read what that escapes wrongly: so the other, where it is named. */
function authenticationAt(
  { token_endpoint_auth_methods_supported: methods }: oauth.AuthorizationServer,
  secret: string | undefined,
): oauth.ClientAuth {
  if (!secret) return oauth.None();
  const inBody = methods?.includes("client_secret_post");
  return inBody ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret);
}

interface Discovered {
  server: oauth.AuthorizationServer;
  atMs: number;
}

/** As many as there are slots. */
const discovered = new Map<string, Discovered>();

async function serverOf(
  issuer: string,
  options: oauth.DiscoveryRequestOptions,
): Promise<oauth.AuthorizationServer> {
  const now = Date.now();
  const known = discovered.get(issuer);
  if (known && now >= known.atMs && now - known.atMs < issuerMsMax) return known.server;
  const url = new URL(issuer);
  const response = await oauth.discoveryRequest(url, options);
  const server = await oauth.processDiscoveryResponse(url, response);
  if (discovered.size >= slots.length) discovered.clear();
  discovered.set(issuer, { server, atMs: now });
  return server;
}
