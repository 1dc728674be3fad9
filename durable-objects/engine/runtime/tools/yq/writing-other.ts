/** Nodes as JSON, properties, CSV. */
import { numberOf, wrong, type Work, type YqNode } from "./node.ts";

const quoted = (text: string): string => JSON.stringify(text);

/** As encoding/json writes it: numbers in their own words where JSON has them. */
function jsonScalar(node: YqNode): string {
  const { tag, value } = node;
  if (tag === "!!null") return "null";
  if (tag === "!!bool") return String(/^true$/i.test(value));
  if (tag === "!!int" || tag === "!!float") {
    if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(value)) return value;
    const number = numberOf(node)!;
    return Number.isFinite(number) ? String(number) : wrong(`json: unsupported value: ${value}`);
  }
  return quoted(value);
}

/** JSON with an indentation; 0: in one line. No line end. */
export function toJson(from: YqNode, indent: number, work: Work, depth = 0): string {
  work.spend(1);
  const node = from.real;
  if (node.kind === "scalar") return jsonScalar(node);
  const [open, close] = node.kind === "map" ? "{}" : "[]";
  if (node.content.length === 0) return `${open}${close}`;
  const line = indent > 0 ? `\n${" ".repeat(indent * (depth + 1))}` : "";
  const items =
    node.kind === "seq"
      ? node.content.map((item) => toJson(item, indent, work, depth + 1))
      : node.entries.map(
          ([key, value]) =>
            `${quoted(key.value)}:${indent > 0 ? " " : ""}${toJson(value, indent, work, depth + 1)}`,
        );
  const end = indent > 0 ? `\n${" ".repeat(indent * depth)}` : "";
  return `${open}${line}${items.join(`,${line}`)}${end}${close}`;
}

/** A properties file. */
export function toProps(root: YqNode, work: Work): string {
  let out = "";
  const walk = (from: YqNode, path: string, head: string): void => {
    work.spend(1);
    const node = from.real;
    if (node.kind === "scalar") {
      const comments = [head, from.line].filter(Boolean).join("\n");
      const text = node.value
        .replaceAll("\\", "\\\\")
        .replaceAll("\n", "\\n")
        .replaceAll("\t", "\\t");
      if (comments) out += `${out ? "\n" : ""}${comments}\n`;
      out += `${path} = ${text}\n`;
      return;
    }
    const down = (key: string, inner: YqNode, above: string): void =>
      walk(inner, path ? `${path}.${key}` : key, above);
    if (node.kind === "seq") node.content.forEach((item, i) => down(String(i), item, item.head));
    else for (const [key, value] of node.entries) down(key.value, value, key.head);
  };
  if (root.real.kind === "scalar") return `${root.real.value}\n`;
  walk(root, "", "");
  return out;
}

/** Rows with a separator: of sequences, or of maps with a first line of names. */
export function toRows(root: YqNode, separator: string): string {
  const { real } = root;
  if (real.kind !== "seq") return wrong(`csv encoding only works for arrays, got: ${real.tag}`);
  const cell = (text: string): string =>
    text.includes(separator) || /["\n\r]|^\s/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const row = (items: string[]): string => `${items.map(cell).join(separator)}\n`;
  const first = real.content[0]?.real;
  if (!first) return "";
  if (first.kind === "scalar") return row(real.content.map((item) => item.real.value));
  if (first.kind === "seq")
    return real.content.map((item) => row(item.real.content.map((one) => one.real.value))).join("");
  const names = first.entries.map(([key]) => key.value);
  return (
    row(names) +
    real.content
      .map((item) => row(names.map((name) => item.real.get(name)?.real.value ?? "")))
      .join("")
  );
}
