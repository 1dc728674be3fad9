/** What literals stand for. cel-go: parser/unescape.go */
import { encodeUtf8 } from "../core/utf8.ts";

export type Unescaped = { text: string } | { problem: string };

const letters: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
};

const wrong = "unable to unescape string";

/** A code point, and whether it stands for a character rather than for a byte. */
function escapeAt(text: string, bytes: boolean): { code: number; length: number } | string {
  const c = text[1]!;
  const hex = { x: 2, X: 2, u: 4, U: 8 }[c];
  if (hex !== undefined) {
    if (bytes && (c === "u" || c === "U")) return wrong;
    return valid(Number.parseInt(text.slice(2, 2 + hex), 16), 2 + hex, bytes);
  }
  if (c >= "0" && c <= "3") return valid(Number.parseInt(text.slice(1, 4), 8), 4, bytes);
  return { code: letters[c] ?? c.charCodeAt(0), length: 2 };
}

function valid(
  code: number,
  length: number,
  bytes: boolean,
): { code: number; length: number } | string {
  const bad = code > 0x10ffff || (code >= 0xd800 && code < 0xe000);
  return bad && !bytes ? "invalid unicode code point" : { code, length };
}

/** The text between the quotes of a token, and whether it is raw. */
function inner(token: string): { body: string; raw: boolean } {
  const raw = /^[rR]/.test(token);
  const text = (raw ? token.slice(1) : token).replace(/\r\n?/g, "\n");
  const long = text.length >= 6 && (text.startsWith('"""') || text.startsWith("'''"));
  return { body: long ? text.slice(3, -3) : text.slice(1, -1), raw };
}

/** A string's text. */
export function stringOf(token: string): Unescaped {
  const { body, raw } = inner(token);
  if (raw || !body.includes("\\")) return { text: body };
  let out = "";
  for (let i = 0; i < body.length;) {
    if (body[i] !== "\\") {
      out += body[i++];
      continue;
    }
    const found = escapeAt(body.slice(i, i + 10), false);
    if (typeof found === "string") return { problem: found };
    out += String.fromCodePoint(found.code);
    i += found.length;
  }
  return { text: out };
}

/** The bytes of a token without its `b`. */
export function bytesOf(token: string): Uint8Array | string {
  const { body, raw } = inner(token);
  if (raw) return encodeUtf8(body);
  const out: number[] = [];
  for (let i = 0; i < body.length;) {
    if (body[i] !== "\\") {
      const character = String.fromCodePoint(body.codePointAt(i)!);
      out.push(...encodeUtf8(character));
      i += character.length;
      continue;
    }
    const found = escapeAt(body.slice(i, i + 10), true);
    if (typeof found === "string") return found;
    out.push(found.code & 0xff);
    i += found.length;
  }
  return Uint8Array.from(out);
}
