/** Standard base64 as Go's encoding/base64 reads and writes it. */
import { trimEndOf } from "../core/trim.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const values = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i;

/** Line breaks are ignored by Go's decoder. */
export const stripBase64 = (text: string): string =>
  text.includes("\n") || text.includes("\r") ? text.replace(/[\r\n]/g, "") : text;

const wellFormed = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Go's error for text that is no base64; undefined for good text. k8s: encoding/base64 CorruptInputError */
export function decodeBase64Error(text: string): string | undefined {
  if (wellFormed.test(stripBase64(text))) return undefined;
  return `illegal base64 data at input byte ${corruptAt(text)}`;
}

/** Where Go stops: at the first byte that can not stand there, or where the last quantum is cut. */
function corruptAt(text: string): number {
  let at = 0;
  const skip = (): void => {
    while (text[at] === "\n" || text[at] === "\r") at++;
  };
  for (;;) {
    for (let j = 0; j < 4; j++) {
      skip();
      if (at === text.length) return j === 0 ? at : at - j;
      const c = text.charCodeAt(at++);
      if (c < 128 && (values[c] ?? -1) >= 0) continue;
      if (c !== 61 || j < 2) return at - 1;
      if (j === 2) {
        skip();
        if (at === text.length) return text.length;
        if (text[at] !== "=") return at - 1;
        at++;
      }
      skip();
      return at;
    }
  }
}

/** The bytes of well-formed base64. */
export function fromBase64(text: string): Uint8Array {
  const clean = trimEndOf(stripBase64(text), "=");
  const out = new Uint8Array(Math.floor((clean.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let length = 0;
  for (let i = 0; i < clean.length; i++) {
    held = (held << 6) | ((values[clean.charCodeAt(i)] ?? 0) & 63);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[length++] = (held >> bits) & 255;
    }
  }
  return out;
}

export function toBase64(bytes: Uint8Array): string {
  let out = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i] ?? 0;
    const b = bytes[i + 1] ?? 0;
    const c = bytes[i + 2] ?? 0;
    out += alphabet.charAt(a >> 2) + alphabet.charAt(((a & 3) << 4) | (b >> 4));
    out += i + 1 < bytes.length ? alphabet.charAt(((b & 15) << 2) | (c >> 6)) : "=";
    out += i + 2 < bytes.length ? alphabet.charAt(c & 63) : "=";
  }
  return out;
}
