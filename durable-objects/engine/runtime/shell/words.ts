/** Words: quoting and expansions as written. The cursor part of the parser. */
import { shellNestingMax } from "../../core/limits.ts";
import { ansiString } from "./ansi.ts";
import { SyntaxProblem, type Part, type Redirect, type Unit, type Word } from "./ast.ts";
import type { Cursor, Grammar } from "./bash/cursor.ts";
import { readBashParameter } from "./bash/parameter-reader.ts";

const namePattern = /^[A-Za-z_]\w*/;
const special = new Set(["@", "*", "#", "?", "-", "$", "!"]);

interface Awaited {
  redirect: Redirect;
  line: number;
  end: string;
  quoted: boolean;
  strip: boolean;
}

export abstract class WordReader implements Cursor {
  text: string;
  at: number;
  readonly grammar: Grammar;
  #awaited: Awaited[] = [];
  depth = 0;

  constructor(text: string, at: number, grammar: Grammar) {
    this.text = text;
    this.at = at;
    this.grammar = grammar;
  }

  protected abstract subshellBody(): number;
  protected abstract nested(text: string): number;
  abstract unexpected(expecting?: string): never;

  line(): number {
    let line = 1;
    for (let i = this.text.indexOf("\n"); i >= 0 && i < this.at; i = this.text.indexOf("\n", i + 1))
      line++;
    return line;
  }

  unterminated(what: string, token = "}", from?: number, status?: number): never {
    const problem = new SyntaxProblem(`syntax error: ${what}`, this.line(), true);
    problem.token = token;
    if (from !== undefined) problem.from = from;
    if (status !== undefined) problem.status = status;
    throw problem;
  }

  /** Passes over blanks, line continuations and comments. */
  blanks(): void {
    for (;;) {
      const c = this.text[this.at];
      if (c === " " || c === "\t" || c === "\r") this.at++;
      else if (c === "\\" && this.text[this.at + 1] === "\n") this.at += 2;
      else if (c === "#") {
        const end = this.text.indexOf("\n", this.at);
        this.at = end < 0 ? this.text.length : end;
      } else return;
    }
  }

  /** Passes over blanks and line ends, reading the here-documents that wait for them. */
  newlines(): void {
    for (;;) {
      this.blanks();
      if (this.text[this.at] !== "\n") return;
      this.at++;
      this.hereDocuments();
    }
  }

  // Here-documents

  protected expectDocument(redirect: Redirect, raw: string, strip: boolean): void {
    const quoted = /["'\\]/.test(raw);
    const end = redirect.word
      .map((part) => (part.t === "lit" ? part.v : part.t === "var" ? `$${part.name}` : ""))
      .join("");
    this.#awaited.push({ redirect, line: this.line(), end, quoted, strip });
  }

  hereDocuments(): void {
    for (const awaited of this.#awaited.splice(0)) this.#document(awaited);
  }

  /** The text ended on the line of a `<<`: its document is not there yet. */
  finishHereDocuments(): void {
    if (this.#awaited.length === 0) return;
    this.hereDocuments();
  }

  #document({ redirect, line: from, end, quoted, strip }: Awaited): void {
    let body = "";
    for (;;) {
      if (this.at >= this.text.length) break;
      const stop = this.text.indexOf("\n", this.at);
      let line = this.text.slice(this.at, stop < 0 ? this.text.length : stop);
      this.at = stop < 0 ? this.text.length : stop + 1;
      if (strip) line = line.replace(/^\t+/, "");
      if (line === end) {
        redirect.doc = body;
        redirect.word = quoted ? [{ t: "lit", v: body, q: true }] : this.#documentWord(body);
        return;
      }
      body += stop < 0 ? line : `${line}\n`;
    }
    redirect.doc = body;
    // ash takes the end of the script for the end of the document.
    redirect.word = quoted ? [{ t: "lit", v: body, q: true }] : this.#documentWord(body);
    this.documentCut = true;
    this.warnings.push({ at: this.line() - (this.text.endsWith("\n") ? 1 : 0), from, end });
  }

  /** A here-document ended with the text: on a terminal more would come. */
  documentCut = false;
  readonly warnings: NonNullable<Unit["warnings"]> = [];

  #documentWord(body: string): Word {
    const inner = this.within(body);
    const parts = inner.quoted("", "document");
    return parts.length ? parts : [{ t: "lit", v: "", q: true }];
  }

  /** A reader over another text that adds its nodes to the same tree. */
  protected within(text: string): WordReader {
    const made = new (this.constructor as new (
      text: string,
      at: number,
      grammar: Grammar,
      nodes: unknown,
    ) => WordReader)(text, 0, this.grammar, (this as unknown as { nodes: unknown }).nodes);
    made.depth = this.depth + 1;
    if (made.depth > shellNestingMax) this.#tooDeep();
    return made;
  }

  #tooDeep(): never {
    throw new SyntaxProblem("syntax error: nested too deeply", this.line());
  }

  // Words

  /** The word at the cursor; undefined when there is none. */
  word(): Word | undefined {
    const parts = this.parts((c) => /[\s;&|()<>]/.test(c));
    return parts.length ? parts : undefined;
  }

  #literal(parts: Part[], text: string, quoted: boolean): void {
    const last = parts.at(-1);
    if (last?.t === "lit" && last.q === quoted) last.v += text;
    else parts.push({ t: "lit", v: text, q: quoted });
  }

  /** What stands up to a character that `stop`, asked once for each that is not quoted, says. */
  parts(stop: (c: string) => boolean): Part[] {
    if (++this.depth > shellNestingMax) this.#tooDeep();
    const parts: Part[] = [];
    while (this.at < this.text.length) {
      const c = this.text[this.at] as string;
      if (this.grammar.bash && this.#bashPart(parts, c)) continue;
      if (stop(c)) break;
      if (c === "\\") {
        this.at++;
        const next = this.text[this.at++];
        if (next === undefined) this.#literal(parts, "\\", true);
        else if (next !== "\n") this.#literal(parts, next, true);
      } else if (c === "'") this.#literal(parts, this.#single(), true);
      else if (c === '"') {
        this.at++;
        parts.push(...this.#closeQuoted(this.quoted('"', "string")));
      } else if (c === "$" && this.text[this.at + 1] === "'")
        this.#literal(parts, this.#ansi(), true);
      else if (c === "$" || c === "`") this.#dollar(parts, false);
      else {
        this.#literal(parts, c, false);
        this.at++;
      }
    }
    this.depth--;
    return parts;
  }

  /** What only bash has in a word; false: nothing of it stands here. */
  #bashPart(parts: Part[], c: string): boolean {
    const next = this.text[this.at + 1];
    if (c === "$" && next === '"') {
      this.at += 2;
      parts.push(...this.#closeQuoted(this.quoted('"', "string")));
      return true;
    }
    if (c === "$" && next === "[") {
      const end = this.text.indexOf("]", this.at);
      if (end < 0) return false;
      const inner = this.within(this.text.slice(this.at + 2, end));
      this.at = end + 1;
      parts.push({ t: "arith", word: inner.quoted("", "string"), q: false });
      return true;
    }
    if (next !== "(") return false;
    if (c === "<" || c === ">") {
      this.at += 2;
      parts.push({ t: "proc", body: this.subshellBody(), out: c === ">", q: false });
      return true;
    }
    if (!this.grammar.ext || !/[?*+@!]/.test(c)) return false;
    this.#literal(parts, `${c}(`, false);
    this.at += 2;
    for (const part of this.parts((one) => one === ")"))
      if (part.t === "lit") this.#literal(parts, part.v, part.q);
      else parts.push(part);
    if (this.text[this.at] !== ")") this.unterminated("unterminated quoted string", ")");
    this.#literal(parts, ")", false);
    this.at++;
    return true;
  }

  #closeQuoted(parts: Part[]): Part[] {
    this.at++;
    return parts.length ? parts : [{ t: "lit", v: "", q: true }];
  }

  #single(): string {
    const end = this.text.indexOf("'", this.at + 1);
    if (end < 0) {
      const from = this.line();
      this.at = this.text.length;
      this.unterminated("unterminated quoted string", "'", from);
    }
    const text = this.text.slice(this.at + 1, end);
    this.at = end + 1;
    return text;
  }

  #ansi(): string {
    const found = ansiString(this.text, this.at + 2, this.grammar.bash);
    if (!found) {
      const from = this.line();
      this.at = this.text.length;
      this.unterminated("unterminated quoted string", "'", this.grammar.bash ? from : undefined);
    }
    this.at = found.end;
    return found.made;
  }

  /** Inside double quotes (up to `end`, which stays), a here-document or arithmetic (up to the text's end). */
  quoted(end: string, kind: "string" | "document" | "brace"): Part[] {
    const parts: Part[] = [];
    const begun = this.at;
    for (;;) {
      const c = this.text[this.at];
      if (c === undefined) {
        if (end === "") return parts;
        this.at = begun;
        const from = this.line();
        this.at = this.text.length;
        const what = end === "}" ? "missing '}'" : "unterminated quoted string";
        this.unterminated(what, end, from);
      }
      if (c === end) return parts;
      if (c === "\\") {
        const next = this.text[this.at + 1] ?? "";
        this.at += 2;
        if (next === "\n") continue;
        const special = kind === "document" ? /[$`\\]/ : kind === "brace" ? /[$`\\"}]/ : /[$`\\"]/;
        this.#literal(parts, special.test(next) ? next : `\\${next}`, true);
      } else if (c === "$" || c === "`") this.#dollar(parts, true);
      else if (c === '"' && kind === "brace") {
        this.at++;
        parts.push(...this.#closeQuoted(this.quoted('"', "string")));
      } else {
        this.#literal(parts, c, true);
        this.at++;
      }
    }
  }

  #dollar(parts: Part[], q: boolean): void {
    if (this.text[this.at] === "`") {
      parts.push({ t: "cmd", body: this.#backquoted(q), q });
      return;
    }
    const next = this.text[this.at + 1] ?? "";
    if (next === "(") {
      const arithmetic = this.text[this.at + 2] === "(" ? this.#arithmeticEnd() : -1;
      if (arithmetic >= 0) {
        const inner = this.within(this.text.slice(this.at + 3, arithmetic));
        this.at = arithmetic + 2;
        parts.push({ t: "arith", word: inner.quoted("", "string"), q });
        return;
      }
      this.at += 2;
      parts.push({ t: "cmd", body: this.subshellBody(), q });
    } else if (next === "{") {
      this.at += 2;
      parts.push(this.grammar.bash ? readBashParameter(this, q) : this.#braced(q));
    } else {
      const name =
        namePattern.exec(this.text.slice(this.at + 1, this.at + 256))?.[0] ??
        (special.has(next) || /\d/.test(next) ? next : "");
      this.at += 1 + name.length;
      if (name) parts.push({ t: "var", name, op: "", q });
      else this.#literal(parts, "$", q);
    }
  }

  /** Where the `))` of `$((` stands, or -1 when it is a command substitution that begins with a subshell. */
  #arithmeticEnd(): number {
    return arithmeticEnd(this.text, this.at + 3);
  }

  #backquoted(q: boolean): number {
    let inner = "";
    let i = this.at + 1;
    for (; ; i++) {
      const c = this.text[i];
      if (c === undefined) this.unterminated("EOF in backquote substitution", "`");
      if (c === "`") break;
      if (c === "\\" && /[\\`$]/.test(this.text[i + 1] ?? "")) inner += this.text[++i];
      else if (c === "\\" && q && this.text[i + 1] === '"') inner += this.text[++i];
      else inner += c;
    }
    this.at = i + 1;
    return this.nested(inner);
  }

  /** `${...}`, the cursor after the brace. */
  #braced(q: boolean): Part {
    const rest = this.text.slice(this.at, this.at + 256);
    const length = /^#([A-Za-z_]\w*|\d+|[@*?$!-])\}/.exec(rest);
    if (length) {
      this.at += length[0].length;
      return { t: "var", name: length[1] ?? "", op: "len", q };
    }
    const name =
      namePattern.exec(rest)?.[0] ??
      /^\d+/.exec(rest)?.[0] ??
      (special.has(rest[0] ?? "") ? rest[0] : undefined);
    if (name === undefined) return this.#badSubstitution(q);
    this.at += name.length;
    const op = /^(:[-=?+]|[-=?+]|##|#|%%|%|\/\/|\/|:)/.exec(
      this.text.slice(this.at, this.at + 2),
    )?.[1];
    if (this.text[this.at] === "}") {
      this.at++;
      return { t: "var", name, op: "", q };
    }
    if (op === undefined) {
      if (this.at >= this.text.length) this.unterminated("missing '}'");
      return this.#badSubstitution(q);
    }
    this.at += op.length;
    if (op === ":" && this.text[this.at] === "}")
      throw new SyntaxProblem("syntax error: missing '}'", this.line());
    const part: Part = { t: "var", name, op, q };
    part.arg = this.argument(
      q && !/^[#%/]/.test(op),
      op.startsWith("/") ? "/" : op === ":" ? ":" : "",
    );
    if (this.text[this.at] !== "}") {
      this.at++;
      part.arg2 = this.argument(q, "");
    }
    this.at++;
    return part;
  }

  #badSubstitution(q: boolean): Part {
    const end = this.text.indexOf("}", this.at);
    this.at = end < 0 ? this.text.length : end + 1;
    if (end < 0) this.unterminated("missing '}'");
    return { t: "var", name: "", op: "bad", q };
  }

  /** Text of an operator's word up to `}` or a delimiter, which stays. */
  argument(quoted: boolean, delimiter: string): Word {
    if (quoted && delimiter === "") return this.quoted("}", "brace");
    const parts = this.parts((c) => c === "}" || (delimiter !== "" && c === delimiter));
    if (this.at >= this.text.length) this.unterminated("missing '}'");
    return parts;
  }
}

/** Where the `))` stands that closes what begins at `from`, behind a `((`; -1: the parentheses do not close together. */
export function arithmeticEnd(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (c === "(") depth++;
    else if (c === ")" && depth > 0) depth--;
    else if (c === ")") return text[i + 1] === ")" ? i : -1;
  }
  return -1;
}
