import { and, desc, eq, inArray, isNull, lt, or, sql, type SQL } from "drizzle-orm";
import { ask, inPortions, on, type Page } from "./database.ts";
import { snapshots } from "./schema.ts";

export type Snapshot = typeof snapshots.$inferSelect;

const live = isNull(snapshots.withdrawnAt);

/** Whose room a snapshot takes: its owner's, or, made with a key of a sandbox that nobody owns, that sandbox's. */
function roomOf({ ownerId, sandboxId }: Pick<Snapshot, "ownerId" | "sandboxId">): SQL | undefined {
  if (ownerId !== null) return and(eq(snapshots.ownerId, ownerId), live);
  const of = sandboxId === null ? isNull(snapshots.sandboxId) : eq(snapshots.sandboxId, sandboxId);
  return and(isNull(snapshots.ownerId), of, live);
}

export interface Room {
  count: number;
  bytes: number;
}

/** Unless there is no room any more: then false. One statement, so that requests at once take no more. */
export async function insertSnapshot(db: D1Database, row: Snapshot, max: Room): Promise<boolean> {
  const room = sql`SELECT count(*) < ${max.count} AND coalesce(sum(bytes), 0) + ${row.bytes} <= ${max.bytes} FROM ${snapshots} WHERE ${roomOf(row)}`;
  const done = await ask(
    on(db).run(sql`
      INSERT INTO ${snapshots} (id, sha256, owner_id, sandbox_id, title, revision, virtual_ms, bytes, nodes, pods, secrets_left_out, created_at)
      SELECT ${row.id}, ${row.sha256}, ${row.ownerId}, ${row.sandboxId}, ${row.title}, ${row.revision}, ${row.virtualMs},
        ${row.bytes}, ${row.nodes}, ${row.pods}, ${row.secretsLeftOut ? 1 : 0}, ${row.createdAt}
      WHERE (${room})`),
  );
  return done.meta.changes > 0;
}

/** What is taken by now. */
export async function usedRoom(
  db: D1Database,
  of: Pick<Snapshot, "ownerId" | "sandboxId">,
): Promise<Room> {
  const rows = await ask(
    on(db)
      .select({ count: sql<number>`count(*)`, bytes: sql<number>`coalesce(sum(bytes), 0)` })
      .from(snapshots)
      .where(roomOf(of)),
  );
  return rows[0] ?? { count: 0, bytes: 0 };
}

/** One that has not been withdrawn. */
export async function findSnapshot(db: D1Database, id: string): Promise<Snapshot | undefined> {
  const rows = await ask(
    on(db)
      .select()
      .from(snapshots)
      .where(and(eq(snapshots.id, id), live))
      .limit(1),
  );
  return rows[0];
}

/** A person's, newest first. */
export async function snapshotsOf(
  db: D1Database,
  userId: string,
  { limit, after }: Page,
): Promise<Snapshot[]> {
  const beyond =
    after &&
    or(
      lt(snapshots.createdAt, after.at),
      and(eq(snapshots.createdAt, after.at), lt(snapshots.id, after.id)),
    );
  return ask(
    on(db)
      .select()
      .from(snapshots)
      .where(and(eq(snapshots.ownerId, userId), live, beyond))
      .orderBy(desc(snapshots.createdAt), desc(snapshots.id))
      .limit(limit),
  );
}

export async function renameSnapshot(db: D1Database, id: string, title: string): Promise<void> {
  await ask(on(db).update(snapshots).set({ title }).where(eq(snapshots.id, id)));
}

export async function countFork(db: D1Database, id: string): Promise<void> {
  await ask(
    on(db)
      .update(snapshots)
      .set({ forks: sql`${snapshots.forks} + 1` })
      .where(eq(snapshots.id, id)),
  );
}

/** For everybody, from now on. */
export async function withdrawSnapshot(db: D1Database, id: string, now: number): Promise<void> {
  await ask(
    on(db)
      .update(snapshots)
      .set({ withdrawnAt: now })
      .where(and(eq(snapshots.id, id), live)),
  );
}

/** All that a person owns; answers which bytes they name, or did: to free those may have failed. */
export async function withdrawSnapshotsOf(
  db: D1Database,
  userId: string,
  now: number,
): Promise<string[]> {
  const own = eq(snapshots.ownerId, userId);
  const [, rows] = await ask(
    on(db).batch([
      on(db).update(snapshots).set({ withdrawnAt: now, title: "" }).where(and(own, live)),
      on(db).selectDistinct({ sha256: snapshots.sha256 }).from(snapshots).where(own),
    ]),
  );
  return rows.map(({ sha256 }) => sha256);
}

/** Takes back one whose bytes could not be kept. */
export async function removeSnapshot(db: D1Database, id: string): Promise<void> {
  await ask(on(db).delete(snapshots).where(eq(snapshots.id, id)));
}

/** Which of these a snapshot names that has not been withdrawn. */
export const namedArtefacts = (db: D1Database, hashes: string[]): Promise<Set<string>> =>
  inPortions(hashes, async (some) => {
    const rows = await ask(
      on(db)
        .selectDistinct({ sha256: snapshots.sha256 })
        .from(snapshots)
        .where(and(inArray(snapshots.sha256, some), live)),
    );
    return rows.map(({ sha256 }) => sha256);
  });
