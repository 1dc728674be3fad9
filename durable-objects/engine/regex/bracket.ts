/** Bracket expressions: `[...]` of regular expressions and of shell patterns. */
import { characterClasses, complement, normalized, type CharSet } from "./char-set.ts";
import { problem } from "./tree.ts";

/** What a backslash is within brackets: itself, itself but before letters that stand for controls (sed), or a quote (awk). */
export type Backslash = "plain" | "controls" | "quote";

const unmatched = "Unmatched [, [^, [:, [., or [=";

export const controls: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  f: "\f",
  v: "\v",
  a: "\x07",
};

class Bracket {
  readonly pattern: string;
  readonly backslash: Backslash;
  at: number;
  readonly pairs: number[] = [];

  constructor(pattern: string, at: number, backslash: Backslash) {
    this.pattern = pattern;
    this.at = at;
    this.backslash = backslash;
  }

  /** The next member's code; undefined: it was a class. */
  member(): number | undefined {
    const { pattern } = this;
    const c = pattern[this.at] ?? problem(unmatched);
    const next = pattern[this.at + 1];
    if (c === "[" && (next === ":" || next === "." || next === "=")) return this.#named(next);
    this.at++;
    if (c === "\\" && next !== undefined && this.backslash !== "plain") {
      const control = controls[next];
      if (control !== undefined || this.backslash === "quote") {
        this.at++;
        return (control ?? next).charCodeAt(0);
      }
    }
    return c.charCodeAt(0);
  }

  #named(kind: string): number | undefined {
    const { pattern } = this;
    const end = pattern.indexOf(`${kind}]`, this.at + 2);
    if (end < 0) return problem(unmatched);
    const name = pattern.slice(this.at + 2, end);
    this.at = end + 2;
    if (kind !== ":") {
      if (name.length !== 1) problem("Invalid collation character");
      if (kind === ".") return name.charCodeAt(0);
      this.pairs.push(name.charCodeAt(0), name.charCodeAt(0));
      return undefined;
    }
    const set = Object.hasOwn(characterClasses, name) ? characterClasses[name] : undefined;
    this.pairs.push(...(set ?? problem("Invalid character class name")));
    return undefined;
  }

  read(): void {
    const { pattern } = this;
    for (let first = true; first || pattern[this.at] !== "]"; first = false) {
      const from = this.member();
      const ranges = pattern[this.at] === "-" && pattern[this.at + 1] !== "]";
      if (from === undefined) {
        if (ranges && pattern[this.at + 1] !== undefined) problem("Invalid range end");
        continue;
      }
      if (!ranges) {
        this.pairs.push(from, from);
        continue;
      }
      this.at++;
      const to = this.member() ?? problem("Invalid range end");
      if (to < from) problem("Invalid range end");
      this.pairs.push(from, to);
    }
    this.at++;
  }
}

/** The set of a bracket expression whose `[` is at a place, and the place behind its `]`. RegexProblem when it is none. */
export function bracketAt(
  pattern: string,
  at: number,
  backslash: Backslash,
): { set: CharSet; negated: boolean; end: number } {
  const negated = pattern[at + 1] === "^";
  const bracket = new Bracket(pattern, at + (negated ? 2 : 1), backslash);
  bracket.read();
  const set = normalized(bracket.pairs);
  return { set: negated ? complement(set) : set, negated, end: bracket.at };
}
