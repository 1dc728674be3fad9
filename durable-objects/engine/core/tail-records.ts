/** Records that the log's tail tells of, put together from whole ones and differences; each is decoded once, as it is last. */
import type { RecordRow } from "./log-rows.ts";
import { withDifference } from "./record-difference.ts";
import type { Store } from "./store.ts";

interface Told {
  key: string;
  /** undefined: deleted. */
  form: unknown;
}

export class TailRecords {
  /** By table, in the order in which they came. */
  readonly #tables = new Map<string, Told[]>();
  /** The one of each key that further rows change. */
  readonly #newest = new Map<string, Told>();

  add([table, key, value, difference]: RecordRow): void {
    const id = `${table}\0${key}`;
    const newest = this.#newest.get(id);
    const form = difference === undefined ? value : withDifference(newest?.form, difference);
    // A key that comes back after its deletion is the table's last.
    if (newest && form !== undefined) newest.form = form;
    else {
      const told = { key, form };
      const all = this.#tables.get(table);
      if (all) all.push(told);
      else this.#tables.set(table, [told]);
      if (form === undefined) this.#newest.delete(id);
      else this.#newest.set(id, told);
    }
  }

  /** Into the store; of tables that are still on disk once they have been read from there: `late`, by kind of key. */
  load(store: Store, late: ReadonlyMap<string, (() => void)[]>): void {
    for (const [table, all] of this.#tables) {
      const load = (): void => {
        for (const { key, form } of all) store.loadRecord(table, key, form);
      };
      const after = late.get(`r\0${table}`);
      if (after) after.push(load);
      else load();
    }
  }
}
