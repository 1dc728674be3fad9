/** The parts of a simple command. */
import { SyntaxProblem, type Assign, type Node, type Redirect, type Word } from "./ast.ts";
import { WordReader } from "./words.ts";

const reserved = new Set([
  "if",
  "then",
  "elif",
  "else",
  "fi",
  "while",
  "until",
  "for",
  "do",
  "done",
  "case",
  "esac",
  "in",
  "{",
  "}",
  "!",
  "function",
]);

/** Simple commands and redirections: what the grammar above is made of. */
export abstract class CommandReader extends WordReader {
  readonly nodes: Node[];

  constructor(text: string, at: number, nodes: Node[] = []) {
    super(text, at);
    this.nodes = nodes;
  }

  add(node: Node): number {
    this.nodes.push(node);
    return this.nodes.length - 1;
  }

  /** Complains of what stands at the cursor. */
  unexpected(expecting?: string): never {
    const what = this.#tokenName();
    const hint = expecting ? ` (expecting "${expecting}")` : "";
    const ended = this.at >= this.text.length;
    throw new SyntaxProblem(`syntax error: unexpected ${what}${hint}`, this.line(), ended);
  }

  #tokenName(): string {
    this.blanks();
    const rest = this.text.slice(this.at);
    if (rest === "") return "end of file";
    if (rest.startsWith("\n")) return "newline";
    const operator = /^(;;|&&|\|\||[;&|()])/.exec(rest)?.[1];
    if (operator) return `"${operator}"`;
    if (/^[<>]/.test(rest)) return "redirection";
    const word = /^[^\s;&|()<>]+/.exec(rest)?.[0] ?? "";
    return reserved.has(word) ? `"${word}"` : "word";
  }

  /** The plain word at the cursor, without moving. */
  peekWord(): string {
    this.blanks();
    let end = this.at;
    while (end < this.text.length && !/[\s;&|()<>"'\\$`]/.test(this.text[end] as string)) end++;
    if (end < this.text.length && /["'\\$`]/.test(this.text[end] as string)) return "";
    return this.text.slice(this.at, end);
  }

  protected redirects(): Redirect[] {
    const out: Redirect[] = [];
    for (let one = this.redirect(); one; one = this.redirect()) out.push(one);
    return out;
  }

  protected redirect(): Redirect | undefined {
    this.blanks();
    const match = /^(\d?)(<<-|<<|<&|<>|<|>>|>&|>\||>)|^(&>)/.exec(
      this.text.slice(this.at, this.at + 4),
    );
    if (!match) return undefined;
    const op = match[2] ?? match[3] ?? "";
    this.at += match[0].length;
    const fd = match[1] ? Number(match[1]) : op.startsWith("<") ? 0 : 1;
    this.blanks();
    const start = this.at;
    const word = this.word();
    if (!word) this.unexpected();
    const redirect: Redirect = { fd, op, word };
    if (op.startsWith("<<")) {
      redirect.op = "<<";
      this.expectDocument(redirect, this.text.slice(start, this.at), op === "<<-");
    }
    return redirect;
  }

  /** `[[ a && b ]]`: one command, whose && and || are words. */
  protected double(): number {
    const line = this.line();
    const start = this.at;
    const words: Word[] = [];
    for (;;) {
      this.blanks();
      const operator = /^(&&|\|\||[()<>])/.exec(this.text.slice(this.at, this.at + 2))?.[1];
      if (operator) {
        this.at += operator.length;
        words.push([{ t: "lit", v: operator, q: true }]);
        continue;
      }
      const word = this.word();
      if (!word) break;
      words.push(word);
      if (word.length === 1 && word[0]?.t === "lit" && word[0].v === "]]" && !word[0].q) break;
    }
    return this.add({
      k: "cmd",
      assigns: [],
      words,
      redirs: this.redirects(),
      line,
      text: this.text.slice(start, this.at),
    });
  }

  protected simple(): number {
    const assigns: Assign[] = [];
    const words: Word[] = [];
    const redirs: Redirect[] = [];
    const start = this.at;
    const line = this.line();
    for (;;) {
      const redirect = this.redirect();
      if (redirect) {
        redirs.push(redirect);
        continue;
      }
      const assign =
        words.length === 0
          ? /^([A-Za-z_]\w*)()=/.exec(this.text.slice(this.at, this.at + 200))
          : null;
      if (assign) {
        this.at += assign[0].length;
        assigns.push({ name: assign[1] ?? "", append: assign[2] === "+", word: this.word() ?? [] });
        continue;
      }
      const word = this.word();
      if (!word) break;
      words.push(word);
    }
    if (assigns.length === 0 && words.length === 0 && redirs.length === 0) this.unexpected();
    if (this.text[this.at] === "(") this.unexpected();
    return this.add({
      k: "cmd",
      assigns,
      words,
      redirs,
      line,
      text: this.text.slice(start, this.at).trim(),
    });
  }
}
