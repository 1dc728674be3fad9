import { useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { messageOf } from "../api/client.ts";
import {
  containersOf,
  deleteObject,
  describe,
  eventsPath,
  followLog,
  type LogChoice,
} from "../api/object.ts";
import { listTable, type TableView } from "../api/tables.ts";
import { whyView } from "../desk/ask-why.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { useTold } from "../desk/told.ts";
import { Problem } from "../ui/panel.tsx";
import { ServerTable } from "../ui/server-table.tsx";
import { useWork } from "../ui/work.ts";
import { Why } from "./why.tsx";
import { YamlEditor } from "./yaml-editor.tsx";
import "./detail.css";

/** What there is to know of the selected object. */

type View = typeof whyView | "Describe" | "YAML" | "Events" | "Logs";

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
    ...(object.resource === "pods" && isNow ? (["Logs"] as const) : []),
  ];
  const shown = views.find((name) => name === view) ?? "YAML";
  return (
    <aside class="panel detail" aria-labelledby="detail-title">
      <Title desk={desk} object={object} writes={writes} />
      <div class="tabs" role="tablist" aria-label="Of this object">
        {views.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            aria-selected={shown === name}
            onClick={() => (desk.detail.value = { view: name })}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" aria-label={shown} key={`${shown} ${object.path} ${desk.moment.value} ${field}`}>
        {shown === whyView && <Why desk={desk} object={object} />}
        {shown === "Describe" && <Described desk={desk} object={object} />}
        {shown === "YAML" && <YamlEditor desk={desk} object={object} field={field} />}
        {shown === "Events" && <Events desk={desk} object={object} />}
        {shown === "Logs" && <Log desk={desk} object={object} />}
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

/** Of its kind, or of its Events. */
const tellsOf =
  ({ resource }: ObjectRef) =>
  (changed: string): boolean =>
    changed === resource || changed === "events";

function Described({ desk, object }: Part) {
  const text = useSignal<string | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  useTold(desk, tellsOf(object), () => {
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
        <pre tabIndex={0}>{text.value}</pre>
      )}
    </>
  );
}

function Events({ desk, object }: Part) {
  const table = useSignal<TableView | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  useTold(desk, tellsOf(object), () => {
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

/** Lines that are shown; what is older is left to kubectl. */
const linesMax = 2_000;

/** A container's log, as it is followed. */
function useLog(desk: Desk, object: ObjectRef) {
  const names = useSignal<string[]>([]);
  const choice = useSignal<LogChoice | undefined>(undefined);
  const lines = useSignal<readonly string[]>([]);
  const problem = useSignal<string | undefined>(undefined);
  useSignalEffect(() => {
    containersOf(desk.live, object).then(
      (found) => {
        names.value = found;
        choice.value = { container: found[0] ?? "", previous: false };
      },
      (error: unknown) => (problem.value = messageOf(error)),
    );
  });
  useSignalEffect(() => {
    const chosen = choice.value;
    if (!chosen) return;
    const stop = new AbortController();
    lines.value = [];
    problem.value = undefined;
    followLog(desk.live, object, chosen, collect(lines), stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) problem.value = messageOf(error);
    });
    return () => stop.abort();
  });
  return { names, choice, lines, problem };
}

function Log({ desk, object }: Part) {
  const { names, choice, lines, problem } = useLog(desk, object);
  const filter = useSignal("");
  const shown = lines.value.filter((line) => line.includes(filter.value));
  const change = (part: Partial<LogChoice>): void => {
    if (choice.value) choice.value = { ...choice.value, ...part };
  };
  return (
    <>
      <div class="choices">
        <select
          aria-label="Container"
          value={choice.value?.container}
          onChange={(event) => change({ container: event.currentTarget.value })}
        >
          {names.value.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
        <label>
          <input
            type="checkbox"
            checked={choice.value?.previous ?? false}
            onChange={(event) => change({ previous: event.currentTarget.checked })}
          />{" "}
          previous
        </label>
        <input
          aria-label="Filter lines"
          placeholder="filter"
          value={filter.value}
          onInput={(event) => (filter.value = event.currentTarget.value)}
        />
      </div>
      <Problem text={problem.value} />
      <pre class="log" tabIndex={0} role="log" aria-label="Log">
        {shown.join("\n") || "Nothing was printed yet."}
      </pre>
    </>
  );
}

/** Lines come in bursts: they are shown together. */
function collect(lines: Signal<readonly string[]>): (line: string) => void {
  let fresh: string[] = [];
  return (line) => {
    if (fresh.push(line) > 1) return;
    setTimeout(() => {
      lines.value = [...lines.value, ...fresh].slice(-linesMax);
      fresh = [];
    }, 50);
  };
}
