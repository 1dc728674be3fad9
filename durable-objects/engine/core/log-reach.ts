/**
 * How far back the log tells, and what it tells from disk. Where that ends follows from the revisions alone: neither what
 * is still in memory nor how turns were cut may show, or a lost memory would leave a trace.
 */
import { pastGenerations } from "./limits.ts";
import type { Sql } from "./sql.ts";
import {
  causesOf,
  entryOf,
  turnOf,
  turnText,
  type ChangeRow,
  type FieldsOf,
  type LogEntry,
  type TurnRow,
} from "./log-rows.ts";
import { objectKey, type KubeObject } from "./object.ts";
import type { Ring } from "./ring.ts";

/** [floor, first revision of the generation being filled, bytes in it] */
export type PastRange = [number, number, number];

export class Past {
  readonly #sql: Sql;
  readonly #ring: Ring;
  readonly #fieldsOf: FieldsOf;
  readonly #born: (resource: string, key: string) => KubeObject | undefined;
  #bornRv = 0;
  /** Everything after this revision can be told. */
  floor = 0;
  #mark = 0;
  #bytes = 0;
  /** Floor at the last trim. */
  #trimmed = 0;
  /** Rows up to this one hold no records any more. */
  #shedId = 0;
  /** All up to this one are to lose theirs. */
  #shedUntil = 0;

  constructor(
    sql: Sql,
    ring: Ring,
    fieldsOf: FieldsOf,
    born: (resource: string, key: string) => KubeObject | undefined,
  ) {
    this.#sql = sql;
    this.#ring = ring;
    this.#fieldsOf = fieldsOf;
    this.#born = born;
  }

  /** As written down; a log from before that was done begins with its first row. */
  begin(reach: PastRange | undefined, bornRv: number, rv: number): void {
    this.#bornRv = bornRv;
    [this.floor, this.#mark, this.#bytes] = reach ?? [this.#firstRv() ?? rv, rv, 0];
  }

  /** The revision before all that rows tell of. */
  #firstRv(): number | undefined {
    const [row] = this.#sql.exec("SELECT id, rv FROM log ORDER BY id LIMIT 1");
    if (!row) return undefined;
    const change = this.#turn(row["id"] as number).changes[0];
    return change ? change[0] - 1 : (row["rv"] as number);
  }

  get reach(): PastRange {
    return [this.floor, this.#mark, this.#bytes];
  }

  /** A new revision. The oldest generation goes when another is full. */
  take(rv: number, bytes: number, bytesMax: number): void {
    this.#bytes += bytes;
    if (this.#bytes * pastGenerations <= bytesMax) return;
    this.floor = this.#mark;
    this.#mark = rv;
    this.#bytes = 0;
  }

  /** Entries after a resourceVersion, oldest first, one row in memory at a time; undefined when it is too old. */
  since(rv: number): Iterable<LogEntry> | undefined {
    if (rv < this.floor) return undefined;
    return this.#ring.since(rv) ?? this.#sinceOnDisk(rv);
  }

  *#sinceOnDisk(rv: number): Iterable<LogEntry> {
    yield* this.stored(rv, this.#ring.floor);
    yield* this.#ring.entries;
  }

  /** What rows tell after one revision, up to another. */
  *stored(afterRv: number, upToRv: number): Iterable<LogEntry> {
    for (const { id, rv } of this.#rowsAfter(afterRv)) {
      const turn = this.#turn(id);
      const causes = causesOf(turn);
      for (const [i, change] of turn.changes.entries()) {
        if (change[0] > afterRv && change[0] <= upToRv) {
          yield entryOf(change, causes[i], this.#fieldsOf);
        }
      }
      if (rv >= upToRv) return;
    }
  }

  /** The same to the end, as written, with who caused it. */
  *rowsAfter(afterRv: number): Iterable<[by: string, row: ChangeRow]> {
    for (const { id } of this.#rowsAfter(afterRv)) {
      const turn = this.#turn(id);
      const causes = causesOf(turn);
      for (const [i, change] of turn.changes.entries()) {
        if (change[0] > afterRv) yield [causes[i] ?? "", change];
      }
    }
  }

  /** Entries before a revision, newest first, as far as they are kept. */
  *backward(beforeRv: number): Iterable<LogEntry> {
    const { entries, floor } = this.#ring;
    for (let i = entries.length - 1; i >= 0; i--) {
      const entry = entries[i] as LogEntry;
      if (entry.rv <= this.floor) return;
      if (entry.rv < beforeRv) yield entry;
    }
    const upTo = Math.min(beforeRv - 1, floor);
    const last = this.#rows("rv >= ? ORDER BY id LIMIT 1", upTo)[0]?.id ?? Number.MAX_SAFE_INTEGER;
    for (const { id } of this.#rows("rv > ? AND id <= ? ORDER BY id DESC", this.floor, last)) {
      const turn = this.#turn(id);
      const causes = causesOf(turn);
      for (let i = turn.changes.length - 1; i >= 0; i--) {
        const change = turn.changes[i] as ChangeRow;
        if (change[0] > upTo || change[0] <= this.floor) continue;
        yield entryOf(change, causes[i], this.#fieldsOf);
      }
    }
  }

  /** What every cluster is born with, as long as the log tells all that came of it since. */
  born(resource: string, key: string): KubeObject | undefined {
    return this.floor > this.#bornRv ? undefined : this.#born(resource, key);
  }

  /** Without their bodies: those are many megabytes. A row's revision is the newest that it tells of. */
  #rows(where: string, ...bindings: number[]): { id: number; rv: number; bytes: number }[] {
    const rows = this.#sql.exec(`SELECT id, rv, bytes FROM log WHERE ${where}`, ...bindings);
    return rows as { id: number; rv: number; bytes: number }[];
  }

  /** Those that tell of revisions after one. Most rows of a cluster whose programs run hold records alone. */
  *#rowsAfter(afterRv: number): Iterable<{ id: number; rv: number }> {
    let before = afterRv;
    for (const row of this.#rows("rv > ? ORDER BY id", afterRv)) {
      if (row.rv > before) yield row;
      before = row.rv;
    }
  }

  #turn(id: number): TurnRow {
    const [row] = this.#sql.exec("SELECT body FROM log WHERE id = ?", id);
    return turnOf(row?.["body"] as string);
  }

  /** Whether the log still tells what was there before an update or a deletion; not sure of what is read from disk. */
  mayTellBefore({ previousRevision }: LogEntry): boolean {
    return (
      previousRevision === undefined || previousRevision > this.floor || this.floor <= this.#bornRv
    );
  }

  /** Objects of a resource as they were at a revision, by `objectKey`; those of which the log no longer tells are missing. */
  before(rv: number, resource: string, wanted: Iterable<string>): Map<string, KubeObject> {
    const found = new Map<string, KubeObject>();
    const left = new Set(wanted);
    const { entries } = this.#ring;
    for (let i = entries.length - 1; i >= 0 && left.size > 0; i--) {
      const entry = entries[i] as LogEntry;
      if (entry.rv > rv || entry.rv <= this.floor || entry.resource !== resource) continue;
      const key = objectKey(entry.namespace, entry.name);
      if (left.delete(key)) found.set(key, entry.object);
    }
    if (left.size > 0) this.#beforeOnDisk(Math.min(rv, this.#ring.floor), resource, left, found);
    if (this.floor > this.#bornRv) return found;
    for (const key of left) {
      const object = this.#born(resource, key);
      if (object) found.set(key, object);
    }
    return found;
  }

  #beforeOnDisk(
    rv: number,
    resource: string,
    left: Set<string>,
    found: Map<string, KubeObject>,
  ): void {
    const last = this.#rows("rv >= ? ORDER BY id LIMIT 1", rv)[0]?.id ?? Number.MAX_SAFE_INTEGER;
    for (const { id } of this.#rows("rv > ? AND id <= ? ORDER BY id DESC", this.floor, last)) {
      for (const [at, , , of, namespace, name, object] of this.#turn(id).changes.reverse()) {
        if (at > rv || at <= this.floor || of !== resource) continue;
        const key = objectKey(namespace, name);
        if (left.delete(key)) found.set(key, object);
      }
      if (left.size === 0) return;
    }
  }

  /**
   * Lets go of what is checkpointed: rows before the floor, and beyond `bytesMax` the records in the others, from checkpoint
   * to checkpoint (`ids`, oldest first): only who goes on from one before reads them. At most about `workBytesMax` of rows at
   * a time.
   */
  trim(
    ids: readonly number[],
    bytesMax: number,
    workBytesMax: number,
  ): { written: number; done: boolean } {
    let left = workBytesMax - this.#dropBelowFloor(ids.at(-1) ?? 0, workBytesMax);
    let written = 0;
    while (left > 0) {
      if (this.#shedId >= this.#shedUntil) {
        const next = ids.find((id) => id > this.#shedId);
        if (next === undefined || this.bytes <= bytesMax) return { written, done: true };
        this.#shedUntil = next;
      }
      const shed = this.#shed(left);
      left -= shed.bytes;
      written += shed.written;
    }
    return { written, done: false };
  }

  /** Returns the bytes of the rows that went. */
  #dropBelowFloor(upToId: number, bytesMax: number): number {
    if (this.floor <= this.#trimmed) return 0;
    let bytes = 0;
    let last = 0;
    for (const row of this.#rows("rv <= ? AND id <= ? ORDER BY id", this.floor, upToId)) {
      if (bytes >= bytesMax) {
        this.#sql.exec("DELETE FROM log WHERE id <= ?", last);
        return bytes;
      }
      bytes += row.bytes;
      last = row.id;
    }
    if (last > 0) this.#sql.exec("DELETE FROM log WHERE id <= ?", last);
    this.#trimmed = this.floor;
    return bytes;
  }

  /** Bytes of all rows. */
  get bytes(): number {
    return Number(this.#sql.exec("SELECT SUM(bytes) AS b FROM log")[0]?.["b"] ?? 0);
  }

  /** From this row on none is missing or without its records. Since this log was opened. */
  get firstWholeId(): number {
    const [row] = this.#sql.exec("SELECT id FROM log ORDER BY id LIMIT 1");
    const first = (row?.["id"] ?? Number.MAX_SAFE_INTEGER) as number;
    return Math.max(first, this.#shedId + 1);
  }

  #shed(bytesMax: number): { written: number; bytes: number } {
    let written = 0;
    let bytes = 0;
    const until = this.#shedUntil;
    let rvBefore = this.#rows("id <= ? ORDER BY id DESC LIMIT 1", this.#shedId)[0]?.rv;
    for (const row of this.#rows("id > ? AND id <= ? ORDER BY id", this.#shedId, until)) {
      if (bytes >= bytesMax) return { written, bytes };
      bytes += row.bytes;
      this.#shedId = row.id;
      // A row of the same revision as the one before has records alone, and need not be read.
      const turn = row.rv === rvBefore ? undefined : this.#turn(row.id);
      rvBefore = row.rv;
      if (turn?.records.length === 0) continue;
      written += 1;
      if (!turn || turn.changes.length === 0) {
        this.#sql.exec("DELETE FROM log WHERE id = ?", row.id);
        continue;
      }
      const { nowMs, changes, causes } = turn;
      const body = turnText({ nowMs, changes, records: [], causes });
      this.#sql.exec("UPDATE log SET bytes = ?, body = ? WHERE id = ?", body.length, body, row.id);
    }
    this.#shedId = until;
    return { written, bytes };
  }
}
