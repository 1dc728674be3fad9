/** The matcher of users' patterns: what it finds, beside V8's where the two agree, and that its work grows with the text. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { Errno } from "../../../durable-objects/engine/runtime/errno.ts";
import { regex, Regex, type RegexOptions } from "../../../durable-objects/engine/regex/regex.ts";
import { MatchWork } from "../../../durable-objects/engine/runtime/match-work.ts";
import { root } from "../../../scripts/root.ts";
import { filesBelow, isCode } from "../../../scripts/source.ts";
import { matchUnitsPerStepMax } from "../../../durable-objects/engine/core/limits.ts";

/** Makers of a RegExp of text: of constants, and of numbers within one. */
const makers = [
  "core/born-rows.ts",
  "machinery/selectors.ts",
  "machinery/names.ts",
  "schema/structural/formats.ts",
  "kinds/checks.ts",
  "kinds/pod/defaults.ts",
  "network/proxy.ts",
  "runtime/tools/bytes/checksums.ts",
  "runtime/tools/bytes/dump.ts",
];

test("no other file of the engine makes a RegExp of text", () => {
  const engine = "durable-objects/engine/";
  const made = filesBelow(engine.slice(0, -1))
    .filter((file) => isCode(file))
    .filter((file) => /\bnew RegExp\(/.test(readFileSync(path.join(root, file), "utf8")))
    .map((file) => file.slice(engine.length));
  expect(made.filter((file) => !makers.includes(file))).toEqual([]);
});

const extended: RegexOptions = { syntax: "extended" };
const basic: RegexOptions = { syntax: "basic" };
const perl: RegexOptions = { syntax: "perl" };

function made(pattern: string | string[], options: RegexOptions): Regex {
  const out = regex(pattern, options);
  if (out instanceof Regex) return out;
  throw new Error(`${String(pattern)}: ${out.error}`);
}

/** All groups of the first match, or nothing. */
function groups(
  pattern: string | string[],
  text: string,
  options = extended,
): (string | undefined)[] | undefined {
  const of = made(pattern, options);
  const found = of.find(text, new MatchWork());
  return found && Array.from({ length: of.groups + 1 }, (_, n) => found.group(n));
}

/** Numbers from a seed. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const atoms = ["a", "b", "c", ".", "[ab]", "[^b]", "\\b", "^", "$", "a", "ab"];
const quantifiers = ["*", "+", "?", "{2}", "{0,2}", "{1,}", "", "", ""];

function randomPattern(next: (below: number) => number, depth: number): string {
  const parts = Array.from({ length: 1 + next(3) }, () => {
    if (depth > 0 && next(3) === 0)
      return `(${randomPattern(next, depth - 1)})${quantifiers[next(quantifiers.length)]}`;
    const atom = atoms[next(atoms.length)]!;
    // An anchor that is repeated means something else in each language.
    if (/^(\\b|\^|\$)$/.test(atom)) return atom;
    return `${atom}${quantifiers[next(quantifiers.length)]}`;
  });
  const one = parts.join("").replace(/\^(?=[*+?{])|\$(?=[*+?{])/g, "");
  return next(4) === 0 ? `${one}|${randomPattern(next, depth - 1)}` : one;
}

const randomText = (next: (below: number) => number): string =>
  Array.from({ length: next(9) }, () => "abc "[next(4)]).join("");

/** The leftmost and then longest match, by trying all. */
function tried(source: string, text: string): [number, number] | undefined {
  for (let start = 0; start <= text.length; start++)
    for (let end = text.length; end >= start; end--)
      if (new RegExp(`^[^]{${start}}(?:${source})[^]{${text.length - end}}$`).test(text))
        return [start, end];
  return undefined;
}

describe("beside V8's RegExp", () => {
  test("an extended expression matches where any of its ways does, and the farthest", () => {
    const next = chance(11);
    for (let round = 0; round < 3_000; round++) {
      const source = randomPattern(next, 2);
      const text = randomText(next);
      const of = made(source, extended);
      const found = of.find(text, new MatchWork());
      const said = `${source} on '${text}'`;
      expect([said, found && [found.index, found.end]]).toEqual([said, tried(source, text)]);
      expect(of.test(text, new MatchWork())).toBe(found !== undefined);
      // What the groups took lies within.
      for (let n = 1; n <= of.groups; n++)
        expect(found?.group(0)).toSatisfy(
          (all?: string) => all === undefined || all.includes(found!.group(n) ?? ""),
        );
    }
  });

  test("a pattern of nginx's matches as V8 does, group by group", () => {
    const next = chance(12);
    let compared = 0;
    for (let round = 0; round < 4_000; round++) {
      let source = randomPattern(next, 2);
      if (next(3) === 0) source = source.replace(/[*+?]/, "$&?").replace(/[?]{3}/, "??");
      const text = randomText(next);
      const of = regex(source, perl);
      // The languages differ in loops around nothing.
      if (!(of instanceof Regex) || loopsAroundNothing(source)) continue;
      compared++;
      const said = `${source} on '${text}'`;
      const found = of.find(text, new MatchWork());
      const own = found && Array.from({ length: of.groups + 1 }, (_, n) => found.group(n));
      const theirs = new RegExp(source.replaceAll(".", "[^\\n]")).exec(text);
      expect([said, own, found?.index]).toEqual([
        said,
        theirs ? [...theirs] : undefined,
        theirs?.index,
      ]);
    }
    expect(compared).toBeGreaterThan(1_500);
  });

  test("all matches of a text, one after the other", () => {
    const next = chance(13);
    for (let round = 0; round < 500; round++) {
      const source = randomPattern(next, 1);
      const text = randomText(next);
      const search = made(source, extended).search(text, new MatchWork());
      for (let from = 0; from <= text.length; from++) {
        const found = search.next(from);
        const starts = Array.from({ length: text.length + 1 - from }, (_, i) => from + i);
        const first = starts.find((start) => new RegExp(`^[^]{${start}}(?:${source})`).test(text));
        expect([source, text, from, found?.index]).toEqual([source, text, from, first]);
      }
    }
  });
});

/** Whether some repeated group can match nothing. */
function loopsAroundNothing(source: string): boolean {
  for (const [i, c] of [...source].entries()) {
    if (c !== ")" || !/^[*+?{]/.test(source.slice(i + 1))) continue;
    let depth = 0;
    for (let at = i; at >= 0; at--) {
      if (source[at] === ")") depth++;
      if (source[at] === "(" && --depth === 0) {
        if (new RegExp(`^(?:${source.slice(at, i + 1).replace(/[$^]|\\b/g, "")})$`).test(""))
          return true;
        break;
      }
    }
  }
  return false;
}

describe("POSIX leftmost-longest", () => {
  test.each<[pattern: string, text: string, found: (string | undefined)[] | undefined]>([
    ["abcd|c", "abcd", ["abcd"]],
    ["a|ab|abc", "abcd", ["abc"]],
    ["(a|ab)(c|bcd)(d*)", "abcd", ["abcd", "ab", "c", "d"]],
    ["(a|ab)(bcd|c)(d*)", "abcd", ["abcd", "ab", "c", "d"]],
    ["(ab|a)(bcd)?", "abcd", ["abcd", "a", "bcd"]],
    ["(ab|a)(c|bcd)(d*)", "abcd", ["abcd", "ab", "c", "d"]],
    ["a*(a*)b", "aaab", ["aaab", ""]],
    ["(a*)(a*)b", "aaab", ["aaab", "aaa", ""]],
    ["(a*)(ab)*(b*)", "abb", ["abb", "a", undefined, "bb"]],
    ["(a?)((ab)?)(b?)", "ab", ["ab", "a", "", undefined, "b"]],
    ["(wee|week)(knights|night)", "weeknights", ["weeknights", "wee", "knights"]],
    ["(we|wee|week|frob)(knights|night|day)", "weeknights", ["weeknights", "wee", "knights"]],
    ["(a|ab|c|bcd)*(d*)", "ababcd", ["ababcd", "bcd", ""]],
    ["((a)|b)*", "ab", ["ab", "b", undefined]],
    ["(a*)+", "aab", ["aa", "aa"]],
    ["xx*", "axxb", ["xx"]],
    ["x*", "axxb", [""]],
    ["(^|,)b(,|$)", "a,b", [",b", ",", ""]],
    ["\\<is\\>", "this is it", ["is"]],
    ["a{2,3}", "aaaa", ["aaa"]],
    ["a{,2}", "aaaa", ["aa"]],
    ["(ab){2}", "abababab", ["abab", "ab"]],
    ["[[:upper:]]+[^[:upper:]]", "xABc", ["ABc"]],
    ["[]a]+[^]]", "x]a]b", ["]a]b"]],
    ["a{x", "a{x", ["a{x"]],
    ["(a|b)\\1", "abba", ["bb", "b"]],
    ["(a.*c|b)\\1", "abcabc", ["abcabc", "abc"]],
  ])("%s on %s", (pattern, text, found) => {
    expect(groups(pattern, text)).toEqual(found);
  });

  test("basic expressions", () => {
    expect(groups("\\(a\\|ab\\)\\(c\\|bcd\\)", "abcd", basic)).toEqual(["abcd", "a", "bcd"]);
    expect(groups("^*ab", "*ab", basic)).toEqual(["*ab"]);
    expect(groups("\\(*a\\)", "*a", basic)).toEqual(["*a", "*a"]);
    expect(groups("x^y$z", "x^y$z", basic)).toEqual(["x^y$z"]);
    expect(groups("a+\\?", "a", basic)).toEqual(["a"]);
    expect(groups("\\(.\\)\\1", "abccd", basic)).toEqual(["cc", "c"]);
    expect(groups("a\\{2\\}", "caab", basic)).toEqual(["aa"]);
  });

  test("several patterns, words, whole texts, either case, lines", () => {
    expect(groups(["b", "abc"], "xabc", basic)).toEqual(["abc"]);
    expect(groups(["a\\(b\\)\\1", "c\\(d\\)\\1"], "cdd", basic)?.[0]).toBe("cdd");
    expect(groups("foo", "food foo", { ...basic, within: "word" })).toEqual(["foo"]);
    expect(groups("a|ab", "ab", { ...extended, within: "whole" })).toEqual(["ab"]);
    expect(groups("[a-c]+X", "ABCx", { ...extended, fold: true })).toEqual(["ABCx"]);
    expect(groups("[^a]", "Aab", { ...extended, fold: true })).toEqual(["b"]);
    expect(groups("(a)\\1", "xaA", { ...extended, fold: true })).toEqual(["aA", "a"]);
    expect(groups("^b$", "a\nb", { ...extended, multiline: true })).toEqual(["b"]);
    expect(groups("^b", "a\nb")).toBeUndefined();
    expect(groups("a.b", "a\nb")).toEqual(["a\nb"]);
  });

  test("brackets by tool: sed's controls, awk's quotes", () => {
    expect(groups("[\\n]", "a\nn\\", { ...basic, backslash: "controls" })).toEqual(["\n"]);
    expect(groups("[\\n]", "a\nn\\", basic)).toEqual(["n"]);
    expect(groups("[\\]x]+", "a]x", { ...extended, backslash: "quote" })).toEqual(["]x"]);
  });
});

describe("what is no pattern", () => {
  test.each([
    ["\\(a", basic, "Unmatched ( or \\("],
    ["a\\)", basic, "Unmatched ) or \\)"],
    ["(a", extended, "Unmatched ( or \\("],
    ["[a", basic, "Unmatched [, [^, [:, [., or [="],
    ["[[:nope:]]", basic, "Invalid character class name"],
    ["[b-a]", basic, "Invalid range end"],
    ["a\\{1", basic, "Unmatched \\{"],
    ["a\\{x\\}", basic, "Invalid content of \\{\\}"],
    ["a\\{2,1\\}", basic, "Invalid content of \\{\\}"],
    ["\\{1\\}", basic, "Invalid preceding regular expression"],
    ["a\\1", basic, "Invalid back reference"],
    ["(a)\\2", extended, "Invalid back reference"],
    ["a\\", basic, "Trailing backslash"],
    ["a{32768}", extended, "Regular expression too big"],
    ["a{99999999999}", extended, "Regular expression too big"],
    ["((a{200}){200}){200}", extended, "Regular expression too big"],
    ["(){32767}{32767}", extended, "Regular expression too big"],
    ["(".repeat(5_000), extended, "Regular expression too big"],
    [`a${"+?".repeat(5_000)}`, extended, "Regular expression too big"],
    ["a".repeat(200_000), extended, "Regular expression too big"],
    ["(?<=a)b", perl, "unrecognized character after (? or (?-"],
    ["a++", perl, "possessive quantifiers are not served"],
    ["*a", perl, "quantifier does not follow a repeatable item"],
  ])("%#", (pattern, options, error) => {
    expect(regex(pattern, options)).toMatchObject({ error });
  });
});

/** Never end, or take hours, in a matcher that tries one way after the other. */
const hostile: [pattern: string, options: RegexOptions][] = [
  ["a*a*a*a*a*a*a*b", basic],
  ["\\(a*\\)*b", basic],
  ["(a?){26}b", extended],
  ["(a|aa){40}b", extended],
  ["(a+)+b", extended],
  ["(a|a)*b", extended],
  ["(a*)*b", extended],
  ["((a+)+)+b", extended],
  ["(.*)*b", extended],
  ["(.*)(.*)(.*)(.*)(.*)b", extended],
  ["(a|b|ab)*bc", extended],
  ["(aa|a)+$b", extended],
  ["([a-z]+)*[0-9]", extended],
  ["(x+x+)+y", extended],
  [".*.*=.*", extended],
  ["a?".repeat(100) + "a".repeat(100) + "b", extended],
  ["(a|a)*b", perl],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", perl],
  ["(a*?)*?b", perl],
];

describe("work", () => {
  test.each(hostile)("%# grows with the text", (pattern, options) => {
    const work = (letters: number): number => {
      const spent = new MatchWork();
      const text = pattern.includes("x+") ? "x".repeat(letters) : "a".repeat(letters);
      expect(made(pattern, options).find(text, spent)).toBeUndefined();
      return spent.used;
    };
    const [once, twice, tenfold] = [work(2_000), work(4_000), work(20_000)];
    expect(twice).toBeLessThan(2.2 * once + 1_000);
    expect(tenfold).toBeLessThan(11 * once + 1_000);
  });

  test("groups cost no more than the text is long", () => {
    const work = (letters: number): number => {
      const spent = new MatchWork();
      const found = made("(a|aa)*(b?)(a*)*(.*)", extended).find("a".repeat(letters), spent);
      expect(found?.group(4)).toBe("");
      return spent.used;
    };
    expect(work(4_000)).toBeLessThan(2.2 * work(2_000));
  });

  test("finding all matches reads the text a few times, not once for each", () => {
    const text = "abc ".repeat(5_000);
    const spent = new MatchWork();
    const search = made("b|b.*!", extended).search(`${text}`, new MatchWork());
    expect(search.next(0)?.index).toBe(1);
    const words = made("[a-z]+", extended).search(text, spent);
    let count = 0;
    for (let found = words.next(0); found; found = words.next(found.end)) count++;
    expect(count).toBe(5_000);
    expect(spent.used).toBeLessThan(8 * text.length);
  });

  test("starts that come to nothing are told apart once for a text", () => {
    const spent = new MatchWork();
    const search = made("a.*z|b", extended).search("ab".repeat(5_000), spent);
    let count = 0;
    for (let found = search.next(0); found; found = search.next(found.end)) count++;
    expect(count).toBe(5_000);
    expect(spent.used).toBeLessThan(200_000);
  });

  test("an ordinary search for a word costs a sixteenth of its text, for a pattern little more than it", () => {
    const text = `${"the quick brown fox jumps over the lazy dog ".repeat(20_000)}needle 17`;
    const cost = (pattern: string): number => {
      const spent = new MatchWork();
      expect(made(pattern, extended).test(text, spent)).toBe(true);
      return spent.used / text.length;
    };
    expect(cost("needle")).toBeLessThan(0.07);
    expect(cost("needle [0-9]+")).toBeLessThan(0.1);
    expect(cost("[0-9]+")).toBeLessThan(2.1);
    expect(cost("n[a-z]*e [0-9]+|thimble")).toBeLessThan(3);
  });

  test("too many sets of states to keep: the same answers for the same work", () => {
    const next = chance(3);
    const text = Array.from({ length: 3_000 }, () => "ab"[next(2)]).join("");
    const pattern = "(a|b)*a(a|b){60}c";
    const works = [1, 2].map(() => {
      const spent = new MatchWork();
      expect(made(pattern, extended).test(text, spent)).toBe(false);
      expect(made(pattern, extended).test(`${text}c`, spent)).toBe(text.at(-61) === "a");
      return spent.used;
    });
    expect(works[0]).toBe(works[1]);
  });

  test("back-references: right where they can be followed, ENOMEM where they cannot", () => {
    const find = (pattern: string, text: string): unknown =>
      made(pattern, basic).find(text, new MatchWork())?.group(0);
    expect(find("\\(a*\\)*\\1b", "a".repeat(500))).toBeUndefined();
    expect(find("^\\(.*\\)\\n\\1$", `${"x".repeat(2_000)}\n${"x".repeat(2_000)}`)).toHaveLength(
      4_001,
    );
    expect(find("\\(a*\\)\\1", "aaaaa")).toBe("aaaa");
    expect(find("\\(a\\{3000\\}\\)\\1\\1\\1\\1", "a".repeat(15_001))).toHaveLength(15_000);
    expect(() => find("\\(a*\\)\\(a*\\)\\(a*\\)\\1\\2\\3c", `${"a".repeat(400)}bc`)).toThrow(Errno);
  });

  test("a step has only so much", () => {
    const spent = new MatchWork();
    const monster = made("(a|b)*a(a|b){900}c", extended);
    expect(() => monster.test("ab".repeat(100_000), spent)).toThrow(Errno);
    expect(spent.used).toBeLessThan(1.2 * matchUnitsPerStepMax);
  });
});
