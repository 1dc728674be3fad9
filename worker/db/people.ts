import {
  and,
  desc,
  eq,
  gt,
  gte,
  inArray,
  isNull,
  lt,
  ne,
  notExists,
  sql,
  type SQL,
} from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { ask, inPortions, on } from "./database.ts";
import {
  apiTokens,
  audit,
  identities,
  keys,
  labs,
  members,
  passkeys,
  sandboxes,
  scenarios,
  sessions,
  snapshots,
  users,
} from "./schema.ts";

export type Person = Pick<typeof users.$inferSelect, "id" | "name" | "createdAt">;
export type Session = typeof sessions.$inferSelect;

/** A person, perhaps with their first session. */
export async function insertPerson(
  db: D1Database,
  person: Person,
  session?: Session,
): Promise<void> {
  const first = session ? [on(db).insert(sessions).values(session)] : [];
  await ask(on(db).batch([on(db).insert(users).values(person), ...first]));
}

export async function insertSession(db: D1Database, session: Session): Promise<void> {
  await ask(on(db).insert(sessions).values(session));
}

/** One that has not run out, with its person. */
export async function findSession(
  db: D1Database,
  hash: string,
  now: number,
): Promise<{ session: Session; person: Person } | undefined> {
  const rows = await ask(
    on(db)
      .select({ session: sessions, person: users })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.userId))
      .where(and(eq(sessions.hash, hash), gt(sessions.expiresAt, now)))
      .limit(1),
  );
  return rows[0];
}

export async function sessionsOf(db: D1Database, userId: string, now: number): Promise<Session[]> {
  return ask(
    on(db)
      .select()
      .from(sessions)
      .where(and(eq(sessions.userId, userId), gt(sessions.expiresAt, now)))
      .orderBy(desc(sessions.seenAt)),
  );
}

export async function touchSession(
  db: D1Database,
  id: string,
  seenAt: number,
  expiresAt: number,
): Promise<void> {
  await ask(on(db).update(sessions).set({ seenAt, expiresAt }).where(eq(sessions.id, id)));
}

/** Ids of those that ended: one of the person's, or all but one, or all. */
export async function endSessions(
  db: D1Database,
  userId: string,
  which: { only: string } | { allBut?: string },
): Promise<string[]> {
  const some =
    "only" in which
      ? eq(sessions.id, which.only)
      : which.allBut === undefined
        ? undefined
        : ne(sessions.id, which.allBut);
  const done = await ask(
    on(db)
      .delete(sessions)
      .where(and(eq(sessions.userId, userId), some))
      .returning({ id: sessions.id }),
  );
  return done.map(({ id }) => id);
}

/** Whether the person can be told from others by more than a cookie. */
export async function hasSignedIn(db: D1Database, userId: string): Promise<boolean> {
  const [provided, keyed] = await ask(
    on(db).batch([
      on(db)
        .select({ one: sql`1` })
        .from(identities)
        .where(eq(identities.userId, userId))
        .limit(1),
      on(db)
        .select({ one: sql`1` })
        .from(passkeys)
        .where(eq(passkeys.userId, userId))
        .limit(1),
    ]),
  );
  return provided.length + keyed.length > 0;
}

export async function renamePerson(db: D1Database, id: string, name: string): Promise<void> {
  await ask(on(db).update(users).set({ name }).where(eq(users.id, id)));
}

/**
 * Forgets, of persons whose ids begin so, those without a name who have nothing left by which they could come back or that is
 * theirs: at most `max`, made before the moment given. Answers how many. Safe to repeat.
 */
export async function forgetAnonymous(
  db: D1Database,
  { prefix, madeBefore, max }: { prefix: string; madeBefore: number; max: number },
  now: number,
): Promise<number> {
  const none = (column: SQLiteColumn, more?: SQL): SQL =>
    notExists(
      on(db)
        .select({ one: sql`1` })
        .from(column.table)
        .where(and(eq(column, users.id), more)),
    );
  const lost = and(
    gte(users.id, prefix),
    // Behind every letter of an id.
    lt(users.id, `${prefix}~`),
    isNull(users.name),
    lt(users.createdAt, madeBefore),
    none(sessions.userId, gt(sessions.expiresAt, now)),
    none(apiTokens.userId, gt(apiTokens.expiresAt, now)),
    none(sandboxes.ownerId),
    none(members.userId),
    // Of a sandbox of somebody else's.
    none(keys.userId),
    none(labs.userId),
    none(snapshots.ownerId, isNull(snapshots.withdrawnAt)),
    none(scenarios.ownerId),
    none(identities.userId),
    none(passkeys.userId),
  );
  const some = on(db).select({ id: users.id }).from(users).where(lost).limit(max);
  // One statement: nobody comes back between the question and the deletion.
  const gone = await ask(
    on(db).delete(users).where(inArray(users.id, some)).returning({ id: users.id }),
  );
  const ids = gone.map(({ id }) => id);
  await inPortions(ids, async (portion) => {
    await ask(on(db).update(audit).set({ userId: null }).where(inArray(audit.userId, portion)));
    return [];
  });
  return ids.length;
}
