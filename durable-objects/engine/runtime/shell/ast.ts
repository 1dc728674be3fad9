/**
 * The shell's syntax tree. It is never stored: frames name a node by chunk, offset of the complete command in the chunk,
 * and the node's number within that command, and the text is parsed again (and kept in a cache) when needed.
 */

export type Part =
  /** Literal text; `q`: quoted. */
  | { t: "lit"; v: string; q: boolean }
  /**
   * `$x`, `${x...}`: `op` as written (`:-`, `#`, `%%`, `/`, ...), "" plain, "len" for `${#x}`. bash: `sub` is what stands
   * in brackets, `ind` an exclamation mark before the name; "names" for `${!x*}`, "bad" with its text as the name.
   */
  | VarPart
  /** `$(...)`, backquotes: number of the list's node. */
  | { t: "cmd"; body: number; q: boolean }
  | { t: "arith"; word: Word; q: boolean }
  /** `<(...)`, `>(...)`. */
  | { t: "proc"; body: number; out: boolean; q: false }
  /** `(...)` behind `name=` in an argument of `declare` and its like. */
  | { t: "items"; items: Item[]; q: false };

export interface VarPart {
  t: "var";
  name: string;
  op: string;
  arg?: Word;
  arg2?: Word;
  sub?: Word;
  ind?: true;
  q: boolean;
}

/** `word` or `[sub]=word` of a list. */
export interface Item {
  sub?: Word;
  word: Word;
  append?: true;
}

export type Word = Part[];

export interface Redirect {
  fd: number;
  /** A here-document as it is written. */
  doc?: string;
  /** The descriptor is written. */
  given?: true;
  /** `<`, `>`, `>>`, `>|`, `<>`, `<&`, `>&`, `<<`, `&>`; of bash `&>>`, `<<<`. */
  op: string;
  /** The target as it is written. */
  raw: string;
  /** `{name}>`: the variable that gets the descriptor. */
  var?: string;
  /** Target, or the here-document's text. */
  word: Word;
}

export interface Assign {
  name: string;
  word: Word;
  append: boolean;
  /** `name[sub]=`. */
  sub?: Word;
  /** `name=(...)`. */
  items?: Item[];
}

/** What stands in `[[ ]]`. */
export type Condition =
  | { c: "and" | "or"; l: Condition; r: Condition }
  | { c: "not"; of: Condition }
  | { c: "unary"; op: string; word: Word }
  | { c: "binary"; op: string; l: Word; r: Word };

export type Node =
  | { k: "list"; items: { node: number; bg: boolean; text: string }[] }
  | { k: "and" | "or"; l: number; r: number }
  | { k: "not"; body: number }
  | { k: "pipe"; parts: number[]; text: string }
  | {
      k: "cmd";
      assigns: Assign[];
      words: Word[];
      redirs: Redirect[];
      line: number;
      text: string;
      /** Assignments and words as they are written, in bash. */
      raw?: string[];
    }
  | { k: "sub" | "group"; body: number; redirs: Redirect[] }
  | { k: "if"; cond: number; then: number; else?: number; redirs: Redirect[] }
  | { k: "while" | "until"; cond: number; body: number; redirs: Redirect[] }
  | { k: "for"; name: string; words?: Word[]; raw?: string; body: number; redirs: Redirect[] }
  | { k: "case"; word: Word; raw?: string; arms: Arm[]; redirs: Redirect[] }
  | { k: "func"; name: string; body: number; from?: number; to?: number }
  | { k: "cond"; of: Condition; redirs: Redirect[]; line: number; text: string }
  /** `(( ))`. */
  | { k: "arith"; word: Word; redirs: Redirect[]; line: number; text: string }
  /** `for ((init; test; step))`. */
  | { k: "cfor"; parts: Word[]; raw: string[]; body: number; redirs: Redirect[]; line: number }
  | { k: "select"; name: string; words?: Word[]; raw: string; body: number; redirs: Redirect[] }
  | { k: "time"; posix: boolean; body?: number }
  | { k: "coproc"; name: string; body: number; text: string };

export interface Arm {
  patterns: Word[];
  /** As they are written. */
  raw: string[];
  body?: number;
  /** Behind it: `;&` goes on into the next arm, `;;&` tries the next patterns. */
  then?: ";&" | ";;&";
}

/** One complete command of a text. */
export interface Unit {
  nodes: Node[];
  /** Node to run; absent: nothing but blanks. */
  root?: number;
  /** Where the next one begins. */
  end: number;
  /** Line of the first command, from 1. */
  line: number;
  /** Here-documents that the text ended: its last line, where they begin, and the word they lack. */
  warnings?: { at: number; from: number; end: string }[];
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
  /** Status that it leaves, where that is not 2. */
  status?: number;
  /** What was wrong within `[[ ]]`, in bash's words. */
  condition?: string;
  /** The text's last line was not ended. */
  open?: boolean;
  constructor(message: string, line: number, incomplete = false) {
    super(message);
    this.line = line;
    this.incomplete = incomplete;
  }
}
