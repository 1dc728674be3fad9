/** Reads JavaScript's expressions. */
import { scriptDepthMax } from "../../core/limits.ts";
import { Lexer, Refused, type Token } from "./tokens.ts";
import type { ClassNode, Fn, Member, Node, Property, Statement } from "./tree.ts";

/** How strongly signs bind. ECMA-262: 13 Expressions */
const strengths: Record<string, number> = Object.assign(Object.create(null), {
  "??": 1, "||": 2, "&&": 3, "|": 4, "^": 5, "&": 6,
  "==": 7, "!=": 7, "===": 7, "!==": 7,
  "<": 8, ">": 8, "<=": 8, ">=": 8, instanceof: 8, in: 8,
  "<<": 9, ">>": 9, "+": 10, "-": 10, "*": 11, "/": 11, "%": 11, "**": 12,
}); // prettier-ignore

const assignments = new Set("= += -= *= /= %= **= &&= ||= ??= |= &= ^= <<= >>=".split(" "));

export abstract class ExpressionReader {
  readonly tokens: Token[];
  at = 0;
  #depth = 0;
  /** `in` ends the expression: the head of a loop. */
  noIn = false;

  constructor(text: string, line = 1) {
    this.tokens = new Lexer(text, line).read();
  }

  get token(): Token {
    return this.tokens[this.at] as Token;
  }

  is(...words: string[]): boolean {
    const { k, v } = this.token;
    return (k === "sign" || k === "name") && words.includes(v);
  }

  accept(word: string): boolean {
    if (!this.is(word)) return false;
    this.at++;
    return true;
  }

  need(word: string): void {
    if (!this.accept(word)) this.unexpected();
  }

  unexpected(): never {
    const { k, v, line } = this.token;
    if (k === "end") throw new Refused("Unexpected end of input", line);
    if (k === "string" || k === "number") throw new Refused(`Unexpected ${k}`, line);
    if (k === "name") throw new Refused(`Unexpected identifier '${v}'`, line);
    throw new Refused(`Unexpected token '${v}'`, line);
  }

  beyond(what: string): never {
    throw new Refused(what, this.token.line, true);
  }

  name(): string {
    const { k, v } = this.token;
    if (k !== "name") this.unexpected();
    this.at++;
    return v;
  }

  /** One with commas. */
  expression(): Node {
    const first = this.assignment();
    if (!this.is(",")) return first;
    const items = [first];
    while (this.accept(",")) items.push(this.assignment());
    return { t: "sequence", items };
  }

  assignment(): Node {
    if (++this.#depth > scriptDepthMax) this.beyond("an expression of that depth");
    try {
      const arrow = this.#arrow();
      if (arrow) return arrow;
      const l = this.#choice();
      const { k, v } = this.token;
      if (k !== "sign" || !assignments.has(v)) return l;
      if (!/^(name|member|list|object|chain)$/.test(l.t))
        throw new Refused("Invalid left-hand side in assignment", this.token.line);
      this.at++;
      return { t: "assign", op: v, l, r: this.assignment() };
    } finally {
      this.#depth--;
    }
  }

  #arrow(): Node | undefined {
    let at = this.at;
    const { line } = this.token;
    const isAsync = this.is("async") && !this.tokens[at + 1]?.first && !this.#isSign(at + 1, "=>");
    if (isAsync) at++;
    const begin = this.tokens[at] as Token;
    if (begin.k === "name" && this.#isSign(at + 1, "=>")) {
      this.at = at + 2;
      const params: Node[] = [{ t: "name", n: begin.v, line }];
      return this.#arrowBody(params, isAsync, line);
    }
    if (!this.#isSign(at, "(")) return undefined;
    const end = this.#closing(at);
    if (end === undefined || !this.#isSign(end + 1, "=>")) return undefined;
    this.at = at + 1;
    const params = this.parameters();
    this.need("=>");
    return this.#arrowBody(params, isAsync, line);
  }

  #isSign(at: number, sign: string): boolean {
    const token = this.tokens[at];
    return token?.k === "sign" && token.v === sign;
  }

  #closing(at: number): number | undefined {
    let depth = 0;
    for (let i = at; i < this.tokens.length; i++) {
      if (this.#isSign(i, "(") || this.#isSign(i, "[") || this.#isSign(i, "{")) depth++;
      else if (this.#isSign(i, ")") || this.#isSign(i, "]") || this.#isSign(i, "}")) {
        if (--depth === 0) return i;
      }
    }
    return undefined;
  }

  #arrowBody(params: Node[], isAsync: boolean, line: number): Node {
    const noIn = this.noIn;
    let body: Statement[];
    if (this.is("{")) {
      this.noIn = false;
      body = this.block();
      this.noIn = noIn;
    } else body = [{ s: "return", e: this.assignment() }];
    const fn: Fn = { name: "", params, body, arrow: true, ...(isAsync ? { async: true } : {}), line }; // prettier-ignore
    return { t: "fn", fn };
  }

  /** Behind the opening parenthesis. */
  parameters(): Node[] {
    const out: Node[] = [];
    while (!this.accept(")")) {
      out.push(this.accept("...") ? { t: "spread", e: this.target() } : this.target());
      if (!this.is(")")) this.need(",");
    }
    return out;
  }

  /** A name or a pattern, and its value where there is none. */
  target(): Node {
    const l = this.#primary();
    return this.accept("=") ? { t: "assign", op: "=", l, r: this.assignment() } : l;
  }

  #choice(): Node {
    const c = this.#binary(0);
    if (!this.accept("?")) return c;
    const noIn = this.noIn;
    this.noIn = false;
    const a = this.assignment();
    this.noIn = noIn;
    this.need(":");
    return { t: "choice", c, a, b: this.assignment() };
  }

  #binary(least: number): Node {
    let l = this.#unary();
    for (;;) {
      const { k, v: op } = this.token;
      const strength = k === "sign" || k === "name" ? strengths[op] : undefined;
      if (strength === undefined || strength <= least || (op === "in" && this.noIn)) return l;
      this.at++;
      const r = this.#binary(op === "**" ? strength - 1 : strength);
      l = { t: /^(\?\?|\|\||&&)$/.test(op) ? "logic" : "binary", op, l, r };
    }
  }

  #unary(): Node {
    const { line } = this.token;
    if (this.is("!", "-", "+", "~", "typeof", "void", "delete")) {
      const op = this.token.v;
      this.at++;
      return { t: "unary", op, e: this.#unary() };
    }
    if (this.is("++", "--")) {
      const op = this.token.v;
      this.at++;
      return { t: "update", op, before: true, e: this.#unary() };
    }
    if (this.is("await")) {
      this.at++;
      return { t: "await", e: this.#unary(), line };
    }
    if (this.is("yield")) this.beyond("a generator");
    const e = this.#postfix(this.#primary());
    if (!this.is("++", "--") || this.token.first) return e;
    const op = this.token.v;
    this.at++;
    return { t: "update", op, before: false, e };
  }

  #postfix(from: Node, calls = true): Node {
    let e = from;
    let chained = false;
    for (;;) {
      const { line } = this.token;
      const maybe = this.is("?.") ? { maybe: true as const } : {};
      if (this.accept("?.")) {
        chained = true;
        if (this.accept("(")) e = { t: "call", f: e, args: this.items(")"), ...maybe, line };
        else if (this.accept("[")) e = { t: "member", o: e, k: this.#key("]"), ...maybe, line };
        else e = { t: "member", o: e, k: { t: "value", v: this.name() }, ...maybe, line };
      } else if (this.accept(".")) {
        const hidden = this.accept("#") ? "#" : "";
        e = { t: "member", o: e, k: { t: "value", v: hidden + this.name() }, line };
      } else if (this.accept("[")) e = { t: "member", o: e, k: this.#key("]"), line };
      else if (calls && this.accept("(")) e = { t: "call", f: e, args: this.items(")"), line };
      else if (this.token.k === "template") this.beyond("a tagged template");
      else return chained ? { t: "chain", e } : e;
    }
  }

  #key(end: string): Node {
    const noIn = this.noIn;
    this.noIn = false;
    const key = this.expression();
    this.noIn = noIn;
    this.need(end);
    return key;
  }

  items(end: string): Node[] {
    const out: Node[] = [];
    const noIn = this.noIn;
    this.noIn = false;
    while (!this.accept(end)) {
      out.push(this.accept("...") ? { t: "spread", e: this.assignment() } : this.assignment());
      if (!this.is(end)) this.need(",");
    }
    this.noIn = noIn;
    return out;
  }

  #primary(): Node {
    const { k, v, line, texts = [], values = [] } = this.token;
    this.at++;
    switch (k) {
      case "number":
        return { t: "value", v: Number(v) };
      case "string":
        return { t: "value", v };
      case "template":
        return { t: "template", texts, values: values.map((source) => this.inner(source, line)) };
      case "regex":
        return { t: "regex", pattern: v, flags: texts[0] ?? "" };
      case "name":
        return this.#word(v, line);
      case "sign":
        if (v === "(") return this.#key(")");
        if (v === "[") return this.#list();
        if (v === "{") return { t: "object", properties: this.#properties() };
    }
    this.at--;
    return this.unexpected();
  }

  #word(v: string, line: number): Node {
    switch (v) {
      case "true":
      case "false":
        return { t: "value", v: v === "true" };
      case "null":
        return { t: "value", v: null };
      case "undefined":
        return { t: "value", v: undefined };
      case "this":
        return { t: "this" };
      case "super":
        return { t: "super" };
      case "function":
        return { t: "fn", fn: this.fn(false, line) };
      case "class":
        return { t: "class", c: this.classNode(line) };
      case "new": {
        if (this.accept(".")) this.beyond("new.target");
        const f = this.#postfix(this.#primary(), false);
        return { t: "new", f, args: this.accept("(") ? this.items(")") : [], line };
      }
      case "async":
        if (this.is("function") && !this.token.first) {
          this.at++;
          return { t: "fn", fn: this.fn(true, line) };
        }
    }
    return { t: "name", n: v, line };
  }

  #list(): Node {
    const items: (Node | null)[] = [];
    while (!this.accept("]")) {
      if (this.is(",")) items.push(null);
      else if (this.accept("...")) items.push({ t: "spread", e: this.assignment() });
      else items.push(this.assignment());
      if (!this.is("]")) this.need(",");
    }
    return { t: "list", items };
  }

  /** A property's name as it is written, or in brackets. */
  #propertyName(): Node {
    if (this.accept("[")) return this.#key("]");
    const { k, v } = this.token;
    if (k !== "string" && k !== "number" && k !== "name") this.unexpected();
    this.at++;
    return { t: "value", v: k === "number" ? String(Number(v)) : v };
  }

  #properties(): Property[] {
    const out: Property[] = [];
    while (!this.accept("}")) {
      if (this.accept("...")) {
        const value = this.assignment();
        out.push({ key: value, value, spread: true });
      } else out.push(this.#property());
      if (!this.is("}")) this.need(",");
    }
    return out;
  }

  #property(): Property {
    const { line } = this.token;
    const plain = this.#isSign(this.at + 1, ":") || this.#isSign(this.at + 1, "(") || this.#isSign(this.at + 1, ",") || this.#isSign(this.at + 1, "}"); // prettier-ignore
    const isAsync = !plain && this.accept("async");
    if (!plain && !isAsync && this.is("get", "set") && !this.#isSign(this.at + 1, "="))
      this.beyond("a getter or setter");
    if (this.is("*")) this.beyond("a generator");
    const short = this.token.k === "name" ? this.token.v : undefined;
    const key = this.#propertyName();
    if (this.accept("(")) {
      const name = key.t === "value" ? String(key.v) : "";
      return { key, value: { t: "fn", fn: this.#rest(name, isAsync, line) } };
    }
    if (this.accept(":")) return { key, value: this.assignment() };
    if (short === undefined) this.unexpected();
    const l: Node = { t: "name", n: short, line };
    const value: Node = this.accept("=") ? { t: "assign", op: "=", l, r: this.assignment() } : l;
    return { key, value };
  }

  /** A function's parameters and body, behind its opening parenthesis. */
  #rest(name: string, isAsync: boolean, line: number): Fn {
    const params = this.parameters();
    const noIn = this.noIn;
    this.noIn = false;
    const body = this.block();
    this.noIn = noIn;
    return { name, params, body, ...(isAsync ? { async: true } : {}), line };
  }

  fn(isAsync: boolean, line: number): Fn {
    if (this.is("*")) this.beyond("a generator");
    const name = this.is("(") ? "" : this.name();
    this.need("(");
    return this.#rest(name, isAsync, line);
  }

  classNode(line: number): ClassNode {
    const name = this.is("{", "extends") ? "" : this.name();
    const parent = this.accept("extends") ? this.#postfix(this.#primary()) : undefined;
    const members: Member[] = [];
    this.need("{");
    while (!this.accept("}")) if (!this.accept(";")) members.push(this.#member());
    return { name, ...(parent ? { parent } : {}), members, line };
  }

  #member(): Member {
    const { line } = this.token;
    const word = (): boolean => !this.#isSign(this.at + 1, "(") && !this.#isSign(this.at + 1, "=") && !this.#isSign(this.at + 1, ";"); // prettier-ignore
    const isStatic = this.is("static") && word() && this.accept("static");
    const isAsync = this.is("async") && word() && this.accept("async");
    if (this.is("get", "set") && word()) this.beyond("a getter or setter");
    if (this.is("*")) this.beyond("a generator");
    const hidden = this.accept("#") ? "#" : "";
    const written = this.#propertyName();
    const key: Node = written.t === "value" ? { t: "value", v: hidden + String(written.v) } : written; // prettier-ignore
    if (this.accept("(")) {
      const name = key.t === "value" ? String(key.v) : "";
      return { key, isStatic, method: this.#rest(name, isAsync, line) };
    }
    const value: Node = this.accept("=") ? this.assignment() : { t: "value", v: undefined };
    this.accept(";");
    return { key, isStatic, value };
  }

  /** A block with its braces. */
  abstract block(): Statement[];
  /** An expression within a template. */
  abstract inner(source: string, line: number): Node;
}
