/** ChaCha20-Poly1305: bytes sealed and opened with a key. RFC 8439 */
import { concat } from "../x509/der.ts";

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

function quarter(s: Uint32Array, a: number, b: number, c: number, d: number): void {
  let [A, B, C, D] = [s[a] as number, s[b] as number, s[c] as number, s[d] as number];
  A = (A + B) | 0;
  D = rotate(D ^ A, 16);
  C = (C + D) | 0;
  B = rotate(B ^ C, 12);
  A = (A + B) | 0;
  D = rotate(D ^ A, 8);
  C = (C + D) | 0;
  B = rotate(B ^ C, 7);
  s[a] = A;
  s[b] = B;
  s[c] = C;
  s[d] = D;
}

/** RFC 8439, 2.3: the words of "expand 32-byte k" */
const constants = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
const blockBytes = 64;

function wordsOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4, true));
}

/** The bytes mixed with the key's stream, from a block on: the same again gives them back. */
function mixed(key: Uint8Array, nonce: Uint8Array, block: number, bytes: Uint8Array): Uint8Array {
  const start = Uint32Array.of(...constants, ...wordsOf(key), block, ...wordsOf(nonce));
  const out = new Uint8Array(bytes.length);
  const stream = new Uint8Array(blockBytes);
  const view = new DataView(stream.buffer);
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const s = Uint32Array.from(start);
    for (let round = 0; round < 10; round++) {
      quarter(s, 0, 4, 8, 12);
      quarter(s, 1, 5, 9, 13);
      quarter(s, 2, 6, 10, 14);
      quarter(s, 3, 7, 11, 15);
      quarter(s, 0, 5, 10, 15);
      quarter(s, 1, 6, 11, 12);
      quarter(s, 2, 7, 8, 13);
      quarter(s, 3, 4, 9, 14);
    }
    for (let i = 0; i < 16; i++)
      view.setUint32(i * 4, ((s[i] as number) + (start[i] as number)) >>> 0, true);
    start[12] = ((start[12] as number) + 1) >>> 0;
    const end = Math.min(blockBytes, bytes.length - at);
    for (let i = 0; i < end; i++) out[at + i] = (bytes[at + i] as number) ^ (stream[i] as number);
  }
  return out;
}

const prime = (1n << 130n) - 5n;
const clamp = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

function littleEndian(bytes: Uint8Array, from: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.getBigUint64(from, true) | (view.getBigUint64(from + 8, true) << 64n);
}

/** Numbers of 130 bits in ten limbs of 13, so that sums of products stay exact. */
const limbs = 10;
const limbBits = 13;
const limbMask = 0x1fff;

const limbsOf = (n: bigint): number[] =>
  Array.from({ length: limbs }, (_, i) => Number((n >> BigInt(limbBits * i)) & BigInt(limbMask)));

/** Adds a block and the bit behind it. */
function addBlock(h: number[], message: Uint8Array, at: number): void {
  const word = (i: number): number =>
    i < 8 ? (message[at + 2 * i] as number) | ((message[at + 2 * i + 1] as number) << 8) : 1;
  for (let i = 0; i < limbs; i++) {
    const bit = limbBits * i;
    const first = bit >> 4;
    const shift = bit & 15;
    const pair = word(first) | (word(first + 1) << 16);
    (h[i] as number) += (pair >>> shift) & limbMask;
  }
}

/** h = h * r, as far as it has to be brought below the prime between blocks. */
function multiply(h: number[], r: number[], wrapped: number[]): void {
  const product: number[] = [];
  for (let i = 0; i < limbs; i++) {
    let sum = 0;
    for (let j = 0; j <= i; j++) sum += (h[j] as number) * (r[i - j] as number);
    // What goes beyond 130 bits counts five times: 2^130 is 5 more than the prime.
    for (let j = i + 1; j < limbs; j++)
      sum += (h[j] as number) * (wrapped[limbs + i - j] as number);
    product.push(sum);
  }
  let carry = 0;
  for (let i = 0; i < limbs; i++) {
    const sum = (product[i] as number) + carry;
    carry = Math.floor(sum / (limbMask + 1));
    h[i] = sum & limbMask;
  }
  (h[0] as number) += carry * 5;
  (h[1] as number) += (h[0] as number) >>> limbBits;
  (h[0] as number) &= limbMask;
}

/** RFC 8439, 2.8: of whole blocks, since what is sealed is filled up to some */
function tagOf(oneTimeKey: Uint8Array, message: Uint8Array): Uint8Array {
  const r = limbsOf(littleEndian(oneTimeKey, 0) & clamp);
  const wrapped = r.map((limb) => limb * 5);
  const h = Array.from({ length: limbs }, () => 0);
  for (let at = 0; at < message.length; at += 16) {
    addBlock(h, message, at);
    multiply(h, r, wrapped);
  }
  const sum = h.reduce((n, limb, i) => n + (BigInt(limb) << BigInt(limbBits * i)), 0n) % prime;
  const tag = (sum + littleEndian(oneTimeKey, 16)) & ((1n << 128n) - 1n);
  const out = new Uint8Array(tagBytes);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, tag & ((1n << 64n) - 1n), true);
  view.setBigUint64(8, tag >> 64n, true);
  return out;
}

const tagBytes = 16;
const fill = (bytes: Uint8Array): Uint8Array => new Uint8Array((16 - (bytes.length % 16)) % 16);

function seen(key: Uint8Array, nonce: Uint8Array, beside: Uint8Array, sealed: Uint8Array) {
  const lengths = new Uint8Array(16);
  const view = new DataView(lengths.buffer);
  view.setUint32(0, beside.length, true);
  view.setUint32(8, sealed.length, true);
  const oneTimeKey = mixed(key, nonce, 0, new Uint8Array(32));
  return tagOf(oneTimeKey, concat(beside, fill(beside), sealed, fill(sealed), lengths));
}

/** `beside`: what is not hidden and yet must not be changed. */
export function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  beside: Uint8Array,
  bytes: Uint8Array,
): Uint8Array {
  const hidden = mixed(key, nonce, 1, bytes);
  return concat(hidden, seen(key, nonce, beside, hidden));
}

/** Undefined: it was not sealed with this key, or has been changed. */
export function unseal(
  key: Uint8Array,
  nonce: Uint8Array,
  beside: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < tagBytes) return undefined;
  const hidden = sealed.subarray(0, -tagBytes);
  const tag = seen(key, nonce, beside, hidden);
  const given = sealed.subarray(-tagBytes);
  const differs = tag.reduce((sum, byte, i) => sum | (byte ^ (given[i] as number)), 0);
  return differs === 0 ? mixed(key, nonce, 1, hidden) : undefined;
}
