/** Words of a template, in the words of Go's text/template where one is none. Go: text/template/parse/lex.go */
import { trimEndOf } from "../../../core/trim.ts";
import { goQuote } from "../../../machinery/field.ts";
import { unicodePoint } from "../jsonpath-parser.ts";

export type TokenType =
  | "text"
  | "left"
  | "right"
  | "space"
  | "assign"
  | "declare"
  | "pipe"
  | "string"
  | "raw"
  | "char-constant"
  | "number"
  | "variable"
  | "field"
  | "dot"
  | "identifier"
  | "bool"
  | "nil"
  | "keyword"
  | "open"
  | "close"
  | "char"
  | "error"
  | "eof";

export interface Token {
  type: TokenType;
  text: string;
  at: number;
  line: number;
}

const keywords = new Set("block break continue define else end if range template with".split(" "));
const blank = (c: string): boolean => c === " " || c === "\t" || c === "\r" || c === "\n";
const wordy = (c: string): boolean => c !== "" && /[\p{L}\p{Nd}_]/u.test(c);

const trimmedEnd = (text: string): string => trimEndOf(text, " \t\r\n");

export class Lexer {
  readonly #input: string;
  #at = 0;
  #start = 0;
  #line = 1;
  #startLine = 1;
  #inside = false;
  #depth = 0;
  #failed: Token | undefined;

  constructor(input: string) {
    this.#input = input;
  }

  #emit(type: TokenType): Token {
    const text = this.#input.slice(this.#start, this.#at);
    const token = { type, text, at: this.#start, line: this.#startLine };
    this.#ignore();
    return token;
  }
  #ignore(): void {
    this.#line += this.#input.slice(this.#start, this.#at).split("\n").length - 1;
    this.#start = this.#at;
    this.#startLine = this.#line;
  }
  #error(text: string): Token {
    this.#failed = { type: "error", text, at: this.#start, line: this.#startLine };
    return this.#failed;
  }
  #peek(): string {
    const code = this.#input.codePointAt(this.#at);
    return code === undefined ? "" : String.fromCodePoint(code);
  }
  #next(): string {
    const c = this.#peek();
    this.#at += c.length;
    return c;
  }

  next(): Token {
    if (this.#failed) return { ...this.#failed, type: "eof", text: "" };
    return this.#inside ? this.#action() : this.#text();
  }

  #text(): Token {
    for (;;) {
      const open = this.#input.indexOf("{{", this.#at);
      if (open < 0) {
        this.#at = this.#input.length;
        return this.#emit(this.#at > this.#start ? "text" : "eof");
      }
      if (open > this.#start) {
        this.#at = open;
        const token = this.#emit("text");
        if (this.#trims(open + 2)) token.text = trimmedEnd(token.text);
        if (token.text !== "") return token;
      }
      this.#at = open;
      const marker = this.#trims(open + 2) ? 2 : 0;
      if (!this.#input.startsWith("/*", open + 2 + marker)) return this.#left(marker);
      const failed = this.#comment(open + 2 + marker);
      if (failed) return failed;
    }
  }

  /** Whether a trim marker follows an opening delimiter. */
  #trims(at: number): boolean {
    return this.#input[at] === "-" && blank(this.#input[at + 1] ?? "");
  }
  /** Whether the closing delimiter is at a place, and with a marker. */
  #closes(at = this.#at): { closes: boolean; trims: boolean } {
    const marked = blank(this.#input[at] ?? "") && this.#input.startsWith("-}}", at + 1);
    return { closes: marked || this.#input.startsWith("}}", at), trims: marked };
  }

  #left(marker: number): Token {
    this.#at += 2;
    const token = this.#emit("left");
    this.#at += marker;
    this.#ignore();
    this.#inside = true;
    this.#depth = 0;
    return token;
  }

  #comment(from: number): Token | undefined {
    const end = this.#input.indexOf("*/", from + 2);
    if (end < 0) return this.#error("unclosed comment");
    this.#at = end + 2;
    const { closes, trims } = this.#closes();
    if (!closes) return this.#error("comment ends before closing delimiter");
    this.#at += trims ? 4 : 2;
    if (trims) this.#skipBlanks();
    this.#ignore();
    return undefined;
  }
  #skipBlanks(): void {
    while (blank(this.#input[this.#at] ?? "")) this.#at++;
  }

  #right(trims: boolean): Token {
    if (trims) {
      this.#at += 2;
      this.#ignore();
    }
    this.#at += 2;
    const token = this.#emit("right");
    if (trims) {
      this.#skipBlanks();
      this.#ignore();
    }
    this.#inside = false;
    return token;
  }

  #action(): Token {
    const { closes, trims } = this.#closes();
    if (closes) return this.#depth === 0 ? this.#right(trims) : this.#error("unclosed left paren");
    const c = this.#next();
    if (c === "") return this.#error("unclosed action");
    if (blank(c)) return this.#space();
    switch (c) {
      case "=":
        return this.#emit("assign");
      case ":":
        return this.#next() === "=" ? this.#emit("declare") : this.#error("expected :=");
      case "|":
        return this.#emit("pipe");
      case '"':
        return this.#quote('"', "string", "unterminated quoted string");
      case "'":
        return this.#quote("'", "char-constant", "unterminated character constant");
      case "`":
        return this.#raw();
      case "$":
        return this.#name("variable");
      case "(":
        this.#depth++;
        return this.#emit("open");
      case ")":
        this.#depth--;
        return this.#depth < 0 ? this.#error("unexpected right paren") : this.#emit("close");
    }
    if (c === "." && !/\d/.test(this.#peek())) return this.#name("field");
    if (/[+\-.\d]/.test(c)) {
      this.#at -= c.length;
      return this.#number();
    }
    if (wordy(c)) {
      this.#at -= c.length;
      return this.#identifier();
    }
    if (/^[\x20-\x7e]$/.test(c)) return this.#emit("char");
    return this.#error(`unrecognized character in action: ${unicodePoint(c)}`);
  }

  #space(): Token {
    while (blank(this.#peek())) {
      if (this.#closes().closes && this.#closes().trims) break;
      this.#at++;
    }
    return this.#emit("space");
  }

  #terminated(): boolean {
    const c = this.#peek();
    return c === "" || blank(c) || /[.,|:)(]/.test(c) || this.#input.startsWith("}}", this.#at);
  }

  #identifier(): Token {
    while (wordy(this.#peek())) this.#next();
    const word = this.#input.slice(this.#start, this.#at);
    if (!this.#terminated()) return this.#badCharacter();
    if (keywords.has(word)) return this.#emit("keyword");
    if (word === "nil") return this.#emit("nil");
    return this.#emit(word === "true" || word === "false" ? "bool" : "identifier");
  }
  #badCharacter(): Token {
    return this.#error(`bad character ${unicodePoint(this.#peek())}`);
  }

  #name(type: "field" | "variable"): Token {
    if (this.#terminated()) return this.#emit(type === "field" ? "dot" : "variable");
    while (wordy(this.#peek())) this.#next();
    return this.#terminated() ? this.#emit(type) : this.#badCharacter();
  }

  #quote(end: string, type: TokenType, problem: string): Token {
    for (;;) {
      const c = this.#next();
      if (c === end) return this.#emit(type);
      if (c === "" || c === "\n") return this.#error(problem);
      if (c !== "\\") continue;
      const next = this.#next();
      if (next === "" || next === "\n") return this.#error(problem);
    }
  }
  #raw(): Token {
    const end = this.#input.indexOf("`", this.#at);
    this.#at = end < 0 ? this.#input.length : end + 1;
    return end < 0 ? this.#error("unterminated raw quoted string") : this.#emit("raw");
  }

  #number(): Token {
    const shaped =
      /^[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/.exec(
        this.#input.slice(this.#at),
      );
    this.#at += shaped?.[0].length ?? 0;
    if (wordy(this.#peek())) {
      this.#next();
      return this.#error(`bad number syntax: ${goQuote(this.#input.slice(this.#start, this.#at))}`);
    }
    return this.#emit("number");
  }
}

/** A token as errors show it. Go: lex.go item.String */
export function tokenText({ type, text }: Token): string {
  if (type === "eof") return "EOF";
  if (type === "error") return text;
  if (type === "keyword") return `<${text}>`;
  return [...text].length > 10 ? `${goQuote([...text].slice(0, 10).join(""))}...` : goQuote(text);
}
