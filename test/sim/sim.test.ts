import { describe, expect, test } from "vitest";
import failed from "./failed-once.json" with { type: "json" };
import { judge, scenarioOf, shrink, type Scenario } from "./scenario.ts";

/** 100 scenarios, shorter than those of `npm run sim`; a failure is its seed, which `--replay` plays. */
const seeds = 100;
const length = 8;
const batch = 25;

/** Kept as they failed once: steps cut by a late alarm, and an alarm too late for one turn. */
const failedOnce = failed as Scenario[];

describe("simulation", () => {
  test.each(failedOnce)("$seed holds", { timeout: 120_000 }, (scenario) => {
    expect(judge(scenario).failure?.message).toBeUndefined();
  });

  for (let from = 1; from <= seeds; from += batch) {
    test(`seeds ${from} to ${from + batch - 1}`, { timeout: 300_000 }, () => {
      for (let seed = from; seed < from + batch; seed++) {
        const scenario = scenarioOf(seed, length);
        const { failure } = judge(scenario);
        if (!failure) continue;
        const { operations } = shrink(scenario, failure, 60);
        const replay = `npm run sim -- --replay ${seed} --length ${length}`;
        const list = operations.map((o) => JSON.stringify(o)).join("\n");
        expect.fail(`seed ${seed}: ${failure.message}\n${list}\n${replay}`);
      }
    });
  }
});
