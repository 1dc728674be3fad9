/** Values of the little interpreters: what adding, comparing and printing them means in each language. */
import { scriptValueMax } from "../limits.ts";
import { Unsupported, type Language } from "./script-tokens.ts";

/** A function of the language, given as an argument. */
export interface Callable {
  call(args: Value[]): Value;
}

/** Whole numbers of Python and Ruby are bigints, all others numbers. A Map is an object, a dictionary or a hash. */
export type Value =
  | bigint
  | number
  | string
  | boolean
  | null
  | undefined
  | Value[]
  | Map<string, Value>
  | Callable;

/** What the program itself got wrong. */
export class ScriptError extends Error {
  override name = "ScriptError";
  readonly kind: string;
  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

export const isCallable = (value: Value): value is Callable =>
  typeof value === "object" && value !== null && "call" in value;

/** A text or list that is not too large to be held. */
export function bounded<T extends Value>(value: T): T {
  if ((typeof value === "string" || Array.isArray(value)) && value.length > scriptValueMax)
    throw new Unsupported("a value of that size");
  return value;
}

/** How much a value may be written out to: lists may hold each other many times. */
export class Budget {
  #left = scriptValueMax * 4;

  take(size: number): void {
    this.#left -= size;
    if (this.#left < 0) throw new Unsupported("a value of that size");
  }
}

/** Texts put together, if they are not too large then. */
export function joined(parts: readonly string[], by: string): string {
  let size = by.length * parts.length;
  for (const part of parts) size += part.length;
  if (size > scriptValueMax * 4) throw new Unsupported("a value of that size");
  return parts.join(by);
}

const pythonTypes = (value: Value): string => {
  if (value === null || value === undefined) return "NoneType";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return "float";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "str";
  return Array.isArray(value) ? "list" : value instanceof Map ? "dict" : "function";
};
export const typeName = pythonTypes;

/** A number's text as each language prints it. */
function numberText(language: Language, value: number): string {
  if (language === "node") return String(value);
  if (!Number.isFinite(value)) {
    const sign = value < 0 ? "-" : "";
    if (language === "python") return Number.isNaN(value) ? "nan" : `${sign}inf`;
    if (language === "ruby") return Number.isNaN(value) ? "NaN" : `${sign}Infinity`;
    return Number.isNaN(value)
      ? language === "php"
        ? "NAN"
        : "NaN"
      : `${sign}${language === "php" ? "INF" : "Inf"}`;
  }
  if (language === "perl" || language === "php") {
    const text = String(Number(value.toPrecision(language === "perl" ? 15 : 14)));
    const exponent = /^(.*)e([+-])(\d+)$/.exec(text);
    if (!exponent) return text;
    const [, digits = "", sign = "", power = ""] = exponent;
    return language === "perl"
      ? `${digits}e${sign}${power.padStart(2, "0")}`
      : `${digits.includes(".") ? digits : `${digits}.0`}E${sign}${power}`;
  }
  const large = Math.abs(value) >= 1e16 || (value !== 0 && Math.abs(value) < 1e-4);
  const text = large ? value.toExponential() : String(value);
  if (large) {
    const [digits = "", power = ""] = text.split("e");
    return `${digits}e${power.replace(/^([+-])(\d)$/, "$10$2")}`;
  }
  return text.includes(".") ? text : `${text}.0`;
}

const quoteFor = (language: Language, value: string): string => {
  if (language === "ruby") return JSON.stringify(value);
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const escaped = value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return `${quote}${quote === "'" ? escaped.replaceAll("'", "\\'") : escaped}${quote}`;
};

/** A value within a list, or as `repr` and `console.log` of an object show it. */
export function inspect(
  language: Language,
  value: Value,
  depth = 0,
  budget = new Budget(),
): string {
  budget.take(typeof value === "string" ? value.length : 1);
  if (typeof value === "string") return quoteFor(language, value);
  if (depth > 8) return "...";
  const node = language === "node";
  if (Array.isArray(value)) {
    const items = value.map((item) => inspect(language, item, depth + 1, budget));
    if (node) return items.length ? `[ ${joined(items, ", ")} ]` : "[]";
    return `[${joined(items, ", ")}]`;
  }
  if (value instanceof Map) {
    const pairs = [...value].map(([key, item]) => {
      const shown = inspect(language, item, depth + 1, budget);
      if (node)
        return `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : quoteFor(language, key)}: ${shown}`;
      return `${quoteFor(language, key)}${language === "ruby" ? " => " : ": "}${shown}`;
    });
    if (node) return pairs.length ? `{ ${joined(pairs, ", ")} }` : "{}";
    return `{${joined(pairs, ", ")}}`;
  }
  if ((value === null || value === undefined) && language === "ruby") return "nil";
  return text(language, value, budget);
}

/** A value as a string of its language. */
export function text(language: Language, value: Value, budget = new Budget()): string {
  budget.take(typeof value === "string" ? value.length : 1);
  switch (typeof value) {
    case "string":
      return value;
    case "bigint":
      return value.toString();
    case "number":
      return numberText(language, value);
    case "boolean":
      if (language === "python") return value ? "True" : "False";
      if (language === "perl" || language === "php") return value ? "1" : "";
      return String(value);
  }
  if (value === null || value === undefined) {
    if (language === "python") return "None";
    return language === "node" ? String(value) : "";
  }
  if (Array.isArray(value) && language === "node")
    return joined(
      value.map((item) =>
        item === null || item === undefined ? "" : text(language, item, budget),
      ),
      ",",
    );
  if (Array.isArray(value) && language === "php") return "Array";
  if (value instanceof Map && language === "node") return "[object Object]";
  if (isCallable(value)) return "[Function (anonymous)]";
  return inspect(language, value, 0, budget);
}

export function truthy(language: Language, value: Value): boolean {
  if (language === "ruby") return value !== null && value !== undefined && value !== false;
  if (value === "0" && (language === "perl" || language === "php")) return false;
  if (language === "python" || language === "php") {
    if (Array.isArray(value)) return value.length > 0;
    if (value instanceof Map) return value.size > 0;
  }
  return Boolean(value);
}

/** The number a value counts as, where a language makes one of a text. */
export function toNumber(language: Language, value: Value): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value === null) return 0;
  if (language === "node") {
    if (typeof value === "string") return value.length > 400 ? Number.NaN : Number(value);
    return Array.isArray(value) && value.length < 2
      ? toNumber(language, value[0] ?? 0)
      : Number.NaN;
  }
  if (typeof value === "string")
    return Number(/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?/.exec(value.slice(0, 400))?.[0] ?? 0);
  return Array.isArray(value) ? value.length : 0;
}

const typeProblem = (language: Language, op: string, l: Value, r: Value): ScriptError => {
  if (language === "ruby")
    return new ScriptError(
      "TypeError",
      `${typeof l === "string" ? `no implicit conversion of ${rubyType(r)} into String` : `${rubyType(r)} can't be coerced into ${rubyType(l)}`}`,
    );
  if (op === "+" && typeof l === "string")
    return new ScriptError(
      "TypeError",
      `can only concatenate str (not "${pythonTypes(r)}") to str`,
    );
  if (op === "<" || op === ">" || op === "<=" || op === ">=")
    return new ScriptError(
      "TypeError",
      `'${op}' not supported between instances of '${pythonTypes(l)}' and '${pythonTypes(r)}'`,
    );
  return new ScriptError(
    "TypeError",
    `unsupported operand type(s) for ${op === "**" ? "** or pow()" : op}: '${pythonTypes(l)}' and '${pythonTypes(r)}'`,
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
      if (a.toString(16).length + b.toString(16).length > 20_000)
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
  const floors = language === "python" || language === "ruby";
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
      return floors && a % b !== 0 && a < 0 !== b < 0 ? (a % b) + b : a % b;
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
    const times = Math.max(0, Math.trunc(toNumber(language, r)));
    if (times * left.length > scriptValueMax) throw new Unsupported("a value of that size");
    return left.repeat(times);
  }
  const strict = language === "python" || language === "ruby";
  if (op === "+") {
    if (typeof l === "string" && typeof r === "string" && (strict || language === "node"))
      return bounded(l + r);
    if (Array.isArray(l) && Array.isArray(r) && strict) return bounded([...l, ...r]);
    const plain = (value: Value): boolean =>
      isNumber(value) || value === null || value === undefined;
    if (language === "node" && !(plain(l) && plain(r)))
      return bounded(text(language, l) + text(language, r));
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
  return floatArithmetic(language, op, toNumber(language, l), toNumber(language, r));
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
  if (typeof l === typeof r || (isNumber(l) && isNumber(r) && language !== "node")) {
    if (Array.isArray(l) && Array.isArray(r) && language !== "node")
      return l.length === r.length && l.every((item, i) => same(language, item, r[i]));
    return isNumber(l) && isNumber(r) ? Number(l) === Number(r) : l === r;
  }
  if (language === "python" || language === "ruby") return false;
  if (l === null || l === undefined || r === null || r === undefined)
    return (l ?? null) === (r ?? null);
  return toNumber(language, l) === toNumber(language, r);
}

/** Negative, zero, positive; NaN where neither is less. */
export function order(language: Language, op: string, l: Value, r: Value): number {
  if (typeof l === "string" && typeof r === "string" && language !== "perl")
    return l < r ? -1 : l > r ? 1 : 0;
  if (language === "python" || language === "ruby") {
    if (!isNumber(l) || !isNumber(r)) throw typeProblem(language, op, l, r);
    return Number(l) - Number(r);
  }
  return toNumber(language, l) - toNumber(language, r);
}
