/**
 * Runs a filter. What has exactly one output is worked out by plain calls (`one`); everything else is a generator, whose
 * outputs are made as they are asked for.
 */
import { jqDepthMax, jqOperationsMax } from "../../../core/limits.ts";
import type { CompileBudget } from "../../regex/regex.ts";
import { cannotIterate, deletePaths, getAt, getPath, setPath, typed } from "./access.ts";
import { negate, operate } from "./arithmetic.ts";
import { textOfFormat } from "./formats.ts";
import { natives } from "./natives.ts";
import type { At, Filter, Machine, Surroundings } from "./native.ts";
import { places, runPaths, type PathRunner } from "./paths.ts";
import type { Definition, Node, Parameter, Pattern, Variable } from "./tree.ts";
import { Exhausted, fail, isObject, isTrue, JqError, kindOf, type Value } from "./values.ts";
import { Endless, forward, pathOf, type Env } from "./running.ts";

/** `break`, on its way to its label. */
class Break extends Error {
  override name = "Break";
  readonly label: object;
  constructor(label: object) {
    super("break");
    this.label = label;
  }
}

export class Runner implements Machine, PathRunner {
  readonly outside: Surroundings;
  readonly matching: CompileBudget;
  /** Operations so far, of this input. */
  used = 0;

  constructor(outside: Surroundings, matching: CompileBudget) {
    this.outside = outside;
    this.matching = matching;
  }

  spend(units: number): void {
    this.used += units;
    if (this.used > jqOperationsMax) throw new Endless();
  }

  enter(depth: number): void {
    if (++this.used > jqOperationsMax) throw new Endless();
    if (depth > jqDepthMax) throw new Exhausted();
  }

  lookup(env: Env | undefined, key: object): Env {
    for (let one = env; one; one = one.up) if (one.key === key) return one;
    throw new Exhausted();
  }

  filter(node: Node, env: Env | undefined, depth: number): Filter {
    return {
      run: (value) => this.run(node, env, value, depth + 1),
      paths: (at) => places(this, node, env, at, depth + 1),
    };
  }

  /** The output of what has one. */
  one(node: Node, env: Env | undefined, value: Value, depth: number): Value {
    this.enter(depth);
    switch (node.k) {
      case "id":
        return value;
      case "const":
        return node.v;
      case "index": {
        const key = this.one(node.key, env, value, depth + 1);
        return getAt(this.one(node.of, env, value, depth + 1), key, this);
      }
      case "slice": {
        const key = this.#sliceKey(node, env, value, depth);
        return getAt(this.one(node.of, env, value, depth + 1), key, this);
      }
      case "pipe":
        return this.one(node.b, env, this.one(node.a, env, value, depth + 1), depth + 1);
      case "neg":
        return negate(this.one(node.of, env, value, depth + 1));
      case "bin": {
        const right = this.one(node.b, env, value, depth + 1);
        return operate(node.op, this.one(node.a, env, value, depth + 1), right, this);
      }
      case "and":
        return isTrue(this.one(node.a, env, value, depth + 1))
          ? isTrue(this.one(node.b, env, value, depth + 1))
          : false;
      case "or":
        return isTrue(this.one(node.a, env, value, depth + 1))
          ? true
          : isTrue(this.one(node.b, env, value, depth + 1));
      case "alt": {
        const left = this.one(node.a, env, value, depth + 1);
        return isTrue(left) ? left : this.one(node.b, env, value, depth + 1);
      }
      case "if": {
        const branch = isTrue(this.one(node.c, env, value, depth + 1)) ? node.a : node.b;
        return this.one(branch, env, value, depth + 1);
      }
      default:
        return this.#oneMore(node, env, value, depth);
    }
  }

  #sliceKey(node: Node & { k: "slice" }, env: Env | undefined, value: Value, depth: number): Value {
    return new Map<string, Value>([
      ["start", node.from ? this.one(node.from, env, value, depth + 1) : null],
      ["end", node.to ? this.one(node.to, env, value, depth + 1) : null],
    ]);
  }

  #oneMore(node: Node, env: Env | undefined, value: Value, depth: number): Value {
    switch (node.k) {
      case "var":
        return node.to ? (this.lookup(env, node.to).value as Value) : node.global!;
      case "array": {
        const out: Value[] = [];
        if (node.of)
          for (const item of this.run(node.of, env, value, depth + 1)) {
            out.push(item);
            this.spend(1);
          }
        return out;
      }
      case "object": {
        const out = new Map<string, Value>();
        for (const [key, inner] of node.pairs) {
          const name = this.one(key, env, value, depth + 1);
          const made = this.one(inner, env, value, depth + 1);
          out.set(keyOf(name), made);
        }
        return out;
      }
      case "text":
        return node.parts
          .map((part) =>
            typeof part === "string"
              ? part
              : textOfFormat(node.format, this.one(part, env, value, depth + 1)),
          )
          .join("");
      case "format":
        return textOfFormat(node.name, value);
      case "reduce":
        return this.#reduce(node, env, value, this.one(node.init, env, value, depth + 1), depth);
      case "as": {
        const bound = this.one(node.of, env, value, depth + 1);
        const inner = this.#bindOne(node.to[0]!, bound, env, depth);
        return this.one(node.body, inner, value, depth + 1);
      }
      case "def":
        return this.one(node.rest, { up: env, key: node.def }, value, depth + 1);
      case "assign":
        return node.op === "|"
          ? this.#modify(node.a, env, value, depth, (old) => this.run(node.b, env, old, depth + 1))
          : this.#assign(node, env, value, this.one(node.b, env, value, depth + 1), depth);
      case "call":
        return this.#callOne(node, env, value, depth);
      default:
        throw new Exhausted();
    }
  }

  #callOne(node: Node & { k: "call" }, env: Env | undefined, value: Value, depth: number): Value {
    const target = node.target!;
    if ("native" in target) {
      const args = node.args.map((arg) => this.one(arg, env, value, depth + 1));
      return natives.get(target.native)!.one!(this, value, args);
    }
    const { definition } = target as { definition: Definition };
    let inner = this.#frame(definition, env);
    definition.params.forEach((parameter, i) => {
      inner = this.#closure(parameter, node.args[i]!, env, inner);
      if (parameter.variable)
        inner = {
          up: inner,
          key: parameter.variable,
          value: this.one(node.args[i]!, env, value, depth + 1),
        };
    });
    return this.one(definition.body, inner, value, depth + 1);
  }

  /** Where a function's own names begin. */
  #frame(definition: Definition, env: Env | undefined): Env {
    return definition.global ? { up: undefined, key: definition } : this.lookup(env, definition);
  }

  #closure(parameter: Parameter, node: Node, env: Env | undefined, up: Env): Env {
    return { up, key: parameter, node, env };
  }

  // Any number of outputs

  *run(from: Node, given: Env | undefined, input: Value, depth: number): Generator<Value> {
    let node = from;
    let env = given;
    let value = input;
    // What comes last takes the place of its caller, so that loops written as functions need no depth.
    for (;;) {
      this.enter(depth);
      if (node.single) {
        yield this.one(node, env, value, depth);
        return;
      }
      switch (node.k) {
        case "pipe":
          if (node.a.single) {
            value = this.one(node.a, env, value, depth + 1);
            node = node.b;
            continue;
          }
          yield* this.#pipe(node, env, value, depth);
          return;
        case "comma":
          yield* this.run(node.a, env, value, depth + 1);
          node = node.b;
          continue;
        case "if":
          if (node.c.single) {
            node = isTrue(this.one(node.c, env, value, depth + 1)) ? node.a : node.b;
            continue;
          }
          for (const test of this.run(node.c, env, value, depth + 1))
            yield* this.run(isTrue(test) ? node.a : node.b, env, value, depth + 1);
          return;
        case "def":
          env = { up: env, key: node.def };
          node = node.rest;
          continue;
        case "as":
          if (node.of.single && node.to.length === 1) {
            const bound = this.one(node.of, env, value, depth + 1);
            const [pattern] = node.to as [Pattern];
            if (pattern.k === "var") {
              env = { up: env, key: pattern.to, value: bound };
              node = node.body;
              continue;
            }
          }
          yield* this.#as(node, env, value, depth);
          return;
        case "call": {
          const target = node.target!;
          if ("parameter" in target) {
            const { node: body, env: own } = this.lookup(env, target.parameter);
            node = body!;
            env = own;
            continue;
          }
          if ("definition" in target && target.definition.params.every((p) => !p.variable)) {
            let inner = this.#frame(target.definition, env);
            for (const [i, parameter] of target.definition.params.entries())
              inner = this.#closure(parameter, node.args[i]!, env, inner);
            node = target.definition.body;
            env = inner;
            continue;
          }
          yield* this.#call(node, env, value, depth);
          return;
        }
        default:
          yield* this.#more(node, env, value, depth);
          return;
      }
    }
  }

  *#pipe(
    node: Node & { k: "pipe" },
    env: Env | undefined,
    value: Value,
    depth: number,
  ): Generator<Value> {
    yield* forward(this.run(node.a, env, value, depth + 1), (item) =>
      this.run(node.b, env, item, depth + 1),
    );
  }

  *#more(node: Node, env: Env | undefined, value: Value, depth: number): Generator<Value> {
    const inner = depth + 1;
    switch (node.k) {
      case "index":
      case "slice":
        for (const key of this.keys(node, env, value, inner))
          for (const of of this.run(node.of, env, value, inner))
            if (!node.opt) yield getAt(of, key, this);
            else {
              const found = attempt(() => getAt(of, key, this));
              if (found !== undefined) yield found;
            }
        return;
      case "each":
        yield* forward(this.run(node.of, env, value, inner), (of) => this.#each(of, node.opt));
        return;
      case "neg":
        for (const of of this.run(node.of, env, value, inner)) yield negate(of);
        return;
      case "bin":
        for (const right of this.run(node.b, env, value, inner))
          for (const left of this.run(node.a, env, value, inner))
            yield operate(node.op, left, right, this);
        return;
      case "and":
      case "or":
        for (const left of this.run(node.a, env, value, inner))
          if (isTrue(left) === (node.k === "or")) yield node.k === "or";
          else for (const right of this.run(node.b, env, value, inner)) yield isTrue(right);
        return;
      case "alt": {
        let some = false;
        for (const left of this.run(node.a, env, value, inner))
          if (isTrue(left)) {
            some = true;
            yield left;
          }
        if (!some) yield* this.run(node.b, env, value, inner);
        return;
      }
      case "object":
        yield* this.#objects(node.pairs, 0, new Map<string, Value>(), { env, value, depth: inner });
        return;
      case "text":
        yield* this.#texts(node, node.parts.length - 1, "", { env, value, depth: inner });
        return;
      default:
        yield* this.#control(node, env, value, depth);
    }
  }

  *#each(of: Value, opt: true | undefined): Generator<Value> {
    if (Array.isArray(of)) for (let i = 0; i < of.length; i++) yield of[i]!;
    else if (isObject(of)) yield* of.values();
    else if (!opt) cannotIterate(of);
  }

  /** What an access asks for. */
  *keys(
    node: Node & { k: "index" | "slice" },
    env: Env | undefined,
    value: Value,
    depth: number,
  ): Generator<Value> {
    if (node.k === "index") {
      yield* this.run(node.key, env, value, depth);
      return;
    }
    const none: Node = { k: "const", v: null, single: true };
    for (const start of this.run(node.from ?? none, env, value, depth))
      for (const end of this.run(node.to ?? none, env, value, depth))
        yield new Map<string, Value>([
          ["start", start],
          ["end", end],
        ]);
  }

  *#objects(
    pairs: [Node, Node][],
    at: number,
    made: Map<string, Value>,
    from: { env: Env | undefined; value: Value; depth: number },
  ): Generator<Value> {
    const pair = pairs[at];
    if (!pair) {
      yield new Map(made);
      return;
    }
    const { env, value, depth } = from;
    for (const key of this.run(pair[0], env, value, depth))
      for (const inner of this.run(pair[1], env, value, depth)) {
        const next = new Map(made);
        next.set(keyOf(key), inner);
        yield* this.#objects(pairs, at + 1, next, from);
      }
  }

  /** The last part varies slowest. */
  *#texts(
    node: Node & { k: "text" },
    at: number,
    behind: string,
    from: { env: Env | undefined; value: Value; depth: number },
  ): Generator<Value> {
    if (at < 0) {
      yield behind;
      return;
    }
    const part = node.parts[at]!;
    if (typeof part === "string") yield* this.#texts(node, at - 1, part + behind, from);
    else
      for (const value of this.run(part, from.env, from.value, from.depth))
        yield* this.#texts(node, at - 1, textOfFormat(node.format, value) + behind, from);
  }

  *#control(node: Node, env: Env | undefined, value: Value, depth: number): Generator<Value> {
    const inner = depth + 1;
    switch (node.k) {
      case "try":
        try {
          yield* this.run(node.body, env, value, inner);
        } catch (error) {
          if (!(error instanceof JqError)) throw error;
          if (node.handler) yield* this.run(node.handler, env, error.value, inner);
        }
        return;
      case "reduce":
        for (const init of this.run(node.init, env, value, inner))
          yield this.#reduce(node, env, value, init, depth);
        return;
      case "foreach":
        for (const init of this.run(node.init, env, value, inner))
          yield* this.#foreach(node, env, value, init, inner);
        return;
      case "label": {
        const label = {};
        try {
          yield* this.run(node.body, { up: env, key: node.to, label }, value, inner);
        } catch (error) {
          if (!(error instanceof Break) || error.label !== label) throw error;
        }
        return;
      }
      case "break":
        throw new Break(this.lookup(env, node.to!).label!);
      case "assign":
        for (const right of this.run(node.b, env, value, inner))
          yield this.#assign(node, env, value, right, depth);
        return;
      default:
        throw new Exhausted();
    }
  }

  *#call(
    node: Node & { k: "call" },
    env: Env | undefined,
    value: Value,
    depth: number,
  ): Generator<Value> {
    const target = node.target!;
    if ("native" in target) {
      const native = natives.get(target.native)!;
      if (native.many) {
        yield* native.many(
          this,
          value,
          node.args.map((arg) => this.filter(arg, env, depth)),
        );
        return;
      }
      for (const args of this.#values(node.args, node.args.length - 1, [], { env, value, depth }))
        yield native.one!(this, value, args);
      return;
    }
    const { definition } = target as { definition: Definition };
    for (const inner of this.frames(definition, node, env, value, depth))
      yield* this.run(definition.body, inner, value, depth + 1);
  }

  /** Where a function's body runs, for each combination of its values. */
  *frames(
    definition: Definition,
    node: Node & { k: "call" },
    env: Env | undefined,
    value: Value,
    depth: number,
    at = 0,
    made = this.#frame(definition, env),
  ): Generator<Env> {
    const parameter = definition.params[at];
    if (!parameter) {
      yield made;
      return;
    }
    const arg = node.args[at]!;
    const own = this.#closure(parameter, arg, env, made);
    const { variable } = parameter;
    if (!variable) {
      yield* this.frames(definition, node, env, value, depth, at + 1, own);
      return;
    }
    for (const one of this.run(arg, env, value, depth + 1)) {
      const bound: Env = { up: own, key: variable, value: one };
      yield* this.frames(definition, node, env, value, depth, at + 1, bound);
    }
  }

  /** Arguments as values, the first varying fastest. */
  *#values(
    args: Node[],
    at: number,
    behind: Value[],
    from: { env: Env | undefined; value: Value; depth: number },
  ): Generator<Value[]> {
    if (at < 0) {
      yield behind;
      return;
    }
    for (const value of this.run(args[at]!, from.env, from.value, from.depth + 1))
      yield* this.#values(args, at - 1, [value, ...behind], from);
  }

  // Binding

  #bindOne(pattern: Pattern, value: Value, env: Env | undefined, depth: number): Env {
    for (const inner of this.bindings(pattern, value, env, depth)) return inner!;
    throw new Exhausted();
  }

  *bindings(
    pattern: Pattern,
    value: Value,
    env: Env | undefined,
    depth: number,
  ): Generator<Env | undefined> {
    if (pattern.k === "var") {
      yield { up: env, key: pattern.to, value };
      return;
    }
    if (pattern.k === "array") {
      yield* this.#bindItems(pattern.of, 0, value, env, depth);
      return;
    }
    yield* this.#bindFields(pattern.of, 0, value, env, depth);
  }

  *#bindItems(
    of: Pattern[],
    at: number,
    value: Value,
    env: Env | undefined,
    depth: number,
  ): Generator<Env | undefined> {
    const pattern = of[at];
    if (!pattern) {
      yield env;
      return;
    }
    if (value !== null && !Array.isArray(value)) getAt(value, at, this);
    for (const inner of this.bindings(pattern, getAt(value, at, this), env, depth))
      yield* this.#bindItems(of, at + 1, value, inner, depth);
  }

  *#bindFields(
    of: (Pattern & { k: "object" })["of"],
    at: number,
    value: Value,
    env: Env | undefined,
    depth: number,
  ): Generator<Env | undefined> {
    const field = of[at];
    if (!field) {
      yield env;
      return;
    }
    for (const key of this.run(field.key, env, value, depth + 1)) {
      if (typeof key !== "string") fail(`Cannot index ${kindOf(value)} with ${kindOf(key)}`);
      const found = getAt(value, key, this);
      const inner = field.to ? { up: env, key: field.to, value: found } : env;
      if (!field.value) yield* this.#bindFields(of, at + 1, value, inner, depth);
      else
        for (const deeper of this.bindings(field.value, found, inner, depth))
          yield* this.#bindFields(of, at + 1, value, deeper, depth);
    }
  }

  /** With several patterns, one that fails, itself or in the body, hands over to the next. */
  *destructured<T>(
    patterns: Pattern[],
    bound: Value,
    env: Env | undefined,
    depth: number,
    body: (env: Env | undefined) => Generator<T>,
  ): Generator<T> {
    let start = env;
    if (patterns.length > 1)
      for (const to of variablesOf(patterns)) start = { up: start, key: to, value: null };
    for (const [i, pattern] of patterns.entries())
      try {
        for (const inner of this.bindings(pattern, bound, start, depth)) yield* body(inner);
        return;
      } catch (error) {
        if (i === patterns.length - 1 || !(error instanceof JqError)) throw error;
      }
  }

  *#as(
    node: Node & { k: "as" },
    env: Env | undefined,
    value: Value,
    depth: number,
  ): Generator<Value> {
    yield* forward(this.run(node.of, env, value, depth + 1), (bound) =>
      this.destructured(node.to, bound, env, depth + 1, (inner) =>
        this.run(node.body, inner, value, depth + 1),
      ),
    );
  }

  // Folding and changing

  #reduce(
    node: Node & { k: "reduce" },
    env: Env | undefined,
    value: Value,
    init: Value,
    depth: number,
  ): Value {
    let state = init;
    // While it is worked out there is none: an error that is caught further up leaves null.
    const update = (inner: Env | undefined): Generator<Value> => {
      const before = state;
      state = null;
      return this.run(node.update, inner, before, depth + 1);
    };
    const steps = forward(this.run(node.of, env, value, depth + 1), (bound) => {
      const made = this.destructured(node.to, bound, env, depth + 1, update);
      return last(made, (next) => (state = next));
    });
    for (const _ of steps) this.spend(1);
    return state;
  }

  *#foreach(
    node: Node & { k: "foreach" },
    env: Env | undefined,
    value: Value,
    init: Value,
    depth: number,
  ): Generator<Value> {
    let state = init;
    for (const bound of this.run(node.of, env, value, depth + 1)) {
      const { extract } = node;
      const made = this.destructured(node.to, bound, env, depth, (inner) =>
        tagged(this.run(node.update, inner, state, depth + 1), inner),
      );
      for (const [next, inner] of made) {
        state = next;
        if (extract) yield* this.run(extract, inner, next, depth + 1);
        else yield next;
      }
    }
  }

  #assign(
    node: Node & { k: "assign" },
    env: Env | undefined,
    value: Value,
    right: Value,
    depth: number,
  ): Value {
    if (node.op === "") {
      let out = value;
      for (const at of runPaths(this, node.a, env, { path: undefined, value }, depth + 1))
        out = setPath(out, pathOf(at), right, this);
      return out;
    }
    return this.#modify(node.a, env, value, depth, (old) => {
      const made =
        node.op === "//" ? (isTrue(old) ? old : right) : operate(node.op, old, right, this);
      return [made];
    });
  }

  #modify(
    to: Node,
    env: Env | undefined,
    value: Value,
    depth: number,
    update: (old: Value) => Iterable<Value>,
  ): Value {
    let out = value;
    for (const at of runPaths(this, to, env, { path: undefined, value }, depth + 1)) {
      const path = pathOf(at);
      let some = false;
      for (const next of update(getPath(out, path, this))) {
        out = setPath(out, path, next, this);
        some = true;
        break;
      }
      if (!some) out = deletePaths(out, [path], this);
    }
    return out;
  }

  pathNative(name: string): ((at: At, args: Filter[]) => Generator<At>) | undefined {
    const { paths } = natives.get(name)!;
    return paths && ((at, args) => paths(this, at, args));
  }
}

/** Takes the last output; null without any. */
function* last(made: Generator<Value>, put: (value: Value) => void): Generator<Value> {
  let state: Value = null;
  for (const next of made) state = next;
  put(state);
  yield state;
}

function* tagged(
  made: Generator<Value>,
  inner: Env | undefined,
): Generator<[Value, Env | undefined]> {
  for (const value of made) yield [value, inner];
}

function attempt(get: () => Value): Value | undefined {
  try {
    return get();
  } catch (error) {
    if (error instanceof JqError) return undefined;
    throw error;
  }
}

const keyOf = (key: Value): string =>
  typeof key === "string" ? key : fail(`Cannot use ${typed(key)} as object key`);

function variablesOf(patterns: Pattern[]): Set<Variable> {
  const out = new Set<Variable>();
  const add = (pattern: Pattern): void => {
    if (pattern.k === "var") out.add(pattern.to);
    else if (pattern.k === "array") pattern.of.forEach(add);
    else
      for (const field of pattern.of) {
        if (field.to) out.add(field.to);
        if (field.value) add(field.value);
      }
  };
  patterns.forEach(add);
  return out;
}
