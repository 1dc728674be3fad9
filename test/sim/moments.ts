/** Moments of a scenario as they were while they lasted, beside what the log makes of them afterwards. */
import { signingKey } from "../../durable-objects/engine/api/auth/tokens.ts";
import { virtualAt, type ClockState } from "../../durable-objects/engine/core/clock.ts";
import { stopClock, stopClockAt } from "../../durable-objects/engine/core/snapshot.ts";
import { StatusError } from "../../durable-objects/engine/machinery/status.ts";
import { snapshotOf } from "../../durable-objects/engine/snapshots/take-and-restore.ts";
import { Chance } from "./chance.ts";
import { perform } from "./operations/operations.ts";
import { scenarioOf, setUp } from "./scenario.ts";
import { Simulation } from "./simulation.ts";

interface Seen {
  revision: number;
  /** What a snapshot said then, as JSON; and after turns that wrote no revision, as a checkpoint may be of one of them. */
  texts: string[];
}

export interface Compared {
  same: number;
  tooOld: number;
  wrong: string[];
}

/** Writes down what a snapshot says at the end of some of the turns that write revisions. */
function watchTurns(sim: Simulation, chance: Chance, seen: Seen[]): void {
  const { engine, options } = sim.world;
  const { log, store, birth } = engine;
  const persist = log.persist.bind(log);
  log.persist = (nowMs, dirty) => {
    const changes = persist(nowMs, dirty);
    const goesOn = changes.length === 0 && seen.at(-1)?.revision === store.rv;
    if (goesOn || (changes.length > 0 && chance.in100(40))) {
      const state = store.record<ClockState>("clock", "state") as ClockState;
      // Work that lags behind was looked at from another wall than it will be afterwards.
      const onTime = virtualAt(state, sim.world.now) === nowMs;
      const clock = onTime ? stopClock(state, nowMs, sim.world.now) : stopClockAt(state, nowMs);
      const parts = { store, log, birth, clock, waiting: [...dirty] };
      const snapshot = snapshotOf(parts, signingKey(options.identity), {});
      const text = JSON.stringify(snapshot);
      if (goesOn) seen.at(-1)?.texts.push(text);
      else seen.push({ revision: store.rv, texts: [text] });
    }
    return changes;
  };
}

/** Runs a scenario with its faults, then asks for every moment that was written down, before a loss of memory and after. */
export function momentsOf(seed: number, length: number): Compared {
  const scenario = scenarioOf(seed, length);
  const chance = new Chance(seed ^ 0x9a57);
  using sim = new Simulation(seed, scenario.nodes, []);
  setUp(sim);
  const seen: Seen[] = [];
  let engine: unknown;
  for (const operation of scenario.operations) {
    // It may have been made anew.
    if (sim.world.engine !== engine) watchTurns(sim, chance, seen);
    ({ engine } = sim.world);
    perform(sim, operation);
  }
  sim.run();
  sim.throwNext(undefined);
  const compared: Compared = { same: 0, tooOld: 0, wrong: [] };
  for (let i = 0; i < 2; i++) {
    for (const moment of seen) compare(sim, moment, compared);
    sim.evict();
  }
  return compared;
}

function compare({ world }: Simulation, { revision, texts }: Seen, compared: Compared): void {
  const { engine } = world;
  const old = revision < engine.log.oldestMoment;
  try {
    const again = JSON.stringify(engine.snapshot(world.now, { at: revision }));
    if (old) compared.wrong.push(`${revision} is older than it says`);
    else if (texts.includes(again)) compared.same += 1;
    else compared.wrong.push(`revision ${revision}: ${apart(again, texts[0] as string)}`);
  } catch (error) {
    if (!(error instanceof StatusError && error.code === 410)) throw error;
    if (old) compared.tooOld += 1;
    else compared.wrong.push(`revision ${revision}: ${error.message}`);
  }
}

function apart(found: string, expected: string): string {
  let i = 0;
  while (found[i] === expected[i]) i++;
  const near = (text: string): string => text.slice(Math.max(0, i - 120), i + 200);
  return `${near(found)}\nshould be\n${near(expected)}`;
}
