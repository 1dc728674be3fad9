import { keyCacheEntriesMax, keyCacheMsMax } from "./limits.ts";

/** The database's answer, also that there is nothing, and the moment just before the query. */
export interface Read<T> {
  found: T | undefined;
  readAtMs: number;
}

/**
 * What this isolate read a moment ago, so that a burst of requests costs one query and a revocation still bites at once.
 */
export class Known<T> {
  readonly #reads = new Map<string, Read<T>>();

  /** `fresh`: what was read before does not do. */
  async get(name: string, find: () => Promise<T | undefined>, fresh = false): Promise<Read<T>> {
    const now = Date.now();
    const known = fresh ? undefined : this.#reads.get(name);
    if (known && now >= known.readAtMs && now - known.readAtMs < keyCacheMsMax) return known;
    this.#reads.delete(name);
    const read: Read<T> = { found: await find(), readAtMs: now };
    this.#keep(name, read);
    return read;
  }

  /** What was written just now need not be asked for. */
  put(name: string, found: T, writtenAtMs: number): void {
    this.#keep(name, { found, readAtMs: writtenAtMs });
  }

  #keep(name: string, read: Read<T>): void {
    if (this.#reads.size >= keyCacheEntriesMax) {
      this.#reads.delete(this.#reads.keys().next().value!);
    }
    this.#reads.set(name, read);
  }

  /** Other isolates forget within `keyCacheMsMax`. */
  forget(which: (found: T) => boolean): void {
    for (const [name, { found }] of this.#reads) {
      if (found === undefined || which(found)) this.#reads.delete(name);
    }
  }
}
