/** Regular expressions that a schema brings. They are RE2's, of which PCRE's without what looks back or ahead are the like. */
import { keep } from "../../core/memo.ts";
import {
  patternUnitsPerWriteMax,
  schemaChecksPerWriteMax,
  schemaPatternsKeptMax,
} from "../../core/limits.ts";
import { regex, type NoRegex, type Regex } from "../../regex/regex.ts";
import type { MatchBudget } from "../../regex/budget.ts";
import { tooManyRequests } from "../../machinery/status.ts";

/** What matches them for one write. */
export interface Patterns {
  /** Why it is none, in Go's words as far as they are known; undefined: it is one. */
  problem(pattern: string): string | undefined;
  /** Whether it matches anywhere in the text. Throws 429 where one write asks for too much. */
  matches(pattern: string, text: string): boolean;
  /** A value is held against a schema; `units` more for what does not fit. Throws 429 where one write asks for too much. */
  checked(units?: number): void;
}

const kept = new Map<string, Regex | NoRegex>();

/** Groups have their names in Go's way, and nothing looks around or back: RE2 knows neither. */
function compiled(pattern: string): Regex | NoRegex {
  const known = kept.get(pattern);
  if (known) return known;
  const made = unserved.test(pattern)
    ? { error: "invalid or unsupported Perl syntax: `(?`", units: pattern.length }
    : regex(pattern, { syntax: "perl" });
  return keep(kept, schemaPatternsKeptMax, pattern, made);
}

const unserved = /(?<!\\)(?:\\\\)*\(\?(?:[=!>]|<[=!])|(?<!\\)(?:\\\\)*\\[1-9]/;

export function schemaPatterns(): Patterns {
  const work: MatchBudget & { used: number } = {
    used: 0,
    spend(units) {
      this.used += units;
      if (this.used > patternUnitsPerWriteMax) this.exhausted();
    },
    exhausted() {
      throw tooManyRequests("the patterns of this schema take too long", 1);
    },
  };
  const paid = new Set<string>();
  const made = (pattern: string): Regex | NoRegex => {
    const found = compiled(pattern);
    if (!paid.has(pattern)) work.spend(found.units);
    paid.add(pattern);
    return found;
  };
  let checks = 0;
  return {
    checked: (units = 1) => {
      checks += units;
      if (checks > schemaChecksPerWriteMax)
        throw tooManyRequests("the schema of this resource takes too long", 1);
    },
    problem: (pattern) => {
      const found = made(pattern);
      return "error" in found ? `error parsing regexp: ${found.error}` : undefined;
    },
    matches: (pattern, text) => {
      const found = made(pattern);
      return !("error" in found) && found.test(text, work);
    },
  };
}
