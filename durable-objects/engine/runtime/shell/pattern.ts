/** Shell patterns: `*`, `?`, `[...]`. A pattern's backslash makes the next character plain. */

import { keep } from "../../core/memo.ts";
import { characterClasses } from "../character-classes.ts";

/** The shell knows one class more than POSIX. */
const classes: Record<string, string> = { ...characterClasses, word: "\\w" };

/** Quotes what is special in a pattern, or within its brackets. */
export const escapePattern = (text: string): string => text.replace(/[\\*?[\]!^-]/g, "\\$&");

/** Whether a pattern holds anything special. */
export const isPattern = (pattern: string): boolean => /(^|[^\\])(\\\\)*[*?[]/.test(pattern);

export const unescapePattern = (pattern: string): string => pattern.replace(/\\([^])/g, "$1");

function bracket(pattern: string, at: number): { source: string; end: number } | undefined {
  let i = at + 1;
  const negated = pattern[i] === "!" || pattern[i] === "^";
  if (negated) i++;
  let body = "";
  for (let first = true; ; first = false) {
    const c = pattern[i];
    if (c === undefined) return undefined;
    if (c === "]" && !first) break;
    const named = /^\[:(\w+):\]/.exec(pattern.slice(i, i + 12));
    if (named) {
      body += classes[named[1] ?? ""] ?? "";
      i += named[0].length;
      continue;
    }
    if (c === "\\" && pattern[i + 1] !== undefined) {
      body += `\\${(pattern[i + 1] as string).replace(/\w/, (w) => `x${w.charCodeAt(0).toString(16)}`)}`;
      i += 2;
      continue;
    }
    body += c === "-" ? "-" : c.replace(/[\\\]^[]/, "\\$&");
    i++;
  }
  if (body === "") return { source: negated ? "[^]" : "(?!)", end: i };
  // A range the wrong way round matches nothing.
  const ordered = body.replace(/([^\\])-([^\\\]])/g, (whole: string, a: string, b: string) =>
    a > b ? "" : whole,
  );
  return { source: `[${negated ? "^" : ""}${ordered}]`, end: i };
}

/** One character of a pattern: itself, one of a set, or (undefined) any. */
type Sign = string | RegExp | undefined;

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
      now.push(set ? new RegExp(set.source) : c);
      if (set) i = set.end;
    }
  }
  const made = all.map((signs) =>
    signs.every((sign) => typeof sign === "string") ? { signs, text: signs.join("") } : { signs },
  );
  return keep(cache, 2000, pattern, made);
}

function fits({ signs, text }: Piece, of: string, at: number): boolean {
  if (at < 0 || at + signs.length > of.length) return false;
  if (text !== undefined) return of.startsWith(text, at);
  return signs.every((sign, i) => {
    const c = of[at + i] as string;
    return sign === undefined || (typeof sign === "string" ? sign === c : sign.test(c));
  });
}

/** Where a piece first stands from a place on; -1: nowhere. */
function first(piece: Piece, of: string, from: number): number {
  if (piece.text !== undefined) return of.indexOf(piece.text, from);
  for (let at = from; at + piece.signs.length <= of.length; at++)
    if (fits(piece, of, at)) return at;
  return -1;
}

function last(piece: Piece, of: string, from: number): number {
  for (let at = of.length - piece.signs.length; at >= from; at--)
    if (fits(piece, of, at)) return at;
  return -1;
}

/** Where a match that begins at `from` ends, as far as it can or as soon; -1: it does not match there, -2: nor later. */
function endOf(list: Piece[], of: string, from: number, far: boolean): number {
  const head = list[0] as Piece;
  if (!fits(head, of, from)) return -1;
  let at = from + head.signs.length;
  for (let i = 1; i < list.length; i++) {
    const piece = list[i] as Piece;
    const found = far && i === list.length - 1 ? last(piece, of, at) : first(piece, of, at);
    if (found < 0) return -2;
    at = found + piece.signs.length;
  }
  return at;
}

export function matches(pattern: string, text: string): boolean {
  if (pattern === "*") return true;
  return endOf(pieces(pattern), text, 0, true) === text.length;
}

const backwards = (text: string): string => [...text].reverse().join("");

/** `${x#p}`, `##`, `%`, `%%`. */
export function strip(text: string, pattern: string, op: string): string {
  const list = pieces(pattern);
  const far = op.length === 2;
  if (op.startsWith("#")) {
    const end = endOf(list, text, 0, far);
    return end < 0 ? text : text.slice(end);
  }
  const mirrored = list
    .map(({ signs, text: plain }) => ({
      signs: signs.toReversed(),
      ...(plain === undefined ? {} : { text: backwards(plain) }),
    }))
    .reverse();
  const end = endOf(mirrored, backwards(text), 0, far);
  return end < 0 ? text : text.slice(0, text.length - end);
}

/** `${x/p/r}`, `${x//p/r}`: longest match first. */
export function replace(text: string, pattern: string, by: string, all: boolean): string {
  if (pattern === "") return text;
  const list = pieces(pattern);
  const head = list[0] as Piece;
  let out = "";
  let from = 0;
  for (let at = 0; at <= text.length;) {
    at = first(head, text, at);
    if (at < 0) break;
    const end = endOf(list, text, at, true);
    if (end === -2) break;
    if (end <= at) {
      // Nothing is no match.
      at++;
      continue;
    }
    out += text.slice(from, at) + by;
    from = at = end;
    if (!all) break;
  }
  return out + text.slice(from);
}
