/**
 * Log lines that only repeat: computed when the log is read, and written down only when other lines come after them, so
 * that positions in a log stay what they are and a ticking container costs nothing.
 */
import { repeatedLinesMax } from "../limits.ts";
import type { LogRepeat } from "./state.ts";

export interface RepeatedLine {
  ms: number;
  stream: 1 | 2;
  text: string;
}

export interface Repeated {
  /** In order of time. */
  lines: RepeatedLine[];
  /** How many came before `lines` and are not told any more. */
  skipped: number;
  /** Where the repeats stand then. */
  repeats: LogRepeat[];
}

const dueOf = (repeat: LogRepeat, upto: number): number =>
  upto < repeat.t ? 0 : Math.floor((upto - repeat.t) / repeat.e) + 1;

/** Lines due up to a moment. `$(COUNT)` in a text is its own number, from 1 on. */
export function dueLines(given: readonly LogRepeat[] | undefined, upto: number): Repeated {
  if (!given?.length) return { lines: [], skipped: 0, repeats: [] };
  const most = Math.ceil(repeatedLinesMax / given.length);
  const lines: RepeatedLine[] = [];
  let skipped = 0;
  const repeats = given.map((repeat) => {
    const due = dueOf(repeat, upto);
    const from = Math.max(0, due - most);
    skipped += from;
    for (let i = from; i < due; i++)
      lines.push({
        ms: repeat.t + i * repeat.e,
        stream: repeat.s,
        text: repeat.x.replaceAll("$(COUNT)", String(repeat.n + i + 1)),
      });
    return { ...repeat, t: repeat.t + due * repeat.e, n: repeat.n + due };
  });
  lines.sort((a, b) => a.ms - b.ms);
  return { lines, skipped, repeats };
}

/** When the next line comes: for who follows a log. */
export function nextRepeatMs(repeats: readonly LogRepeat[] | undefined): number | undefined {
  return repeats?.length ? Math.min(...repeats.map((repeat) => repeat.t)) : undefined;
}
