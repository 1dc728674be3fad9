/**
 * The slow half of JSON parsing: a parser with Go's error texts that also finds doubled keys. The
 * platform's JSON.parse does the common case (parse.ts). k8s: sigs.k8s.io/json scanner.go
 */
import { goQuote } from "../machinery/field.ts";
import {
  bodyValuesMax,
  jsonDepthMax,
  problemTextCharsMax,
  wrongNumberCharsMax,
} from "../core/limits.ts";
import { checkValues } from "./body-budget.ts";
import { setOwn } from "./decode.ts";

export class JsonSyntaxError extends Error {
  override name = "JsonSyntaxError";
}

/** A character as Go's scanner names it: the first byte of its UTF-8 form. */
function quoteChar(text: string, at: number): string {
  const code = text.codePointAt(at) ?? 0;
  if (code === 0x27) return `'\\''`;
  if (code === 0x22) return `'"'`;
  let byte = code;
  if (code >= 0x10000) byte = 0xf0 | (code >> 18);
  else if (code >= 0x800) byte = 0xe0 | (code >> 12);
  else if (code >= 0x80) byte = 0xc0 | (code >> 6);
  if (byte >= 0x80 && byte < 0xa0) return `'\\u00${byte.toString(16)}'`;
  return `'${goQuote(String.fromCharCode(byte)).slice(1, -1)}'`;
}

const isDigit = (c: number): boolean => c >= 48 && c <= 57;
const isHex = (c: number): boolean => isDigit(c) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102);
const escapes = '"\\/bfnrt';

class Scanner {
  readonly text: string;
  at = 0;
  depth = 0;
  /** `duplicate field "spec.x"`, each once, in document order. */
  readonly duplicates: string[] = [];
  /** Where a field stands first, by its path, and where a duplicate is noticed, by its text. */
  readonly places = new Map<string, number>();
  private readonly path: (string | number)[] = [];
  private values = 0;
  /** What paths may still be written out: one may be as long as the text, and be asked for at every key. */
  private pathChars = problemTextCharsMax;

  constructor(text: string) {
    this.text = text;
  }

  fail(context: string): never {
    if (this.at >= this.text.length) {
      // Go ends a text with a space: only where one is wrong does it name it.
      if (
        !/^(in literal|in numeric|after decimal|in exponent|in string escape|in \\u)/.test(context)
      ) {
        throw new JsonSyntaxError("unexpected end of JSON input");
      }
      throw new JsonSyntaxError(`invalid character ' ' ${context}`);
    }
    throw new JsonSyntaxError(`invalid character ${quoteChar(this.text, this.at)} ${context}`);
  }

  space(): number {
    const { text } = this;
    let c = text.charCodeAt(this.at);
    while (c === 32 || c === 10 || c === 13 || c === 9) c = text.charCodeAt(++this.at);
    return c;
  }

  value(): unknown {
    if (++this.values > bodyValuesMax) checkValues(this.values);
    const c = this.space();
    if (c === 123) return this.object();
    if (c === 91) return this.array();
    if (c === 34) return this.string();
    if (c === 45 || isDigit(c)) return this.number();
    if (c === 116) return this.literal("true", true);
    if (c === 102) return this.literal("false", false);
    if (c === 110) return this.literal("null", null);
    return this.fail("looking for beginning of value");
  }

  literal<T>(word: string, value: T): T {
    for (let i = 0; i < word.length; i++, this.at++) {
      if (this.text[this.at] !== word[i]) {
        this.fail(`in literal ${word} (expecting '${word[i]}')`);
      }
    }
    return value;
  }

  number(): number {
    const { text } = this;
    const start = this.at;
    const here = (): number => text.charCodeAt(this.at);
    if (here() === 45) this.at++;
    if (here() === 48) this.at++;
    else if (!isDigit(here())) this.fail("in numeric literal");
    else while (isDigit(here())) this.at++;
    if (here() === 46) {
      this.at++;
      if (!isDigit(here())) this.fail("after decimal point in numeric literal");
      while (isDigit(here())) this.at++;
    }
    if (here() === 101 || here() === 69) {
      this.at++;
      if (here() === 43 || here() === 45) this.at++;
      if (!isDigit(here())) this.fail("in exponent of numeric literal");
      while (isDigit(here())) this.at++;
    }
    const value = Number(text.slice(start, this.at));
    if (Number.isFinite(value)) return value;
    const digits = text.slice(start, Math.min(this.at, start + wrongNumberCharsMax));
    throw new JsonSyntaxError(
      `json: cannot unmarshal number ${digits} into Go value of type float64`,
    );
  }

  string(): string {
    const { text } = this;
    const start = this.at++;
    for (;;) {
      const c = text.charCodeAt(this.at);
      if (c === 34) break;
      if (!(c >= 0x20)) this.fail("in string literal");
      this.at++;
      if (c !== 92) continue;
      if (text[this.at] === "u") {
        this.at++;
        for (let i = 0; i < 4; i++, this.at++) {
          if (!isHex(text.charCodeAt(this.at))) this.fail("in \\u hexadecimal character escape");
        }
      } else if (this.at < text.length && escapes.includes(text.charAt(this.at))) this.at++;
      else this.fail("in string escape code");
    }
    this.at++;
    return JSON.parse(text.slice(start, this.at)) as string;
  }

  enter(): void {
    this.at++;
    if (++this.depth > jsonDepthMax) throw new JsonSyntaxError("exceeded max depth");
  }

  array(): unknown[] {
    const out: unknown[] = [];
    this.enter();
    if (this.space() === 93) this.at++;
    else {
      for (;;) {
        this.path.push(out.length);
        out.push(this.value());
        this.path.pop();
        const c = this.space();
        if (c !== 44 && c !== 93) this.fail("after array element");
        this.at++;
        if (c === 93) break;
      }
    }
    this.depth--;
    return out;
  }

  object(): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    this.enter();
    if (this.space() === 125) this.at++;
    else {
      for (;;) {
        if (this.space() !== 34) this.fail("looking for beginning of object key string");
        const key = this.string();
        if (this.space() !== 58) this.fail("after object key");
        this.at++;
        this.path.push(key);
        if (Object.hasOwn(out, key)) this.doubled();
        else if (this.pathChars > 0) this.place(this.pathText());
        setOwn(out, key, this.value());
        this.path.pop();
        const c = this.space();
        if (c !== 44 && c !== 125) this.fail("after object key:value pair");
        this.at++;
        if (c === 125) break;
      }
    }
    this.depth--;
    return out;
  }

  private pathText(): string {
    let text = "";
    for (const step of this.path) {
      if (typeof step === "number") text += `[${step}]`;
      else text += text === "" ? step : `.${step}`;
    }
    this.pathChars -= text.length + this.path.length;
    return text;
  }

  place(what: string): void {
    if (!this.places.has(what)) this.places.set(what, this.at);
  }

  doubled(): void {
    if (this.duplicates.length >= 100) return;
    // The first is told in any case: one is enough for a refusal.
    if (this.pathChars <= 0 && this.duplicates.length > 0) return;
    const problem = `duplicate field ${goQuote(this.pathText())}`;
    if (this.duplicates.includes(problem)) return;
    this.duplicates.push(problem);
    this.place(problem);
  }
}

export interface Scanned {
  value: unknown;
  duplicates: string[];
  places: ReadonlyMap<string, number>;
}

/** Parses one JSON text; throws JsonSyntaxError with Go's message. */
export function scanJson(text: string): Scanned {
  const scanner = new Scanner(text);
  const value = scanner.value();
  scanner.space();
  if (scanner.at < text.length) scanner.fail("after top-level value");
  const { duplicates, places } = scanner;
  return { value, duplicates, places };
}
