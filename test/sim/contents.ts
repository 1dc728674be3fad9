/** All that an engine holds, and when two of it say the same. */
import { shadowKey } from "./history.ts";
import type { Simulation } from "./simulation.ts";

/** JSON with sorted keys; a null says no more than nothing. */
export function stable(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    v && typeof v === "object" && !Array.isArray(v)
      ? Object.fromEntries(
          Object.entries(v)
            .filter(([, x]) => x !== null)
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : v,
  );
}

/** Mostly they are written alike too, which is told much faster. */
export const alike = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) === JSON.stringify(other) || stable(one) === stable(other);

/** What it is about, and its JSON. */
export type Line = [about: string, json: string];

/** What stands in each of two lists where they first differ; undefined: nowhere. */
export function parted<T>(
  one: readonly T[],
  other: readonly T[],
  same: (a: T, b: T | undefined) => boolean = (a, b) => a === b,
): [T | undefined, T | undefined] | undefined {
  const at = one.findIndex((item, i) => !same(item, other[i]));
  if (at >= 0) return [one[at], other[at]];
  return one.length === other.length ? undefined : [undefined, other[one.length]];
}

export function contents(sim: Simulation): Line[] {
  const { engine, now } = sim.world;
  const { store } = engine;
  const lines: Line[] = [
    ["rv", `${store.rv}`],
    ["count", `${store.objectCount}`],
    ["now", `${engine.virtualNow}`],
  ];
  for (const resource of [...store.resources()].sort()) {
    for (const object of store.list(resource)) {
      lines.push([shadowKey(resource, object.metadata), JSON.stringify(object)]);
    }
  }
  for (const table of [...store.recordTables()].sort()) {
    for (const key of [...store.recordKeys(table)].sort()) {
      lines.push([
        `record ${table} ${key}`,
        JSON.stringify(store.storedForm(table, store.record(table, key))),
      ]);
    }
  }
  lines.push(["due", `${engine.nextDueMs(now) ?? null}`]);
  return lines;
}

export function saysTheSame([about, json]: Line, other: Line | undefined): boolean {
  if (about !== other?.[0]) return false;
  return json === other[1] || stable(JSON.parse(json)) === stable(JSON.parse(other[1]));
}
