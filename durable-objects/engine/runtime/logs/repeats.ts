/**
 * Log lines that only repeat: computed when the log is read, and written down only when other lines come after them, so
 * that positions in a log stay what they are and a ticking container costs nothing.
 */
import { repeatedLinesMax } from "../../core/limits.ts";
import {
  apacheTime,
  commonLogTime,
  errorLogTime,
  klogTime,
  plainTime,
  rfc3339Milli,
} from "./times.ts";
import type { LogRepeat } from "../kernel/state.ts";

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

/** Ways servers write a moment; `\x01` and its number stand for one in a text. */
const forms = [
  commonLogTime,
  errorLogTime,
  apacheTime,
  rfc3339Milli,
  klogTime,
  plainTime,
  // Python's http.server: 20/Nov/2026 22:04:59
  (ms: number): string => commonLogTime(ms).slice(0, 20).replace(":", " "),
];

/** A line without its moment. */
export function timeless(text: string, ms: number): string {
  let out = text;
  for (const [i, form] of forms.entries()) out = out.replaceAll(form(ms), `\x01${i}`);
  return out;
}

function timely(text: string, ms: number): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\x01(\d)/g, (_, i: string) => forms[Number(i)]?.(ms) ?? "");
}

const dueOf = (repeat: LogRepeat, upto: number): number =>
  upto < repeat.nextAtMs ? 0 : Math.floor((upto - repeat.nextAtMs) / repeat.everyMs) + 1;

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
        ms: repeat.nextAtMs + i * repeat.everyMs,
        stream: repeat.stream,
        text: timely(repeat.text, repeat.nextAtMs + i * repeat.everyMs).replaceAll(
          "$(COUNT)",
          String(repeat.count + i + 1),
        ),
      });
    const nextAtMs = repeat.nextAtMs + due * repeat.everyMs;
    return { ...repeat, nextAtMs, count: repeat.count + due };
  });
  lines.sort((a, b) => a.ms - b.ms);
  return { lines, skipped, repeats };
}

/** When the next line comes: for who follows a log. */
export function nextRepeatMs(repeats: readonly LogRepeat[] | undefined): number | undefined {
  return repeats?.length ? Math.min(...repeats.map((repeat) => repeat.nextAtMs)) : undefined;
}
