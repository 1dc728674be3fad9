import { useSignal } from "@preact/signals";
import { lazy, Suspense } from "preact/compat";
import { useEffect, useRef } from "preact/hooks";
import { rowsSince, undoTo, type Undone } from "../api/past.ts";
import { forkSandbox, placeOf } from "../api/sandboxes.ts";
import { timelineOf } from "../api/timeline.ts";
import type { Desk } from "../desk/desk.ts";
import { changedByPeople, type ObjectName } from "../time/undoing.ts";
import { countText, momentText } from "../time/words.ts";
import { Problem } from "../ui/panel.tsx";
import { useLoaded, useWork } from "../ui/work.ts";

const Comparing = lazy(async () => (await import("./comparing.tsx")).Comparing);

/** Says that the panels show the past, and what can be done from there. */
export function MomentBanner({ desk }: { desk: Desk }) {
  const { sandbox, moment } = desk;
  const asks = useSignal<"undo" | "compare" | undefined>(undefined);
  const done = useSignal<Undone | undefined>(undefined);
  const { busy, problem, run } = useWork();
  const at = moment.value;
  if (at === undefined) return <WhatWasUndone done={done.value} />;
  const fork = async (): Promise<void> => location.assign(placeOf(await forkSandbox(sandbox, at)));
  return (
    <div class="moment-banner">
      <p role="status">
        You look at <b>revision {at}</b>
        <Then desk={desk} at={at} />
      </p>
      <div class="actions">
        <button type="button" onClick={() => (moment.value = undefined)}>
          Back to now
        </button>
        <button type="button" disabled={busy.value} onClick={() => run(fork)}>
          Fork from here
        </button>
        {sandbox.role !== "viewer" && (
          <button type="button" onClick={() => (asks.value = "undo")}>
            Undo to here…
          </button>
        )}
        <button type="button" onClick={() => (asks.value = "compare")}>
          Compare with now
        </button>
      </div>
      <Problem text={problem.value} />
      {asks.value === "undo" && (
        <Undoing
          desk={desk}
          to={at}
          close={() => (asks.value = undefined)}
          tell={(undone) => {
            asks.value = undefined;
            done.value = undone;
            moment.value = undefined;
          }}
        />
      )}
      {asks.value === "compare" && (
        <Suspense fallback={<p class="quiet">Loading…</p>}>
          <Comparing sandbox={sandbox} from={at} close={() => (asks.value = undefined)} />
        </Suspense>
      )}
    </div>
  );
}

/** When it was, and what had just happened. */
function Then({ desk, at }: { desk: Desk; at: number }) {
  const row = timelineOf(desk.sandbox).rows.value?.findLast(({ revision }) => revision <= at);
  if (!row) return null;
  const ms = Date.parse(row.at);
  return (
    <>
      , <time dateTime={row.at}>{momentText(ms, desk.live.changes?.time.nowMs ?? ms)}</time>
      <span class="quiet">
        {row.text}. {desk.sandbox.role !== "viewer" && "Terminals stay in the present."}
      </span>
    </>
  );
}

function WhatWasUndone({ done }: { done: Undone | undefined }) {
  if (!done) return null;
  const { to, created, updated, deleted, left } = done;
  return (
    <div class="moment-banner">
      <p role="status">
        Went back to revision {to}: {countText(created, "object")} made again, {updated} changed
        back, {deleted} deleted.
      </p>
      {left.map((one) => (
        <p key={one} class="quiet">
          Left as it is: {one}
        </p>
      ))}
    </div>
  );
}

interface UndoingProps {
  desk: Desk;
  to: number;
  close: () => void;
  tell: (done: Undone) => void;
}

const namedMax = 8;

function Undoing({ desk: { sandbox }, to, close, tell }: UndoingProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { busy, problem, run } = useWork();
  const { value: since, problem: unknown } = useLoaded(() => rowsSince(sandbox, to));
  useEffect(() => dialog.current?.showModal(), []);
  const objects = since.value && changedByPeople(since.value.rows);
  return (
    <dialog ref={dialog} aria-labelledby="undo-title" onClose={close}>
      <h2 id="undo-title">Undo to revision {to}?</h2>
      <p>
        What people changed since is taken back by new revisions; the controllers follow, and what
        they made goes on. This can be undone too.
      </p>
      <Changed objects={objects} whole={since.value?.whole ?? true} />
      <Problem text={problem.value ?? unknown.value} />
      <div class="actions">
        <button
          type="button"
          class="danger"
          disabled={busy.value || !objects}
          onClick={() => run(async () => tell(await undoTo(sandbox, to)))}
        >
          Undo
        </button>
        <button type="button" onClick={close}>
          Leave it
        </button>
      </div>
    </dialog>
  );
}

function Changed({ objects, whole }: { objects: ObjectName[] | undefined; whole: boolean }) {
  if (!objects) return <p class="quiet">Counting…</p>;
  if (objects.length === 0 && whole) return <p>People have changed no object since then.</p>;
  return (
    <>
      <p>
        {whole ? "" : "At least "}
        <b>{countText(objects.length, "object")}</b> changed by people since then:
      </p>
      <ul>
        {objects.slice(0, namedMax).map(({ resource, namespace, name }) => (
          <li key={`${resource} ${namespace}/${name}`}>
            {resource} {namespace === "" ? name : `${namespace}/${name}`}
          </li>
        ))}
        {objects.length > namedMax && <li>and {objects.length - namedMax} more</li>}
      </ul>
    </>
  );
}
