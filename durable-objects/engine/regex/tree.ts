/** What a regular expression is parsed to. */
import { normalized, type CharSet } from "./char-set.ts";

/** Conditions on the characters beside a place. */
export type Assertion =
  | "text-start"
  | "text-end"
  | "line-start"
  | "line-end"
  | "word-edge"
  | "no-word-edge"
  | "word-start"
  | "word-end"
  | "no-word-before"
  | "no-word-after";

export type Node =
  | { k: "set"; set: CharSet }
  | { k: "assert"; a: Assertion }
  /** None at all: the empty expression. */
  | { k: "cat"; of: readonly Node[] }
  | { k: "alt"; of: readonly Node[] }
  /** `max` undefined: without end. */
  | { k: "repeat"; of: Node; min: number; max: number | undefined; lazy: boolean }
  | { k: "group"; of: Node; n: number }
  | { k: "back"; n: number; fold: boolean }
  | { k: "look"; of: Node; negated: boolean };

export const empty: Node = { k: "cat", of: [] };

export const cat = (of: readonly Node[]): Node => (of.length === 1 ? of[0]! : { k: "cat", of });
/** Any of some; characters that stand for themselves are one set. */
export function alt(of: readonly Node[]): Node {
  if (of.length === 1) return of[0]!;
  const sets = of.flatMap((one) => (one.k === "set" ? [one.set] : []));
  return sets.length === of.length ? { k: "set", set: normalized(sets.flat()) } : { k: "alt", of };
}

export function someNode(node: Node, holds: (node: Node) => boolean): boolean {
  if (holds(node)) return true;
  if (node.k === "cat" || node.k === "alt") return node.of.some((one) => someNode(one, holds));
  return "of" in node && someNode(node.of, holds);
}

/** A pattern that is none; the words are regcomp's. */
export class RegexProblem extends Error {
  override name = "RegexProblem";
  /** How far a PCRE pattern was read. */
  at = 0;
}

export const problem = (words: string): never => {
  throw new RegexProblem(words);
};

export const tooBig = "Regular expression too big";
