/** Nodes as YAML. yaml: go.yaml.in/yaml/v4 emitterc.go, with a sequence's items further in than its key */
import type { Work, YqNode } from "./node.ts";
import { tagOf } from "./tags.ts";

export interface YamlStyle {
  indent: number;
  /** Every collection in blocks, every text as plain as it may be. */
  pretty?: boolean;
}

const hex = (code: number, digits: number): string =>
  code.toString(16).toUpperCase().padStart(digits, "0");
const short: Record<string, string> = {
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
  "\0": "\\0",
  "\x07": "\\a",
  "\b": "\\b",
  "\x1b": "\\e",
};

const doubled = (text: string): string =>
  `"${[...text]
    .map((c) => {
      if (short[c]) return short[c];
      const code = c.codePointAt(0)!;
      return code < 32 || code === 127
        ? `\\x${hex(code, 2)}`
        : code === 0x85 || code === 0xa0 || code === 0xfeff
          ? `\\u${hex(code, 4)}`
          : c;
    })
    .join("")}"`;

const singled = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Whether a text may stand without quotes. */
function plain(text: string, flow: boolean): boolean {
  if (text === "" || /^\s|\s$|[\n\t\r]/.test(text) || /: |:$| #|^(---|\.\.\.)/.test(text))
    return false;
  if (/^[,[\]{}#&*!|>'"%@`]/.test(text)) return false;
  if (/^[-?]( |$)/.test(text) || (/^[?:-]/.test(text) && (flow || text === ":"))) return false;
  return !(flow && /[,?[\]{}:]/.test(text));
}

class Writer {
  readonly style: YamlStyle;
  readonly work: Work;
  constructor(style: YamlStyle, work: Work) {
    this.style = style;
    this.work = work;
  }

  /** A scalar's text; lines of a block scalar are indented. */
  scalar(node: YqNode, inner: number, flow: boolean, key = false): string {
    const { value, tag } = node;
    const marks = this.#marks(node);
    if (node.kind === "alias") return `*${value}`;
    let { style } = node;
    if (this.style.pretty) style = "";
    if (tag !== "!!str" && style === "" && (tag.startsWith("!!") || tag === ""))
      return marks + value;
    if (!tag.startsWith("!!") && style === "" && plain(value, flow)) return marks + value;
    if (style === "single") return marks + singled(value);
    if (style === "double" || (style === "" && tag === "!!str" && tagOf(value) !== "!!str"))
      return marks + doubled(value);
    const block = value.includes("\n") && !flow && !key && !/[\0-\x08\x0b-\x1f]/.test(value);
    if (block && (style === "literal" || style === "" || style === "folded"))
      return marks + this.#block(value, inner, style === "folded");
    if (plain(value, flow)) return marks + value;
    return marks + (/[\n\t\r\0-\x1f]/.test(value) ? doubled(value) : singled(value));
  }

  #block(text: string, indent: number, folded: boolean): string {
    const lines = text.split("\n");
    const last = lines.at(-1) === "";
    if (last) lines.pop();
    const chomp = !last ? "-" : lines.at(-1) === "" ? "+" : "";
    const lead = /^[ \n]/.test(text) && text[0] === " " ? String(this.style.indent) : "";
    const pad = " ".repeat(indent);
    const between = folded ? "\n\n" : "\n";
    const body = lines.map((line) => (line === "" ? "" : pad + line)).join(between);
    return `${folded ? ">" : "|"}${lead}${chomp}\n${body}`;
  }

  #marks(node: YqNode): string {
    const anchor = node.anchor ? `&${node.anchor} ` : "";
    const own =
      node.tag !== "" && !node.tag.startsWith("!!")
        ? `${node.tag} `
        : node.style === "tagged"
          ? `${node.tag} `
          : "";
    return own + anchor;
  }

  /** In one line. */
  flow(node: YqNode): string {
    this.work.spend(1);
    const marks = node.kind === "map" || node.kind === "seq" ? this.#marks(node) : "";
    if (node.kind === "map")
      return `${marks}{${node.entries.map(([key, value]) => `${this.scalar(key, 0, true, true)}: ${this.flow(value)}`).join(", ")}}`;
    if (node.kind === "seq")
      return `${marks}[${node.content.map((item) => this.flow(item)).join(", ")}]`;
    return this.scalar(node, 0, true);
  }

  #inBlock(node: YqNode): boolean {
    return (
      (node.kind === "map" || node.kind === "seq") &&
      node.content.length > 0 &&
      (node.style !== "flow" || this.style.pretty === true)
    );
  }

  #comment(text: string, pad: string): string {
    return text
      .split("\n")
      .map((line) => (line === "" ? "\n" : `${pad}${line}\n`))
      .join("");
  }

  /** A node's lines, each with its end. `first`: the first of them stands behind a dash. */
  block(node: YqNode, indent: number, first = false): string {
    this.work.spend(1);
    const pad = " ".repeat(indent);
    let out = "";
    let fresh = first;
    const start = (): string => (fresh ? ((fresh = false), "") : pad);
    if (!this.#inBlock(node)) {
      const text =
        node.kind === "map" || node.kind === "seq"
          ? this.flow(node)
          : this.scalar(node, indent + (first ? 0 : this.style.indent), false);
      return `${start()}${text}${node.line ? ` ${node.line}` : ""}\n`;
    }
    if (node.kind === "seq") {
      for (const item of node.content) {
        if (item.head) out += this.#head(item.head, pad, fresh, out);
        if (item.head) fresh = false;
        out += `${start()}- ${this.#item(item, indent)}`;
        if (item.foot) out += this.#comment(item.foot, pad);
      }
      return out;
    }
    for (const [key, value] of node.entries) {
      const head = key.head || "";
      if (head) {
        out += this.#head(head, pad, fresh, out);
        fresh = false;
      }
      out += `${start()}${this.scalar(key, 0, false, true)}:${this.#value(key, value, indent)}`;
      const foot = key.foot || value.foot;
      if (foot) out += this.#comment(foot, pad);
    }
    return out;
  }

  #head(text: string, pad: string, fresh: boolean, _before: string): string {
    const lines = this.#comment(text, pad);
    return fresh ? lines.slice(pad.length) : lines;
  }

  #item(item: YqNode, indent: number): string {
    const inner = indent + this.style.indent;
    if (!this.#inBlock(item)) return this.block(item, inner, true);
    const marks = this.#marks(item);
    if (marks) return `${marks.trimEnd()}\n${this.block(item, inner)}`;
    // With an indentation of other than two the first entry stands where the others do.
    return `${" ".repeat(Math.max(0, this.style.indent - 2))}${this.block(item, inner, true)}`;
  }

  #value(key: YqNode, value: YqNode, indent: number): string {
    const inner = indent + this.style.indent;
    const line = key.line || value.line;
    const behind = line ? ` ${line}` : "";
    if (this.#inBlock(value)) {
      const marks = this.#marks(value).trimEnd();
      return `${marks ? ` ${marks}` : ""}${behind}\n${value.head ? this.#comment(value.head, " ".repeat(inner)) : ""}${this.block(value, inner)}`;
    }
    const text =
      value.kind === "map" || value.kind === "seq"
        ? this.flow(value)
        : this.scalar(value, inner, false);
    if (behind && text.includes("\n")) return ` ${text.replace("\n", `${behind}\n`)}\n`;
    return `${text === "" ? "" : ` ${text}`}${behind}\n`;
  }
}

/** A node as YAML, with a line end. */
export function toYaml(node: YqNode, style: YamlStyle, work: Work): string {
  const writer = new Writer(style, work);
  const head = node.head ? `${node.head}\n` : "";
  const foot =
    node.foot && !node.parent ? `${node.foot.startsWith("\n") ? "" : ""}${node.foot}\n` : "";
  return head + writer.block(node, 0) + foot;
}
