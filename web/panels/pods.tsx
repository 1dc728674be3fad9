import { useSignal, useSignalEffect } from "@preact/signals";
import {
  FollowedTable,
  listTable,
  type Cluster,
  type Column,
  type TableView,
} from "../api/tables.ts";
import { messageOf } from "../api/client.ts";
import { usePageVisible } from "../ui/page-visible.ts";
import { ServerTable } from "../ui/server-table.tsx";

interface Props {
  cluster: Cluster;
  /** A snapshot's moment does not move. */
  still?: boolean;
  /** Told of every state that is shown. */
  changed?: (table: TableView) => void;
}

/** Ages are worked out here between two lists. */
const tickMs = 5_000;

/** The server's own Pod Table, kept up to date while somebody can see it. */
export function Pods({ cluster, still = false, changed }: Props) {
  const table = useSignal<TableView | undefined>(undefined);
  const trouble = useSignal<string | undefined>(undefined);
  const everywhere = useSignal(false);
  const visible = usePageVisible();
  const now = useSignal<number | undefined>(undefined);

  useSignalEffect(() => {
    // A hidden page does not keep the cluster's time running.
    if (!still && !visible.value) return;
    const path = everywhere.value ? "/api/v1/pods" : "/api/v1/namespaces/default/pods";
    table.value = undefined;
    const show = (next: TableView): void => {
      table.value = next;
      now.value = cluster.changes?.time.nowMs;
      changed?.(next);
    };
    const { changes } = cluster;
    if (still || !changes) {
      listTable(cluster, path).then(show, (error) => (trouble.value = messageOf(error)));
      return;
    }
    const timer = setInterval(() => (now.value = changes.time.nowMs), tickMs);
    const followed = new FollowedTable({ ...cluster, changes }, path, {
      show,
      trouble: (message) => void (trouble.value = message),
    });
    return () => {
      clearInterval(timer);
      followed.end();
    };
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
      <PodTable table={table.value} everywhere={everywhere.value} still={still} now={now.value} />
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
  /** Virtual ms. */
  now: number | undefined;
}

function PodTable({ table, everywhere, still, now }: TableProps) {
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
  return (
    <ServerTable
      table={table}
      label="Pods, as the server prints them"
      everywhere={everywhere}
      now={now}
      shows={isPodColumn}
    />
  );
}

/** What `kubectl get pods` shows, and where each Pod runs. */
const isPodColumn = ({ name, priority }: Column): boolean =>
  priority === 0 || ["IP", "Node"].includes(name);
