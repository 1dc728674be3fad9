/** Text objects: iw, a", i(, it, ip and their kind. */
import { around, quotes, sentenceStarts, tagBlock } from "./brackets.ts";
import { nextCol, prevCol } from "./characters.ts";
import type { Editor } from "./editor.ts";
import type { Span } from "./operators.ts";
import type { Spot } from "./state.ts";
import { Walker } from "./words.ts";

const chars = (from: Spot, to: Spot): Span => ({ kind: "c", from, to });
const lines = (from: number, to: number): Span => ({
  kind: "l",
  from: { row: from, col: 0 },
  to: { row: to, col: 0 },
});

/** The end of the run of one kind that a column is in. */
function runEnd(w: Walker): number {
  const { kind } = w;
  let { col } = w;
  const line = w.line;
  while (col < line.length) {
    const next = new Walker(w.lines, { row: w.row, col }, w.big);
    if (next.kind !== kind) break;
    col = nextCol(line, col);
  }
  return col;
}

function word(ed: Editor, inner: boolean, big: boolean, count: number): Span | undefined {
  const { row } = ed.s;
  const { line } = ed;
  const w = new Walker(ed.lines, ed.spot, big);
  const { kind } = w;
  const isKind = (col: number): boolean => new Walker(ed.lines, { row, col }, big).kind === kind;
  let start = ed.s.col;
  while (start > 0 && isKind(prevCol(line, start))) start = prevCol(line, start);
  const from = start;
  let end = start;
  const over = (): void => void (end = runEnd(new Walker(ed.lines, { row, col: end }, big)));
  const isBlank = (col: number): boolean =>
    col < line.length && new Walker(ed.lines, { row, col }, big).kind === 0;
  let hasBlank = kind === 0;
  for (let left = count; left > 0; left--) {
    if (end >= line.length && end > start)
      return left < count ? chars({ row, col: from }, { row, col: end }) : undefined;
    over();
    if (inner) continue;
    if (kind === 0) over();
    else if (isBlank(end)) {
      hasBlank = true;
      over();
    }
  }
  // Without blanks behind it, a word takes those before it.
  if (!inner && !hasBlank) {
    let before = start;
    while (before > 0 && isBlank(prevCol(line, before))) before = prevCol(line, before);
    if (before > 0) start = before;
  }
  return chars({ row, col: start }, { row, col: end });
}

function quoted(ed: Editor, inner: boolean, quote: string): Span | undefined {
  const { line, s } = ed;
  const found = quotes(line, s.col, quote);
  if (!found) return undefined;
  let [from, to] = found;
  if (inner) from++;
  else {
    to++;
    const end = to;
    while (/[ \t]/.test(line.charAt(to))) to++;
    if (to === end) while (from > 0 && /[ \t]/.test(line.charAt(from - 1))) from--;
  }
  return chars({ row: s.row, col: from }, { row: s.row, col: to });
}

function bracketed(ed: Editor, inner: boolean, open: string, count: number): Span | undefined {
  const found = around(ed, ed.spot, open, count);
  if (!found) return undefined;
  const [from, to] = found;
  if (!inner) return chars(from, { row: to.row, col: to.col + 1 });
  const start = { row: from.row, col: from.col + 1 };
  const isAtEnd = start.col >= ed.lines[from.row]!.length && to.row > from.row;
  const closesAlone = ed.lines[to.row]!.slice(0, to.col).trim() === "";
  // A block whose brackets end and begin lines is what stands between these.
  if (isAtEnd && closesAlone) {
    if (to.row === from.row + 1) return undefined;
    return lines(from.row + 1, to.row - 1);
  }
  return chars(isAtEnd ? { row: from.row + 1, col: 0 } : start, to);
}

function paragraph(ed: Editor, inner: boolean, count: number): Span | undefined {
  const isBlank = (row: number): boolean => ed.lines[row]!.trim() === "";
  let from = ed.s.row;
  const begin = isBlank(from);
  while (from > 0 && isBlank(from - 1) === begin) from--;
  let to = ed.s.row;
  const over = (): void => {
    const kind = isBlank(to);
    while (to < ed.last && isBlank(to + 1) === kind) to++;
  };
  over();
  for (let left = inner ? count - 1 : count * 2 - 1; left > 0; left--) {
    if (to >= ed.last) {
      if (inner || left > 1) return undefined;
      // The last paragraph takes the blank lines before it.
      if (!begin) while (from > 0 && isBlank(from - 1)) from--;
      return lines(from, to);
    }
    to++;
    over();
  }
  return lines(from, to);
}

/** The place where the next sentence begins; the text's end where there is none. */
function nextSentence(ed: Editor, at: Spot): Spot {
  for (let { row } = at; row <= ed.last; row++) {
    const from = row === at.row ? at.col : -1;
    const start = sentenceStarts(ed.lines, row).find((one) => one > from);
    if (start !== undefined) return { row, col: start };
  }
  return { row: ed.last, col: ed.lines[ed.last]!.length };
}

function sentence(ed: Editor, inner: boolean): Span | undefined {
  let { row, col } = ed.s;
  for (; row >= 0; row--, col = Infinity) {
    const at = col;
    const start = sentenceStarts(ed.lines, row).findLast((one) => one <= at);
    if (start === undefined) continue;
    col = start;
    break;
  }
  const from = row < 0 ? { row: 0, col: 0 } : { row, col };
  let to = nextSentence(ed, from);
  // What ends with a line ends before its end.
  if (to.col === 0 && to.row > from.row)
    to = { row: to.row - 1, col: ed.lines[to.row - 1]!.length };
  if (inner && to.row === from.row)
    to.col = from.col + ed.lines[from.row]!.slice(from.col, to.col).trimEnd().length;
  return chars(from, to);
}

function tag(ed: Editor, inner: boolean, count: number): Span | undefined {
  const found = tagBlock(ed, ed.spot, inner, count);
  if (!found) return undefined;
  const [from, to] = found;
  return chars(from, { row: to.row, col: to.col + 1 });
}

const opens: Record<string, string> = {
  "(": "(",
  ")": "(",
  b: "(",
  "{": "{",
  "}": "{",
  B: "{",
  "[": "[",
  "]": "[",
  "<": "<",
  ">": "<",
};

/** What an object takes around the cursor; undefined: there is none. */
export function objectAt(ed: Editor, key: string, char: string, count: number): Span | undefined {
  const inner = key === "i";
  if (char === "w" || char === "W") return word(ed, inner, char === "W", count);
  if (char === '"' || char === "'" || char === "`") return quoted(ed, inner, char);
  if (char === "p") return paragraph(ed, inner, count);
  if (char === "s") return sentence(ed, inner);
  if (char === "t") return tag(ed, inner, count);
  const open = opens[char];
  return open ? bracketed(ed, inner, open, count) : undefined;
}
