import { and, eq, lt, or, sql } from "drizzle-orm";
import { ask, on } from "./database.ts";
import { nameFirst, waysIn } from "./identities.ts";
import type { Person } from "./people.ts";
import { passkeys, users } from "./schema.ts";

export type Passkey = typeof passkeys.$inferSelect;

export async function findPasskey(
  db: D1Database,
  id: string,
): Promise<{ passkey: Passkey; person: Person } | undefined> {
  const rows = await ask(
    on(db)
      .select({ passkey: passkeys, person: users })
      .from(passkeys)
      .innerJoin(users, eq(users.id, passkeys.userId))
      .where(eq(passkeys.id, id))
      .limit(1),
  );
  return rows[0];
}

export async function passkeysOf(db: D1Database, userId: string): Promise<Passkey[]> {
  return ask(
    on(db).select().from(passkeys).where(eq(passkeys.userId, userId)).orderBy(passkeys.createdAt),
  );
}

/** Unless it is registered already, or the person has `max`: then false. The person is named so where nameless. */
export async function insertPasskey(
  db: D1Database,
  passkey: Passkey,
  personName: string,
  max: number,
): Promise<boolean> {
  const { id, userId, publicKey, counter, transports, name, createdAt, usedAt } = passkey;
  const own = sql`SELECT count(*) FROM ${passkeys} WHERE ${eq(passkeys.userId, userId)}`;
  const [done] = await ask(
    on(db).batch([
      on(db)
        .insert(passkeys)
        .select(
          sql`SELECT ${id}, ${userId}, ${publicKey}, ${counter}, ${transports}, ${name}, ${createdAt}, ${usedAt}
            WHERE (${own}) < ${max}`,
        )
        .onConflictDoNothing(),
      nameFirst(db, userId, personName),
    ]),
  );
  return done.meta.changes > 0;
}

/**
 * Notes a use. False: the counter has not grown since, so that another has used a copy of the credential. Those that do not
 * count say 0 for ever (WebAuthn section 6.1.1).
 */
export async function usePasskey(
  db: D1Database,
  id: string,
  counter: number,
  usedAt: number,
): Promise<boolean> {
  const grown = lt(passkeys.counter, counter);
  const countless = counter === 0 ? eq(passkeys.counter, 0) : undefined;
  const done = await ask(
    on(db)
      .update(passkeys)
      .set({ counter, usedAt })
      .where(and(eq(passkeys.id, id), or(grown, countless)))
      .returning({ id: passkeys.id }),
  );
  return done.length > 0;
}

/** Not the last way in: then false, as where there is none such. */
export async function removePasskey(db: D1Database, userId: string, id: string): Promise<boolean> {
  const done = await ask(
    on(db)
      .delete(passkeys)
      .where(and(eq(passkeys.userId, userId), eq(passkeys.id, id), sql`${waysIn(userId)} > 1`))
      .returning({ id: passkeys.id }),
  );
  return done.length > 0;
}
