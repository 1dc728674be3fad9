/** An awk program as a tree. */
import { AwkProblem, awkTokens, type Token } from "./awk-lexer.ts";
import {
  binaryLevels,
  lvalue,
  type AwkProgram,
  type Expr,
  type Rule,
  type Stmt,
} from "./awk-tree.ts";

/** One program's parser. */
export class AwkParser {
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

  program(): AwkProgram {
    for (this.lines(); this.token.k !== "end"; this.lines()) this.item();
    return this.made;
  }

  item(): void {
    if (this.take("function")) {
      const name = this.name();
      this.need("(");
      const params: string[] = [];
      while (!this.take(")")) {
        params.push(this.name());
        this.take(",");
        this.newlines();
      }
      this.newlines();
      this.made.functions.set(name, { params, body: this.block() });
    } else if (this.take("BEGIN")) this.made.begin.push(this.block());
    else if (this.take("END")) this.made.end.push(this.block());
    else {
      const rule: Rule = {};
      if (!this.is("{")) {
        rule.from = this.expr();
        if (this.take(",")) {
          this.newlines();
          rule.to = this.expr();
        }
      }
      if (this.is("{")) rule.body = this.block();
      this.made.rules.push(rule);
    }
  }

  block(): Stmt {
    this.need("{");
    const of: Stmt[] = [];
    for (this.lines(); !this.take("}"); this.lines()) {
      if (this.token.k === "end") throw new AwkProblem("Unexpected end of string");
      of.push(this.statement());
    }
    return { k: "block", of };
  }

  /** What follows a simple statement. */
  ended(): void {
    if (this.take(";") || this.is("}") || this.token.k === "end") return;
    if (this.token.k !== "newline") throw new AwkProblem("Unexpected token");
    this.at++;
  }

  body(): Stmt {
    this.newlines();
    if (this.take(";")) return { k: "block", of: [] };
    return this.statement();
  }

  statement(): Stmt {
    if (this.is("{")) return this.block();
    const { token } = this;
    if (token.k === "word") {
      switch (token.v) {
        case "if":
          return this.conditional();
        case "while": {
          this.at++;
          const test = this.parenthesis();
          return { k: "while", test, body: this.body() };
        }
        case "do": {
          this.at++;
          const body = this.body();
          this.lines();
          this.need("while");
          const test = this.parenthesis();
          this.ended();
          return { k: "do", test, body };
        }
        case "for":
          return this.loop();
        default:
      }
    }
    const made = this.simple();
    this.ended();
    return made;
  }

  parenthesis(): Expr {
    this.need("(");
    const out = this.expr();
    this.need(")");
    return out;
  }

  conditional(): Stmt {
    this.at++;
    const test = this.parenthesis();
    const a = this.body();
    const from = this.at;
    this.lines();
    if (this.take("else")) return { k: "if", test, a, b: this.body() };
    this.at = from;
    return { k: "if", test, a };
  }

  loop(): Stmt {
    this.at++;
    this.need("(");
    const [name, word, of, close] = this.tokens.slice(this.at, this.at + 4);
    if (
      name?.k === "name" &&
      word?.k === "word" &&
      word.v === "in" &&
      of?.k === "name" &&
      close?.v === ")"
    ) {
      this.at += 4;
      return { k: "each", name: name.v, of: of.v, body: this.body() };
    }
    const first = this.is(";") ? undefined : this.simple();
    this.need(";");
    this.newlines();
    const test = this.is(";") ? undefined : this.expr();
    this.need(";");
    this.newlines();
    const next = this.is(")") ? undefined : this.simple();
    this.need(")");
    return {
      k: "for",
      ...(first && { first }),
      ...(test && { test }),
      ...(next && { next }),
      body: this.body(),
    };
  }

  simple(): Stmt {
    const { token } = this;
    if (token.k !== "word") return { k: "expr", of: this.expr() };
    switch (token.v) {
      case "print":
      case "printf":
        return this.print(token.v === "printf");
      case "break":
      case "continue":
      case "next":
      case "nextfile":
        this.at++;
        return { k: token.v };
      case "exit":
      case "return": {
        this.at++;
        const over =
          this.is(";") || this.is("}") || this.token.k === "newline" || this.token.k === "end";
        return over ? { k: token.v } : { k: token.v, v: this.expr() };
      }
      case "delete": {
        this.at++;
        const name = this.name();
        if (!this.take("[")) return { k: "delete", name };
        return { k: "delete", name, by: this.list("]") };
      }
      default:
        return { k: "expr", of: this.expr() };
    }
  }

  print(format: boolean): Stmt {
    this.at++;
    const args: Expr[] = [];
    this.noGreater++;
    const over = (): boolean =>
      this.is(";") ||
      this.is("}") ||
      this.is(">") ||
      this.is(">>") ||
      this.is("|") ||
      this.token.k === "newline" ||
      this.token.k === "end";
    while (!over()) {
      args.push(this.expr());
      if (!this.take(",")) break;
      this.newlines();
    }
    this.noGreater--;
    const only = args[0];
    const list = args.length === 1 && only?.k === "group" ? only.of : args;
    for (const how of [">", ">>", "|"])
      if (this.take(how)) {
        if (how === "|") this.made.asks = true;
        return { k: "print", args: list, how, to: this.concatenation(), format };
      }
    return { k: "print", args: list, how: "", format };
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
