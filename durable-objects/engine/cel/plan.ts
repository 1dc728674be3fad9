/** What a planned expression is made of. cel-go: interpreter/planner.go, attributes.go */
import { re2 } from "../regex/re2.ts";
import type { Call } from "./ast.ts";
import type { Meter } from "./meter.ts";
import type { Value } from "./values.ts";

/** What variables are, by name; undefined: there is none. */
export type Variables = (name: string) => Value | undefined;

/** Makes a message of its fields: `Object{...}`. */
export type MakeStruct = (name: string, fields: Map<string, Value>) => Value;

export interface Frame {
  readonly variables: Variables;
  readonly meter: Meter;
  readonly make: MakeStruct | undefined;
  /** What the variables of macros are at the moment. */
  readonly locals: (Value | undefined)[];
}

export type Step = (frame: Frame) => Value;

/** Names of macros' variables and the places of their values. */
export class Scope {
  readonly #places = new Map<string, { place: number; init?: Step }>();
  readonly #outer: Scope | undefined;
  readonly count: { places: number };
  constructor(outer?: Scope) {
    this.#outer = outer;
    this.count = outer?.count ?? { places: 0 };
  }
  add(name: string, init?: Step): number {
    const place = this.count.places++;
    this.#places.set(name, { place, ...(init ? { init } : {}) });
    return place;
  }
  find(name: string): { place: number; init?: Step } | undefined {
    return this.#places.get(name) ?? this.#outer?.find(name);
  }
}

/** Steps that always give the same. */
export const constants = new WeakSet<Step>();
export function constant(value: Value): Step {
  const step: Step = () => value;
  constants.add(step);
  return step;
}

/** A constant that cannot be what it is used as: the expression is no program. */
export class ConstantProblem extends Error {
  override name = "ConstantProblem";
}

/** Patterns that are constants are compiled beforehand. */
export function checkPattern(e: Call): void {
  const [pattern] = e.args;
  if (!patterned.has(e.fn) || pattern?.k !== "literal" || typeof pattern.value !== "string") return;
  const found = re2(pattern.value);
  if ("error" in found) throw new ConstantProblem(found.error);
}
const patterned = new Set(["matches", "find", "findAll"]);
