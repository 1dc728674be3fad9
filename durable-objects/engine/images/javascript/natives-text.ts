/** Methods of texts, numbers, patterns, and Math. */
import { scriptValueMax } from "../../core/limits.ts";
import { decodeUtf8, encodeUtf8 } from "../../runtime/bytes.ts";
import { Regex, regexFor, Search } from "../../regex/regex.ts";
import type { Machine, Native } from "./runner.ts";
import { isNil, numberOf, Obj, textOf, type Value } from "./values.ts";

type TextMethod = (self: string, args: Value[], machine: Machine) => Value;

const at = (value: Value, otherwise: number): number =>
  value === undefined ? otherwise : Math.trunc(numberOf(value)) || 0;

function repeated(self: string, count: number, machine: Machine): string {
  if (count < 0 || count * self.length > 1_000_000)
    machine.throw("RangeError", `Invalid count value: ${count}`);
  return self.repeat(count);
}

const padding = (self: string, args: Value[]): [number, string] => [
  Math.min(at(args[0], 0), scriptValueMax + self.length),
  args[1] === undefined ? " " : textOf(args[1]),
];

const texts: Record<string, TextMethod> = {
  at: (s, [i]) => s.charAt(at(i, 0) < 0 ? s.length + at(i, 0) : at(i, 0)) || undefined,
  charAt: (s, [i]) => s.charAt(at(i, 0)),
  charCodeAt: (s, [i]) => s.charCodeAt(at(i, 0)),
  codePointAt: (s, [i]) => s.codePointAt(at(i, 0)),
  concat: (s, args) => s + args.map((one) => textOf(one)).join(""),
  endsWith: (s, [one]) => s.endsWith(textOf(one)),
  includes: (s, [one]) => s.includes(textOf(one)),
  indexOf: (s, [one, from]) => s.indexOf(textOf(one), at(from, 0)),
  lastIndexOf: (s, [one]) => s.lastIndexOf(textOf(one)),
  padEnd: (s, args) => s.padEnd(...padding(s, args)),
  padStart: (s, args) => s.padStart(...padding(s, args)),
  repeat: (s, [count], machine) => repeated(s, at(count, 0), machine),
  slice: (s, [from, to]) => s.slice(at(from, 0), at(to, s.length)),
  startsWith: (s, [one, from]) => s.startsWith(textOf(one), at(from, 0)),
  substr: (s, [from, length]) => {
    const begin = at(from, 0) < 0 ? Math.max(0, s.length + at(from, 0)) : at(from, 0);
    return s.slice(begin, begin + at(length, s.length));
  },
  substring: (s, [from, to]) => s.substring(at(from, 0), at(to, s.length)),
  toLowerCase: (s) => s.toLowerCase(),
  toUpperCase: (s) => s.toUpperCase(),
  toString: (s: string) => s,
  trim: (s) => s.trim(),
  trimEnd: (s) => s.trimEnd(),
  trimStart: (s) => s.trimStart(),
  valueOf: (s: string) => s,
};

interface Found {
  at: number;
  end: number;
  groups: (string | undefined)[];
}

/** Where a pattern is found in a text, all of them where it is global: the engine's own matcher looks at bytes. */
function findAll(machine: Machine, pattern: Obj, text: string): Found[] {
  const [source, flags] = pattern.data as [string, string];
  const work = machine.matching;
  const options = { syntax: "perl", fold: flags.includes("i") } as const;
  const regex = regexFor(work, `${flags} ${source}`, encodeUtf8(source), options);
  if (!(regex instanceof Regex)) machine.throw("SyntaxError", `Invalid regular expression: /${source}/`); // prettier-ignore
  const search = new Search(regex as Regex, encodeUtf8(text), work);
  const out: Found[] = [];
  for (let from = 0; out.length < scriptValueMax;) {
    const match = search.next(from);
    if (!match) break;
    const groups = Array.from({ length: (regex as Regex).groups + 1 }, (_, i) => {
      const taken = match.group(i);
      return taken === undefined ? undefined : decodeUtf8(taken);
    });
    out.push({ at: match.index, end: match.end, groups });
    from = match.end > match.index ? match.end : match.end + 1;
    if (!flags.includes("g")) break;
  }
  return out;
}

const isPattern = (value: Value): value is Obj => value instanceof Obj && value.kind === "regex";

function matchOf(machine: Machine, text: string, { at: start, groups }: Found): Obj {
  const made = machine.list([...groups]);
  made.props.set("index", start);
  made.props.set("input", text);
  return made;
}

const split: Native = (machine, self, [by, most]) => {
  const text = textOf(self);
  const limit = most === undefined ? scriptValueMax : at(most, 0);
  if (by === undefined) return machine.list([text]);
  if (!isPattern(by)) return machine.list(text.split(textOf(by)).slice(0, limit));
  const [source, flags] = by.data as [string, string];
  const global = machine.object("regex", null);
  global.data = [source, `${flags}g`];
  const bytes = encodeUtf8(text);
  const out: Value[] = [];
  let from = 0;
  for (const found of findAll(machine, global, text)) {
    if (found.end === found.at && (found.at === 0 || found.at >= bytes.length)) continue;
    out.push(decodeUtf8(bytes.slice(from, found.at)), ...found.groups.slice(1));
    from = found.end;
  }
  return machine.list([...out, decodeUtf8(bytes.slice(from))].slice(0, limit));
};

/** What to put in the place of each: called back by the library with what it found. */
const pieces: Native = (machine, self, [by, all]) => {
  const text = textOf(self);
  if (isPattern(by)) {
    const bytes = encodeUtf8(text);
    const list = findAll(machine, by, text).map((found) =>
      machine.list([decodeUtf8(bytes.slice(0, found.at)).length, machine.list(found.groups)]),
    );
    return machine.list(list);
  }
  const word = textOf(by);
  const out: Value[] = [];
  for (
    let from = text.indexOf(word);
    from >= 0;
    from = text.indexOf(word, from + Math.max(1, word.length))
  ) {
    // prettier-ignore
    out.push(machine.list([from, machine.list([word])]));
    if (all !== true || out.length > scriptValueMax) break;
  }
  return machine.list(out);
};

const numberText: Native = (machine, self, [digits]) => {
  const places = at(digits, 0);
  if (places < 0 || places > 100)
    machine.throw("RangeError", "toFixed() digits argument must be between 0 and 100");
  return numberOf(self).toFixed(places);
};

const grouped: Native = (_machine, self) => {
  const [whole = "", part] = String(Math.round(numberOf(self) * 1000) / 1000).split(".");
  const sign = whole.startsWith("-") ? "-" : "";
  const digits = whole.slice(sign.length);
  let out = "";
  for (let i = 0; i < digits.length; i++)
    out += (i > 0 && (digits.length - i) % 3 === 0 ? "," : "") + digits.charAt(i);
  return sign + out + (part === undefined ? "" : `.${part}`);
};

const mathNames =
  "abs acos asin atan atan2 cbrt ceil cos exp floor hypot log log10 log2 max min pow round sign sin sqrt tan trunc".split(
    " ",
  );

const math = Object.fromEntries(
  mathNames.map((name): [string, Native] => [
    `Math.${name}`,
    (_machine, _self, args) => {
      const run = Reflect.get(Math, name) as (...numbers: number[]) => number;
      return run(...args.map((one) => numberOf(one)));
    },
  ]),
);

export const textNatives: Record<string, Native> = {
  ...Object.fromEntries(
    Object.entries(texts).map(([name, run]): [string, Native] => [
      `String#${name}`,
      (machine, self, args) => run(textOf(self), args, machine),
    ]),
  ),
  ...math,
  "String#split": split,
  $pieces: pieces,
  "String.fromCharCode": (_m, _self, args) => String.fromCharCode(...args.map((one) => numberOf(one))), // prettier-ignore
  $text: (_m, _self, [value]) => textOf(value),
  $number: (_m, _self, [value]) => numberOf(value),
  "Number#toFixed": numberText,
  "Number#toString": (_m, self, [base]) => numberOf(self).toString(Math.min(36, Math.max(2, at(base, 10)))), // prettier-ignore
  "Number#toLocaleString": grouped,
  "Number#toPrecision": (_m, self, [digits]) => numberOf(self).toPrecision(Math.min(100, Math.max(1, at(digits, 6)))), // prettier-ignore
  "Number.isInteger": (_m, _s, [n]) => Number.isInteger(n),
  "Number.isFinite": (_m, _s, [n]) => Number.isFinite(n),
  "Number.isNaN": (_m, _s, [n]) => Number.isNaN(n),
  $parseInt: (_m, _s, [text, base]) => parseInt(textOf(text), base === undefined ? undefined : numberOf(base)), // prettier-ignore
  $parseFloat: (_m, _s, [text]) => parseFloat(textOf(text)),
  $encode: (_m, _s, [text]) => encodeURIComponent(textOf(text)),
  $decode(machine, _s, [text]) {
    try {
      return decodeURIComponent(textOf(text));
    } catch {
      return machine.throw("URIError", "URI malformed");
    }
  },
  "RegExp#test": (machine, self, [text]) => isPattern(self) && findAll(machine, self, textOf(text)).length > 0, // prettier-ignore
  "RegExp#exec"(machine, self, [text]) {
    const [first] = isPattern(self) ? findAll(machine, self, textOf(text)) : [];
    return first ? matchOf(machine, textOf(text), first) : null;
  },
  "String#match"(machine, self, [by]) {
    if (!isPattern(by)) return null;
    const found = findAll(machine, by, textOf(self));
    if (found.length === 0) return null;
    const [, flags] = by.data as [string, string];
    if (!flags.includes("g")) return matchOf(machine, textOf(self), found[0] as Found);
    return machine.list(found.map(({ groups }) => groups[0]));
  },
  $regex(machine, self, [pattern, flags]) {
    const made = self instanceof Obj && self.kind === "regex" ? self : machine.object("regex", machine.proto("RegExp")); // prettier-ignore
    const known = isPattern(pattern) ? (pattern.data as [string, string])[0] : textOf(pattern);
    made.data = [known, isNil(flags) ? "" : textOf(flags)];
    return made;
  },
};
