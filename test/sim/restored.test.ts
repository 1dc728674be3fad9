import { expect, test } from "vitest";
import { differs } from "./restored.ts";

/** At a random point of each of as many scenarios. */
const seeds = 40;

test(
  "what is restored from a snapshot goes on as after a loss of memory",
  { timeout: 300_000 },
  () => {
    for (let seed = 1; seed <= seeds; seed++) expect(differs(seed, 10, 5)).toBeUndefined();
  },
);
