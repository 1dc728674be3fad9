/** Regular expressions that a schema brings, in RE2's syntax; who matches them charges for it. */
export interface Patterns {
  /** Why it is none, in Go's words; undefined: it is one. */
  problem(pattern: string): string | undefined;
  /** Whether it matches anywhere in the text. */
  matches(pattern: string, text: string): boolean;
}
