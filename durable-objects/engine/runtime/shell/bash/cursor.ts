/** What the parts of the parser see of each other: a place in a text, and how words are read from there. */
import type { Word } from "../ast.ts";

/** What of bash's grammar counts: all of it, and `ext` patterns such as `@(a|b)`. */
export interface Grammar {
  readonly bash: boolean;
  ext: boolean;
}

export interface Cursor {
  readonly text: string;
  at: number;
  /** Words within words. */
  depth: number;
  readonly grammar: Grammar;
  /** Number of the line at the cursor, from 1. */
  line(): number;
  blanks(): void;
  newlines(): void;
  word(): Word | undefined;
  /** What stands up to a character that `stop`, asked once for each that is not quoted, says. */
  parts(stop: (c: string) => boolean): Word;
  /** Text of an operator's word up to `}` or a delimiter, which stays. */
  argument(quoted: boolean, delimiter: string): Word;
  /** Throws SyntaxProblem. */
  unterminated(what: string, token?: string, from?: number, status?: number): never;
  unexpected(expecting?: string): never;
}
