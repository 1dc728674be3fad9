/** Kubernetes quantities: exact decimal arithmetic. k8s: apimachinery/pkg/api/resource/quantity.go */
import { quantitiesKeptMax, quantityDigitsMax, quantityExponentMax } from "../core/limits.ts";
import { keep, memo } from "../core/memo.ts";

export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent";

/** An immutable amount: `mantissa * 10^scale` (scale >= -9), and the text it is printed as. */
export interface Quantity {
  readonly mantissa: number | bigint;
  readonly scale: number;
  readonly format: QuantityFormat;
  /** Canonical text, as Go would print it. */
  readonly text: string;
}

const formatWrong =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const numericWrong = "unable to parse numeric part of quantity";
const suffixWrong = "unable to parse quantity's suffix";

const decimalSuffixes: Record<string, number> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binarySuffixes: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const decimalNames = new Map(Object.entries(decimalSuffixes).map(([name, power]) => [power, name]));
const binaryNames = new Map(Object.entries(binarySuffixes).map(([name, power]) => [power, name]));
const int64Max = 9223372036854775807n;

interface Suffix {
  base: 2 | 10;
  exponent: number;
  format: QuantityFormat;
}

function readSuffix(text: string): Suffix | undefined {
  const decimal = Object.hasOwn(decimalSuffixes, text) ? decimalSuffixes[text] : undefined;
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: "DecimalSI" };
  const binary = Object.hasOwn(binarySuffixes, text) ? binarySuffixes[text] : undefined;
  if (binary !== undefined) return { base: 2, exponent: binary, format: "BinarySI" };
  if (/^[eE][+-]?[0-9]+$/.test(text)) {
    const exponent = Number(text.slice(1));
    if (exponent > quantityExponentMax) return undefined;
    return {
      base: 10,
      exponent: Math.max(exponent, -quantityExponentMax),
      format: "DecimalExponent",
    };
  }
  return undefined;
}

const pow10 = (power: number): bigint => 10n ** BigInt(power);

/** Divides, rounding away from zero. */
function divideUp(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  if (value % by === 0n) return quotient;
  return value < 0n ? quotient - 1n : quotient + 1n;
}

/** The value of q times 10^-scale, rounded away from zero. */
function scaledUp(q: Pick<Quantity, "mantissa" | "scale">, scale: number): bigint {
  const mantissa = BigInt(q.mantissa);
  const shift = q.scale - scale;
  return shift >= 0 ? mantissa * pow10(shift) : divideUp(mantissa, pow10(-shift));
}

const narrow = (value: bigint): number | bigint =>
  value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;

/** k8s: Quantity.CanonicalizeBytes */
function render(mantissa: number | bigint, scale: number, format: QuantityFormat): string {
  let value = BigInt(mantissa);
  if (value === 0n) return "0";
  if (format === "BinarySI") {
    const whole = scale >= 0 ? value * pow10(scale) : value / pow10(-scale);
    const exact = scale >= 0 || whole * pow10(-scale) === value;
    const size = whole < 0n ? -whole : whole;
    if (exact && size >= 1024n) {
      let mantissa2 = whole;
      let power = 0;
      while (mantissa2 % 1024n === 0n) {
        mantissa2 /= 1024n;
        power += 10;
      }
      return `${mantissa2}${binaryNames.get(power) ?? ""}`;
    }
  }
  let exponent = scale;
  while (value % 10n === 0n) {
    value /= 10n;
    exponent++;
  }
  while (exponent % 3 !== 0) {
    value *= 10n;
    exponent--;
  }
  if (format === "DecimalExponent") return exponent === 0 ? `${value}` : `${value}e${exponent}`;
  return `${value}${decimalNames.get(exponent) ?? ""}`;
}

function make(value: bigint, scale: number, format: QuantityFormat, text?: string): Quantity {
  const mantissa = narrow(value);
  return { mantissa, scale, format, text: text ?? render(mantissa, scale, format) };
}

interface Parts {
  negative: boolean;
  /** Digits before the point without leading zeros, after it, and what follows. */
  whole: string;
  fraction: string;
  suffix: string;
  /** A digit stands somewhere before the suffix. */
  digits: boolean;
}

/** Takes a text apart from left to right, each character once. k8s: resource/quantity.go parseQuantityString */
function takeApart(text: string): Parts | undefined {
  let at = 0;
  const run = (characters: string): string => {
    const from = at;
    while (at < text.length && characters.includes(text.charAt(at))) at++;
    return text.slice(from, at);
  };
  const sign = (): string => (text[at] === "+" || text[at] === "-" ? text.charAt(at++) : "");
  const negative = sign() === "-";
  const zeros = run("0");
  const whole = run("0123456789");
  let fraction = "";
  if (text.charAt(at) === ".") {
    at++;
    fraction = run("0123456789");
  }
  const digits = zeros !== "" || whole !== "" || fraction !== "";
  const suffix = run("eEinumkKMGTP") + sign() + run("0123456789");
  return at === text.length ? { negative, whole, fraction, suffix, digits } : undefined;
}

/** Digits that still fit upstream's int64 path; decides whether a text is kept as it was written. */
function keepsText(suffix: Suffix, whole: string, fraction: string): boolean {
  const digits = whole.length + fraction.length;
  if (suffix.format === "BinarySI") {
    if (fraction !== "" || 15 - whole.length - Math.trunc((suffix.exponent * 3) / 10) - 1 < 0) {
      return false;
    }
    return (Number(whole) & 7) !== 0;
  }
  const scale = suffix.exponent - fraction.length;
  const shifted = whole + fraction;
  if (18 - digits < 0 || scale < -9) return false;
  return scale % 3 === 0 && !shifted.endsWith("000") && shifted[0] !== "0";
}

function parse(text: string): Quantity | string {
  if (text === "") return formatWrong;
  if (text === "0") return { mantissa: 0, scale: 0, format: "DecimalSI", text };
  const parts = takeApart(text);
  if (!parts) return formatWrong;
  const { fraction } = parts;
  const whole = parts.whole || "0";
  const suffix = readSuffix(parts.suffix);
  if (!suffix) return suffixWrong;
  // Upstream reads a bare suffix as zero, except where the suffix is too big for its fast path.
  if (!parts.digits && suffix.base === 2 && suffix.exponent >= 50) return numericWrong;
  if (whole.length + fraction.length > quantityDigitsMax) return numericWrong;

  let value = BigInt(whole + fraction);
  let scale = -fraction.length;
  let format = suffix.format;
  if (parts.negative) value = -value;
  if (suffix.base === 10) scale += suffix.exponent;
  else value <<= BigInt(suffix.exponent);
  if (scale < -9) {
    value = divideUp(value, pow10(-9 - scale));
    scale = -9;
  }
  if (keepsText(suffix, whole, fraction)) return make(value, scale, format, text);
  if (format === "BinarySI") {
    const size = value < 0n ? -value : value;
    if (scale <= 0 && size > int64Max * pow10(-scale)) {
      value = value < 0n ? -int64Max : int64Max;
      scale = 0;
    }
    if (size !== 0n && scale < 0 && size < pow10(-scale)) format = "DecimalSI";
  }
  return make(value, scale, format);
}

const quantities = new Map<string, Quantity | string>();

function parsed(text: string): Quantity | string {
  let result = quantities.get(text);
  if (result === undefined) {
    result = parse(text);
    if (text.length <= 64) keep(quantities, quantitiesKeptMax, text, result);
  }
  return result;
}

/** The quantity a text stands for; undefined when it is none. */
export function parseQuantity(text: string): Quantity | undefined {
  const result = parsed(text);
  return typeof result === "string" ? undefined : result;
}

/** Upstream's error for a text that is no quantity; undefined for a good one. */
export function quantityError(text: string): string | undefined {
  const result = parsed(text);
  return typeof result === "string" ? result : undefined;
}

/** The canonical form of a text, as Go prints it again: `1000m` -> `1`, `1.5Gi` -> `1536Mi`. */
export function canonicalQuantity(text: string): string | undefined {
  return parseQuantity(text)?.text;
}

/** A whole number of units (or of thousandths, with scale -3) as a quantity. */
export function newQuantity(
  value: number | bigint,
  format: QuantityFormat = "DecimalSI",
  scale = 0,
): Quantity {
  return make(BigInt(value), scale, format);
}

export const zeroQuantity: Quantity = newQuantity(0);

const isZero = (q: Quantity): boolean => q.mantissa == 0;

function combine(a: Quantity, b: Quantity, sign: 1 | -1): Quantity {
  const format = isZero(a) ? b.format : a.format;
  const scale = Math.min(a.scale, b.scale);
  const right = scaledUp(b, scale);
  return make(scaledUp(a, scale) + (sign === 1 ? right : -right), scale, format);
}

/** a + b; printed in the format of a, or of b where a is zero. k8s: Quantity.Add */
export const addQuantity = (a: Quantity, b: Quantity): Quantity => combine(a, b, 1);
/** a - b, likewise. k8s: Quantity.Sub */
export const subQuantity = (a: Quantity, b: Quantity): Quantity => combine(a, b, -1);

/** a times a whole number. k8s: Quantity.Mul */
export const scaleQuantity = (a: Quantity, by: number): Quantity =>
  make(BigInt(a.mantissa) * BigInt(by), a.scale, a.format);

/** -1, 0 or 1. k8s: Quantity.Cmp */
export function cmpQuantity(a: Quantity, b: Quantity): -1 | 0 | 1 {
  let left: number | bigint = a.mantissa;
  let right: number | bigint = b.mantissa;
  if (a.scale !== b.scale) {
    const scale = Math.min(a.scale, b.scale);
    left = scaledUp(a, scale);
    right = scaledUp(b, scale);
  }
  return left < right ? -1 : left > right ? 1 : 0;
}

/** -1, 0 or 1. */
export const signQuantity = (a: Quantity): -1 | 0 | 1 => (a.mantissa < 0 ? -1 : isZero(a) ? 0 : 1);

/** Whole units, rounded away from zero; beyond 2^53 the nearest double. k8s: Quantity.Value */
export function quantityValue(q: Quantity): number {
  return q.scale === 0 ? Number(q.mantissa) : Number(scaledUp(q, 0));
}

/** Thousandths, rounded away from zero. k8s: Quantity.MilliValue */
export function quantityMilliValue(q: Quantity): number {
  return q.scale === -3 ? Number(q.mantissa) : Number(scaledUp(q, -3));
}

function memoised(of: (q: Quantity) => number): (text: string | undefined) => number {
  const known = memo(quantitiesKeptMax, (text) => {
    const q = parseQuantity(text);
    return q ? of(q) : 0;
  });
  return (text) => (text === undefined ? 0 : known(text));
}

/** Whole units of a text, rounded up; 0 for an absent or bad one (stored texts are never bad). */
export const value = memoised(quantityValue);
/** Thousandths of a text, rounded up; 0 for an absent or bad one. */
export const milliValue = memoised(quantityMilliValue);
