/**
 * Checkpoints before the newest. Each names the pages that it stands on, which are never written over, so what one costs is
 * the pages that changed since. From a checkpoint and the log's rows after it every later moment can be made again, as after
 * a loss of memory: objects, records, waiting keys and the virtual moment.
 */
import { turnOf, turnText } from "./log-rows.ts";
import type { PageEntry } from "./pages.ts";
import type { PastRange } from "./log-reach.ts";
import type { Sql, SqlValue } from "./sql.ts";

/** Where the state table stands. */
export interface Checkpoint {
  /** Log row it includes; a start goes on with the rows after it. */
  id: number;
  rv: number;
  now: number;
  dirty: readonly string[];
  objects: number;
  pages: PageEntry[];
  past?: PastRange;
  /** Last row of which its pages hold some, being written over several turns; absent: `id`. No moment before is made of it. */
  upTo?: Content;
}

interface Content {
  id: number;
  rv: number;
}

const contentOf = ({ id, rv, upTo }: Checkpoint): Content => upTo ?? { id, rv };

/** Where meta has the checkpoint that is being written. */
export const unfinishedKey = "unfinished-checkpoint";

/** A turn's end on disk, and where to begin to get there. */
export interface Moment {
  /** Log rows with which it begins and ends. */
  first: number;
  id: number;
  /** What the checkpoint before it says; undefined: the log tells all from the cluster's birth on. */
  checkpoint: string | undefined;
  /** Log row that the checkpoint includes. */
  from: number;
}

/** One before the newest. Row 0 is the state at birth, of which nothing is stored. */
interface Kept {
  /** Last row of which its pages hold some: its key. */
  id: number;
  /** Row after which a start from it goes on. */
  from: number;
}

export class Checkpoints {
  readonly #sql: Sql;
  /** Oldest first; undefined: not read yet. */
  #known: Kept[] | undefined;
  /** How many were let go of since this was opened. */
  dropped = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** `newest`: as meta has it, before another takes its place. */
  keep(newest: string | undefined): void {
    const checkpoint = newest === undefined ? undefined : (JSON.parse(newest) as Checkpoint);
    const { id, rv } = checkpoint ? contentOf(checkpoint) : { id: 0, rv: 0 };
    const kept = this.#kept;
    const body = newest ?? "";
    this.#sql.exec("INSERT INTO checkpoints (id, rv, body) VALUES (?, ?, ?)", id, rv, body);
    kept.push({ id, from: checkpoint?.id ?? 0 });
  }

  get #kept(): Kept[] {
    this.#known ??= this.#bodies().map(({ id, checkpoint }) => ({ id, from: checkpoint?.id ?? 0 }));
    return this.#known;
  }

  #bodies(): { id: number; checkpoint: Checkpoint | undefined }[] {
    return this.#sql.exec("SELECT id, body FROM checkpoints ORDER BY id").map((row) => {
      const body = row["body"] as string;
      const checkpoint = body === "" ? undefined : (JSON.parse(body) as Checkpoint);
      return { id: row["id"] as number, checkpoint };
    });
  }

  /** Log rows after which a start from each of them goes on, oldest first. */
  positions(): number[] {
    return this.#kept.map(({ from }) => from);
  }

  /** Lets go of those after which rows are missing or have lost their records. Returns the rows written. */
  dropBefore(firstWholeId: number): number {
    return this.#drop(this.#kept.filter(({ from }) => from < firstWholeId - 1).length);
  }

  /** The oldest go as long as the pages that only they name take more than so many bytes. Returns the rows written. */
  dropBeyond(newest: readonly PageEntry[], bytesMax: number): number {
    const named = new Set(newest.map(([id]) => id));
    let bytes = 0;
    const all = this.#bodies();
    let first = all.length;
    for (; first > 0; first--) {
      for (const [id, , of] of all[first - 1]?.checkpoint?.pages ?? []) {
        if (!named.has(id)) bytes += of;
        named.add(id);
      }
      if (bytes > bytesMax) break;
    }
    return this.#drop(first);
  }

  #drop(count: number): number {
    const gone = this.#kept.splice(0, count);
    for (const { id } of gone) this.#sql.exec("DELETE FROM checkpoints WHERE id = ?", id);
    this.dropped += gone.length;
    return gone.length;
  }

  /** Pages on disk that neither the newest nor any of these name. */
  unnamedPages(newest: readonly PageEntry[]): number[] {
    const named = new Set(newest.map(([id]) => id));
    for (const { checkpoint } of this.#bodies()) {
      for (const [id] of checkpoint?.pages ?? []) named.add(id);
    }
    const stored = this.#sql.exec("SELECT id FROM state ORDER BY id");
    return stored.map(({ id }) => id as number).filter((id) => !named.has(id));
  }

  /** The first revision that there is a moment of. `bornRv`: of what every cluster is born with. */
  oldest(bornRv: number): number {
    const [row] = this.#sql.exec("SELECT rv FROM checkpoints ORDER BY id LIMIT 1");
    const newest = row === undefined ? this.#newest() : undefined;
    const rv = (row?.["rv"] as number | undefined) ?? (newest ? contentOf(newest).rv : 0);
    return Math.max(rv, bornRv);
  }

  /** The end of the turn that wrote a revision; undefined: it can no longer be made again. */
  momentOf(revision: number, exactly: boolean): Moment | undefined {
    const turn = this.#turnOf(revision);
    // A checkpoint at the end of that very turn has all that the turn wrote.
    const moment = turn && this.#momentAt(turn, exactly ? revision : Number.MAX_SAFE_INTEGER);
    // Rows up to a checkpoint may have let go of their records, and of where their turn ended.
    if (moment && (turn.first > moment.from || turn.last === moment.from)) return moment;
    const id = this.#checkpointOf(revision);
    return id === undefined ? undefined : this.#momentAt({ first: id, last: id }, revision);
  }

  /** The first row that has the revision, and the last of the same turn. */
  #turnOf(revision: number): { first: number; last: number } | undefined {
    const [row] = this.#sql.exec("SELECT id FROM log WHERE rv >= ? ORDER BY id LIMIT 1", revision);
    if (!row) return undefined;
    const first = row["id"] as number;
    for (let last = first; ; last++) {
      const [found] = this.#sql.exec("SELECT body FROM log WHERE id = ?", last);
      if (!found) return undefined;
      const { changes, reach } = turnOf(found["body"] as string);
      // The rows of its own turn are gone.
      if (last === first && !changes.some(([rv]) => rv === revision)) return undefined;
      // A turn may take several rows; the last says how far the past reaches.
      if (reach) return { first, last };
    }
  }

  #checkpointOf(revision: number): number | undefined {
    const [row] = this.#sql.exec(
      "SELECT id FROM checkpoints WHERE rv = ? AND id > 0 ORDER BY id LIMIT 1",
      revision,
    );
    if (row) return row["id"] as number;
    const newest = this.#newest();
    const content = newest && contentOf(newest);
    return content?.rv === revision ? content.id : undefined;
  }

  #newestText(): string | undefined {
    const [row] = this.#sql.exec("SELECT value FROM meta WHERE key = ?", "checkpoint");
    return row?.["value"] as string | undefined;
  }

  #newest(): Checkpoint | undefined {
    const text = this.#newestText();
    return text === undefined ? undefined : (JSON.parse(text) as Checkpoint);
  }

  /** From the newest checkpoint that holds nothing after a revision. */
  #momentAt({ first, last }: { first: number; last: number }, upToRv: number): Moment | undefined {
    const text = this.#newestText();
    if (text === undefined) return { first, id: last, checkpoint: undefined, from: 0 };
    const newest = JSON.parse(text) as Checkpoint;
    const content = contentOf(newest);
    if (content.id <= last && content.rv <= upToRv) {
      return { first, id: last, checkpoint: text, from: newest.id };
    }
    const [row] = this.#sql.exec(
      "SELECT id, body FROM checkpoints WHERE id <= ? AND rv <= ? ORDER BY id DESC LIMIT 1",
      last,
      upToRv,
    );
    if (!row) return undefined;
    const body = row["body"] as string;
    if (body === "") return { first, id: last, checkpoint: undefined, from: 0 };
    const from = (JSON.parse(body) as Checkpoint).id;
    return { first, id: last, checkpoint: body, from };
  }
}

/**
 * The storage as it was at a moment; nothing is written to it. `upToRv`: where in the moment's turn it ends, whose record
 * changes are there whole.
 */
export function storageAt(sql: Sql, { first, id, checkpoint }: Moment, upToRv?: number): Sql {
  const rows = `FROM (SELECT * FROM log WHERE id <= ${id}) AS log`;
  const ends = (body: SqlValue): string => {
    const turn = turnOf(body as string);
    const changes = turn.changes.filter(([rv]) => rv <= (upToRv ?? rv));
    return turnText({ ...turn, changes });
  };
  return {
    exec(query, ...bindings) {
      if (!/^\s*SELECT\b/.test(query)) return [];
      if (query.includes("FROM meta")) {
        if (bindings[0] === unfinishedKey) return [];
        if (bindings[0] === "checkpoint")
          return checkpoint === undefined ? [] : [{ value: checkpoint }];
      }
      const found = sql.exec(query.replace("FROM log", rows), ...bindings);
      if (upToRv === undefined || !query.includes("FROM log")) return found;
      return found.map((row) => {
        const ofTurn = Number(row["id"] ?? bindings[0]) >= first && row["body"] !== undefined;
        return ofTurn ? { ...row, body: ends(row["body"] as SqlValue) } : row;
      });
    },
    transaction() {
      throw new Error("the past is not written");
    },
  };
}
