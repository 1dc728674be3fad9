/** The hunt: each mutant is planted, and scenarios are judged by the one invariant that its row names. */
import { forgetBirths } from "./births.ts";
import { invariants } from "./invariants/invariants.ts";
import { mutants } from "./mutants/mutants.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { share } from "./processes.ts";
import { judge, scenarioOf } from "./scenario.ts";
import { themeOf } from "./themes/themes.ts";

const seedsMax = 300;
const length = 24;
/** Without these a scenario might never end. */
const guards = ["time goes on", "the cluster does not run away"];

export interface Hunted {
  mutant: number;
  /** Of the scenario in which it was noticed; 0: in none. */
  seed: number;
  /** How other scenarios ended. */
  others: string[];
}

/** Hunts one mutant, seed by seed. */
export function hunted(mutant: number): Hunted {
  const { by, theme, plant } = mutants[mutant] as Mutant;
  const rows = invariants.filter(({ name }) => name === by || guards.includes(name));
  const others = new Set<string>();
  const undo = plant();
  forgetBirths();
  try {
    for (let seed = 1, judged = 0; judged < seedsMax; seed++) {
      if (theme !== undefined && themeOf(seed).name !== theme) continue;
      judged += 1;
      const failure = failureOf(seed, rows);
      if (failure === by) return { mutant, seed, others: [...others] };
      if (failure) others.add(failure);
    }
    return { mutant, seed: 0, others: [...others] };
  } finally {
    undo();
    forgetBirths();
  }
}

function failureOf(seed: number, rows: typeof invariants): string | undefined {
  try {
    return judge(scenarioOf(seed, length), rows).failure?.invariant;
  } catch (error) {
    return `thrown: ${(error as Error).message.slice(0, 80)}`;
  }
}

/** Prints the table, or its rows of which the name has this part; true when every mutant is noticed. */
export async function hunt(
  only: string,
  jobs: number,
  program: string,
  args: string[],
): Promise<boolean> {
  const wanted = mutants.filter(({ name }) => name.includes(only));
  let survivors = 0;
  const take = ({ mutant, seed, others }: Hunted): void => {
    const { name, by } = mutants[mutant] as Mutant;
    if (seed === 0) survivors += 1;
    const verdict = seed === 0 ? `SURVIVES ${by}: ${others.join("; ")}` : `${by} (seed ${seed})`;
    console.log(`${name.padEnd(60)} ${verdict}`);
  };
  let at = 0;
  await share<Hunted>({
    jobs,
    program,
    args,
    next: () => (at < wanted.length ? mutants.indexOf(wanted[at++] as Mutant) : undefined),
    take,
    died: (mutant, how) => take({ mutant, seed: 0, others: [`its process ended: ${how}`] }),
  });
  const idle = invariants.filter(({ name }) => !mutants.some(({ by }) => by === name));
  for (const { name } of idle) console.log(`no mutant for: ${name}`);
  console.log(survivors === 0 ? "no mutant survives" : `${survivors} SURVIVE`);
  return survivors === 0 && idle.length === 0;
}
