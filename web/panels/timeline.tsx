import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { objectPath, resourcesOf } from "../api/discovery.ts";
import { timelineOf, type TimelineRow } from "../api/timeline.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { concerns, isBy, peopleOf } from "../time/filter.ts";
import { clockText, momentText } from "../time/words.ts";
import { Problem } from "../ui/panel.tsx";
import { useWork } from "../ui/work.ts";
import "./timeline.css";

const rowsAtOnce = 100;

/** Everything that happened, with who did it, the newest first. */
export function Timeline({ desk }: { desk: Desk }) {
  const log = timelineOf(desk.sandbox);
  const by = useSignal("");
  const selectedOnly = useSignal(true);
  const withEvents = useSignal(true);
  const most = useSignal(rowsAtOnce);
  const { busy, problem, run } = useWork();
  useEffect(() => log.listen(), []);

  const rows = log.rows.value;
  const object = selectedOnly.value ? desk.selected.value : undefined;
  const chosen = rows?.filter(
    (row) =>
      (withEvents.value || row.resource !== "events") &&
      isBy(row, by.value) &&
      (!object || concerns(row, object)),
  );
  const shown = chosen?.slice(-most.value).reverse();
  const hasMore = log.hasMore.value || (chosen?.length ?? 0) > most.value;
  const more = async (): Promise<void> => {
    most.value += rowsAtOnce;
    if ((chosen?.length ?? 0) < most.value) await log.more();
  };
  return (
    <section class="panel timeline" aria-labelledby="timeline-title">
      <div class="title">
        <h2 id="timeline-title">Timeline</h2>
        <label>
          By{" "}
          <select value={by.value} onChange={(event) => (by.value = event.currentTarget.value)}>
            <option value="">everybody</option>
            <option value="people">people</option>
            <option value="cluster">the cluster</option>
            {peopleOf(rows ?? []).map((name) => (
              <option key={name} value={`name:${name}`}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <Check of={withEvents}>with Events</Check>
        {desk.selected.value && (
          <Check of={selectedOnly}>
            only {desk.selected.value.kind} {desk.selected.value.name}
          </Check>
        )}
      </div>
      <Problem text={problem.value ?? log.trouble.value} />
      {!shown && <p class="quiet">Asking the cluster…</p>}
      {shown?.length === 0 && (
        <p class="empty">
          {rows!.length === 0
            ? "Nothing has happened yet."
            : "Nothing of that has happened in what is loaded."}
        </p>
      )}
      <ol class="happenings" aria-label="What happened, newest first">
        {shown?.map((row) => (
          <Happening key={row.revision} row={row} desk={desk} />
        ))}
      </ol>
      {hasMore && (
        <button type="button" disabled={busy.value} onClick={() => run(more)}>
          Load more
        </button>
      )}
    </section>
  );
}

function Check({ of, children }: { of: { value: boolean }; children: preact.ComponentChildren }) {
  return (
    <label>
      <input
        type="checkbox"
        checked={of.value}
        onChange={(event) => (of.value = event.currentTarget.checked)}
      />{" "}
      {children}
    </label>
  );
}

function Happening({ row, desk }: { row: TimelineRow; desk: Desk }) {
  const { revision, at, by, text, resource } = row;
  const ms = Date.parse(at);
  const isShown = desk.moment.value === revision;
  const person = by.kind === "person" || by.kind === "service";
  const select = async (): Promise<void> => {
    desk.selected.value = (await refOf(desk, row)) ?? desk.selected.value;
  };
  return (
    <li class={`${person ? "person" : ""} ${isShown ? "shown" : ""}`}>
      <button
        type="button"
        class="then"
        aria-pressed={isShown}
        aria-label={`Look at ${clockText(ms)}, revision ${revision}`}
        title={`Revision ${revision}`}
        onClick={() => (desk.moment.value = isShown ? undefined : revision)}
      >
        {momentText(ms, desk.live.changes?.time.nowMs ?? ms)}
      </button>
      <button
        type="button"
        class="what"
        title={`Select ${resource} ${row.name}`}
        onClick={() => void select()}
      >
        {text}
      </button>
    </li>
  );
}

async function refOf(desk: Desk, row: TimelineRow): Promise<ObjectRef | undefined> {
  const resource = (await resourcesOf(desk.live).catch(() => undefined))?.get(row.resource);
  if (!resource) return undefined;
  const { id, kind } = resource;
  const { namespace, name } = row;
  return { resource: id, kind, namespace, name, path: objectPath(resource, namespace, name) };
}
