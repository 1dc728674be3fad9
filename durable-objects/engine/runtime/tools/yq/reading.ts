/** Texts as nodes: YAML, which JSON is as well. Comments go to the node that they stand above, beside or behind. */
import {
  Composer,
  LineCounter,
  Parser,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Document,
  type Node,
  type ParsedNode,
  type YAMLError,
} from "yaml";
import { yamlDepthMax } from "../../../core/limits.ts";
import { libyamlText } from "../../../schema/yaml-problems.ts";
import {
  at,
  collection,
  scalar,
  wrong,
  type YqNode,
  type Origin,
  type Style,
  type Work,
} from "./node.ts";
import { tagOf } from "./tags.ts";

const styles: Record<string, Style> = {
  QUOTE_DOUBLE: "double",
  QUOTE_SINGLE: "single",
  BLOCK_LITERAL: "literal",
  BLOCK_FOLDED: "folded",
};

/** A comment as the library has it (without its first #), as it is written. */
const comment = (text: string | null | undefined): string =>
  text
    ? text
        .split("\n")
        .map((line) => (line === "" ? "" : `#${line}`))
        .join("\n")
    : "";

class Reader {
  readonly text: string;
  readonly work: Work;
  readonly anchors = new Map<string, YqNode>();

  constructor(text: string, work: Work) {
    this.text = text;
    this.work = work;
  }

  node(from: Node | null, depth: number): YqNode {
    this.work.spend(1);
    if (depth > yamlDepthMax) return wrong("bad file '-': exceeded max depth");
    if (!from) return scalar("", "!!null");
    const out = this.#made(from, depth);
    const { anchor } = from as { anchor?: string };
    if (anchor) {
      out.anchor = anchor;
      this.anchors.set(anchor, out);
    }
    out.head = comment(from.commentBefore);
    if (isMap(from) || isSeq(from)) this.#end(out, from);
    else out.line = comment(from.comment);
    return out;
  }

  #made(from: Node, depth: number): YqNode {
    if (isAlias(from)) {
      const out = scalar(from.source, "");
      out.kind = "alias";
      out.target =
        this.anchors.get(from.source) ??
        wrong(`bad file '-': yaml: unknown anchor '${from.source}' referenced`);
      return out;
    }
    if (isMap(from)) {
      const out = collection("map");
      if (from.flow) out.style = "flow";
      for (const { key, value } of from.items) {
        const name = this.node(key as Node, depth + 1);
        const inner = this.node(value as Node | null, depth + 1);
        this.#heads(name, inner, key as ParsedNode | null, value as ParsedNode | null);
        out.add(inner, name);
      }
      return this.#tagged(out, from);
    }
    if (isSeq(from)) {
      const out = collection("seq");
      if (from.flow) out.style = "flow";
      for (const item of from.items) {
        const inner = this.node(item as Node, depth + 1);
        const [first] = inner.kind === "map" && inner.style === "" ? inner.content : [];
        // A comment between the dash and the first key is the key's.
        if (first && inner.head && this.#behindDash(item as ParsedNode)) {
          first.head = inner.head;
          inner.head = "";
        }
        out.add(inner);
      }
      return this.#tagged(out, from);
    }
    if (!isScalar(from)) return scalar("", "!!null");
    const style = styles[from.type ?? ""] ?? "";
    const text = style ? String(from.value) : (from.source ?? "");
    return this.#tagged(scalar(text, style ? "!!str" : tagOf(text), style), from);
  }

  #tagged(out: YqNode, from: Node): YqNode {
    const { tag } = from as { tag?: string };
    const own = tag?.replace(/^tag:yaml\.org,2002:/, "!!");
    if (
      own &&
      !(isScalar(from) && from.range && this.text[from.range[0]] !== "!" && !this.#explicit(from))
    )
      out.tag = own;
    return out;
  }

  #explicit(from: Node): boolean {
    const words = this.text.slice(Math.max(0, from.range![0] - 80), from.range![0]).split(/\s+/);
    if (words.pop() !== "") return false;
    if (words.at(-1)?.startsWith("&")) words.pop();
    return words.at(-1)?.includes("!") ?? false;
  }

  #behindDash(item: ParsedNode): boolean {
    const before = this.text.slice(Math.max(0, item.range[0] - 2_000), item.range[0]);
    const lines = before.split("\n").map((line) => line.trim());
    if (lines.length < 2 || lines.pop() !== "") return false;
    while (lines.length > 0 && /^(#|$)/.test(lines.at(-1)!)) lines.pop();
    return /^-[- ]*#/.test(lines.at(-1) ?? "");
  }

  /** A comment behind `key:` is the key's, what lies before its first entry is that entry's. */
  #heads(name: YqNode, inner: YqNode, key: ParsedNode | null, value: ParsedNode | null): void {
    if (!inner.head || !key || !value) return;
    const between = this.text.slice(key.range[1], value.range[0]);
    const beside = /^\s*:[^\n#]*#/.test(between);
    const lines = inner.head.split("\n");
    if (beside) name.line = lines.shift()!;
    const [first] = inner.content;
    inner.head = "";
    const rest = lines.join("\n");
    if (rest && first) first.head = first.head ? `${rest}\n${first.head}` : rest;
  }

  /** A comment behind the last entry. */
  #end(out: YqNode, from: Node): void {
    const text = comment(from.comment);
    if (!text) return;
    if (out.style === "flow") {
      out.line = text;
      return;
    }
    const last = out.kind === "map" ? out.content.at(-2) : out.content.at(-1);
    if (last) last.foot = text;
    else out.line = text;
  }
}

/** One document of a text. */
function documentOf(document: Document.Parsed, reader: Reader, origin: Origin): YqNode {
  const root = reader.node(document.contents, 0);
  const above = [comment(document.commentBefore), root.head].filter(Boolean).join("\n\n");
  root.head = "";
  const first = root.style === "" ? root.content[0] : undefined;
  if (first && root.kind === "map") first.head = [above, first.head].filter(Boolean).join("\n\n");
  else root.head = above;
  root.foot = comment(document.comment);
  return spread(root, origin);
}

/** Tells a document's nodes where they come from. */
export function spread(root: YqNode, origin: Origin): YqNode {
  const walk = (node: YqNode): void => {
    node.origin = origin;
    node.content.forEach(walk);
  };
  walk(root);
  return root;
}

/** What is wrong with a document, in the words of go.yaml.in/yaml. */
function problem(text: string, document: Document.Parsed, lines: LineCounter, name: string): void {
  const [error, next] = document.errors as YAMLError[];
  if (!error) return;
  const lineOf = (at: number): number => lines.linePos(at).line;
  wrong(`bad file '${name}': yaml: ${libyamlText([error, next], text, lineOf)}`);
}

/** The documents of a YAML text, one after the other. YqError. */
export function* documentsOf(
  text: string,
  name: string,
  file: number,
  work: Work,
): Generator<YqNode> {
  const lines = new LineCounter();
  const composer = new Composer({
    version: "1.2",
    schema: "failsafe",
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "silent",
    keepSourceTokens: false,
  });
  const parser = new Parser(lines.addNewLine);
  let count = 0;
  const made = function* (documents: Iterable<Document.Parsed>): Generator<YqNode> {
    for (const document of documents) {
      problem(text, document, lines, name);
      yield documentOf(document, new Reader(text, work), {
        document: count++,
        file,
        fileName: name,
      });
    }
  };
  for (const token of parser.parse(text)) yield* made(composer.next(token));
  yield* made(composer.end(text.trim() !== "", text.length) as Generator<Document.Parsed>);
}

/** A single document of a text, as load() and from_yaml want it. */
export function oneOf(text: string, work: Work, like?: YqNode): YqNode {
  for (const one of documentsOf(text, "-", 0, work)) return like ? at(one, like) : one;
  return scalar("", "!!null");
}
