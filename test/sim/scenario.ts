/** A scenario: made from a seed, run, and, when it fails, made as short as it still fails. */
import { Chance } from "./chance.ts";
import { invariants } from "./invariants.ts";
import { contents, saysTheSame } from "./contents.ts";
import { operations, perform } from "./operations.ts";
import type { Operation } from "./targets.ts";
import { Simulation, Violation, type Mode } from "./simulation.ts";

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
  const nodes = 1 + chance.below(4);
  const count = Math.ceil(length / 2) + chance.below(length);
  const list = Array.from({ length: count }, (_, i): Operation => {
    // Something to play with comes first.
    const row = i < 3 ? operations[0] : chance.weighted(operations);
    // Alarms are late, and requests come first: they meet what is due.
    const slip = chance.in100(35) ? { slip: chance.pick([1, 300, 2_500, 9_000]) } : {};
    return { what: row?.what ?? "", ...row?.make(chance), ...slip };
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

/** Time at its own pace, power everywhere, nothing cordoned or tainted; then time. */
function heal(sim: Simulation): void {
  if (sim.all("clocks.podyard.dev").length > 0) {
    sim.patch("/apis/podyard.dev/v1/clocks/cluster", { spec: { paused: null, speed: null } });
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
  const at = before.findIndex((line, i) => !saysTheSame(line, after[i]));
  const complaint = `${before[at]?.join(" ") ?? "(end)"}\n    became ${after[at]?.join(" ") ?? "(end)"}`;
  sim.demand(at < 0 && before.length === after.length, "losing memory changes nothing", complaint);
}

export function run(scenario: Scenario, options: Mode = {}): Outcome {
  using sim = new Simulation(scenario.seed, scenario.nodes, invariants, options);
  try {
    setUp(sim);
    for (const operation of scenario.operations) {
      sim.say(`${JSON.stringify(operation)}`);
      if (operation.what === "lose memory") forgets(sim);
      perform(sim, operation);
      sim.check("operation");
      listen(sim, operation);
    }
    sim.say("(all nodes are well again)");
    heal(sim);
    listen(sim);
    sim.check("operation");
    sim.check("settled");
    forgets(sim);
    sim.check("end");
    return { hash: sim.hash, revisions: sim.revisions, heard: sim.terminals.end() };
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
}

/** The scenario as it is, and once more without the faults that must leave no trace: both logs are one. */
export function judge(scenario: Scenario): Outcome {
  const outcome = run(scenario);
  if (outcome.failure) return outcome;
  const calm = run(scenario, { calm: true });
  if (calm.failure) return calm;
  const { hash, revisions, heard } = outcome;
  const at = heard.findIndex((line, i) => line !== calm.heard[i]);
  if (calm.hash !== hash) {
    outcome.failure = new Violation(
      "lost memory and late alarms leave no trace in the log",
      `${revisions} and ${calm.revisions} revisions`,
    );
  } else if (at >= 0 || heard.length !== calm.heard.length) {
    outcome.failure = new Violation(
      "lost memory and late alarms change no byte of what is printed",
      differ(heard[at] ?? "(end)", calm.heard[at] ?? "(end)"),
    );
  }
  return outcome;
}

/** Where two texts part, and a little around it. */
function differ(one: string, other: string): string {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const around = (text: string): string => text.slice(Math.max(0, at - 150), at + 150);
  return `${one.slice(0, 100)} ...\n    ${around(one)}\n    instead of ${around(other)}`;
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
