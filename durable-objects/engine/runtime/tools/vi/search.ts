/** Searching: `/`, `?`, n, N, * and #, and patterns for others. */
import { seenOf, vimPattern, type VimPattern } from "./pattern/pattern.ts";
import { classAt, lastCol, nextCol, prevCol } from "./characters.ts";
import { Refused, type Editor } from "./editor.ts";
import type { Spot } from "./state.ts";

/** Rows that one match may reach over. */
const matchRows = 20;

/** Where a search leads: with an offset it may be to whole lines, or with the last character. */
export interface Found extends Spot {
  by?: "line" | "with";
}

/** Refused with vim's words for a pattern that is none. */
export function patternOf(ed: Editor, pattern: string): VimPattern {
  const made = vimPattern(ed.sys.matching, pattern, {
    ignorecase: ed.is("ignorecase"),
    smartcase: ed.is("smartcase"),
    last: ed.s.replaced?.by ?? "",
  });
  if ("error" in made) throw new Refused(made.error);
  return made;
}

export interface Hit {
  from: Spot;
  to: Spot;
}

const textFrom = (ed: Editor, row: number, { lines }: VimPattern): string =>
  lines ? ed.lines.slice(row, row + matchRows).join("\n") : ed.lines[row]!;

function spotIn(text: string, row: number, place: number): Spot {
  const before = text.slice(0, place);
  const start = before.lastIndexOf("\n") + 1;
  const rows = start === 0 ? 0 : before.split("\n").length - 1;
  return { row: row + rows, col: place - start };
}

/** Matches that begin in a row, from the left. */
export function* hitsIn(ed: Editor, row: number, pattern: VimPattern): Generator<Hit> {
  const text = textFrom(ed, row, pattern);
  const { length } = ed.lines[row]!;
  const search = pattern.regex.search(text, ed.sys.matching);
  for (let match = search.next(0); match && match.index <= length;) {
    const [from, to] = seenOf(match);
    if (from <= length) yield { from: spotIn(text, row, from), to: spotIn(text, row, to) };
    const next = match.end > match.index ? match.end : match.index + 1;
    if (next > length) return;
    match = search.next(next);
  }
}

interface Way {
  forward: boolean;
  /** A match where the search begins counts. */
  here?: boolean;
  wraps?: boolean;
}

/** The next match from a place; `wrapped`: it lies behind the text's other end. */
export function findNext(
  ed: Editor,
  pattern: VimPattern,
  at: Spot,
  { forward, here = false, wraps = ed.is("wrapscan") }: Way,
): (Hit & { wrapped: boolean }) | undefined {
  const count = ed.lines.length;
  const most = wraps ? count : forward ? count - 1 - at.row : at.row;
  for (let step = 0; step <= most; step++) {
    const row = (at.row + (forward ? step : count - step) + count) % count;
    let last: Hit | undefined;
    for (const hit of hitsIn(ed, row, pattern)) {
      const isFirst = step === 0;
      const isLast = step === count;
      const { col } = hit.from;
      if (forward) {
        const beyond = here ? col >= at.col : col > at.col;
        if (isFirst && !beyond) continue;
        if (isLast && col > at.col) continue;
        last = hit;
        break;
      }
      if (isFirst && col >= at.col) break;
      if (isLast && col < at.col) continue;
      last = hit;
    }
    if (last) {
      const wrapped = forward ? row < at.row || step === count : row > at.row || step === count;
      return { ...last, wrapped };
    }
    ed.sys.charge(0.2);
  }
  return undefined;
}

/** `;`, `+2`, `e-1`, `b`: what follows a pattern. */
function withOffset(ed: Editor, hit: Hit, offset: string): Found {
  const parts = /^([esb]?)([+-]?\d*)/.exec(offset)!;
  const [, letter = "", digits = ""] = parts;
  const by = digits === "" ? 0 : /^[+-]$/.test(digits) ? Number(`${digits}1`) : Number(digits);
  if (letter === "" && digits !== "")
    return { row: Math.max(0, Math.min(ed.last, hit.from.row + by)), col: 0, by: "line" };
  let { row, col } = hit.from;
  if (letter === "e") {
    ({ row, col } = hit.to);
    col = prevCol(ed.lines[row]!, col);
  }
  const line = ed.lines[row]!;
  for (let n = by; n > 0 && col < lastCol(line); n--) col = nextCol(line, col);
  for (let n = by; n < 0 && col > 0; n++) col = prevCol(line, col);
  return { row, col, ...(letter === "e" ? { by: "with" as const } : {}) };
}

/** Searches for what was sought last, in its direction or the other. */
export function searchAgain(ed: Editor, same: boolean, count: number): Found | undefined {
  const { search } = ed.s;
  if (!search) throw new Refused("E35: No previous regular expression");
  return lookFor(ed, ed.spot, same ? search.forward : !search.forward, count);
}

/** From a place on, what was sought last; what is found is told. */
export function lookFor(
  ed: Editor,
  from: Spot,
  forward: boolean,
  count: number,
): Found | undefined {
  const { s } = ed;
  const { pattern, offset } = s.search!;
  const made = patternOf(ed, pattern);
  const sign = forward ? "/" : "?";
  s.highlighted = true;
  // An offset beyond the match would find the same again.
  let at = from;
  if (forward && /^[+-]?\d+$/.test(offset)) at = { row: from.row, col: ed.lines[from.row]!.length };
  let hit: (Hit & { wrapped: boolean }) | undefined;
  let wrapped = false;
  for (let left = count; left > 0; left--) {
    hit = findNext(ed, made, at, { forward });
    if (!hit) {
      if (ed.is("wrapscan")) throw new Refused(`E486: Pattern not found: ${pattern}`);
      throw new Refused(
        forward
          ? `E385: search hit BOTTOM without match for: ${pattern}`
          : `E384: search hit TOP without match for: ${pattern}`,
      );
    }
    wrapped ||= hit.wrapped;
    at = hit.from;
  }
  if (wrapped)
    ed.say(
      forward ? "search hit BOTTOM, continuing at TOP" : "search hit TOP, continuing at BOTTOM",
    );
  else ed.echo(`${sign}${pattern}${offset ? sign + offset : ""}`);
  return withOffset(ed, hit!, offset);
}

/** `*`, `#` and their kind: the word at the cursor or behind it. */
export function searchWord(
  ed: Editor,
  forward: boolean,
  whole: boolean,
  count: number,
): Found | undefined {
  const { line, s } = ed;
  const isWord = (col: number): boolean => classAt(line, col) >= 2;
  let { col } = s;
  while (col < line.length && !isWord(col)) col = nextCol(line, col);
  const word = col < line.length;
  if (!word) {
    ({ col } = s);
    while (col < line.length && classAt(line, col) === 0) col++;
    if (col >= line.length) throw new Refused("E348: No string under cursor");
  }
  const kind = classAt(line, col);
  while (col > 0 && classAt(line, prevCol(line, col)) === kind) col = prevCol(line, col);
  let end = col;
  while (end < line.length && classAt(line, end) === kind) end = nextCol(line, end);
  const text = line.slice(col, end).replace(/[\\/.*$^~[\]]/g, "\\$&");
  const pattern = word && whole ? `\\<${text}\\>` : text;
  s.search = { pattern, forward, offset: "" };
  noteSearch(ed, pattern);
  return lookFor(ed, { row: s.row, col }, forward, count);
}

export function noteSearch(ed: Editor, pattern: string): void {
  const { s } = ed;
  if (pattern.length <= 500)
    s.searches = [...s.searches.filter((one) => one !== pattern), pattern].slice(-20);
}
