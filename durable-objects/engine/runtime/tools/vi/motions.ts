/** Motions: where a command goes from the cursor. */
import { indentOf, colAt, lastCol, nextCol, prevCol } from "./characters.ts";
import { matching, sentenceStarts, unclosed } from "./brackets.ts";
import type { Editor } from "./editor.ts";
import { toFirst, type Asked, type Motion, type Rule } from "./motion.ts";
import { screenRow } from "./screen-motions.ts";
import { searchAgain, searchWord } from "./search.ts";
import type { Spot } from "./state.ts";
import { Walker, wordBack, wordEnd, wordEndBack, wordForward } from "./words.ts";

const endless = 2 ** 31;

const without = (row: number, col: number): Motion => ({ row, col, by: "without" });
const at = (spot: Spot, by: Motion["by"] = "without"): Motion => ({ ...spot, by });

function walked(
  ed: Editor,
  big: boolean,
  act: (w: Walker) => boolean,
  by: Motion["by"],
  isBack = false,
): Rule {
  return (_ed, { operator }) => {
    const w = new Walker(ed.lines, ed.spot, big);
    const done = act(w);
    // Back from the very beginning there is nothing to go over.
    if (!done && isBack) return undefined;
    if (!done && operator === undefined) {
      const moved = w.row !== ed.s.row || w.col !== ed.s.col;
      if (
        !moved ||
        (w.col >= lastCol(ed.line) && w.row === ed.s.row && ed.s.col === lastCol(ed.line))
      )
        return undefined;
      // As far as it goes; the bell is all that tells.
      ed.beep();
    }
    return at(w.spot, by);
  };
}

const word =
  (big: boolean): Rule =>
  (ed, asked) => {
    const { count = 1, operator } = asked;
    const isBlank = /^[ \t]?$/.test(ed.line.charAt(ed.s.col));
    if (operator === "c" && !isBlank)
      return walked(ed, big, (w) => wordEnd(w, count, true), "with")(ed, asked);
    const stops = operator !== undefined;
    const found = walked(ed, big, (w) => wordForward(w, count, stops), "without")(ed, asked);
    return found && settled(ed, found, asked);
  };

/** Not behind a line's last character, where that is no place for the cursor. */
function settled(ed: Editor, motion: Motion, { visual }: Asked): Motion {
  const line = ed.lines[motion.row]!;
  if (motion.col === 0 || motion.col < line.length || visual) return motion;
  const isMoved = motion.row > ed.s.row || motion.col > ed.s.col;
  return isMoved ? { ...motion, col: lastCol(line), by: "with" } : motion;
}

function vertical(by: number): Rule {
  return (ed, { count = 1 }) => {
    const row = ed.s.row + by * count;
    // A count that is too large goes as far as there are lines; none at all is refused.
    const to = Math.max(0, Math.min(ed.last, row));
    if (to === ed.s.row || (ed.s.row + by * count !== to && count === 1)) return undefined;
    if (row !== to) return undefined;
    return { row: to, col: colAt(ed.lines[to]!, ed.s.want, ed.shown), by: "line", want: "kept" };
  };
}

/** f, F, t, T. `again`: a t does not stay where it is. */
export function findChar(
  ed: Editor,
  key: string,
  char: string,
  count: number,
  again = false,
): Motion | undefined {
  const { line, s } = ed;
  const forward = key === "f" || key === "t";
  const till = key === "t" || key === "T";
  let { col } = s;
  if (till && again && count === 1) {
    const next = forward ? nextCol(line, col) : prevCol(line, col);
    if (line.startsWith(char, next)) col = next;
  }
  for (let left = count; left > 0; left--) {
    if (!forward && col === 0) return undefined;
    col = forward ? line.indexOf(char, nextCol(line, col)) : line.lastIndexOf(char, col - 1);
    if (col < 0) return undefined;
  }
  if (till) col = forward ? prevCol(line, col) : nextCol(line, col);
  return { row: s.row, col, by: forward ? "with" : "without" };
}

const reversed: Record<string, string> = { f: "F", F: "f", t: "T", T: "t" };

function findAgain(other: boolean): Rule {
  return (ed, { count = 1 }) => {
    const { find } = ed.s;
    if (!find) return undefined;
    const key = other ? reversed[find.key]! : find.key;
    return findChar(ed, key, find.char, count, true);
  };
}

const charSearch: Rule = (ed, { key, char = "", count = 1 }) => {
  ed.s.find = { key, char };
  return findChar(ed, key, char, count);
};

function paragraph(by: 1 | -1): Rule {
  return (ed, { count = 1 }) => {
    let { row } = ed.s;
    for (let left = count; left > 0; left--) {
      let hasText = false;
      for (; ; row += by) {
        if (ed.lines[row] !== "") hasText = true;
        else if (hasText) break;
        if (row + by < 0) return left > 1 ? undefined : { ...without(0, 0), jumps: true };
        if (row + by > ed.last) {
          if (left > 1 || (ed.s.row === ed.last && ed.s.col >= lastCol(ed.line))) return undefined;
          return { row, col: lastCol(ed.lines[row]!), by: "with", jumps: true };
        }
      }
    }
    return { ...without(row, 0), jumps: true };
  };
}

function sentence(by: 1 | -1): Rule {
  return (ed, { count = 1 }) => {
    let { row, col } = ed.s;
    for (let left = count; left > 0; left--) {
      for (;;) {
        const from = col;
        const starts = sentenceStarts(ed.lines, row);
        const found =
          by > 0 ? starts.find((start) => start > from) : starts.findLast((start) => start < from);
        if (found !== undefined) {
          col = found;
          break;
        }
        if (row + by < 0) return { ...without(0, 0), jumps: true };
        if (row + by > ed.last)
          return { row, col: lastCol(ed.lines[row]!), by: "with", jumps: true };
        row += by;
        col = by > 0 ? -1 : endless;
      }
    }
    return { ...without(row, col), jumps: true };
  };
}

function mark(line: boolean): Rule {
  return (ed, { char = "" }) => {
    const name = char === "`" ? "'" : char;
    const { lastVisual } = ed.s;
    const spot = name === "<" ? lastVisual?.from : name === ">" ? lastVisual?.to : ed.s.marks[name];
    const found = spot ?? (name === "'" ? { row: 0, col: 0 } : undefined);
    if (!found || found.row > ed.last) return refuse(ed);
    if (line) return toFirst(ed, found.row, true);
    const col = Math.min(found.col, lastCol(ed.lines[found.row]!));
    return { row: found.row, col, by: "without", jumps: true };
  };
}

function refuse(ed: Editor): undefined {
  ed.say("E20: Mark not set");
  return undefined;
}

const lineStart: Rule = ({ s }) => without(s.row, 0);
const right: Rule = (ed, { count = 1, operator, visual }) => {
  let { col } = ed.s;
  const most = operator !== undefined || visual ? ed.line.length : lastCol(ed.line);
  for (let left = count; left > 0 && col < most; left--) col = nextCol(ed.line, col);
  col = Math.min(col, most);
  // An operator on the last character, or on an empty line, has nothing more to its right, and that is enough.
  if (col === ed.s.col && operator === undefined) return undefined;
  return without(ed.s.row, col);
};
const left: Rule = (ed, { count = 1, operator }) => {
  let { col } = ed.s;
  for (let n = count; n > 0 && col > 0; n--) col = prevCol(ed.line, col);
  return col === ed.s.col && operator === undefined ? undefined : without(ed.s.row, col);
};
const wrapped =
  (by: 1 | -1): Rule =>
  (ed, { count = 1 }) => {
    const w = new Walker(ed.lines, ed.spot);
    for (let n = count; n > 0; n--) {
      if (by < 0) {
        if (w.back() < 0) return undefined;
        if (w.col > 0 && w.col === w.line.length) w.back();
      } else {
        const moved = w.forward();
        if (moved < 0) return undefined;
        if (moved === 2 && w.forward() < 0) return undefined;
      }
    }
    return at(w.spot);
  };
const lineEnd: Rule = (ed, { count = 1, visual }) => {
  const row = ed.s.row + count - 1;
  if (row > ed.last) return undefined;
  const line = ed.lines[row]!;
  return { row, col: visual ? line.length : lastCol(line), by: "with", want: "end" };
};
const lastNonBlank: Rule = (ed, { count = 1 }) => {
  const row = ed.s.row + count - 1;
  if (row > ed.last) return undefined;
  return { row, col: Math.max(0, ed.lines[row]!.trimEnd().length - 1), by: "with" };
};
const toLine =
  (standard: (ed: Editor) => number): Rule =>
  (ed, { count }) =>
    toFirst(ed, Math.min(ed.last, count === undefined ? standard(ed) : count - 1), true);
const percent: Rule = (ed, { count }) => {
  if (count !== undefined)
    return count > 100
      ? undefined
      : toFirst(ed, Math.max(0, Math.floor((count * (ed.last + 1) + 99) / 100) - 1), true);
  const found = matching(ed);
  return found && { ...found, by: "with", jumps: true };
};
const found =
  (act: (ed: Editor, asked: Asked) => Spot | undefined): Rule =>
  (ed, asked) => {
    const spot = act(ed, asked);
    return spot && { ...spot, by: "without", jumps: true };
  };
const open =
  (sign: string): Rule =>
  (ed) => {
    const spot = unclosed(ed, ed.spot, sign);
    return (
      spot && {
        ...spot,
        by: "pairs".length && (sign === ")" || sign === "}") ? "with" : "without",
        jumps: true,
      }
    );
  };

const rules: Record<string, Rule> = {
  h: left,
  left,
  "\b": wrapped(-1),
  "\x7f": wrapped(-1),
  l: right,
  right,
  " ": wrapped(1),
  j: vertical(1),
  down: vertical(1),
  "\n": vertical(1),
  "\x0e": vertical(1),
  gj: vertical(1),
  k: vertical(-1),
  up: vertical(-1),
  "\x10": vertical(-1),
  gk: vertical(-1),
  "0": lineStart,
  g0: lineStart,
  home: lineStart,
  "^": (ed) => without(ed.s.row, Math.min(indentOf(ed.line).length, lastCol(ed.line))),
  $: lineEnd,
  end: lineEnd,
  g_: lastNonBlank,
  "|": (ed, { count = 1 }) =>
    without(ed.s.row, Math.min(colAt(ed.line, count - 1, ed.shown), lastCol(ed.line))),
  "+": (ed, { count = 1 }) => toFirst(ed, ed.s.row + count),
  "\r": (ed, { count = 1 }) => toFirst(ed, ed.s.row + count),
  "-": (ed, { count = 1 }) => toFirst(ed, ed.s.row - count),
  _: (ed, { count = 1 }) => toFirst(ed, ed.s.row + count - 1),
  G: toLine((ed) => ed.last),
  "C-end": (ed) => ({ row: ed.last, col: lastCol(ed.lines[ed.last]!), by: "with", jumps: true }),
  gg: toLine(() => 0),
  "C-home": () => ({ row: 0, col: 0, by: "without", jumps: true }),
  w: word(false),
  W: word(true),
  "S-right": word(false),
  "C-right": word(true),
  b: (ed, asked) =>
    walked(ed, false, (w) => wordBack(w, asked.count ?? 1), "without", true)(ed, asked),
  B: (ed, asked) =>
    walked(ed, true, (w) => wordBack(w, asked.count ?? 1), "without", true)(ed, asked),
  "S-left": (ed, asked) =>
    walked(ed, false, (w) => wordBack(w, asked.count ?? 1), "without", true)(ed, asked),
  "C-left": (ed, asked) =>
    walked(ed, true, (w) => wordBack(w, asked.count ?? 1), "without", true)(ed, asked),
  e: (ed, asked) => walked(ed, false, (w) => wordEnd(w, asked.count ?? 1), "with")(ed, asked),
  E: (ed, asked) => walked(ed, true, (w) => wordEnd(w, asked.count ?? 1), "with")(ed, asked),
  ge: (ed, asked) =>
    walked(ed, false, (w) => wordEndBack(w, asked.count ?? 1), "with", true)(ed, asked),
  gE: (ed, asked) =>
    walked(ed, true, (w) => wordEndBack(w, asked.count ?? 1), "with", true)(ed, asked),
  f: charSearch,
  F: charSearch,
  t: charSearch,
  T: charSearch,
  ";": findAgain(false),
  ",": findAgain(true),
  "{": paragraph(-1),
  "}": paragraph(1),
  "(": sentence(-1),
  ")": sentence(1),
  "%": percent,
  "[(": open("("),
  "[{": open("{"),
  "])": open(")"),
  "]}": open("}"),
  H: screenRow("H"),
  M: screenRow("M"),
  L: screenRow("L"),
  n: found((ed, { count = 1 }) => searchAgain(ed, true, count)),
  N: found((ed, { count = 1 }) => searchAgain(ed, false, count)),
  "*": found((ed, { count = 1 }) => searchWord(ed, true, true, count)),
  "#": found((ed, { count = 1 }) => searchWord(ed, false, true, count)),
  "g*": found((ed, { count = 1 }) => searchWord(ed, true, false, count)),
  "g#": found((ed, { count = 1 }) => searchWord(ed, false, false, count)),
  "'": mark(true),
  "`": mark(false),
};

export const isMotion = (key: string): boolean => Object.hasOwn(rules, key);

/** Where a motion goes; undefined: it cannot be done. */
export const motionOf = (ed: Editor, asked: Asked): Motion | undefined =>
  rules[asked.key]?.(ed, asked);
