import { useSignal } from "@preact/signals";
import { messageOf } from "../api/client.ts";
import { hasLogs } from "../api/logs.ts";
import { deleteObject, describe, eventsPath } from "../api/object.ts";
import { listTable, type TableView } from "../api/tables.ts";
import { whyView } from "../desk/ask-why.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { TabList } from "../desk/tab-list.tsx";
import { hasHandActions } from "../objects/hand-actions.ts";
import { useTold } from "../objects/told.ts";
import { Problem } from "../ui/panel.tsx";
import { ServerTable } from "../ui/server-table.tsx";
import { useWork } from "../ui/work.ts";
import { HandActions } from "./hand-actions.tsx";
import { Logs } from "./logs.tsx";
import { RelatedObjects } from "./related.tsx";
import { Why } from "./why.tsx";
import { YamlEditor } from "./yaml-editor.tsx";
import "./detail.css";

/** What there is to know of the selected object. */

type View = typeof whyView | "Describe" | "YAML" | "Events" | "Logs" | "Related" | "Actions";

export function Detail({ desk }: { desk: Desk }) {
  const object = desk.selected.value;
  if (!object) return null;
  const isNow = desk.moment.value === undefined;
  const writes = desk.sandbox.role !== "viewer" && isNow;
  const { view, field } = desk.detail.value;
  const views: View[] = [
    whyView,
    ...(writes ? (["Describe"] as const) : []),
    "YAML",
    "Events",
    ...(hasLogs(object) && isNow ? (["Logs"] as const) : []),
    "Related",
    ...(writes && hasHandActions(object) ? (["Actions"] as const) : []),
  ];
  const shown = views.find((name) => name === view) ?? "YAML";
  return (
    <aside class="panel detail" aria-labelledby="detail-title">
      <Title desk={desk} object={object} writes={writes} />
      <TabList
        label="Of this object"
        tabs={views.map((name) => ({ name, title: name }))}
        current={shown}
        choose={(name) => (desk.detail.value = { view: name })}
      />
      <div
        role="tabpanel"
        aria-label={shown}
        key={`${shown} ${object.path} ${desk.moment.value} ${field}`}
      >
        {shown === whyView && <Why desk={desk} object={object} />}
        {shown === "Describe" && <Described desk={desk} object={object} />}
        {shown === "YAML" && <YamlEditor desk={desk} object={object} field={field} />}
        {shown === "Events" && <Events desk={desk} object={object} />}
        {shown === "Logs" && <Logs desk={desk} object={object} />}
        {shown === "Related" && <RelatedObjects desk={desk} object={object} />}
        {shown === "Actions" && <HandActions desk={desk} object={object} />}
      </div>
    </aside>
  );
}

function Title({ desk, object, writes }: Part & { writes: boolean }) {
  const { busy, problem, run } = useWork();
  const close = (): void => void (desk.selected.value = undefined);
  const remove = async (): Promise<void> => {
    await deleteObject(desk.live, object);
    close();
  };
  return (
    <>
      <div class="title">
        <h2 id="detail-title">
          {object.kind} {object.name}
        </h2>
        {object.namespace !== "" && <span class="quiet">in {object.namespace}</span>}
        <span class="actions">
          {writes && (
            <button
              type="button"
              class="danger"
              disabled={busy.value}
              onClick={() => confirm(`Delete ${object.kind} ${object.name}?`) && run(remove)}
            >
              Delete
            </button>
          )}
          <button type="button" aria-label="Close the detail" onClick={close}>
            Close
          </button>
        </span>
      </div>
      <Problem text={problem.value} />
    </>
  );
}

interface Part {
  desk: Desk;
  object: ObjectRef;
}

function Described({ desk, object }: Part) {
  const text = useSignal<string | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  useTold(desk, object, () => {
    describe(desk.sandbox, object).then(
      (told) => {
        text.value = told;
        problem.value = undefined;
      },
      (error: unknown) => (problem.value = messageOf(error)),
    );
  });
  return (
    <>
      <Problem text={problem.value} />
      {text.value === undefined ? (
        !problem.value && <p class="quiet">Asking kubectl…</p>
      ) : (
        <pre class="told" tabIndex={0}>
          {text.value}
        </pre>
      )}
    </>
  );
}

function Events({ desk, object }: Part) {
  const table = useSignal<TableView | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  useTold(desk, object, () => {
    listTable(desk.shown.value, eventsPath(object)).then(
      (found) => (table.value = found),
      (error: unknown) => (problem.value = messageOf(error)),
    );
  });
  return (
    <>
      <Problem text={problem.value} />
      {table.value?.rows.length === 0 && (
        <p class="empty">No events. Kubernetes forgets them after an hour.</p>
      )}
      {table.value && table.value.rows.length > 0 && (
        <ServerTable
          table={table.value}
          label="Events"
          everywhere={false}
          shows={({ priority, name }) => priority === 0 && name !== "Object"}
        />
      )}
    </>
  );
}
