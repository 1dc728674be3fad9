/** What less is between two keys: plain JSON. Places are bytes from the start of what is shown. */
import type { TerminalModes } from "../../kernel/terminal-modes.ts";
import type { Picture } from "../screen/paint.ts";

/** No place: a row before the first line or behind the last. */
export const none = -1;

export interface Settings {
  /** -i and -I: letters match in either case, unless the pattern has upper-case ones; always. */
  caseless: 0 | 1 | 2;
  /** -S */
  chops: boolean;
  /** -n, -N: 0 lines are not counted, 2 shown. */
  numbers: 0 | 1 | 2;
  /** -m, -M */
  prompt: 0 | 1 | 2;
  /** -q, -Q */
  quiet: 0 | 1 | 2;
  /** -e, -E */
  quitsAtEnd: 0 | 1 | 2;
  /** -F */
  quitsIfOneScreen: boolean;
  /** -r, -R */
  control: 0 | 1 | 2;
  /** -s */
  squeezes: boolean;
  /** -~ takes them away. */
  tildes: boolean;
  /** -X */
  keepsScreen: boolean;
  /** -g, -G */
  highlights: 0 | 1 | 2;
  /** -x */
  tabs: number;
  /** -j: the row a line that was jumped to is shown at, from 1; negative ones from below. */
  target: number;
  /** -z, or -N: lines of a screenful; what is not positive is less than the screen by so many. */
  window: number;
  /** -#: columns that the left and right arrows move by; 0: half a screen. */
  shift: number;
}

export interface Pattern {
  text: string;
  /** Lines that do not match are meant. */
  not?: true;
  fixed?: true;
}

/** A line typed at the bottom of the screen. */
export interface Typed {
  prompt: string;
  text: string;
  point: number;
  /** Number typed before. */
  count?: number;
  /** Of a search: what ^N, ^F, ^E, ^R switched. */
  not?: true;
  fixed?: true;
  everywhere?: true;
  fromEnd?: true;
  /** Which of the earlier lines is shown, counted from the newest. */
  earlier?: number;
}

export interface Mark {
  file: number;
  at: number;
}

/** What changes with a key; taken back when the key has to wait for input. */
export interface View {
  /** Places of the rows' first bytes, and of what follows the last row. */
  rows: number[];
  next: number;
  /** A first screen that is not full: its lines stand at the bottom. */
  low?: true;
  /** Columns that are left out at the left. */
  left: number;
  /** Nothing has been done in this file yet. */
  fresh?: true;
  /** Typed so far of a command: a number, and what begins a longer one. */
  count: string;
  begun: string;
  typed?: Typed;
  message?: string;
  /** The rows stay as they are until the message has been read. */
  held?: true;
  pattern?: Pattern;
  backwards?: true;
  filters: Pattern[];
  /** Highlighting is off for now (ESC-u). */
  dark?: true;
  marks: Record<string, Mark>;
  /** Lines of a window and of half of one, where a command has set them. */
  window?: number;
  half?: number;
  settings: Settings;
  /** Lines typed before, by kind. */
  earlier: Record<string, string[]>;
  /** F: waits for more. */
  follows?: true;
  /** A place whose line's number is known. */
  anchor: [at: number, line: number];
  /** Number of lines of what is so long. */
  total?: [size: number, lines: number];
  /** Shows its help instead of a file; where it was. */
  help?: { rows: number[]; next: number };
}

export interface LessState {
  /** Of files; "-" is standard input. */
  files: string[];
  at: number;
  /** Where it was in each. */
  left: Record<string, number>;
  /** Open file; standard input as far as it was read, and whether that was all. */
  fd?: number;
  size: number;
  text?: string;
  ended?: true;
  /** Input was more than is kept, and that is still to be said. */
  full?: true;
  tty: number;
  cols: number;
  lines: number;
  view: View;
  /** What the terminal shows; absent: not known. */
  picture?: Picture;
  /** Without a screen of its own: the prompt stands wherever the lines ended. */
  inline?: true;
  entered?: true;
  modes?: TerminalModes;
  /** Keys that were typed and are not done, and an incomplete one. */
  keys: string[];
  rest: string;
  /** Commands to begin each file with. */
  begins: string[];
  /** An editor or a command that runs, and what is said behind it. */
  child?: number;
  command?: string[];
  after?: string;
  /** The first file is open; lines of it that were printed on a terminal that is not cleared. */
  began?: true;
  printed?: number;
  failed?: true;
  /** A file could not be read: a key is waited for before the next is shown. */
  wrong?: true;
  pauses?: true;
  stopped?: true;
  /** Exit code, and output on its way. */
  exitCode?: number;
  output?: [number, string][];
  /** Passes its input on: standard output is no terminal. */
  passes?: true;
}

export const firstSettings = (): Settings => ({
  caseless: 0,
  chops: false,
  numbers: 1,
  prompt: 0,
  quiet: 0,
  quitsAtEnd: 0,
  quitsIfOneScreen: false,
  control: 0,
  squeezes: false,
  tildes: true,
  keepsScreen: false,
  highlights: 2,
  tabs: 8,
  target: 1,
  window: -1,
  shift: 0,
});

export const firstView = (settings: Settings): View => ({
  rows: [],
  next: 0,
  left: 0,
  fresh: true,
  count: "",
  begun: "",
  filters: [],
  marks: {},
  settings,
  earlier: {},
  anchor: [0, 1],
});
