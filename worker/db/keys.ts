import { and, eq, gt, isNull, sql, type SQL } from "drizzle-orm";
import type { Role } from "../roles.ts";
import { ask, on } from "./database.ts";
import { keys, members, sandboxes } from "./schema.ts";

export type Sandbox = typeof sandboxes.$inferSelect;
export type Key = typeof keys.$inferSelect;
export type KeySummary = Pick<Key, "id" | "role" | "name" | "userId" | "createdAt" | "expiresAt">;

/** Unless the sandbox has `max` live keys already: then false. One statement, so that requests at once do not make more. */
export async function insertKey(
  db: D1Database,
  key: Key,
  now: number,
  max: number,
): Promise<boolean> {
  const live = sql`SELECT count(*) FROM ${keys} WHERE ${liveKeysOf(key.sandboxId, now)}`;
  const done = await ask(
    on(db).run(sql`
      INSERT INTO ${keys} (hash, id, sandbox_id, role, created_at, expires_at, name, user_id, made_by)
      SELECT ${key.hash}, ${key.id}, ${key.sandboxId}, ${key.role}, ${key.createdAt}, ${key.expiresAt}, ${key.name}, ${key.userId}, ${key.madeBy}
      WHERE (${live}) < ${max}`),
  );
  return done.meta.changes > 0;
}

export interface FoundKey {
  key: Key;
  sandbox: Sandbox;
  /** What whose key it is to the sandbox is now; nothing where it is nobody's, or they do not belong to it any more. */
  holder: { role: Role | null; name: string | null };
}

/** The key with its sandbox, whatever state either is in. */
export const findKey = (db: D1Database, hash: string): Promise<FoundKey | undefined> =>
  findKeyWhere(db, eq(keys.hash, hash));

export const findKeyById = (
  db: D1Database,
  sandboxId: string,
  id: string,
): Promise<FoundKey | undefined> =>
  findKeyWhere(db, and(eq(keys.sandboxId, sandboxId), eq(keys.id, id)));

async function findKeyWhere(
  db: D1Database,
  condition: SQL | undefined,
): Promise<FoundKey | undefined> {
  const rows = await ask(
    on(db)
      .select({
        key: keys,
        sandbox: sandboxes,
        holder: {
          role: sql<Role | null>`CASE WHEN ${sandboxes.ownerId} = ${keys.userId} THEN 'owner' ELSE ${members.role} END`,
          name: sql<string | null>`${members.name}`,
        },
      })
      .from(keys)
      .innerJoin(sandboxes, eq(sandboxes.id, keys.sandboxId))
      .leftJoin(
        members,
        and(eq(members.sandboxId, keys.sandboxId), eq(members.userId, keys.userId)),
      )
      .where(condition)
      .limit(1),
  );
  return rows[0];
}

const liveKeysOf = (sandboxId: string, now: number): SQL | undefined =>
  and(eq(keys.sandboxId, sandboxId), isNull(keys.revokedAt), gt(keys.expiresAt, now));

/** All, or one person's. */
export async function liveKeys(
  db: D1Database,
  sandboxId: string,
  now: number,
  userId?: string,
): Promise<KeySummary[]> {
  const { id, role, name, createdAt, expiresAt } = keys;
  const own = userId === undefined ? undefined : eq(keys.userId, userId);
  return ask(
    on(db)
      .select({ id, role, name, userId: keys.userId, createdAt, expiresAt })
      .from(keys)
      .where(and(liveKeysOf(sandboxId, now), own)),
  );
}

export interface Revoked {
  /** It lived until now. */
  now: boolean;
  /** The key and all that were made with it, also those that were revoked before; none: the sandbox has no such key. */
  ended: { id: string; role: Role }[];
}

/** With all keys that were made with it. One that was revoked before stays as it is. */
export async function revokeKey(
  db: D1Database,
  sandboxId: string,
  id: string,
  now: number,
): Promise<Revoked> {
  const made = sql`WITH RECURSIVE made (id) AS (
      SELECT id FROM ${keys} WHERE sandbox_id = ${sandboxId} AND id = ${id}
      UNION SELECT k.id FROM ${keys} k JOIN made ON k.made_by = made.id WHERE k.sandbox_id = ${sandboxId})`;
  const those = sql`sandbox_id = ${sandboxId} AND id IN (SELECT id FROM made)`;
  const done = await ask(
    on(db).all<{ id: string }>(
      sql`${made} UPDATE ${keys} SET revoked_at = ${now} WHERE ${those} AND revoked_at IS NULL RETURNING id`,
    ),
  );
  const ended = await ask(
    on(db).all<{ id: string; role: Role }>(
      sql`${made} SELECT id, role FROM ${keys} WHERE ${those}`,
    ),
  );
  return { now: done.some((one) => one.id === id), ended };
}

/** A member's keys of the given roles; returns their ids. */
export async function revokeKeysOf(
  db: D1Database,
  sandboxId: string,
  userId: string,
  roles: readonly Role[],
  now: number,
): Promise<string[]> {
  const done = await ask(
    on(db)
      .update(keys)
      .set({ revokedAt: now })
      .where(
        and(
          eq(keys.sandboxId, sandboxId),
          eq(keys.userId, userId),
          isNull(keys.revokedAt),
          sql`${keys.role} IN ${roles}`,
        ),
      )
      .returning({ id: keys.id }),
  );
  return done.map(({ id }) => id);
}
