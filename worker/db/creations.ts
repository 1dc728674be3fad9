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

/** Where it was not written: the allowance that is used up and when its window ends, or that the owner has all that they may. */
export type Recorded = "written" | "owner has all" | { usedUp: Allowance; endsAt: number };

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

/** Writes rows of a table where something holds. */
function writerOf<T extends SQLiteTable>(table: T) {
  const columns = Object.entries(getTableColumns(table));
  const names = columns.map(([, { name }]) => name).join(", ");
  const head = `INSERT INTO ${getTableName(table)} (${names}) SELECT ${columns.map(() => "?").join(", ")}`;
  return (row: T["$inferSelect"], where: Statement): Statement => ({
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
 * hold under parallel requests too, and the database is asked once.
 */
export async function recordCreation(
  db: D1Database,
  { sandbox, key, newcomer, allowances, ownedMax }: NewRecord,
  now: number,
): Promise<Recorded> {
  let allowed = always;
  const counts: Statement[] = [];
  for (const allowance of allowances) {
    counts.push(counting(allowance, allowed, now));
    allowed = both(allowed, isWithin(allowance));
  }
  const { id, ownerId } = sandbox;
  const room: Statement = {
    text: "(SELECT count(*) FROM sandboxes WHERE owner_id = ? AND deleted_at IS NULL AND expires_at > ?) < ?",
    values: [ownerId, now, ownedMax],
  };
  const stands: Statement = { text: "EXISTS (SELECT 1 FROM sandboxes WHERE id = ?)", values: [id] };
  const statements = [
    ...counts,
    ...(newcomer
      ? [write.person(newcomer.person, allowed), write.session(newcomer.session, allowed)]
      : []),
    // Who comes new has none.
    write.sandbox(sandbox, ownerId === null || newcomer ? allowed : both(allowed, room)),
    write.key(key, stands),
  ];
  const done = await ask(
    db.batch<{ count: number; endsAt: number }>(
      statements.map(({ text, values }) => db.prepare(text).bind(...values)),
    ),
  );
  for (const [i, usedUp] of allowances.entries()) {
    const counted = done[i]?.results[0];
    if (counted && counted.count > usedUp.max) return { usedUp, endsAt: counted.endsAt };
  }
  return (done.at(-1)?.meta.changes ?? 0) > 0 ? "written" : "owner has all";
}
