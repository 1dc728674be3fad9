/**
 * Patterns of vim (`:help pattern`): magic, `\v`, `\V`, `\<`, `\{-n,m}`, `\zs` and the rest. Texts are UTF-8 in bytes, so a
 * character is a run of them. Problems are said in vim's words.
 */
import { regexDepthMax, regexesKeptMax } from "../../../../core/limits.ts";
import { keep } from "../../../../core/memo.ts";
import { encodeUtf8 } from "../../../bytes.ts";
import { bothCases, complement, normalized, single } from "../../../../regex/char-set.ts";
import { repeated } from "../../../../regex/posix.ts";
import { Regex, type CompileBudget, type Match, type NoRegex } from "../../../../regex/regex.ts";
import {
  alt,
  cat,
  empty,
  problem,
  RegexProblem,
  type Assertion,
  type Node,
} from "../../../../regex/tree.ts";
import { any, beyond, classes, collectionAt, literal, negatedClasses, set, wider } from "./sets.ts";

/** Groups that stand for `\zs` and `\ze`. */
const startGroup = 10;
const endGroup = 11;

type Magic = "v" | "m" | "M" | "V";

class Parser {
  readonly text: string;
  readonly fold: boolean;
  readonly last: string;
  at = 0;
  groups = 0;
  magic: Magic = "m";

  constructor(text: string, fold: boolean, last: string) {
    this.text = text;
    this.fold = fold;
    this.last = last;
  }

  /** The sign here, when it has a meaning of its own; behind a backslash it has `\` before it in the answer. */
  peek(): { sign: string; length: number } | undefined {
    const c = this.text[this.at];
    if (c === undefined) return undefined;
    if (c === "\\") {
      const then = this.text[this.at + 1];
      if (then === undefined) return { sign: "", length: 1 };
      if (this.magic === "v" && /[^A-Za-z0-9_]/.test(then)) return { sign: "", length: 2 };
      if (this.magic === "m" && /[.*[~]/.test(then)) return { sign: "", length: 2 };
      if (/[$^]/.test(then) && this.magic !== "V") return { sign: "", length: 2 };
      return { sign: then, length: 2 };
    }
    const special =
      this.magic === "v" ? /[()|&+=?{<>@%~.*[^$]/ : this.magic === "m" ? /[.*[~^$]/ : /[$^]/;
    return { sign: special.test(c) ? c : "", length: 1 };
  }

  is(sign: string): boolean {
    return this.peek()?.sign === sign;
  }
  take(): string {
    const found = this.peek()!;
    this.at += found.length;
    return found.sign;
  }

  branches(depth: number): Node {
    if (depth > regexDepthMax) problem("E51: Too many \\%s(");
    const of = [this.concat(depth)];
    while (this.is("|")) {
      this.take();
      of.push(this.concat(depth));
    }
    return alt(of);
  }

  concat(depth: number): Node {
    const of: Node[] = [];
    for (let begins = true; this.at < this.text.length;) {
      if (this.is("|") || (this.is(")") && depth > 0)) break;
      if (this.is("&")) {
        this.take();
        const before = cat(of.splice(0));
        of.push({ k: "look", of: before, negated: false });
        begins = true;
        continue;
      }
      if (this.is(")")) problem(`E55: Unmatched ${this.magic === "v" ? "" : "\\"})`);
      const mode = /^\\([vmMVcC])/.exec(this.text.slice(this.at, this.at + 2))?.[1];
      if (mode) {
        if (mode !== "c" && mode !== "C") this.magic = mode as Magic;
        this.at += 2;
        continue;
      }
      of.push(this.piece(depth, begins));
      begins = false;
    }
    return cat(of);
  }

  piece(depth: number, begins: boolean): Node {
    let node = this.atom(depth, begins);
    for (let times = 0; ; times++) {
      const sign = this.peek()?.sign;
      if (sign === undefined || !"*+=?{@".includes(sign) || sign === "") return node;
      if (sign === "*" && this.text[this.at] === "\\" && this.magic === "m") return node;
      if (times > 0 && sign !== "@") problem(`E61: Nested ${sign}`);
      this.take();
      if (sign === "*") node = repeated(node, 0, undefined);
      else if (sign === "+") node = repeated(node, 1, undefined);
      else if (sign === "=" || sign === "?") node = repeated(node, 0, 1);
      else if (sign === "{") node = this.counted(node);
      else node = this.looked(node);
    }
  }

  counted(node: Node): Node {
    const found = /^(-?)(\d{0,6})(,?)(\d{0,6})\\?\}/.exec(this.text.slice(this.at, this.at + 20));
    if (!found) return problem("E554: Syntax error in \\{...}");
    this.at += found[0].length;
    const [, lazy, low = "", comma, high = ""] = found;
    const min = Number(low);
    const max = comma || low === "" ? (high === "" ? undefined : Number(high)) : min;
    const isTurned = max !== undefined && max < min;
    return repeated(node, isTurned ? max : min, isTurned ? min : max, lazy === "-");
  }

  looked(node: Node): Node {
    const sign = this.text[this.at++];
    if (sign === "=" || sign === "!") return { k: "look", of: node, negated: sign === "!" };
    if (sign === ">") return node;
    return problem("E59: Invalid character after \\@");
  }

  atom(depth: number, begins: boolean): Node {
    const { sign, length } = this.peek()!;
    const start = this.at;
    if (sign === "^") {
      if (begins || this.magic === "v") return this.assert(length, "line-start");
      return this.plain();
    }
    if (sign === "$") {
      const rest = this.text.slice(this.at + length);
      const ends =
        rest === "" || /^\\[|&)n]/.test(rest) || (this.magic === "v" && /^[|&)]/.test(rest));
      return ends || this.magic === "v" ? this.assert(length, "line-end") : this.plain();
    }
    if (sign === "*" && begins && this.text[this.at] === "*") return this.plain();
    if (sign === "") return this.plain();
    this.at += length;
    switch (sign) {
      case ".":
        return any;
      case "*":
      case "+":
      case "=":
      case "?":
      case "{":
      case "@":
        return problem(`E64: ${sign} follows nothing`);
      case "<":
        return { k: "assert", a: "word-start" };
      case ">":
        return { k: "assert", a: "word-end" };
      case "[":
        return this.bracket() ?? this.plainFrom(start);
      case "(":
        return this.group(depth);
      case "%":
        return this.percent(depth);
      case "~":
        return cat([...this.last].map((c) => literal(c, this.fold)));
      case "_":
        return this.withNewline();
      case "z":
        return this.edge();
      default:
        return this.lettered(sign);
    }
  }

  assert(length: number, a: Assertion): Node {
    this.at += length;
    return { k: "assert", a };
  }

  /** The character here, for itself; a backslash before it goes. */
  plain(): Node {
    if (this.text[this.at] === "\\" && this.at + 1 < this.text.length) this.at++;
    return this.plainFrom(this.at);
  }
  plainFrom(start: number): Node {
    const code = this.text.charCodeAt(start);
    const length = code < 0xc2 ? 1 : code < 0xe0 ? 2 : code < 0xf0 ? 3 : code < 0xf5 ? 4 : 1;
    this.at = start + length;
    return literal(this.text.slice(start, this.at), this.fold);
  }

  group(depth: number, n?: number): Node {
    const counts = n === undefined;
    if (counts && this.groups >= 9) problem("E51: Too many \\(");
    const number = counts ? ++this.groups : 0;
    const of = this.branches(depth + 1);
    if (!this.is(")"))
      problem(counts ? `E54: Unmatched ${this.magic === "v" ? "" : "\\"}(` : "E53: Unmatched \\%(");
    this.take();
    return counts ? { k: "group", of, n: number } : of;
  }

  percent(depth: number): Node {
    const sign = this.text[this.at++] ?? "";
    if (sign === "(") return this.group(depth, 0);
    if (sign === "^") return { k: "assert", a: "text-start" };
    if (sign === "$") return { k: "assert", a: "text-end" };
    const found = { d: /^\d+/, x: /^[0-9a-fA-F]{1,2}/, u: /^[0-9a-fA-F]{1,4}/ }[sign]?.exec(
      this.text.slice(this.at, this.at + 8),
    );
    if (!found) return problem("E71: Invalid character after \\%");
    this.at += found[0].length;
    const code = Number.parseInt(found[0], sign === "d" ? 10 : 16);
    return literal(encodeUtf8(String.fromCodePoint(Math.min(code, 0x10ffff))), this.fold);
  }

  withNewline(): Node {
    const sign = this.text[this.at++] ?? "";
    const newline = set(single(10));
    if (sign === "^") return { k: "assert", a: "line-start" };
    if (sign === "$") return { k: "assert", a: "line-end" };
    if (sign === ".") return alt([any, newline]);
    if (sign === "[")
      return alt([this.bracket() ?? problem("E769: Missing ] after \\_["), newline]);
    return alt([this.lettered(sign), newline]);
  }

  edge(): Node {
    const sign = this.text[this.at++];
    if (sign === "s") return { k: "group", of: empty, n: startGroup };
    if (sign === "e") return { k: "group", of: empty, n: endGroup };
    return problem("E68: Invalid character after \\z");
  }

  bracket(): Node | undefined {
    const found = collectionAt(this.text, this.at, this.fold);
    if (found) this.at = found.end;
    return found?.node;
  }

  lettered(sign: string): Node {
    const { fold } = this;
    if (Object.hasOwn(classes, sign)) {
      const one = set(fold && "lu".includes(sign) ? bothCases(classes[sign]!) : classes[sign]!);
      return wider.has(sign) ? alt([one, beyond]) : one;
    }
    if (negatedClasses.includes(sign)) {
      const pairs = complement(normalized([...classes[sign.toLowerCase()]!, 10, 10, 128, 0xffff]));
      return alt([set(pairs), beyond]);
    }
    const control = { e: 27, t: 9, r: 13, b: 8, n: 10 }[sign];
    if (control !== undefined) return set(single(control));
    if (/[1-9]/.test(sign)) {
      if (Number(sign) > this.groups) problem(`E65: Illegal back reference`);
      return { k: "back", n: Number(sign), fold };
    }
    return literal(sign, fold);
  }
}

/** A pattern made ready. */
export interface VimPattern {
  regex: Regex;
  /** It may match over line ends. */
  lines: boolean;
}

const kept = new Map<string, VimPattern | NoRegex>();

/** Whether letters match in either case. */
function folds(pattern: string, ignorecase: boolean, smartcase: boolean): boolean {
  const bare = pattern.replace(/\\\\/g, "");
  if (bare.includes("\\C")) return false;
  if (bare.includes("\\c")) return true;
  return ignorecase && !(smartcase && /[A-Z]/.test(bare.replace(/\\[^]/g, "")));
}

/** `last`: what `~` stands for. */
export function vimPattern(
  work: CompileBudget,
  pattern: string,
  { ignorecase, smartcase, last }: { ignorecase: boolean; smartcase: boolean; last: string },
): VimPattern | NoRegex {
  const fold = folds(pattern, ignorecase, smartcase);
  const key = `${fold} ${pattern.includes("~") ? JSON.stringify(last) : ""} ${pattern}`;
  const known = kept.get(key);
  if (known) return known;
  try {
    const parser = new Parser(pattern, fold, last);
    const tree = parser.branches(0);
    const regex = new Regex(tree, endGroup, true);
    work.spend(regex.units);
    const lines = /\\(?:n|_)|%\^|%\$/.test(pattern);
    return keep(kept, regexesKeptMax, key, { regex, lines });
  } catch (error) {
    if (!(error instanceof RegexProblem)) throw error;
    return { error: error.message, units: pattern.length };
  }
}

/** Where a match is for those who look: from `\zs` to `\ze`. */
export function seenOf(match: Match): [from: number, to: number] {
  const from = match.span(startGroup)?.[0] ?? match.index;
  const to = match.span(endGroup)?.[0] ?? match.end;
  return [from, Math.max(from, to)];
}
