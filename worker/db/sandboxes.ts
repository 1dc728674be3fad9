import { and, desc, eq, gt, inArray, isNull, lt, or, sql } from "drizzle-orm";
import { memberGrantId } from "../../durable-objects/grant.ts";
import type { Role } from "../roles.ts";
import { ask, inPortions, on, type Page } from "./database.ts";
import {
  apiTokens,
  audit,
  creations,
  invitations,
  keys,
  labs,
  members,
  replies,
  sandboxes,
  scenarios,
  sessions,
  signIns,
  snapshots,
  users,
} from "./schema.ts";
import type { Sandbox } from "./keys.ts";

export type { Sandbox };

/** What a sandbox was made from. */
export type Source =
  | { kind: "snapshot"; id: string }
  | { kind: "scenario"; id: string; version: number }
  | { kind: "fork"; id: string; revision: number }
  | { kind: "manifests" };

/** Whatever state it is in. */
export async function findSandbox(db: D1Database, id: string): Promise<Sandbox | undefined> {
  const rows = await ask(on(db).select().from(sandboxes).where(eq(sandboxes.id, id)).limit(1));
  return rows[0];
}

export interface Belonging {
  sandbox: Sandbox;
  role: Role;
}

const roleOf = (userId: string) =>
  sql<Role | null>`CASE WHEN ${sandboxes.ownerId} = ${userId} THEN 'owner' ELSE ${members.role} END`;

const membershipOf = (userId: string) =>
  and(eq(members.sandboxId, sandboxes.id), eq(members.userId, userId));

/** The sandbox, and as what the person belongs to it: null, not at all. */
export async function findBelonging(
  db: D1Database,
  id: string,
  userId: string,
): Promise<{ sandbox: Sandbox; role: Role | null; name: string | null } | undefined> {
  const rows = await ask(
    on(db)
      .select({ sandbox: sandboxes, role: roleOf(userId), name: members.name })
      .from(sandboxes)
      .leftJoin(members, membershipOf(userId))
      .where(eq(sandboxes.id, id))
      .limit(1),
  );
  return rows[0];
}

/** Those that the person owns or belongs to and that live, newest first. */
export async function sandboxesOf(
  db: D1Database,
  userId: string,
  now: number,
  { limit, after }: Page,
): Promise<Belonging[]> {
  const beyond =
    after &&
    or(
      lt(sandboxes.createdAt, after.at),
      and(eq(sandboxes.createdAt, after.at), lt(sandboxes.id, after.id)),
    );
  const own = sql`SELECT id FROM sandboxes WHERE owner_id = ${userId}`;
  const joined = sql`SELECT sandbox_id FROM members WHERE user_id = ${userId}`;
  const rows = await ask(
    on(db)
      .select({ sandbox: sandboxes, role: roleOf(userId) })
      .from(sandboxes)
      .leftJoin(members, membershipOf(userId))
      .where(
        and(
          // By two indices: a condition on both tables would read every sandbox that lives.
          inArray(sandboxes.id, sql`(${own} UNION ${joined})`),
          isNull(sandboxes.deletedAt),
          gt(sandboxes.expiresAt, now),
          beyond,
        ),
      )
      .orderBy(desc(sandboxes.createdAt), desc(sandboxes.id))
      .limit(limit),
  );
  return rows as Belonging[];
}

/** Ids of all that the person owns, dead ones not yet forgotten among them. */
export async function ownedIds(db: D1Database, userId: string): Promise<string[]> {
  const rows = await ask(
    on(db).select({ id: sandboxes.id }).from(sandboxes).where(eq(sandboxes.ownerId, userId)),
  );
  return rows.map(({ id }) => id);
}

/** Takes back a sandbox that nobody has seen, with its key. */
export async function removeSandbox(db: D1Database, id: string): Promise<void> {
  await ask(on(db).delete(sandboxes).where(eq(sandboxes.id, id)));
}

export async function updateSandbox(
  db: D1Database,
  id: string,
  change: Partial<Pick<Sandbox, "title" | "expiresAt" | "usedAt" | "ownerId">>,
): Promise<void> {
  await ask(on(db).update(sandboxes).set(change).where(eq(sandboxes.id, id)));
}

export async function markDeleted(db: D1Database, id: string, now: number): Promise<void> {
  await ask(on(db).update(sandboxes).set({ deletedAt: now }).where(eq(sandboxes.id, id)));
}

/** A person's keys live as long as the sandbox. */
export async function extend(
  db: D1Database,
  id: string,
  expiresAt: number,
  usedAt: number,
): Promise<void> {
  await ask(
    on(db).batch([
      on(db).update(sandboxes).set({ expiresAt, usedAt }).where(eq(sandboxes.id, id)),
      on(db)
        .update(keys)
        .set({ expiresAt })
        .where(and(eq(keys.sandboxId, id), isNull(keys.revokedAt), lt(keys.expiresAt, expiresAt))),
    ]),
  );
}

/**
 * Gives what one person owns and belongs to to another, and forgets the one. Who belongs to a sandbox as both has the larger
 * role, and whose own it is, is no member of it.
 */
export async function moveBelongings(db: D1Database, from: string, to: string): Promise<void> {
  const larger = sql`SELECT sandbox_id FROM members WHERE user_id = ${from} AND role = 'editor'`;
  const theirs = sql`SELECT sandbox_id FROM members WHERE user_id = ${to}`;
  const own = on(db).select({ id: sandboxes.id }).from(sandboxes).where(eq(sandboxes.ownerId, to));
  await ask(
    on(db).batch([
      on(db).update(sandboxes).set({ ownerId: to }).where(eq(sandboxes.ownerId, from)),
      on(db)
        .update(members)
        .set({ role: "editor" })
        .where(
          and(
            eq(members.userId, to),
            eq(members.role, "viewer"),
            sql`${members.sandboxId} IN (${larger})`,
          ),
        ),
      on(db)
        .update(members)
        .set({ userId: to })
        .where(and(eq(members.userId, from), sql`${members.sandboxId} NOT IN (${theirs})`)),
      on(db)
        .delete(members)
        .where(and(eq(members.userId, to), inArray(members.sandboxId, own))),
      on(db).update(keys).set({ userId: to }).where(eq(keys.userId, from)),
      on(db)
        .update(invitations)
        .set({ madeBy: memberGrantId(to) })
        .where(eq(invitations.madeBy, memberGrantId(from))),
      on(db).update(apiTokens).set({ userId: to }).where(eq(apiTokens.userId, from)),
      on(db).update(audit).set({ userId: to }).where(eq(audit.userId, from)),
      on(db).update(snapshots).set({ ownerId: to }).where(eq(snapshots.ownerId, from)),
      on(db).update(scenarios).set({ ownerId: to }).where(eq(scenarios.ownerId, from)),
      on(db).update(labs).set({ userId: to }).where(eq(labs.userId, from)),
      on(db).delete(users).where(eq(users.id, from)),
    ]),
  );
}

/** Forgets sandboxes that ended before the moment given, with their keys, and whatever else has run out. Safe to repeat. */
export async function forgetExpired(db: D1Database, before: number, now: number): Promise<void> {
  await ask(
    on(db).batch([
      on(db)
        .delete(sandboxes)
        .where(or(lt(sandboxes.expiresAt, before), lt(sandboxes.deletedAt, before))),
      on(db).delete(creations).where(lt(creations.windowEndsAt, now)),
      on(db).delete(sessions).where(lt(sessions.expiresAt, now)),
      on(db).delete(signIns).where(lt(signIns.expiresAt, now)),
      on(db).delete(apiTokens).where(lt(apiTokens.expiresAt, before)),
      on(db).delete(replies).where(lt(replies.expiresAt, now)),
      on(db).delete(audit).where(lt(audit.at, before)),
    ]),
  );
}

/** Those whose time is up but which were not deleted, oldest first: their objects may still hold something. */
export async function expiredSandboxes(
  db: D1Database,
  now: number,
  { limit, skip }: { limit: number; skip: number },
): Promise<string[]> {
  const rows = await ask(
    on(db)
      .select({ id: sandboxes.id })
      .from(sandboxes)
      .where(and(lt(sandboxes.expiresAt, now), isNull(sandboxes.deletedAt)))
      .orderBy(sandboxes.expiresAt, sandboxes.id)
      .limit(limit)
      .offset(skip),
  );
  return rows.map(({ id }) => id);
}

export async function markAllDeleted(db: D1Database, ids: string[], now: number): Promise<void> {
  if (ids.length === 0) return;
  await ask(on(db).update(sandboxes).set({ deletedAt: now }).where(inArray(sandboxes.id, ids)));
}

/** Which of these are not deleted; of one whose time is up the row is still there. */
export const livingAmong = (db: D1Database, ids: string[]): Promise<Set<string>> =>
  inPortions(ids, async (some) => {
    const rows = await ask(
      on(db)
        .select({ id: sandboxes.id })
        .from(sandboxes)
        .where(and(inArray(sandboxes.id, some), isNull(sandboxes.deletedAt))),
    );
    return rows.map(({ id }) => id);
  });
