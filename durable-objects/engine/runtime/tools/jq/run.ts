/**
 * Runs a filter. What has exactly one output is worked out by plain calls (`one`); everything else is a generator, whose
 * outputs are made as they are asked for.
 */
import { jqDepthMax, jqOperationsMax } from "../../../core/limits.ts";
import type { CompileBudget } from "../../../regex/regex.ts";
import { getAt } from "./access.ts";
import { negate, operate } from "./arithmetic.ts";
import { bindOne, destructured } from "./binding.ts";
import { assign, foreach, modify, reduce } from "./changing.ts";
import {
  branches,
  closure,
  each,
  frame,
  frames,
  keyOf,
  keys,
  objects,
  texts,
  values,
  piped,
} from "./combining.ts";
import { textOfFormat } from "./formats.ts";
import { natives } from "./natives.ts";
import type { At, Filter, Machine, Surroundings } from "./native.ts";
import { places } from "./paths.ts";
import { attempt, Break, Endless, forward, type Env, type Running } from "./running.ts";
import type { Definition, Node } from "./tree.ts";
import { Exhausted, isTrue, JqError, type Value } from "./values.ts";

export class Runner implements Machine, Running {
  readonly outside: Surroundings;
  readonly matching: CompileBudget;
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
        const key = new Map<string, Value>([
          ["start", node.from ? this.one(node.from, env, value, depth + 1) : null],
          ["end", node.to ? this.one(node.to, env, value, depth + 1) : null],
        ]);
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
        return reduce(this, node, env, value, this.one(node.init, env, value, depth + 1), depth);
      case "as": {
        const bound = this.one(node.of, env, value, depth + 1);
        const inner = bindOne(this, node.to[0]!, bound, env, depth);
        return this.one(node.body, inner, value, depth + 1);
      }
      case "def":
        return this.one(node.rest, { up: env, key: node.def }, value, depth + 1);
      case "assign":
        return node.op === "|"
          ? modify(this, node.a, env, value, depth, (old) => this.run(node.b, env, old, depth + 1))
          : assign(this, node, env, value, this.one(node.b, env, value, depth + 1), depth);
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
    let inner = frame(this, definition, env);
    definition.params.forEach((parameter, i) => {
      inner = closure(this, parameter, node.args[i]!, env, inner);
      if (parameter.variable)
        inner = {
          up: inner,
          key: parameter.variable,
          value: this.one(node.args[i]!, env, value, depth + 1),
        };
    });
    return this.one(definition.body, inner, value, depth + 1);
  }

  // Any number of outputs

  *run(from: Node, given: Env | undefined, input: Value, depth: number): Generator<Value> {
    let node = from;
    let env = given;
    let value = input;
    // What comes last takes its caller's place: loops written as functions need no depth.
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
          yield* piped(this, node, env, value, depth);
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
          yield* branches(this, node, env, value, depth + 1);
          return;
        case "def":
          env = { up: env, key: node.def };
          node = node.rest;
          continue;
        case "as": {
          const [pattern] = node.to;
          if (node.of.single && node.to.length === 1 && pattern?.k === "var") {
            env = { up: env, key: pattern.to, value: this.one(node.of, env, value, depth + 1) };
            node = node.body;
            continue;
          }
          yield* this.#as(node, env, value, depth);
          return;
        }
        case "call": {
          const next = this.#entered(node, env);
          if (next) {
            ({ node, env } = next);
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

  /** The body that a call stands for, where no value must be worked out before. */
  #entered(
    call: Node & { k: "call" },
    env: Env | undefined,
  ): { node: Node; env: Env | undefined } | undefined {
    const target = call.target!;
    if ("parameter" in target) {
      const bound = this.lookup(env, target.parameter);
      return { node: bound.node!, env: bound.env };
    }
    if ("native" in target || target.definition.params.some((one) => one.variable))
      return undefined;
    let inner = frame(this, target.definition, env);
    target.definition.params.forEach((parameter, i) => {
      inner = closure(this, parameter, call.args[i]!, env, inner);
    });
    return { node: target.definition.body, env: inner };
  }

  *#more(node: Node, env: Env | undefined, value: Value, depth: number): Generator<Value> {
    const inner = depth + 1;
    switch (node.k) {
      case "index":
      case "slice":
        for (const key of keys(this, node, env, value, inner))
          for (const of of this.run(node.of, env, value, inner))
            if (!node.opt) yield getAt(of, key, this);
            else {
              const found = attempt(() => getAt(of, key, this));
              if (found !== undefined) yield found;
            }
        return;
      case "each":
        yield* forward(this.run(node.of, env, value, inner), (of) => each(this, of, node.opt));
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
        yield* objects(this, node.pairs, 0, new Map<string, Value>(), { env, value, depth: inner });
        return;
      case "text":
        yield* texts(this, node, node.parts.length - 1, "", { env, value, depth: inner });
        return;
      default:
        yield* this.#control(node, env, value, depth);
    }
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
          yield reduce(this, node, env, value, init, depth);
        return;
      case "foreach":
        for (const init of this.run(node.init, env, value, inner))
          yield* foreach(this, node, env, value, init, inner);
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
          yield assign(this, node, env, value, right, depth);
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
      for (const args of values(this, node.args, node.args.length - 1, [], { env, value, depth }))
        yield native.one!(this, value, args);
      return;
    }
    const { definition } = target as { definition: Definition };
    for (const inner of frames(this, definition, node, env, value, depth))
      yield* this.run(definition.body, inner, value, depth + 1);
  }

  *#as(
    node: Node & { k: "as" },
    env: Env | undefined,
    value: Value,
    depth: number,
  ): Generator<Value> {
    yield* forward(this.run(node.of, env, value, depth + 1), (bound) =>
      destructured(this, node.to, bound, env, depth + 1, (inner) =>
        this.run(node.body, inner, value, depth + 1),
      ),
    );
  }

  pathNative(name: string): ((at: At, args: Filter[]) => Generator<At>) | undefined {
    const { paths } = natives.get(name)!;
    return paths && ((at, args) => paths(this, at, args));
  }
}
