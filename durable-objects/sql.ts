import type { Sql, SqlValue } from "./engine/core/sql.ts";

/** The engine's storage port on the object's own SQLite. */
export function sqlOf(storage: DurableObjectStorage): Sql {
  return {
    exec(query, ...bindings) {
      const rows = storage.sql.exec<Record<string, SqlStorageValue>>(query, ...bindings).toArray();
      return withBytes(rows);
    },
    transaction: (body) => storage.transactionSync(body),
  };
}

/** SQLite hands blobs out as ArrayBuffer; the port speaks of Uint8Array. */
function withBytes(rows: Record<string, SqlStorageValue>[]): Record<string, SqlValue>[] {
  for (const row of rows) {
    for (const column in row) {
      const value = row[column];
      if (value instanceof ArrayBuffer) {
        (row as Record<string, unknown>)[column] = new Uint8Array(value);
      }
    }
  }
  return rows as Record<string, SqlValue>[];
}
