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

/**
 * Lists a collection as the server prints it, and again when something of it has changed, until that is ended; `show` gets every new
 * state. `trouble` is told when the connection is lost, and with undefined when it is back.
 */
export function followTable(
  cluster: Cluster & { changes: Changes },
  path: string,
  show: (table: TableView) => void,
  trouble: (message: string | undefined) => void,
): () => void {
  const stop = new AbortController();
  const resource = resourceOf(path);
  const spacing = new Spacing();
  let isOpen = false;
  let listing = false;
  let again = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = (): void => {
    stop.abort();
    clearTimeout(timer);
    ended();
  };
  const rest = (ms: number): void => {
    timer = setTimeout(() => {
      timer = undefined;
      if (again) void refresh();
    }, ms);
  };
  const refresh = async (): Promise<void> => {
    again = true;
    if (listing || timer !== undefined) return;
    again = false;
    listing = true;
    try {
      const table = await listTable(cluster, path, stop.signal);
      if (stop.signal.aborted) return;
      show(table);
      if (isOpen) trouble(undefined);
      rest(spacing.nextMs());
    } catch (error) {
      if (stop.signal.aborted) return;
      trouble(messageOf(error));
      if (error instanceof ApiError && over.includes(error.status)) return end();
      again = true;
      rest(retryMs);
    } finally {
      listing = false;
    }
  };
  const ended = cluster.changes.listen({
    opened: () => {
      isOpen = true;
      void refresh();
    },
    changed: (changed) => {
      if (changed === undefined || changed === resource) void refresh();
    },
    // The list says why, where nobody may look any more.
    lost: () => {
      isOpen = false;
      trouble("the connection was lost");
      void refresh();
    },
  });
  return end;
}

/** `pods` of `/api/v1/namespaces/default/pods`, `deployments.apps` of `/apis/apps/v1/deployments`. */
function resourceOf(path: string): string {
  const parts = path.split("/");
  const plural = parts.at(-1)!;
  return parts[1] === "api" ? plural : `${plural}.${parts[2]}`;
}

/** How long to wait after a list: what moves is followed closely, what moves on and on costs a request every ten seconds. */
class Spacing {
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
