/** A filter's text as a tree. The words of what is wrong are those of jq's grammar (src/parser.y). CompileProblem. */
import { jqNestingMax } from "../../../core/limits.ts";
import { shownText } from "./json-text.ts";
import { isKeyword, type Token } from "./lexer.ts";
import { behindTerm, binary, levels } from "./operators.ts";
import {
  CompileProblem,
  type Definition,
  type Node,
  type Parameter,
  type Pattern,
} from "./tree.ts";
import { kindOf } from "./values.ts";
import { text, Texts } from "./texts.ts";
import type { Around } from "./words.ts";

const id: Node = { k: "id" };

class Parser extends Texts {
  program(): Node {
    const defs: Definition[] = [];
    if (this.take("module")) {
      this.expression(1);
      this.expect("';'");
    }
    while (this.is("import") || this.is("include")) this.importing();
    while (this.is("def")) defs.push(this.definition());
    let body: Node = id;
    if (!this.is("$end")) body = this.expression(1, true);
    if (!this.is("$end")) this.unexpected("$end");
    if (this.found.length > 0) throw new CompileProblem(this.found);
    return defs.reduceRight<Node>((rest, def) => ({ k: "def", def, rest }), body);
  }

  /** Operators from a level on. `top`: whether nothing stands before it, where a word that cannot begin it is one too many. */
  expression(level: number, top = false): Node {
    if (++this.depth > jqNestingMax) this.tooDeep();
    let left = this.prefix(top);
    for (;;) {
      const { token } = this;
      const known = levels[token.kind];
      if (!known || known[0] < level) break;
      this.at++;
      const [own, assoc] = known;
      const right = this.expression(assoc === "right" ? own : own + 1);
      left = binary(token.kind, left, right);
      if (assoc === "none" && levels[this.token.kind]?.[0] === own) this.unexpected();
    }
    this.depth--;
    return left;
  }

  /** What begins an expression, and the `?` behind it. */
  prefix(top: boolean): Node {
    const { token } = this;
    let made: Node;
    if (token.kind === "def") {
      const def = this.definition();
      return { k: "def", def, rest: this.expression(1) };
    } else if (token.kind === "reduce" || token.kind === "foreach") made = this.#fold(token.kind);
    else if (token.kind === "if") made = this.#if();
    else if (token.kind === "try") made = this.#try();
    else if (token.kind === "label") return this.#label();
    else if (token.kind === "'-'") {
      this.at++;
      return { k: "neg", of: this.expression(9) };
    } else {
      made = this.term(top);
      if (this.take("as")) {
        const to = this.patterns();
        this.expect("'|'", "'|'");
        return { k: "as", of: made, to, body: this.expression(1) };
      }
    }
    while (this.take("'?'")) made = { k: "try", body: made };
    return made;
  }

  #fold(k: "reduce" | "foreach"): Node {
    this.at++;
    const of = this.term(false);
    this.expect("as", "FIELD", "as", "'.'", "'['");
    const to = this.patterns();
    this.expect("'('", "'('");
    const init = this.expression(1);
    this.expect("';'");
    const update = this.expression(1);
    if (k === "reduce") {
      this.expect("')'");
      return { k, of, to, init, update };
    }
    const extract = this.take("';'") ? this.expression(1) : undefined;
    this.expect("')'");
    return { k, of, to, init, update, extract };
  }

  #if(): Node {
    const { at } = this.token;
    const c = this.#condition();
    return this.within({ k: "if", at }, () => this.#branches(c));
  }

  /** Behind `if` or `elif`. */
  #condition(): Node {
    this.at++;
    const c = this.expression(1);
    this.expect("then");
    return c;
  }

  #branches(c: Node): Node {
    const a = this.expression(1);
    if (this.is("elif")) return { k: "if", c, a, b: this.#branches(this.#condition()) };
    this.expect("else");
    const b = this.expression(1);
    this.expect("end");
    return { k: "if", c, a, b };
  }

  #try(): Node {
    const { at } = this.token;
    this.at++;
    const body = this.#guarded();
    if (!this.take("catch")) return { k: "try", body };
    const handler = this.within({ k: "try", at }, () => this.#guarded());
    return { k: "try", body, handler };
  }

  /** What `try` and `catch` hold: no operator, and no `?` of theirs. */
  #guarded(): Node {
    const { kind } = this.token;
    if (/^(def|reduce|foreach|if|try|label|'-')$/.test(kind)) return this.prefix(false);
    const made = this.term(false);
    if (!this.take("as")) return made;
    const to = this.patterns();
    this.expect("'|'", "'|'");
    return { k: "as", of: made, to, body: this.expression(1) };
  }

  #label(): Node {
    this.at++;
    this.expect("'$'", "'$'");
    const { text: name } = this.expect("IDENT", "IDENT");
    this.expect("'|'", "'|'");
    return { k: "label", to: { name }, body: this.expression(1) };
  }

  definition(): Definition {
    this.at++;
    const { text: name } = this.expect("IDENT", "IDENT");
    const params: Parameter[] = [];
    if (this.take("'('")) {
      do {
        const variable = this.take("'$'");
        const param = this.expect("IDENT", ...(variable ? ["IDENT"] : ["IDENT", "'$'"])).text;
        params.push({ name: param, ...(variable ? { variable: { name: param } } : {}) });
      } while (this.take("';'"));
      this.expect("')'", "';'", "')'");
      this.expect("':'", "':'");
    } else this.expect("':'", "'('", "':'");
    const body = this.expression(1);
    this.expect("';'");
    return { name, params, body };
  }

  patterns(): Pattern[] {
    const out = [this.pattern()];
    while (this.take("?//")) out.push(this.pattern());
    return out;
  }

  pattern(): Pattern {
    if (this.take("'$'")) return { k: "var", to: { name: this.expect("IDENT", "IDENT").text } };
    if (this.take("'['")) {
      const of: Pattern[] = [];
      do of.push(this.pattern());
      while (this.take("','"));
      this.expect("']'", "','", "']'");
      return { k: "array", of };
    }
    if (!this.take("'{'")) this.unexpected("'$'", "'['", "'{'");
    const of: (Pattern & { k: "object" })["of"] = [];
    do {
      if (this.take("'$'")) {
        const name = this.expect("IDENT", "IDENT").text;
        const value = this.take("':'") ? this.pattern() : undefined;
        of.push({ key: text(name), to: { name }, ...(value ? { value } : {}) });
        continue;
      }
      const key = this.#key();
      this.expect("':'", "':'");
      of.push({ key, value: this.pattern() });
    } while (this.take("','"));
    this.expect("'}'", "','", "'}'");
    return { k: "object", of };
  }

  /** A name, a text or an expression in parentheses. */
  #key(): Node {
    const { token } = this;
    if (token.kind === "IDENT" || isKeyword(token.kind)) {
      this.at++;
      return text(token.text);
    }
    if (token.kind === "QQSTRING_START" || token.kind === "FORMAT") return this.string();
    if (!this.take("'('")) this.unexpected();
    return this.#enclosed(token, "')'");
  }

  /** An expression and the bracket behind it. */
  #enclosed(token: Token, end: string): Node {
    return this.within({ k: "brackets", at: token.at }, () => {
      const made = this.expression(1);
      this.expect(end);
      return made;
    });
  }

  term(top: boolean): Node {
    let made = this.primary(top);
    for (;;) {
      const { token } = this;
      if (token.kind === "FIELD") {
        this.at++;
        made = this.optional({ k: "index", of: made, key: text(token.text.slice(1)) });
      } else if (token.kind === "'.'") {
        this.at++;
        if (!this.is("QQSTRING_START") && !this.is("FORMAT"))
          this.unexpected("FORMAT", "QQSTRING_START");
        made = this.optional({ k: "index", of: made, key: this.string() });
      } else if (token.kind === "'['") made = this.optional(this.#bracket(made));
      else return made;
    }
  }

  /** With the `?` of an access. */
  optional(made: Node): Node {
    return this.take("'?'") ? ({ ...made, opt: true } as Node) : made;
  }

  #bracket(of: Node): Node {
    const { at } = this.token;
    this.at++;
    if (this.take("']'")) return { k: "each", of };
    return this.within({ k: "brackets", at }, () => {
      if (this.take("':'")) {
        const to = this.expression(1);
        this.expect("']'");
        return { k: "slice", of, to };
      }
      const key = this.expression(1);
      if (this.take("':'")) {
        const to = this.is("']'") ? undefined : this.expression(1);
        this.expect("']'");
        return { k: "slice", of, from: key, to };
      }
      this.expect("']'");
      return { k: "index", of, key };
    });
  }

  primary(top: boolean): Node {
    const { token } = this;
    this.at++;
    switch (token.kind) {
      case "'.'":
        return this.#dot(token);
      case "..":
        return { k: "call", name: "recurse", args: [], at: token.at };
      case "FIELD":
        return this.optional({ k: "index", of: id, key: text(token.text.slice(1)) });
      case "LITERAL":
        return { k: "const", v: token.value ?? null };
      case "FORMAT":
        if (!this.is("QQSTRING_START")) return { k: "format", name: token.text.slice(1) };
        this.at--;
        return this.string();
      case "QQSTRING_START":
        this.at--;
        return this.string();
      case "break": {
        const around: Around = { k: "break", at: token.at };
        return this.within(around, () => {
          this.expect("'$'", "'$'");
          const name = this.expect("IDENT", "IDENT").text;
          return { k: "break", name, at: token.at };
        });
      }
      case "'$'": {
        if (this.take("__loc__")) return this.#loc(token);
        const { text: name } = this.expect("IDENT", "IDENT", "__loc__");
        return { k: "var", name, at: token.at };
      }
      case "IDENT":
        return this.#call(token);
      case "'('":
        return this.#enclosed(token, "')'");
      case "'['": {
        if (this.take("']'")) return { k: "array" };
        return { k: "array", of: this.#enclosed(token, "']'") };
      }
      case "'{'":
        return this.#object();
      default:
        this.at--;
        return this.unexpected(...(top ? ["$end"] : []));
    }
  }

  #dot(token: Token): Node {
    return this.within({ k: "field", at: token.at }, () => {
      if (this.is("QQSTRING_START") || this.is("FORMAT"))
        return this.optional({ k: "index", of: id, key: this.string() });
      // `. name`: what stands behind the name is said to be wrong.
      if (this.take("IDENT") || !(this.token.kind in levels || behindTerm.has(this.token.kind)))
        this.unexpected();
      return id;
    });
  }

  #loc(token: Token): Node {
    const lines = this.line(token.at);
    return {
      k: "const",
      v: new Map<string, string | number>([
        ["file", "<top-level>"],
        ["line", lines + 1],
      ]),
    };
  }
  /** Line ends before a place. */
  line: (at: number) => number = () => 0;

  #call(token: Token): Node {
    const words: Record<string, null | boolean> = { null: null, true: true, false: false };
    if (!this.take("'('")) {
      if (Object.hasOwn(words, token.text)) return { k: "const", v: words[token.text]! };
      return { k: "call", name: token.text, args: [], at: token.at };
    }
    const args: Node[] = [];
    do args.push(this.within({ k: "brackets", at: token.at }, () => this.expression(1)));
    while (this.take("';'"));
    this.expect("')'", "';'", "')'");
    return { k: "call", name: token.text, args, at: token.at };
  }

  #object(): Node {
    const pairs: [Node, Node][] = [];
    const { at } = this.token;
    while (!this.is("'}'"))
      this.within({ k: "pair", at }, () => {
        pairs.push(this.#pair());
        if (!this.take("','") && !this.is("'}'")) this.unexpected("'}'");
      });
    this.at++;
    return { k: "object", pairs };
  }

  #pair(): [Node, Node] {
    const { token } = this;
    if (this.take("'$'")) {
      const { text: name } = this.expect("IDENT", "IDENT");
      return [text(name), { k: "var", name, at: token.at }];
    }
    const parenthesis = token.kind === "'('";
    const key = this.#key();
    if (parenthesis) this.expect("':'", "':'");
    else if (!this.take("':'")) return [key, { k: "index", of: id, key }];
    const value = this.#value();
    if (parenthesis && key.k === "const" && typeof key.v !== "string")
      this.found.push({
        text: `Cannot use ${kindOf(key.v)} (${shownText(key.v)}) as object key`,
        at: token.at,
      });
    return [key, value];
  }

  #value(): Node {
    if (++this.depth > jqNestingMax) this.tooDeep();
    let made: Node = this.take("'-'") ? { k: "neg", of: this.#value() } : this.term(false);
    if (this.take("'|'")) made = { k: "pipe", a: made, b: this.#value() };
    this.depth--;
    return made;
  }
}

/** The tree of a program. CompileProblem. */
export function parseFilter(program: string): Node {
  const parser = new Parser(program);
  parser.line = (at) => program.slice(0, at).split("\n").length - 1;
  return parser.program();
}
