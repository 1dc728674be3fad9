/**
 * `npm run sim -- --seeds N [--from N] [--length N] [--jobs N]`, `--replay SEED` (prints every step), `--mutants`.
 * A failure prints its seed and the shortest scenario that still fails.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { judge, run, scenarioOf, shrink } from "./scenario.ts";
import { serve } from "./processes.ts";
import { judged, sweep, type Sweep } from "./sweep.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    length: { type: "string", default: "30" },
    /** Processes; as many as there are cores. */
    jobs: { type: "string", default: String(availableParallelism()) },
    replay: { type: "string" },
    /** Failures after which it stops. */
    stop: { type: "string", default: "5" },
    mutants: { type: "boolean", default: false },
    /** Only those of which the name has this part. */
    mutant: { type: "string", default: "" },
    "no-shrink": { type: "boolean", default: false },
    /** Of a sweep: one of its processes. */
    serve: { type: "boolean", default: false },
  },
});
const length = Number(values.length);
const asked: Sweep = {
  from: Number(values.from),
  seeds: Number(values.seeds),
  length,
  stop: Number(values.stop),
  shrinks: !values["no-shrink"],
  jobs: Math.min(Number(values.jobs), Number(values.seeds)),
};

function replay(seed: number): boolean {
  let scenario = scenarioOf(seed, length);
  const failure = judge(scenario).failure;
  if (failure && asked.shrinks) scenario = shrink(scenario, failure);
  run(scenario, { verbose: true });
  if (failure) console.log(`\nseed ${seed} FAILS ${failure.message}`);
  else console.log(`\nseed ${seed} holds`);
  return !failure;
}

async function main(): Promise<boolean> {
  const args = [...process.argv.slice(2), "--serve"];
  if (values.mutants) {
    const { hunt, hunted } = await import("./hunt.ts");
    if (!values.serve) return hunt(values.mutant, Number(values.jobs), import.meta.filename, args);
    serve(hunted);
    return true;
  }
  if (values.replay !== undefined) return replay(Number(values.replay));
  if (!values.serve) return sweep(asked, import.meta.filename, args);
  serve((seed) => judged(seed, asked));
  return true;
}

process.exitCode = (await main()) ? 0 : 1;
