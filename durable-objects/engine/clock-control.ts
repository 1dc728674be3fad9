/** What a write to the Clock object does to time. */
import { parseTime, rebase, type ClockState } from "./core/clock.ts";
import type { Change } from "./core/object.ts";
import { Clock } from "./kinds/clock.ts";
import type { Client } from "./controllers/define.ts";

export interface ClockCommand {
  clock: ClockState;
  /** Virtual moment to jump to, through every due moment before it. */
  advanceToMs: number | undefined;
  /** Single steps to take now. */
  steps: number;
  /** Writes into the Clock's status that the steps were taken. */
  report(client: Client): void;
}

/** Compares what the object asks for with what is: the same Clock applied twice does nothing the second time. */
export function clockChange(
  change: Change,
  before: ClockState,
  nowMs: number,
  wallMs: number,
): ClockCommand {
  const object = change.object as Clock;
  const spec = change.op === "delete" ? {} : (object.spec ?? {});
  const clock = rebase(before, wallMs, { paused: spec.paused ?? false, speed: spec.speed ?? 1 });
  clock.baseMs = Math.max(clock.baseMs, nowMs);
  const target = parseTime(spec.advanceTo);
  const ahead = target > nowMs ? target : undefined;
  if (ahead !== undefined) clock.baseMs = ahead;
  const done = object.status?.stepsDone ?? 0;
  const steps = Math.max(0, (spec.steps ?? 0) - done);
  return {
    clock,
    advanceToMs: ahead,
    steps,
    report: (client) => {
      if (change.op !== "delete" && steps > 0) report(client, object, done + steps);
    },
  };
}

function report(client: Client, clock: Clock, stepsDone: number): void {
  client.modify<Clock>(
    Clock.resource,
    "",
    clock.metadata.name,
    (current) => ({ ...current, status: { stepsDone } }),
    "status",
  );
}
