/** jq's operators. */
import { jqItemsMax, jqTextCharactersMax } from "../../../core/limits.ts";
import { typed } from "./access.ts";
import {
  compare,
  Exhausted,
  fail,
  isObject,
  type JqObject,
  type JqWork,
  type Value,
} from "./values.ts";

const int64Min = -(2n ** 63n);

/** As C converts a double: what is out of range is the least number. */
function int64(value: number): bigint {
  if (Number.isNaN(value) || value >= 2 ** 63 || value < -(2 ** 63)) return int64Min;
  return BigInt(Math.trunc(value));
}

/** Objects merged into each other. */
function merge(a: JqObject, b: JqObject, work: JqWork, depth: number): JqObject {
  if (depth > 1_000) throw new Exhausted();
  work.spend(1 + ((a.size + b.size) >> 2));
  const out = new Map(a);
  for (const [key, value] of b) {
    const before = out.get(key);
    const both = before !== undefined && isObject(before) && isObject(value);
    out.set(key, both ? merge(before, value, work, depth + 1) : value);
  }
  return out;
}

export function splitText(text: string, by: string): Value[] {
  if (text === "") return [];
  return by === "" ? [...text] : text.split(by);
}

function text(value: string): string {
  if (value.length > jqTextCharactersMax) throw new Exhausted();
  return value;
}

export function add(a: Value, b: Value, work: JqWork): Value {
  if (a === null) return b;
  if (b === null) return a;
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (typeof a === "string" && typeof b === "string") {
    work.spend((a.length + b.length) >> 8);
    return text(a + b);
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    work.spend((a.length + b.length) >> 5);
    if (a.length + b.length > jqItemsMax) throw new Exhausted();
    return [...a, ...b];
  }
  if (isObject(a) && isObject(b)) {
    work.spend((a.size + b.size) >> 2);
    const out = new Map(a);
    for (const [key, value] of b) out.set(key, value);
    return out;
  }
  return fail(`${typed(a)} and ${typed(b)} cannot be added`);
}

function subtract(a: Value, b: Value, work: JqWork): Value {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (Array.isArray(a) && Array.isArray(b))
    return a.filter((one) => {
      work.spend(1 + b.length);
      return !b.some((other) => compare(one, other, work) === 0);
    });
  return fail(`${typed(a)} and ${typed(b)} cannot be subtracted`);
}

function multiply(a: Value, b: Value, work: JqWork): Value {
  if (typeof a === "number" && typeof b === "number") return a * b;
  const [word, times] = typeof a === "string" ? [a, b] : [b, a];
  if (typeof word === "string" && typeof times === "number") {
    if (!(times > 0)) return null;
    const count = times < 1 ? 1 : Math.ceil(times);
    if (word.length * count > jqTextCharactersMax) throw new Exhausted();
    work.spend((word.length * count) >> 8);
    return word.repeat(count);
  }
  if (isObject(a) && isObject(b)) return merge(a, b, work, 0);
  return fail(`${typed(a)} and ${typed(b)} cannot be multiplied`);
}

function divide(a: Value, b: Value): Value {
  if (typeof a === "number" && typeof b === "number") {
    if (b === 0)
      return fail(`${typed(a)} and ${typed(b)} cannot be divided because the divisor is zero`);
    return a / b;
  }
  if (typeof a === "string" && typeof b === "string") return splitText(a, b);
  return fail(`${typed(a)} and ${typed(b)} cannot be divided`);
}

function remainder(a: Value, b: Value): Value {
  if (typeof a !== "number" || typeof b !== "number")
    return fail(`${typed(a)} and ${typed(b)} cannot be divided`);
  const by = int64(b);
  if (by === 0n)
    return fail(
      `${typed(a)} and ${typed(b)} cannot be divided (remainder) because the divisor is zero`,
    );
  return Number(int64(a) % by);
}

export function operate(op: string, a: Value, b: Value, work: JqWork): Value {
  switch (op) {
    case "+":
      return add(a, b, work);
    case "-":
      return subtract(a, b, work);
    case "*":
      return multiply(a, b, work);
    case "/":
      return divide(a, b);
    case "%":
      return remainder(a, b);
    case "==":
      return compare(a, b, work) === 0;
    case "!=":
      return compare(a, b, work) !== 0;
    case "<":
      return compare(a, b, work) < 0;
    case ">":
      return compare(a, b, work) > 0;
    case "<=":
      return compare(a, b, work) <= 0;
    default:
      return compare(a, b, work) >= 0;
  }
}

export function negate(value: Value): Value {
  return typeof value === "number" ? -value : fail(`${typed(value)} cannot be negated`);
}
