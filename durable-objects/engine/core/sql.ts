/** Storage as the engine needs it. Adapters for the Durable Object and for Node implement this structurally. */

export type SqlValue = string | number | null | Uint8Array;

/** Storage: SQLite, synchronous. Adapters: durable-objects/sql.ts, test/helpers/node-sql.ts. */
export interface Sql {
  /** Runs one statement (at most 100 bindings) and returns its rows. */
  exec(query: string, ...bindings: SqlValue[]): Record<string, SqlValue>[];
  /** All or nothing; nests nowhere. */
  transaction<T>(body: () => T): T;
}
