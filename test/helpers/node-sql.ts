/** The Sql port over Node's own SQLite: the twin of durable-objects/sql.ts. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Sql, SqlValue } from "../../durable-objects/engine/core/sql.ts";

export class NodeSql implements Sql {
  readonly database: DatabaseSync;
  /** Statements that wrote, for tests that count. */
  writes = 0;
  readonly #statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

  constructor(path = ":memory:") {
    this.database = new DatabaseSync(path);
  }

  /** Another database with the same in it. */
  copy(): NodeSql {
    const other = new NodeSql();
    other.database.deserialize(this.database.serialize());
    return other;
  }

  exec(query: string, ...bindings: SqlValue[]): Record<string, SqlValue>[] {
    let statement = this.#statements.get(query);
    if (!statement) this.#statements.set(query, (statement = this.database.prepare(query)));
    if (/^\s*select/i.test(query)) {
      return statement.all(...(bindings as SQLInputValue[])) as Record<string, SqlValue>[];
    }
    this.writes += 1;
    statement.run(...(bindings as SQLInputValue[]));
    return [];
  }

  transaction<T>(body: () => T): T {
    this.database.exec("BEGIN");
    try {
      const result = body();
      this.database.exec("COMMIT");
      return result;
    } catch (error) {
      this.database.exec("ROLLBACK");
      throw error;
    }
  }
}
