/** JavaScript's text as tokens. */

export interface Token {
  k: "number" | "string" | "template" | "name" | "sign" | "regex" | "end";
  v: string;
  /** A new line stands before it. */
  first: boolean;
  line: number;
  /** Of a template: its texts, and the sources of its values. */
  texts?: string[];
  values?: string[];
}

/** The text is no program, or says what is not simulated. */
export class Refused extends Error {
  override name = "Refused";
  readonly line: number;
  /** It is valid JavaScript all the same. */
  readonly beyond: boolean;
  constructor(message: string, line: number, beyond = false) {
    super(message);
    this.line = line;
    this.beyond = beyond;
  }
}

const signs =
  "=== !== **= ... <<= >>= &&= ||= ??= => == != <= >= && || ?? ?. ++ -- += -= *= /= %= &= |= ^= << >> ** { } ( ) [ ] ; , < > + - * / % & | ^ ! ~ ? : = . #".split(
    " ",
  );

/** Words behind which a slash begins a pattern. */
const before = new Set("return typeof case in of delete void new throw else await do".split(" "));

const isDigit = (c: string): boolean => c >= "0" && c <= "9";
const isNameStart = (c: string): boolean => /[A-Za-z_$\u0080-\uffff]/.test(c);

const escapes: Record<string, string> = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  v: "\v",
  "0": "\0",
  "\n": "",
};

export class Lexer {
  readonly #text: string;
  #at = 0;
  #line: number;
  readonly tokens: Token[] = [];

  constructor(text: string, line = 1) {
    this.#text = text;
    this.#line = line;
  }

  read(): Token[] {
    if (this.#text.startsWith("#!")) this.#at = this.#lineEnd();
    for (;;) {
      const first = this.#skip();
      if (this.#at >= this.#text.length) {
        this.tokens.push({ k: "end", v: "", first: true, line: this.#line });
        return this.tokens;
      }
      const line = this.#line;
      this.tokens.push({ ...this.#next(), first: first || this.tokens.length === 0, line });
    }
  }

  #lineEnd(): number {
    const end = this.#text.indexOf("\n", this.#at);
    return end < 0 ? this.#text.length : end;
  }

  /** Passes spaces and comments; whether a line ended. */
  #skip(): boolean {
    const text = this.#text;
    let first = false;
    for (; this.#at < text.length; this.#at++) {
      const c = text.charAt(this.#at);
      if (c === "\n") {
        first = true;
        this.#line++;
      } else if (c === "/" && text.charAt(this.#at + 1) === "/") this.#at = this.#lineEnd() - 1;
      else if (c === "/" && text.charAt(this.#at + 1) === "*") {
        const end = text.indexOf("*/", this.#at + 2);
        if (end < 0) throw new Refused("Invalid or unexpected token", this.#line);
        for (let i = this.#at; i < end; i++)
          if (text.charAt(i) === "\n") {
            first = true;
            this.#line++;
          }
        this.#at = end + 1;
      } else if (!/\s/.test(c)) break;
    }
    return first;
  }

  #next(): Pick<Token, "k" | "v" | "texts" | "values"> {
    const text = this.#text;
    const c = text.charAt(this.#at);
    if (isNameStart(c)) {
      const from = this.#at;
      while (this.#at < text.length && /[\w$\u0080-\uffff]/.test(text.charAt(this.#at))) this.#at++;
      return { k: "name", v: text.slice(from, this.#at) };
    }
    if (isDigit(c) || (c === "." && isDigit(text.charAt(this.#at + 1)))) return this.#number();
    if (c === '"' || c === "'") return { k: "string", v: this.#string(c) };
    if (c === "`") return this.#template();
    if (c === "/" && this.#beginsRegex()) return this.#regex();
    const sign = signs.find((one) => text.startsWith(one, this.#at));
    if (sign === undefined) throw new Refused("Invalid or unexpected token", this.#line);
    // `a?.5:b` is a choice.
    const v = sign === "?." && isDigit(text.charAt(this.#at + 2)) ? "?" : sign;
    this.#at += v.length;
    return { k: "sign", v };
  }

  #beginsRegex(): boolean {
    const last = this.tokens.at(-1);
    if (!last) return true;
    if (last.k === "name") return before.has(last.v);
    return last.k === "sign" && last.v !== ")" && last.v !== "]" && last.v !== "}";
  }

  #regex(): Pick<Token, "k" | "v" | "texts"> {
    const from = ++this.#at;
    for (let inClass = false; ; this.#at++) {
      const c = this.#text.charAt(this.#at);
      if (c === "" || c === "\n") throw new Refused("Invalid regular expression: missing /", this.#line); // prettier-ignore
      if (c === "\\") this.#at++;
      else if (c === "[") inClass = true;
      else if (c === "]") inClass = false;
      else if (c === "/" && !inClass) break;
    }
    const pattern = this.#text.slice(from, this.#at++);
    const flagsFrom = this.#at;
    while (/[a-z]/.test(this.#text.charAt(this.#at))) this.#at++;
    return { k: "regex", v: pattern, texts: [this.#text.slice(flagsFrom, this.#at)] };
  }

  #number(): Pick<Token, "k" | "v"> {
    const from = this.#at;
    if (this.#text.charAt(from) === "0" && /[xXbBoO]/.test(this.#text.charAt(from + 1))) {
      this.#at += 2;
      while (/[0-9a-fA-F_]/.test(this.#text.charAt(this.#at))) this.#at++;
    } else {
      while (/[0-9_.]/.test(this.#text.charAt(this.#at))) this.#at++;
      if (/[eE]/.test(this.#text.charAt(this.#at))) {
        this.#at++;
        if (/[+-]/.test(this.#text.charAt(this.#at))) this.#at++;
        while (isDigit(this.#text.charAt(this.#at))) this.#at++;
      }
    }
    if (this.#text.charAt(this.#at) === "n")
      throw new Refused("a number of any length", this.#line, true);
    return { k: "number", v: this.#text.slice(from, this.#at).replaceAll("_", "") };
  }

  /** A character behind a backslash. */
  #escape(): string {
    const c = this.#text.charAt(this.#at++);
    if (c === "\n") this.#line++;
    const hex = (length: number): string => {
      const digits = this.#text.slice(this.#at, this.#at + length);
      this.#at += length;
      return String.fromCharCode(parseInt(digits, 16));
    };
    if (c === "x") return hex(2);
    if (c === "u" && this.#text.charAt(this.#at) === "{") {
      const end = this.#text.indexOf("}", this.#at);
      const code = parseInt(this.#text.slice(this.#at + 1, end), 16);
      this.#at = end + 1;
      return code <= 0x10ffff ? String.fromCodePoint(code) : "";
    }
    if (c === "u") return hex(4);
    return Object.hasOwn(escapes, c) ? (escapes[c] as string) : c;
  }

  #string(quote: string): string {
    let out = "";
    this.#at++;
    for (;;) {
      const c = this.#text.charAt(this.#at++);
      if (c === "" || c === "\n") throw new Refused("Invalid or unexpected token", this.#line);
      if (c === quote) return out;
      out += c === "\\" ? this.#escape() : c;
    }
  }

  #template(): Pick<Token, "k" | "v" | "texts" | "values"> {
    const texts = [""];
    const values: string[] = [];
    const add = (text: string): void => void (texts[texts.length - 1] += text);
    this.#at++;
    for (;;) {
      const c = this.#text.charAt(this.#at++);
      if (c === "") throw new Refused("Unterminated template literal", this.#line);
      if (c === "`") return { k: "template", v: "", texts, values };
      if (c === "\n") this.#line++;
      if (c === "\\") add(this.#escape());
      else if (c === "$" && this.#text.charAt(this.#at) === "{") {
        values.push(this.#held());
        texts.push("");
      } else add(c);
    }
  }

  /** The source within `${` and `}`. */
  #held(): string {
    const from = ++this.#at;
    for (let depth = 1; depth > 0; this.#at++) {
      const c = this.#text.charAt(this.#at);
      if (c === "") throw new Refused("Unterminated template literal", this.#line);
      if (c === "{") depth++;
      else if (c === "}") depth--;
      else if (c === '"' || c === "'" || c === "`") {
        const end = this.#text.indexOf(c, this.#at + 1);
        if (end < 0) throw new Refused("Unterminated template literal", this.#line);
        this.#at = end;
      }
    }
    return this.#text.slice(from, this.#at - 1);
  }
}
