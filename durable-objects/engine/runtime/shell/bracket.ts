/** `[...]` of a shell's pattern. */
import { characterClasses, complement, normalized, type CharSet } from "../../regex/char-set.ts";

/** The set from `[` on; undefined: it is not closed. */
export function bracket(pattern: string, at: number): { set: CharSet; end: number } | undefined {
  let i = at + 1;
  const negated = pattern[i] === "!" || pattern[i] === "^";
  if (negated) i++;
  const pairs: number[] = [];
  const member = (): number => {
    if (pattern[i] === "\\" && pattern[i + 1] !== undefined) i++;
    return pattern.charCodeAt(i++);
  };
  for (let first = true; first || pattern[i] !== "]"; first = false) {
    if (pattern[i] === undefined) return undefined;
    const named = pattern[i] === "[" ? /^\[:(\w+):\]/.exec(pattern.slice(i, i + 12)) : null;
    if (named) {
      const name = named[1]!;
      if (Object.hasOwn(characterClasses, name)) pairs.push(...characterClasses[name]!);
      i += named[0].length;
      continue;
    }
    const from = member();
    let to = from;
    if (pattern[i] === "-" && pattern[i + 1] !== undefined && pattern[i + 1] !== "]") {
      i++;
      to = member();
    }
    // A range the wrong way round matches nothing.
    if (from <= to) pairs.push(from, to);
  }
  const set = normalized(pairs);
  return { set: negated ? complement(set) : set, end: i };
}
