import { useSignal, type Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { timelineOf, type TimelineRow } from "../api/timeline.ts";
import { askWhy, refTo } from "../desk/ask-why.ts";
import type { Desk, ObjectRef } from "../desk/desk.ts";
import { concerns, isBy, peopleOf } from "../time/filter.ts";
import { isTrouble, subjectOf } from "../time/trouble.ts";
import { clockText, momentText } from "../time/words.ts";
import { Problem } from "../ui/panel.tsx";
import { usePageVisible } from "../ui/page-visible.ts";
import { WhyButton } from "../ui/why-button.tsx";
import { useWork } from "../ui/work.ts";
import "./timeline.css";

const rowsAtOnce = 100;

/** Everything that happened, with who did it, the newest first. */
export function Timeline({ desk }: { desk: Desk }) {
  const log = timelineOf(desk.sandbox);
  const wish: Wish = { by: useSignal(""), selectedOnly: useSignal(true), events: useSignal(true) };
  const most = useSignal(rowsAtOnce);
  const { busy, problem, run } = useWork();
  const { value: visible } = usePageVisible();
  useEffect(() => (visible ? log.listen() : undefined), [visible]);

  const chosen = log.rows.value && chosenOf(log.rows.value, wish, desk);
  const shown = chosen?.slice(-most.value).reverse();
  const hasMore = log.hasMore.value || (chosen?.length ?? 0) > most.value;
  const more = async (): Promise<void> => {
    most.value += rowsAtOnce;
    if ((chosen?.length ?? 0) < most.value) await log.more();
  };
  return (
    <section class="panel timeline" aria-labelledby="timeline-title">
      <Choice wish={wish} rows={log.rows.value ?? []} selected={desk.selected.value} />
      <Problem text={problem.value ?? log.trouble.value} />
      {!shown && <p class="quiet">Asking the cluster…</p>}
      {shown?.length === 0 && <p class="empty">Nothing of that has happened in what is loaded.</p>}
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

interface Wish {
  by: Signal<string>;
  selectedOnly: Signal<boolean>;
  events: Signal<boolean>;
}

function chosenOf(rows: TimelineRow[], wish: Wish, { selected }: Desk): TimelineRow[] {
  const object = wish.selectedOnly.value ? selected.value : undefined;
  return rows.filter(
    (row) =>
      (wish.events.value || row.resource !== "events") &&
      isBy(row, wish.by.value) &&
      (!object || concerns(row, object)),
  );
}

interface ChoiceProps {
  wish: Wish;
  rows: TimelineRow[];
  selected: ObjectRef | undefined;
}

function Choice({ wish: { by, selectedOnly, events }, rows, selected }: ChoiceProps) {
  return (
    <div class="title">
      <h2 id="timeline-title">Timeline</h2>
      <label>
        By{" "}
        <select value={by.value} onChange={(event) => (by.value = event.currentTarget.value)}>
          <option value="">everybody</option>
          <option value="people">people</option>
          <option value="cluster">the cluster</option>
          {peopleOf(rows).map((name) => (
            <option key={name} value={`name:${name}`}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <Check of={events}>with Events</Check>
      {selected && (
        <Check of={selectedOnly}>
          only {selected.kind} {selected.name}
        </Check>
      )}
    </div>
  );
}

function Check({ of, children }: { of: Signal<boolean>; children: ComponentChildren }) {
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
  const line = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isShown) line.current?.scrollIntoView({ block: "nearest" });
  }, [isShown]);
  const person = by.kind === "person" || by.kind === "service";
  const select = async (): Promise<void> => {
    desk.selected.value = (await refTo(desk, row)) ?? desk.selected.value;
  };
  const why = async (): Promise<void> => {
    const subject = await refTo(desk, subjectOf(row));
    if (!subject) return;
    desk.moment.value = revision;
    askWhy(desk, subject);
  };
  return (
    <li ref={line} class={`${person ? "person" : ""} ${isShown ? "shown" : ""}`}>
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
      {isTrouble(row) && <WhyButton of={subjectOf(row).name} ask={() => void why()} />}
    </li>
  );
}
