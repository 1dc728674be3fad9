/**
 * `npm run sim -- --seeds N [--from N] [--length N] [--jobs N]`, `--replay SEED` (prints every step), `--mutants`.
 * A failure prints its seed and the shortest scenario that still fails.
 * `--digest`: instead of judging, prints for each seed hashes of its log, its state and its answers, to compare two versions
 * of Podyard; with `--replay SEED`, all that goes into them.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { judge, run, scenarioOf, shrink } from "./scenario.ts";
import { digestLine, digestOf, type Digested } from "./digest.ts";
import { serve, share } from "./processes.ts";
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
    digest: { type: "boolean", default: false },
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

/** In the order of the seeds. A process that ends early has no line, and fails. */
async function digests({ from, seeds, jobs }: Sweep, args: string[]): Promise<boolean> {
  const done = new Map<number, string>();
  let next = from;
  let printed = from;
  let failures = 0;
  const take = (seed: number, line: string): void => {
    done.set(seed, line);
    for (let text = done.get(printed); text !== undefined; text = done.get(++printed)) {
      console.log(text);
    }
  };
  await share<Digested>({
    jobs,
    program: import.meta.filename,
    args,
    next: () => (next < from + seeds ? next++ : undefined),
    take: (digested) => take(digested.seed, digestLine(digested)),
    died: (seed, how) => {
      failures += 1;
      take(seed, `seed ${seed} its process ended: ${how}`);
    },
  });
  return failures === 0;
}

async function digest(args: string[]): Promise<boolean> {
  if (values.replay !== undefined) {
    digestOf(scenarioOf(Number(values.replay), length), (part, text) =>
      console.log(`${part} ${text}`),
    );
    return true;
  }
  if (!values.serve) return digests(asked, args);
  serve((seed) => digestOf(scenarioOf(seed, length)));
  return true;
}

async function main(): Promise<boolean> {
  const args = [...process.argv.slice(2), "--serve"];
  if (values.mutants) {
    const { hunt, hunted } = await import("./hunt.ts");
    if (!values.serve) return hunt(values.mutant, Number(values.jobs), import.meta.filename, args);
    serve(hunted);
    return true;
  }
  if (values.digest) return digest(args);
  if (values.replay !== undefined) return replay(Number(values.replay));
  if (!values.serve) return sweep(asked, import.meta.filename, args);
  serve((seed) => judged(seed, asked));
  return true;
}

process.exitCode = (await main()) ? 0 : 1;
