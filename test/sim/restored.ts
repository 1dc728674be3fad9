/** A cluster restored from a snapshot, beside the same cluster after a loss of memory: nobody can tell them apart. */
import { Engine } from "../../durable-objects/engine/index.ts";
import type { Snapshot, SnapshotOptions } from "../../durable-objects/engine/core/snapshot.ts";
import { NodeSql } from "../helpers/node-sql.ts";
import { World } from "../helpers/world.ts";
import { Chance } from "./chance.ts";
import { contents, parted, saysTheSame, type Line } from "./contents.ts";
import { perform } from "./operations/operations.ts";
import { scenarioOf, setUp, type Scenario } from "./scenario.ts";
import { Simulation } from "./simulation.ts";

export interface Difference {
  seed: number;
  /** Operations before the snapshot. */
  after: number;
  what: string;
}

/** What a caller gets to keep: nothing is shared with the engine any more. */
const plain = (snapshot: Snapshot): string => JSON.stringify(snapshot);

/** The same storage, opened by an engine that has nothing in memory; somebody looks. */
function evictedCopy({ world }: Simulation): World {
  const sql = world.sql.copy();
  sql.exec("DELETE FROM meta WHERE key = 'looked'");
  sql.exec("INSERT INTO meta (key, value) VALUES ('looked', ?)", String(world.now));
  return at(world.now, new World({ ...world.options, nowMs: world.now }, sql));
}

/** `laterMs`: how long the snapshot has lain about. */
function restoredCopy({ world }: Simulation, text: string, laterMs: number): World {
  const sql = new NodeSql();
  const nowMs = world.now + laterMs;
  Engine.restore(sql, JSON.parse(text) as Snapshot, { nowMs, identity: world.options.identity });
  // What it is born with comes from the snapshot alone.
  return at(nowMs, new World({ seed: "none", nodes: 0, name: "", nowMs }, sql));
}

function at(nowMs: number, world: World): World {
  world.now = nowMs;
  return world;
}

/** Runs a scenario up to a point, then its rest on both; undefined: they are alike in all that is stored and written. */
export function differs(seed: number, length: number, rest: number): Difference | undefined {
  const scenario = scenarioOf(seed, length);
  const chance = new Chance(seed ^ 0x5eed);
  const after = chance.below(scenario.operations.length);
  using sim = new Simulation(seed, scenario.nodes, []);
  setUp(sim);
  for (const operation of scenario.operations.slice(0, after)) perform(sim, operation);
  sim.run();
  // A fault that was planted and has not come yet.
  sim.throwNext(undefined);
  const options: SnapshotOptions = chance.in100(60) ? { pastAfter: 0 } : {};
  const laterMs = chance.pick([0, 3_600_000, 30 * 86_400_000]);
  const operations = scenario.operations.slice(after, after + rest);
  const what = goesOn(sim, { ...scenario, operations }, options, laterMs);
  return what === undefined ? undefined : { seed, after, what };
}

function goesOn(
  sim: Simulation,
  { seed, nodes, operations }: Scenario,
  options: SnapshotOptions,
  laterMs: number,
): string | undefined {
  const { world } = sim;
  const text = plain(world.engine.snapshot(world.now, options));
  const worlds = [evictedCopy(sim), restoredCopy(sim, text, laterMs)];
  const [evicted, restored] = worlds.map((copy) => {
    using side = new Simulation(seed, nodes, [], { calm: true, world: copy });
    const snapshot = plain(copy.engine.snapshot(copy.now, options));
    for (const operation of operations) perform(side, operation);
    side.watchedFor(90_000);
    return { snapshot, hash: side.hash, revisions: side.revisions, lines: contentsOf(side) };
  }) as [Side, Side];
  return (
    textsDiffer("snapshot after a loss of memory", evicted.snapshot, text) ??
    textsDiffer("snapshot of what was restored", restored.snapshot, text) ??
    linesDiffer(restored.lines, evicted.lines) ??
    textsDiffer(
      "log",
      `${restored.hash} ${restored.revisions}`,
      `${evicted.hash} ${evicted.revisions}`,
    )
  );
}

interface Side {
  snapshot: string;
  hash: string;
  revisions: number;
  lines: Line[];
}

/** The clock's record holds the wall, from another moment on in each. */
const contentsOf = (sim: Simulation): Line[] => {
  const { engine, now } = sim.world;
  const lines = contents(sim).filter(([about]) => !/^(due|record clock state)$/.test(about));
  return [...lines, ["due in", `${(engine.nextDueMs(now) ?? Infinity) - now}`]];
};

function linesDiffer(found: readonly Line[], expected: readonly Line[]): string | undefined {
  const parts = parted(found, expected, saysTheSame);
  return parts && `${JSON.stringify(parts[0])} should be ${JSON.stringify(parts[1])}`;
}

/** The first place at which two texts part, with what stands there. */
function textsDiffer(what: string, found: string, expected: string): string | undefined {
  if (found === expected) return undefined;
  let i = 0;
  while (found[i] === expected[i]) i++;
  const near = (text: string): string => text.slice(Math.max(0, i - 120), i + 200);
  return `${what}: ${near(found)}\nshould be\n${near(expected)}`;
}
