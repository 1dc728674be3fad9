import { ApiError, ask, messageOf } from "./client.ts";
import { Changes } from "./changes.ts";

/** Tables of a cluster's objects, as the server prints them, that keep up with it. */

/** A Kubernetes API: of a sandbox, or of a snapshot's moment. */
export interface Cluster {
  /** Without a slash at its end. */
  base: string;
  key?: string;
  /** Of a sandbox: what changes in it. */
  changes?: Changes;
}

const known = new Map<string, Changes>();

export function clusterOf({ id, key }: { id: string; key?: string }): Cluster {
  let changes = known.get(id);
  if (!changes) known.set(id, (changes = new Changes({ id, ...(key !== undefined && { key }) })));
  return { base: `/sandboxes/${id}`, changes, ...(key !== undefined && { key }) };
}

/** As it was at a revision; read-only, and nothing changes in it. */
export const clusterAt = (
  { id, key }: { id: string; key?: string },
  revision: number,
): Cluster => ({
  base: `/api/sandboxes/${id}/at/${revision}`,
  ...(key !== undefined && { key }),
});

export interface Column {
  name: string;
  description: string;
  /** 0: always shown; more: only where there is room. */
  priority: number;
}

export interface Row {
  uid: string;
  name: string;
  namespace: string;
  /** RFC 3339. */
  createdAt: string | undefined;
  cells: string[];
}

export interface TableView {
  columns: Column[];
  rows: Row[];
}

interface WireTable {
  columnDefinitions: Column[] | null;
  rows: { cells: unknown[]; object: { metadata: WireMetadata } }[];
}
interface WireMetadata {
  uid: string;
  name: string;
  namespace?: string;
  creationTimestamp?: string;
}

const asTable = "application/json;as=Table;v=v1;g=meta.k8s.io";
/** Between two lists of one table: so often in a row at once, and for as long as it changes on and on. */
const listsInRow = 30;
const afterMs = 1_000;
const onAndOnMs = 10_000;
const retryMs = 2_000;
/** It opens to nobody any more. */
const over = [401, 403, 404, 410];

/** Told of a collection. */
export interface Shown<T = TableView> {
  /** Every new state. */
  show(list: T): void;
  /** The connection is lost; with undefined it is back. */
  trouble(message: string | undefined): void;
}

/** How a collection is listed. Throws ApiError. */
export type Lister<T> = (cluster: Cluster, path: string, signal?: AbortSignal) => Promise<T>;

/** Lists a collection, and again when something of it has changed, until it is ended. */
export class FollowedList<T> {
  readonly #cluster: Cluster & { changes: Changes };
  readonly #path: string;
  readonly #shown: Shown<T>;
  readonly #list: Lister<T>;
  readonly #stop = new AbortController();
  readonly #spacing = new Spacing();
  readonly #leave: () => void;
  #isOpen = false;
  #listing = false;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    cluster: Cluster & { changes: Changes },
    path: string,
    shown: Shown<T>,
    list: Lister<T>,
  ) {
    this.#cluster = cluster;
    this.#path = path;
    this.#shown = shown;
    this.#list = list;
    const resource = resourceOf(path);
    this.#leave = cluster.changes.listen({
      opened: () => {
        this.#isOpen = true;
        void this.#refresh();
      },
      changed: (changed) => {
        if (changed === undefined || changed === resource) void this.#refresh();
      },
      // The list says why, where nobody may look any more.
      lost: () => {
        this.#isOpen = false;
        shown.trouble("the connection was lost");
        void this.#refresh();
      },
    });
  }

  end(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
    this.#leave();
  }

  async #refresh(): Promise<void> {
    this.#again = true;
    if (this.#listing || this.#timer !== undefined) return;
    this.#again = false;
    this.#listing = true;
    const { signal } = this.#stop;
    try {
      const list = await this.#list(this.#cluster, this.#path, signal);
      if (signal.aborted) return;
      this.#shown.show(list);
      if (this.#isOpen) this.#shown.trouble(undefined);
      this.#rest(this.#spacing.nextMs());
    } catch (error) {
      if (signal.aborted) return;
      this.#shown.trouble(messageOf(error));
      if (error instanceof ApiError && over.includes(error.status)) return this.end();
      this.#again = true;
      this.#rest(retryMs);
    } finally {
      this.#listing = false;
    }
  }

  #rest(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#again) void this.#refresh();
    }, ms);
  }
}

/** A collection as the server prints it. */
export class FollowedTable extends FollowedList<TableView> {
  constructor(cluster: Cluster & { changes: Changes }, path: string, shown: Shown) {
    super(cluster, path, shown, listTable);
  }
}

/** `pods` of `/api/v1/namespaces/default/pods`, `deployments.apps` of `/apis/apps/v1/deployments`. */
function resourceOf(path: string): string {
  const parts = path.split("?")[0]!.split("/");
  const plural = parts.at(-1)!;
  return parts[1] === "api" ? plural : `${plural}.${parts[2]}`;
}

/** How long to wait after a list: what moves is followed closely, what moves on and on costs a request every ten seconds. */
export class Spacing {
  #left = listsInRow;
  #atMs = performance.now();

  nextMs(): number {
    const now = performance.now();
    this.#left = Math.min(listsInRow, this.#left + (now - this.#atMs) / onAndOnMs) - 1;
    this.#atMs = now;
    return this.#left >= 0 ? afterMs : onAndOnMs;
  }
}

const get = ({ base, key }: Cluster, path: string, signal?: AbortSignal): Promise<Response> =>
  ask(`${base}${path}`, { key, headers: { accept: asTable }, ...(signal && { signal }) });

export async function listTable(
  cluster: Cluster,
  path: string,
  signal?: AbortSignal,
): Promise<TableView> {
  const list = (await (await get(cluster, path, signal)).json()) as WireTable;
  return { columns: list.columnDefinitions ?? [], rows: list.rows.map(rowOf).sort(byName) };
}

const rowOf = (row: WireTable["rows"][number]): Row => ({
  uid: row.object.metadata.uid,
  name: row.object.metadata.name,
  namespace: row.object.metadata.namespace ?? "",
  createdAt: row.object.metadata.creationTimestamp,
  cells: row.cells.map((cell) => String(cell ?? "")),
});

const byName = (a: Row, b: Row): number =>
  a.namespace === b.namespace ? (a.name < b.name ? -1 : 1) : a.namespace < b.namespace ? -1 : 1;
