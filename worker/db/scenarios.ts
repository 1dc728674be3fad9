import { and, desc, eq, gt, isNotNull, isNull, lt, or, sql, type SQL } from "drizzle-orm";
import { ask, on, type Page } from "./database.ts";
import { labs, sandboxes, scenarioVersions, scenarios } from "./schema.ts";
import type { Sandbox } from "./sandboxes.ts";

export type Scenario = typeof scenarios.$inferSelect;
export type Version = typeof scenarioVersions.$inferSelect;
export type VersionSummary = Pick<Version, "version" | "createdAt" | "publishedAt">;
export type Lab = typeof labs.$inferSelect;

export interface ScenarioRoom {
  count: number;
  /** Of the files of all versions. */
  bytes: number;
}

const there = isNull(scenarios.deletedAt);
const bytesOf = sql`coalesce(sum(length(CAST(${scenarioVersions.files} AS BLOB))), 0)`;

/** Versions that only labs still name take room too, until those are forgotten. */
const takenBy = (ownerId: string) =>
  sql`SELECT ${bytesOf} FROM ${scenarioVersions} JOIN ${scenarios} ON ${scenarios.id} = ${scenarioVersions.scenarioId} WHERE ${scenarios.ownerId} = ${ownerId}`;

const lengthOf = (text: string): number => new TextEncoder().encode(text).length;

/** With its first version. Unless its owner has no room any more: then false. */
export async function insertScenario(
  db: D1Database,
  row: Scenario & { ownerId: string },
  first: Version,
  max: ScenarioRoom,
): Promise<boolean> {
  const count = sql`SELECT count(*) FROM ${scenarios} WHERE owner_id = ${row.ownerId} AND deleted_at IS NULL`;
  const [done] = await ask(
    on(db).batch([
      on(db)
        .insert(scenarios)
        .select(
          sql`SELECT ${row.id}, ${row.ownerId}, ${row.title}, ${row.visibility}, ${row.createdAt}, ${row.updatedAt}, NULL
            WHERE (${count}) < ${max.count} AND (${takenBy(row.ownerId)}) + ${lengthOf(first.files)} <= ${max.bytes}`,
        ),
      on(db)
        .insert(scenarioVersions)
        .select(
          sql`SELECT id, ${first.version}, ${first.files}, ${first.snapshotId}, ${first.createdAt}, NULL
            FROM ${scenarios} WHERE id = ${row.id}`,
        ),
    ]),
  );
  return done.meta.changes > 0;
}

export async function usedScenarioRoom(db: D1Database, ownerId: string): Promise<ScenarioRoom> {
  const rows = await ask(
    on(db)
      .select({
        count: sql<number>`(SELECT count(*) FROM ${scenarios} WHERE owner_id = ${ownerId} AND deleted_at IS NULL)`,
        bytes: sql<number>`${bytesOf}`,
      })
      .from(scenarioVersions)
      .innerJoin(scenarios, eq(scenarios.id, scenarioVersions.scenarioId))
      .where(eq(scenarios.ownerId, ownerId)),
  );
  return rows[0] ?? { count: 0, bytes: 0 };
}

/** One that was not deleted. */
export async function findScenario(db: D1Database, id: string): Promise<Scenario | undefined> {
  const rows = await ask(
    on(db)
      .select()
      .from(scenarios)
      .where(and(eq(scenarios.id, id), there))
      .limit(1),
  );
  return rows[0];
}

const beyond = ({ after }: Page) =>
  after &&
  or(
    lt(scenarios.createdAt, after.at),
    and(eq(scenarios.createdAt, after.at), lt(scenarios.id, after.id)),
  );

/** A line of a list. */
export interface Listed {
  scenario: Scenario;
  /** The latest version, or the latest that was published. */
  version: number;
  publishedAt: number | null;
  /** Its `scenario.yaml`. */
  about: string;
}

/** Newest first; of each its latest version, of the files of which no more is read than a list shows. */
function listed(db: D1Database, which: SQL | undefined, seen: SQL, page: Page): Promise<Listed[]> {
  return ask(
    on(db)
      .select({
        scenario: scenarios,
        version: scenarioVersions.version,
        publishedAt: scenarioVersions.publishedAt,
        about: sql<string>`json_extract(${scenarioVersions.files}, '$."scenario.yaml"')`,
      })
      .from(scenarios)
      .innerJoin(
        scenarioVersions,
        and(
          eq(scenarioVersions.scenarioId, scenarios.id),
          sql`${scenarioVersions.version} = (SELECT max(v.version) FROM scenario_versions v WHERE v.scenario_id = ${scenarios.id} AND ${seen})`,
        ),
      )
      .where(and(which, there, beyond(page)))
      .orderBy(desc(scenarios.createdAt), desc(scenarios.id))
      .limit(page.limit),
  );
}

/** A person's. */
export const scenariosOf = (db: D1Database, userId: string, page: Page): Promise<Listed[]> =>
  listed(db, eq(scenarios.ownerId, userId), sql`1`, page);

/** What everybody may see listed: with a version that was published. */
export const publicScenarios = (db: D1Database, page: Page): Promise<Listed[]> =>
  listed(db, eq(scenarios.visibility, "public"), sql`v.published_at IS NOT NULL`, page);

export async function updateScenario(
  db: D1Database,
  id: string,
  change: Partial<Pick<Scenario, "title" | "visibility">>,
): Promise<void> {
  await ask(on(db).update(scenarios).set(change).where(eq(scenarios.id, id)));
}

// Versions

const versionIs = (scenarioId: string, version: number) =>
  and(eq(scenarioVersions.scenarioId, scenarioId), eq(scenarioVersions.version, version));

/** Of a scenario that was deleted too: labs may still be made of it again. */
export async function findVersion(
  db: D1Database,
  scenarioId: string,
  version: number,
): Promise<Version | undefined> {
  const rows = await ask(
    on(db).select().from(scenarioVersions).where(versionIs(scenarioId, version)).limit(1),
  );
  return rows[0];
}

/** The latest one, or the latest that was published. */
export async function latestVersion(
  db: D1Database,
  scenarioId: string,
  { published }: { published: boolean },
): Promise<Version | undefined> {
  const rows = await ask(
    on(db)
      .select()
      .from(scenarioVersions)
      .where(
        and(
          eq(scenarioVersions.scenarioId, scenarioId),
          published ? isNotNull(scenarioVersions.publishedAt) : undefined,
        ),
      )
      .orderBy(desc(scenarioVersions.version))
      .limit(1),
  );
  return rows[0];
}

/** Newest first. */
export const versionsOf = (db: D1Database, scenarioId: string): Promise<VersionSummary[]> =>
  ask(
    on(db)
      .select({
        version: scenarioVersions.version,
        createdAt: scenarioVersions.createdAt,
        publishedAt: scenarioVersions.publishedAt,
      })
      .from(scenarioVersions)
      .where(eq(scenarioVersions.scenarioId, scenarioId))
      .orderBy(desc(scenarioVersions.version)),
  );

/**
 * Writes a draft: in place of the one that there is, or after the last published version (`row.version` says which). False
 * where that is not so any more, or there is no room: one statement, so that no published version ever changes.
 */
export async function putDraft(
  db: D1Database,
  row: Version,
  ownerId: string,
  bytesMax: number,
): Promise<boolean> {
  const { scenarioId, version, files, snapshotId, createdAt } = row;
  const old = sql`SELECT coalesce(max(length(CAST(files AS BLOB))), 0) FROM ${scenarioVersions} WHERE scenario_id = ${scenarioId} AND version = ${version}`;
  const last = sql`SELECT coalesce(max(version), 0) FROM ${scenarioVersions} WHERE scenario_id = ${scenarioId} AND published_at IS NOT NULL`;
  const done = await ask(
    on(db).run(sql`
      INSERT INTO ${scenarioVersions} (scenario_id, version, files, snapshot_id, created_at)
      SELECT ${scenarioId}, ${version}, ${files}, ${snapshotId}, ${createdAt}
      WHERE (${last}) = ${version - 1} AND (${takenBy(ownerId)}) - (${old}) + ${lengthOf(files)} <= ${bytesMax}
      ON CONFLICT (scenario_id, version) DO UPDATE
        SET files = excluded.files, snapshot_id = excluded.snapshot_id, created_at = excluded.created_at
        WHERE published_at IS NULL`),
  );
  if (done.meta.changes === 0) return false;
  const change = { updatedAt: createdAt };
  await ask(on(db).update(scenarios).set(change).where(eq(scenarios.id, scenarioId)));
  return true;
}

/** As its files stand; false where they have changed, or it was published by another request. */
export async function publishVersion(
  db: D1Database,
  { scenarioId, version, files }: Version,
  now: number,
): Promise<boolean> {
  const done = await ask(
    on(db)
      .update(scenarioVersions)
      .set({ publishedAt: now })
      .where(
        and(
          versionIs(scenarioId, version),
          isNull(scenarioVersions.publishedAt),
          eq(scenarioVersions.files, files),
        ),
      ),
  );
  return done.meta.changes > 0;
}

const unused = sql`NOT EXISTS (SELECT 1 FROM ${labs} WHERE ${labs.scenarioId} = ${scenarioVersions.scenarioId} AND ${labs.version} = ${scenarioVersions.version})`;

/** Nobody finds it any more. What labs were made from stays for them. */
export async function deleteScenario(db: D1Database, id: string, now: number): Promise<void> {
  await ask(
    on(db).batch([
      on(db).update(scenarios).set({ deletedAt: now }).where(eq(scenarios.id, id)),
      on(db)
        .delete(scenarioVersions)
        .where(and(eq(scenarioVersions.scenarioId, id), unused)),
    ]),
  );
}

/** What deleted scenarios had kept for labs that are forgotten by now. Safe to repeat, for a cron trigger. */
export async function forgetDeletedScenarios(db: D1Database): Promise<void> {
  const deleted = sql`${scenarioVersions.scenarioId} IN (SELECT id FROM ${scenarios} WHERE deleted_at IS NOT NULL)`;
  const empty = sql`NOT EXISTS (SELECT 1 FROM ${scenarioVersions} WHERE ${scenarioVersions.scenarioId} = ${scenarios.id})`;
  await ask(
    on(db).batch([
      on(db).delete(scenarioVersions).where(and(deleted, unused)),
      on(db)
        .delete(scenarios)
        .where(and(isNotNull(scenarios.deletedAt), empty)),
    ]),
  );
}

// Labs

/**
 * Unless the person has a living one of this version that was made at or after `since` (undefined: whatever they have): then false.
 * One statement, so that of several requests at once one makes it.
 */
export async function insertLab(
  db: D1Database,
  row: Lab,
  since: number | undefined,
  now: number,
): Promise<boolean> {
  const { id, userId, scenarioId, version, sandboxId, progress, createdAt } = row;
  const had = sql`SELECT 1 FROM ${labs} JOIN ${sandboxes} ON ${sandboxes.id} = ${labs.sandboxId} WHERE ${livingLab(row, since ?? 0, now)}`;
  const unless = since === undefined ? sql`1` : sql`NOT EXISTS (${had})`;
  const done = await ask(
    on(db).run(sql`
      INSERT INTO ${labs} (id, user_id, scenario_id, version, sandbox_id, progress, created_at)
      SELECT ${id}, ${userId}, ${scenarioId}, ${version}, ${sandboxId}, ${progress}, ${createdAt}
      WHERE ${unless}`),
  );
  return done.meta.changes > 0;
}

export interface FoundLab {
  lab: Lab;
  sandbox: Sandbox;
}

const lives = (now: number) => and(isNull(sandboxes.deletedAt), gt(sandboxes.expiresAt, now));

const livingLab = (
  of: Pick<Lab, "userId" | "scenarioId" | "version">,
  since: number,
  now: number,
): SQL | undefined =>
  and(
    eq(labs.userId, of.userId),
    eq(sandboxes.ownerId, of.userId),
    eq(labs.scenarioId, of.scenarioId),
    eq(labs.version, of.version),
    sql`${labs.createdAt} >= ${since}`,
    lives(now),
  );

const labsWithSandboxes = (db: D1Database) =>
  on(db)
    .select({ lab: labs, sandbox: sandboxes })
    .from(labs)
    .innerJoin(sandboxes, eq(sandboxes.id, labs.sandboxId));

/** The person's newest one of this version that lives and that they still own, made at or after `since`. */
export async function findLab(
  db: D1Database,
  of: Pick<Lab, "userId" | "scenarioId" | "version">,
  since: number,
  now: number,
): Promise<FoundLab | undefined> {
  const rows = await ask(
    labsWithSandboxes(db)
      .where(livingLab(of, since, now))
      .orderBy(desc(labs.createdAt))
      .limit(1),
  );
  return rows[0];
}

/** A person's that lives, by its id. */
export async function labById(
  db: D1Database,
  userId: string,
  id: string,
  now: number,
): Promise<FoundLab | undefined> {
  const rows = await ask(
    labsWithSandboxes(db)
      .where(
        and(eq(labs.id, id), eq(labs.userId, userId), eq(sandboxes.ownerId, userId), lives(now)),
      )
      .limit(1),
  );
  return rows[0];
}

/** A person's that live, newest first. */
export const labsOf = (
  db: D1Database,
  userId: string,
  now: number,
  { limit, after }: Page,
): Promise<FoundLab[]> =>
  ask(
    labsWithSandboxes(db)
      .where(
        and(
          eq(labs.userId, userId),
          eq(sandboxes.ownerId, userId),
          lives(now),
          after &&
            or(
              lt(labs.createdAt, after.at),
              and(eq(labs.createdAt, after.at), lt(labs.id, after.id)),
            ),
        ),
      )
      .orderBy(desc(labs.createdAt), desc(labs.id))
      .limit(limit),
  );
