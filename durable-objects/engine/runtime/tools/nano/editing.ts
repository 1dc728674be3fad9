/** What changes the text. */
import { columnOf } from "./columns.ts";
import { linesOf } from "./files.ts";
import { left, paragraph, previousWord, nextWord, right } from "./moving.ts";
import { current, tell, wipe, type Buffer, type NanoState, type Position } from "./state.ts";
import { change, fits, goTo, isBefore, lineAt, placeOf, textBetween } from "./text.ts";

export function type(state: NanoState, text: string): void {
  const buffer = current(state);
  if (!fits(state, text.length)) {
    tell(state, "The text is as large as this sandbox edits");
    return;
  }
  const at = placeOf(buffer);
  change(state, buffer, "addition", { from: at, to: at, text }, state.types === "addition");
  state.types = "addition";
}

export function tab(state: NanoState): void {
  const { tabstospaces, tabsize } = state.options;
  const buffer = current(state);
  if (buffer.mark && !buffer.soft) return indent(state, true);
  const column = columnOf(lineAt(buffer), buffer.column, tabsize);
  type(state, tabstospaces ? " ".repeat(tabsize - (column % tabsize)) : "\t");
}

export function enter(state: NanoState): void {
  const buffer = current(state);
  const at = placeOf(buffer);
  const line = lineAt(buffer);
  const blanks = /^[ \t]*/.exec(line.slice(0, buffer.column))?.[0] ?? "";
  const text = state.options.autoindent ? `\n${blanks}` : "\n";
  if (fits(state, text.length)) change(state, buffer, "line break", { from: at, to: at, text });
  if (state.options.autoindent && blanks !== "" && blanks === line) {
    change(
      state,
      buffer,
      "line break",
      { from: [at[0], 0], to: [at[0], blanks.length], text: "", after: placeOf(buffer) },
      false,
    );
    const last = buffer.undo.pop();
    const first = buffer.undo.at(-1);
    if (last && first) {
      first.at = [at[0], 0];
      first.removed = blanks;
    }
  }
}

function erase(state: NanoState, from: Position, to: Position): void {
  const buffer = current(state);
  if (String(from) === String(to)) return;
  const isJoin = from[0] !== to[0];
  const isMagic = isJoin && to[0] === buffer.lines.length - 1 && lineAt(buffer, to[0]) === "";
  if (isMagic && !state.options.nonewlines && lineAt(buffer, from[0]) !== "") {
    goTo(buffer, from, state.options.tabsize);
    return;
  }
  const kind = isJoin ? "line join" : "deletion";
  change(state, buffer, kind, { from, to, text: "" }, kind === "deletion" && state.types === kind);
  state.types = kind;
}

export const backspace = (state: NanoState): void => {
  const buffer = current(state);
  unmark(buffer);
  erase(state, left(buffer), placeOf(buffer));
};

export const eraseNext = (state: NanoState): void => {
  const buffer = current(state);
  unmark(buffer);
  erase(state, placeOf(buffer), right(buffer));
};

function span(buffer: Buffer): [from: Position, to: Position] {
  const here = placeOf(buffer);
  const mark = buffer.mark ?? here;
  return isBefore(mark, here) ? [mark, here] : [here, mark];
}

/** A mark that a shifted key set goes with the next other one. */
export function unmark(buffer: Buffer): void {
  if (!buffer.soft) return;
  delete buffer.mark;
  delete buffer.soft;
}

/** Takes text away into the cut buffer; what one key after the other cuts stays together. */
function cutSpan(state: NanoState, from: Position, to: Position, goesOn: boolean): void {
  const buffer = current(state);
  wipe(state);
  const text = textBetween(buffer, from, to);
  if (text === "") {
    tell(state, "Nothing was cut");
    return;
  }
  state.cut = goesOn ? state.cut + text : text;
  change(state, buffer, "cut", { from, to, text: "" }, goesOn);
}

export function cut(state: NanoState): void {
  const buffer = current(state);
  if (buffer.mark) {
    const [from, to] = span(buffer);
    delete buffer.mark;
    delete buffer.soft;
    cutSpan(state, from, to, false);
    return;
  }
  const goesOn = state.cuts === true;
  const { line } = buffer;
  const isLast = line === buffer.lines.length - 1;
  const end: Position = isLast ? [line, lineAt(buffer).length] : [line + 1, 0];
  if (state.options.cutfromcursor) {
    const here = placeOf(buffer);
    const lineEnd: Position = [line, lineAt(buffer).length];
    cutSpan(state, here, String(here) === String(lineEnd) ? right(buffer) : lineEnd, goesOn);
  } else cutSpan(state, [line, 0], end, goesOn);
  state.cuts = true;
}

export function cutRest(state: NanoState): void {
  const buffer = current(state);
  const last = buffer.lines.length - 1;
  cutSpan(state, placeOf(buffer), [last, lineAt(buffer, last).length], false);
}

export function copy(state: NanoState): void {
  const buffer = current(state);
  wipe(state);
  if (buffer.mark) {
    const [from, to] = span(buffer);
    state.cut = textBetween(buffer, from, to);
    delete buffer.mark;
    delete buffer.soft;
    return;
  }
  const text = `${lineAt(buffer)}${buffer.line < buffer.lines.length - 1 ? "\n" : ""}`;
  state.cut = state.cuts ? state.cut + text : text;
  if (buffer.line < buffer.lines.length - 1)
    goTo(buffer, [buffer.line + 1, buffer.column], state.options.tabsize);
  state.cuts = true;
}

export function pasteCut(state: NanoState): void {
  if (state.cut === "") {
    tell(state, "Cutbuffer is empty");
    return;
  }
  const buffer = current(state);
  wipe(state);
  const at = placeOf(buffer);
  if (fits(state, state.cut.length))
    change(state, buffer, "paste", { from: at, to: at, text: state.cut });
  else tell(state, "The text is as large as this sandbox edits");
}

export function cutWord(state: NanoState, by: 1 | -1): void {
  const buffer = current(state);
  const here = placeOf(buffer);
  const there = by < 0 ? previousWord(buffer) : nextWord(buffer);
  erase(state, by < 0 ? there : here, by < 0 ? here : there);
}

export function mark(state: NanoState): void {
  const buffer = current(state);
  if (buffer.mark && !buffer.soft) {
    delete buffer.mark;
    tell(state, "Mark Unset");
    return;
  }
  buffer.mark = placeOf(buffer);
  delete buffer.soft;
  tell(state, "Mark Set");
}

/** Changes each marked line, or this one. */
function eachLine(
  state: NanoState,
  kind: "indent" | "unindent" | "comment" | "uncomment",
  edit: (line: string) => string,
): void {
  const buffer = current(state);
  const here = placeOf(buffer);
  const [from, to] = span(buffer);
  const last = to[1] === 0 && to[0] > from[0] ? to[0] - 1 : to[0];
  const old = buffer.lines.slice(from[0], last + 1);
  const now = old.map(edit);
  if (old.join("\n") === now.join("\n")) return;
  const by = (now[here[0] - from[0]]?.length ?? 0) - (old[here[0] - from[0]]?.length ?? 0);
  const x = here[1] === 0 ? 0 : Math.max(0, here[1] + by);
  change(state, buffer, kind, {
    from: [from[0], 0],
    to: [last, lineAt(buffer, last).length],
    text: now.join("\n"),
    after: [here[0], x],
  });
}

export function indent(state: NanoState, deeper: boolean): void {
  const { tabsize, tabstospaces } = state.options;
  const unit = tabstospaces ? " ".repeat(tabsize) : "\t";
  if (deeper) eachLine(state, "indent", (line) => (line === "" ? line : unit + line));
  else
    eachLine(state, "unindent", (line) => {
      let at = 0;
      while (at < tabsize && line[at] === " ") at++;
      return line.slice(line[at] === "\t" && at < tabsize ? at + 1 : at);
    });
}

export function comment(state: NanoState): void {
  const buffer = current(state);
  const [from, to] = span(buffer);
  const all = buffer.lines.slice(from[0], to[0] + 1).filter((line) => line.trim() !== "");
  const has = all.length > 0 && all.every((line) => line.startsWith("#"));
  if (has) eachLine(state, "uncomment", (line) => (line.startsWith("#") ? line.slice(1) : line));
  else eachLine(state, "comment", (line) => (line === "" ? line : `#${line}`));
}

/** ^J: fills the paragraph to the width of the screen. */
export function justify(state: NanoState, whole = false): void {
  const buffer = current(state);
  const { fill } = state.options;
  const width = Math.max(1, fill > 0 ? fill : state.cols + fill);
  if (whole) buffer.line = 0;
  const found = paragraph(buffer);
  if (!found) return;
  const first = found[0];
  let last = found[1];
  const rows: string[] = [];
  for (;;) {
    rows.push(
      ...filled(buffer.lines.slice(rows.length ? last : first, found[1] + 1), width, state),
    );
    last = found[1];
    const next = whole ? paragraph({ ...buffer, line: last + 1 }) : undefined;
    if (!next || next[0] <= last) break;
    rows.push(...buffer.lines.slice(last + 1, next[0]));
    last = next[0];
    found[1] = next[1];
  }
  const to: Position = [found[1], lineAt(buffer, found[1]).length];
  const after: Position = [first + rows.length, 0];
  change(state, buffer, "justification", { from: [first, 0], to, text: rows.join("\n"), after });
  tell(state, whole ? "Justified file" : "Justified paragraph");
}

function filled(lines: readonly string[], width: number, state: NanoState): string[] {
  const lead = /^[ \t]*/.exec(lines[0] ?? "")?.[0] ?? "";
  const later = /^[ \t]*/.exec(lines[1] ?? lines[0] ?? "")?.[0] ?? "";
  const words = lines
    .join(" ")
    .trim()
    .split(/[ \t]+/);
  const rows: string[] = [];
  let row = lead;
  for (const word of words) {
    const isBare = row === lead || row === later;
    const longer = isBare ? row + word : `${row} ${word}`;
    if (!isBare && columnOf(longer, longer.length, state.options.tabsize) > width) {
      rows.push(row);
      row = later + word;
    } else row = longer;
  }
  rows.push(row);
  return rows;
}

const pairs = "([{<)]}>";

export function toBracket(state: NanoState): void {
  const buffer = current(state);
  const here = lineAt(buffer)[buffer.column] ?? "";
  const kind = pairs.indexOf(here);
  if (here === "" || kind < 0) {
    tell(state, "Not a bracket");
    return;
  }
  const other = pairs[(kind + 4) % 8] as string;
  const step = kind < 4 ? 1 : -1;
  let depth = 0;
  for (let { line } = buffer; line >= 0 && line < buffer.lines.length; line += step) {
    const text = lineAt(buffer, line);
    let x = line === buffer.line ? buffer.column : step > 0 ? 0 : text.length - 1;
    for (; x >= 0 && x < text.length; x += step) {
      if (text[x] === here) depth++;
      else if (text[x] === other && --depth === 0) {
        goTo(buffer, [line, x], state.options.tabsize);
        return;
      }
    }
  }
  tell(state, "No matching bracket");
}

export function countWords(state: NanoState): void {
  const buffer = current(state);
  const [from, to] = span(buffer);
  const last = buffer.lines.length - 1;
  const text = buffer.mark
    ? textBetween(buffer, from, to)
    : textBetween(buffer, [0, 0], [last, lineAt(buffer, last).length]);
  const lines = buffer.mark ? text.split("\n").length : linesOf(buffer);
  const words = text.match(/[A-Za-z0-9\x80-\xff]+/g)?.length ?? 0;
  const characters = text.replace(/[\x80-\xbf]/g, "").length;
  const many = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;
  tell(
    state,
    `${buffer.mark ? "In Selection:  " : ""}${many(lines, "line")},  ${many(words, "word")},  ${many(characters, "character")}`,
  );
}

export function location(state: NanoState): string {
  const buffer = current(state);
  const { tabsize } = state.options;
  const line = lineAt(buffer);
  const width = columnOf(line, line.length, tabsize) + 1;
  const column = columnOf(line, buffer.column, tabsize) + 1;
  const length = (text: string): number => text.replace(/[\x80-\xbf]/g, "").length;
  const last = buffer.lines.length - 1;
  const before = length(textBetween(buffer, [0, 0], placeOf(buffer)));
  const total = length(textBetween(buffer, [0, 0], [last, lineAt(buffer, last).length]));
  const lines = buffer.lines.length;
  const share = (part: number, all: number): number =>
    all === 0 ? 0 : Math.floor((100 * part) / all);
  const pad = (value: number, like: number): string => String(value).padStart(String(like).length);
  const two = (value: number): string => String(value).padStart(2);
  return (
    `line ${pad(buffer.line + 1, Math.max(10, lines))}/${lines} (${two(share(buffer.line + 1, lines))}%), ` +
    `col ${two(column)}/${two(width)} (${String(share(column, width)).padStart(3)}%), ` +
    `char ${pad(before, total)}/${total} (${two(share(before, total))}%)`
  );
}
