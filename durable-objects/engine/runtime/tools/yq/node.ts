/** YAML as yq sees it: nodes that keep their tag, style and comments, and know where they stand. */
import { yqItemsMax, yqOperationsMax } from "../../../core/limits.ts";

export type Kind = "map" | "seq" | "scalar" | "alias";
export type Style = "" | "double" | "single" | "literal" | "folded" | "flow" | "tagged";

/** What an expression, a document or a command line has wrong; the text is what follows `Error: `. */
export class YqError extends Error {
  override name = "YqError";
}

/** It has computed for longer than one run may take. */
export class Endless extends Error {
  override name = "Endless";
}

export const wrong = (text: string): never => {
  throw new YqError(text);
};

/** Counts the work of an expression. */
export class Work {
  used = 0;
  spend(units: number): void {
    this.used += units;
    if (this.used > yqOperationsMax) throw new Endless();
  }
}

/** Where a document comes from. */
export interface Origin {
  document: number;
  file: number;
  fileName: string;
}

export class YqNode {
  kind: Kind = "scalar";
  tag = "!!null";
  value = "";
  style: Style = "";
  head = "";
  line = "";
  foot = "";
  anchor = "";
  /** What an alias means. */
  target: YqNode | undefined;
  /** Items of a sequence; keys and values of a map in turn. */
  content: YqNode[] = [];
  parent: YqNode | undefined;
  /** The node's key in its parent: a name, or an index. */
  key: YqNode | undefined;
  isKey = false;
  /** It is not part of its parent yet: it was asked for and did not exist. */
  pending = false;
  origin: Origin = { document: 0, file: 0, fileName: "" };

  /** Where a node stands below its document. */
  get path(): (string | number)[] {
    const { key, parent } = this;
    if (!key || !parent) return [];
    const isIndex = key.tag === "!!int" && parent.kind === "seq";
    return [...parent.path, isIndex ? Number(key.value) : key.value];
  }

  /** The path as messages write it. */
  get place(): string {
    return this.path
      .map((part, i) =>
        typeof part === "number"
          ? `[${part}]`
          : i === 0
            ? part
            : part.includes(".")
              ? `[${part}]`
              : `.${part}`,
      )
      .join("");
  }

  /** What an alias stands for. */
  get real(): YqNode {
    return targetOf(this, 100);
  }

  get entries(): [YqNode, YqNode][] {
    const out: [YqNode, YqNode][] = [];
    for (let i = 0; i + 1 < this.content.length; i += 2)
      out.push([this.content[i]!, this.content[i + 1]!]);
    return out;
  }

  get(key: string): YqNode | undefined {
    return this.entries.find(([one]) => one.value === key)?.[1];
  }

  /** Makes an item or an entry's value a child of this one. */
  add(child: YqNode, key?: YqNode): void {
    if (this.content.length >= yqItemsMax) throw new Endless();
    child.parent = this;
    child.pending = false;
    if (key) {
      key.parent = this;
      key.isKey = true;
      child.key = key;
      this.content.push(key, child);
    } else {
      child.key = scalar(this.content.length, "!!int");
      this.content.push(child);
    }
  }

  /** Numbers a sequence's items anew. */
  renumber(): void {
    if (this.kind === "seq") this.content.forEach((item, i) => (item.key = scalar(i, "!!int")));
  }

  /** Becomes part of its parent, and its parent of its own. */
  attach(): void {
    const { parent, key } = this;
    if (!this.pending || !parent || !key) return;
    parent.attach();
    if (parent.tag === "!!null" && parent.kind === "scalar") {
      parent.kind = key.tag === "!!int" ? "seq" : "map";
      parent.tag = key.tag === "!!int" ? "!!seq" : "!!map";
      parent.value = "";
      parent.content = [];
    }
    if (parent.kind === "map") {
      const known = parent.get(key.value);
      if (!known) parent.add(this, key);
    } else if (parent.kind === "seq") {
      const index = Number(key.value);
      if (index >= yqItemsMax) throw new Endless();
      while (parent.content.length < index) parent.add(scalar("null", "!!null"));
      if (parent.content.length === index) parent.add(this);
    }
    this.pending = false;
  }
}

export function scalar(value: string | number, tag = "!!str", style: Style = ""): YqNode {
  const node = new YqNode();
  node.value = String(value);
  node.tag = tag;
  node.style = style;
  return node;
}

export const bool = (value: boolean): YqNode => scalar(String(value), "!!bool");
export const nothing = (): YqNode => scalar("null", "!!null");

export function collection(kind: "map" | "seq", content: YqNode[] = []): YqNode {
  const node = new YqNode();
  node.kind = kind;
  node.tag = `!!${kind}`;
  for (const one of content) node.add(one);
  return node;
}

/** A copy of a node with all below it, at the same place. */
export function copyOf(node: YqNode, work: Work): YqNode {
  work.spend(1);
  const out = Object.assign(new YqNode(), node, { content: [] });
  if (node.kind === "map")
    for (const [key, value] of node.entries) out.add(copyOf(value, work), copyOf(key, work));
  else for (const item of node.content) out.add(copyOf(item, work));
  return out;
}

/** A value's place taken from another node, for what an expression makes of it. */
export function at(node: YqNode, like: YqNode): YqNode {
  node.parent = like.parent;
  node.key = like.key;
  node.origin = like.origin;
  return node;
}

export const isNull = (node: YqNode): boolean => node.tag === "!!null";
export const isTrue = (node: YqNode): boolean => {
  const { tag, value } = node.real;
  return tag !== "!!null" && !(tag === "!!bool" && /^(false|n|no|off)$/i.test(value));
};

/** The number that a scalar writes; undefined: it is none. */
export function numberOf({ tag, value }: YqNode): number | undefined {
  if (tag !== "!!int" && tag !== "!!float") return undefined;
  if (/^[-+]?\.inf$/i.test(value)) return value.startsWith("-") ? -Infinity : Infinity;
  const text = value.replaceAll("_", "");
  const number = /^[-+]?0[xob]/i.test(text)
    ? Number(text.replace(/^[-+]/, "")) * (text.startsWith("-") ? -1 : 1)
    : Number(text);
  return number;
}

export function equal(a: YqNode, b: YqNode, work: Work): boolean {
  work.spend(1);
  const [x, y] = [a.real, b.real];
  if (x.kind !== y.kind) return false;
  if (x.kind === "scalar") {
    if (x.tag === "!!null" || y.tag === "!!null") return x.tag === y.tag;
    if (x.value === y.value) return x.tag === y.tag || x.tag === "!!str" || y.tag === "!!str";
    const number = numberOf(x);
    return number !== undefined && number === numberOf(y);
  }
  if (x.content.length !== y.content.length) return false;
  if (x.kind === "seq") return x.content.every((item, i) => equal(item, y.content[i]!, work));
  const others = new Map(y.entries.map(([key, value]) => [key.value, value]));
  return x.entries.every(([key, value]) => {
    const other = others.get(key.value);
    return other !== undefined && equal(value, other, work);
  });
}

function targetOf(node: YqNode, left: number): YqNode {
  if (node.kind !== "alias" || !node.target) return node;
  return left === 0 ? wrong("alias cycle detected") : targetOf(node.target, left - 1);
}
