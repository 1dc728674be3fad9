/** What a write to the Clock object does to time. */
import { parseTime, type ClockState } from "../core/clock.ts";
import type { Change } from "../core/object.ts";
import { Clock, clockName, stepsDone } from "../kinds/podyard/clock.ts";
import type { Client } from "../ports/controller.ts";

/**
 * Time as the Clock asks for it from now on, virtual `nowMs` and wall `wallMs`: the same Clock applied twice changes
 * nothing the second time. A jump or steps that an earlier write began, and that this one no longer asks for, end here.
 */
export function clockChange(
  change: Change,
  before: ClockState,
  nowMs: number,
  wallMs: number,
): ClockState {
  const object = change.object as Clock;
  const spec = change.op === "delete" ? {} : (object.spec ?? {});
  const target = parseTime(spec.advanceTo);
  const stepsLeft = (spec.steps ?? 0) - stepsDoneBefore(change, before);
  return {
    baseMs: nowMs,
    wallBaseMs: wallMs,
    speed: spec.speed ?? 1,
    paused: spec.paused ?? false,
    frozen: before.frozen,
    ...(target > nowMs ? { jumpToMs: target } : {}),
    ...(change.op !== "delete" && stepsLeft > 0 ? { stepsLeft } : {}),
  };
}

/** How many of its steps were taken before it was written. */
export function stepsDoneBefore({ object, previous }: Change, { stepsLeft }: ClockState): number {
  return stepsDone((previous ?? object) as Clock, stepsLeft);
}

/** Writes into the Clock's status how many steps were taken; all of them, if nothing is said. */
export function reportSteps(client: Client, done?: number): void {
  client.modify<Clock>(
    Clock.resource,
    "",
    clockName,
    (current) => ({
      ...current,
      status: { stepsDone: done ?? current.spec?.steps ?? 0 },
    }),
    "status",
  );
}
