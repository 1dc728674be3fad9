import { and, eq, gt, isNull, lt, lte, or, sql, type SQL } from "drizzle-orm";
import { drizzle, type DrizzleD1Database } from "drizzle-orm/d1";
import { creations, keys, sandboxes } from "./schema.ts";

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

/** A failed query's own message repeats its parameters, hashes of keys among them: only its cause is told on. */
const ask = <T>(query: PromiseLike<T>): Promise<T> =>
  Promise.resolve(query).catch((error: Error) => {
    const { cause = error } = error;
    throw new Error(`database: ${cause instanceof Error ? cause.message : String(cause)}`);
  });

export async function insertSandbox(db: D1Database, sandbox: Sandbox, key: Key): Promise<void> {
  await ask(
    on(db).batch([on(db).insert(sandboxes).values(sandbox), on(db).insert(keys).values(key)]),
  );
}

/** Whatever state it is in. */
export async function findSandbox(db: D1Database, id: string): Promise<Sandbox | undefined> {
  const rows = await ask(on(db).select().from(sandboxes).where(eq(sandboxes.id, id)).limit(1));
  return rows[0];
}

/** Takes back a sandbox that nobody has seen, with its key. */
export async function removeSandbox(db: D1Database, id: string): Promise<void> {
  await ask(on(db).delete(sandboxes).where(eq(sandboxes.id, id)));
}

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
      INSERT INTO ${keys} (hash, id, sandbox_id, role, created_at, expires_at)
      SELECT ${key.hash}, ${key.id}, ${key.sandboxId}, ${key.role}, ${key.createdAt}, ${key.expiresAt}
      WHERE (${live}) < ${max}`),
  );
  return done.meta.changes > 0;
}

type Found = { key: Key; sandbox: Sandbox };

/** The key with its sandbox, whatever state either is in. */
export const findKey = (db: D1Database, hash: string): Promise<Found | undefined> =>
  findKeyWhere(db, eq(keys.hash, hash));

export const findKeyById = (
  db: D1Database,
  sandboxId: string,
  id: string,
): Promise<Found | undefined> =>
  findKeyWhere(db, and(eq(keys.sandboxId, sandboxId), eq(keys.id, id)));

async function findKeyWhere(
  db: D1Database,
  condition: SQL | undefined,
): Promise<Found | undefined> {
  const rows = await ask(
    on(db)
      .select({ key: keys, sandbox: sandboxes })
      .from(keys)
      .innerJoin(sandboxes, eq(sandboxes.id, keys.sandboxId))
      .where(condition)
      .limit(1),
  );
  return rows[0];
}

const liveKeysOf = (sandboxId: string, now: number): SQL | undefined =>
  and(eq(keys.sandboxId, sandboxId), isNull(keys.revokedAt), gt(keys.expiresAt, now));

export async function liveKeys(
  db: D1Database,
  sandboxId: string,
  now: number,
): Promise<KeySummary[]> {
  return ask(
    on(db)
      .select({
        id: keys.id,
        role: keys.role,
        createdAt: keys.createdAt,
        expiresAt: keys.expiresAt,
      })
      .from(keys)
      .where(liveKeysOf(sandboxId, now)),
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

export async function markDeleted(db: D1Database, id: string, now: number): Promise<void> {
  await ask(on(db).update(sandboxes).set({ deletedAt: now }).where(eq(sandboxes.id, id)));
}

/**
 * Counts one more of what is limited to `max` in a window of time, which begins with the first. Answers undefined, or, when
 * there were as many already, when the window ends. One statement counts, so that the limit holds under parallel requests.
 */
export async function countOne(
  db: D1Database,
  scope: string,
  max: number,
  windowMs: number,
  now: number,
): Promise<number | undefined> {
  const over = lte(creations.windowEndsAt, now);
  const done = await ask(
    on(db)
      .insert(creations)
      .values({ scope, windowEndsAt: now + windowMs, count: 1 })
      .onConflictDoUpdate({
        target: creations.scope,
        set: {
          count: sql`CASE WHEN ${over} THEN 1 ELSE ${creations.count} + 1 END`,
          windowEndsAt: sql`CASE WHEN ${over} THEN ${now + windowMs} ELSE ${creations.windowEndsAt} END`,
        },
        setWhere: or(over, lt(creations.count, max)),
      })
      .returning({ count: creations.count }),
  );
  if (done.length > 0) return undefined;
  const [full] = await ask(on(db).select().from(creations).where(eq(creations.scope, scope)));
  return full?.windowEndsAt ?? now;
}

/** Forgets sandboxes that expired before the moment given, with their keys, and counts whose window has ended. */
export async function forgetExpired(db: D1Database, before: number, now: number): Promise<void> {
  await ask(
    on(db).batch([
      on(db).delete(sandboxes).where(lt(sandboxes.expiresAt, before)),
      on(db).delete(creations).where(lt(creations.windowEndsAt, now)),
    ]),
  );
}
