/** Basic and extended regular expressions of POSIX, with GNU's additions. The words of problems are glibc's regerror. */
import { regexDepthMax } from "../core/limits.ts";
import { bracketAt, controls, type Backslash } from "./bracket.ts";
import { anyChar, bothCases, complement, single, spaceChars, wordChars } from "./char-set.ts";
import { alt, cat, empty, problem, tooBig, type Assertion, type Node } from "./tree.ts";

export interface PosixSyntax {
  extended: boolean;
  backslash: Backslash;
  fold: boolean;
  multiline: boolean;
}

/** glibc: RE_DUP_MAX */
const repeatMax = 32_767;

const shorthands: Readonly<Record<string, Node>> = {
  w: { k: "set", set: wordChars },
  W: { k: "set", set: complement(wordChars) },
  s: { k: "set", set: spaceChars },
  S: { k: "set", set: complement(spaceChars) },
  b: { k: "assert", a: "word-edge" },
  B: { k: "assert", a: "no-word-edge" },
  "<": { k: "assert", a: "word-start" },
  ">": { k: "assert", a: "word-end" },
  "`": { k: "assert", a: "text-start" },
  "'": { k: "assert", a: "text-end" },
};

/** `\{1,3\}`: what it says, from behind the brace, and where it ends; undefined: it is no interval. */
export function intervalAt(
  text: string,
  at: number,
  close: string,
): { min: number; max: number | undefined; end: number } | undefined {
  const found = /^(\d{0,20})(?:(,)(\d{0,20}))?/.exec(text.slice(at, at + 48))!;
  const [all, low = "", comma, high = ""] = found;
  if (!text.startsWith(close, at + all.length) || (low === "" && comma === undefined))
    return undefined;
  const min = Number(low);
  return {
    min,
    max: comma === undefined ? min : high === "" ? undefined : Number(high),
    end: at + all.length + close.length,
  };
}

export function repeated(of: Node, min: number, max: number | undefined, lazy = false): Node {
  // `a**` is `a*`.
  if (of.k === "repeat" && !lazy && !of.lazy && of.min === 0 && of.max === undefined) return of;
  return { k: "repeat", of, min, max, lazy };
}

class Parser {
  readonly text: string;
  readonly syntax: PosixSyntax;
  at = 0;
  /** Groups so far; those that are closed may be referred to. */
  groups: number;
  readonly #before: number;
  readonly #closed = new Set<number>();

  constructor(text: string, syntax: PosixSyntax, groups: number) {
    this.text = text;
    this.syntax = syntax;
    this.groups = this.#before = groups;
  }

  /** Whether an operator stands here: plain in extended expressions, behind a backslash in basic ones. */
  #operator(sign: string): boolean {
    return this.syntax.extended
      ? this.text[this.at] === sign
      : this.text[this.at] === "\\" && this.text[this.at + 1] === sign;
  }

  get #width(): number {
    return this.syntax.extended ? 1 : 2;
  }

  /** Alternatives up to the end or the parenthesis that closes them. */
  branches(depth: number): Node {
    if (depth > regexDepthMax) problem(tooBig);
    const of = [this.#branch(depth)];
    while (this.#operator("|")) {
      this.at += this.#width;
      of.push(this.#branch(depth));
    }
    return alt(of);
  }

  #branch(depth: number): Node {
    const of: Node[] = [];
    let begins = true;
    while (this.at < this.text.length && !this.#operator("|")) {
      if (this.#operator(")")) {
        if (depth > 0) break;
        if (!this.syntax.extended) problem("Unmatched ) or \\)");
      }
      const one = this.#atom(depth, begins);
      begins = begins && one.k === "assert" && one.a.endsWith("-start");
      // An anchor is not repeated: the star behind it is a character.
      of.push(one.k === "assert" ? one : this.#repetitions(one));
    }
    return cat(of);
  }

  #char(c: string): Node {
    const set = single(c.charCodeAt(0));
    return { k: "set", set: this.syntax.fold ? bothCases(set) : set };
  }

  #assert(a: Assertion): Node {
    if (this.syntax.multiline && a === "text-start") return { k: "assert", a: "line-start" };
    if (this.syntax.multiline && a === "text-end") return { k: "assert", a: "line-end" };
    return { k: "assert", a };
  }

  #atom(depth: number, begins: boolean): Node {
    const { text, syntax } = this;
    if (this.#operator("(")) return this.#group(depth);
    const c = text[this.at]!;
    if (c === "[") {
      const { set, negated, end } = bracketAt(text, this.at, syntax.backslash);
      this.at = end;
      if (!syntax.fold) return { k: "set", set };
      // What is left out is left out in both cases.
      return { k: "set", set: negated ? complement(bothCases(complement(set))) : bothCases(set) };
    }
    this.at++;
    if (c === ".") return { k: "set", set: anyChar };
    if (c === "^" && (syntax.extended || begins)) return this.#assert("text-start");
    if (c === "$" && (syntax.extended || this.#ends())) return this.#assert("text-end");
    if (c === "\\") return this.#escaped(begins);
    return this.#char(c);
  }

  /** Whether a `$` before this place is the end of a branch. */
  #ends(): boolean {
    return this.at === this.text.length || this.#operator(")") || this.#operator("|");
  }

  #escaped(begins: boolean): Node {
    const c = this.text[this.at++] ?? problem("Trailing backslash");
    if (c >= "1" && c <= "9") {
      const n = this.#before + Number(c);
      if (!this.#closed.has(n)) problem("Invalid back reference");
      return { k: "back", n, fold: this.syntax.fold };
    }
    if (!this.syntax.extended && c === "{" && begins)
      problem("Invalid preceding regular expression");
    if (Object.hasOwn(shorthands, c)) return shorthands[c]!;
    const all = this.syntax.backslash !== "plain";
    if (c === "n" || c === "t" || (all && Object.hasOwn(controls, c)))
      return this.#char(controls[c]!);
    return this.#char(c);
  }

  #group(depth: number): Node {
    this.at += this.#width;
    const n = ++this.groups;
    const of = this.branches(depth + 1);
    if (!this.#operator(")")) problem("Unmatched ( or \\(");
    this.at += this.#width;
    this.#closed.add(n);
    return { k: "group", of, n };
  }

  #repetitions(atom: Node): Node {
    let out = atom;
    for (let depth = 0; ; depth++) {
      if (depth > regexDepthMax) problem(tooBig);
      if (this.text[this.at] === "*") {
        this.at++;
        out = repeated(out, 0, undefined);
      } else if (this.#operator("+")) {
        this.at += this.#width;
        out = repeated(out, 1, undefined);
      } else if (this.#operator("?")) {
        this.at += this.#width;
        out = repeated(out, 0, 1);
      } else {
        const interval = this.#interval();
        if (!interval) return out;
        out = repeated(out, interval.min, interval.max);
      }
    }
  }

  #interval(): { min: number; max: number | undefined } | undefined {
    if (!this.#operator("{")) return undefined;
    const { extended } = this.syntax;
    const from = this.at + this.#width;
    const found = intervalAt(this.text, from, extended ? "}" : "\\}");
    if (!found) {
      // A brace that begins no interval is itself in an extended expression.
      if (extended) return undefined;
      return problem(
        this.text.includes("\\}", from) ? "Invalid content of \\{\\}" : "Unmatched \\{",
      );
    }
    if (found.max !== undefined && found.max < found.min) problem("Invalid content of \\{\\}");
    if ((found.max ?? found.min) > repeatMax) problem(tooBig);
    this.at = found.end;
    return found;
  }
}

/** The tree of a pattern and how many groups there are with it. RegexProblem. */
export function parsePosix(
  text: string,
  syntax: PosixSyntax,
  groups = 0,
): { tree: Node; groups: number } {
  const parser = new Parser(text, syntax, groups);
  const tree = text === "" ? empty : parser.branches(0);
  return { tree, groups: parser.groups };
}
