import { and, eq, gt, isNull, lt } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { keys, sandboxes } from "./schema.ts";

/** Every D1 query, named. */

export type Sandbox = typeof sandboxes.$inferSelect;
export type Key = typeof keys.$inferSelect;
export type KeySummary = Pick<Key, "id" | "role" | "createdAt" | "expiresAt">;

const handles = new WeakMap<D1Database, DrizzleD1Database>();
function on(db: D1Database): DrizzleD1Database {
  let handle = handles.get(db);
  if (!handle) handles.set(db, (handle = drizzle(db)));
  return handle;
}

export async function insertSandbox(db: D1Database, sandbox: Sandbox, key: Key): Promise<void> {
  await on(db).batch([on(db).insert(sandboxes).values(sandbox), on(db).insert(keys).values(key)]);
}

/** Whatever state it is in. */
export async function findSandbox(db: D1Database, id: string): Promise<Sandbox | undefined> {
  const rows = await on(db).select().from(sandboxes).where(eq(sandboxes.id, id)).limit(1);
  return rows[0];
}

export async function insertKey(db: D1Database, key: Key): Promise<void> {
  await on(db).insert(keys).values(key);
}

/** The key with its sandbox, whatever state either is in. */
export async function findKey(
  db: D1Database,
  hash: string,
): Promise<{ key: Key; sandbox: Sandbox } | undefined> {
  const rows = await on(db)
    .select({ key: keys, sandbox: sandboxes })
    .from(keys)
    .innerJoin(sandboxes, eq(sandboxes.id, keys.sandboxId))
    .where(eq(keys.hash, hash))
    .limit(1);
  return rows[0];
}

export async function liveKeys(
  db: D1Database,
  sandboxId: string,
  now: number,
): Promise<KeySummary[]> {
  return on(db)
    .select({
      id: keys.id,
      role: keys.role,
      createdAt: keys.createdAt,
      expiresAt: keys.expiresAt,
    })
    .from(keys)
    .where(and(eq(keys.sandboxId, sandboxId), isNull(keys.revokedAt), gt(keys.expiresAt, now)));
}

/** How many keys it revoked: 0 when there is none of that id, or it was revoked before. */
export async function revokeKey(
  db: D1Database,
  sandboxId: string,
  id: string,
  now: number,
): Promise<number> {
  const done = await on(db)
    .update(keys)
    .set({ revokedAt: now })
    .where(and(eq(keys.sandboxId, sandboxId), eq(keys.id, id), isNull(keys.revokedAt)))
    .returning({ id: keys.id });
  return done.length;
}

export async function markDeleted(db: D1Database, id: string, now: number): Promise<void> {
  await on(db).update(sandboxes).set({ deletedAt: now }).where(eq(sandboxes.id, id));
}

/** Forgets sandboxes that expired before the moment given, with their keys. */
export async function forgetExpired(db: D1Database, before: number): Promise<void> {
  await on(db).delete(sandboxes).where(lt(sandboxes.expiresAt, before));
}
