/** Numbers and characters as Go writes constants. Go: text/template/parse/node.go newNumber */
import { unquote } from "../../go/unquote.ts";

/** An int as bigint, a float as number; undefined: it is neither. */
export function numberOf(text: string): bigint | number | undefined {
  const bare = text.replaceAll("_", "");
  const sign = bare.startsWith("-") ? -1n : 1n;
  const digits = bare.replace(/^[+-]/, "").toLowerCase();
  if (/^(0x[0-9a-f]+|0o[0-7]+|0b[01]+|0|[1-9]\d*)$/.test(digits)) return sign * BigInt(digits);
  if (/^0[0-7]+$/.test(digits)) return sign * BigInt(`0o${digits}`);
  if (!/[.e]/.test(digits)) return undefined;
  return /^(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/.test(digits) ? Number(bare) : undefined;
}

/** A character in single quotes as its code point. */
export function characterOf(text: string): bigint | undefined {
  const inner = unquote(text.replace(/^'|'$/g, '"').replaceAll("\\'", "'"));
  const characters = inner === undefined ? [] : [...inner];
  const [only] = characters;
  return only !== undefined && characters.length === 1
    ? BigInt(only.codePointAt(0) as number)
    : undefined;
}
