/** Operators of two values. yq: pkg/yqlib/operator_{add,subtract,multiply,divide,modulo,compare}.go */
import { yqTextCharactersMax } from "../../../core/limits.ts";
import { assign } from "./assigning.ts";
import {
  at,
  bool,
  copyOf,
  Endless,
  equal,
  isNull,
  isTrue,
  numberOf,
  scalar,
  wrong,
  type Work,
  type YqNode,
} from "./node.ts";
import { globbed } from "./traversing.ts";

type Operator = (a: YqNode, b: YqNode, work: Work, flags: string) => YqNode;

const named = (node: YqNode): string => `${node.tag} (${node.place})`;

/** A number as Go prints it. */
function number(value: number, integers: boolean): YqNode {
  if (integers) return scalar(Math.trunc(value), "!!int");
  return scalar(
    Number.isFinite(value) ? value : value > 0 ? "+Inf" : Number.isNaN(value) ? "NaN" : "-Inf",
    "!!float",
  );
}

function text(node: YqNode, value: string): YqNode {
  if (value.length > yqTextCharactersMax) throw new Endless();
  return at(scalar(value, "!!str", node.style), node);
}

const whole = (a: YqNode, b: YqNode): boolean => a.tag === "!!int" && b.tag === "!!int";

function add(left: YqNode, right: YqNode, work: Work): YqNode {
  const [a, b] = [left.real, right.real];
  if (isNull(a)) return at(copyOf(b, work), left);
  if (a.kind === "map") {
    if (b.kind !== "map")
      return isNull(b) ? a : wrong(`${named(b)} cannot be added to a ${named(a)}`);
    const out = copyOf(a, work);
    for (const [key, value] of b.entries) {
      const known = out.get(key.value);
      if (known) assign(known, copyOf(value, work), work);
      else out.add(copyOf(value, work), copyOf(key, work));
    }
    return out;
  }
  if (a.kind === "seq") {
    const out = copyOf(a, work);
    if (b.kind === "seq") for (const item of b.content) out.add(copyOf(item, work));
    else if (!isNull(b)) out.add(copyOf(b, work));
    return out;
  }
  if (b.kind === "seq") {
    const out = copyOf(b, work);
    out.content.unshift(copyOf(a, work));
    out.renumber();
    return out;
  }
  if (b.kind !== "scalar") return wrong(`${named(b)} cannot be added to a ${named(a)}`);
  if (a.tag === "!!str") return text(a, isNull(b) ? a.value : a.value + b.value);
  if (b.tag === "!!str") return text(b, a.value + b.value);
  if (isNull(b)) return a;
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x === undefined || y === undefined) return wrong(`${a.tag} cannot be added to ${b.tag}`);
  return at(number(x + y, whole(a, b)), left);
}

function subtract(left: YqNode, right: YqNode, work: Work): YqNode {
  const [a, b] = [left.real, right.real];
  if (isNull(a) || isNull(b)) return isNull(a) ? at(copyOf(b, work), left) : a;
  if (a.kind === "map") return wrong("maps not yet supported for subtraction");
  if (a.kind === "seq") {
    if (b.kind !== "seq") return wrong(`${named(b)} cannot be subtracted from ${a.tag}`);
    const out = copyOf(a, work);
    out.content = out.content.filter((item) => !b.content.some((one) => equal(item, one, work)));
    out.renumber();
    return out;
  }
  if (b.kind !== "scalar") return wrong(`${named(b)} cannot be subtracted from ${a.tag}`);
  if (a.tag === "!!str" || b.tag === "!!str") return wrong("strings cannot be subtracted");
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x === undefined || y === undefined) return wrong(`${a.tag} cannot be added to ${b.tag}`);
  return at(number(x - y, whole(a, b)), left);
}

/** Puts the right map's entries into the left one, deep down. */
function merge(target: YqNode, from: YqNode, work: Work, flags: string): void {
  work.spend(1);
  const only = flags.includes("?");
  const fresh = flags.includes("n");
  for (const [key, value] of from.entries) {
    const known = target.get(key.value);
    if (!known) {
      if (!only) target.add(copyOf(value, work), copyOf(key, work));
      continue;
    }
    if (known.kind === "map" && value.kind === "map") merge(known, value, work, flags);
    else if (known.kind === "seq" && value.kind === "seq" && flags.includes("+"))
      for (const item of value.content) known.add(copyOf(item, work));
    else if (known.kind === "seq" && value.kind === "seq" && flags.includes("d"))
      mergeItems(known, value, work, flags);
    else if (!fresh || isNull(known)) assign(known, copyOf(value, work), work);
    known.head = value.head || known.head;
    if (key.head) known.key!.head = key.head;
  }
}

function mergeItems(target: YqNode, from: YqNode, work: Work, flags: string): void {
  from.content.forEach((item, i) => {
    const known = target.content[i];
    if (!known) target.add(copyOf(item, work));
    else if (known.kind === "map" && item.kind === "map") merge(known, item, work, flags);
    else if (known.kind === "seq" && item.kind === "seq") mergeItems(known, item, work, flags);
    else assign(known, copyOf(item, work), work);
  });
}

function multiply(left: YqNode, right: YqNode, work: Work, flags = ""): YqNode {
  const [a, b] = [left.real, right.real];
  if (isNull(b) && a.kind !== "scalar") return a;
  if (a.kind === "map" && b.kind === "map") {
    const out = copyOf(a, work);
    merge(out, b, work, flags);
    return out;
  }
  if (a.kind === "seq" && b.kind === "seq") {
    if (flags.includes("+")) return add(a, b, work);
    const out = copyOf(flags.includes("d") ? a : b, work);
    if (flags.includes("d")) mergeItems(out, b, work, flags);
    return at(out, left);
  }
  if (a.kind === "scalar" && b.kind === "scalar") {
    const [x, y] = [numberOf(a), numberOf(b)];
    if (x !== undefined && y !== undefined) return at(number(x * y, whole(a, b)), left);
    const [words, count] = x === undefined ? [a, y] : [b, x];
    if (words.tag === "!!str" && count !== undefined) {
      if (count < 0) return wrong(`cannot repeat string by a negative number (${count})`);
      if (words.value.length * count > yqTextCharactersMax) throw new Endless();
      return text(words, words.value.repeat(count));
    }
  }
  if (isNull(a)) return at(copyOf(b, work), left);
  return wrong(`cannot multiply ${a.tag} with ${b.tag}`);
}

function divide(left: YqNode, right: YqNode, work: Work): YqNode {
  const [a, b] = [left.real, right.real];
  if (isNull(a)) return wrong(`${named(a)} cannot be divided by ${named(b)}`);
  if (a.kind !== "scalar" || b.kind !== "scalar")
    return wrong(`${named(a)} cannot be divided by ${named(b)}`);
  if (a.tag === "!!str" && b.tag === "!!str") return splitText(a, b.value, work);
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x === undefined || y === undefined) return wrong(`${a.tag} cannot be divided by ${b.tag}`);
  return at(number(x / y, false), left);
}

/** A text in parts. */
export function splitText(node: YqNode, separator: string, work: Work): YqNode {
  const out = scalar("", "!!seq");
  out.kind = "seq";
  work.spend(node.value.length >> 3);
  if (node.value !== "") for (const part of node.value.split(separator)) out.add(scalar(part));
  return at(out, node);
}

function modulo(left: YqNode, right: YqNode): YqNode {
  const [a, b] = [left.real, right.real];
  if (a.kind !== "scalar" || b.kind !== "scalar" || isNull(a))
    return wrong(`${named(a)} cannot modulo by ${named(b)}`);
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x === undefined || y === undefined) return wrong(`${a.tag} cannot modulo by ${b.tag}`);
  if (whole(a, b) && y === 0) return wrong("cannot modulo by 0");
  return at(number(x % y, whole(a, b)), left);
}

/** `==`; a text on the right may be a pattern with stars. */
function same(left: YqNode, right: YqNode, work: Work): boolean {
  const [a, b] = [left.real, right.real];
  if (
    a.kind === "scalar" &&
    b.kind === "scalar" &&
    b.tag === "!!str" &&
    /[*?]/.test(b.value) &&
    a.tag !== "!!null"
  ) {
    work.spend(a.value.length + b.value.length);
    return globbed(b.value, a.value);
  }
  if (a.tag === "!!null" || b.tag === "!!null") return a.tag === b.tag;
  return equal(a, b, work);
}

/** Order of two scalars. YqError. */
export function ordered(left: YqNode, right: YqNode): number {
  const [a, b] = [left.real, right.real];
  if (a.kind === "map") return wrong("maps not yet supported for comparison");
  if (a.kind === "seq") return wrong("arrays not yet supported for comparison");
  if (b.kind !== "scalar") return wrong(`${named(b)} cannot be subtracted from ${a.tag}`);
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x - y;
  if (isNull(a) || isNull(b)) return isNull(a) && isNull(b) ? 0 : NaN;
  if (
    (a.tag === "!!str" || a.tag === "!!timestamp") &&
    (b.tag === "!!str" || b.tag === "!!timestamp")
  )
    return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
  return wrong(`${a.tag} not yet supported for comparison`);
}

const truth =
  (judge: (a: YqNode, b: YqNode, work: Work) => boolean): Operator =>
  (a, b, work) =>
    at(bool(judge(a, b, work)), a);

export const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["+", add],
  ["-", subtract],
  ["*", multiply],
  ["/", divide],
  ["%", modulo],
  ["//", (a, b) => (isTrue(a) ? a : b)],
  ["==", truth(same)],
  ["!=", truth((a, b, work) => !same(a, b, work))],
  [">", truth((a, b) => ordered(a, b) > 0)],
  ["<", truth((a, b) => ordered(a, b) < 0)],
  [">=", truth((a, b) => ordered(a, b) >= 0)],
  ["<=", truth((a, b) => ordered(a, b) <= 0)],
  ["and", truth((a, b) => isTrue(a) && isTrue(b))],
  ["or", truth((a, b) => isTrue(a) || isTrue(b))],
]);

/** Those that give nothing where one side has nothing. */
export const plainOperators = new Set(["==", "!=", ">", "<", ">=", "<=", "and", "or"]);
