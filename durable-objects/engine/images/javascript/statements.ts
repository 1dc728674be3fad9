/** Reads JavaScript's statements. */
import { ExpressionReader } from "./expressions.ts";
import { Refused } from "./tokens.ts";
import type { Node, Statement } from "./tree.ts";

export class ProgramReader extends ExpressionReader {
  read(): Statement[] {
    const out: Statement[] = [];
    while (this.token.k !== "end") out.push(...this.#statement());
    return out;
  }

  inner(source: string, line: number): Node {
    const reader = new ProgramReader(source, line);
    const e = reader.expression();
    if (reader.token.k !== "end") reader.unexpected();
    return e;
  }

  block(): Statement[] {
    this.need("{");
    const out: Statement[] = [];
    while (!this.accept("}")) {
      if (this.token.k === "end") this.unexpected();
      out.push(...this.#statement());
    }
    return out;
  }

  #ended(): void {
    if (this.accept(";") || this.is("}") || this.token.k === "end" || this.token.first) return;
    this.unexpected();
  }

  #one(): Statement {
    const list = this.#statement();
    return list.length === 1 ? (list[0] as Statement) : { s: "block", body: list };
  }

  #paren(): Node {
    this.need("(");
    const e = this.expression();
    this.need(")");
    return e;
  }

  #statement(): Statement[] {
    const { k, v, line } = this.token;
    if (this.accept(";")) return [];
    if (this.is("{")) return [{ s: "block", body: this.block() }];
    if (k === "name") {
      const known = this.#worded(v, line);
      if (known) return known;
    }
    const e = this.expression();
    this.#ended();
    return [{ s: "expression", e }];
  }

  #worded(v: string, line: number): Statement[] | undefined {
    const next = this.tokens[this.at + 1];
    if (next?.k === "sign" && next.v === ":" && v !== "default") this.beyond("a label");
    if (next?.k === "sign" && /^(=>|=|\.)$/.test(next.v) && /^(async|let|import)$/.test(v))
      return undefined;
    switch (v) {
      case "var":
      case "let":
      case "const": {
        this.at++;
        const list = this.#declared();
        this.#ended();
        return [{ s: "declare", kind: v, list }];
      }
      case "function":
        this.at++;
        return [{ s: "fn", fn: this.fn(false, line) }];
      case "async":
        if (next?.k !== "name" || next.v !== "function") return undefined;
        this.at += 2;
        return [{ s: "fn", fn: this.fn(true, line) }];
      case "class":
        this.at++;
        return [{ s: "class", c: this.classNode(line) }];
      case "import":
        if (next?.k === "sign" && next.v === "(") return undefined;
        this.at++;
        return this.#import();
      case "export":
        this.at++;
        return this.#export();
      case "debugger":
        this.at++;
        this.#ended();
        return [];
      case "with":
        return this.beyond(v);
    }
    return this.#control(v, line);
  }

  #control(v: string, line: number): Statement[] | undefined {
    switch (v) {
      case "if": {
        this.at++;
        const c = this.#paren();
        const a = this.#one();
        return [{ s: "if", c, a, b: this.accept("else") ? this.#one() : null }];
      }
      case "for":
        this.at++;
        return [this.#for()];
      case "while":
        this.at++;
        return [{ s: "while", c: this.#paren(), body: this.#one(), first: true }];
      case "do": {
        this.at++;
        const body = this.#one();
        this.need("while");
        const c = this.#paren();
        this.accept(";");
        return [{ s: "while", c, body, first: false }];
      }
      case "break":
      case "continue":
        this.at++;
        if (this.token.k === "name" && !this.token.first) this.beyond("a label");
        this.#ended();
        return [{ s: "leave", word: v }];
      case "return": {
        this.at++;
        const none = this.is(";", "}") || this.token.first || this.token.k === "end";
        const e = none ? null : this.expression();
        this.#ended();
        return [{ s: "return", e }];
      }
      case "throw": {
        this.at++;
        const e = this.expression();
        this.#ended();
        return [{ s: "throw", e, line }];
      }
      case "try":
        this.at++;
        return [this.#try()];
      case "switch":
        this.at++;
        return [this.#switch()];
    }
    return undefined;
  }

  #declared(): [Node, Node | null][] {
    const out: [Node, Node | null][] = [];
    do {
      const target = this.target();
      if (target.t === "assign") out.push([target.l, target.r]);
      else out.push([target, null]);
    } while (this.accept(","));
    return out;
  }

  #for(): Statement {
    if (this.is("await")) this.beyond("for await");
    this.need("(");
    const kind = (["var", "let", "const"] as const).find((word) => this.is(word));
    if (kind) this.at++;
    let init: Statement | null = null;
    if (!this.is(";")) {
      this.noIn = true;
      const list: [Node, Node | null][] = kind ? this.#declared() : [[this.expression(), null]];
      this.noIn = false;
      const of = this.is("of");
      if (of || this.is("in")) {
        this.at++;
        const e = of ? this.assignment() : this.expression();
        this.need(")");
        const to = (list[0] as [Node, null])[0];
        return { s: "each", of, kind, to, e, body: this.#one() };
      }
      init = kind ? { s: "declare", kind, list } : { s: "expression", e: (list[0] as [Node, null])[0] }; // prettier-ignore
    }
    this.need(";");
    const c = this.is(";") ? null : this.expression();
    this.need(";");
    const step = this.is(")") ? null : this.expression();
    this.need(")");
    return { s: "for", init, c, step, body: this.#one() };
  }

  #try(): Statement {
    const body = this.block();
    let name: Node | null = null;
    let handler: Statement[] | null = null;
    if (this.accept("catch")) {
      if (this.accept("(")) {
        name = this.target();
        this.need(")");
      }
      handler = this.block();
    }
    const last = this.accept("finally") ? this.block() : null;
    if (!handler && !last) throw new Refused("Missing catch or finally after try", this.token.line);
    return { s: "try", body, name, handler, last };
  }

  #switch(): Statement {
    const e = this.#paren();
    const cases: [Node | null, Statement[]][] = [];
    this.need("{");
    while (!this.accept("}")) {
      const test = this.accept("default") ? null : (this.need("case"), this.expression());
      this.need(":");
      const body: Statement[] = [];
      while (!this.is("case", "default", "}")) body.push(...this.#statement());
      cases.push([test, body]);
    }
    return { s: "switch", e, cases };
  }

  /** `import a, { b as c } from "d"` is `const`s of what require gives. */
  #import(): Statement[] {
    const { line } = this.token;
    const names: [Node, "default" | "all" | Node][] = [];
    const id = (n: string): Node => ({ t: "name", n, line });
    const required = (): Node => {
      if (this.token.k !== "string") this.unexpected();
      const module: Node = { t: "value", v: this.token.v };
      this.at++;
      this.#ended();
      return { t: "call", f: id("require"), args: [module], line };
    };
    if (this.token.k === "string") return [{ s: "expression", e: required() }];
    do {
      if (this.accept("*")) {
        this.need("as");
        names.push([id(this.name()), "all"]);
      } else if (this.accept("{")) {
        while (!this.accept("}")) {
          const from = this.name();
          const to = this.accept("as") ? this.name() : from;
          names.push([id(to), { t: "value", v: from }]);
          if (!this.is("}")) this.need(",");
        }
      } else names.push([id(this.name()), "default"]);
    } while (this.accept(","));
    this.need("from");
    const module = required();
    const list = names.map(([to, what]): [Node, Node] => [
      to,
      typeof what === "string" ? module : { t: "member", o: module, k: what, line },
    ]);
    return [{ s: "declare", kind: "const", list }];
  }

  #export(): Statement[] {
    const { line } = this.token;
    const exported = (key: string, r: Node): Statement => {
      const exports: Node = { t: "name", n: "exports", line };
      const l: Node = { t: "member", o: exports, k: { t: "value", v: key }, line };
      return { s: "expression", e: { t: "assign", op: "=", l, r } };
    };
    if (this.accept("default")) {
      const e = this.assignment();
      this.#ended();
      return [exported("default", e)];
    }
    if (this.is("{", "*")) this.beyond("export of a list");
    const list = this.#statement();
    const names = list.flatMap((one) => {
      if (one.s === "fn") return [one.fn.name];
      if (one.s === "class") return [one.c.name];
      return one.s === "declare" ? one.list.flatMap(([to]) => (to.t === "name" ? [to.n] : [])) : [];
    });
    return [...list, ...names.map((n) => exported(n, { t: "name", n, line }))];
  }
}
