import { refuseWhenFull } from "./disk.ts";
import type { Env } from "./env.ts";
import worker from "./index.ts";

export { SandboxObject } from "./index.ts";

/** The entry of `npm start`: brings the local database up to date before the first request is served. */

interface LocalEnv extends Env {
  /** Files of migrations/, in order. */
  MIGRATIONS: { name: string; statements: string[] }[];
}

let ready: Promise<void> | undefined;

export default {
  async fetch(request: Request, env: LocalEnv, context: ExecutionContext): Promise<Response> {
    await (ready ??= migrate(env));
    const refused = await refuseWhenFull(request, env);
    if (refused) return refused;
    return worker.fetch(request, env, context);
  },
};

/** Applies what is new, and notes it where `wrangler d1 migrations apply` does. */
async function migrate({ DB, MIGRATIONS }: LocalEnv): Promise<void> {
  await DB.exec(
    "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
  );
  const done = await DB.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const known = new Set(done.results.map((row) => row.name));
  for (const { name, statements } of MIGRATIONS) {
    if (known.has(name)) continue;
    await DB.batch([
      ...statements.map((statement) => DB.prepare(statement)),
      DB.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
    ]);
  }
}
