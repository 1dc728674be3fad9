/** Operations of expressions and patterns. */
import type { Code, Op, Unit } from "./code.ts";
import { Refused } from "./tokens.ts";
import type { ClassNode, Fn, Node } from "./tree.ts";

/** An anonymous function or class is called after the name it is given. */
export function named(e: Node, name: string): Node {
  if (e.t === "fn" && e.fn.name === "") return { t: "fn", fn: { ...e.fn, name } };
  if (e.t === "class" && e.c.name === "") return { t: "class", c: { ...e.c, name } };
  return e;
}

/** The name of a target that is one. */
export const nameOf = (to: Node): string => (to.t === "name" ? to.n : "");

export abstract class ExpressionCompiler {
  readonly unit: Unit;
  ops: Op[] = [];
  lines: number[] = [];
  line = 1;

  constructor(unit: Unit) {
    this.unit = unit;
  }

  emit(name: string, a?: unknown): number {
    this.ops.push(a === undefined ? [name] : [name, a]);
    this.lines.push(this.line);
    return this.ops.length - 1;
  }

  /** A jump whose target comes later. */
  jump(name: string): number {
    return this.emit(name, -1);
  }

  land(at: number): void {
    this.ops[at] = [(this.ops[at] as Op)[0], this.ops.length];
  }

  /** Compiles a function of its own; its number. */
  abstract fn(fn: Fn, constructs?: Code["constructs"]): number;

  value(e: Node): void {
    if ("line" in e) this.line = e.line;
    switch (e.t) {
      case "value":
        return void (e.v === undefined ? this.emit("undefined") : this.emit("value", e.v));
      case "template":
        return this.#template(e);
      case "regex":
        return void this.emit("regex", [e.pattern, e.flags]);
      case "name":
        return void this.emit("name", e.n);
      case "this":
        return void this.emit("name", "this");
      case "super":
        return void this.emit("super");
      case "list":
        return this.#list(e.items);
      case "object":
        return this.#object(e);
      case "fn":
        return void this.emit("fn", this.fn(e.fn));
      case "class":
        return this.classOf(e.c);
      case "unary":
        return this.#unary(e);
      case "update":
        return this.#update(e);
      case "binary":
        this.value(e.l);
        this.value(e.r);
        return void this.emit("binary", e.op);
      case "logic":
        return this.#logic(e.op, () => this.value(e.l), () => this.value(e.r)); // prettier-ignore
      case "assign":
        return this.#assign(e);
      case "choice":
        return this.choice(e.c, () => this.value(e.a), () => this.value(e.b)); // prettier-ignore
      case "sequence":
        e.items.forEach((item, i) => {
          if (i > 0) this.emit("drop");
          this.value(item);
        });
        return;
      case "spread":
        throw new Refused("Unexpected token '...'", this.line);
      case "await":
        this.value(e.e);
        return void this.emit("await");
      default:
        return this.#reach(e);
    }
  }

  choice(c: Node, a: () => void, b?: () => void): void {
    this.value(c);
    const no = this.jump("unless");
    a();
    if (!b) return this.land(no);
    const out = this.jump("jump");
    this.land(no);
    b();
    this.land(out);
  }

  #template(e: Node & { t: "template" }): void {
    this.emit("value", e.texts[0] ?? "");
    e.values.forEach((value, i) => {
      this.value(value);
      this.emit("text");
      this.emit("binary", "+");
      this.emit("value", e.texts[i + 1] ?? "");
      this.emit("binary", "+");
    });
  }

  #list(items: readonly (Node | null)[]): void {
    this.emit("list");
    for (const item of items) {
      if (item === null) this.emit("undefined");
      else this.value(item.t === "spread" ? item.e : item);
      this.emit(item?.t === "spread" ? "spread" : "push");
    }
  }

  /** Arguments of a call: a list of the machine's own. */
  args(args: readonly Node[]): void {
    this.emit("args");
    for (const arg of args) {
      this.value(arg.t === "spread" ? arg.e : arg);
      this.emit(arg.t === "spread" ? "spread" : "push");
    }
  }

  #object(e: Node & { t: "object" }): void {
    this.emit("object");
    for (const { key, value, spread } of e.properties) {
      if (spread) {
        this.value(value);
        this.emit("copyAll");
        continue;
      }
      this.value(key);
      this.value(named(value, key.t === "value" ? String(key.v) : ""));
      this.emit("define");
    }
  }

  #unary({ op, e }: Node & { t: "unary" }): void {
    if (op === "typeof" && e.t === "name") return void this.emit("typeofName", e.n);
    if (op === "delete") {
      const target = e.t === "chain" ? e.e : e;
      if (target.t !== "member") return void this.emit("value", true);
      this.value(target.o);
      this.value(target.k);
      return void this.emit("delete");
    }
    this.value(e);
    this.emit("unary", op);
  }

  #update({ op, before, e }: Node & { t: "update" }): void {
    const sign = op === "++" ? "+" : "-";
    if (e.t === "name") {
      this.emit("name", e.n);
      this.emit("unary", "+");
      if (!before) this.emit("copy");
      this.emit("value", 1);
      this.emit("binary", sign);
      this.emit("set", e.n);
      if (!before) this.emit("drop");
      return;
    }
    if (e.t !== "member") throw new Refused("Invalid left-hand side expression in postfix operation", this.line); // prettier-ignore
    this.value(e.o);
    this.value(e.k);
    this.emit("copyTwo");
    this.emit("get");
    this.emit("unary", "+");
    if (!before) this.emit("tuck");
    this.emit("value", 1);
    this.emit("binary", sign);
    this.emit("put");
    if (!before) this.emit("drop");
  }

  #logic(op: string, l: () => void, r: () => void): void {
    l();
    const out = this.jump(op === "&&" ? "keepUnless" : op === "||" ? "keepIf" : "keepKnown");
    r();
    this.land(out);
  }

  #assign({ op, l, r }: Node & { t: "assign" }): void {
    const sign = op.slice(0, -1);
    const logic = /^(&&|\|\||\?\?)$/.test(sign);
    if (l.t === "name") {
      const put = (): void => {
        this.value(named(r, l.n));
        this.emit("set", l.n);
      };
      if (logic) return this.#logic(sign, () => this.value(l), put);
      if (sign !== "") this.value(l);
      if (sign === "") return put();
      this.value(r);
      this.emit("binary", sign);
      return void this.emit("set", l.n);
    }
    if (l.t === "member") {
      this.value(l.o);
      this.value(l.k);
      if (logic) {
        this.emit("copyTwo");
        this.emit("get");
        const put = (): void => {
          this.value(r);
          this.emit("putUnder");
        };
        this.#logic(sign, () => undefined, put);
        return void this.emit("dropTwoUnder");
      }
      if (sign !== "") {
        this.emit("copyTwo");
        this.emit("get");
      }
      this.value(r);
      if (sign !== "") this.emit("binary", sign);
      return void this.emit("put");
    }
    this.value(r);
    this.emit("copy");
    this.bind(l, "set");
  }

  #reach(e: Node & { t: "call" | "new" | "member" | "chain" }): void {
    if (e.t === "chain") {
      const ends: number[] = [];
      this.#link(e.e, ends);
      for (const end of ends) this.land(end);
      return;
    }
    if (e.t === "new") {
      this.value(e.f);
      this.args(e.args);
      this.line = e.line;
      return void this.emit("new");
    }
    this.#link(e, []);
  }

  #link(e: Node, ends: number[]): void {
    if (e.t === "member") {
      if (e.o.t === "super") {
        this.emit("superHome");
        this.value(e.k);
        return void this.emit("get");
      }
      this.#link(e.o, ends);
      if (e.maybe) ends.push(this.jump("orUndefined"));
      this.value(e.k);
      this.line = e.line;
      return void this.emit("get");
    }
    if (e.t !== "call") return this.value(e);
    const { f } = e;
    if (f.t === "super") {
      this.args(e.args);
      return void this.emit("superCall");
    }
    if (f.t === "member") {
      if (f.o.t === "super") {
        this.emit("name", "this");
        this.emit("superHome");
      } else {
        this.#link(f.o, ends);
        if (f.maybe) ends.push(this.jump("orUndefined"));
        this.emit("copy");
      }
      this.value(f.k);
      this.line = f.line;
      this.emit("get", describe(f));
    } else {
      this.emit("undefined");
      this.#link(f, ends);
    }
    if (e.maybe) ends.push(this.jump("orUndefinedTwo"));
    this.args(e.args);
    this.line = e.line;
    this.emit("call", describe(f));
  }

  classOf(c: ClassNode): void {
    const build = c.members.find(({ key, isStatic, method }) => method && !isStatic && key.t === "value" && key.v === "constructor"); // prettier-ignore
    const constructs = c.parent ? "derived" : "base";
    const rest: Node = { t: "spread", e: { t: "name", n: "args", line: c.line } };
    const passed: Node = { t: "call", f: { t: "super" }, args: [rest], line: c.line };
    const plain: Fn = {
      name: c.name,
      params: c.parent ? [rest] : [],
      body: c.parent ? [{ s: "expression", e: passed }] : [],
      line: c.line,
    };
    if (c.parent) this.value(c.parent);
    this.emit("class", [this.fn({ ...(build?.method ?? plain), name: c.name }, constructs), constructs]); // prettier-ignore
    for (const { key, isStatic, method, value } of c.members) {
      if (method && method === build?.method) continue;
      this.value(key);
      const body: Fn["body"] = value ? [{ s: "return", e: value }] : [];
      const field: Fn = { name: key.t === "value" ? String(key.v) : "", params: [], body, line: c.line }; // prettier-ignore
      this.emit("fn", this.fn(method ?? field));
      this.emit("classMember", [isStatic, !method]);
    }
  }

  /** Takes the value on the stack apart: into names that it declares, or that are there (`set`). */
  bind(to: Node, how: "set" | "let" | "const" | "var"): void {
    switch (to.t) {
      case "name":
        this.emit(how === "set" || how === "var" ? "set" : how, to.n);
        if (how === "set" || how === "var") this.emit("drop");
        return;
      case "member":
        this.value(to.o);
        this.value(to.k);
        this.emit("rotate");
        this.emit("put");
        return void this.emit("drop");
      case "assign": {
        const known = this.jump("keepDefined");
        this.value(named(to.r, nameOf(to.l)));
        this.land(known);
        return this.bind(to.l, how);
      }
      case "list":
        return this.#bindList(to.items, how);
      case "object":
        return this.#bindObject(to, how);
      default:
        throw new Refused("Invalid destructuring assignment target", this.line);
    }
  }

  #bindList(items: readonly (Node | null)[], how: "set" | "let" | "const" | "var"): void {
    this.emit("iterate");
    items.forEach((item, i) => {
      if (item === null) return;
      this.emit(item.t === "spread" ? "itemsFrom" : "itemAt", i);
      this.bind(item.t === "spread" ? item.e : item, how);
    });
    this.emit("drop");
  }

  #bindObject(to: Node & { t: "object" }, how: "set" | "let" | "const" | "var"): void {
    this.emit("someObject");
    const taken: unknown[] = [];
    for (const { key, value, spread } of to.properties) {
      this.emit("copy");
      if (spread) this.emit("othersOf", taken);
      else {
        if (key.t === "value") taken.push(key.v);
        this.value(key);
        this.emit("get");
      }
      this.bind(value, how);
    }
    this.emit("drop");
  }
}

/** How an expression is named when it is no function. */
function describe(e: Node): string {
  if (e.t === "name") return e.n;
  if (e.t === "this") return "this";
  if (e.t === "member" && e.k.t === "value") return `${describe(e.o)}.${String(e.k.v)}`;
  if (e.t === "call") return `${describe(e.f)}(...)`;
  if (e.t === "member") return `${describe(e.o)}[...]`;
  return "(intermediate value)";
}
