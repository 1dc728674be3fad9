import { dueMoment } from "../../core/clock.ts";
import type { Wait } from "./state.ts";

/** A wait that ends at no moment of the calendar waits for its other events only. */
export function storedWait(wait: Wait): Wait {
  if (wait.t === undefined) return wait;
  const t = dueMoment(wait.t);
  if (t === wait.t) return wait;
  const { t: _never, ...rest } = wait;
  return t === undefined ? rest : { ...rest, t };
}
