/** Texts; places are counted in characters. cel-go: ext/strings.go, common/types/string.go */
import { lengthOf, ListValue, type Value } from "../values.ts";
import type { Meter } from "../meter.ts";
import { valueText } from "../value-text.ts";
import { failed, type CelFunction, type CelFunctions } from "./function.ts";
import { listOfTexts } from "./operators.ts";

const outOfRange = (place: bigint | number): Value => failed(`index out of range: ${place}`);

/** Characters of a text; where each is one unit, the text itself. */
const characters = (text: string): string | string[] =>
  lengthOf(text) === text.length ? text : [...text];

const joined = (part: string | string[]): string =>
  typeof part === "string" ? part : part.join("");

const charAt: CelFunction = ([text, at]) => {
  if (typeof text !== "string" || typeof at !== "bigint") return undefined;
  const all = characters(text);
  if (at < 0n || at > BigInt(all.length)) return outOfRange(at);
  return all[Number(at)] ?? "";
};

/** Where a text lies within another one, from a place on or back. */
function placeIn(text: string, part: string, from: bigint | undefined, back: boolean): Value {
  const all = characters(text);
  const size = all.length;
  if (part === "") return from ?? BigInt(back ? size : 0);
  let start = from === undefined ? (back ? size - 1 : 0) : Number(from);
  if (back && from === undefined && lengthOf(part) > size) return -1n;
  if (start < 0) return from === undefined ? -1n : outOfRange(start);
  if (start >= size) return -1n;
  if (typeof all === "string") {
    return BigInt(back ? all.lastIndexOf(part, start) : all.indexOf(part, start));
  }
  const wanted = [...part];
  if (back) start = Math.min(start, size - wanted.length);
  for (let i = start; back ? i >= 0 : i <= size - wanted.length; i += back ? -1 : 1) {
    if (wanted.every((c, j) => all[i + j] === c)) return BigInt(i);
  }
  return -1n;
}

const indexOf =
  (back: boolean): CelFunction =>
  ([text, part, from]) => {
    if (typeof text !== "string" || typeof part !== "string") return undefined;
    if (from !== undefined && typeof from !== "bigint") return undefined;
    return placeIn(text, part, from, back);
  };

const substring: CelFunction = ([text, from, to]) => {
  if (typeof text !== "string" || typeof from !== "bigint") return undefined;
  if (to !== undefined && typeof to !== "bigint") return undefined;
  const all = characters(text);
  const size = BigInt(all.length);
  if (to !== undefined && from > to) {
    return failed(`invalid substring range. start: ${from}, end: ${to}`);
  }
  if (from < 0n || from > size) return outOfRange(from);
  if (to !== undefined && (to < 0n || to > size)) return outOfRange(to);
  return joined(all.slice(Number(from), to === undefined ? undefined : Number(to)));
};

function replaced(text: string, old: string, by: string, most: number, meter: Meter): string {
  const parts = old === "" ? ["", ...text, ""] : text.split(old);
  // Between characters too, but not before a first one that is none.
  const count = Math.min(most < 0 ? parts.length - 1 : most, parts.length - 1);
  meter.text(text.length + count * by.length);
  if (old === "") {
    const all = [...text];
    const places = Math.min(most < 0 ? all.length + 1 : most, all.length + 1);
    return all.map((c, i) => (i < places ? by + c : c)).join("") + (places > all.length ? by : "");
  }
  return (
    parts
      .slice(0, count)
      .map((part) => part + by)
      .join("") + parts.slice(count).join(old)
  );
}

const replace: CelFunction = ([text, old, by, most], meter) => {
  if (typeof text !== "string" || typeof old !== "string" || typeof by !== "string") {
    return undefined;
  }
  if (most !== undefined && typeof most !== "bigint") return undefined;
  return replaced(text, old, by, most === undefined ? -1 : Number(most), meter);
};

const split: CelFunction = ([text, by, most], meter) => {
  if (typeof text !== "string" || typeof by !== "string") return undefined;
  if (most !== undefined && typeof most !== "bigint") return undefined;
  const limit = most === undefined ? -1 : Number(most);
  if (limit === 0) return listOfTexts([]);
  const parts = by === "" ? [...text] : text.split(by);
  meter.steps(parts.length);
  if (limit < 0 || parts.length <= limit) return listOfTexts(parts);
  return listOfTexts([...parts.slice(0, limit - 1), parts.slice(limit - 1).join(by)]);
};

const join: CelFunction = ([list, by = ""], meter) => {
  if (!(list instanceof ListValue) || typeof by !== "string") return undefined;
  if (list.size > 0 && typeof list.at(0) !== "string") return undefined;
  const texts: string[] = [];
  let size = 0;
  for (const one of list) {
    if (typeof one !== "string") return failed(`join: invalid input: ${valueText(one)}`);
    size += one.length + by.length;
    meter.text(size);
    texts.push(one);
  }
  return texts.join(by);
};

const cased =
  (pattern: RegExp, change: (text: string) => string): CelFunction =>
  ([text]) =>
    typeof text === "string" ? text.replace(pattern, change) : undefined;

/** White space as Unicode and Go have it. */
const blank = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

const trim: CelFunction = ([text]) => {
  if (typeof text !== "string") return undefined;
  let [from, to] = [0, text.length];
  while (from < to && blank.test(text[from]!)) from++;
  while (to > from && blank.test(text[to - 1]!)) to--;
  return text.slice(from, to);
};

const quotes = new Map([
  ["\x07", "\\a"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
  ["\v", "\\v"],
  ["\\", "\\\\"],
  ['"', '\\"'],
]);

const quote: CelFunction = ([text]) =>
  typeof text === "string"
    ? `"${text.replace(/[\x07\b\f\n\r\t\v\\"]/g, (c) => quotes.get(c)!)}"`
    : undefined;

const within =
  (holds: (text: string, part: string) => boolean): CelFunction =>
  ([text, part]) =>
    typeof text === "string" && typeof part === "string" ? holds(text, part) : undefined;

export const stringFunctions: CelFunctions = {
  charAt,
  indexOf: indexOf(false),
  lastIndexOf: indexOf(true),
  substring,
  replace,
  split,
  join,
  trim,
  lowerAscii: cased(/[A-Z]/g, (c) => c.toLowerCase()),
  upperAscii: cased(/[a-z]/g, (c) => c.toUpperCase()),
  "strings.quote": quote,
  contains: within((text, part) => text.includes(part)),
  startsWith: within((text, part) => text.startsWith(part)),
  endsWith: within((text, part) => text.endsWith(part)),
  "jsonpatch.escapeKey": ([text]) =>
    typeof text === "string" ? text.replace(/[/~]/g, (c) => (c === "/" ? "~1" : "~0")) : undefined,
};
