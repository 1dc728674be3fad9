/** What a function of CEL is. */
import type { Meter } from "../meter.ts";
import { CelError, type Value } from "../values.ts";

/**
 * The receiver is the first of the arguments; none of them is an error. `overload` is the declaration's id where the checker
 * found just one. Undefined: not for these types.
 */
export type CelFunction = (
  args: readonly Value[],
  meter: Meter,
  overload: string,
) => Value | undefined;

export type CelFunctions = Readonly<Record<string, CelFunction>>;

export const failed = (text: string): CelError => new CelError(text);
