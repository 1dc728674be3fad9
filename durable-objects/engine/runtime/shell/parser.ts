/** Parser of POSIX shell commands, with the few extensions busybox ash has. Recursive descent over the text itself. */
import { shellNestingMax } from "../../core/limits.ts";
import { SyntaxProblem, type Arm, type Unit, type Word } from "./ast.ts";
import { CompoundReader } from "./bash/compound-reader.ts";
import { reserved } from "./command-reader.ts";

const closing = new Set(["then", "elif", "else", "fi", "do", "done", "esac", "}"]);

export class Parser extends CompoundReader {
  #depth = 0;

  protected override subshellBody(): number {
    const list = this.list(")");
    this.blanks();
    if (this.grammar.bash && this.at >= this.text.length)
      this.unterminated("unclosed", ")", this.line() + (this.text.endsWith("\n") ? 0 : 1));
    if (this.text[this.at] !== ")") this.unexpected(")");
    this.at++;
    if (this.grammar.bash) this.#fileAlone(list);
    return list;
  }

  /** `$(< file)` reads the file. */
  #fileAlone(list: number): void {
    const node = this.nodes[list]!;
    const only = node.k === "list" && node.items.length === 1 ? node.items[0]!.node : undefined;
    const command = only === undefined ? undefined : this.nodes[only]!;
    if (command?.k !== "cmd" || command.words.length > 0 || command.assigns.length > 0) return;
    if (command.redirs.length === 1 && command.redirs[0]!.op === "<")
      command.words.push([{ t: "lit", v: "cat", q: false }]);
  }

  protected override nested(text: string): number {
    const inner = this.within(text) as Parser;
    const body = inner.list("");
    inner.blanks();
    if (inner.at < text.length) inner.unexpected();
    return body;
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
    const { warnings } = this;
    return {
      nodes: this.nodes,
      root,
      end: this.at,
      line,
      ...(warnings.length ? { warnings } : {}),
    };
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
    const next = this.text[this.at + 1];
    const semicolon =
      this.text[this.at] === ";" && next !== ";" && !(this.grammar.bash && next === "&");
    this.#separated = bg || semicolon;
    if (this.#separated) this.at++;
    return { node, bg, text };
  }

  /** Commands up to a closing word or sign, which stays. An empty one is an error. */
  list(until: string): number {
    if (++this.#depth > shellNestingMax)
      throw new SyntaxProblem("syntax error: nested too deeply", this.line());
    const items: { node: number; bg: boolean; text: string }[] = [];
    this.newlines();
    for (;;) {
      const next = this.text[this.at];
      if (
        next === undefined ||
        (next === ")" && until !== "") ||
        this.text.startsWith(";;", this.at) ||
        (this.grammar.bash && this.text.startsWith(";&", this.at))
      )
        break;
      if (closing.has(this.peekWord())) break;
      items.push(this.#item());
      this.blanks();
      if (this.text[this.at] === "\n") this.newlines();
      else if (!this.#separated) break;
      else this.newlines();
    }
    this.#depth--;
    if (
      items.length === 0 &&
      this.at < this.text.length &&
      until !== ")" &&
      until !== "" &&
      until !== ";;"
    )
      this.unexpected();
    return this.add({ k: "list", items });
  }

  #andOr(): number {
    let left = this.pipeline();
    for (;;) {
      this.blanks();
      const operator = this.text.slice(this.at, this.at + 2);
      if (operator !== "&&" && operator !== "||") return left;
      this.at += 2;
      this.newlines();
      const right = this.pipeline();
      left = this.add({ k: operator === "&&" ? "and" : "or", l: left, r: right });
    }
  }

  protected override pipeline(): number {
    if (this.grammar.bash && this.#accept("time")) return this.timed();
    if (this.#accept("!")) {
      if (this.peekWord() === "!" && !this.grammar.bash) this.unexpected();
      return this.add({ k: "not", body: this.pipeline() });
    }
    const start = this.at;
    const parts = [this.command()];
    for (;;) {
      this.blanks();
      if (this.text[this.at] !== "|" || this.text[this.at + 1] === "|") break;
      this.at++;
      if (this.text[this.at] === "&") {
        if (!this.grammar.bash) this.unexpected();
        this.at++;
        this.joinErrors(parts.at(-1) as number);
      }
      this.newlines();
      parts.push(this.command());
    }
    if (parts.length === 1) return parts[0] as number;
    return this.add({ k: "pipe", parts, text: this.text.slice(start, this.at).trim() });
  }

  protected override command(): number {
    this.blanks();
    const own = this.bashCommand(this.peekWord());
    if (own !== undefined) return own;
    if (this.text[this.at] === "(") return this.#subshell();
    const word = this.peekWord();
    if (!reserved.has(word) && this.expandAlias()) return this.command();
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
        return this.add({ k: "group", body, redirs: this.redirects() });
      }
      case "function":
        if (/^function[ \t]+[^\s()]+/.test(this.text.slice(this.at))) return this.#function(true);
    }
    if (closing.has(word) || word === "in") this.unexpected();
    if (word === "[[") return this.double();
    if (this.functionName() !== undefined) return this.#function(false);
    return this.simple();
  }

  #subshell(): number {
    this.at++;
    const body = this.list(")");
    if ((this.nodes[body] as { items: unknown[] }).items.length === 0) this.unexpected();
    this.blanks();
    if (this.text[this.at] !== ")") this.unexpected(")");
    this.at++;
    return this.add({ k: "sub", body, redirs: this.redirects() });
  }

  #function(keyword: boolean): number {
    const match = (
      keyword ? /^function[ \t]+([^\s()]+)(?:[ \t]*\([ \t]*\))?/ : /^([^\s()]+)[ \t]*\([ \t]*\)/
    ).exec(this.text.slice(this.at));
    const from = this.at;
    this.at += match?.[0].length ?? 0;
    this.newlines();
    const body = this.command();
    return this.add({ k: "func", name: match?.[1] ?? "", body, from, to: this.at });
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
    const node = { k: "if" as const, cond, then, redirs: nested ? [] : this.redirects() };
    return this.add(otherwise === undefined ? node : { ...node, else: otherwise });
  }

  #loop(k: "while" | "until"): number {
    const cond = this.list("do");
    return this.add({ k, cond, body: this.body(), redirs: this.redirects() });
  }

  protected override body(): number {
    if (this.grammar.bash && this.#accept("{")) {
      const group = this.list("}");
      this.#expect("}");
      return group;
    }
    this.#expect("do");
    const body = this.list("done");
    this.#expect("done");
    return body;
  }

  #for(): number {
    const arithmetic = this.arithmeticFor();
    if (arithmetic !== undefined) return arithmetic;
    // bash looks at the name when the loop runs.
    const names = this.grammar.bash ? /^[^\s;&|()<>]+/ : /^[A-Za-z_]\w*/;
    const name = names.exec(this.text.slice(this.at, this.at + 200))?.[0];
    if (!name) {
      if (this.at >= this.text.length || this.grammar.bash) this.unexpected();
      throw new SyntaxProblem("syntax error: bad for loop variable", this.line());
    }
    this.at += name.length;
    const from = this.at;
    const words = this.names();
    const raw = /\bin\b([^\n;]*)/.exec(this.text.slice(from, this.at))?.[1]?.trim() ?? "";
    const body = this.body();
    return this.add({
      k: "for",
      name,
      raw,
      ...(words ? { words } : {}),
      body,
      redirs: this.redirects(),
    });
  }

  /** `in words`, up to the body; undefined: the positional parameters are meant. */
  protected override names(): Word[] | undefined {
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
    return words;
  }

  #case(): number {
    this.blanks();
    const from = this.at;
    const word = this.word();
    if (!word) this.unexpected();
    const raw = this.text.slice(from, this.at);
    this.newlines();
    this.#expect("in");
    const arms: Arm[] = [];
    this.newlines();
    while (!this.#accept("esac")) {
      if (this.at >= this.text.length) this.unexpected(")");
      arms.push(this.#arm());
      this.newlines();
    }
    return this.add({ k: "case", word, raw, arms, redirs: this.redirects() });
  }

  #arm(): Arm {
    if (this.text[this.at] === "(") this.at++;
    const patterns: Word[] = [];
    const raw: string[] = [];
    for (;;) {
      this.blanks();
      const from = this.at;
      const pattern = this.word();
      if (!pattern) this.unexpected(")");
      patterns.push(pattern);
      raw.push(this.text.slice(from, this.at));
      this.blanks();
      if (this.text[this.at] !== "|") break;
      this.at++;
    }
    if (this.text[this.at] !== ")") this.unexpected(")");
    this.at++;
    const body = this.list(";;");
    this.blanks();
    const fall = this.grammar.bash && /^;;?&/.exec(this.text.slice(this.at, this.at + 3))?.[0];
    if (fall) {
      this.at += fall.length;
      return { patterns, raw, body, then: fall as ";&" | ";;&" };
    }
    if (this.text.startsWith(";;", this.at)) this.at += 2;
    else if (this.peekWord() !== "esac") this.unexpected(";;");
    return { patterns, raw, body };
  }
}
