/** Clusters just born, with what their theme brings: born once, and copied for every scenario. */
import { World } from "../helpers/world.ts";
import { themeOf } from "./themes/themes.ts";

const births = new Map<string, World>();
let generation = 0;

/** What was born by another engine is none of this one's. */
export function forgetBirths(): void {
  births.clear();
  generation += 1;
}

function optionsOf(seed: number, nodes: number): { seed: string; nodes: number } {
  const { name, births: many } = themeOf(seed);
  return { seed: `sim-${name}-${seed % many}`, nodes };
}

/** Names the cluster that `newborn` copies. */
export const birthOf = (seed: number, nodes: number): string =>
  `${generation} ${JSON.stringify(optionsOf(seed, nodes))}`;

export function newborn(seed: number, nodes: number): World {
  const options = optionsOf(seed, nodes);
  const key = birthOf(seed, nodes);
  let first = births.get(key);
  if (!first) {
    births.set(key, (first = new World(options)));
    themeOf(seed).prepare?.(first);
  }
  const copy = new World({ ...options, nowMs: first.now }, first.sql.copy());
  copy.now = first.now;
  return copy;
}
