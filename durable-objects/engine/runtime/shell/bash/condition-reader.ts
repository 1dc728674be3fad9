/** What stands in `[[ ]]`. */
import { SyntaxProblem, type Condition, type Part, type Word } from "../ast.ts";
import type { Cursor } from "./cursor.ts";

const binary = /^(?:=~|==|=|!=|<|>|-(?:eq|ne|lt|le|gt|ge|nt|ot|ef))$/;
const unary = /^-[a-zA-Z]$/;

/** A word without quotes and expansions. */
function plain(word: Word | undefined): string {
  const only = word?.length === 1 ? word[0] : undefined;
  return only?.t === "lit" && !only.q ? only.v : "";
}

class ConditionReader {
  readonly reader: Cursor;
  constructor(reader: Cursor) {
    this.reader = reader;
  }

  /** What stands at the cursor, as a complaint names it. */
  #token(): string {
    const { text, at } = this.reader;
    if (at >= text.length || text[at] === "\n") return "newline";
    return /^(?:&&|\|\||;;|[;&|()<>]|[^\s;&|()<>]+)/.exec(text.slice(at, at + 200))?.[0] ?? "";
  }

  wrong(text: string, near = this.#token()): never {
    const { reader } = this;
    const problem = new SyntaxProblem(
      `syntax error: ${text}`,
      reader.line(),
      reader.at >= reader.text.length,
    );
    problem.token = near;
    problem.condition = text;
    const from = reader.text.lastIndexOf("\n", reader.at - 1) + 1;
    const end = reader.text.indexOf("\n", reader.at);
    problem.source = reader.text.slice(from, end < 0 ? undefined : end);
    throw problem;
  }

  #accept(sign: string): boolean {
    this.reader.newlines();
    if (!this.reader.text.startsWith(sign, this.reader.at)) return false;
    this.reader.at += sign.length;
    return true;
  }

  or(): Condition {
    let left = this.and();
    while (this.#accept("||")) left = { c: "or", l: left, r: this.and() };
    return left;
  }

  and(): Condition {
    let left = this.term();
    while (this.#accept("&&")) left = { c: "and", l: left, r: this.term() };
    return left;
  }

  term(): Condition {
    const { reader } = this;
    reader.newlines();
    if (++reader.depth > 90) this.wrong("nested too deeply");
    try {
      if (reader.text[reader.at] === "(") return this.#group();
      const word = reader.word();
      if (!word) this.wrong(`unexpected token \`${this.#token()}' in conditional command`);
      const op = plain(word);
      if (op === "!") return { c: "not", of: this.term() };
      if (op === "]]") {
        reader.at -= 2;
        this.wrong("", "]]");
      }
      if (unary.test(op)) return this.#unary(op, word);
      return this.#binary(word);
    } finally {
      reader.depth--;
    }
  }

  #group(): Condition {
    const { reader } = this;
    reader.at++;
    const inner = this.or();
    reader.newlines();
    if (reader.text[reader.at] !== ")")
      this.wrong(`unexpected token \`${this.#token()}', expected \`)'`);
    reader.at++;
    return inner;
  }

  #unary(op: string, word: Word): Condition {
    const { reader } = this;
    reader.blanks();
    const begun = reader.at;
    const operand = reader.word();
    if (operand && plain(operand) !== "]]") {
      // `-n = x`: what looks like an operator may be the first word of a comparison.
      if (!binary.test(plain(operand))) return { c: "unary", op, word: operand };
      reader.blanks();
      const third = reader.text.slice(reader.at, reader.at + 2);
      if (third === "]]" || /^[&|)]/.test(third)) return { c: "unary", op, word: operand };
      reader.at = begun;
      return this.#binary(word);
    }
    reader.at = begun;
    return this.wrong(`unexpected argument \`${this.#token()}' to conditional unary operator`);
  }

  #binary(left: Word): Condition {
    const { reader } = this;
    reader.blanks();
    const { text, at } = reader;
    if (text.startsWith("]]", at) || /^(?:&&|\|\||\))/.test(text.slice(at, at + 2)))
      return { c: "unary", op: "-n", word: left };
    if (at >= text.length || text[at] === "\n") {
      const begun = reader.at;
      reader.newlines();
      if (reader.text.startsWith("]]", reader.at)) return { c: "unary", op: "-n", word: left };
      reader.at = begun;
      this.wrong("unexpected token `newline', conditional binary operator expected");
    }
    const sign = /^[<>](?![<>(&])/.exec(text.slice(at, at + 2))?.[0];
    if (sign) reader.at++;
    const op = sign ?? plain(reader.word());
    if (!binary.test(op)) {
      reader.at = at;
      this.wrong("conditional binary operator expected");
    }
    reader.blanks();
    const right = op === "=~" ? this.#regex() : this.#pattern();
    if (!right || plain(right) === "]]") {
      if (right) reader.at -= 2;
      this.wrong(
        reader.at >= reader.text.length || reader.text[reader.at] === "\n"
          ? "unexpected argument to conditional binary operator"
          : `unexpected argument \`${this.#token()}' to conditional binary operator`,
      );
    }
    return { c: "binary", op, l: left, r: right };
  }

  /** A pattern, where `@(a|b)` counts whatever `shopt` says. */
  #pattern(): Word | undefined {
    const { grammar } = this.reader;
    const before = grammar.ext;
    grammar.ext = true;
    const word = this.reader.word();
    grammar.ext = before;
    return word;
  }

  /** A regular expression: within parentheses blanks and operators are its own. */
  #regex(): Word | undefined {
    const { reader } = this;
    let depth = 0;
    const from = reader.line();
    const word: Part[] = reader.parts((c) => {
      if (c === "(") depth++;
      else if (c === ")") return depth-- === 0;
      return depth === 0 && /[\s;&<>]/.test(c);
    });
    if (depth > 0) reader.unterminated("unterminated quoted string", ")", from);
    return word.length ? word : undefined;
  }
}

/** The cursor stands behind `[[`; it is left behind `]]`. */
export function readCondition(reader: Cursor): Condition {
  const made = new ConditionReader(reader);
  const of = made.or();
  reader.newlines();
  if (!reader.text.startsWith("]]", reader.at))
    made.wrong("syntax error in conditional expression");
  reader.at += 2;
  return of;
}
