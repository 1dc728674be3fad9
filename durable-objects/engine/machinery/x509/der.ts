/** ASN.1 in DER, as far as certificates and requests for them need it. ITU-T X.690 */

/** One value with what is inside it. */
export interface Der {
  tag: number;
  /** Content, without tag and length. */
  bytes: Uint8Array;
  /** With them. */
  raw: Uint8Array;
}

export const tags = {
  integer: 0x02,
  bitString: 0x03,
  octets: 0x04,
  objectId: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Values one after another; undefined where they are cut short. */
export function readAll(bytes: Uint8Array): Der[] | undefined {
  const found: Der[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const tag = bytes[at++] as number;
    let length = bytes[at++] ?? 0x80;
    if (length === 0x80) return undefined;
    if (length > 0x80) {
      const count = length & 0x7f;
      if (count > 4) return undefined;
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + (bytes[at++] ?? 0);
    }
    if (at + length > bytes.length) return undefined;
    found.push({
      tag,
      bytes: bytes.subarray(at, at + length),
      raw: bytes.subarray(start, at + length),
    });
    at += length;
  }
  return found;
}

/** What a value is made of, nothing where it is cut short. */
export const inside = (value: Der | undefined): Der[] => (value && readAll(value.bytes)) ?? [];

/** `1.2.840.113549`. */
export function objectIdOf(value: Der | undefined): string {
  if (!value || value.tag !== tags.objectId) return "";
  const [first = 0] = value.bytes;
  const parts = [Math.min(2, Math.floor(first / 40))];
  parts.push(first - (parts[0] as number) * 40);
  let number = 0;
  for (const byte of value.bytes.subarray(1)) {
    number = number * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(number);
      number = 0;
    }
  }
  return parts.join(".");
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A value of a tag. */
export function der(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const content = concat(...parts);
  const head = [tag];
  if (content.length < 0x80) head.push(content.length);
  else {
    const length: number[] = [];
    for (let n = content.length; n > 0; n = Math.floor(n / 256)) length.unshift(n % 256);
    head.push(0x80 + length.length, ...length);
  }
  return concat(Uint8Array.from(head), content);
}

export const sequence = (...parts: Uint8Array[]): Uint8Array => der(tags.sequence, ...parts);

export function objectId(text: string): Uint8Array {
  const [a = 0, b = 0, ...rest] = text.split(".").map(Number);
  const bytes = [a * 40 + b];
  for (const number of rest) {
    const part = [number % 128];
    for (let n = Math.floor(number / 128); n > 0; n = Math.floor(n / 128))
      part.unshift(0x80 + (n % 128));
    bytes.push(...part);
  }
  return der(tags.objectId, Uint8Array.from(bytes));
}

/** A number that is not negative, given by its bytes. */
export function integer(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const rest = bytes.subarray(start);
  const pad = (rest[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array();
  return der(tags.integer, pad, rest);
}

/** Bits that fill whole bytes. */
export const bitString = (bytes: Uint8Array): Uint8Array =>
  der(tags.bitString, Uint8Array.of(0), bytes);
