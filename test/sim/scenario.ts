/** A scenario: made from a seed, run, and, when it fails, made as short as it still fails. */
import { Chance } from "./chance.ts";
import { contents, invariants } from "./invariants.ts";
import { operations, perform, type Operation } from "./operations.ts";
import { Simulation, Violation, type Mode } from "./simulation.ts";

export interface Scenario {
  seed: number;
  nodes: number;
  operations: Operation[];
}

export interface Outcome {
  hash: string;
  revisions: number;
  failure?: Violation;
}

/** How long wounds take to heal: the longest back-offs are five minutes. */
const settleMs = 25 * 60_000;

export function scenarioOf(seed: number, length: number): Scenario {
  const chance = new Chance(seed);
  const nodes = 1 + chance.below(4);
  const count = Math.ceil(length / 2) + chance.below(length);
  const list = Array.from({ length: count }, (_, i): Operation => {
    // Something to play with comes first.
    const row = i < 3 ? operations[0] : chance.weighted(operations);
    return { what: row?.what ?? "", ...row?.make(chance) };
  });
  return { seed, nodes, operations: list };
}

function setUp(sim: Simulation): void {
  sim.request("POST", "/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "lab" },
  });
  sim.advance(2_000);
}

/** Power everywhere, nothing cordoned or tainted; then time. */
function heal(sim: Simulation): void {
  for (const { metadata } of sim.all("nodes")) {
    if (metadata.name.startsWith("control")) continue;
    sim.patch(`/api/v1/nodes/${metadata.name}`, {
      metadata: { annotations: { "podyard.dev/power": null } },
      spec: { unschedulable: null, taints: null },
    });
  }
  sim.advance(settleMs);
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
  const at = before.findIndex((line, i) => line !== after[i]);
  sim.demand(
    at < 0 && before.length === after.length,
    "losing memory changes nothing",
    `${before[at] ?? "(end)"}\n    became ${after[at] ?? "(end)"}`,
  );
}

export function run(scenario: Scenario, options: Mode = {}): Outcome {
  const sim = new Simulation(scenario.seed, scenario.nodes, invariants, options);
  try {
    setUp(sim);
    for (const operation of scenario.operations) {
      sim.say(`${JSON.stringify(operation)}`);
      if (operation.what === "lose memory") forgets(sim);
      perform(sim, operation);
      sim.check("operation");
      sim.readWatches();
    }
    sim.say("(all nodes are well again)");
    heal(sim);
    sim.readWatches();
    sim.check("operation");
    sim.check("settled");
    forgets(sim);
    sim.check("end");
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { hash: sim.hash, revisions: sim.revisions, failure: error };
  }
  return { hash: sim.hash, revisions: sim.revisions };
}

/** The scenario as it is, and once more without the faults that must leave no trace: both logs are one. */
export function judge(scenario: Scenario): Outcome {
  const outcome = run(scenario);
  if (outcome.failure) return outcome;
  const calm = run(scenario, { calm: true });
  if (calm.failure) return calm;
  if (calm.hash !== outcome.hash) {
    const complaint = `${outcome.revisions} and ${calm.revisions} revisions`;
    outcome.failure = new Violation(
      "lost memory and late alarms leave no trace in the log",
      complaint,
    );
  }
  return outcome;
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
