/** The compound commands that bash has beyond POSIX: `[[ ]]`, `(( ))`, `for (( ))`, `select`, `time`, `coproc`. */
import { SyntaxProblem, type Node, type Redirect, type Word } from "../ast.ts";
import { CommandReader } from "../command-reader.ts";
import { arithmeticEnd } from "../words.ts";
import { readCondition } from "./condition-reader.ts";

const functionHead = /^[^\s()<>;&|"'`$\\#{}=!][^\s()<>;&|"'`$\\=]*[ \t]*\([ \t]*\)/;

export abstract class CompoundReader extends CommandReader {
  protected abstract command(): number;
  protected abstract pipeline(): number;
  protected abstract body(): number;
  protected abstract names(): Word[] | undefined;

  /** The name of a function that is defined here, or nothing; the cursor stays. */
  protected functionName(): string | undefined {
    const rest = this.text.slice(this.at, this.at + 120);
    const head = this.grammar.bash ? functionHead : /^[A-Za-z_]\w*[ \t]*\([ \t]*\)/;
    return head.exec(rest)?.[0];
  }

  /** A compound command of bash's own; undefined: none begins here. */
  protected bashCommand(word: string): number | undefined {
    if (!this.grammar.bash) return undefined;
    if (this.text.startsWith("((", this.at)) {
      const end = arithmeticEnd(this.text, this.at + 2);
      return end < 0 ? undefined : this.#arithmetic(end);
    }
    if (word === "[[") return this.#condition();
    if (word === "select") {
      this.at += word.length;
      return this.#select();
    }
    if (word !== "coproc") return undefined;
    this.at += word.length;
    return this.#coprocess();
  }

  #arithmetic(end: number): number {
    const begun = this.at;
    const line = this.line();
    const word = this.within(this.text.slice(begun + 2, end)).quoted("", "string");
    this.at = end + 2;
    const text = this.text.slice(begun, this.at);
    return this.add({ k: "arith", word, line, text, redirs: this.redirects() });
  }

  #condition(): number {
    const begun = this.at;
    const line = this.line();
    this.at += 2;
    const of = readCondition(this);
    const text = this.text.slice(begun, this.at);
    return this.add({ k: "cond", of, line, text, redirs: this.redirects() });
  }

  /** `for ((...))`, the cursor behind `for`; undefined: it is another `for`. */
  protected arithmeticFor(): number | undefined {
    this.blanks();
    if (!this.grammar.bash || !this.text.startsWith("((", this.at)) return undefined;
    const line = this.line();
    const end = arithmeticEnd(this.text, this.at + 2);
    if (end < 0) this.unexpected();
    const texts = this.text.slice(this.at + 2, end).split(";");
    if (texts.length !== 3) {
      const problem = new SyntaxProblem("syntax error: arithmetic expression required", line);
      problem.token = "((";
      throw problem;
    }
    const parts = texts.map((text) => this.within(text).quoted("", "string"));
    this.at = end + 2;
    this.blanks();
    if (this.text[this.at] === ";") this.at++;
    this.newlines();
    const raw = texts.map((text) => text.trimStart());
    return this.add({ k: "cfor", parts, raw, body: this.body(), line, redirs: this.redirects() });
  }

  #select(): number {
    this.blanks();
    const name = /^[A-Za-z_]\w*/.exec(this.text.slice(this.at, this.at + 200))?.[0];
    if (!name) this.unexpected();
    this.at += name.length;
    const from = this.at;
    const words = this.names();
    const raw = /\bin\b([^\n;]*)/.exec(this.text.slice(from, this.at))?.[1]?.trim() ?? "";
    const body = this.body();
    const node: Node = { k: "select", name, raw, body, redirs: this.redirects() };
    return this.add(words ? { ...node, words } : node);
  }

  #coprocess(): number {
    const begun = this.at;
    this.blanks();
    const rest = this.text.slice(this.at, this.at + 200);
    const name = /^([A-Za-z_]\w*)[ \t]+[{(]/.exec(rest)?.[1];
    if (name !== undefined) {
      this.at += name.length;
      this.blanks();
    }
    const body = this.command();
    const text = `coproc${this.text.slice(begun, this.at)}`;
    return this.add({ k: "coproc", name: name ?? "COPROC", body, text });
  }

  /** `time`, the cursor behind it. */
  protected timed(): number {
    this.blanks();
    const posix = /^-p(?=[\s;&|]|$)/.test(this.text.slice(this.at, this.at + 3));
    if (posix) {
      this.at += 2;
      this.blanks();
    }
    const empty = this.at >= this.text.length || /[\n;&|)]/.test(this.text[this.at]!);
    const node: Node = { k: "time", posix };
    return this.add(empty ? node : { ...node, body: this.pipeline() });
  }

  /** `|&`: the errors of the part before go along, after its own redirections. */
  protected joinErrors(part: number): void {
    const node = this.nodes[part] as Node & { redirs?: Redirect[] };
    node.redirs?.push({
      fd: 2,
      given: true,
      op: ">&",
      raw: "1",
      word: [{ t: "lit", v: "1", q: false }],
    });
  }
}
