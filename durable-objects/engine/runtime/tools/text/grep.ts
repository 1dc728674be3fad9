/** grep, egrep, fgrep. */
import { assert } from "../../../core/assert.ts";
import type { Program } from "../../kernel/types.ts";
import { options, type Options } from "../options.ts";
import { regex, Regex, regexFor, type RegexOptions } from "../../../regex/regex.ts";
import type { MatchWork } from "../../match-work.ts";
import { type Io, stream } from "../tool.ts";
import { usage } from "../words.ts";

interface GrepState {
  patterns: string[];
  options: RegexOptions;
  invert: boolean;
  mode: string;
  name: boolean;
  number: boolean;
  quiet: boolean;
  max: number;
  before: number;
  after: number;
  only: boolean;
  file: string;
  line: number;
  hits: number;
  any?: true;
  held: string[];
  more: number;
  /** Last line printed, for the `--` between groups; 0: none. */
  printed: number;
  silent: boolean;
  /** Enough of this file. */
  full?: true;
}

const longOptions = {
  color: "a",
  colour: "a",
  "ignore-case": "i",
  "extended-regexp": "E",
  "fixed-strings": "F",
  "invert-match": "v",
  count: "c",
  "line-number": "n",
  quiet: "q",
  "only-matching": "o",
  recursive: "r",
  "files-with-matches": "l",
  "max-count": "m",
  "word-regexp": "w",
  "no-messages": "s",
};

/** The expression of `-e`, `-f` or the first operand, and the operands left; or an exit code. */
function patternOf(
  io: Io,
  opts: Options,
  kind: string,
): { patterns: string[]; options: RegexOptions; rest: string[] } | number {
  let patterns = opts.values("e");
  let { rest } = opts;
  const file = opts.value("f");
  if (file !== undefined)
    patterns = [...patterns, ...(io.input(file) ?? "").replace(/\n$/, "").split("\n")];
  else if (patterns.length === 0) {
    if (rest[0] === undefined)
      return usage(
        io,
        "grep [-HhnlLoqvsrRiwFE] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... | -f FILE... } [FILE]...",
      );
    patterns = [rest[0]];
    rest = rest.slice(1);
  }
  const fixed = opts.has("F") || kind === "fgrep";
  const syntax = fixed ? "fixed" : opts.has("E") || kind === "egrep" ? "extended" : "basic";
  const options: RegexOptions = { syntax };
  if (opts.has("i")) options.fold = true;
  if (opts.has("x")) options.within = "whole";
  else if (opts.has("w")) options.within = "word";
  const all = patterns.flatMap((one) => one.split("\n"));
  const made = regexFor(io.sys.matching, all, all, options);
  if (made instanceof Regex) return { patterns: all, options, rest };
  const bad = all.find((one) => !(regex(one, options) instanceof Regex)) ?? all.join("|");
  io.say(`bad regex '${bad}': ${made.error}`);
  return 2;
}

/** The expression of a grep under way. */
function expressionOf({ patterns, options: given }: GrepState, work: MatchWork): Regex {
  const made = regexFor(work, patterns, patterns, given);
  assert(made instanceof Regex, "the pattern was one when grep began");
  return made;
}

function grepStart(io: Io, kind: string): { files: string[]; state: GrepState } | number {
  io.badCode = 2;
  const opts = options(io, "A:B:C:EFHLce:f:hilm:noqrRsvwxaz", longOptions);
  const pattern = patternOf(io, opts, kind);
  if (typeof pattern === "number") return pattern;
  const { patterns, options: given, rest } = pattern;
  const recursive = opts.has("r") || opts.has("R");
  const files = recursive
    ? (rest.length ? rest : ["."]).flatMap((path) => filesUnder(io, path))
    : rest;
  if (recursive && files.length === 0) return 1;
  const context = Number(opts.value("C") ?? 0);
  const state: GrepState = {
    patterns,
    options: given,
    invert: opts.has("v"),
    mode: ["c", "l", "L"].find((letter) => opts.has(letter)) ?? "",
    name: opts.has("H") || ((files.length > 1 || recursive) && !opts.has("h")),
    number: opts.has("n"),
    quiet: opts.has("q"),
    max: Number(opts.value("m") ?? 1e9),
    before: Number(opts.value("B") ?? context),
    after: Number(opts.value("A") ?? context),
    only: opts.has("o"),
    file: "",
    line: 0,
    hits: 0,
    held: [],
    more: 0,
    printed: 0,
    silent: opts.has("s"),
  };
  return { files, state };
}

function filesUnder(io: Io, path: string): string[] {
  const stat = io.sys.peek(path, false);
  if (stat?.type !== "d") return [path];
  return io.sys
    .list(path)
    .flatMap((name) => filesUnder(io, path === "/" ? `/${name}` : `${path}/${name}`));
}

function grepEndFile(io: Io, state: GrepState): void {
  const name = state.file === "-" ? "(standard input)" : state.file;
  if (state.mode === "c" && state.file) io.out(`${state.name ? `${name}:` : ""}${state.hits}\n`);
  if (state.mode === "l" && state.hits > 0) io.out(`${name}\n`);
  if (state.mode === "L" && state.hits === 0 && state.file) io.out(`${name}\n`);
}

export const grep = (kind: string): Program =>
  stream<GrepState>(kind, {
    start: (io) => grepStart(io, kind),
    silent: (state) => state.silent,
    badCode: 2,
    file(io, state, name) {
      grepEndFile(io, state);
      Object.assign(state, { file: name, line: 0, hits: 0, held: [], more: 0, printed: 0 });
      delete state.full;
    },
    data(io, state, line) {
      if (state.full) return undefined;
      state.line++;
      const { matching } = io.sys;
      const pattern = expressionOf(state, matching);
      const hit = pattern.test(line, matching) !== state.invert;
      const name = state.file === "-" ? "(standard input)" : state.file;
      const head = (mark: string, number: number): string =>
        (state.name ? name + mark : "") + (state.number ? number + mark : "");
      const print = (mark: string, number: number, text: string): void => {
        const apart = state.printed > 0 && state.printed < number - 1;
        if (apart && (state.before > 0 || state.after > 0)) io.out("--\n");
        state.printed = number;
        io.out(`${head(mark, number)}${text}\n`);
      };
      if (!hit) {
        if (state.more > 0) {
          state.more--;
          print("-", state.line, line);
        } else if (state.before > 0) state.held = [...state.held, line].slice(-state.before);
        return undefined;
      }
      state.hits++;
      state.any = true;
      if (state.quiet) return 0;
      if (state.mode === "") {
        if (state.only && !state.invert) {
          for (const text of pattern.all(line, matching))
            io.out(`${head(":", state.line)}${text}\n`);
        } else {
          state.held.forEach((held, i) => print("-", state.line - state.held.length + i, held));
          print(":", state.line, line);
        }
        state.held = [];
        state.more = state.after;
      }
      if (state.hits >= state.max || state.mode === "l") state.full = true;
      return undefined;
    },
    end(io, state, bad) {
      grepEndFile(io, state);
      return state.any ? (bad && !state.quiet ? 2 : 0) : bad ? 2 : 1;
    },
  });
