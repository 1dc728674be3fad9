/** Methods of lists, objects, maps, sets, and JSON. */
import { scriptDepthMax, scriptValueMax } from "../../core/limits.ts";
import type { Machine, Native } from "./runner.ts";
import { valuesOf } from "./operations.ts";
import { keysOf } from "./properties.ts";
import { isNil, keyOf, numberOf, Obj, textOf, type Value } from "./values.ts";

const at = (value: Value, length: number, otherwise: number): number => {
  if (value === undefined) return otherwise;
  const n = Math.trunc(numberOf(value)) || 0;
  return n < 0 ? Math.max(0, length + n) : Math.min(n, length);
};

type ListMethod = (items: Value[], args: Value[], machine: Machine, self: Obj) => Value;

function flat(items: readonly Value[], depth: number, out: Value[]): Value[] {
  for (const item of items)
    if (depth > 0 && item instanceof Obj && item.kind === "array") flat(item.items, depth - 1, out);
    else if (out.length < scriptValueMax) out.push(item);
  return out;
}

const sameZero = (a: Value, b: Value): boolean => a === b || (a !== a && b !== b);

const lists: Record<string, ListMethod> = {
  at: (items, [i]) => items[numberOf(i) < 0 ? items.length + numberOf(i) : Math.trunc(numberOf(i))],
  concat: (items, args, machine) =>
    machine.list([...items, ...args.flatMap((one) => (one instanceof Obj && one.kind === "array" ? one.items : [one]))]), // prettier-ignore
  fill(items, [value], _machine, self) {
    items.fill(value);
    return self;
  },
  flat: (items, [depth], machine) =>
    machine.list(flat(items, Math.min(scriptDepthMax, depth === undefined ? 1 : numberOf(depth)), [])), // prettier-ignore
  includes: (items, [one]) => items.some((item) => sameZero(item, one)),
  indexOf: (items, [one]) => items.indexOf(one),
  join: (items, [by]) =>
    items.map((item) => (isNil(item) ? "" : textOf(item))).join(by === undefined ? "," : textOf(by)), // prettier-ignore
  keys: (items, _args, machine) => machine.list(items.map((_, i) => i)),
  entries: (items, _args, machine) => machine.list(items.map((item, i) => machine.list([i, item]))),
  values: (items, _args, machine) => machine.list([...items]),
  lastIndexOf: (items, [one]) => items.lastIndexOf(one),
  pop: (items) => items.pop(),
  push(items, args, machine) {
    if (items.length + args.length > scriptValueMax)
      machine.throw("RangeError", "Invalid array length");
    return items.push(...args);
  },
  reverse(items, _args, _machine, self) {
    items.reverse();
    return self;
  },
  shift: (items) => items.shift(),
  slice: (items, [from, to], machine) =>
    machine.list(items.slice(at(from, items.length, 0), at(to, items.length, items.length))),
  splice(items, [from, count, ...added], machine) {
    const start = at(from, items.length, 0);
    const most = count === undefined ? items.length - start : Math.max(0, numberOf(count));
    return machine.list(items.splice(start, most, ...added));
  },
  toString: (items: Value[]) => items.map((item) => (isNil(item) ? "" : textOf(item))).join(","),
  unshift: (items, args) => items.unshift(...args),
};

/** Reads a text as JSON into values. */
function fromJson(machine: Machine, value: unknown, depth = 0): Value {
  machine.steps++;
  if (depth > scriptDepthMax) machine.throw("RangeError", "Maximum call stack size exceeded");
  if (Array.isArray(value)) return machine.list(value.map((one) => fromJson(machine, one, depth + 1))); // prettier-ignore
  if (typeof value !== "object" || value === null) return value as Value;
  const made = machine.object();
  for (const [key, one] of Object.entries(value)) made.props.set(key, fromJson(machine, one, depth + 1)); // prettier-ignore
  return made;
}

/** What JSON.stringify sees of a value; functions are left out. */
function plainOf(machine: Machine, value: Value, above: readonly Obj[]): unknown {
  machine.steps++;
  if (!(value instanceof Obj)) return value;
  if (above.includes(value) || above.length > scriptDepthMax)
    machine.throw("TypeError", "Converting circular structure to JSON");
  const inner = [...above, value];
  if (value.kind === "function") return undefined;
  if (value.kind === "date") return machine.natives["Date#toISOString"]?.(machine, value, []);
  if (value.kind === "array") return value.items.map((item) => plainOf(machine, item, inner) ?? null); // prettier-ignore
  return Object.fromEntries(keysOf(value).map((key) => [key, plainOf(machine, value.props.get(key), inner)])); // prettier-ignore
}

const tableOf = (self: Value): Map<Value, Value> =>
  self instanceof Obj ? (self.table ??= new Map()) : new Map<Value, Value>();

function put(machine: Machine, self: Value, key: Value, value: Value): Value {
  const table = tableOf(self);
  if (table.size >= scriptValueMax) machine.throw("RangeError", "Map maximum size exceeded");
  if (self instanceof Obj) machine.touched(self);
  table.set(key, value);
  return self;
}

function changed(machine: Machine, self: Value): Map<Value, Value> {
  if (self instanceof Obj) machine.touched(self);
  return tableOf(self);
}

const tables = (name: "Map" | "Set"): Record<string, Native> => ({
  [`${name}#has`]: (_m, self, [key]) => tableOf(self).has(key),
  [`${name}#delete`]: (machine, self, [key]) => changed(machine, self).delete(key),
  [`${name}#clear`]: (machine, self) => void changed(machine, self).clear() as undefined,
  [`${name}#keys`]: (machine, self) => machine.list([...tableOf(self).keys()]),
  [`${name}#values`]: (machine, self) => machine.list([...tableOf(self).values()]),
  [`${name}#entries`]: (machine, self) => machine.list([...tableOf(self)].map(([key, value]) => machine.list([key, value]))), // prettier-ignore
});

const hide: Native = (machine, _self, [on, key, value]) => {
  if (!(on instanceof Obj)) return value;
  machine.touched(on);
  machine.hide(on, keyOf(key), value);
  return value;
};

export const listNatives: Record<string, Native> = {
  ...Object.fromEntries(
    Object.entries(lists).map(([name, run]): [string, Native] => [
      `Array#${name}`,
      (machine, self, args) => {
        if (!(self instanceof Obj)) return machine.throw("TypeError", "not a list");
        machine.touched(self);
        machine.steps += self.items.length >> 2;
        return run(self.items, args, machine, self);
      },
    ]),
  ),
  ...tables("Map"),
  ...tables("Set"),
  "Map#get": (_m, self, [key]) => tableOf(self).get(key),
  "Map#set": (machine, self, [key, value]) => put(machine, self, key, value),
  "Set#add": (machine, self, [key]) => put(machine, self, key, key),
  "Array.isArray": (_m, _s, [value]) => value instanceof Obj && value.kind === "array",
  "Array.of": (machine, _s, args) => machine.list([...args]),
  /** A list of what a loop goes through, or of an object's `length`. */
  $items(machine, _s, [value]) {
    if (typeof value === "string") return machine.list(valuesOf(machine, value));
    if (!(value instanceof Obj)) return machine.list([]);
    if (/^(array|map|set)$/.test(value.kind)) return machine.list(valuesOf(machine, value));
    const length = Math.trunc(numberOf(value.props.get("length"))) || 0;
    if (length > scriptValueMax) machine.throw("RangeError", "Invalid array length");
    return machine.list(Array.from({ length }, (_, i) => value.props.get(String(i))));
  },
  $sized(machine, self, [count]) {
    const length = numberOf(count);
    if (!(length >= 0 && length <= scriptValueMax) || !Number.isInteger(length))
      machine.throw("RangeError", "Invalid array length");
    machine.steps += length;
    const made = self instanceof Obj && self.kind === "array" ? self : machine.list([]);
    made.items = Array.from({ length }, (): Value => undefined);
    return made;
  },
  "Object.keys": (machine, _s, [value]) => machine.list(keysOf(value)),
  "Object.values": (machine, _s, [value]) => machine.list(keysOf(value).map((key) => machine.get(value, key))), // prettier-ignore
  "Object.entries": (machine, _s, [value]) =>
    machine.list(keysOf(value).map((key) => machine.list([key, machine.get(value, key)]))),
  "Object.assign"(machine, _s, [to, ...from]) {
    for (const one of from) for (const key of keysOf(one)) machine.set(to, key, machine.get(one, key)); // prettier-ignore
    return to;
  },
  "Object.freeze"(_m, _s, [value]) {
    if (value instanceof Obj) (value.hidden ??= new Set()).add("#frozen");
    return value;
  },
  "Object.create"(machine, _s, [proto]) {
    return machine.object("object", proto instanceof Obj ? proto : null);
  },
  "Object.getPrototypeOf": (_m, _s, [value]) => (value instanceof Obj ? value.proto : null),
  "Object.setPrototypeOf"(machine, _s, [value, proto]) {
    if (value instanceof Obj) {
      machine.touched(value);
      value.proto = proto instanceof Obj ? proto : null;
    }
    return value;
  },
  "Object#hasOwnProperty": (_m, self, [key]) =>
    self instanceof Obj && (self.props.has(keyOf(key)) || keysOf(self).includes(keyOf(key))),
  $hide: hide,
  $set: hide,
  "JSON.parse"(machine, _s, [text]) {
    try {
      return fromJson(machine, JSON.parse(textOf(text)));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return machine.throw("SyntaxError", error.message);
    }
  },
  "JSON.stringify"(machine, _s, [value, _replacer, space]) {
    const indent = typeof space === "string" ? space : numberOf(space ?? 0);
    return JSON.stringify(plainOf(machine, value, []), null, indent);
  },
};
