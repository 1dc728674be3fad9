/** Keys of controllers whose process is stopped: they wait, with all that would have woken them, until it runs again. */
import type { Change } from "../core/object.ts";
import type { Queue } from "../core/queue.ts";
import type { Store } from "../core/store.ts";

const parkedTable = "parked-work";

/** What tells which controllers stand still. */
export interface Stoppages {
  /** Whether a change may have stopped or started one. */
  concerns(change: Change): boolean;
  /** Names of the controllers that stand still. */
  stopped(): ReadonlySet<string>;
}

export class ParkedWork {
  readonly #store: Store;
  readonly #queue: Queue;
  readonly #stoppages: Stoppages;
  /** undefined: to be found out. */
  #stopped: ReadonlySet<string> | undefined;

  constructor(store: Store, queue: Queue, stoppages: Stoppages) {
    this.#store = store;
    this.#queue = queue;
    this.#stoppages = stoppages;
  }

  /** Puts a key of that controller aside, where it stands still. */
  parks(controller: string, work: string): boolean {
    this.#stopped ??= this.#stoppages.stopped();
    if (!this.#stopped.has(controller)) return false;
    if (this.#store.record(parkedTable, work) === undefined)
      this.#store.putRecord(parkedTable, work, 1);
    return true;
  }

  /** After what was changed: what runs again takes up what it has missed. */
  see(changes: readonly Change[]): void {
    if (!this.#concern(changes)) return;
    this.#stopped = this.#stoppages.stopped();
    for (const work of [...this.#store.recordKeys(parkedTable)].sort()) {
      if (this.#stopped.has(work.slice(0, work.indexOf("\0")))) continue;
      this.#store.putRecord(parkedTable, work, undefined);
      this.#queue.add(work);
    }
  }

  #concern(changes: readonly Change[]): boolean {
    for (const change of changes) if (this.#stoppages.concerns(change)) return true;
    return false;
  }
}
