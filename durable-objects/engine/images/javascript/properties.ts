/** Reading and writing properties. */
import { scriptValueMax } from "../../core/limits.ts";
import type { Machine } from "./runner.ts";
import { isNil, keyOf, Obj, property, type Value } from "./values.ts";

const index = (key: string): number => (/^(0|[1-9]\d{0,8})$/.test(key) ? Number(key) : -1);

/** What plain values have their methods of. */
const classes: Record<string, string> = { string: "String", number: "Number", boolean: "Boolean" };

export function getProperty(machine: Machine, from: Value, name: Value): Value {
  const key = keyOf(name);
  if (isNil(from))
    machine.throw("TypeError", `Cannot read properties of ${String(from)} (reading '${key}')`);
  if (!(from instanceof Obj)) {
    if (typeof from === "string") {
      if (key === "length") return from.length;
      const at = index(key);
      if (at >= 0) return from.charAt(at) || undefined;
    }
    const proto = machine.proto(classes[typeof from] ?? "Object");
    return proto ? property(proto, key) : undefined;
  }
  if (from.kind === "array") {
    if (key === "length") return from.items.length;
    const at = index(key);
    if (at >= 0) return from.items[at];
  }
  if ((from.kind === "map" || from.kind === "set") && key === "size") return from.table?.size ?? 0;
  if (key === "__proto__") return from.proto;
  if (key === "prototype" && from.kind === "function" && !from.props.has(key) && from.unit)
    return ownPrototype(machine, from);
  const found = property(from, key);
  // Of a database of MongoDB's shell each name is a collection.
  if (found !== undefined || !from.hidden?.has("$any")) return found;
  return machine.natives["$any"]?.(machine, from, [key]);
}

/** A plain function's prototype is made when it is looked at. */
function ownPrototype(machine: Machine, fn: Obj): Obj {
  const proto = machine.object();
  machine.hide(proto, "constructor", fn);
  machine.hide(fn, "prototype", proto);
  machine.touched(fn);
  return proto;
}

export function setProperty(machine: Machine, on: Value, name: Value, value: Value): void {
  const key = keyOf(name);
  if (isNil(on))
    machine.throw("TypeError", `Cannot set properties of ${String(on)} (setting '${key}')`);
  if (!(on instanceof Obj)) return;
  machine.touched(on);
  if (on.kind === "array") {
    const at = key === "length" ? Number(value) : index(key);
    if (at > scriptValueMax) machine.throw("RangeError", "Invalid array length");
    if (key === "length") {
      on.items.length = Math.max(0, Math.min(at, on.items.length));
      return;
    }
    if (at >= 0) {
      while (on.items.length < at) on.items.push(undefined);
      on.items[at] = value;
      return;
    }
  }
  if (on.hidden?.has("#frozen")) return;
  if (on.props.size > scriptValueMax) machine.throw("RangeError", "Too many properties");
  on.props.set(key, value);
}

/** Names that are listed, in JavaScript's order: whole numbers first. */
export function keysOf(value: Value): string[] {
  if (typeof value === "string") return [...value].map((_, i) => String(i));
  if (!(value instanceof Obj)) return [];
  const own = [...value.props.keys()].filter((key) => !value.hidden?.has(key) && key[0] !== "#");
  const numbers = own.filter((key) => index(key) >= 0).sort((a, b) => Number(a) - Number(b));
  const items = value.kind === "array" ? value.items.map((_, i) => String(i)) : [];
  return [...items, ...numbers, ...own.filter((key) => index(key) < 0)];
}
