/** What invariants look at, and when. */
import type { Change } from "../../../durable-objects/engine/core/object.ts";
import type { Fault } from "../../../durable-objects/engine/loop/faults.ts";
import type { Line } from "../contents.ts";
import type { State } from "../history.ts";
import type { Any, Simulation } from "../simulation.ts";
import type { Visit } from "../visits.ts";

/** What is seen at each kind of moment. */
export interface Seen {
  /** A revision, as it was persisted. The copy of all objects is still as it was before it. */
  change: Change;
  /** An operation is done. */
  operation: undefined;
  /** All nodes are well again and time has passed. */
  settled: undefined;
  /** The run is over. */
  end: undefined;
  /** A request was answered. `kept`: what it had begun was not taken back. */
  answer: { request: string; status: number; text: string; kept: boolean };
  /** It is known what came of a write that was marked; `after`: the revision before it. */
  told: { request: string; mark: string; after: number; status: number; text: string };
  /** One object, read in two versions one after the other. */
  versions: { one: Any; other: Any };
  /** Who answered a request through a Gateway. `then`: all objects by the log when it was sent. */
  visit: { visit: Visit; status: number; body: string };
  /** A ready Pod was evicted under these budgets. */
  eviction: { pod: Any; budgets: Any[] };
  /** Somebody wrote with a revision after which another had written. */
  "late write": { url: string; status: number; text: string };
  /** A watch told something. `known`: what it is about had been told before. */
  event: { watch: string; type: string; key: string; rv: number; after: number; known: boolean };
  /** A watch was opened, or read to its end. */
  watch: { watch: string; told: State | string; expected: State };
  /** All that a watch from an old revision told, and what was written after it. */
  replay: { watch: string; told: string[]; expected: string[] };
  /** A list was read to its end, or read something twice. */
  list: { list: string; told: State | string; expected: State };
  /** A watch or a list was refused as too old. */
  expiry: { request: string; excused: boolean };
  /** So many alarms came at one moment. */
  alarm: { count: number };
  /** A transaction failed. */
  failure: { clean: boolean; error: unknown };
  /** A reconciler threw. */
  fault: Fault;
  /** All that the engine held before memory was lost, and after. */
  "lost memory": { before: Line[]; after: Line[] };
  /** The same scenario ran without faults that must leave no trace. */
  calm: { hashes: [string, string]; heard: [string[], string[]] };
}

export type When = keyof Seen;

/** What must hold. A check returns its complaint, or nothing. */
export interface InvariantOf<W extends When> {
  name: string;
  when: W;
  check(sim: Simulation, seen: Seen[W]): string | undefined;
}

export type Invariant = { [W in When]: InvariantOf<W> }[When];

/** An invariant that does not hold. */
export class Violation extends Error {
  override name = "Violation";
  readonly invariant: string;
  constructor(invariant: string, complaint: string) {
    super(`${invariant}: ${complaint}`);
    this.invariant = invariant;
  }
}
