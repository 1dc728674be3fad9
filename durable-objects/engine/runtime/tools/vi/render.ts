/** The picture of vi's state: text, signs for its end, and the last line with what is said or typed. */
import { lengthAt, plain, reverse, widthOf, type Picture } from "../screen/paint.ts";
import { cellsAt, charAt, colAt, columnOf, shownAs, widthOfLine } from "./characters.ts";
import type { Editor } from "./editor.ts";
import { cursorCell, isPushed, rowsOfLine, type Layout } from "./layout.ts";
import { findNext, hitsIn, patternOf } from "./search.ts";
import { selection } from "./selection.ts";

/** Bytes from one place to another that are shown in reverse. */
type Marked = [from: number, to: number];

/** Rows of the screen for one line, each at most so wide, without the column of numbers. */
function drawn(line: string, layout: Layout, marked: readonly Marked[], most: number): string[] {
  const { width, wrap, list } = layout;
  const rows: string[] = [""];
  let cell = 0;
  let inReverse = false;
  const put = (text: string, cells: number): void => {
    if (cell > 0 && cell % width === 0 && wrap) {
      if (inReverse) rows[rows.length - 1] += plain;
      rows.push(inReverse ? reverse : "");
    }
    rows[rows.length - 1] += text;
    cell += cells;
  };
  for (let at = 0; at < line.length && rows.length <= most;) {
    const length = lengthAt(line, at);
    const isMarked = marked.some(([from, to]) => at >= from && at < to);
    if (isMarked !== inReverse) {
      rows[rows.length - 1] += isMarked ? reverse : plain;
      inReverse = isMarked;
    }
    const cells = cellsAt(line, at, cell, layout);
    if (line[at] === "\t" && !list) for (let n = cells; n > 0; n--) put(" ", 1);
    else if (cells === 0) rows[rows.length - 1] += line.slice(at, at + length);
    else if (length === 1) for (const sign of shownAs(line, at)) put(sign, 1);
    else {
      if (wrap && isPushed(cells, cell, width, line[at]!)) put(">", 1);
      put(line.slice(at, at + length), cells);
    }
    at += length;
  }
  if (list) put("$", 1);
  if (inReverse) rows[rows.length - 1] += plain;
  return rows;
}

function numberOf(ed: Editor, row: number, width: number): string {
  if (width === 0) return "";
  const relative = ed.is("relativenumber");
  if (relative && row === ed.s.row && ed.is("number"))
    return `${String(row + 1).padEnd(width - 1)} `;
  const number = relative ? Math.abs(row - ed.s.row) : row + 1;
  return `${String(number).padStart(width - 1)} `;
}

/** What of a line is marked: the selection, or matches. */
function markedIn(ed: Editor, row: number): Marked[] {
  const { s } = ed;
  const line = ed.lines[row]!;
  const span =
    s.mode === "visual" || (s.mode === "command" && s.visual) ? selection(ed) : undefined;
  if (span && row >= span.from.row && row <= span.to.row) {
    if (span.kind === "l") return [[0, line.length]];
    if (span.kind === "b") {
      const from = colAt(line, span.left ?? 0, ed.shown);
      return [[from, colAt(line, (span.right ?? 0) + 1, ed.shown)]];
    }
    return [
      [row === span.from.row ? span.from.col : 0, row === span.to.row ? span.to.col : line.length],
    ];
  }
  if (s.confirm?.row === row) return [s.confirm.found];
  const typed = s.typed && s.typed.sign !== ":" && ed.is("incsearch") ? s.typed.text : undefined;
  const pattern = typed || (ed.is("hlsearch") && s.highlighted ? s.search?.pattern : undefined);
  if (!pattern || line.length > 4_096) return [];
  if (typed && (row !== s.row || !ed.is("hlsearch")))
    return row === s.row ? incremental(ed, typed) : [];
  try {
    return [...hitsIn(ed, row, patternOf(ed, pattern))].map(({ from, to }) => [
      from.col,
      to.row > row ? line.length : to.col,
    ]);
  } catch {
    return [];
  }
}

function incremental(ed: Editor, pattern: string): Marked[] {
  try {
    const hit = findNext(ed, patternOf(ed, pattern), ed.spot, {
      forward: true,
      here: true,
      wraps: false,
    });
    return hit && hit.from.row === ed.s.row && hit.from.col === ed.s.col
      ? [[hit.from.col, hit.to.col]]
      : [];
  } catch {
    return [];
  }
}

/** Cuts a row of cells to those from `left` on. */
function cutRow(line: string, layout: Layout, left: number): string {
  let cell = 0;
  let at = 0;
  while (at < line.length && cell < left) {
    cell += cellsAt(line, at, cell, layout);
    at += lengthAt(line, at);
  }
  return " ".repeat(Math.max(0, cell - left)) + line.slice(at);
}

interface Text {
  rows: string[];
  cursor: [number, number];
}

function textRows(ed: Editor): Text {
  const { s, layout, height } = ed;
  const numbers = ed.numberWidth;
  const rows: string[] = [];
  let cursor: [number, number] = [0, 0];
  for (let row = s.top; rows.length < height && row <= ed.last; row++) {
    const line = ed.lines[row]!;
    const left = height - rows.length;
    const skipped = layout.wrap && row === s.top ? Math.floor(s.left / layout.width) : 0;
    const needs = rowsOfLine(line, layout) - skipped;
    const truncated = /truncate|lastline/.test(ed.text("display"));
    if (needs > left && row > s.top && !truncated) {
      while (rows.length < height) rows.push("@");
      break;
    }
    const marked = markedIn(ed, row);
    const shown = layout.wrap
      ? drawn(line, layout, marked, left + skipped).slice(skipped, skipped + left)
      : drawn(unwrapped(line, layout, s.left), layout, s.left === 0 ? marked : [], 1);
    if (row === s.row) cursor = place(ed, rows.length - skipped);
    shown.forEach((text, i) => {
      const number = i === 0 && skipped === 0 ? numberOf(ed, row, numbers) : " ".repeat(numbers);
      rows.push(number + text);
    });
    if (needs > left && row > s.top && truncated) rows[rows.length - 1] = "@@@";
  }
  while (rows.length < height) rows.push("~");
  return { rows, cursor };
}

const unwrapped = (line: string, layout: Layout, left: number): string =>
  left === 0 ? line : cutRow(expandTabs(line, layout), layout, left);

/** Tabs as blanks, where the line is shown from another column on. */
function expandTabs(line: string, layout: Layout): string {
  if (!line.includes("\t") || layout.list) return line;
  let cell = 0;
  let out = "";
  for (let at = 0; at < line.length; at += lengthAt(line, at)) {
    const cells = cellsAt(line, at, cell, layout);
    out += line[at] === "\t" ? " ".repeat(cells) : line.slice(at, at + lengthAt(line, at));
    cell += cells;
  }
  return out;
}

function place(ed: Editor, above: number): [number, number] {
  const { s, layout } = ed;
  const inserts = s.mode === "insert" || s.mode === "replace" || s.insertion?.next === "once";
  const cell = cursorCell(ed.line, s.col, layout, inserts);
  if (!layout.wrap) return [above, ed.numberWidth + cell - s.left];
  const row = Math.floor(cell / layout.width);
  return [Math.min(ed.height - 1, above + row), ed.numberWidth + (cell % layout.width)];
}

const visualNames = { v: "VISUAL", V: "VISUAL LINE", b: "VISUAL BLOCK" };

function modeText(ed: Editor): string {
  const { s } = ed;
  if (!ed.is("showmode")) return "";
  const record = s.macro ? `recording @${s.macro.register}` : "";
  const paste = ed.is("paste") ? " (paste)" : "";
  if (s.insertion?.next === "once" && s.mode === "normal") return `-- (insert)${paste} --${record}`;
  if (s.mode === "insert") return `-- INSERT${paste} --${record}`;
  if (s.mode === "replace") return `-- REPLACE${paste} --${record}`;
  if (s.mode === "visual" && s.visual) return `-- ${visualNames[s.visual.kind]} --${record}`;
  return record;
}

/** Where one is in the text: line, column, and how far. */
function rulerText(ed: Editor): string {
  const { s, layout } = ed;
  const inserts = s.mode === "insert" || s.mode === "replace";
  const plainly = { ...layout, wrap: false, list: false };
  const column = cursorCell(ed.line, s.col, plainly, inserts) + 1;
  const col =
    ed.line === "" && !inserts
      ? "0-1"
      : s.col + 1 === column
        ? String(column)
        : `${s.col + 1}-${column}`;
  const head = `${ed.isEmpty ? 0 : s.row + 1},${col}`;
  const { top } = s;
  const below = ed.last + 1 - ed.belowScreen;
  const far =
    below <= 0
      ? top === 0
        ? "All"
        : "Bot"
      : top === 0
        ? "Top"
        : `${String(Math.floor((top * 100) / (top + below))).padStart(2)}%`;
  return head.padEnd(Math.max(head.length + 1, 17 - far.length)) + far;
}

const keySigns: Record<string, string> = {
  esc: "^[",
  up: "<Up>",
  down: "<Down>",
  left: "<Left>",
  right: "<Right>",
};

/** Keys of a command that is not whole, or how much is selected. */
function pendingText(ed: Editor): string {
  const { s } = ed;
  if (s.pending.length > 0) {
    const text = s.pending
      .map((key) => keySigns[key] ?? (key < " " ? shownAs(key, 0) : key))
      .join("");
    return text.slice(-10);
  }
  if (s.mode !== "visual")
    return s.insertion?.next === "literal" ? "^V" : s.insertion?.next === "register" ? "^R" : "";
  const span = selection(ed);
  const rows = Math.abs(s.row - s.visual!.row) + 1;
  if (span.kind === "b" && s.visual!.end) {
    const lines = ed.lines.slice(span.from.row, Math.min(span.to.row + 1, span.from.row + 200));
    const width = Math.max(...lines.map((line) => widthOfLine(line, ed.shown)));
    return `${rows}x${width + 1 - (span.left ?? 0)}`;
  }
  if (span.kind === "b")
    return `${rows}x${Math.min((span.right ?? 0) - (span.left ?? 0) + 1, 9999)}`;
  if (span.kind === "l" || rows > 1) return String(rows);
  const text = ed.between(span.from, span.to);
  let count = 0;
  for (let at = 0; at < text.length; at += charAt(text, at).length) count++;
  return count === text.length ? String(count) : `${count}-${text.length}`;
}

/** The last line: what is typed, said, or being done. */
function lastRow(ed: Editor): string {
  const { s } = ed;
  const message = s.message !== "" ? s.message : modeText(ed);
  const shown = visible(message);
  const ruler = ed.is("ruler") && !ed.is("paste");
  const commands = ed.is("showcmd");
  const rulerAt = s.cols - 18;
  const pendingAt = s.cols - (ruler ? 18 : 0) - (commands ? (ruler ? 10 : 11) : 0);
  let row = shown;
  const width = widthOfLine(shown, { tabstop: 8, list: false });
  const add = (at: number, text: string): void => {
    const now = columnOf(row, row.length, { tabstop: 8, list: false });
    if (now <= at) row += " ".repeat(at - now) + text;
  };
  if (commands && width <= pendingAt) add(pendingAt, pendingText(ed));
  if (ruler && width <= rulerAt) add(rulerAt, rulerText(ed));
  return row;
}

/** A text with controls shown. */
export function visible(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  let out = "";
  for (let at = 0; at < text.length; at += lengthAt(text, at)) out += shownAs(text, at);
  return out;
}

/** A text in rows of a width. */
export function inRows(text: string, cols: number): string[] {
  const rows = [""];
  let used = 0;
  for (let at = 0; at < text.length; at += lengthAt(text, at)) {
    const character = text.slice(at, at + lengthAt(text, at));
    const width = widthOf(character);
    if (used + width > cols) {
      rows.push("");
      used = 0;
    }
    rows[rows.length - 1] += character;
    used += width;
  }
  return rows;
}

/** A line that is typed, over as many rows as it needs, and where the cursor is in it. */
function typedRows(ed: Editor): { rows: string[]; cursor: [number, number] } {
  const { typed, cols } = { typed: ed.s.typed!, cols: ed.s.cols };
  const rows = inRows(typed.sign + visible(typed.text), cols);
  const before = inRows(typed.sign + visible(typed.text.slice(0, typed.at)), cols);
  let row = before.length - 1;
  let col = widthOfLine(before[row]!, { tabstop: 8, list: false });
  if (col >= cols) {
    row++;
    col = 0;
  }
  if (rows.length <= row) rows.push("");
  return { rows, cursor: [row, col] };
}

/** What the terminal shall show. */
export function render(ed: Editor): Picture {
  const { s } = ed;
  const { cols } = s;
  const text = textRows(ed);
  const scrolled = (below: string[], cursor: [number, number]): Picture => {
    const rows = [...text.rows, ...below].slice(-s.rows);
    return { cols, rows, cursor: [rows.length - below.length + cursor[0], cursor[1]] };
  };
  if (s.page) return pageOf(ed, text.rows);
  if (s.typed && s.mode === "command") {
    const { rows, cursor } = typedRows(ed);
    return scrolled(rows, cursor);
  }
  if (s.mode === "confirm" && s.confirm) {
    const question = `replace with ${s.confirm.by} (y/n/a/q/l/^E/^Y)?`;
    const row = visible(question).padEnd(cols - 18);
    return scrolled(
      [row.length > cols - 18 ? row : row + rulerText(ed)],
      [0, Math.min(cols - 1, question.length)],
    );
  }
  return { cols, rows: [...text.rows, lastRow(ed)], cursor: text.cursor };
}

/** Lines below the picture, and the question for a key. */
function pageOf(ed: Editor, text: readonly string[]): Picture {
  const { s } = ed;
  const { cols } = s;
  const page = s.page!;
  const head = page.text === "" ? [] : inRows(visible(page.text), cols);
  const lines = [...head, ...page.lines.flatMap((line) => inRows(visible(line), cols))];
  const room = s.rows - 1;
  const all = lines.slice(0, page.shown + room);
  const isMore = all.length < lines.length;
  const question = isMore ? "-- More --" : "Press ENTER or type command to continue";
  const rows = [...text, ...all, question].slice(-s.rows);
  return { cols, rows, cursor: [rows.length - 1, Math.min(cols - 1, question.length)] };
}
