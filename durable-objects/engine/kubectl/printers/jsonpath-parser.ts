/** JSONPath templates: their tree. k8s: client-go/util/jsonpath/parser.go */
import { kubectlTemplateDepthMax } from "../../core/limits.ts";
import { trimEndOf } from "../../core/trim.ts";
import { Failure } from "../errors.ts";
import { unescaped } from "../go/unquote.ts";
import { parseInteger } from "../flag-values.ts";

export interface Param {
  value: number;
  known: boolean;
  /** One element was asked for: the end follows from the beginning. */
  derived: boolean;
}

export type Node =
  | { type: "text"; text: string }
  | { type: "list"; nodes: Node[] }
  | { type: "field"; name: string }
  | { type: "array"; params: [Param, Param, Param] }
  | { type: "filter"; left: Node[]; right: Node[]; operator: string }
  | { type: "literal"; value: number | boolean }
  | { type: "wildcard" }
  | { type: "recursive" }
  | { type: "union"; lists: Node[][] }
  | { type: "identifier"; name: string };

const isSpace = (c: string): boolean => c === " " || c === "\t";
const isLineEnd = (c: string): boolean => c === "\r" || c === "\n";
const isTerminator = (c: string): boolean =>
  c === "" || isSpace(c) || isLineEnd(c) || /[.,[\]$@{}]/.test(c);
const isWordy = (c: string): boolean => c !== "" && /[\p{L}\p{Nd}_]/u.test(c);
const isDigit = (c: string): boolean => c !== "" && /\p{Nd}/u.test(c);

/** `U+0026 '&'` */
export function unicodePoint(c: string): string {
  const code = (c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `U+${code} '${c}'`;
}

class Parser {
  readonly #input: string;
  readonly root: Node[] = [];
  #at = 0;
  #start = 0;

  /** How many filters and unions it lies within. */
  readonly #depth: number;

  constructor(input: string, depth = 0) {
    this.#input = input;
    this.#depth = depth;
  }
  #inner(text: string): Node[] {
    return actionOf(text, this.#depth + 1);
  }
  #consume(): string {
    const value = this.#input.slice(this.#start, this.#at);
    this.#start = this.#at;
    return value;
  }
  /** The next character; "" at the end. */
  #next(): string {
    const code = this.#input.codePointAt(this.#at);
    if (code === undefined) return "";
    const c = String.fromCodePoint(code);
    this.#at += c.length;
    return c;
  }
  #has(prefix: string): boolean {
    return this.#input.startsWith(prefix, this.#at);
  }

  parse(): Node[] {
    for (;;) {
      const open = this.#input.indexOf("{", this.#at);
      this.#at = open < 0 ? this.#input.length : open;
      if (this.#at > this.#start) this.root.push({ type: "text", text: this.#consume() });
      if (open < 0) return this.root;
      this.#at++;
      this.#consume();
      const nodes: Node[] = [];
      this.root.push({ type: "list", nodes });
      this.#action(nodes);
    }
  }

  /** What is between braces. */
  #action(nodes: Node[]): void {
    for (;;) {
      if (this.#has("}")) {
        this.#at++;
        this.#consume();
        return;
      }
      if (this.#has("[?(")) this.#filter(nodes);
      else if (this.#has("..")) this.#recursive(nodes);
      else this.#one(nodes);
    }
  }

  #one(nodes: Node[]): void {
    const from = this.#at;
    const c = this.#next();
    if (c === "" || isLineEnd(c)) throw new Failure("unclosed action");
    if (c === " " || c === "@" || c === "$") this.#consume();
    else if (c === "[") this.#array(nodes);
    else if (c === '"' || c === "'") this.#quote(nodes, c);
    else if (c === ".") this.#field(nodes);
    else if (c === "+" || c === "-" || isDigit(c)) {
      this.#at = from;
      this.#number(nodes);
    } else if (isWordy(c)) {
      this.#at = from;
      this.#identifier(nodes);
    } else throw new Failure(`unrecognized character in action: ${unicodePoint(c)}`);
  }

  #identifier(nodes: Node[]): void {
    this.#toTerminator();
    const name = this.#consume();
    if (name === "true" || name === "false")
      nodes.push({ type: "literal", value: name === "true" });
    else nodes.push({ type: "identifier", name });
  }
  #toTerminator(): void {
    for (;;) {
      const from = this.#at;
      if (!isTerminator(this.#next())) continue;
      this.#at = from;
      return;
    }
  }

  #recursive(nodes: Node[]): void {
    if (nodes.at(-1)?.type === "recursive") throw new Failure("invalid multiple recursive descent");
    this.#at += 2;
    this.#consume();
    nodes.push({ type: "recursive" });
    const c = String.fromCodePoint(this.#input.codePointAt(this.#at) ?? 32);
    if (this.#at < this.#input.length && isWordy(c)) this.#field(nodes);
  }

  #number(nodes: Node[]): void {
    if (/[+-]/.test(this.#input[this.#at] ?? "")) this.#at++;
    for (;;) {
      const from = this.#at;
      const c = this.#next();
      if (c === "." || isDigit(c)) continue;
      this.#at = from;
      break;
    }
    const text = this.#consume();
    if (!/^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text)) throw new Failure(`cannot parse number ${text}`);
    nodes.push({ type: "literal", value: Number(text) });
  }

  #array(nodes: Node[]): void {
    for (let c = this.#next(); c !== "]"; c = this.#next())
      if (c === "" || c === "\n") throw new Failure("unterminated array");
    let text = this.#consume().slice(1, -1);
    if (text === "*") text = ":";
    const parts = text.split(",");
    if (parts.length > 1) {
      const lists = parts.map((part) =>
        this.#inner(`[${trimEndOf(part.replace(/^ +/, ""), " ")}]`),
      );
      nodes.push({ type: "union", lists });
      return;
    }
    const key = /^'([^']*)'$/.exec(text)?.[1];
    if (key !== undefined) nodes.push(...this.#inner(`.${key}`));
    else nodes.push({ type: "array", params: sliceOf(text) });
  }

  #filter(nodes: Node[]): void {
    this.#at += 3;
    this.#consume();
    let [begun, ended, pair] = [false, false, ""];
    for (;;) {
      const c = this.#next();
      if (c === "" || c === "\n") throw new Failure("unterminated filter");
      if (c === '"' || c === "'") {
        if (!begun) [begun, pair] = [true, c];
        else if (this.#input[this.#at - 2] !== "\\" && c === pair) ended = true;
      } else if (c === ")" && begun === ended) break;
    }
    if (this.#next() !== "]") throw new Failure("unclosed array expect ]");
    const text = this.#consume().slice(0, -2);
    const at = text.search(/[!<>=]/);
    let end = at;
    while (/[!<>=]/.test(text[end] ?? "")) end++;
    // The right side has at least one character, if it must take it of the operator.
    if (end === text.length) end--;
    if (at <= 0 || end <= at) {
      nodes.push({ type: "filter", left: this.#inner(text), right: [], operator: "exists" });
      return;
    }
    nodes.push({
      type: "filter",
      left: this.#inner(text.slice(0, at)),
      right: this.#inner(text.slice(end)),
      operator: text.slice(at, end),
    });
  }

  #quote(nodes: Node[], end: string): void {
    for (;;) {
      const c = this.#next();
      if (c === "" || c === "\n") throw new Failure("unterminated quoted string");
      if (c === end && this.#input[this.#at - 2] !== "\\") break;
    }
    const text = this.#consume();
    nodes.push({ type: "text", text: unquoted(text) });
  }

  #field(nodes: Node[]): void {
    this.#consume();
    for (;;) {
      const from = this.#at;
      const c = this.#next();
      if (c === "\\") this.#next();
      else if (isTerminator(c)) {
        this.#at = from;
        break;
      }
    }
    const name = this.#consume();
    if (name === "*") nodes.push({ type: "wildcard" });
    else nodes.push({ type: "field", name: name.replaceAll("\\", "") });
  }
}

/** The first action of a template of its own: what unions and filters hold. */
function actionOf(text: string, depth: number): Node[] {
  if (depth > kubectlTemplateDepthMax) throw new Failure("filters are nested too deeply");
  const [first] = new Parser(`{${text}}`, depth).parse();
  return first?.type === "list" ? first.nodes : [];
}

function sliceOf(text: string): [Param, Param, Param] {
  const parts = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(text);
  if (!parts) throw new Failure(`invalid array index ${text}`);
  const params: Param[] = [];
  for (let i = 0; i < 3; i++) {
    const given = parts[i + 1] ?? "";
    const digits = i > 0 ? given.slice(1) : given;
    if (given === "" && i === 1) {
      params.push({ known: true, derived: true, value: (params[0] as Param).value + 1 });
      continue;
    }
    if (digits === "") {
      params.push({ known: false, derived: false, value: 0 });
      continue;
    }
    const value = digits === "-" ? { problem: "" } : parseInteger(decimal(digits), "int64");
    if (typeof value !== "number") throw new Failure(`array index ${digits} is not a number`);
    params.push({ known: true, derived: false, value });
  }
  return params as [Param, Param, Param];
}

/** Without zeros before it, which would make it octal. */
const decimal = (digits: string): string => digits.replace(/^(-?)0+(?=\d)/, "$1");

function unquoted(text: string): string {
  const inner = unescaped(text.slice(1, -1), text[0] as string);
  if (inner === undefined) throw new Failure(`unquote string ${text} error invalid syntax`);
  return inner;
}

/** The tree of a template. Failure with the parser's words. */
export const parseJsonPath = (text: string): Node[] => new Parser(text).parse();
