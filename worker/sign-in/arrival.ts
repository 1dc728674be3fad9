import { memberGrantId, sessionGrantId } from "../../durable-objects/grant.ts";
import { findIdentity, identitiesOf, insertIdentity } from "../db/identities.ts";
import { endSessions, insertPerson, insertSession, type Person } from "../db/people.ts";
import { extend, moveBelongings, sandboxesOf, type Belonging } from "../db/sandboxes.ts";
import { EdgeError } from "../errors.ts";
import { identitiesPerPersonMax, pageLimitMax, personNameCharsMax } from "../limits.ts";
import type { Call } from "../route.ts";
import { forget, lifeMs, tell } from "../routes/sandboxes.ts";
import { plainText } from "../schemas.ts";
import { newId } from "../secrets.ts";
import { cookieWith, forgetSessions, newSession } from "../cookie-sessions.ts";
import type { Identity } from "./way.ts";
import { eachAtOnce } from "../at-once.ts";

/** What signing in does: to whom the identity belongs, to what an anonymous person has made, and to the session. */

/**
 * The person who has the identity; else it becomes that of who asks, or of somebody new. Throws 409 where somebody else has it
 * than who is signed in: two who are both known are never made one.
 */
export async function personBehind(call: Call, identity: Identity): Promise<Person> {
  const { DB } = call.env;
  const { provider, subject } = identity;
  const current = call.person;
  const name = nameFor(identity.name);
  const owner = await findIdentity(DB, provider, subject);
  if (owner) {
    if (current && current.name !== null && current.id !== owner.id) throw belongsToOther();
    return owner;
  }
  const person = current ?? (await newcomer(call, name));
  const row = { provider, subject, userId: person.id, name, createdAt: call.now };
  if (await insertIdentity(DB, row, identitiesPerPersonMax)) {
    return { ...person, name: person.name ?? name };
  }
  if ((await identitiesOf(DB, person.id)).length >= identitiesPerPersonMax) {
    throw new EdgeError(
      409,
      `you can sign in by ${identitiesPerPersonMax} identities already, the most that one may; remove one`,
    );
  }
  throw new EdgeError(409, "somebody signed in by this identity at the same moment; begin again");
}

/** With a name from the start, and no session yet. */
async function newcomer(call: Call, name: string): Promise<Person> {
  const person: Person = { id: newId(), name, createdAt: call.now };
  await insertPerson(call.env.DB, person);
  return person;
}

const belongsToOther = (): EdgeError =>
  new EdgeError(
    409,
    "this belongs to another account here; sign out, and sign in with it, or remove it there first",
  );

/** One line, from whatever a provider calls them. */
export function nameFor(said: string): string {
  const spaced = said.replaceAll(/[\p{Cc}\u2028\u2029\s]+/gu, " ");
  const plain = [...spaced]
    .filter((each) => plainText.test(each))
    .join("")
    .trim();
  // Not half of a pair of surrogates.
  const cut = plain
    .slice(0, personNameCharsMax)
    .replace(/[\uD800-\uDBFF]$/, "")
    .trim();
  return cut || "someone";
}

/**
 * Signs the person in: a new session in place of the one that asked, whose secret others may have seen or planted; what an
 * anonymous one has made becomes the person's and lives longer. Answers the cookie.
 */
export async function signIn(call: Call, person: Person, way: string): Promise<string> {
  const { env, now, principal } = call;
  const before = principal.by === "session" ? principal : undefined;
  if (before && before.person.name !== null && before.person.id !== person.id) {
    throw belongsToOther();
  }
  const { secret, session } = await newSession(call.request, person.id, way, now);
  await insertSession(env.DB, session);
  if (before) await takeOver(call, before, person);
  call.audit("signed in", way, { userId: person.id });
  return cookieWith(call.request, secret);
}

async function takeOver(
  { env, now }: Call,
  { person: former, sessionId }: { person: Person; sessionId: string },
  person: Person,
): Promise<void> {
  const found = await sandboxesOf(env.DB, former.id, now, { limit: pageLimitMax });
  const moved = former.id !== person.id;
  if (moved) await moveBelongings(env.DB, former.id, person.id);
  else await endSessions(env.DB, former.id, { only: sessionId });
  forgetSessions(former.id);
  const ended = [sessionGrantId(sessionId), ...(moved ? [memberGrantId(former.id)] : [])];
  await eachAtOnce(found, async (belonging) => {
    forget(belonging.sandbox.id);
    await tell(env, belonging.sandbox.id, async (object) => {
      for (const grant of ended) await object.cut(grant);
    }).catch((error: unknown) => {
      // The rows are right; what is open ends with its grant's age.
      console.error({ event: "a former session was not cut", error: String(error) });
    });
    if (former.name === null) await prolong(env, belonging, now);
  });
}

/** As one of somebody signed in. The object first: it would end by itself at the moment that it knows. */
async function prolong(env: Call["env"], { sandbox, role }: Belonging, now: number): Promise<void> {
  const expiresAt = now + lifeMs(env, true);
  if (role !== "owner" || expiresAt <= sandbox.expiresAt) return;
  try {
    await tell(env, sandbox.id, (object) => object.extend(expiresAt));
    await extend(env.DB, sandbox.id, expiresAt, now);
    forget(sandbox.id);
  } catch (error) {
    console.error({
      event: "a sandbox's life stays short",
      sandbox: sandbox.id,
      error: String(error),
    });
  }
}
