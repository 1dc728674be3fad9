/** Adding, comparing and repeating values of the little interpreters. */
import { scriptProductDigitsMax, scriptValueMax } from "../../core/limits.ts";
import { Unsupported, type Language } from "./tokens.ts";
import { bounded, ScriptError, text, toNumber, typeName, type Value } from "./values.ts";

const typeProblem = (language: Language, op: string, l: Value, r: Value): ScriptError => {
  if (language === "ruby")
    return new ScriptError(
      "TypeError",
      `${typeof l === "string" ? `no implicit conversion of ${rubyType(r)} into String` : `${rubyType(r)} can't be coerced into ${rubyType(l)}`}`,
    );
  if (op === "+" && typeof l === "string")
    return new ScriptError("TypeError", `can only concatenate str (not "${typeName(r)}") to str`);
  if (op === "<" || op === ">" || op === "<=" || op === ">=")
    return new ScriptError(
      "TypeError",
      `'${op}' not supported between instances of '${typeName(l)}' and '${typeName(r)}'`,
    );
  return new ScriptError(
    "TypeError",
    `unsupported operand type(s) for ${op === "**" ? "** or pow()" : op}: '${typeName(l)}' and '${typeName(r)}'`,
  );
};
const rubyType = (value: Value): string =>
  value === null || value === undefined
    ? "nil"
    : typeof value === "bigint"
      ? "Integer"
      : typeof value === "number"
        ? "Float"
        : typeof value === "string"
          ? "String"
          : "Array";

const floorDiv = (a: bigint, b: bigint): bigint => {
  const q = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
};

function bigArithmetic(language: Language, op: string, a: bigint, b: bigint): Value {
  const zero = (): never => {
    throw new ScriptError(
      "ZeroDivisionError",
      language === "ruby"
        ? "divided by 0"
        : op === "/"
          ? "division by zero"
          : "integer division or modulo by zero",
    );
  };
  switch (op) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      if (a.toString(16).length + b.toString(16).length > scriptProductDigitsMax)
        throw new Unsupported("a number of that size");
      return a * b;
    case "/":
      if (b === 0n) return zero();
      return language === "ruby" ? floorDiv(a, b) : Number(a) / Number(b);
    case "//":
      return b === 0n ? zero() : floorDiv(a, b);
    case "%":
      return b === 0n ? zero() : a - floorDiv(a, b) * b;
    case "**":
      if (b < 0n) return Number(a) ** Number(b);
      if (BigInt(a.toString(16).length) * b > 20_000n)
        throw new Unsupported("a number of that size");
      return a ** b;
    case "<<":
      if (b > 20_000n) throw new Unsupported("a number of that size");
      return a << b;
    case ">>":
      return a >> b;
    case "|":
      return a | b;
    case "&":
      return a & b;
    case "^":
      return a ^ b;
  }
  throw new Unsupported(op);
}

function floatArithmetic(language: Language, op: string, a: number, b: number): Value {
  if (b === 0 && (op === "/" || op === "%" || op === "//")) {
    if (language === "python")
      throw new ScriptError(
        "ZeroDivisionError",
        op === "/" ? "float division by zero" : "float modulo",
      );
    if (language === "perl")
      throw new ScriptError(
        "die",
        op === "%" ? "Illegal modulus zero" : "Illegal division by zero",
      );
    if (language === "php")
      throw new ScriptError(
        "DivisionByZeroError",
        op === "%" ? "Modulo by zero" : "Division by zero",
      );
  }
  switch (op) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "//":
      return Math.floor(a / b);
    case "%": {
      if (language === "php" || language === "perl") {
        const [x, y] = [Math.trunc(a), Math.trunc(b)];
        return language === "perl" && x % y !== 0 && x < 0 !== y < 0 ? (x % y) + y : x % y;
      }
      return a % b !== 0 && a < 0 !== b < 0 ? (a % b) + b : a % b;
    }
    case "**":
      return a ** b;
    case "|":
      return a | b;
    case "&":
      return a & b;
    case "^":
      return a ^ b;
    case "<<":
      return a << b;
    case ">>":
      return a >> b;
  }
  throw new Unsupported(op);
}

const isNumber = (value: Value): value is number | bigint | boolean =>
  typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";

/** `l op r` for signs that count, and for what joins and repeats texts and lists. */
export function arithmetic(language: Language, op: string, l: Value, r: Value): Value {
  if (op === "." || op === "x") {
    const left = text(language, l);
    if (op === ".") return bounded(left + text(language, r));
    const times = Math.max(0, Math.trunc(toNumber(r)));
    if (times * left.length > scriptValueMax) throw new Unsupported("a value of that size");
    return left.repeat(times);
  }
  const strict = language === "python" || language === "ruby";
  if (op === "+" && strict) {
    if (typeof l === "string" && typeof r === "string") return bounded(l + r);
    if (Array.isArray(l) && Array.isArray(r)) return bounded([...l, ...r]);
  }
  if (op === "*" && strict && (typeof l === "string" || Array.isArray(l)) && typeof r === "bigint")
    return repeated(l, r);
  if (
    op === "*" &&
    language === "python" &&
    typeof l === "bigint" &&
    (typeof r === "string" || Array.isArray(r))
  )
    return repeated(r, l);
  if (strict) {
    if (!isNumber(l) || !isNumber(r)) throw typeProblem(language, op, l, r);
    const [a, b] = [l, r].map((value) => (typeof value === "boolean" ? BigInt(value) : value)) as [
      number | bigint,
      number | bigint,
    ];
    if (typeof a === "bigint" && typeof b === "bigint") return bigArithmetic(language, op, a, b);
    return floatArithmetic(language, op, Number(a), Number(b));
  }
  return floatArithmetic(language, op, toNumber(l), toNumber(r));
}

function repeated(value: string | Value[], times: bigint): Value {
  const count = times < 0n ? 0 : Number(times);
  if (count * value.length > scriptValueMax) throw new Unsupported("a value of that size");
  return typeof value === "string"
    ? value.repeat(count)
    : Array.from({ length: count }, () => value).flat();
}

/** Equal as `==` has it. */
export function same(language: Language, l: Value, r: Value): boolean {
  if (typeof l === typeof r || (isNumber(l) && isNumber(r))) {
    if (Array.isArray(l) && Array.isArray(r))
      return l.length === r.length && l.every((item, i) => same(language, item, r[i]));
    return isNumber(l) && isNumber(r) ? Number(l) === Number(r) : l === r;
  }
  if (language === "python" || language === "ruby") return false;
  if (l === null || l === undefined || r === null || r === undefined)
    return (l ?? null) === (r ?? null);
  return toNumber(l) === toNumber(r);
}

/** Negative, zero, positive; NaN where neither is less. */
export function order(language: Language, op: string, l: Value, r: Value): number {
  if (typeof l === "string" && typeof r === "string" && language !== "perl")
    return l < r ? -1 : l > r ? 1 : 0;
  if (language === "python" || language === "ruby") {
    if (!isNumber(l) || !isNumber(r)) throw typeProblem(language, op, l, r);
    return Number(l) - Number(r);
  }
  return toNumber(l) - toNumber(r);
}
