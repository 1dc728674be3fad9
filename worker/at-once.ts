import { tellAtOnceMax } from "./limits.ts";

/** Does it for each, a few at a time: a Worker has only so many requests open. Throws the first failure, after all have ended. */
export async function eachAtOnce<T>(
  all: readonly T[],
  what: (one: T) => Promise<void>,
): Promise<void> {
  const left = all.values();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (const one of left) await what(one).catch((error: unknown) => failures.push(error));
  };
  await Promise.all(Array.from({ length: Math.min(tellAtOnceMax, all.length) }, lane));
  if (failures.length > 0) throw failures[0];
}
