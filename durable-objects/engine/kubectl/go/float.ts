/** Floating-point numbers as strconv.FormatFloat writes them with the fewest digits that read as the same number. */
import { trimEndOf } from "../../core/trim.ts";

/** `1.5e+06`: two digits of exponent at least. */
function scientific(value: number): string {
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const exp = Number(exponent);
  return `${mantissa}e${exp < 0 ? "-" : "+"}${String(Math.abs(exp)).padStart(2, "0")}`;
}

/** Without an exponent. */
function plain(value: number): string {
  const text = String(value);
  return text.includes("e") ? trimEndOf(trimEndOf(value.toFixed(20), "0"), ".") : text;
}

const exponentOf = (value: number): number => Number(value.toExponential().split("e")[1]);

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  return undefined;
}

/** Format 'g' with precision -1, 64 bits. strconv: ftoa.go %e is used if the exponent is less than -4 or 21 and more */
export function formatG(value: number): string {
  const known = special(value);
  if (known !== undefined) return known;
  const exp = exponentOf(value);
  return exp < -4 || exp >= 21 ? scientific(value) : plain(value);
}
