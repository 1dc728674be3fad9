/** What an expression is parsed to. */
import type { Type } from "./types.ts";
import type { Value } from "./values.ts";

interface Node {
  /** Where errors about it point: an offset in the text. */
  readonly at: number;
  /** Set by the checker. */
  type?: Type;
}

export interface Literal extends Node {
  readonly k: "literal";
  readonly value: Value;
}
export interface Ident extends Node {
  readonly k: "ident";
  readonly name: string;
  /** The checker found that it is a type. */
  names?: Type;
}
export interface Select extends Node {
  readonly k: "select";
  readonly operand: Expr;
  readonly field: string;
  /** `has(a.b)`. */
  readonly test: boolean;
  /** The checker found that it is a variable whose name has dots. */
  variable?: string;
  /** Or a type. */
  names?: Type;
}
export interface Call extends Node {
  readonly k: "call";
  fn: string;
  target: Expr | undefined;
  readonly args: readonly Expr[];
  /** Ids of those that may be meant, by the checker. */
  overloads?: readonly string[];
}
export interface List extends Node {
  readonly k: "list";
  readonly elements: readonly Expr[];
  /** `[?a]`: by place. */
  readonly optional: ReadonlySet<number>;
}
export interface MapEntry {
  readonly at: number;
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
}
export interface MapExpr extends Node {
  readonly k: "map";
  readonly entries: readonly MapEntry[];
}
export interface FieldEntry {
  readonly at: number;
  readonly name: string;
  readonly value: Expr;
  readonly optional: boolean;
}
export interface Struct extends Node {
  readonly k: "struct";
  readonly name: string;
  readonly fields: readonly FieldEntry[];
}
/** What the macros over lists and maps become. */
export interface Fold extends Node {
  readonly k: "fold";
  readonly range: Expr;
  readonly iter: string;
  readonly iter2: string | undefined;
  readonly accu: string;
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
}

export type Expr = Literal | Ident | Select | Call | List | MapExpr | Struct | Fold;

/** What a macro calls its result so far. cel-go: parser.AccumulatorName */
export const accumulator = "__result__";

/** The parts of an expression, in order. */
export function partsOf(e: Expr): readonly Expr[] {
  switch (e.k) {
    case "select":
      return [e.operand];
    case "call":
      return e.target ? [e.target, ...e.args] : e.args;
    case "list":
      return e.elements;
    case "map":
      return e.entries.flatMap(({ key, value }) => [key, value]);
    case "struct":
      return e.fields.map(({ value }) => value);
    case "fold":
      return [e.range, e.init, e.condition, e.step, e.result];
    default:
      return [];
  }
}

/** Every expression within one, itself first; an expression that a macro repeats comes as often. */
export function* descendants(e: Expr): Generator<Expr> {
  yield e;
  for (const part of partsOf(e)) yield* descendants(part);
}

/** `a.b.c` as a name, where it is nothing else. cel-go: containers.ToQualifiedName */
export function qualifiedName(e: Expr): string | undefined {
  if (e.k === "ident") return e.name;
  if (e.k !== "select" || e.test) return undefined;
  const operand = qualifiedName(e.operand);
  return operand === undefined ? undefined : `${operand}.${e.field}`;
}
