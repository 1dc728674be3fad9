/** What rows of the log changed since a checkpoint, and how much they are: what the next one must write. */

/** An object's key in the checkpoint, of its `objectKey`. */
export function keyOnDisk(resource: string, key: string): string {
  const slash = key.indexOf("/");
  return slash < 0
    ? `o\0${resource}\0\0${key}`
    : `o\0${resource}\0${key.slice(0, slash)}\0${key.slice(slash + 1)}`;
}

export class Tail {
  bytes = 0;
  /** Of the rows with revisions. */
  revisionBytes = 0;
  /** By resource, objects with their newest revision; by table, records. */
  readonly #objects = new Map<string, Map<string, number>>();
  readonly #records = new Map<string, Set<string>>();

  addRow(bytes: number, hasRevisions: boolean): void {
    this.bytes += bytes;
    if (hasRevisions) this.revisionBytes += bytes;
  }

  /** `key`: its `objectKey`. */
  addObject(resource: string, key: string, rv: number): void {
    let keys = this.#objects.get(resource);
    if (!keys) this.#objects.set(resource, (keys = new Map()));
    keys.set(key, rv);
  }

  addRecord(table: string, key: string): void {
    let keys = this.#records.get(table);
    if (!keys) this.#records.set(table, (keys = new Set()));
    keys.add(key);
  }

  hasRecord(table: string, key: string): boolean {
    return this.#records.get(table)?.has(key) ?? false;
  }

  /** Both, by their keys on disk; records have revision 0. */
  keys(): Map<string, number> {
    const all = new Map<string, number>();
    for (const [resource, keys] of this.#objects) {
      for (const [key, rv] of keys) all.set(keyOnDisk(resource, key), rv);
    }
    for (const [table, keys] of this.#records) {
      for (const key of keys) all.set(`r\0${table}\0${key}`, 0);
    }
    return all;
  }
}
