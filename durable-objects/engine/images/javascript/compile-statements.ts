/** Operations of statements and of whole functions. */
import type { Code } from "./code.ts";
import { ExpressionCompiler, named, nameOf } from "./compile-expressions.ts";
import { Refused } from "./tokens.ts";
import type { Fn, Node, Statement } from "./tree.ts";

/** What lies around a statement, and is left with it. */
type Around =
  | { k: "names" }
  | { k: "guard" }
  | { k: "value" }
  | { k: "last"; body: Statement[] }
  | Loop;

interface Loop {
  k: "loop";
  breaks: number[];
  /** None of a switch. */
  continues?: number[];
}

/** Names of `var` and of functions that a body declares, whatever block they stand in. */
function hoisted(list: readonly Statement[], into: Set<string>): Set<string> {
  const targets = (to: Node): void => {
    if (to.t === "name") into.add(to.n);
    else if (to.t === "assign") targets(to.l);
    else if (to.t === "spread") targets(to.e);
    else if (to.t === "list") for (const item of to.items) item && targets(item);
    else if (to.t === "object") for (const { value } of to.properties) targets(value);
  };
  for (const one of list) {
    if (one.s === "declare" && one.kind === "var") for (const [to] of one.list) targets(to);
    if (one.s === "each" && one.kind === "var") targets(one.to);
    if (one.s === "if") hoisted([one.a, ...(one.b ? [one.b] : [])], into);
    if (one.s === "for") hoisted([...(one.init ? [one.init] : []), one.body], into);
    if (one.s === "each" || one.s === "while") hoisted([one.body], into);
    if (one.s === "block") hoisted(one.body, into);
    if (one.s === "switch") for (const [, body] of one.cases) hoisted(body, into);
    if (one.s === "try") hoisted([...one.body, ...(one.handler ?? []), ...(one.last ?? [])], into);
  }
  return into;
}

export class StatementCompiler extends ExpressionCompiler {
  #around: Around[] = [];

  fn(fn: Fn, constructs?: Code["constructs"]): number {
    const number = this.unit.codes.length;
    const code: Code = { name: fn.name, ops: [], lines: [], length: 0 };
    this.unit.codes.push(code);
    const inner = new StatementCompiler(this.unit);
    inner.#whole(fn, code);
    if (fn.arrow) code.arrow = true;
    if (fn.async) code.async = true;
    if (constructs) code.constructs = constructs;
    return number;
  }

  #whole(fn: Fn, code: Code): void {
    this.line = fn.line;
    code.length = fn.params.findIndex(({ t }) => t === "assign" || t === "spread");
    if (code.length < 0) code.length = fn.params.length;
    fn.params.forEach((param, i) => {
      this.emit(param.t === "spread" ? "parametersFrom" : "parameter", i);
      this.bind(param.t === "spread" ? param.e : param, "let");
    });
    for (const name of hoisted(fn.body, new Set())) this.emit("var", name);
    this.#body(fn.body);
    this.emit("undefined");
    this.emit("return");
    code.ops = this.ops;
    code.lines = this.lines;
  }

  /** Functions first: they are known throughout their block. */
  #body(list: readonly Statement[]): void {
    for (const one of list)
      if (one.s === "fn") {
        this.emit("fn", this.fn(one.fn));
        this.emit("let", one.fn.name);
      }
    for (const one of list) if (one.s !== "fn") this.#statement(one);
  }

  #statement(one: Statement): void {
    switch (one.s) {
      case "expression":
        this.value(one.e);
        return void this.emit("drop");
      case "declare":
        for (const [to, e] of one.list) {
          if (e === null && one.kind === "var") continue;
          if (e === null) this.emit("undefined");
          else this.value(named(e, nameOf(to)));
          this.bind(to, one.kind);
        }
        return;
      case "fn":
        return this.#body([one]);
      case "class":
        this.classOf(one.c);
        return void this.emit("let", one.c.name);
      case "return":
        if (one.e) this.value(one.e);
        else this.emit("undefined");
        this.#leave("return");
        return void this.emit("return");
      case "throw":
        this.line = one.line;
        this.value(one.e);
        return void this.emit("throw");
      case "block":
        return this.#within({ k: "names" }, "names", () => this.#body(one.body));
      case "leave":
        return this.#leave(one.word);
      case "if": {
        const { b } = one;
        return this.choice(one.c, () => this.#statement(one.a), b ? () => this.#statement(b) : undefined); // prettier-ignore
      }
      case "while":
        return this.#rounds(one.body, one.first ? one.c : null, one.first ? null : one.c);
      case "for":
        return this.#for(one);
      case "each":
        return this.#each(one);
      case "switch":
        return this.#switch(one);
      case "try":
        return this.#try(one);
    }
  }

  #within(around: Around, begin: string, body: () => void, end = "namesEnd"): void {
    this.emit(begin);
    this.#around.push(around);
    body();
    this.#around.pop();
    this.emit(end);
  }

  /** A loop with what is asked before a round and after it, and what comes between two. */
  #rounds(body: Statement, before: Node | null, after: Node | null, between?: () => void): void {
    const loop: Loop = { k: "loop", breaks: [], continues: [] };
    const ask = (c: Node | null): void => {
      if (!c) return;
      this.value(c);
      loop.breaks.push(this.jump("unless"));
    };
    const top = this.ops.length;
    ask(before);
    this.#around.push(loop);
    this.#statement(body);
    this.#around.pop();
    for (const at of loop.continues ?? []) this.land(at);
    ask(after);
    between?.();
    this.emit("jump", top);
    for (const at of loop.breaks) this.land(at);
  }

  #for(one: Statement & { s: "for" }): void {
    this.#within({ k: "names" }, "names", () => {
      if (one.init) this.#statement(one.init);
      this.#rounds(one.body, one.c, null, () => {
        // Each round has names of its own, which functions keep.
        this.emit("namesCopy");
        if (one.step) this.#statement({ s: "expression", e: one.step });
      });
    });
  }

  #each(one: Statement & { s: "each" }): void {
    this.value(one.e);
    this.emit(one.of ? "iterate" : "iterateKeys");
    const continues: number[] = [];
    const loop: Loop = { k: "loop", breaks: [], continues };
    this.#around.push({ k: "value" });
    const top = this.ops.length;
    const over = this.jump("next");
    this.#around.push(loop);
    this.#within({ k: "names" }, "names", () => {
      this.bind(one.to, one.kind ?? "set");
      this.#statement(one.body);
    });
    this.#around.splice(-2);
    for (const at of continues) this.land(at);
    this.emit("jump", top);
    for (const at of loop.breaks) this.land(at);
    this.emit("drop");
    const out = this.jump("jump");
    this.land(over);
    this.land(out);
  }

  #switch(one: Statement & { s: "switch" }): void {
    this.#within({ k: "names" }, "names", () => {
      this.value(one.e);
      const loop: Loop = { k: "loop", breaks: [] };
      const starts = one.cases.map(([test]) => {
        if (!test) return -1;
        this.emit("copy");
        this.value(test);
        this.emit("binary", "===");
        return this.jump("if");
      });
      const none = this.jump("jump");
      this.#around.push({ k: "value" }, loop);
      one.cases.forEach(([test, body], i) => {
        this.land(test ? (starts[i] as number) : none);
        this.#body(body);
      });
      this.#around.splice(-2);
      for (const at of loop.breaks) this.land(at);
      if (one.cases.every(([test]) => test)) this.land(none);
      this.emit("drop");
    });
  }

  #try(one: Statement & { s: "try" }): void {
    const { last } = one;
    if (last) {
      const whole = this.jump("guard");
      this.#around.push({ k: "last", body: last });
      this.#tryCatch(one);
      this.#around.pop();
      this.emit("guardEnd");
      this.#statement({ s: "block", body: last });
      const out = this.jump("jump");
      this.land(whole);
      this.#around.push({ k: "value" });
      this.#statement({ s: "block", body: last });
      this.#around.pop();
      this.emit("throw");
      this.land(out);
    } else this.#tryCatch(one);
  }

  #tryCatch(one: Statement & { s: "try" }): void {
    if (!one.handler) return this.#statement({ s: "block", body: one.body });
    const { handler } = one;
    const guard = this.jump("guard");
    this.#around.push({ k: "guard" });
    this.#statement({ s: "block", body: one.body });
    this.#around.pop();
    this.emit("guardEnd");
    const out = this.jump("jump");
    this.land(guard);
    this.#within({ k: "names" }, "names", () => {
      if (one.name) this.bind(one.name, "let");
      else this.emit("drop");
      this.#body(handler);
    });
    this.land(out);
  }

  /** Goes out of what lies around, up to the loop that is meant. */
  #leave(word: "break" | "continue" | "return"): void {
    const around = this.#around;
    for (let i = around.length - 1; i >= 0; i--) {
      const one = around[i] as Around;
      if (one.k === "names") this.emit("namesEnd");
      else if (one.k === "guard") this.emit("guardEnd");
      else if (one.k === "value" && word !== "return") this.emit("drop");
      else if (one.k === "last") {
        this.emit("guardEnd");
        this.#around = around.slice(0, i);
        this.#statement({ s: "block", body: one.body });
        this.#around = around;
      } else if (one.k === "loop" && word !== "return") {
        const list = word === "break" ? one.breaks : one.continues;
        if (!list) continue;
        list.push(this.jump("jump"));
        return;
      }
    }
    if (word !== "return") throw new Refused(`Illegal ${word} statement`, this.line);
  }
}
