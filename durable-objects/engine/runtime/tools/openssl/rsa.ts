/** RSA keys: searched for a candidate at a time, so that a long search is many short steps. RFC 8017 */
import { hexToBytes } from "@noble/hashes/utils.js";
import { paddedDigest } from "../../../machinery/x509/request.ts";
import { bitLength, inverseModulo, powerModulo, toBytes, toNumber } from "./numbers.ts";

export interface RsaKey {
  modulus: bigint;
  exponent: bigint;
  privateExponent: bigint;
  primes: readonly [p: bigint, q: bigint];
}

/** Plain data, between two steps. */
export interface PrimeSearch {
  /** Of the modulus. */
  bits: number;
  /** In hexadecimal. */
  primes: string[];
  /** The candidate that comes next, in hexadecimal. */
  at?: string;
}

export const publicExponent = 65_537n;

function smallPrimes(below: number): number[] {
  const composite = new Set<number>();
  const primes: number[] = [];
  for (let n = 2; n < below; n++) {
    if (composite.has(n)) continue;
    primes.push(n);
    for (let m = n * n; m < below; m += n) composite.add(m);
  }
  return primes;
}
const sieve = smallPrimes(2_000).slice(1);

/** Random bits, of which the highest two are set: the product of two such numbers has all its bits. */
function firstCandidate(bits: number, random: () => number): bigint {
  let value = 0n;
  for (let i = 0; i < bits; i += 32)
    value = (value << 32n) | BigInt(Math.floor(random() * 2 ** 32));
  const high = 3n << BigInt(bits - 2);
  return BigInt.asUintN(bits, value) | high | 1n;
}

/** The next odd number that no small prime divides. */
function sieved(from: bigint): bigint {
  const rests = sieve.map((prime) => Number(from % BigInt(prime)));
  for (let ahead = 0; ; ahead += 2) {
    const divided = sieve.some((prime, i) => ((rests[i] as number) + ahead) % prime === 0);
    if (!divided) return from + BigInt(ahead);
  }
}

/** Miller and Rabin: whether a base finds no factor. */
function passes(candidate: bigint, base: bigint): boolean {
  let odd = candidate - 1n;
  let halves = 0;
  while ((odd & 1n) === 0n) {
    odd >>= 1n;
    halves += 1;
  }
  let power = powerModulo(base, odd, candidate);
  if (power === 1n || power === candidate - 1n) return true;
  for (; halves > 1; halves--) {
    power = (power * power) % candidate;
    if (power === candidate - 1n) return true;
  }
  return false;
}

/** For random numbers of 256 bits and more these few leave less than a chance in 2^80. */
const bases = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n];

/** Microseconds that a candidate takes. */
export const candidateCost = (bits: number): number => 2_500 * (bits / 2_048) ** 3;

/**
 * Tries one candidate. The answer says how it went, as OpenSSL shows it: `.` is no prime, `+` each round that a prime has
 * passed; and the key when both primes are there.
 */
export function tryCandidate(
  search: PrimeSearch,
  random: () => number,
): { progress: string; key?: RsaKey } {
  const bits = search.bits / 2;
  const from = search.at ? BigInt(`0x${search.at}`) : firstCandidate(bits, random);
  const candidate = sieved(from);
  const isPrime =
    bitLength(candidate) === bits &&
    bases.every((base) => passes(candidate, base)) &&
    candidate % publicExponent !== 1n &&
    search.primes[0] !== candidate.toString(16);
  if (!isPrime) {
    if (bitLength(candidate) > bits) delete search.at;
    else search.at = (candidate + 2n).toString(16);
    return { progress: "." };
  }
  search.primes.push(candidate.toString(16));
  delete search.at;
  const [p, q] = search.primes;
  if (p === undefined || q === undefined) return { progress: `${"+".repeat(bases.length)}*` };
  return {
    progress: `${"+".repeat(bases.length)}\n`,
    key: keyOf(BigInt(`0x${p}`), BigInt(`0x${q}`)),
  };
}

function keyOf(one: bigint, other: bigint): RsaKey {
  const [p, q] = one > other ? [one, other] : [other, one];
  return {
    modulus: p * q,
    exponent: publicExponent,
    privateExponent: inverseModulo(publicExponent, (p - 1n) * (q - 1n)),
    primes: [p, q],
  };
}

/** By the remainder theorem, which is four times as fast. */
function decrypt({ privateExponent, primes: [p, q] }: RsaKey, message: bigint): bigint {
  const byP = powerModulo(message % p, privateExponent % (p - 1n), p);
  const byQ = powerModulo(message % q, privateExponent % (q - 1n), q);
  const times = ((((byP - byQ) % p) + p) * inverseModulo(q, p)) % p;
  return byQ + times * q;
}

/** PKCS #1 v1.5 over SHA-256. */
export function signRsa(key: RsaKey, message: Uint8Array): Uint8Array {
  const length = Math.ceil(bitLength(key.modulus) / 8);
  const padded = paddedDigest("sha256", message, length * 2);
  return toBytes(decrypt(key, toNumber(hexToBytes(padded))), length);
}
