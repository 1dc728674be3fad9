/** UTF-8 without platform classes (the engine has no TextDecoder in its types). */
export function decodeUtf8(bytes: Uint8Array): string {
  const units: number[] = [];
  let out = "";
  let i = 0;
  while (i < bytes.length) {
    const b = bytes[i] as number;
    if (b < 0x80) {
      units.push(b);
      i += 1;
    } else {
      i += decodeSequence(bytes, i, units);
    }
    if (units.length > 8000) {
      out += String.fromCharCode(...units);
      units.length = 0;
    }
  }
  return out + String.fromCharCode(...units);
}

/** Pushes one character (or U+FFFD) and returns how many bytes it took. */
function decodeSequence(bytes: Uint8Array, i: number, units: number[]): number {
  const b = bytes[i] as number;
  const length =
    b >= 0xf0 && b < 0xf5 ? 4 : b >= 0xe0 && b < 0xf0 ? 3 : b >= 0xc2 && b < 0xe0 ? 2 : 1;
  let code = length === 1 ? 0xfffd : b & (0xff >> (length + 1));
  for (let j = 1; j < length; j++) {
    const next = bytes[i + j];
    if (next === undefined || (next & 0xc0) !== 0x80) {
      units.push(0xfffd);
      return j;
    }
    code = (code << 6) | (next & 0x3f);
  }
  if (code > 0xffff) {
    units.push(0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
  } else units.push(code);
  return length;
}

/** UTF-8 of a text; halves of surrogate pairs are encoded as they stand. */
export function encodeUtf8(text: string): Uint8Array {
  const out: number[] = [];
  for (const ch of text) {
    const code = ch.codePointAt(0) as number;
    if (code < 0x80) out.push(code);
    else if (code < 0x800) out.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) {
      out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    } else {
      out.push(
        0xf0 | (code >> 18),
        0x80 | ((code >> 12) & 63),
        0x80 | ((code >> 6) & 63),
        0x80 | (code & 63),
      );
    }
  }
  return Uint8Array.from(out);
}
