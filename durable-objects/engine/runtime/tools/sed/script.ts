/** The script of sed: parsed to a flat list of commands, blocks being jumps. */
import { toolProgramsKeptMax } from "../../../core/limits.ts";
import { keep } from "../../../core/memo.ts";
import { Regex, regexFor, type RegexOptions } from "../../../regex/regex.ts";
import type { MatchWork } from "../../match-work.ts";

export type Address =
  | { k: "line"; n: number }
  | { k: "last" }
  | { k: "step"; n: number; by: number }
  /** Lines after the range began, or up to a multiple. */
  | { k: "plus"; n: number }
  | { k: "multiple"; n: number }
  | ({ k: "regex" } & SedRegex);

export interface SedRegex {
  /** Empty: the one used last. */
  pattern: string;
  options: RegexOptions;
}

export interface Command {
  c: string;
  from?: Address;
  to?: Address;
  not?: true;
  /** Text of a, i, c; label; file of r and w; sets of y. */
  text?: string;
  to2?: string;
  /** Index to go on at: of `}` for a block that does not apply, of a label for b, t and T. */
  jump?: number;
  regex?: SedRegex;
  by?: string;
  global?: true;
  print?: true;
  nth?: number;
  file?: string;
  /** Exit code. */
  code?: number;
}

export class SedProblem extends Error {
  override name = "SedProblem";
}

const problem = (text: string): never => {
  throw new SedProblem(text);
};

class Parser {
  readonly text: string;
  readonly syntax: "basic" | "extended";
  at = 0;
  readonly commands: Command[] = [];
  readonly #open: number[] = [];
  readonly #labels = new Map<string, number>();

  constructor(text: string, extended: boolean) {
    this.text = text;
    this.syntax = extended ? "extended" : "basic";
  }

  parse(): Command[] {
    for (;;) {
      this.skip(/[\s;]/);
      if (this.at >= this.text.length) break;
      if (this.text[this.at] === "#") {
        this.line();
        continue;
      }
      this.command();
    }
    if (this.#open.length) problem("unterminated {");
    for (const command of this.commands) {
      if (!"btT".includes(command.c)) continue;
      const label = command.text ?? "";
      const place = label === "" ? this.commands.length : this.#labels.get(label);
      command.jump = place ?? problem(`can't find label for jump to '${label}'`);
    }
    return this.commands;
  }

  skip(set: RegExp): void {
    while (this.at < this.text.length && set.test(this.text[this.at]!)) this.at++;
  }

  /** The rest of the line. */
  line(): string {
    const end = this.text.indexOf("\n", this.at);
    const out = this.text.slice(this.at, end < 0 ? undefined : end);
    this.at = end < 0 ? this.text.length : end + 1;
    return out;
  }

  number(): number | undefined {
    const match = /^\d+/.exec(this.text.slice(this.at, this.at + 12));
    if (!match) return undefined;
    this.at += match[0].length;
    return Number(match[0]);
  }

  /** Text up to a delimiter that is not quoted. */
  delimited(delimiter: string, keep: boolean): string {
    let out = "";
    let set = false;
    for (; ; this.at++) {
      const c = this.text[this.at];
      if (c === undefined || (c === "\n" && keep)) problem(`unmatched '${delimiter}'`);
      if (c === "\\") {
        const next = this.text[++this.at] ?? "";
        if (next === delimiter && delimiter !== "\\")
          out += /[|&]/.test(next) && !keep ? `\\${next}` : next;
        else out += next === "n" && keep ? "\\n" : `\\${next}`;
        continue;
      }
      if (keep && c === "[" && !set) set = true;
      else if (keep && c === "]" && set && !/\[\^?$/.test(out)) set = false;
      if (c === delimiter && !set) break;
      out += c;
    }
    this.at++;
    return out;
  }

  regex(pattern: string, fold: boolean, multiline: boolean): SedRegex {
    const options: RegexOptions = { syntax: this.syntax, backslash: "controls", fold, multiline };
    return { pattern, options };
  }

  address(second: boolean): Address | undefined {
    const c = this.text[this.at] ?? "";
    if (/\d/.test(c)) {
      const n = this.number()!;
      if (this.text[this.at] !== "~") return { k: "line", n };
      this.at++;
      return { k: "step", n, by: this.number() ?? 0 };
    }
    if (c === "$") {
      this.at++;
      return { k: "last" };
    }
    if (second && (c === "+" || c === "~")) {
      this.at++;
      return { k: c === "+" ? "plus" : "multiple", n: this.number() ?? 0 };
    }
    if (c !== "/" && c !== "\\") return undefined;
    this.at += c === "/" ? 1 : 2;
    const pattern = this.delimited(this.text[this.at - 1]!, true);
    let flags = "";
    for (; /[IM]/.test(this.text[this.at] ?? ""); this.at++) flags += this.text[this.at];
    return { k: "regex", ...this.regex(pattern, flags.includes("I"), flags.includes("M")) };
  }

  command(): void {
    const made: Command = { c: "" };
    const from = this.address(false);
    if (from) made.from = from;
    this.skip(/[ \t]/);
    if (from && this.text[this.at] === ",") {
      this.at++;
      this.skip(/[ \t]/);
      made.to = this.address(true) ?? problem("no address after comma");
    }
    this.skip(/[ \t]/);
    while (this.text[this.at] === "!") {
      made.not = true;
      this.at++;
      this.skip(/[ \t]/);
    }
    const c = this.text[this.at++];
    if (c === undefined) problem("missing command");
    made.c = c!;
    this.operands(made);
    if (c !== ":") this.commands.push(made);
  }

  operands(made: Command): void {
    const { c } = made;
    if (c === "{") this.#open.push(this.commands.length);
    else if (c === "}") {
      const open = this.#open.pop() ?? problem("unexpected }");
      this.commands[open]!.jump = this.commands.length;
    } else if (c === "s") this.substitution(made);
    else if (c === "y") this.transliteration(made);
    else if ("aic".includes(c)) made.text = this.appended();
    else if (c === ":" || "btT".includes(c)) {
      this.skip(/[ \t]/);
      const stop = c === ":" ? /[\n]/ : /[\n;}]/;
      const from = this.at;
      while (this.at < this.text.length && !stop.test(this.text[this.at]!)) this.at++;
      const label = this.text.slice(from, this.at).trim();
      if (c === ":") {
        // busybox ends a label at a semicolon as well.
        const [name = "", ...rest] = label.split(/[;\s]/);
        if (rest.length) this.at = this.text.indexOf(name, from) + name.length;
        this.#labels.set(name, this.commands.length);
      } else made.text = label;
    } else if ("rwRW".includes(c)) {
      this.skip(/[ \t]/);
      made.file = this.line();
      if (made.file === "") problem("empty filename");
    } else if ("qQlL".includes(c)) {
      this.skip(/[ \t]/);
      const n = this.number();
      if (n !== undefined) made.code = n;
    } else if (!"=dDgGhHnNpPxzF".includes(c)) problem(`unsupported command ${c}`);
    if ("=dDgGhHnNpPxzFqQlLsy}".includes(c)) {
      this.skip(/[ \t]/);
      const next = this.text[this.at];
      if (next !== undefined && !/[\n;}#]/.test(next)) problem("extra characters after command");
    }
  }

  appended(): string {
    this.skip(/[ \t]/);
    if (this.text[this.at] === "\\") {
      const line = /^\\[ \t]*\n/.exec(this.text.slice(this.at, this.at + 40));
      this.at += line ? line[0].length : 1;
    }
    let out = "";
    for (; this.at < this.text.length; this.at++) {
      const c = this.text[this.at]!;
      if (c === "\\") out += this.text[++this.at] ?? "";
      else if (c === "\n") break;
      else out += c;
    }
    this.at++;
    return `${out}\n`;
  }

  substitution(made: Command): void {
    const delimiter = this.text[this.at++] ?? problem("bad format in substitution expression");
    const source = this.delimited(delimiter!, true);
    made.by = this.delimited(delimiter!, false);
    let fold = false;
    let multiline = false;
    for (; this.at < this.text.length; this.at++) {
      const c = this.text[this.at]!;
      if (c === "g") made.global = true;
      else if (c === "p") made.print = true;
      else if (c === "i" || c === "I") fold = true;
      else if (c === "m" || c === "M") multiline = true;
      else if (/[1-9]/.test(c)) {
        made.nth = this.number()!;
        this.at--;
      } else if (c === "w") {
        this.at++;
        this.skip(/[ \t]/);
        made.file = this.line();
        this.at--;
        break;
      } else break;
    }
    const next = this.text[this.at];
    if (next !== undefined && !/[\s;}#]/.test(next))
      problem("bad option in substitution expression");
    made.regex = this.regex(source, fold, multiline);
  }

  transliteration(made: Command): void {
    const delimiter = this.text[this.at++] ?? "";
    const plain = (text: string): string =>
      text.replace(/\\(.)/g, (_w, c: string) => (c === "n" ? "\n" : c === "t" ? "\t" : c));
    made.text = plain(this.delimited(delimiter, false));
    made.to2 = plain(this.delimited(delimiter, false));
    if (made.text.length !== made.to2.length) problem("y command strings have different lengths");
  }
}

const parsed = new Map<string, Command[]>();

/** Throws SedProblem. What was parsed last is kept: a tool looks its script up at every step. */
export function parseSed(text: string, extended: boolean): Command[] {
  const key = `${extended ? "E" : "B"}${text}`;
  const parser = (): Command[] => new Parser(text, extended).parse();
  return parsed.get(key) ?? keep(parsed, toolProgramsKeptMax, key, parser());
}

/** The expression of a command, for one step. SedProblem. */
export function sedRegex(given: SedRegex, pattern: string, work: MatchWork): Regex {
  const key = given.pattern === "" ? JSON.stringify([pattern, given.options]) : given;
  const made = regexFor(work, key, pattern, given.options);
  return made instanceof Regex ? made : problem(`bad regex '${pattern}': ${made.error}`);
}

/** Whether all expressions of a script are ones. SedProblem. */
export function checkSed(commands: readonly Command[], work: MatchWork): void {
  for (const { regex, from, to } of commands)
    for (const given of [from, to, regex])
      if (given && "pattern" in given && given.pattern !== "") sedRegex(given, given.pattern, work);
}
