/** Methods of texts, lists, numbers and dictionaries of the little interpreters. */
import { Unsupported } from "./tokens.ts";
import { format } from "./format.ts";
import type { Runner } from "./host.ts";
import { list, sizeOf, sorted, string } from "./library.ts";
import { arithmetic } from "./arithmetic.ts";
import { bounded, joined, ScriptError, toNumber, typeName, type Value } from "./values.ts";

type Method = (run: Runner, self: string, args: Value[]) => Value;

const textMethods: Record<string, Method> = {
  upper: (_run, self) => self.toUpperCase(),
  lower: (_run, self) => self.toLowerCase(),
  strip: (_run, self) => self.trim(),
  title: (_run, self) =>
    self
      .toLowerCase()
      .split(" ")
      .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
      .join(" "),
  join: (run, self, [values]) =>
    joined(
      list(run, values).map((value) => string(run, value)),
      self,
    ),
  split: (run, self, [by]) =>
    by === undefined || by === null ? self.trim().split(/\s+/) : self.split(string(run, by)),
  replace: (run, self, [from, to]) => joined(self.split(string(run, from)), string(run, to)),
  startswith: (run, self, [what]) => self.startsWith(string(run, what)),
  endswith: (run, self, [what]) => self.endsWith(string(run, what)),
  count: (run, self, [what]) => BigInt(self.split(string(run, what)).length - 1),
  find: (run, self, [what]) => BigInt(self.indexOf(string(run, what))),
  format: (run, self, args) => {
    let next = 0;
    return self.replace(/\{(\d*)(?::([^{}]*))?\}/g, (_, index: string, spec = "") =>
      string(run, format(run, [args[index === "" ? next++ : Number(index)], spec])),
    );
  },
  isdigit: (_run, self) => /^\d+$/.test(self),
  zfill: (run, self, [size]) => self.padStart(Math.min(1000, toNumber(size)), "0"),
  upcase: (_run, self) => self.toUpperCase(),
  downcase: (_run, self) => self.toLowerCase(),
  capitalize: (_run, self) => self.slice(0, 1).toUpperCase() + self.slice(1).toLowerCase(),
  reverse: (_run, self) => [...self].reverse().join(""),
  length: (_run, self) => BigInt(self.length),
  size: (_run, self) => BigInt(self.length),
  to_s: (_run, self) => self,
  to_i: (_run, self) => BigInt(Math.trunc(toNumber(self))),
  to_f: (_run, self) => toNumber(self),
  chomp: (_run, self) => self.replace(/\n$/, ""),
};

const listMethods: Record<string, (run: Runner, self: Value[], args: Value[]) => Value> = {
  append(_run, self, [value]) {
    self.push(value);
    return bounded(self) && null;
  },
  push(_run, self, args) {
    self.push(...args.slice(0, 1000));
    return bounded(self).length;
  },
  pop: (_run, self) => self.pop(),
  join: (run, self, [by]) =>
    joined(
      self.map((value) => string(run, value)),
      by === undefined ? "" : string(run, by),
    ),
  reverse: (_run, self) => [...self].reverse(),
  sort: sorted,
  concat: (_run, self, args) => bounded([...self, ...args.flat()]),
  sum: (run, self) => self.reduce((a, b) => arithmetic(run.language, "+", a, b), 0n as Value),
  length: (_run, self) => BigInt(self.length),
  size: (_run, self) => BigInt(self.length),
  first: (_run, self) => self[0],
  last: (_run, self) => self.at(-1),
  max: (run, self) => sorted(run, self).at(-1),
  min: (run, self) => sorted(run, self)[0],
  to_a: (_run, self) => self,
};

const numberMethods: Record<string, (run: Runner, self: number | bigint, args: Value[]) => Value> =
  {
    to_s: (run, self) => string(run, self),
    to_i: (_run, self) => BigInt(Math.trunc(Number(self))),
    to_f: (_run, self) => Number(self),
    round: (run, self, [digits]) =>
      digits === undefined
        ? BigInt(Math.round(Number(self)))
        : Number(Number(self).toFixed(toNumber(digits))),
    abs: (_run, self) => (self < 0 ? -self : self),
  };

/** `holder.name(args)`. */
export function callMethod(run: Runner, holder: Value, name: string, args: Value[]): Value {
  run.host.charge(sizeOf([holder, ...args]));
  const has = (table: object): boolean => Object.hasOwn(table, name);
  if (typeof holder === "string" && has(textMethods))
    return bounded(textMethods[name]!(run, holder, args));
  if (Array.isArray(holder) && has(listMethods)) return listMethods[name]!(run, holder, args);
  if ((typeof holder === "number" || typeof holder === "bigint") && has(numberMethods))
    return numberMethods[name]!(run, holder, args);
  if (holder instanceof Map) {
    if (name === "get") return holder.get(string(run, args[0])) ?? args[1] ?? null;
    if (name === "keys") return [...holder.keys()];
    if (name === "values") return [...holder.values()];
    if (name === "items") return [...holder].map(([key, value]) => [key, value]);
  }
  if ((holder === undefined || holder === null) && run.language === "ruby")
    throw new ScriptError("NoMethodError", `undefined method '${name}' for nil`);
  if (run.language === "python")
    throw new ScriptError(
      "AttributeError",
      `'${typeName(holder)}' object has no attribute '${name}'`,
    );
  throw new Unsupported(`.${name}(...)`);
}
