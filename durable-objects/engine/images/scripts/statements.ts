/** Statements of the little interpreters, as operations. */
import { ExpressionReader, pathOf, type Expr } from "./expressions.ts";
import type { Language } from "./tokens.ts";

export type Op =
  | { k: "expr"; e: Expr }
  | { k: "set"; to: Expr; e: Expr }
  | { k: "jump"; to: number }
  | { k: "unless"; e: Expr; to: number }
  /** Begins to go through a list; `next` takes its next item or jumps. */
  | { k: "iter"; it: string; e: Expr }
  | { k: "next"; it: string; names: string[]; to: number }
  | { k: "print"; how: string; args: Expr[]; named: Record<string, Expr> }
  | { k: "sleep"; e: Expr; unitMs: number }
  | { k: "exit"; e?: Expr };

/** Functions whose calls are statements: what they print, and how. */
const printing: Record<Language, Record<string, string>> = {
  python: { print: "print", "sys.stdout.write": "out", "sys.stderr.write": "err" },
  perl: { print: "out", say: "line", printf: "format", warn: "err" },
  ruby: { puts: "puts", print: "out", p: "inspect", printf: "format", warn: "putserr" },
  php: { echo: "out", print: "out", printf: "format", print_r: "out", var_dump: "dump" },
};

/** Operations of simple statements, and of loops whose bodies the languages read. */
export abstract class StatementReader extends ExpressionReader {
  readonly ops: Op[] = [];
  iterators = 0;
  readonly loops: { breaks: number[]; continues: number[] }[] = [];

  jump(k: "jump", to?: number): number;
  jump(k: "unless", e: Expr): number;
  jump(k: "jump" | "unless", what?: Expr | number): number {
    this.ops.push(
      k === "jump" ? { k, to: (what as number | undefined) ?? -1 } : { k, e: what as Expr, to: -1 },
    );
    return this.ops.length - 1;
  }

  land(at: number, to = this.ops.length): void {
    const op = this.ops[at];
    if (op && "to" in op && typeof op.to === "number") op.to = to;
  }

  // Loops

  whileLoop(body: () => void, condition = this.expression()): void {
    const top = this.ops.length;
    const out = this.jump("unless", condition);
    this.loops.push({ breaks: [out], continues: [] });
    body();
    this.jump("jump", top);
    this.close(top);
  }

  eachLoop(names: string[], list: Expr, body: () => void): void {
    const it = `#${this.iterators++}`;
    this.ops.push({ k: "iter", it, e: list });
    const top = this.ops.length;
    this.ops.push({ k: "next", it, names, to: -1 });
    this.loops.push({ breaks: [top], continues: [] });
    body();
    this.jump("jump", top);
    this.close(top);
  }

  close(again: number): void {
    const { breaks, continues } = this.loops.pop() as { breaks: number[]; continues: number[] };
    for (const at of continues) this.land(at, again);
    for (const at of breaks) this.land(at);
  }

  leave(word: string): void {
    const loop = this.loops.at(-1);
    if (!loop) this.refuse();
    (word === "break" || word === "last" ? loop.breaks : loop.continues).push(this.jump("jump"));
  }

  // Statements without a block

  simple(): void {
    const { language, token } = this;
    const bare = language === "perl" || language === "ruby" || language === "php";
    if (bare && token.t === "name") {
      const how = printing[language][token.v];
      const next = this.tokens[this.at + 1];
      if (how && !(next?.v === "(" && language !== "php" && !this.#continues())) {
        this.at++;
        return void this.ops.push({ k: "print", how, args: this.listed(), named: {} });
      }
      if (/^(sleep|exit|die)$/.test(token.v) && next?.v !== "(") {
        this.at++;
        const [e] = this.listed();
        if (token.v === "sleep")
          this.ops.push({ k: "sleep", e: e ?? { k: "number", text: "0" }, unitMs: 1000 });
        else this.ops.push({ k: "exit", ...(e ? { e } : {}) });
        return;
      }
    }
    const e = this.expression();
    for (const op of ["=", "+=", "-=", "*=", "/=", "%=", ".=", "**=", "//=", "++", "--"])
      if (this.is(op)) return this.#assign(e, op);
    this.#called(e);
  }

  /** Whether the brackets behind a name hold only the beginning of its arguments: `print (1+1)*2`. */
  #continues(): boolean {
    let depth = 0;
    for (let i = this.at + 1; i < this.tokens.length; i++) {
      const { v, t } = this.tokens[i] as { v: string; t: string };
      if (t !== "op") continue;
      if (v === "(") depth++;
      else if (v === ")" && --depth === 0) return this.tokens[i + 1]?.v === ",";
    }
    return false;
  }

  listed(): Expr[] {
    const out: Expr[] = [];
    while (
      !this.is(";", "}", "for", "foreach", "if", "unless", "while", "end") &&
      this.token.t !== "end"
    ) {
      if (this.token.first && this.language === "ruby" && out.length) break;
      out.push(this.expression());
      if (!this.accept(",")) break;
    }
    return out;
  }

  #assign(to: Expr, op: string): void {
    this.at++;
    if (to.k !== "var" && to.k !== "at") this.refuse();
    if (op === "++" || op === "--") {
      const one: Expr = { k: "number", text: "1" };
      return void this.ops.push({
        k: "set",
        to,
        e: { k: "binary", op: op.slice(1), l: to, r: one },
      });
    }
    const e = this.expression();
    const whole: Expr = op === "=" ? e : { k: "binary", op: op.slice(0, -1), l: to, r: e };
    this.ops.push({ k: "set", to, e: whole });
  }

  #called(e: Expr): void {
    if (e.k !== "call") return void this.ops.push({ k: "expr", e });
    const path = pathOf(e.f);
    const how = printing[this.language][path];
    if (how) return void this.ops.push({ k: "print", how, args: e.args, named: e.named });
    const [first] = e.args;
    if (/^(time\.sleep|sleep|usleep)$/.test(path) && first)
      return void this.ops.push({ k: "sleep", e: first, unitMs: path === "usleep" ? 0.001 : 1000 });
    if (/^(sys\.exit|exit|quit|os\._exit|die)$/.test(path))
      return void this.ops.push({ k: "exit", ...(first ? { e: first } : {}) });
    this.ops.push({ k: "expr", e });
  }
}
