/** As much of PCRE as paths of an nginx configuration use. What it does not know is no pattern: RegexProblem. */
import { regexDepthMax } from "../core/limits.ts";
import {
  bothCases,
  complement,
  digitChars,
  normalized,
  single,
  spaceChars,
  wordChars,
  characterClasses,
  type CharSet,
} from "./char-set.ts";
import { controls } from "./bracket.ts";
import { intervalAt, repeated } from "./posix.ts";
import { alt, cat, problem, RegexProblem, tooBig, type Assertion, type Node } from "./tree.ts";

const noNewline = complement(single(10));

const sets: Readonly<Record<string, CharSet>> = {
  d: digitChars,
  D: complement(digitChars),
  w: wordChars,
  W: complement(wordChars),
  s: spaceChars,
  S: complement(spaceChars),
  N: noNewline,
  h: characterClasses.blank!,
};

const assertions: Readonly<Record<string, Assertion>> = {
  b: "word-edge",
  B: "no-word-edge",
  A: "text-start",
  z: "text-end",
  Z: "text-end",
};

class Parser {
  readonly text: string;
  at = 0;
  groups = 0;
  fold: boolean;

  constructor(text: string, fold: boolean) {
    this.text = text;
    this.fold = fold;
  }

  branches(depth: number): Node {
    if (depth > regexDepthMax) problem(tooBig);
    const { fold } = this;
    const of = [this.#branch(depth)];
    while (this.text[this.at] === "|") {
      this.at++;
      of.push(this.#branch(depth));
    }
    this.fold = fold;
    return alt(of);
  }

  #branch(depth: number): Node {
    const of: Node[] = [];
    for (;;) {
      const c = this.text[this.at];
      if (c === undefined || c === "|" || (c === ")" && depth > 0)) return cat(of);
      if (c === ")") problem("unmatched closing parenthesis");
      of.push(this.#quantified(this.#atom(depth)));
    }
  }

  #set(set: CharSet): Node {
    return { k: "set", set: this.fold ? bothCases(set) : set };
  }

  #atom(depth: number): Node {
    const c = this.text[this.at++]!;
    switch (c) {
      case ".":
        return { k: "set", set: noNewline };
      case "^":
        return { k: "assert", a: "text-start" };
      case "$":
        return { k: "assert", a: "text-end" };
      case "(":
        return this.#group(depth);
      case "[":
        return this.#bracket();
      case "\\":
        return this.#escaped();
      case "*":
      case "+":
      case "?":
        return problem("quantifier does not follow a repeatable item");
      default:
        return this.#set(single(c.charCodeAt(0)));
    }
  }

  #escaped(): Node {
    const c = this.text[this.at++] ?? problem("\\ at end of pattern");
    if (Object.hasOwn(sets, c)) return { k: "set", set: sets[c]! };
    if (Object.hasOwn(assertions, c)) return { k: "assert", a: assertions[c]! };
    if (c >= "1" && c <= "9") return { k: "back", n: Number(c), fold: this.fold };
    return this.#set(single(this.#code(c)));
  }

  /** The character that a letter behind a backslash stands for. */
  #code(c: string): number {
    if (c === "x") {
      const hex = /^(?:\{([0-9a-fA-F]{1,4})\}|([0-9a-fA-F]{0,2}))/.exec(
        this.text.slice(this.at, this.at + 8),
      )!;
      this.at += hex[0].length;
      return parseInt(hex[1] ?? (hex[2] || "0"), 16);
    }
    if (c === "e") return 27;
    if (c === "0") return 0;
    const control = controls[c];
    if (control !== undefined) return control.charCodeAt(0);
    if (/[A-Za-z]/.test(c)) problem("unrecognized character follows \\");
    return c.charCodeAt(0);
  }

  #group(depth: number): Node {
    const rest = this.text.slice(this.at, this.at + 80);
    const special = /^\?(?::|(i|-i)\)|(i):|(=|!)|P?<([A-Za-z_]\w*)>|'(\w+)')/.exec(rest);
    if (!special && rest.startsWith("?")) return problem("unrecognized character after (? or (?-");
    this.at += special?.[0].length ?? 0;
    if (special?.[1]) {
      this.fold = special[1] === "i";
      return cat([]);
    }
    const { fold } = this;
    if (special?.[2]) this.fold = true;
    const named = special?.[4] ?? special?.[5];
    const n = !special || named !== undefined ? ++this.groups : 0;
    const of = this.branches(depth + 1);
    this.fold = fold;
    if (this.text[this.at++] !== ")") problem("missing closing parenthesis");
    if (special?.[3]) return { k: "look", of, negated: special[3] === "!" };
    return n ? { k: "group", of, n } : of;
  }

  #bracket(): Node {
    const { text } = this;
    const negated = text[this.at] === "^";
    if (negated) this.at++;
    const pairs: number[] = [];
    for (let first = true; first || text[this.at] !== "]"; first = false) {
      const from = this.#member(pairs);
      if (from === undefined) continue;
      if (text[this.at] !== "-" || text[this.at + 1] === "]") {
        pairs.push(from, from);
        continue;
      }
      this.at++;
      const to = this.#member(pairs);
      if (to === undefined) pairs.push(from, from, 45, 45);
      else if (to < from) problem("range out of order in character class");
      else pairs.push(from, to);
    }
    this.at++;
    const set = normalized(pairs);
    const folded = this.fold ? bothCases(set) : set;
    return { k: "set", set: negated ? complement(folded) : folded };
  }

  /** One code of a bracket, or undefined after adding a whole class. */
  #member(pairs: number[]): number | undefined {
    const { text } = this;
    const c = text[this.at++] ?? problem("missing terminating ] for character class");
    if (c === "[" && text[this.at] === ":") {
      const name = /^:(\w{1,8}):\]/.exec(text.slice(this.at, this.at + 12));
      if (name) {
        this.at += name[0].length;
        const set = Object.hasOwn(characterClasses, name[1]!) && characterClasses[name[1]!];
        pairs.push(...(set || problem("unknown POSIX class name")));
        return undefined;
      }
    }
    if (c !== "\\") return c.charCodeAt(0);
    const next = text[this.at++] ?? problem("\\ at end of pattern");
    if (Object.hasOwn(sets, next)) {
      pairs.push(...sets[next]!);
      return undefined;
    }
    return next === "b" ? 8 : this.#code(next);
  }

  #quantified(atom: Node): Node {
    let out = atom;
    for (let depth = 0; ; depth++) {
      if (depth > regexDepthMax) problem(tooBig);
      const c = this.text[this.at];
      let times: { min: number; max: number | undefined };
      if (c === "*") times = { min: 0, max: undefined };
      else if (c === "+") times = { min: 1, max: undefined };
      else if (c === "?") times = { min: 0, max: 1 };
      else if (c === "{" && /\d/.test(this.text[this.at + 1] ?? "")) {
        const found = intervalAt(this.text, this.at + 1, "}");
        if (!found) return out;
        if (found.max !== undefined && found.max < found.min)
          problem("numbers out of order in {} quantifier");
        if ((found.max ?? found.min) > 65_535) problem("number too big in {} quantifier");
        this.at = found.end - 1;
        times = found;
      } else return out;
      if (depth > 0) problem("quantifier does not follow a repeatable item");
      this.at++;
      const lazy = this.text[this.at] === "?";
      if (lazy) this.at++;
      // Possessive: it would have to forget what it passed.
      if (this.text[this.at] === "+") problem("possessive quantifiers are not served");
      out = repeated(out, times.min, times.max, lazy);
    }
  }
}

/** The tree of a pattern and its number of groups. RegexProblem. */
export function parsePerl(text: string, fold: boolean): { tree: Node; groups: number } {
  const parser = new Parser(text, fold);
  try {
    const tree = parser.branches(0);
    return { tree, groups: parser.groups };
  } catch (error) {
    if (error instanceof RegexProblem) error.at = Math.min(parser.at, text.length);
    throw error;
  }
}
