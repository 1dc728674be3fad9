/** What a write to the Clock object does to time. */
import { parseTime, rfc3339, rebase, virtualAt, type ClockState } from "./core/clock.ts";
import type { Change, KubeObject } from "./core/object.ts";
import type { Client } from "./controllers/define.ts";

export interface ClockObject extends KubeObject {
  spec?: { paused?: boolean; speed?: number; advanceTo?: string; steps?: number };
  status?: { now?: string; offsetSeconds?: number; stepsDone?: number; frozen?: boolean };
}

export interface ClockCommand {
  clock: ClockState;
  /** Virtual moment to jump to, through every due moment before it. */
  advanceToMs: number | undefined;
  /** Single steps to take now. */
  steps: number;
  /** Writes what came of it into the Clock's status. */
  report(client: Client, clock: ClockState, nowMs: number, wallMs: number): void;
}

/** Compares what the object asks for with what is: the same Clock applied twice does nothing the second time. */
export function clockChange(
  change: Change,
  before: ClockState,
  nowMs: number,
  wallMs: number,
): ClockCommand {
  const object = change.object as ClockObject;
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
    report: (client, state, now, wall) => {
      if (change.op !== "delete") report(client, object, state, now, wall, done + steps);
    },
  };
}

function report(
  client: Client,
  object: ClockObject,
  clock: ClockState,
  nowMs: number,
  wallMs: number,
  stepsDone: number,
): void {
  client.modify<ClockObject>(
    "clocks.podyard.dev",
    "",
    object.metadata.name,
    (current) => ({
      ...current,
      status: {
        now: rfc3339(Math.max(nowMs, virtualAt(clock, wallMs))),
        offsetSeconds: Math.round((nowMs - wallMs) / 1000),
        stepsDone,
      },
    }),
    "status",
  );
}
