import { MemorySql } from "./engine/core/memory-sql.ts";
import { isUnborn } from "./engine/core/migrations.ts";
import type { Sql } from "./engine/core/sql.ts";
import { Engine, mayWait, openArtefact, type EngineOptions } from "./engine/index.ts";
import { readOnly } from "./disk.ts";
import { numberOf } from "./responses.ts";
import { applyManifests, type ManifestFailure } from "./manifests.ts";
import { sqlOf } from "./sql.ts";
import { identityOf, keepTokenSecret } from "./token-secret.ts";

/** Limits of one sandbox, of wrangler.toml; absent ones are the engine's own. */
export interface SandboxEnv {
  /** The service's, where the sandbox's row lies. */
  DB?: D1Database;
  STREAMS_MAX?: string;
  OBJECTS_MAX?: string;
  STATE_BYTES_MAX?: string;
}

/** Its cluster's. */
export const limitsOf = (env: SandboxEnv): NonNullable<EngineOptions["limits"]> => ({
  objectsMax: numberOf(env.OBJECTS_MAX),
  stateBytesMax: numberOf(env.STATE_BYTES_MAX),
});

/** What a sandbox is made of: the service's own data, and what its cluster is born with. */
export interface Birth {
  id: string;
  name: string;
  /** Workers; the control-plane node comes on top. */
  nodes: number;
  /** What chance is drawn from; no secret follows from it. */
  seed: string;
  /** Wall ms. */
  expiresAtMs: number;
}

/** What it begins with: an artefact's moment, or objects that are applied to a new cluster; absent: a new cluster alone. */
export type Source = Uint8Array | { manifests: string };
export type NewSandbox = Birth & { from?: Source };

/**
 * Whether there is a sandbox now; where not, nothing was left behind. `failures`: of its manifests; `code`, as HTTP has it: who asks
 * may not.
 */
export type Born =
  | { born: true; ownKinds?: true }
  | { born: false; reason: string; failures?: ManifestFailure[]; code?: number };

/** What the shell keeps. What the cluster is born with is handed in to the engine at its first start, which keeps it from then on. */
export type Sandbox = Pick<Birth, "id" | "expiresAtMs"> & Partial<Birth> & { bornMs?: number };

/** Takes back what was begun. */
class Unborn extends Error {
  readonly told: Extract<Born, { born: false }>;

  constructor(reason: string, failures?: ManifestFailure[]) {
    super(reason);
    this.told = { born: false, reason, ...(failures && { failures }) };
  }
}

/**
 * A sandbox and its cluster, all at once and in place of whatever is stored; undefined: the cluster is born when it is first asked
 * something. Or why there is none, and nothing has changed.
 */
export function bornIn(
  storage: DurableObjectStorage,
  birth: Birth,
  from: Source | undefined,
  limits: NonNullable<EngineOptions["limits"]>,
  nowMs: number,
): { sandbox: Sandbox; engine: Engine | undefined } | Extract<Born, { born: false }> {
  const sandbox: Sandbox = { ...birth, bornMs: nowMs };
  try {
    const engine = storage.transactionSync(() => {
      empty(storage);
      storage.kv.put("birth", sandbox);
      keepTokenSecret(storage.kv);
      const identity = identityOf(storage.kv, birth.id);
      return begun(sqlOf(storage), birth, from, { limits, identity, nowMs });
    });
    return { sandbox, engine };
  } catch (error) {
    if (error instanceof Unborn) return error.told;
    throw error;
  }
}

function begun(
  sql: Sql,
  { name, nodes, seed }: Birth,
  from: Source | undefined,
  options: EngineOptions,
): Engine | undefined {
  if (from instanceof Uint8Array) {
    const opened = openArtefact(from);
    if ("reason" in opened) throw new Unborn(opened.reason);
    return Engine.restore(sql, opened.snapshot, options);
  }
  const all = { ...options, name, nodes, seed };
  if (from === undefined) return mayWait(all, nodes) ? undefined : new Engine(sql, all);
  const engine = new Engine(sql, all);
  const failures = applyManifests(engine, from.manifests, options.nowMs);
  const count = failures.length;
  if (count > 0) {
    throw new Unborn(`${count} of the manifests ${count === 1 ? "was" : "were"} refused`, failures);
  }
  return engine;
}

/** Stays when a sandbox is made again: verdicts from before may still be under way. */
const stays = new Set(["cuts"]);

/** Takes everything of a sandbox out of its storage, but whose access was withdrawn. */
function empty({ kv, sql }: DurableObjectStorage): void {
  for (const [key] of kv.list()) if (!stays.has(key)) kv.delete(key);
  const tables = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
  for (const { name } of tables.toArray()) {
    // Others are the platform's.
    if (!/^(?:_cf_|sqlite_)/.test(name)) sql.exec(`DROP TABLE "${name}"`);
  }
}

/** What is stored of a cluster, where nothing can be written; of one that is not born yet, a place of its own that nobody keeps. */
export const toRead = (sql: Sql): Sql => (isUnborn(sql) ? new MemorySql() : readOnly(sql));

/** Whether a sandbox could be born of these manifests, tried in a cluster that nobody sees. */
export function couldBeBorn(
  { nodes, seed }: Pick<Birth, "nodes" | "seed">,
  manifests: string,
  nowMs: number,
): Born {
  const birth = { id: "", name: "", nodes, seed, expiresAtMs: nowMs };
  try {
    begun(new MemorySql(), birth, { manifests }, { nowMs, identity: { id: "", secret: "" } });
    return { born: true };
  } catch (error) {
    if (error instanceof Unborn) return error.told;
    throw error;
  }
}
