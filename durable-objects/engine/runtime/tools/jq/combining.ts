/** What accesses, objects, texts and calls are made of, for each combination of the outputs of their parts. */
import { cannotIterate, typed } from "./access.ts";
import { textOfFormat } from "./formats.ts";
import { forward, type Env, type Running } from "./running.ts";
import type { Definition, Node, Parameter } from "./tree.ts";
import { fail, isObject, isTrue, type Value } from "./values.ts";

export function* each(r: Running, of: Value, opt: true | undefined): Generator<Value> {
  if (Array.isArray(of)) for (let i = 0; i < of.length; i++) yield of[i]!;
  else if (isObject(of)) yield* of.values();
  else if (!opt) cannotIterate(of);
}

/** What an access asks for. */
export function* keys(
  r: Running,
  node: Node & { k: "index" | "slice" },
  env: Env | undefined,
  value: Value,
  depth: number,
): Generator<Value> {
  if (node.k === "index") {
    yield* r.run(node.key, env, value, depth);
    return;
  }
  const none: Node = { k: "const", v: null, single: true };
  for (const start of r.run(node.from ?? none, env, value, depth))
    for (const end of r.run(node.to ?? none, env, value, depth))
      yield new Map<string, Value>([
        ["start", start],
        ["end", end],
      ]);
}

export function* objects(
  r: Running,
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
  for (const key of r.run(pair[0], env, value, depth))
    for (const inner of r.run(pair[1], env, value, depth)) {
      const next = new Map(made);
      next.set(keyOf(key), inner);
      yield* objects(r, pairs, at + 1, next, from);
    }
}

/** The last part varies slowest. */
export function* texts(
  r: Running,
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
  if (typeof part === "string") yield* texts(r, node, at - 1, part + behind, from);
  else
    for (const value of r.run(part, from.env, from.value, from.depth))
      yield* texts(r, node, at - 1, textOfFormat(node.format, value) + behind, from);
}

/** Where a function's body runs, for each combination of its values. */
export function* frames(
  r: Running,
  definition: Definition,
  node: Node & { k: "call" },
  env: Env | undefined,
  value: Value,
  depth: number,
  at = 0,
  made = frame(r, definition, env),
): Generator<Env> {
  const parameter = definition.params[at];
  if (!parameter) {
    yield made;
    return;
  }
  const arg = node.args[at]!;
  const own = closure(r, parameter, arg, env, made);
  const { variable } = parameter;
  if (!variable) {
    yield* frames(r, definition, node, env, value, depth, at + 1, own);
    return;
  }
  for (const one of r.run(arg, env, value, depth + 1)) {
    const bound: Env = { up: own, key: variable, value: one };
    yield* frames(r, definition, node, env, value, depth, at + 1, bound);
  }
}

/** Arguments as values, the first varying fastest. */
export function* values(
  r: Running,
  args: Node[],
  at: number,
  behind: Value[],
  from: { env: Env | undefined; value: Value; depth: number },
): Generator<Value[]> {
  if (at < 0) {
    yield behind;
    return;
  }
  for (const value of r.run(args[at]!, from.env, from.value, from.depth + 1))
    yield* values(r, args, at - 1, [value, ...behind], from);
}

/** Where a function's own names begin. */
export function frame(r: Running, definition: Definition, env: Env | undefined): Env {
  return definition.global ? { up: undefined, key: definition } : r.lookup(env, definition);
}

export function closure(
  r: Running,
  parameter: Parameter,
  node: Node,
  env: Env | undefined,
  up: Env,
): Env {
  return { up, key: parameter, node, env };
}

export const keyOf = (key: Value): string =>
  typeof key === "string" ? key : fail(`Cannot use ${typed(key)} as object key`);

/** What `if` leads to, for each outcome of its condition. */
export function* branches(
  r: Running,
  node: Node & { k: "if" },
  env: Env | undefined,
  value: Value,
  depth: number,
): Generator<Value> {
  for (const test of r.run(node.c, env, value, depth))
    yield* r.run(isTrue(test) ? node.a : node.b, env, value, depth);
}

export function* piped(
  r: Running,
  node: Node & { k: "pipe" },
  env: Env | undefined,
  value: Value,
  depth: number,
): Generator<Value> {
  yield* forward(r.run(node.a, env, value, depth + 1), (item) =>
    r.run(node.b, env, item, depth + 1),
  );
}
