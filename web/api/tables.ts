import { ask, messageOf } from "./client.ts";

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
/** Ages in a Table are computed by the server, so a quiet one is listed anew this often. */
const freshenMs = 10_000;
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
  while (!stop.aborted) {
    const round = new AbortController();
    const end = (): void => round.abort();
    stop.addEventListener("abort", end);
    const timer = setTimeout(end, freshenMs);
    try {
      await listAndWatch(cluster, path, show, () => trouble(undefined), round.signal);
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

async function listAndWatch(
  cluster: Cluster,
  path: string,
  show: (table: TableView) => void,
  connected: () => void,
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

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunksOf(body)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line !== "") yield line;
  }
}

/** Not every browser iterates streams itself. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}

const rowOf = (row: WireTable["rows"][number]): Row => ({
  uid: row.object.metadata.uid,
  name: row.object.metadata.name,
  namespace: row.object.metadata.namespace ?? "",
  cells: row.cells.map((cell) => String(cell ?? "")),
});

const byName = (a: Row, b: Row): number =>
  a.namespace === b.namespace ? (a.name < b.name ? -1 : 1) : a.namespace < b.namespace ? -1 : 1;

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
