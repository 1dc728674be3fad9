/**
 * Writes checkpoints, over as many turns as they take: each writes some pages, in its own transaction. Until all are written a
 * start goes on from the position of the checkpoint before. The log's rows since then hold whole objects, and of each record the whole
 * before any difference (tail.ts), so over pages that are newer than that position they come to the same state; what the pages of a checkpoint may hold beyond its
 * own position is `Checkpoint.upTo`. The new position counts from the turn on that writes the last of its pages. What the
 * log and earlier checkpoints hold too much goes afterwards, in portions too, and only then may another checkpoint begin.
 */
import { unfinishedKey, type Checkpoint, type Checkpoints } from "./checkpoints.ts";
import { pagesDroppedPerTurnMax, portionPerRowByte, portionsPerTurnMax } from "./limits.ts";
import type { PageEntry, Pages } from "./pages.ts";
import type { Past } from "./log-reach.ts";
import type { Sql } from "./sql.ts";
import { Tail } from "./tail.ts";

export interface Sizes {
  /** Of a tail that is folded into the state table. */
  checkpoint: number;
  /** Of pages that one turn writes, and of rows that it looks through. */
  portion: number;
  log: number;
  ring: number;
  /** Of pages that only earlier checkpoints name. */
  pages: number;
}

/** A checkpoint as `meta` has it while it is written: its pages so far among those of the one before. */
interface Unfinished extends Checkpoint {
  /** From this id on pages are its own. */
  firstPage: number;
}

/** Its own position, and the keys on disk that are left to write up to there. */
interface UnderWay {
  head: Omit<Unfinished, "pages">;
  due: Map<string, number>;
}

/** Where a turn that just wrote its rows stands. */
export type Position = Pick<Checkpoint, "id" | "rv" | "now" | "dirty" | "objects">;

/** JSON of a key's value now; undefined where it is gone. `rv`: of its newest revision up to the position, 0: none. */
export type TextOf = (key: string, rv: number) => string | undefined;

export interface WriterParts {
  sql: Sql;
  pages: Pages;
  past: Past;
  checkpoints: Checkpoints;
  sizes: Sizes;
  meta(key: string): string | undefined;
  setMeta(key: string, value: string): void;
}

export class CheckpointWriter {
  readonly #parts: WriterParts;
  /** Of the rows after the newest position, be it under way. */
  tail = new Tail();
  /** Of the rows before it that no whole checkpoint includes. */
  #before: Tail | undefined;
  #unfinished: UnderWay | undefined;
  /** Row that the newest whole checkpoint includes, as long as something before it is to be let go of. */
  #trimUpTo: number | undefined;
  /** Pages that nobody names any more; undefined: not looked for yet. */
  #unnamed: number[] | undefined;
  /** Checkpoints written since this was made. */
  written = 0;
  rowsWritten = 0;

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  /** Bytes of rows with revisions that no whole checkpoint includes. */
  get revisionBytes(): number {
    return this.tail.revisionBytes + (this.#before?.revisionBytes ?? 0);
  }

  /** More is to be written or let go of, whether or not the cluster changes. */
  get isUnderWay(): boolean {
    return this.#unfinished !== undefined || this.#trimUpTo !== undefined;
  }

  /**
   * Finds the pages again, of a checkpoint under way if there is one, else of the newest (undefined: there is none). Returns
   * their kinds (`Pages.open`).
   */
  open(newest: readonly PageEntry[] | undefined): Map<string, boolean> {
    const { pages, meta } = this.#parts;
    const text = meta(unfinishedKey);
    if (text === undefined) return newest ? pages.open(newest) : new Map();
    const { pages: directory, ...head } = JSON.parse(text) as Unfinished;
    this.#before = new Tail();
    this.#unfinished = { head, due: new Map() };
    return pages.open(directory, head.firstPage);
  }

  /** Where a row's changes are to be noted, found again by a start. */
  tailOf(id: number): Tail {
    return this.#before && id <= (this.#unfinished?.head.id ?? 0) ? this.#before : this.tail;
  }

  /** All rows were found again. */
  opened(): void {
    if (this.#unfinished && this.#before) this.#unfinished.due = this.#before.keys();
  }

  /**
   * A turn's share, within its transaction. `rowBytes`: of the rows that it wrote; a checkpoint begins only with some. Returns
   * whether rows of the log were let go of.
   */
  goOn(turn: Position, rowBytes: number, textOf: TextOf): boolean {
    const { pages, sizes } = this.#parts;
    const isIdle = !this.isUnderWay && rowBytes > 0;
    if (isIdle && this.tail.bytes > Math.max(sizes.checkpoint, pages.bytes / 6)) this.#begin(turn);
    // As much again as comes, and more, or it would never end.
    const wanted = Math.max(sizes.portion, rowBytes * portionPerRowByte);
    const portion = Math.min(wanted, sizes.portion * portionsPerTurnMax);
    if (this.#unfinished) this.#save(this.#unfinished, turn, portion, textOf);
    return this.#trimUpTo !== undefined && this.#trim(this.#trimUpTo, portion);
  }

  #begin(turn: Position): void {
    const { pages, past } = this.#parts;
    const head = { ...turn, past: past.reach, firstPage: pages.begin() };
    this.#before = this.tail;
    this.tail = new Tail();
    this.#unfinished = { head, due: this.#before.keys() };
  }

  #save({ head, due }: UnderWay, turn: Position, portion: number, textOf: TextOf): void {
    const { pages, setMeta } = this.#parts;
    const taken = pages.save(due.keys(), (key) => textOf(key, due.get(key) ?? 0), portion);
    for (const key of taken) due.delete(key);
    if (due.size === 0) return this.#finish(turn, head);
    setMeta(unfinishedKey, JSON.stringify({ ...head, pages: pages.directory() }));
  }

  #finish(turn: Position, head: Omit<Unfinished, "pages">): void {
    const { sql, pages, checkpoints, meta, setMeta } = this.#parts;
    const { firstPage: _, ...position } = head;
    const { id, rv } = turn;
    const upTo = id === head.id ? {} : { upTo: { id, rv } };
    const checkpoint: Checkpoint = { ...position, pages: pages.directory(), ...upTo };
    checkpoints.keep(meta("checkpoint"));
    setMeta("checkpoint", JSON.stringify(checkpoint));
    sql.exec("DELETE FROM meta WHERE key = ?", unfinishedKey);
    this.#before = undefined;
    this.#unfinished = undefined;
    this.#trimUpTo = head.id;
    this.written += 1;
    this.rowsWritten += 1;
  }

  /** Returns true. */
  #trim(upToId: number, portion: number): boolean {
    const { sql, pages, past, checkpoints, sizes } = this.#parts;
    const ids = [...checkpoints.positions(), upToId];
    const { written, done } = past.trim(ids, sizes.log, portion);
    this.rowsWritten += written + checkpoints.dropBefore(past.firstWholeId);
    if (!done) return true;
    if (!this.#unnamed) {
      const directory = pages.directory();
      this.rowsWritten += checkpoints.dropBeyond(directory, sizes.pages);
      this.#unnamed = checkpoints.unnamedPages(directory);
    }
    const gone = this.#unnamed.splice(0, pagesDroppedPerTurnMax);
    for (const id of gone) sql.exec("DELETE FROM state WHERE id = ?", id);
    this.rowsWritten += gone.length;
    if (this.#unnamed.length > 0) return true;
    this.#unnamed = undefined;
    this.#trimUpTo = undefined;
    return true;
  }
}
