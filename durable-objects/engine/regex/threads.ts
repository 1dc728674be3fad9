/**
 * What the groups of a match took: the program runs with a thread per state, each with its tags. Threads that meet in a
 * state are alike from there on, so the better one goes on: for POSIX the one whose tags compare better, from the
 * outermost and leftmost on; else the one that was preferred.
 */
import type { MatchBudget } from "./budget.ts";
import { beside, holds, op, type Classes, type Program } from "./program.ts";

/** Of a tag that is not set. */
export const unset = 0x7fffffff;

/** A thread is dearer than a state of an automaton. */
const unitsPerThread = 5;

interface Thread {
  at: number;
  tags: Int32Array;
}

export interface Found {
  end: number;
  tags: Int32Array;
}

export class Threads {
  readonly #program: Program;
  readonly #classes: Classes;
  readonly #members: Uint8Array[];
  readonly #posix: boolean;
  readonly #seen: Int32Array;
  #mark = 0;
  #units = 0;

  constructor(program: Program, classes: Classes, posix: boolean) {
    this.#program = program;
    this.#classes = classes;
    this.#members = program.sets.map((set) => classes.members(set));
    this.#posix = posix;
    this.#seen = new Int32Array(program.op.length);
  }

  #kind(text: string, at: number): number {
    if (at < 0 || at >= text.length) return beside.edge;
    return this.#classes.kinds[this.#classes.of(text.charCodeAt(at))]!;
  }

  readonly #compare = (a: Thread, b: Thread): number => {
    const { better } = this.#program.tags;
    for (let i = 0; i < better.length; i++) {
      const difference = b.tags[i]! - a.tags[i]!;
      if (difference !== 0) return difference * better[i]!;
    }
    return 0;
  };

  /** Adds the states that a thread is in without a further character; a match ends the search among the lesser ones. */
  #follow(thread: Thread, text: string, place: number, out: Thread[]): Thread | undefined {
    const { op: code, x, y } = this.#program;
    const seen = this.#seen;
    const stack = [thread];
    while (stack.length > 0) {
      const { at, tags } = stack.pop()!;
      if (seen[at] === this.#mark) continue;
      seen[at] = this.#mark;
      this.#units++;
      const go = (to: number, by = tags): unknown => stack.push({ at: to, tags: by });
      switch (code[at]) {
        case op.set:
          out.push({ at, tags });
          break;
        case op.split:
          go(y[at]!);
          go(x[at]!);
          break;
        case op.jump:
          go(x[at]!);
          break;
        case op.assert:
          if (holds(x[at]!, this.#kind(text, place - 1), this.#kind(text, place))) go(at + 1);
          break;
        case op.tag:
        case op.clear: {
          const changed = tags.slice();
          this.#units += changed.length >> 2;
          if (code[at] === op.clear) changed.fill(unset, x[at], y[at]);
          else changed[x[at]!] = y[at] ? y[at]! - 1 : place;
          go(at + 1, changed);
          break;
        }
        default:
          return { at, tags };
      }
    }
    return undefined;
  }

  /** The best match that begins at a place; with `end`, that ends there. */
  run(text: string, start: number, end: number | undefined, work: MatchBudget): Found | undefined {
    const { x, tags } = this.#program;
    const tagCount = tags.better.length;
    let now: Thread[] = [{ at: 0, tags: new Int32Array(tagCount).fill(unset) }];
    let best: Found | undefined;
    const last = end ?? text.length;
    for (let place = start; now.length > 0 && place <= last; place++) {
      if (this.#posix && now.length > 1) now.sort(this.#compare);
      this.#mark++;
      this.#units = now.length * (1 + (tagCount >> 2));
      const threads: Thread[] = [];
      for (const thread of now) {
        const matched = this.#follow(thread, text, place, threads);
        if (!matched) continue;
        if (end === undefined || place === end) best = { end: place, tags: matched.tags };
        else continue;
        break;
      }
      work.spend(this.#units * unitsPerThread);
      if (place === last) break;
      const by = this.#classes.of(text.charCodeAt(place));
      now = [];
      for (const { at, tags: own } of threads)
        if (this.#members[x[at]!]![by] === 1) now.push({ at: at + 1, tags: own });
    }
    return best;
  }
}
