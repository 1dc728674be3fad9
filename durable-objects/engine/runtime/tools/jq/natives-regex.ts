/** Regular expressions, by the runtime's own matcher. */
import { Regex, regexFor, type Match } from "../../../regex/regex.ts";
import { typed } from "./access.ts";
import { add } from "./arithmetic.ts";
import type { Filter, Machine, Native } from "./native.ts";
import { fail, isTrue, kindOf, type Value } from "./values.ts";

/** oniguruma: src/regerror.c, for what the matcher says in PCRE's words. */
const words: Record<string, string> = {
  "unmatched closing parenthesis": "unmatched close parenthesis",
  "missing closing parenthesis": "end pattern with unmatched parenthesis",
  "missing terminating ] for character class": "premature end of char-class",
  "quantifier does not follow a repeatable item": "target of repeat operator is not specified",
  "numbers out of order in {} quantifier": "upper is smaller than lower in repeat range",
  "\\ at end of pattern": "end pattern at escape",
  "range out of order in character class": "empty range in char class",
  "unrecognized character after (? or (?-": "undefined group option",
};

interface Pattern {
  regex: Regex;
  /** Of each group. */
  names: (string | null)[];
  all: boolean;
  some: boolean;
}

/** A pattern's parts: escapes, brackets and single characters. */
function partsOf(pattern: string): string[] {
  const out: string[] = [];
  for (let at = 0; at < pattern.length;) {
    let end = at + (pattern[at] === "\\" ? 2 : 1);
    if (pattern[at] === "[") {
      if (pattern[end] === "^") end++;
      if (pattern[end] === "]") end++;
      while (end < pattern.length && pattern[end] !== "]") {
        if (pattern[end] === "\\") end++;
        else if (pattern.startsWith("[:", end)) end = Math.max(end, pattern.indexOf(":]", end) + 1);
        end++;
      }
      end++;
    }
    out.push(pattern.slice(at, end));
    at = end;
  }
  return out;
}

function namesOf(pattern: string): (string | null)[] {
  const out: (string | null)[] = [];
  let at = 0;
  for (const part of partsOf(pattern)) {
    at += part.length;
    if (part !== "(") continue;
    const rest = pattern.slice(at, at + 80);
    const name = /^\?P?<([A-Za-z_]\w*)>/.exec(rest);
    if (name) out.push(name[1]!);
    else if (!rest.startsWith("?")) out.push(null);
  }
  return out;
}

function spread(pattern: string, extended: boolean, dotAll: boolean): string {
  if (!extended && !dotAll) return pattern;
  let out = "";
  let comment = false;
  for (const part of partsOf(pattern)) {
    if (comment) comment = part !== "\n";
    else if (extended && part === "#") comment = true;
    else if (extended && /^\s$/.test(part)) continue;
    else out += dotAll && part === "." ? "[\\s\\S]" : part;
  }
  return out;
}

function compiled(machine: Machine, value: Value, re: Value, flags: Value): Pattern {
  if (typeof value !== "string") fail(`${typed(value)} cannot be matched, as it is not a string`);
  if (typeof re !== "string") fail(`${typed(re)} is not a string`);
  if (flags !== null && typeof flags !== "string") fail(`${typed(flags)} is not a string`);
  const given = (flags ?? "") as string;
  if (!/^[gimnpslx]*$/.test(given)) fail(`${given} is not a valid modifier string`);
  const has = (c: string): boolean => given.includes(c);
  const text = spread(re as string, has("x"), has("p"));
  const made = regexFor(machine.matching, `${given} ${text}`, text, {
    syntax: "perl",
    fold: has("i"),
  });
  if (!(made instanceof Regex)) {
    const problem = (re as string).endsWith("(?<") ? "missing closing parenthesis" : made.error;
    return fail(`Regex failure: ${words[problem] ?? problem}`);
  }
  return { regex: made, names: namesOf(text), all: has("g"), some: has("n") };
}

/** Characters up to a place. */
function countTo(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code < 0xdc00 || code > 0xdfff) count++;
  }
  return count;
}

function* matches(machine: Machine, text: string, pattern: Pattern): Generator<Match> {
  const search = pattern.regex.search(text, machine.matching);
  for (let found = search.next(0); found;) {
    machine.spend(1);
    if (!pattern.some || found.end > found.index) yield found;
    if (!pattern.all) return;
    const next = Math.max(found.end, found.index + 1);
    // An empty match at the very end is not looked for.
    if (next >= text.length) return;
    found = search.next(next);
  }
}

function described(text: string, found: Match, pattern: Pattern): Value {
  const whole = found.group(0)!;
  const offset = countTo(text, 0, found.index);
  const captures: Value[] = [];
  if (whole !== "" || pattern.names.length === 0)
    pattern.names.forEach((name, i) => captures.push(captured(text, found, name, i + 1)));
  return new Map<string, Value>([
    ["offset", offset],
    ["length", countTo(whole, 0, whole.length)],
    ["string", whole],
    ["captures", captures],
  ]);
}

function captured(text: string, found: Match, name: string | null, n: number): Value {
  const string = found.group(n);
  if (string === undefined)
    return new Map<string, Value>([
      ["offset", -1],
      ["string", null],
      ["length", 0],
      ["name", name],
    ]);
  const place = found.place(n) ?? found.index;
  const offset = countTo(text, 0, place);
  if (string === "")
    return new Map<string, Value>([
      ["offset", offset],
      ["string", ""],
      ["length", 0],
      ["name", name],
    ]);
  return new Map<string, Value>([
    ["offset", offset],
    ["length", countTo(string, 0, string.length)],
    ["string", string],
    ["name", name],
  ]);
}

/** A pattern, or an array of a pattern and flags. */
function asked(re: Value, flags: Value): [Value, Value] {
  if (flags !== null || typeof re === "string") return [re, flags];
  if (!Array.isArray(re) || re.length === 0) return fail(`${kindOf(re)} not a string or array`);
  return [re[0]!, re[1] ?? null];
}

function* replaced(machine: Machine, text: string, pattern: Pattern, by: Filter): Generator<Value> {
  const found = pattern.regex.find(text, machine.matching);
  machine.spend(1);
  if (!found) {
    yield text;
    return;
  }
  const groups = new Map<string, Value>();
  pattern.names.forEach((name, i) => {
    if (name !== null && found.group(0) !== "") groups.set(name, found.group(i + 1) ?? null);
  });
  const rest = text.slice(found.end);
  const more = pattern.all && rest !== "";
  const head = text.slice(0, found.index);
  const tails: Iterable<Value> = more ? replaced(machine, rest, pattern, by) : [rest];
  for (const tail of tails)
    for (const middle of by.run(groups)) yield add(add(head, middle, machine), tail, machine);
}

export const regexNatives: Record<string, Native> = {
  "match/2": {
    *many(machine, value, [re, flags]) {
      for (const flag of flags!.run(value))
        for (const one of re!.run(value)) {
          const pattern = compiled(machine, value, ...asked(one, flag));
          for (const found of matches(machine, value as string, pattern))
            yield described(value as string, found, pattern);
        }
    },
  },
  "test/2": {
    one(machine, value, [re, flags]) {
      const pattern = compiled(machine, value, ...asked(re!, flags!));
      for (const _ of matches(machine, value as string, pattern)) return true;
      return false;
    },
  },
  "sub/3": {
    *many(machine, value, [re, by, flags]) {
      for (const one of re!.run(value))
        for (const flag of flags!.run(value)) {
          const pattern = compiled(machine, value, one, isTrue(flag) ? flag : null);
          yield* replaced(machine, value as string, pattern, by!);
        }
    },
  },
};
