/** Values as text: numbers with up to 17 digits, indentation, colours. */
import { jqTextCharactersMax } from "../../../core/limits.ts";
import { encodeUtf8 } from "../../bytes.ts";
import { Exhausted, isObject, sortedKeys, type Value } from "./values.ts";

/** jq: jv_print.c MAX_PRINT_DEPTH */
const printDepth = 256;

export interface TextStyle {
  /** Characters of one step of indentation; undefined: all on one line. */
  indent?: string;
  sort?: boolean;
  /** Characters beyond ASCII are escaped. */
  ascii?: boolean;
  /** Start of the colour of each kind: null, false, true, numbers, strings, arrays, objects. */
  colors?: readonly string[];
}

/** jq: jv_dtoa.c freedtoa_fmt, whose exponent begins where 15 zeros would be written. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return "null";
  if (!Number.isFinite(value))
    return value > 0 ? "1.7976931348623157e+308" : "-1.7976931348623157e+308";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (value === 0) return `${sign}0`;
  const [mantissa = "", exponent = ""] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const point = Number(exponent) + 1;
  if (point <= -4 || point > digits.length + 15) {
    const power = Math.abs(point - 1);
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${sign}${digits[0]}${rest}e${point - 1 < 0 ? "-" : "+"}${power < 10 ? "0" : ""}${power}`;
  }
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + "0".repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

// eslint-disable-next-line no-control-regex
const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
const shortEscapes: Record<string, string> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
  "\b": "\\b",
  "\f": "\\f",
};
const hex = (code: number): string => `\\u${code.toString(16).padStart(4, "0")}`;

export function stringText(text: string, ascii: boolean): string {
  if (plain.test(text)) return `"${text}"`;
  let out = '"';
  for (const c of text) {
    const code = c.codePointAt(0)!;
    const short = shortEscapes[c];
    if (short !== undefined) out += short;
    else if (code < 32 || code === 127) out += hex(code);
    else if (code < 127 || !ascii) out += c;
    else if (code > 0xffff) out += hex(c.charCodeAt(0)) + hex(c.charCodeAt(1));
    else out += hex(code);
  }
  return `${out}"`;
}

const colorOf = (value: Value, colors: readonly string[]): string => {
  if (value === null) return colors[0]!;
  if (value === false) return colors[1]!;
  if (value === true) return colors[2]!;
  if (typeof value === "number") return colors[3]!;
  if (typeof value === "string") return colors[4]!;
  return Array.isArray(value) ? colors[5]! : colors[6]!;
};

export const colorEnd = "\x1b[0m";
/** jq: jv_print.c FIELD_COLOR */
const fieldColor = "\x1b[34;1m";

class Writer {
  out = "";
  readonly #style: TextStyle;
  constructor(style: TextStyle) {
    this.#style = style;
  }

  #line(depth: number): string {
    const { indent } = this.#style;
    return indent === undefined ? "" : `\n${indent.repeat(depth)}`;
  }

  write(value: Value, depth: number): void {
    if (this.out.length > jqTextCharactersMax) throw new Exhausted();
    const { colors, ascii = false } = this.#style;
    if (depth > printDepth) {
      this.out += "<skipped: too deep>";
      return;
    }
    const color = colors && colorOf(value, colors);
    if (color !== undefined) this.out += color;
    if (typeof value === "number") this.out += numberText(value);
    else if (typeof value === "string") this.out += stringText(value, ascii);
    else if (value === null || typeof value === "boolean") this.out += String(value);
    else if (Array.isArray(value)) this.#array(value, depth, color);
    else this.#object(value, depth, color);
    if (color !== undefined) this.out += colorEnd;
  }

  #array(value: Value[], depth: number, color = ""): void {
    this.out += "[";
    value.forEach((item, i) => {
      if (i > 0) this.out += `${color},`;
      this.out += this.#line(depth + 1);
      this.write(item, depth + 1);
    });
    if (value.length > 0) this.out += color + this.#line(depth) + color;
    this.out += "]";
  }

  #object(value: Map<string, Value>, depth: number, color = ""): void {
    this.out += "{";
    const { sort, ascii = false, indent } = this.#style;
    const end = color === "" ? "" : colorEnd;
    const keys = sort ? sortedKeys(value) : [...value.keys()];
    keys.forEach((key, i) => {
      if (i > 0) this.out += `${color},`;
      this.out += this.#line(depth + 1) + end;
      const name = stringText(key, ascii);
      this.out += end === "" ? name : fieldColor + name + end;
      this.out += `${color}:${indent === undefined ? "" : " "}${end}`;
      this.write(value.get(key)!, depth + 1);
    });
    if (value.size > 0) this.out += color + this.#line(depth) + color;
    this.out += "}";
  }
}

/** A value as text (not bytes). Exhausted when it is too long. */
export function toText(value: Value, style: TextStyle = {}): string {
  const writer = new Writer(style);
  writer.write(value, 0);
  return writer.out;
}

/** jq: jv_print.c jv_dump_string_trunc, into a buffer of 15 bytes. */
export function shownText(value: Value, bytes = 11): string {
  let text: string;
  if (typeof value === "string") text = stringText(value.slice(0, 4 * bytes), false);
  else text = toText(Array.isArray(value) || isObject(value) ? shallow(value, bytes) : value);
  const data = encodeUtf8(text);
  if (data.length <= bytes + 3) return text;
  let shown = "";
  let length = 0;
  for (const c of text) {
    length += encodeUtf8(c).length;
    if (length > bytes) break;
    shown += c;
  }
  return `${shown}...`;
}

/** As much of a value as its first characters can show. */
function shallow(value: Value, budget: number, depth = 0): Value {
  if (depth > budget) return null;
  if (typeof value === "string") return value.slice(0, 4 * budget);
  if (Array.isArray(value))
    return value.slice(0, budget).map((item) => shallow(item, budget, depth + 2));
  if (!isObject(value)) return value;
  const out = new Map<string, Value>();
  for (const [key, inner] of value) {
    if (out.size > budget) break;
    out.set(key, shallow(inner, budget, depth + 4));
  }
  return out;
}
