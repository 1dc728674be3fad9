import { dueMoment } from "../../core/clock.ts";
import type { Wait } from "./state.ts";

/** A wait that ends at no moment of the calendar waits for its other events only. */
export function storedWait(wait: Wait): Wait {
  if (wait.untilMs === undefined) return wait;
  const untilMs = dueMoment(wait.untilMs);
  if (untilMs === wait.untilMs) return wait;
  const { untilMs: _never, ...rest } = wait;
  return untilMs === undefined ? rest : { ...rest, untilMs };
}
