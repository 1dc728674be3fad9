/** Operators with what they go over: a motion, an object, whole lines. */
import { viKeysKeptMax } from "../../../core/limits.ts";
import { indentOf, lastCol, nextCol } from "./characters.ts";
import { beginTyping } from "./command-line.ts";
import { Refused, type Editor } from "./editor.ts";
import type { Command } from "./grammar.ts";
import { beginInsert } from "./insert.ts";
import type { Motion } from "./motion.ts";
import { motionOf } from "./motions.ts";
import { objectAt } from "./objects.ts";
import { blockParts, operate, remove, textIn, type Span } from "./operators.ts";
import { keepYanked } from "./registers.ts";
import type { Spot } from "./state.ts";

/** Notes a command for . ; what is inserted is added as it is typed. */
export function remember(
  ed: Editor,
  keys: readonly string[],
  visual?: { kind: "v" | "V" | "b"; rows: number; cells: number },
): void {
  if (ed.replaying) return;
  if (keys.length > viKeysKeptMax) delete ed.s.again;
  else ed.s.again = { keys: [...keys], ...(visual ? { visual } : {}) };
}

/** Text between the cursor and where a motion leads. */
export function spanOf(ed: Editor, start: Spot, motion: Motion): Span {
  const isBack = motion.row < start.row || (motion.row === start.row && motion.col < start.col);
  const [from, to] = isBack
    ? [{ row: motion.row, col: motion.col }, start]
    : [start, { row: motion.row, col: motion.col }];
  if (motion.by === "line") return { kind: "l", from, to };
  if (motion.by === "with") {
    const line = ed.lines[to.row]!;
    return { kind: "c", from, to: { row: to.row, col: nextCol(line, to.col) } };
  }
  // One that ends before a line's first character ends with the line before; from an indent on these are whole lines.
  if (to.col === 0 && to.row > from.row) {
    const end = { row: to.row - 1, col: ed.lines[to.row - 1]!.length };
    const line = ed.lines[from.row]!;
    if (from.col <= indentOf(line).length && (from.col < line.length || line === ""))
      return { kind: "l", from, to: end };
    return { kind: "c", from, to: end };
  }
  return { kind: "c", from, to };
}

/** Takes text away and inserts in its place. */
export function changeSpan(ed: Editor, span: Span, register: string | undefined, count = 1): void {
  const { from, to, kind } = span;
  keepYanked(ed, register, textIn(ed, span), true);
  if (kind === "l") {
    const indent = ed.is("autoindent") && !ed.is("paste") ? indentOf(ed.lines[from.row]!) : "";
    ed.splice(from.row, to.row - from.row + 1, [indent]);
    ed.go(from.row, indent.length);
    beginInsert(ed, count, indent ? { indent: indent.length } : {});
    return;
  }
  if (kind === "b") {
    const rows = to.row - from.row;
    const cell = span.left ?? 0;
    const [first] = blockParts(ed, span);
    remove(ed, span);
    ed.go(from.row, first!.at);
    beginInsert(ed, 1, { block: { rows, cell, col: first!.at } });
    return;
  }
  remove(ed, span);
  ed.say("");
  ed.s.mode = "insert";
  ed.go(from.row, from.col);
  beginInsert(ed, count);
}

function target(ed: Editor, command: Command): Span {
  const { operator = "", key, char = "", count } = command;
  const { row } = ed.s;
  if (key === "line") {
    const to = row + (count ?? 1) - 1;
    if (to > ed.last && row === ed.last && (count ?? 1) > 1) throw new Refused("");
    return { kind: "l", from: { row, col: 0 }, to: { row: Math.min(ed.last, to), col: 0 } };
  }
  if ((key === "i" || key === "a") && char !== "") {
    const span = objectAt(ed, key, char, count ?? 1);
    if (!span) throw new Refused("");
    return span;
  }
  const motion = motionOf(ed, {
    key,
    operator,
    ...(count === undefined ? {} : { count }),
    ...(char === "" ? {} : { char }),
  });
  if (!motion) throw new Refused(ed.s.message.startsWith("E20") ? ed.s.message : "");
  if (/^[%()`n N*#{}]$/.test(key)) ed.jump();
  return spanOf(ed, ed.spot, motion);
}

/** What would leave a blank line of several is taken as lines. */
function wholeLines(ed: Editor, span: Span): Span {
  const { from, to, kind } = span;
  if (kind !== "c" || from.row === to.row) return span;
  const rest = ed.lines[to.row]!.slice(to.col).trim();
  const isFirst = ed.lines[from.row]!.slice(0, from.col).trim() === "";
  return rest === "" && isFirst ? { kind: "l", from, to } : span;
}

/** An operator on a span, with its marks. */
export function operateOn(
  ed: Editor,
  operator: string,
  span: Span,
  { register, times = 1 }: { register?: string | undefined; times?: number },
): void {
  const { s } = ed;
  // Where undo brings the cursor back to.
  if (operator !== "y") {
    s.row = span.from.row;
    s.col = span.from.col;
  }
  if (operator === "c") changeSpan(ed, span, register);
  else if (operator === "!") {
    const rows = span.to.row - span.from.row;
    s.row = span.from.row;
    return beginTyping(ed, ":", `${rows === 0 ? "." : `.,.+${rows}`}!`);
  } else operate(ed, operator, span, register, times);
  s.marks["["] = span.kind === "l" ? { row: span.from.row, col: 0 } : { ...span.from };
  s.marks["]"] = { ...span.to };
  if (operator !== "y" && operator !== "c" && s.col > lastCol(ed.line)) s.col = lastCol(ed.line);
  if (span.kind === "l" && /^(?:y|g[u~U?])$/.test(operator)) ed.goWanted(s.row);
  else ed.wants();
}

export function runOperator(ed: Editor, command: Command, keys: readonly string[]): void {
  const { operator = "", key, register } = command;
  if (key === "esc" || key === "\x03") return;
  if (key === "/" || key === "?") return beginTyping(ed, key, "", [...keys]);
  if (operator === "gq" || operator === "gw") throw new Refused("");
  const taken = target(ed, command);
  const span = operator === "d" ? wholeLines(ed, taken) : taken;
  if (operator !== "y" && operator !== "!") remember(ed, keys);
  operateOn(ed, operator, span, { register });
}
