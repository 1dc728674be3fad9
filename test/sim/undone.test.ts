import { expect, test } from "vitest";
import { undone } from "./undone.ts";

const seeds = 40;

test(
  "an undo brings back what persons had written, and undone what they had written since",
  { timeout: 300_000 },
  () => {
    let changed = 0;
    let reached = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const outcome = undone(seed, 16);
      expect(outcome.wrong, `seed ${seed}`).toEqual([]);
      changed += outcome.changed;
      if (outcome.reached) reached += 1;
    }
    expect(changed).toBeGreaterThan(seeds);
    expect(reached).toBeGreaterThan(seeds / 2);
  },
);
