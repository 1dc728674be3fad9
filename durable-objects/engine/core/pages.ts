/**
 * The checkpoint on disk: many keys to a row. Rows written are what a sandbox pays for, so keys that come to life together
 * share a page, and a checkpoint rewrites the pages that changed, not every key. A page is one JSON object key -> value.
 * A page that is written anew gets another id: checkpoints from before still name the old one (core/checkpoints.ts). One
 * that the checkpoint under way has written already is written over.
 */
import { pageBytesTarget, pageBytesMax } from "./limits.ts";
import type { Sql } from "./sql.ts";

interface Page {
  id: number;
  /** What its keys are of: `o\0pods`, `r\0timers`. */
  kind: string;
  /** May hold keys that left since it was written: those of `#pageOf` count. */
  keys: string[];
  bytes: number;
  /** Some object in it has an owner. */
  owned: boolean;
}

/** [id, kind, bytes on disk, 1: some object has an owner] */
export type PageEntry = [number, string, number, 0 | 1];

export class Pages {
  readonly #sql: Sql;
  readonly #pageOf = new Map<string, Page>();
  readonly #pages = new Map<number, Page>();
  /** The page that still takes new keys, by class of key (resource or record table). */
  readonly #open = new Map<string, Page>();
  /** Bytes of each page as it is on disk. */
  readonly #stored = new Map<number, number>();
  #nextId = 1;
  /** From this id on pages are of the checkpoint under way; no other names them. */
  #firstFresh = 1;
  /** Bytes of all pages, and of those that hold objects. */
  bytes = 0;
  objectBytes = 0;
  rowsWritten = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The list of all pages, kept with the checkpoint: so a start need not read them. */
  directory(): PageEntry[] {
    return [...this.#pages.values()].map((p) => [p.id, p.kind, p.bytes, p.owned ? 1 : 0]);
  }

  /** A checkpoint begins: what it writes gets new ids. Returns the first of them. */
  begin(): number {
    this.#firstFresh = this.#nextId;
    return this.#firstFresh;
  }

  /**
   * Knows the pages again, their contents unread; returns their kinds and whether an object of it has an owner. `firstFresh`:
   * of the checkpoint under way.
   */
  open(directory: readonly PageEntry[], firstFresh?: number): Map<string, boolean> {
    const kinds = new Map<string, boolean>();
    // Above those that only earlier checkpoints name, too.
    this.#nextId = Number(this.#sql.exec("SELECT MAX(id) AS id FROM state")[0]?.["id"] ?? 0) + 1;
    this.#firstFresh = firstFresh ?? this.#nextId;
    for (const [id, kind, bytes, owned] of directory) {
      this.#pages.set(id, { id, kind, keys: [], bytes, owned: owned === 1 });
      this.#stored.set(id, bytes);
      this.#grow(kind, bytes);
      kinds.set(kind, (kinds.get(kind) ?? false) || owned === 1);
    }
    return kinds;
  }

  /** Reads the pages of a kind; `take` gets each key with its value (null: a tombstone of the built-in base). */
  read(kind: string, take: (key: string, value: unknown) => void): void {
    for (const page of this.#pages.values()) {
      if (page.kind !== kind) continue;
      const [row] = this.#sql.exec("SELECT body FROM state WHERE id = ?", page.id);
      const values = JSON.parse(row?.["body"] as string) as Record<string, unknown>;
      for (const key in values) {
        page.keys.push(key);
        this.#pageOf.set(key, page);
        take(key, values[key]);
      }
    }
  }

  /**
   * Writes the pages of the given keys anew, those that the checkpoint under way has not written yet. `textOf` gives a key's
   * JSON now, or undefined where it is gone. Runs inside the caller's transaction.
   *
   * Stops after about `bytesMax` of pages, one page at least, and returns the keys that it came to.
   */
  save(
    dirty: Iterable<string>,
    textOf: (key: string) => string | undefined,
    bytesMax = Number.POSITIVE_INFINITY,
  ): string[] {
    const touched = new Set<Page>();
    const taken: string[] = [];
    let bytes = 0;
    for (const key of dirty) {
      if (bytes >= bytesMax) break;
      taken.push(key);
      if (this.#isFresh(this.#pageOf.get(key), touched)) continue;
      // In this order: a class that was not read yet is read to tell the text.
      const text = textOf(key);
      const page = this.#pageOf.get(key);
      if (this.#isFresh(page, touched)) continue;
      if (text === undefined) this.#pageOf.delete(key);
      const target = page ?? (text === undefined ? undefined : this.#place(key, text.length));
      if (!target) continue;
      bytes += page && touched.has(page) ? 0 : Math.max(page?.bytes ?? 0, text?.length ?? 0);
      touched.add(target);
    }
    for (const page of touched) this.#write(page, textOf);
    return taken;
  }

  /** Its row has what all its keys are, as new as the checkpoint under way or newer. */
  #isFresh(page: Page | undefined, touched: ReadonlySet<Page>): boolean {
    return page !== undefined && page.id >= this.#firstFresh && !touched.has(page);
  }

  /** Finds room for a new key; large values get a page of their own. */
  #place(key: string, bytes: number): Page {
    const kind = key.split("\0", 2).join("\0");
    let page = this.#open.get(kind);
    if (!page || page.bytes + bytes > pageBytesTarget) {
      page = { id: this.#nextId++, kind, keys: [], bytes: 0, owned: false };
      this.#pages.set(page.id, page);
      this.#open.set(kind, page);
    }
    page.keys.push(key);
    page.bytes += bytes + key.length + 4;
    this.#pageOf.set(key, page);
    return page;
  }

  #write(page: Page, textOf: (key: string) => string | undefined): void {
    const parts: string[] = [];
    let bytes = 2;
    const moved: string[] = [];
    const kept: string[] = [];
    // A key that went and came back may stand there twice.
    for (const key of new Set(page.keys)) {
      if (this.#pageOf.get(key) !== page) continue;
      const text = textOf(key);
      if (text === undefined) {
        // Gone only after the checkpoint's position; if it comes back, then to any page.
        this.#pageOf.delete(key);
        continue;
      }
      const part = `${JSON.stringify(key)}:${text}`;
      // What has outgrown the page moves on to another one.
      if (bytes + part.length > pageBytesMax && parts.length > 0) {
        moved.push(key);
        continue;
      }
      kept.push(key);
      parts.push(part);
      bytes += part.length + 1;
    }
    page.keys = kept.slice();
    const before = this.#stored.get(page.id) ?? 0;
    this.rowsWritten += 1;
    if (parts.length === 0) {
      if (page.id >= this.#firstFresh) this.#sql.exec("DELETE FROM state WHERE id = ?", page.id);
      this.#forget(page);
      this.#grow(page.kind, -before);
    } else {
      // The braces join in, as adding them afterwards would copy the whole page again.
      parts[0] = `{${parts[0]}`;
      parts[parts.length - 1] += "}";
      const body = parts.join(",");
      this.#renew(page);
      this.#sql.exec(
        "INSERT INTO state (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        page.id,
        body,
      );
      page.bytes = body.length;
      page.owned = body.includes('"ownerReferences"');
      this.#stored.set(page.id, body.length);
      this.#grow(page.kind, body.length - before);
    }
    if (moved.length) this.#move(page, moved, textOf);
  }

  /** What earlier checkpoints name stays as it is. */
  #renew(page: Page): void {
    if (page.id >= this.#firstFresh) return;
    this.#pages.delete(page.id);
    this.#stored.delete(page.id);
    page.id = this.#nextId++;
    this.#pages.set(page.id, page);
  }

  #move(page: Page, keys: readonly string[], textOf: (key: string) => string | undefined): void {
    const targets = new Set<Page>();
    for (const key of keys) {
      this.#pageOf.delete(key);
      targets.add(this.#place(key, textOf(key)?.length ?? 0));
    }
    for (const target of targets) this.#write(target, textOf);
  }

  #grow(kind: string, bytes: number): void {
    this.bytes += bytes;
    if (kind.startsWith("o\0")) this.objectBytes += bytes;
  }

  #forget(page: Page): void {
    this.#pages.delete(page.id);
    this.#stored.delete(page.id);
    for (const [kind, open] of this.#open) if (open === page) this.#open.delete(kind);
  }
}
