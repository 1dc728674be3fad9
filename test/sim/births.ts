/** Clusters just born: born once, and copied for every scenario. */
import { World } from "../helpers/world.ts";

const births = new Map<string, World>();
let generation = 0;

/** What was born by another engine is none of this one's. */
export function forgetBirths(): void {
  births.clear();
  generation += 1;
}

/** Names the cluster that `newborn` copies. */
export const birthOf = (seed: number, nodes: number): string => `${generation} ${seed} ${nodes}`;

export function newborn(seed: number, nodes: number): World {
  const options = { seed: `sim-${seed}`, nodes };
  const key = JSON.stringify(options);
  let first = births.get(key);
  if (!first) births.set(key, (first = new World(options)));
  return new World(options, first.sql.copy());
}
