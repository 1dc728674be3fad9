import { desc, eq } from "drizzle-orm";
import { ask, on } from "./database.ts";
import { audit } from "./schema.ts";

export type Audit = typeof audit.$inferSelect;

export async function note(db: D1Database, row: Omit<Audit, "id">): Promise<void> {
  await ask(on(db).insert(audit).values(row));
}

/** What was done with a sandbox or by a person, newest first. */
export async function notesOf(
  db: D1Database,
  of: { sandboxId: string } | { userId: string },
  limit: number,
): Promise<Audit[]> {
  const some = "userId" in of ? eq(audit.userId, of.userId) : eq(audit.sandboxId, of.sandboxId);
  return ask(on(db).select().from(audit).where(some).orderBy(desc(audit.id)).limit(limit));
}
