/** The newest revisions in memory: what watches and lists of the past are told from. */
import { ringObjectsMax } from "../limits.ts";
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

  get bytes(): number {
    return this.#bytes;
  }

  /** Everything after this revision is here. */
  get floor(): number {
    return this.#floor;
  }

  /** Nothing after this revision is here. */
  get head(): number {
    return this.#head;
  }

  /** Older entries were dropped: what is on disk does not join on. */
  get cut(): boolean {
    return this.#entries.length > 0 && this.#entries[0]?.rv !== this.#floor + 1;
  }

  /** Empty, at a revision. */
  begin(rv: number): void {
    this.#entries = [];
    this.#bytes = 0;
    this.#floor = rv;
    this.#head = rv;
  }

  /** Takes in what is new, and drops the oldest beyond `bytesMax`. */
  add(turn: readonly Change[], bytesMax: number): void {
    const changes = turn.filter((change) => change.rv > this.#head);
    for (const change of changes) {
      const entry = new KeptEntry(change, this.#fieldsOf);
      this.#entries.push(entry);
      this.#bytes += entry.text.length;
      this.#head = change.rv;
    }
    // The newest are still what is stored; older ones are mostly past, and their text is enough.
    const end = this.#entries.length - ringObjectsMax;
    for (let i = Math.max(0, end - changes.length); i < end; i++) {
      const entry = this.#entries[i];
      if (entry instanceof KeptEntry) entry.release();
    }
    let drop = 0;
    while (this.#bytes > bytesMax && drop < this.#entries.length - 1) {
      const entry = this.#entries[drop++] as LogEntry;
      this.#bytes -= entry.text.length;
      this.#floor = entry.rv;
    }
    if (drop) this.#entries.splice(0, drop);
  }

  /** Puts older entries in front, read back from disk. */
  prepend(older: LogEntry[], bytes: number, floor: number): void {
    this.#entries = [...older, ...this.#entries];
    this.#bytes += bytes;
    this.#floor = floor;
  }

  /** Entries after a revision, oldest first; undefined when it lies before the floor. */
  since(rv: number): readonly LogEntry[] | undefined {
    if (rv < this.#floor) return undefined;
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle] as LogEntry).rv <= rv) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? this.#entries : this.#entries.slice(low);
  }
}
