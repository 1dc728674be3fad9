/** The newest revisions in memory: the source of watches, and of lists at recent revisions. */
import { ringObjectsMax } from "./limits.ts";
import { KeptEntry, type FieldsOf, type LogEntry } from "./log-rows.ts";
import type { Change } from "./object.ts";

export class Ring {
  readonly #fieldsOf: FieldsOf;
  #entries: LogEntry[] = [];
  #bytes = 0;
  #floor = 0;
  #head = 0;

  constructor(fieldsOf: FieldsOf) {
    this.#fieldsOf = fieldsOf;
  }

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /** Everything after this revision is here. */
  get floor(): number {
    return this.#floor;
  }

  /** Nothing after this revision is here. */
  get head(): number {
    return this.#head;
  }

  /** Empty, at a revision. */
  begin(rv: number): void {
    this.#entries = [];
    this.#bytes = 0;
    this.#floor = rv;
    this.#head = rv;
  }

  /** Takes in what is new of all that the turn has written so far; `took` is told of each entry. */
  add(turn: readonly Change[], took: (entry: LogEntry) => void): void {
    let first = turn.length;
    while (first > 0 && (turn[first - 1] as Change).rv > this.#head) first--;
    const changes = turn.slice(first);
    for (const change of changes) {
      const entry = new KeptEntry(change, this.#fieldsOf);
      this.#entries.push(entry);
      this.#bytes += entry.text.length;
      this.#head = change.rv;
      took(entry);
    }
    // The newest are still what is stored; older ones are mostly past, and their text is enough.
    const end = this.#entries.length - ringObjectsMax;
    for (let i = Math.max(0, end - changes.length); i < end; i++) {
      const entry = this.#entries[i];
      if (entry instanceof KeptEntry) entry.release();
    }
  }

  /** Drops the oldest beyond `bytesMax`. All of them must be on disk. */
  drop(bytesMax: number): void {
    let drop = 0;
    while (this.#bytes > bytesMax && drop < this.#entries.length - 1) {
      const entry = this.#entries[drop++] as LogEntry;
      this.#bytes -= entry.text.length;
      this.#floor = entry.rv;
    }
    if (drop) this.#entries.splice(0, drop);
  }

  /** Entries after a revision, oldest first; undefined when it lies before the floor. */
  since(rv: number): readonly LogEntry[] | undefined {
    if (rv < this.#floor) return undefined;
    const first = this.#indexAfter(rv);
    return first === 0 ? this.#entries : this.#entries.slice(first);
  }

  /** The entry of a revision. */
  at(rv: number): LogEntry | undefined {
    if (rv <= this.#floor || rv > this.#head) return undefined;
    return this.#entries[this.#indexAfter(rv - 1)];
  }

  #indexAfter(rv: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle] as LogEntry).rv <= rv) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
