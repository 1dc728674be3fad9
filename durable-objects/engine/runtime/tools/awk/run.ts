/** Runs an awk program on one record after the other. */
import {
  awkCallDepthMax,
  awkFieldsMax,
  awkItemsMax,
  awkOperationsMax,
  awkTextCharactersMax,
} from "../../../core/limits.ts";
import type { AwkProgram, Expr, Stmt } from "./tree.ts";
import { awkEscapes } from "./lexer.ts";
import type { AwkHost, AwkMemory } from "./host.ts";
import type { Awk } from "./state.ts";
import { builtin } from "./builtins.ts";
import {
  awkFormat,
  compare,
  inputValue,
  toNumber,
  toText,
  truth,
  walkOrder,
  type Cell,
  type Value,
} from "./values.ts";
import { arithmetic, AwkError } from "./math.ts";
import { awkPattern, splitBy } from "./patterns.ts";
import type { Regex } from "../../../regex/regex.ts";
import type { MatchWork } from "../../match-work.ts";

/** It has computed for longer than one step may take. */
export class AwkEndless extends Error {
  override name = "AwkEndless";
}

type Flow = "next" | "exit" | "break" | "continue" | "return" | undefined;

export class AwkRun implements Awk {
  readonly program: AwkProgram;
  readonly memory: AwkMemory;
  readonly host: AwkHost;
  #fields: string[] | undefined = [];
  #record = "";
  #locals: Record<string, Cell>[] = [];
  #ticks = 0;
  #items = 0;
  #returned: Value;
  code = 0;

  constructor(program: AwkProgram, memory: AwkMemory, host: AwkHost) {
    this.program = program;
    this.memory = memory;
    this.host = host;
  }

  // Variables

  get(name: string): Value {
    if (name === "NF") return this.fields.length;
    return this.cell(name).value;
  }
  text(name: string): string {
    return toText(this.get(name));
  }
  set(name: string, value: Value): void {
    if (name === "NF") {
      const n = Math.min(awkFieldsMax, Math.max(0, toNumber(value)));
      const { fields } = this;
      while (fields.length < n) fields.push("");
      fields.length = n;
      this.#join();
    } else this.cell(name).value = value;
  }
  cell(name: string): Cell {
    const local = this.#locals.at(-1);
    if (local && Object.hasOwn(local, name)) return local[name]!;
    return (this.memory.globals[`=${name}`] ??= {});
  }
  array(name: string): Record<string, Value> {
    const cell = this.cell(name) as Cell & { up?: Cell };
    if (!cell.array) cell.array = cell.up ? (cell.up.array ??= {}) : {};
    return cell.array;
  }

  // The record

  setRecord(text: string): void {
    this.#record = text;
    this.#fields = undefined;
  }
  get record(): string {
    return this.#record;
  }
  get fields(): string[] {
    this.#fields ??= this.split(this.#record, this.text("FS"));
    return this.#fields;
  }
  #join(): void {
    this.#record = this.fields.join(this.text("OFS"));
  }
  field(n: number): Value {
    if (n < 0) throw new AwkError("Access to negative field");
    return n === 0
      ? inputValue(this.#record)
      : n > this.fields.length
        ? undefined
        : inputValue(this.fields[n - 1]!);
  }
  #setField(n: number, value: Value): void {
    if (n < 0) throw new AwkError("Access to negative field");
    if (n > awkFieldsMax) throw new AwkError("Out of memory");
    const text = toText(value, this.text("CONVFMT"));
    if (n === 0) return this.setRecord(text);
    const { fields } = this;
    while (fields.length < n) fields.push("");
    fields[n - 1] = text;
    this.#join();
  }

  split(text: string, by: string): string[] {
    if (text === "") return [];
    const paragraph = this.text("RS") === "";
    if (by === " ") return text.split(/[ \t\n]+/).filter(Boolean);
    if (by === "") return [...text];
    if (by.length === 1 && by !== "\\")
      return paragraph ? text.split("\n").flatMap((line) => line.split(by)) : text.split(by);
    const pattern = awkPattern(paragraph ? `(${by})|\n` : by, this.work);
    return splitBy(text, pattern, this.work);
  }

  get work(): MatchWork {
    return this.host.work;
  }

  /** The expression an operand of `~` stands for. */
  pattern(expr: Expr): Regex {
    return expr.k === "re"
      ? awkPattern(expr.v, this.work, expr)
      : awkPattern(toText(this.eval(expr)), this.work);
  }

  // Statements

  tick(): void {
    if (++this.#ticks > awkOperationsMax) throw new AwkEndless();
  }

  run(stmt: Stmt): Flow {
    this.tick();
    switch (stmt.k) {
      case "block":
        for (const one of stmt.of) {
          const flow = this.run(one);
          if (flow) return flow;
        }
        return undefined;
      case "expr":
        this.eval(stmt.of);
        return undefined;
      case "print":
        this.#print(stmt);
        return undefined;
      case "if":
        if (truth(this.eval(stmt.test))) return this.run(stmt.a);
        return stmt.b && this.run(stmt.b);
      case "while":
        return this.#loop(stmt.test, stmt.body);
      case "do": {
        const flow = this.run(stmt.body);
        if (flow && flow !== "continue") return flow === "break" ? undefined : flow;
        return this.#loop(stmt.test, stmt.body);
      }
      case "for":
        if (stmt.first) this.run(stmt.first);
        return this.#loop(stmt.test, stmt.body, stmt.next);
      case "each":
        for (const key of walkOrder(Object.keys(this.array(stmt.of)).map((one) => one.slice(1)))) {
          this.set(stmt.name, inputValue(key));
          const flow = this.run(stmt.body);
          if (flow && flow !== "continue") return flow === "break" ? undefined : flow;
        }
        return undefined;
      default:
        return this.#jump(stmt);
    }
  }

  #jump(stmt: Stmt): Flow {
    switch (stmt.k) {
      case "delete": {
        const array = this.array(stmt.name);
        for (const key of stmt.by ? [this.key(stmt.by)] : Object.keys(array))
          if (key in array && delete array[key]) this.#items--;
        return undefined;
      }
      case "exit":
        if (stmt.v) this.code = toNumber(this.eval(stmt.v)) & 255;
        return "exit";
      case "return":
        this.#returned = stmt.v ? this.eval(stmt.v) : undefined;
        return "return";
      case "break":
      case "continue":
      case "next":
        return stmt.k;
      default:
        return "next";
    }
  }

  #loop(test: Expr | undefined, body: Stmt, next?: Stmt): Flow {
    for (;;) {
      if (test && !truth(this.eval(test))) return undefined;
      this.tick();
      const flow = this.run(body);
      if (flow && flow !== "continue") return flow === "break" ? undefined : flow;
      if (next) this.run(next);
    }
  }

  #print(stmt: Stmt & { k: "print" }): void {
    const values = stmt.args.map((arg) => this.eval(arg));
    let text: string;
    if (stmt.format) text = awkFormat(toText(values[0]), values.slice(1), this.text("CONVFMT"));
    else if (values.length === 0) text = this.#record + this.text("ORS");
    else
      text =
        values.map((value) => toText(value, this.text("OFMT"))).join(this.text("OFS")) +
        this.text("ORS");
    if (!stmt.to) return this.host.put(1, text);
    const name = toText(this.eval(stmt.to));
    if (name === "/dev/stdout" || (name === "-" && stmt.how !== "|")) return this.host.put(1, text);
    if (name === "/dev/stderr") return this.host.put(2, text);
    this.memory.outs[name] ??= this.host.open(stmt.how, name);
    this.host.put(this.memory.outs[name].fd, text);
  }

  // Expressions

  key(by: Expr[]): string {
    const format = this.text("CONVFMT");
    return `=${by.map((one) => toText(this.eval(one), format)).join(by.length > 1 ? this.text("SUBSEP") : "")}`;
  }

  #put(array: Record<string, Value>, key: string, value: Value): Value {
    if (!(key in array) && ++this.#items > awkItemsMax) this.host.tooBig();
    return (array[key] = value);
  }

  assign(to: Expr, value: Value): void {
    if (to.k === "var") this.set(to.name, value);
    else if (to.k === "item") this.#put(this.array(to.name), this.key(to.by), value);
    else if (to.k === "field") this.#setField(toNumber(this.eval(to.of)), value);
    else if (to.k === "group" && to.of.length === 1) this.assign(to.of[0]!, value);
    else throw new AwkError("Unexpected token");
  }

  eval(expr: Expr): Value {
    this.tick();
    switch (expr.k) {
      case "num":
      case "str":
        return expr.v;
      case "re":
        return this.pattern(expr).test(this.#record, this.work) ? 1 : 0;
      case "var":
        return this.get(expr.name);
      case "item": {
        const array = this.array(expr.name);
        const key = this.key(expr.by);
        return key in array ? array[key] : this.#put(array, key, { text: "", number: 0 });
      }
      case "field":
        return this.field(Math.trunc(toNumber(this.eval(expr.of))));
      case "group":
        return expr.of.length === 1 ? this.eval(expr.of[0]!) : this.key(expr.of).slice(1);
      case "set":
        return this.#set(expr);
      case "step": {
        const old = toNumber(this.eval(expr.of));
        const made = old + (expr.op === "++" ? 1 : -1);
        this.assign(expr.of, made);
        return expr.before ? made : old;
      }
      case "if":
        return this.eval(truth(this.eval(expr.test)) ? expr.a : expr.b);
      case "in":
        return this.key(expr.by) in this.array(expr.name) ? 1 : 0;
      case "un": {
        const value = this.eval(expr.of);
        return expr.op === "!"
          ? truth(value)
            ? 0
            : 1
          : expr.op === "-"
            ? -toNumber(value)
            : toNumber(value);
      }
      case "bin":
        return this.#binary(expr);
      case "call":
        return this.#call(expr);
      case "builtin":
        return builtin(this, expr.name, expr.args);
      default:
        return this.#getline(expr);
    }
  }

  #set(expr: Expr & { k: "set" }): Value {
    let value = this.eval(expr.v);
    if (expr.op !== "=")
      value = arithmetic(expr.op.slice(0, -1), toNumber(this.eval(expr.to)), toNumber(value));
    this.assign(expr.to, value);
    return value;
  }

  #binary({ op, a, b }: Expr & { k: "bin" }): Value {
    if (op === "&&") return truth(this.eval(a)) && truth(this.eval(b)) ? 1 : 0;
    if (op === "||") return truth(this.eval(a)) || truth(this.eval(b)) ? 1 : 0;
    if (op === "~" || op === "!~") {
      const text = toText(this.eval(a), this.text("CONVFMT"));
      return this.pattern(b).test(text, this.work) === (op === "~") ? 1 : 0;
    }
    const left = this.eval(a);
    const right = this.eval(b);
    if (op === "concat") {
      const format = this.text("CONVFMT");
      const text = toText(left, format) + toText(right, format);
      if (text.length > awkTextCharactersMax) this.host.tooBig();
      return text;
    }
    const order = { "<": [-1], "<=": [-1, 0], "==": [0], "!=": [-1, 1], ">": [1], ">=": [0, 1] }[
      op
    ];
    if (!order) return arithmetic(op, toNumber(left), toNumber(right));
    return order.includes(Math.sign(compare(left, right, this.text("CONVFMT")))) ? 1 : 0;
  }

  #call({ name, args }: Expr & { k: "call" }): Value {
    const made = this.program.functions.get(name);
    if (!made) throw new AwkError("Call to undefined function");
    if (this.#locals.length > awkCallDepthMax) throw new AwkError("Out of memory");
    const frame: Record<string, Cell> = {};
    made.params.forEach((param, i) => {
      const arg = args[i];
      const cell =
        arg?.k === "var" && arg.name !== "NF"
          ? (this.cell(arg.name) as Cell & { up?: Cell })
          : undefined;
      if (cell && cell.value === undefined)
        frame[param] = cell.array ? { array: cell.array } : ({ up: cell } as Cell);
      else frame[param] = arg ? { value: this.eval(arg) } : {};
    });
    this.#locals.push(frame);
    this.#returned = undefined;
    const flow = this.run(made.body);
    this.#locals.pop();
    if (flow === "exit") throw new AwkExit();
    const value = this.#returned;
    this.#returned = undefined;
    return value;
  }

  #getline({ from, source, to }: Expr & { k: "getline" }): Value {
    const { inputs } = this.memory;
    let text: string | undefined;
    if (from === "") {
      text = this.host.record(this);
      if (text === undefined) return 0;
    } else {
      const name = toText(this.eval(source!));
      if (inputs[name] === undefined) {
        const all = from === "|" ? this.host.capture(name) : this.host.file(name);
        if (all === undefined) return -1;
        inputs[name] = all;
      }
      const left = inputs[name];
      if (left === "") return 0;
      const end = left.indexOf("\n");
      text = end < 0 ? left : left.slice(0, end);
      inputs[name] = end < 0 ? "" : left.slice(end + 1);
      if (from === "|") this.set("NR", toNumber(this.get("NR")) + 1);
    }
    if (to) this.assign(to, inputValue(text));
    else this.setRecord(text);
    return 1;
  }
}

/** `exit` from within a function. */
export class AwkExit extends Error {
  override name = "AwkExit";
}

/** `-v x=y` and operands that assign. */
export const givenValue = (text: string): Value => inputValue(awkEscapes(text));
