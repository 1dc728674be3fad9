import { eq, lt, lte, or, sql } from "drizzle-orm";
import { ask, on } from "./database.ts";
import { creations } from "./schema.ts";

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
