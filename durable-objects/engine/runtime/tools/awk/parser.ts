/** An awk program as a tree: items and statements. */
import { toolProgramsKeptMax } from "../../../core/limits.ts";
import { memo } from "../../../core/memo.ts";
import { AwkExpressions } from "./expressions.ts";
import { AwkProblem } from "./lexer.ts";
import type { AwkProgram, Expr, Rule, Stmt } from "./tree.ts";

class AwkParser extends AwkExpressions {
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
}

/** Throws AwkProblem. What was parsed last is kept: awk looks its program up at every step. */
export const parseAwk = memo(toolProgramsKeptMax, (text): AwkProgram =>
  new AwkParser(text).program(),
);
