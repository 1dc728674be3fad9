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
      INSERT INTO ${keys} (hash, id, sandbox_id, role, created_at, expires_at, name, user_id)
      SELECT ${key.hash}, ${key.id}, ${key.sandboxId}, ${key.role}, ${key.createdAt}, ${key.expiresAt}, ${key.name}, ${key.userId}
      WHERE (${live}) < ${max}`),
  );
  return done.meta.changes > 0;
}

/** `member`: how the others see the member whose it is; null: it is no member's. */
export type FoundKey = { key: Key; sandbox: Sandbox; member: string | null };

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
      .select({ key: keys, sandbox: sandboxes, member: members.name })
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

/** Whether the sandbox has such a key; one that was revoked before stays as it is. */
export async function revokeKey(
  db: D1Database,
  sandboxId: string,
  id: string,
  now: number,
): Promise<"revoked" | "revoked before" | "unknown"> {
  const own = and(eq(keys.sandboxId, sandboxId), eq(keys.id, id));
  const live = and(own, isNull(keys.revokedAt));
  const done = await ask(
    on(db).update(keys).set({ revokedAt: now }).where(live).returning({ id: keys.id }),
  );
  if (done.length > 0) return "revoked";
  const known = await ask(on(db).select({ id: keys.id }).from(keys).where(own).limit(1));
  return known.length > 0 ? "revoked before" : "unknown";
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
