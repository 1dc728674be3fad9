import { eq } from "drizzle-orm";
import { ask, on } from "./database.ts";
import { sandboxes, scenarios, snapshots, users } from "./schema.ts";

/** Whose pages may show something in a frame: its owner's list of origins. */

/** As they stand in addresses below `/embed/`. */
const tables = { s: sandboxes, x: snapshots, l: scenarios };
export type Embedded = keyof typeof tables;

const read = (text: string | null | undefined): string[] | undefined =>
  text == null ? undefined : (JSON.parse(text) as string[]);

/** Undefined: all, or there is no such thing, or nobody owns it. */
export async function embedOriginsFor(
  db: D1Database,
  kind: Embedded,
  id: string,
): Promise<string[] | undefined> {
  const table = tables[kind];
  const rows = await ask(
    on(db)
      .select({ origins: users.embedOrigins })
      .from(table)
      .innerJoin(users, eq(users.id, table.ownerId))
      .where(eq(table.id, id))
      .limit(1),
  );
  return read(rows[0]?.origins);
}

/** A person's list. Undefined: all. */
export async function embedOriginsOf(
  db: D1Database,
  userId: string,
): Promise<string[] | undefined> {
  const rows = await ask(
    on(db).select({ origins: users.embedOrigins }).from(users).where(eq(users.id, userId)).limit(1),
  );
  return read(rows[0]?.origins);
}

/** Null: all. */
export async function setEmbedOrigins(
  db: D1Database,
  userId: string,
  origins: readonly string[] | null,
): Promise<void> {
  const embedOrigins = origins && JSON.stringify(origins);
  await ask(on(db).update(users).set({ embedOrigins }).where(eq(users.id, userId)));
}
