/** Regular expressions of an awk program. */
import { regex, Regex } from "../regex/regex.ts";
import type { MatchWork } from "../regex/work.ts";
import { AwkError } from "./awk-math.ts";

/** Those that a program spells out are kept as long as it is. */
const spelt = new WeakMap<{ v: string }, Regex>();

function made(pattern: string, work?: MatchWork): Regex {
  const out = regex(pattern, { syntax: "extended", backslash: "quote" });
  work?.spend(out.units);
  if (out instanceof Regex) return out;
  throw new AwkError(`bad regex '${pattern}': ${out.error}`);
}

/** An expression between slashes. AwkError. */
export function speltPattern(expr: { v: string }): Regex {
  let known = spelt.get(expr);
  if (!known) spelt.set(expr, (known = made(expr.v)));
  return known;
}

/** An expression made while the program runs, which is paid for each time. AwkError. */
export const dynamicPattern = (pattern: string, work: MatchWork): Regex => made(pattern, work);

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
