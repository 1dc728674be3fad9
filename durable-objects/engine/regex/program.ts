/** A pattern as instructions of a machine that is in many states at once. Its size is bounded. */
import { regexClassesMax, regexStatesMax } from "../core/limits.ts";
import { has, wordChars, type CharSet } from "./char-set.ts";
import { problem, someNode, tooBig, type Assertion, type Node } from "./tree.ts";

export const op = {
  /** A character of set `x`. */
  set: 0,
  /** On at `x`, and at `y` as the second choice. */
  split: 1,
  jump: 2,
  /** Assertion `x`. */
  assert: 3,
  /** Tag `x` is set to this place, or to `y - 1` where `y` is given. */
  tag: 4,
  /** Tags from `x` up to `y` are forgotten. */
  clear: 5,
  /** What group `x` matched, again; `y`: in either case. */
  back: 6,
  /** Looks ahead: what follows up to a `match` before `x`, where it goes on; `y`: it must not match. */
  look: 7,
  match: 8,
} as const;

/** What stands beside a place: any other character, one of a word, a line end, the end of the text. */
export const beside = { other: 0, word: 1, newline: 2, edge: 3 } as const;

const rules: Readonly<Record<Assertion, (left: number, right: number) => boolean>> = {
  "text-start": (left) => left === 3,
  "text-end": (_, right) => right === 3,
  "line-start": (left) => left >= 2,
  "line-end": (_, right) => right >= 2,
  "word-edge": (left, right) => (left === 1) !== (right === 1),
  "no-word-edge": (left, right) => (left === 1) === (right === 1),
  "word-start": (left, right) => left !== 1 && right === 1,
  "word-end": (left, right) => left === 1 && right !== 1,
  "no-word-before": (left) => left !== 1,
  "no-word-after": (_, right) => right !== 1,
};
const assertions = Object.keys(rules) as Assertion[];
/** By number: bit `4 * left + right` says whether it holds there. */
const truths = assertions.map((name) => {
  let bits = 0;
  for (let left = 0; left < 4; left++)
    for (let right = 0; right < 4; right++)
      if (rules[name](left, right)) bits |= 1 << (4 * left + right);
  return bits;
});

export const holds = (assertion: number, left: number, right: number): boolean =>
  ((truths[assertion]! >> (4 * left + right)) & 1) === 1;

/** The classes of characters that a pattern can tell apart. */
export class Classes {
  readonly count: number;
  /** Of the first 256 codes. */
  readonly low = new Uint16Array(256);
  readonly #starts: number[];
  /** Of each class, what it is beside a place. */
  readonly kinds: Uint8Array;

  constructor(sets: readonly CharSet[], asserts: boolean) {
    const starts = new Set([0]);
    for (const set of asserts ? [...sets, wordChars, [10, 10]] : sets)
      for (let i = 0; i < set.length; i += 2) {
        starts.add(set[i]!);
        starts.add(set[i + 1]! + 1);
      }
    starts.delete(0x10000);
    this.#starts = [...starts].sort((a, b) => a - b);
    this.count = this.#starts.length;
    // Bytes have fewer.
    if (this.count > regexClassesMax) problem(tooBig);
    for (let code = 0, at = 0; code < 256; code++) {
      while (this.#starts[at + 1] !== undefined && this.#starts[at + 1]! <= code) at++;
      this.low[code] = at;
    }
    this.kinds = Uint8Array.from(this.#starts, (code) =>
      code === 10 ? beside.newline : has(wordChars, code) ? beside.word : beside.other,
    );
  }

  of(code: number): number {
    if (code < 256) return this.low[code]!;
    let low = 0;
    let high = this.count;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= code) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Which classes a set holds. */
  members(set: CharSet): Uint8Array {
    return Uint8Array.from(this.#starts, (code) => Number(has(set, code)));
  }
}

/** What the threads of a search compare, in this order, and where a group's ends lie among them. */
export interface Tags {
  /** Of each tag: 1 where a larger value is better, -1 where a smaller one is. */
  better: number[];
  start: number[];
  end: number[];
}

export interface Program {
  op: number[];
  x: number[];
  y: number[];
  sets: CharSet[];
  tags: Tags;
  asserts: boolean;
  reverse: boolean;
}

export interface Plan {
  /** Reads the text from its end. */
  reverse: boolean;
  /** "groups": only what groups matched; "posix": all that decides between two ways to match. */
  tags: "none" | "groups" | "posix";
}

const holdsGroup = (node: Node): boolean => someNode(node, (one) => one.k === "group");
const fixed = (node: Node): boolean => node.k === "set" || node.k === "assert";

class Compiler {
  readonly plan: Plan;
  readonly made: Program;
  readonly #sets = new Map<string | CharSet, number>();
  readonly #tagOf = new Map<Node, number>();
  /** Of a member of a sequence, the tag of where it ends. */
  readonly #endOf = new Map<Node, number>();
  /** Of a repetition, the tags within. */
  readonly #within = new Map<Node, [from: number, to: number]>();
  #visits = 0;

  constructor(plan: Plan) {
    this.plan = plan;
    this.made = {
      op: [],
      x: [],
      y: [],
      sets: [],
      tags: { better: [], start: [], end: [] },
      asserts: false,
      reverse: plan.reverse,
    };
  }

  put(code: number, x = 0, y = 0): number {
    const { made } = this;
    if (made.op.length >= regexStatesMax) problem(tooBig);
    made.x.push(x);
    made.y.push(y);
    return made.op.push(code) - 1;
  }

  get #here(): number {
    return this.made.op.length;
  }

  /** The first of a node's tags; a node that is repeated has one set of them. */
  #tags(known: Map<Node, number>, node: Node, ...better: number[]): number {
    let first = known.get(node);
    if (first === undefined) {
      first = this.made.tags.better.length;
      this.made.tags.better.push(...better);
      known.set(node, first);
    }
    return first;
  }

  /** `later`: groups follow, so how far this one reaches matters. */
  emit(node: Node, later: boolean): void {
    // Expressions that match nothing add no instruction, however often they are repeated.
    if (++this.#visits > 2 * regexStatesMax) problem(tooBig);
    switch (node.k) {
      case "set":
        this.put(op.set, this.#set(node.set));
        return;
      case "assert":
        this.made.asserts = true;
        this.put(op.assert, assertions.indexOf(node.a));
        return;
      case "cat":
        return this.#cat(node.of, later);
      case "alt":
        return this.#alt(node, later);
      case "group":
        return this.#group(node, later);
      case "repeat":
        return this.#repeat(node, later);
      case "back":
        this.put(op.back, node.n, Number(node.fold));
        return;
      default: {
        const look = this.put(op.look, 0, Number(node.negated));
        this.emit(node.of, true);
        this.put(op.match);
        this.made.x[look] = this.#here;
      }
    }
  }

  #set(set: CharSet): number {
    let known = this.#sets.get(set);
    if (known === undefined) {
      const key = set.join();
      known = this.#sets.get(key) ?? this.made.sets.push(set) - 1;
      this.#sets.set(key, known).set(set, known);
    }
    return known;
  }

  #cat(of: readonly Node[], later: boolean): void {
    if (this.plan.reverse) {
      for (let i = of.length - 1; i >= 0; i--) this.emit(of[i]!, later);
      return;
    }
    const grouped = of.map(holdsGroup);
    const last = grouped.lastIndexOf(true);
    for (const [i, one] of of.entries()) {
      const after = later || last > i;
      const matters =
        this.plan.tags === "posix" && i < of.length - 1 && (after || grouped[i]) && !fixed(one);
      // A group's own end says it for the group.
      if (!matters || one.k === "group") this.emit(one, after);
      else {
        const tag = this.#tags(this.#endOf, one, 1);
        this.emit(one, after);
        this.put(op.tag, tag);
      }
    }
  }

  #alt(node: Node & { k: "alt" }, later: boolean): void {
    const tag =
      this.plan.tags === "posix" && (later || holdsGroup(node))
        ? this.#tags(this.#tagOf, node, -1)
        : -1;
    const ends: number[] = [];
    for (const [i, one] of node.of.entries()) {
      const last = i === node.of.length - 1;
      const split = last ? -1 : this.put(op.split, this.#here + 1);
      if (tag >= 0) this.put(op.tag, tag, i + 1);
      this.emit(one, later);
      if (last) break;
      ends.push(this.put(op.jump));
      this.made.y[split] = this.#here;
    }
    for (const end of ends) this.made.x[end] = this.#here;
  }

  #group(node: Node & { k: "group" }, later: boolean): void {
    if (this.plan.tags === "none") return this.emit(node.of, later);
    const tag = this.#tags(this.#tagOf, node, -1, 1);
    this.made.tags.start[node.n] = tag;
    this.made.tags.end[node.n] = tag + 1;
    this.put(op.tag, tag);
    this.emit(node.of, later);
    this.put(op.tag, tag + 1);
  }

  #repeat(node: Node & { k: "repeat" }, later: boolean): void {
    const { of, min, max, lazy } = node;
    const tagged = this.plan.tags !== "none" && holdsGroup(of);
    // The turns of a loop are told apart by what they hold.
    const within = later || tagged;
    const turn = (): void => {
      const from = this.made.tags.better.length;
      const clear = tagged ? this.put(op.clear) : -1;
      this.emit(of, within);
      if (clear < 0) return;
      const known = this.#within.get(node) ?? [from, this.made.tags.better.length];
      this.#within.set(node, known);
      [this.made.x[clear], this.made.y[clear]] = known;
    };
    const choice = (): number => this.put(op.split);
    const choose = (split: number, body: number, out: number): void => {
      this.made.x[split] = lazy ? out : body;
      this.made.y[split] = lazy ? body : out;
    };
    for (let i = 0; i < min - (max === undefined ? 1 : 0); i++) turn();
    if (max === undefined) {
      const loop = this.#here;
      if (min === 0) {
        const split = choice();
        turn();
        this.put(op.jump, loop);
        choose(split, split + 1, this.#here);
      } else {
        turn();
        const split = choice();
        choose(split, loop, this.#here);
      }
      return;
    }
    const splits: number[] = [];
    for (let i = min; i < max; i++) {
      splits.push(choice());
      turn();
    }
    for (const split of splits) choose(split, split + 1, this.#here);
  }
}

/** RegexProblem when it would be too big. */
export function compile(tree: Node, plan: Plan): Program {
  const compiler = new Compiler(plan);
  compiler.emit(tree, false);
  compiler.put(op.match);
  return compiler.made;
}
