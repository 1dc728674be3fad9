/** A scenario: made from a seed, run, and, when it fails, made as short as it still fails. */
import { Chance } from "./chance.ts";
import { invariants } from "./invariants/invariants.ts";
import { contents } from "./contents.ts";
import { operations, perform } from "./operations/operations.ts";
import { namespace, path, type Operation, type OperationRow } from "./operations/targets.ts";
import { Violation, type Invariant } from "./invariants/seen.ts";
import { Simulation, type Mode } from "./simulation.ts";
import { themeOf } from "./themes/themes.ts";

export interface Scenario {
  seed: number;
  nodes: number;
  operations: Operation[];
}

export interface Outcome {
  hash: string;
  revisions: number;
  /** What containers said to those who listened. */
  heard: string[];
  failure?: Violation;
}

/** How long wounds take to heal: the longest back-offs are five minutes. */
const settleMs = 25 * 60_000;

export function scenarioOf(seed: number, length: number): Scenario {
  const chance = new Chance(seed);
  const theme = themeOf(seed);
  const own = theme.operations;
  const nodes = own.length > 0 ? 2 + chance.below(2) : 1 + chance.below(4);
  const count = Math.ceil(length / 2) + chance.below(length);
  const rowAt = (i: number): OperationRow | undefined => {
    // Something to play with comes first.
    if (i === 0 || (i < 3 && own.length === 0)) return operations[0];
    return chance.weighted(i < 3 || chance.in100(theme.share) ? own : operations);
  };
  const list = Array.from({ length: count }, (_, i): Operation => {
    const row = rowAt(i);
    // Alarms are late, and requests come first: they meet what is due.
    const slip = chance.in100(35) ? { slip: chance.pick([1, 300, 2_500, 9_000]) } : {};
    return { what: row?.what ?? "", ...row?.make(chance), ...slip };
  });
  return { seed, nodes, operations: list };
}

/** Where scenarios play. */
export function setUp(sim: Simulation): void {
  sim.request("POST", "/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "lab" },
  });
  sim.advance(2_000);
}

/** Time at its own pace, power everywhere, nothing cordoned or tainted, no more runs of CronJobs; then time. */
function heal(sim: Simulation): void {
  if (sim.all("clocks.podyard.dev").length > 0) {
    sim.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { paused: null, speed: null } });
  }
  themeOf(sim.seed).heal?.(sim);
  // What they make would go on for ever.
  for (const { metadata } of sim.all("cronjobs.batch", namespace)) {
    sim.patch(`${path("crons")}/${metadata.name}`, { spec: { suspend: true } });
  }
  for (const { metadata } of sim.all("nodes")) {
    if (metadata.name.startsWith("control")) continue;
    sim.patch(`/api/v1/nodes/${metadata.name}`, {
      metadata: { annotations: { "podyard.dev/power": null } },
      spec: { unschedulable: null, taints: null },
    });
  }
  sim.watchedFor(settleMs);
  sim.healed = true;
}

/** Losing memory here and now must change nothing at all. */
function forgets(sim: Simulation): void {
  if (sim.calm) return;
  sim.run();
  const before = contents(sim);
  sim.evict();
  // A turn in which only time passed is not written: the next one makes up for it.
  sim.run();
  const after = contents(sim);
  sim.look("lost memory", { before, after });
}

/** From an empty place to the end, when all nodes are well again. */
export function play(sim: Simulation, scenario: Scenario): void {
  setUp(sim);
  for (const operation of scenario.operations) {
    sim.say(`${JSON.stringify(operation)}`);
    if (operation.what === "lose memory") forgets(sim);
    perform(sim, operation);
    sim.look("operation", undefined);
    listen(sim, operation);
  }
  sim.say("(all nodes are well again)");
  heal(sim);
  listen(sim);
  sim.look("operation", undefined);
}

/** `beside`: what came of the same scenario before. */
export function run(
  scenario: Scenario,
  options: Mode = {},
  rows: readonly Invariant[] = invariants,
  beside?: Outcome,
): Outcome {
  using sim = new Simulation(scenario.seed, scenario.nodes, rows, options);
  try {
    play(sim, scenario);
    sim.look("settled", undefined);
    forgets(sim);
    sim.clients.replay();
    sim.look("end", undefined);
    const { hash, revisions } = sim;
    const heard = sim.terminals.end();
    if (beside) sim.look("calm", { hashes: [beside.hash, hash], heard: [beside.heard, heard] });
    return { hash, revisions, heard };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { hash: sim.hash, revisions: sim.revisions, heard: [], failure: error };
  }
}

/** What every client does after a turn. Of a late alarm nobody hears before something runs. */
function listen(sim: Simulation, operation?: Operation): void {
  sim.clients.read();
  if (operation?.what === "alarm late") return;
  sim.run();
  sim.clients.read();
  sim.terminals.read();
  sim.visits.read();
}

/** The scenario as it is, and once more without the faults that must leave no trace: both logs are one. */
export function judge(scenario: Scenario, rows: readonly Invariant[] = invariants): Outcome {
  const outcome = run(scenario, {}, rows);
  return outcome.failure ? outcome : run(scenario, { calm: true }, rows, outcome);
}

/** Drops operations, many at a time and then one by one, while the same invariant still fails. */
export function shrink(
  scenario: Scenario,
  failure: Violation,
  tries = 200,
  test: (scenario: Scenario) => Violation | undefined = (s) => judge(s).failure,
): Scenario {
  let best = scenario;
  let left = tries;
  for (let size = Math.ceil(best.operations.length / 2); size >= 1;) {
    let dropped = false;
    for (let at = 0; at < best.operations.length && left > 0; left--) {
      const fewer = {
        ...best,
        operations: [...best.operations.slice(0, at), ...best.operations.slice(at + size)],
      };
      if (test(fewer)?.invariant === failure.invariant) {
        best = fewer;
        dropped = true;
      } else at += size;
    }
    if (left <= 0) break;
    if (size === 1 && !dropped) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return best;
}
