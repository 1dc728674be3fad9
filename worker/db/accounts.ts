import { and, desc, eq, getTableColumns, inArray, isNull, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { ask, on } from "./database.ts";
import {
  apiTokens,
  audit,
  identities,
  invitations,
  keys,
  labs,
  members,
  passkeys,
  sandboxes,
  scenarioVersions,
  scenarios,
  sessions,
  snapshots,
  users,
} from "./schema.ts";

/** Everything that the tables hold of one person: to hand it out, and to remove it. */

/** All columns but the hash of a secret. */
function shown<T extends SQLiteTable>(table: T) {
  const { hash: _hash, ...columns } = getTableColumns(table) as Record<string, never>;
  return columns;
}

/** Rows by table, newest first, at most `max` of each. */
export async function everythingOf(
  db: D1Database,
  userId: string,
  max: number,
): Promise<Record<string, Record<string, unknown>[]>> {
  const own = on(db)
    .select({ id: sandboxes.id })
    .from(sandboxes)
    .where(eq(sandboxes.ownerId, userId));
  const made = on(db)
    .select({ id: scenarios.id })
    .from(scenarios)
    .where(eq(scenarios.ownerId, userId));
  const parts = {
    person: [users, eq(users.id, userId), users.createdAt],
    identities: [identities, eq(identities.userId, userId), identities.createdAt],
    passkeys: [passkeys, eq(passkeys.userId, userId), passkeys.createdAt],
    sessions: [sessions, eq(sessions.userId, userId), sessions.createdAt],
    apiTokens: [apiTokens, eq(apiTokens.userId, userId), apiTokens.createdAt],
    sandboxes: [sandboxes, eq(sandboxes.ownerId, userId), sandboxes.createdAt],
    membersOfMine: [members, inArray(members.sandboxId, own), members.createdAt],
    keysOfMine: [keys, inArray(keys.sandboxId, own), keys.createdAt],
    invitationsToMine: [invitations, inArray(invitations.sandboxId, own), invitations.createdAt],
    memberships: [members, eq(members.userId, userId), members.createdAt],
    keys: [keys, eq(keys.userId, userId), keys.createdAt],
    snapshots: [snapshots, eq(snapshots.ownerId, userId), snapshots.createdAt],
    scenarios: [scenarios, eq(scenarios.ownerId, userId), scenarios.createdAt],
    scenarioVersions: [
      scenarioVersions,
      inArray(scenarioVersions.scenarioId, made),
      scenarioVersions.createdAt,
    ],
    labs: [labs, eq(labs.userId, userId), labs.createdAt],
    audit: [audit, eq(audit.userId, userId), audit.id],
  } as const;
  const entries = Object.entries(parts).map(async ([name, [table, whose, age]]) => {
    const rows = on(db).select(shown(table)).from(table).where(whose).orderBy(desc(age)).limit(max);
    return [name, (await ask(rows)) as Record<string, unknown>[]] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Whatever the person owns is over from now on. */
export async function markOwnedDeleted(db: D1Database, userId: string, now: number): Promise<void> {
  await ask(
    on(db)
      .update(sandboxes)
      .set({ deletedAt: now })
      .where(and(eq(sandboxes.ownerId, userId), isNull(sandboxes.deletedAt))),
  );
}

/** Ids of the sandboxes of others that the person belongs to. */
export async function memberships(db: D1Database, userId: string): Promise<string[]> {
  const rows = await ask(
    on(db).select({ id: members.sandboxId }).from(members).where(eq(members.userId, userId)),
  );
  return rows.map(({ id }) => id);
}

/**
 * Removes the person with all rows of theirs. What others did in the person's sandboxes goes with these; what the person did in
 * others' stays, without a name. A snapshot that another's scenario is made from stays too, nobody's and withdrawn.
 */
export async function removeAccount(db: D1Database, userId: string): Promise<void> {
  const own = on(db)
    .select({ id: sandboxes.id })
    .from(sandboxes)
    .where(eq(sandboxes.ownerId, userId));
  const used = sql`SELECT 1 FROM ${scenarioVersions} WHERE ${scenarioVersions.snapshotId} = ${snapshots.id}`;
  await ask(
    on(db).batch([
      on(db).delete(audit).where(inArray(audit.sandboxId, own)),
      on(db).update(audit).set({ userId: null }).where(eq(audit.userId, userId)),
      on(db).delete(sandboxes).where(eq(sandboxes.ownerId, userId)),
      // Columns that a migration added cascade nothing.
      on(db).delete(keys).where(eq(keys.userId, userId)),
      on(db).delete(scenarios).where(eq(scenarios.ownerId, userId)),
      on(db)
        .delete(snapshots)
        .where(and(eq(snapshots.ownerId, userId), sql`NOT EXISTS (${used})`)),
      on(db).update(snapshots).set({ sandboxId: null }).where(eq(snapshots.ownerId, userId)),
      on(db).delete(users).where(eq(users.id, userId)),
    ]),
  );
}
