/** Whole numbers of many bits, as RSA needs them. */
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

/** Of bytes, the highest first. */
export const toNumber = (bytes: Uint8Array): bigint => BigInt(`0x${bytesToHex(bytes) || "0"}`);

/** As bytes, the highest first; with zeros before them up to a length. */
export function toBytes(value: bigint, length = 0): Uint8Array {
  const digits = value.toString(16);
  const whole = digits.length % 2 === 0 ? digits : `0${digits}`;
  return hexToBytes(whole.padStart(length * 2, "0"));
}

export const bitLength = (value: bigint): number => value.toString(2).length;

/** By four bits of the exponent at a time. */
export function powerModulo(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const powers = [1n];
  for (let i = 1; i < 16; i++) powers.push(((powers[i - 1] as bigint) * base) % modulus);
  let result = 1n;
  for (const digit of exponent.toString(16)) {
    for (let i = 0; i < 4; i++) result = (result * result) % modulus;
    const power = Number.parseInt(digit, 16);
    if (power > 0) result = (result * (powers[power] as bigint)) % modulus;
  }
  return result;
}

/** The number that makes 1 of another by multiplication. Both have no common factor. */
export function inverseModulo(value: bigint, modulus: bigint): bigint {
  let [a, b] = [modulus, value % modulus];
  let [x, y] = [0n, 1n];
  while (b > 0n) {
    const times = a / b;
    [a, b] = [b, a - times * b];
    [x, y] = [y, x - times * y];
  }
  return ((x % modulus) + modulus) % modulus;
}
