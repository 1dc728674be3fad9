/** The Sql port over Node's own SQLite: the twin of durable-objects/sql.ts. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Sql, SqlValue } from "../../durable-objects/engine/core/sql.ts";

interface Statement {
  prepared: ReturnType<DatabaseSync["prepare"]>;
  reads: boolean;
}

export class NodeSql implements Sql {
  readonly database: DatabaseSync;
  /** Statements that wrote, for tests that count. */
  writes = 0;
  readonly #statements = new Map<string, Statement>();

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
    const { prepared, reads } = this.#statement(query);
    if (reads) return prepared.all(...(bindings as SQLInputValue[])) as Record<string, SqlValue>[];
    this.writes += 1;
    prepared.run(...(bindings as SQLInputValue[]));
    return [];
  }

  #statement(query: string): Statement {
    let statement = this.#statements.get(query);
    if (!statement) {
      statement = { prepared: this.database.prepare(query), reads: /^\s*select/i.test(query) };
      this.#statements.set(query, statement);
    }
    return statement;
  }

  transaction<T>(body: () => T): T {
    this.#statement("BEGIN").prepared.run();
    try {
      const result = body();
      this.#statement("COMMIT").prepared.run();
      return result;
    } catch (error) {
      this.#statement("ROLLBACK").prepared.run();
      throw error;
    }
  }
}
