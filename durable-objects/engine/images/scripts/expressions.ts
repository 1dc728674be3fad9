/** Expressions of the little interpreters, read into trees. */
import { scriptDepthMax } from "../../core/limits.ts";
import { Lexer, Unsupported, type Language, type Token } from "./tokens.ts";

export type Expr =
  | { k: "number"; text: string }
  | { k: "string"; v: string }
  | { k: "template"; parts: (string | { e: Expr; format?: string })[] }
  | { k: "var"; n: string }
  | { k: "list"; items: Expr[] }
  | { k: "dict"; pairs: [key: Expr, value: Expr][] }
  | { k: "unary"; op: string; e: Expr }
  | { k: "binary"; op: string; l: Expr; r: Expr }
  | { k: "cond"; c: Expr; a: Expr; b: Expr }
  | { k: "get"; o: Expr; n: string }
  | { k: "at"; o: Expr; i: Expr }
  | { k: "slice"; o: Expr; from?: Expr; to?: Expr }
  | { k: "call"; f: Expr; args: Expr[]; named: Record<string, Expr> }
  | { k: "each"; e: Expr; name: string; of: Expr; only?: Expr };

/** Of `a.b.c`; empty for anything else. */
export function pathOf(e: Expr): string {
  if (e.k === "var") return e.n;
  if (e.k !== "get") return "";
  const before = pathOf(e.o);
  return before === "" ? "" : `${before}.${e.n}`;
}

/** How tightly operators bind; right: from the right. */
const levels: Record<string, number> = {
  or: 1,
  "||": 2,
  "??": 2,
  and: 3,
  "&&": 4,
  not: 5,
  in: 6,
  "not in": 6,
  is: 6,
  "is not": 6,
  "==": 6,
  "!=": 6,
  "===": 6,
  "!==": 6,
  eq: 6,
  ne: 6,
  "<=>": 6,
  "<": 7,
  ">": 7,
  "<=": 7,
  ">=": 7,
  lt: 7,
  gt: 7,
  "|": 8,
  "^": 9,
  "&": 10,
  "<<": 11,
  ">>": 11,
  "..": 11.5,
  "+": 12,
  "-": 12,
  ".": 12,
  "*": 13,
  "/": 13,
  "//": 13,
  "%": 13,
  x: 13,
  unary: 14,
  "**": 15,
};

const words = new Set(["or", "and", "in", "is", "not", "x", "eq", "ne", "lt", "gt"]);

export class ExpressionReader {
  readonly language: Language;
  protected readonly tokens: Token[];
  protected at = 0;
  #depth = 0;

  constructor(text: string, language: Language) {
    this.language = language;
    this.tokens = new Lexer(text, language).tokens;
  }

  get token(): Token {
    return this.tokens[this.at] as Token;
  }

  is(...ops: string[]): boolean {
    const { t, v } = this.token;
    return (t === "op" || t === "name") && ops.includes(v);
  }

  accept(op: string): boolean {
    if (!this.is(op)) return false;
    this.at++;
    return true;
  }

  need(op: string): void {
    if (!this.accept(op)) this.refuse();
  }

  refuse(): never {
    const shown = this.tokens.slice(Math.max(0, this.at - 3), this.at + 6).map(({ v }) => v);
    throw new Unsupported(shown.join(" ").trim());
  }

  name(): string {
    const { t, v } = this.token;
    if (t !== "name") this.refuse();
    this.at++;
    return v;
  }

  expression(): Expr {
    if (++this.#depth > scriptDepthMax) this.refuse();
    try {
      return this.#conditional();
    } finally {
      this.#depth--;
    }
  }

  #conditional(): Expr {
    const first = this.#binary(0);
    if (this.language === "python") {
      if (this.token.first || !this.accept("if")) return first;
      const c = this.#binary(0);
      this.need("else");
      return { k: "cond", c, a: first, b: this.expression() };
    }
    if (!this.accept("?")) return first;
    const a = this.expression();
    this.need(":");
    return { k: "cond", c: first, a, b: this.expression() };
  }

  /** The binary operator that stands here. */
  #operator(): string | undefined {
    const { t, v, first } = this.token;
    if (t === "name") {
      if (!words.has(v)) return undefined;
      const { language } = this;
      if (/^(x|eq|ne|lt|gt)$/.test(v) && language !== "perl") return undefined;
      const next = this.tokens[this.at + 1]?.v;
      if (v === "not") return next === "in" ? "not in" : undefined;
      if (v === "is") return next === "not" ? "is not" : "is";
      return v;
    }
    if (t !== "op" || (first && this.language === "python")) return undefined;
    if (v === "." && this.language !== "perl" && this.language !== "php") return undefined;
    if (v === "//" && this.language === "perl") return "??";
    return levels[v] === undefined ? undefined : v;
  }

  #binary(least: number): Expr {
    if (this.language === "python" && this.is("not")) {
      this.at++;
      return this.#continued({ k: "unary", op: "!", e: this.#binary(5) }, least);
    }
    return this.#continued(this.#unary(), least);
  }

  #continued(first: Expr, least: number): Expr {
    let left = first;
    for (;;) {
      const op = this.#operator();
      const level = op === undefined ? 0 : (levels[op] as number);
      if (op === undefined || level <= least) return left;
      this.at += op.includes(" ") ? 2 : 1;
      if (++this.#depth > scriptDepthMax) this.refuse();
      const right = this.#binary(op === "**" ? level - 1 : level);
      this.#depth--;
      left = { k: "binary", op, l: left, r: right };
    }
  }

  #unary(): Expr {
    for (const op of ["-", "+", "!"])
      if (this.accept(op)) {
        if (++this.#depth > scriptDepthMax) this.refuse();
        const e = this.#binary(levels.unary as number);
        this.#depth--;
        return { k: "unary", op, e };
      }
    return this.#postfix(this.#primary());
  }

  #primary(): Expr {
    const { t, v, parts } = this.token;
    if (t === "number") {
      this.at++;
      return { k: "number", text: v };
    }
    if (t === "string") {
      this.at++;
      if (!parts) {
        let whole = v;
        // Texts beside each other are one in Python.
        while (this.language === "python" && this.token.t === "string" && !this.token.parts)
          whole += this.tokens[this.at++]?.v ?? "";
        return { k: "string", v: whole };
      }
      return {
        k: "template",
        parts: parts.map((part) =>
          typeof part === "string"
            ? part
            : {
                e: new ExpressionReader(part.code, this.language).whole(),
                ...(part.format === undefined ? {} : { format: part.format }),
              },
        ),
      };
    }
    if (t === "name") {
      this.at++;
      return { k: "var", n: v };
    }
    if (this.accept("(")) return this.#parenthesised();
    if (this.accept("[")) return this.#bracketed();
    if (this.accept("{")) return this.#braced();
    return this.refuse();
  }

  #parenthesised(): Expr {
    const items = this.items(")");
    return items.length === 1 && this.tokens[this.at - 2]?.v !== ","
      ? (items[0] as Expr)
      : { k: "list", items };
  }

  #bracketed(): Expr {
    if (this.language === "python" && !this.is("]")) {
      const e = this.expression();
      if (this.accept("for")) {
        const name = this.name();
        this.need("in");
        const of = this.#binary(0);
        const only = this.accept("if") ? this.#binary(0) : undefined;
        this.need("]");
        return { k: "each", e, name, of, ...(only ? { only } : {}) };
      }
      if (!this.accept(",")) {
        this.need("]");
        return { k: "list", items: [e] };
      }
      return { k: "list", items: [e, ...this.items("]")] };
    }
    return { k: "list", items: this.items("]") };
  }

  #braced(): Expr {
    const pairs: [Expr, Expr][] = [];
    while (!this.accept("}")) {
      const { t, v } = this.token;
      let key: Expr;
      if (t === "name" && this.language !== "python") {
        this.at++;
        key = { k: "string", v };
      } else key = this.expression();
      this.need(":");
      pairs.push([key, this.expression()]);
      if (!this.is("}")) this.need(",");
    }
    return { k: "dict", pairs };
  }

  /** Expressions up to a closing sign. */
  items(end: string): Expr[] {
    const out: Expr[] = [];
    while (!this.accept(end)) {
      out.push(this.expression());
      if (!this.is(end)) this.need(",");
    }
    return out;
  }

  #postfix(first: Expr): Expr {
    let left = first;
    for (;;) {
      if (this.token.first && this.language === "python") return left;
      if (this.is("(") && !(this.language === "perl" && first.k !== "var")) {
        this.at++;
        left = this.#call(left);
      } else if (this.is(".") && this.tokens[this.at + 1]?.t === "name" && this.#dots) {
        this.at++;
        left = { k: "get", o: left, n: this.name() };
      } else if (this.is("[")) {
        this.at++;
        left = this.#index(left);
      } else if (
        this.is("{") &&
        this.language === "perl" &&
        left.k === "var" &&
        left.n.startsWith("$")
      ) {
        this.at++;
        const bare = this.token.t === "name";
        const i: Expr = bare ? { k: "string", v: this.name() } : this.expression();
        this.need("}");
        left = { k: "at", o: { k: "var", n: `%${left.n.slice(1)}` }, i };
      } else return left;
    }
  }

  get #dots(): boolean {
    return this.language !== "perl" && this.language !== "php";
  }

  #call(f: Expr): Expr {
    const args: Expr[] = [];
    const named: Record<string, Expr> = {};
    while (!this.accept(")")) {
      const next = this.tokens[this.at + 1];
      if (
        this.language === "python" &&
        this.token.t === "name" &&
        next?.v === "=" &&
        next.t === "op"
      ) {
        const name = this.name();
        this.at++;
        named[name] = this.expression();
      } else {
        const e = this.expression();
        if (this.language === "python" && this.accept("for")) {
          const name = this.name();
          this.need("in");
          args.push({ k: "each", e, name, of: this.#binary(0) });
        } else args.push(e);
      }
      if (!this.is(")")) this.need(",");
    }
    return { k: "call", f, args, named };
  }

  #index(o: Expr): Expr {
    const from = this.is(":") ? undefined : this.expression();
    if (this.language === "python" && this.accept(":")) {
      const to = this.is("]") ? undefined : this.expression();
      this.need("]");
      return { k: "slice", o, ...(from ? { from } : {}), ...(to ? { to } : {}) };
    }
    this.need("]");
    if (!from) this.refuse();
    return { k: "at", o, i: from };
  }

  /** One expression and nothing after it. */
  whole(): Expr {
    const e = this.expression();
    if (this.token.t !== "end") this.refuse();
    return e;
  }
}
