/** Parser of POSIX shell commands, with the few extensions busybox ash has. Recursive descent over the text itself. */
import { SyntaxProblem, type Assign, type Node, type Redirect, type Unit, type Word } from "./ast.ts";
import { WordReader } from "./words.ts";

const reserved = new Set(["if", "then", "elif", "else", "fi", "while", "until", "for", "do", "done", "case", "esac", "in", "{", "}", "!", "function"]);
const closing = new Set(["then", "elif", "else", "fi", "do", "done", "esac", "}"]);
const nestingMax = 100;

export class Parser extends WordReader {
  readonly nodes: Node[];
  #depth = 0;

  constructor(text: string, at: number, nodes: Node[] = []) {
    super(text, at);
    this.nodes = nodes;
  }

  add(node: Node): number {
    this.nodes.push(node);
    return this.nodes.length - 1;
  }

  protected override subshellBody(): number {
    const list = this.list(")");
    this.blanks();
    if (this.text[this.at] !== ")") this.unexpected(")");
    this.at++;
    return list;
  }

  protected override nested(text: string): number {
    const inner = new Parser(text, 0, this.nodes);
    const body = inner.list("");
    inner.blanks();
    if (inner.at < text.length) inner.unexpected();
    return body;
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

  #accept(word: string): boolean {
    if (this.peekWord() !== word) return false;
    this.at += word.length;
    return true;
  }

  #expect(word: string): void {
    if (!this.#accept(word)) this.unexpected(word);
  }

  /** One complete command, up to and with its line end. */
  unit(): Unit {
    this.newlines();
    const line = this.line();
    if (this.at >= this.text.length) return { nodes: this.nodes, end: this.at, line };
    const root = this.#line();
    return { nodes: this.nodes, root, end: this.at, line };
  }

  #line(): number {
    const items: { node: number; bg: boolean; text: string }[] = [];
    for (;;) {
      items.push(this.#item());
      this.blanks();
      const next = this.text[this.at];
      if (next === undefined) break;
      if (next === "\n") {
        this.at++;
        this.hereDocuments();
        break;
      }
      if (!this.#separated) this.unexpected();
      this.blanks();
      if (this.at >= this.text.length) break;
      if (this.text[this.at] !== "\n") continue;
      this.at++;
      this.hereDocuments();
      break;
    }
    this.finishHereDocuments();
    return this.add({ k: "list", items });
  }

  #separated = false;

  #item(): { node: number; bg: boolean; text: string } {
    const start = this.at;
    const node = this.#andOr();
    const text = this.text.slice(start, this.at).trim();
    this.blanks();
    const bg = this.text[this.at] === "&" && this.text[this.at + 1] !== "&";
    const semicolon = this.text[this.at] === ";" && this.text[this.at + 1] !== ";";
    this.#separated = bg || semicolon;
    if (this.#separated) this.at++;
    return { node, bg, text };
  }

  /** Commands up to a closing word or sign, which stays. An empty one is an error. */
  list(until: string): number {
    if (++this.#depth > nestingMax) throw new SyntaxProblem("syntax error: nested too deeply", this.line());
    const items: { node: number; bg: boolean; text: string }[] = [];
    this.newlines();
    for (;;) {
      const next = this.text[this.at];
      if (next === undefined || (next === ")" && until !== "") || this.text.startsWith(";;", this.at)) break;
      if (closing.has(this.peekWord())) break;
      items.push(this.#item());
      this.blanks();
      if (this.text[this.at] === "\n") this.newlines();
      else if (!this.#separated) break;
      else this.newlines();
    }
    this.#depth--;
    if (items.length === 0 && this.at < this.text.length && until !== ")" && until !== "" && until !== ";;") this.unexpected();
    return this.add({ k: "list", items });
  }

  #andOr(): number {
    let left = this.#pipeline();
    for (;;) {
      this.blanks();
      const operator = this.text.slice(this.at, this.at + 2);
      if (operator !== "&&" && operator !== "||") return left;
      this.at += 2;
      this.newlines();
      const right = this.#pipeline();
      left = this.add({ k: operator === "&&" ? "and" : "or", l: left, r: right });
    }
  }

  #pipeline(): number {
    if (this.#accept("!")) return this.add({ k: "not", body: this.#pipeline() });
    const start = this.at;
    const parts = [this.#command()];
    for (;;) {
      this.blanks();
      if (this.text[this.at] !== "|" || this.text[this.at + 1] === "|") break;
      this.at++;
      if (this.text[this.at] === "&") this.unexpected();
      this.newlines();
      parts.push(this.#command());
    }
    if (parts.length === 1) return parts[0] as number;
    return this.add({ k: "pipe", parts, text: this.text.slice(start, this.at).trim() });
  }

  #command(): number {
    this.blanks();
    if (this.text[this.at] === "(") return this.#subshell();
    const word = this.peekWord();
    switch (word) {
      case "if":
        this.at += 2;
        return this.#if();
      case "while":
      case "until":
        this.at += 5;
        return this.#loop(word);
      case "for":
        this.at += 3;
        return this.#for();
      case "case":
        this.at += 4;
        return this.#case();
      case "{": {
        this.at++;
        const body = this.list("}");
        this.#expect("}");
        return this.add({ k: "group", body, redirs: this.#redirects() });
      }
      case "function":
        if (/^function[ \t]+[^\s()]+/.test(this.text.slice(this.at))) return this.#function(true);
    }
    if (closing.has(word)) this.unexpected();
    if (word === "[[") return this.#double();
    if (/^[A-Za-z_][\w.-]*[ \t]*\([ \t]*\)/.test(this.text.slice(this.at, this.at + 120))) return this.#function(false);
    return this.#simple();
  }

  #subshell(): number {
    this.at++;
    const body = this.list(")");
    if ((this.nodes[body] as { items: unknown[] }).items.length === 0) this.unexpected();
    this.blanks();
    if (this.text[this.at] !== ")") this.unexpected(")");
    this.at++;
    return this.add({ k: "sub", body, redirs: this.#redirects() });
  }

  #function(keyword: boolean): number {
    const match = (keyword ? /^function[ \t]+([^\s()]+)(?:[ \t]*\([ \t]*\))?/ : /^([^\s()]+)[ \t]*\([ \t]*\)/).exec(this.text.slice(this.at));
    this.at += match?.[0].length ?? 0;
    this.newlines();
    return this.add({ k: "func", name: match?.[1] ?? "", body: this.#command() });
  }

  #if(): number {
    const cond = this.list("then");
    this.#expect("then");
    const then = this.list("fi");
    let otherwise: number | undefined;
    let nested = false;
    if (this.#accept("elif")) {
      otherwise = this.#if();
      nested = true;
    } else if (this.#accept("else")) otherwise = this.list("fi");
    if (!nested) this.#expect("fi");
    const node = { k: "if" as const, cond, then, redirs: nested ? [] : this.#redirects() };
    return this.add(otherwise === undefined ? node : { ...node, else: otherwise });
  }

  #loop(k: "while" | "until"): number {
    const cond = this.list("do");
    return this.add({ k, cond, body: this.#body(), redirs: this.#redirects() });
  }

  #body(): number {
    this.#expect("do");
    const body = this.list("done");
    this.#expect("done");
    return body;
  }

  #for(): number {
    this.blanks();
    const name = /^[A-Za-z_]\w*/.exec(this.text.slice(this.at, this.at + 200))?.[0];
    if (!name) {
      if (this.at >= this.text.length) this.unexpected();
      throw new SyntaxProblem("syntax error: bad for loop variable", this.line());
    }
    this.at += name.length;
    this.newlines();
    let words: Word[] | undefined;
    if (this.#accept("in")) {
      words = [];
      for (;;) {
        this.blanks();
        const word = this.word();
        if (!word) break;
        words.push(word);
      }
      this.blanks();
      if (this.text[this.at] === ";") this.at++;
      else if (this.text[this.at] !== "\n") this.unexpected();
    } else {
      this.blanks();
      if (this.text[this.at] === ";") this.at++;
    }
    this.newlines();
    const body = this.#body();
    return this.add({ k: "for", name, ...(words ? { words } : {}), body, redirs: this.#redirects() });
  }

  #case(): number {
    this.blanks();
    const word = this.word();
    if (!word) this.unexpected();
    this.newlines();
    this.#expect("in");
    const arms: { patterns: Word[]; body?: number }[] = [];
    this.newlines();
    while (!this.#accept("esac")) {
      if (this.at >= this.text.length) this.unexpected("esac");
      arms.push(this.#arm());
      this.newlines();
    }
    return this.add({ k: "case", word, arms, redirs: this.#redirects() });
  }

  #arm(): { patterns: Word[]; body?: number } {
    if (this.text[this.at] === "(") this.at++;
    const patterns: Word[] = [];
    for (;;) {
      this.blanks();
      const pattern = this.word();
      if (!pattern) this.unexpected(")");
      patterns.push(pattern);
      this.blanks();
      if (this.text[this.at] !== "|") break;
      this.at++;
    }
    if (this.text[this.at] !== ")") this.unexpected(")");
    this.at++;
    const body = this.list(";;");
    this.blanks();
    if (this.text.startsWith(";;", this.at)) this.at += 2;
    else if (this.peekWord() !== "esac") this.unexpected(";;");
    return { patterns, body };
  }

  #redirects(): Redirect[] {
    const out: Redirect[] = [];
    for (let one = this.#redirect(); one; one = this.#redirect()) out.push(one);
    return out;
  }

  #redirect(): Redirect | undefined {
    this.blanks();
    const match = /^(\d?)(<<-|<<|<&|<>|<|>>|>&|>\||>)|^(&>)/.exec(this.text.slice(this.at, this.at + 4));
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
  #double(): number {
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
    return this.add({ k: "cmd", assigns: [], words, redirs: this.#redirects(), line, text: this.text.slice(start, this.at) });
  }

  #simple(): number {
    const assigns: Assign[] = [];
    const words: Word[] = [];
    const redirs: Redirect[] = [];
    const start = this.at;
    const line = this.line();
    for (;;) {
      const redirect = this.#redirect();
      if (redirect) {
        redirs.push(redirect);
        continue;
      }
      const assign = words.length === 0 ? /^([A-Za-z_]\w*)()=/.exec(this.text.slice(this.at, this.at + 200)) : null;
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
    return this.add({ k: "cmd", assigns, words, redirs, line, text: this.text.slice(start, this.at).trim() });
  }
}
