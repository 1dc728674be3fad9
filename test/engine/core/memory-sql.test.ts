/** Storage in memory answers the engine as SQLite does. */
import { describe, expect, test } from "vitest";
import { MemorySql } from "../../../durable-objects/engine/core/memory-sql.ts";
import type { Sql } from "../../../durable-objects/engine/core/sql.ts";
import { Engine } from "../../../durable-objects/engine/index.ts";
import { NodeSql } from "../../helpers/node-sql.ts";
import { start } from "../../helpers/world.ts";

const identity = { id: "test", secret: "of this world's tokens" };
const options = { seed: "test", nodes: 2, name: "test", nowMs: start, identity };
const body = new TextEncoder().encode(
  JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 5,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "c", image: "nginx" }] },
      },
    },
  }),
);

const tables = (sql: Sql): unknown => [
  sql
    .exec("SELECT id, rv, bytes, body FROM log WHERE rv > ? ORDER BY id", 0)
    .map((row) => ({ ...row })),
  ["birth", "checkpoint", "looked", "none"].map((key) =>
    sql.exec("SELECT value FROM meta WHERE key = ?", key).map((row) => ({ ...row })),
  ),
];

describe("an engine over memory", () => {
  test("has the log and the checkpoint of one over SQLite, and finds them again", () => {
    const storages = [new NodeSql(), new MemorySql()];
    const seen = storages.map((sql) => {
      let engine = new Engine(sql, options);
      const small = (): void =>
        void Object.assign(engine.log.sizes, { checkpoint: 50_000, log: 100_000 });
      small();
      const headers = { "content-type": "application/json" };
      const path = "/apis/apps/v1/namespaces/default/deployments";
      engine.handle({ method: "POST", path, query: "", headers, body }, start);
      for (let ms = 0; ms <= 60_000; ms += 5_000) {
        engine.run(start + ms);
        if (ms !== 30_000) continue;
        engine = new Engine(sql, { ...options, nowMs: start + ms });
        small();
      }
      expect(engine.faults).toEqual([]);
      return [tables(sql), engine.snapshot(start + 60_000, { pastAfter: 0 })];
    });
    expect(seen[1]).toEqual(seen[0]);
    for (const sql of storages)
      expect(sql.exec("SELECT value FROM meta WHERE key = ?", "checkpoint")).toHaveLength(1);
  });

  test("takes back what a transaction did that failed", () => {
    const sql = new MemorySql();
    sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL)");
    sql.exec("INSERT INTO t (id, a) VALUES (?, ?)", 1, "one");
    const all = (): unknown => sql.exec("SELECT id, a FROM t ORDER BY id");
    expect(() =>
      sql.transaction(() => {
        sql.exec("INSERT INTO t (id, a) VALUES (?, ?)", 2, "two");
        sql.exec("UPDATE t SET a = ? WHERE id = ?", "other", 1);
        sql.exec("DELETE FROM t WHERE id <= ?", 1);
        expect(all()).toEqual([{ id: 2, a: "two" }]);
        sql.exec("INSERT INTO t (id, a) VALUES (?, ?)", 2, "again");
      }),
    ).toThrow(/UNIQUE/);
    expect(all()).toEqual([{ id: 1, a: "one" }]);
  });

  test("reads conditions, order, limits and sums as SQLite does", () => {
    const both: Sql[] = [new NodeSql(), new MemorySql()];
    for (const sql of both) {
      sql.exec(
        "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, rv INTEGER NOT NULL, a TEXT)",
      );
      for (const [id, rv] of [
        [3, 10],
        [1, 10],
        [2, 20],
        [4, 30],
      ] as const)
        sql.exec("INSERT INTO t (id, rv, a) VALUES (?, ?, ?)", id, rv, id === 4 ? null : `a${id}`);
    }
    for (const [query, ...bindings] of [
      ["SELECT id FROM t ORDER BY id"],
      ["SELECT id, a FROM t WHERE rv = ? AND id > 0 ORDER BY id LIMIT 1", 10],
      ["SELECT id FROM t WHERE id > 1 AND rv <= ? ORDER BY id DESC LIMIT ?", 20, 2],
      ["SELECT a FROM t WHERE id = ? AND rv < ?", 4, 30],
      ["SELECT a FROM t WHERE id = ? AND rv >= ?", 4, 30],
      ["SELECT a FROM t WHERE id = ?", 9],
      ["SELECT MIN(id) AS least, MAX(rv) AS most, SUM(rv) AS sum FROM t WHERE rv > ?", 10],
      ["SELECT MIN(id) AS least FROM t WHERE rv > ?", 100],
    ] as const) {
      const [one, two] = both.map((sql) => sql.exec(query, ...bindings).map((row) => ({ ...row })));
      expect(two, query).toEqual(one);
    }
  });

  test("refuses what it does not read", () => {
    const sql = new MemorySql();
    sql.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL)");
    expect(() => sql.exec("SELECT a FROM t WHERE a LIKE ?", "x")).toThrow();
    expect(() => sql.exec("SELECT a FROM t GROUP BY a")).toThrow(/another form/);
    expect(() => sql.exec("DROP TABLE t")).toThrow(/another form/);
    expect(() => sql.exec("SELECT a FROM u")).toThrow(/no such table/);
    expect(sql.exec("SELECT SUM(id) AS s, MAX(id) AS m FROM t")).toEqual([{ s: null, m: null }]);
  });
});
