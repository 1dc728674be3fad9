import { bornBefore } from "../core/born-rows.ts";
import type { EngineOptions } from "./wiring.ts";

/** All that births differ by, beside identity and moment. */
export const bornAs = ({ limits }: EngineOptions, nodes: number): string =>
  JSON.stringify([nodes, limits]);

/**
 * Whether a new cluster may be born when it is first asked something, from what it is born with alone: one like it was born before, and
 * no moment of that came by itself.
 */
export const mayWait = (options: EngineOptions, nodes: number): boolean =>
  bornBefore.get(bornAs(options, nodes))?.isQuiet === true;
