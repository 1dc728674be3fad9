import * as v from "valibot";
import { sessionGrantId } from "../../durable-objects/grant.ts";
import type { Page } from "../db/database.ts";
import { embedOriginsOf, setEmbedOrigins } from "../db/embeds.ts";
import { endSessions, renamePerson, sessionsOf } from "../db/people.ts";
import { sandboxesOf } from "../db/sandboxes.ts";
import { EdgeError } from "../errors.ts";
import { pageLimitMax } from "../limits.ts";
import { knowsTokens } from "../roles.ts";
import type { Call, Row } from "../route.ts";
import { embedOrigins, iso, personName } from "../schemas.ts";
import { cookieWith, forgetSessions } from "../cookie-sessions.ts";
import { tell } from "./sandboxes.ts";

const person = v.object({
  id: v.string(),
  name: v.nullable(v.string()),
  createdAt: v.string(),
  embedOrigins: v.nullable(v.array(v.string())),
});
const change = v.strictObject({
  name: v.optional(personName),
  embedOrigins: v.optional(embedOrigins),
});
const session = v.object({
  id: v.string(),
  provider: v.string(),
  userAgent: v.string(),
  createdAt: v.string(),
  seenAt: v.string(),
  expiresAt: v.string(),
  current: v.boolean(),
});

export const meRoutes: Row[] = [
  {
    method: "GET",
    path: "/api/me",
    who: "person",
    scope: "account:read",
    title: "Read who you are",
    answers: {
      200: {
        text: "Without a name: somebody whom only a cookie knows. `embedOrigins`: whose pages may show what is yours in frames; null: all",
        schema: person,
      },
    },
    handle: async (call) => call.json(await told(call)),
  },
  {
    method: "PATCH",
    path: "/api/me",
    who: "person",
    title: "Change how you are called, or whose pages may show what is yours in frames",
    body: change,
    answers: { 200: { text: "It is so", schema: person } },
    handle: (call) => changeMe(call as Call<v.InferOutput<typeof change>>),
  },
  {
    method: "GET",
    path: "/api/me/sessions",
    who: "person",
    title: "List where you are signed in",
    answers: {
      200: { text: "Latest use first", schema: v.object({ sessions: v.array(session) }) },
    },
    handle: listSessions,
  },
  {
    method: "DELETE",
    path: "/api/me/sessions/:session",
    who: "person",
    title: "Sign out: one session, this one (`current`), or all (`all`)",
    answers: { 204: { text: "It opens nothing any more" } },
    handle: signOut,
  },
];

const told = async ({ person: who, env }: Call) => ({
  id: who!.id,
  name: who!.name,
  createdAt: iso(who!.createdAt),
  embedOrigins: (await embedOriginsOf(env.DB, who!.id)) ?? null,
});

async function changeMe(call: Call<v.InferOutput<typeof change>>): Promise<Response> {
  const { id, name: before } = call.person!;
  const { name, embedOrigins: origins } = call.body;
  // A name says that somebody has signed in.
  if (name !== undefined && before === null) {
    throw new EdgeError(403, "sign in first; who is anonymous has no name");
  }
  if (origins !== undefined) {
    await setEmbedOrigins(call.env.DB, id, origins && [...new Set(origins)]);
  }
  if (name !== undefined) {
    await renamePerson(call.env.DB, id, name);
    forgetSessions(id);
  }
  return call.json({ ...(await told(call)), ...(name !== undefined && { name }) });
}

async function listSessions(call: Call): Promise<Response> {
  const found = await sessionsOf(call.env.DB, call.person!.id, call.now);
  const { principal } = call;
  const current = principal.by === "session" ? principal.sessionId : undefined;
  return call.json({
    sessions: found.map((one) => ({
      id: one.id,
      provider: one.provider,
      userAgent: one.userAgent,
      createdAt: iso(one.createdAt),
      seenAt: iso(one.seenAt),
      expiresAt: iso(one.expiresAt),
      current: one.id === current,
    })),
  });
}

async function signOut(call: Call): Promise<Response> {
  const { principal, env } = call;
  const named = call.param("session");
  const current = principal.by === "session" ? principal.sessionId : undefined;
  const only = named === "current" ? current : named;
  if (only === undefined) throw new EdgeError(404, "no cookie came along");
  const userId = call.person!.id;
  const ended = await endSessions(env.DB, userId, named === "all" ? {} : { only });
  if (ended.length === 0 && named !== "all") throw new EdgeError(404, "you have no such session");
  forgetSessions(userId);
  // Who ends another session than this one does not trust it.
  await cutEverywhere(
    call,
    userId,
    ended,
    ended.some((id) => id !== current),
  );
  const response = call.nothing();
  if (current !== undefined && ended.includes(current)) {
    response.headers.append("set-cookie", cookieWith(call.request, undefined));
  }
  return response;
}

/** What sessions that ended have open in the sandboxes of their person. */
export const cutEverywhere = (
  call: Call,
  userId: string,
  sessionIds: string[],
  fromAfar: boolean,
): Promise<void> => cutGrants(call, userId, sessionIds.map(sessionGrantId), fromAfar);

/**
 * What grants of a person that ended have open in their sandboxes. `distrusted`: they may have been in others' hands, who may have
 * tokens of service accounts from there.
 */
export async function cutGrants(
  { env, now }: Call,
  userId: string,
  grantIds: string[],
  distrusted: boolean,
): Promise<void> {
  for (let after: Page["after"]; ;) {
    const page = { limit: pageLimitMax, ...(after && { after }) };
    const found = await sandboxesOf(env.DB, userId, now, page);
    await Promise.all(
      found.map(({ sandbox, role }) =>
        tell(env, sandbox.id, async (object) => {
          const knewTokens = distrusted && knowsTokens(role);
          for (const id of grantIds) await object.cut(id, { knewTokens });
        }),
      ),
    );
    const last = found.length === pageLimitMax ? found.at(-1)?.sandbox : undefined;
    if (!last) return;
    after = { at: last.createdAt, id: last.id };
  }
}
