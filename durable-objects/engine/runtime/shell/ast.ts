/**
 * The shell's syntax tree. It is never stored: frames name a node by chunk, offset of the complete command in the chunk,
 * and the node's number within that command, and the text is parsed again (and kept in a cache) when needed.
 */

export type Part =
  /** Literal text; `q`: quoted. */
  | { t: "lit"; v: string; q: boolean }
  /** `$x`, `${x...}`: `op` as written (`:-`, `#`, `%%`, `/`, ...), "" plain, "len" for `${#x}`. */
  | { t: "var"; name: string; op: string; arg?: Word; arg2?: Word; q: boolean }
  /** `$(...)`, backquotes: number of the list's node. */
  | { t: "cmd"; body: number; q: boolean }
  | { t: "arith"; word: Word; q: boolean };

export type Word = Part[];

export interface Redirect {
  fd: number;
  /** `<`, `>`, `>>`, `>|`, `<>`, `<&`, `>&`, `<<`, `&>`. */
  op: string;
  /** Target, or the here-document's text. */
  word: Word;
}

export interface Assign {
  name: string;
  word: Word;
  append: boolean;
}

export type Node =
  | { k: "list"; items: { node: number; bg: boolean; text: string }[] }
  | { k: "and" | "or"; l: number; r: number }
  | { k: "not"; body: number }
  | { k: "pipe"; parts: number[]; text: string }
  | { k: "cmd"; assigns: Assign[]; words: Word[]; redirs: Redirect[]; line: number; text: string }
  | { k: "sub" | "group"; body: number; redirs: Redirect[] }
  | { k: "if"; cond: number; then: number; else?: number; redirs: Redirect[] }
  | { k: "while" | "until"; cond: number; body: number; redirs: Redirect[] }
  | { k: "for"; name: string; words?: Word[]; body: number; redirs: Redirect[] }
  | { k: "case"; word: Word; arms: { patterns: Word[]; body?: number }[]; redirs: Redirect[] }
  | { k: "func"; name: string; body: number };

/** One complete command of a text. */
export interface Unit {
  nodes: Node[];
  /** Node to run; absent: nothing but blanks. */
  root?: number;
  /** Where the next one begins. */
  end: number;
  /** Line of the first command, from 1. */
  line: number;
}

/** `incomplete`: more text could mend it. */
export class SyntaxProblem extends Error {
  override name = "SyntaxProblem";
  readonly incomplete: boolean;
  readonly line: number;
  /** What stood there, for bash: an unexpected word, or the quote that nothing closes (from that line on). */
  token?: string;
  from?: number;
  /** The line it stood in. */
  source?: string;
  /** The text's last line was not ended. */
  open?: boolean;
  constructor(message: string, line: number, incomplete = false) {
    super(message);
    this.line = line;
    this.incomplete = incomplete;
  }
}
