/** encoding/json: keys of maps in order, and what it escapes. */
/* eslint-disable no-control-regex */
const escaped = /["\\\x00-\x1f<>&\u2028\u2029]/g;

const short: Record<string, string> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\f": "\\f",
};

const escape = (c: string): string =>
  short[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;

export const jsonString = (text: string): string => `"${text.replace(escaped, escape)}"`;

/** By code points, as Go compares strings. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const sortedKeys = (value: object): string[] => Object.keys(value).toSorted(byText);

/** A value as json.Marshal writes it, or with an indentation as MarshalIndent does. */
export function goJson(
  value: unknown,
  indent = "",
  at = "",
  keysOf: (value: object) => string[] = sortedKeys,
): string {
  if (typeof value === "string") return jsonString(value);
  if (typeof value === "number") return jsonNumber(value);
  if (typeof value !== "object" || value === null) return String(value ?? null);
  const inner = at + indent;
  const [open, gap, close] = indent ? [`\n${inner}`, `,\n${inner}`, `\n${at}`] : ["", ",", ""];
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[${open}${value.map((one) => goJson(one, indent, inner, keysOf)).join(gap)}${close}]`;
  }
  const table = value as Record<string, unknown>;
  const keys = keysOf(table).filter((key) => table[key] !== undefined);
  if (keys.length === 0) return "{}";
  const colon = indent ? ": " : ":";
  const rows = keys.map(
    (key) => `${jsonString(key)}${colon}${goJson(table[key], indent, inner, keysOf)}`,
  );
  return `{${open}${rows.join(gap)}${close}}`;
}

/** A struct as json.MarshalIndent writes it: fields as they stand. */
export const structJson = (value: unknown, indent: string): string =>
  goJson(value, indent, "", Object.keys);

/** As ECMAScript writes numbers, but for exponents of one digit. */
const jsonNumber = (value: number): string => String(value);
