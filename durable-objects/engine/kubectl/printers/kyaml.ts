/** KYAML: YAML in flow style with quoted texts. k8s: sigs.k8s.io/yaml/kyaml */
import { goQuote } from "../../machinery/field.ts";
import { byText } from "../go/json.ts";
import { isOther } from "./yaml.ts";

/** Letters, digits and `_`, inside also `-`, `.` and `/`. */
const plainKey = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_./-]*[\p{L}\p{N}_])?$/u;

const keyText = (key: string): string => (plainKey.test(key) && !isOther(key) ? key : goQuote(key));

function body(value: unknown, indent: string): string {
  if (typeof value === "string") return goQuote(value);
  if (typeof value !== "object" || value === null) return String(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) return list(value, indent, inner);
  const table = value as Record<string, unknown>;
  const keys = Object.keys(table)
    .filter((key) => table[key] !== undefined)
    .toSorted(byText);
  if (keys.length === 0) return "{}";
  const rows = keys.map((key) => `${inner}${keyText(key)}: ${body(table[key], inner)},\n`);
  return `{\n${rows.join("")}${indent}}`;
}

function list(items: readonly unknown[], indent: string, inner: string): string {
  if (items.length === 0) return "[]";
  const deep = items.every((item) => typeof item === "object" && item !== null);
  if (deep) return `[${items.map((item) => body(item, indent)).join(", ")}]`;
  return `[\n${items.map((item) => `${inner}${body(item, inner)},\n`).join("")}${indent}]`;
}

/** A value as a KYAML document. */
export const printKyaml = (value: unknown): string => `---\n${body(value, "")}\n`;
