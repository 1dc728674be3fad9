/** The keys in what a terminal sends: control characters, escape sequences, UTF-8. */
import { keyBytesMax } from "../../core/limits.ts";

/** The first key of the bytes; undefined: more must come. */
export function firstKey(bytes: string): string | undefined {
  const code = bytes.charCodeAt(0);
  if (code === 0x1b) return escaped(bytes);
  if (code === 0x18) return bytes.length < 2 ? undefined : bytes.slice(0, 2);
  return character(bytes, 0);
}

function character(bytes: string, at: number): string | undefined {
  const code = bytes.charCodeAt(at);
  const length = code < 0xc2 ? 1 : code < 0xe0 ? 2 : code < 0xf0 ? 3 : code < 0xf5 ? 4 : 1;
  for (let i = 1; i < length; i++) {
    if (at + i >= bytes.length) return undefined;
    if ((bytes.charCodeAt(at + i) & 0xc0) !== 0x80) return bytes.slice(at, at + 1);
  }
  return bytes.slice(at, at + length);
}

function escaped(bytes: string): string | undefined {
  if (bytes.length < 2) return undefined;
  if (bytes[1] === "[") {
    for (let at = 2; at < bytes.length && at < keyBytesMax; at++) {
      const code = bytes.charCodeAt(at);
      if (code >= 0x40 && code <= 0x7e) return bytes.slice(0, at + 1);
      if (code < 0x20 || code > 0x7e) return bytes.slice(0, at);
    }
    return bytes.length >= keyBytesMax ? bytes.slice(0, keyBytesMax) : undefined;
  }
  if (bytes[1] === "O") return bytes.length < 3 ? undefined : bytes.slice(0, 3);
  const next = character(bytes, 1);
  return next === undefined ? undefined : `\x1b${next}`;
}
