/** Runs a template. Go: text/template/exec.go */
import { goQuote } from "../../../machinery/field.ts";
import {
  kubectlTemplateDepthMax,
  kubectlTemplateStepsMax,
  toolOutputCharactersMax,
} from "../../../core/limits.ts";
import { Failure } from "../../errors.ts";
import { sortedKeys } from "../../go/json.ts";
import { functions, type Fn } from "./functions.ts";
import {
  commandText,
  nodeText,
  operandText,
  pipeText,
  type Command,
  type Node,
  type Operand,
  type Pipe,
  type Template,
} from "./tree.ts";
import { integerOf, isTable, isTrue, text, typeName, type Value } from "./values.ts";

interface Variable {
  name: string;
  value: Value;
}

/** What a loop's `break` and `continue` throw. */
class Jump extends Error {
  readonly kind: "break" | "continue";
  constructor(kind: "break" | "continue") {
    super(kind);
    this.kind = kind;
  }
}

/** No value came through the pipe. */
const missing = Symbol("missing");
type Final = Value | typeof missing;

export class Execution {
  out = "";
  readonly #template: Template;
  readonly #strict: boolean;
  /** Where an error would be: a place in the text, and what stands there. */
  #at: { at: number; context: string } | undefined;
  #name: string;
  #variables: Variable[];
  #depth = 0;
  #steps = 0;

  /** `strict`: a key that a map does not have is an error. */
  constructor(template: Template, data: Value, strict: boolean) {
    this.#template = template;
    this.#strict = strict;
    this.#name = template.name;
    this.#variables = [{ name: "$", value: data }];
  }

  run(data: Value): void {
    const tree = this.#template.trees.get(this.#template.name);
    if (!tree || tree.length === 0) {
      if (this.#template.text.trim() === "" || tree === undefined)
        this.#fail(`${goQuote(this.#name)} is an incomplete or empty template`);
      return;
    }
    this.#list(tree, data);
  }

  #fail(problem: string): never {
    if (!this.#at) throw new Failure(`template: ${this.#name}: ${problem}`);
    const { at, context } = this.#at;
    const before = this.#template.text.slice(0, at);
    const line = before.split("\n").length;
    const column = at - (before.lastIndexOf("\n") + 1);
    throw new Failure(
      `template: ${this.#template.name}:${line}:${column}: executing ${goQuote(this.#name)} at <${context}>: ${problem}`,
    );
  }
  #on(at: number, context: string): void {
    this.#at = { at, context };
  }

  // Nodes

  #list(list: readonly Node[], dot: Value): void {
    for (const one of list) this.#walk(one, dot);
  }

  #walk(one: Node, dot: Value): void {
    if (++this.#steps > kubectlTemplateStepsMax || this.out.length > toolOutputCharactersMax)
      this.#fail("the template takes too many steps");
    this.#on(one.at, nodeText(one));
    switch (one.node) {
      case "text":
        this.out += one.text;
        return;
      case "action": {
        const value = this.#pipeline(one.pipe, dot);
        if (one.pipe.declared.length === 0) this.#print(one, value);
        return;
      }
      case "if":
      case "with":
        return this.#branch(one, dot);
      case "range":
        return this.#range(one, dot);
      case "template":
        return this.#call(one, dot);
      case "break":
      case "continue":
        throw new Jump(one.node);
    }
  }

  #print(one: Node, value: Value): void {
    this.#on(one.at, nodeText(one));
    this.out += value === undefined || value === null ? "<no value>" : text(value);
  }

  #branch(one: Extract<Node, { pipe: Pipe; list: Node[] }>, dot: Value): void {
    const mark = this.#variables.length;
    const value = this.#pipeline(one.pipe, dot);
    if (isTrue(value)) this.#list(one.list, one.node === "with" ? value : dot);
    else if (one.otherwise) this.#list(one.otherwise, dot);
    this.#variables.length = mark;
  }

  #range(one: Extract<Node, { pipe: Pipe; list: Node[] }>, dot: Value): void {
    const mark = this.#variables.length;
    const value = this.#pipeline(one.pipe, dot);
    const pairs = this.#pairsOf(value, one.pipe);
    const inner = this.#variables.length;
    try {
      for (const [key, item] of pairs) {
        this.#bind(one.pipe, key, item);
        try {
          this.#list(one.list, item);
        } catch (error) {
          if (!(error instanceof Jump) || error.kind !== "continue") throw error;
        }
        this.#variables.length = inner;
      }
    } catch (error) {
      if (!(error instanceof Jump)) throw error;
    }
    if (pairs.length === 0 && one.otherwise) this.#list(one.otherwise, dot);
    this.#variables.length = mark;
  }

  #pairsOf(value: Value, { declared }: Pipe): [Value, Value][] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value.map((item, i) => [BigInt(i), item]);
    if (isTable(value)) return sortedKeys(value).map((key) => [key, value[key]]);
    const count = integerOf(value);
    if (count === undefined) return this.#fail(`range can't iterate over ${text(value)}`);
    if (declared.length > 1)
      this.#fail(`can't use ${text(value)} to iterate over more than one variable`);
    if (count > BigInt(kubectlTemplateStepsMax)) this.#fail("the template takes too many steps");
    return Array.from({ length: Number(count) }, (_one, i) => [undefined, BigInt(i)]);
  }

  #bind({ declared, assigns }: Pipe, key: Value, item: Value): void {
    const [first, second] = declared;
    if (first === undefined) return;
    const set = (name: string, value: Value, top: number): void => {
      if (assigns) this.#assign(name, value);
      else (this.#variables.at(-top) as Variable).value = value;
    };
    if (second === undefined) set(first, item, 1);
    else {
      set(second, item, 1);
      set(first, key, 2);
    }
  }

  #call(one: Extract<Node, { node: "template" }>, dot: Value): void {
    const tree = this.#template.trees.get(one.name);
    if (!tree) this.#fail(`template ${goQuote(one.name)} not defined`);
    if (this.#depth >= kubectlTemplateDepthMax)
      this.#fail(`exceeded maximum template depth (${kubectlTemplateDepthMax})`);
    const value = one.pipe ? this.#pipeline(one.pipe, dot) : undefined;
    const [variables, name] = [this.#variables, this.#name];
    this.#variables = [{ name: "$", value }];
    this.#name = one.name;
    this.#depth++;
    this.#list(tree, value);
    this.#depth--;
    this.#variables = variables;
    this.#name = name;
  }

  // Values

  #assign(name: string, value: Value): void {
    const found = this.#variables.findLast((one) => one.name === name);
    if (!found) this.#fail(`undefined variable: ${name}`);
    found.value = value;
  }

  #pipeline(pipe: Pipe, dot: Value): Value {
    this.#on(pipe.at, pipeText(pipe));
    let value: Final = missing;
    for (const command of pipe.commands) value = this.#command(command, dot, value);
    const found = value === missing ? undefined : value;
    for (const name of pipe.declared) {
      if (pipe.assigns) this.#assign(name, found);
      else this.#variables.push({ name, value: found });
    }
    return found;
  }

  #command(command: Command, dot: Value, final: Final): Value {
    const first = command.args[0] as Operand;
    const several = command.args.length > 1 || final !== missing;
    switch (first.node) {
      case "field":
      case "variable":
      case "chain":
        return this.#reach(first, dot, several);
      case "identifier":
        return this.#function(first.name, first, command, dot, final);
    }
    if (first.node !== "pipe") this.#on(first.at, operandText(first));
    if (several) this.#fail(`can't give argument to non-function ${operandText(first)}`);
    if (first.node === "nil") this.#fail("nil is not a command");
    return this.#operand(first, dot);
  }

  #operand(one: Operand, dot: Value): Value {
    if (one.node === "pipe") return this.#pipeline(one, dot);
    this.#on(one.at, operandText(one));
    switch (one.node) {
      case "dot":
        return dot;
      case "nil":
        return null;
      case "bool":
      case "number":
        return one.value;
      case "string":
        return one.text;
      case "identifier":
        return this.#function(one.name, one, { at: one.at, args: [one] }, dot, missing);
    }
    return this.#reach(one, dot, false);
  }

  /** A chain of fields, from dot, a variable or a term. */
  #reach(
    one: Extract<Operand, { node: "field" | "variable" | "chain" }>,
    dot: Value,
    several: boolean,
  ): Value {
    const context = operandText(one);
    this.#on(one.at, context);
    let value: Value = dot;
    let names = one.names;
    if (one.node === "variable") {
      const [name, ...rest] = one.names;
      value = this.#variables.findLast((known) => known.name === name)?.value;
      names = rest;
      if (rest.length === 0 && several)
        this.#fail(`can't give argument to non-function ${context}`);
    } else if (one.node === "chain") {
      if (one.of.node === "nil") this.#fail(`indirection through explicit nil in ${context}`);
      value = this.#operand(one.of, dot);
    }
    names.forEach((name, i) => {
      value = this.#field(value, name, several && i === names.length - 1);
    });
    return value;
  }

  #field(value: Value, name: string, several: boolean): Value {
    if (value === undefined) {
      if (this.#strict) this.#fail(`nil data; no entry for key ${goQuote(name)}`);
      return undefined;
    }
    if (value === null) this.#fail(`nil pointer evaluating interface {}.${name}`);
    if (!isTable(value)) this.#fail(`can't evaluate field ${name} in type ${interfaceOr(value)}`);
    if (several) this.#fail(`${name} is not a method but has arguments`);
    if (Object.hasOwn(value, name)) return value[name];
    if (this.#strict) this.#fail(`map has no entry for key ${goQuote(name)}`);
    return undefined;
  }

  #function(name: string, node: Operand, command: Command, dot: Value, final: Final): Value {
    this.#on(node.at, operandText(node));
    const fn = functions[name] as Fn;
    const args = command.args.slice(1);
    const count = args.length + (final === missing ? 0 : 1);
    if (fn.most === undefined ? count < fn.least : count !== fn.most)
      this.#fail(
        fn.most === undefined
          ? `wrong number of args for ${name}: want at least ${fn.least} got ${args.length}`
          : `wrong number of args for ${name}: want ${fn.most} got ${count}`,
      );
    if (name === "and" || name === "or") return this.#shortCircuit(name, args, dot, final);
    const values = args.map((arg, i) => this.#argument(arg, dot, fn.string === true && i === 0));
    if (final !== missing) {
      if (fn.string && values.length === 0) this.#needText(final);
      values.push(final);
    }
    try {
      return fn.call(values);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#on(command.at, command.args[0] === node ? commandText(command) : operandText(node));
      return this.#fail(`error calling ${name}: ${error.message}`);
    }
  }

  #needText(value: Value): void {
    if (value === undefined || value === null) this.#fail("invalid value; expected string");
    if (typeof value !== "string")
      this.#fail(`wrong type for value; expected string; got ${typeName(value)}`);
  }

  #argument(arg: Operand, dot: Value, asText: boolean): Value {
    if (arg.node !== "pipe") this.#on(arg.at, operandText(arg));
    if (asText && (arg.node === "bool" || arg.node === "number"))
      this.#fail(`expected string; found ${operandText(arg)}`);
    if (asText && arg.node === "nil") this.#fail("cannot assign nil to string");
    const value = this.#operand(arg, dot);
    if (asText) this.#needText(value);
    return value;
  }

  #shortCircuit(name: string, args: readonly Operand[], dot: Value, final: Final): Value {
    let value: Value;
    for (const arg of args) {
      value = this.#argument(arg, dot, false);
      if (isTrue(value) === (name === "or")) return value;
    }
    return final === missing ? value : final;
  }
}

/** Values out of a map are seen as interfaces. */
const interfaceOr = (value: Value): string => (isTable(value) ? typeName(value) : "interface {}");
