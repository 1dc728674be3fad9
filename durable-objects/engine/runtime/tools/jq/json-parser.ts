/**
 * Reads JSON texts one after the other, byte by byte as jq does, so that what is wrong is said with the same words at the same
 * line and column. jq: src/jv_parse.c
 */
import { decodeUtf8, utf8Of } from "../../bytes.ts";
import { isObject, type Value } from "./values.ts";

/** jq: jv_parse.c MAX_PARSING_DEPTH */
const parsingDepth = 256;

/** What is no JSON; the text says where. */
export class JsonProblem extends Error {
  override name = "JsonProblem";
}

interface Key {
  key: string;
}
type Frame = Value[] | Map<string, Value> | Key;

const number = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const special: [RegExp, number][] = [
  [/^[+-]?nan$/i, NaN],
  [/^\+?inf(inity)?$/i, Infinity],
  [/^-inf(inity)?$/i, -Infinity],
];

/** A number as jq's strtod reads it; undefined: it is none. */
export function numberOf(text: string): number | undefined {
  if (number.test(text)) return Number(text);
  return special.find(([pattern]) => pattern.test(text))?.[1];
}

const escapes: Record<string, string> = { b: "\b", f: "\f", t: "\t", n: "\n", r: "\r" };

function unescaped(token: string): string {
  let out = "";
  const problem = (words: string): never => {
    throw new JsonProblem(words);
  };
  for (let i = 0; i < token.length; i++) {
    const c = token[i]!;
    if (c !== "\\") {
      if (c < " ")
        problem("Invalid string: control characters from U+0000 through U+001F must be escaped");
      out += c;
      continue;
    }
    const next = token[++i];
    if (next === undefined) problem("Expected escape character at end of string");
    if (next === '"' || next === "\\" || next === "/") out += next;
    else if (next !== "u") out += escapes[next!] ?? problem("Invalid escape");
    else {
      if (i + 5 > token.length) problem("Invalid \\uXXXX escape");
      const four = token.slice(i + 1, i + 5);
      if (!/^[\da-fA-F]{4}$/.test(four)) problem("Invalid characters in \\uXXXX escape");
      let code = parseInt(four, 16);
      i += 4;
      if (code >= 0xd800 && code <= 0xdbff) {
        const pair = /^\\u([dD][c-fC-F][\da-fA-F]{2})/.exec(token.slice(i + 1, i + 7));
        if (!pair) problem("Invalid \\uXXXX\\uXXXX surrogate pair escape");
        code = 0x10000 + ((code - 0xd800) << 10) + (parseInt(pair![1]!, 16) - 0xdc00);
        i += 6;
      }
      if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
      out += utf8Of(code);
    }
  }
  return decodeUtf8(out);
}

/** Where the text before a parser ended. */
export interface TextPlace {
  line: number;
  column: number;
}

export class JsonParser {
  line = 1;
  column = 0;
  #stack: Frame[] = [];
  #next: Value | undefined;
  #token = "";
  #inString = false;
  #escaped = false;

  constructor(place?: TextPlace) {
    if (place) ({ line: this.line, column: this.column } = place);
  }

  /** Nothing of a value has been read. */
  get idle(): boolean {
    return this.#stack.length === 0 && this.#next === undefined && this.#token === "";
  }

  /**
   * Reads from a place on to another. The place behind the value, and the value; undefined: the text ends before it does. What stands
   * behind a number is not read with it. JsonProblem, with line and column.
   */
  read(text: string, from: number, to = text.length): { at: number; value: Value | undefined } {
    let at = from;
    try {
      for (; at < to; at++) {
        const c = text[at]!;
        if (this.#inString) {
          at = this.#inside(text, at, to);
          if (this.#inString) continue;
        } else if (c === '"') {
          if (this.#literal(c)) return { at, value: this.#take() };
          this.#count(c);
          this.#inString = true;
          continue;
        } else if (c === " " || c === "\t" || c === "\r" || c === "\n") {
          if (this.#literal(c)) return { at, value: this.#take() };
          this.#count(c);
          continue;
        } else if ("[]{},:".includes(c)) {
          if (this.#literal(c)) {
            if (c === "[" || c === "{") return { at, value: this.#take() };
            this.#take();
          }
          this.#count(c);
          this.#structure(c);
        } else {
          this.#count(c);
          this.#token += c;
          continue;
        }
        if (this.#stack.length === 0 && this.#next !== undefined)
          return { at: at + 1, value: this.#take() };
      }
    } catch (error) {
      throw this.#placed(error, "");
    }
    return { at, value: undefined };
  }

  /** The text has ended: the number that stood last, if any. */
  end(): Value | undefined {
    try {
      if (this.#inString) throw new JsonProblem("Unfinished string");
      this.#literal("\n");
      if (this.#stack.length > 0) throw new JsonProblem("Unfinished JSON term");
    } catch (error) {
      throw this.#placed(error, " at EOF");
    }
    return this.#next === undefined ? undefined : this.#take();
  }

  #placed(error: unknown, where: string): unknown {
    if (!(error instanceof JsonProblem)) return error;
    return new JsonProblem(`${error.message}${where} at line ${this.line}, column ${this.column}`);
  }

  #count(c: string): void {
    this.column++;
    if (c !== "\n") return;
    this.line++;
    this.column = 0;
  }

  #take(): Value {
    const value = this.#next!;
    this.#next = undefined;
    return value;
  }

  /** Takes in what a string has up to its end or the text's; where that is. */
  #inside(text: string, from: number, to: number): number {
    let at = from;
    for (; at < to; at++) {
      const c = text[at]!;
      this.#count(c);
      if (this.#escaped) this.#escaped = false;
      else if (c === "\\") this.#escaped = true;
      else if (c === '"') {
        this.#token += text.slice(from, at);
        const token = this.#token;
        this.#value(unescaped(token));
        this.#token = "";
        this.#inString = false;
        return at;
      }
    }
    this.#token += text.slice(from, at);
    return at - 1;
  }

  #value(value: Value): void {
    if (this.#next !== undefined) throw new JsonProblem("Expected separator between values");
    this.#next = value;
  }

  /** Ends a literal before a character; whether that completes a text. */
  #literal(c: string): boolean {
    const token = this.#token;
    if (token === "") return false;
    const words: Record<string, [string, Value]> = {
      t: ["true", true],
      f: ["false", false],
      n: ["null", null],
    };
    try {
      const word = words[token[0]!];
      if (word) {
        if (token !== word[0]) throw new JsonProblem("Invalid literal");
        this.#value(word[1]);
      } else {
        const value = numberOf(token);
        if (value === undefined) throw new JsonProblem("Invalid numeric literal");
        this.#value(value);
      }
    } catch (error) {
      // The place is that of the character behind.
      if (error instanceof JsonProblem && c !== "") this.#ended || this.#count(c);
      throw error;
    }
    this.#token = "";
    return this.#stack.length === 0;
  }
  #ended = false;

  /** As `end`, for a text that is over. */
  finish(): Value | undefined {
    this.#ended = true;
    return this.end();
  }

  #structure(c: string): void {
    const top = this.#stack.at(-1);
    const problem = (words: string): never => {
      throw new JsonProblem(words);
    };
    if (c === "[" || c === "{") {
      if (this.#stack.length >= parsingDepth) problem("Exceeds depth limit for parsing");
      if (this.#next !== undefined) problem("Expected separator between values");
      this.#stack.push(c === "[" ? [] : new Map<string, Value>());
    } else if (c === ":") {
      if (this.#next === undefined) problem("Expected string key before ':'");
      if (!(top instanceof Map)) problem("':' not as part of an object");
      if (typeof this.#next !== "string") problem("Object keys must be strings");
      this.#stack.push({ key: this.#take() as string });
    } else if (c === ",") {
      if (this.#next === undefined) problem("Expected value before ','");
      if (top === undefined) problem("',' not as part of an object or array");
      if (top instanceof Map) problem("Objects must consist of key:value pairs");
      this.#put(top as Value[] | Key);
    } else if (c === "]") {
      if (!Array.isArray(top)) problem("Unmatched ']'");
      const list = top as Value[];
      if (this.#next !== undefined) list.push(this.#take());
      else if (list.length > 0) problem("Expected another array element");
      this.#next = this.#stack.pop() as Value;
    } else this.#closeObject(top, problem);
  }

  #closeObject(top: Frame | undefined, problem: (words: string) => never): void {
    if (top === undefined) problem("Unmatched '}'");
    if (this.#next !== undefined) {
      if (Array.isArray(top) || top instanceof Map)
        problem("Objects must consist of key:value pairs");
      this.#put(top as Key);
    } else {
      if (!(top instanceof Map)) problem("Unmatched '}'");
      if ((top as Map<string, Value>).size > 0) problem("Expected another key-value pair");
    }
    this.#next = this.#stack.pop() as Value;
  }

  #put(top: Value[] | Key): void {
    const value = this.#take();
    if (Array.isArray(top)) {
      top.push(value);
      return;
    }
    this.#stack.pop();
    const object = this.#stack.at(-1) as Frame;
    if (!Array.isArray(object) && isObject(object as Value))
      (object as Map<string, Value>).set(top.key, value);
  }
}

/** The one JSON text of a whole text (bytes). JsonProblem, with the text itself. */
export function parseJson(text: string): Value {
  try {
    const parser = new JsonParser();
    let at = 0;
    let value: Value | undefined;
    for (;;) {
      const found = parser.read(text, at);
      const one = found.value === undefined ? parser.finish() : found.value;
      if (one !== undefined) {
        if (value !== undefined) throw new JsonProblem("Unexpected extra JSON values");
        value = one;
      }
      if (found.value === undefined) break;
      at = found.at;
    }
    if (value === undefined) throw new JsonProblem("Expected JSON value");
    return value;
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    throw new JsonProblem(`${error.message} (while parsing '${decodeUtf8(text)}')`);
  }
}
