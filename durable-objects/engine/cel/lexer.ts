/** Tokens of CEL. cel-go: parser/gen/CEL.g4 */
import type { Issue } from "./issues.ts";

export type TokenKind =
  | "int"
  | "uint"
  | "float"
  | "string"
  | "bytes"
  | "name"
  /** In back-quotes: what follows a dot only. */
  | "escaped"
  | "sign"
  | "end";

export interface Token {
  kind: TokenKind;
  /** As it was written; signs and the words `in`, `true`, `false`, `null` are of kind `sign`. */
  text: string;
  at: number;
}

const words = new Set(["in", "true", "false", "null"]);
const signs = ["==", "!=", "<=", ">=", "&&", "||", ..."<>[]{}().,-!?:+*/%"];

const blank = /[\t \r\n\f]+/y;
const comment = /\/\/[^\n]*/y;
const number =
  /0x[0-9a-fA-F]+[uU]?|(?:[0-9]+\.[0-9]+|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|[0-9]+[uU]?/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const escaped = /`[A-Za-z0-9_./ -]+`/y;
const escapes =
  /\\(?:[abfnrtv"'\\?`]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/y;

/** As much of an escape as is right. */
const escapeBegin = /\\(?:[xX][0-9a-fA-F]?|u[0-9a-fA-F]{0,3}|U[0-9a-fA-F]{0,7}|[0-3][0-7]?)?/y;

function matched(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

/** Where a string that begins at its quotes ends, or how far it could be read. */
function stringEnd(text: string, at: number, raw: boolean): { end: number; whole: boolean } {
  const quote = text[at]!;
  const long = text.startsWith(quote.repeat(3), at);
  const close = long ? quote.repeat(3) : quote;
  let i = at + close.length;
  while (i < text.length) {
    if (text.startsWith(close, i)) return { end: i + close.length, whole: true };
    if (!long && (text[i] === "\n" || text[i] === "\r")) return { end: i, whole: false };
    if (text[i] === "\\" && !raw) {
      const taken = matched(escapes, text, i);
      if (!taken) return { end: i + matched(escapeBegin, text, i).length, whole: false };
      i += taken.length;
    } else i++;
  }
  // Three quotes that are never closed begin with an empty string.
  if (long) return { end: at + 2, whole: true };
  return { end: text.length, whole: false };
}

/** Letters that may stand before a string's quotes. */
const prefix = /(?:[bB]?[rR]?)(?=["'])/y;

function stringAt(text: string, at: number, issues: Issue[]): Token | number {
  const before = matched(prefix, text, at);
  const from = at + before.length;
  const { end, whole } = stringEnd(text, from, /[rR]$/.test(before));
  if (whole) {
    return { kind: /^[bB]/.test(before) ? "bytes" : "string", text: text.slice(at, end), at };
  }
  // The letters before its quotes are a name of their own then.
  if (before) return { kind: "name", text: before, at };
  return unknown(text, at, end, issues);
}

/** What is no token; reading goes on behind it. */
function unknown(text: string, at: number, end: number, issues: Issue[]): number {
  const code = text.codePointAt(end);
  const stop = code === undefined ? end : end + (code > 0xffff ? 2 : 1);
  const shown = text
    .slice(at, stop)
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t")
    .replaceAll("\r", "\\r");
  issues.push({ at, text: `Syntax error: token recognition error at: '${shown}'` });
  return stop;
}

function tokenAt(text: string, at: number, issues: Issue[]): Token | number {
  const c = text[at]!;
  if (c === '"' || c === "'" || matched(prefix, text, at)) return stringAt(text, at, issues);
  const digits = matched(number, text, at);
  if (digits) {
    const kind = /[uU]$/.test(digits)
      ? "uint"
      : !digits.startsWith("0x") && /[.eE]/.test(digits)
        ? "float"
        : "int";
    return { kind, text: digits, at };
  }
  const word = matched(name, text, at);
  if (word) return { kind: words.has(word) ? "sign" : "name", text: word, at };
  const inQuotes = matched(escaped, text, at);
  if (inQuotes) return { kind: "escaped", text: inQuotes, at };
  const sign = signs.find((one) => text.startsWith(one, at));
  if (sign) return { kind: "sign", text: sign, at };
  // Half of a sign of two characters takes the one behind it along.
  const half = c === "&" || c === "|" || c === "=";
  return unknown(text, at, half ? at + 1 : at, issues);
}

/** All of them, the end included. */
export function tokens(text: string, issues: Issue[]): Token[] {
  const out: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const skipped = matched(blank, text, at) || matched(comment, text, at);
    if (skipped) {
      at += skipped.length;
      continue;
    }
    const token = tokenAt(text, at, issues);
    if (typeof token === "number") at = token;
    else {
      out.push(token);
      at += token.text.length;
    }
  }
  out.push({ kind: "end", text: "<EOF>", at: text.length });
  return out;
}
