/**
 * The change log on disk: one row per turn with its revisions, its record changes, the keys still to be looked at and
 * the virtual moment. The tables of objects and records are only a checkpoint of it, written in bulk, so an object that
 * comes and goes between two checkpoints costs no row of its own.
 */
import {
  checkpointBytesMin,
  checkpointPortionBytes,
  logBytesMax,
  pastPagesBytesMax,
  ringBytesMax,
} from "./limits.ts";
import { BaseTable, type BaseObject } from "./base-table.ts";
import { CheckpointWriter, type Sizes } from "./checkpoint-writer.ts";
import type { BornRow } from "./born-rows.ts";
import type { Sql } from "./sql.ts";
import { Checkpoints, storageAt, type Checkpoint } from "./checkpoints.ts";
import { hasNothing, migrate } from "./migrations.ts";
import { objectKey, type Change, type KubeObject } from "./object.ts";
import { turnOf, type FieldsOf, type LogEntry, type TurnRow } from "./log-rows.ts";
import { Past } from "./log-reach.ts";
import { Pages } from "./pages.ts";
import { Ring } from "./ring.ts";
import { differenceText } from "./record-difference.ts";
import type { RecordChange, Store } from "./store.ts";
import { keyOnDisk, type Tail } from "./tail.ts";
import { TailRecords } from "./tail-records.ts";
import { turnRows } from "./turn-rows.ts";

export type { LogEntry };

export interface Hydrated {
  now: number;
  dirty: readonly string[];
  fresh: boolean;
}

export class Log {
  readonly #sql: Sql;
  readonly #store: Store;
  readonly #pages: Pages;
  readonly #fieldsOf: FieldsOf;
  /** Sizes at which it is folded, cut and forgotten; the simulator makes them small. */
  readonly sizes: Sizes = {
    checkpoint: checkpointBytesMin,
    portion: checkpointPortionBytes,
    log: logBytesMax,
    ring: ringBytesMax,
    pages: pastPagesBytesMax,
  };
  readonly #ring: Ring;
  readonly #past: Past;
  readonly #checkpoints: Checkpoints;
  readonly #writer: CheckpointWriter;
  #bornRv = 0;
  #lastId = 0;
  /** Bytes of the log's rows; undefined: not asked for yet, which is a look at each row. */
  #logBytes: number | undefined;
  /** Deleting an object of the base leaves a tombstone. */
  readonly #base = new BaseTable();
  #ownRows = 0;

  constructor(sql: Sql, store: Store, fieldsOf: FieldsOf) {
    migrate(sql);
    this.#sql = sql;
    this.#store = store;
    this.#pages = new Pages(sql);
    this.#checkpoints = new Checkpoints(sql);
    this.#fieldsOf = fieldsOf;
    this.#ring = new Ring(fieldsOf);
    this.#past = new Past(sql, this.#ring, fieldsOf, (resource, key) =>
      this.#base.get(keyOnDisk(resource, key)),
    );
    this.#writer = new CheckpointWriter({
      sql,
      pages: this.#pages,
      past: this.#past,
      checkpoints: this.#checkpoints,
      sizes: this.sizes,
      meta: (key) => this.meta(key),
      setMeta: (key, value) => this.setMeta(key, value),
    });
  }

  /** Rows written since this engine was made: what the platform bills. */
  get rowsWritten(): number {
    return this.#ownRows + this.#writer.rowsWritten + this.#pages.rowsWritten;
  }

  /** Bytes of the state and the log on disk. */
  get bytes(): number {
    this.#logBytes ??= this.#past.bytes;
    return this.#pages.bytes + this.#logBytes;
  }

  /** Bytes of all objects, with what the log's tail changed since the checkpoint. */
  get objectBytes(): number {
    return this.#pages.objectBytes + this.#writer.revisionBytes;
  }

  /** A checkpoint is under way: `Engine.run` should come soon, whether or not anything is due, and `goOn` with it. */
  get isCheckpointing(): boolean {
    return this.#writer.isUnderWay;
  }

  /** The lowest resourceVersion a watch may resume from. */
  get floor(): number {
    return this.#past.floor;
  }

  /** The newest revision that `since` tells of: what the turn under way has written comes with its end. */
  get head(): number {
    return this.#ring.head;
  }

  meta(key: string): string | undefined {
    return this.#sql.exec("SELECT value FROM meta WHERE key = ?", key)[0]?.["value"] as
      | string
      | undefined;
  }

  setMeta(key: string, value: string): void {
    this.#sql.exec(
      "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      key,
      value,
    );
    this.#ownRows += 1;
  }

  get isEmpty(): boolean {
    return hasNothing(this.#sql);
  }

  /** All rows that there are. */
  rows(): BornRow[] {
    return this.#sql.exec("SELECT id, rv FROM log WHERE rv > ? ORDER BY id", -1).map((row) => {
      const { id, rv } = row as { id: number; rv: number };
      const [found] = this.#sql.exec("SELECT body FROM log WHERE id = ?", id);
      return { id, rv, body: found?.["body"] as string };
    });
  }

  /** Writes the rows with which another log began into this one, which is empty: to be hydrated from. */
  begin(rows: readonly BornRow[]): void {
    this.#sql.transaction(() => {
      for (const { id, rv, body } of rows) this.#insert(id, rv, body);
    });
  }

  #insert(id: number, rv: number, body: string): void {
    this.#sql.exec(
      "INSERT INTO log (id, rv, bytes, body) VALUES (?, ?, ?, ?)",
      id,
      rv,
      body.length,
      body,
    );
    this.#ownRows += 1;
  }

  /** Finds everything again: the built-in base, the checkpoint over it (left on disk until asked for), the log's tail. */
  hydrate(base: readonly BaseObject[]): Hydrated {
    const store = this.#store;
    this.#base.begin(base);
    for (const { resource, object } of base) {
      const { namespace = "", name } = object.metadata;
      store.load(resource, namespace, name, object);
      store.rv = Math.max(store.rv, Number(object.metadata.resourceVersion));
    }
    this.#bornRv = store.rv;
    const text = this.meta("checkpoint");
    const checkpoint = text === undefined ? undefined : (JSON.parse(text) as Checkpoint);
    const result: Hydrated = { now: 0, dirty: [], fresh: checkpoint === undefined };
    let reach = checkpoint?.past;
    const late = new Map<string, (() => void)[]>();
    for (const [kind, owned] of this.#writer.open(checkpoint?.pages)) {
      const after: (() => void)[] = [];
      late.set(kind, after);
      store.defer(kind, { owned, load: () => this.#loadKind(kind, after) });
    }
    if (checkpoint) {
      store.rv = checkpoint.rv;
      store.objectCount = checkpoint.objects;
      result.now = checkpoint.now;
      result.dirty = checkpoint.dirty;
      this.#lastId = checkpoint.id;
    }
    const records = new TailRecords();
    for (const row of this.#sql.exec(
      "SELECT id, body FROM log WHERE id > ? ORDER BY id",
      this.#lastId,
    )) {
      const body = row["body"] as string;
      const turn = turnOf(body);
      this.#lastId = row["id"] as number;
      const tail = this.#writer.tailOf(this.#lastId);
      tail.addRow(body.length, turn.changes.length > 0);
      this.#replay(turn, tail, late);
      for (const record of turn.records) {
        records.add(record);
        tail.addRecord(record[0], record[1]);
      }
      result.fresh = false;
      result.now = turn.nowMs;
      result.dirty = turn.waiting ?? [];
      reach = turn.reach ?? reach;
    }
    records.load(store, late);
    this.#writer.opened();
    this.#ring.begin(store.rv);
    this.#past.begin(reach, this.#bornRv, store.rv);
    return result;
  }

  /** A class of keys: its pages, then what the tail changed since. */
  #loadKind(kind: string, after: readonly (() => void)[]): void {
    const store = this.#store;
    this.#pages.read(kind, (key, value) => {
      const [what, a, b, c] = key.split("\0") as [string, string, string, string];
      if (what === "o") store.load(a, b, c, (value as KubeObject | null) ?? undefined);
      else store.loadRecord(a, key.slice(a.length + 3), value);
    });
    for (const load of after) load();
  }

  #replay(turn: TurnRow, tail: Tail, late: ReadonlyMap<string, (() => void)[]>): void {
    const store = this.#store;
    for (const [rv, , op, resource, namespace, name, object] of turn.changes) {
      const kind = `o\0${resource}`;
      const load = (): void =>
        store.load(resource, namespace, name, op === "d" ? undefined : object);
      const after = late.get(kind);
      const { objectCount } = store;
      if (!after) load();
      else {
        after.push(load);
        if (object.metadata.ownerReferences) store.owns(kind);
      }
      // By what the row says: a checkpoint under way may have its outcome already.
      store.objectCount = objectCount + (op === "c" ? 1 : op === "d" ? -1 : 0);
      store.rv = rv;
      tail.addObject(resource, objectKey(namespace, name), rv);
    }
  }

  /**
   * Takes into the ring what the turn has written so far, each revision once. Returns the characters of the new ones' objects
   * as JSON.
   */
  remember(turn: readonly Change[]): number {
    let characters = 0;
    this.#ring.add(turn, ({ rv, text }) => {
      this.#past.take(rv, text.length, this.sizes.log);
      characters += text.length;
    });
    return characters;
  }

  /** Lets go of what is in memory of the past, all of which is on disk. */
  shed(): void {
    this.#ring.begin(this.#store.rv);
  }

  /** Entries after a resourceVersion, oldest first; undefined when it is older than what is kept. */
  since(rv: number): Iterable<LogEntry> | undefined {
    return this.#past.since(rv);
  }

  /** Whether it may still tell what was there before an update or a deletion. */
  mayTellBefore(entry: LogEntry): boolean {
    return this.#past.mayTellBefore(entry);
  }

  /** Objects of a resource as they were at a revision, by `objectKey`; those of which it no longer tells are missing. */
  before(rv: number, resource: string, wanted: Iterable<string>): Map<string, KubeObject> {
    return this.#past.before(rv, resource, wanted);
  }

  /** Entries before a revision, newest first, as far as they are kept. */
  backward(beforeRv: number): Iterable<LogEntry> {
    return this.#past.backward(beforeRv);
  }

  /** An object of the base as it was at birth, as long as the log tells all that came of it since. */
  born(resource: string, key: string): KubeObject | undefined {
    return this.#past.born(resource, key);
  }

  /** Every revision still kept, oldest first: the timeline. Reads the disk. */
  history(afterRv: number): Iterable<Omit<LogEntry, "text">> {
    return this.#past.stored(afterRv, Number.POSITIVE_INFINITY);
  }

  /** What is on disk of the past; its `rowsAfter` is not for hot paths. */
  get past(): Pick<Past, "reach" | "rowsAfter"> {
    return this.#past;
  }

  /** The first revision that `storageAt` knows. */
  get oldestMoment(): number {
    return this.#checkpoints.oldest(this.#bornRv);
  }

  /** What `storageAt` stands on, as a number: what it gave before is good only as long as this stays. */
  get basis(): number {
    return this.#writer.written + this.#checkpoints.dropped;
  }

  /**
   * The storage as it was at the end of the turn that wrote a revision, to be read and not written; undefined: it can no
   * longer be made again. `exactly`: objects are of that very revision.
   */
  storageAt(revision: number, exactly: boolean): Sql | undefined {
    const moment = this.#checkpoints.momentOf(revision, exactly);
    return moment && storageAt(this.#sql, moment, exactly ? revision : undefined);
  }

  /** Writes what the turn changed as one row (more only beyond the row limit), and its share of a checkpoint. */
  persist(now: number, dirty: readonly string[]): readonly Change[] {
    const { changes, records } = this.#store.takePending();
    this.remember(changes);
    const forms = records.map(({ table, value }) => this.#store.storedForm(table, value));
    const texts = forms.map((form) => (form === undefined ? undefined : JSON.stringify(form)));
    const differences = records.map((change, i) => this.#difference(change, forms[i], texts[i]));
    const { entries } = this.#ring;
    const reach = this.#past.reach;
    const told = { changes, records, texts, differences, entries };
    const parts = turnRows({ now, dirty, ...told, reach, rv: this.#store.rv }, this.#fieldsOf);
    this.#sql.transaction(() => {
      const { tail } = this.#writer;
      let bytes = 0;
      for (const { rv, revisions, body } of parts) {
        this.#insert(++this.#lastId, rv, body);
        tail.addRow(body.length, revisions);
        bytes += body.length;
      }
      if (this.#logBytes !== undefined) this.#logBytes += bytes;
      for (const { resource, key, rv } of changes) tail.addObject(resource, key, rv);
      const known = new Map<string, string>();
      records.forEach(({ table, key }, i) => {
        const text = texts[i];
        tail.addRecord(table, key);
        if (text !== undefined) known.set(`r\0${table}\0${key}`, text);
      });
      this.#checkpoint(now, dirty, bytes, known);
    });
    this.#ring.drop(this.sizes.ring);
    return changes;
  }

  /** What a row tells of a record in place of its whole; undefined: no row since the newest position has told that. */
  #difference(
    { table, key, before }: RecordChange,
    form: unknown,
    text: string | undefined,
  ): string | undefined {
    if (text === undefined || !this.#writer.tail.hasRecord(table, key)) return undefined;
    return differenceText(() => this.#store.storedForm(table, before), form, text);
  }

  /** More of a checkpoint, where a turn changed nothing. */
  goOn(now: number, dirty: readonly string[]): void {
    this.#sql.transaction(() => this.#checkpoint(now, dirty, 0, new Map()));
  }

  /** `texts`: the JSON of records of this turn. What the ring has need not be made again either. */
  #checkpoint(
    now: number,
    dirty: readonly string[],
    rowBytes: number,
    texts: Map<string, string>,
  ): void {
    const { rv, objectCount: objects } = this.#store;
    const position = { id: this.#lastId, rv, now, dirty, objects };
    const trimmed = this.#writer.goOn(position, rowBytes, (key, revision) => {
      const entry = this.#ring.at(revision);
      if (entry && entry.op !== "delete") return entry.text;
      let text = texts.get(key);
      if (text === undefined) {
        text = this.#textOf(key);
        if (text !== undefined) texts.set(key, text);
      }
      return text;
    });
    if (trimmed) this.#logBytes = undefined;
  }

  /** A key's JSON for its page; a tombstone where something of the base was deleted. */
  #textOf(key: string): string | undefined {
    const [what, a, b, c] = key.split("\0") as [string, string, string, string];
    const value =
      what === "o"
        ? this.#store.get(a, b, c)
        : this.#store.storedForm(a, this.#store.record(a, key.slice(a.length + 3)));
    if (value === undefined) return this.#base.get(key) ? "null" : undefined;
    return JSON.stringify(value);
  }
}
