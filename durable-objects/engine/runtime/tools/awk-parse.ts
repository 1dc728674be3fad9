/** Parses an awk program, and keeps what was parsed last. */
import { AwkParser } from "./awk-parser.ts";
import type { AwkProgram } from "./awk-tree.ts";

const parsed = new Map<string, AwkProgram>();

/** Throws AwkProblem. What was parsed last is kept: awk looks its program up at every step. */
export function parseAwk(text: string): AwkProgram {
  let made = parsed.get(text);
  if (!made) {
    made = new AwkParser(text).program();
    if (parsed.size > 20) parsed.clear();
    parsed.set(text, made);
  }
  return made;
}
