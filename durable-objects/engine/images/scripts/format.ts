/** Numbers and texts in a given form: printf, Python's format, and digits of pi. */
import type { Runner } from "./host.ts";
import { Unsupported } from "./tokens.ts";
import { bounded, inspect, text, toNumber, type Value } from "./values.ts";

const string = (run: Runner, value: Value): string => text(run.language, value);

/** printf: `%5.2f`, `%-10s`, `%05d`, `%x`. */
export function sprintf(run: Runner, [format = "", ...args]: Value[]): Value {
  let next = 0;
  const made = string(run, format).replace(
    /%([-+0 #]{0,5})(\d{0,4})(?:\.(\d{1,3}))?([sdifuxXobeEgcrv%])/g,
    (_, flags: string, width: string, precision: string | undefined, kind: string) => {
      if (kind === "%") return "%";
      const arg = args[next++];
      const body = oneFormat(
        run,
        kind,
        arg,
        precision === undefined ? undefined : Number(precision),
        flags,
      );
      const size = Math.min(Number(width || 0), 1000);
      if (flags.includes("-")) return body.padEnd(size);
      if (!flags.includes("0") || kind === "s") return body.padStart(size);
      return body.startsWith("-")
        ? `-${body.slice(1).padStart(size - 1, "0")}`
        : body.padStart(size, "0");
    },
  );
  return bounded(made);
}

function oneFormat(
  run: Runner,
  kind: string,
  arg: Value,
  precision: number | undefined,
  flags: string,
): string {
  if (kind === "s") return string(run, arg ?? null).slice(0, precision);
  if (kind === "r") return inspect(run.language, arg ?? null);
  if (kind === "c") return String.fromCharCode(toNumber(arg));
  const value = toNumber(arg ?? 0);
  const plus = flags.includes("+") && value >= 0 ? "+" : "";
  if (kind === "x") return Math.trunc(value).toString(16);
  if (kind === "X") return Math.trunc(value).toString(16).toUpperCase();
  if (kind === "o") return Math.trunc(value).toString(8);
  if (kind === "b") return Math.trunc(value).toString(2);
  if (kind === "f") return plus + value.toFixed(Math.min(precision ?? 6, 100));
  if (kind === "e" || kind === "E")
    return value.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, "e$10$2");
  if (kind === "g") return String(Number(value.toPrecision(Math.max(1, precision ?? 6))));
  return plus + (typeof arg === "bigint" ? arg.toString() : String(Math.trunc(value)));
}

/** Python's format specification: `.2f`, `>10`, `,`, `05d`. */
export function format(run: Runner, [value, spec = ""]: Value[]): Value {
  const found = /^(?:(.)?([<>^]))?([+]?)(0?)(\d{0,4})(,?)(?:\.(\d{1,3}))?([sdfxXbeg%]?)$/.exec(
    string(run, spec),
  );
  if (!found) throw new Unsupported(`:${string(run, spec)}`);
  const [, fill = " ", align, plus = "", zero = "", width = "", comma, precision, kind = ""] =
    found;
  const numeric = typeof value === "number" || typeof value === "bigint";
  let body: string;
  if (kind === "%") body = `${(toNumber(value) * 100).toFixed(Number(precision ?? 6))}%`;
  else if (kind === "" || kind === "s")
    body =
      precision && numeric
        ? String(Number(toNumber(value).toPrecision(Number(precision))))
        : string(run, value);
  else
    body = oneFormat(
      run,
      kind,
      value,
      precision === undefined ? undefined : Number(precision),
      plus,
    );
  if (comma) {
    const [int = "", rest] = body.split(".");
    const parts: string[] = [];
    for (let end = int.length; end > 0; end -= 3)
      parts.unshift(int.slice(Math.max(0, end - 3), end));
    body = parts.join(",") + (rest === undefined ? "" : `.${rest}`);
  }
  const size = Math.min(Number(width || 0), 1000);
  if (align === "^")
    return body.padStart(Math.floor((size + body.length) / 2), fill).padEnd(size, fill);
  if (align === "<" || (!align && !numeric)) return body.padEnd(size, fill);
  return body.padStart(size, zero && !align ? "0" : fill);
}

/** pi to so many significant digits, rounded down: perl's bignum, as the Job of the documentation asks for it. */
export function piDigits(digits: number): string {
  if (!(digits > 0 && digits <= 5000)) throw new Unsupported("so many digits of pi");
  const unit = 10n ** BigInt(digits + 10);
  const arctan = (x: bigint): bigint => {
    let term = unit / x;
    let sum = term;
    for (let n = 3n, sign = -1n; term !== 0n; n += 2n, sign = -sign) {
      term /= x * x;
      sum += (sign * term) / n;
    }
    return sum;
  };
  const pi = 4n * (4n * arctan(5n) - arctan(239n));
  // Rounded to nearest, as Math::BigFloat does.
  const cut = 10n ** 11n;
  const rounded = ((pi + cut / 2n) / cut).toString();
  return digits === 1 ? "3" : `${rounded.slice(0, 1)}.${rounded.slice(1)}`;
}
