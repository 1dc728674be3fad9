/** Finds what each name of a program means, and which parts have exactly one output. */
import { definitionsOf } from "./definitions.ts";
import { natives } from "./natives.ts";
import { parseFilter } from "./parser.ts";
import {
  CompileProblem,
  type Complaint,
  type Definition,
  type Node,
  type Parameter,
  type Pattern,
  type Variable,
} from "./tree.ts";
import type { Value } from "./values.ts";

interface Scope {
  up: Scope | undefined;
  variable?: Variable;
  label?: Variable;
  definition?: Definition;
  parameter?: Parameter;
}

/** Definitions written in jq itself, bound when first used. */
const known = new Map<string, Definition>();

class Binder {
  complaints: Complaint[] = [];
  /** Of functions that nothing calls so far, which nobody hears of. */
  readonly #silent = new Map<Definition, Complaint[]>();
  readonly globals: ReadonlyMap<string, Value>;
  constructor(globals: ReadonlyMap<string, Value>) {
    this.globals = globals;
  }

  /** Binds a node; whether it has exactly one output. */
  bind(node: Node, scope: Scope | undefined): boolean {
    return (node.single = this.#bind(node, scope));
  }

  #all(nodes: readonly (Node | undefined)[], scope: Scope | undefined): boolean {
    let single = true;
    for (const node of nodes) if (node && !this.bind(node, scope)) single = false;
    return single;
  }

  #bind(node: Node, scope: Scope | undefined): boolean {
    switch (node.k) {
      case "id":
      case "const":
      case "format":
        return true;
      case "index":
        return this.#all([node.of, node.key], scope) && !node.opt;
      case "slice":
        return this.#all([node.of, node.from, node.to], scope) && !node.opt;
      case "each":
        this.bind(node.of, scope);
        return false;
      case "neg":
        return this.bind(node.of, scope);
      case "comma":
        this.#all([node.a, node.b], scope);
        return false;
      case "pipe":
      case "and":
      case "or":
      case "alt":
      case "bin":
        return this.#all([node.a, node.b], scope);
      case "assign": {
        const single = this.#all([node.a, node.b], scope);
        return node.op === "|" || single || node.b.single === true;
      }
      case "if":
        return this.#all([node.c, node.a, node.b], scope);
      case "try":
        this.#all([node.body, node.handler], scope);
        return false;
      case "array":
        if (node.of) this.bind(node.of, scope);
        return true;
      case "object":
        return this.#all(node.pairs.flat(), scope);
      case "text":
        return this.#all(
          node.parts.filter((part) => typeof part !== "string"),
          scope,
        );
      default:
        return this.#name(node, scope);
    }
  }

  #name(
    node: Node & { k: "reduce" | "foreach" | "as" | "label" | "break" | "def" | "call" | "var" },
    scope: Scope | undefined,
  ): boolean {
    switch (node.k) {
      case "reduce":
      case "foreach": {
        this.bind(node.of, scope);
        const inner = this.#patterns(node.to, scope);
        const single = this.bind(node.init, scope);
        this.bind(node.update, inner);
        if (node.k === "reduce") return single;
        if (node.extract) this.bind(node.extract, inner);
        return false;
      }
      case "as": {
        const single = this.bind(node.of, scope);
        const inner = this.#patterns(node.to, scope);
        return this.bind(node.body, inner) && single && node.to.length === 1 && plain(node.to[0]!);
      }
      case "label":
        this.bind(node.body, { up: scope, label: node.to });
        return false;
      case "break": {
        for (let one = scope; one; one = one.up)
          if (one.label?.name === node.name) {
            node.to = one.label;
            return false;
          }
        this.#undefined(`$*label-${node.name}`, node.at);
        return false;
      }
      case "def":
        return this.bind(node.rest, this.define(node.def, scope));
      case "var":
        return this.#variable(node, scope);
      default:
        return this.#call(node, scope);
    }
  }

  #undefined(name: string, at: number): void {
    this.complaints.push({ text: `${name} is not defined`, at });
  }

  #variable(node: Node & { k: "var" }, scope: Scope | undefined): boolean {
    for (let one = scope; one; one = one.up)
      if (one.variable?.name === node.name) {
        node.to = one.variable;
        return true;
      }
    const value = this.globals.get(node.name);
    if (value === undefined) this.#undefined(`$${node.name}`, node.at);
    else node.global = value;
    return true;
  }

  #call(node: Node & { k: "call" }, scope: Scope | undefined): boolean {
    const { name, args } = node;
    const single = this.#all(args, scope);
    for (let one = scope; one; one = one.up) {
      const { parameter, definition } = one;
      if (args.length === 0 && parameter?.name === name) {
        node.target = { parameter };
        return false;
      }
      if (definition?.name === name && definition.params.length === args.length) {
        this.complaints.push(...(this.#silent.get(definition) ?? []));
        this.#silent.delete(definition);
        node.target = { definition };
        return definition.single === true && definition.params.every((p) => !p.variable || single);
      }
    }
    const key = `${name}/${args.length}`;
    const native = natives.get(key);
    if (native) {
      node.target = { native: key };
      return native.one !== undefined && single;
    }
    const definition = this.#global(key);
    if (definition) {
      node.target = { definition };
      return definition.single === true && (definition.params.length === 0 || single);
    }
    this.#undefined(key, node.at);
    return false;
  }

  /** A definition of jq's own. */
  #global(key: string): Definition | undefined {
    const before = known.get(key);
    if (before) return before;
    const source = definitionsOf.get(key);
    if (source === undefined) return undefined;
    const node = parseFilter(`${source} .`);
    if (node.k !== "def") return undefined;
    node.def.global = true;
    known.set(key, node.def);
    new Binder(new Map<string, Value>()).define(node.def, undefined);
    return node.def;
  }

  /** Binds a function's body; the scope in which it is known. */
  define(def: Definition, scope: Scope | undefined): Scope {
    const own: Scope = { up: scope, definition: def };
    let inner = own;
    for (const parameter of def.params) {
      inner = { up: inner, parameter };
      if (parameter.variable) inner = { up: inner, variable: parameter.variable };
    }
    // While it is bound it is not single: what calls itself may have any number of outputs.
    const outer = this.complaints;
    this.complaints = [];
    def.single = this.bind(def.body, inner);
    this.#silent.set(def, this.complaints);
    this.complaints = outer;
    return own;
  }

  #patterns(patterns: Pattern[], scope: Scope | undefined): Scope | undefined {
    let inner = scope;
    // With several, each name is known in all of them, and one variable.
    const names = new Map<string, Variable>();
    for (const pattern of patterns) inner = this.#pattern(pattern, scope, inner, names);
    return inner;
  }

  #pattern(
    pattern: Pattern,
    scope: Scope | undefined,
    given: Scope | undefined,
    names: Map<string, Variable>,
  ): Scope | undefined {
    let inner = given;
    const add = (to: Variable): Variable => {
      const before = names.get(to.name);
      if (before) return before;
      names.set(to.name, to);
      inner = { up: inner, variable: to };
      return to;
    };
    if (pattern.k === "var") pattern.to = add(pattern.to);
    else if (pattern.k === "array")
      for (const one of pattern.of) inner = this.#pattern(one, scope, inner, names);
    else
      for (const one of pattern.of) {
        // What is bound before is known in keys behind.
        this.bind(one.key, inner);
        if (one.to) one.to = add(one.to);
        if (one.value) inner = this.#pattern(one.value, scope, inner, names);
      }
    return inner;
  }
}

/** Whether binding it has exactly one outcome. */
function plain(pattern: Pattern): boolean {
  if (pattern.k === "var") return true;
  if (pattern.k === "array") return pattern.of.every(plain);
  return pattern.of.every((one) => one.key.single === true && (!one.value || plain(one.value)));
}

/** A program ready to run. `globals`: variables from the command line. CompileProblem. */
export function compileFilter(program: string, globals: ReadonlyMap<string, Value>): Node {
  const node = parseFilter(program);
  const binder = new Binder(globals);
  binder.bind(node, undefined);
  const { complaints } = binder;
  if (complaints.length > 0) throw new CompileProblem([...complaints].sort((a, b) => a.at - b.at));
  return node;
}
