/**
 * A line being edited, as readline holds it: plain JSON in the shell's state. Texts are bytes (runtime/bytes.ts); places are
 * counted in bytes and lie between characters.
 */
import { killRingMax, undoStepsMax } from "../../core/limits.ts";

/** One change: where, what was there, what is there now, where the point was. */
export type Change = [at: number, removed: string, inserted: string, point: number];

/** What a prompt begins with; what the shell keeps between two lines. */
export interface Kept {
  /** Kill ring, the newest last. */
  kills?: string[];
  /** Words of the last search. */
  sought?: string;
}

export interface Search {
  text: string;
  backwards: boolean;
  /** The entry that was found, and where in it. */
  at: number;
  point: number;
  failed?: true;
  /** The line before the search. */
  from: { text: string; point: number; at: number };
}

export interface Line {
  /** What stands before the text on its first row; \x01 and \x02 enclose what takes no room. */
  prompt: string;
  /** Rows of the prompt above. */
  above?: string;
  text: string;
  point: number;
  /** Width of the terminal as it was drawn. */
  cols: number;
  kept: Kept;
  /** The entry of the history that is shown; absent: the line that is being written. */
  at?: number;
  /** Lines as they have been changed, by entry; -1: the one that is being written. */
  edits?: Record<string, string>;
  undo?: Change[];
  search?: Search;
  /** Bytes of a key that is not all there. */
  pending?: string;
  /** Within a bracketed paste. */
  paste?: true;
  /** The next key is taken as it is; or is looked for, forwards or backwards. */
  next?: "quote" | "find" | "find-back";
  /** Numeric argument. */
  argument?: number;
  /** What the last key did, for those that go on with it. */
  last?: "kill" | "yank" | "argument" | "complete" | "insert" | "list";
  /** A list that stands still: rows not shown yet; whether to show it at all is asked first. */
  listing?: { rows: string[]; asks?: true };
  /** While a command runs: whether the last key was one of those. */
  wasYank?: boolean;
  wasArgument?: boolean;
  /** Entry that M-. took its word from. */
  taken?: number;
  /** Where what was yanked begins. */
  yanked?: number;
}

const isContinuation = (text: string, at: number): boolean => (text.charCodeAt(at) & 0xc0) === 0x80;

export function before(text: string, at: number): number {
  let place = Math.max(0, at - 1);
  while (place > 0 && isContinuation(text, place)) place--;
  return place;
}

export function after(text: string, at: number): number {
  let place = Math.min(text.length, at + 1);
  while (place < text.length && isContinuation(text, place)) place++;
  return place;
}

const isWordByte = (text: string, at: number): boolean =>
  /[A-Za-z0-9\x80-\xff]/.test(text.charAt(at));

export function wordEnd(text: string, at: number): number {
  let place = at;
  while (place < text.length && !isWordByte(text, place)) place++;
  while (place < text.length && isWordByte(text, place)) place++;
  return place;
}

export function wordStart(text: string, at: number): number {
  let place = at;
  while (place > 0 && !isWordByte(text, place - 1)) place--;
  while (place > 0 && isWordByte(text, place - 1)) place--;
  return place;
}

/** Replaces what lies between two places; the point comes behind what is put there. */
export function replace(line: Line, from: number, to: number, text: string): void {
  if (from === to && text === "") return;
  const { undo = [] } = line;
  const last = undo.at(-1);
  const joins =
    line.last === "insert" &&
    last !== undefined &&
    from === to &&
    last[0] + last[2].length === from &&
    last[1] === "" &&
    last[2].length < 20;
  if (joins) last[2] += text;
  else undo.push([from, line.text.slice(from, to), text, line.point]);
  line.undo = undo.slice(-undoStepsMax);
  line.text = line.text.slice(0, from) + text + line.text.slice(to);
  line.point = from + text.length;
}

export function undo(line: Line): boolean {
  const change = line.undo?.pop();
  if (!change) return false;
  const [at, removed, inserted, point] = change;
  line.text = line.text.slice(0, at) + removed + line.text.slice(at + inserted.length);
  line.point = point;
  return true;
}

/** Takes text away and keeps it for ^Y; kills in a row are one. */
export function kill(line: Line, from: number, to: number): void {
  const text = line.text.slice(from, to);
  const backwards = to === line.point && from < to;
  replace(line, from, to, "");
  line.point = from;
  if (text === "") return;
  const kills = line.kept.kills ?? [];
  const had = line.last === "kill" ? (kills.pop() ?? "") : "";
  kills.push(backwards ? text + had : had + text);
  line.kept.kills = kills.slice(-killRingMax);
}

/** Shows another entry of the history; -1: the line that is being written. */
export function show(line: Line, history: readonly string[], at: number): void {
  const edits = (line.edits ??= {});
  edits[String(line.at ?? -1)] = line.text;
  const text = edits[String(at)] ?? history[at] ?? "";
  if (at < 0) delete line.at;
  else line.at = at;
  // What is as the history has it need not be kept.
  for (const key of Object.keys(edits))
    if (key !== "-1" && edits[key] === history[Number(key)]) delete edits[key];
  line.text = text;
  line.point = text.length;
  delete line.undo;
}
