/**
 * Line editing as readline has it: bytes of keys go in, what the terminal prints comes out. Nothing is kept but the line, which is
 * plain JSON, so an eviction between two keys changes nothing.
 */
import { editedLineBytesMax } from "../../core/limits.ts";
import { bindings, type Event } from "./commands.ts";
import { firstKey } from "./keys.ts";
import { drawn, endsRow, redrawn, rowsBelow, resized, toEnd, type View } from "./layout.ts";
import { after, before, replace, type Kept, type Line } from "./line.ts";
import { beginSearch, endSearch, searchKey, searchView } from "./search.ts";

export const pasteOn = "\x1b[?2004h";
const pasteOff = "\x1b[?2004l\r";
const pasteEnd = "\x1b[201~";

/** What came of the keys: what is printed, the keys that were not looked at, and why the line stopped. */
export interface Edited {
  output: string;
  rest: string;
  event?: "accept" | "eof" | "complete" | "list";
}

export function viewOf(line: Line, history: readonly string[]): View {
  const { prompt, text, point, cols } = line;
  if (!line.search) return { prompt, text, point, cols };
  const [itsPrompt, itsText, itsPoint] = searchView(line, history);
  return { prompt: itsPrompt, text: itsText, point: itsPoint, cols };
}

/** Begins a line: what the prompt prints. Rows of it above the last are printed once. */
export function begin(prompt: string, cols: number, kept: Kept): [line: Line, output: string] {
  const rows = prompt.split("\n");
  const line: Line = { prompt: rows.pop() ?? "", text: "", point: 0, cols, kept };
  const above = rows.map((row) => `${row.replaceAll(/[\x01\x02]/g, "")}\n`).join("");
  if (above) line.above = above;
  return [line, pasteOn + above + drawn(viewOf(line, []))];
}

function insert(line: Line, key: string): Event | undefined {
  const times = Math.min(line.argument ?? 1, 1000);
  if (line.text.length + key.length * times > editedLineBytesMax) return "bell";
  delete line.yanked;
  replace(line, line.point, line.point, key.repeat(times));
  line.last = "insert";
  return undefined;
}

function findCharacter(line: Line, key: string, backwards: boolean): Event | undefined {
  const at = backwards
    ? line.point === 0
      ? -1
      : line.text.lastIndexOf(key, before(line.text, line.point))
    : line.text.indexOf(key, after(line.text, line.point));
  if (at < 0) return "bell";
  line.point = at;
  return undefined;
}

/** One key; what it asks for. */
function press(line: Line, history: readonly string[], key: string): Event | undefined {
  const { next } = line;
  if (next) {
    delete line.next;
    if (next === "quote") return insert(line, key);
    return findCharacter(line, key, next === "find-back");
  }
  if (line.search) {
    const outcome = searchKey(line, history, key);
    if (outcome !== "other") return outcome;
    endSearch(line, history);
    // A lone escape only ends the search.
    if (key === "\x1b\x1b") return undefined;
  }
  const digit =
    /^\x1b([0-9])$/.exec(key)?.[1] ??
    (line.argument === undefined ? undefined : /^[0-9]$/.exec(key)?.[0]);
  if (digit !== undefined) {
    line.argument = Math.min((line.argument ?? 0) * 10 + Number(digit), 9999);
    return undefined;
  }
  const { last } = line;
  line.wasYank = last === "yank";
  line.wasArgument = last === "argument";
  const command = Object.hasOwn(bindings, key) ? bindings[key] : undefined;
  let event: Event | undefined;
  // What was done before is known to the command that goes on with it.
  if (command) {
    event = command(line, history, key);
    if (line.last === last && !goesOn(key, last)) delete line.last;
  } else if (key >= " " && !key.startsWith("\x1b")) event = insert(line, key);
  else event = key.startsWith("\x1b") ? undefined : "bell";
  delete line.argument;
  delete line.wasYank;
  delete line.wasArgument;
  if (line.last !== "yank" && line.last !== "argument") delete line.yanked;
  return event;
}

/** Whether a command has said again what it is, rather than left what was said before. */
const goesOn = (key: string, last: Line["last"]): boolean =>
  (last === "kill" && /^(?:[\x0b\x15\x17]|\x18\x7f|\x1b[d\x7f\b]|\x1b\[3;5~)$/.test(key)) ||
  (last === "yank" && (key === "\x19" || key === "\x1by")) ||
  (last === "argument" && (key === "\x1b." || key === "\x1b_")) ||
  (last === "complete" && key === "\t");

/** Takes what a bracketed paste brings; the bytes behind its end, undefined while it has none. */
function pasted(line: Line, bytes: string): string | undefined {
  const end = bytes.indexOf(pasteEnd);
  let text = end < 0 ? bytes : bytes.slice(0, end);
  if (end < 0) {
    // The end may be there in part.
    const escape = text.lastIndexOf("\x1b");
    if (escape >= 0 && pasteEnd.startsWith(text.slice(escape))) {
      line.pending = text.slice(escape);
      text = text.slice(0, escape);
    }
  } else delete line.paste;
  const room = Math.max(0, editedLineBytesMax - line.text.length);
  replace(line, line.point, line.point, text.replaceAll(/\r\n?/g, "\n").slice(0, room));
  delete line.last;
  return end < 0 ? undefined : bytes.slice(end + pasteEnd.length);
}

/** Goes below the line, as when it is over. */
export function finish(line: Line, history: readonly string[]): string {
  const view = viewOf(line, history);
  return `${toEnd(view)}${endsRow(view) ? "" : "\n"}${pasteOff}`;
}

/** What ^C makes of a line: it shows where the cursor is, and all goes on below the line. */
export const interrupted = (line: Line, history: readonly string[]): string =>
  `^C${"\n".repeat(rowsBelow(viewOf(line, history)) + 1)}${pasteOff}`;

/** Goes behind the line's end, to print below it. */
export const toLineEnd = (line: Line, history: readonly string[]): string =>
  toEnd(viewOf(line, history));

/** Draws the line anew, on the row where the cursor is. */
export const redraw = (line: Line, history: readonly string[]): string =>
  (line.above ?? "") + drawn(viewOf(line, history));

export function resize(line: Line, history: readonly string[], cols: number): string {
  const output = resized(viewOf(line, history), cols);
  line.cols = cols;
  return output;
}

/** Puts text in the place of what lies between two places and the point; what that prints. */
export function put(line: Line, history: readonly string[], from: number, text: string): string {
  const old = viewOf(line, history);
  replace(line, from, line.point, text);
  return redrawn(old, viewOf(line, history));
}

/** Whether letters just go into the text: many at once, as a paste is long. */
const isPlain = ({ search, next, argument }: Line): boolean =>
  search === undefined && next === undefined && argument === undefined;

const isFull = ({ paste, pending, text }: Line): boolean =>
  paste === true && pending === undefined && text.length >= editedLineBytesMax;

/** Keys, until one ends the line or asks the shell for something. */
export function edit(line: Line, history: readonly string[], bytes: string): Edited {
  // Of a paste that goes on after the line is full nothing is shown: 3 MB would be laid out in 700 pieces.
  if (isFull(line) && !bytes.includes("\x1b")) return { output: "\x07", rest: "" };
  let rest = (line.pending ?? "") + bytes;
  delete line.pending;
  let output = "";
  let shown = viewOf(line, history);
  const draw = (): void => {
    const now = viewOf(line, history);
    output += redrawn(shown, now);
    shown = now;
  };
  while (rest !== "") {
    if (line.paste) {
      const left = pasted(line, rest);
      // What does not fit into the line is lost, and that is told.
      if (line.text.length >= editedLineBytesMax) output += "\x07";
      if (left === undefined) break;
      rest = left;
      continue;
    }
    const typed = isPlain(line) ? /^[ -~]{2,20}/.exec(rest)?.[0] : undefined;
    if (typed !== undefined) {
      if (insert(line, typed) === "bell") output += "\x07";
      rest = rest.slice(typed.length);
      continue;
    }
    const key = firstKey(rest);
    if (key === undefined) {
      line.pending = rest;
      break;
    }
    rest = rest.slice(key.length);
    if (key === "\x1b[200~") {
      if (line.search) endSearch(line, history);
      line.paste = true;
      continue;
    }
    const event = press(line, history, key);
    if (event === "search-back" || event === "search-on")
      beginSearch(line, history, event === "search-back");
    else if (event === "bell") output += "\x07";
    else if (event === "clear") {
      shown = viewOf(line, history);
      output += `\x1b[H\x1b[2J${redraw(line, history)}`;
    } else if (event) {
      draw();
      if (event === "accept" || event === "eof") output += finish(line, history);
      return { output, rest, event };
    }
  }
  draw();
  return { output, rest: "" };
}
