/**
 * Bytes inside containers are "binary strings": one character per byte, codes 0 to 255. They are plain JSON, cheap to
 * slice, and regular expressions work on them. Text is converted to UTF-8 and back at the borders only.
 */

// eslint-disable-next-line no-control-regex
const ascii = /^[\x00-\x7f]*$/;

/** A code point as bytes. */
export function utf8Of(code: number): string {
  const c = String.fromCharCode;
  if (code < 0x80) return c(code);
  if (code < 0x800) return c(0xc0 | (code >> 6), 0x80 | (code & 63));
  if (code < 0x10000) return c(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  return c(
    0xf0 | (code >> 18),
    0x80 | ((code >> 12) & 63),
    0x80 | ((code >> 6) & 63),
    0x80 | (code & 63),
  );
}

/** Text to bytes. */
export function encodeUtf8(text: string): string {
  if (ascii.test(text)) return text;
  let out = "";
  for (const character of text) out += utf8Of(character.codePointAt(0) ?? 0xfffd);
  return out;
}

/** The code point at `at` and its length in bytes; a malformed byte counts as U+FFFD of length 1. */
function decodeAt(bytes: string, at: number): [code: number, length: number] {
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return [first, 1];
  const length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length === 0 || first >= 0xf5 || at + length > bytes.length) return [0xfffd, 1];
  let code = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const next = bytes.charCodeAt(at + i);
    if ((next & 0xc0) !== 0x80) return [0xfffd, 1];
    code = (code << 6) | (next & 63);
  }
  const overlong = code < (length === 4 ? 0x10000 : length === 3 ? 0x800 : 0x80);
  if (overlong || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return [0xfffd, 1];
  return [code, length];
}

/** Bytes to text; what is no UTF-8 becomes U+FFFD. */
export function decodeUtf8(bytes: string): string {
  if (ascii.test(bytes)) return bytes;
  let out = "";
  for (let at = 0; at < bytes.length;) {
    const [code, length] = decodeAt(bytes, at);
    out += String.fromCodePoint(code);
    at += length;
  }
  return out;
}

/** Bytes of a binary string, one a character. */
export function bytesOf(bytes: string): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = bytes.charCodeAt(i);
  return out;
}

/** A binary string of bytes, one a character. */
export function binaryOf(bytes: Uint8Array): string {
  let out = "";
  for (let at = 0; at < bytes.length; at += 8192)
    // Spreading an array would walk it: ten times slower.
    out += String.fromCharCode.apply(null, bytes.subarray(at, at + 8192) as unknown as number[]);
  return out;
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

export function toBase64(bytes: string): string {
  let out = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group =
      (bytes.charCodeAt(i) << 16) |
      ((left > 1 ? bytes.charCodeAt(i + 1) : 0) << 8) |
      (left > 2 ? bytes.charCodeAt(i + 2) : 0);
    out += base64Alphabet.charAt(group >> 18) + base64Alphabet.charAt((group >> 12) & 63);
    out += left > 1 ? base64Alphabet.charAt((group >> 6) & 63) : "=";
    out += left > 2 ? base64Alphabet.charAt(group & 63) : "=";
  }
  return out;
}

/** Undefined when the text is no base64. White space is passed over. */
export function fromBase64(text: string): string | undefined {
  const clean = text.replace(/[\s=]+/g, "");
  let out = "";
  let bits = 0;
  let held = 0;
  for (let i = 0; i < clean.length; i++) {
    const value = base64Alphabet.indexOf(clean.charAt(i));
    if (value < 0) return undefined;
    held = (held << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += String.fromCharCode((held >> bits) & 255);
      held &= (1 << bits) - 1;
    }
  }
  return out;
}

/** Deep copy of plain JSON: what a program may change without touching what is stored. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneJson) as T;
  const out: Record<string, unknown> = {};
  for (const key in value) {
    const inner = value[key];
    if (inner !== undefined) out[key] = cloneJson(inner);
  }
  return out as T;
}
