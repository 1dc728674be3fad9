/** Runs the operations of a one-liner: expressions are evaluated at once, pauses and the end are the caller's affair. */
import { scriptDepthMax } from "../../core/limits.ts";
import type { Host } from "./host.ts";
import { callFunction, member, noFunction } from "./library.ts";
import { callMethod } from "./methods.ts";
import { printValues } from "./print.ts";
import { pathOf, type Expr } from "./expressions.ts";
import type { Op } from "./statements.ts";
import { Unsupported, type Language } from "./tokens.ts";
import { arithmetic, order, same } from "./arithmetic.ts";
import {
  bounded,
  inspect,
  joined,
  ScriptError,
  text,
  toNumber,
  truthy,
  type Value,
} from "./values.ts";

/** What an operation asks of its caller; nothing: the next one. */
export type Outcome = { sleepMs: number } | { exit: number } | undefined;

export class ScriptRun {
  readonly language: Language;
  readonly host: Host;
  readonly vars: Map<string, Value>;
  #depth = 0;

  constructor(language: Language, host: Host, vars: Map<string, Value>) {
    this.language = language;
    this.host = host;
    this.vars = vars;
  }

  /** Runs the operation at `at`; returns where to go on. */
  step(op: Op, at: number): { next: number; outcome: Outcome } {
    this.host.charge();
    const go = (next: number, outcome?: Outcome) => ({ next, outcome });
    switch (op.k) {
      case "expr":
        this.value(op.e);
        return go(at + 1);
      case "set":
        this.#set(op.to, this.value(op.e));
        return go(at + 1);
      case "jump":
        return go(op.to);
      case "unless":
        return go(truthy(this.language, this.value(op.e)) ? at + 1 : op.to);
      case "iter":
        this.vars.set(op.it, [this.#listOf(this.value(op.e)), 0]);
        return go(at + 1);
      case "next":
        return go(this.#next(op) ? at + 1 : op.to);
      case "print":
        printValues(this, op);
        return go(at + 1);
      case "sleep": {
        const ms = toNumber(this.value(op.e)) * op.unitMs;
        return go(at + 1, { sleepMs: Number.isFinite(ms) && ms > 0 ? ms : 0 });
      }
      case "exit":
        return go(at, this.#exit(op.e));
    }
  }

  #exit(e: Expr | undefined): Outcome {
    const value = e ? this.value(e) : 0;
    if (typeof value !== "string") return { exit: toNumber(value ?? 0) & 255 };
    this.host.write(2, this.language === "php" ? value : `${value}\n`);
    return { exit: this.language === "perl" ? 255 : 1 };
  }

  #next(op: Op & { k: "next" }): boolean {
    const [list, index] = this.vars.get(op.it) as [Value[], number];
    if (index >= list.length) {
      this.vars.delete(op.it);
      return false;
    }
    const item = list[index];
    this.vars.set(op.it, [list, index + 1]);
    if (op.names.length === 1) this.vars.set(op.names[0] as string, item);
    else
      op.names.forEach((name, i) => this.vars.set(name, Array.isArray(item) ? item[i] : undefined));
    return true;
  }

  #listOf(value: Value): Value[] {
    if (typeof value === "string") return [...value];
    if (value instanceof Map) return [...value.keys()];
    if (!Array.isArray(value)) throw new Unsupported("a loop over that");
    return value.flatMap((item) =>
      this.language === "perl" && Array.isArray(item) ? item : [item],
    );
  }

  #set(to: Expr, value: Value): void {
    if (to.k === "var") this.vars.set(to.n, bounded(value));
    else if (to.k === "at") {
      const holder = this.value(to.o);
      const key = this.value(to.i);
      if (holder instanceof Map) holder.set(text(this.language, key), value);
      else if (Array.isArray(holder) && Number(key) <= holder.length) holder[Number(key)] = value;
      else throw new Unsupported("an assignment to that");
      bounded(Array.isArray(holder) ? holder : "");
    }
  }

  value(e: Expr): Value {
    if (++this.#depth > scriptDepthMax * 4) throw new Unsupported("an expression of that depth");
    try {
      return this.#value(e);
    } finally {
      this.#depth--;
    }
  }

  #value(e: Expr): Value {
    const { language } = this;
    switch (e.k) {
      case "number":
        return this.#number(e.text);
      case "string":
        return e.v;
      case "template":
        return joined(
          e.parts.map((part) => (typeof part === "string" ? part : this.#formatted(part))),
          "",
        );
      case "var":
        return this.#variable(e.n);
      case "list":
        return e.items.map((item) => this.value(item));
      case "dict":
        return new Map(
          e.pairs.map(([key, value]) => [text(language, this.value(key)), this.value(value)]),
        );
      case "unary":
        return this.#unary(e.op, e.e);
      case "binary":
        return this.#binary(e.op, e.l, e.r);
      case "cond":
        return truthy(language, this.value(e.c)) ? this.value(e.a) : this.value(e.b);
      case "get":
        return this.#get(e);
      case "at":
        return this.#index(this.value(e.o), this.value(e.i));
      case "slice":
        return this.#slice(e);
      case "call":
        return this.#call(e);
      case "each":
        return this.#each(e);
    }
  }

  #number(digits: string): Value {
    const whole = /^(\d+|0[xX].*)$/.test(digits);
    if (whole && (this.language === "python" || this.language === "ruby")) return BigInt(digits);
    return Number(digits);
  }

  #formatted({ e, format }: { e: Expr; format?: string }): string {
    const value = this.value(e);
    if (!format) return text(this.language, value);
    return text(this.language, callFunction(this, "format", [value, format]));
  }

  #variable(name: string): Value {
    const { vars, language } = this;
    if (vars.has(name)) return vars.get(name);
    const known = member(this, name);
    if (known) return known.value;
    if (language === "perl" || language === "php")
      return language === "perl" && !name.startsWith("$") ? name : null;
    if (language === "ruby")
      throw new ScriptError(
        "NameError",
        `undefined local variable or method '${name}' for main:Object`,
      );
    throw new ScriptError("NameError", `name '${name}' is not defined`);
  }

  #within(names: string[], args: Value[], run: () => Value): Value {
    const before = names.map((name) => [name, this.vars.has(name), this.vars.get(name)] as const);
    names.forEach((name, i) => this.vars.set(name, args[i]));
    this.host.charge();
    try {
      return run();
    } finally {
      for (const [name, had, old] of before)
        if (had) this.vars.set(name, old);
        else this.vars.delete(name);
    }
  }

  #each(e: Expr & { k: "each" }): Value {
    const out: Value[] = [];
    for (const item of this.#listOf(this.value(e.of)))
      this.#within([e.name], [item], () => {
        if (!e.only || truthy(this.language, this.value(e.only))) out.push(this.value(e.e));
        return null;
      });
    return bounded(out);
  }

  #unary(op: string, operand: Expr): Value {
    const value = this.value(operand);
    if (op === "!") return !truthy(this.language, value);
    const zero: Value = typeof value === "bigint" || typeof value === "boolean" ? 0n : 0;
    if (op === "-" && typeof value === "number") return -value;
    return arithmetic(
      this.language,
      op,
      this.language === "python" || this.language === "ruby" ? zero : 0,
      value,
    );
  }

  #binary(op: string, left: Expr, right: Expr): Value {
    const { language } = this;
    const l = this.value(left);
    if (op === "&&" || op === "and") return truthy(language, l) ? this.value(right) : l;
    if (op === "||" || op === "or") return truthy(language, l) ? l : this.value(right);
    if (op === "??") return l ?? this.value(right);
    const r = this.value(right);
    switch (op) {
      case "===":
      case "is":
        return typeof l === typeof r && same(language, l, r);
      case "!==":
      case "is not":
        return !(typeof l === typeof r && same(language, l, r));
      case "==":
        return same(language, l, r);
      case "!=":
        return !same(language, l, r);
      case "eq":
        return text(language, l) === text(language, r);
      case "ne":
        return text(language, l) !== text(language, r);
      case "lt":
        return text(language, l) < text(language, r);
      case "gt":
        return text(language, l) > text(language, r);
      case "<":
        return order(language, op, l, r) < 0;
      case ">":
        return order(language, op, l, r) > 0;
      case "<=":
        return order(language, op, l, r) <= 0;
      case ">=":
        return order(language, op, l, r) >= 0;
      case "<=>":
        return Math.sign(order(language, op, l, r));
      case "in":
        return this.#contains(r, l);
      case "not in":
        return !this.#contains(r, l);
      case "..":
        return callFunction(this, "#range", [l, r]);
    }
    if (op === "%" && typeof l === "string" && (language === "python" || language === "ruby"))
      return callFunction(this, "sprintf", [l, ...(Array.isArray(r) ? r : [r])]);
    return arithmetic(language, op, l, r);
  }

  #contains(holder: Value, item: Value): boolean {
    if (typeof holder === "string") return holder.includes(text(this.language, item));
    if (holder instanceof Map) return holder.has(text(this.language, item));
    if (Array.isArray(holder)) return holder.some((one) => same(this.language, one, item));
    throw new Unsupported("in");
  }

  #get(e: Expr & { k: "get" }): Value {
    const path = pathOf(e);
    const whole = path === "" ? undefined : member(this, path);
    if (whole) return whole.value;
    const holder = this.value(e.o);
    if (this.language === "ruby") return callMethod(this, holder, e.n, []);
    throw new Unsupported(`.${e.n}`);
  }

  #index(holder: Value, key: Value): Value {
    if (holder instanceof Map) {
      const name = text(this.language, key);
      if (!holder.has(name) && this.language === "python")
        throw new ScriptError("KeyError", inspect(this.language, key));
      return holder.get(name) ?? null;
    }
    if (typeof holder !== "string" && !Array.isArray(holder)) throw new Unsupported("[...]");
    let at = Number(key);
    if (at < 0 && this.language !== "php") at += holder.length;
    if (at >= 0 && at < holder.length) return holder[at];
    if (this.language !== "python") return null;
    throw new ScriptError(
      "IndexError",
      `${typeof holder === "string" ? "string" : "list"} index out of range`,
    );
  }

  #slice(e: Expr & { k: "slice" }): Value {
    const holder = this.value(e.o);
    if (typeof holder !== "string" && !Array.isArray(holder)) throw new Unsupported("[...:...]");
    const edge = (one: Expr | undefined, otherwise: number): number =>
      one ? Number(this.value(one)) : otherwise;
    return holder.slice(edge(e.from, 0), edge(e.to, holder.length));
  }

  #call(e: Expr & { k: "call" }): Value {
    const args = (): Value[] => e.args.map((arg) => this.value(arg));
    const path = pathOf(e.f);
    if (path !== "" && !this.vars.has(path.split(".")[0] ?? "")) {
      const made = callFunction(this, path, args());
      if (made !== noFunction) return made;
    }
    if (e.f.k === "get") return callMethod(this, this.value(e.f.o), e.f.n, args());
    if (this.language === "python" && e.f.k === "var" && this.vars.get(e.f.n) === undefined)
      throw new ScriptError("NameError", `name '${path}' is not defined`);
    throw new Unsupported(`${path || "..."}(...)`);
  }
}
