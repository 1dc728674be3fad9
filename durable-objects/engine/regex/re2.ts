/** Patterns as Go's regexp reads them (RE2), with its words for those that are none. Go: regexp/syntax/parse.go */
import { re2PatternsKeptMax, regexCharactersMax, regexDepthMax } from "../core/limits.ts";
import { keep } from "../core/memo.ts";
import {
  bothCases,
  characterClasses,
  complement,
  normalized,
  single,
  type CharSet,
} from "./char-set.ts";
import { repeated } from "./posix.ts";
import { perlSets, unicodeSets } from "./re2-sets.ts";
import { Regex } from "./regex.ts";
import { alt, cat, RegexProblem, type Assertion, type Node } from "./tree.ts";

export type { Regex } from "./regex.ts";

/** Go: regexp/syntax maxRepeat */
const repeatMax = 1000;

const halves = normalized([0xd800, 0xdfff]);
const highHalf: Node = { k: "set", set: [0xd800, 0xdbff] };
const lowHalf: Node = { k: "set", set: [0xdc00, 0xdfff] };

/** A set that has all characters beyond 16 bits, of which each is two halves. */
function wide(set: CharSet): Node {
  const rest = complement(normalized([...complement(set), ...halves]));
  return alt([{ k: "set", set: rest }, cat([highHalf, lowHalf])]);
}

const wrong = (what: string, of: string): never => {
  throw new RegexProblem(`error parsing regexp: ${what}: \`${of}\``);
};

interface Flags {
  fold: boolean;
  lines: boolean;
  dotAll: boolean;
  swap: boolean;
}

const assertions: Readonly<Record<string, Assertion>> = {
  A: "text-start",
  b: "word-edge",
  B: "no-word-edge",
  z: "text-end",
};

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

export class Re2Parser {
  readonly #text: string;
  #at = 0;
  groups = 0;
  readonly #names = new Set<string>();
  #flags: Flags = { fold: false, lines: false, dotAll: false, swap: false };

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Node {
    const node = this.#branches(0);
    if (this.#at < this.#text.length) wrong("unexpected )", this.#text);
    return node;
  }

  #branches(depth: number): Node {
    if (depth > regexDepthMax) wrong("expression nests too deeply", this.#text);
    const outer = this.#flags;
    this.#flags = { ...outer };
    const of = [this.#branch(depth)];
    while (this.#text[this.#at] === "|") {
      this.#at++;
      of.push(this.#branch(depth));
    }
    this.#flags = outer;
    return alt(of);
  }

  #branch(depth: number): Node {
    const of: Node[] = [];
    for (;;) {
      const c = this.#text[this.#at];
      if (c === undefined || c === "|" || c === ")") return cat(of);
      const from = this.#at;
      const atom = this.#atom(depth);
      if (atom) of.push(this.#quantified(atom, from));
    }
  }

  #char(code: number): Node {
    const text = String.fromCodePoint(code);
    return cat(
      [...Array(text.length).keys()].map((i): Node => {
        const set = single(text.charCodeAt(i));
        return { k: "set", set: this.#flags.fold ? bothCases(set) : set };
      }),
    );
  }

  #atom(depth: number): Node | undefined {
    const c = this.#text[this.#at]!;
    switch (c) {
      case ".":
        this.#at++;
        return wide(this.#flags.dotAll ? complement([]) : complement(single(10)));
      case "^":
        this.#at++;
        return { k: "assert", a: this.#flags.lines ? "line-start" : "text-start" };
      case "$":
        this.#at++;
        return { k: "assert", a: this.#flags.lines ? "line-end" : "text-end" };
      case "(":
        return this.#group(depth);
      case "[":
        return this.#bracket();
      case "\\":
        return this.#escaped();
      case "*":
      case "+":
      case "?":
        return wrong("missing argument to repetition operator", this.#quantifier());
      default: {
        const code = this.#text.codePointAt(this.#at)!;
        this.#at += code > 0xffff ? 2 : 1;
        return this.#char(code);
      }
    }
  }

  /** A sign that repeats and what belongs to it. */
  #quantifier(): string {
    const lazy = this.#text[this.#at + 1] === "?" ? 2 : 1;
    return this.#text.slice(this.#at, this.#at + lazy);
  }

  #group(depth: number): Node | undefined {
    const start = this.#at++;
    let numbered = true;
    if (this.#text[this.#at] === "?") {
      const name = /^\?P?<([^>]*)(>?)/.exec(this.#text.slice(this.#at, this.#at + 200));
      if (name) this.#named(name, start);
      else {
        if (!this.#setFlags(start)) return undefined;
        numbered = false;
      }
    }
    const n = numbered ? ++this.groups : 0;
    const of = this.#branches(depth + 1);
    if (this.#text[this.#at] !== ")") wrong("missing closing )", this.#text);
    this.#at++;
    return numbered ? { k: "group", of, n } : of;
  }

  #named([all, name, end]: RegExpExecArray, start: number): void {
    const rest = this.#text.slice(start);
    if (/^\?<[=!]/.test(all)) wrong("invalid or unsupported Perl syntax", rest.slice(0, 3));
    const shown = this.#text.slice(start, this.#at + all.length);
    if (!end) wrong("invalid named capture", rest);
    if (!/^\w+$/.test(name!)) wrong("invalid named capture", shown);
    if (this.#names.has(name!)) wrong("duplicate capture group name", name!);
    this.#names.add(name!);
    this.#at += all.length;
  }

  /** `(?i)` or `(?i:`; false: it ends there, and is for what follows. */
  #setFlags(start: number): boolean {
    const flags = { ...this.#flags };
    let on = true;
    for (let i = this.#at + 1; ; i++) {
      const c = this.#text[i];
      if (c === ":" || c === ")") {
        this.#at = i + 1;
        const outer = this.#flags;
        this.#flags = flags;
        if (c === ")") return false;
        void outer;
        return true;
      }
      if (c === "i") flags.fold = on;
      else if (c === "m") flags.lines = on;
      else if (c === "s") flags.dotAll = on;
      else if (c === "U") flags.swap = on;
      else if (c === "-" && on) on = false;
      else if (c === undefined) wrong("missing closing )", this.#text);
      else wrong("invalid or unsupported Perl syntax", this.#text.slice(start, i + 1));
    }
  }

  #escaped(): Node {
    const from = this.#at++;
    const c = this.#text[this.#at];
    if (c === undefined) return wrong("trailing backslash at end of expression", "");
    if (Object.hasOwn(assertions, c)) {
      this.#at++;
      return { k: "assert", a: assertions[c]! };
    }
    if (c === "Q") return this.#quoted();
    if (Object.hasOwn(perlSets, c)) {
      this.#at++;
      const set = perlSets[c]!;
      return /[DWS]/.test(c) ? wide(set) : { k: "set", set };
    }
    if (c === "p" || c === "P") return this.#setNode(this.#unicode(from), false);
    return this.#char(this.#code(from));
  }

  /** `\Q...\E` */
  #quoted(): Node {
    const from = this.#at + 1;
    const end = this.#text.indexOf("\\E", from);
    const text = this.#text.slice(from, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#text.length : end + 2;
    return cat([...text].map((c) => this.#char(c.codePointAt(0)!)));
  }

  /** What a backslash and what follows stand for; `#at` is behind the backslash. */
  #code(from: number): number {
    const c = this.#text[this.#at++]!;
    if (c === "x") {
      const hex = /^(?:\{([0-9a-fA-F]{1,8})\}|([0-9a-fA-F]{2}))/.exec(
        this.#text.slice(this.#at, this.#at + 12),
      );
      const code = hex ? Number.parseInt(hex[1] ?? hex[2]!, 16) : Infinity;
      if (code > 0x10ffff) wrong("invalid escape sequence", this.#text.slice(from, this.#at + 1));
      this.#at += hex![0].length;
      return code;
    }
    const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(
      this.#text.slice(this.#at - 1, this.#at + 2),
    );
    if (octal) {
      this.#at += octal[0].length - 1;
      return Number.parseInt(octal[0], 8);
    }
    if (Object.hasOwn(controls, c)) return controls[c]!;
    if (/[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e ]/.test(c)) return c.charCodeAt(0);
    return wrong("invalid escape sequence", `\\${c}`);
  }

  /** `\pL`, `\p{Greek}`; `#at` is at the p. */
  #unicode(from: number): CharSet {
    const found = /^[pP](?:\{(\^?)(\w+)\}|(\w))/.exec(this.#text.slice(this.#at, this.#at + 40));
    const name = found?.[2] ?? found?.[3] ?? "";
    if (!found || !Object.hasOwn(unicodeSets, name)) {
      const shown = found
        ? this.#text.slice(from, this.#at + found[0].length)
        : this.#text.slice(from);
      return wrong("invalid character class range", shown);
    }
    this.#at += found[0].length;
    const negated = found[0].startsWith("P") !== (found[1] === "^");
    return negated ? complement(unicodeSets[name]!) : unicodeSets[name]!;
  }

  #setNode(set: CharSet, negated: boolean): Node {
    const folded = this.#flags.fold ? bothCases(set) : set;
    if (negated) return wide(complement(folded));
    const last = folded.at(-1);
    return last === 0xffff ? wide(folded) : { k: "set", set: folded };
  }

  #bracket(): Node {
    const start = this.#at++;
    const negated = this.#text[this.#at] === "^";
    if (negated) this.#at++;
    const pairs: number[] = [];
    const beyond: Node[] = [];
    for (let first = true; first || this.#text[this.#at] !== "]"; first = false) {
      if (this.#at >= this.#text.length) wrong("missing closing ]", this.#text.slice(start));
      if (!first && this.#text[this.#at] === "-" && this.#text[this.#at + 1] !== "]") {
        wrong("invalid character class range", this.#text.slice(this.#at, this.#at + 2));
      }
      const from = this.#at;
      const low = this.#member(pairs, start);
      if (low === undefined) continue;
      const high = this.#rangeEnd(low, from, start);
      if (low <= 0xffff) pairs.push(low, Math.min(high, 0xffff));
      if (high > 0xffff) beyond.push(low === high ? this.#char(low) : cat([highHalf, lowHalf]));
    }
    this.#at++;
    const node = this.#setNode(normalized(pairs), negated);
    return beyond.length === 0 || negated ? node : alt([node, ...beyond]);
  }

  #rangeEnd(low: number, from: number, start: number): number {
    const next = this.#text[this.#at + 1];
    if (this.#text[this.#at] !== "-" || next === "]" || next === undefined) return low;
    this.#at++;
    const high = this.#member([], start);
    if (high === undefined || high < low) {
      return wrong("invalid character class range", this.#text.slice(from, this.#at));
    }
    return high;
  }

  /** One character of a bracket, or undefined after adding a whole class. */
  #member(pairs: number[], start: number): number | undefined {
    const rest = this.#text.slice(this.#at, this.#at + 20);
    const named = /^\[:(\^?)(\w+):\]/.exec(rest);
    if (named) {
      const set = Object.hasOwn(characterClasses, named[2]!) && characterClasses[named[2]!];
      if (!set) return wrong("invalid character class range", named[0]);
      this.#at += named[0].length;
      pairs.push(...(named[1] ? complement(set) : set));
      return undefined;
    }
    if (this.#at >= this.#text.length) return wrong("missing closing ]", this.#text.slice(start));
    if (rest[0] !== "\\") {
      const code = this.#text.codePointAt(this.#at)!;
      this.#at += code > 0xffff ? 2 : 1;
      return code;
    }
    const from = this.#at++;
    const c = this.#text[this.#at];
    if (c === undefined) return wrong("missing closing ]", this.#text.slice(start));
    if (Object.hasOwn(perlSets, c)) {
      this.#at++;
      pairs.push(...perlSets[c]!);
      return undefined;
    }
    if (c === "p" || c === "P") {
      pairs.push(...this.#unicode(from));
      return undefined;
    }
    return this.#code(from);
  }

  #quantified(atom: Node, start: number): Node {
    let node = atom;
    for (let before = ""; ;) {
      const found = this.#times();
      if (!found) return node;
      if (before) {
        wrong("invalid nested repetition operator", before + found.text);
      }
      if (
        found.min > repeatMax ||
        (found.max ?? 0) > repeatMax ||
        (found.max ?? found.min) < found.min
      ) {
        wrong("invalid repeat count", found.text);
      }
      this.#at += found.text.length;
      node = repeated(node, found.min, found.max, found.lazy !== this.#flags.swap);
      before = found.text;
      void start;
    }
  }

  #times(): { min: number; max: number | undefined; lazy: boolean; text: string } | undefined {
    const found = /^(?:[*+?]|\{(\d{1,5})(?:(,)(\d{0,5}))?\})(\??)/.exec(
      this.#text.slice(this.#at, this.#at + 16),
    );
    if (!found) return undefined;
    const [text, low, comma, high, lazy] = found;
    const sign = text[0];
    const shape = { text, lazy: lazy === "?" };
    if (sign === "*") return { ...shape, min: 0, max: undefined };
    if (sign === "+") return { ...shape, min: 1, max: undefined };
    if (sign === "?") return { ...shape, min: 0, max: 1 };
    const min = Number(low);
    return { ...shape, min, max: comma ? (high ? Number(high) : undefined) : min };
  }
}

const kept = new Map<string, Regex | { error: string }>();

/** The pattern compiled, or what is wrong with it. */
export function re2(pattern: string): Regex | { error: string } {
  const known = kept.get(pattern);
  if (known) return known;
  const tooLarge = `error parsing regexp: expression too large: \`${pattern}\``;
  if (pattern.length > regexCharactersMax) return { error: tooLarge };
  try {
    const parser = new Re2Parser(pattern);
    const tree = parser.whole();
    return keep(kept, re2PatternsKeptMax, pattern, new Regex(tree, parser.groups, true));
  } catch (error) {
    if (!(error instanceof RegexProblem)) throw error;
    const known = error.message.startsWith("error parsing");
    return keep(kept, re2PatternsKeptMax, pattern, { error: known ? error.message : tooLarge });
  }
}
