import { ask, messageOf } from "./client.ts";
import { linesOf, pause } from "./lines.ts";

/** Tables of a cluster's objects, as the server prints them, that keep up with it. */

/** A Kubernetes API: of a sandbox, or of a snapshot's moment. */
export interface Cluster {
  /** Without a slash at its end. */
  base: string;
  key?: string;
}

export const clusterOf = ({ id, key }: { id: string; key?: string }): Cluster => ({
  base: `/sandboxes/${id}`,
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
  cells: string[];
}

export interface TableView {
  columns: Column[];
  rows: Row[];
}

interface WireTable {
  metadata: { resourceVersion: string };
  columnDefinitions: Column[] | null;
  rows: {
    cells: unknown[];
    object: { metadata: { uid: string; name: string; namespace?: string } };
  }[];
}

const asTable = "application/json;as=Table;v=v1;g=meta.k8s.io";
/**
 * Ages in a Table are computed by the server, so it is listed anew after so long, and twice as long each time that nothing has
 * changed: between two such requests the sandbox behind an idle page sleeps.
 */
const freshenMs = 10_000;
const freshenMsMax = 5 * 60_000;
const retryMs = 2_000;

/**
 * Lists and then watches a collection as the server prints it, until `stop` aborts; `show` gets every new state.
 * `trouble` is told when the connection is lost, and with undefined when it is back.
 */
export async function followTable(
  cluster: Cluster,
  path: string,
  show: (table: TableView) => void,
  trouble: (message: string | undefined) => void,
  stop: AbortSignal,
): Promise<void> {
  let waitMs = freshenMs;
  while (!stop.aborted) {
    const round = new AbortController();
    const end = (): void => round.abort();
    stop.addEventListener("abort", end);
    let timer = setTimeout(end, waitMs);
    waitMs = Math.min(2 * waitMs, freshenMsMax);
    const moved = (): void => {
      if (waitMs === freshenMs) return;
      waitMs = freshenMs;
      clearTimeout(timer);
      timer = setTimeout(end, freshenMs);
    };
    const connected = (): void => trouble(undefined);
    try {
      await listAndWatch(cluster, path, { show, connected, moved }, round.signal);
    } catch (error) {
      if (!round.signal.aborted) {
        trouble(messageOf(error));
        await pause(retryMs, stop);
      }
    } finally {
      clearTimeout(timer);
      stop.removeEventListener("abort", end);
    }
  }
}

interface Watcher {
  show: (table: TableView) => void;
  connected: () => void;
  /** Something came after the list. */
  moved: () => void;
}

async function listAndWatch(
  cluster: Cluster,
  path: string,
  { show, connected, moved }: Watcher,
  signal: AbortSignal,
): Promise<void> {
  const list = (await (await get(cluster, path, signal)).json()) as WireTable;
  const columns = list.columnDefinitions ?? [];
  const rows = new Map(list.rows.map((row) => [row.object.metadata.uid, rowOf(row)]));
  const publish = (): void => show({ columns, rows: [...rows.values()].sort(byName) });
  publish();
  connected();
  const since = list.metadata.resourceVersion;
  const response = await get(cluster, `${path}?watch=true&resourceVersion=${since}`, signal);
  for await (const line of linesOf(response.body!)) {
    const event = JSON.parse(line) as { type: string; object: WireTable };
    if (event.type === "BOOKMARK") continue;
    if (event.type === "ERROR") return;
    moved();
    for (const row of event.object.rows) {
      if (event.type === "DELETED") rows.delete(row.object.metadata.uid);
      else rows.set(row.object.metadata.uid, rowOf(row));
    }
    publish();
  }
}

const get = ({ base, key }: Cluster, path: string, signal?: AbortSignal): Promise<Response> =>
  ask(`${base}${path}`, { key, headers: { accept: asTable }, ...(signal && { signal }) });

/** What does not change is listed once. */
export async function listTable(cluster: Cluster, path: string): Promise<TableView> {
  const list = (await (await get(cluster, path)).json()) as WireTable;
  return { columns: list.columnDefinitions ?? [], rows: list.rows.map(rowOf).sort(byName) };
}

const rowOf = (row: WireTable["rows"][number]): Row => ({
  uid: row.object.metadata.uid,
  name: row.object.metadata.name,
  namespace: row.object.metadata.namespace ?? "",
  cells: row.cells.map((cell) => String(cell ?? "")),
});

const byName = (a: Row, b: Row): number =>
  a.namespace === b.namespace ? (a.name < b.name ? -1 : 1) : a.namespace < b.namespace ? -1 : 1;
