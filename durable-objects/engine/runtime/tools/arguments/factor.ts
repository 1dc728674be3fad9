/** factor: prime factors of numbers below 2^64, by Pollard's rho after small divisors. */
import type { Program } from "../../kernel/types.ts";
import { tool } from "../tool.ts";
import { usage } from "../words.ts";

const numberMax = 2n ** 64n - 1n;
const smallMax = 1000n;

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** Miller and Rabin's test; these bases decide all numbers below 2^64. */
function isPrime(n: bigint): boolean {
  const bases = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n];
  if (bases.includes(n)) return true;
  if (n < 2n || bases.some((b) => n % b === 0n)) return false;
  let odd = n - 1n;
  let twos = 0;
  for (; odd % 2n === 0n; odd /= 2n) twos++;
  return bases.every((base) => {
    let x = power(base, odd, n);
    if (x === 1n || x === n - 1n) return true;
    for (let i = 1; i < twos; i++) {
      x = (x * x) % n;
      if (x === n - 1n) return true;
    }
    return false;
  });
}

function commonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y) [x, y] = [y, x % y];
  return x;
}

/** Some divisor of a number that is not prime. */
function divisorOf(n: bigint): bigint {
  for (let c = 1n; ; c++) {
    let slow = 2n;
    let fast = 2n;
    let found = 1n;
    while (found === 1n) {
      slow = (slow * slow + c) % n;
      fast = (fast * fast + c) % n;
      fast = (fast * fast + c) % n;
      found = commonDivisor(slow > fast ? slow - fast : fast - slow, n);
    }
    if (found !== n) return found;
  }
}

function factors(n: bigint): bigint[] {
  if (n < 2n) return [];
  if (isPrime(n)) return [n];
  for (let small = 2n; small < smallMax; small++)
    if (n % small === 0n) return [small, ...factors(n / small)];
  const divisor = divisorOf(n);
  return [...factors(divisor), ...factors(n / divisor)].sort((a, b) => (a < b ? -1 : 1));
}

export const factor: Program = tool("factor", (io) => {
  const words = io.args.length ? io.args : io.stdin().split(/\s+/).filter(Boolean);
  for (const word of words) {
    const number = /^\+?\d+$/.test(word) ? BigInt(word.replace("+", "")) : undefined;
    if (number === undefined || number > numberMax) return usage(io, "factor [NUMBER]...");
    // The hardest takes some ten thousand steps.
    io.sys.charge(1_000);
    io.out(
      `${number}:${factors(number)
        .map((prime) => ` ${prime}`)
        .join("")}\n`,
    );
  }
  return 0;
});
