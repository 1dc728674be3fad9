/** printf: the format is used again until the arguments are used up. */
import { printfCharactersMax } from "../../../core/limits.ts";
import { trimEndOf } from "../../../core/trim.ts";
import { unescape } from "./echo.ts";

export interface Printed {
  out: string;
  errors: string[];
  status: number;
}

const specPattern = /%([-+ 0#]*)(\*|[1-9]\d*)?(?:\.(\*|-?\d+)?)?[hljztLq]*([a-zA-Z%])/y;
/** The same in bash, where `q` and `(format)T` are conversions. */
const bashPattern =
  /%([-+ 0#']*)(\*|[1-9]\d*)?(?:\.(\*|-?\d+)?)?[hljztL]*(?:\(([^()]*)\)(?=T))?([a-gikm-su-yA-KM-Z%])/y;

/** What bash's printf can do beside. */
export interface BashPrintf {
  /** `%q`. */
  quote(text: string): string;
  /** `%(format)T` of seconds since 1970; -1: now, -2: when the shell was started. */
  time(format: string, seconds: number): string;
}

interface Spec {
  flags: string;
  width: number;
  precision: number | undefined;
  conversion: string;
  /** Of `%(format)T`. */
  time?: string;
}

function pad(text: string, { flags, width }: Spec, zero = false): string {
  const space = width - text.length;
  if (space <= 0) return text;
  if (flags.includes("-")) return text + " ".repeat(space);
  if (!zero) return " ".repeat(space) + text;
  const sign = /^[-+ ]?(0[xX])?/.exec(text)?.[0] ?? "";
  return sign + "0".repeat(space) + text.slice(sign.length);
}

/** A number as printf reads it: decimal, 0x, 0 octal, or a quoted character. */
function parseInteger(text: string): bigint | undefined {
  const trimmed = text.trimStart();
  if (/^['"]/.test(trimmed)) return BigInt(trimmed.charCodeAt(1) || 0);
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|\d+)$/.exec(trimmed);
  if (!match) return undefined;
  const digits = match[2]!;
  if (/^0\d/.test(digits) && /[89]/.test(digits)) return undefined;
  const value = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return match[1] === "-" ? -value : value;
}

function formatInteger(value: bigint, spec: Spec): string {
  const { conversion, flags, precision } = spec;
  const signed = conversion === "d" || conversion === "i";
  const positive = signed ? (value < 0n ? -value : value) : BigInt.asUintN(64, value);
  const radix = { o: 8, x: 16, X: 16 }[conversion] ?? 10;
  let digits = positive.toString(radix);
  if (conversion === "X") digits = digits.toUpperCase();
  if (precision !== undefined)
    digits = precision === 0 && positive === 0n ? "" : digits.padStart(precision, "0");
  if (flags.includes("#") && positive !== 0n)
    digits = ({ o: "0", x: "0x", X: "0X" }[conversion] ?? "") + digits;
  const sign = signed
    ? value < 0n
      ? "-"
      : flags.includes("+")
        ? "+"
        : flags.includes(" ")
          ? " "
          : ""
    : "";
  return pad(sign + digits, spec, flags.includes("0") && precision === undefined);
}

function exponent(value: number, precision: number): string {
  return value.toExponential(precision).replace(/e([-+])(\d)$/, "e$10$2");
}

/** As C rounds: what lies in the middle to the even digit. */
function fixed(value: number, precision: number): string {
  const rounded = value.toFixed(precision);
  const whole = value.toFixed(Math.min(100, precision + 30));
  const cut = whole.length - (Math.min(100, precision + 30) - precision);
  if (!/^50*$/.test(whole.slice(cut))) return rounded;
  const below = whole.slice(0, precision === 0 ? cut - 1 : cut);
  return /[02468]$/.test(below) ? below : rounded;
}

function formatFloat(value: number, spec: Spec): string {
  const precision = spec.precision ?? 6;
  const { conversion, flags } = spec;
  const lower = conversion.toLowerCase();
  let text: string;
  if (!Number.isFinite(value)) text = Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf";
  else if (lower === "f") text = fixed(value, Math.min(precision, 100));
  else if (lower === "e") text = exponent(value, precision);
  else {
    const digits = precision || 1;
    const power =
      value === 0 ? 0 : Math.floor(Math.log10(Math.abs(Number(value.toExponential(digits - 1)))));
    text =
      power < -4 || power >= digits
        ? exponent(value, digits - 1)
        : value.toFixed(Math.max(0, digits - 1 - power));
    if (!flags.includes("#") && text.includes(".")) {
      const [digits = "", power] = text.split("e");
      const plain = trimEndOf(trimEndOf(digits, "0"), ".");
      text = power === undefined ? plain : `${plain}e${power}`;
    }
  }
  if (conversion !== lower) text = text.toUpperCase();
  if (!text.startsWith("-"))
    text = (flags.includes("+") ? "+" : flags.includes(" ") ? " " : "") + text;
  return pad(text, spec, flags.includes("0"));
}

class Printer {
  readonly args: string[];
  at = 0;
  out = "";
  errors: string[] = [];
  status = 0;
  stopped = false;
  readonly bash: BashPrintf | undefined;
  constructor(args: string[], bash?: BashPrintf) {
    this.args = args;
    this.bash = bash;
  }

  next(): string | undefined {
    return this.args[this.at++];
  }

  number(text: string | undefined): bigint {
    if (text === undefined) return 0n;
    const value = parseInteger(text);
    if (value !== undefined && value >> 63n === (value < 0n ? -1n : 0n)) return value;
    this.bad(text);
    // bash takes the digits there are.
    return this.bash ? (parseInteger(/^\s*[-+]?\d*/.exec(text)?.[0] || "0") ?? 0n) : 0n;
  }

  float(text: string | undefined): number {
    if (text === undefined) return 0;
    if (/^['"]/.test(text)) return text.charCodeAt(1) || 0;
    const value = Number(text);
    if (text.trim() !== "" && (!Number.isNaN(value) || text === "nan")) return value;
    this.bad(text);
    return 0;
  }

  bad(text: string): void {
    this.errors.push(this.bash ? `${text}: invalid number` : `invalid number '${text}'`);
    this.status = 1;
  }

  convert(spec: Spec): boolean {
    const { conversion } = spec;
    if (conversion === "%") this.out += "%";
    else if (this.bash && (conversion === "q" || conversion === "Q"))
      this.out += pad(this.bash.quote(this.next() ?? ""), spec);
    else if (this.bash && conversion === "T" && spec.time !== undefined) {
      const word = this.next();
      const seconds = word === undefined || word === "" ? -1 : Number(this.number(word));
      this.out += pad(this.bash.time(spec.time, seconds), spec);
    } else if (conversion === "s")
      this.out += pad((this.next() ?? "").slice(0, spec.precision), spec);
    else if (conversion === "c") this.out += pad((this.next() ?? "").slice(0, 1), spec);
    else if (conversion === "b") {
      const made = unescape(this.next() ?? "");
      this.out += pad(made.text.slice(0, spec.precision), spec);
      this.stopped = made.stopped;
    } else if (/[diouxX]/.test(conversion))
      this.out += formatInteger(this.number(this.next()), spec);
    else if (/[eEfFgG]/.test(conversion)) this.out += formatFloat(this.float(this.next()), spec);
    else return false;
    return true;
  }

  /** The directive at a place: all of it, flags, width, precision, conversion, a moment's format. */
  #directive(format: string, at: number): (string | undefined)[] | null {
    const pattern = this.bash ? bashPattern : specPattern;
    pattern.lastIndex = at;
    const match = pattern.exec(format);
    if (!match || !this.bash) return match;
    const [whole, flags, width, precision, time, conversion] = match;
    return [whole, flags, width, precision, conversion, time];
  }

  /** One pass over the format; false: an invalid directive. */
  pass(format: string): boolean {
    for (let i = 0; i < format.length && !this.stopped;) {
      const c = format[i]!;
      if (c === "\\") {
        const piece = /^\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|[^])?/.exec(format.slice(i))![0];
        const made = /^\\[0-7]{1,3}$/.test(piece)
          ? { text: String.fromCharCode(parseInt(piece.slice(1), 8) & 255), stopped: false }
          : unescape(piece);
        this.out += made.text;
        this.stopped = made.stopped;
        i += piece.length;
      } else if (c === "%") {
        const match = this.#directive(format, i);
        if (!match) return this.#invalid(format.slice(i));
        const spec = this.#spec(match);
        const [whole = ""] = match;
        if ((spec.conversion === "%" && whole !== "%%") || !this.convert(spec))
          return this.#invalid(format.slice(i));
        i += whole.length;
      } else {
        const end = format.slice(i).search(/[\\%]/);
        this.out += end < 0 ? format.slice(i) : format.slice(i, i + end);
        i = end < 0 ? format.length : i + end;
      }
    }
    return true;
  }

  /** What a directive asks for; widths of `*` are arguments. */
  #spec(match: (string | undefined)[]): Spec {
    const [whole = "", flags = "", width, precision, conversion = "", time] = match;
    let w = width === "*" ? Number(this.number(this.next())) : Number(width ?? 0);
    const p =
      precision === "*"
        ? Number(this.number(this.next()))
        : precision === undefined
          ? whole.includes(".")
            ? 0
            : undefined
          : Number(precision);
    let left = flags;
    if (w < 0) {
      w = -w;
      left += "-";
    }
    return {
      flags: left,
      width: Math.min(w, 65_536),
      precision: p === undefined || p < 0 ? undefined : p,
      conversion,
      ...(time === undefined ? {} : { time }),
    };
  }

  /** Complains of what a format's rest begins with. */
  #invalid(rest: string): false {
    const sign = /^%[-+ 0#'*.\d]*([a-zA-Z])/.exec(rest.slice(0, 40))?.[1] ?? "";
    if (!this.bash) this.errors.push(`${rest}: invalid format`);
    else if (sign === "" || "hljztL".includes(sign))
      this.errors.push(`\`${rest}': missing format character`);
    else this.errors.push(`\`${sign}': invalid format character`);
    return false;
  }
}

/** `words`: the format and its arguments. */
export function formatPrintf(words: readonly string[], bash?: BashPrintf): Printed {
  let list = [...words];
  if (list[0] === "--") list = list.slice(1);
  const format = list[0];
  if (format === undefined)
    return { out: "", errors: ["usage: printf FORMAT [ARGUMENT...]"], status: 2 };
  const printer = new Printer(list.slice(1), bash);
  do {
    const before = printer.at;
    if (!printer.pass(format)) return { out: printer.out, errors: printer.errors, status: 1 };
    if (printer.at === before) break;
  } while (
    printer.at < printer.args.length &&
    !printer.stopped &&
    printer.out.length < printfCharactersMax
  );
  return { out: printer.out, errors: printer.errors, status: printer.status };
}
