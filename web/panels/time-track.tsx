import { useComputed, useSignal } from "@preact/signals";
import type { HTMLAttributes, TargetedPointerEvent } from "preact";
import { useRef } from "preact/hooks";
import { timelineOf } from "../api/timeline.ts";
import type { Desk } from "../desk/desk.ts";
import { indexOf, marksOf, momentAt, momentsOf, placesOf, stepped } from "../time/marks.ts";
import { clockText, countText } from "../time/words.ts";

const marksMax = 160;
/** So often the panels follow a pointer that moves along. */
const followMs = 150;

const strides: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: -1e9,
  End: 1e9,
};

/** What lies on the track. */
function useTrack({ sandbox, live }: Desk) {
  const log = timelineOf(sandbox);
  const moments = useComputed(() => momentsOf(log.rows.value ?? []));
  const places = useComputed(() => {
    const last = moments.value.at(-1)?.atMs ?? 0;
    return placesOf(moments.value, Math.max(last, live.changes?.time.nowMs ?? last));
  });
  const marks = useComputed(() => marksOf(moments.value, places.value, marksMax));
  return { log, moments, places, marks };
}

type Track = ReturnType<typeof useTrack>;

/** Follows a pointer along the track; `held` is where it is, before the panels have followed. */
function useDragging({ moment }: Desk, { moments, places }: Track) {
  const last = useRef<number | undefined>(undefined);
  const held = useSignal<number | undefined>(undefined);
  const lookAt = (event: TargetedPointerEvent<HTMLDivElement>, ends: boolean): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const place = Math.min(1, Math.max(0, (event.clientX - left) / width));
    held.value = ends ? undefined : place;
    const now = performance.now();
    if (!ends && last.current !== undefined && now - last.current < followMs) return;
    last.current = ends ? undefined : now;
    const found = momentAt(moments.value, places.value, place);
    moment.value = found === moments.value.at(-1) ? undefined : found?.revision;
  };
  const handlers: HTMLAttributes<HTMLDivElement> = {
    onPointerDown: (event) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      lookAt(event, false);
    },
    onPointerMove: (event) => {
      if (last.current !== undefined) lookAt(event, false);
    },
    onPointerUp: (event) => {
      if (last.current !== undefined) lookAt(event, true);
    },
    onPointerCancel: () => {
      last.current = undefined;
      held.value = undefined;
    },
  };
  return { held, handlers };
}

/** The kept past with marks of what happened; a slider that says at which moment of it one looks. */
export function TimeTrack({ desk }: { desk: Desk }) {
  const track = useTrack(desk);
  const { held, handlers } = useDragging(desk, track);
  const { log, moments, places, marks } = track;
  const revision = desk.moment.value;
  const press = (event: KeyboardEvent): void => {
    const by = strides[event.key];
    if (by === undefined || moments.value.length === 0) return;
    event.preventDefault();
    desk.moment.value = stepped(moments.value, revision, by);
  };
  const last = Math.max(0, moments.value.length - 1);
  const at = revision === undefined ? last : Math.min(last, indexOf(moments.value, revision));
  const shown = moments.value[at];
  const place = held.value ?? (revision === undefined ? 1 : (places.value[at] ?? 1));
  const title = `${countText(moments.value.length, "moment")}${log.hasMore.value ? ", and earlier ones in the timeline" : ""}`;
  return (
    <div
      class="time-track"
      role="slider"
      tabIndex={0}
      aria-label="Moment of the kept past"
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={at}
      aria-valuetext={
        revision === undefined || !shown ? "now" : `revision ${revision}, ${clockText(shown.atMs)}`
      }
      title={title}
      onKeyDown={press}
      {...handlers}
    >
      {marks.value.map((mark) => (
        <span
          key={mark.place}
          class={mark.byPerson ? "time-mark person" : "time-mark"}
          style={{ left: `${100 * mark.place}%`, height: `${20 + 60 * mark.height}%` }}
        />
      ))}
      <span class="time-thumb" style={{ left: `${100 * place}%` }} />
    </div>
  );
}
