/** What the page asks of the server: one sandbox, and Tables of its objects that keep up with the cluster. */

export interface Sandbox {
  id: string;
  name: string;
  secret: string;
  kubeconfig: string;
  /** RFC 3339. */
  expiresAt: string;
}

export class ApiError extends Error {
  override name = "ApiError";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function createSandbox(): Promise<Sandbox> {
  const response = await fetch("/api/sandboxes", {
    method: "POST",
    headers: { accept: "application/json" },
  });
  if (!response.ok) throw await errorOf(response);
  return sandboxOf((await response.json()) as Description);
}

/** A sandbox that was made before; undefined when it is gone. */
export async function openSandbox(id: string, secret: string): Promise<Sandbox | undefined> {
  const response = await fetch(`/api/sandboxes/${id}`, {
    headers: { authorization: `Bearer ${secret}` },
  });
  if ([401, 404, 410].includes(response.status)) return undefined;
  if (!response.ok) throw await errorOf(response);
  return sandboxOf((await response.json()) as Description);
}

type Description = Record<"id" | "name" | "url" | "apiServer" | "kubeconfig" | "expiresAt", string>;

function sandboxOf({ id, name, url, kubeconfig, expiresAt }: Description): Sandbox {
  return { id, name, secret: url.slice(url.indexOf("#k=") + 3), kubeconfig, expiresAt };
}

export async function deleteSandbox({ id, secret }: Sandbox): Promise<void> {
  await fetch(`/api/sandboxes/${id}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${secret}` },
  });
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
  sandbox: Sandbox,
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
      await listAndWatch(sandbox, path, show, () => trouble(undefined), round.signal);
    } catch (error) {
      if (!round.signal.aborted) {
        trouble(error instanceof Error ? error.message : String(error));
        await pause(retryMs, stop);
      }
    } finally {
      clearTimeout(timer);
      stop.removeEventListener("abort", end);
    }
  }
}

async function listAndWatch(
  sandbox: Sandbox,
  path: string,
  show: (table: TableView) => void,
  connected: () => void,
  signal: AbortSignal,
): Promise<void> {
  const list = (await (await get(sandbox, path, signal)).json()) as WireTable;
  const columns = list.columnDefinitions ?? [];
  const rows = new Map(list.rows.map((row) => [row.object.metadata.uid, rowOf(row)]));
  const publish = (): void => show({ columns, rows: [...rows.values()].sort(byName) });
  publish();
  connected();
  const since = list.metadata.resourceVersion;
  const response = await get(sandbox, `${path}?watch=true&resourceVersion=${since}`, signal);
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

async function get(sandbox: Sandbox, path: string, signal: AbortSignal): Promise<Response> {
  const response = await fetch(`/sandboxes/${sandbox.id}${path}`, {
    headers: { accept: asTable, authorization: `Bearer ${sandbox.secret}` },
    signal,
  });
  if (!response.ok) throw await errorOf(response);
  return response;
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

async function errorOf(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as {
    message?: string;
    detail?: string;
  };
  const message = body.detail ?? body.message ?? `the server answered ${response.status}`;
  return new ApiError(response.status, message);
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
