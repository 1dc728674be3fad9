/** Shell patterns: `*`, `?`, `[...]`. A pattern's backslash makes the next character plain. */

import { shellPatternCharactersMax, shellPatternsKeptMax } from "../../core/limits.ts";
import { keep } from "../../core/memo.ts";
import { has, type CharSet } from "../../regex/char-set.ts";
import { placeOf } from "../../regex/place.ts";
import type { MatchWork } from "../match-work.ts";
import { Extended, isExtended } from "./bash/extended-pattern.ts";
import { bracket } from "./bracket.ts";

/** Quotes what is special in a pattern, or within its brackets. */
export const escapePattern = (text: string): string => text.replace(/[\\*?[\]!^()|@+-]/g, "\\$&");

/** Whether a pattern holds anything special. A bracket that nothing closes is none: the command `[`. */
export const isPattern = (pattern: string, ext = false): boolean =>
  /(^|[^\\])(\\\\)*[*?]/.test(pattern) ||
  (pattern.includes("]") && /(^|[^\\])(\\\\)*\[/.test(pattern)) ||
  (ext && isExtended(pattern));

/** How bash reads a pattern: with `@(a|b)`, letters in either case. */
export interface PatternRules {
  readonly ext?: boolean;
  readonly fold?: boolean;
}

/** What a pattern of bash's, with groups, does; undefined: it has none. */
function extended(
  pattern: string,
  text: string,
  work: MatchWork,
  rules: PatternRules | undefined,
): Extended | undefined {
  return rules?.ext && isExtended(pattern) ? new Extended(pattern, text, work) : undefined;
}

export const unescapePattern = (pattern: string): string => pattern.replace(/\\([^])/g, "$1");

/** One character of a pattern: itself, one of a set, or (undefined) any. */
type Sign = string | CharSet | undefined;

/** What stands between two stars. `text`: where every sign is plain. */
interface Piece {
  signs: Sign[];
  text?: string;
}

const cache = new Map<string, Piece[]>();

/** The pieces of a pattern, one more than it has runs of stars. Never handed to a backtracking matcher: cost stays bounded. */
function pieces(pattern: string): Piece[] {
  const known = cache.get(pattern);
  if (known) return known;
  const all: Sign[][] = [[]];
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    const now = all.at(-1) as Sign[];
    if (c === "*") {
      while (pattern[i + 1] === "*") i++;
      all.push([]);
    } else if (c === "?") now.push(undefined);
    else if (c === "\\" && i + 1 < pattern.length) now.push(pattern[++i]);
    else {
      const set = c === "[" ? bracket(pattern, i) : undefined;
      now.push(set ? set.set : c);
      if (set) i = set.end;
    }
  }
  const made = all.map((signs) =>
    signs.every((sign) => typeof sign === "string") ? { signs, text: signs.join("") } : { signs },
  );
  return pattern.length > shellPatternCharactersMax
    ? made
    : keep(cache, shellPatternsKeptMax, pattern, made);
}

/** How many of a piece's signs fit from a place on. */
function fitting({ signs }: Piece, of: string, at: number): number {
  for (let i = 0; i < signs.length; i++) {
    const sign = signs[i];
    if (sign === undefined) continue;
    const hit = typeof sign === "string" ? sign === of[at + i] : has(sign, of.charCodeAt(at + i));
    if (!hit) return i;
  }
  return signs.length;
}

function fits(piece: Piece, of: string, at: number, work: MatchWork): boolean {
  const { length } = piece.signs;
  if (at < 0 || at + length > of.length) return false;
  work.spend(1 + (length >> 4));
  if (piece.text !== undefined) return of.startsWith(piece.text, at);
  return fitting(piece, of, at) === length;
}

/** Where a piece first stands from a place on; -1: nowhere. */
function first(piece: Piece, of: string, from: number, work: MatchWork): number {
  const { text, signs } = piece;
  if (text !== undefined) {
    const at = placeOf(of, text, from);
    work.spend(1 + (((at < 0 ? of.length : at) - from + text.length) >> 4));
    return at;
  }
  return tried(piece, of, from, of.length - signs.length + 1, 1, work);
}

function last(piece: Piece, of: string, from: number, work: MatchWork): number {
  const { text, signs } = piece;
  if (text !== undefined && text.length > 0) {
    const at = placeOf(backwards(of), backwards(text), 0);
    work.spend(1 + ((of.length + text.length) >> 3));
    return at < 0 || of.length - at - text.length < from ? -1 : of.length - at - text.length;
  }
  return tried(piece, of, of.length - signs.length, from - 1, -1, work);
}

/** The first of some places at which a piece stands. */
function tried(
  piece: Piece,
  of: string,
  from: number,
  to: number,
  step: number,
  work: MatchWork,
): number {
  let units = 0;
  let found = -1;
  for (let at = from; found < 0 && (to - at) * step > 0; at += step) {
    const count = fitting(piece, of, at);
    units += 1 + count;
    if (count === piece.signs.length) found = at;
    if (units < 65_536) continue;
    work.spend(units);
    units = 0;
  }
  work.spend(units);
  return found;
}

/** Where a match that begins at `from` ends, as far as it can or as soon; -1: it does not match there, -2: nor later. */
function endOf(list: Piece[], of: string, from: number, far: boolean, work: MatchWork): number {
  const head = list[0] as Piece;
  if (!fits(head, of, from, work)) return -1;
  let at = from + head.signs.length;
  for (let i = 1; i < list.length; i++) {
    const piece = list[i] as Piece;
    const ends = far && i === list.length - 1;
    const found = ends ? last(piece, of, at, work) : first(piece, of, at, work);
    if (found < 0) return -2;
    at = found + piece.signs.length;
  }
  return at;
}

const backwards = (text: string): string => [...text].reverse().join("");

/** Whether a pattern matches all of a text. ENOMEM: the work of the step is used up. */
export function matches(
  pattern: string,
  text: string,
  work: MatchWork,
  rules?: PatternRules,
): boolean {
  if (pattern === "*") return true;
  if (rules?.fold)
    return matches(pattern.toLowerCase(), text.toLowerCase(), work, { ext: rules.ext === true });
  const groups = extended(pattern, text, work, rules);
  if (groups) return groups.whole();
  return endOf(pieces(pattern), text, 0, true, work) === text.length;
}

/** `${x#p}`, `##`, `%`, `%%`. */
export function strip(
  text: string,
  pattern: string,
  op: string,
  work: MatchWork,
  rules?: PatternRules,
): string {
  const far = op.length === 2;
  const groups = extended(pattern, text, work, rules);
  if (groups) return op.startsWith("#") ? groups.withoutHead(far) : groups.withoutTail(far);
  const list = pieces(pattern);
  if (op.startsWith("#")) {
    const end = endOf(list, text, 0, far, work);
    return end < 0 ? text : text.slice(end);
  }
  const mirrored = list
    .map(({ signs, text: plain }) => ({
      signs: signs.toReversed(),
      ...(plain === undefined ? {} : { text: backwards(plain) }),
    }))
    .reverse();
  const end = endOf(mirrored, backwards(text), 0, far, work);
  return end < 0 ? text : text.slice(0, text.length - end);
}

/** Where the matches of a pattern lie, the longest at each place, none within another. `anchor`: at an end alone. */
export function found(
  text: string,
  pattern: string,
  all: boolean,
  work: MatchWork,
  rules?: PatternRules & { anchor?: "#" | "%" },
): [from: number, to: number][] {
  if (pattern === "" && !rules?.anchor) return [];
  if (rules?.fold) {
    const { fold: _, ...others } = rules;
    return found(text.toLowerCase(), pattern.toLowerCase(), all, work, others);
  }
  const groups = extended(pattern, text, work, rules);
  if (rules?.anchor === "#") {
    const end = groups ? groups.end(0, true) : endOf(pieces(pattern), text, 0, true, work);
    return end < 0 ? [] : [[0, end]];
  }
  if (rules?.anchor === "%") {
    const rest = strip(text, pattern, "%%", work, rules);
    const all = matches(pattern, "", work, rules);
    return rest === text && !all ? [] : [[rest.length, text.length]];
  }
  return groups ? groups.all(all) : plainFound(text, pattern, all, work);
}

function plainFound(
  text: string,
  pattern: string,
  all: boolean,
  work: MatchWork,
): [from: number, to: number][] {
  const list = pieces(pattern);
  const head = list[0] as Piece;
  const out: [number, number][] = [];
  for (let at = 0; at <= text.length;) {
    at = first(head, text, at, work);
    if (at < 0) break;
    const end = endOf(list, text, at, true, work);
    if (end === -2) break;
    if (end <= at) {
      // Nothing is no match.
      at++;
      continue;
    }
    out.push([at, end]);
    at = end;
    if (!all) break;
  }
  return out;
}

/** `${x/p/r}`, `${x//p/r}`: longest match first. */
export function replace(
  text: string,
  pattern: string,
  by: string | ((match: string) => string),
  all: boolean,
  work: MatchWork,
  rules?: PatternRules & { anchor?: "#" | "%" },
): string {
  let out = "";
  let from = 0;
  for (const [at, end] of found(text, pattern, all, work, rules)) {
    out += text.slice(from, at) + (typeof by === "string" ? by : by(text.slice(at, end)));
    from = end;
  }
  return out + text.slice(from);
}
