import * as v from "valibot";
import { tokenGrantId } from "../../durable-objects/grant.ts";
import { apiTokenPrefix, forgetApiTokens } from "../api-tokens.ts";
import { apiTokensOf, insertApiToken, removeApiToken, type ApiToken } from "../db/api-tokens.ts";
import { EdgeError } from "../errors.ts";
import { apiTokenDaysDefault, apiTokenDaysMax, apiTokensPerPersonMax } from "../limits.ts";
import type { Call, Row } from "../route.ts";
import { iso, line } from "../schemas.ts";
import { scopes, type Scope } from "../scopes.ts";
import { keyNameCharsMax } from "../limits.ts";
import { hashOf, newSecret, newShortId } from "../secrets.ts";
import { cutGrants } from "./me.ts";

/** No row names a scope: a token makes, reads and ends no tokens. */

const scope = v.picklist(
  scopes as readonly [Scope, ...Scope[]],
  `scopes must be of ${scopes.join(", ")}`,
);
const daysRule = `days must be a whole number from 1 to ${apiTokenDaysMax}`;

const creation = v.strictObject({
  name: line("name", keyNameCharsMax),
  scopes: v.pipe(v.array(scope), v.minLength(1, "scopes must name at least one")),
  days: v.optional(
    v.pipe(
      v.number(daysRule),
      v.integer(daysRule),
      v.minValue(1, daysRule),
      v.maxValue(apiTokenDaysMax, daysRule),
    ),
    apiTokenDaysDefault,
  ),
});

const shape = v.object({
  id: v.string(),
  name: v.string(),
  scopes: v.array(scope),
  createdAt: v.string(),
  expiresAt: v.string(),
  usedAt: v.nullable(v.string()),
});

export const apiTokenRoutes: Row[] = [
  {
    method: "POST",
    path: "/api/me/tokens",
    who: "person",
    title: "Make an API token, with which a program of yours is you, as far as its scopes go",
    body: creation,
    answers: {
      201: {
        text: "The token is told this once",
        schema: v.object({ ...shape.entries, token: v.string() }),
      },
    },
    handle: (call) => createToken(call as Call<v.InferOutput<typeof creation>>),
  },
  {
    method: "GET",
    path: "/api/me/tokens",
    who: "person",
    title: "List your API tokens",
    answers: { 200: { text: "Newest first", schema: v.object({ tokens: v.array(shape) }) } },
    handle: async (call) => {
      const found = await apiTokensOf(call.env.DB, call.person!.id);
      return call.json({ tokens: found.map(told) });
    },
  },
  {
    method: "DELETE",
    path: "/api/me/tokens/:token",
    who: "person",
    title: "Revoke an API token, and end what it has open",
    answers: { 204: { text: "It opens nothing any more" } },
    handle: deleteToken,
  },
];

async function createToken(call: Call<v.InferOutput<typeof creation>>): Promise<Response> {
  const { env, now, body } = call;
  const secret = newSecret(apiTokenPrefix);
  const token: ApiToken = {
    hash: await hashOf(secret),
    id: newShortId(),
    userId: call.person!.id,
    name: body.name,
    scopes: [...new Set(body.scopes)].join(" "),
    createdAt: now,
    expiresAt: now + body.days * 24 * 3_600_000,
    usedAt: null,
  };
  if (!(await insertApiToken(env.DB, token, now, apiTokensPerPersonMax))) {
    throw new EdgeError(409, `you have ${apiTokensPerPersonMax} API tokens, the most; revoke one`);
  }
  call.audit(`API token made (${token.scopes})`, token.id);
  return call.json({ ...told(token), token: secret }, 201);
}

async function deleteToken(call: Call): Promise<Response> {
  const userId = call.person!.id;
  const id = call.param("token");
  const removed = await removeApiToken(call.env.DB, userId, id);
  if (!removed) throw new EdgeError(404, "you have no such API token");
  forgetApiTokens(userId);
  const wrote = removed.scopes.split(" ").includes("sandboxes:write");
  await cutGrants(call, userId, [tokenGrantId(id)], wrote);
  call.audit("API token revoked", id);
  return call.nothing();
}

const told = (token: ApiToken) => ({
  id: token.id,
  name: token.name,
  scopes: token.scopes.split(" "),
  createdAt: iso(token.createdAt),
  expiresAt: iso(token.expiresAt),
  usedAt: token.usedAt === null ? null : iso(token.usedAt),
});
