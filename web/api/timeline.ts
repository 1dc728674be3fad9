import { signal } from "@preact/signals";
import { ApiError, askJson, messageOf } from "./client.ts";
import type { Sandbox } from "./sandboxes.ts";
import { clusterOf, Spacing } from "./tables.ts";

/** Who did what, when, to what: the newest rows, that keep up with the sandbox, and older ones when asked for. */

export interface TimelineRow {
  revision: number;
  /** Virtual moment, RFC 3339 with milliseconds. */
  at: string;
  by: {
    kind: "person" | "service" | "controller" | "kubelet" | "scheduler" | "cluster" | "fault";
    name: string;
  };
  undoes?: number;
  verb: "create" | "update" | "delete";
  resource: string;
  namespace: string;
  name: string;
  text: string;
}

interface Page {
  /** Oldest first. */
  items: TimelineRow[];
  revision: number;
  /** Absent: there are no older rows. */
  before?: number;
  since: number;
}

/** The most that the service tells at a time. */
const pageRows = 500;
const rowsKept = 5_000;
const retryMs = 2_000;

type Opener = Pick<Sandbox, "id" | "key">;

export function readTimeline(
  { id, key }: Opener,
  query: { after?: number; before?: number; limit?: number },
): Promise<Page> {
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return askJson(`/api/sandboxes/${id}/timeline?${search}`, { key });
}

const known = new Map<string, TimelineLog>();

/** One for all panels of a page. */
export function timelineOf(sandbox: Opener): TimelineLog {
  let log = known.get(sandbox.id);
  if (!log) known.set(sandbox.id, (log = new TimelineLog(sandbox)));
  return log;
}

export class TimelineLog {
  /** Oldest first. Undefined: not read yet. */
  readonly rows = signal<TimelineRow[] | undefined>(undefined);
  /** There are older ones. */
  readonly hasMore = signal(false);
  readonly trouble = signal<string | undefined>(undefined);
  readonly #sandbox: Opener;
  readonly #spacing = new Spacing();
  #told: number | undefined;
  #before: number | undefined;
  #listeners = 0;
  #leave: (() => void) | undefined;
  #reading = false;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(sandbox: Opener) {
    this.#sandbox = sandbox;
  }

  /** Keeps up as long as somebody listens. Returns what ends that. */
  listen(): () => void {
    this.#listeners += 1;
    if (this.#listeners === 1) {
      this.#leave = clusterOf(this.#sandbox).changes!.listen({
        opened: () => void this.#refresh(),
        changed: () => void this.#refresh(),
        lost: () => void (this.trouble.value = "the connection was lost"),
      });
    }
    return () => {
      this.#listeners -= 1;
      if (this.#listeners === 0) this.#end();
    };
  }

  #end(): void {
    this.#leave?.();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Reads older rows. */
  async more(): Promise<void> {
    if (this.#before === undefined) return;
    const page = await readTimeline(this.#sandbox, { before: this.#before, limit: pageRows });
    this.#older(page.before);
    this.rows.value = [...page.items, ...(this.rows.value ?? [])];
  }

  async #refresh(): Promise<void> {
    this.#again = true;
    if (this.#reading || this.#timer !== undefined) return;
    this.#again = false;
    this.#reading = true;
    try {
      await this.#read();
      this.trouble.value = undefined;
      this.#rest(this.#spacing.nextMs());
    } catch (error) {
      this.trouble.value = messageOf(error);
      const over = error instanceof ApiError && [401, 403, 404, 410].includes(error.status);
      if (over) return this.#end();
      this.#again = true;
      this.#rest(retryMs);
    } finally {
      this.#reading = false;
    }
  }

  async #read(): Promise<void> {
    if (this.#told === undefined) {
      const page = await readTimeline(this.#sandbox, { limit: pageRows });
      this.#older(page.before);
      this.#told = page.revision;
      this.rows.value = page.items;
      return;
    }
    for (;;) {
      const page = await readTimeline(this.#sandbox, { after: this.#told, limit: pageRows });
      this.#told = Math.max(this.#told, page.revision);
      if (page.items.length > 0) this.#take(page.items);
      if (page.items.length < pageRows) return;
    }
  }

  #take(items: TimelineRow[]): void {
    const rows = [...(this.rows.value ?? []), ...items];
    const kept = rows.slice(-rowsKept);
    if (kept.length < rows.length) this.#older(kept[0]!.revision);
    this.rows.value = kept;
  }

  #older(before: number | undefined): void {
    this.#before = before;
    this.hasMore.value = before !== undefined;
  }

  #rest(ms: number): void {
    if (this.#listeners === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#again) void this.#refresh();
    }, ms);
  }
}
