import { and, eq, gt } from "drizzle-orm";
import { ask, on } from "./database.ts";
import { signIns } from "./schema.ts";

export type SignIn = typeof signIns.$inferSelect;

export async function insertSignIn(db: D1Database, row: SignIn): Promise<void> {
  await ask(on(db).insert(signIns).values(row));
}

/** Removes it as it is read, so that it is good once: undefined where it is unknown, another way's, used or too old. */
export async function takeSignIn(
  db: D1Database,
  hash: string,
  provider: string,
  now: number,
): Promise<SignIn | undefined> {
  const taken = await ask(
    on(db)
      .delete(signIns)
      .where(
        and(eq(signIns.hash, hash), eq(signIns.provider, provider), gt(signIns.expiresAt, now)),
      )
      .returning(),
  );
  return taken[0];
}
