/** What nano shows: which lines, where the cursor stands. */
import type { Picture } from "../screen/paint.ts";
import { helpLines, statusRow, titleBar } from "./bars.ts";
import { columnOf, display, pageStart } from "./columns.ts";
import { helpRows } from "./help.ts";
import { current, type NanoState } from "./state.ts";
import { isBefore, lineAt, placeOf } from "./text.ts";

/** Rows of text, and whether title and help lines are shown. */
export function areaOf(state: NanoState): { rows: number; title: boolean; help: boolean } {
  const { rows, options } = state;
  const zero = options.zero && !state.prompt && !state.question;
  const title = rows > 4 && !options.zero;
  const help = !options.nohelp && !zero && rows > 5;
  const isBare = options.zero && !state.prompt && !state.question && state.status === undefined;
  const status = isBare ? 0 : 1;
  return { rows: Math.max(1, rows - (title ? 1 : 0) - (help ? 2 : 0) - status), title, help };
}

/** Columns before the text: numbers of lines. */
function marginOf(state: NanoState): number {
  if (!state.options.linenumbers || state.help !== undefined) return 0;
  return String(current(state).lines.length).length + 1;
}

/** Moves what is shown as little as needed, or so that the cursor is in the middle. */
export function scroll(state: NanoState, smooth: boolean): void {
  const buffer = current(state);
  const { rows } = areaOf(state);
  const { line, top } = buffer;
  if (line >= top && line < top + rows) return;
  if (smooth) buffer.top = line < top ? line : line - rows + 1;
  else buffer.top = Math.max(0, line - Math.floor(rows / 2));
}

function markedIn(state: NanoState, line: number): [number, number] | undefined {
  const buffer = current(state);
  const { replacing, question } = state;
  if (replacing && question?.kind === "replace")
    return replacing.at[0] === line
      ? [replacing.at[1], replacing.at[1] + replacing.length]
      : undefined;
  if (!buffer.mark) return undefined;
  const here = placeOf(buffer);
  const [from, to] = isBefore(buffer.mark, here) ? [buffer.mark, here] : [here, buffer.mark];
  if (line < from[0] || line > to[0]) return undefined;
  return [line === from[0] ? from[1] : 0, line === to[0] ? to[1] : lineAt(buffer, line).length];
}

function textRows(state: NanoState, rows: number): string[] {
  const { cols, options } = state;
  if (state.help !== undefined) {
    const text = helpRows(cols);
    return Array.from({ length: rows }, (_, i) => text[(state.help ?? 0) + i] ?? "");
  }
  const buffer = current(state);
  const margin = marginOf(state);
  const wide = cols - margin;
  return Array.from({ length: rows }, (_, i) => {
    const at = buffer.top + i;
    const line = buffer.lines[at];
    if (line === undefined) return "";
    const column = at === buffer.line ? columnOf(line, buffer.column, options.tabsize) : 0;
    const marked = markedIn(state, at);
    const text = display(line, {
      start: pageStart(column, wide),
      cols: wide,
      tabs: options.tabsize,
      ...(marked ? { marked } : {}),
    });
    return margin ? `\x1b[1m${String(at + 1).padStart(margin - 1)}\x1b[m ${text}` : text;
  });
}

export function pictureOf(state: NanoState): Picture {
  const { cols, options } = state;
  const { rows, title, help } = areaOf(state);
  const buffer = current(state);
  const lines = [...(title ? [titleBar(state)] : []), ...textRows(state, rows)];
  const [status, at] = statusRow(state);
  const statusAt = lines.length;
  if (lines.length < state.rows) lines.push(status);
  if (help) lines.push(...helpLines(state));
  while (lines.length < state.rows) lines.push("");
  const column = columnOf(lineAt(buffer), buffer.column, options.tabsize);
  const margin = marginOf(state);
  const col = column - pageStart(column, cols - margin) + margin;
  const row = buffer.line - buffer.top + (title ? 1 : 0);
  const cursor: [number, number] =
    at === undefined ? [Math.max(0, row), Math.min(cols - 1, col)] : [statusAt, at];
  return { cols, rows: lines.slice(0, state.rows), cursor };
}
