import { describe, expect, test } from "vitest";
import { fuzzRequests } from "./random-requests.ts";

/** Fixed, so that a run says the same twice; more by FUZZ_SEEDS (how many) and FUZZ_SEED (the first). */
const first = Number(process.env["FUZZ_SEED"] ?? 1);
const seeds = Number(process.env["FUZZ_SEEDS"] ?? 6);

describe("requests by chance", { timeout: 180_000 }, () => {
  test.for(Array.from({ length: seeds }, (_, i) => first + i))(
    "seed %d: no error of our own, and what is refused leaves no trace",
    (seed) => {
      expect(fuzzRequests(seed, 600)).toEqual([]);
    },
  );
});
