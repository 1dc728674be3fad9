/** fmt.Sprintf over the values of templates. go: fmt/print.go, format.go */
import { trimEndOf } from "../../../core/trim.ts";
import { goQuote } from "../../../machinery/field.ts";
import { formatG } from "../../go/float.ts";
import { sortedKeys } from "../../go/json.ts";
import { encodeUtf8 } from "../../../runtime/bytes.ts";
import { integerOf, isTable, text, typeName, type Value } from "./values.ts";

/** Go: fmt/print.go tooLarge */
const sizeMax = 1_000_000;
/** Digits of a fraction that are worked out; those behind them are zeros. */
const digitsWorkedOut = 100;

interface Spec {
  flags: string;
  width: number | undefined;
  precision: number | undefined;
}

const hex = (bytes: string, upper: boolean, gap: string): string => {
  const out = [...bytes].map((c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join(gap);
  return upper ? out.toUpperCase() : out;
};

function padded(body: string, { flags, width }: Spec, numeric = false): string {
  const length = [...body].length;
  if (width === undefined || length >= width) return body;
  const room = width - length;
  if (flags.includes("-")) return body + " ".repeat(room);
  if (!flags.includes("0")) return " ".repeat(room) + body;
  const sign = numeric ? (/^[+-]/.exec(body)?.[0] ?? "") : "";
  return sign + "0".repeat(room) + body.slice(sign.length);
}

const signed = (body: string, flags: string): string =>
  body.startsWith("-")
    ? body
    : flags.includes("+")
      ? `+${body}`
      : flags.includes(" ")
        ? ` ${body}`
        : body;

const character = (value: bigint): string =>
  value < 0n || value > 0x10ffffn ? "\ufffd" : String.fromCodePoint(Number(value));

function integer(value: bigint, verb: string, spec: Spec): string | undefined {
  const { flags, precision } = spec;
  const sharp = flags.includes("#");
  const digits = (base: number): string => {
    const size = (value < 0n ? -value : value).toString(base).padStart(precision ?? 0, "0");
    return size;
  };
  const sign = value < 0n ? "-" : "";
  const bodies: Record<string, () => string> = {
    d: () => sign + digits(10),
    v: () => sign + digits(10),
    b: () => sign + (sharp ? "0b" : "") + digits(2),
    o: () => sign + (sharp ? "0" : "") + digits(8),
    O: () => `${sign}0o${digits(8)}`,
    x: () => sign + (sharp ? "0x" : "") + digits(16),
    X: () => sign + (sharp ? "0X" : "") + digits(16).toUpperCase(),
    c: () => character(value),
    q: () => `'${character(value)}'`,
    U: () => `U+${digits(16).toUpperCase().padStart(4, "0")}`,
  };
  const body = bodies[verb]?.();
  if (body === undefined) return undefined;
  return padded(/[dvboOxX]/.test(verb) ? signed(body, flags) : body, spec, true);
}

function float(value: number, verb: string, spec: Spec): string | undefined {
  const { flags, precision } = spec;
  const exponent = (body: string): string =>
    body.replace(/e([+-])(\d)$/, (_all, sign: string, digit: string) => `e${sign}0${digit}`);
  let body: string;
  switch (verb) {
    case "f":
    case "F":
      body = value.toFixed(Math.min(precision ?? 6, digitsWorkedOut));
      body += "0".repeat(Math.max(0, (precision ?? 6) - digitsWorkedOut));
      break;
    case "e":
    case "E":
      body = exponent(value.toExponential(Math.min(precision ?? 6, digitsWorkedOut)));
      break;
    case "g":
    case "G":
    case "v":
      body = precision === undefined ? formatG(value) : shortest(value, precision, exponent);
      break;
    default:
      return undefined;
  }
  if (/[EG]/.test(verb)) body = body.toUpperCase();
  return padded(signed(body, flags), spec, true);
}

/** Without zeros at the end of a fraction. */
const withoutZeros = (body: string): string =>
  body.includes(".") ? trimEndOf(trimEndOf(body, "0"), ".") : body;

/** `%.3g` */
function shortest(value: number, precision: number, exponent: (body: string) => string): string {
  const digits = Math.min(Math.max(precision, 1), digitsWorkedOut);
  const exp = value === 0 ? 0 : Number(value.toExponential(digits - 1).split("e")[1]);
  if (exp < -4 || exp >= digits)
    return exponent(value.toExponential(digits - 1).replace(/^[^e]*/, withoutZeros));
  return withoutZeros(value.toFixed(Math.max(0, digits - 1 - exp)));
}

function textVerb(value: string, verb: string, spec: Spec): string | undefined {
  const { flags, precision } = spec;
  const cut = precision === undefined ? value : [...value].slice(0, precision).join("");
  switch (verb) {
    case "s":
    case "v":
      return padded(verb === "v" && flags.includes("#") ? goQuote(cut) : cut, spec);
    case "q":
      return padded(flags.includes("#") && !cut.includes("`") ? `\`${cut}\`` : goQuote(cut), spec);
    case "x":
    case "X":
      return padded(hex(encodeUtf8(cut), verb === "X", flags.includes(" ") ? " " : ""), spec);
  }
  return undefined;
}

function syntax(value: Value): string {
  if (typeof value === "string") return goQuote(value);
  if (value === null || value === undefined) return "interface {}(nil)";
  if (Array.isArray(value)) return `[]interface {}{${value.map(syntax).join(", ")}}`;
  if (isTable(value))
    return `map[string]interface {}{${sortedKeys(value)
      .map((key) => `${goQuote(key)}:${syntax(value[key])}`)
      .join(", ")}}`;
  return text(value);
}

const bad = (verb: string, value: Value): string =>
  value === null || value === undefined
    ? `%!${verb}(<nil>)`
    : `%!${verb}(${typeName(value)}=${text(value)})`;

function one(value: Value, verb: string, spec: Spec): string {
  if (verb === "T") return padded(typeName(value), spec);
  if (value === null || value === undefined)
    return verb === "v" ? padded("<nil>", spec) : bad(verb, value);
  if (verb === "v" && spec.flags.includes("#")) return padded(syntax(value), spec);
  const whole = integerOf(value);
  if (whole !== undefined) return integer(whole, verb, spec) ?? bad(verb, value);
  if (typeof value === "number") return float(value, verb, spec) ?? bad(verb, value);
  if (typeof value === "string") return textVerb(value, verb, spec) ?? bad(verb, value);
  if (typeof value === "boolean")
    return verb === "t" || verb === "v" ? padded(String(value), spec) : bad(verb, value);
  if (Array.isArray(value)) return `[${value.map((item) => one(item, verb, spec)).join(" ")}]`;
  if (!isTable(value)) return bad(verb, value);
  return `map[${sortedKeys(value)
    .map((key) => `${one(key, verb, spec)}:${one(value[key], verb, spec)}`)
    .join(" ")}]`;
}

export function sprintf(format: string, values: readonly Value[]): string {
  let [out, used] = ["", 0];
  const directive = /%([+\-# 0]*)(\*|\d+)?(?:\.(\*|\d*))?([^])?/gu;
  let at = 0;
  for (const match of format.matchAll(directive)) {
    out += format.slice(at, match.index);
    at = match.index + match[0].length;
    const [, flags = "", width, precision, verb] = match;
    const size = (given: string | undefined): number | undefined =>
      given === undefined ? undefined : given === "*" ? Number(values[used++]) : Number(given);
    const asked = [size(width), size(precision)] as const;
    for (const [i, one] of asked.entries())
      if (one !== undefined && Math.abs(one) > sizeMax)
        out += i === 0 ? "%!(BADWIDTH)" : "%!(BADPREC)";
    const bounded = (one: number | undefined): number | undefined =>
      one === undefined || Number.isNaN(one) || Math.abs(one) > sizeMax ? undefined : one;
    let spec: Spec = { flags, width: bounded(asked[0]), precision: bounded(asked[1]) };
    if (spec.width !== undefined && spec.width < 0)
      spec = { ...spec, width: -spec.width, flags: `${flags}-` };
    if (verb === undefined) out += "%!(NOVERB)";
    else if (verb === "%") out += "%";
    else if (used >= values.length) out += `%!${verb}(BADINDEX)`.replace("BADINDEX", "MISSING");
    else out += one(values[used++], verb, spec);
  }
  out += format.slice(at);
  if (used < values.length) {
    const extra = values
      .slice(used)
      .map((value) =>
        value === null || value === undefined ? "<nil>" : `${typeName(value)}=${text(value)}`,
      );
    out += `%!(EXTRA ${extra.join(", ")})`;
  }
  return out;
}
