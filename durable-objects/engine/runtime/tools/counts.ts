/** Counts with a letter for their unit, as options take them. */
import type { Io } from "./tool.ts";

/** `10`, `2k`, `1m`. */
export function count(io: Io, text: string): number {
  const match = /^([-+]?\d+)([bkKmMgG]?)$/.exec(text);
  if (!match) return io.fail(`invalid number '${text}'`);
  return (
    Number(match[1]) *
    ({ b: 512, k: 1024, K: 1024, m: 1 << 20, M: 1 << 20, g: 2 ** 30, G: 2 ** 30 }[match[2] ?? ""] ??
      1)
  );
}
