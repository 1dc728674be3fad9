import { eq, lte } from "drizzle-orm";
import { ask, on } from "./database.ts";
import { replies } from "./schema.ts";

export type Reply = typeof replies.$inferSelect;

/** Undefined: it is the caller's to do. Else what was begun or answered before under the same key. */
export async function beginReply(
  db: D1Database,
  reply: Pick<Reply, "hash" | "requestHash" | "expiresAt">,
  now: number,
): Promise<Reply | undefined> {
  const done = await ask(
    on(db)
      .insert(replies)
      .values(reply)
      .onConflictDoUpdate({
        target: replies.hash,
        set: { ...reply, status: null, location: null },
        setWhere: lte(replies.expiresAt, now),
      })
      .returning({ hash: replies.hash }),
  );
  if (done.length > 0) return undefined;
  const [before] = await ask(
    on(db).select().from(replies).where(eq(replies.hash, reply.hash)).limit(1),
  );
  return before;
}

export async function endReply(
  db: D1Database,
  hash: string,
  answer: { status: number; location: string | null; expiresAt: number },
): Promise<void> {
  await ask(on(db).update(replies).set(answer).where(eq(replies.hash, hash)));
}

/** It was not done: the same key may do it. */
export async function removeReply(db: D1Database, hash: string): Promise<void> {
  await ask(on(db).delete(replies).where(eq(replies.hash, hash)));
}
