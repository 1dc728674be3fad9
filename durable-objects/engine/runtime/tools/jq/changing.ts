/** reduce, foreach, and assignments. */
import { deletePaths, getPath, setPath } from "./access.ts";
import { operate } from "./arithmetic.ts";
import { destructured } from "./binding.ts";
import { runPaths } from "./paths.ts";
import { forward, pathOf, type Env, type Running } from "./running.ts";
import type { Node } from "./tree.ts";
import { isTrue, type Value } from "./values.ts";

export function reduce(
  r: Running,
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
    return r.run(node.update, inner, before, depth + 1);
  };
  const steps = forward(r.run(node.of, env, value, depth + 1), (bound) => {
    const made = destructured(r, node.to, bound, env, depth + 1, update);
    return last(made, (next) => (state = next));
  });
  for (const _ of steps) r.spend(1);
  return state;
}

export function* foreach(
  r: Running,
  node: Node & { k: "foreach" },
  env: Env | undefined,
  value: Value,
  init: Value,
  depth: number,
): Generator<Value> {
  let state = init;
  for (const bound of r.run(node.of, env, value, depth + 1)) {
    const { extract } = node;
    const made = destructured(r, node.to, bound, env, depth, (inner) =>
      tagged(r.run(node.update, inner, state, depth + 1), inner),
    );
    for (const [next, inner] of made) {
      state = next;
      if (extract) yield* r.run(extract, inner, next, depth + 1);
      else yield next;
    }
  }
}

export function assign(
  r: Running,
  node: Node & { k: "assign" },
  env: Env | undefined,
  value: Value,
  right: Value,
  depth: number,
): Value {
  if (node.op === "") {
    let out = value;
    for (const at of runPaths(r, node.a, env, { path: undefined, value }, depth + 1))
      out = setPath(out, pathOf(at), right, r);
    return out;
  }
  return modify(r, node.a, env, value, depth, (old) => {
    const made = node.op === "//" ? (isTrue(old) ? old : right) : operate(node.op, old, right, r);
    return [made];
  });
}

export function modify(
  r: Running,
  to: Node,
  env: Env | undefined,
  value: Value,
  depth: number,
  update: (old: Value) => Iterable<Value>,
): Value {
  let out = value;
  for (const at of runPaths(r, to, env, { path: undefined, value }, depth + 1)) {
    const path = pathOf(at);
    let some = false;
    for (const next of update(getPath(out, path, r))) {
      out = setPath(out, path, next, r);
      some = true;
      break;
    }
    if (!some) out = deletePaths(out, [path], r);
  }
  return out;
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
