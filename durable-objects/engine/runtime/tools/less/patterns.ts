/** What is looked for: POSIX extended patterns, by the runtime's own matcher. */
import { regexFor, type Regex } from "../../../regex/regex.ts";
import type { Sys } from "../../kernel/types.ts";
import type { Pattern } from "./state.ts";

/** The compiled pattern, or what is wrong with it. */
export function patternOf(sys: Sys, pattern: Pattern, caseless: 0 | 1 | 2): Regex | string {
  const fold = caseless === 2 || (caseless === 1 && !/[A-Z]/.test(pattern.text));
  const made = regexFor(sys.matching, `${fold} ${pattern.fixed} ${pattern.text}`, pattern.text, {
    syntax: pattern.fixed ? "fixed" : "extended",
    fold,
  });
  return "error" in made ? "Invalid pattern" : made;
}
