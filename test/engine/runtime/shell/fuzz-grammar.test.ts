/** Valid scripts out of a grammar: each ends, nothing of ours throws, and no eviction on the way changes a byte it prints. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { box, isolationWorld, podOf, type IsolationWorld } from "../isolation/isolation-world.ts";
import { shellScripts } from "./grammar.ts";

const seed = Number(process.env["FUZZ_SEED"] ?? 20_261_127);
const times = Number(process.env["FUZZ_TIMES"] ?? 1);

interface Ended {
  log: string;
  code: number;
}

/** Runs every script in a Pod of its own, to its end. */
function play(scripts: readonly string[], between: (w: IsolationWorld) => void): Ended[] {
  const w = isolationWorld(1);
  scripts.forEach((script, i) => {
    const container = box("c", { command: ["sh", "-c", `cd /tmp\n${script}`] });
    w.create(podOf(`p${i}`, [container], { restartPolicy: "Never" }));
  });
  const running = (): boolean =>
    w.pods().some((pod) => !pod.status.containerStatuses?.[0]?.state.terminated);
  const end = w.now + 120_000;
  while (running()) {
    expect(w.now, `does not end: ${JSON.stringify(scripts)}`).toBeLessThan(end);
    w.advance(150);
    between(w);
  }
  return scripts.map((_, i) => ({
    log: w.logs(`p${i}`),
    code: w.pod(`p${i}`).status.containerStatuses[0].state.terminated.exitCode as number,
  }));
}

describe("shell scripts of a grammar", { timeout: 300_000 }, () => {
  test("end, and print the same through evictions", () => {
    fc.assert(
      fc.property(fc.array(shellScripts, { minLength: 8, maxLength: 8 }), (scripts) => {
        const whole = play(scripts, () => undefined);
        expect(play(scripts, (w) => w.evict())).toEqual(whole);
        // What the grammar makes is understood: it has an end that says so, unless it left early.
        for (const { log } of whole) expect(log).not.toMatch(/syntax error: unterminated|panic/);
      }),
      { seed, numRuns: 4 * times },
    );
  });
});
