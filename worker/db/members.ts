import { and, eq, gt, inArray, isNull, lt, sql } from "drizzle-orm";
import type { Role } from "../roles.ts";
import { ask, on } from "./database.ts";
import { invitations, members, sandboxes } from "./schema.ts";
import type { Sandbox } from "./sandboxes.ts";

export type Member = typeof members.$inferSelect;
export type Invitation = typeof invitations.$inferSelect;

export async function membersOf(db: D1Database, sandboxId: string): Promise<Member[]> {
  return ask(
    on(db)
      .select()
      .from(members)
      .where(eq(members.sandboxId, sandboxId))
      .orderBy(members.createdAt),
  );
}

/** What they are to it; undefined: they do not belong to it. */
export async function memberRole(
  db: D1Database,
  sandboxId: string,
  userId: string,
): Promise<Role | undefined> {
  const rows = await ask(
    on(db)
      .select({ role: members.role })
      .from(members)
      .where(and(eq(members.sandboxId, sandboxId), eq(members.userId, userId))),
  );
  return rows[0]?.role;
}

/** Unless there are `max` already, or they belong to it: then false. */
export async function insertMember(db: D1Database, member: Member, max: number): Promise<boolean> {
  const { sandboxId, userId, role, name, createdAt } = member;
  const done = await ask(
    on(db).run(sql`
      INSERT OR IGNORE INTO ${members} (sandbox_id, user_id, role, name, created_at)
      SELECT ${sandboxId}, ${userId}, ${role}, ${name}, ${createdAt}
      WHERE (SELECT count(*) FROM ${members} WHERE ${eq(members.sandboxId, sandboxId)}) < ${max}`),
  );
  return done.meta.changes > 0;
}

/** False: they do not belong to it. */
export async function changeRole(
  db: D1Database,
  sandboxId: string,
  userId: string,
  role: Role,
): Promise<boolean> {
  const done = await ask(
    on(db)
      .update(members)
      .set({ role })
      .where(and(eq(members.sandboxId, sandboxId), eq(members.userId, userId)))
      .returning({ userId: members.userId }),
  );
  return done.length > 0;
}

/** What they were; undefined: they did not belong to it. */
export async function removeMember(
  db: D1Database,
  sandboxId: string,
  userId: string,
): Promise<Role | undefined> {
  const done = await ask(
    on(db)
      .delete(members)
      .where(and(eq(members.sandboxId, sandboxId), eq(members.userId, userId)))
      .returning({ role: members.role }),
  );
  return done[0]?.role;
}

const living = (now: number) =>
  and(
    isNull(invitations.revokedAt),
    gt(invitations.expiresAt, now),
    lt(invitations.uses, invitations.usesMax),
  );

/** Unless the sandbox has `max` live ones already: then false. */
export async function insertInvitation(
  db: D1Database,
  invitation: Invitation,
  now: number,
  max: number,
): Promise<boolean> {
  const { hash, id, sandboxId, role, createdAt, expiresAt, usesMax, madeBy } = invitation;
  const live = sql`SELECT count(*) FROM ${invitations} WHERE ${and(eq(invitations.sandboxId, sandboxId), living(now))}`;
  const done = await ask(
    on(db).run(sql`
      INSERT INTO ${invitations} (hash, id, sandbox_id, role, created_at, expires_at, uses_max, made_by)
      SELECT ${hash}, ${id}, ${sandboxId}, ${role}, ${createdAt}, ${expiresAt}, ${usesMax}, ${madeBy}
      WHERE (${live}) < ${max}`),
  );
  return done.meta.changes > 0;
}

/** One that can be accepted, to a sandbox that lives. */
export async function findInvitation(
  db: D1Database,
  hash: string,
  now: number,
): Promise<{ invitation: Invitation; sandbox: Sandbox } | undefined> {
  const rows = await ask(
    on(db)
      .select({ invitation: invitations, sandbox: sandboxes })
      .from(invitations)
      .innerJoin(sandboxes, eq(sandboxes.id, invitations.sandboxId))
      .where(
        and(
          eq(invitations.hash, hash),
          living(now),
          isNull(sandboxes.deletedAt),
          gt(sandboxes.expiresAt, now),
        ),
      )
      .limit(1),
  );
  return rows[0];
}

/** Counts one more use; false: there is none left. */
export async function useInvitation(db: D1Database, hash: string, now: number): Promise<boolean> {
  const done = await ask(
    on(db)
      .update(invitations)
      .set({ uses: sql`${invitations.uses} + 1` })
      .where(and(eq(invitations.hash, hash), living(now)))
      .returning({ id: invitations.id }),
  );
  return done.length > 0;
}

export async function liveInvitations(
  db: D1Database,
  sandboxId: string,
  now: number,
): Promise<Omit<Invitation, "hash">[]> {
  return ask(
    on(db)
      .select()
      .from(invitations)
      .where(and(eq(invitations.sandboxId, sandboxId), living(now)))
      .orderBy(invitations.createdAt),
  );
}

/** False: the sandbox has no such live one. */
export async function revokeInvitation(
  db: D1Database,
  sandboxId: string,
  id: string,
  now: number,
): Promise<boolean> {
  const done = await ask(
    on(db)
      .update(invitations)
      .set({ revokedAt: now })
      .where(
        and(
          eq(invitations.sandboxId, sandboxId),
          eq(invitations.id, id),
          isNull(invitations.revokedAt),
        ),
      )
      .returning({ id: invitations.id }),
  );
  return done.length > 0;
}

/** Those that the named grants made, or that are to one of the roles; returns their ids. */
export async function revokeInvitations(
  db: D1Database,
  sandboxId: string,
  which: { madeBy: readonly string[] } | { to: readonly Role[] },
  now: number,
): Promise<string[]> {
  const some =
    "to" in which
      ? inArray(invitations.role, [...which.to])
      : inArray(invitations.madeBy, [...which.madeBy]);
  const done = await ask(
    on(db)
      .update(invitations)
      .set({ revokedAt: now })
      .where(and(eq(invitations.sandboxId, sandboxId), isNull(invitations.revokedAt), some))
      .returning({ id: invitations.id }),
  );
  return done.map(({ id }) => id);
}
