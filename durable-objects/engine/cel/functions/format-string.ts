/** `'%s is %d'.format([...])`. cel-go: ext/formatting.go */
import { encodeUtf8 } from "../../core/utf8.ts";
import { fixedText, formatText } from "../value-text.ts";
import { ListValue, typeNameOf, Uint, type Value } from "../values.ts";
import type { Meter } from "../meter.ts";
import { failed, type CelFunction, type CelFunctions } from "./function.ts";

/** A clause of a format: `%.2f` -> f, 2. */
export interface Clause {
  letter: string;
  precision: number | undefined;
}

export const wrongFor: Readonly<Record<string, string>> = {
  s: "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ",
  d: "decimal clause can only be used on integers, was given ",
  f: "fixed-point clause can only be used on doubles, was given ",
  e: "scientific clause can only be used on doubles, was given ",
  b: "only integers and bools can be formatted as binary, was given ",
  x: "only integers, byte buffers, and strings can be formatted as hex, was given ",
  o: "octal clause can only be used on integers, was given ",
};

/** Pieces of text and clauses in turn; a text alone says what is wrong. `args`: how many there are. */
export function clausesOf(format: string, args: number): (string | Clause)[] | string {
  const out: (string | Clause)[] = [];
  let text = "";
  let count = 0;
  for (let i = 0; i < format.length; i++) {
    if (format[i] !== "%") {
      text += format[i];
      continue;
    }
    if (format[i + 1] === "%") {
      text += "%";
      i++;
      continue;
    }
    if (count >= args) return `index ${count} out of range`;
    if (i + 1 >= format.length) return "unexpected end of string";
    const clause = clauseAt(format, i + 1);
    if (typeof clause === "string") return `could not parse formatting clause: ${clause}`;
    out.push(text, clause);
    text = "";
    count++;
    i = clause.end;
  }
  out.push(text);
  return out;
}

function clauseAt(format: string, at: number): (Clause & { end: number }) | string {
  let end = at;
  let precision: number | undefined;
  if (format[end] === ".") {
    end++;
    const from = end;
    while (end < format.length && /[0-9]/.test(format[end]!)) end++;
    if (end >= format.length) {
      return "error while parsing precision: could not find end of precision specifier";
    }
    const digits = format.slice(from, end);
    precision = Number(digits);
    if (digits === "" || precision > 100) {
      const why = digits === "" ? "invalid syntax" : "value out of range";
      return `error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing "${digits}": ${why}`;
    }
  }
  const letter = format[end]!;
  if (!"sdfebxXo".includes(letter)) return `unrecognized formatting clause "${letter}"`;
  return { letter, precision, end };
}

const integer = (value: Value): bigint | undefined =>
  typeof value === "bigint" ? value : value instanceof Uint ? value.value : undefined;

const special = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);

/** With commas between thousands, as the en_US locale has them. */
function grouped(text: string): string {
  const [, sign, whole, rest] = /^(-?)(\d+)((?:\..*)?)$/.exec(text)!;
  let out = "";
  for (let i = 0; i < whole!.length; i++) {
    if (i > 0 && (whole!.length - i) % 3 === 0) out += ",";
    out += whole![i];
  }
  return `${sign}${out}${rest}`;
}

function double(value: Value, { letter, precision = 6 }: Clause): string | undefined {
  const number = typeof value === "string" ? special.get(value) : value;
  if (typeof number !== "number") return undefined;
  if (Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "-∞";
  if (letter === "f") return grouped(fixedText(number, precision));
  // Upstream takes the precision for a width.
  const [digits, power] = number.toExponential(6).split("e") as [string, string];
  const exponent = Number(power);
  const superscript = String(Math.abs(exponent))
    .padStart(2, "0")
    .replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]!);
  return `${digits}×10${exponent < 0 ? "⁻" : ""}${superscript}`;
}

const hexOf = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function hex(value: Value): string | undefined {
  if (typeof value === "string") return hexOf(encodeUtf8(value));
  if (value instanceof Uint8Array) return hexOf(value);
  return integer(value)?.toString(16);
}

/** One value by one clause; undefined: it is not for such values. */
function clauseText(value: Value, clause: Clause): string | undefined {
  switch (clause.letter) {
    case "d":
      return integer(value)?.toString();
    case "b":
      if (typeof value === "boolean") return value ? "1" : "0";
      return integer(value)?.toString(2);
    case "o":
      return integer(value)?.toString(8);
    case "x":
      return hex(value);
    case "X":
      return hex(value)?.toUpperCase();
    default:
      return double(value, clause);
  }
}

function made(clause: Clause, value: Value, meter: Meter): string | { problem: string } {
  const wrong = (of: Value): { problem: string } => ({
    problem: `error during formatting: ${wrongFor[clause.letter.toLowerCase()]}${typeNameOf(of)}`,
  });
  if (clause.letter !== "s") return clauseText(value, clause) ?? wrong(value);
  const text = formatText(value, meter);
  return typeof text === "string" ? text : wrong(text.type);
}

const format: CelFunction = ([text, args], meter) => {
  if (typeof text !== "string" || !(args instanceof ListValue)) return undefined;
  const clauses = clausesOf(text, args.size);
  if (typeof clauses === "string") return failed(clauses);
  let out = "";
  let place = 0;
  for (const clause of clauses) {
    const piece = typeof clause === "string" ? clause : made(clause, args.at(place++), meter);
    if (typeof piece !== "string") return failed(piece.problem);
    meter.text(out.length + piece.length);
    out += piece;
  }
  return out;
};

export const stringFormatFunctions: CelFunctions = { format };
