/**
 * The Clock of a sandbox: virtual time, steered like any object. There is one, named `cluster`, from birth on; deleted,
 * time runs as the wall's does. Its fields are described in schema/podyard-descriptions.ts. All of spec is idempotent:
 * applied twice it does nothing the second time.
 */
import type { Reader } from "../../ports/controller.ts";
import { invalid, notSupported, type FieldError } from "../../machinery/field.ts";
import { negativeText, notPositiveText } from "../../machinery/names.ts";
import { parseTime, rfc3339 } from "../../core/clock.ts";
import type { KubeObject } from "../../core/object.ts";
import { clockJumpDaysMax, clockSpeedMax, clockStepsMax } from "../../core/limits.ts";
import { age, ageColumn, column, nameColumn } from "../columns.ts";
import type { Kind } from "../define.ts";
import { schemaNamed } from "../../schema/types.ts";

export interface Clock extends KubeObject {
  spec?: {
    /** Time and controllers stand still; the API goes on. */
    paused?: boolean;
    /** Virtual seconds per second, above 0. */
    speed?: number;
    /** Go through every due moment up to this one; nothing when it lies behind. RFC3339 */
    advanceTo?: string;
    /** How many single steps were ever asked for: raise it to take more. */
    steps?: number;
  };
  /** All but stepsDone is worked out when read (`present`), and that too while a row of steps is under way. */
  status?: {
    now?: string;
    /** How far virtual time is ahead of the wall. */
    offsetSeconds?: number;
    nextDue?: string;
    /** Where a jump leads that is still under way. */
    advancingTo?: string;
    stepsDone?: number;
  };
}

export const clockName = "cluster";

/** An error for a moment that is too far ahead, unless it was there before. */
function tooFar(clock: Clock, old: Clock | undefined, now: number): FieldError[] {
  const errors: FieldError[] = [];
  const { advanceTo, steps = 0 } = clock.spec ?? {};
  const last = now + clockJumpDaysMax * 86_400_000;
  if (
    advanceTo !== undefined &&
    advanceTo !== old?.spec?.advanceTo &&
    parseTime(advanceTo) > last
  ) {
    const detail = `must not be more than ${clockJumpDaysMax} days ahead of the cluster's time, which is ${rfc3339(now)}`;
    errors.push(invalid("spec.advanceTo", advanceTo, detail));
  }
  const most = (old?.status?.stepsDone ?? 0) + clockStepsMax;
  if (steps !== old?.spec?.steps && steps > most) {
    errors.push(invalid("spec.steps", steps, `must be less than or equal to ${most}`));
  }
  return errors;
}

function validate(clock: Clock, old: Clock | undefined, now: number): FieldError[] {
  const errors: FieldError[] = [];
  const { name } = clock.metadata;
  if (name !== clockName) errors.push(notSupported("metadata.name", name, [clockName]));
  const { speed, steps } = clock.spec ?? {};
  if (speed !== undefined && !(speed > 0)) {
    errors.push(invalid("spec.speed", speed, notPositiveText));
  } else if (speed !== undefined && speed > clockSpeedMax) {
    const detail = `must be less than or equal to ${clockSpeedMax}`;
    errors.push(invalid("spec.speed", speed, detail));
  }
  if (steps !== undefined && steps < 0) errors.push(invalid("spec.steps", steps, negativeText));
  return [...errors, ...tooFar(clock, old, now)];
}

const afterAJump =
  "kubectl describe counts ages by its own machine's clock: what happens after a jump ahead is <invalid> to it";

const offsetText = (clock: Clock): string => `${clock.status?.offsetSeconds ?? 0}s`;

/** The Clock's current state. */
function present(clock: Clock, now: number, reader: Reader): Clock {
  const { offsetMs, nextDueMs, jumpToMs, stepsLeft } = reader.clock();
  const status: Clock["status"] = {
    now: rfc3339(now),
    offsetSeconds: Math.round(offsetMs / 1000),
    ...(nextDueMs === undefined ? {} : { nextDue: rfc3339(nextDueMs) }),
    ...(jumpToMs === undefined ? {} : { advancingTo: rfc3339(jumpToMs) }),
    stepsDone: stepsDone(clock, stepsLeft),
  };
  return { ...clock, status };
}

/**
 * Of `spec.steps`. It is stored when all are done: how far a row of them has come is a matter of how turns were cut, which no
 * revision may tell.
 */
export const stepsDone = ({ spec, status }: Clock, left: number | undefined): number =>
  left === undefined ? (status?.stepsDone ?? 0) : Math.max(0, (spec?.steps ?? 0) - left);

export const Clock: Kind<Clock> = {
  resource: "clocks.podyard.dev",
  apiVersion: "podyard.dev/v1",
  kind: "Clock",
  schema: schemaNamed("podyard/v1.Clock"),
  present,
  namespaced: false,
  hasGeneration: true,
  discovery: { singular: "clock", shortNames: [], categories: ["podyard"], status: true },
  applyDefaults: (clock) =>
    clock.spec?.speed === undefined ? { ...clock, spec: { ...clock.spec, speed: 1 } } : clock,
  prepareForCreate: (clock) => ({ ...clock, status: {} }),
  validateCreate: (clock, { now }) => validate(clock, undefined, now),
  validateUpdate: (clock, old, { now }) => validate(clock, old, now),
  warnings({ spec }, old) {
    const isNew = spec?.advanceTo !== undefined && spec.advanceTo !== old?.spec?.advanceTo;
    return isNew ? [afterAJump] : [];
  },
  table: {
    columns: [
      nameColumn,
      column("Now", "Virtual time.", "date"),
      column("Speed", "Virtual seconds per second.", "number"),
      column("Paused", "Whether time stands still.", "boolean"),
      column("Offset", "How far virtual time is ahead of the wall."),
      ageColumn,
    ],
    cells: (clock, now) => [
      clock.metadata.name,
      rfc3339(now),
      clock.spec?.speed ?? 1,
      clock.spec?.paused ?? false,
      offsetText(clock),
      age(clock, now),
    ],
  },
};
