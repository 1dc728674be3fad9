/** Signs of the language. */
import { nodeTextCharactersMax } from "../../core/limits.ts";
import type { Machine } from "./runner.ts";
import { isNil, keyOf, numberOf, Obj, textOf, typeName, type Value } from "./values.ts";

/** Objects as plain values. */
const plain = (value: Value): Exclude<Value, Obj> => (value instanceof Obj ? textOf(value) : value);

function looseSame(l: Value, r: Value): boolean {
  if (isNil(l) || isNil(r)) return isNil(l) && isNil(r);
  if (l instanceof Obj && r instanceof Obj) return l === r;
  const [a, b] = [plain(l), plain(r)];
  if (typeof a === typeof b) return a === b;
  return Number(a) === Number(b);
}

function less(l: Value, r: Value): boolean | undefined {
  const [a, b] = [
    l instanceof Obj && l.kind === "date" ? numberOf(l) : plain(l),
    r instanceof Obj && r.kind === "date" ? numberOf(r) : plain(r),
  ];
  if (typeof a === "string" && typeof b === "string") return a < b;
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? undefined : x < y;
}

function isInstance(machine: Machine, l: Value, r: Value): boolean {
  if (!(r instanceof Obj) || r.kind !== "function")
    machine.throw("TypeError", "Right-hand side of 'instanceof' is not callable");
  const proto = r.props.get("prototype");
  if (!(l instanceof Obj)) return false;
  for (let one = l.proto; one; one = one.proto) if (one === proto) return true;
  return false;
}

function hasKey(machine: Machine, l: Value, r: Value): boolean {
  if (!(r instanceof Obj))
    machine.throw("TypeError", `Cannot use 'in' operator to search for '${keyOf(l)}' in ${textOf(r)}`); // prettier-ignore
  const key = keyOf(l);
  if (r.kind === "array" && /^\d+$/.test(key)) return Number(key) < r.items.length;
  for (let one: Obj | null = r; one; one = one.proto) if (one.props.has(key)) return true;
  return false;
}

export function binary(machine: Machine, op: string, l: Value, r: Value): Value {
  switch (op) {
    case "===":
      return l === r;
    case "!==":
      return l !== r;
    case "==":
      return looseSame(l, r);
    case "!=":
      return !looseSame(l, r);
    case "<":
      return less(l, r) === true;
    case ">":
      return less(r, l) === true;
    case "<=":
      return less(r, l) === false;
    case ">=":
      return less(l, r) === false;
    case "instanceof":
      return isInstance(machine, l, r);
    case "in":
      return hasKey(machine, l, r);
    case "+": {
      const [a, b] = [plain(l), plain(r)];
      if (typeof a !== "string" && typeof b !== "string") return Number(a) + Number(b);
      const text = String(a) + String(b);
      if (text.length > nodeTextCharactersMax) machine.throw("RangeError", "Invalid string length");
      return text;
    }
  }
  return arithmetic(op, numberOf(l), numberOf(r));
}

function arithmetic(op: string, a: number, b: number): number {
  switch (op) {
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "%":
      return a % b;
    case "**":
      return a ** b;
    case "|":
      return a | b;
    case "&":
      return a & b;
    case "^":
      return a ^ b;
    case "<<":
      return a << b;
    case ">>":
      return a >> b;
    default:
      return a >>> b;
  }
}

export function unary(op: string, value: Value): Value {
  switch (op) {
    case "!":
      return !value;
    case "-":
      return -numberOf(value);
    case "+":
      return numberOf(value);
    case "~":
      return ~numberOf(value);
    case "typeof":
      return typeName(value);
    default:
      return undefined;
  }
}
