/** awk's own functions. */
import { awkItemsMax } from "../../../core/limits.ts";
import type { Expr } from "./tree.ts";
import type { Awk } from "./state.ts";
import { awkFormat, inputValue, toNumber, toText, type Value } from "./values.ts";
import { formatDate } from "../system/date.ts";
import { splitBy } from "./patterns.ts";
import { placeOf } from "../../../regex/place.ts";
import type { Match } from "../../../regex/regex.ts";
import { substitute } from "../sed/run.ts";

type Builtin = (awk: Awk, args: Expr[]) => Value;

const text = (awk: Awk, arg: Expr | undefined): string =>
  arg ? toText(awk.eval(arg), awk.text("CONVFMT")) : "";
const number = (awk: Awk, arg: Expr | undefined): number => (arg ? toNumber(awk.eval(arg)) : 0);
const numeric =
  (act: (...values: number[]) => number): Builtin =>
  (awk, args) =>
    act(...args.map((arg) => number(awk, arg)));

/** `&` and `\&` of a replacement; with `groups` also \1. */
function replacement(by: string, groups: boolean): (match: Match) => string {
  return (match) =>
    by.replace(/\\(\\&|[^])|&/g, (whole, c: string | undefined) => {
      if (c === undefined) return match.group(0) ?? "";
      if (groups && /\d/.test(c)) return match.group(Number(c)) ?? "";
      return c === "&" || c === "\\" ? c : whole;
    });
}

const replace =
  (all: boolean): Builtin =>
  (awk, args) => {
    const pattern = awk.pattern(args[0]!);
    const by = replacement(text(awk, args[1]), false);
    const to: Expr = args[2] ?? { k: "field", of: { k: "num", v: 0 } };
    const old = text(awk, to);
    let count = 0;
    const made = substitute(old, pattern, awk.work, (match) => (count++, by(match)), 1, all);
    if (made !== undefined) awk.assign(to, made);
    return count;
  };

function split(awk: Awk, args: Expr[]): Value {
  const source = text(awk, args[0]);
  const to = args[1];
  if (to?.k !== "var") return 0;
  const by = args[2];
  const parts =
    by === undefined
      ? awk.split(source, awk.text("FS"))
      : by.k === "re"
        ? source === ""
          ? []
          : splitBy(source, awk.pattern(by), awk.work)
        : awk.split(source, text(awk, by));
  if (parts.length > awkItemsMax) awk.host.tooBig();
  const array = awk.array(to.name);
  for (const key of Object.keys(array)) delete array[key];
  parts.forEach((part, i) => (array[`=${i + 1}`] = inputValue(part)));
  return parts.length;
}

function substr(awk: Awk, args: Expr[]): Value {
  const source = text(awk, args[0]);
  // busybox: a start before the text counts from its first character.
  const from = Math.max(1, Math.round(number(awk, args[1])));
  const length = args[2] ? Math.round(number(awk, args[2])) : Infinity;
  return length <= 0 ? "" : source.slice(from - 1, from - 1 + length);
}

function match(awk: Awk, args: Expr[]): Value {
  const found = awk.pattern(args[1]!).find(text(awk, args[0]), awk.work);
  awk.set("RSTART", found ? found.index + 1 : 0);
  awk.set("RLENGTH", found ? found.end - found.index : -1);
  return found ? found.index + 1 : 0;
}

function length(awk: Awk, args: Expr[]): Value {
  const arg = args[0];
  if (!arg) return awk.record.length;
  if (arg.k === "var" && arg.name !== "NF") {
    const { array } = awk.cell(arg.name);
    if (array) return Object.keys(array).length;
  }
  return text(awk, arg).length;
}

function gensub(awk: Awk, args: Expr[]): Value {
  const how = text(awk, args[2]);
  const source = args[3] ? text(awk, args[3]) : awk.record;
  const by = replacement(text(awk, args[1]), true);
  const all = /^[gG]/.test(how);
  const nth = all ? 1 : Math.max(1, Number(how) || 1);
  return substitute(source, awk.pattern(args[0]!), awk.work, by, nth, all) ?? source;
}

function close(awk: Awk, args: Expr[]): Value {
  const name = text(awk, args[0]);
  const { outs, inputs } = awk.memory;
  const out = outs[name];
  if (out) {
    delete outs[name];
    return awk.host.close(out);
  }
  const known = inputs[name] !== undefined;
  delete inputs[name];
  return known ? 0 : -1;
}

function rand(awk: Awk): Value {
  const { memory } = awk;
  memory.seed = (Math.imul(memory.seed, 1_103_515_245) + 12_345) & 0x7fffffff;
  return memory.seed / 0x80000000;
}

function srand(awk: Awk, args: Expr[]): Value {
  const old = awk.memory.seed;
  awk.memory.seed = args[0] ? Math.trunc(number(awk, args[0])) : Math.floor(awk.host.now() / 1000);
  return old;
}

const table: Record<string, Builtin> = {
  length,
  substr,
  index: (awk, args) => placeOf(text(awk, args[0]), text(awk, args[1]), 0) + 1,
  split,
  sub: replace(false),
  gsub: replace(true),
  gensub,
  match,
  sprintf(awk, args) {
    const values = args.map((arg) => awk.eval(arg));
    return awkFormat(toText(values[0]), values.slice(1), awk.text("CONVFMT"));
  },
  tolower: (awk, args) => text(awk, args[0]).replace(/[A-Z]+/g, (part) => part.toLowerCase()),
  toupper: (awk, args) => text(awk, args[0]).replace(/[a-z]+/g, (part) => part.toUpperCase()),
  sin: numeric(Math.sin),
  cos: numeric(Math.cos),
  atan2: numeric(Math.atan2),
  exp: numeric(Math.exp),
  log: numeric(Math.log),
  sqrt: numeric(Math.sqrt),
  int: numeric(Math.trunc),
  and: numeric((a = 0, b = 0) => (a & b) >>> 0),
  or: numeric((a = 0, b = 0) => (a | b) >>> 0),
  xor: numeric((a = 0, b = 0) => (a ^ b) >>> 0),
  lshift: numeric((a = 0, b = 0) => (a << b) >>> 0),
  rshift: numeric((a = 0, b = 0) => a >>> b),
  compl: numeric((a = 0) => ~a >>> 0),
  rand,
  srand,
  systime: (awk) => Math.floor(awk.host.now() / 1000),
  strftime(awk, args) {
    const ms = args[1] ? number(awk, args[1]) * 1000 : awk.host.now();
    return formatDate(args[0] ? text(awk, args[0]) : "%a %b %e %H:%M:%S %Z %Y", ms);
  },
  system: (awk, args) => awk.host.system(text(awk, args[0])),
  fflush: (awk) => (awk.host.flush(), 0),
  close,
};

export function builtin(awk: Awk, name: string, args: Expr[]): Value {
  return table[name]?.(awk, args);
}
