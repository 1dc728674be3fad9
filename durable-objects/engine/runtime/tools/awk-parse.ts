/** Parses an awk program, and keeps what was parsed last. */
import { memo } from "../../core/memo.ts";
import { AwkParser } from "./awk-parser.ts";
import type { AwkProgram } from "./awk-tree.ts";

/** Throws AwkProblem. What was parsed last is kept: awk looks its program up at every step. */
export const parseAwk = memo(20, (text): AwkProgram => new AwkParser(text).program());
