/**
 * A cluster as one plain value, and back: everything that a start finds on disk, but in an order that follows from the state
 * alone and not from how it was paged or cut into turns. What belongs to one sandbox (the secret it signs with) and what
 * follows from its birth (the built-in base) is not in it.
 */
import { assert } from "./assert.ts";
import { pastRowBytesTarget } from "./limits.ts";
import type { Sql } from "./sql.ts";
import { birthRow, type Birth } from "./birth.ts";
import { isFastForwarding, virtualAt, wallAt, type ClockState } from "./clock.ts";
import type { Checkpoint } from "./checkpoints.ts";
import type { Log } from "./log.ts";
import { causesIn, turnText, type ChangeRow } from "./log-rows.ts";
import { migrate } from "./migrations.ts";
import { objectKey, type KubeObject } from "./object.ts";
import { Pages } from "./pages.ts";
import type { PastRange } from "./log-reach.ts";
import type { Store } from "./store.ts";
import { keyOnDisk } from "./tail.ts";

/** Of what objects, records and processes look like: raised when an engine from before could not go on with them. */
export const stateVersion = 1;

/** The clock, without a wall. */
export interface StoppedClock {
  /** How far work has come: virtual ms. */
  nowMs: number;
  /** Where the clock stands: `baseMs` and `speed` x `sinceMs` on top. Ahead of `nowMs` where work lags behind. */
  baseMs: number;
  sinceMs: number;
  speed: number;
  paused: boolean;
  /** A jump and steps under way (`ClockState`). */
  jumpToMs?: number;
  stepsLeft?: number;
}

/** Who caused a revision ("": not known), and it as a log row has it; the object is null where it is the one that is stored. */
export type PastRow = [
  by: string,
  ...head: OneToSix,
  object: KubeObject | null,
  ...before: unknown[],
];
type OneToSix = [number, number, "c" | "u" | "d", string, string, string];

export interface Snapshot {
  /** `stateVersion` of the engine that made it. */
  state: number;
  birth: Birth;
  clock: StoppedClock;
  /** resourceVersion of the last change. */
  revision: number;
  /** By resource and `objectKey`, sorted; those of the base that never changed are left out, deleted ones are null. */
  objects: [resource: string, [key: string, object: KubeObject | null][]][];
  /** By table and key, sorted, in their form on disk. Timers are among them. */
  records: [table: string, [key: string, value: unknown][]][];
  /** Keys that controllers still have to look at, in their order. */
  waiting: string[];
  /** How far back it tells, and the revisions since. */
  past: { reach: PastRange; rows: PastRow[] };
  /** Claims of the service accounts' tokens in it, which stand there unsigned; sorted. */
  tokens: string[];
}

export interface SnapshotOptions {
  /** How much of the past goes along: revisions after this one, as far as they are kept. Absent: none. */
  pastAfter?: number;
  /** false: what Secrets hold is left out, wherever it is found. */
  secrets?: boolean;
  /** As it was at the end of the turn that wrote this revision. */
  at?: number;
}

type Base = readonly { resource: string; object: KubeObject }[];

export interface SnapshotParts {
  store: Store;
  log: Log;
  birth: Birth;
  clock: StoppedClock;
  waiting: string[];
  base: Base;
}

const clockRecord = ["clock", "state"] as const;

/** Of the state between two turns. */
export function takeSnapshot(parts: SnapshotParts, { pastAfter }: SnapshotOptions): Snapshot {
  const { store, birth, clock, waiting } = parts;
  assert(!store.hasPending, "a turn is under way");
  const objects = objectsOf(store, parts.base);
  return {
    state: stateVersion,
    birth,
    clock,
    revision: store.rv,
    objects,
    records: recordsOf(store),
    waiting,
    past: pastOf(store, parts.log, pastAfter ?? Number.POSITIVE_INFINITY),
    tokens: [],
  };
}

const sorted = (keys: Iterable<string>): string[] => [...keys].sort();

function objectsOf(store: Store, base: Base): Snapshot["objects"] {
  const found = new Map<string, Map<string, KubeObject | null>>();
  const put = (resource: string, key: string, object: KubeObject | null): void => {
    let of = found.get(resource);
    if (!of) found.set(resource, (of = new Map()));
    of.set(key, object);
  };
  for (const resource of store.resources()) {
    for (const object of store.list(resource)) {
      put(resource, objectKey(object.metadata.namespace, object.metadata.name), object);
    }
  }
  for (const { resource, object } of base) {
    const key = objectKey(object.metadata.namespace, object.metadata.name);
    const now = found.get(resource)?.get(key);
    if (now === undefined) put(resource, key, null);
    else if (now?.metadata.resourceVersion === object.metadata.resourceVersion)
      found.get(resource)?.delete(key);
  }
  return sorted(found.keys())
    .map((resource): Snapshot["objects"][number] => {
      const of = found.get(resource) as Map<string, KubeObject | null>;
      return [resource, sorted(of.keys()).map((key) => [key, of.get(key) as KubeObject | null])];
    })
    .filter(([, of]) => of.length > 0);
}

function recordsOf(store: Store): Snapshot["records"] {
  const [clockTable, clockKey] = clockRecord;
  return sorted(store.recordTables())
    .map((table): Snapshot["records"][number] => [
      table,
      sorted(store.recordKeys(table))
        .filter((key) => table !== clockTable || key !== clockKey)
        .map((key) => [key, store.storedForm(table, store.record(table, key))]),
    ])
    .filter(([, rows]) => rows.length > 0);
}

function pastOf(store: Store, log: Log, after: number): Snapshot["past"] {
  const [floor, mark, bytes] = log.past.reach;
  const from = Math.max(floor, Math.min(after, store.rv));
  const rows: PastRow[] = [];
  for (const [by, row] of log.past.rowsAfter(from)) {
    const [rv, at, op, resource, namespace, name, object, ...before] = row;
    const stored = op !== "d" && store.get(resource, namespace, name);
    const same = stored && stored.metadata.resourceVersion === String(rv);
    rows.push([by, rv, at, op, resource, namespace, name, same ? null : object, ...before]);
  }
  if (rows.length === 0 && from === store.rv) return { reach: [from, from, 0], rows };
  return { reach: [from, Math.max(mark, from), bytes], rows };
}

/** A clock as it stands at a wall's moment. A sleeping one counts as awake: whoever goes on with it looks. */
export function stopClock(clock: ClockState, nowMs: number, wallMs: number): StoppedClock {
  const { baseMs, wallBaseMs, frozen, ...settings } = clock;
  const still = frozen || clock.paused;
  // With whole numbers nothing is lost, and how the moment was come by does not show.
  const whole = Number.isInteger(clock.speed) && Number.isInteger(baseMs);
  const sinceMs = still || whole ? 0 : Math.max(0, wallMs - wallBaseMs);
  return { nowMs, baseMs: whole ? virtualAt(clock, wallMs) : baseMs, sinceMs, ...settings };
}

/** The same of a clock that is read again where work had come to `nowMs`: at whatever wall that was. */
export function stopClockAt(clock: ClockState, nowMs: number): StoppedClock {
  const atWall = isFastForwarding(clock) ? undefined : wallAt(clock, nowMs);
  if (atWall === undefined) return stopClock(clock, nowMs, clock.wallBaseMs);
  // Walls show whole milliseconds; what is a hair beside one comes of dividing by the speed.
  const whole = Math.round(atWall);
  return stopClock(clock, nowMs, Math.abs(atWall - whole) < 1e-3 ? whole : atWall);
}

function startClock(clock: StoppedClock, wallMs: number): ClockState {
  const { nowMs: _nowMs, sinceMs, ...settings } = clock;
  return { ...settings, wallBaseMs: wallMs - sinceMs, frozen: false };
}

/** Writes a snapshot into empty storage, so that an engine that opens it goes on from there. */
export function storeSnapshot(sql: Sql, snapshot: Snapshot, base: Base, wallMs: number): void {
  migrate(sql);
  assert(sql.exec("SELECT key FROM meta LIMIT 1").length === 0, "there is a cluster here already");
  const texts = new Map<string, string>();
  const stored = new Map<string, KubeObject>();
  for (const [resource, of] of snapshot.objects) {
    for (const [key, object] of of) {
      texts.set(keyOnDisk(resource, key), JSON.stringify(object));
      if (object) stored.set(keyOnDisk(resource, key), object);
    }
  }
  const records = snapshot.records.flatMap(([table, rows]) =>
    rows.map(([key, value]) => [table, key, value] as const),
  );
  const clock = startClock(snapshot.clock, wallMs);
  for (const [table, key, value] of [...records, [...clockRecord, clock] as const]) {
    texts.set(`r\0${table}\0${key}`, JSON.stringify(value));
  }
  const { clock: moment, revision: rv, waiting: dirty, past } = snapshot;
  sql.transaction(() => {
    const pages = new Pages(sql);
    pages.save(texts.keys(), (key) => texts.get(key));
    const checkpoint: Checkpoint = {
      id: storePast(sql, past.rows, stored),
      rv,
      now: moment.nowMs,
      dirty,
      objects: keysIn(snapshot, base).size,
      pages: pages.directory(),
      past: past.reach,
    };
    const metas = [
      birthRow(snapshot.birth),
      ["looked", String(wallMs)],
      ["checkpoint", JSON.stringify(checkpoint)],
    ] as const;
    for (const meta of metas) sql.exec("INSERT INTO meta (key, value) VALUES (?, ?)", ...meta);
  });
}

/** Returns the id of the last row. */
function storePast(
  sql: Sql,
  rows: readonly PastRow[],
  stored: ReadonlyMap<string, KubeObject>,
): number {
  let id = 0;
  let changes: ChangeRow[] = [];
  let names: string[] = [];
  let bytes = 0;
  const flush = (): void => {
    const last = changes.at(-1);
    if (!last) return;
    const causes = causesIn(names);
    const body = turnText({ nowMs: last[1], changes, records: [], causes });
    sql.exec(
      "INSERT INTO log (id, rv, bytes, body) VALUES (?, ?, ?, ?)",
      ++id,
      last[0],
      body.length,
      body,
    );
    changes = [];
    names = [];
    bytes = 0;
  };
  for (const [by, rv, at, op, resource, namespace, name, told, ...before] of rows) {
    const object = told ?? stored.get(keyOnDisk(resource, objectKey(namespace, name)));
    assert(object, `revision ${rv} has no object`);
    const row = [rv, at, op, resource, namespace, name, object, ...before] as ChangeRow;
    const size = JSON.stringify(row).length;
    if (bytes + size > pastRowBytesTarget && bytes > 0) flush();
    changes.push(row);
    names.push(by);
    bytes += size;
  }
  flush();
  return id;
}

/** Keys on disk of all objects, those of the base among them. */
export function keysIn({ objects }: Pick<Snapshot, "objects">, base: Base): Set<string> {
  const keys = new Set(
    base.map(({ resource, object: { metadata } }) =>
      keyOnDisk(resource, objectKey(metadata.namespace, metadata.name)),
    ),
  );
  for (const [resource, of] of objects) {
    for (const [key, object] of of) {
      if (object) keys.add(keyOnDisk(resource, key));
      else keys.delete(keyOnDisk(resource, key));
    }
  }
  return keys;
}
