/** What is wrong with a pattern of RE2, found without compiling it. */
import { regexCharactersMax } from "../core/limits.ts";
import { Re2Parser } from "./re2.ts";
import { RegexProblem, type Node } from "./tree.ts";

/** Its problem in Go's words, or that it has more than `statesMax` states, about. */
export function re2Problem(pattern: string, statesMax: number): string | undefined {
  const tooLarge = `error parsing regexp: expression too large: \`${pattern}\``;
  if (pattern.length > regexCharactersMax) return tooLarge;
  try {
    return statesOf(new Re2Parser(pattern).whole(), statesMax) > statesMax ? tooLarge : undefined;
  } catch (error) {
    if (!(error instanceof RegexProblem)) throw error;
    return error.message.startsWith("error parsing") ? error.message : tooLarge;
  }
}

/** Counted as far as `most`. */
function statesOf(node: Node, most: number): number {
  if (node.k === "repeat") return statesOf(node.of, most) * Math.max(1, node.max ?? node.min) + 1;
  if (node.k === "group") return statesOf(node.of, most) + 2;
  if (node.k !== "cat" && node.k !== "alt") return 1;
  let count = 1;
  for (const one of node.of) if (count <= most) count += statesOf(one, most);
  return count;
}
