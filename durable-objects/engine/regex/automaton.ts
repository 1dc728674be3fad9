/**
 * Runs a program over a text, in all its states at once. Sets of states met before are kept with what follows from them, so
 * that a character mostly costs one look; when too many have been met the sets are worked out anew for each character.
 * Either way the time is linear in the text, and the units of work are the same.
 */
import { automataCellsMax, automatonCellsMax, automatonUnitsUncheckedMax } from "../core/limits.ts";
import type { MatchBudget } from "./budget.ts";
import { beside, holds, op, type Classes, type Program } from "./program.ts";

/** "first": where the first match ends; "longest": the last of the matches that begin at the start; "all": marks each. */
export type Until = "first" | "longest" | "all";

interface StateSet {
  /** States, not followed yet through what needs no character. */
  states: number[];
  /** What stood before the place. */
  last: number;
}

/** A search under way. */
interface Rest {
  text: string;
  at: number;
  from: number;
  until: Until;
  work: MatchBudget;
  /** Not told to `work` yet. */
  units: number;
}

/** What all automata keep; nothing but time depends on it. */
const pool = { cells: 0, holders: new Set<Automaton>() };

export class Automaton {
  readonly #program: Program;
  readonly #classes: Classes;
  readonly #members: Uint8Array[];
  /** A match may begin at each place. */
  readonly #anywhere: boolean;
  readonly #width: number;

  #sets: StateSet[] = [];
  readonly #known = new Map<string, number>();
  /** By set and class: twice the set that follows, and 1 where a match ends before the character; -1: not known. */
  #next = new Int32Array(0);
  #units = new Int32Array(0);
  #cells = 0;

  readonly #seen: Int32Array;
  #mark = 0;
  /** Each state lies on it at most twice: once seen it is passed over. */
  readonly #stack: Int32Array;
  readonly #op: Uint8Array;
  readonly #x: Int32Array;
  readonly #y: Int32Array;

  constructor(program: Program, classes: Classes, anywhere: boolean) {
    this.#program = program;
    this.#classes = classes;
    this.#anywhere = anywhere;
    this.#members = program.sets.map((set) => classes.members(set));
    this.#width = classes.count + 1;
    this.#seen = new Int32Array(program.op.length);
    this.#stack = new Int32Array(3 * program.op.length + 2);
    this.#op = Uint8Array.from(program.op);
    this.#x = Int32Array.from(program.x);
    this.#y = Int32Array.from(program.y);
    this.#forget();
  }

  #forget(): void {
    this.#sets = [];
    this.#known.clear();
    this.#next = new Int32Array(0);
    this.#units = new Int32Array(0);
    this.#cells = 0;
    // Set 0 is where nothing can match any more.
    this.#intern([], beside.other);
  }

  /** Makes room where all automata together hold too much. */
  #begin(): void {
    if (pool.cells > automataCellsMax) {
      for (const other of pool.holders) other.#forget();
      pool.holders.clear();
      pool.cells = 0;
    }
    if (pool.holders.has(this)) return;
    pool.holders.add(this);
    pool.cells += this.#cells + 8 * this.#op.length;
  }

  #kind(text: string, at: number): number {
    if (!this.#program.asserts) return beside.other;
    if (at < 0 || at >= text.length) return beside.edge;
    return this.#classes.kinds[this.#classes.of(text.charCodeAt(at))]!;
  }

  /** The number of a set; -1: there is no room for it. */
  #intern(states: number[], last: number): number {
    const key = `${last} ${states.join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = this.#sets.length;
    const cells = states.length + this.#width * 2;
    const full = this.#cells + cells > automatonCellsMax || pool.cells > automataCellsMax;
    if (full && id > 1) return -1;
    this.#cells += cells;
    if (pool.holders.has(this)) pool.cells += cells;
    this.#sets.push({ states, last });
    this.#known.set(key, id);
    const end = (id + 1) * this.#width;
    if (end > this.#next.length) {
      const next = new Int32Array(Math.max(end, this.#next.length * 2)).fill(-1);
      next.set(this.#next);
      this.#next = next;
      const units = new Int32Array(next.length);
      units.set(this.#units);
      this.#units = units;
    }
    return id;
  }

  /** What the last step came to. */
  #matched = false;
  #cost = 0;

  /** The states behind a character of a class (the last class: behind the end), each once. */
  #step({ states, last }: StateSet, by: number): StateSet {
    const { asserts, reverse } = this.#program;
    const code = this.#op;
    const x = this.#x;
    const y = this.#y;
    const inside = by < this.#classes.count;
    const kind = inside ? this.#classes.kinds[by]! : beside.edge;
    const left = reverse ? kind : last;
    const right = reverse ? last : kind;
    const mark = ++this.#mark;
    const seen = this.#seen;
    const stack = this.#stack;
    const out: number[] = [];
    let count = 0;
    let top = 0;
    this.#matched = false;
    for (let i = states.length - 1; i >= 0; i--) stack[top++] = states[i]!;
    if (this.#anywhere) stack[top++] = 0;
    while (top > 0) {
      const at = stack[--top]!;
      if (seen[at] === mark) continue;
      seen[at] = mark;
      count++;
      const what = code[at];
      if (what === op.set) {
        if (inside && this.#members[x[at]!]![by] === 1) out.push(at + 1);
      } else if (what === op.split) {
        stack[top++] = y[at]!;
        stack[top++] = x[at]!;
      } else if (what === op.jump) stack[top++] = x[at]!;
      else if (what === op.match) this.#matched = true;
      else if (what !== op.assert || holds(x[at]!, left, right)) stack[top++] = at + 1;
    }
    this.#cost = count <= 8 ? 1 : count;
    return { states: out, last: asserts ? kind : beside.other };
  }

  /** The entry behind a set and a class, worked out; -1: there is no room to keep it. */
  #learn(id: number, by: number): number {
    const next = this.#step(this.#sets[id]!, by);
    next.states.sort((a, b) => a - b);
    const matched = Number(this.#matched);
    const cost = this.#cost;
    const dead = next.states.length === 0 && !this.#anywhere;
    const to = dead ? 0 : this.#intern(next.states, next.last);
    if (to < 0) return -1;
    this.#units[id * this.#width + by] = cost;
    return (this.#next[id * this.#width + by] = to * 2 + matched);
  }

  /**
   * From a place on, or from the end of the text back to it. The place where a match ends, or -1; "all" writes 1 to `marks`
   * at each.
   */
  run(text: string, from: number, until: Until, work: MatchBudget, marks?: Uint8Array): number {
    this.#begin();
    const { reverse } = this.#program;
    const step = reverse ? -1 : 1;
    const shift = reverse ? -1 : 0;
    const end = reverse ? from : text.length;
    let at = reverse ? text.length : from;
    const start = this.#anywhere ? [] : [0];
    const last = this.#kind(text, at + (reverse ? 0 : -1));
    let id = this.#intern(start, last);
    let found = -1;
    let units = 0;
    const slow = (set: StateSet): number => {
      const rest = this.#slow(set, { text, at, from, until, work, units }, marks);
      return rest < 0 ? found : rest;
    };
    if (id < 0) return slow({ states: start, last });
    const width = this.#width;
    const anywhere = this.#anywhere;
    const classes = this.#classes;
    const { low } = classes;
    const { length } = text;
    let nextOf = this.#next;
    let unitsOf = this.#units;
    for (; ; at += step) {
      const place = at + shift;
      let by = classes.count;
      if (place >= 0 && place < length) {
        const code = text.charCodeAt(place);
        by = code < 256 ? low[code]! : classes.of(code);
      }
      let next = nextOf[id * width + by]!;
      if (next < 0) {
        next = this.#learn(id, by);
        if (next < 0) return slow(this.#sets[id]!);
        nextOf = this.#next;
        unitsOf = this.#units;
      }
      units += unitsOf[id * width + by]!;
      if ((next & 1) === 1) {
        found = at;
        if (until === "first") break;
        if (marks) marks[at] = 1;
      }
      id = next >> 1;
      if (at === end || (id === 0 && !anywhere)) break;
      if (units > automatonUnitsUncheckedMax) {
        work.spend(units);
        units = 0;
      }
    }
    work.spend(units);
    return found;
  }

  /** The same from a place on, without keeping sets. */
  #slow(first: StateSet, given: Rest, marks?: Uint8Array): number {
    const { text, from, until, work } = given;
    const { reverse } = this.#program;
    const step = reverse ? -1 : 1;
    const end = reverse ? from : text.length;
    let set = first;
    let found = -1;
    let { units } = given;
    for (let { at } = given; ; at += step) {
      const place = at - (reverse ? 1 : 0);
      const inside = place >= 0 && place < text.length;
      set = this.#step(
        set,
        inside ? this.#classes.of(text.charCodeAt(place)) : this.#classes.count,
      );
      units += this.#cost;
      if (this.#matched) {
        found = at;
        if (until === "first") break;
        if (marks) marks[at] = 1;
      }
      if (at === end || (set.states.length === 0 && !this.#anywhere)) break;
      if (units > automatonUnitsUncheckedMax) {
        work.spend(units);
        units = 0;
      }
    }
    work.spend(units);
    return found;
  }
}
