import { useSignal, useSignalEffect } from "@preact/signals";
import {
  followTable,
  listTable,
  type Cluster,
  type Column,
  type Row,
  type TableView,
} from "../api/tables.ts";
import { messageOf } from "../api/client.ts";

interface Props {
  cluster: Cluster;
  /** A snapshot's moment does not move. */
  still?: boolean;
  /** Told of every state that is shown. */
  changed?: (table: TableView) => void;
}

/** The server's own Pod Table, kept up to date by a watch while somebody can see it. */
export function Pods({ cluster, still = false, changed }: Props) {
  const table = useSignal<TableView | undefined>(undefined);
  const trouble = useSignal<string | undefined>(undefined);
  const everywhere = useSignal(false);
  const visible = useSignal(!document.hidden);

  useSignalEffect(() => {
    const change = (): void => void (visible.value = !document.hidden);
    document.addEventListener("visibilitychange", change);
    return () => document.removeEventListener("visibilitychange", change);
  });

  useSignalEffect(() => {
    // A hidden page does not keep the cluster's time running.
    if (!still && !visible.value) return;
    const stop = new AbortController();
    const path = everywhere.value ? "/api/v1/pods" : "/api/v1/namespaces/default/pods";
    table.value = undefined;
    const show = (next: TableView): void => {
      table.value = next;
      changed?.(next);
    };
    if (still) {
      listTable(cluster, path).then(show, (error) => (trouble.value = messageOf(error)));
      return;
    }
    void followTable(cluster, path, show, (message) => (trouble.value = message), stop.signal);
    return () => stop.abort();
  });

  return (
    <section class="panel wide" aria-labelledby="pods-title">
      <div class="title">
        <h2 id="pods-title">Pods</h2>
        <span class={`state ${trouble.value ? "lost" : still ? "still" : "live"}`} role="status">
          {stateOf(still, trouble.value)}
        </span>
        <label>
          <input
            type="checkbox"
            checked={everywhere.value}
            onChange={(event) => (everywhere.value = event.currentTarget.checked)}
          />{" "}
          all namespaces
        </label>
      </div>
      <PodTable table={table.value} everywhere={everywhere.value} still={still} />
    </section>
  );
}

function stateOf(still: boolean, trouble: string | undefined): string {
  if (still) return trouble ?? "a frozen moment";
  return trouble === undefined ? "live" : `reconnecting: ${trouble}`;
}

interface TableProps {
  table: TableView | undefined;
  everywhere: boolean;
  still: boolean;
}

function PodTable({ table, everywhere, still }: TableProps) {
  if (!table) return <p class="quiet">Asking the cluster…</p>;
  if (table.rows.length === 0 && still) return <p class="empty">No Pods here.</p>;
  if (table.rows.length === 0) {
    return (
      <p class="empty">
        No Pods here yet. Run{" "}
        <code>kubectl create deployment my-web --image=nginx --replicas=3</code> and watch them
        start.
      </p>
    );
  }
  const shown = columnsToShow(table.columns);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Pods, as the server prints them">
      <table>
        <thead>
          <tr>
            {everywhere && <th scope="col">Namespace</th>}
            {shown.map(({ column }) => (
              <th key={column.name} scope="col" title={column.description}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <PodRow key={row.uid} row={row} shown={shown} everywhere={everywhere} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface Shown {
  column: Column;
  at: number;
}

function PodRow({ row, shown, everywhere }: { row: Row; shown: Shown[]; everywhere: boolean }) {
  return (
    <tr>
      {everywhere && <td>{row.namespace}</td>}
      {shown.map(({ column, at }) => (
        <td key={column.name}>
          {column.name === "Status" ? (
            <span class={`status ${toneOf(row.cells[at]!)}`}>{row.cells[at]}</span>
          ) : (
            row.cells[at]
          )}
        </td>
      ))}
    </tr>
  );
}

/** What `kubectl get pods` shows, and where each Pod runs. */
function columnsToShow(columns: Column[]): Shown[] {
  return columns
    .map((column, at) => ({ column, at }))
    .filter(({ column }) => column.priority === 0 || ["IP", "Node"].includes(column.name));
}

const tones: [RegExp, string][] = [
  [/^(Running|Completed|Succeeded)$/, "good"],
  [
    /^(Terminating|Pending|ContainerCreating|PodInitializing|Init:\d+\/\d+|SchedulingGated)$/,
    "moving",
  ],
  [/./, "bad"],
];
const toneOf = (status: string): string =>
  tones.find(([pattern]) => pattern.test(status))?.[1] ?? "";
