/**
 * Regular expressions that users bring. Time is linear in the text (but for back-references, which are bounded), and is
 * charged. POSIX ones match leftmost-longest, with groups as musl's matcher has them; PCRE ones prefer the first way.
 */
import { keep } from "../core/memo.ts";
import { regexCharactersMax, regexesKeptMax, regexStatesMax } from "../core/limits.ts";
import { Automaton } from "./automaton.ts";
import { Backtracker } from "./backtrack.ts";
import type { MatchBudget } from "./budget.ts";
import { parsePerl } from "./perl.ts";
import { parsePosix } from "./posix.ts";
import type { Backslash } from "./bracket.ts";
import { anyChar, bothCases, single, type CharSet } from "./char-set.ts";
import { placeOf } from "./place.ts";
import { Classes, compile, type Plan, type Program } from "./program.ts";
import { Threads, unset, type Found } from "./threads.ts";
import {
  alt,
  cat,
  empty,
  RegexProblem,
  someNode,
  tooBig,
  type Assertion,
  type Node,
} from "./tree.ts";

export interface RegexOptions {
  syntax: "basic" | "extended" | "fixed" | "perl";
  /** Letters match in either case. */
  fold?: boolean;
  /** `^` and `$` match at each line. */
  multiline?: boolean;
  /** What a backslash is within brackets; plain, if nothing is said. */
  backslash?: Backslash;
  /** Matches only the whole text, only whole words, or only from the text's start. */
  within?: "whole" | "word" | "start";
}

/** A match; what its groups took is worked out when it is first asked for. */
export class Match {
  readonly index: number;
  readonly end: number;
  readonly #regex: Regex;
  readonly #text: string;
  readonly #work: MatchBudget;
  #tags: Int32Array | undefined;

  constructor(regex: Regex, text: string, at: { start: number } & Found, work: MatchBudget) {
    this.index = at.start;
    this.end = at.end;
    this.#regex = regex;
    this.#text = text;
    this.#work = work;
    if (at.tags.length > 0) this.#tags = at.tags;
  }

  /** What a group took, 0 being all; undefined: it took no part. */
  group(n: number): string | undefined {
    const span = this.span(n);
    return span && this.#text.slice(...span);
  }
  /** Where what a group took begins. */
  place(n: number): number | undefined {
    return this.span(n)?.[0];
  }
  /** Where that lies. */
  span(n: number): [from: number, to: number] | undefined {
    if (n === 0) return [this.index, this.end];
    if (n > this.#regex.groups) return undefined;
    this.#tags ??= this.#regex.tagsOf(this.#text, this.index, this.end, this.#work);
    const [start, end] = this.#regex.tagsOfGroup(n);
    const from = this.#tags[start] ?? unset;
    const to = this.#tags[end] ?? unset;
    return from === unset || to === unset ? undefined : [from, to];
  }
}

/** 1 for each place of a text where a match may begin, once that has been found out. */
interface Starts {
  marks: Uint8Array | undefined;
}

const unitsPerState = 60;
const noTags = new Int32Array(0);

/**
 * The same without what only a backtracker can do: it matches wherever the pattern does, and more. A back-reference becomes
 * its group again, or anything where no groups are given.
 */
function relaxed(node: Node, groups: Map<number, Node> | undefined): Node {
  switch (node.k) {
    case "cat":
    case "alt":
      return { ...node, of: node.of.map((one) => relaxed(one, groups)) };
    case "repeat":
      return { ...node, of: relaxed(node.of, groups) };
    case "group": {
      const of = relaxed(node.of, groups);
      if (!someNode(node.of, (one) => one.k === "back")) groups?.set(node.n, of);
      return of;
    }
    case "back": {
      const of = groups?.get(node.n);
      if (of && !node.fold) return of;
      const any: Node = { k: "set", set: anyChar };
      return { k: "repeat", of: any, min: 0, max: undefined, lazy: false };
    }
    case "look":
      return empty;
    default:
      return node;
  }
}

/** The pattern as far as an automaton can tell it. RegexProblem. */
function linear(tree: Node, hard: boolean): [Node, Program] {
  const plan: Plan = { reverse: false, tags: "none" };
  const plain = relaxed(tree, new Map<number, Node>());
  try {
    return [plain, compile(plain, plan)];
  } catch (error) {
    if (!hard || !(error instanceof RegexProblem)) throw error;
    const rough = relaxed(tree, undefined);
    return [rough, compile(rough, plan)];
  }
}

/** The text that each match begins with, and whether that is all of it. */
function literalOf(node: Node): { text: string; whole: boolean } {
  const parts = node.k === "cat" ? node.of : [node];
  let text = "";
  for (const part of parts) {
    if (part.k !== "set" || part.set.length !== 2 || part.set[0] !== part.set[1])
      return { text, whole: false };
    text += String.fromCharCode(part.set[0]!);
  }
  return { text, whole: true };
}

export class Regex {
  readonly groups: number;
  /** What compiling it costs, in units of work. */
  readonly units: number;
  readonly #perl: boolean;
  readonly #classes: Classes;
  readonly #forward: Program;
  readonly #plain: Node;
  readonly #literal: { text: string; whole: boolean };
  readonly #startsText: boolean;
  readonly #hard: boolean;
  readonly #tagged: Program;

  constructor(tree: Node, groups: number, perl: boolean) {
    this.groups = groups;
    this.#perl = perl;
    this.#hard = someNode(tree, (one) => one.k === "back" || one.k === "look");
    [this.#plain, this.#forward] = linear(tree, this.#hard);
    this.#tagged = compile(tree, {
      reverse: false,
      tags: perl || this.#hard ? "groups" : "posix",
    });
    const sets = [...this.#tagged.sets, ...this.#forward.sets];
    this.#classes = new Classes(sets, this.#forward.asserts || this.#tagged.asserts);
    const first = tree.k === "cat" ? tree.of[0] : tree;
    this.#startsText = first?.k === "assert" && first.a === "text-start";
    this.#literal = this.#hard ? { text: "", whole: false } : literalOf(tree);
    this.units = unitsPerState * (this.#tagged.op.length + this.#forward.op.length);
  }

  // Made when first used, each for one question.
  #searching: Automaton | undefined;
  /** Where the first match of all ends. */
  get #search(): Automaton {
    return (this.#searching ??= new Automaton(this.#forward, this.#classes, true));
  }
  #anchoring: Automaton | undefined;
  /** Where the longest match from a place ends. */
  get #anchored(): Automaton {
    return (this.#anchoring ??= new Automaton(this.#forward, this.#classes, false));
  }
  #backwards: Automaton | undefined;
  /** Where matches begin. */
  get #reverse(): Automaton {
    this.#backwards ??= new Automaton(
      compile(this.#plain, { reverse: true, tags: "none" }),
      this.#classes,
      true,
    );
    return this.#backwards;
  }
  #threading: Threads | undefined;
  get #threads(): Threads {
    return (this.#threading ??= new Threads(this.#tagged, this.#classes, !this.#perl));
  }
  #trying: Backtracker | undefined;
  get #backtracker(): Backtracker {
    return (this.#trying ??= new Backtracker(this.#tagged, this.#classes));
  }

  /** Whether it matches anywhere. ENOMEM: the step's work is used up. */
  test(text: string, work: MatchBudget): boolean {
    if (this.#hard) return this.find(text, work) !== undefined;
    return this.#firstEnd(text, 0, work) >= 0;
  }

  #firstEnd(text: string, from: number, work: MatchBudget): number {
    const { text: literal, whole } = this.#literal;
    // What begins at the text's start is not looked for elsewhere.
    if (this.#startsText) return from > 0 ? -1 : this.#anchored.run(text, 0, "first", work);
    if (literal === "") return this.#search.run(text, from, "first", work);
    const at = placeOf(text, literal, from);
    work.spend(1 + (((at < 0 ? text.length : at) - from + literal.length) >> 4));
    if (at < 0 || whole) return at < 0 ? -1 : at + literal.length;
    return this.#search.run(text, at, "first", work);
  }

  /** The leftmost match. ENOMEM as in `test`. */
  find(text: string, work: MatchBudget): Match | undefined {
    return this.search(text, work).next(0);
  }

  search(text: string, work: MatchBudget): Search {
    return new Search(this, text, work);
  }

  /** What each match takes, one after the other, but for those of nothing. */
  *all(text: string, work: MatchBudget): Generator<string> {
    const search = this.search(text, work);
    for (let found = search.next(0); found;) {
      if (found.end > found.index) yield found.group(0)!;
      found = search.next(Math.max(found.end, found.index + 1));
    }
  }

  /** The leftmost match from a place on; `starts` says where any may begin, and is asked when that pays or is known. */
  from(text: string, from: number, starts: Starts, work: MatchBudget): Match | undefined {
    const { text: literal, whole } = this.#literal;
    const firstEnd = this.#firstEnd(text, from, work);
    if (firstEnd < 0) return undefined;
    if (whole && literal !== "") {
      const found = { start: firstEnd - literal.length, end: firstEnd, tags: noTags };
      return new Match(this, text, found, work);
    }
    if (this.#hard) this.#backtracker.begin();
    // A match that ends first need not begin first; a few starts are tried before all are looked for.
    const before = work.used;
    const enough = 64 + 4 * (firstEnd - from);
    let at = literal === "" ? from : placeOf(text, literal, from);
    for (; !starts.marks && at <= firstEnd && work.used - before < enough; at++) {
      const found = this.#at(text, at, work);
      if (found) return new Match(this, text, { start: at, ...found }, work);
    }
    const marks = (starts.marks ??= this.#marks(text, from, work));
    for (at = marks.indexOf(1, at); at >= 0; at = marks.indexOf(1, at + 1)) {
      const found = this.#at(text, at, work);
      if (found) return new Match(this, text, { start: at, ...found }, work);
    }
    return undefined;
  }

  /** 1 for each place from the given one on where a match may begin. */
  #marks(text: string, from: number, work: MatchBudget): Uint8Array {
    const marks = new Uint8Array(text.length + 1);
    this.#reverse.run(text, from, "all", work, marks);
    return marks;
  }

  #at(text: string, start: number, work: MatchBudget): Found | undefined {
    if (this.#hard) return this.#backtracker.run(text, start, !this.#perl, work);
    if (this.#perl) return this.#threads.run(text, start, undefined, work);
    const end = this.#anchored.run(text, start, "longest", work);
    return end < 0 ? undefined : { end, tags: noTags };
  }

  /** Tags of a match that is known. */
  tagsOf(text: string, start: number, end: number, work: MatchBudget): Int32Array {
    return this.#threads.run(text, start, end, work)?.tags ?? noTags;
  }

  tagsOfGroup(n: number): readonly [number, number] {
    const { start, end } = this.#tagged.tags;
    return [start[n] ?? -1, end[n] ?? -1];
  }
}

/** Finds one match after the other in a text. */
export class Search {
  readonly #regex: Regex;
  readonly #text: string;
  readonly #work: MatchBudget;
  readonly #starts: Starts = { marks: undefined };

  constructor(regex: Regex, text: string, work: MatchBudget) {
    this.#regex = regex;
    this.#text = text;
    this.#work = work;
  }

  /** The leftmost match that begins at a place or behind it; places may only grow. */
  next(from: number): Match | undefined {
    if (from > this.#text.length) return undefined;
    return this.#regex.from(this.#text, from, this.#starts, this.#work);
  }
}

const literal = (text: string, fold: boolean): Node =>
  cat(
    [...Array(text.length).keys()].map((i): Node => {
      const set: CharSet = single(text.charCodeAt(i));
      return { k: "set", set: fold ? bothCases(set) : set };
    }),
  );

const assert = (a: Assertion): Node => ({ k: "assert", a });

function parse(patterns: readonly string[], options: RegexOptions): { tree: Node; groups: number } {
  const { syntax, fold = false, within } = options;
  let groups = 0;
  const trees = patterns.map((pattern) => {
    if (syntax === "fixed") return literal(pattern, fold);
    const made =
      syntax === "perl"
        ? parsePerl(pattern, fold)
        : parsePosix(
            pattern,
            {
              extended: syntax === "extended",
              backslash: options.backslash ?? "plain",
              fold,
              multiline: options.multiline === true,
            },
            groups,
          );
    groups = made.groups;
    return made.tree;
  });
  const tree = alt(trees);
  if (within === "whole")
    return { tree: cat([assert("text-start"), tree, assert("text-end")]), groups };
  if (within === "word")
    return { tree: cat([assert("no-word-before"), tree, assert("no-word-after")]), groups };
  return { tree: within === "start" ? cat([assert("text-start"), tree]) : tree, groups };
}

/** What is no pattern, and what finding that out took. */
export interface NoRegex {
  error: string;
  /** Of a PCRE pattern, how far it was read. */
  at?: number;
  units: number;
}

const kept = new Map<string, Regex | NoRegex>();

/** What matches any of some patterns, or what is wrong with them, in the words of regcomp. */
export function regex(
  patterns: string | readonly string[],
  options: RegexOptions,
): Regex | NoRegex {
  const list = typeof patterns === "string" ? [patterns] : patterns;
  const { syntax, fold = false, multiline = false, backslash = "plain", within = "" } = options;
  const key = `${syntax} ${fold} ${multiline} ${backslash} ${within} ${JSON.stringify(list)}`;
  if (key.length > regexCharactersMax) return { error: tooBig, units: key.length };
  const known = kept.get(key);
  if (known) return known;
  try {
    const { tree, groups } = parse(list, options);
    return keep(kept, regexesKeptMax, key, new Regex(tree, groups, syntax === "perl"));
  } catch (error) {
    if (!(error instanceof RegexProblem)) throw error;
    const units = unitsPerState * (error.message === tooBig ? regexStatesMax : key.length);
    return keep(kept, regexesKeptMax, key, { error: error.message, at: error.at, units });
  }
}

/** A step that brings patterns: it keeps those it has paid for. */
export interface CompileBudget extends MatchBudget {
  /** Patterns compiled for this step, by what they come from. */
  readonly known: Map<unknown, Regex | NoRegex>;
}

/**
 * The same for one step of a program, which pays for the compiling, whether or not that has been done before. `key` stands
 * for patterns and options within the step.
 */
export function regexFor(
  work: CompileBudget,
  key: unknown,
  patterns: string | readonly string[],
  options: RegexOptions,
): Regex | NoRegex {
  const known = work.known.get(key);
  if (known) return known;
  const made = regex(patterns, options);
  work.known.set(key, made);
  work.spend(made.units);
  return made;
}
