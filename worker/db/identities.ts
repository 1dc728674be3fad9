import { and, eq, isNull, sql } from "drizzle-orm";
import { ask, on } from "./database.ts";
import type { Person } from "./people.ts";
import { identities, passkeys, users } from "./schema.ts";

export type Identity = typeof identities.$inferSelect;

/** Whose it is. */
export async function findIdentity(
  db: D1Database,
  provider: string,
  subject: string,
): Promise<Person | undefined> {
  const rows = await ask(
    on(db)
      .select({ person: users })
      .from(identities)
      .innerJoin(users, eq(users.id, identities.userId))
      .where(and(eq(identities.provider, provider), eq(identities.subject, subject)))
      .limit(1),
  );
  return rows[0]?.person;
}

export async function identitiesOf(db: D1Database, userId: string): Promise<Identity[]> {
  return ask(
    on(db)
      .select()
      .from(identities)
      .where(eq(identities.userId, userId))
      .orderBy(identities.createdAt),
  );
}

const countOf = (table: typeof identities | typeof passkeys, userId: string) =>
  sql`(SELECT count(*) FROM ${table} WHERE ${table.userId} = ${userId})`;

/** In how many ways a person can sign in. */
export const waysIn = (userId: string) =>
  sql`${countOf(identities, userId)} + ${countOf(passkeys, userId)}`;

/** Who signs in has a name from then on: see `users`. */
export const nameFirst = (db: D1Database, userId: string, name: string) =>
  on(db)
    .update(users)
    .set({ name })
    .where(and(eq(users.id, userId), isNull(users.name)));

/** Unless somebody has it, or the person `max` already: then false. */
export async function insertIdentity(
  db: D1Database,
  identity: Identity,
  max: number,
): Promise<boolean> {
  const { provider, subject, userId, name, createdAt } = identity;
  const [done] = await ask(
    on(db).batch([
      on(db)
        .insert(identities)
        .select(
          sql`SELECT ${provider}, ${subject}, ${userId}, ${name}, ${createdAt}
            WHERE ${countOf(identities, userId)} < ${max}`,
        )
        .onConflictDoNothing(),
      nameFirst(db, userId, name),
    ]),
  );
  return done.meta.changes > 0;
}

/** Not the last way in: then false, as where there is none such. */
export async function removeIdentity(
  db: D1Database,
  { userId, provider, subject }: Identity,
): Promise<boolean> {
  const done = await ask(
    on(db)
      .delete(identities)
      .where(
        and(
          eq(identities.userId, userId),
          eq(identities.provider, provider),
          eq(identities.subject, subject),
          sql`${waysIn(userId)} > 1`,
        ),
      )
      .returning({ subject: identities.subject }),
  );
  return done.length > 0;
}
