/** A one-liner as a list of operations with jumps: where it stands is a number, so it can be stored between two of them. */
import { memo } from "../../core/memo.ts";
import { scriptBytesMax, scriptsKeptMax } from "../../core/limits.ts";
import type { Expr } from "./expressions.ts";
import { StatementReader, type Op } from "./statements.ts";
import { Unsupported, type Language } from "./tokens.ts";

/** Words that begin what is not simulated: in Python, and in the languages of braces. */
const refusedPython = "def class try with lambda return async raise global del assert".split(" ");
const refusedBraces = "function class try sub switch return throw".split(" ");

class ProgramReader extends StatementReader {
  read(): Op[] {
    while (this.token.t !== "end") this.#statement();
    return this.ops;
  }

  #statement(): void {
    if (this.accept(";")) return;
    if (this.language === "python") return this.#python();
    if (this.language === "ruby") return this.#ruby();
    this.#braces();
  }

  /** Statements within braces, or one. */
  #block(): void {
    if (!this.accept("{")) return this.#statement();
    while (!this.accept("}")) {
      if (this.token.t === "end") this.refuse();
      this.#statement();
    }
  }

  #ended(): void {
    if (this.accept(";") || this.token.t === "end" || this.is("}")) return;
    if (this.token.first && this.language === "ruby") return;
    this.refuse();
  }

  // Python

  #python(): void {
    const { column } = this.token;
    if (this.accept("import") || this.accept("from")) return this.#skipLine();
    if (this.accept("pass")) return;
    if (this.is("break", "continue")) return this.leave(this.name());
    if (this.accept("while")) return this.whileLoop(() => this.#suite(column));
    if (this.accept("for")) {
      const names = [this.name()];
      while (this.accept(",")) names.push(this.name());
      this.need("in");
      return this.eachLoop(names, this.expression(), () => this.#suite(column));
    }
    if (this.accept("if")) return this.#if(column);
    if (this.is(...refusedPython)) this.refuse();
    this.simple();
    if (!this.accept(";") && !this.token.first && this.token.t !== "end") this.refuse();
  }

  #skipLine(): void {
    while (!this.token.first && this.token.t !== "end" && !this.is(";")) this.at++;
  }

  /** What stands behind a colon: on its line, or indented below. */
  #suite(column: number): void {
    this.need(":");
    if (!this.token.first) {
      do this.#statement();
      while (!this.token.first && this.token.t !== "end");
      return;
    }
    if (this.token.column <= column) this.refuse();
    while (this.token.t !== "end" && !(this.token.first && this.token.column <= column))
      this.#statement();
  }

  #if(column: number): void {
    const skip = this.jump("unless", this.expression());
    this.#suite(column);
    const aligned = this.token.column === column;
    if (aligned && (this.is("elif") || this.is("else"))) {
      const out = this.jump("jump");
      this.land(skip);
      if (this.accept("elif")) this.#if(column);
      else {
        this.at++;
        this.#suite(column);
      }
      this.land(out);
    } else this.land(skip);
  }

  // Languages of braces

  #braces(): void {
    if (this.is("{")) return this.#block();
    if (this.accept("if")) return this.#ifBraces();
    if (this.accept("while")) {
      this.need("(");
      const condition = this.expression();
      this.need(")");
      return this.whileLoop(() => this.#block(), condition);
    }
    if (this.is("for", "foreach")) return this.#for();
    if (this.is("break", "continue", "last", "next") && this.token.t === "name") {
      this.leave(this.name());
      return this.#ended();
    }
    if (this.accept("use") || this.accept("no")) {
      while (!this.is(";") && this.token.t !== "end") this.at++;
      return this.#ended();
    }
    if (this.is(...refusedBraces)) this.refuse();
    const declares = this.accept("const") || this.accept("my") || this.accept("our");
    const from = this.ops.length;
    this.simple();
    if (declares) while (this.accept(",")) this.simple();
    this.#modifier(from);
    this.#ended();
  }

  /** perl: `print for 1..3`, `print "x" if $y`. */
  #modifier(from: number): void {
    if (this.language !== "perl" || !this.is("for", "foreach", "if", "unless", "while")) return;
    const word = this.name();
    const e = this.expression();
    const moved = this.ops.splice(from);
    const body = (): void => void this.ops.push(...moved);
    if (moved.some((op) => "to" in op && typeof op.to === "number")) this.refuse();
    if (word === "for" || word === "foreach") return this.eachLoop(["$_"], e, body);
    if (word === "while") return this.whileLoop(body, e);
    const skip = this.jump("unless", word === "if" ? e : { k: "unary", op: "!", e });
    body();
    this.land(skip);
  }

  #ifBraces(): void {
    this.need("(");
    const skip = this.jump("unless", this.expression());
    this.need(")");
    this.#block();
    if (this.is("elsif", "elseif") || this.is("else")) {
      const out = this.jump("jump");
      this.land(skip);
      if (this.name() === "else") this.#block();
      else this.#ifBraces();
      this.land(out);
    } else this.land(skip);
  }

  #for(): void {
    const word = this.name();
    if (this.language === "perl" && !this.is("(")) {
      this.accept("my");
      const name = this.name();
      this.need("(");
      const list: Expr = { k: "list", items: this.items(")") };
      return this.eachLoop([name], list, () => this.#block());
    }
    this.need("(");
    if (word === "foreach" && this.language === "php") {
      const list = this.expression();
      this.need("as");
      const name = this.name();
      this.need(")");
      return this.eachLoop([name], list, () => this.#block());
    }
    const declared = this.accept("my");
    if (this.language === "perl" && !declared && this.tokens[this.at + 1]?.v !== "=") {
      const list: Expr = { k: "list", items: this.items(")") };
      return this.eachLoop(["$_"], list, () => this.#block());
    }
    if (!this.is(";")) this.simple();
    this.need(";");
    const condition: Expr = this.is(";") ? { k: "number", text: "1" } : this.expression();
    this.need(";");
    const from = this.ops.length;
    if (!this.is(")")) this.simple();
    const step = this.ops.splice(from);
    this.need(")");
    const top = this.ops.length;
    const out = this.jump("unless", condition);
    this.loops.push({ breaks: [out], continues: [] });
    this.#block();
    const again = this.ops.length;
    this.ops.push(...step);
    this.jump("jump", top);
    this.close(again);
  }

  // Ruby

  #ruby(): void {
    if (this.accept("require")) {
      this.at++;
      return this.#ended();
    }
    if (this.is("def", "class", "begin", "module", "if", "unless", "while", "until", "case"))
      this.refuse();
    const from = this.at;
    if (this.accept("loop"))
      return this.#rubyBlock((body) => this.whileLoop(body, { k: "var", n: "true" }));
    if (!this.is("puts", "print", "p", "sleep", "exit")) {
      const e = this.expression();
      if (e.k === "get" && /^(times|each)$/.test(e.n) && this.is("{", "do")) {
        const list: Expr =
          e.n === "each" ? e.o : { k: "call", f: { k: "var", n: "#upto" }, args: [e.o], named: {} };
        return this.#rubyBlock((body, name) => this.eachLoop([name], list, body));
      }
      this.at = from;
    }
    this.simple();
    this.#ended();
  }

  #rubyBlock(loop: (body: () => void, name: string) => void): void {
    const end = this.accept("{") ? "}" : "end";
    if (end === "end") this.need("do");
    let name = "_";
    if (this.accept("|")) {
      name = this.name();
      this.need("|");
    }
    loop(() => {
      while (!this.accept(end)) {
        if (this.token.t === "end") this.refuse();
        if (this.is("end", "}")) this.refuse();
        this.#statement();
      }
    }, name);
    this.#ended();
  }
}

/** A program, or the words of it that are not understood. */
export const readProgram = memo(scriptsKeptMax, (key): Op[] | { bad: string } => {
  const [language = "", ...rest] = key.split(" ");
  const source = rest.join(" ");
  if (source.length > scriptBytesMax) return { bad: source.slice(0, 60) };
  try {
    return new ProgramReader(source, language as Language).read();
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    return { bad: error.message };
  }
});
