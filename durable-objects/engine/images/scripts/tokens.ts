/** Words of a one-liner in Python, Perl, Ruby or PHP. */

export type Language = "python" | "perl" | "ruby" | "php";

export interface Token {
  t: "number" | "string" | "name" | "op" | "end";
  /** What stands there; of a string its value. */
  v: string;
  /** Pieces of a string with expressions in it. */
  parts?: (string | { code: string; format?: string })[];
  /** First of its line, outside brackets. */
  first: boolean;
  /** Column, from 0. */
  column: number;
}

/** A feature that the interpreters lack: an error, never a wrong result. */
export class Unsupported extends Error {
  override name = "Unsupported";
}

const operators = [
  "===",
  "!==",
  "**=",
  "//=",
  "...",
  "<=>",
  "&&=",
  "||=",
  "??=",
  "=>",
  "==",
  "!=",
  "<=",
  ">=",
  "&&",
  "||",
  "??",
  "**",
  "//",
  "++",
  "--",
  "+=",
  "-=",
  "*=",
  "/=",
  "%=",
  ".=",
  "->",
  "<<",
  ">>",
  "..",
  "+",
  "-",
  "*",
  "/",
  "%",
  "=",
  "<",
  ">",
  "!",
  "?",
  ":",
  ";",
  ",",
  ".",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  "&",
  "|",
  "^",
  "~",
  "@",
];

const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", 0: "\0", e: "\x1b", "\n": "" };

const isLetter = (c: string): boolean => /[A-Za-z_$]/.test(c);
const isDigit = (c: string): boolean => c >= "0" && c <= "9";

export class Lexer {
  readonly tokens: Token[] = [];
  readonly #text: string;
  readonly #language: Language;
  #at = 0;
  #depth = 0;
  #first = true;
  #lineStart = 0;

  constructor(text: string, language: Language) {
    this.#text = text;
    this.#language = language;
    while (this.#next()) {
      // Each round takes one token.
    }
    this.#put("end", "", this.#text.length);
  }

  #put(t: Token["t"], v: string, from: number, parts?: Token["parts"]): void {
    const column = from - this.#lineStart;
    this.tokens.push({ t, v, first: this.#first, column, ...(parts ? { parts } : {}) });
    this.#first = false;
  }

  #comment(): boolean {
    const slashes = this.#language === "php" && this.#text.startsWith("//", this.#at);
    if (this.#text[this.#at] !== "#" && !slashes) return false;
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end < 0 ? this.#text.length : end;
    return true;
  }

  #next(): boolean {
    const c = this.#text[this.#at];
    if (c === undefined) return false;
    if (c === "\n") {
      this.#at++;
      if (this.#depth === 0) this.#first = true;
      this.#lineStart = this.#at;
      return true;
    }
    if (c === " " || c === "\t" || c === "\r") {
      this.#at++;
      return true;
    }
    if (this.#comment()) return true;
    if (isDigit(c) || (c === "." && isDigit(this.#text[this.#at + 1] ?? ""))) return this.#number();
    const prefix =
      this.#language === "python" && /^[fFrRbB]["']/.test(this.#text.slice(this.#at, this.#at + 2));
    if (prefix || c === '"' || c === "'") return this.#string(prefix ? c.toLowerCase() : "");
    if (isLetter(c)) return this.#name();
    const op = operators.find((one) => this.#text.startsWith(one, this.#at));
    if (op === undefined) throw new Unsupported(this.#text.slice(this.#at, this.#at + 40));
    if ("([{".includes(op)) this.#depth++;
    if (")]}".includes(op)) this.#depth--;
    if (this.#language !== "python") this.#depth = 0;
    this.#put("op", op, this.#at);
    this.#at += op.length;
    return true;
  }

  #number(): boolean {
    const from = this.#at;
    const rest = this.#text.slice(from, from + 400);
    const hex = /^0[xX][0-9a-fA-F]+/.exec(rest)?.[0];
    const found = hex ?? /^\d[\d_]*/.exec(rest)?.[0] ?? "";
    let text = found;
    if (!hex) {
      const after = rest.slice(found.length);
      // `1..3` is a range.
      if (after[0] === "." && after[1] !== "." && !isLetter(after[1] ?? ""))
        text += /^\.\d*/.exec(after)?.[0] ?? "";
      text += /^[eE][+-]?\d+/.exec(rest.slice(text.length))?.[0] ?? "";
    }
    this.#put("number", text.replaceAll("_", ""), from);
    this.#at += text.length;
    return true;
  }

  #name(): boolean {
    const from = this.#at;
    this.#at++;
    while (this.#at < this.#text.length && /[\w$]/.test(this.#text[this.#at] as string)) this.#at++;
    if (
      this.#language === "ruby" &&
      /[?!]/.test(this.#text[this.#at] ?? "") &&
      this.#text[this.#at + 1] !== "="
    )
      this.#at++;
    if (this.#language === "perl" && this.#text.startsWith("::", this.#at)) {
      this.#at += 2;
      while (/\w/.test(this.#text[this.#at] ?? "")) this.#at++;
    }
    this.#put("name", this.#text.slice(from, this.#at), from);
    return true;
  }

  /** Which expressions stand in a string: `{x}` of an f-string, `#{x}`, `$x`. */
  #interpolates(quote: string, prefix: string): "" | "{" | "#{" | "$" {
    if (this.#language === "python") return prefix === "f" ? "{" : "";
    if (quote !== '"') return "";
    return this.#language === "ruby" ? "#{" : "$";
  }

  #string(prefix: string): boolean {
    const from = this.#at;
    this.#at += prefix.length;
    const quote = this.#text[this.#at] as string;
    const triple = this.#language === "python" && this.#text.startsWith(quote.repeat(3), this.#at);
    const end = triple ? quote.repeat(3) : quote;
    this.#at += end.length;
    const opener = this.#interpolates(quote, prefix);
    const parts: NonNullable<Token["parts"]> = [];
    let text = "";
    while (!this.#text.startsWith(end, this.#at)) {
      const c = this.#text[this.#at];
      if (c === undefined) throw new Unsupported(this.#text.slice(from, from + 40));
      if (c === "\\" && prefix !== "r") {
        const next = this.#text[this.#at + 1] ?? "";
        const plain = quote === "'" && /^(perl|php|ruby)$/.test(this.#language);
        text += plain ? (/['\\]/.test(next) ? next : `\\${next}`) : this.#escape(next);
        this.#at += 2;
        continue;
      }
      if (
        opener === "{" &&
        (this.#text.startsWith("{{", this.#at) || this.#text.startsWith("}}", this.#at))
      ) {
        text += c;
        this.#at += 2;
        continue;
      }
      const code = opener && this.#embedded(opener);
      if (!code) {
        text += c;
        this.#at++;
        continue;
      }
      parts.push(text, code);
      text = "";
    }
    this.#at += end.length;
    parts.push(text);
    this.#put("string", text, from, parts.length > 1 ? parts : undefined);
    return true;
  }

  #escape(next: string): string {
    const rest = this.#text.slice(this.#at + 2, this.#at + 8);
    const hex =
      next === "x"
        ? /^[0-9a-fA-F]{2}/.exec(rest)
        : next === "u"
          ? /^[0-9a-fA-F]{4}/.exec(rest)
          : null;
    if (hex) {
      this.#at += hex[0].length;
      return String.fromCharCode(parseInt(hex[0], 16));
    }
    return (
      escapes[next] ?? (this.#language === "python" && !/["'\\]/.test(next) ? `\\${next}` : next)
    );
  }

  #embedded(opener: string): { code: string; format?: string } | undefined {
    if (!this.#text.startsWith(opener, this.#at)) return undefined;
    if (opener === "$") {
      const near = this.#text.slice(this.#at, this.#at + 120);
      const name = /^\$(?:\{(\w+)\}|(\w+(?:\{\w+\}|\[-?\d+\])?))/.exec(near);
      if (!name) return undefined;
      this.#at += name[0].length;
      return { code: `$${name[1] ?? name[2]}` };
    }
    let depth = 1;
    let i = this.#at + opener.length;
    const from = i;
    for (; depth > 0; i++) {
      const c = this.#text[i];
      if (c === undefined) throw new Unsupported(this.#text.slice(from - 2, from + 40));
      if (c === "{") depth++;
      else if (c === "}") depth--;
    }
    this.#at = i;
    const code = this.#text.slice(from, i - 1);
    const colon = opener === "{" ? /^([^:[\]]*):([^:]*)$/.exec(code) : null;
    return colon ? { code: colon[1] ?? "", format: colon[2] ?? "" } : { code };
  }
}
