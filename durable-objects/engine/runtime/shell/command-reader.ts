/** The parts of a simple command. */
import {
  SyntaxProblem,
  type Assign,
  type Item,
  type Node,
  type Redirect,
  type Word,
} from "./ast.ts";
import { readItems, readSubscript } from "./bash/parameter-reader.ts";
import type { Grammar } from "./bash/cursor.ts";
import { WordReader } from "./words.ts";

export const reserved = new Set([
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

const posix: Grammar = { bash: false, ext: false };

/** Builtins of bash whose arguments may be `name=(...)`. */
const declaring = new Set(["declare", "typeset", "local", "export", "readonly"]);

const posixRedirection = /^(\d{0,9})(<<-|<<|<&|<>|<|>>|>&|>\||>)|^(&>)/;
const bashRedirection =
  /^(\d{0,9}|\{[A-Za-z_]\w{0,80}\})(<<<|<<-|<<|<&|<>|<(?!\()|>>|>&|>\||>(?!\())|^(&>>|&>)/;

/** Simple commands and redirections: what the grammar above is made of. */
export abstract class CommandReader extends WordReader {
  readonly nodes: Node[];

  constructor(text: string, at: number, grammar: Grammar = posix, nodes: Node[] = []) {
    super(text, at, grammar);
    this.nodes = nodes;
  }

  /** Aliases to write out in the text as commands are read. */
  aliases: Record<string, string> | undefined;
  /** Where the texts of aliases end that are being read: they do not name themselves again. */
  #within: { name: string; end: number }[] = [];
  /** An alias that ends in a blank: the word behind it may be one, too. */
  #blankEnd = -1;

  /** Replaces an alias at the cursor by its text. */
  protected expandAlias(): boolean {
    if (!this.aliases) return false;
    const name = this.peekWord();
    const value = name !== "" && Object.hasOwn(this.aliases, name) ? this.aliases[name] : undefined;
    this.#within = this.#within.filter((one) => one.end > this.at);
    if (value === undefined || this.#within.some((one) => one.name === name)) return false;
    const rest = this.text.slice(this.at + name.length);
    const grown = value.length - name.length;
    this.text = this.text.slice(0, this.at) + value + rest;
    for (const one of this.#within) one.end += grown;
    this.#within.push({ name, end: this.at + value.length });
    if (/[ \t]$/.test(value)) this.#blankEnd = this.at + value.length;
    return true;
  }

  /** A word behind an alias that ended in a blank. */
  #expandNext(): void {
    if (this.#blankEnd < 0) return;
    this.blanks();
    if (this.at < this.#blankEnd) return;
    this.#blankEnd = -1;
    this.expandAlias();
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
    const problem = new SyntaxProblem(
      `syntax error: unexpected ${what}${hint}`,
      this.line(),
      ended,
    );
    const { text, at } = this;
    if (ended) problem.open = text.endsWith("\n");
    else problem.token = tokenAt(text, at);
    const from = text.lastIndexOf("\n", at - 1) + 1;
    const end = text.indexOf("\n", at);
    problem.source = text.slice(from, end < 0 ? undefined : end);
    throw problem;
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
    const match = (this.grammar.bash ? bashRedirection : posixRedirection).exec(
      this.text.slice(this.at, this.at + 100),
    );
    if (!match) return undefined;
    const op = match[2] ?? match[3] ?? "";
    this.at += match[0].length;
    const name = match[1]?.startsWith("{") ? match[1].slice(1, -1) : undefined;
    const fd = match[1] && !name ? Number(match[1]) : op.startsWith("<") ? 0 : 1;
    this.blanks();
    const start = this.at;
    const word = this.word();
    if (!word) this.unexpected();
    const raw = this.text.slice(start, this.at);
    const redirect: Redirect = {
      fd,
      op,
      word,
      raw,
      ...(match[1] ? { given: true as const } : {}),
      ...(name === undefined ? {} : { var: name }),
    };
    if (op === "<<" || op === "<<-") {
      redirect.op = "<<";
      this.expectDocument(redirect, this.text.slice(start, this.at), op === "<<-");
    }
    return redirect;
  }

  /** `[[ a && b ]]`: one command, whose && and || are words (and all else is as everywhere). */
  protected double(): number {
    const line = this.line();
    const start = this.at;
    const words: Word[] = [];
    const redirs: Redirect[] = [];
    for (;;) {
      this.blanks();
      const operator = /^(&&|\|\|)/.exec(this.text.slice(this.at, this.at + 2))?.[1];
      if (operator) {
        this.at += operator.length;
        words.push([{ t: "lit", v: operator === "&&" ? "-a" : "-o", q: true }]);
        continue;
      }
      const redirect = this.redirect();
      if (redirect) {
        redirs.push(redirect);
        continue;
      }
      const word = this.word();
      if (!word) break;
      words.push(word);
      if (word.length === 1 && word[0]?.t === "lit" && word[0].v === "]]" && !word[0].q) break;
    }
    redirs.push(...this.redirects());
    if (this.text[this.at] === "(") this.#noFunction(words, []);
    return this.add({
      k: "cmd",
      assigns: [],
      words,
      redirs,
      line,
      text: this.text.slice(start, this.at),
    });
  }

  /** A parenthesis behind a word: it would have to define a function. */
  #noFunction(words: Word[], others: unknown[]): never {
    if (words.length !== 1 || others.length > 0) this.unexpected();
    this.at++;
    this.blanks();
    if (this.text[this.at] !== ")") this.unexpected(")");
    throw new SyntaxProblem("syntax error: bad function name", this.line());
  }

  /** `name=value`, in bash `name+=value`, `name[sub]=value`, `name=(...)` too. */
  #assignment(): Assign | undefined {
    const begun = this.at;
    const rest = this.text.slice(begun, begun + 200);
    if (!this.grammar.bash) {
      const assign = /^([A-Za-z_]\w*)=/.exec(rest);
      if (!assign) return undefined;
      this.at += assign[0].length;
      return { name: assign[1]!, append: false, word: this.word() ?? [] };
    }
    const head = /^([A-Za-z_]\w*)(?=\[|\+?=)/.exec(rest);
    if (!head) return undefined;
    this.at += head[0].length;
    const sub = this.text[this.at] === "[" ? readSubscript(this) : undefined;
    const sign = /^\+?=/.exec(this.text.slice(this.at, this.at + 2))?.[0];
    if (sign === undefined) {
      this.at = begun;
      return undefined;
    }
    this.at += sign.length;
    const one = { name: head[1]!, append: sign === "+=", ...(sub ? { sub } : {}) };
    if (this.text[this.at] === "(" && !sub) return { ...one, word: [], items: readItems(this) };
    return { ...one, word: this.word() ?? [] };
  }

  /** The list of an assignment that is all there is; undefined: it is no such thing. */
  listAlone(): Item[] | undefined {
    const items = this.#assignment()?.items;
    this.blanks();
    return this.at < this.text.length ? undefined : items;
  }

  /** `name=(...)` as an argument. */
  #declared(words: readonly Word[]): Word | undefined {
    const first = words[0]?.length === 1 ? words[0][0] : undefined;
    if (!this.grammar.bash || first?.t !== "lit" || !declaring.has(first.v)) return undefined;
    const head = /^[A-Za-z_]\w*\+?=(?=\()/.exec(this.text.slice(this.at, this.at + 200))?.[0];
    if (head === undefined) return undefined;
    this.at += head.length;
    return [
      { t: "lit", v: head, q: false },
      { t: "items", items: readItems(this), q: false },
    ];
  }

  protected simple(): number {
    const assigns: Assign[] = [];
    const words: Word[] = [];
    const redirs: Redirect[] = [];
    const raw: string[] = [];
    const start = this.at;
    const line = this.line();
    for (;;) {
      const redirect = this.redirect();
      if (redirect) {
        redirs.push(redirect);
        continue;
      }
      if (words.length > 0) this.#expandNext();
      else if (assigns.length > 0) while (this.expandAlias());
      const from = this.at;
      const assign = words.length === 0 ? this.#assignment() : undefined;
      const word = assign ? undefined : (this.#declared(words) ?? this.word());
      if (assign) assigns.push(assign);
      else if (word) words.push(word);
      else break;
      if (this.grammar.bash) raw.push(this.text.slice(from, this.at));
    }
    if (assigns.length === 0 && words.length === 0 && redirs.length === 0) this.unexpected();
    if (this.text[this.at] === "(") this.#noFunction(words, [...assigns, ...redirs]);
    return this.add({
      k: "cmd",
      assigns,
      words,
      redirs,
      line,
      text: this.text.slice(start, this.at).trim(),
      ...(this.grammar.bash ? { raw } : {}),
    });
  }
}

/** The token at a place, as it is written. */
function tokenAt(text: string, at: number): string {
  if (text[at] === "\n") return "newline";
  return /^(;;|&&|\|\||<<|>>|[;&|()<>]|[^\s;&|()<>]+)/.exec(text.slice(at, at + 200))?.[1] ?? "";
}
