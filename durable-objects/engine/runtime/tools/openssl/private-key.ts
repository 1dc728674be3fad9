/** Private keys as files hold them: PKCS #8 (RFC 5208), PKCS #1 (RFC 8017, A.1.2), SEC 1 (RFC 5915). */
import { p256 } from "@noble/curves/nist.js";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  bitString,
  der,
  inside,
  integer,
  objectId,
  objectIdOf,
  readAll,
  sequence,
  tags,
  type Der,
} from "../../../machinery/x509/der.ts";
import { decodePem, encodePem } from "../../../machinery/x509/pem.ts";
import { inverseModulo, toBytes, toNumber } from "./numbers.ts";
import { signRsa, type RsaKey } from "./rsa.ts";

export type PrivateKey = { type: "rsa"; rsa: RsaKey } | { type: "ec"; secret: Uint8Array };

const ids = {
  rsa: "1.2.840.113549.1.1.1",
  ec: "1.2.840.10045.2.1",
  p256: "1.2.840.10045.3.1.7",
  sha256WithRsa: "1.2.840.113549.1.1.11",
  sha256WithEc: "1.2.840.10045.4.3.2",
} as const;

const nullValue = der(0x05);
const rsaAlgorithm = sequence(objectId(ids.rsa), nullValue);
const ecAlgorithm = sequence(objectId(ids.ec), objectId(ids.p256));

function readRsa(value: Der | undefined): PrivateKey | undefined {
  const [, n, e, d, p, q] = inside(value).map(({ bytes }) => toNumber(bytes));
  if (!n || !e || !d || !p || !q) return undefined;
  return {
    type: "rsa",
    rsa: { modulus: n, exponent: e, privateExponent: d, primes: [p, q] },
  };
}

function readEc(value: Der | undefined): PrivateKey | undefined {
  const secret = inside(value)[1];
  return secret?.tag === tags.octets && secret.bytes.length === 32
    ? { type: "ec", secret: secret.bytes }
    : undefined;
}

function readPkcs8(value: Der | undefined): PrivateKey | undefined {
  const [, algorithm, octets] = inside(value);
  const [type, curve] = inside(algorithm);
  const [key] = (octets && readAll(octets.bytes)) ?? [];
  if (objectIdOf(type) === ids.rsa) return readRsa(key);
  return objectIdOf(type) === ids.ec && objectIdOf(curve) === ids.p256 ? readEc(key) : undefined;
}

/** The first private key of a text; undefined: there is none that is known here. */
export function readPrivateKey(text: string): PrivateKey | undefined {
  for (let at = 0; ;) {
    const next = decodePem(text, at);
    if (!next) return undefined;
    at = next.end;
    const { type, bytes } = next.block;
    const [value] = readAll(bytes) ?? [];
    if (type === "PRIVATE KEY") return readPkcs8(value);
    if (type === "RSA PRIVATE KEY") return readRsa(value);
    if (type === "EC PRIVATE KEY") return readEc(value);
  }
}

const number = (value: bigint): Uint8Array => integer(toBytes(value));

function rsaDer({ modulus, exponent, privateExponent, primes: [p, q] }: RsaKey): Uint8Array {
  return sequence(
    number(0n),
    number(modulus),
    number(exponent),
    number(privateExponent),
    number(p),
    number(q),
    number(privateExponent % (p - 1n)),
    number(privateExponent % (q - 1n)),
    number(inverseModulo(q, p)),
  );
}

const point = (secret: Uint8Array): Uint8Array => p256.getPublicKey(secret, false);

function ecDer(secret: Uint8Array, withCurve: boolean): Uint8Array {
  return sequence(
    number(1n),
    der(tags.octets, secret),
    ...(withCurve ? [der(0xa0, objectId(ids.p256))] : []),
    der(0xa1, bitString(point(secret))),
  );
}

/** As PKCS #8; `traditional`: each type in the form that is its own. */
export function privateKeyPem(key: PrivateKey, traditional = false): string {
  const isRsa = key.type === "rsa";
  if (traditional) {
    return isRsa
      ? encodePem({ type: "RSA PRIVATE KEY", bytes: rsaDer(key.rsa) })
      : encodePem({ type: "EC PRIVATE KEY", bytes: ecDer(key.secret, true) });
  }
  const inner = isRsa ? rsaDer(key.rsa) : ecDer(key.secret, false);
  const bytes = sequence(number(0n), isRsa ? rsaAlgorithm : ecAlgorithm, der(tags.octets, inner));
  return encodePem({ type: "PRIVATE KEY", bytes });
}

export const curveParametersPem = (): string =>
  encodePem({ type: "EC PARAMETERS", bytes: objectId(ids.p256) });

/** SubjectPublicKeyInfo in DER. */
export function publicKeyDer(key: PrivateKey): Uint8Array {
  if (key.type === "ec") return sequence(ecAlgorithm, bitString(point(key.secret)));
  const { modulus, exponent } = key.rsa;
  return sequence(rsaAlgorithm, bitString(sequence(number(modulus), number(exponent))));
}

/** A body, how it is signed, and the signature, as requests and certificates are made of them. */
export function signedDer(key: PrivateKey, body: Uint8Array): Uint8Array {
  if (key.type === "rsa") {
    const algorithm = sequence(objectId(ids.sha256WithRsa), nullValue);
    return sequence(body, algorithm, bitString(signRsa(key.rsa, body)));
  }
  const signature = p256.sign(sha256(body), key.secret, { prehash: false, format: "der" });
  return sequence(body, sequence(objectId(ids.sha256WithEc)), bitString(signature));
}

/** The same algorithm as `signedDer` names: certificates say it twice. */
export const signatureAlgorithm = ({ type }: PrivateKey): Uint8Array =>
  type === "rsa"
    ? sequence(objectId(ids.sha256WithRsa), nullValue)
    : sequence(objectId(ids.sha256WithEc));

/** A new key of the curve P-256. */
export function makeEcKey(random: () => number): PrivateKey {
  const seed = Uint8Array.from({ length: 48 }, () => Math.floor(random() * 256));
  return { type: "ec", secret: p256.utils.randomSecretKey(seed) };
}
