/** `@csv` and its like. */
import { encodeUtf8, decodeUtf8, fromBase64, toBase64 } from "../../bytes.ts";
import { typed } from "./access.ts";
import { numberText, toText } from "./json-text.ts";
import { fail, kindOf, type Value } from "./values.ts";

export const textOf = (value: Value): string => (typeof value === "string" ? value : toText(value));

function replaced(text: string, by: Record<string, string>): string {
  let out = "";
  for (const c of text) out += Object.hasOwn(by, c) ? by[c]! : c;
  return out;
}

/** One line of @csv or @tsv. */
function row(format: string, value: Value): string {
  if (!Array.isArray(value))
    return fail(`${typed(value)} cannot be ${format}-formatted, only array`);
  const cells = value.map((cell) => {
    if (cell === null) return "";
    if (typeof cell === "boolean") return String(cell);
    if (typeof cell === "number") return Number.isNaN(cell) ? "" : numberText(cell);
    if (typeof cell !== "string") return fail(`${typed(cell)} is not valid in a csv row`);
    if (format === "csv") return `"${replaced(cell, { '"': '""' })}"`;
    return replaced(cell, { "\t": "\\t", "\r": "\\r", "\n": "\\n", "\\": "\\\\" });
  });
  return cells.join(format === "csv" ? "," : "\t");
}

function quoted(value: Value): string {
  const items = Array.isArray(value) ? value : [value];
  return items
    .map((item) => {
      if (Array.isArray(item) || item instanceof Map)
        return fail(`${typed(item)} can not be escaped for shell`);
      return typeof item === "string" ? `'${replaced(item, { "'": "'\\''" })}'` : toText(item);
    })
    .join(" ");
}

function escapedUri(text: string): string {
  let out = "";
  for (const c of encodeUtf8(text)) {
    if (/[A-Za-z0-9\-_.!~*'()]/.test(c)) out += c;
    else out += `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

function decoded(value: Value): string {
  const text = textOf(value);
  const plain = text.replace(/=+/, "");
  const bytes = /^[A-Za-z0-9+/]*$/.test(plain) ? fromBase64(plain) : undefined;
  if (bytes === undefined || (plain === "" && text !== ""))
    return fail(`${typed(text)} is not valid base64 data`);
  if (plain.length % 4 === 1) return fail(`${typed(text)} trailing base64 byte found`);
  return decodeUtf8(bytes);
}

const htmlEscapes = { "<": "&lt;", ">": "&gt;", "&": "&amp;", "'": "&apos;", '"': "&quot;" };

/** A value as a format has it. JqError. */
export function textOfFormat(format: string, value: Value): string {
  switch (format) {
    case "text":
      return textOf(value);
    case "json":
      return toText(value);
    case "csv":
    case "tsv":
      return row(format, value);
    case "html":
      return replaced(textOf(value), htmlEscapes);
    case "uri":
      return escapedUri(textOf(value));
    case "sh":
      return quoted(value);
    case "base64":
      return toBase64(encodeUtf8(textOf(value)));
    case "base64d":
      return decoded(value);
    default:
      return fail(`${format} is not a valid format`);
  }
}

export const formatOf = (value: Value, format: Value): string =>
  typeof format === "string"
    ? textOfFormat(format, value)
    : fail(`${kindOf(format)} is not a valid format`);
