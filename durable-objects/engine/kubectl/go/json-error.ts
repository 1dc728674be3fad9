/** What encoding/json says of a text that is no JSON value. */
import { jsonDepthMax } from "../../core/limits.ts";

const quote = (c: string): string => (c === "'" ? `'\\''` : c === '"' ? `'"'` : `'${shown(c)}'`);

function shown(c: string): string {
  const known: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };
  return known[c] ?? (c < " " ? `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}` : c);
}

const blank = /\s/;

/** Walks a value; throws the words at the first character that does not fit. */
class Scanner {
  readonly #text: string;
  at = 0;
  #depth = 0;
  constructor(text: string) {
    this.#text = text;
  }
  #fail(context: string): never {
    const c = this.#text[this.at];
    throw new Error(
      c === undefined ? "unexpected EOF" : `invalid character ${quote(c)} ${context}`,
    );
  }
  #blanks(): void {
    while (this.at < this.#text.length && blank.test(this.#text[this.at] as string)) this.at++;
  }
  value(): void {
    if (++this.#depth > jsonDepthMax) throw new Error("exceeded max depth");
    this.#any();
    this.#depth--;
  }
  #any(): void {
    this.#blanks();
    const c = this.#text[this.at];
    if (c === "{") return this.#object();
    if (c === "[") return this.#array();
    if (c === '"') return this.#string();
    if (c !== undefined && /[-\d]/.test(c)) return this.#number();
    for (const word of ["true", "false", "null"]) if (c === word[0]) return this.#word(word);
    this.#fail("looking for beginning of value");
  }
  #word(word: string): void {
    for (let i = 0; i < word.length; i++, this.at++) {
      if (this.#text[this.at] !== word[i])
        this.#fail(`in literal ${word} (expecting ${quote(word[i] as string)})`);
    }
  }
  #number(): void {
    const found = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(this.#text.slice(this.at));
    if (!found) {
      this.at++;
      this.#fail("in numeric literal");
    }
    this.at += found[0].length;
  }
  #string(): void {
    for (this.at++; this.#text[this.at] !== '"'; this.at++) {
      const c = this.#text[this.at];
      if (c === undefined || c < " ") this.#fail("in string literal");
      if (c !== "\\") continue;
      this.at++;
      if (!/["\\/bfnrtu]/.test(this.#text[this.at] ?? "")) this.#fail("in string escape code");
    }
    this.at++;
  }
  #object(): void {
    this.at++;
    this.#blanks();
    if (this.#text[this.at] === "}") return void this.at++;
    for (;;) {
      this.#blanks();
      if (this.#text[this.at] !== '"') this.#fail("looking for beginning of object key string");
      this.#string();
      this.#blanks();
      if (this.#text[this.at] !== ":") this.#fail("after object key");
      this.at++;
      this.value();
      this.#blanks();
      const c = this.#text[this.at];
      if (c !== "," && c !== "}") this.#fail("after object key:value pair");
      this.at++;
      if (c === "}") return;
    }
  }
  #array(): void {
    this.at++;
    this.#blanks();
    if (this.#text[this.at] === "]") return void this.at++;
    for (;;) {
      this.value();
      this.#blanks();
      const c = this.#text[this.at];
      if (c !== "," && c !== "]") this.#fail("after array element");
      this.at++;
      if (c === "]") return;
    }
  }
  end(): void {
    this.#blanks();
    if (this.at < this.#text.length) this.#fail("after top-level value");
  }
}

/** Why a text is no JSON value, and at which character; none where it ends too early. */
export function jsonProblem(text: string): { message: string; at?: number } {
  const scanner = new Scanner(text);
  try {
    scanner.value();
    scanner.end();
  } catch (error) {
    const { message } = error as Error;
    return scanner.at < text.length ? { message, at: scanner.at } : { message };
  }
  return { message: "unexpected end of JSON input" };
}
