import { and, desc, eq, gt, sql } from "drizzle-orm";
import { ask, on } from "./database.ts";
import type { Person } from "./people.ts";
import { apiTokens, users } from "./schema.ts";

export type ApiToken = typeof apiTokens.$inferSelect;

export async function findApiToken(
  db: D1Database,
  hash: string,
): Promise<{ token: ApiToken; person: Person } | undefined> {
  const rows = await ask(
    on(db)
      .select({ token: apiTokens, person: users })
      .from(apiTokens)
      .innerJoin(users, eq(users.id, apiTokens.userId))
      .where(eq(apiTokens.hash, hash))
      .limit(1),
  );
  return rows[0];
}

export async function touchApiToken(db: D1Database, id: string, usedAt: number): Promise<void> {
  await ask(on(db).update(apiTokens).set({ usedAt }).where(eq(apiTokens.id, id)));
}

/** Unless the person has `max` live ones already: then false. */
export async function insertApiToken(
  db: D1Database,
  token: ApiToken,
  now: number,
  max: number,
): Promise<boolean> {
  const { hash, id, userId, name, scopes, createdAt, expiresAt } = token;
  const live = sql`SELECT count(*) FROM ${apiTokens} WHERE ${and(eq(apiTokens.userId, userId), gt(apiTokens.expiresAt, now))}`;
  const done = await ask(
    on(db).run(sql`
      INSERT INTO ${apiTokens} (hash, id, user_id, name, scopes, created_at, expires_at)
      SELECT ${hash}, ${id}, ${userId}, ${name}, ${scopes}, ${createdAt}, ${expiresAt}
      WHERE (${live}) < ${max}`),
  );
  return done.meta.changes > 0;
}

export async function apiTokensOf(db: D1Database, userId: string): Promise<ApiToken[]> {
  return ask(
    on(db)
      .select()
      .from(apiTokens)
      .where(eq(apiTokens.userId, userId))
      .orderBy(desc(apiTokens.createdAt)),
  );
}

/** What it was; undefined: the person has no such token. */
export async function removeApiToken(
  db: D1Database,
  userId: string,
  id: string,
): Promise<Pick<ApiToken, "scopes"> | undefined> {
  const done = await ask(
    on(db)
      .delete(apiTokens)
      .where(and(eq(apiTokens.userId, userId), eq(apiTokens.id, id)))
      .returning({ scopes: apiTokens.scopes }),
  );
  return done[0];
}
