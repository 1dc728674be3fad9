/**
 * Back-references and look-ahead, which no finite automaton has: tries one way after the other, never twice what is alike,
 * and gives up (ENOMEM) after a fixed number of steps.
 */
import { backtrackStepsMax } from "../core/limits.ts";
import type { MatchBudget } from "./budget.ts";
import { beside, holds, op, type Classes, type Program } from "./program.ts";
import { unset, type Found } from "./threads.ts";

const unitsPerStep = 4;

type BacktrackState = [at: number, place: number, tags: Int32Array];

const folded = (text: string): string => text.replace(/[A-Z]+/g, (part) => part.toLowerCase());

export class Backtracker {
  readonly #program: Program;
  readonly #classes: Classes;
  readonly #members: Uint8Array[];
  /** Tags of the groups that are referred to: with state and place all that decides what follows. */
  readonly #referred: number[];
  #steps = 0;
  /** Of the search under way. */
  #work!: MatchBudget;

  constructor(program: Program, classes: Classes) {
    this.#program = program;
    this.#classes = classes;
    this.#members = program.sets.map((set) => classes.members(set));
    const groups = new Set(program.x.filter((_, at) => program.op[at] === op.back));
    const { start, end } = program.tags;
    this.#referred = [...groups].flatMap((n) =>
      start[n] === undefined ? [] : [start[n], end[n]!],
    );
  }

  #kind(text: string, at: number): number {
    if (at < 0 || at >= text.length) return beside.edge;
    return this.#classes.kinds[this.#classes.of(text.charCodeAt(at))]!;
  }

  /** A new search, which may try several starts. */
  begin(): void {
    this.#steps = 0;
  }

  /** A match that begins at a place: the longest, or the one that is preferred. */
  run(text: string, start: number, longest: boolean, work: MatchBudget): Found | undefined {
    const tags = new Int32Array(this.#program.tags.better.length).fill(unset);
    const before = this.#steps;
    this.#work = work;
    try {
      return this.#ways(text, [0, start, tags], longest);
    } finally {
      work.spend((this.#steps - before) * unitsPerStep);
    }
  }

  #ways(text: string, first: BacktrackState, longest: boolean): Found | undefined {
    const { op: code, x, y } = this.#program;
    const tried = new Set<string>();
    const ways: BacktrackState[] = [first];
    let best: Found | undefined;
    while (ways.length > 0) {
      let [at, place, tags] = ways.pop()!;
      for (;;) {
        if (++this.#steps > backtrackStepsMax) this.#work.exhausted();
        const what = code[at]!;
        if (what === op.match) {
          if (!longest || place === text.length) return { end: place, tags };
          if (!best || place > best.end) best = { end: place, tags };
          break;
        }
        if (what === op.split) {
          const key = `${at} ${place} ${this.#referred.map((tag) => tags[tag]).join()}`;
          if (tried.has(key)) break;
          tried.add(key);
          ways.push([y[at]!, place, tags]);
          at = x[at]!;
          continue;
        }
        const next = this.#simple(text, at, place, tags);
        if (!next) break;
        [at, place, tags] = next;
      }
    }
    return best;
  }

  /** One instruction that leaves no choice; undefined: this way ends here. */
  #simple(text: string, at: number, place: number, tags: Int32Array): BacktrackState | undefined {
    const { op: code, x, y } = this.#program;
    switch (code[at]) {
      case op.set: {
        if (place >= text.length) return undefined;
        const by = this.#classes.of(text.charCodeAt(place));
        return this.#members[x[at]!]![by] === 1 ? [at + 1, place + 1, tags] : undefined;
      }
      case op.jump:
        return [x[at]!, place, tags];
      case op.assert: {
        const fits = holds(x[at]!, this.#kind(text, place - 1), this.#kind(text, place));
        return fits ? [at + 1, place, tags] : undefined;
      }
      case op.tag:
      case op.clear: {
        const changed = tags.slice();
        if (code[at] === op.clear) changed.fill(unset, x[at], y[at]);
        else changed[x[at]!] = y[at] ? y[at]! - 1 : place;
        return [at + 1, place, changed];
      }
      case op.back:
        return this.#again(text, at, place, tags);
      default: {
        const found = this.#ways(text, [at + 1, place, tags], false);
        if ((found !== undefined) === (y[at] === 1)) return undefined;
        return [x[at]!, place, found && y[at] === 0 ? found.tags : tags];
      }
    }
  }

  #again(text: string, at: number, place: number, tags: Int32Array): BacktrackState | undefined {
    const { start, end } = this.#program.tags;
    const n = this.#program.x[at]!;
    const from = tags[start[n] ?? 0]!;
    const to = tags[end[n] ?? 0]!;
    // A group that took no part matches nothing again.
    if (start[n] === undefined || from === unset || to === unset || to < from) return undefined;
    const length = to - from;
    this.#steps += length >> 5;
    const fold = this.#program.y[at] === 1;
    const hit = fold
      ? folded(text.slice(from, to)) === folded(text.slice(place, place + length))
      : text.startsWith(text.slice(from, to), place);
    return hit ? [at + 1, place + length, tags] : undefined;
  }
}
