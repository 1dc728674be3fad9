/**
 * `npm run sim -- --seeds N [--from N] [--length N]`, `--replay SEED` (prints every step), `--mutants`.
 * A failure prints its seed and the shortest scenario that still fails.
 */
import { parseArgs } from "node:util";
import { judge, run, scenarioOf, shrink, type Scenario } from "./scenario.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    length: { type: "string", default: "30" },
    replay: { type: "string" },
    /** Failures after which it stops. */
    stop: { type: "string", default: "5" },
    mutants: { type: "boolean", default: false },
    /** Only those of which the name has this part. */
    mutant: { type: "string", default: "" },
    "no-shrink": { type: "boolean", default: false },
  },
});
const length = Number(values.length);

function replay(seed: number): boolean {
  let scenario = scenarioOf(seed, length);
  const failure = judge(scenario).failure;
  if (failure && !values["no-shrink"]) scenario = shrink(scenario, failure);
  run(scenario, { verbose: true });
  if (failure) console.log(`\nseed ${seed} FAILS ${failure.message}`);
  else console.log(`\nseed ${seed} holds`);
  return !failure;
}

function report(seed: number, scenario: Scenario, message: string): void {
  console.log(`\nseed ${seed} FAILS ${message}`);
  console.log(`  ${scenario.nodes} nodes; the shortest that still fails:`);
  for (const operation of scenario.operations) console.log(`  ${JSON.stringify(operation)}`);
  console.log(`  npm run sim -- --replay ${seed} --length ${length}`);
}

function sweep(): boolean {
  const from = Number(values.from);
  const count = Number(values.seeds);
  const began = performance.now();
  let failures = 0;
  let revisions = 0;
  for (let seed = from; seed < from + count; seed++) {
    const scenario = scenarioOf(seed, length);
    const { failure, revisions: made } = judge(scenario);
    revisions += made;
    if (failure) {
      failures += 1;
      const shortest = values["no-shrink"] ? scenario : shrink(scenario, failure);
      report(seed, shortest, failure.message);
      if (failures >= Number(values.stop)) break;
    } else if ((seed - from + 1) % 100 === 0) {
      const seconds = (performance.now() - began) / 1000;
      console.log(`${seed - from + 1} seeds, ${revisions} revisions, ${seconds.toFixed(1)} s`);
    }
  }
  console.log(failures === 0 ? `${count} seeds hold` : `${failures} seeds FAIL`);
  return failures === 0;
}

async function main(): Promise<boolean> {
  if (values.mutants) return (await import("./mutants.ts")).hunt(values.mutant);
  if (values.replay !== undefined) return replay(Number(values.replay));
  return sweep();
}

process.exitCode = (await main()) ? 0 : 1;
