/** What nano is between two keys: plain JSON. Texts are bytes; a place is a line and a byte in it, both from 0. */
import type { TerminalModes } from "../../kernel/terminal-modes.ts";
import type { Picture } from "../screen/paint.ts";

export type Position = [line: number, x: number];

export type ChangeKind =
  | "addition"
  | "deletion"
  | "line break"
  | "line join"
  | "cut"
  | "paste"
  | "replacement"
  | "justification"
  | "insertion"
  | "indent"
  | "unindent"
  | "comment"
  | "uncomment";

export interface Change {
  kind: ChangeKind;
  at: Position;
  removed: string;
  inserted: string;
  /** Where the cursor was, and where it is then. */
  before: Position;
  after: Position;
  /** An empty last line was added for it. */
  grew?: true;
}

export interface Buffer {
  /** Empty: it has none yet. */
  name: string;
  /** The last one is empty where the text ends with a line end. */
  lines: string[];
  line: number;
  column: number;
  /** Column that moves up and down keep to. */
  want: number;
  /** First line that is shown. */
  top: number;
  mark?: Position;
  /** The mark was set by a shifted key: it goes with the next other one. */
  soft?: true;
  undo: Change[];
  redo: Change[];
  /** How many changes the saved text has; absent: none of these states. */
  saved?: number;
  format?: "dos" | "mac";
}

export interface Options {
  autoindent: boolean;
  linenumbers: boolean;
  tabsize: number;
  tabstospaces: boolean;
  view: boolean;
  backup: boolean;
  nohelp: boolean;
  constantshow: boolean;
  nonewlines: boolean;
  noconvert: boolean;
  saveonexit: boolean;
  smarthome: boolean;
  cutfromcursor: boolean;
  multibuffer: boolean;
  restricted: boolean;
  fill: number;
  casesensitive: boolean;
  regexp: boolean;
  backwards: boolean;
  /** Hides all bars. */
  zero: boolean;
}

export type PromptKind = "write" | "insert" | "search" | "replace" | "with" | "goto" | "execute";

export interface Prompt {
  kind: PromptKind;
  text: string;
  column: number;
  /** Of ^O: what is written; closes the buffer behind it. */
  how?: "append" | "prepend";
  closes?: true;
  /** Which of the earlier answers is shown, from the newest. */
  earlier?: number;
}

export interface Question {
  kind: "exit" | "different" | "overwrite" | "replace";
  text: string;
  /** The prompt it came from. */
  prompt?: Prompt;
}

export interface Replacing {
  with: string;
  from: Position;
  /** The match that is asked about. */
  at: Position;
  length: number;
  count: number;
  wrapped?: true;
}

export interface NanoState {
  buffers: Buffer[];
  at: number;
  options: Options;
  /** There was more than one buffer. */
  several?: true;
  cut: string;
  /** The last key cut: the next goes on with it. */
  cuts?: true;
  /** The last key typed or erased. */
  types?: ChangeKind;
  status?: string;
  /** Keys until the status is wiped. */
  countdown?: number;
  prompt?: Prompt;
  question?: Question;
  replacing?: Replacing;
  sought?: string;
  earlier: Record<string, string[]>;
  /** Text of a bracketed paste whose end has not come. */
  paste?: string;
  /** The next key is taken as it is. */
  verbatim?: true;
  /** First row of the help text that is shown. */
  help?: number;
  cols: number;
  rows: number;
  picture?: Picture;
  modes?: TerminalModes;
  entered?: true;
  rest: string;
  /** A command that runs, the pipe it prints to, and what came. */
  child?: { pid: number; fd: number; text: string };
  /** Standard input is being read. */
  reads?: string;
  tty: number;
  exitCode?: number;
  output?: [number, string][];
}

export const current = (state: NanoState): Buffer => state.buffers[state.at] as Buffer;

export const isModified = (buffer: Buffer): boolean => buffer.saved !== buffer.undo.length;

export function tell(state: NanoState, text: string): void {
  state.status = text;
  state.countdown = 20;
}

export function wipe(state: NanoState): void {
  delete state.status;
  delete state.countdown;
}
