/**
 * Expressions as trees. Operators of one precedence are right-associative, as yq's are.
 * yq: pkg/yqlib/operation.go, expression_postfix.go
 */
import { yqExpressionDepthMax } from "../../../core/limits.ts";
import { tokensOf, type Token } from "./lexer.ts";
import { scalar, wrong, type YqNode } from "./node.ts";

export type Expr =
  | { k: "self" }
  | { k: "value"; node: YqNode }
  | { k: "text"; parts: (string | Expr)[] }
  | { k: "path"; name: string; optional: boolean }
  /** `of[index]`; without `index` all children. */
  | { k: "index"; of: Expr; index?: Expr; optional: boolean }
  | { k: "slice"; of: Expr; from?: Expr | undefined; to?: Expr | undefined }
  | { k: "recurse"; keys: boolean }
  | { k: "var"; name: string }
  | { k: "env"; name: string; plain: boolean }
  | { k: "binary"; op: string; flags: string; a: Expr; b: Expr }
  | { k: "collect" | "object"; of?: Expr | undefined }
  | { k: "call"; name: string; args: Expr[] }
  /** `a style = b`, of a node's attributes. */
  | { k: "attribute"; name: string; update: boolean; a: Expr; b: Expr }
  | { k: "if"; c: Expr; a: Expr; b?: Expr | undefined };

const precedences: Record<string, number> = {
  ";": 8,
  ",": 10,
  ":": 15,
  or: 20,
  and: 20,
  "|": 30,
  ireduce: 35,
  "=": 40,
  "|=": 40,
  "+=": 40,
  "-=": 40,
  "/=": 40,
  as: 40,
  ref: 40,
  "==": 40,
  "!=": 40,
  ">": 40,
  "<": 40,
  ">=": 40,
  "<=": 40,
  "*": 42,
  "*=": 42,
  "/": 42,
  "%": 42,
  "+": 42,
  "-": 42,
  "//": 42,
};
const attributes = new Set(
  "style tag anchor alias line_comment head_comment foot_comment comments".split(" "),
);
const withArguments = new Set(
  "map_values map filter pick omit eval error sort_keys load load_str select has unique_by group_by explode join sub match capture test sort_by any_c all_c contains split set_path del_paths with_entries with del first".split(
    " ",
  ),
);
const closers: Record<string, string> = { "(": ")", "[": "]", ".[": "]", "{": "}", if: "end" };

const escapes: Record<string, string> = {
  n: "\n",
  t: "\t",
  r: "\r",
  '"': '"',
  "\\": "\\",
  f: "\f",
  v: "\v",
  a: "\x07",
  b: "\b",
};

class Parser {
  readonly tokens: Token[];
  at = 0;
  depth = 0;

  constructor(tokens: Token[]) {
    this.tokens = tokens;
  }

  #op(ahead = 0): string | undefined {
    const token = this.tokens[this.at + ahead];
    return token?.t === "op" ? token.text : undefined;
  }

  whole(): Expr {
    const out = this.expression(0);
    const left = this.tokens[this.at];
    if (!left) return out;
    const text = this.#op();
    if (text === ")")
      return wrong("bad expression, got close brackets without matching opening bracket");
    if (text === "]" || text === "}")
      return wrong(
        "bad path expression, got close collect brackets without matching opening bracket",
      );
    return wrong("bad expression, please check expression syntax");
  }

  expression(least: number): Expr {
    if (++this.depth > yqExpressionDepthMax)
      return wrong("bad expression, please check expression syntax");
    const first = this.#primary();
    let left: Expr | undefined = first;
    for (;;) {
      const assigned = this.#attribute();
      if (assigned && least <= 40) {
        left = { k: "attribute", ...assigned, a: left ?? { k: "self" }, b: this.expression(40) };
        continue;
      }
      const token = this.tokens[this.at];
      const op = this.#op();
      const precedence = op === undefined ? undefined : precedences[op];
      if (token?.t !== "op" || op === undefined || precedence === undefined || precedence < least)
        break;
      this.at++;
      if (!left)
        return wrong(`'${op}' expects 2 args but there is ${this.at < this.tokens.length ? 1 : 0}`);
      const a: Expr = left;
      const b = this.#right(precedence, op);
      left = { k: "binary", op, flags: token.flags, a, b };
    }
    this.depth--;
    return left ?? wrong(this.#nothing());
  }

  #nothing(): string {
    const text = this.#op();
    if (text === ")" || text === "]" || text === "}" || text === undefined)
      return "bad expression, please check expression syntax";
    return `'${text}' expects 2 args but there is 0`;
  }

  #right(precedence: number, op: string): Expr {
    const next = this.#op();
    if (this.at >= this.tokens.length || next === ")" || next === "]" || next === "}")
      return wrong(`'${op}' expects 2 args but there is 1`);
    return this.expression(precedence);
  }

  /** `style =` and the like, where an operator stands. */
  #attribute(): { name: string; update: boolean } | undefined {
    const [name, sign] = [this.#op(), this.#op(1)];
    if (name === undefined || !attributes.has(name) || (sign !== "=" && sign !== "|="))
      return undefined;
    this.at += 2;
    return { name, update: sign === "|=" };
  }

  #close(open: string): string {
    const closer = closers[open]!;
    const token = this.tokens[this.at];
    if (token?.t !== "op" || token.text !== closer) {
      if (token && !(token.t === "op" && /^(\)|\]|\}|end)$/.test(token.text)))
        return wrong("bad expression, please check expression syntax");
      return wrong(`bad expression, could not find matching \`${closer}\``);
    }
    this.at++;
    return token.flags;
  }

  #primary(): Expr | undefined {
    const token = this.tokens[this.at];
    if (!token) return wrong("bad expression, please check expression syntax");
    if (
      this.#op(1) !== undefined &&
      token.t === "op" &&
      attributes.has(token.text) &&
      /^\|?=$/.test(this.#op(1)!)
    )
      return undefined;
    if (token.t === "op" && precedences[token.text] !== undefined) return undefined;
    this.at++;
    return this.#postfix(this.#simple(token));
  }

  #simple(token: Token): Expr {
    switch (token.t) {
      case "value":
        return { k: "value", node: token.node };
      case "text":
        return textOf(token.text);
      case "path":
        return { k: "path", name: token.name, optional: token.optional };
      case "var":
        return { k: "var", name: token.name };
      case "env":
        return { k: "env", name: token.name, plain: token.plain };
      case "call":
        return { k: "call", name: token.name, args: [{ k: "value", node: scalar(token.arg) }] };
      default:
        return this.#word(token);
    }
  }

  #word({ text }: Token): Expr {
    switch (text) {
      case ".":
        return { k: "self" };
      case "..":
      case "...":
        return { k: "recurse", keys: text === "..." };
      case ".[":
        return this.#index({ k: "self" }, ".[");
      case "(": {
        this.#unclosed("(");
        const inner = this.expression(0);
        this.#close("(");
        return inner;
      }
      case "[":
      case "{": {
        const k = text === "[" ? "collect" : "object";
        this.#unclosed(text);
        if (this.#op() === closers[text]) {
          this.at++;
          return { k };
        }
        const of = this.expression(0);
        this.#close(text);
        return { k, of };
      }
      case "if":
        return this.#if();
      case ")":
      case "]":
      case "}":
        this.at--;
        return wrong(
          text === ")"
            ? "bad expression, got close brackets without matching opening bracket"
            : "bad path expression, got close collect brackets without matching opening bracket",
        );
      default:
        return this.#call(text);
    }
  }

  #unclosed(open: string): void {
    if (this.at >= this.tokens.length)
      wrong(`bad expression, could not find matching \`${closers[open]!}\``);
  }

  #if(): Expr {
    const c = this.expression(6);
    if (this.#op() !== "then") return wrong("bad expression, `if` must be followed by `then`");
    this.at++;
    const a = this.expression(6);
    const next = this.#op();
    let b: Expr | undefined;
    if (next === "elif") {
      this.at++;
      return { k: "if", c, a, b: this.#if() };
    }
    if (next === "else") {
      this.at++;
      b = this.expression(6);
    }
    this.#close("if");
    return { k: "if", c, a, b };
  }

  #call(name: string): Expr {
    if (!withArguments.has(name) || (name === "first" && this.#op() !== "("))
      return { k: "call", name, args: [] };
    if (this.at >= this.tokens.length || this.#op() === ")" || this.#op() === "|")
      return wrong(`'${name}' expects 1 arg but received none`);
    if (this.#op() !== "(") return { k: "call", name, args: [this.#postfixed()] };
    this.at++;
    this.#unclosed("(");
    if (this.#op() === ")") return wrong(`'${name}' expects 1 arg but received none`);
    const args: Expr[] = [];
    const inner = this.expression(0);
    const walk = (one: Expr): void => {
      if (
        one.k === "binary" &&
        (one.op === ";" || (one.op === "," && /^(sub|match|test|capture)$/.test(name)))
      ) {
        walk(one.a);
        walk(one.b);
      } else args.push(one);
    };
    walk(inner);
    this.#close("(");
    return { k: "call", name, args };
  }

  #postfixed(): Expr {
    const token = this.tokens[this.at++]!;
    return this.#postfix(this.#simple(token));
  }

  /** What stands right behind a value: `.a`, `[0]`. */
  #postfix(first: Expr): Expr {
    let out = first;
    for (;;) {
      const token = this.tokens[this.at];
      if (token?.t === "path") {
        this.at++;
        out = {
          k: "binary",
          op: "|",
          flags: "",
          a: out,
          b: { k: "path", name: token.name, optional: token.optional },
        };
      } else if (token?.t === "op" && (token.text === "[" || token.text === ".[")) {
        this.at++;
        out = this.#index(out, token.text);
      } else return out;
    }
  }

  #index(of: Expr, open: string): Expr {
    if (this.#op() === "]") return { k: "index", of, optional: this.#close(open) === "?" };
    this.#unclosed(open);
    const from = this.#op() === ":" ? undefined : this.expression(16);
    if (this.#op() === ":") {
      this.at++;
      const to = this.#op() === "]" ? undefined : this.expression(16);
      this.#close(open);
      return { k: "slice", of, from, to };
    }
    const rest = this.#op() === ",";
    let index = from!;
    if (rest) {
      this.at++;
      index = { k: "binary", op: ",", flags: "", a: index, b: this.expression(10) };
    }
    return { k: "index", of, index, optional: this.#close(open) === "?" };
  }
}

/** A text's escapes and what is put in. */
function textOf(text: string): Expr {
  const parts: (string | Expr)[] = [];
  let plain = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c !== "\\") {
      plain += c;
      continue;
    }
    const next = text[++i] ?? "";
    if (next === "(") {
      let depth = 1;
      let end = i + 1;
      for (; end < text.length && depth > 0; end++)
        depth += text[end] === "(" ? 1 : text[end] === ")" ? -1 : 0;
      if (depth > 0) return wrong("unclosed interpolation string - missing closing bracket");
      parts.push(plain, parse(text.slice(i + 1, end - 1).replaceAll('\\"', '"')));
      plain = "";
      i = end - 1;
    } else plain += escapes[next] ?? `\\${next}`;
  }
  if (parts.length === 0) return { k: "value", node: scalar(plain) };
  return { k: "text", parts: [...parts, plain] };
}

/** The tree of an expression. YqError. */
export function parse(text: string): Expr {
  const tokens = tokensOf(text);
  if (tokens.length === 0) return { k: "self" };
  return new Parser(tokens).whole();
}
