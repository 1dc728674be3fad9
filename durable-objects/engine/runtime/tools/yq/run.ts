/**
 * Evaluates expressions. All results of a part are worked out before what comes next, as yq does; the generators hand over only
 * so that others may run.
 */
import { yqOperationsPerStep } from "../../../core/limits.ts";
import {
  at,
  collection,
  nothing,
  scalar,
  wrong,
  Work,
  type YqNode,
  copyOf,
  isTrue,
} from "./node.ts";
import { assign, setAttribute } from "./assigning.ts";
import { functions } from "./functions.ts";
import { operators, plainOperators } from "./operators.ts";
import type { Expr } from "./parser.ts";
import type { Context, Machine, Nodes, Surroundings } from "./running.ts";
import { oneOf } from "./reading.ts";
import { childrenOf, descendants, indexed, named, sliced } from "./traversing.ts";
import { toYaml } from "./writing.ts";

export class Runner extends Work implements Machine {
  readonly outside: Surroundings;
  #rest = yqOperationsPerStep;

  constructor(outside: Surroundings) {
    super();
    this.outside = outside;
  }

  /** Lets others run where enough has been done. */
  *pause(): Generator<undefined, void> {
    if (this.used < this.#rest) return;
    this.#rest = this.used + yqOperationsPerStep;
    yield undefined;
  }

  with(context: Context, nodes: YqNode[]): Context {
    return { ...context, nodes };
  }

  *run(e: Expr, context: Context): Nodes {
    this.spend(1 + (context.nodes.length >> 3));
    yield* this.pause();
    switch (e.k) {
      case "self":
        return context.nodes;
      case "value":
        return context.nodes.length === 0
          ? [copyOf(e.node, this)]
          : context.nodes.map(() => copyOf(e.node, this));
      case "text":
        return yield* this.#text(e, context);
      case "path":
        return context.nodes.flatMap((node) => named(node, e.name, e.optional, this));
      case "index":
        return yield* this.#index(e, context);
      case "slice":
        return yield* this.#slice(e, context);
      case "recurse":
        return context.nodes.flatMap((node) => descendants(node, e.keys, this));
      case "var":
        return context.variables.get(e.name) ?? wrong(`variable '${e.name}' not defined`);
      case "env":
        return context.nodes.map(() => this.#env(e.name, e.plain));
      case "collect":
        return yield* this.#collect(e.of, context);
      case "object":
        return yield* this.#object(e.of, context);
      case "if":
        return yield* this.#if(e, context);
      case "attribute":
        return yield* this.#attribute(e, context);
      case "call":
        return yield* this.#call(e.name, e.args, context);
      default:
        return yield* this.#binary(e, context);
    }
  }

  *#call(name: string, args: Expr[], context: Context): Nodes {
    const one = functions.get(name);
    if (!one) return wrong("bad expression, please check expression syntax");
    return yield* one(this, context, args);
  }

  *#text(e: Expr & { k: "text" }, context: Context): Nodes {
    const out: YqNode[] = [];
    for (const node of context.nodes) {
      let text = "";
      for (const part of e.parts) {
        if (typeof part === "string") text += part;
        else {
          const [found] = yield* this.run(part, this.with(context, [node]));
          text += found ? this.textOf(found) : "";
        }
      }
      this.spend(text.length >> 6);
      out.push(scalar(text));
    }
    return out;
  }

  /** A node as a text puts it in. */
  textOf(node: YqNode): string {
    const { real } = node;
    return real.kind === "scalar"
      ? real.value
      : toYaml(real, { indent: 2 }, this).replace(/\n$/, "");
  }

  *#index(e: Expr & { k: "index" }, context: Context): Nodes {
    const out: YqNode[] = [];
    const nodes = yield* this.run(e.of, context);
    if (!e.index) return nodes.flatMap((node) => childrenOf(node, e.optional, this));
    for (const node of nodes) {
      // The index is worked out for what the whole expression stands on.
      const keys = yield* this.run(
        e.index,
        context.nodes.length === 1 ? context : this.with(context, [node]),
      );
      for (const key of keys) {
        const list = key.kind === "seq" ? key.content : [key];
        for (const one of list) out.push(...indexed(node, one, e.optional, this));
      }
    }
    return out;
  }

  *#slice(e: Expr & { k: "slice" }, context: Context): Nodes {
    const out: YqNode[] = [];
    for (const node of yield* this.run(e.of, context)) {
      const here = this.with(context, [node]);
      const from = e.from ? yield* this.run(e.from, here) : undefined;
      const to = e.to ? yield* this.run(e.to, here) : undefined;
      out.push(sliced(node, from, to, this));
    }
    return out;
  }

  #env(name: string, plain: boolean): YqNode {
    const value = Object.hasOwn(this.outside.env, name) ? this.outside.env[name]! : "";
    if (!plain) return scalar(value);
    if (value === "") return wrong(`value for env variable '${name}' not provided in env()`);
    return oneOf(value, this);
  }

  *#collect(of: Expr | undefined, context: Context): Nodes {
    if (!of)
      return context.nodes.length === 0
        ? [collection("seq")]
        : context.nodes.map(() => collection("seq"));
    const gather = (nodes: YqNode[]): YqNode =>
      collection(
        "seq",
        nodes.map((one) => copyOf(one, this)),
      );
    if (context.together || context.nodes.length === 0)
      return [gather(yield* this.run(of, context))];
    const out: YqNode[] = [];
    for (const node of context.nodes)
      out.push(at(gather(yield* this.run(of, this.with(context, [node]))), node));
    return out;
  }

  /** Entries are a map each; a map of several outputs becomes several maps. */
  *#object(of: Expr | undefined, context: Context): Nodes {
    if (!of)
      return context.nodes.length === 0
        ? [collection("map")]
        : context.nodes.map(() => collection("map"));
    const pairs: Expr[] = [];
    const walk = (one: Expr): void => {
      if (one.k === "binary" && one.op === ",") {
        walk(one.a);
        walk(one.b);
      } else pairs.push(one);
    };
    walk(of);
    const out: YqNode[] = [];
    const bases = context.nodes.length === 0 ? [nothing()] : context.nodes;
    for (const node of bases) {
      let made: [YqNode, YqNode][][] = [[]];
      const here = this.with(context, [node]);
      for (const pair of pairs) {
        if (pair.k !== "binary" || pair.op !== ":")
          return wrong("bad expression, please check expression syntax");
        const keys = yield* this.run(pair.a, here);
        const values = yield* this.run(pair.b, here);
        made = made.flatMap((one) =>
          keys.flatMap((key) => values.map((value) => [...one, [key, value] as [YqNode, YqNode]])),
        );
        this.spend(made.length * pairs.length);
      }
      for (const entries of made) {
        const map = collection("map");
        for (const [key, value] of entries) map.add(copyOf(value, this), copyOf(key, this));
        out.push(at(map, node));
      }
    }
    return out;
  }

  *#if(e: Expr & { k: "if" }, context: Context): Nodes {
    const out: YqNode[] = [];
    for (const node of context.nodes) {
      const here = this.with(context, [node]);
      const [condition] = yield* this.run(e.c, here);
      if (condition && isTrue(condition)) out.push(...(yield* this.run(e.a, here)));
      else out.push(...(e.b ? yield* this.run(e.b, here) : [node]));
    }
    return out;
  }

  *#attribute(e: Expr & { k: "attribute" }, context: Context): Nodes {
    const targets = yield* this.run(e.a, context);
    const [fixed] = e.update ? [] : yield* this.run(e.b, context);
    for (const target of targets) {
      const [value] = e.update ? yield* this.run(e.b, this.with(context, [target])) : [fixed];
      if (value) setAttribute(target, e.name, value);
    }
    return context.nodes;
  }

  *#binary(e: Expr & { k: "binary" }, context: Context): Nodes {
    switch (e.op) {
      case "|": {
        if (e.a.k === "binary" && (e.a.op === "as" || e.a.op === "ref"))
          return yield* this.#bind(e.a, e.b, context);
        return yield* this.run(e.b, this.with(context, yield* this.run(e.a, context)));
      }
      case ",":
        return [...(yield* this.run(e.a, context)), ...(yield* this.run(e.b, context))];
      case "as":
      case "ref":
        return wrong("must use variable with a pipe, e.g. `exp as $x | ...`");
      case "ireduce":
        return yield* this.#reduce(e, context);
      case "=":
      case "|=":
        return yield* this.#assign(e, context);
      case "and":
      case "or":
      case ":":
      case ";":
        return yield* this.#cross(e, context);
      default:
        if (e.op !== "==" && /.=$/.test(e.op) && !/^[!<>]/.test(e.op))
          return yield* this.#change(e, context);
        return yield* this.#cross(e, context);
    }
  }

  *#bind(binding: Expr & { k: "binary" }, body: Expr, context: Context): Nodes {
    if (binding.b.k !== "var")
      return wrong("RHS of 'as' operator must be a variable name e.g. $foo");
    const out: YqNode[] = [];
    const values = yield* this.run(binding.a, context);
    for (const value of values) {
      const own = binding.op === "ref" ? value : copyOf(value, this);
      const variables = new Map([...context.variables, [binding.b.name, [own]]]);
      out.push(...(yield* this.run(body, { ...context, variables })));
    }
    return out;
  }

  *#reduce(e: Expr & { k: "binary" }, context: Context): Nodes {
    const { a, b } = e;
    if (a.k !== "binary" || a.op !== "as" || a.b.k !== "var")
      return wrong("reduce must be given a variables assignment, got VALUE instead");
    if (b.k !== "binary" || b.op !== ";")
      return wrong("reduce must be given a block, got VALUE instead");
    let sum = yield* this.run(b.a, context);
    for (const value of yield* this.run(a.a, context)) {
      const variables = new Map([...context.variables, [a.b.name, [value]]]);
      sum = yield* this.run(b.b, { ...context, nodes: sum, variables });
    }
    return sum;
  }

  *#assign(e: Expr & { k: "binary" }, context: Context): Nodes {
    const targets = yield* this.run(e.a, context);
    for (const target of targets) {
      const own =
        e.op === "|="
          ? this.with(context, [target])
          : context.together
            ? context
            : this.with(context, sameDocument(target, context));
      for (const value of (yield* this.run(e.b, own)).slice(0, e.op === "|=" ? 1 : undefined)) {
        assign(target, copyOf(value, this), this);
      }
    }
    return context.nodes;
  }

  /** `+=` and the like. */
  *#change(e: Expr & { k: "binary" }, context: Context): Nodes {
    const operate = operators.get(e.op.slice(0, -1))!;
    for (const target of yield* this.run(e.a, context)) {
      const own = context.together ? context : this.with(context, sameDocument(target, context));
      for (const value of yield* this.run(e.b, own))
        assign(target, operate(copyOf(target, this), copyOf(value, this), this, e.flags), this);
    }
    return context.nodes;
  }

  /** Every left with every right, for each node. */
  *#cross(e: Expr & { k: "binary" }, context: Context): Nodes {
    const out: YqNode[] = [];
    const bases =
      context.together || context.nodes.length === 0
        ? [context.nodes]
        : context.nodes.map((one) => [one]);
    const operate = operators.get(e.op) ?? wrong("bad expression, please check expression syntax");
    for (const nodes of bases) {
      const here = this.with(context, nodes);
      const lefts = yield* this.run(e.a, here);
      const rights = yield* this.run(e.b, here);
      if (e.op === "//") {
        out.push(...(lefts.some(isTrue) ? lefts.filter(isTrue) : rights));
        continue;
      }
      if (lefts.length === 0 && !plainOperators.has(e.op)) {
        out.push(...rights);
        continue;
      }
      if (rights.length === 0 && !plainOperators.has(e.op)) {
        out.push(...lefts);
        continue;
      }
      for (const left of lefts)
        for (const right of rights) {
          this.spend(1);
          out.push(operate(left, right, this, e.flags));
        }
    }
    return out;
  }
}

const sameDocument = (target: YqNode, context: Context): YqNode[] => {
  if (context.nodes.length < 2) return context.nodes;
  let root: YqNode | undefined = target;
  const all = new Set(context.nodes);
  while (root && !all.has(root)) root = root.parent;
  return root ? [root] : context.nodes;
};
