import { userOf } from "../durable-objects/engine/api/users.ts";
import type { User } from "../durable-objects/engine/ports/request.ts";
import {
  memberGrantId,
  sessionGrantId,
  tokenGrantId,
  type Grant,
} from "../durable-objects/grant.ts";
import { apiTokenShape, verifyApiToken } from "./api-tokens.ts";
import { bearerOf, sandboxIsOver, verify, type Verdict } from "./keys.ts";
import type { Person } from "./db/people.ts";
import { findBelonging, type Sandbox } from "./db/sandboxes.ts";
import type { Env } from "./env.ts";
import { EdgeError } from "./errors.ts";
import { Known } from "./read-cache.ts";
import { grantMsMax } from "./limits.ts";
import { mayDo, type Action, type Role } from "./roles.ts";
import type { Scope } from "./scopes.ts";
import { idShape } from "./secrets.ts";
import { refuseForeignUse, signedIn, touch } from "./cookie-sessions.ts";

/** Who asks, and by what. */
export type Principal =
  | { by: "nobody" }
  | { by: "session"; person: Person; sessionId: string; readAtMs: number }
  | { by: "token"; person: Person; tokenId: string; scopes: ReadonlySet<string>; readAtMs: number }
  /** Of one sandbox, by whoever has it. */
  | { by: "key"; secret: string };

export const personOf = (principal: Principal): Person | undefined =>
  "person" in principal ? principal.person : undefined;

/**
 * By a bearer token, or else by the cookie. Throws 401 for a token that opens nothing, and 403 where a page elsewhere uses
 * the cookie. Whether a key opens the sandbox that is meant is asked later. `fresh`: as the database says now, not as this isolate
 * has read a moment ago.
 */
export async function principalOf(
  request: Request,
  env: Env,
  now: number,
  later: (work: Promise<unknown>) => void,
  fresh = false,
): Promise<Principal> {
  const bearer = bearerOf(request.headers);
  if (bearer !== undefined) {
    if (!apiTokenShape.test(bearer)) return { by: "key", secret: bearer };
    const token = await verifyApiToken(env, bearer, now, later, fresh);
    if (!token) throw new EdgeError(401, "this API token is unknown, was revoked or has expired");
    return { by: "token", ...token };
  }
  const found = await signedIn(request, env, now, fresh);
  if (!found) return { by: "nobody" };
  refuseForeignUse(request);
  later(touch(env, found, now));
  const { person, session, readAtMs } = found;
  return { by: "session", person, sessionId: session.id, readAtMs };
}

/** What somebody has to do with one sandbox. */
export interface Access {
  sandbox: Sandbox;
  role: Role;
  grant: Grant;
  /** Who they are in the cluster. */
  user: User;
  /** The key that was shown. */
  key?: Extract<Verdict, { state: "valid" }>["key"];
}

type Belonging = NonNullable<Awaited<ReturnType<typeof findBelonging>>> & { userId: string };
const known = new Known<Belonging>();

/** Forgets who belongs to a sandbox, as far as this isolate knows. */
export const forgetBelongings = (sandboxId: string): void =>
  known.forget(({ sandbox }) => sandbox.id === sandboxId);

/**
 * What the principal may have to do with a sandbox; throws 401 for nobody and strange keys, 404 for who does not belong to it
 * (as for one that never was), 410 where it has ended.
 */
export async function accessTo(
  principal: Principal,
  env: Env,
  id: string,
  now: number,
  fresh = false,
): Promise<Access> {
  if (!idShape.test(id)) throw notFound();
  if (principal.by === "nobody") {
    throw new EdgeError(401, "sign in, or send the sandbox's key as a bearer token");
  }
  if (principal.by === "key") {
    const verdict = await verify(env, id, principal.secret, now, fresh);
    if (verdict.state === "unknown")
      throw new EdgeError(401, "this key does not open this sandbox");
    if (verdict.state === "gone") throw gone();
    const { sandbox, key, grant, user } = verdict;
    return { sandbox, role: key.role, grant, user, key };
  }
  const { person } = principal;
  const find = async (): Promise<Belonging | undefined> => {
    const belonging = await findBelonging(env.DB, id, person.id);
    return belonging && { ...belonging, userId: person.id };
  };
  const { found, readAtMs } = await known.get(`${id} ${person.id}`, find, fresh);
  if (!found?.role) throw notFound();
  const { sandbox, role } = found;
  if (sandboxIsOver(sandbox, now)) throw gone();
  const own =
    principal.by === "session"
      ? sessionGrantId(principal.sessionId)
      : tokenGrantId(principal.tokenId);
  const grant: Grant = {
    ids: [own, memberGrantId(person.id)],
    role,
    readAtMs: Math.min(readAtMs, principal.readAtMs),
    expiresAtMs: Math.min(sandbox.expiresAt, now + grantMsMax),
  };
  // Who may not write by a token reads no Secrets by it either: what they hold opens more.
  const reads = principal.by === "token" && !principal.scopes.has("sandboxes:write");
  const user = userOf(reads ? "viewer" : role, found.name ?? person.name ?? "");
  return { sandbox, role, grant, user };
}

const notFound = (): EdgeError => new EdgeError(404, "this sandbox does not exist");
const gone = (): EdgeError => new EdgeError(410, "this sandbox has expired or was deleted");

/** Throws 403 where the role is too small. */
export function mustMay({ role }: Access, action: Action): void {
  if (!mayDo(role, action))
    throw new EdgeError(403, `${article(role)} may not do this (${action})`);
}

const article = (role: Role): string => (role === "viewer" ? `a ${role}` : `an ${role}`);

/** Throws 403 where a token is not for this. */
export function mustHaveScope(principal: Principal, scope: Scope | undefined): void {
  if (principal.by !== "token") return;
  if (scope === undefined) throw new EdgeError(403, "API tokens are not for this; sign in");
  if (!principal.scopes.has(scope))
    throw new EdgeError(403, `this API token lacks the scope ${scope}`);
}
