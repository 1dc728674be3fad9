import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { refOf, resourcesOf, type Resource } from "../api/discovery.ts";
import { messageOf } from "../api/client.ts";
import { FollowedTable, listTable, type Column, type Row, type TableView } from "../api/tables.ts";
import { askWhy } from "../desk/ask-why.ts";
import type { Desk } from "../desk/desk.ts";
import { Command, firstCommand } from "../ui/command.tsx";
import { isAsWished } from "../objects/as-wished.ts";
import { usePageVisible } from "../ui/page-visible.ts";
import { ServerTable } from "../ui/server-table.tsx";
import "./objects.css";

/** Objects of every kind that the cluster serves, by the server's own Tables. */

const tickMs = 5_000;
/** Kinds that are looked at most, first. */
const first = [
  "pods",
  "deployments.apps",
  "replicasets.apps",
  "statefulsets.apps",
  "daemonsets.apps",
  "jobs.batch",
  "cronjobs.batch",
  "services",
  "ingresses.networking.k8s.io",
  "configmaps",
  "secrets",
  "persistentvolumeclaims",
  "nodes",
  "namespaces",
  "events",
];

/** What is asked for. */
function useChoices() {
  return {
    resources: useSignal<Resource[]>([]),
    namespaces: useSignal<string[]>(["default"]),
    kind: useSignal("pods"),
    namespace: useSignal("default"),
    labels: useSignal(""),
    filter: useSignal(""),
    wide: useSignal(false),
  };
}

type Choices = ReturnType<typeof useChoices>;

/** The table that was asked for, as it stands in the cluster that is shown. */
function useTable(desk: Desk, { kind, namespace, labels, resources, namespaces }: Choices) {
  const table = useSignal<TableView | undefined>(undefined);
  const trouble = useSignal<string | undefined>(undefined);
  const now = useSignal<number | undefined>(undefined);
  const visible = usePageVisible();
  const resource = useComputed(() => resources.value.find(({ id }) => id === kind.value));
  useSignalEffect(() => {
    resourcesOf(desk.live).then(
      (found) => (resources.value = sorted([...found.values()])),
      (error: unknown) => (trouble.value = messageOf(error)),
    );
    listTable(desk.live, "/api/v1/namespaces").then(
      ({ rows }) => (namespaces.value = rows.map(({ name }) => name)),
      () => undefined,
    );
  });
  useSignalEffect(() => {
    const cluster = desk.shown.value;
    const one = resource.value;
    if (!one || !visible.value) return;
    const place = one.namespaced && namespace.value ? `/namespaces/${namespace.value}` : "";
    const query = labels.value ? `?labelSelector=${encodeURIComponent(labels.value)}` : "";
    const path = `${one.root}${place}/${one.plural}${query}`;
    table.value = undefined;
    trouble.value = undefined;
    const show = (next: TableView): void => {
      table.value = next;
      now.value = cluster.changes?.time.nowMs;
    };
    const { changes } = cluster;
    if (!changes) {
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
  return { resource, table, trouble, now };
}

export function Objects({ desk }: { desk: Desk }) {
  const choices = useChoices();
  const { resource, table, trouble, now } = useTable(desk, choices);
  const kind = resource.value?.kind ?? "Object";
  return (
    <section class="panel wide" aria-labelledby="objects-title">
      <div class="title">
        <h2 id="objects-title">{kind.endsWith("s") ? `${kind}es` : `${kind}s`}</h2>
        <span class={`state ${trouble.value ? "lost" : "live"}`} role="status">
          {trouble.value ?? (desk.moment.value === undefined ? "live" : "a moment of the past")}
        </span>
        {desk.create && desk.moment.value === undefined && (
          <button type="button" class="primary" onClick={desk.create}>
            Create
          </button>
        )}
        <ChoiceFields choices={choices} namespaced={resource.value?.namespaced !== false} />
      </div>
      <Rows
        desk={desk}
        resource={resource.value}
        table={table.value}
        filter={choices.filter.value}
        everywhere={choices.namespace.value === ""}
        wide={choices.wide.value}
        now={now.value}
      />
    </section>
  );
}

function ChoiceFields({ choices, namespaced }: { choices: Choices; namespaced: boolean }) {
  const { kind, resources, namespace, namespaces, filter, labels, wide } = choices;
  return (
    <div class="choices">
      <select
        aria-label="Kind"
        value={kind.value}
        onChange={(event) => (kind.value = event.currentTarget.value)}
      >
        {resources.value.map(({ id }) => (
          <option key={id} value={id}>
            {id}
          </option>
        ))}
      </select>
      {namespaced && (
        <select
          aria-label="Namespace"
          value={namespace.value}
          onChange={(event) => (namespace.value = event.currentTarget.value)}
        >
          <option value="">all namespaces</option>
          {namespaces.value.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
      <input
        aria-label="Filter by name"
        placeholder="filter"
        value={filter.value}
        onInput={(event) => (filter.value = event.currentTarget.value)}
      />
      <input
        aria-label="Label selector"
        placeholder="app=web,tier!=db"
        value={labels.value}
        onChange={(event) => (labels.value = event.currentTarget.value.trim())}
      />
      <label>
        <input
          type="checkbox"
          checked={wide.value}
          onChange={(event) => (wide.value = event.currentTarget.checked)}
        />{" "}
        wide
      </label>
    </div>
  );
}

interface RowsProps {
  desk: Desk;
  resource: Resource | undefined;
  table: TableView | undefined;
  filter: string;
  everywhere: boolean;
  wide: boolean;
  now: number | undefined;
}

function Rows({ desk, resource, table, filter, everywhere, wide, now }: RowsProps) {
  if (!table || !resource) return <p class="quiet">Asking the cluster…</p>;
  if (table.rows.length === 0) return <Empty resource={resource} desk={desk} />;
  const rows = table.rows.filter(({ name }) => name.includes(filter));
  if (rows.length === 0)
    return (
      <p class="empty">
        None of {table.rows.length} has “{filter}” in its name.
      </p>
    );
  const shows = ({ name, priority }: Column): boolean =>
    wide || priority === 0 || (resource.id === "pods" && ["IP", "Node"].includes(name));
  const path = desk.selected.value?.path;
  const chosen = rows.find(({ namespace, name }) => refOf(resource, namespace, name).path === path);
  return (
    <ServerTable
      table={{ ...table, rows }}
      label={`${resource.kind}s, as the server prints them`}
      everywhere={everywhere && resource.namespaced}
      now={now}
      shows={shows}
      selected={chosen?.uid}
      select={({ namespace, name }: Row) =>
        (desk.selected.value = refOf(resource, namespace, name))
      }
      why={{
        of: ({ cells }) => !isAsWished(table.columns, cells),
        ask: ({ namespace, name }) => askWhy(desk, refOf(resource, namespace, name)),
      }}
    />
  );
}

/** Commands that make the first of a kind, for those that one makes by hand first. */
const makes: Record<string, string> = {
  pods: firstCommand,
  "deployments.apps": firstCommand,
  services: "kubectl expose deployment my-web --port=80",
  configmaps: "kubectl create configmap my-settings --from-literal=color=green",
  secrets: "kubectl create secret generic my-secret --from-literal=password=abc",
  "jobs.batch": "kubectl create job once --image=busybox -- echo done",
  "cronjobs.batch": "kubectl create cronjob hourly --image=busybox --schedule='0 * * * *' -- date",
};

function Empty({ resource: { id, kind, plural }, desk }: { resource: Resource; desk: Desk }) {
  const command = makes[id];
  const isNow = desk.moment.value === undefined;
  return (
    <div class="empty">
      <p>
        {id === "pods" ? "No Pods here yet." : `No ${plural} here.`}
        {command && isNow && ` This makes ${id === "pods" ? "some" : `a ${kind}`}:`}
      </p>
      {command && isNow && <Command command={command} type={desk.type} />}
      {isNow && desk.create && <p>Or create one from a template, or drop a file here.</p>}
    </div>
  );
}

function sorted(resources: Resource[]): Resource[] {
  const rank = (id: string): number => (first.includes(id) ? first.indexOf(id) : first.length);
  return resources
    .filter(({ verbs }) => verbs.includes("list"))
    .toSorted((a, b) => rank(a.id) - rank(b.id) || (a.id < b.id ? -1 : 1));
}
