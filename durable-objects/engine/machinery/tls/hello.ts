/** The first message of a client, and what is answered to it. RFC 8446, 4.1 and 4.2 */
import { concat } from "../x509/der.ts";

/** TLS_CHACHA20_POLY1305_SHA256, x25519, ecdsa_secp256r1_sha256 and TLS 1.3, as they are numbered. RFC 8446, B.4, 4.2.7, 4.2.3 */
const cipher = 0x1303;
const group = 29;
const signature = 0x0403;
const version = 0x0304;
const extensions = { groups: 10, signatures: 13, protocols: 16, versions: 43, shares: 51 } as const;

export interface ClientHello {
  sessionId: Uint8Array;
  /** The client's half of the key. */
  share: Uint8Array;
  /** HTTP/1.1 is among the protocols that it names. */
  http1: boolean;
}

/** RFC 8446, 6.2 */
export const alerts = { handshakeFailure: 40, decodeError: 50, protocolVersion: 70 } as const;

class Pieces {
  #at = 0;
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Throws a RangeError where there is less. */
  take(count: number): Uint8Array {
    if (this.left < count) throw new RangeError("cut short");
    return this.#bytes.subarray(this.#at, (this.#at += count));
  }

  number(bytes: number): number {
    return this.take(bytes).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  /** What comes after its own length. */
  sized(bytes: number): Uint8Array {
    return this.take(this.number(bytes));
  }
}

function numbersOf(bytes: Uint8Array): number[] {
  const pieces = new Pieces(bytes);
  const all: number[] = [];
  while (pieces.left > 0) all.push(pieces.number(2));
  return all;
}

function sharesOf(bytes: Uint8Array): Map<number, Uint8Array> {
  const pieces = new Pieces(new Pieces(bytes).sized(2));
  const all = new Map<number, Uint8Array>();
  while (pieces.left > 0) all.set(pieces.number(2), pieces.sized(2));
  return all;
}

function protocolsOf(bytes: Uint8Array): string[] {
  const pieces = new Pieces(new Pieces(bytes).sized(2));
  const all: string[] = [];
  while (pieces.left > 0) all.push(String.fromCharCode(...pieces.sized(1)));
  return all;
}

/** The message, or the alert that it is answered with. */
export function readHello(body: Uint8Array): ClientHello | number {
  try {
    const pieces = new Pieces(body);
    pieces.take(2 + 32);
    const sessionId = pieces.sized(1);
    const ciphers = numbersOf(pieces.sized(2));
    pieces.sized(1);
    const found = new Map<number, Uint8Array>();
    const rest = new Pieces(pieces.left > 0 ? pieces.sized(2) : new Uint8Array());
    while (rest.left > 0) found.set(rest.number(2), rest.sized(2));
    const versions = found.get(extensions.versions);
    if (!versions || !numbersOf(new Pieces(versions).sized(1)).includes(version))
      return alerts.protocolVersion;
    const signatures = found.get(extensions.signatures);
    const signs = signatures && numbersOf(new Pieces(signatures).sized(2)).includes(signature);
    const shares = found.get(extensions.shares);
    const share = shares && sharesOf(shares).get(group);
    if (!ciphers.includes(cipher) || !signs || share?.length !== 32) return alerts.handshakeFailure;
    const protocols = found.get(extensions.protocols);
    const http1 = protocols !== undefined && protocolsOf(protocols).includes("http/1.1");
    return { sessionId, share, http1 };
  } catch (error) {
    if (error instanceof RangeError) return alerts.decodeError;
    throw error;
  }
}

const two = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 255);
const sized = (bytes: Uint8Array): Uint8Array => concat(two(bytes.length), bytes);
const extension = (kind: number, value: Uint8Array): Uint8Array => concat(two(kind), sized(value));

/** A message of the handshake. RFC 8446, 4 */
export const message = (kind: number, body: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(kind, body.length >> 16, (body.length >> 8) & 255, body.length & 255), body);

/** RFC 8446, 4: ServerHello, EncryptedExtensions, Certificate, CertificateVerify, Finished, KeyUpdate */
export const messages = {
  hello: 1,
  serverHello: 2,
  extensions: 8,
  certificate: 11,
  verify: 15,
  finished: 20,
  update: 24,
} as const;

export const serverHello = (random: Uint8Array, sessionId: Uint8Array, share: Uint8Array) =>
  message(
    messages.serverHello,
    concat(
      Uint8Array.of(3, 3),
      random,
      Uint8Array.of(sessionId.length),
      sessionId,
      two(cipher),
      Uint8Array.of(0),
      sized(
        concat(
          extension(extensions.versions, two(version)),
          extension(extensions.shares, concat(two(group), sized(share))),
        ),
      ),
    ),
  );

const http1 = Uint8Array.from("http/1.1", (char) => char.charCodeAt(0));

export const encryptedExtensions = ({ http1: chosen }: ClientHello): Uint8Array =>
  message(
    messages.extensions,
    sized(
      chosen
        ? extension(extensions.protocols, sized(concat(Uint8Array.of(http1.length), http1)))
        : new Uint8Array(),
    ),
  );

const three = (n: number): Uint8Array => Uint8Array.of(n >> 16, (n >> 8) & 255, n & 255);

export function certificateMessage(der: Uint8Array): Uint8Array {
  const entry = concat(three(der.length), der, two(0));
  return message(messages.certificate, concat(Uint8Array.of(0), three(entry.length), entry));
}

export const verifyMessage = (signed: Uint8Array): Uint8Array =>
  message(messages.verify, concat(two(signature), sized(signed)));
