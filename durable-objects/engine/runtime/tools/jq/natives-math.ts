/** Functions over numbers, as the C library has them. */
import { typed } from "./access.ts";
import type { Native } from "./native.ts";
import { fail, type Value } from "./values.ts";

const number = (value: Value): number =>
  typeof value === "number" ? value : fail(`${typed(value)} number required`);

const one = (act: (x: number) => Value): Native => ({ one: (_, value) => act(number(value)) });
const two = (act: (x: number, y: number) => Value): Native => ({
  one: (_, _value, [x, y]) => act(number(x!), number(y!)),
});

/** Ties go to the even neighbour. */
function even(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** A number as a mantissa from a half to one and a power of two. */
function parts(x: number): [mantissa: number, exponent: number] {
  if (x === 0 || !Number.isFinite(x)) return [x, 0];
  let exponent = Math.max(-1023, Math.floor(Math.log2(Math.abs(x))) + 1);
  let mantissa = x * 2 ** -exponent;
  while (Math.abs(mantissa) < 0.5) {
    mantissa *= 2;
    exponent--;
  }
  while (Math.abs(mantissa) >= 1) {
    mantissa /= 2;
    exponent++;
  }
  return [mantissa, exponent];
}

// Lanczos' approximation, g = 7.
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7,
];

function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - logGamma(1 - x);
  const t = x - 1;
  let sum = lanczos[0]!;
  for (let i = 1; i < 9; i++) sum += lanczos[i]! / (t + i);
  const base = t + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (t + 0.5) * Math.log(base) - base + Math.log(sum);
}

function gamma(x: number): number {
  if (Number.isInteger(x) && x > 0 && x < 171) {
    let out = 1;
    for (let i = 2; i < x; i++) out *= i;
    return out;
  }
  return x < 0.5 ? Math.PI / (Math.sin(Math.PI * x) * gamma(1 - x)) : Math.exp(logGamma(x));
}

const remainder = (x: number, y: number): number => x - y * even(x / y);

const plain = {
  floor: Math.floor,
  ceil: Math.ceil,
  sqrt: Math.sqrt,
  fabs: Math.abs,
  trunc: Math.trunc,
  round: (x: number) => Math.sign(x) * Math.round(Math.abs(x)),
  rint: even,
  nearbyint: even,
  exp: Math.exp,
  exp2: (x: number) => 2 ** x,
  exp10: (x: number) => 10 ** x,
  expm1: Math.expm1,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  log1p: Math.log1p,
  cbrt: Math.cbrt,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  gamma: logGamma,
  lgamma: logGamma,
  lgamma_r: logGamma,
  tgamma: gamma,
  significand: (x: number) => (x === 0 || !Number.isFinite(x) ? x : parts(x)[0] * 2),
  logb: (x: number) => (x === 0 ? -Infinity : Number.isFinite(x) ? parts(x)[1] - 1 : Math.abs(x)),
};

const pairs = {
  pow: (x: number, y: number) => x ** y,
  atan2: Math.atan2,
  fmin: (x: number, y: number) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.min(x, y)),
  fmax: (x: number, y: number) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.max(x, y)),
  fmod: (x: number, y: number) => x % y,
  fdim: (x: number, y: number) => (x > y ? x - y : 0),
  hypot: Math.hypot,
  drem: remainder,
  remainder,
  copysign: (x: number, y: number) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x)),
  ldexp: (x: number, y: number) => x * 2 ** y,
  scalb: (x: number, y: number) => x * 2 ** y,
  scalbln: (x: number, y: number) => x * 2 ** y,
};

export const mathNatives: Record<string, Native> = {
  ...Object.fromEntries(Object.entries(plain).map(([name, act]) => [`${name}/0`, one(act)])),
  ...Object.fromEntries(Object.entries(pairs).map(([name, act]) => [`${name}/2`, two(act)])),
  "fma/3": { one: (_, _value, [x, y, z]) => number(x!) * number(y!) + number(z!) },
  "frexp/0": one((x) => parts(x)),
  "modf/0": one((x) => (Number.isFinite(x) ? [x - Math.trunc(x), Math.trunc(x)] : [0, x])),
  "infinite/0": { one: () => Infinity },
  "nan/0": { one: () => NaN },
  "isnan/0": one((x) => Number.isNaN(x)),
  "isinfinite/0": one((x) => Math.abs(x) === Infinity),
  "isnormal/0": one((x) => Number.isFinite(x) && Math.abs(x) >= 2 ** -1022),
};
