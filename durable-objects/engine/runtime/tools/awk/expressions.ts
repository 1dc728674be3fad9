/** Expressions of an awk program, read into trees. */
import { AwkProblem, awkTokens, type Token } from "./lexer.ts";
import { binaryLevels, lvalue, type AwkProgram, type Expr } from "./tree.ts";

/** Reads expressions, and holds where the reading stands. */
export class AwkExpressions {
  readonly tokens: Token[];
  at = 0;
  /** Above 0: `>` is a redirection. */
  noGreater = 0;
  readonly made: AwkProgram = { begin: [], end: [], rules: [], functions: new Map(), asks: false };

  constructor(text: string) {
    this.tokens = awkTokens(text);
  }

  get token(): Token {
    return this.tokens[this.at]!;
  }
  is(v: string): boolean {
    const { token } = this;
    return (token.k === "op" || token.k === "word") && token.v === v;
  }
  take(v: string): boolean {
    if (!this.is(v)) return false;
    this.at++;
    return true;
  }
  need(v: string): void {
    if (!this.take(v)) throw new AwkProblem("Unexpected token");
  }
  lines(): void {
    while (this.token.k === "newline" || this.is(";")) this.at++;
  }
  newlines(): void {
    while (this.token.k === "newline") this.at++;
  }
  name(): string {
    const { token } = this;
    if (token.k !== "name" && token.k !== "call") throw new AwkProblem("Unexpected token");
    this.at++;
    return token.v;
  }

  /** The target of a redirection: no comparison. */
  concatenation(): Expr {
    this.noGreater++;
    const out = this.binary(5);
    this.noGreater--;
    return out;
  }

  list(end: string): Expr[] {
    const out: Expr[] = [];
    const { noGreater } = this;
    this.noGreater = 0;
    this.newlines();
    while (!this.take(end)) {
      out.push(this.expr());
      this.newlines();
      if (this.take(",")) this.newlines();
      else if (!this.is(end)) throw new AwkProblem("Unexpected token");
    }
    this.noGreater = noGreater;
    return out;
  }

  expr(): Expr {
    const left = this.ternary();
    const { token } = this;
    if (token.k !== "op" || !/^([-+*/%^]?=)$/.test(token.v)) return left;
    const place = lvalue(left);
    if (!place) throw new AwkProblem("Unexpected token");
    this.at++;
    this.newlines();
    return place({ op: token.v, v: this.expr() });
  }

  ternary(): Expr {
    const test = this.binary(0);
    if (!this.take("?")) return test;
    this.newlines();
    const a = this.expr();
    this.newlines();
    this.need(":");
    this.newlines();
    return { k: "if", test, a, b: this.expr() };
  }

  binary(level: number): Expr {
    if (level === 8) return this.unary();
    let a = this.binary(level + 1);
    const ops = binaryLevels[level]!;
    for (;;) {
      if (level === 5) {
        if (!this.startsOperand()) return this.piped(a);
        a = { k: "bin", op: "concat", a, b: this.binary(6) };
        continue;
      }
      const op = ops.find((one) => this.is(one));
      if (op === undefined || (op === ">" && this.noGreater)) return a;
      this.at++;
      if (op === "&&" || op === "||") this.newlines();
      if (op === "in") a = { k: "in", by: a.k === "group" ? a.of : [a], name: this.name() };
      else a = { k: "bin", op, a, b: this.binary(level + 1) };
    }
  }

  /** `command | getline`. */
  piped(left: Expr): Expr {
    let out = left;
    while (this.is("|") && this.tokens[this.at + 1]?.v === "getline") {
      this.at += 2;
      this.made.asks = true;
      const to = this.target();
      out = { k: "getline", from: "|", source: out, ...(to && { to }) };
    }
    return out;
  }

  /** Whether a value follows, which joins the one before. */
  startsOperand(): boolean {
    const { token } = this;
    if (token.k === "op") return ["(", "$", "!", "-", "+", "++", "--"].includes(token.v);
    if (token.k === "word") return false;
    return !["newline", "end"].includes(token.k);
  }

  unary(): Expr {
    const { token } = this;
    if (token.k === "op" && ["!", "-", "+"].includes(token.v)) {
      this.at++;
      return { k: "un", op: token.v, of: this.unary() };
    }
    return this.power();
  }

  power(): Expr {
    const a = this.postfix();
    if (!this.take("^")) return a;
    const b = this.is("-") || this.is("+") || this.is("!") ? this.unary() : this.power();
    return { k: "bin", op: "^", a, b };
  }

  postfix(): Expr {
    const of = this.primary();
    if (lvalue(of))
      for (const op of ["++", "--"]) if (this.take(op)) return { k: "step", op, of, before: false };
    return of;
  }

  /** The variable a getline fills, if one follows. */
  target(): Expr | undefined {
    if (!this.is("$") && this.token.k !== "name") return undefined;
    return this.primary();
  }

  primary(): Expr {
    const { token } = this;
    this.at++;
    if (token.k === "number") return { k: "num", v: token.v };
    if (token.k === "string") return { k: "str", v: token.v };
    if (token.k === "regex") return { k: "re", v: token.v };
    if (token.k === "call") {
      this.need("(");
      return { k: "call", name: token.v, args: this.list(")") };
    }
    if (token.k === "builtin")
      return { k: "builtin", name: token.v, args: this.builtinArgs(token.v) };
    if (token.k === "name") {
      if (!this.take("[")) return { k: "var", name: token.v };
      return { k: "item", name: token.v, by: this.list("]") };
    }
    if (token.v === "$" && token.k === "op") {
      if (this.is("++") || this.is("--")) return { k: "field", of: this.primary() };
      if (this.is("-")) return { k: "field", of: this.unary() };
      return { k: "field", of: this.primary() };
    }
    if ((token.v === "++" || token.v === "--") && token.k === "op")
      return { k: "step", op: token.v, of: this.primary(), before: true };
    if (token.v === "(" && token.k === "op") {
      const of = this.list(")");
      return { k: "group", of };
    }
    if (token.k === "word" && token.v === "getline") {
      this.made.asks = true;
      const to = this.target();
      if (!this.take("<")) return { k: "getline", from: "", ...(to && { to }) };
      return { k: "getline", from: "<", source: this.primary(), ...(to && { to }) };
    }
    if (token.k === "op" && ["-", "+", "!"].includes(token.v)) {
      this.at--;
      return this.unary();
    }
    throw new AwkProblem(token.k === "end" ? "Unexpected end of string" : "Unexpected token");
  }

  builtinArgs(name: string): Expr[] {
    if (name === "system") this.made.asks = true;
    if (this.take("(")) return this.list(")");
    if (name !== "length") throw new AwkProblem("Unexpected token");
    return [];
  }
}
