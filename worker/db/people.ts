import { and, desc, eq, gt, ne } from "drizzle-orm";
import { ask, on } from "./database.ts";
import { sessions, users } from "./schema.ts";

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

export async function renamePerson(db: D1Database, id: string, name: string): Promise<void> {
  await ask(on(db).update(users).set({ name }).where(eq(users.id, id)));
}
