/** Many seeds, one after the other or in several processes at once. A failure is a text that names its seed. */
import { fork, type ChildProcess } from "node:child_process";
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
interface Judged {
  seed: number;
  revisions: number;
  failure?: string;
}

function judged(seed: number, { length, shrinks }: Sweep): Judged {
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

/** A process of its own asks for one seed after the other. */
export function serve(sweep: Sweep): void {
  process.on("message", (seed: number) => process.send?.(judged(seed, sweep)));
}

/** True when all hold. `args` make the same program a server. */
export async function sweep(of: Sweep, program: string, args: string[]): Promise<boolean> {
  const tally = new Tally(of);
  const end = of.from + of.seeds;
  if (of.jobs <= 1) {
    for (let seed = of.from; seed < end && !tally.isOver; seed++) tally.take(judged(seed, of));
    return tally.end();
  }
  let next = of.from;
  const work = (): Promise<void> =>
    new Promise((resolve) => {
      let seed = 0;
      const give = (child: ChildProcess): void => {
        if (next >= end || tally.isOver) child.disconnect();
        else child.send((seed = next++));
      };
      const child = fork(program, args);
      child.on("message", (result: Judged) => {
        seed = 0;
        tally.take(result);
        give(child);
      });
      child.on("exit", (code, signal) => {
        // It died of its seed.
        if (seed > 0) {
          const failure = `\nseed ${seed} FAILS, its process ended: ${signal ?? code}`;
          tally.take({ seed, revisions: 0, failure });
        }
        const more = seed > 0 && next < end && !tally.isOver;
        resolve(more ? work() : undefined);
      });
      give(child);
    });
  await Promise.all(Array.from({ length: of.jobs }, work));
  return tally.end();
}
