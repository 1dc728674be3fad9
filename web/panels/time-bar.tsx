import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { clockOf, speeds, type ClockControl } from "../api/clock.ts";
import { timelineOf } from "../api/timeline.ts";
import type { Desk } from "../desk/desk.ts";
import { listenForTimeKeys } from "../desk/time-keys.ts";
import { momentBefore, momentsOf } from "../time/marks.ts";
import {
  fieldText,
  momentIn,
  momentText,
  offsetText,
  offsetWords,
  clockText,
  spanText,
} from "../time/words.ts";
import { Icon } from "../ui/icon.tsx";
import { Problem } from "../ui/panel.tsx";
import { usePageVisible } from "../ui/page-visible.ts";
import { MomentBanner } from "./moment-banner.tsx";
import { TimeTrack } from "./time-track.tsx";
import "./time-bar.css";

/** The cluster's time: how it runs, and which moment of it the panels show. */
export function TimeBar({ desk }: { desk: Desk }) {
  const control = clockOf(desk.live);
  const log = timelineOf(desk.sandbox);
  const { value: visible } = usePageVisible();
  useEffect(() => listenForTimeKeys(desk), [desk]);
  useEffect(() => {
    if (!visible) return;
    const ends = [control.follow(), log.listen()];
    return () => ends.forEach((end) => end());
  }, [visible]);
  // While it stands, what is due next follows from what was done last.
  useEffect(() =>
    log.rows.subscribe(() => {
      if (control.clock.peek()?.spec?.paused) control.read().catch(() => {});
    }),
  );
  // On a phone all but the clock is folded away.
  const unfolded = useSignal(false);
  const { paused = false } = control.clock.value?.spec ?? {};
  return (
    <section class={`time-bar ${unfolded.value ? "unfolded" : ""}`} aria-label="Time">
      <MomentBanner desk={desk} />
      <div class="time-line">
        <button
          type="button"
          class="time-fold"
          aria-expanded={unfolded.value}
          onClick={() => (unfolded.value = !unfolded.value)}
        >
          <Icon name={paused ? "pause" : "play"} /> Time <Icon name="caret" />
        </button>
        {desk.sandbox.role !== "viewer" && <Steering desk={desk} control={control} />}
        <TimeTrack desk={desk} />
        <Running desk={desk} control={control} />
      </div>
      <Problem text={control.problem.value} />
    </section>
  );
}

interface Steered {
  desk: Desk;
  control: ClockControl;
}

function Steering({ desk, control }: Steered) {
  const { paused = false, speed = 1 } = control.clock.value?.spec ?? {};
  const known: readonly number[] = speeds;
  const choices = known.includes(speed) ? known : [speed, ...known];
  return (
    <div class="time-steering">
      <button
        type="button"
        class="time-icon"
        aria-label={paused ? "Play" : "Pause"}
        title={`${paused ? "Play" : "Pause"} (Space)`}
        onClick={() => control.steer(() => control.set({ paused: !paused }))}
      >
        <Icon name={paused ? "play" : "pause"} />
      </button>
      <select
        aria-label="Speed"
        value={String(speed)}
        onChange={(event) => {
          const chosen = Number(event.currentTarget.value);
          control.steer(() => control.set({ speed: chosen }));
        }}
      >
        {choices.map((one) => (
          <option key={one} value={String(one)}>
            {one}x
          </option>
        ))}
      </select>
      <button
        type="button"
        class="time-icon"
        aria-label="Next event"
        title="Pause, and go to the next moment at which something is due"
        onClick={() => control.steer(() => control.step())}
      >
        <Icon name="step" />
      </button>
      <Jump desk={desk} control={control} />
    </div>
  );
}

const jumps: [label: string, seconds: number][] = [
  ["+1 min", 60],
  ["+10 min", 600],
  ["+1 h", 3_600],
];

function Jump({ desk, control }: Steered) {
  const open = useSignal(false);
  const opener = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    open.value = false;
    opener.current?.focus();
  };
  return (
    <div
      class="time-jump"
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open.value) return;
        event.stopPropagation();
        close();
      }}
    >
      <button
        type="button"
        ref={opener}
        aria-expanded={open.value}
        onClick={() => (open.value = !open.value)}
      >
        Jump
      </button>
      {open.value && <Jumps desk={desk} control={control} close={close} />}
    </div>
  );
}

function Jumps({ desk, control, close }: Steered & { close: () => void }) {
  const { time } = desk.live.changes!;
  const jump = (work: () => Promise<unknown>): void => {
    close();
    control.steer(work);
  };
  const jumpTo = (advanceTo: string): void => {
    const ms = Date.parse(advanceTo);
    if (ms > (time.nowMs ?? 0)) return jump(() => control.set({ advanceTo }));
    close();
    const moments = momentsOf(timelineOf(desk.sandbox).rows.value ?? []);
    desk.moment.value = momentBefore(moments, ms)?.revision;
  };
  return (
    <div class="time-jumps" role="group" aria-label="Jump ahead">
      {jumps.map(([label, seconds]) => (
        <button key={label} type="button" onClick={() => jump(() => control.jumpBy(seconds))}>
          {label}
        </button>
      ))}
      <form
        class="field"
        onSubmit={(event) => {
          event.preventDefault();
          const field = event.currentTarget.elements.namedItem("moment") as HTMLInputElement;
          const moment = momentIn(field.value);
          if (moment) jumpTo(moment);
        }}
      >
        <label>
          To (UTC){" "}
          <input
            type="datetime-local"
            name="moment"
            step="1"
            required
            defaultValue={fieldText(time.nowMs ?? Date.now())}
          />
        </label>
        <button type="submit">Go</button>
      </form>
    </div>
  );
}

const tickMs = 250;

/** The virtual clock as it runs. */
function Running({ desk, control }: { desk: Desk; control: ClockControl }) {
  const now = useSignal<number | undefined>(undefined);
  const { time } = desk.live.changes!;
  useEffect(() => {
    const tick = (): void => {
      const told = time.nowMs;
      now.value = told === undefined ? undefined : Math.floor(told / 1000) * 1000;
    };
    tick();
    const timer = setInterval(tick, tickMs);
    return () => clearInterval(timer);
  }, []);
  if (now.value === undefined) return <span class="time-now quiet">…</span>;
  const { spec, status } = control.clock.value ?? {};
  const wall = control.wallMs;
  const offset = wall === undefined ? undefined : (now.value - wall) / 1000;
  const due = status?.nextDue === undefined ? undefined : Date.parse(status.nextDue) - now.value;
  const target = status?.advancingTo && Date.parse(status.advancingTo);
  return (
    <div class="time-now">
      <time dateTime={new Date(now.value).toISOString()} title={new Date(now.value).toUTCString()}>
        {momentText(now.value, wall ?? now.value)}
      </time>{" "}
      {offset !== undefined && Math.abs(offset) >= 2 ? (
        <span class="quiet" title={`The cluster's time is ${offsetWords(offset)}.`}>
          {offsetText(offset)}
        </span>
      ) : (
        <span class="quiet">UTC</span>
      )}
      <span class="time-state quiet" role="status">
        {target && target > now.value
          ? `jumping to ${clockText(target)}`
          : spec?.paused
            ? `paused${due !== undefined && due >= 0 ? `, next in ${spanText(due / 1000)}` : ""}`
            : ""}
      </span>
    </div>
  );
}
