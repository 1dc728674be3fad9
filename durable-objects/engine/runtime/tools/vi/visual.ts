/** Commands of visual mode, on what is selected. */
import { charAt, colAt, lastCol, nextCol, widthOfLine } from "./characters.ts";
import { beginTyping } from "./command-line.ts";
import { Refused, type Editor } from "./editor.ts";
import type { Command } from "./grammar.ts";
import { beginInsert } from "./insert.ts";
import { isMotion } from "./motions.ts";
import { moveBy, runCommand } from "./normal.ts";
import { objectAt } from "./objects.ts";
import { mapText, put, remove, textIn, type Span } from "./operators.ts";
import { operateOn, remember } from "./operator-commands.ts";
import { heldIn, keepYanked } from "./registers.ts";
import { scrollTo } from "./scroll.ts";
import { selection } from "./selection.ts";

export function endVisual(ed: Editor): void {
  const { s } = ed;
  if (!s.visual) return;
  const { kind, row, col, end } = s.visual;
  const begun = { row, col };
  const isFirst = s.row < row || (s.row === row && s.col < col);
  const [from, to] = isFirst ? [ed.spot, begun] : [begun, ed.spot];
  s.lastVisual = { kind, from, to, atFrom: isFirst, ...(end ? { end } : {}) };
  delete s.visual;
  s.mode = "normal";
  ed.say("");
}

/** Which operator a key is here. */
const operators: Record<string, string> = {
  d: "d",
  x: "d",
  delete: "d",
  y: "y",
  c: "c",
  s: "c",
  "<": "<",
  ">": ">",
  "=": "=",
  "~": "~",
  u: "u",
  U: "U",
  gu: "gu",
  gU: "gU",
  "g~": "g~",
  "g?": "g?",
  J: "J",
  gJ: "gJ",
};
/** Those that take whole lines. */
const byLines: Record<string, string> = { D: "d", X: "d", Y: "y", C: "c", S: "c", R: "c" };

const lines = ({ from, to }: Span): Span => ({ kind: "l", from, to });

function noted(ed: Editor, keys: readonly string[], span: Span): void {
  const { from, to, kind } = span;
  const cells =
    kind === "b"
      ? (span.right ?? 0) - (span.left ?? 0)
      : from.row === to.row
        ? Math.max(0, to.col - from.col - 1)
        : Math.max(0, to.col - 1);
  const rows = to.row - from.row + 1;
  remember(ed, keys, {
    kind: kind === "c" ? "v" : kind === "l" ? "V" : "b",
    rows,
    cells: Math.min(cells, 99_999),
  });
}

function replaceAll(ed: Editor, span: Span, char: string): void {
  mapText(ed, span, (text) => {
    let out = "";
    for (let at = 0; at < text.length; at += charAt(text, at).length) out += char;
    return out;
  });
  ed.go(
    span.from.row,
    span.kind === "l"
      ? 0
      : span.kind === "b"
        ? colAt(ed.lines[span.from.row]!, span.left ?? 0, ed.shown)
        : span.from.col,
  );
}

function putOver(ed: Editor, span: Span, register: string | undefined, count: number): void {
  const held = heldIn(ed, register);
  const old = textIn(ed, span);
  const isWhole = span.kind === "l" && span.from.row === 0 && span.to.row === ed.last;
  const isEnd = span.kind === "l" && span.to.row === ed.last;
  const atEnd =
    span.kind === "c" && span.to.col >= ed.lines[span.to.row]!.length && span.from.col > 0;
  remove(ed, span);
  ed.say("");
  if (span.kind === "c" && held.kind === "l") {
    const { row, col } = ed.s;
    const line = ed.line;
    ed.splice(row, 1, [line.slice(0, col), line.slice(col)]);
    ed.go(row, 0);
    put(ed, held, true, count);
  } else if (span.kind === "l" && held.kind !== "l") {
    const line = { text: `${held.text}\n`, kind: "l" as const };
    put(ed, line, isEnd, count);
    if (isWhole) {
      ed.splice(0, 1, []);
      ed.goFirst(0);
    }
  } else if (isWhole) {
    put(ed, held, true, count);
    ed.splice(0, 1, []);
    ed.goFirst(0);
  } else {
    if (atEnd) ed.go(ed.s.row, lastCol(ed.line));
    put(ed, held, span.kind === "l" ? isEnd : atEnd && ed.line !== "", count);
  }
  keepYanked(ed, undefined, old, true);
}

/** I and A of a block, or of what is selected. */
function insertBeside(ed: Editor, span: Span, append: boolean, end: boolean): void {
  const { from, to, kind } = span;
  if (kind !== "b") {
    if (append) ed.go(to.row, kind === "l" ? ed.lines[to.row]!.length : to.col);
    else ed.go(from.row, kind === "l" ? 0 : from.col);
    return beginInsert(ed, 1);
  }
  const line = ed.lines[from.row]!;
  const col = colAt(line, span.left ?? 0, ed.shown);
  if (append && end) {
    ed.go(from.row, line.length);
    return beginInsert(ed, 1, {
      block: { rows: to.row - from.row, cell: 2 ** 31, append: false, col },
    });
  }
  const cell = append ? (span.right ?? 0) + 1 : (span.left ?? 0);
  const width = widthOfLine(line, ed.shown);
  if (append && width < cell)
    ed.setLine(from.row, line + " ".repeat(Math.min(cell - width, 1_000)));
  ed.go(from.row, colAt(ed.lines[from.row]!, cell, ed.shown));
  beginInsert(ed, 1, { block: { rows: to.row - from.row, cell, append, col } });
}

/** An object widens the selection. */
function selectObject(ed: Editor, { key, char = "", count = 1 }: Command): void {
  const { s } = ed;
  const { visual } = s;
  const begun = visual!;
  const isOne = begun.row === s.row && begun.col === s.col;
  const at = ed.spot;
  if (!isOne && /[wW]/.test(char)) {
    // On from behind what is selected.
    ed.go(s.row, Math.min(nextCol(ed.line, s.col), lastCol(ed.line)));
  }
  const span = objectAt(ed, key, char, count);
  if (!span) {
    ed.go(at.row, at.col);
    throw new Refused("");
  }
  if (span.kind === "l") begun.kind = "V";
  else if (begun.kind === "V" && /["'`(){}[\]<>bBt]/.test(char)) begun.kind = "v";
  if (isOne || !/[wW]/.test(char)) {
    begun.row = span.from.row;
    begun.col = span.from.col;
  }
  const line = ed.lines[span.to.row]!;
  const col = span.kind === "l" ? 0 : Math.max(0, span.to.col - 1);
  ed.go(span.to.row, Math.min(col, line.length));
  ed.settle();
}

function colonOn(ed: Editor, extra: string): void {
  endVisual(ed);
  beginTyping(ed, ":", `'<,'>${extra}`);
}

function otherEnd(ed: Editor): void {
  const { s } = ed;
  const { visual } = s;
  const { row, col } = ed.spot;
  ed.go(visual!.row, visual!.col);
  Object.assign(visual!, { row, col });
}

function change(ed: Editor, kind: "v" | "V" | "b"): void {
  const { visual } = ed.s;
  if (visual!.kind === kind) endVisual(ed);
  else visual!.kind = kind;
}

/** Does a command on the selection. */
export function runVisual(ed: Editor, command: Command, keys: readonly string[]): void {
  const { s } = ed;
  const { key, count, register, char = "" } = command;
  if (key === "esc" || key === "\x03") return endVisual(ed);
  if (key === "v" || key === "V" || key === "\x16") return change(ed, key === "\x16" ? "b" : key);
  if (key === "o" || key === "O") return otherEnd(ed);
  if (key === ":" || key === "!") return colonOn(ed, key === "!" ? "!" : "");
  if (key === "i" || key === "a") return selectObject(ed, command);
  if (key === "/" || key === "?") return beginTyping(ed, key);
  const end = s.visual!.end === true;
  const span = selection(ed);
  const operator = operators[key] ?? byLines[key];
  if (operator !== undefined) {
    const whole = Object.hasOwn(byLines, key) && !(span.kind === "b" && /[DC]/.test(key));
    const toEnd: Span = span.kind === "b" && /[DC]/.test(key) ? { ...span, right: 2 ** 31 } : span;
    endVisual(ed);
    ed.go(span.from.row, span.kind === "l" ? s.col : span.from.col);
    if (operator !== "y") noted(ed, keys, span);
    const shifts = operator === ">" || operator === "<" ? (count ?? 1) : 1;
    const used: Span = whole ? lines(span) : toEnd;
    if (used.kind === "l" && operator === "y")
      ed.go(span.from.row, Math.min(s.lastVisual!.from.col, 2 ** 31));
    return operateOn(ed, operator, used, { register, times: shifts });
  }
  if (key === "r") {
    endVisual(ed);
    noted(ed, keys, span);
    return replaceAll(ed, span, char === "esc" ? "\x1b" : char);
  }
  if (key === "p" || key === "P") {
    endVisual(ed);
    noted(ed, keys, span);
    return putOver(ed, span, register, count ?? 1);
  }
  if (key === "I" || key === "A") {
    endVisual(ed);
    noted(ed, keys, span);
    return insertBeside(ed, span, key === "A", end);
  }
  if (isMotion(key)) return moveBy(ed, command);
  if (key.startsWith("z") && scrollTo(ed, key, count)) return;
  if (key === "gv") return reselect(ed);
  if (/^[\x02\x04-\x07\x15\x19\x0c\x01\x18m]$|^page(?:up|down)$/.test(key)) {
    runCommand(ed, command, keys);
    return;
  }
  throw new Refused("");
}

function reselect(ed: Editor): void {
  const { s } = ed;
  const last = s.lastVisual;
  const now = { ...s.visual! };
  if (!last) throw new Refused("");
  const at = ed.spot;
  s.visual = { kind: last.kind, ...last.from };
  ed.go(last.to.row, last.to.col);
  s.lastVisual = { kind: now.kind, from: { row: now.row, col: now.col }, to: at };
}
