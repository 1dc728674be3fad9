/** What running a filter is made of. */
import type { At, Filter } from "./native.ts";
import type { Node } from "./tree.ts";
import { JqError, type JqWork, type Value } from "./values.ts";

/** What a name stands for where a filter runs: a value, a filter with its own surroundings, a label, or a function. */
export interface Env {
  up: Env | undefined;
  key: object;
  value?: Value;
  node?: Node;
  env?: Env | undefined;
  label?: object;
}

/** Who runs filters, as their parts see it. */
export interface Running extends JqWork {
  /** A part begins to run. Exhausted, Endless. */
  enter(depth: number): void;
  lookup(env: Env | undefined, key: object): Env;
  run(node: Node, env: Env | undefined, value: Value, depth: number): Generator<Value>;
  filter(node: Node, env: Env | undefined, depth: number): Filter;
  /** How a function goes about paths, if it does. */
  pathNative(name: string): ((at: At, args: Filter[]) => Generator<At>) | undefined;
}

/** It has computed for longer than one input may take. */
export class Endless extends Error {
  override name = "Endless";
}

/**
 * What each output of a source leads to. An error further on goes back into the source, since jq's `try` catches what
 * happens behind it as well.
 */
export function* forward<S, T>(
  source: Generator<S>,
  each: (item: S) => Generator<T>,
): Generator<T> {
  let next = source.next();
  while (!next.done) {
    try {
      yield* each(next.value);
    } catch (error) {
      next = source.throw(error);
      continue;
    }
    next = source.next();
  }
}

/** The steps of a path, the first one first. */
export function pathOf(at: At): Value[] {
  const out: Value[] = [];
  for (let one = at.path; one; one = one.up) out.push(one.step);
  return out.reverse();
}

/** `break`, on its way to its label. */
export class Break extends Error {
  override name = "Break";
  readonly label: object;
  constructor(label: object) {
    super("break");
    this.label = label;
  }
}

/** What is found, or nothing where that is an error. */
export function attempt<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch (error) {
    if (error instanceof JqError) return undefined;
    throw error;
  }
}
