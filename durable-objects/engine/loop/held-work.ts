/**
 * Keys that are held back, because the host process died of them twice in a row: they are not reconciled until a user
 * changes or deletes what they name. Where a key names no object, any such change lets it try again.
 */
import { splitKey, type Change } from "../core/object.ts";
import type { Queue } from "../core/queue.ts";
import type { Store } from "../core/store.ts";

const heldTable = "held-work";

export class HeldWork {
  readonly #store: Store;
  readonly #queue: Queue;

  constructor(store: Store, queue: Queue) {
    this.#store = store;
    this.#queue = queue;
  }

  has(work: string): boolean {
    return this.#store.record(heldTable, work) !== undefined;
  }

  /** `named`: the key names an object. */
  hold(work: string, named: boolean): void {
    this.#store.putRecord(heldTable, work, named ? 1 : 0);
  }

  /** After what a user changed. */
  lift(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    for (const work of [...this.#store.recordKeys(heldTable)].sort()) {
      const key = work.slice(work.indexOf("\0") + 1);
      const named = this.#store.record(heldTable, work) === 1;
      if (!changes.some((change) => changesWhatIsWanted(change) && (!named || names(key, change))))
        continue;
      this.#store.putRecord(heldTable, work, undefined);
      this.#queue.add(work);
    }
  }
}

const changesWhatIsWanted = ({ op, object, previous }: Change): boolean =>
  op !== "update" || object.metadata.generation !== previous?.metadata.generation;

function names(key: string, change: Change): boolean {
  const { namespace, name } = splitKey(key);
  return change.namespace === namespace && change.name === name;
}
