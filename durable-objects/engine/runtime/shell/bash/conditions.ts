/** What `[[ ]]` comes to. */
import type { Condition, Word } from "../ast.ts";
import type { Expander } from "../expand.ts";
import { matches } from "../pattern.ts";
import { ExpansionProblem } from "../problems.ts";
import { unary } from "../../tools/arguments/test.ts";
import { Regex, regexFor } from "../../../regex/regex.ts";
import type { Shell } from "../shell.ts";
import { optionNamed } from "./shell-options.ts";

/** A pattern that is none ends the command with status 2. */
export class BadPattern extends Error {
  override name = "BadPattern";
}

const arithmetic: Record<string, (a: bigint, b: bigint) => boolean> = {
  "-eq": (a, b) => a === b,
  "-ne": (a, b) => a !== b,
  "-lt": (a, b) => a < b,
  "-le": (a, b) => a <= b,
  "-gt": (a, b) => a > b,
  "-ge": (a, b) => a >= b,
};

/** Whether a variable, or an element of one, is set: `-v`. */
export function isSet(shell: Shell, reference: string): boolean {
  const [, name, sub] = /^([A-Za-z_]\w*)\[([^]*)\]$/.exec(reference) ?? [];
  if (name === undefined) return shell.parameter(reference) !== undefined;
  if (sub === "@" || sub === "*") return shell.values(name).length > 0;
  return shell.element(name, sub ?? "") !== undefined;
}

/** Tests of `[`, `test` and `[[` that only bash has; undefined: it is none. */
export function bashUnary(shell: Shell, op: string, word: string): boolean | undefined {
  if (op === "-v") return isSet(shell, word);
  if (op === "-o") return optionNamed(shell, word) === true;
  if (op === "-R") return shell.resolved(word) !== word;
  if (op === "-N") return shell.sys.peek(word) !== undefined;
  return undefined;
}

class Evaluator {
  readonly shell: Shell;
  readonly x: Expander;
  readonly told: (text: string) => void;

  constructor(shell: Shell, x: Expander, told: (text: string) => void) {
    this.shell = shell;
    this.x = x;
    this.told = told;
  }

  value(of: Condition, before = ""): boolean {
    switch (of.c) {
      case "and":
        return this.value(of.l) && this.value(of.r);
      case "or":
        return this.value(of.l) || this.value(of.r);
      case "not":
        return !this.value(of.of, "! ");
      case "unary":
        return this.#unary(of.op, of.word, before);
      case "binary":
        return this.#binary(of, before);
    }
  }

  /** Tells what is compared, once however often the words start over. */
  #tell(text: string): void {
    this.x.once(() => {
      this.told(text);
      return "";
    });
  }

  #unary(op: string, word: Word, before: string): boolean {
    const { shell } = this;
    const text = this.x.text(word);
    this.#tell(`[[ ${before}${op} ${text === "" ? "''" : text} ]]`);
    return bashUnary(shell, op, text) ?? unary(op, text, shell.sys) ?? false;
  }

  #binary({ op, l, r }: Condition & { c: "binary" }, before: string): boolean {
    const { shell, x } = this;
    const left = x.text(l);
    const tell = (right: string): void =>
      this.#tell(
        `[[ ${before}${left === "" ? "''" : left} ${op} ${right === "" ? "''" : right} ]]`,
      );
    if (op === "=~") {
      const pattern = this.#regexText(r);
      tell(pattern);
      return this.#matches(left, pattern);
    }
    const fold = shell.shopt("nocasematch");
    if (op === "=" || op === "==" || op === "!=") {
      const pattern = x.pattern(r);
      tell(pattern);
      return matches(pattern, left, shell.sys.matching, { ext: true, fold }) === (op !== "!=");
    }
    const right = x.text(r);
    tell(right);
    const compare = arithmetic[op];
    if (compare) {
      const sum = (text: string): bigint => BigInt(x.once(() => String(this.shell.evaluate(text))));
      return compare(sum(left), sum(right));
    }
    if (op === "<") return left < right;
    if (op === ">") return left > right;
    return this.#files(left, op, right);
  }

  #files(left: string, op: string, right: string): boolean {
    const { sys } = this.shell;
    const [a, b] = [sys.peek(left), sys.peek(right)];
    if (op === "-ef") return a !== undefined && a.ino === b?.ino;
    const [first, second] = op === "-nt" ? [a, b] : [b, a];
    if (!first) return false;
    return !second || Math.floor(first.mtime / 1000) > Math.floor(second.mtime / 1000);
  }

  /** A regular expression whose quoted parts stand for themselves. */
  #regexText(word: Word): string {
    return this.x
      .segments(word)
      .map(({ v, q }) => (q ? v.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&") : v))
      .join("");
  }

  #matches(text: string, pattern: string): boolean {
    const { shell } = this;
    const { matching } = shell.sys;
    const fold = shell.shopt("nocasematch");
    const made = regexFor(matching, `=~ ${fold} ${pattern}`, pattern, { syntax: "extended", fold });
    if (!(made instanceof Regex)) throw new BadPattern(pattern);
    const match = made.find(text, matching);
    const groups = match
      ? Array.from({ length: made.groups + 1 }, (_, n) => match.group(n) ?? "")
      : [];
    shell.setList(
      "BASH_REMATCH",
      groups.map((group) => [null, group]),
      false,
    );
    return match !== undefined;
  }
}

/** ExpansionProblem: an operand of a comparison is no number. */
export function conditionValue(
  shell: Shell,
  x: Expander,
  of: Condition,
  told: (text: string) => void,
): boolean {
  try {
    return new Evaluator(shell, x, told).value(of);
  } catch (error) {
    if (error instanceof ExpansionProblem && /\(error token is /.test(error.message))
      throw new ExpansionProblem(`[[: ${error.message}`);
    throw error;
  }
}
