/** Many seeds, one after the other or in several processes at once. A failure is a text that names its seed. */
import { share } from "./processes.ts";
import { judge, scenarioOf, shrink } from "./scenario.ts";

export interface Sweep {
  from: number;
  seeds: number;
  length: number;
  /** Failures after which it stops. */
  stop: number;
  shrinks: boolean;
  jobs: number;
}

/** What came of one seed. */
export interface Judged {
  seed: number;
  revisions: number;
  failure?: string;
}

export function judged(seed: number, { length, shrinks }: Sweep): Judged {
  const scenario = scenarioOf(seed, length);
  const replay = `  npm run sim -- --replay ${seed} --length ${length}`;
  try {
    const { failure, revisions } = judge(scenario);
    if (!failure) return { seed, revisions };
    const { nodes, operations } = shrinks ? shrink(scenario, failure) : scenario;
    const lines = [
      `\nseed ${seed} FAILS ${failure.message}`,
      `  ${nodes} nodes; the shortest that still fails:`,
      ...operations.map((operation) => `  ${JSON.stringify(operation)}`),
      replay,
    ];
    return { seed, revisions, failure: lines.join("\n") };
  } catch (error) {
    const { stack } = error as Error;
    return { seed, revisions: 0, failure: `\nseed ${seed} FAILS, thrown: ${stack}\n${replay}` };
  }
}

/** Takes results as they come, prints failures and how far it is. */
class Tally {
  readonly #sweep: Sweep;
  readonly #began = performance.now();
  #done = 0;
  #revisions = 0;
  failures = 0;

  constructor(sweep: Sweep) {
    this.#sweep = sweep;
  }

  get isOver(): boolean {
    return this.failures >= this.#sweep.stop;
  }

  take({ revisions, failure }: Judged): void {
    this.#done += 1;
    this.#revisions += revisions;
    if (failure !== undefined) {
      this.failures += 1;
      console.log(failure);
    }
    if (this.#done % 100 === 0) {
      const seconds = (performance.now() - this.#began) / 1000;
      console.log(`${this.#done} seeds, ${this.#revisions} revisions, ${seconds.toFixed(1)} s`);
    }
  }

  end(): boolean {
    const { seeds } = this.#sweep;
    const all = this.failures === 0 && this.#done === seeds;
    console.log(all ? `${seeds} seeds hold` : `${this.failures} seeds FAIL`);
    return all;
  }
}

/** True when all hold. `args` make the same program judge what it is given. */
export async function sweep(of: Sweep, program: string, args: string[]): Promise<boolean> {
  const tally = new Tally(of);
  let seed = of.from;
  const next = (): number | undefined =>
    seed < of.from + of.seeds && !tally.isOver ? seed++ : undefined;
  if (of.jobs <= 1) {
    for (let at = next(); at !== undefined; at = next()) tally.take(judged(at, of));
    return tally.end();
  }
  await share<Judged>({
    jobs: of.jobs,
    program,
    args,
    next,
    take: (result) => tally.take(result),
    died: (at, how) =>
      tally.take({
        seed: at,
        revisions: 0,
        failure: `\nseed ${at} FAILS, its process ended: ${how}`,
      }),
  });
  return tally.end();
}
