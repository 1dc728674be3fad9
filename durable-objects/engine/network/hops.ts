/** The way of a request, station by station: what `request` returns and the console shows. */
import type { Hop } from "../kinds/podyard/trace.ts";

export const hop = (
  kind: Hop["kind"],
  name: string,
  detail: string,
  more: Partial<Hop> = {},
): Hop => ({ kind, name, detail, ...more });
