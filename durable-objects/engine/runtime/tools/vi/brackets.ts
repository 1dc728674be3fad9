/** Pairs of brackets, quotes and tags, and where sentences begin. */
import type { Editor } from "./editor.ts";
import type { Spot } from "./state.ts";

const pairs = "()[]{}";

/** The other bracket of a pair whose one stands at a place. */
export function pairOf(ed: Editor, at: Spot): Spot | undefined {
  const sign = ed.lines[at.row]?.[at.col] ?? "";
  const kind = pairs.indexOf(sign);
  if (kind < 0) return undefined;
  const forward = kind % 2 === 0;
  const other = pairs[forward ? kind + 1 : kind - 1]!;
  return enclosing(ed, at, forward ? other : other, sign, forward);
}

/** From a place on, the `wanted` bracket that no `nested` one of its own opens. */
function enclosing(
  ed: Editor,
  at: Spot,
  wanted: string,
  nested: string,
  forward: boolean,
): Spot | undefined {
  let depth = 0;
  let { row, col } = at;
  for (;;) {
    const line = ed.lines[row]!;
    ed.sys.charge(line.length / 500);
    for (col += forward ? 1 : -1; forward ? col < line.length : col >= 0; col += forward ? 1 : -1) {
      if (line[col] === nested) depth++;
      else if (line[col] === wanted && depth-- === 0) return { row, col };
    }
    row += forward ? 1 : -1;
    if (row < 0 || row > ed.last) return undefined;
    col = forward ? -1 : ed.lines[row]!.length;
  }
}

/** `%`: from the first bracket at or behind the cursor. */
export function matching(ed: Editor): Spot | undefined {
  const { line, s } = ed;
  for (let { col } = s; col < line.length; col++)
    if (pairs.includes(line[col]!)) return pairOf(ed, { row: s.row, col });
  return undefined;
}

/** `[(` and its like: the bracket around the cursor that is not closed before it, or behind it. */
export const unclosed = (ed: Editor, at: Spot, sign: string): Spot | undefined => {
  const kind = pairs.indexOf(sign);
  const opens = kind % 2 === 0;
  return enclosing(ed, at, sign, pairs[opens ? kind + 1 : kind - 1]!, !opens);
};

/** The pair of brackets around a place, on one of them or within. */
export function around(
  ed: Editor,
  at: Spot,
  open: string,
  count: number,
): [Spot, Spot] | undefined {
  const close = open === "<" ? ">" : pairs[pairs.indexOf(open) + 1]!;
  const here = ed.lines[at.row]?.[at.col];
  let from: Spot | undefined = at;
  if (here === close) from = enclosing(ed, at, open, close, false);
  else if (here !== open) from = enclosing(ed, at, open, close, false);
  // Outside of all, the next one is meant.
  from ??= nextSign(ed, at, open);
  for (let left = count - 1; left > 0 && from; left--)
    from = enclosing(ed, from, open, close, false);
  const to = from && enclosing(ed, from, close, open, true);
  return from && to ? [from, to] : undefined;
}

function nextSign(ed: Editor, at: Spot, sign: string): Spot | undefined {
  for (let { row } = at; row <= ed.last; row++) {
    const col = ed.lines[row]!.indexOf(sign, row === at.row ? at.col : 0);
    if (col >= 0) return { row, col };
  }
  return undefined;
}

/** Quotes around a column of a line; where it stands before all of them, the first. */
export function quotes(line: string, col: number, quote: string): [number, number] | undefined {
  let open = -1;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === "\\") at++;
    else if (line[at] === quote) {
      if (open < 0) open = at;
      else {
        if (at >= col) return [open, at];
        open = -1;
      }
    }
  }
  return undefined;
}

interface Tag {
  name: string;
  from: Spot;
  to: Spot;
  closes: boolean;
}

/** Opening and closing tags of the text near a place. */
function tagsNear(ed: Editor, row: number): Tag[] {
  const tags: Tag[] = [];
  for (let at = Math.max(0, row - 500); at <= Math.min(ed.last, row + 500); at++) {
    const line = ed.lines[at]!;
    ed.sys.charge(line.length / 500);
    for (let open = line.indexOf("<"); open >= 0; open = line.indexOf("<", open + 1)) {
      const end = line.indexOf(">", open);
      if (end < 0) break;
      const name = /^<(\/?)([^\s>/<]+)/.exec(line.slice(open, Math.min(end, open + 100)));
      if (!name || line[end - 1] === "/") continue;
      const [from, to] = [
        { row: at, col: open },
        { row: at, col: end },
      ];
      tags.push({ name: name[2]!, from, to, closes: name[1] === "/" });
    }
  }
  return tags;
}

const isBefore = (a: Spot, b: Spot): boolean =>
  a.row < b.row || (a.row === b.row && a.col <= b.col);

/** The block of a tag around a place: both tags, or what is between them. */
export function tagBlock(
  ed: Editor,
  at: Spot,
  inner: boolean,
  count: number,
): [Spot, Spot] | undefined {
  const open: Tag[] = [];
  let left = count;
  for (const tag of tagsNear(ed, at.row)) {
    if (!tag.closes) {
      open.push(tag);
      continue;
    }
    const begun = open.findLastIndex(({ name }) => name === tag.name);
    if (begun < 0) continue;
    const first = open[begun]!;
    open.length = begun;
    if (!isBefore(first.from, at) || !isBefore(at, tag.to) || --left > 0) continue;
    if (!inner) return [first.from, tag.to];
    return [
      { row: first.to.row, col: first.to.col + 1 },
      { row: tag.from.row, col: tag.from.col - 1 },
    ];
  }
  return undefined;
}

/** Where sentences begin in a line, blank lines being some of their own. */
export function sentenceStarts(lines: readonly string[], row: number): number[] {
  const line = lines[row] ?? "";
  if (line === "") return row > 0 && lines[row - 1] === "" ? [] : [0];
  const starts: number[] = [];
  const previous = row === 0 ? "" : lines[row - 1]!;
  const first = line.length - line.trimStart().length;
  if (previous === "" || /[.!?][)\]"']{0,100}[ \t]{0,100}$/.test(previous.slice(-200)))
    starts.push(first);
  for (const found of line.matchAll(/[.!?][)\]"']{0,9}[ \t]+(?=[^ \t])/g))
    starts.push(found.index + found[0].length);
  return starts;
}
