import type { Sql } from "./sql.ts";

/** The Durable Object's own schema: append-only; a row's position is its version. */
export const migrations: readonly string[] = [
  // log: one row per turn (INTEGER PRIMARY KEY is the rowid itself, so an insert writes one row).
  // state: what the log before `checkpoint` came to, a page of objects or records per row.
  `CREATE TABLE log (id INTEGER PRIMARY KEY, rv INTEGER NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL);
   CREATE TABLE state (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
   CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);`,
  // The key that signs tokens was a record once. It is no part of the cluster: whoever has its tables must not have it.
  `UPDATE log SET body = json_set(body, '$.r', json((
     SELECT json_group_array(json(value)) FROM json_each(body, '$.r') WHERE value NOT LIKE '["cluster","signing-key",%')))
   WHERE body LIKE '%["cluster","signing-key",%';
   UPDATE state SET body = '{}' WHERE body LIKE '{"r\\u0000cluster\\u0000signing-key":%';`,
  // Checkpoints before the newest, which stands in meta; rows of state that they name stay with them.
  `CREATE TABLE IF NOT EXISTS checkpoints (id INTEGER PRIMARY KEY, rv INTEGER NOT NULL, body TEXT NOT NULL)`,
];

/** Brings the tables to the newest version; does nothing where they are. */
export function migrate(sql: Sql): void {
  sql.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY)");
  const row = sql.exec("SELECT MAX(version) AS version FROM schema_version")[0];
  const from = Number(row?.["version"] ?? 0);
  for (let version = from; version < migrations.length; version++) {
    sql.transaction(() => {
      for (const statement of (migrations[version] as string).split(";")) {
        if (statement.trim()) sql.exec(statement);
      }
      sql.exec("INSERT INTO schema_version (version) VALUES (?)", version + 1);
    });
  }
}

/** Whether nothing has ever happened in a storage whose tables are made. */
export function hasNothing(sql: Sql): boolean {
  const [row] = sql.exec("SELECT id, rv FROM log ORDER BY id LIMIT 1");
  return !row && sql.exec("SELECT value FROM meta WHERE key = ?", "checkpoint").length === 0;
}

/** Whether there is no cluster yet: it may be that not even the tables are made. */
export const isUnborn = (sql: Sql): boolean =>
  sql.exec("SELECT name FROM sqlite_master WHERE name = ?", "meta").length === 0 || hasNothing(sql);
