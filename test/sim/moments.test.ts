import { expect, test } from "vitest";
import { momentsOf } from "./moments.ts";

/** Every size of the log among them: as it is, and so small that checkpoints and cuts come often. */
const seeds = 24;

test("a snapshot of an earlier moment is the one that was taken then", { timeout: 300_000 }, () => {
  let same = 0;
  let tooOld = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const compared = momentsOf(seed, 20);
    expect(compared.wrong, `seed ${seed}`).toEqual([]);
    same += compared.same;
    tooOld += compared.tooOld;
  }
  expect(same).toBeGreaterThan(200);
  expect(tooOld).toBeGreaterThan(0);
});
