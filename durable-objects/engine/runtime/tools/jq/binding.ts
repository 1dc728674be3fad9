/** Binds what patterns name: `. as [$a, {b: $c}]`. */
import { getAt } from "./access.ts";
import type { Env, Running } from "./running.ts";
import type { Pattern, Variable } from "./tree.ts";
import { Exhausted, fail, JqError, kindOf, type Value } from "./values.ts";

export function bindOne(
  r: Running,
  pattern: Pattern,
  value: Value,
  env: Env | undefined,
  depth: number,
): Env {
  for (const inner of bindings(r, pattern, value, env, depth)) return inner!;
  throw new Exhausted();
}

export function* bindings(
  r: Running,
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
    yield* bindItems(r, pattern.of, 0, value, env, depth);
    return;
  }
  yield* bindFields(r, pattern.of, 0, value, env, depth);
}

export function* bindItems(
  r: Running,
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
  if (value !== null && !Array.isArray(value)) getAt(value, at, r);
  for (const inner of bindings(r, pattern, getAt(value, at, r), env, depth))
    yield* bindItems(r, of, at + 1, value, inner, depth);
}

export function* bindFields(
  r: Running,
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
  for (const key of r.run(field.key, env, value, depth + 1)) {
    if (typeof key !== "string") fail(`Cannot index ${kindOf(value)} with ${kindOf(key)}`);
    const found = getAt(value, key, r);
    const inner = field.to ? { up: env, key: field.to, value: found } : env;
    if (!field.value) yield* bindFields(r, of, at + 1, value, inner, depth);
    else
      for (const deeper of bindings(r, field.value, found, inner, depth))
        yield* bindFields(r, of, at + 1, value, deeper, depth);
  }
}

/** With several patterns, one that fails, itself or in the body, hands over to the next. */
export function* destructured<T>(
  r: Running,
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
      for (const inner of bindings(r, pattern, bound, start, depth)) yield* body(inner);
      return;
    } catch (error) {
      if (i === patterns.length - 1 || !(error instanceof JqError)) throw error;
    }
}

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
