/** test, [ and [[. */
import { lookup } from "../../../core/lookup.ts";
import type { Stat } from "../../fs/vfs.ts";
import type { Sys } from "../../kernel/types.ts";
import { Regex, regexFor } from "../../../regex/regex.ts";
import { matches } from "../../shell/pattern.ts";

export class TestProblem extends Error {
  override name = "TestProblem";
}

function integer(text: string): bigint {
  if (!/^\s*[-+]?\d+\s*$/.test(text))
    throw new TestProblem(`${text === "" ? "" : `${text}: `}bad number`);
  const value = BigInt(text.trim().replace(/^\+/, ""));
  if (BigInt.asIntN(64, value) !== value) throw new TestProblem(`${text}: out of range`);
  return value;
}

const typeTests: Record<string, string> = lookup({
  "-f": "f",
  "-d": "d",
  "-p": "p",
  "-c": "c",
  "-b": "b",
  "-S": "s",
});

export function unary(op: string, word: string, sys: Sys): boolean | undefined {
  const has = (follow: boolean, fits: (stat: Stat) => boolean): boolean => {
    const stat = sys.peek(word, follow);
    return stat !== undefined && fits(stat);
  };
  if (typeTests[op]) return has(true, (stat) => stat.type === typeTests[op]);
  switch (op) {
    case "-n":
      return word !== "";
    case "-z":
      return word === "";
    case "-e":
    case "-a":
      return has(true, () => true);
    case "-L":
    case "-h":
      return has(false, (stat) => stat.type === "l");
    case "-s":
      return has(true, (stat) => stat.size > 0);
    case "-b":
    case "-S":
      return false;
    case "-r":
      return sys.access(word, 4);
    case "-w":
      return sys.access(word, 2);
    case "-x":
      return sys.access(word, 1);
    case "-u":
      return has(true, (stat) => (stat.mode & 0o4000) !== 0);
    case "-g":
      return has(true, (stat) => (stat.mode & 0o2000) !== 0);
    case "-k":
      return has(true, (stat) => (stat.mode & 0o1000) !== 0);
    case "-O":
      return has(true, (stat) => stat.uid === sys.who.uid);
    case "-G":
      return has(true, (stat) => stat.gid === sys.who.gid);
    case "-t":
      return sys.terminal(Number(word)) !== undefined;
    default:
      return undefined;
  }
}

type Binary = (a: string, b: string, sys: Sys, patterns: boolean) => boolean;
/** NaN, which compares with nothing, for what is not there. */
const time = (path: string, sys: Sys): number =>
  Math.floor((sys.peek(path)?.mtime ?? Number.NaN) / 1000);
const binary: Record<string, Binary> = lookup({
  "=": (a, b, sys, patterns) => (patterns ? matches(b, a, sys.matching) : a === b),
  "==": (a, b, sys, patterns) => (patterns ? matches(b, a, sys.matching) : a === b),
  "!=": (a, b, sys, patterns) => (patterns ? !matches(b, a, sys.matching) : a !== b),
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
  "-eq": (a, b) => integer(a) === integer(b),
  "-ne": (a, b) => integer(a) !== integer(b),
  "-lt": (a, b) => integer(a) < integer(b),
  "-le": (a, b) => integer(a) <= integer(b),
  "-gt": (a, b) => integer(a) > integer(b),
  "-ge": (a, b) => integer(a) >= integer(b),
  "-nt": (a, b, sys) => time(a, sys) > time(b, sys),
  "-ot": (a, b, sys) => time(a, sys) < time(b, sys),
  "-ef": (a, b, sys) => sys.peek(a) !== undefined && sys.peek(a)?.ino === sys.peek(b)?.ino,
  "=~"(a, b, sys) {
    const pattern = regexFor(sys.matching, `=~ ${b}`, b, { syntax: "extended" });
    // bash: status 2 without a word of what is wrong.
    if (!(pattern instanceof Regex)) throw new TestProblem(`${b}: ${pattern.error}`);
    return pattern.test(a, sys.matching);
  },
});

/** Tests that a shell has beside these; undefined: it is none. */
export type OwnTests = (op: string, word: string) => boolean | undefined;

class Reader {
  readonly words: readonly string[];
  readonly sys: Sys;
  readonly double: boolean;
  readonly own: OwnTests | undefined;
  at = 0;
  constructor(words: readonly string[], sys: Sys, double: boolean, own?: OwnTests) {
    this.words = words;
    this.sys = sys;
    this.double = double;
    this.own = own;
  }
  or(): boolean {
    let value = this.and();
    while (this.words[this.at] === "-o") {
      this.at++;
      const right = this.and();
      value = value || right;
    }
    return value;
  }
  and(): boolean {
    let value = this.not();
    while (this.words[this.at] === "-a") {
      this.at++;
      const right = this.not();
      value = value && right;
    }
    return value;
  }
  not(): boolean {
    if (this.words[this.at] === "!" && this.at + 1 < this.words.length) {
      this.at++;
      return !this.not();
    }
    return this.primary();
  }
  primary(): boolean {
    const [a, op, b] = this.words.slice(this.at, this.at + 3);
    if (a === undefined) throw new TestProblem("argument expected");
    if (op !== undefined && b !== undefined && binary[op]) {
      this.at += 3;
      return binary[op](a, b, this.sys, this.double);
    }
    if (a === "(" && op !== undefined) {
      this.at++;
      const value = this.or();
      if (this.words[this.at++] !== ")") throw new TestProblem("closing paren expected");
      return value;
    }
    if (op !== undefined && /^-[a-zA-Z]$/.test(a)) {
      const value = this.own?.(a, op) ?? unary(a, op, this.sys);
      if (value !== undefined) {
        this.at += 2;
        return value;
      }
    }
    if (op !== undefined && binary[op]) throw new TestProblem(`${op}: argument expected`);
    this.at++;
    return a !== "";
  }
}

/** The value of an expression's words; TestProblem (status 2) when they are none. */
export function testExpression(
  words: readonly string[],
  sys: Sys,
  double = false,
  own?: OwnTests,
): boolean {
  const [a, b, c] = words;
  if (words.length === 0) return false;
  // POSIX fixes the meaning by the number of words, so that operands may look like operators.
  if (words.length === 1) return a !== "";
  if (words.length === 2 && a === "!") return b === "";
  if (words.length === 3 && binary[b!]) return binary[b!]!(a!, c!, sys, double);
  const reader = new Reader(words, sys, double, own);
  const value = reader.or();
  const rest = words[reader.at];
  if (rest !== undefined) throw new TestProblem(`${rest}: unknown operand`);
  return value;
}
