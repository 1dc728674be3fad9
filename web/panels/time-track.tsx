import { useComputed, useSignal } from "@preact/signals";
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

/** The kept past with marks of what happened; a slider that says at which moment of it one looks. */
export function TimeTrack({ desk }: { desk: Desk }) {
  const { moment, sandbox, live } = desk;
  const log = timelineOf(sandbox);
  const track = useRef<HTMLDivElement>(null);
  const drag = useRef<{ atMs: number } | undefined>(undefined);
  /** Where the pointer is, before the panels have followed. */
  const held = useSignal<number | undefined>(undefined);
  const moments = useComputed(() => momentsOf(log.rows.value ?? []));
  const places = useComputed(() => {
    const last = moments.value.at(-1)?.atMs ?? 0;
    return placesOf(moments.value, Math.max(last, live.changes?.time.nowMs ?? last));
  });
  const marks = useComputed(() => marksOf(moments.value, places.value, marksMax));

  const lookAt = (event: PointerEvent, ends: boolean): void => {
    const { left, width } = track.current!.getBoundingClientRect();
    const place = Math.min(1, Math.max(0, (event.clientX - left) / width));
    held.value = ends ? undefined : place;
    const now = performance.now();
    if (!ends && drag.current && now - drag.current.atMs < followMs) return;
    drag.current = ends ? undefined : { atMs: now };
    const found = momentAt(moments.value, places.value, place);
    moment.value = found === moments.value.at(-1) ? undefined : found?.revision;
  };
  const press = (event: KeyboardEvent): void => {
    const by = strides[event.key];
    if (by === undefined || moments.value.length === 0) return;
    event.preventDefault();
    moment.value = stepped(moments.value, moment.value, by);
  };

  const last = Math.max(0, moments.value.length - 1);
  const at =
    moment.value === undefined ? last : Math.min(last, indexOf(moments.value, moment.value));
  const shown = moments.value[at];
  const place = held.value ?? (moment.value === undefined ? 1 : (places.value[at] ?? 1));
  return (
    <div
      class="time-track"
      ref={track}
      role="slider"
      tabIndex={0}
      aria-label="Moment of the kept past"
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={at}
      aria-valuetext={
        moment.value === undefined || !shown
          ? "now"
          : `revision ${moment.value}, ${clockText(shown.atMs)}`
      }
      title={`${countText(moments.value.length, "moment")}${log.hasMore.value ? ", and earlier ones in the timeline" : ""}`}
      onKeyDown={press}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        lookAt(event, false);
      }}
      onPointerMove={(event) => drag.current && lookAt(event, false)}
      onPointerUp={(event) => drag.current && lookAt(event, true)}
      onPointerCancel={() => {
        drag.current = undefined;
        held.value = undefined;
      }}
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
