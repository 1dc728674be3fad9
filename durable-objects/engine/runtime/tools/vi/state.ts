/**
 * What vi remembers between two keys: plain JSON in its process. Long texts (the file, what was deleted) lie in a file of their
 * own (texts.ts), so that a key writes little.
 */
import type { TerminalModes } from "../../kernel/terminal-modes.ts";

/** A text itself, or where it lies in the file of texts: offset and length. */
export type Ref = string | [offset: number, length: number];

/**
 * A change: lines from `at` on, `cut` of them, become `lines`; or within one line `cut` characters from `from` on become `text`.
 */
export type Change =
  | { at: number; cut: number; lines: string[] }
  | { at: number; from: number; cut: number; text: string };

export interface Spot {
  row: number;
  /** Bytes. */
  col: number;
}

/** What one command changed. `back` undoes it, `forth` does it again, both in order. */
export interface UndoStep {
  /** Number, as messages tell it. */
  n: number;
  atMs: number;
  before: Spot;
  /** JSON of Change[]. */
  back: Ref;
  forth: Ref;
  /** The text was as its file before this step, or after it. */
  clean?: "before" | "after";
  /** It goes on where the step before it ends, and is undone with it. */
  goesOn?: true;
}

export interface Register {
  text: Ref;
  /** Characters, lines, or a block. */
  kind: "c" | "l" | "b";
}

export interface Typed {
  sign: ":" | "/" | "?";
  text: string;
  at: number;
  /** Lines back in the history, and the line that was begun. */
  back?: number;
  begun?: string;
  /** The operator that waits for a search, and the keys of its command. */
  keys?: string[];
  /** Where the cursor and the screen were. */
  from: Spot & { top: number };
  /** ^V, or ^R, came before. */
  next?: "literal" | "register";
}

/** An insertion under way. */
export interface Insertion {
  count: number;
  /** Where it began. */
  at: Spot;
  /** Opened by o or O: the line is opened again for each of the count. */
  opens?: boolean;
  /** R: what stood where it was typed over. */
  covered?: string[];
  next?: "literal" | "register" | "once";
  /** Indent that was made by itself, and is taken away when nothing follows it. */
  indent?: number;
  /** A block: rows below that get the same, and the column. */
  block?: { rows: number; cell: number; append?: boolean; col: number };
}

/** Lines below the picture that wait for a key. */
export interface Page {
  lines: string[];
  /** Lines already shown. */
  shown: number;
  /** They were printed by a program, over what was on the screen. */
  printed?: true;
  text: string;
}

export interface Confirm {
  row: number;
  last: number;
  pattern: string;
  by: string;
  flags: string;
  col: number;
  done: number;
  lines: number;
  lastRow: number;
  found: [from: number, to: number];
}

export interface Child {
  pid: number;
  /** Shown on the terminal; put below a line; in place of lines. */
  kind: "show" | "read" | "filter";
  fd?: number;
  /** What it has printed, and how much that is. */
  parts: Ref[];
  bytes: number;
  row: number;
  last: number;
  /** Its output is too long. */
  over?: true;
}

export interface ViState {
  output?: [number, string][];
  exitCode?: number;
  modes?: TerminalModes;
  /** Bytes of a key that is not all there. */
  rest: string;
  cols: number;
  rows: number;
  /** The terminal shows something else, and is painted anew. */
  unknown?: true;
  /** Files of the command line, and which of them is edited. */
  files: string[];
  fileAt: number;
  name: string;
  other?: string;
  /** Of the file: its last change when it was read, ms; -1: there was none. */
  readAtMs: number;
  dos?: true;
  /** The last line has no end. */
  noeol?: true;
  modified: boolean;
  /** Lines, joined: the text as of the last time it was all written down, and the changes since. */
  base: Ref;
  journal: Change[];
  journalSize: number;
  /** File of texts: its descriptor and length. */
  texts?: { fd: number; size: number };
  row: number;
  col: number;
  /** Screen column that j and k keep to. */
  want: number;
  top: number;
  /** First screen column shown, where lines do not wrap. */
  left: number;
  mode: "normal" | "insert" | "replace" | "visual" | "command" | "confirm";
  visual?: { kind: "v" | "V" | "b"; row: number; col: number; end?: true };
  lastVisual?: { kind: "v" | "V" | "b"; from: Spot; to: Spot; end?: true; atFrom?: boolean };
  pending: string[];
  typed?: Typed;
  insertion?: Insertion;
  pasting?: "insert" | "normal" | "command" | "other";
  confirm?: Confirm;
  page?: Page;
  child?: Child;
  message: string;
  marks: Record<string, Spot>;
  /** Places that were jumped from, and where in them ^O stands. */
  jumps: Spot[];
  jumpAt: number;
  registers: Record<string, Register>;
  options: Record<string, boolean | number | string>;
  /** `autocmd FileType`: kind of file, and its `set` words. */
  byType: [string, string][];
  undo: UndoStep[];
  redo: UndoStep[];
  undoNumber: number;
  /** The step under way. */
  step?: {
    before: Spot;
    back: Change[];
    forth: Change[];
    clean: boolean;
    size: number;
    goesOn?: true;
  };
  /** Of U: the line and what it was. */
  line?: { row: number; text: string; col: number };
  /** Keys that . types again; those of the visual command: how much it took. */
  again?: { keys: string[]; visual?: { kind: "v" | "V" | "b"; rows: number; cells: number } };
  /** A search, by its sign. */
  search?: { pattern: string; forward: boolean; offset: string };
  highlighted: boolean;
  find?: { key: string; char: string };
  replaced?: { pattern: string; by: string; flags: string };
  history: string[];
  searches: string[];
  lastCommand?: string;
  inserted: string;
  /** Recording into a register: its name and the keys. */
  macro?: { register: string; keys: string[] };
  lastMacro?: string;
  half: number;
  /** Commands of + and -c that wait for the first file. */
  begin: string[];
  quitTried?: true;
  /** The last of the files was edited. */
  hadLast?: true;
  lastShell?: string;
  /** Stopped by ^Z. */
  suspended?: true;
  readOnlyWarned?: true;
}
