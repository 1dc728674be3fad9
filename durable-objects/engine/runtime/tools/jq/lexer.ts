/** Words of a filter. Their names are those that jq's messages call them by. jq: src/lexer.l */
import { decodeUtf8, encodeUtf8 } from "../../bytes.ts";
import { JsonProblem, parseJson } from "./json-parser.ts";
import { CompileProblem } from "./tree.ts";
import type { Value } from "./values.ts";

export interface Token {
  /** `IDENT`, `'+'`, `==`, `if`, `$end` ... */
  kind: string;
  text: string;
  /** Of a LITERAL. */
  value?: Value;
  /** Place of its first byte. */
  at: number;
}

const keywords = new Set(
  "as import include module def if then else elif end reduce foreach try catch label break and or __loc__".split(
    " ",
  ),
);
export const isKeyword = (t: string): boolean => keywords.has(t) && t !== "__loc__";

const space = /[ \n\t\r]+|#[^\n]*/y;
const operator = /\?\/\/|\/\/=|!=|==|\/\/|\|=|\+=|-=|\*=|\/=|%=|<=|>=|\.\.(?![0-9.])/y;
const field = /\.[a-zA-Z_][a-zA-Z_0-9]*/y;
const name = /(?:[a-zA-Z_][a-zA-Z_0-9]*::)*[a-zA-Z_][a-zA-Z_0-9]*/y;
const format = /@[a-zA-Z0-9_]+/y;
const number = /[0-9.]+(?:[eE][+-]?[0-9]+)?/y;
const closers: Record<string, string> = { "(": ")", "[": "]", "{": "}" };

class Lexer {
  readonly text: string;
  at = 0;
  readonly tokens: Token[] = [];
  /** What closes the brackets that are open; `"` stands for a string. */
  readonly open: string[] = [];
  /** Where what was read last begins: the end of the program is said to be there. */
  last = 0;

  constructor(text: string) {
    this.text = text;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    return pattern.exec(this.text)?.[0];
  }

  #add(kind: string, text: string, value?: Value): void {
    this.last = this.at;
    this.tokens.push({ kind, text, at: this.at, ...(value === undefined ? {} : { value }) });
    this.at += text.length;
  }

  run(): Token[] {
    while (this.at < this.text.length) {
      if (this.open.at(-1) === '"') this.#string();
      else this.#one();
    }
    this.tokens.push({ kind: "$end", text: "", at: this.last });
    return this.tokens;
  }

  #one(): void {
    const blank = this.#match(space);
    if (blank !== undefined) {
      this.last = this.at;
      this.at += blank.length;
      return;
    }
    const c = this.text[this.at]!;
    if (c === '"') {
      this.#add("QQSTRING_START", c);
      this.open.push('"');
      return;
    }
    if (c in closers) {
      this.open.push(closers[c]!);
      return this.#add(`'${c}'`, c);
    }
    if (")]}".includes(c)) {
      if (this.open.at(-1) !== (c === ")" && this.open.at(-1) === "\\)" ? "\\)" : c))
        return this.#add("INVALID_CHARACTER", c);
      const inner = this.open.pop() === "\\)";
      return this.#add(inner ? "QQSTRING_INTERP_END" : `'${c}'`, c);
    }
    const op = this.#match(operator);
    if (op !== undefined) return this.#add(op, op);
    const at = this.#match(field);
    if (at !== undefined) return this.#add("FIELD", at);
    const word = this.#match(name);
    if (word !== undefined) return this.#add(keywords.has(word) ? word : "IDENT", word);
    const shape = this.#match(format);
    if (shape !== undefined) return this.#add("FORMAT", shape);
    const digits = this.#match(number);
    if (digits !== undefined && digits !== ".") {
      const value = this.#literal(digits);
      return this.#add("LITERAL", digits, value);
    }
    this.#add(".?=;,:|+-*/%$<>".includes(c) ? `'${c}'` : "INVALID_CHARACTER", c);
  }

  #literal(text: string): Value {
    try {
      return parseJson(text);
    } catch (error) {
      if (!(error instanceof JsonProblem)) throw error;
      throw new CompileProblem([{ text: error.message, at: this.at }]);
    }
  }

  #string(): void {
    const c = this.text[this.at]!;
    if (c === '"') {
      this.open.pop();
      return this.#add("QQSTRING_END", c);
    }
    if (this.text.startsWith("\\(", this.at)) {
      this.open.push("\\)");
      return this.#add("QQSTRING_INTERP_START", "\\(");
    }
    let end = this.at;
    while (end < this.text.length && this.text[end] !== '"') {
      if (this.text[end] === "\\") {
        if (this.text[end + 1] === "(") break;
        end++;
      }
      end++;
    }
    const text = this.text.slice(this.at, end);
    // Line ends may stand in a string of a program.
    const value = this.#literal(
      `"${text.replace(/[\n\t\r]/g, (one) => ({ "\n": "\\n", "\t": "\\t", "\r": "\\r" })[one]!)}"`,
    );
    this.#add("QQSTRING_TEXT", text, value);
  }
}

/** The words of a program. Places count bytes. CompileProblem. */
export const lex = (program: string): Token[] =>
  new Lexer(encodeUtf8(program)).run().map((token) => ({ ...token, text: decodeUtf8(token.text) }));
