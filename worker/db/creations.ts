import { eq, getTableColumns, getTableName, lt, lte, or, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { ask, on } from "./database.ts";
import type { Key, Sandbox } from "./keys.ts";
import type { Person, Session } from "./people.ts";
import { creations, keys, sandboxes, sessions, users } from "./schema.ts";

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

/** How often something may be done in a window of time, which begins with the first. */
export interface Allowance {
  scope: string;
  max: number;
  windowMs: number;
}

export interface NewRecord {
  sandbox: Sandbox;
  key: Key;
  /** Its owner, where nobody knew them before. */
  newcomer?: { person: Person; session: Session } | undefined;
  /** Each counts only what those before it let pass. */
  allowances: readonly Allowance[];
  /** Sandboxes that live, of one owner. */
  ownedMax: number;
}

/** Why there may be no other: the allowance that is used up and when its window ends, or that the owner has all that they may. */
export type Refused = "owner has all" | { usedUp: Allowance; endsAt: number };

interface Statement {
  text: string;
  values: unknown[];
}

/** A part of a statement that holds always. */
const always: Statement = { text: "TRUE", values: [] };

const both = (a: Statement, b: Statement): Statement => ({
  text: `${a.text} AND ${b.text}`,
  values: [...a.values, ...b.values],
});

/** A count stands one above its limit when somebody was refused. */
const isWithin = ({ scope, max }: Allowance): Statement => ({
  text: "(SELECT count FROM creations WHERE scope = ?) <= ?",
  values: [scope, max],
});

const hasRoom = (ownerId: string, ownedMax: number, now: number): Statement => ({
  text: "(SELECT count(*) FROM sandboxes WHERE owner_id = ? AND deleted_at IS NULL AND expires_at > ?) < ?",
  values: [ownerId, now, ownedMax],
});

const counting = (
  { scope, max, windowMs }: Allowance,
  where: Statement,
  now: number,
): Statement => ({
  text: `INSERT INTO creations (scope, window_ends_at, count) SELECT ?, ?, 1 WHERE ${where.text}
    ON CONFLICT (scope) DO UPDATE SET
      count = CASE WHEN window_ends_at <= ? THEN 1 ELSE min(count, ?) + 1 END,
      window_ends_at = CASE WHEN window_ends_at <= ? THEN excluded.window_ends_at ELSE window_ends_at END
    RETURNING count, window_ends_at AS endsAt`,
  values: [scope, now + windowMs, ...where.values, now, max, now],
});

/** Counts one more of each, and what holds where all let it pass. */
function countingAll(
  allowances: readonly Allowance[],
  now: number,
): { counts: Statement[]; allowed: Statement } {
  let allowed = always;
  const counts: Statement[] = [];
  for (const allowance of allowances) {
    counts.push(counting(allowance, allowed, now));
    allowed = both(allowed, isWithin(allowance));
  }
  return { counts, allowed };
}

type Row = { count: number; endsAt: number } | { room: number };

const batchOf = (db: D1Database, statements: readonly Statement[]): Promise<D1Result<Row>[]> =>
  ask(db.batch<Row>(statements.map(({ text, values }) => db.prepare(text).bind(...values))));

function usedUpIn(
  allowances: readonly Allowance[],
  done: readonly D1Result<Row>[],
): Refused | undefined {
  for (const [i, usedUp] of allowances.entries()) {
    const row = done[i]?.results[0];
    if (row && "count" in row && row.count > usedUp.max) return { usedUp, endsAt: row.endsAt };
  }
  return undefined;
}

/** Writes rows of a table where something holds. */
function writerOf<T extends SQLiteTable>(table: T) {
  const columns = Object.entries(getTableColumns(table));
  const names = columns.map(([, { name }]) => name).join(", ");
  const head = `INSERT INTO ${getTableName(table)} (${names}) SELECT ${columns.map(() => "?").join(", ")}`;
  return (row: Partial<T["$inferSelect"]>, where: Statement): Statement => ({
    text: `${head} WHERE ${where.text}`,
    values: [...columns.map(([name]) => row[name as keyof typeof row] ?? null), ...where.values],
  });
}

const write = {
  person: writerOf(users),
  session: writerOf(sessions),
  sandbox: writerOf(sandboxes),
  key: writerOf(keys),
};

/**
 * Writes down a new sandbox with its key, and its owner where they are new, if the limits let it pass: all in one batch, so that they
 * hold under parallel requests too, and the database is asked once. Answers undefined, or what refuses it.
 */
export async function recordCreation(
  db: D1Database,
  { sandbox, key, newcomer, allowances, ownedMax }: NewRecord,
  now: number,
): Promise<Refused | undefined> {
  const { counts, allowed } = countingAll(allowances, now);
  const { id, ownerId } = sandbox;
  const stands: Statement = { text: "EXISTS (SELECT 1 FROM sandboxes WHERE id = ?)", values: [id] };
  // Who comes new has none.
  const room = ownerId === null || newcomer ? always : hasRoom(ownerId, ownedMax, now);
  const done = await batchOf(db, [
    ...counts,
    ...(newcomer
      ? [write.person(newcomer.person, allowed), write.session(newcomer.session, allowed)]
      : []),
    write.sandbox(sandbox, both(allowed, room)),
    write.key(key, stands),
  ]);
  const usedUp = usedUpIn(allowances, done);
  if (usedUp) return usedUp;
  return (done.at(-1)?.meta.changes ?? 0) > 0 ? undefined : "owner has all";
}

/**
 * Counts a creation whose record follows once it is known, for what takes work to know. Answers undefined, or what refuses it; how many
 * the owner has is looked at again with the record.
 */
export async function countCreation(
  db: D1Database,
  {
    ownerId,
    allowances,
    ownedMax,
  }: Omit<NewRecord, "sandbox" | "key"> & { ownerId: string | null },
  now: number,
): Promise<Refused | undefined> {
  const room = ownerId === null ? always : hasRoom(ownerId, ownedMax, now);
  const done = await batchOf(db, [
    ...countingAll(allowances, now).counts,
    { text: `SELECT (${room.text}) AS room`, values: room.values },
  ]);
  const last = done.at(-1)?.results[0];
  const usedUp = usedUpIn(allowances, done);
  if (usedUp) return usedUp;
  return last && "room" in last && last.room === 0 ? "owner has all" : undefined;
}
