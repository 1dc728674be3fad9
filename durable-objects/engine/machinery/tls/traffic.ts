/** Keys of a TLS 1.3 connection, and the records that go under them. RFC 8446, 5 and 7 */
import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { encodeUtf8 } from "../../core/utf8.ts";
import { concat } from "../x509/der.ts";
import { seal, unseal } from "./chacha.ts";

const hashBytes = 32;
const none = new Uint8Array();

/** RFC 8446, 7.1: HKDF-Expand-Label */
function labelled(
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array {
  const name = encodeUtf8(`tls13 ${label}`);
  const info = concat(
    Uint8Array.of(length >> 8, length & 255, name.length),
    name,
    Uint8Array.of(context.length),
    context,
  );
  return expand(sha256, secret, info, length);
}

/** RFC 8446, 7.1: Derive-Secret, with the hash of what was said so far */
export const derived = (secret: Uint8Array, label: string, said: Uint8Array): Uint8Array =>
  labelled(secret, label, said, hashBytes);

const zeros = new Uint8Array(hashBytes);

/** The secret of the handshake and the one after it, from what both ends have agreed upon. */
export function secretsOf(shared: Uint8Array): { handshake: Uint8Array; main: Uint8Array } {
  const nothing = sha256(none);
  const early = extract(sha256, zeros, zeros);
  const handshake = extract(sha256, shared, derived(early, "derived", nothing));
  return { handshake, main: extract(sha256, zeros, derived(handshake, "derived", nothing)) };
}

/** RFC 8446, 4.4.4 */
export const finishedOf = (secret: Uint8Array, said: Uint8Array): Uint8Array =>
  hmac(sha256, labelled(secret, "finished", none, hashBytes), said);

/** Kinds of records. RFC 8446, 5.1 */
export const kinds = { change: 20, alert: 21, handshake: 22, data: 23 } as const;

/** A record as it goes over the wire. */
export const record = (kind: number, body: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(kind, 3, 3, body.length >> 8, body.length & 255), body);

/** RFC 8446, 5.1 and 5.2: of what a record carries, sealed or not */
export const plainBytesMax = 16_384;
export const sealedBytesMax = plainBytesMax + 256;

/** One direction of a connection. */
export class Traffic {
  readonly #secret: Uint8Array;
  readonly #key: Uint8Array;
  readonly #iv: Uint8Array;
  #count = 0;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
    this.#key = labelled(secret, "key", none, 32);
    this.#iv = labelled(secret, "iv", none, 12);
  }

  /** RFC 8446, 7.2 */
  next(): Traffic {
    return new Traffic(labelled(this.#secret, "traffic upd", none, hashBytes));
  }

  #nonce(): Uint8Array {
    const nonce = Uint8Array.from(this.#iv);
    const view = new DataView(nonce.buffer);
    view.setBigUint64(4, view.getBigUint64(4) ^ BigInt(this.#count++));
    return nonce;
  }

  /** Records of bytes of a kind. */
  seal(kind: number, bytes: Uint8Array): Uint8Array {
    const records: Uint8Array[] = [];
    for (let at = 0; at === 0 || at < bytes.length; at += plainBytesMax) {
      const inner = concat(bytes.subarray(at, at + plainBytesMax), Uint8Array.of(kind));
      const length = inner.length + 16;
      const head = Uint8Array.of(kinds.data, 3, 3, length >> 8, length & 255);
      records.push(head, seal(this.#key, this.#nonce(), head, inner));
    }
    return concat(...records);
  }

  /** What a record carries; undefined: it is not of this connection. */
  open(head: Uint8Array, body: Uint8Array): { kind: number; bytes: Uint8Array } | undefined {
    const inner = unseal(this.#key, this.#nonce(), head, body);
    const end = inner?.findLastIndex((byte) => byte !== 0) ?? -1;
    if (!inner || end < 0) return undefined;
    return { kind: inner[end] as number, bytes: inner.subarray(0, end) };
  }
}
