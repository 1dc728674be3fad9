/** Runs a filter for the places that it finds: `path(f)`, and what stands left of an assignment. */
import { cannotIterate, getAt, getPath } from "./access.ts";
import { shownText } from "./json-text.ts";
import type { At } from "./native.ts";
import { destructured } from "./binding.ts";
import { frames, keys } from "./combining.ts";
import { attempt, forward, type Env, type Running } from "./running.ts";
import type { Node } from "./tree.ts";
import { fail, isObject, isTrue, JqError, type JqWork, type Value } from "./values.ts";

/** A value that was worked out: it lies at the path only if it is what lies there. */
export function elsewhere(at: At, value: Value): At {
  const same = Object.is(value, at.value) && !at.lost;
  return same ? at : { path: at.path, value, lost: true };
}

/** Both ends of a path expression must lie at a path. */
export function intact(at: At): At {
  if (at.lost) fail(`Invalid path expression with result ${shownText(at.value, 26)}`);
  return at;
}

export function step(at: At, key: Value, work: JqWork): At {
  if (at.lost)
    fail(
      `Invalid path expression near attempt to access element ${shownText(key, 26)} of ${shownText(at.value, 26)}`,
    );
  return { path: { up: at.path, step: key }, value: getAt(at.value, key, work) };
}

export function* stepEach(at: At, opt: true | undefined): Generator<At> {
  const { value } = at;
  if (at.lost)
    fail(`Invalid path expression near attempt to iterate through ${shownText(value, 26)}`);
  if (Array.isArray(value))
    for (let i = 0; i < value.length; i++)
      yield { path: { up: at.path, step: i }, value: value[i]! };
  else if (isObject(value))
    for (const [key, inner] of value) yield { path: { up: at.path, step: key }, value: inner };
  else if (!opt) cannotIterate(value);
}

export function* stepPath(at: At, path: Value, work: JqWork): Generator<At> {
  if (!Array.isArray(path)) {
    fail("Path must be specified as an array");
    return;
  }
  const value = getPath(at.value, path, work);
  let out = at.path;
  for (const key of path) out = { up: out, step: key };
  yield { path: out, value };
}

/** The places a filter finds; each must be one. */
export function* runPaths(
  runner: Running,
  from: Node,
  env: Env | undefined,
  start: At,
  depth: number,
): Generator<At> {
  for (const at of places(runner, from, env, start, depth)) yield intact(at);
}

/** The same as one part of a path expression, whose values may yet lie elsewhere. */
export function* places(
  r: Running,
  from: Node,
  given: Env | undefined,
  at: At,
  depth: number,
): Generator<At> {
  let node = from;
  let env = given;
  const inner = depth + 1;
  for (;;) {
    r.enter(depth);
    switch (node.k) {
      case "id":
        yield at;
        return;
      case "index":
      case "slice":
        yield* accessed(r, node, env, at, inner);
        return;
      case "each": {
        const { opt } = node;
        yield* forward(places(r, node.of, env, at, inner), (of) => stepEach(of, opt));
        return;
      }
      case "pipe": {
        if (node.a.k === "id") {
          node = node.b;
          continue;
        }
        const { b } = node;
        const own = env;
        yield* forward(places(r, node.a, env, at, inner), (of) => places(r, b, own, of, inner));
        return;
      }
      case "comma":
        yield* places(r, node.a, env, at, inner);
        node = node.b;
        continue;
      case "def":
        env = { up: env, key: node.def };
        node = node.rest;
        continue;
      case "call": {
        const { target } = node;
        if (target && "parameter" in target) {
          const bound = r.lookup(env, target.parameter);
          node = bound.node!;
          env = bound.env;
          continue;
        }
        yield* callPaths(r, node, env, at, inner);
        return;
      }
      default:
        yield* control(r, node, env, at, inner);
        return;
    }
  }
}

function* accessed(
  r: Running,
  node: Node & { k: "index" | "slice" },
  env: Env | undefined,
  at: At,
  depth: number,
): Generator<At> {
  for (const key of keys(r, node, env, at.value, depth))
    for (const of of places(r, node.of, env, at, depth)) {
      const found = node.opt ? attempt(() => step(of, key, r)) : step(of, key, r);
      if (found) yield found;
    }
}

function* control(
  r: Running,
  node: Node,
  env: Env | undefined,
  at: At,
  depth: number,
): Generator<At> {
  switch (node.k) {
    case "try":
      try {
        yield* places(r, node.body, env, at, depth);
      } catch (error) {
        if (!(error instanceof JqError)) throw error;
        if (node.handler)
          yield* places(
            r,
            node.handler,
            env,
            { path: at.path, value: error.value, lost: true },
            depth,
          );
      }
      return;
    case "as": {
      const { to, body } = node;
      yield* forward(r.run(node.of, env, at.value, depth), (bound) =>
        destructured(r, to, bound, env, depth, (inner) => places(r, body, inner, at, depth)),
      );
      return;
    }
    case "if":
      for (const test of r.run(node.c, env, at.value, depth))
        yield* places(r, isTrue(test) ? node.a : node.b, env, at, depth);
      return;
    case "alt": {
      let some = false;
      for (const left of places(r, node.a, env, at, depth))
        if (isTrue(left.value)) {
          some = true;
          yield left;
        }
      if (!some) yield* places(r, node.b, env, at, depth);
      return;
    }
    case "label": {
      const label = {};
      const { to, body } = node;
      try {
        yield* places(r, body, { up: env, key: to, label }, at, depth);
      } catch (error) {
        if ((error as { label?: object }).label !== label) throw error;
      }
      return;
    }
    default:
      for (const value of r.run(node, env, at.value, depth)) yield elsewhere(at, value);
  }
}

function* callPaths(
  r: Running,
  node: Node & { k: "call" },
  env: Env | undefined,
  at: At,
  depth: number,
): Generator<At> {
  const target = node.target!;
  if ("definition" in target) {
    for (const inner of frames(r, target.definition, node, env, at.value, depth))
      yield* places(r, target.definition.body, inner, at, depth);
    return;
  }
  const native = "native" in target ? r.pathNative(target.native) : undefined;
  if (native)
    yield* native(
      at,
      node.args.map((arg) => r.filter(arg, env, depth)),
    );
  else for (const value of r.run(node, env, at.value, depth)) yield elsewhere(at, value);
}
