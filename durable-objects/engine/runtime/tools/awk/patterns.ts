/** Regular expressions of an awk program. */
import { Regex, regexFor, type RegexOptions } from "../../../regex/regex.ts";
import type { MatchWork } from "../../match-work.ts";
import { AwkError } from "./math.ts";

const options: RegexOptions = { syntax: "extended", backslash: "quote" };

/** An expression; `key` stands for it within one step. AwkError. */
export function awkPattern(pattern: string, work: MatchWork, key: unknown = pattern): Regex {
  const made = regexFor(work, key, pattern, options);
  if (made instanceof Regex) return made;
  throw new AwkError(`bad regex '${pattern}': ${made.error}`);
}

/** What lies between the matches of an expression; a match of nothing parts nothing. */
export function splitBy(text: string, by: Regex, work: MatchWork): string[] {
  const out: string[] = [];
  const search = by.search(text, work);
  let from = 0;
  for (let match = search.next(0); match;) {
    if (match.end > match.index) {
      out.push(text.slice(from, match.index));
      from = match.end;
    }
    match = search.next(Math.max(match.end, match.index + 1));
  }
  return [...out, text.slice(from)];
}
