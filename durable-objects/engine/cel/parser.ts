/** Reads an expression. cel-go: parser/parser.go, parser/gen/CEL.g4 */
import type { Expr, FieldEntry, MapEntry } from "./ast.ts";
import type { Issue } from "./issues.ts";
import { tokens, type Token } from "./lexer.ts";
import { literalOf } from "./literal-tokens.ts";
import { expanded, MacroProblem } from "./macros.ts";

/** k8s: cel-go parser/options.go defaultMaxRecursionDepth, defaultExpressionSizeCodePointLimit */
const nestingMax = 250;
/** k8s: the same */
const charactersMax = 100_000;

const reserved = new Set(
  "as break const continue else false for function if import in let loop package namespace null return true var void while".split(
    " ",
  ),
);

const literals = "'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER";
const operands = `'[', '{', '(', '.', '-', '!', ${literals}`;
/** The same at the begin of an index, of arguments, of a list and of a map. */
const indexStart = `'[', '{', '(', '.', '-', '!', '?', ${literals}`;
const argumentStart = `'[', '{', '(', ')', '.', '-', '!', ${literals}`;
const listStart = `'[', ']', '{', '(', '.', ',', '-', '!', '?', ${literals}`;
const mapStart = `'[', '{', '}', '(', '.', ',', '-', '!', '?', ${literals}`;

/** Nothing more is read behind a syntax error. */
class SyntaxStop extends Error {}

const named = (signs: readonly string[]): Map<string, string> =>
  new Map(signs.map((sign) => [sign, `_${sign}_`]));
const relations = named(["<", "<=", ">=", ">", "==", "!="]);
relations.set("in", "@in");
const products = named(["*", "/", "%"]);
const sums = named(["+", "-"]);

/** Rules of the grammar that may lie within themselves. */
type Rule = "expr" | "relation" | "calc" | "member";

class Parser {
  readonly #tokens: Token[];
  readonly #issues: Issue[];
  #next = 0;
  /** What may stand at a place beside an expression: see `operands`. */
  #instead: { at: number; instead: string } = { at: -1, instead: operands };
  readonly #depth: Record<Rule, number> = { expr: 0, relation: 0, calc: 0, member: 0 };

  /** `cel.bind` is a macro. */
  readonly #binds: boolean;

  constructor(text: string, issues: Issue[], binds: boolean) {
    this.#binds = binds;
    this.#issues = issues;
    this.#tokens = tokens(text, issues);
  }

  whole(): Expr {
    const e = this.#expr();
    if (this.#peek().kind !== "end") this.#unwanted("<EOF>");
    return e;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)]!;
  }
  #is(sign: string, ahead = 0): boolean {
    const token = this.#peek(ahead);
    return token.kind === "sign" && token.text === sign;
  }
  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }
  #takes(sign: string): Token | undefined {
    return this.#is(sign) ? this.#take() : undefined;
  }

  #report(at: number, text: string): Expr {
    this.#issues.push({ at, text });
    return { k: "literal", at, value: null };
  }
  #syntax(token: Token, text: string): never {
    this.#report(token.at, `Syntax error: ${text}`);
    throw new SyntaxStop();
  }
  /** A token that cannot stand where it does; one alone is passed over, and said so in other words. */
  #unwanted(expected: string): never {
    const token = this.#peek();
    const alone = expected === "<EOF>" && token.kind !== "end" && this.#peek(1).kind === "end";
    const what = alone ? "extraneous" : "mismatched";
    this.#syntax(token, `${what} input '${token.text}' expecting ${expected}`);
  }
  #expect(sign: string, expected = `'${sign}'`): Token {
    const taken = this.#takes(sign);
    if (taken) return taken;
    const token = this.#peek();
    if (token.kind === "end" && (sign === ")" || (sign === "]" && expected === "']'"))) {
      return this.#syntax(token, `missing '${sign}' at '<EOF>'`);
    }
    return this.#unwanted(expected);
  }
  /** An expression that may be missing: what could stand instead is told too. */
  #first(instead: string): Expr {
    this.#instead = { at: this.#next, instead };
    return this.#expr();
  }

  #within<T>(rule: Rule, inner: () => T): T {
    this.#deeper(rule);
    const made = inner();
    this.#depth[rule]--;
    return made;
  }
  #deeper(rule: Rule): void {
    if (++this.#depth[rule] <= nestingMax) return;
    this.#report(-1, `expression recursion limit exceeded: ${nestingMax}`);
    throw new SyntaxStop();
  }

  #expr(): Expr {
    return this.#within("expr", () => {
      const condition = this.#logical("||", () => this.#logical("&&", () => this.#relation()));
      const op = this.#takes("?");
      if (!op) return condition;
      const yes = this.#logical("||", () => this.#logical("&&", () => this.#relation()));
      this.#expect(":");
      return this.#call(op.at, "_?_:_", undefined, [condition, yes, this.#expr()]);
    });
  }

  /** Terms of one operator as a balanced tree. */
  #logical(sign: "||" | "&&", term: () => Expr): Expr {
    const terms = [term()];
    const ops: Token[] = [];
    for (let op = this.#takes(sign); op; op = this.#takes(sign)) {
      ops.push(op);
      terms.push(term());
    }
    const tree = (low: number, high: number): Expr => {
      const middle = (low + high + 1) >> 1;
      const left = middle === low ? terms[middle]! : tree(low, middle - 1);
      const right = middle === high ? terms[middle + 1]! : tree(middle + 1, high);
      return this.#call(ops[middle]!.at, `_${sign}_`, undefined, [left, right]);
    };
    return ops.length === 0 ? terms[0]! : tree(0, ops.length - 1);
  }

  /** Operands of operators that bind from the left. */
  #chain(
    rule: Rule,
    operators: ReadonlyMap<string, string>,
    operand: () => Expr,
    counted = true,
  ): Expr {
    if (counted) this.#deeper(rule);
    let open = counted ? 1 : 0;
    let left = operand();
    for (;;) {
      const token = this.#peek();
      const fn = token.kind === "sign" ? operators.get(token.text) : undefined;
      if (fn === undefined) break;
      this.#take();
      this.#deeper(rule);
      open++;
      left = this.#call(token.at, fn, undefined, [left, this.#within(rule, operand)]);
    }
    this.#depth[rule] -= open;
    return left;
  }
  #relation(): Expr {
    return this.#chain("relation", relations, () =>
      this.#chain("calc", sums, () => this.#chain("calc", products, () => this.#unary(), false)),
    );
  }

  #unary(): Expr {
    const first = this.#peek();
    const sign = first.kind === "sign" && (first.text === "!" || first.text === "-");
    if (!sign || (first.text === "-" && this.#number(1))) return this.#member();
    let count = 0;
    while (this.#takes(first.text)) count++;
    const operand = this.#member();
    if (count % 2 === 0) return operand;
    return this.#call(first.at, first.text === "!" ? "!_" : "-_", undefined, [operand]);
  }
  #number(ahead: number): boolean {
    const { kind } = this.#peek(ahead);
    return kind === "int" || kind === "float";
  }

  #member(): Expr {
    this.#deeper("member");
    let open = 1;
    let e = this.#primary();
    for (;;) {
      const dot = this.#takes(".");
      const bracket = dot ? undefined : this.#takes("[");
      if (!dot && !bracket) break;
      this.#deeper("member");
      open++;
      e = dot ? this.#selected(dot, e) : this.#indexed(bracket!, e);
    }
    this.#depth.member -= open;
    return e;
  }

  #selected(dot: Token, operand: Expr): Expr {
    const optional = this.#takes("?");
    const token = this.#peek();
    if (token.kind !== "name" && token.kind !== "escaped") {
      return this.#syntax(
        token,
        token.kind === "sign" && /^[a-z]/.test(token.text)
          ? `mismatched input '${token.text}' expecting IDENTIFIER`
          : `no viable alternative at input '.${token.kind === "end" ? "" : token.text}'`,
      );
    }
    this.#take();
    if (token.kind === "escaped") {
      return this.#report(token.at, "unsupported syntax: '`'");
    }
    if (optional) {
      const field: Expr = { k: "literal", at: token.at, value: token.text };
      return this.#call(dot.at, "_?._", undefined, [operand, field]);
    }
    const open = this.#takes("(");
    if (open) return this.#call(open.at, token.text, operand, this.#arguments());
    return { k: "select", at: dot.at, operand, field: token.text, test: false };
  }
  #indexed(bracket: Token, operand: Expr): Expr {
    const optional = this.#takes("?");
    const index = optional ? this.#expr() : this.#first(indexStart);
    this.#expect("]");
    return this.#call(bracket.at, optional ? "_[?_]" : "_[_]", undefined, [operand, index]);
  }
  #arguments(): Expr[] {
    const args: Expr[] = [];
    if (this.#takes(")")) return args;
    do args.push(args.length === 0 ? this.#first(argumentStart) : this.#expr());
    while (this.#takes(","));
    this.#expect(")", "{')', ','}");
    return args;
  }

  #call(at: number, fn: string, target: Expr | undefined, args: Expr[]): Expr {
    const macro = expanded(at, fn, target, args, this.#binds);
    if (macro instanceof MacroProblem) return this.#report(macro.at, macro.text);
    return macro ?? { k: "call", at, fn, target, args };
  }

  #primary(): Expr {
    const token = this.#peek();
    if (token.kind === "name" || (this.#is(".") && this.#peek(1).kind === "name")) {
      return this.#named();
    }
    if (this.#takes("(")) {
      const inner = this.#expr();
      this.#expect(")");
      return inner;
    }
    if (this.#takes("[")) return this.#list(token);
    if (this.#takes("{")) return this.#map(token);
    const literal = this.#literal();
    if (literal) return literal;
    const follows = this.#peek(1);
    const extra =
      token.kind !== "end" &&
      (["name", "int", "uint", "float", "string", "bytes"].includes(follows.kind) ||
        (follows.kind === "sign" && /^(?:[[{(.!-]|true|false|null)$/.test(follows.text)));
    if (this.#is(".")) {
      const next = follows.kind === "end" ? "" : follows.text;
      return this.#syntax(follows, `no viable alternative at input '.${next}'`);
    }
    const instead = this.#instead.at === this.#next ? this.#instead.instead : operands;
    return this.#syntax(
      token,
      `${extra ? "extraneous" : "mismatched"} input '${token.text}' expecting {${instead}}`,
    );
  }

  /** A variable, a call, or `a.b.C{...}`. */
  #named(): Expr {
    const start = this.#peek();
    const dot = this.#takes(".") ? "." : "";
    let ahead = 1;
    while (this.#is(".", ahead) && this.#peek(ahead + 1).kind === "name") ahead += 2;
    if (this.#is("{", ahead)) {
      let name = dot;
      for (let i = 0; i < ahead; i++) name += this.#take().text;
      return this.#struct(this.#take(), name);
    }
    const token = this.#take();
    if (reserved.has(token.text)) {
      return this.#report(start.at, `reserved identifier: ${token.text}`);
    }
    const open = this.#takes("(");
    if (open) return this.#call(open.at, dot + token.text, undefined, this.#arguments());
    return { k: "ident", at: token.at, name: dot + token.text };
  }

  #list(open: Token): Expr {
    const elements: Expr[] = [];
    const optional = new Set<number>();
    while (!this.#takes("]")) {
      if (elements.length === 0 && this.#is(",") && this.#is("]", 1)) this.#take();
      if (this.#takes("]")) break;
      if (this.#takes("?")) optional.add(elements.length);
      elements.push(elements.length === 0 ? this.#first(listStart) : this.#expr());
      if (this.#takes(",")) continue;
      this.#expect("]", "{']', ','}");
      break;
    }
    return { k: "list", at: open.at, elements, optional };
  }
  #map(open: Token): Expr {
    const entries: MapEntry[] = [];
    while (!this.#takes("}")) {
      const optional = this.#takes("?") !== undefined;
      if (entries.length === 0 && this.#is(",") && this.#is("}", 1)) this.#take();
      if (this.#takes("}")) break;
      const key = entries.length === 0 ? this.#first(mapStart) : this.#expr();
      const { at } = this.#expect(":");
      entries.push({ at, key, value: this.#expr(), optional });
      if (this.#takes(",")) continue;
      this.#expect("}", "{'}', ','}");
      break;
    }
    return { k: "map", at: open.at, entries };
  }
  #struct(open: Token, name: string): Expr {
    const fields: FieldEntry[] = [];
    while (!this.#takes("}")) {
      const optional = this.#takes("?") !== undefined;
      const field = this.#peek();
      if (field.kind !== "name") this.#unwanted("{'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}");
      this.#take();
      const { at } = this.#expect(":", "':'");
      fields.push({ at, name: field.text, value: this.#expr(), optional });
      if (this.#takes(",")) continue;
      this.#expect("}", "{'}', ','}");
      break;
    }
    return { k: "struct", at: open.at, name, fields };
  }

  #literal(): Expr | undefined {
    const first = this.#peek();
    const minus = this.#is("-") && this.#number(1) ? this.#take() : undefined;
    const token = this.#peek();
    const value = literalOf(token, minus !== undefined);
    if (value === undefined) return undefined;
    this.#take();
    if (typeof value === "object" && value !== null && "problem" in value) {
      return this.#report(first.at, value.problem);
    }
    return { k: "literal", at: first.at, value };
  }
}

/** The expression, or undefined and what is wrong with it. */
export function parse(text: string, issues: Issue[], binds = false): Expr | undefined {
  let characters = text.length;
  if (characters > charactersMax) characters = [...text.slice(0, 4 * charactersMax)].length;
  if (characters > charactersMax) {
    const size = [...text].length;
    issues.push({
      at: -1,
      text: `expression code point size exceeds limit: size: ${size}, limit ${charactersMax}`,
    });
    return undefined;
  }
  try {
    const e = new Parser(text, issues, binds).whole();
    return issues.length === 0 ? e : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxStop)) throw error;
    return undefined;
  }
}
