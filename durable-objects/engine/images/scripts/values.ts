/** Values of the little interpreters: what adding, comparing and printing them means in each language. */
import { scriptValueMax } from "../../core/limits.ts";
import { Unsupported, type Language } from "./tokens.ts";

/** Whole numbers of Python and Ruby are bigints, all others numbers. A Map is an object, a dictionary or a hash. */
export type Value =
  | bigint
  | number
  | string
  | boolean
  | null
  | undefined
  | Value[]
  | Map<string, Value>;

/** What the program itself got wrong. */
export class ScriptError extends Error {
  override name = "ScriptError";
  readonly kind: string;
  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}

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
  return Array.isArray(value) ? "list" : "dict";
};
export const typeName = pythonTypes;

/** A number's text as each language prints it. */
function numberText(language: Language, value: number): string {
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

/** A value within a list, or as `repr` shows it. */
export function inspect(
  language: Language,
  value: Value,
  depth = 0,
  budget = new Budget(),
): string {
  budget.take(typeof value === "string" ? value.length : 1);
  if (typeof value === "string") return quoteFor(language, value);
  if (depth > 8) return "...";
  if (Array.isArray(value)) {
    const items = value.map((item) => inspect(language, item, depth + 1, budget));
    return `[${joined(items, ", ")}]`;
  }
  if (value instanceof Map) {
    const pairs = [...value].map(([key, item]) => {
      const shown = inspect(language, item, depth + 1, budget);
      return `${quoteFor(language, key)}${language === "ruby" ? " => " : ": "}${shown}`;
    });
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
  if (value === null || value === undefined) return language === "python" ? "None" : "";
  if (Array.isArray(value) && language === "php") return "Array";
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
export function toNumber(value: Value): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value === null) return 0;
  if (typeof value === "string")
    return Number(/^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?/.exec(value.slice(0, 400))?.[0] ?? 0);
  return Array.isArray(value) ? value.length : 0;
}
