import * as oauth from "oauth4webapi";
import type { Env } from "../env.ts";
import { asked, authorizationUrl, withProvider } from "./provider.ts";
import type { Identity, RedirectWay } from "./way.ts";

/** GitHub, by an OAuth app: no scope but the public profile, whose numeric id never changes hands, as logins do. */

/** GitHub has no discovery document for this; it names itself so in the way back (`iss`, RFC 9207). */
const server: oauth.AuthorizationServer = {
  issuer: "https://github.com/login/oauth",
  authorization_endpoint: "https://github.com/login/oauth/authorize",
  token_endpoint: "https://github.com/login/oauth/access_token",
};

const profile = new URL("https://api.github.com/user");

export function githubWay(env: Env): RedirectWay | undefined {
  const { GITHUB_CLIENT_ID: id, GITHUB_CLIENT_SECRET: secret } = env;
  if (!id || !secret) return undefined;
  const client: oauth.Client = { client_id: id };
  return {
    id: "github",
    kind: "redirect",
    name: "GitHub",
    start: (attempt, redirectUri) => authorizationUrl(server, id, attempt, redirectUri, {}),
    finish: (attempt, redirectUri, answered) =>
      withProvider("GitHub", async () => {
        const checked = oauth.validateAuthResponse(server, client, answered, attempt.state);
        const response = await oauth.authorizationCodeGrantRequest(
          server,
          client,
          oauth.ClientSecretPost(secret),
          checked,
          redirectUri,
          attempt.verifier,
          asked,
        );
        const told = await oauth.processAuthorizationCodeResponse(server, client, response);
        return identityBehind(told.access_token);
      }),
  };
}

async function identityBehind(accessToken: string): Promise<Identity> {
  const headers = new Headers({ accept: "application/vnd.github+json", ...asked.headers });
  const response = await oauth.protectedResourceRequest(
    accessToken,
    "GET",
    profile,
    headers,
    null,
    asked,
  );
  if (!response.ok) throw new Error(`the profile answers ${response.status}`);
  const { id, login, name } = (await response.json()) as Record<string, unknown>;
  if (typeof id !== "number" || !Number.isSafeInteger(id)) throw new Error("no id in the profile");
  return { provider: "github", subject: String(id), name: String(name || login || "") };
}
